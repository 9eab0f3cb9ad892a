"""Every line of a log is JSON where nobody sits at a terminal, and none repeats what an error says of a child."""

import io
import json
import subprocess
import sys
import warnings

import pytest

from ledger.roles.logs import FORM, configure

NOISY = """
import logging, warnings
from ledger.roles.logs import configure
configure("intake").info("role.started")
logging.getLogger("kafka.conn").warning("broker %s went away", 1)
try:
    int("A200000017")
except ValueError:
    logging.getLogger("kafka.client").exception("failed")
warnings.warn("old", stacklevel=1)
raise ValueError("A200000017")
"""


def test_whatever_a_process_says_is_json_and_holds_no_data() -> None:
    """Libraries, warnings and an error that ends the process come in the one form that collectors parse."""
    ended = subprocess.run([sys.executable, "-c", NOISY], capture_output=True, text=True, check=False)
    lines = [json.loads(line) for line in ended.stderr.splitlines()]
    assert ended.returncode == 1
    assert [line["event"] for line in lines] == [
        "role.started",
        "library.said",
        "library.said",
        "python.warning",
        "role.crashed",
    ]
    assert all(line["role"] == "intake" for line in lines)
    assert lines[1]["reason"] == "broker 1 went away"
    assert lines[-1]["reason"].startswith("ValueError at <string>:11")
    assert "A200000017" not in ended.stderr


@pytest.mark.parametrize(("form", "is_json"), [("json", True), (None, False)])
def test_a_terminal_is_shown_lines_for_people_unless_json_is_asked_for(
    form: str | None, is_json: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`custody run ROLE --json` at a terminal logs what a collector would parse."""
    shown = _Terminal()
    monkeypatch.setattr(sys, "stderr", shown)
    monkeypatch.delenv(FORM, raising=False)
    if form is not None:
        monkeypatch.setenv(FORM, form)
    with monkeypatch.context() as undone:
        undone.setattr(sys, "excepthook", sys.excepthook)
        undone.setattr(warnings, "showwarning", warnings.showwarning)
        configure("intake").info("role.started")
    assert shown.getvalue().startswith("{") is is_json


class _Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True
