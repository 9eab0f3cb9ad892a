"""What the supervisor says about a data folder, for every other process: `<data>/state.json`."""

import json
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final, Literal

import psutil

from custody.files import write_whole
from custody.servers.place import FolderPlace

Phase = Literal["starting", "running", "stopping", "stopped", "failed"]
ProcessState = Literal["waiting", "starting", "running", "restarting", "refused", "stopped"]

FILE: Final = "state.json"
_CLOCK_SLACK_SECONDS: Final = 2.0
"""A process's start time is worked out from the time of boot, which moves a little when the clock is set."""


@dataclass(frozen=True, slots=True)
class Pid:
    """One process, told from a later one with the same number by when it started."""

    pid: int
    started: float

    @classmethod
    def of(cls, pid: int) -> "Pid":
        """Return the identity of a process that runs now."""
        return cls(pid, psutil.Process(pid).create_time())

    def find(self) -> psutil.Process | None:
        """Return the process if it still runs; None when it ended or its number went to another."""
        try:
            process = psutil.Process(self.pid)
            same = abs(process.create_time() - self.started) < _CLOCK_SLACK_SECONDS
            return process if same and process.status() != psutil.STATUS_ZOMBIE else None
        except psutil.NoSuchProcess:
            return None


@dataclass(frozen=True, slots=True)
class ProcessReport:
    """One server or role as the supervisor last saw it."""

    name: str
    kind: Literal["server", "role"]
    state: ProcessState
    pid: Pid | None
    restarts: int
    reason: str | None
    log: str


@dataclass(frozen=True, slots=True)
class SupervisorState:
    """What runs on a data folder; `said` are the steps of the start, for whoever waits for it."""

    phase: Phase
    supervisor: Pid
    said: tuple[str, ...]
    failure: str | None
    exit_code: int
    database_url: str | None
    bootstrap: str | None
    zone: str
    clock: str
    processes: tuple[ProcessReport, ...]
    folder: FolderPlace | None = None
    """The data folder this is about: in a copy of it, what is said here is about the original's processes."""
    servers_only: bool = False
    """The roles wait until somebody asks for them, as after `custody up --servers`."""


def write_state(data: Path, state: SupervisorState) -> None:
    """Replace the state file in one step."""
    write_whole(data / FILE, json.dumps(asdict(state), indent=1) + "\n")


def read_state(data: Path) -> SupervisorState | None:
    """Return what the last supervisor of `data` said; None when there never was one.

    A folder that was copied while its ledger ran holds what the original's supervisor said: that counts for nothing.
    """
    try:
        written: dict[str, Any] = json.loads((data / FILE).read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None
    reports = [
        ProcessReport(**{**each, "pid": None if each["pid"] is None else Pid(**each["pid"])})
        for each in written["processes"]
    ]
    folder = written.get("folder")
    state = SupervisorState(
        **{
            **written,
            "supervisor": Pid(**written["supervisor"]),
            "said": tuple(written["said"]),
            "processes": tuple(reports),
            "folder": None if folder is None else FolderPlace(**folder),
        }
    )
    return state if _is_about(state, data) else None


def _is_about(state: SupervisorState, data: Path) -> bool:
    if state.folder is not None:
        return state.folder.is_same_folder(FolderPlace.of(data))
    # of the first release, which did not keep it: what still runs names the folder it works on
    running = [process for _, process in left_over(state.processes)]
    return all(_names(process, data) for process in running)


def _names(process: psutil.Process, data: Path) -> bool:
    with suppress(psutil.Error):
        words = [*process.cmdline(), process.environ().get("CUSTODY_READY_FILE", "")]
        return any(str(data) in word for word in words)
    return True  # it has ended meanwhile


def left_over(processes: Sequence[ProcessReport]) -> list[tuple[ProcessReport, psutil.Process]]:
    """Return those that still run, in the order in which they are to be stopped: what was started last, first."""
    found = [(report, report.pid.find()) for report in reversed(processes) if report.pid is not None]
    return [(report, process) for report, process in found if process is not None]
