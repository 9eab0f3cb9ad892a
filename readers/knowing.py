"""What one agency, or a group, knew of a child: its known set at K by what was stated by R (knowledge: view)."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final
from uuid import UUID

import orjson
from psycopg import Connection, Cursor

from ledger.agencies import AGENCIES, GROUPS, RECEIVERS, Agency
from ledger.entry import Entry
from ledger.facts import IdentifierAsserted
from ledger.identifiers import shown
from ledger.streams import OF_AGENCY
from ledger.times import When, write_clock
from projections.columns import FEEDS
from projections.knowledge import DELIVERED, GRADES, Basis, Item, Moment, Receipt, Seen, known_set
from projections.reads import Read, all_moments
from projections.reads import Stated as Said
from projections.receipts import LEVELS, lane_of
from projections.viewpoint import one_person
from readers.moments import Asked, Moments, Name, settle
from readers.questions import NothingKnownError, WrongQuestionError
from readers.records import SQL, Parked, check_is_a_child, entries_by, first_parked, known, named_by
from readers.snapshot import Rows, at_once, in_snapshot

LEDGER: Final = "ledger"
_LANES: Final = {lane_of(agency, level): (agency, level) for agency in RECEIVERS for level in LEVELS.values()}
_WIDTH: Final = 2**40
_COMPLETE_TO, _PUBLISHED, _RECEIPTED, _READS = range(10, 14)
"""Columns of the statement `stated`."""
_AGENCY_OF: Final = {record: agency for agency, record in OF_AGENCY.items()}


@dataclass(frozen=True, slots=True)
class Viewpoint:
    """Whose knowledge is asked for, by which basis and from which grade on."""

    name: str = LEDGER
    basis: Basis = "any"
    at_least: int = DELIVERED

    @property
    def agencies(self) -> tuple[Agency, ...]:
        """The agency, or those of the group; none for the ledger itself."""
        if self.name == LEDGER:
            return ()
        return GROUPS[self.name] if self.name in GROUPS else tuple(one for one in AGENCIES if one == self.name)


def parse_viewpoint(name: str | None, basis: str | None, at_least: str | None, *, option: str = "--as") -> Viewpoint:
    """Read `--as` (or what else is called `option`), `--basis` and `--at-least`.

    Raises `WrongQuestionError` that names what there is.
    """
    name = LEDGER if name is None else name.strip()
    upper = name.upper()
    if name.lower() == LEDGER:
        name = LEDGER
    elif upper in AGENCIES or upper in GROUPS:
        name = upper
    else:
        raise WrongQuestionError(
            f"{option} {name!r} is no agency; there are {', '.join(AGENCIES)}, the groups {', '.join(GROUPS)}, "
            f"and {LEDGER}"
        )
    if basis not in (None, "any", "proven"):
        raise WrongQuestionError(f"--basis {basis!r}: it is `any` (claimed or proven) or `proven`")
    if at_least is not None and at_least not in GRADES:
        raise WrongQuestionError(f"--at-least {at_least!r}: the grades are {', '.join(GRADES)}")
    return Viewpoint(
        name,
        "proven" if basis == "proven" else "any",
        DELIVERED if at_least is None else GRADES.index(at_least),
    )


@dataclass(frozen=True, slots=True)
class KnownTo:
    """What somebody knew of one person: the known set, in order of position, never empty."""

    child: UUID
    group: frozenset[UUID]
    identifiers: tuple[Name, ...]
    seen: Sequence[Seen]
    parked: Parked | None
    moments: Moments
    zone: str
    clock: str
    viewpoint: Viewpoint


@dataclass(frozen=True, slots=True)
class Stated:
    """What was stated by R of a child and of all records ever joined to hers: entries, publications, receipts."""

    row: Rows
    moments: Moments
    said: Said

    @property
    def entries(self) -> Sequence[Entry]:
        """The entries recorded by R, in order of position."""
        return self.said.entries

    def held(self, agencies: Collection[Agency]) -> dict[int, list[Moment]]:
        """Return every moment of these agencies, by the position of the entry known."""
        return all_moments(self.said, agencies, self.zone)

    @property
    def child(self) -> UUID:
        """The record asked for."""
        child: UUID = self.row[3]
        return child

    @property
    def zone(self) -> str:
        """The ledger's civil time zone."""
        return str(self.row[1])


def known_to(connection: Connection[Rows], child: Name, asked: Asked, viewpoint: Viewpoint) -> KnownTo:
    """Return what an agency or group knew of `child` at K, by what had been stated by R.

    Raises `NothingKnownError` when that is nothing, `NotShownError` when nothing can be shown.
    """
    check_is_a_child(child)
    stated = all_stated(connection, child, asked, viewpoint.agencies)
    if stated is None:
        known(connection, child, asked)  # the ledger's own answer says why there is nothing, if there is nothing
        raise NothingKnownError(
            f"nothing is known to {viewpoint.name} of {shown(*child)}: nothing that was stated by then is published "
            "yet; is the role `feeds` running? see `custody status`"
        )
    found = of_stated(stated, viewpoint)
    if found is None:
        _say_nothing_known(connection, child, asked, viewpoint, stated.moments)
    assert found is not None
    return found


def all_stated(connection: Connection[Rows], child: Name, asked: Asked, agencies: Collection[Agency]) -> Stated | None:
    """Return the same as `stated_by`, which is one statement nearly always; in a snapshot where it takes more."""

    def ask(cursor: Cursor[Rows]) -> Stated | None:
        return stated_by(cursor, child, asked, agencies)

    return at_once(connection, ask) or in_snapshot(connection, ask)


def _say_nothing_known(
    connection: Connection[Rows], child: Name, asked: Asked, viewpoint: Viewpoint, moments: Moments
) -> None:
    known(connection, child, replace(asked, known_at=None))
    least = GRADES[viewpoint.at_least]
    raise NothingKnownError(
        f"{viewpoint.name} knew nothing of {shown(*child)} at {write_clock(moments.known_at)} "
        f"(at least {least}, basis {viewpoint.basis}, as recorded by {write_clock(moments.recorded_by)}); "
        f"`custody knows {child[0]}:{child[1]}` shows who was told what, and when"
    )


def stated_by(cursor: Cursor[Rows], child: Name, asked: Asked, agencies: Collection[Agency]) -> Stated | None:
    """Return what was stated by R, of which these agencies may know; None where nothing is."""
    row = _stated_row(cursor, child, asked, agencies)
    if row is None or row[3] is None or row[_COMPLETE_TO] is None:
        return None
    reads = [_read(read) for read in row[_READS]]
    concerned = {*agencies, *(agency for read in reads for agency in read.viewpoint)}
    if not concerned <= set(agencies):  # an answer served to one agency may have been asked for as another
        row = _stated_row(cursor, child, asked, concerned)
        assert row is not None
        reads = [_read(read) for read in row[_READS]]
    moments = settle(asked, complete_to=row[_COMPLETE_TO], zone=row[1])
    entries = sorted(entries_by(row, moments), key=lambda entry: entry.position)
    if row[4] is not None and all(entry.position != row[4] for entry in entries):
        return None
    said = Said(entries, _items(row[_PUBLISHED], concerned), _receipts(row[_RECEIPTED]), reads)
    return Stated(row, moments, said.by(moments.recorded_by))


def _stated_row(cursor: Cursor[Rows], child: Name, asked: Asked, agencies: Collection[Agency]) -> Rows | None:
    feeds = [number for number, agency in enumerate(RECEIVERS) if agency in agencies]
    given = {**named_by(child), "bound": _bound(asked.recorded_by), "feeds": feeds}
    return cursor.execute(SQL["stated"].encode(), given).fetchone()


def _bound(recorded_by: When | None) -> str:
    """Return a moment that is R or later: where a day ends is for the ledger's zone to say, known when it answers."""
    if recorded_by is None:
        return "infinity"
    if isinstance(recorded_by, datetime):
        return recorded_by.isoformat()
    return f"{recorded_by.isoformat()}T23:59:59-14:00"


def of_stated(stated: Stated, viewpoint: Viewpoint, at: Moments | None = None) -> KnownTo | None:
    """Return the known set that follows from what was stated; None where it is empty."""
    moments_asked = at or stated.moments
    held = stated.held(viewpoint.agencies)
    seen = known_set(
        stated.entries, held, known_at=moments_asked.known_at, basis=viewpoint.basis, at_least=viewpoint.at_least
    )
    group = one_person(stated.child, seen)
    seen = [one for one in seen if one.entry.child in group]
    if not seen:
        return None
    return KnownTo(
        child=stated.child,
        group=frozenset(one.entry.child for one in seen) | {stated.child},
        identifiers=_identifiers(seen),
        seen=seen,
        parked=first_parked(stated.row[7], group, moments_asked),
        moments=moments_asked,
        zone=stated.zone,
        clock=stated.row[8],
        viewpoint=viewpoint,
    )


def _identifiers(seen: Sequence[Seen]) -> tuple[Name, ...]:
    """Return the identifiers that stand in what is known, each once, in order."""
    names: dict[Name, None] = {}
    for one in seen:
        names |= dict.fromkeys(name for name in one.entry.identifiers if name[0] != LEDGER)
        fact = one.entry.fact
        if isinstance(fact, IdentifierAsserted) and (one.members is None or "identifier" in one.members):
            names[fact.identifier.scheme, fact.identifier.value] = None
    return tuple(names)


def _items(rows: Iterable[Rows], agencies: Collection[Agency]) -> list[Item]:
    columns = [(number, agency) for number, agency in enumerate(FEEDS, start=2) if agency in agencies]
    items = []
    for row in rows:
        published_at = datetime.fromisoformat(row[1])
        withheld, unsaid = (orjson.loads(hidden) if hidden else {} for hidden in row[-2:])
        items += [
            Item(agency, row[0], row[column], published_at, withheld.get(agency, ()), unsaid.get(agency, ()))
            for column, agency in columns
            if row[column] is not None
        ]
    return items


def _receipts(rows: Iterable[Rows]) -> list[Receipt]:
    """Return receipts of single numbers, each at the highest level it says something new at."""
    found: dict[tuple[Agency, int, int], Receipt] = {}
    for key, level, at, recorded_at, position in rows:
        agency, _ = _LANES[key - key % _WIDTH]
        number = key % _WIDTH
        before = found.get((agency, number, position))
        if before is None or before.grade < level:
            claimed = None if at is None else datetime.fromisoformat(at)
            found[agency, number, position] = Receipt(
                agency, number, level, claimed, datetime.fromisoformat(recorded_at), position
            )
    return list(found.values())


def _read(row: Rows) -> Read:
    child, record, position, recorded_at, viewpoint, known_at, happened_by, recorded_by, basis, at_least = row
    return Read(
        UUID(child),
        _AGENCY_OF[UUID(record)],
        position,
        datetime.fromisoformat(recorded_at),
        Viewpoint(viewpoint).agencies,
        datetime.fromisoformat(known_at),
        datetime.fromisoformat(happened_by),
        datetime.fromisoformat(recorded_by),
        basis,
        GRADES.index(at_least),
    )
