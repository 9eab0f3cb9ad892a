"""All that was stated of a child, in one statement: `stated` of records.sql, its parameters and its columns."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from functools import lru_cache
from operator import itemgetter
from typing import Any, Final, NamedTuple
from uuid import UUID

import orjson
from psycopg import Cursor

from ledger.agencies import AGENCIES, GROUPS, RECEIVERS, Agency
from ledger.streams import OF_AGENCY
from ledger.times import read_clock
from projections.knowledge.moments import GRADES, Item, Receipt
from projections.knowledge.reads import Read
from projections.knowledge.receipts import LEVELS, lane_of
from projections.rows.columns import FEEDS
from readers.child.records import SQL, Found, given
from readers.moments import MomentsAsked, Name
from readers.snapshot import Rows

STATED: Final = (SQL["of_child"] + SQL["stated"]).encode()
_FOUND: Final = len(Found._fields)
_AGENCY_OF: Final = {record: agency for agency, record in OF_AGENCY.items()}
_OF_LANE: Final = {lane_of(agency, level): (agency, level) for agency in RECEIVERS for level in LEVELS.values()}
_NOTHING: Final[Mapping[Agency, Sequence[str]]] = {}


class StatedRow(NamedTuple):
    """What the statement finds: up to which moment nothing more can be stated, and all that was, up to a bound."""

    found: Found
    complete_to: datetime | None
    items: Sequence[Item]
    receipts: Sequence[Receipt]
    reads: Sequence[Read]


def agencies_of(viewpoint: str) -> tuple[Agency, ...]:
    """Return the agency of this name, or those of the group; none for the ledger itself."""
    return GROUPS[viewpoint] if viewpoint in GROUPS else tuple(one for one in AGENCIES if one == viewpoint)


def stated_row(
    cursor: Cursor[Rows], child: Name, asked: MomentsAsked, agencies: Collection[Agency]
) -> StatedRow | None:
    """Return what was stated of a child, by R and perhaps a little later, of which these agencies may know."""
    wanted = frozenset(agencies)
    row = _row(cursor, child, asked, wanted)
    if row is None:
        return None
    reads = [_read(orjson.loads(read)) for read in row[_FOUND + 1]]
    concerned = wanted.union(*(read.viewpoint for read in reads))
    if concerned != wanted:  # an answer served to one agency may have been asked for as another
        row = _row(cursor, child, asked, concerned)
        assert row is not None
        reads = [_read(orjson.loads(read)) for read in row[_FOUND + 1]]
    complete_to, _, numbers, published, hidden, signed, times = row[_FOUND:]
    items = _items(numbers, published, hidden, concerned)
    return StatedRow(Found(*row[:_FOUND]), complete_to, items, _receipts(signed or (), times or ()), reads)


def _row(cursor: Cursor[Rows], child: Name, asked: MomentsAsked, agencies: frozenset[Agency]) -> Rows | None:
    return cursor.execute(STATED, {**given(child, asked), "lanes": _lanes(agencies)}).fetchone()


@lru_cache(maxsize=256)
def _lanes(agencies: frozenset[Agency]) -> str:
    """Return the lanes of these agencies as PostgreSQL writes an array: that is cheaper to send than a list."""
    lanes = (str(lane) for lane, (agency, _) in _OF_LANE.items() if agency in agencies)
    return f"{{{','.join(lanes)}}}"


def _items(
    numbers: Sequence[Sequence[Any]],
    published: Sequence[datetime],
    hidden: Sequence[Sequence[str | None]],
    agencies: Collection[Agency],
) -> list[Item]:
    """Return what was put on feeds, in the order in which it was; `numbers`: batch, item, position, those of feeds."""
    columns = [(column, agency) for column, agency in enumerate(FEEDS, start=3) if agency in agencies]
    items = []
    in_order = sorted(zip(numbers, published, hidden, strict=True), key=itemgetter(0))
    for row, published_at, (withheld, unsaid) in in_order:
        kept, untold = _hidden(withheld), _hidden(unsaid)
        items += [
            Item(agency, row[2], number, published_at, kept.get(agency, ()), untold.get(agency, ()))
            for column, agency in columns
            if (number := row[column]) is not None
        ]
    return items


@lru_cache(maxsize=1024)
def _hidden(members: str | None) -> Mapping[Agency, Sequence[str]]:
    """Return which members each agency is not told; one set of rules gives the same few texts again and again."""
    return _NOTHING if members is None else orjson.loads(members)


def _receipts(signed: Iterable[Sequence[int]], times: Iterable[Sequence[Any]]) -> list[Receipt]:
    """Return receipts of single numbers, each at the highest level it says something new at.

    `signed`: lane, number, position of the receipt. `times`: since when by the agency's word, and by the ledger's.
    """
    found: dict[tuple[Agency, int, int], Receipt] = {}
    for (lane, number, position), (at, recorded_at) in zip(signed, times, strict=True):
        agency, level = _OF_LANE[lane]
        before = found.get((agency, number, position))
        if before is None or before.grade < level:
            found[agency, number, position] = Receipt(agency, number, level, at, recorded_at, position)
    return list(found.values())


def _read(row: Rows) -> Read:
    child, record, position, recorded_at, viewpoint, known_at, happened_by, recorded_by, basis, at_least = row
    return Read(
        UUID(child),
        _AGENCY_OF[UUID(record)],
        position,
        read_clock(recorded_at),
        agencies_of(viewpoint),
        read_clock(known_at),
        read_clock(happened_by),
        read_clock(recorded_by),
        basis,
        GRADES.index(at_least),
    )
