"""Ctrl-C ends every verb with one sentence and exit status 1."""

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest
import typer.main

from custody.__main__ import app
from custody.stopping import LEFT_BEHIND

ASKING = [
    "view A200-000-017",
    "timeline A200-000-017",
    "knows A200-000-017",
    "diverge A200-000-017 ICE-ERO ORR",
    "figure in-care",
    "findings",
    "obligations A200-000-017",
    "obligations --list",
    "rules show",
    "set-aside list",
    "wait",
    "status",
    "verify",
    "rebuild",
    "feed --agency ORR",
    "receipt --agency ORR --up-to 1 --grade opened",
    "topics",
]
PATIENCE_SECONDS = 60


def test_every_verb_says_what_ctrl_c_leaves_behind() -> None:
    """A new verb must say it: somebody who stops a command wants to know what is done and what is not."""
    assert set(_verbs()) == set(LEFT_BEHIND)


@pytest.mark.parametrize("words", ASKING)
def test_ctrl_c_in_a_verb_that_waits_for_a_server_ends_with_one_sentence(words: str, tmp_path: Path) -> None:
    """No traceback, no silence: `stopped`, what that leaves, and the status of a verb that did not do its work."""
    with closing(socket.create_server(("127.0.0.1", 0))) as silent:
        address = f"127.0.0.1:{silent.getsockname()[1]}"
        with _verb(words, address, tmp_path) as verb:
            silent.settimeout(PATIENCE_SECONDS)
            connection, _ = silent.accept()  # it waits for an answer now
            verb.send_signal(signal.SIGINT)
            told = verb.communicate(timeout=PATIENCE_SECONDS)
            connection.close()
    assert told[0] == ""
    assert told[1].startswith("custody: stopped; "), told[1]
    assert told[1].count("\n") == 1, told[1]
    assert verb.returncode == 1


@contextmanager
def _verb(words: str, address: str, data: Path) -> Iterator["subprocess.Popen[str]"]:
    environment = {
        **os.environ,
        "DATABASE_URL": f"postgresql://nobody@{address}/custody",
        "KAFKA_BOOTSTRAP_SERVERS": address,
        "CUSTODY_DATA": str(data),
    }
    with subprocess.Popen(
        [sys.executable, "-m", "custody", *words.split()],
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        try:
            yield process
        finally:
            process.kill()


def _verbs() -> Iterator[str]:
    for name, command in typer.main.get_command(app).commands.items():  # type: ignore[attr-defined]  # a group
        for under in getattr(command, "commands", {}):
            yield f"{name}-{under}"
        if not hasattr(command, "commands"):
            yield name
