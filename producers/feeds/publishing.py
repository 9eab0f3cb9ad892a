"""Keeping batches of feed items in PostgreSQL and telling them on Kafka, exactly once.

PostgreSQL decides, Kafka tells. A batch (which entries, which numbers, what stamps) is first kept in
`ledger.publications`; then its items and the batch itself go to Kafka in one transaction. Killed in between, the next
start finds the batch kept and not told, and tells it as it was: numbers stay dense, stamps do not move. The numbers
kept are also the bound beyond which no agency can sign. What Kafka lost of its feeds is told again, and nothing twice.
"""

import time
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Final, NamedTuple, cast
from uuid import UUID

import orjson
import psycopg
from kafka import KafkaProducer, TopicPartition
from psycopg import Connection
from psycopg.rows import DictRow

from ledger.agencies import RECEIVERS
from ledger.entry import Entry, read_entry
from ledger.kafka.feed_tail import NOTHING_ON_KAFKA, FeedTail, check_feeds_not_ahead
from ledger.kafka.genuine import Genuine
from ledger.kafka.seals import SEAL
from ledger.roles.settings import Clock
from ledger.sharing.batches import (
    FEED_ITEM,
    NOTHING_PUBLISHED,
    PUBLICATION,
    Backfilled,
    Part,
    PublicationBatch,
    Trigger,
    columns_of,
    item_values,
    number_items,
    read_batch,
    write_batch,
)
from ledger.sharing.feed_fold import ToldItem
from ledger.store import deferring
from ledger.store.queries import payload_of, rows_at
from ledger.times import MICROSECOND, in_utc, plus, read_clock, write_clock
from ledger.topics import PUBLICATIONS, feed
from producers.kafka.batches import Envelope, Outgoing
from producers.kafka.transactions import SOURCE, sealed, tell, transactional_producer

_ITEM: Final = Envelope(source=SOURCE, type=FEED_ITEM, extra=(SEAL,))
_PUBLICATION: Final = Envelope(source=SOURCE, type=PUBLICATION, extra=(SEAL,))

_OF_TOPIC: Final = "topic"

SETTLE_SECONDS: Final = 1.0
"""How often settled time is moved on while nothing comes in."""

Stamped = Sequence[tuple[ToldItem, datetime]]
"""Items, each with the ledger time of the entry it is told for."""


class Decided(NamedTuple):
    """What a batch says of blocked records (`ledger.sharing.batches.Batch`), and why those are blocked."""

    deferred: Sequence[int] = ()
    resumed: Sequence[Trigger] = ()
    left_out: Sequence[Trigger] = ()
    without: Sequence[tuple[int, Sequence[str]]] = ()
    reasons: Mapping[UUID, str] = {}


ALL_TOLD: Final = Decided()
_ANY_STAMP: Final = write_clock(datetime.min.replace(tzinfo=UTC))


def feeds_producer(bootstrap: str) -> KafkaProducer:
    """Return the transactional producer; a second one with its id fences the first."""
    return transactional_producer(bootstrap, "custody-feeds")


class Publishing:
    """The batches kept so far, and the next one."""

    def __init__(self, connection: Connection[DictRow], producer: KafkaProducer, clock: Clock) -> None:
        self.last = NOTHING_PUBLISHED
        self.offsets: dict[int, int] = {}
        """Where reading `custody.entries` goes on; kept with each batch."""
        self.offsets_of: str | None = None
        """Which making of that topic the offsets are of, as they were kept; None: it was not said."""
        self.topic_id: str | None = None
        """Which one it is now."""
        self.is_told = True
        """Whether Kafka was told what was kept last: if not, only beginning again tells it."""
        self._connection = connection
        self._seals = Genuine(connection).seals
        self._producer = producer
        self._wall = clock == "wall"
        self._settled_at: datetime | None = None
        self._looked_at = -SETTLE_SECONDS

    def begin(self, tail: FeedTail) -> int:
        """Tell Kafka what was kept and not told, and find where to go on; return how many batches were told again.

        `tail` says what is on Kafka. Raises `KafkaAheadError` where that is more, or other, than was kept.
        """
        with self._connection.cursor() as cursor:
            check_feeds_not_ahead(tail, cursor)
        first = self._first_not_told(tail)
        number = first
        while True:
            row = self._connection.execute(
                "select body from ledger.publications where number = %s", (number,)
            ).fetchone()
            if row is None:
                break
            body = bytes(row["body"])
            batch = read_batch(body)
            with self._connection.cursor() as cursor:
                rows = rows_at(cursor, {item.position for item in batch.items})
            entries = [read_entry(payload_of(row)) for row in rows]
            self._tell(batch, self._outgoing(batch, body, {entry.position: entry for entry in entries}, tail))
            number += 1
        row = self._connection.execute(
            "select body, offsets from ledger.publications order by number desc limit 1"
        ).fetchone()
        if row is not None:
            self.last = read_batch(bytes(row["body"]))
            self.offsets_of = row["offsets"].pop(_OF_TOPIC, None)
            self.offsets = {int(partition): offset for partition, offset in row["offsets"].items()}
        settled = self._connection.execute("select at from ledger.settled").fetchone()
        self._settled_at = None if settled is None else in_utc(settled["at"])
        return number - first

    def _first_not_told(self, tail: FeedTail) -> int:
        """Return the first batch of which something is not on Kafka: each topic may have lost its own end."""
        row = self._connection.execute("select coalesce(max(number), 0) as last from ledger.publications").fetchone()
        assert row is not None
        low, high = 1, min(tail.batch, row["last"]) + 1
        while low < high:  # a feed's last number never falls: some twenty looks find the batch
            middle = (low + high) // 2
            if self._goes_beyond(middle, tail):
                high = middle
            else:
                low = middle + 1
        return low

    def _goes_beyond(self, number: int, tail: FeedTail) -> bool:
        row = self._connection.execute(
            "select last_cbp > %s or last_ice_ero > %s or last_ice_opla > %s or last_orr > %s or last_eoir > %s"
            " or last_uscis > %s as beyond from ledger.publications where number = %s",
            (*columns_of(tail.numbers), number),
        ).fetchone()
        return row is not None and bool(row["beyond"])

    def check(self, told: Sequence[ToldItem]) -> None:
        """Raise whatever telling these items would raise; nothing is kept."""
        items, _ = number_items(((item, _ANY_STAMP) for item in told), NOTHING_PUBLISHED.last)
        write_batch(NOTHING_PUBLISHED._replace(items=items))
        entries = {item.entry.position: item.entry for item in told}
        for publication in items:
            item_values(entries[publication.position], publication)

    def publish(
        self,
        told: Stamped,
        *,
        to_position: int,
        clock: datetime,
        backfilled: Backfilled | None = None,
        decided: Decided = ALL_TOLD,
        part: Part | None = None,
    ) -> None:
        """Number, stamp, keep and tell a batch; `clock` is the ledger time of the entry at `to_position`.

        Where an item cannot be made nothing is kept.
        """
        with self._connection.transaction():
            batch, body = self._keep(
                told, to_position=to_position, clock=clock, backfilled=backfilled, decided=decided, part=part
            )
            outgoing = self._outgoing(batch, body, {item.entry.position: item.entry for item, _ in told})
        self._tell(batch, outgoing)

    def settle(self) -> None:
        """Say that nothing recorded up to now is unpublished, so that answers reach to now (wall clock only).

        A batch says so once after the last entry; from then on `ledger.settled` goes on with the clock, every second.
        Not while anyone is recording: the next batch will say more than this one could.
        """
        if not self._wall or not self.last.number:
            return
        if self.last.settled and time.monotonic() - self._looked_at < SETTLE_SECONDS:
            return
        self._looked_at = time.monotonic()
        settled: tuple[PublicationBatch, bytes] | None = None
        with self._connection.transaction():
            try:
                with self._connection.transaction():
                    self._connection.execute("lock table ledger.stored_events in exclusive mode nowait")
            except psycopg.errors.LockNotAvailable:
                return
            row = self._connection.execute("select max(notification_id) as last from ledger.stored_events").fetchone()
            if row is None or row["last"] != self.last.to_position:
                return
            if self.last.settled:
                batch, at = self.last.number, self._now(None)
            else:
                settled = self._keep((), to_position=self.last.to_position, clock=None, settled=True)
                batch, at = settled[0].number, read_clock(settled[0].published_at)
            self._connection.execute(
                "insert into ledger.settled (batch, position, at) values (%s, %s, %s) on conflict (one) do update"
                " set batch = excluded.batch, position = excluded.position, at = excluded.at",
                (batch, self.last.to_position, at),
            )
        self._settled_at = at
        if settled is not None:
            self._tell(settled[0], self._outgoing(*settled, {}))

    def _keep(
        self,
        told: Stamped,
        *,
        to_position: int,
        clock: datetime | None,
        settled: bool = False,
        backfilled: Backfilled | None = None,
        decided: Decided = ALL_TOLD,
        part: Part | None = None,
    ) -> tuple[PublicationBatch, bytes]:
        """Decide a batch and keep it, in the caller's transaction.

        A stamp on the wall clock is later than all before it, and than the entries told; on a driven clock it is that
        of the entry an item is told for.
        """
        published_at = self._now(clock) if self._wall else cast(datetime, clock)
        stamp = write_clock(published_at)
        items, last = number_items(
            ((item, stamp if self._wall else write_clock(at)) for item, at in told), self.last.last
        )
        batch = PublicationBatch(
            self.last.number + 1,
            self.last.to_position,
            to_position,
            stamp,
            settled,
            last,
            backfilled,
            items,
            decided.deferred,
            decided.resumed,
            decided.left_out,
            decided.without,
            part,
        )
        body = write_batch(batch)
        self._connection.execute(
            "insert into ledger.publications (number, to_position, published_at, last_cbp, last_ice_ero,"
            " last_ice_opla, last_orr, last_eoir, last_uscis, offsets, body)"
            " values (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s::jsonb, %s)",
            (batch.number, to_position, published_at, *columns_of(last), _json(self.offsets, self.topic_id), body),
        )
        if decided is not ALL_TOLD:
            with self._connection.cursor() as cursor:
                deferring.keep_reasons(cursor, decided.reasons)
                deferring.keep(cursor, batch)
        return batch, body

    def _now(self, clock: datetime | None) -> datetime:
        row = self._connection.execute("select clock_timestamp() as now").fetchone()
        assert row is not None
        now = in_utc(row["now"])
        if self.last.number:
            now = max(now, plus(read_clock(self.last.published_at), MICROSECOND))
        if self._settled_at is not None:
            now = max(now, plus(self._settled_at, MICROSECOND))
        return now if clock is None else max(now, clock)

    def _outgoing(
        self, batch: PublicationBatch, body: bytes, entries: Mapping[int, Entry], on_kafka: FeedTail = NOTHING_ON_KAFKA
    ) -> dict[TopicPartition, list[Outgoing]]:
        """Return the messages of a batch; but for what is on Kafka already."""
        outgoing: dict[TopicPartition, list[Outgoing]] = {}
        feeds = {agency: outgoing.setdefault(TopicPartition(feed(agency), 0), []) for agency in RECEIVERS}
        for publication in batch.items:
            for agency, number, value in item_values(entries[publication.position], publication):
                if number > on_kafka.numbers[agency]:
                    id = f"{agency}-{number}"
                    feeds[agency].append(sealed(self._seals, _ITEM, feed(agency), value, id=id, time=publication.at))
        if batch.number > on_kafka.batch:
            id = f"publication-{batch.number}"
            told = sealed(self._seals, _PUBLICATION, PUBLICATIONS, body, id=id, time=batch.published_at)
            outgoing[TopicPartition(PUBLICATIONS, 0)] = [told]
        return outgoing

    def _tell(self, batch: PublicationBatch, outgoing: Mapping[TopicPartition, Sequence[Outgoing]]) -> None:
        """Put a batch that is kept on Kafka, all of it or nothing."""
        self.is_told = False
        tell(self._producer, outgoing)
        self.is_told = True
        self.last = batch


def _json(offsets: Mapping[int, int], topic_id: str | None) -> str:
    kept: dict[str, int | str | None] = {str(partition): offset for partition, offset in offsets.items()}
    return orjson.dumps(kept | {_OF_TOPIC: topic_id}).decode()
