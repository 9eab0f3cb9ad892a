"""Every role starts with exactly the environment the compose file gives it, against real servers."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psycopg

from custody.supervision.roles import ROLES
from ledger.roles.settings import Settings
from ledger.store.eventstore import open_ledger
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


def test_a_role_that_refuses_waits_unhealthy_and_goes_on_by_itself(
    database_url: str, fresh_kafka: str, tmp_path: Path
) -> None:
    """Its process stays, its health check fails and says why; when the cause is gone it is ready, nobody touched it."""
    _make(database_url)
    with psycopg.connect(database_url) as connection:
        connection.execute("update ledger.made set zone = 'America/Chicago'")
    relay = _start("relay", database_url, fresh_kafka, tmp_path, CUSTODY_ON_REFUSAL="wait:1")
    try:
        _until(lambda: _health(tmp_path, "relay").stdout != "", relay, tmp_path, "relay")
        health = _health(tmp_path, "relay")
        assert health.returncode == 1
        assert "this ledger was made with zone 'America/Chicago'" in health.stdout
        _until(lambda: _log(tmp_path, "relay").count("role.refused") > 1, relay, tmp_path, "relay")
        with psycopg.connect(database_url) as connection:
            connection.execute("update ledger.made set zone = 'America/New_York'")
        _until(lambda: _health(tmp_path, "relay").returncode == 0, relay, tmp_path, "relay")
        assert not (tmp_path / "relay.ready.refused").exists()
    finally:
        relay.send_signal(signal.SIGTERM)
        ended = relay.wait(timeout=PATIENCE_SECONDS)
    assert ended == 0


def test_a_role_that_waits_ends_when_it_is_told_to(database_url: str, fresh_kafka: str, tmp_path: Path) -> None:
    """`docker compose stop` must not wait for its time limit; and without the setting the role ends with 78."""
    _make(database_url)
    with psycopg.connect(database_url) as connection:
        connection.execute("update ledger.made set clock = 'driven'")
    relay = _start("relay", database_url, fresh_kafka, tmp_path)
    _until(lambda: "role.waits" in _log(tmp_path, "relay"), relay, tmp_path, "relay")
    relay.send_signal(signal.SIGTERM)
    assert relay.wait(timeout=PATIENCE_SECONDS) == 0
    assert _start("relay", database_url, fresh_kafka, tmp_path, CUSTODY_ON_REFUSAL="").wait(PATIENCE_SECONDS) == 78


def _make(database_url: str) -> None:
    open_ledger(Settings(database_url, "", "America/New_York", "wall")).close()


def _health(folder: Path, role: str) -> "subprocess.CompletedProcess[str]":
    """Run the health check of the compose file."""
    kind, command = services()[role]["healthcheck"]["test"]
    assert kind == "CMD-SHELL"
    here = command.replace("/tmp/ready", str(folder / f"{role}.ready"))
    return subprocess.run(["/bin/sh", "-c", here], capture_output=True, text=True, check=False)


def _until(holds: Callable[[], bool], process: "subprocess.Popen[bytes]", folder: Path, name: str) -> None:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not holds():
        assert process.poll() is None, _log(folder, name)
        assert time.monotonic() < deadline, _log(folder, name)
        time.sleep(0.1)


def _start(name: str, database_url: str, bootstrap: str, folder: Path, **settings: str) -> "subprocess.Popen[bytes]":
    service: dict[str, Any] = services()[name]
    environment = {setting: value.replace("kafka:9092", bootstrap) for setting, value in service["environment"].items()}
    environment["DATABASE_URL"] = database_url
    environment["CUSTODY_READY_FILE"] = str(folder / f"{name}.ready")
    environment["CUSTODY_DATA"] = str(folder)  # the image sets it
    environment.update(settings)
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
