"""The entries of one person as recorded by R, with what the read tables say about them, in one snapshot."""

from collections.abc import Collection, Sequence
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any, Final, NamedTuple, cast
from uuid import UUID

import orjson
from psycopg import Connection, Cursor

from ledger.entry import Entry, read_entry
from ledger.facts import EntryVoided, IdentityMerged, IdentityUnmerged
from ledger.identifiers import shown
from ledger.records.merges import groups
from ledger.sharing.belonging import about_person
from ledger.streams import STREAMS
from ledger.times import When, read_clock, write_clock
from readers.child.former_names import Former, Formerly, said, stranded
from readers.moments import Moments, MomentsAsked, Name, settle
from readers.named_sql import named
from readers.snapshot import Rows, at_once, in_snapshot
from readers.unanswerable import NothingKnownError, NotShownError

SQL: Final = named(Path(__file__).with_name("records.sql"))
FOUND: Final = (SQL["of_child"] + SQL["found"]).encode()
_OF_IDENTITY: Final = (IdentityMerged, IdentityUnmerged, EntryVoided)


class Parked(NamedTuple):
    """The first entry of a record that could not be applied: it and all later ones are missing."""

    position: int
    recorded_at: datetime
    reason: str


class Found(NamedTuple):
    """What one statement finds of a child: the columns of `found`, which are the first of `stated`, too.

    `root` is the record that carries the name asked for, first carried by the entry at `root_position` (None: asked
    for by the record itself); `records` says how many were ever joined, it included. `identifiers` are those of all
    of them: scheme, value, the position of the entry from which on it names the record, and the moment until when, as
    JSON. `former` are the records that the name asked for named before, as JSON.
    """

    version: str
    zone: str
    clock: str
    complete_to: datetime | None
    root: UUID | None
    root_position: int | None
    records: int
    identifiers: Sequence[tuple[str, str, str, str | None]]
    parked: Sequence[str]
    payloads: Sequence[bytes]
    former: Sequence[str] = ()

    def entries(self, moments: Moments) -> list[Entry]:
        """Read the entries that were recorded by R; in no order."""
        by, entries = moments.recorded_by, map(read_entry, self.payloads)
        return [entry for entry in entries if entry.recorded_at <= by]

    def names(self, positions: Collection[int], moments: Moments) -> tuple[Name, ...]:
        """Return the identifiers that by R name these records, from entries at these positions on, in their order."""
        by = moments.recorded_by
        every = sorted(
            (int(at), scheme, value)
            for scheme, value, at, until in self.identifiers
            if until is None or read_clock(orjson.loads(until)) > by
        )
        return tuple(dict.fromkeys((scheme, value) for at, scheme, value in every if at in positions))

    def formers(self, moments: Moments) -> list[Former]:
        """Return the records that the name asked for named by R and until then or earlier, in order."""
        read = [orjson.loads(one) for one in self.former]
        every = [
            Former(UUID(child), position, read_clock(since), until_position, read_clock(until))
            for child, position, since, until_position, until in read
        ]
        return [one for one in every if one.recorded_from <= moments.recorded_by]

    def named_then(self, moments: Moments) -> Former | None:
        """Return the record that the name asked for named at R, where it names that one no longer."""
        return next((one for one in self.formers(moments) if one.recorded_until > moments.recorded_by), None)


class RecordedPerson(NamedTuple):
    """What the ledger had recorded of one person by R; `entries` in no order, never empty."""

    child: UUID
    group: frozenset[UUID]
    identifiers: tuple[Name, ...]
    entries: Sequence[Entry]
    parked: Parked | None
    moments: Moments
    zone: str
    clock: str
    formerly: Sequence[Formerly] = ()
    """Other children's records that the name asked for named before."""


def known(connection: Connection[Rows], child: Name, asked: MomentsAsked) -> RecordedPerson:
    """Return what had been recorded of `child` by R.

    Raises `NothingKnownError` when that is nothing, `NotShownError` when all of it is parked.
    """
    check_is_a_child(child)
    found = at_once(connection, lambda cursor: _known(cursor, child, asked))
    if found is not None:
        return found
    # what is missing is looked for elsewhere, and for that all must be read again, in one snapshot
    return in_snapshot(connection, lambda cursor: _known_or_why(cursor, child, asked))


def check_is_a_child(child: Name) -> None:
    """Raise `NothingKnownError` for the ledger's own record and those of the agencies."""
    if child[0] == "ledger" and UUID(child[1]) in STREAMS:
        raise NothingKnownError(f"{child[1]} is the record of no child: what is said of the ledger stands under it")


def _known_or_why(cursor: Cursor[Rows], child: Name, asked: MomentsAsked) -> RecordedPerson:
    """Return the same, or say why there is nothing to show."""
    found = _known(cursor, child, asked)
    if found is not None:
        return found
    row = found_row(cursor, child, asked)
    if row is None or row.complete_to is None:
        raise NothingKnownError(
            f"nothing is known of {shown(*child)}: the read tables hold no entry yet; "
            "`custody wait` returns when they have caught up"
        )
    moments = settle(asked, complete_to=row.complete_to, zone=row.zone)
    then = row.named_then(moments)
    if then is not None:
        return _known_or_why(cursor, *asked_then(then, asked, moments))
    root = row.root
    formers = row.formers(moments)
    unnamed = root is None or all(entry.position != row.root_position for entry in row.entries(moments))
    if root is None or (formers and unnamed):
        carrier = _parked_carrier(
            cursor, row.version, child, moments, after=formers[-1].until_position if formers else 0
        )
        if carrier is not None:
            return _known_or_why(cursor, ("ledger", str(carrier)), asked)
        if not formers:
            raise _nobody(child)
        formerly = _formerly(cursor, child, asked, row, moments=moments)
        raise NothingKnownError(
            f"{shown(*child)} names no child as recorded by {write_clock(moments.recorded_by)}: {said(formerly[-1])}"
        )
    missing = first_parked(row, frozenset((root,)), moments)
    if missing is not None and not row.entries(moments):
        raise NotShownError(
            f"nothing can be shown of record {root}: its entry {missing.position} could not be applied "
            f"({missing.reason}) and is set aside with all later ones; see `custody set-aside show {root}`"
        )
    raise _nothing_by(cursor, row.version, child, root, moments)


def found_row(cursor: Cursor[Rows], child: Name, asked: MomentsAsked) -> Found | None:
    row = cursor.execute(FOUND, given(child, asked)).fetchone()
    return None if row is None else Found(*row)


def given(child: Name, asked: MomentsAsked) -> dict[str, Any]:
    """Return the parameters by which both statements find a child and what was stated by R, or a little later."""
    scheme, value = child
    record = UUID(value) if scheme == "ledger" else None
    return {"scheme": scheme, "value": value, "child": record, "bound": _bound(asked.recorded_by)}


def _bound(recorded_by: When | None) -> str:
    """Return a moment that is R or later: where a day ends is for the ledger's zone to say, known when it answers."""
    if recorded_by is None:
        return "infinity"
    if isinstance(recorded_by, datetime):
        return recorded_by.isoformat()
    return f"{recorded_by.isoformat()}T23:59:59-14:00"


def _known(cursor: Cursor[Rows], child: Name, asked: MomentsAsked) -> RecordedPerson | None:
    """Return what one statement finds; None where more is to be read, to say what is known or why nothing is."""
    row = found_row(cursor, child, asked)
    if row is None or row.complete_to is None:
        return None
    moments = settle(asked, complete_to=row.complete_to, zone=row.zone)
    then = row.named_then(moments) if row.former else None
    if then is not None:
        return _known(cursor, *asked_then(then, asked, moments))
    if row.root is None:
        return None
    entries = row.entries(moments)
    group = _one_person(row.root, entries) if row.records > 1 else frozenset((row.root,))
    if len(group) < row.records:
        entries = about_person(entries, group)
    positions = {entry.position for entry in entries if entry.child in group}
    if not positions or (row.root_position is not None and row.root_position not in positions):
        if row.parked or row.former:
            return None
        raise _nothing_by(cursor, row.version, child, row.root, moments)
    return RecordedPerson(
        child=row.root,
        group=group,
        identifiers=row.names(positions, moments),
        entries=entries,
        parked=first_parked(row, group, moments),
        moments=moments,
        zone=row.zone,
        clock=row.clock,
        formerly=_formerly(cursor, child, asked, row, moments=moments, group=group) if row.former else (),
    )


def _formerly(
    cursor: Cursor[Rows],
    child: Name,
    asked: MomentsAsked,
    row: Found,
    *,
    moments: Moments,
    group: Collection[UUID] = (),
) -> tuple[Formerly, ...]:
    """Return which other children's records the name asked for named before, and what came to them by it."""
    found = []
    for former in row.formers(moments):
        if former.child in group:
            continue
        there = _known(cursor, *asked_then(former, asked, moments))
        left = () if there is None else stranded(there.entries, there.group, child)
        found.append(Formerly(child, former, left))
    return tuple(found)


def asked_then(then: Former, asked: MomentsAsked, moments: Moments) -> tuple[Name, MomentsAsked]:
    """Return the same question about the record that the name asked for named at R: what was so by R stays so."""
    return ("ledger", str(then.child)), replace(asked, recorded_by=moments.recorded_by)


def _one_person(root: UUID, entries: Sequence[Entry]) -> frozenset[UUID]:
    """Return the records that are one person with `root` by the statements recorded so far."""
    alone = frozenset((root,))
    return groups(entry for entry in entries if isinstance(entry.fact, _OF_IDENTITY)).get(root, alone)


def first_parked(row: Found, group: Collection[UUID], moments: Moments) -> Parked | None:
    """Return the first entry of these records that could not be applied, of those recorded by R."""
    parked = [
        Parked(position, read_clock(recorded_at), reason)
        for child, position, recorded_at, reason in map(orjson.loads, row.parked)
        if UUID(child) in group
    ]
    by_then = [p for p in parked if p.recorded_at <= moments.recorded_by]
    return min(by_then, key=lambda p: p.position, default=None)


def _parked_carrier(cursor: Cursor[Rows], version: str, child: Name, moments: Moments, *, after: int) -> UUID | None:
    """Return the record that carries an identifier in a parked entry only, behind a position; None where there is none.

    Raises `NothingKnownError` where it was recorded after R.
    """
    identifier = {"scheme": child[0], "value": child[1]}
    rows = cursor.execute(
        SQL["parked_carrier"].replace("{schema}", version).encode(),
        {"written": orjson.dumps(identifier), "after": after},
    )
    for carrier, recorded_at, payload in rows:
        if not _carries(payload, identifier):
            continue
        if recorded_at > moments.recorded_by:
            if after:
                return None
            raise _later(child, moments, recorded_at)
        return cast(UUID, carrier)
    return None


def _nobody(child: Name) -> NothingKnownError:
    return NothingKnownError(
        f"no child is known as {shown(*child)}; identifiers are compared to the letter, A-numbers by their nine digits"
    )


def _carries(payload: bytes, identifier: dict[str, str]) -> bool:
    try:
        return identifier in orjson.loads(payload)["identifiers"]
    except (ValueError, LookupError, TypeError):
        return False


def _nothing_by(cursor: Cursor[Rows], version: str, child: Name, root: UUID, moments: Moments) -> NothingKnownError:
    """Say when the ledger first heard of the child, if it ever did."""
    row = cursor.execute(
        SQL["first_named"].replace("{schema}", version).encode(),
        {"child": root, "scheme": child[0], "value": child[1]},
    ).fetchone()
    first = row[0] if row is not None else None
    if first is None:
        return NothingKnownError(f"no record has the ledger id {root}")
    return _later(child, moments, first)


def _later(child: Name, moments: Moments, first: datetime) -> NothingKnownError:
    return NothingKnownError(
        f"by {write_clock(moments.recorded_by)} nothing had been recorded of {shown(*child)}; "
        f"the ledger first heard of this child under that name at {write_clock(first)}"
    )
