"""`custody up`, `status`, `run` and `down` with the real processes, killed for real."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil
import psycopg
import pytest

from custody.servers.ports import HOST, is_free
from custody.supervision.roles import ROLES
from custody.supervision.state import read_state
from tests.conftest import temporary_data_folder

PATIENCE_SECONDS = 180


@dataclass
class Started:
    """A ledger that two shells started at once, and what each of the two `custody up` printed."""

    data: Path
    statuses: list[int]
    printed: list[str]


@pytest.fixture(scope="module")
def started() -> Iterator[Started]:
    with temporary_data_folder() as data:
        command = [sys.executable, "-m", "custody", "up", "--data", str(data)]
        try:
            both = [
                subprocess.Popen(
                    command, env=_environment(), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
                )
                for _ in range(2)
            ]
            printed = [up.communicate(timeout=2 * PATIENCE_SECONDS)[0] for up in both]
            yield Started(data, [up.returncode for up in both], printed)
        finally:
            _custody("down", data=data)


@pytest.fixture
def running(started: Started) -> Path:
    """Give the data folder of a ledger that was started once for the tests that leave it running."""
    assert started.statuses == [0, 0], started.printed
    return started.data


@pytest.fixture
def stopped(data_folder: Path) -> Iterator[Path]:
    """Give the data folder of a ledger that is not running, and see to it that it is not afterwards."""
    try:
        yield data_folder
    finally:
        _custody("down", data=data_folder)


def test_up_returns_when_every_role_can_do_its_work(running: Path) -> None:
    """`custody up && custody submit ...` works: status shows every role running, in the contract's shape."""
    shown = _status(running)
    assert [role["role"] for role in shown["roles"]] == list(ROLES)
    for role in shown["roles"]:
        assert role["state"] == "running"
        assert role["lag"] == 0
        assert psutil.pid_exists(role["pid"])
    host, port = shown["kafka"]["bootstrap"].split(":")
    socket.create_connection((host, int(port)), timeout=5).close()
    assert shown["well"]
    assert shown["problems"] == []
    with psycopg.connect(_url(running)) as connection:
        assert connection.execute("select current_setting('listen_addresses')").fetchone() == (HOST,)
    assert shown["position"] == 0


def test_status_shows_the_password_only_where_it_is_asked_to(running: Path) -> None:
    """Whoever sends its output to somebody for help sends no password."""
    url = _url(running)
    password = url.split(":")[2].split("@")[0]
    assert password not in _custody("status", "--json", data=running).stdout
    assert password not in _custody("status", data=running).stdout
    assert json.loads(_custody("status", "--json", "--with-password", data=running).stdout)["postgres"]["url"] == url


def test_two_ups_at_once_start_one_ledger(started: Started) -> None:
    """One of two shells wins; the other says so, waits, and may use the ledger as well."""
    assert started.statuses == [0, 0]
    assert sum("another `custody up` is starting" in text for text in started.printed) == 1
    supervisors = [
        command for command in _commands_that_name(started.data) if "custody.supervision.supervisor" in command
    ]
    assert len(supervisors) == 1


def test_a_second_up_says_that_it_already_runs(running: Path) -> None:
    """Two supervisors on one folder would ruin it; asking twice is no error."""
    before = _status(running)["supervisor"]
    again = _custody("up", data=running)
    assert again.returncode == 0
    assert "already runs" in again.stdout
    assert _status(running)["supervisor"] == before


@pytest.mark.parametrize("names", [tuple(ROLES), ("kafka",), ("postgres",)], ids=["all roles", "kafka", "postgres"])
def test_what_is_killed_comes_back(running: Path, names: tuple[str, ...]) -> None:
    """`kill -9` of roles or a server: each is started again by itself, and the others live through it or come back.

    One role alone after the other: the crash test.
    """
    before = _pids(running)
    for name in names:
        os.kill(before[name], signal.SIGKILL)
    for name in names:
        _until(lambda name=name: _pids(running).get(name, before[name]) != before[name])  # type: ignore[misc]
    _until(lambda: _all_run(running))
    _until(lambda: all(role["state"] == "running" and role["lag"] == 0 for role in _status(running)["roles"]))
    assert _status(running)["postgres"]["state"] == "running"


def test_nobody_else_on_the_machine_can_read_the_password(running: Path) -> None:
    """The state file and PostgreSQL's folder are for their owner; the password stands in both."""
    assert (running / "state.json").stat().st_mode & 0o077 == 0
    home = Path(json.loads((running / "servers.json").read_text())["postgres_home"])
    assert home.stat().st_mode & 0o077 == 0
    assert (home / "password").stat().st_mode & 0o077 == 0


def test_one_role_runs_in_the_foreground_against_the_servers_that_run(running: Path) -> None:
    """`custody run` is what another supervisor starts; on SIGTERM it ends in order."""
    command = [sys.executable, "-m", "custody", "run", "intake", "--data", str(running)]
    with subprocess.Popen(command, env=_environment(), stdout=subprocess.PIPE, stderr=subprocess.STDOUT) as role:
        assert role.stdout is not None
        assert b"role.started" in role.stdout.readline()
        role.send_signal(signal.SIGTERM)
        assert role.wait(timeout=PATIENCE_SECONDS) == 0


def test_what_was_there_is_there_after_down_and_after_a_killed_supervisor(stopped: Path) -> None:
    """A ledger is stopped and started for years: the same data, at the same addresses, with the same password.

    `kill -9` of the supervisor loses nothing either: the roles work on, and either verb finds them all.
    """
    assert _custody("up", data=stopped).returncode == 0
    first = _status(stopped)
    url = _url(stopped)
    with psycopg.connect(url) as connection:
        connection.execute("create table kept as select 17 as number")
    processes = [psutil.Process(pid) for pid in (*_pids(stopped).values(), first["supervisor"])]
    assert _custody("down", data=stopped).returncode == 0
    assert not any(_lives(process) for process in processes)
    assert is_free(int(first["kafka"]["bootstrap"].split(":")[1]))

    assert _custody("up", data=stopped).returncode == 0
    _is_as_before(stopped, first, url)
    left = _left_by_a_killed_supervisor(stopped)
    assert all(_lives(process) for process in left)
    taken_over = _custody("up", data=stopped)
    assert taken_over.returncode == 0, taken_over.stdout + taken_over.stderr
    assert not any(_lives(process) for process in left)
    _is_as_before(stopped, first, url)

    left = _left_by_a_killed_supervisor(stopped)
    assert _custody("down", data=stopped).returncode == 0
    assert not any(_lives(process) for process in left)
    assert "Nothing runs" in _custody("down", data=stopped).stdout


def _is_as_before(data: Path, first: dict[str, Any], url: str) -> None:
    assert _status(data)["kafka"]["bootstrap"] == first["kafka"]["bootstrap"]
    assert _url(data) == url
    with psycopg.connect(url) as connection:
        assert connection.execute("select number from kept").fetchone() == (17,)


def _left_by_a_killed_supervisor(data: Path) -> list[psutil.Process]:
    left = [psutil.Process(pid) for pid in _pids(data).values()]
    os.kill(_status(data)["supervisor"], signal.SIGKILL)
    _until(lambda: _status(data)["supervisor"] is None)
    return left


@pytest.mark.parametrize("after_seconds", [0.0, 0.5, 4.0])
def test_ctrl_c_during_up_leaves_nothing_running(stopped: Path, after_seconds: float) -> None:
    """Whoever changes his mind while it starts, early or late, finds no process of ours afterwards."""
    up = subprocess.Popen(
        [sys.executable, "-m", "custody", "up", "--data", str(stopped)],
        env=_environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert up.stdout is not None
    assert "starting" in up.stdout.readline()
    time.sleep(after_seconds)
    up.send_signal(signal.SIGINT)
    _, errors = up.communicate(timeout=PATIENCE_SECONDS)
    assert up.returncode == 1
    assert "nothing is left running" in errors
    assert _commands_that_name(stopped) == []


def test_a_port_that_is_taken_is_named_with_the_cure(stopped: Path) -> None:
    """The start ends at once, says which port and which setting, and leaves nothing running."""
    with socket.create_server((HOST, 0)) as taken:
        port = taken.getsockname()[1]
        up = _custody("up", data=stopped, CUSTODY_POSTGRES_PORT=str(port))
    assert up.returncode == 1
    assert f"port {port}" in up.stderr
    assert "CUSTODY_POSTGRES_PORT" in up.stderr
    assert _commands_that_name(stopped) == []


def test_with_servers_of_ones_own_only_the_roles_are_started(
    stopped: Path, database_url: str, fresh_kafka: str
) -> None:
    """An organisation brings its own PostgreSQL and Kafka; nothing private is started beside them."""
    servers = {"DATABASE_URL": database_url, "KAFKA_BOOTSTRAP_SERVERS": fresh_kafka}
    up = _custody("up", data=stopped, **servers)
    assert up.returncode == 0, up.stdout + up.stderr
    state = read_state(stopped)
    assert state is not None
    assert [report.name for report in state.processes] == list(ROLES)
    shown = json.loads(_custody("status", "--json", data=stopped, **servers).stdout)
    assert [role["state"] for role in shown["roles"]] == ["running"] * len(ROLES)


def test_a_postgres_that_is_not_there_is_named_with_status_4(stopped: Path, fresh_kafka: str) -> None:
    """Exit status 4: which server cannot be reached, and what to set."""
    gone = {"DATABASE_URL": "postgresql://custody@127.0.0.1:1/custody", "KAFKA_BOOTSTRAP_SERVERS": fresh_kafka}
    up = _custody("up", data=stopped, **gone)
    assert up.returncode == 4
    assert "PostgreSQL cannot be reached" in up.stderr
    assert "DATABASE_URL" in up.stderr


def test_a_verb_says_which_server_went_away(stopped: Path, fresh_kafka: str) -> None:
    """Status 4 and no traceback, also where the servers were set by hand."""
    gone = {"DATABASE_URL": "postgresql://custody@127.0.0.1:1/custody", "KAFKA_BOOTSTRAP_SERVERS": fresh_kafka}
    status = _custody("status", data=stopped, **gone)
    assert status.returncode == 4
    assert "PostgreSQL cannot be reached" in status.stderr
    assert "Traceback" not in status.stderr


def test_a_role_nobody_knows_is_wrong_usage() -> None:
    """Exit status 2, with the roles there are."""
    with temporary_data_folder() as data:
        done = _custody("run", "intakes", data=data)
    assert done.returncode == 2
    assert all(role in done.stderr for role in ROLES)


def _custody(verb: str, *arguments: str, data: Path, **settings: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, "-m", "custody", verb, *arguments, "--data", str(data)],
        env=_environment(**settings),
        capture_output=True,
        text=True,
        check=False,
        timeout=2 * PATIENCE_SECONDS,
    )


def _popen(command: list[str]) -> "subprocess.Popen[str]":
    return subprocess.Popen(command, env=_environment(), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)


def _environment(**settings: str) -> dict[str, str]:
    ours = ("DATABASE_URL", "KAFKA_BOOTSTRAP_SERVERS", "CUSTODY_DATA", "CUSTODY_POSTGRES_PORT", "CUSTODY_KAFKA_PORT")
    return {**{name: value for name, value in os.environ.items() if name not in ours}, **settings}


def _status(data: Path) -> dict[str, Any]:
    """Return what status shows; while a server is away it shows what it knows and ends with status 4."""
    shown: dict[str, Any] = json.loads(_custody("status", "--json", data=data).stdout)
    return shown


def _url(data: Path) -> str:
    """Return the database's address with its password."""
    state = read_state(data)
    assert state is not None
    assert state.database_url is not None
    return state.database_url


def _pids(data: Path) -> dict[str, int]:
    state = read_state(data)
    assert state is not None
    return {report.name: report.pid.pid for report in state.processes if report.pid is not None}


def _all_run(data: Path) -> bool:
    """Say whether the supervisor takes every process for running; asks less of the machine than `custody status`."""
    state = read_state(data)
    return state is not None and all(report.state == "running" for report in state.processes)


def _lives(process: psutil.Process) -> bool:
    """Say whether it still runs; one that ended and that nobody collected does not."""
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def _commands_that_name(data: Path) -> list[str]:
    """Return the command lines of all processes that work on this folder."""
    found = []
    for process in psutil.process_iter(["cmdline", "status"]):
        command = " ".join(process.info["cmdline"] or [])
        if str(data) in command and process.info["status"] != psutil.STATUS_ZOMBIE:
            found.append(command)
    return found


def _until(holds: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not holds():
        assert time.monotonic() < deadline, "it did not come true in time"
        time.sleep(0.1)
