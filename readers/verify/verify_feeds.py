"""Verify the feeds: the batches follow from the entries alone, and each feed holds exactly what the batches say.

Batch by batch, in the one order of the positions: the entries it publishes are told anew (`readers.verify.refolding`)
and compared with the batch item by item; the items it stands for are made anew and compared with what each
`custody.feed.<agency>` holds, number by number, byte by byte, headers included. PostgreSQL's batches and entries are
what Kafka holds of them: that is compared before.

The cost: every entry is read once more from PostgreSQL, and every item of every feed from Kafka. In memory are one
batch, what the Kafka client reads ahead, and the ids of records with corrections, voids, notices or merges.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, Final

import orjson
from psycopg import Connection
from psycopg.rows import DictRow, TupleRow, dict_row

from ledger.agencies import RECEIVERS, Agency
from ledger.entry import Entry, recorded_at_of
from ledger.facts import EntryVoided
from ledger.kafka.cloudevents import binary_headers
from ledger.kafka.genuine import Genuine, claimed_number, unsealed
from ledger.kafka.topic_messages import TopicMessages
from ledger.roles.settings import Settings
from ledger.sharing.batches import (
    FEED_ITEM,
    NOTHING_PUBLISHED,
    Part,
    Publication,
    PublicationBatch,
    item_values,
    read_batch,
)
from ledger.store.deferring import Decision, decisions
from ledger.store.feed_bounds import LAST_COLUMN
from ledger.store.queries import rows_after, rows_at
from ledger.streams import STREAMS
from ledger.topics import feed
from readers.verify.refolding import DerivedItem, Refolding, UnreadableError, read
from readers.verify.verify_publications import SOURCE
from readers.verify.wrongs import Wrongs

READ: Final = 1000
_AT_ONCE: Final = 100
"""Batches read from PostgreSQL together."""


@dataclass(frozen=True, slots=True)
class FeedsVerified:
    """How many items were compared, on all feeds together, up to which batch; and what is wrong.

    `waiting` entries of `blocked` records are not told yet (`custody set-aside list`): no fault of the feeds' form.
    """

    batch: int
    items: int
    wrong: tuple[dict[str, Any], ...]
    wrong_more: int
    waiting: int
    blocked: int


def verify_feeds(
    settings: Settings, connection: Connection[TupleRow], told: int, say: Callable[[str, int, int], None]
) -> FeedsVerified:
    """Compare everything up to batch `told`, which is the last on Kafka; changes nothing."""
    wrongs = Wrongs()
    decided = decisions(connection, told)
    with connection.transaction():  # for the temporary table; all that is read is never changed
        genuine = Genuine(connection)
        feeds = {agency: _Feed(settings.kafka_bootstrap, agency, genuine, wrongs) for agency in RECEIVERS}
        try:
            _Comparing(settings, connection, feeds, wrongs, told=told, say=say, decided=decided).run()
            for agency, last in _last_kept(connection).items():
                feeds[agency].end(last)
        finally:
            for one in feeds.values():
                one.close()
    waiting = [one for one in decided if one.ended_by is None]
    return FeedsVerified(
        told,
        sum(one.compared for one in feeds.values()),
        tuple(wrongs.named),
        wrongs.more,
        waiting=len({one.trigger[1] for one in waiting}),
        blocked=len({one.child for one in waiting}),
    )


class _Comparing:
    """One pass over batches, entries and feeds side by side."""

    def __init__(
        self,
        settings: Settings,
        connection: Connection[TupleRow],
        feeds: "Mapping[Agency, _Feed]",
        wrongs: Wrongs,
        *,
        told: int,
        say: Callable[[str, int, int], None],
        decided: Sequence[Decision],
    ) -> None:
        self._decided = decided
        self._wall = settings.clock == "wall"
        self._zone = settings.zone
        self._connection = connection
        self._feeds = feeds
        self._wrongs = wrongs
        self._told = told
        self._say = say
        self._before = NOTHING_PUBLISHED

    def run(self) -> None:
        """Compare; stops at an entry or a batch that cannot be read, and says so."""
        last = self._batch(self._told)
        if last is None:
            return
        up_to = max(
            last.to_position,
            last.backfilled.adopted if last.backfilled else 0,
            last.part.position if last.part else 0,
        )
        try:
            with self._connection.transaction():
                self._refolding = Refolding(self._connection, self._zone, up_to, self._say, self._decided)
                self._compare_left_out()
                for batch in self._batches():
                    self._compare(batch)
                    self._before = batch
                    if batch.number % 100 == 0:
                        self._say("comparing the feeds", batch.number, self._told)
        except UnreadableError as error:
            self._wrongs.add(agency=None, number=None, position=None, what=str(error))

    def _batches(self) -> Iterator[PublicationBatch]:
        for first in range(1, self._told + 1, _AT_ONCE):
            for (body,) in self._connection.execute(
                "select body from ledger.publications where number >= %s and number < %s and number <= %s"
                " order by number",
                (first, first + _AT_ONCE, self._told),
            ).fetchall():
                try:
                    yield read_batch(bytes(body))
                except (ValueError, LookupError, TypeError) as error:
                    raise UnreadableError(
                        f"batch {self._before.number + 1} cannot be read ({error!r}); nothing after it was compared"
                    ) from error

    def _batch(self, number: int) -> PublicationBatch | None:
        row = self._connection.execute("select body from ledger.publications where number = %s", (number,)).fetchone()
        try:
            return None if row is None else read_batch(bytes(row[0]))
        except (ValueError, LookupError, TypeError):
            return self._batch(number - 1)  # that it cannot be read is said when its turn comes

    def _compare(self, batch: PublicationBatch) -> None:
        rows = self._rows(batch)
        waiting = frozenset(() if batch.backfilled else batch.deferred)
        entries = [
            read(row) for row in rows if row["originator_id"] not in STREAMS and row["notification_id"] not in waiting
        ]
        self._compare_stamp(batch, rows)
        self._compare_decisions(batch)
        expected = self._resumed(batch, rows)
        expected += self._backfilled(batch) if batch.backfilled else self._ordinary(batch, rows, entries)
        self._compare_items(batch, expected)
        self._compare_feeds(batch, {entry.position: entry for entry in entries})

    def _rows(self, batch: PublicationBatch) -> list[DictRow]:
        """Return the entries a batch publishes."""
        rows: list[DictRow] = []
        after = batch.from_position
        with self._connection.cursor(row_factory=dict_row) as cursor:
            while after < batch.to_position:
                page = rows_after(cursor, after, before=batch.to_position + 1, limit=READ)
                if not page:
                    break
                rows += page
                after = page[-1]["notification_id"]
        return rows

    def _compare_stamp(self, batch: PublicationBatch, rows: Sequence[DictRow]) -> None:
        """Stamps follow the entries: on the wall clock none is earlier, on a driven clock they are the entries' own."""
        if not rows:
            return
        first, last = (recorded_at_of(bytes(row["state"])) for row in (rows[0], rows[-1]))
        if self._before.settled and first <= self._before.published_at:
            self._wrong_batch(
                self._before, f"said it was settled, and position {rows[0]['notification_id']} came later"
            )
        if rows[-1]["notification_id"] != batch.to_position:
            self._wrong_batch(batch, f"ends at position {batch.to_position}, which is no entry's")
        elif batch.published_at < last if self._wall else batch.published_at != last:
            self._wrong_batch(batch, f"was published at {batch.published_at}, its last entry recorded at {last}")

    def _compare_decisions(self, batch: PublicationBatch) -> None:
        """What `ledger.deferred` holds of a batch is what it says itself."""
        number = batch.number
        if {one.trigger for one in self._decided if one.deferred_by == number} != set(batch.put_off):
            self._wrong_batch(batch, "puts off other entries than ledger.deferred says")
        done = [one for one in self._decided if one.ended_by == number]
        ended = {*((one, False) for one in batch.resumed), *((one, True) for one in batch.left_out)}
        without = {one.trigger[1]: sorted(one.without) for one in done if one.without}
        if without != dict(batch.without) or ended != {(one.trigger, one.left_out) for one in done}:
            self._wrong_batch(batch, "tells, or leaves out, other entries that waited than ledger.deferred says")

    def _compare_left_out(self) -> None:
        """Only what was voided may be left out of the feeds."""
        left_out = {one.trigger[1] for one in self._decided if one.left_out}
        if not left_out:
            return
        voided = set()
        for (state,) in self._connection.execute(
            "select state from ledger.stored_events where topic = %s", (EntryVoided.wire,)
        ):
            voided.add(orjson.loads(state)["fact"]["voids"])
        for position in sorted(left_out - voided):
            self._wrongs.add(
                agency=None, number=None, position=position, what="is left out of the feeds, and nothing voids it"
            )

    def _resumed(self, batch: PublicationBatch, rows: Sequence[DictRow]) -> list[tuple[DerivedItem, str]]:
        """Return what a batch tells of what was put off: stamped on a driven clock with the entry that comes next."""
        if not batch.resumed:
            return []
        at = batch.published_at
        if not self._wall:
            with self._connection.cursor(row_factory=dict_row) as cursor:
                following = rows or rows_after(cursor, batch.to_position, before=2**63 - 1, limit=1)
            at = recorded_at_of(bytes(following[0]["state"])) if following else at
        return [(item, at) for item in self._refolding.resumed(batch.resumed)]

    def _ordinary(
        self, batch: PublicationBatch, rows: Sequence[DictRow], entries: Sequence[Entry]
    ) -> list[tuple[DerivedItem, str]]:
        for adopted in self._refolding.adopted:
            if adopted.backfill and batch.from_position < adopted.position <= batch.to_position:
                self._compare_backfill_end(batch, adopted.position)
        at = {row["notification_id"]: recorded_at_of(bytes(row["state"])) for row in rows}
        begun, part = self._before.part, batch.part
        expected = []
        for entry, items in self._refolding.told(entries):
            done = begun.items if begun is not None and begun.position == entry.position else 0
            stamp = batch.published_at if self._wall else at[entry.position]
            expected += [(item, stamp) for item in items[done:]]
        if part is not None:
            done = begun.items if begun is not None and begun.position == part.position else 0
            expected += self._part(batch, part, done)
        return expected

    def _part(self, batch: PublicationBatch, part: Part, done: int) -> list[tuple[DerivedItem, str]]:
        """Return the items of the entry behind a batch that it tells; `done` were told before."""
        with self._connection.cursor(row_factory=dict_row) as cursor:
            following = rows_after(cursor, batch.to_position, before=2**63 - 1, limit=1)
        if not following or following[0]["notification_id"] != part.position:
            self._wrong_batch(batch, f"tells items of entry {part.position}, which does not come next")
            return []
        [(_, items)] = self._refolding.told([read(following[0])])
        at = batch.published_at if self._wall else recorded_at_of(bytes(following[0]["state"]))
        return [(item, at) for item in items[done : part.items]]

    def _compare_backfill_end(self, batch: PublicationBatch, adopted: int) -> None:
        done = self._before.backfilled
        through = done.through if done is not None and done.adopted == adopted else 0
        if through != self._refolding.last_before(adopted):
            self._wrong_batch(
                batch, f"publishes the set adopted at position {adopted}, whose backfill went only to {through}"
            )

    def _backfilled(self, batch: PublicationBatch) -> list[tuple[DerivedItem, str]]:
        assert batch.backfilled is not None
        position, through = batch.backfilled
        adopted = next((one for one in self._refolding.adopted if one.position == position and one.backfill), None)
        if adopted is None:
            self._wrong_batch(batch, f"backfills a set adopted at position {position}, where none is")
            return []
        done = self._before.backfilled
        after = done.through if done is not None and done.adopted == position else 0
        at = batch.published_at
        if not self._wall:
            with self._connection.cursor(row_factory=dict_row) as cursor:
                at = recorded_at_of(bytes(rows_at(cursor, (position,))[0]["state"]))
        return [(item, at) for item in self._refolding.backfilled(adopted, after, through, batch.deferred)]

    def _compare_items(self, batch: PublicationBatch, expected: Sequence[tuple[DerivedItem, str]]) -> None:
        given = [
            (_item(agency, publication), publication.at, number)
            for publication in batch.items
            for agency, number in publication.numbers.items()
        ]
        if [(item, at) for item, at, _ in given] == list(expected):
            return
        for agency in RECEIVERS:
            ours = [(item, at) for item, at in expected if item.agency == agency]
            theirs = [(item, at, number) for item, at, number in given if item.agency == agency]
            self._compare_agency(batch, agency, ours, theirs)

    def _compare_agency(
        self,
        batch: PublicationBatch,
        agency: Agency,
        ours: list[tuple[DerivedItem, str]],
        theirs: list[tuple[DerivedItem, str, int]],
    ) -> None:
        """Name the first item of an agency in which a batch is not what the entries give; the rest follows from it."""
        for n, (item, at, number) in enumerate(theirs):
            if n >= len(ours):
                what = "does not follow from the entries"
            elif (item, at) != ours[n]:
                what = _unlike(ours[n], (item, at))
            else:
                continue
            self._wrongs.add(agency=agency, number=number, position=item.position, what=f"batch {batch.number}: {what}")
            return
        for item, _ in ours[len(theirs) :]:
            self._wrongs.add(
                agency=agency,
                number=None,
                position=item.position,
                what=f"batch {batch.number}: the entries give this item, and the batch does not hold it",
            )
            return

    def _compare_feeds(self, batch: PublicationBatch, entries: dict[int, Entry]) -> None:
        older = {item.position for item in batch.items} - entries.keys()
        if older:
            with self._connection.cursor(row_factory=dict_row) as cursor:
                for row in rows_at(cursor, older):
                    entry = read(row)
                    entries[entry.position] = entry
        for publication in batch.items:
            if publication.position in entries:  # else it is said that it does not follow
                for agency, number, value in item_values(entries[publication.position], publication):
                    self._feeds[agency].compare(number, publication, value)

    def _wrong_batch(self, batch: PublicationBatch, what: str) -> None:
        self._wrongs.add(agency=None, number=None, position=None, what=f"batch {batch.number} {what}")


class _Feed:
    """One feed, compared item by item with what it must hold."""

    def __init__(self, bootstrap: str, agency: Agency, genuine: Genuine, wrongs: Wrongs) -> None:
        self.compared = 0
        self._agency = agency
        self._wrongs = wrongs
        self._last = 0
        self._messages = TopicMessages(bootstrap, feed(agency), partial(genuine.item, agency))

    def compare(self, number: int, publication: Publication, value: bytes) -> None:
        """Compare the item under the next number."""
        while (theirs := self._number()) is not None and theirs < number:
            self._wrong(theirs, None, "is on the feed more than once" if 0 < theirs <= self._last else "has no number")
            self._messages.take()
        self._last = number
        if theirs != number:
            changed = next((one for one in self._messages.foreign if claimed_number(one) == number), None)
            if changed is None:
                self._wrong(number, publication.position, "is missing on the feed")
            else:
                self._messages.foreign.remove(changed)
                self._wrong(number, publication.position, _members_unlike(changed.value, value))
            return
        message = self._messages.peek()
        assert message is not None
        record = message.record
        self._messages.take()
        self.compared += 1
        headers = binary_headers(id=f"{self._agency}-{number}", source=SOURCE, type=FEED_ITEM, time=publication.at)
        if record.value != value:
            self._wrong(number, publication.position, _members_unlike(record.value, value))
        elif unsealed(record.headers) != list(headers):
            self._wrong(number, publication.position, "its headers are not those it was told with")

    def end(self, kept: int) -> None:
        """Look at what is left: only what was published since."""
        while (theirs := self._number()) is not None:
            if not self._last < theirs <= kept:
                self._wrong(theirs, None, "is on the feed, and in no batch")
            self._messages.take()
        for record in self._messages.foreign:
            self._wrong(
                claimed_number(record),
                None,
                f"is on the feed, and in no batch: the ledger did not write the message at offset {record.offset}",
            )
        self._wrongs.more += self._messages.foreign_more
        for offset in self._messages.damaged:
            self._wrong(None, None, f"the message at offset {offset} is damaged")

    def close(self) -> None:
        """Close the connection."""
        self._messages.close()

    def _number(self) -> int | None:
        """Return the number of the next item; None at the end."""
        message = self._messages.peek()
        return None if message is None else message.number

    def _wrong(self, number: int | None, position: int | None, what: str) -> None:
        self._wrongs.add(agency=self._agency, number=number, position=position, what=what)


def _last_kept(connection: Connection[TupleRow]) -> dict[Agency, int]:
    row = connection.execute(
        f"select {', '.join(LAST_COLUMN.values())} from ledger.publications order by number desc limit 1".encode()  # noqa: S608
    ).fetchone()
    return dict(zip(LAST_COLUMN, row or (0,) * len(LAST_COLUMN), strict=True))


def _item(agency: Agency, publication: Publication) -> DerivedItem:
    return DerivedItem(
        agency,
        publication.kind,
        publication.position,
        publication.child,
        publication.rules,
        tuple(publication.withheld.get(agency, ())),
        tuple(publication.unsaid.get(agency, ())),
    )


def _unlike(ours: tuple[DerivedItem, str], theirs: tuple[DerivedItem, str]) -> str:
    """Say in what an item of a batch is not what the entries give."""
    named = [
        f"{name} {given} where the entries give {due}"
        for name, given, due in zip(DerivedItem._fields, theirs[0], ours[0], strict=True)
        if given != due
    ]
    if theirs[1] != ours[1]:
        named.append(f"stamp {theirs[1]} where it must be {ours[1]}")
    return "; ".join(named)


def _members_unlike(theirs: bytes | None, ours: bytes) -> str:
    """Say in which members an item on a feed is not what its batch and its entry give."""
    try:
        given, due = orjson.loads(theirs or b""), orjson.loads(ours)
        names = sorted(name for name in {*given, *due} if given.get(name) != due.get(name))
    except (ValueError, TypeError, AttributeError):
        return "differs from what its batch and its entry give: it is no item"
    return "differs from what its batch and its entry give" + (f" in {', '.join(names)}" if names else " in its form")
