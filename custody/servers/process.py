"""Starting and stopping one process of ours; its output goes to a file of its own."""

import os
import signal
import subprocess
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

import psutil

from custody.servers.account import ServerUser
from custody.servers.own_files import open_own

_KILL_SECONDS: Final = 30.0
_LARGEST_LOG_BYTES: Final = 16 * 1_048_576


def spawn(
    command: Sequence[str],
    *,
    log: Path,
    environment: Mapping[str, str],
    account: ServerUser | None = None,
    folder: Path | None = None,
    hand_over: int | None = None,
) -> subprocess.Popen[bytes]:
    """Start `command` in a session of its own, so that a Ctrl-C in the terminal reaches its owner alone.

    What it prints is added to `log`; one that has grown large is put aside first, as `<log>.1`. `hand_over` is an
    open file the process inherits under the same number.
    """
    log.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    if log.exists() and log.stat().st_size > _LARGEST_LOG_BYTES:
        log.replace(log.with_name(f"{log.name}.1"))
    descriptor = open_own(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    try:
        return subprocess.Popen(
            list(command),
            stdin=subprocess.DEVNULL,
            stdout=descriptor,
            stderr=subprocess.STDOUT,
            env=dict(environment),
            cwd=folder,
            start_new_session=True,
            pass_fds=() if hand_over is None else (hand_over,),
            user=None if account is None else account.uid,
            group=None if account is None else account.gid,
            extra_groups=None if account is None else [],
        )
    finally:
        os.close(descriptor)


def stop(process: subprocess.Popen[bytes] | psutil.Process, *, first: signal.Signals, patience_seconds: float) -> bool:
    """End `process`: `first`, and SIGKILL after `patience_seconds`. Say whether it ended without being killed."""
    try:
        process.send_signal(first)
        if _wait(process, patience_seconds):
            return True
        process.kill()
        _wait(process, _KILL_SECONDS)
    except psutil.NoSuchProcess:
        return True
    return False


def _wait(process: subprocess.Popen[bytes] | psutil.Process, seconds: float) -> bool:
    deadline = time.monotonic() + seconds
    while not _ended(process):
        if time.monotonic() > deadline:
            return False
        time.sleep(0.02)
    return True


def _ended(process: subprocess.Popen[bytes] | psutil.Process) -> bool:
    """Say whether it ended. One that is not our child may stay a zombie for ever, where nobody collects those."""
    if isinstance(process, subprocess.Popen):
        return process.poll() is not None
    return not process.is_running() or process.status() == psutil.STATUS_ZOMBIE


def tail(log: Path, lines: int = 15, *, beyond: int = 0) -> str:
    """Return the last lines of a log, for an error message; empty when there is none `beyond` so many bytes."""
    try:
        with log.open("rb") as file:
            file.seek(max(beyond, log.stat().st_size - 16_384))
            text = file.read().decode("utf-8", "replace")
    except FileNotFoundError:
        return ""
    return "\n".join(text.splitlines()[-lines:])
