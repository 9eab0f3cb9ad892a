"""Deciding who is told the next entries: by themselves, or with the whole record where that has a say in it.

Most entries go by the set in force alone. Statements about other entries go by the fold of what the statements in
their record speak of, and everything about a child whose record was ever merged by the fold of all entries. Either is
read from the event store when it is first needed, and takes what comes later.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence, Set
from typing import Final
from uuid import UUID

from psycopg import Cursor
from psycopg.rows import DictRow

from ledger.entry import Entry, read_entry
from ledger.facts import IdentityMerged, IdentityUnmerged
from ledger.sharing.batches import Trigger
from ledger.sharing.feed_fold import NEEDS_RECORD, SharingRulebook, Telling, ToldItem, spoken_of, tell_alone
from ledger.sharing.leaving_out import LeftOut, left_out
from ledger.sharing.rule_sets import Adopted, default_rules
from ledger.store.queries import entries_at, linked, payload_of, rows_of, statements_of
from producers.feeds.told_otherwise import NO_EXCEPTIONS, Exceptions, ToldOtherwise

CACHED_ENTRIES: Final = 40_000
"""How many entries the folds kept in memory may hold together."""
_STATEMENTS: Final = [fact.wire for fact in NEEDS_RECORD]


def fold_of(
    rows: Iterable[DictRow],
    rulebook: SharingRulebook,
    *,
    exceptions: Exceptions = NO_EXCEPTIONS,
    pending: Set[Trigger] = frozenset(),
) -> Telling:
    """Return the fold of these rows of the event store, as they were told so far: what is `pending` was put off."""
    entries: list[Entry] = []
    left: list[LeftOut] = []
    for row in rows:
        position = row["notification_id"]
        if (position, position) in exceptions.left_out:
            left.append(left_out(position, row["originator_id"], bytes(row["state"])))
        elif (position, position) not in pending:
            entries.append(read_entry(payload_of(row)))
    return Telling.of(
        entries, rulebook, left_out=left, without=exceptions.without, untold=exceptions.left_out | pending
    )


class Folds:
    """The folds at hand, and the sharing rules adopted so far."""

    def __init__(
        self,
        adoptions: Sequence[Adopted],
        zone: str,
        *,
        former_default_until: int = 0,
        told_otherwise: ToldOtherwise | None = None,
    ) -> None:
        """Take the sets adopted, and what of blocked records was told otherwise."""
        self._zone = zone
        self._told_otherwise = told_otherwise or ToldOtherwise()
        self.rulebook = SharingRulebook(adoptions, default_rules(), zone, former_default_until=former_default_until)
        self._of: dict[UUID, Telling] = {}
        self._partial: set[UUID] = set()
        """Records of whose entries only those are folded that statements speak of."""
        self._used: dict[int, frozenset[UUID]] = {}
        """The records of each fold, by its identity: those used longest ago first."""
        self._size = 0

    def adopt(self, one: Adopted) -> None:
        """Take in a set that was adopted: it is in force for entries after it."""
        self.rulebook = SharingRulebook(
            (*self.rulebook.adopted, one),
            default_rules(),
            self._zone,
            former_default_until=self.rulebook.former_default_until,
        )

    def forget(self) -> None:
        """Drop every fold: after a backfill each has been told more than it knows."""
        self._of.clear()
        self._partial.clear()
        self._used.clear()
        self._size = 0

    def prepare(self, cursor: Cursor[DictRow], entries: Sequence[Entry], up_to: int) -> None:
        """Have at hand the folds that these next entries need, as they are after the position before them."""
        joined = linked(cursor, {entry.child for entry in entries})
        if self._told_otherwise:
            joined |= {
                entry.child: frozenset((entry.child,))
                for entry in entries
                if entry.child in self._told_otherwise and entry.child not in joined
            }
        self._drop(joined.keys() & self._partial)
        for entry in entries:
            if isinstance(entry.fact, IdentityMerged | IdentityUnmerged):
                self._drop_joined(joined.get(entry.child, frozenset()))
        self._load_whole(cursor, {records for child, records in joined.items() if child not in self._of}, up_to)
        named: dict[UUID, set[int]] = defaultdict(set)
        for entry in entries:
            if type(entry.fact) in NEEDS_RECORD and entry.child not in joined:
                named[entry.child] |= {position for position in spoken_of((entry,)) if position <= up_to}
        self._load_partly(cursor, named, up_to)

    def _load_whole(self, cursor: Cursor[DictRow], groups: Collection[frozenset[UUID]], up_to: int) -> None:
        """Fold the records that merge statements touched, each group as one."""
        if not groups:
            return
        by_record: dict[UUID, list[DictRow]] = {record: [] for records in groups for record in records}
        for row in rows_of(cursor, by_record, up_to):
            by_record[row["originator_id"]].append(row)
        for records in groups:
            rows = [row for record in records for row in by_record[record]]
            self._keep(records, fold_of(rows, self.rulebook, exceptions=self._told_otherwise.of(records)))

    def _load_partly(self, cursor: Cursor[DictRow], named: Mapping[UUID, set[int]], up_to: int) -> None:
        """Fold what the statements of records speak of, and the entries `named`, where a fold has not all of it."""
        lacking = {
            child: positions
            for child, positions in named.items()
            if (fold := self._of.get(child)) is None or not fold.holds(positions)
        }
        if not lacking:
            return
        self._drop(lacking.keys())
        by_record: dict[UUID, list[Entry]] = {child: [] for child in lacking}
        statements = list(statements_of(cursor, lacking, up_to, _STATEMENTS))
        spoken = spoken_of(statements).union(*lacking.values()) - {entry.position for entry in statements}
        for entry in (*statements, *entries_at(cursor, spoken)):
            if entry.child in by_record:
                by_record[entry.child].append(entry)
        for child, entries in by_record.items():
            self._keep(frozenset((child,)), Telling.of(entries, self.rulebook))
        self._partial |= lacking.keys()

    def _keep(self, records: frozenset[UUID], fold: Telling) -> None:
        self._drop(records)
        self._of |= dict.fromkeys(records, fold)
        self._used[id(fold)] = records
        self._size += fold.size

    def tell(self, entry: Entry) -> list[ToldItem]:
        """Return whom the next entry is told to, and what they are told right behind it."""
        fold = self._of.get(entry.child)
        sharing = self.rulebook.at(entry)
        if fold is None:
            return tell_alone(entry, sharing)
        self._size += 1
        self._used[id(fold)] = self._used.pop(id(fold))
        return fold.take(entry, sharing)

    def evict(self) -> None:
        """Forget the folds used longest ago until they are within their bound; only between batches.

        The last one stays, however large it is: it was in memory to be read, and is likely to be needed again.
        """
        while self._size > CACHED_ENTRIES and len(self._used) > 1:
            oldest = self._used.pop(next(iter(self._used)))
            self._drop({record for record in oldest if record in self._of})

    def _drop_joined(self, records: frozenset[UUID]) -> None:
        """Forget folds that a merge makes one, unless they are one already."""
        folds = {id(self._of[record]) for record in records if record in self._of}
        if len(folds) > 1 or any(record not in self._of for record in records):
            self._drop(records)

    def _drop(self, records: Set[UUID]) -> None:
        dropped = {id(fold): fold for record in records if (fold := self._of.pop(record, None)) is not None}
        for one in dropped:
            self._used.pop(one, None)
        self._size -= sum(fold.size for fold in dropped.values())
        self._partial -= records
