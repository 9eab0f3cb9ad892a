"""Start the supervisor of a data folder and follow it until all is ready; stop it, or what it left behind."""

import fcntl
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from types import FrameType
from typing import Final

from custody.errors import Problem
from custody.servers.embedded import make_folder, require_no_half_restore
from custody.servers.own_files import open_own, require_own
from custody.servers.process import spawn, stop, tail
from custody.supervision.parts import stop_signal
from custody.supervision.state import SupervisorState, left_over, read_state, write_state

_LOOK_SECONDS: Final = 0.1
_READY_SECONDS: Final = 300.0
_STOP_SECONDS: Final = 240.0
"""Longer than every role and server may take together."""

Say = Callable[[str], None]


def start(data: Path, *, say: Say, servers_only: bool = False) -> SupervisorState:
    """Start everything on `data` and return once all is ready; what was started is stopped on Ctrl-C.

    Where another process is starting or running it already, say so and wait for that one; where the servers run alone,
    the roles are started beside them. Raises `Problem`.
    """
    make_folder(data)
    require_no_half_restore(data)
    lock = _lock(data)
    if lock is None:
        return _join(data, say, servers_only=servers_only)
    with _interruptions() as interrupted:  # before the spawn: a Ctrl-C right after it would leave it running
        try:
            supervisor = _spawn_supervisor(data, lock, "servers" if servers_only else "all")
        finally:
            os.close(lock)  # the supervisor's copy keeps the folder locked
        state = _follow(data, say, supervisor=supervisor, interrupted=interrupted)
        if state is None:
            say("stopping what was started")
            stop(supervisor, first=signal.SIGTERM, patience_seconds=_STOP_SECONDS)
            raise Problem("stopped before all was ready; nothing is left running")
        return state


def end(data: Path, *, say: Say) -> bool:
    """Stop everything on `data`, also what a killed supervisor left behind; say whether anything ran."""
    require_own(data)  # else whoever wrote the state would have us end any process he likes
    state = read_state(data)
    if state is None:
        return False
    supervisor = state.supervisor.find()
    if supervisor is not None:
        say("stopping the roles, then Kafka, then PostgreSQL")
        in_order = stop(supervisor, first=signal.SIGTERM, patience_seconds=_STOP_SECONDS)
        state = read_state(data) or state
        if in_order:
            return True
    left = left_over(state.processes)
    for report, process in left:
        say(f"stopping {report.name}, left running when its supervisor was killed")
        if not stop(process, first=stop_signal(report.name), patience_seconds=60):
            say(f"{report.name} did not stop by itself and was killed")
    _write_stopped(data, state)
    return bool(left) or supervisor is not None


def _lock(data: Path) -> int | None:
    """Return a descriptor that holds the lock on `data`; None when a supervisor, or an `up` before it, has it."""
    descriptor = open_own(data / "lock", os.O_RDWR | os.O_CREAT)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(descriptor)
        return None
    return descriptor


def _spawn_supervisor(data: Path, lock: int, parts: str) -> subprocess.Popen[bytes]:
    return spawn(
        [sys.executable, "-P", "-m", "custody.supervision.supervisor", str(data), str(lock), parts],
        log=data / "logs" / "supervisor.log",
        environment=os.environ,
        hand_over=lock,
    )


def _join(data: Path, say: Say, *, servers_only: bool) -> SupervisorState:
    """Wait for the supervisor that another `up` started. A Ctrl-C here ends the waiting and nothing else."""
    state = read_state(data)
    if state is not None and state.phase == "running" and (supervisor := state.supervisor.find()) is not None:
        if state.servers_only and not servers_only:
            say(f"the servers on {data} already run")
            supervisor.send_signal(signal.SIGUSR1)
            return _wait(data, say, for_roles=True)
        if servers_only and not state.servers_only:
            raise Problem(f"the roles on {data} already run, too; stop all with `custody down`, then run this again")
        say(f"the ledger on {data} already runs")
        return state
    say(f"another `custody up` is starting the ledger on {data}; waiting for it")
    return _wait(data, say, for_roles=False)


def _wait(data: Path, say: Say, *, for_roles: bool) -> SupervisorState:
    with _interruptions() as interrupted:
        state = _follow(data, say, supervisor=None, interrupted=interrupted, for_roles=for_roles)
    if state is None:
        raise Problem("stopped waiting; what was started goes on")
    return state


def _follow(
    data: Path,
    say: Say,
    *,
    supervisor: subprocess.Popen[bytes] | None,
    interrupted: Callable[[], bool],
    for_roles: bool = False,
) -> SupervisorState | None:
    """Pass on what the supervisor says until all is ready; None when interrupted. Raises `Problem`.

    `supervisor` is the one we started; None follows the one that runs, started by somebody else. `for_roles`: it runs
    the servers alone and was asked for the roles.
    """
    state = read_state(data)
    told = 0 if state is None or not for_roles else len(state.said)
    deadline = time.monotonic() + _READY_SECONDS
    while not interrupted():
        ended = supervisor is not None and supervisor.poll() is not None
        state = read_state(data)
        if state is not None and (state.supervisor.pid == supervisor.pid if supervisor else _is_alive(state)):
            for line in state.said[told:]:
                say(line)
            told = len(state.said)
            match state.phase:
                case "running" if for_roles and state.servers_only:
                    pass
                case "running":
                    return state
                case "failed":
                    raise Problem(state.failure or "the start failed", state.exit_code)
                case "stopped":
                    raise Problem("it was stopped before all was ready; run `custody up` again")
                case "starting" | "stopping":
                    pass
        if ended:
            log = data / "logs" / "supervisor.log"
            raise Problem(f"the supervisor ended before all was ready; {log} ends:\n{tail(log)}")
        if time.monotonic() > deadline:
            raise Problem(
                f"not all was ready after {_READY_SECONDS:.0f} s; the supervisor goes on trying. See `custody status` "
                f"and the logs in {data / 'logs'}, or stop it with `custody down`"
            )
        time.sleep(_LOOK_SECONDS)
    return None


def _is_alive(state: SupervisorState) -> bool:
    """Say whether this is what the present supervisor says, or the last word of one that failed meanwhile."""
    return state.supervisor.find() is not None or state.phase in ("failed", "stopped")


def _write_stopped(data: Path, state: SupervisorState) -> None:
    processes = tuple(replace(report, state="stopped", pid=None) for report in state.processes)
    write_state(data, replace(state, phase="stopped", processes=processes))


@contextmanager
def _interruptions() -> Iterator[Callable[[], bool]]:
    """Take note of Ctrl-C and SIGTERM instead of being cut off by them; yields whether one came."""
    came: list[int] = []

    def note(number: int, frame: FrameType | None) -> None:
        came.append(number)

    before = {number: signal.signal(number, note) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield lambda: bool(came)
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
