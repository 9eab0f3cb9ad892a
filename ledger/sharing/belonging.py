"""Which entries are about a person: those of her records, and statements under other records that act on them.

A statement is filed under the record of its (first) target. Older entries may stand elsewhere: under the record that
their sender named first, when it was one person with the target's by a merge that was undone since. Such a statement
goes on acting, and whoever looks at a record also sees what joined it to others and what parted it from them.
"""

from collections.abc import Collection, Iterable, Sequence
from typing import Any
from uuid import UUID

from ledger.entry import Entry
from ledger.facts import (
    CorrectionIssued,
    EntryDisputed,
    EntryVoided,
    FindingResolved,
    IdentityMerged,
    IdentityUnmerged,
    NoticeGiven,
)


def aims_at(fact: Any) -> Sequence[int]:
    """Return the positions a statement is about; none for a fact that is about no entry."""
    match fact:
        case CorrectionIssued():
            return (fact.corrects,)
        case EntryVoided():
            return (fact.voids,)
        case EntryDisputed() | FindingResolved():
            return (fact.position,)
        case NoticeGiven():
            return fact.positions
        case _:
            return ()


def about_person(entries: Iterable[Entry], records: Collection[UUID]) -> list[Entry]:
    """Return the entries about the person whose records these are, in order of position.

    `entries`, in any order, are those of all records that merge statements ever joined to hers. A statement under
    another record is about her if it aims at an entry about her, and a merge or unmerge if it names a record of hers.
    """
    about: list[Entry] = []
    positions: set[int] = set()
    for entry in sorted(entries, key=lambda entry: entry.position):
        if entry.child in records or _reaches(entry, records, positions):
            about.append(entry)
            positions.add(entry.position)
    return about


def _reaches(entry: Entry, records: Collection[UUID], positions: Collection[int]) -> bool:
    if isinstance(entry.fact, IdentityMerged | IdentityUnmerged):
        return UUID(entry.resolved["other"]) in records
    return any(position in positions for position in aims_at(entry.fact))
