"""What one question by agency costs: a child as any agency at any moments, beside the same asked of plain SQL.

Half of the children have a correction of their release, the others one more ordinary entry: records of one length, so
that what a correction costs shows. All kinds of questions take turns, so that what else the machine does falls on all
of them alike.
"""

import random
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

import psycopg

from bench import bitemporal
from bench.parts import Parts
from bench.stages import Measured
from bench.views import p99
from ledger.agencies import RECEIVERS
from ledger.roles.process import settle_memory
from readers.child.known_set import Viewpoint
from readers.child.view import view
from readers.moments import MomentsAsked
from readers.snapshot import Rows, connect
from readers.unanswerable import NothingKnownError

TURN = 40
"""How many questions of one kind are asked before the next kind has its turn."""
QUESTIONS = 2000
"""Of each kind."""
CORRECTED = """
    select i.value, e.position is not null
    from (select value, child from read.identifiers_v1 where scheme = 'hhs-release-row' order by random() limit %s) i
    left join lateral (
        select position from read.timeline_v1 t
        where t.child = i.child and t.entry->>'type' = 'custody.correction-issued.v1' limit 1
    ) e on true
"""


@dataclass
class Kind:
    """One kind of question, and what its questions took: milliseconds, and microseconds of CPU on either side."""

    ask: Callable[[str], object]
    postgres: int
    labels: Sequence[str]
    taken: list[float] = field(default_factory=list)
    python_us: float = 0
    postgres_us: float = 0

    def take_turn(self, labels: Sequence[str]) -> None:
        """Ask about these children, one after the other."""
        cpu, server = time.process_time(), _cpu_us(self.postgres)
        for label in labels:
            began = time.perf_counter()
            self.ask(label)
            self.taken.append((time.perf_counter() - began) * 1000)
        self.python_us += (time.process_time() - cpu) * 1e6
        self.postgres_us += _cpu_us(self.postgres) - server

    def median_us(self) -> float:
        """Return the middle time of all questions, in microseconds."""
        return sorted(self.taken)[len(self.taken) // 2] * 1000


def questions(running: Parts) -> Iterable[Measured]:
    """Measure all kinds of questions, and the peer."""
    url = running.settings.database_url
    with psycopg.connect(url) as connection:
        bitemporal.make(connection)
    _let_settle(url)
    with psycopg.connect(url) as connection:
        row = connection.execute("select min(recorded_at), max(recorded_at) from read.entries_v1").fetchone()
        labels = connection.execute(CORRECTED, (2 * QUESTIONS,)).fetchall()
    assert row is not None
    moment = _any_moment(*row)
    corrected = [label for label, is_corrected in labels if is_corrected]
    others = [label for label, is_corrected in labels if not is_corrected]
    with connect(url) as asking, bitemporal.connect(url) as peer:
        server, other_server = asking.info.backend_pid, peer.info.backend_pid

        def any_agency(label: str) -> object:
            asked = MomentsAsked(known_at=moment(), recorded_by=moment())
            return _view(asking, label, asked, Viewpoint(random.choice(RECEIVERS), "any", random.randrange(2)))

        def all_told(label: str) -> object:
            return _view(asking, label, MomentsAsked(), Viewpoint("ICE-ERO", "any", 0))

        def of_the_peer(label: str) -> object:
            return bitemporal.view(peer, label, random.choice(RECEIVERS), moment(), random.randrange(2))

        kinds = [
            plain := Kind(any_agency, server, others),
            with_correction := Kind(any_agency, server, corrected),
            told := Kind(all_told, server, others),
            told_with_correction := Kind(all_told, server, corrected),
            theirs := Kind(of_the_peer, other_server, others),
            theirs_with_correction := Kind(of_the_peer, other_server, corrected),
        ]
        _in_turns(kinds)
    yield from _measured("view as any agency at any moments, idle", plain, with_correction)
    yield from _measured("view as ICE-ERO of all it was told, idle", told, told_with_correction)
    both = sorted(theirs.taken + theirs_with_correction.taken)
    yield Measured("the same of bitemporal tables in SQL, a system time an agency, 99 %", p99(both), "ms", 0)


def _let_settle(url: str) -> None:
    """Let PostgreSQL do at once what it does by itself in the minutes after so many rows."""
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("vacuum (analyze)")
        connection.execute("checkpoint")


def _measured(what: str, plain: Kind, corrected: Kind) -> Iterator[Measured]:
    count = len(plain.taken) + len(corrected.taken)
    yield Measured(f"{what}, 99 %", p99(sorted(plain.taken)), "ms", 3, at_least=False)
    yield Measured(f"{what}, with corrections, 99 %", p99(sorted(corrected.taken)), "ms", 3, at_least=False)
    middle = corrected.median_us(), plain.median_us()
    yield Measured(f"{what}, median with corrections, against without", middle[0], "µs", middle[1], at_least=False)
    yield Measured(f"{what}, CPU of Python", (plain.python_us + corrected.python_us) / count, "µs", 0)
    yield Measured(f"{what}, CPU of PostgreSQL", (plain.postgres_us + corrected.postgres_us) / count, "µs", 0)


def _in_turns(kinds: Sequence[Kind]) -> None:
    settle_memory()
    for kind in kinds:
        for label in kind.labels[:50]:
            kind.ask(label)
    for start in range(0, QUESTIONS, TURN):
        for kind in kinds:
            kind.take_turn(kind.labels[start : start + TURN])


def _view(connection: psycopg.Connection[Rows], label: str, asked: MomentsAsked, viewpoint: Viewpoint) -> object:
    with suppress(NothingKnownError):
        return view(connection, ("hhs-release-row", label), asked, viewpoint)
    return None


def _any_moment(first: datetime, last: datetime) -> Callable[[], datetime]:
    return lambda: first + timedelta(seconds=random.random() * (last - first).total_seconds())


def _cpu_us(pid: int) -> float:
    """Return how many microseconds a process has run (Linux: proc(5), schedstat)."""
    return int(Path(f"/proc/{pid}/schedstat").read_text().split()[0]) / 1000


__all__ = ["questions"]
