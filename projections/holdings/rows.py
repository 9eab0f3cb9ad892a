"""The rows of what agencies hold, made of a child's entries and of what was told of them; in the order of `COLUMNS`."""

import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from traceback import extract_tb
from typing import Any, Final, NamedTuple
from uuid import UUID

import orjson

from ledger.agencies import AGENCIES, RECEIVERS, Agency
from ledger.entry import Entry, read_entry
from ledger.facts import CorrectionIssued, EntryVoided, Fact, NoticeGiven, short_name
from projections.fold.claims import AnyClaims
from projections.holdings.aspects import MATTERING
from projections.holdings.boxes import BITS, MOVING, Holding, Items, Step, holdings
from projections.knowledge.moments import Item
from projections.rows.columns import FEEDS, HELD

_FACTS: Final[tuple[type[Fact], ...]] = (*MATTERING, *MOVING, CorrectionIssued, EntryVoided, NoticeGiven)
_READ: Final = frozenset(short_name(fact.wire).encode() for fact in _FACTS)
_NAME: Final = re.compile(rb'"type":"custody\.([a-z-]+)\.v')
_PLACES: Final[Mapping[str, int]] = {agency: place for place, agency in enumerate(AGENCIES)}
_EVERYBODY: Final = sum(BITS.values())
_NO_STEP: Final = (None,) * 9

Row = tuple[Any, ...]


class Held(NamedTuple):
    """All that is held of some children: rows by table, and why some could not be worked out: those are folded."""

    rows: dict[str, list[Row]]
    failed: dict[UUID, str]


def matters(payload: bytes) -> bool:
    """Say whether anything held depends on an entry, by how its payload begins."""
    name = _NAME.search(payload)
    return name is not None and name[1] in _READ


def held_rows(payloads: Iterable[tuple[UUID, bytes]], published: Iterable[Row], zone: str) -> Held:
    """Return the rows of all that is held of some children.

    `payloads` stand in order of position, `published` in the order of publication: child, position, stamp, the numbers
    on the feeds, withheld and unsaid. Entries that nothing held depends on are not even read.
    """
    entries: dict[UUID, list[Entry]] = {}
    for child, payload in payloads:
        if matters(payload):
            entries.setdefault(child, []).append(read_entry(payload))
    items: dict[UUID, dict[int, list[dict[Agency, Item]]]] = {}
    for child, position, stamp, *rest in published:
        if child in entries:
            items.setdefault(child, {}).setdefault(position, []).append(_told(position, stamp, rest))
    held = Held({}, {})
    for child, its in entries.items():
        try:
            of_child = list(_of_child(child, its, items.get(child, {}), zone))
        except Exception as error:  # noqa: BLE001  # what is wrong with one child must not stop the others
            held.failed[child] = _where(error)
            of_child = [("irregular", (child, _EVERYBODY, _EVERYBODY))]
        for table, row in of_child:
            held.rows.setdefault(table, []).append(row)
    return held


def _where(error: Exception) -> str:
    """Return what failed and where, for a log: the text of an error may hold what is known of a child."""
    last = extract_tb(error.__traceback__)[-1]
    return f"{type(error).__name__} in {last.name}, {Path(last.filename).name} line {last.lineno}"


def _told(position: int, stamp: datetime, rest: Sequence[Any]) -> dict[Agency, Item]:
    withheld, unsaid = (orjson.loads(hidden) if hidden else {} for hidden in rest[-2:])
    return {
        agency: Item(agency, position, number, stamp, withheld.get(agency, ()), unsaid.get(agency, ()))
        for agency, number in zip(FEEDS, rest, strict=False)
        if number is not None
    }


def _of_child(child: UUID, entries: Sequence[Entry], items: Items, zone: str) -> Iterable[tuple[str, Row]]:
    found = holdings(entries, items, zone)
    by_position = {entry.position: entry for entry in entries}
    claims = AnyClaims(entries, zone)
    numbers = dict.fromkeys(HELD, 0)
    for one in sorted(found.rows, key=_place):
        table, content = one.content
        numbers[table] += 1
        box = [column for bound in one.box for column in _step(bound, by_position, items, claims)]
        grid = one.box.other_start is not None or one.box.other_until is not None
        yield f"held_{table}", (child, numbers[table], one.views, grid, one.single, *content, *box)
    if found.irregular.always or found.irregular.told:
        yield "irregular", (child, found.irregular.always, found.irregular.told)


def _place(row: Holding) -> tuple[Any, ...]:
    """A fixed order, so that a rebuild numbers rows as the live run did."""
    bounds = ((-1, 0, "") if step is None else (step.position, step.item, step.alone or "") for step in row.box)
    return row.content[0], *bounds, repr(row.content)


def _step(step: Step | None, entries: Mapping[int, Entry], items: Items, claims: AnyClaims) -> tuple[Any, ...]:
    """Return the columns of one bound of a box."""
    if step is None:
        return _NO_STEP
    entry = entries[step.position]
    told = items.get(step.position, ())
    numbers = told[step.item] if step.item < len(told) else {}
    return (
        *[
            numbers[agency].number if agency in numbers and step.alone in (None, agency) else None
            for agency in RECEIVERS
        ],
        _PLACES[entry.producer.agency] if step.item == 0 and step.alone is None else None,
        claims.since(entry) or entry.recorded_at,  # where it depends on R, its producer is folded, and reads no row
        entry.recorded_at,
    )
