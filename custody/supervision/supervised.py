"""One process kept alive: started, watched until ready, started again when it dies, left alone when it refuses."""

import json
import re
import signal
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Final, Literal

from custody.servers.process import stop, tail
from custody.supervision.state import Pid, ProcessReport, ProcessState

REFUSES: Final = 78
"""Exit status of a role that says trying again changes nothing (sysexits.h: EX_CONFIG)."""
_AN_EXCEPTION: Final = re.compile(r"[A-Za-z_][\w.]*: \S")
"""The line of a traceback that says what was raised; the lines after it may be pieces of SQL."""
_A_SERVERS_END: Final = re.compile(r"(?:FATAL|PANIC):  (?!the database system is )(.+)")
"""PostgreSQL's own word for why it ended, in a log that goes on about who could not connect meanwhile."""
_DIFFERING: Final = re.compile(r"\bpid \d+|0x[0-9a-f]+|\d\d:\d\d:\d\d\S*")
_FIRST_PAUSE_SECONDS: Final = 0.5
_LONGEST_PAUSE_SECONDS: Final = 30.0
_AGAIN_AND_AGAIN: Final = 3
"""After so many ends at the same place starting again does not mend it by itself."""
_STEADY_SECONDS: Final = 60.0
"""A process that ran this long is in order: its next death is a new one, not the last one again."""


class Supervised:
    """A server or a role, and what became of it so far."""

    def __init__(
        self,
        name: str,
        kind: Literal["server", "role"],
        *,
        start: Callable[[], subprocess.Popen[bytes]],
        ready: Callable[[], bool],
        log: Path,
        stop_with: signal.Signals,
        patience_seconds: float,
    ) -> None:
        self.name = name
        self.kind = kind
        self.log = log
        self.state: ProcessState = "waiting"
        self.restarts = 0
        self.reason: str | None = None
        self.was_ready = False
        self._start = start
        self._ready = ready
        self._stop_with = stop_with
        self._patience_seconds = patience_seconds
        self._process: subprocess.Popen[bytes] | None = None
        self._pid: Pid | None = None
        self._started_at = 0.0
        self._start_again_at = 0.0
        self._pause_seconds = _FIRST_PAUSE_SECONDS
        self._log_began = 0
        self._failed_at: str | None = None
        self._failures = 0

    def step(self, now: float) -> None:
        """Look at the process once, and do what is due; `now` is monotonic seconds."""
        match self.state:
            case "waiting":
                self._begin(now)
            case "restarting":
                if now >= self._start_again_at:
                    self.restarts += 1
                    self._begin(now)
            case "starting" | "running":
                assert self._process is not None
                status = self._process.poll()
                if status is not None:
                    self._ended(status, now)
                elif self.state == "starting" and self._ready():
                    self.state, self.reason, self.was_ready = "running", None, True
            case "refused" | "stopped":
                pass

    def hurry(self, now: float) -> None:
        """Start again at once, if that is what it waits for: what it failed for is there again."""
        self._pause_seconds = _FIRST_PAUSE_SECONDS
        self._start_again_at = min(self._start_again_at, now)

    def end(self) -> None:
        """Stop the process for good."""
        if self._process is not None and self._process.poll() is None:
            stop(self._process, first=self._stop_with, patience_seconds=self._patience_seconds)
        self.state, self._pid = "stopped", None

    def ask_to_end(self) -> None:
        """Send the signal without waiting, so that several processes end side by side; `end` waits."""
        if self._process is not None and self._process.poll() is None:
            self._process.send_signal(self._stop_with)

    def report(self) -> ProcessReport:
        """Return what others may read about it."""
        return ProcessReport(self.name, self.kind, self.state, self._pid, self.restarts, self.reason, log=str(self.log))

    def _begin(self, now: float) -> None:
        self._log_began = self.log.stat().st_size if self.log.exists() else 0
        self._process = self._start()
        self._pid = Pid.of(self._process.pid)
        self._started_at = now
        self.state = "starting"

    def _ended(self, status: int, now: float) -> None:
        self._pid = None
        self.reason = f"ended with {_in_words(status)}; its log ends: {self._last_words()}"
        words = self._last_words()
        if status == REFUSES:
            self.state, self.reason = "refused", words
            return
        self._failures = self._failures + 1 if _place(words) == self._failed_at else 1
        self._failed_at = _place(words)
        if self._failures >= _AGAIN_AND_AGAIN:
            self.reason = f"failed {self._failures} times at the same place; {self.reason}"
        if now - self._started_at > _STEADY_SECONDS:
            self._pause_seconds = _FIRST_PAUSE_SECONDS
        self.state = "restarting"
        self._start_again_at = now + self._pause_seconds
        self._pause_seconds = min(2 * self._pause_seconds, _LONGEST_PAUSE_SECONDS)

    def _last_words(self) -> str:
        """Return why it ended, by the log of this run: a reason in JSON, an exception, FATAL, or the last line."""
        lines = [line for line in tail(self.log, 30, beyond=self._log_began).splitlines() if line.strip()]
        for line in reversed(lines):
            if line.startswith("{"):
                try:
                    reason = json.loads(line).get("reason")
                except ValueError:
                    continue
                if reason:
                    return " ".join(str(reason).split())
            elif found := _A_SERVERS_END.search(line):
                return found[1]
            elif _AN_EXCEPTION.match(line):
                return line
        return lines[-1] if lines else "(nothing)"


def _in_words(status: int) -> str:
    return f"signal {signal.Signals(-status).name}" if status < 0 else f"status {status}"


def _place(words: str) -> str:
    """Return what a role said when it ended without what differs from one time to the next."""
    return _DIFFERING.sub("", words)
