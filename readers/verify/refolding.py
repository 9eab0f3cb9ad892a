"""The feeds worked out anew from the entries alone, beside the role that publishes: which items follow from an entry.

Most entries are told by themselves. The records in which one entry has a say in whom another is told to (corrections,
voids, notices, merges) are folded whole, one group of merged records after the other, before anything is compared;
what they come to is laid down in a temporary table of PostgreSQL. So no more is in memory than one page of records
and the ids of those records. Nothing of the caches and of the order of work of `producers/feeds/feeds.py` is used.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial
from itertools import islice
from typing import Any, Final, NamedTuple
from uuid import UUID

import orjson
from psycopg import Connection
from psycopg.rows import DictRow, TupleRow, dict_row

from ledger.agencies import Agency
from ledger.entry import Entry, read_entry
from ledger.facts import IdentityMerged, IdentityUnmerged
from ledger.roles.faults import is_of_the_message, place_of
from ledger.sharing.batches import Trigger
from ledger.sharing.feed_fold import NEEDS_RECORD, Kind, SharingRulebook, Telling, ToldItem, tell_alone
from ledger.sharing.leaving_out import left_out
from ledger.sharing.rule_sets import Adopted, default_rules
from ledger.store.deferring import Decision
from ledger.store.own_entries import adoptions, former_default_until
from ledger.store.queries import payload_of, rows_after, rows_of
from ledger.streams import STREAMS

PAGE: Final = 500
"""Groups of records folded together."""
_MERGES: Final = [IdentityMerged.wire, IdentityUnmerged.wire]


class UnreadableError(Exception):
    """An entry or a batch cannot be read; the message says which, and nothing after it was compared."""


class DerivedItem(NamedTuple):
    """One item as it follows from the entries: all but its number and its stamp."""

    agency: Agency
    kind: Kind
    position: int
    child: str
    rules: tuple[str, int]
    withheld: tuple[str, ...]
    unsaid: tuple[str, ...]


class Refolding:
    """What each entry up to a position is told as; made before comparing begins, in the caller's transaction."""

    def __init__(
        self,
        connection: Connection[TupleRow],
        zone: str,
        up_to: int,
        say: Callable[[str, int, int], None],
        decisions: Sequence[Decision] = (),
    ) -> None:
        """Fold; `decisions` say what batches put off, and what became of it."""
        self._connection = connection
        self._up_to = up_to
        self._put_off = {one.child for one in decisions}
        self._pending = {one.trigger for one in decisions if one.ended_by is None}
        self._left_out = {one.trigger for one in decisions if one.left_out}
        self._without = {one.trigger[1]: one.without for one in decisions if one.without}
        with connection.cursor(row_factory=dict_row) as cursor:
            self.adopted: Final = [one for one in adoptions(cursor) if one.position <= up_to]
            former = former_default_until(cursor)
        self._rulebook = SharingRulebook(self.adopted, default_rules(), zone, former_default_until=former)
        self._earlier = {
            one.position: SharingRulebook(self.adopted[:n], default_rules(), zone, former_default_until=former)
            for n, one in enumerate(self.adopted)
        }
        self._whole = self._records_to_fold()
        self._fold(say)

    def told(self, entries: Sequence[Entry]) -> Iterator[tuple[Entry, list[DerivedItem]]]:
        """Yield each of these entries, which follow each other, with the items that go out when it is published."""
        folded: dict[int, list[DerivedItem]] = {}
        if any(entry.child in self._whole for entry in entries):
            span = (entries[0].position, entries[-1].position)
            folded = dict(self._rows("trigger = position and trigger >= %s and trigger <= %s", *span))
        for entry in entries:
            if entry.child in self._whole:
                yield entry, folded.get(entry.position, [])
            else:
                yield entry, _items(tell_alone(entry, self._rulebook.at(entry)))

    def backfilled(
        self, adopted: Adopted, after: int, through: int, put_off: Sequence[int] = ()
    ) -> Iterator[DerivedItem]:
        """Yield what a set adds for the older entries in a range of positions, in order, but for those put off."""
        folded = dict(self._rows("trigger = %s and position > %s and position <= %s", adopted.position, after, through))
        rulebook = self._earlier[adopted.position]
        deferred = set(put_off)
        for row in self._children_rows(after, through):
            position = row["notification_id"]
            if position in deferred:
                continue
            if row["originator_id"] in self._whole:
                yield from folded.get(position, ())
            else:
                alone = Telling.of((read(row),), rulebook)
                yield from _items(alone.backfill_entry(position, adopted, rulebook))

    def resumed(self, triggers: Sequence[Trigger]) -> Iterator[DerivedItem]:
        """Yield what was put off comes to, in the order given."""
        for trigger, position in triggers:
            for _, items in self._rows("trigger = %s and position = %s", trigger, position):
                yield from items

    def last_before(self, position: int) -> int:
        """Return the last position before this one, 0 where there is none."""
        row = self._connection.execute(
            "select coalesce(max(notification_id), 0) from ledger.stored_events where notification_id < %s", (position,)
        ).fetchone()
        assert row is not None
        return int(row[0])

    def _children_rows(self, after: int, through: int) -> Iterator[DictRow]:
        while True:
            with self._connection.cursor(row_factory=dict_row) as cursor:
                rows = rows_after(cursor, after, before=through + 1, limit=1000)
            if not rows:
                return
            for row in rows:
                if row["originator_id"] not in STREAMS:
                    yield row
            after = rows[-1]["notification_id"]

    def _rows(self, where: str, *values: int) -> Iterator[tuple[int, list[DerivedItem]]]:
        query = f"select position, items from refolded where {where} order by position".encode()  # noqa: S608
        for position, items in self._connection.execute(query, values):
            yield position, [_read(item) for item in orjson.loads(items)]

    def _records_to_fold(self) -> set[UUID]:
        """Return the records in which one entry may have a say in whom another is told to; merged ones as groups."""
        self._group_of: dict[UUID, set[UUID]] = {}
        for child, state in self._connection.execute(
            "select originator_id, state from ledger.stored_events where topic = any(%s) and notification_id <= %s",
            (_MERGES, self._up_to),
        ):
            other = UUID(orjson.loads(state)["resolved"]["other"])
            both = self._group_of.get(child, {child}) | self._group_of.get(other, {other})
            self._group_of.update(dict.fromkeys(both, both))
        rows = self._connection.execute(
            "select distinct originator_id from ledger.stored_events where topic = any(%s) and notification_id <= %s",
            ([fact.wire for fact in NEEDS_RECORD], self._up_to),
        )
        return {row[0] for row in rows} | self._group_of.keys() | self._put_off

    def _fold(self, say: Callable[[str, int, int], None]) -> None:
        """Fold the groups and lay down what each of their entries comes to, in the order it was decided."""
        execute = self._connection.execute
        execute("create temporary table refolded (trigger bigint, position bigint, items bytea) on commit drop")
        done = 0
        groups = self._groups()
        while page := list(islice(groups, PAGE)):
            by_record: dict[UUID, list[DictRow]] = {record: [] for group in page for record in group}
            with self._connection.cursor(row_factory=dict_row) as cursor:
                for row in rows_of(cursor, list(by_record), self._up_to):
                    by_record[row["originator_id"]].append(row)
            with (
                self._connection.cursor() as writer,
                writer.copy("copy refolded (trigger, position, items) from stdin") as copy,
            ):
                for group in page:
                    rows = [row for record in group for row in by_record[record]]
                    for trigger, position, told in self._fold_one(rows):
                        if told:
                            items = orjson.dumps([list(item) for item in _items(told)])
                            copy.write_row((trigger, position, items))
            done += len(by_record)
            say("working out the feeds anew", done, len(self._whole))
        execute("create index on refolded (trigger, position)")
        execute("analyze refolded")

    def _groups(self) -> Iterator[frozenset[UUID]]:
        given: set[UUID] = set()
        for record in sorted(self._whole):
            if record not in given:
                group = frozenset(self._group_of.get(record, {record}))
                given |= group
                yield group

    def _fold_one(self, rows: Iterable[DictRow]) -> Iterator[tuple[int, int, list[ToldItem]]]:
        """Yield what a group's entries and the backfills between them come to: (told for, position, items).

        What waits is passed over, and what was left out is told to nobody. What was told late is told here in its
        place: no entry that was told before it has a say in it, since a group waits as a whole.
        """
        telling = Telling()
        told: list[int] = []
        to_come = list(self._rulebook.backfilling)
        for row in sorted(rows, key=lambda row: row["notification_id"]):
            position = row["notification_id"]
            while to_come and to_come[0].position < position:
                yield from self._backfill_one(telling, to_come.pop(0), told)
            if (position, position) in self._left_out:
                telling.leave_out(left_out(position, row["originator_id"], bytes(row["state"])))
            elif (position, position) not in self._pending:
                entry = read(row)
                if position in self._without:
                    telling.tell_without(position, self._without[position])
                yield position, position, _told(position, partial(telling.take, entry, self._rulebook.at(entry)))
                told.append(position)
        while to_come:
            yield from self._backfill_one(telling, to_come.pop(0), told)

    def _backfill_one(
        self, telling: Telling, adopted: Adopted, positions: Iterable[int]
    ) -> Iterator[tuple[int, int, list[ToldItem]]]:
        for at in positions:
            if (adopted.position, at) not in self._pending and (adopted.position, at) not in self._left_out:
                yield (
                    adopted.position,
                    at,
                    _told(at, partial(telling.backfill_entry, at, adopted, self._rulebook)),
                )


def _told(position: int, fold: Callable[[], list[ToldItem]]) -> list[ToldItem]:
    """Return what an entry comes to; raises `UnreadableError`."""
    try:
        return fold()
    except Exception as error:
        if not is_of_the_message(error):
            raise
        raise UnreadableError(f"entry {position} cannot be told ({place_of(error)}); nothing was compared") from error


def read(row: DictRow) -> Entry:
    """Read a row of the event store; raises `UnreadableError`."""
    try:
        return read_entry(payload_of(row))
    except (ValueError, LookupError, TypeError) as error:
        raise UnreadableError(
            f"entry {row['notification_id']} cannot be read ({error}); nothing after it was compared"
        ) from error


def _items(told: Iterable[ToldItem]) -> list[DerivedItem]:
    return [
        DerivedItem(
            one.agency,
            one.kind,
            one.entry.position,
            str(one.entry.child),
            (one.rules.id, one.rules.version),
            tuple(one.disclosure.withheld),
            tuple(one.disclosure.unsaid),
        )
        for one in told
    ]


def _read(given: list[Any]) -> DerivedItem:
    agency, kind, position, child, rules, withheld, unsaid = given
    return DerivedItem(agency, kind, position, child, (rules[0], rules[1]), tuple(withheld), tuple(unsaid))
