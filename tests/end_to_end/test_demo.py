"""`custody demo` tells the truth about itself: its commands, its answers, and what it leaves behind."""

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from custody.demo.asking import Asking
from tests.end_to_end.page_examples import wrong_examples

ROOT = Path(__file__).resolve().parents[2]
PATIENCE_SECONDS = 300
DEMO = [sys.executable, "-m", "custody", "demo"]


@pytest.fixture
def temporary(tmp_path: Path) -> Iterator[dict[str, str]]:
    """Give an environment whose temporary folder is known, so that everything a demo leaves in it is seen."""
    tmp_path.chmod(0o711)
    for folder in tmp_path.parents:
        if folder.stat().st_uid == os.geteuid() and ("pytest" in folder.name or folder.name.startswith("popen-")):
            folder.chmod(0o711)  # PostgreSQL runs as somebody else when root runs the tests
    yield {**os.environ, "TMPDIR": str(tmp_path), "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}"}
    assert _processes_on(tmp_path) == []
    assert list(tmp_path.glob("custody-demo-*")) == []


def test_a_kept_demo_answers_as_the_pages_show_until_it_is_stopped_the_way_it_says(temporary: dict[str, str]) -> None:
    """`make demo KEEP=1`: its commands, and every example of the pages, give what they show; its own words end it.

    Status 0 means that the demo checked every answer. Without KEEP, and with a release file: `.ci/run`.
    """
    done = _run([*DEMO, "--keep"], temporary)
    assert done.returncode == 0, done.stdout + done.stderr
    for verb in ("wait", "view", "timeline", "findings", "set-aside", "figure", "verify"):
        assert re.search(rf"^\$ custody {verb} .*\n[^$\n]|^\$ custody {verb}\n[^$\n]", done.stdout, re.MULTILINE), verb
    assert "WRONG" not in done.stdout
    told = done.stdout.split("goes on running.")[1]
    export, *_, stop = [line.strip() for line in told.splitlines() if line.startswith("  ")]
    command, answer = re.findall(r"^\$ (custody view .*)\n((?:.*\S.*\n)+)", done.stdout, re.MULTILINE)[0]
    again = _run(["bash", "-euc", f"{export}\n{command}"], temporary)
    wrong = list(wrong_examples(Path(export.split("=")[1])))
    stopped = _run(["bash", "-euc", f"{export}\n{stop}"], temporary)
    assert again.stdout.startswith(answer), again.stdout + again.stderr
    assert not wrong, "\n\n".join(wrong)
    assert stopped.returncode == 0, stopped.stdout + stopped.stderr


def test_ctrl_c_in_the_middle_of_a_demo_leaves_nothing(temporary: dict[str, str]) -> None:
    """Whoever has seen enough while the agencies send gets the prompt back, and the machine as it was."""
    demo = subprocess.Popen(DEMO, env=temporary, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert demo.stdout is not None
    for line in demo.stdout:
        if "100 of" in line:
            break
    demo.send_signal(signal.SIGINT)
    time.sleep(0.2)
    demo.send_signal(signal.SIGINT)  # an impatient second one changes nothing
    _, errors = demo.communicate(timeout=PATIENCE_SECONDS)
    assert demo.returncode == 1
    assert "nothing of it is left running" in errors


def test_an_answer_that_is_not_the_expected_one_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A demo that always said it went well would show nothing."""
    asking = Asking(tmp_path)
    assert asking.ask("custody --version", "custody-ledger 0.").startswith("custody-ledger")
    assert asking.wrong == []
    asking.ask("custody --version | head -n 1", "another program")
    asking.ask("custody view A200-000-017 2>&1")
    assert [wrong.split("`")[1] for wrong in asking.wrong] == [
        "custody --version | head -n 1",
        "custody view A200-000-017 2>&1",
    ]
    assert "$ custody --version | head -n 1\ncustody-ledger" in capsys.readouterr().out


def _run(command: list[str], environment: dict[str, str]) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        command, env=environment, capture_output=True, text=True, timeout=PATIENCE_SECONDS, check=False
    )


def _processes_on(folder: Path) -> list[str]:
    """Return the command lines of all processes that work below this folder."""
    found = []
    for process in psutil.process_iter(["cmdline", "status"]):
        command = " ".join(process.info["cmdline"] or [])
        if str(folder) in command and process.info["status"] != psutil.STATUS_ZOMBIE:
            found.append(command)
    return found
