"""Deciding who is told the next entries: by themselves, or with the whole record where that has a say in it.

Most entries go by the set in force alone. Statements about other entries, and everything about a child whose record
was ever merged, go by the fold of the record, which is read from the event store when it is first needed.
"""

from collections.abc import Sequence
from typing import Final
from uuid import UUID

from psycopg import Cursor
from psycopg.rows import DictRow

from ledger.entry import Entry
from ledger.facts import IdentityMerged, IdentityUnmerged
from ledger.looking_back import entries_of, linked
from ledger.sharing import Adopted, default_rules
from ledger.telling import NEEDS_RECORD, Rulebook, Telling, Told, tell_alone

CACHED_ENTRIES: Final = 40_000
"""How many entries the folds kept in memory may hold together."""


class Folds:
    """The folds at hand, and the sharing rules adopted so far."""

    def __init__(self, adoptions: Sequence[Adopted], zone: str) -> None:
        self._zone = zone
        self.rulebook = Rulebook(adoptions, default_rules(), zone)
        self._of: dict[UUID, Telling] = {}
        self._size = 0

    def adopt(self, one: Adopted) -> None:
        """Take in a set that was adopted: it is in force for entries after it."""
        self.rulebook = Rulebook((*self.rulebook.adopted, one), default_rules(), self._zone)

    def forget(self) -> None:
        """Drop every fold: after a backfill each has been told more than it knows."""
        self._of.clear()
        self._size = 0

    def prepare(self, cursor: Cursor[DictRow], entries: Sequence[Entry], up_to: int) -> None:
        """Have at hand the folds that these next entries need, with all there is up to the position before them."""
        needed = {entry.child for entry in entries if type(entry.fact) in NEEDS_RECORD}
        joined = linked(cursor, {entry.child for entry in entries})
        for entry in entries:
            if isinstance(entry.fact, IdentityMerged | IdentityUnmerged):
                self._drop_joined(joined.get(entry.child, frozenset()))
        needed = {child for child in needed | joined.keys() if child not in self._of}
        if not needed:
            return
        whole = {record for child in needed for record in joined.get(child, (child,))}
        by_record: dict[UUID, list[Entry]] = {record: [] for record in whole}
        for entry in entries_of(cursor, whole, up_to):
            by_record[entry.child].append(entry)
        for child in needed:
            if child not in self._of:
                records = joined.get(child, frozenset((child,)))
                fold = Telling.of((entry for record in records for entry in by_record[record]), self.rulebook)
                self._of |= dict.fromkeys(records, fold)
                self._size += fold.size

    def tell(self, entry: Entry) -> list[Told]:
        """Return whom the next entry is told to, and what they are told right behind it."""
        fold = self._of.get(entry.child)
        sharing = self.rulebook.at(entry)
        if fold is None:
            return tell_alone(entry, sharing)
        self._size += 1
        return fold.take(entry, sharing)

    def evict(self) -> None:
        """Forget the folds read longest ago until they are within their bound; only between batches."""
        if self._size > CACHED_ENTRIES:
            self.forget()

    def _drop_joined(self, records: frozenset[UUID]) -> None:
        """Forget folds that a merge makes one, unless they are one already."""
        folds = {id(self._of[record]) for record in records if record in self._of}
        if len(folds) > 1 or any(record not in self._of for record in records):
            dropped = {id(fold): fold for record in records if (fold := self._of.pop(record, None)) is not None}
            self._size -= sum(fold.size for fold in dropped.values())
