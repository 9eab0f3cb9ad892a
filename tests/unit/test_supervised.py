"""What the supervisor does with a process that ends."""

import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import pairwise
from pathlib import Path

from custody.servers.process import spawn
from custody.supervision.state import Pid
from custody.supervision.supervised import Supervised


def test_a_process_that_was_killed_is_started_again(tmp_path: Path) -> None:
    """A role survives `kill -9`: it is back after a short pause, with the restart counted and the reason told."""
    with _supervised(tmp_path, "sleep 60") as part:
        part.step(0)
        first = _pid(part)
        _kill(first)
        part.step(1)
        assert part.report().state == "restarting"
        assert "SIGKILL" in (part.report().reason or "")
        part.step(1.1)
        assert part.report().pid is None
        part.step(2)
        assert _pid(part) != first
        assert part.report().restarts == 1


def test_a_process_that_keeps_ending_is_started_less_and_less_often(tmp_path: Path) -> None:
    """A role that cannot work burns neither the processor nor the log: the pause doubles up to half a minute."""
    with _supervised(tmp_path, "exit 1") as part:
        now, starts = 0.0, []
        while now < 200:
            before = part.report().restarts
            part.step(now)
            if part.report().restarts > before:
                starts.append(now)
            if part.report().state == "starting":
                _wait_for_end(part)
            now += 0.5
    pauses = [later - earlier for earlier, later in pairwise(starts)]
    assert pauses == sorted(pauses)
    assert pauses[0] < 5
    assert 29 < pauses[-1] < 35


def test_a_role_starts_at_once_when_the_server_it_failed_for_is_back(tmp_path: Path) -> None:
    """PostgreSQL takes a while to recover; the pauses that piled up meanwhile are not sat out."""
    with _supervised(tmp_path, "exit 1") as part:
        for now in (0.0, 1.0, 40.0, 41.0, 80.0, 81.0, 120.0):
            part.step(now)
            if part.report().state == "starting":
                _wait_for_end(part)
        part.step(121.0)
        part.step(121.1)
        assert part.report().state == "restarting"
        part.hurry(121.2)
        part.step(121.2)
        assert part.report().state == "starting"


def test_the_reason_of_an_end_is_that_of_this_run(tmp_path: Path) -> None:
    """The log holds earlier runs, too; what ended them is not told again."""
    script = "if [ -e ran ]; then exit 1; fi; touch ran; echo 'ValueError: the first reason'; exit 1"
    with _supervised(tmp_path, f"cd {tmp_path}; {script}") as part:
        part.step(0)
        _wait_for_end(part)
        part.step(1)
        assert "the first reason" in (part.report().reason or "")
        part.step(2)
        _wait_for_end(part)
        part.step(3)
        assert "the first reason" not in (part.report().reason or "")


def test_a_role_that_fails_thrice_at_the_same_place_says_so(tmp_path: Path) -> None:
    """Starting it again does not mend it; an end somewhere else, or at another entry, begins the count anew."""
    script = (
        "echo x >> ran; n=$(wc -l < ran); [ $n -gt 3 ] && echo 'KeyError: entry 8' || echo 'KeyError: entry 7'; exit 1"
    )
    with _supervised(tmp_path, f"cd {tmp_path}; {script}") as part:
        told = []
        for now in range(0, 200, 50):
            part.step(now)
            _wait_for_end(part)
            part.step(now + 1)
            told.append(part.report().reason or "")
    assert ["failed 3 times at the same place" in reason for reason in told] == [False, False, True, False]
    assert "entry 7" in told[2]


def test_the_reason_of_a_server_is_what_it_says_was_fatal(tmp_path: Path) -> None:
    """A full disk shows as a full disk, not as the last line of a PostgreSQL that could not write."""
    log = """
2026-11-22 20:59:10.608 UTC [25498] FATAL:  could not write to file "pg_wal/xlogtemp.25498": No space left on device
2026-11-22 20:59:10.611 UTC [25504] FATAL:  the database system is not yet accepting connections
2026-11-22 20:59:10.637 UTC [25492] LOG:  database system is shut down"""
    with _supervised(tmp_path, f"echo '{log}'; exit 1") as part:
        part.step(0)
        _wait_for_end(part)
        part.step(1)
        reason = part.report().reason or ""
    assert reason.endswith('could not write to file "pg_wal/xlogtemp.25498": No space left on device')


def test_a_long_steady_run_makes_the_next_pause_short_again(tmp_path: Path) -> None:
    """A process that worked for an hour and dies is back at once, whatever its first minute was like."""
    with _supervised(tmp_path, "sleep 60") as part:
        part.step(0)
        for now in (1.0, 10.0, 20.0, 40.0):  # four deaths in the first minute: the pause is eight seconds
            _kill(_pid(part))
            part.step(now)
            part.step(now + 9)
        _kill(_pid(part))
        part.step(4_000)
        part.step(4_000.6)
        assert part.report().state == "starting"


def test_a_role_that_refuses_to_start_is_left_alone(tmp_path: Path) -> None:
    """Status 78 says that trying again changes nothing: the role's own words are shown, and it is not started again."""
    line = '{"event": "role.refused", "reason": "the ledger was made with the zone UTC; set CUSTODY_ZONE=UTC"}'
    with _supervised(tmp_path, f"echo '{line}'; exit 78") as part:
        part.step(0)
        _wait_for_end(part)
        part.step(1)
        part.step(1_000)
        report = part.report()
    assert (report.state, report.restarts) == ("refused", 0)
    assert report.reason == "the ledger was made with the zone UTC; set CUSTODY_ZONE=UTC"


def test_the_reason_of_an_end_is_the_exception_and_not_the_piece_of_sql_after_it(tmp_path: Path) -> None:
    """Whoever reads `custody status` sees what was raised."""
    with _supervised(tmp_path, "echo 'psycopg.errors.SyntaxError: at or near x\nLINE 1: x\n        ^'; exit 1") as part:
        part.step(0)
        _wait_for_end(part)
        part.step(1)
        assert part.report().reason == "ended with status 1; its log ends: psycopg.errors.SyntaxError: at or near x"


def test_a_process_is_ready_only_once_it_says_so(tmp_path: Path) -> None:
    """`custody up` returns when roles can do their work, not when their processes exist."""
    said = tmp_path / "ready"
    with _supervised(tmp_path, "sleep 60", ready=said) as part:
        part.step(0)
        part.step(1)
        assert part.report().state == "starting"
        said.touch()
        part.step(2)
        assert part.report().state == "running"


def test_a_process_that_ignores_the_signal_is_killed_after_its_patience(tmp_path: Path) -> None:
    """`custody down` always ends."""
    with _supervised(tmp_path, "trap '' TERM; touch trapped; while :; do sleep 0.05; done") as part:
        part.step(0)
        pid = Pid.of(_pid(part))
        while not (tmp_path / "trapped").exists():
            time.sleep(0.01)
        part.end()
        assert pid.find() is None
        assert part.report().state == "stopped"


def test_another_process_under_an_old_number_is_not_taken_for_ours() -> None:
    """After a reboot the numbers in the state file belong to strangers: `custody down` must not end those."""
    with subprocess.Popen(["sleep", "60"]) as stranger:
        try:
            ours = Pid.of(stranger.pid)
            assert ours.find() is not None
            assert Pid(stranger.pid, ours.started - 3_600).find() is None
        finally:
            stranger.kill()


@contextmanager
def _supervised(folder: Path, script: str, ready: Path | None = None) -> Iterator[Supervised]:
    log = folder / "log"
    part = Supervised(
        "intake",
        "role",
        start=lambda: spawn(["/bin/sh", "-c", script], log=log, environment={}, folder=folder),
        ready=lambda: ready is not None and ready.exists(),
        log=log,
        stop_with=signal.SIGTERM,
        patience_seconds=0.3,
    )
    try:
        yield part
    finally:
        part.end()


def _pid(part: Supervised) -> int:
    pid = part.report().pid
    assert pid is not None
    return pid.pid


def _kill(pid: int) -> None:
    """Kill, and wait until the process is gone; its parent still finds its status."""
    identity = Pid.of(pid)
    process = identity.find()
    assert process is not None
    process.kill()
    while identity.find() is not None:
        time.sleep(0.01)


def _wait_for_end(part: Supervised) -> None:
    pid = part.report().pid
    assert pid is not None
    while pid.find() is not None:
        time.sleep(0.01)
