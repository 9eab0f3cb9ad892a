"""Logged reads as knowledge: an agency that was served an answer knows what the answer held (knowledge: Moments).

What an answer held follows from the question and its moments: of the person asked for, as the viewpoint saw her, the
known set at K by what had been stated by R, earlier reads included, without what happened after H. So reads are taken
in the order in which they were served.
"""

from collections.abc import Callable, Collection, Sequence
from datetime import datetime
from typing import Final, NamedTuple
from uuid import UUID

from ledger.agencies import Agency
from ledger.entry import Entry
from ledger.facts import STATEMENTS, CorrectionIssued
from ledger.records.merges import groups
from ledger.sharing.belonging import about_person as entries_about
from ledger.times import order_key
from projections.fold.amended import Effective, effective
from projections.knowledge.moments import OPENED, Basis, Item, Members, Moment, Receipt, known_set, moments
from projections.knowledge.viewpoint import about_person, one_person, standing

_STATEMENTS: Final = frozenset(STATEMENTS)


class Read(NamedTuple):
    """An answer about a child, served to an agency; `viewpoint` are the agencies asked as, none for the ledger."""

    child: UUID
    agency: Agency
    position: int
    recorded_at: datetime
    viewpoint: tuple[Agency, ...]
    known_at: datetime
    happened_by: datetime
    recorded_by: datetime
    basis: Basis
    at_least: int


class EverythingStated(NamedTuple):
    """Everything stated of a child by some moment."""

    entries: Sequence[Entry]
    items: Sequence[Item]
    receipts: Sequence[Receipt]
    reads: Sequence[Read]

    def by(self, moment: datetime) -> "EverythingStated":
        """Return what of it was stated by an earlier moment."""
        return EverythingStated(
            [entry for entry in self.entries if entry.recorded_at <= moment],
            [item for item in self.items if item.published_at <= moment],
            [receipt for receipt in self.receipts if receipt.recorded_at <= moment],
            [read for read in self.reads if read.recorded_at <= moment],
        )


def all_moments(stated: EverythingStated, agencies: Collection[Agency], zone: str) -> dict[int, list[Moment]]:
    """Return every moment of these agencies: `moments`, and those that reads give."""
    found = moments(
        stated.entries,
        agencies,
        [item for item in stated.items if item.agency in agencies],
        stated.receipts,
        zone,
    )
    served: list[tuple[Read, list[tuple[int, Moment]]]] = []
    for read in _concerning(stated.reads, agencies):
        served.append((read, _served(read, stated, served, zone)))
        if read.agency in agencies:
            for position, moment in served[-1][1]:
                found.setdefault(position, []).append(moment)
    return found


def _concerning(reads: Sequence[Read], agencies: Collection[Agency]) -> list[Read]:
    """Return, in order, the reads that give these agencies a moment, and those that such an answer may have gone by."""
    wanted = set(agencies)
    concerning = []
    for read in sorted(reads, key=lambda read: read.position, reverse=True):
        if read.agency in wanted:
            concerning.append(read)
            wanted.update(read.viewpoint)
    return concerning[::-1]


def _served(
    read: Read, stated: EverythingStated, before: Sequence[tuple[Read, list[tuple[int, Moment]]]], zone: str
) -> list[tuple[int, Moment]]:
    """Return the moments that one read gives, from what was stated by its R; `before` are the reads before it."""
    then = stated.by(read.recorded_by)
    if not read.viewpoint:
        entries = _of_person(read, then.entries)
        return _shown(read, [(entry, None) for entry in entries], lambda: effective(entries), zone)
    held = moments(
        then.entries,
        read.viewpoint,
        [item for item in then.items if item.agency in read.viewpoint],
        then.receipts,
        zone,
    )
    for earlier, given in before:
        if earlier.agency in read.viewpoint:  # one after this read's K is passed over below: K is never after R
            for position, moment in given:
                held.setdefault(position, []).append(moment)
    seen = known_set(then.entries, held, known_at=read.known_at, basis=read.basis, at_least=read.at_least)
    group = one_person(read.child, seen)
    seen = about_person(seen, group)
    return _shown(read, [(one.entry, one.members) for one in seen], lambda: [one.one for one in standing(seen)], zone)


def _of_person(read: Read, entries: Sequence[Entry]) -> list[Entry]:
    """Return the entries of the records that were one person with the child asked for, as the ledger held it."""
    group = groups(entries).get(read.child, frozenset((read.child,)))
    return entries_about(entries, group)


def _shown(
    read: Read, held: Sequence[tuple[Entry, Members]], left: Callable[[], Sequence[Effective]], zone: str
) -> list[tuple[int, Moment]]:
    """Return what the answer showed: statements, and what had happened by its H, at the times as corrected.

    H is nearly always later than everything, so that nothing need be corrected to see it.
    """
    last = order_key(read.happened_by, zone)
    later: set[int] = set()
    if any(_may_be_later(entry, last, zone) for entry, _ in held):
        later = {
            one.entry.position
            for one in left()
            if type(one.fact) not in _STATEMENTS and order_key(one.occurred_at, zone) > last
        }
    return [(entry.position, _opened(read, members)) for entry, members in held if entry.position not in later]


def _may_be_later(entry: Entry, last: int, zone: str) -> bool:
    """Return whether what it says happened after H, or whether it says so of another entry."""
    if type(entry.fact) is CorrectionIssued:
        return "occurred_at" in entry.fact.set
    return type(entry.fact) not in _STATEMENTS and order_key(entry.occurred_at, zone) > last


def _opened(read: Read, members: frozenset[str] | None) -> Moment:
    return Moment(read.agency, OPENED, None, read.recorded_at, None, "read", None, read.position, members)
