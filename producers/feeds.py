"""The feeds role: follows `custody.entries` and publishes what each agency may know of it on that agency's feed."""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Final, TypeVar

import psycopg
import structlog
from kafka import KafkaConsumer, KafkaProducer, TopicPartition
from psycopg.rows import dict_row

from ledger.adopting import adopted, adoptions, former_default_until
from ledger.agencies import RECEIVERS
from ledger.entry import read_entry, read_ledger_entry
from ledger.facts import SharingRulesAdopted
from ledger.feed_tail import FeedTail
from ledger.following import EntryMessage, InOrder
from ledger.foreign import keeping_foreign
from ledger.genuine import Genuine
from ledger.process import RefusedError
from ledger.publication import Backfilled
from ledger.settings import Settings
from ledger.sharing import Adopted
from ledger.single_work import SingleWork
from ledger.streams import LEDGER, STREAMS
from ledger.telling import Told
from ledger.times import read_clock
from ledger.topics import ENTRIES, PUBLICATIONS, feed
from ledger.topics_watch import TopicsWatch, written
from producers.appending import look_up
from producers.backfilling import Backfilling
from producers.feed_folds import Folds
from producers.left_open import LeftOpen
from producers.publishing import Publishing

BATCH: Final = 1000
MOST_BYTES: Final = 4 * 1_048_576
"""Bytes of entries a batch is made of: every feed may carry them, and all of it is one transaction of Kafka's."""
MOST_ITEMS: Final = 10_000
"""Items after which a batch is closed: its message is some 250 bytes an item and has to pass the broker."""
POLL_MS: Final = 100

_TOPICS: Final = (PUBLICATIONS, *map(feed, RECEIVERS))

T = TypeVar("T")


class Feeds:
    """Publishes entry after entry from where `ledger.publications` stands."""

    def __init__(
        self,
        settings: Settings,
        producer: KafkaProducer,
        consumer: KafkaConsumer,
        log: structlog.typing.FilteringBoundLogger,
    ) -> None:
        self._zone = settings.zone
        self._producer = producer
        self._consumer = consumer
        self._log = log
        self._only = SingleWork(settings.database_url, "feeds")  # two of this role would give one number twice
        self._connection = psycopg.connect(
            settings.database_url, autocommit=True, row_factory=dict_row, application_name="custody-feeds"
        )
        self._publishing = Publishing(self._connection, producer, settings.clock)
        self._left_open = LeftOpen(settings.kafka_bootstrap, _TOPICS)
        self._topics = TopicsWatch(settings.kafka_bootstrap, (ENTRIES, *_TOPICS))

    def begin(self, read_tail: Callable[[], FeedTail], stopped: Callable[[], bool]) -> None:
        """Wait to be the only one, bring Kafka to where PostgreSQL stands, and find where to go on."""
        if not self._only.wait(
            stopped,
            lambda: self._log.warning("feeds.wait", reason="another process publishes the feeds of this database"),
        ):
            return  # going on would fence the one that publishes
        made = self._topics.begin()
        self._producer.init_transactions()  # ends what a killed one had begun
        left_open = self._left_open.end()  # but for what Kafka has forgotten
        look_up(self._producer, _TOPICS)
        again = self._publishing.begin(read_tail())
        position = self._publishing.last.to_position
        self._publishing.topic_id = written(self._topics.ids.get(ENTRIES))
        with self._connection.cursor() as cursor:
            sets = [one for one in adoptions(cursor) if one.position <= position]
            former = former_default_until(cursor)
        self._folds = Folds(sets, self._zone, former_default_until=former)
        offsets = self._within_reach(self._publishing.offsets)
        self._publishing.offsets = dict(offsets)
        self._reading = InOrder(
            self._consumer,
            position,
            offsets,
            sift=Genuine(self._connection).entries,
            set_aside=keeping_foreign(self._connection, self._consumer, ENTRIES, self._log),
        )
        self._log.info(
            "feeds.begin",
            position=position,
            batch=self._publishing.last.number,
            told_again=again,
            left_open=left_open,
            topics_made=made,
        )

    def close(self) -> None:
        """Give up the lock; what is on its way to Kafka is the producer's to end."""
        self._connection.close()
        self._only.close()

    def _within_reach(self, offsets: dict[int, int]) -> dict[int, int]:
        """Return where to go on reading: from the start, where Kafka does not reach so far any more, or is another.

        The relay sends what Kafka lost, and what is published already is passed over.
        """
        if self._publishing.offsets_of not in (None, self._publishing.topic_id):
            return {}
        partitions = {partition: TopicPartition(ENTRIES, partition) for partition in offsets}
        ends = self._consumer.end_offsets(list(partitions.values())) if partitions else {}
        reached = all(ends[partitions[partition]] >= offset for partition, offset in offsets.items())
        return offsets if reached else {}

    def step(self, poll_ms: int = POLL_MS) -> int:
        """Publish the next entries, at most a batch of them; return how many.

        Raises `LeftOpenError` where Kafka keeps back what was told; beginning again tells it.
        """
        self._only.require()
        self._topics.look()
        self._left_open.look()
        messages = self._reading.take(BATCH, most_bytes=MOST_BYTES)
        if not messages:
            self._reading.read(poll_ms)
            messages = self._reading.take(BATCH, most_bytes=MOST_BYTES)
        elif len(messages) < BATCH:
            self._reading.read(0)
        if messages:
            self._publish(messages)
        else:
            self._publishing.settle()
        return len(messages)

    def _publish(self, messages: Sequence[EntryMessage]) -> None:
        """Publish entries; what a set adopted with backfill adds comes before it in batches of its own."""
        ordinary: list[EntryMessage] = []
        for message in messages:
            one = self._adopted(message) if message.child == LEDGER else None
            if one is not None:
                if one.backfill:
                    self._publish_entries(ordinary)
                    ordinary = []
                    self._backfill(one, message)
                self._folds.adopt(one)
            ordinary.append(message)
        self._publish_entries(ordinary)

    def _publish_entries(self, messages: Sequence[EntryMessage]) -> None:
        if not messages:
            return
        publishing = self._publishing
        entries = [_read(message, read_entry) for message in messages if message.child not in STREAMS]
        with self._connection.cursor() as cursor:
            self._folds.prepare(cursor, entries, publishing.last.to_position)
        by_position = {entry.position: entry for entry in entries}
        told: list[tuple[Told, datetime]] = []
        for message in messages:
            entry = by_position.get(message.position)
            if entry is not None:
                told += [(item, entry.recorded_at) for item in self._folds.tell(entry)]
            publishing.offsets[message.partition] = message.offset + 1
            if len(told) >= MOST_ITEMS or message is messages[-1]:
                publishing.publish(told, to_position=message.position, clock=message.clock())
                told = []
        self._folds.evict()

    def _backfill(self, one: Adopted, message: EntryMessage) -> None:
        """Tell of older entries what a set adds, from where it was left; the batches stop short of the adoption."""
        last = self._publishing.last
        done = last.backfilled
        begun = done.through if done is not None and done.adopted == one.position else 0
        clock = read_clock(last.published_at) if last.number else message.clock()
        for told, through in Backfilling(self._connection, one, self._folds.rulebook).batches(begun):
            self._publishing.publish(
                [(item, message.clock()) for item in told],
                to_position=last.to_position,
                clock=clock,
                backfilled=Backfilled(one.position, through),
            )
        self._folds.forget()
        self._log.info("set.backfilled", id=one.rules.id, version=one.rules.version, position=one.position)

    def _adopted(self, message: EntryMessage) -> Adopted | None:
        entry = _read(message, read_ledger_entry)
        return adopted(entry) if isinstance(entry.fact, SharingRulesAdopted) else None


def _read(message: EntryMessage, read: Callable[[bytes], T]) -> T:
    """Read an entry. One that cannot be read stops the role: later items would be told under wrong numbers."""
    try:
        return read(message.payload)
    except (ValueError, LookupError, TypeError) as error:
        raise RefusedError(
            f"entry {message.position} of custody.entries cannot be read ({error}); it and what follows was put on no "
            "feed. If a newer release wrote it, install that; else `custody verify` says what is wrong with it"
        ) from error
