"""Of how many children two agencies held different things at one moment, and of which: `custody figure divergent`.

What each side held is told by the rows of what agencies hold, of nearly all children; the others are folded. Since when
they differ, what one side lacked and for how many days is worked out for the children of one page, as for one child.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any, Final
from uuid import UUID

import orjson
from psycopg import Connection, Cursor

from ledger.choices import no_choice
from ledger.times import FLOOR, When, read_clock, write_clock
from projections.fold.folding import Folding
from projections.holdings.aspects import written
from projections.knowledge.moments import GRADES
from readers.child.diverging import Between, compared, holding
from readers.child.known_set import LEDGER, Stated, Viewpoint, stated_by
from readers.figures.known_to_agency import SQL as HELD_SQL
from readers.figures.known_to_agency import HeldBy, fold, held_by, known_person
from readers.figures.sources import incomplete, persons_by
from readers.moments import Moments, MomentsAsked, settle
from readers.named_sql import named
from readers.snapshot import Rows, counting, in_snapshot
from readers.unanswerable import NOTHING_PUBLISHED, NotShownError, WrongQuestionError

_SQL: Final = named(Path(__file__).with_name("divergent.sql"))
MEMBERS: Final = ("residence",)
PAGE: Final = 20
MOST: Final = 1000
_DAY: Final = timedelta(days=1)
_DEFINITION: Final = (
    "Children of whom the two sides held different residences at `known_at`, each by what it had come to know by then "
    "(or, for the ledger, by what was recorded), without what happened after it; a side that held none differs from "
    "one that held an address. Addresses are compared member by member, as they were given. `population` is the number "
    "of children of whom either side held a residence. `days` is for how long they have differed."
)


@dataclass(frozen=True, slots=True)
class DivergentAsked:
    """Which member two sides are compared by, at K by R; `after` is the last child of the page before."""

    member: str
    a: Viewpoint
    b: Viewpoint
    known_at: When | None = None
    recorded_by: When | None = None
    listed: bool = False
    limit: int = PAGE
    after: UUID | None = None


def checked(asked: DivergentAsked) -> DivergentAsked:
    """Return the question; raises `WrongQuestionError` that names what can be asked."""
    if asked.member not in MEMBERS:
        raise WrongQuestionError(
            f"--member {no_choice(asked.member, 'member that is compared for all children', MEMBERS)}. "
            "`custody diverge CHILD A B` compares every member of one child's state"
        )
    if asked.a.name == asked.b.name:
        raise WrongQuestionError(
            f"--between {asked.a.name} {asked.b.name}: a side never differs from itself; name two agencies or groups, "
            f"or `{LEDGER}` to see where one was wrong"
        )
    if not 1 <= asked.limit <= MOST:
        raise WrongQuestionError(f"--limit {asked.limit}: a page holds 1 to {MOST} children")
    return asked


def divergent(connection: Connection[Rows], asked: DivergentAsked) -> dict[str, Any]:
    """Return the figure, with a page of its list where asked for, ready for JSON."""
    return in_snapshot(connection, lambda cursor: _answer(cursor, checked(asked)))


def _answer(cursor: Cursor[Rows], asked: DivergentAsked) -> dict[str, Any]:
    heading = cursor.execute(HELD_SQL["heading"].encode()).fetchone()
    if heading is None or heading[2] is None:
        raise NotShownError(NOTHING_PUBLISHED)
    version, zone, complete_to, clock = heading
    moments = settle(
        MomentsAsked(known_at=asked.known_at, recorded_by=asked.recorded_by), complete_to=complete_to, zone=zone
    )
    found = _apart(cursor, version, moments, zone, asked)
    answer: dict[str, Any] = {
        "figure": "divergent",
        "member": asked.member,
        "between": [asked.a.name, asked.b.name],
        "value": found.value,
        "population": found.population,
        "known_at": write_clock(moments.known_at),
        "recorded_by": write_clock(moments.recorded_by),
        "complete_to": write_clock(complete_to),
        "zone": zone,
        "clock": clock,
        "basis": asked.a.basis,
        "at_least": GRADES[asked.a.at_least],
        "definition": _DEFINITION,
        "incomplete": incomplete(cursor, version, moments),
    }
    if asked.listed:
        page = sorted(found.page)[: asked.limit]
        answer["list"] = [_listed(cursor, child, asked, moments, found.page[child]) for child in page]
        answer["next"] = str(page[-1]) if len(found.page) > asked.limit else None
    return answer


_Pair = tuple[str | None, str | None]
"""The residences that the sides hold of a child."""


@dataclass(frozen=True, slots=True)
class _Found:
    """How many children differ, of how many either side holds anything, and those of the page, one more if there is."""

    value: int
    population: int
    page: Mapping[UUID, _Pair]


def _apart(cursor: Cursor[Rows], version: str, moments: Moments, zone: str, asked: DivergentAsked) -> _Found:
    a, b = (held_by(cursor, version, side, moments) for side in (asked.a, asked.b))
    rows = _Rows(cursor, version, a, b)
    folded = a.folded | b.folded | {row[0] for row in rows.find("happening_later")}
    rows.given["folded"] = list(folded)
    value, population, in_order = rows.count()
    page = dict(rows.next(asked.after, asked.limit + 1, in_order)) if asked.listed else {}
    persons = persons_by(cursor, version, moments.recorded_by)
    apart: dict[UUID, _Pair] = {}
    anywhere = set()
    for child in sorted(folded):
        pair = _residence(cursor, child, a, zone), _residence(cursor, child, b, zone)
        if pair[0] != pair[1]:
            apart.setdefault(persons.get(child, child), pair)
        if pair != (None, None):
            anywhere.add(persons.get(child, child))
    page |= {child: pair for child, pair in apart.items() if asked.after is None or child > asked.after}
    return _Found(value + len(apart), population + len(anywhere), page)


class _Rows:
    """What two sides held, by the rows that apply to either."""

    def __init__(self, cursor: Cursor[Rows], version: str, a: HeldBy, b: HeldBy) -> None:
        self._cursor = cursor
        self._parts = {"a": a.condition, "b": b.condition, "schema": version}
        self.given: dict[str, Any] = {**a.given, **b.given}

    def find(self, name: str, **parts: str) -> list[Rows]:
        statement = _SQL[name]
        for part, text in {**parts, **self._parts}.items():
            statement = statement.replace(f"{{{part}}}", text)
        with counting(self._cursor):
            return self._cursor.execute(statement.encode(), self.given).fetchall()

    def count(self) -> tuple[int, int, bool]:
        """Return of how many children the sides hold different things, of how many either holds any; and if most do."""
        of_both, of_a, of_b, every = self.find("sides")[0]
        pairs, equal = self.find("pairs")[0] if of_a and of_b else (0, 0)
        one_side = of_a + of_b - pairs
        return one_side - equal, of_both + one_side, 2 * (of_a + of_b) > every

    def next(self, after: UUID | None, most: int, in_order: bool) -> Iterator[tuple[UUID, _Pair]]:
        """Yield the next children in order, each with what the sides hold of it.

        Where most differ, they are read in their order until there are enough; where few do, all are read, and sorted.
        """
        order = "s.child" if in_order else "uuid_send(s.child)"  # the same order; the latter is in no index
        rows = 2 * most + 1  # a child has two at most
        while most > 0:
            self.given |= {"after": after, "rows": rows}
            found = self.find("next", order=order)
            whole = len(found) < rows
            apart: dict[UUID, list[str | None]] = {}
            for child, of_a, residence in found:
                apart.setdefault(child, [None, None])[0 if of_a else 1] = residence
            if not whole:
                apart.popitem()  # its other row may come next
            for child, (one, other) in apart.items():
                if one != other and most > 0:
                    most -= 1
                    yield child, (one, other)
            if whole:
                return
            after, rows = next(reversed(apart)), rows * 2


def _residence(cursor: Cursor[Rows], child: UUID, held: HeldBy, zone: str) -> str | None:
    """Return the residence that a side held of one record by K, folded."""
    known = fold(cursor, child, held)
    if known is None:
        return None
    residence = Folding.of_standing(known.moving, zone, held.moments.known_at).regions().whereabouts.residence
    return None if residence is None else written(residence)


def _shown_by(stated: Stated, child: UUID, side: Viewpoint) -> list[int]:
    """Return the positions that alone show which residence a side held; of merged records the merges are among them."""
    known = known_person(stated, child, side)
    if known is None:
        return []
    shown = Folding.of_standing(known.moving, stated.zone, stated.moments.known_at).residence_shown_by()
    return sorted({*shown, *known.joined_by}) if shown else []


def _listed(cursor: Cursor[Rows], child: UUID, asked: DivergentAsked, moments: Moments, pair: _Pair) -> dict[str, Any]:
    """Return a child of the list: what each side held, since when, and what one of them lacked."""
    a, b = (None if held is None else orjson.loads(held) for held in pair)
    row: dict[str, Any] = {"child": str(child), "identifiers": [], "a": a, "b": b, "a_shown_by": [], "b_shown_by": []}
    stated = stated_by(
        cursor,
        ("ledger", str(child)),
        MomentsAsked(known_at=moments.known_at, recorded_by=moments.recorded_by),
        (*asked.a.agencies, *asked.b.agencies),
    )
    interval = None
    if stated is not None:
        between = Between(asked.a, asked.b, until=moments.known_at, recorded_by=moments.recorded_by)
        answer = compared(
            stated,
            between,
            holding(stated, asked.a),
            holding(stated, asked.b),
            since=FLOOR,
            until=moments.known_at,
        )
        row["identifiers"] = answer["identifiers"]
        for name, side in (("a_shown_by", asked.a), ("b_shown_by", asked.b)):
            row[name] = _shown_by(stated, child, side)
        of_member = next((one for one in answer["members"] if one["member"] == asked.member), None)
        interval = None if of_member is None or of_member["intervals"][-1]["to"] else of_member["intervals"][-1]
    since = None if interval is None else read_clock(interval["since"])
    return row | {
        "since": None if since is None else write_clock(since),
        "days": None if since is None else (moments.known_at - since) // _DAY,
        "lacking": None if interval is None else interval["lacking"],
        "entries": [] if interval is None else interval["entries"],
    }
