"""Figures of the whole population as an agency knew them, at any moments of a filled ledger."""

import random
import statistics
import time
from collections.abc import Callable, Iterable
from datetime import date, timedelta
from typing import Any

import psycopg

from bench.parts import Parts
from bench.stages import Measured
from readers.child.known_set import parse_viewpoint
from readers.figures.definitions import FigureAsked
from readers.figures.divergent import DivergentAsked, divergent
from readers.figures.figures import figure
from readers.obligations.one_child import DutiesAsked
from readers.obligations.owed_by_all import DutyPage, checked_population, owed_by_all
from readers.snapshot import connect

TIMES = 20


def figures(running: Parts) -> Iterable[Measured]:
    """Ask each figure as agencies and groups, at moments drawn from all that the ledger has."""
    with psycopg.connect(running.settings.database_url) as connection:
        row = connection.execute("select min(recorded_at), max(recorded_at) from read.entries_v1").fetchone()
    assert row is not None
    first, last = row

    def moment() -> Any:
        return first + timedelta(seconds=random.random() * (last - first).total_seconds())

    with connect(running.settings.database_url) as connection:

        def in_care() -> None:
            day = date(2016, 1, 1) + timedelta(days=random.randrange(2500))
            view = parse_viewpoint(random.choice(("ICE", "ICE-ERO", "EOIR", "ORR")), None, "told")
            figure(connection, FigureAsked("in-care", on=day, viewpoint=view, known_at=moment()))

        def released() -> None:
            year = random.randrange(2016, 2023)
            view = parse_viewpoint("ICE-ERO", None, random.choice(("told", None)))
            asked = FigureAsked("released", since=date(year - 1, 10, 1), until=date(year, 9, 30), viewpoint=view)
            figure(connection, asked)

        def failed() -> None:
            view = parse_viewpoint("ORR", None, random.choice(("told", None)))
            asked = FigureAsked("failures-to-appear", since=date(2015, 1, 1), until=date(2023, 9, 30), viewpoint=view)
            figure(connection, asked)

        def apart() -> None:
            sides = [parse_viewpoint(name, None, "told") for name in random.sample(("ICE-ERO", "EOIR", "ORR"), 2)]
            divergent(connection, DivergentAsked("residence", sides[0], sides[1], known_at=moment(), listed=True))

        def summary() -> None:
            owed_by_all(connection, checked_population(DutiesAsked(), None, None))

        def missed() -> None:
            page = DutyPage(100)
            sought = DutiesAsked(agency="EOIR", state="missed")
            owed_by_all(connection, checked_population(sought, "T1", page), page=page)

        yield _limited(f"in care as known to an agency at a moment, slowest of {TIMES}", in_care, 250)
        yield _limited(f"released in a year as known to ICE-ERO, slowest of {TIMES}", released, 250)
        yield _limited(f"every failure to appear as known to ORR, slowest of {TIMES}", failed, 250)
        yield _limited(f"differently known residences, first page, slowest of {TIMES}", apart, 500)
        yield Measured("summary of the duties of all children, median of 3", _median(summary), "ms", 0)
        yield Measured(
            "failures to appear that EOIR told nobody of in time, first page, median of 3", _median(missed), "ms", 0
        )


def _median(ask: Callable[[], None]) -> float:
    return statistics.median(_times(ask, 3))


def _limited(what: str, ask: Callable[[], None], limit: float) -> Measured:
    ask()
    return Measured(what, max(_times(ask, TIMES)), "ms", limit, at_least=False)


def _times(ask: Callable[[], None], count: int) -> list[float]:
    taken = []
    for _ in range(count):
        began = time.perf_counter()
        ask()
        taken.append((time.perf_counter() - began) * 1000)
    return taken
