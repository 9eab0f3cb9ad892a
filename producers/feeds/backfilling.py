"""What a set of sharing rules adopted with backfill adds to the feeds for older entries, in order of position."""

from collections.abc import Callable, Iterator, Sequence
from functools import cached_property
from typing import Final, NamedTuple
from uuid import UUID

from psycopg import Connection
from psycopg.rows import DictRow

from ledger.entry import Entry, read_entry
from ledger.roles.faults import is_of_the_message
from ledger.sharing.feed_fold import NEEDS_RECORD, SharingRulebook, Telling, ToldItem
from ledger.sharing.rule_sets import Adopted
from ledger.store.queries import linked, payload_of, rows_after, rows_of
from ledger.streams import STREAMS
from producers.feeds.blocking import Blocking
from producers.feeds.folds import fold_of

READ: Final = 1000
"""Older entries a batch looks at."""
CACHED_ENTRIES: Final = 40_000


class BackfillPage(NamedTuple):
    """What a set adds for some older entries, which of them wait, and up to where older entries are done."""

    told: Sequence[ToldItem]
    deferred: Sequence[int]
    through: int


class Backfilling:
    """One adoption's pass over all entries before it; `rulebook` holds the sets adopted earlier."""

    def __init__(
        self,
        connection: Connection[DictRow],
        adopted: Adopted,
        rulebook: SharingRulebook,
        blocking: Blocking,
        check: Callable[[Sequence[ToldItem]], None],
    ) -> None:
        self._connection = connection
        self._adopted = adopted
        self._rulebook = rulebook
        self._blocking = blocking
        self._check = check
        self._folds: dict[UUID, Telling] = {}
        self._size = 0

    def pages(self, through: int, *, checked: bool = False) -> Iterator[BackfillPage]:
        """Yield what is added page by page, going on after position `through`.

        `checked`: every item is made once before, so that one that cannot be made is found.
        """
        while True:
            with self._connection.cursor() as cursor:
                rows = rows_after(cursor, through, before=self._adopted.position, limit=READ)
            if not rows:
                return
            page = self._page(rows, through, checked=checked)
            through = page.through
            yield page
            if self._size > CACHED_ENTRIES:
                self.forget()

    def forget(self) -> None:
        """Drop every fold."""
        self._folds.clear()
        self._size = 0

    def _page(self, rows: Sequence[DictRow], before: int, *, checked: bool) -> BackfillPage:
        blocking = self._blocking
        children = {row["originator_id"] for row in rows} - STREAMS
        held = blocking.held(children)
        told: list[ToldItem] = []
        deferred: list[int] = []
        for row in rows:
            child, position = row["originator_id"], row["notification_id"]
            if child in STREAMS or (position, position) in blocking.told_otherwise.of((child,)).left_out:
                continue
            if child not in held:
                try:
                    items = self._add(read_entry(payload_of(row)), before)
                    if checked:
                        self._check(items)
                    told += items
                    continue
                except Exception as error:
                    if not is_of_the_message(error):
                        raise
                    blocking.block(child, position, error)
                    held = blocking.held(children)
            deferred.append(position)
        return BackfillPage(told, deferred, rows[-1]["notification_id"])

    def _add(self, entry: Entry, through: int) -> list[ToldItem]:
        if entry.child in self._whole_records:
            fold = self._folds.get(entry.child) or self._load(entry.child, through)
        else:
            fold = Telling.of((entry,), self._rulebook)  # nothing else in its record has a say in it
        return fold.backfill_entry(entry.position, self._adopted, self._rulebook)

    def _load(self, child: UUID, through: int) -> Telling:
        """Return the fold of a record as it is told so far: what this pass has added up to `through`, too."""
        with self._connection.cursor() as cursor:
            records = linked(cursor, (child,)).get(child, frozenset((child,)))
            rows = rows_of(cursor, records, self._adopted.position)
        exceptions = self._blocking.told_otherwise.of(records)
        fold = fold_of(rows, self._rulebook, exceptions=exceptions)
        for position in sorted(row["notification_id"] for row in rows):
            if position <= through and exceptions.left_out.isdisjoint(
                ((position, position), (self._adopted.position, position))
            ):
                fold.backfill_entry(position, self._adopted, self._rulebook)
        self._folds |= dict.fromkeys(records, fold)
        self._size += fold.size
        return fold

    @cached_property
    def _whole_records(self) -> frozenset[UUID]:
        """The records in which one entry may have a say in whom another is told to."""
        rows = self._connection.execute(
            "select distinct originator_id from ledger.stored_events where topic = any(%s)"
            " and notification_id < %s union select child from ledger.links union select child from ledger.deferred",
            ([fact.wire for fact in NEEDS_RECORD], self._adopted.position),
        ).fetchall()
        return frozenset(row["originator_id"] for row in rows)
