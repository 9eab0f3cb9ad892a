"""The page for agency developers is true: its commands run in order and answer what the page says."""

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs/agency-developers.md").read_text("utf-8")
BLOCKS = re.findall(r"^```(\w+)(?: (\S+))?\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)
COMMANDS = [text for language, name, text in BLOCKS if (language, name) == ("sh", "")]
LATER = [text for language, name, text in BLOCKS if (language, name) == ("sh", "later")]


def run(script: str, folder: Path, data: Path) -> subprocess.CompletedProcess[str]:
    """Run a script as the page's reader does: in a shell, in the folder with the page's files, tools on the path."""
    return subprocess.run(
        ["bash", "-euo", "pipefail", "-c", script],
        cwd=folder,
        env={
            **{name: text for name, text in os.environ.items() if name not in _SERVERS},
            "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
            "PYTHONPATH": str(ROOT),
            "CUSTODY_DATA": str(data),
        },
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )


_SERVERS = ("DATABASE_URL", "KAFKA_BOOTSTRAP_SERVERS")


@pytest.fixture(scope="module")
def answers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[list[str]]:
    """Run all of the page's commands in order; return what each printed."""
    folder, data = tmp_path_factory.mktemp("agency"), tmp_path_factory.mktemp("ledger")
    (folder / "docs").symlink_to(ROOT / "docs")
    for _, name, text in BLOCKS:
        if "." in name:
            (folder / name).write_text(text, encoding="utf-8")
    script = "\n".join(f"echo '=== {number}'\n{text}" for number, text in enumerate(COMMANDS))
    try:
        done = run(script, folder, data)
        assert done.returncode == 0, done.stdout + done.stderr
        yield re.split(r"^=== \d+\n", done.stdout, flags=re.MULTILINE)[1:]
    finally:
        stopped = run("\n".join(LATER), folder, data)
        assert stopped.returncode == 0, stopped.stderr


def printed(answers: list[str], command: str) -> str:
    """Return what the first command that contains `command` printed."""
    return answers[next(number for number, text in enumerate(COMMANDS) if command in text)]


def test_the_first_event_is_accepted_with_the_findings_the_page_names(answers: list[str]) -> None:
    """Ten minutes after the checkout a developer has an accepted event and knows why it was remarked on."""
    outcome = json.loads(printed(answers, "--wait first.jsonl"))
    assert outcome["status"] == "accepted"
    assert {finding["code"] for finding in outcome["findings"]} == {"record-opened", "C3"}


def test_sending_it_again_is_a_duplicate_of_the_first(answers: list[str]) -> None:
    """A developer who is not sure sends again, and nothing is recorded twice."""
    first, second = (
        json.loads(answer)
        for answer, command in zip(answers, COMMANDS, strict=True)
        if command.startswith("custody submit")
    )
    assert (second["status"], second["position"]) == ("duplicate", first["position"])


def test_both_ways_to_send_from_python_are_accepted(answers: list[str]) -> None:
    """Our client and a plain Kafka client alike get their outcome."""
    assert printed(answers, "with_client.py").startswith("accepted ")
    assert printed(answers, "plain_kafka.py").startswith("accepted ")
    assert "occurred-at-unknown" in printed(answers, "plain_kafka.py")


def test_checking_against_the_schema_works_as_shown(answers: list[str]) -> None:
    """The published schema accepts what the ledger accepted."""
    assert printed(answers, "check_first.py") == "good\n"


def test_the_correction_is_accepted(answers: list[str]) -> None:
    """The page's correction names the entry by the position the duplicate told."""
    assert json.loads(printed(answers, "correction.jsonl"))["status"] == "accepted"


def test_the_log_of_notices_is_recorded_row_by_row(answers: list[str]) -> None:
    """The page's log names its entries by type; both are found, and told."""
    counted = dict(
        line.rsplit(maxsplit=1) for line in printed(answers, "import notices").splitlines() if line[0] != " "
    )
    assert (counted["rows read"], counted["accepted"], counted["refused"]) == ("2", "2", "0")
    assert counted["findings"] == "none"


def test_every_example_is_json_and_every_link_leads_somewhere() -> None:
    """Nothing on the page is made up: examples parse, files and headings exist."""
    for language, name, text in BLOCKS:
        if language == "json" and name != "correction.jsonl":
            json.loads(text)
    headings = {
        re.sub(r"[^a-z0-9 -]", "", heading.lower()).replace(" ", "-")
        for heading in re.findall(r"^#+ (.+)$", PAGE, re.MULTILINE)
    }
    for link in re.findall(r"\]\(([^)]+)\)", PAGE):
        assert link.removeprefix("#") in headings if link.startswith("#") else (ROOT / "docs" / link).exists(), link
