"""The real roles as real processes, for tests that need the ledger's answers."""

import os
import signal
import subprocess
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from custody.supervision.roles import environment
from tests.integration.forking import RoleProcess, run_custody

PATIENCE_SECONDS = 180
"""How long a test waits for what is sure to come: other tests may keep the machine busy."""


@contextmanager
def running(
    roles: Sequence[str], *, database_url: str, bootstrap: str, folder: Path, clock: str = "wall"
) -> Iterator[dict[str, RoleProcess]]:
    """Run roles until the block ends; each is ready when the block begins, and its log stands in `folder`."""
    processes: dict[str, RoleProcess] = {}
    told = environment(database_url=database_url, bootstrap=bootstrap, zone="America/New_York", clock=clock)
    try:
        for role in roles:
            ready = {"CUSTODY_READY_FILE": str(folder / f"{role}.ready")}
            processes[role] = RoleProcess(role, {**told, **ready}, folder / f"{role}.log")
        deadline = time.monotonic() + PATIENCE_SECONDS
        for role in roles:  # side by side, as `custody up` starts them
            while not (folder / f"{role}.ready").exists():
                assert processes[role].poll() is None, (folder / f"{role}.log").read_text()
                assert time.monotonic() < deadline, (folder / f"{role}.log").read_text()
                time.sleep(0.05)
        yield processes
    except BaseException:
        for role in processes:  # pytest shows what a failed test printed
            print(f"--- {role}", (folder / f"{role}.log").read_text(), sep="\n")
        raise
    finally:
        for process in processes.values():
            process.send_signal(signal.SIGTERM)
        for process in processes.values():
            process.wait(timeout=PATIENCE_SECONDS)


def told_where(*, database_url: str, bootstrap: str, data: Path) -> dict[str, str]:
    """Return the environment in which the command `custody` finds these servers."""
    where = {"DATABASE_URL": database_url, "KAFKA_BOOTSTRAP_SERVERS": bootstrap, "CUSTODY_DATA": str(data)}
    return {**os.environ, **where}


def custody(
    *arguments: str, database_url: str, bootstrap: str, data: Path, stdin: bytes = b""
) -> "subprocess.CompletedProcess[bytes]":
    """Run the command `custody` against these servers and return how it ended and what it printed."""
    told = told_where(database_url=database_url, bootstrap=bootstrap, data=data)
    return run_custody(arguments, told, stdin=stdin, timeout=2 * PATIENCE_SECONDS)
