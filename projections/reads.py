"""Logged reads as knowledge: an agency that was served an answer knows what the answer held (knowledge: Moments).

What an answer held follows from the question and its moments: the known set of its viewpoint at its K, by what had
been stated by its R, earlier reads included. So reads are taken in the order in which they were served.
"""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import NamedTuple

from ledger.agencies import Agency
from ledger.entry import Entry
from projections.knowledge import OPENED, Basis, Item, Moment, Receipt, known_set, moments


class Read(NamedTuple):
    """An answer about a child, served to an agency; `viewpoint` are the agencies asked as, none for the ledger."""

    agency: Agency
    position: int
    recorded_at: datetime
    viewpoint: tuple[Agency, ...]
    known_at: datetime
    recorded_by: datetime
    basis: Basis
    at_least: int


class Stated(NamedTuple):
    """Everything stated of a child by some moment."""

    entries: Sequence[Entry]
    items: Sequence[Item]
    receipts: Sequence[Receipt]
    reads: Sequence[Read]

    def by(self, moment: datetime) -> "Stated":
        """Return what of it was stated by an earlier moment."""
        return Stated(
            [entry for entry in self.entries if entry.recorded_at <= moment],
            [item for item in self.items if item.published_at <= moment],
            [receipt for receipt in self.receipts if receipt.recorded_at <= moment],
            [read for read in self.reads if read.recorded_at <= moment],
        )


def all_moments(stated: Stated, agencies: Collection[Agency], zone: str) -> dict[int, list[Moment]]:
    """Return every moment of these agencies: `moments`, and those that reads give."""
    found = moments(
        stated.entries,
        agencies,
        [item for item in stated.items if item.agency in agencies],
        stated.receipts,
        zone,
    )
    served: list[tuple[Read, list[tuple[int, Moment]]]] = []
    for read in sorted(stated.reads, key=lambda read: read.position):
        served.append((read, _served(read, stated, served, zone)))
        if read.agency in agencies:
            for position, moment in served[-1][1]:
                found.setdefault(position, []).append(moment)
    return found


def _served(
    read: Read, stated: Stated, before: Sequence[tuple[Read, list[tuple[int, Moment]]]], zone: str
) -> list[tuple[int, Moment]]:
    """Return the moments that one read gives, from what was stated by its R; `before` are the reads before it."""
    then = stated.by(read.recorded_by)
    if not read.viewpoint:
        return [(entry.position, _opened(read, None)) for entry in then.entries]
    held = moments(
        then.entries,
        read.viewpoint,
        [item for item in then.items if item.agency in read.viewpoint],
        then.receipts,
        zone,
    )
    for earlier, given in before:
        if earlier.recorded_at <= read.recorded_by and earlier.agency in read.viewpoint:
            for position, moment in given:
                held.setdefault(position, []).append(moment)
    seen = known_set(then.entries, held, known_at=read.known_at, basis=read.basis, at_least=read.at_least)
    return [(one.entry.position, _opened(read, one.members)) for one in seen]


def _opened(read: Read, members: frozenset[str] | None) -> Moment:
    return Moment(read.agency, OPENED, None, read.recorded_at, None, "read", None, read.position, members)
