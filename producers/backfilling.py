"""What a set of sharing rules adopted with backfill adds to the feeds for older entries, in order of position."""

from collections.abc import Iterator, Sequence
from functools import cached_property
from typing import Final
from uuid import UUID

from psycopg import Connection
from psycopg.rows import DictRow

from ledger.entry import Entry, read_entry
from ledger.looking_back import entries_of, linked, payload_of, rows_after
from ledger.sharing import Adopted
from ledger.streams import STREAMS
from ledger.telling import NEEDS_RECORD, Rulebook, Telling, Told

READ: Final = 1000
"""Older entries a batch looks at."""
CACHED_ENTRIES: Final = 40_000


class Backfilling:
    """One adoption's pass over all entries before it; `rulebook` holds the sets adopted earlier."""

    def __init__(self, connection: Connection[DictRow], adopted: Adopted, rulebook: Rulebook) -> None:
        self._connection = connection
        self._adopted = adopted
        self._rulebook = rulebook
        self._folds: dict[UUID, Telling] = {}
        self._size = 0

    def batches(self, through: int) -> Iterator[tuple[Sequence[Told], int]]:
        """Yield items, and the position up to which older entries are done, going on after `through`."""
        while True:
            with self._connection.cursor() as cursor:
                rows = rows_after(cursor, through, before=self._adopted.position, limit=READ)
            if not rows:
                return
            told: list[Told] = []
            for row in rows:
                if row["originator_id"] not in STREAMS:
                    told += self._add(read_entry(payload_of(row)), through)
            through = rows[-1]["notification_id"]
            yield told, through
            if self._size > CACHED_ENTRIES:
                self._folds.clear()
                self._size = 0

    def _add(self, entry: Entry, through: int) -> list[Told]:
        if entry.child in self._whole_records:
            fold = self._folds.get(entry.child) or self._load(entry.child, through)
        else:
            fold = Telling.of((entry,), self._rulebook)  # nothing else in its record has a say in it
        return fold.backfill_entry(entry.position, self._adopted, self._rulebook)

    def _load(self, child: UUID, through: int) -> Telling:
        """Return the fold of a record as it is told so far: what this pass has added up to `through`, too."""
        with self._connection.cursor() as cursor:
            records = linked(cursor, (child,)).get(child, frozenset((child,)))
            entries = list(entries_of(cursor, records, self._adopted.position))
        fold = Telling.of(entries, self._rulebook)
        for position in sorted(entry.position for entry in entries):
            if position <= through:
                fold.backfill_entry(position, self._adopted, self._rulebook)
        self._folds |= dict.fromkeys(records, fold)
        self._size += fold.size
        return fold

    @cached_property
    def _whole_records(self) -> frozenset[UUID]:
        """The records in which one entry may have a say in whom another is told to."""
        rows = self._connection.execute(
            "select distinct originator_id from ledger.stored_events where topic = any(%s)"
            " and notification_id < %s union select child from ledger.links",
            ([fact.wire for fact in NEEDS_RECORD], self._adopted.position),
        ).fetchall()
        return frozenset(row["originator_id"] for row in rows)
