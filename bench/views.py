"""How long one question takes: in the process, while an import runs, of a long record, and as a command."""

import random
import statistics
import subprocess
import sys
import time
from collections.abc import Iterable
from pathlib import Path

from bench.parts import Parts, wait
from bench.stages import APPLIED, RECORDED, Measured
from custody.supervision.roles import environment
from ledger.roles.process import settle_memory
from producers.client.submissions import AgencyClient
from readers.child.view import view
from readers.moments import parse_child
from readers.snapshot import connect

LONG_RECORD = 10_000


def times(parts: Parts, labels: list[str], count: int) -> list[float]:
    """Return, sorted, how many milliseconds `count` views took."""
    names = [parse_child(f"hhs-release-row:{random.choice(labels)}") for _ in range(count)]
    taken = []
    settle_memory()  # as every role does: the collector is not to walk over what the measurement itself holds
    with connect(parts.settings.database_url) as connection:
        for name in names[:50]:
            view(connection, name)
        for name in names:
            began = time.perf_counter()
            view(connection, name)
            taken.append((time.perf_counter() - began) * 1000)
    return sorted(taken)


def p99(taken: list[float]) -> float:
    """Return the time 99 in 100 stay within."""
    return taken[len(taken) * 99 // 100]


def long_record(parts: Parts) -> Measured:
    """Measure the view of a record of ten thousand entries; needs all roles running."""
    client = AgencyClient(parts.settings.kafka_bootstrap, "ORR")
    for number in range(LONG_RECORD):
        client.send(
            "custody.post-release-contact-recorded.v1",
            {
                "child": [{"scheme": "orr-id", "value": "long-record"}],
                "occurred_at": f"2021-01-01T00:{number // 60 % 60:02}:{number % 60:02}Z",
                "source": {"document": "call", "reference": str(number), "grade": "statement"},
                "door": "feed",
                "fact": {
                    "kind": "call",
                    "attempt": number,
                    "mode": "live-call",
                    "spoke_with": ["sponsor"],
                    "child_seen": False,
                    "identity_checked": False,
                },
            },
        )
    client.settle()
    client.close()
    goal = parts.one(RECORDED)
    wait(lambda: parts.one("select count(*) from read.findings_v1 where false") == 0, 1)
    wait(lambda: parts.one(RECORDED) >= goal, 60)
    wait(
        lambda: parts.one("select coalesce(max(e.position), 0) from read.timeline_v1 e") >= parts.one(RECORDED),
        600,
        0.5,
    )
    taken = []
    with connect(parts.settings.database_url) as connection:
        for _ in range(5):
            began = time.perf_counter()
            found = view(connection, parse_child("orr-id:long-record"))
            taken.append((time.perf_counter() - began) * 1000)
    assert len(found["entries"]) == LONG_RECORD
    return Measured("view of a record of 10,000 entries, median", statistics.median(taken), "ms", 250, at_least=False)


def as_a_command(parts: Parts, label: str) -> Measured:
    """Measure `custody view` from its start to its end."""
    told = environment(
        database_url=parts.settings.database_url,
        bootstrap=parts.settings.kafka_bootstrap,
        zone=parts.settings.zone,
        clock=parts.settings.clock,
    )
    command = [str(Path(sys.executable).parent / "custody"), "view", f"hhs-release-row:{label}"]
    taken = []
    for _ in range(8):
        began = time.perf_counter()
        subprocess.run(command, env=told, check=True, stdout=subprocess.DEVNULL)
        taken.append((time.perf_counter() - began) * 1000)
    return Measured("`custody view` as a command, median", statistics.median(taken[1:]), "ms", 400, at_least=False)


def idle(parts: Parts, labels: list[str]) -> Iterable[Measured]:
    """Measure views with nothing else going on."""
    yield Measured("view of one child, idle, 99 %", p99(times(parts, labels, 2000)), "ms", 2, at_least=False)


__all__ = ["APPLIED", "as_a_command", "idle", "long_record", "p99", "times"]
