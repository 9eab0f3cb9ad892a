"""Every role starts with exactly the environment the compose file gives it, against real servers."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from custody.roles import ROLES
from tests.compose import services
from tests.integration.running import PATIENCE_SECONDS


def test_every_role_starts_with_what_compose_gives_it_and_stops_when_told(
    database_url: str, fresh_kafka: str, tmp_path: Path
) -> None:
    """No setting of the shell that runs the tests helps: a name missing from the compose file shows here.

    Only the host names differ: those of the compose network become the addresses of the test servers.
    """
    topics = _start("topics", database_url, fresh_kafka, tmp_path)
    assert topics.wait(timeout=PATIENCE_SECONDS) == 0, _log(tmp_path, "topics")
    running = {role: _start(role, database_url, fresh_kafka, tmp_path) for role in ROLES}
    try:
        for role, process in running.items():
            deadline = time.monotonic() + PATIENCE_SECONDS
            while not (tmp_path / f"{role}.ready").exists():
                assert process.poll() is None, _log(tmp_path, role)
                assert time.monotonic() < deadline, f"{role} was not ready in time: {_log(tmp_path, role)}"
                time.sleep(0.05)
    finally:
        for process in running.values():
            process.send_signal(signal.SIGTERM)
        ended = {role: process.wait(timeout=PATIENCE_SECONDS) for role, process in running.items()}
    assert ended == dict.fromkeys(ROLES, 0)


def _start(name: str, database_url: str, bootstrap: str, folder: Path) -> "subprocess.Popen[bytes]":
    service: dict[str, Any] = services()[name]
    environment = {setting: value.replace("kafka:9092", bootstrap) for setting, value in service["environment"].items()}
    environment["DATABASE_URL"] = database_url
    environment["CUSTODY_READY_FILE"] = str(folder / f"{name}.ready")
    environment["CUSTODY_DATA"] = str(folder)  # the image sets it
    with (folder / f"{name}.log").open("wb") as log:
        return subprocess.Popen(
            [sys.executable, "-P", "-m", "custody", *service["command"]],
            env={**environment, "PATH": os.defpath},
            cwd="/",
            stdout=log,
            stderr=subprocess.STDOUT,
        )


def _log(folder: Path, name: str) -> str:
    return (folder / f"{name}.log").read_text(encoding="utf-8")
