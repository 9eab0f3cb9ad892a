"""The feeds role: follows `custody.entries` and publishes what each agency may know of it on that agency's feed."""

import re
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Final, NamedTuple
from uuid import UUID

import psycopg
import structlog
from kafka import KafkaConsumer, KafkaProducer, TopicPartition
from psycopg.rows import dict_row

from ledger.agencies import RECEIVERS
from ledger.entry import read_entry, read_ledger_entry
from ledger.facts import SharingRulesAdopted
from ledger.kafka.entries import EntryMessage, InOrder
from ledger.kafka.feed_tail import FeedTail
from ledger.kafka.foreign import keeping_foreign
from ledger.kafka.genuine import Genuine
from ledger.kafka.topics_watch import TopicsWatch, written
from ledger.roles.faults import is_of_the_message
from ledger.roles.refusals import RefusedError
from ledger.roles.settings import Settings
from ledger.roles.single_work import SingleWork
from ledger.sharing.batches import Backfilled, Part, Trigger
from ledger.sharing.feed_fold import ToldItem
from ledger.sharing.rule_sets import Adopted
from ledger.store.deferring import keep_reasons
from ledger.store.own_entries import adopted, adoptions, former_default_until
from ledger.store.retries import retries_asked
from ledger.streams import LEDGER, STREAMS
from ledger.times import read_clock
from ledger.topics import ENTRIES, PUBLICATIONS, feed
from producers.feeds.backfilling import Backfilling
from producers.feeds.blocking import Blocking, Tried
from producers.feeds.folds import Folds
from producers.feeds.publishing import ALL_TOLD, Decided, Publishing
from producers.kafka.batches import look_up
from producers.kafka.hanging_transactions import LeftOpen

BATCH: Final = 1000
MOST_BYTES: Final = 4 * 1_048_576
"""Bytes of entries a batch is made of: every feed may carry them, and all of it is one transaction of Kafka's."""
MOST_ITEMS: Final = 10_000
"""Items after which a batch is closed: its message is some 250 bytes an item and has to pass the broker."""
POLL_MS: Final = 250
TRIED_AT_ONCE: Final = 20
"""Blocked records tried again in one step: others do not wait for all of them."""
ASK_SECONDS: Final = 0.5
"""Between two looks at which blocked records are to be tried again."""

_TOPICS: Final = (PUBLICATIONS, *map(feed, RECEIVERS))
_OF_ANOTHER_FACT: Final = re.compile(rb'"type":"custody\.(?!sharing-rules-adopted\.)[a-z-]+\.v\d+",')


class Addressed(NamedTuple):
    """An entry, and whom it is told to; or that it waits."""

    message: EntryMessage
    told: Sequence[ToldItem]
    waits: bool


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
        self._wall = settings.clock == "wall"
        self._asked_at = -ASK_SECONDS
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
        self._blocking = Blocking(self._connection)
        self._folds = Folds(sets, self._zone, former_default_until=former, told_otherwise=self._blocking.told_otherwise)
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
            blocked=len(self._blocking.records),
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
        if self._wall:
            self._try_again(None)
        return len(messages)

    def _publish(self, messages: Sequence[EntryMessage]) -> None:
        """Publish entries; what a set adopted with backfill adds comes before it in batches of its own."""
        if not self._wall:
            self._try_again(messages[0].clock())  # time stands still between two entries: told with the next one
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
        """Publish entries; where one cannot be told, it and its record alone wait."""
        if not messages:
            return
        try:
            self._keep_and_tell(self._judge(messages, self._publishing.last.to_position), messages[-1])
        except Exception as error:
            if not is_of_the_message(error) or not self._publishing.is_told:
                raise
            self._folds.forget()  # some may have taken in half of what failed
            done = self._publishing.last.to_position
            self._publish_one_by_one([message for message in messages if message.position > done])
        self._folds.evict()

    def _publish_one_by_one(self, messages: Sequence[EntryMessage]) -> None:
        """Find the entries that cannot be told, and publish the others."""
        judged: list[Addressed] = []
        up_to = self._publishing.last.to_position
        for message in messages:
            try:
                [one] = self._judge([message], up_to)
                self._publishing.check(one.told)
            except Exception as error:
                part = self._publishing.last.part
                if not is_of_the_message(error) or (part is not None and part.position == message.position):
                    raise  # some of its items are told: it cannot wait any more
                self._folds.forget()
                self._blocking.block(message.child, message.position, error)
                one = Addressed(message, (), waits=True)
            judged.append(one)
            up_to = message.position
        self._keep_and_tell(judged, messages[-1])

    def _judge(self, messages: Sequence[EntryMessage], up_to: int) -> Iterator[Addressed]:
        """Yield each entry with whom it is told to; `up_to` is the position before them."""
        waiting = self._blocking.waiting(messages)
        entries = {
            message.position: read_entry(message.payload)
            for message in messages
            if message.child not in STREAMS and message.position not in waiting
        }
        with self._connection.cursor() as cursor:
            self._folds.prepare(cursor, list(entries.values()), up_to)
        for message in messages:
            entry = entries.get(message.position)
            told = () if entry is None else self._folds.tell(entry)
            yield Addressed(message, told, message.position in waiting)

    def _keep_and_tell(self, judged: Iterable[Addressed], last: EntryMessage) -> None:
        """Publish entries in batches within their bounds; those that wait are put off by the batch they belong to."""
        publishing = self._publishing
        told: list[tuple[ToldItem, datetime]] = []
        waiting: dict[int, UUID] = {}
        before: EntryMessage | None = None
        for message, items, waits in judged:
            part = publishing.last.part
            its = [(item, message.clock()) for item in items]
            done = part.items if part is not None and part.position == message.position else 0
            if len(its) - done > MOST_ITEMS:
                if before is not None:
                    self._close(told, waiting, before)
                    told, waiting = [], {}
                done = self._publish_parts(its, done, message)
            told += its[done:]
            if waits:
                waiting[message.position] = message.child
            publishing.offsets[message.partition] = message.offset + 1
            before = message
            if len(told) >= MOST_ITEMS or message is last:
                self._close(told, waiting, message)
                told, waiting, before = [], {}, None

    def _close(
        self, told: Sequence[tuple[ToldItem, datetime]], waiting: Mapping[int, UUID], message: EntryMessage
    ) -> None:
        """Publish a batch that ends with an entry."""
        decided = self._put_off(list(waiting), waiting.values()) if waiting else ALL_TOLD
        self._publishing.publish(told, to_position=message.position, clock=message.clock(), decided=decided)

    def _publish_parts(self, its: Sequence[tuple[ToldItem, datetime]], done: int, message: EntryMessage) -> int:
        """Publish items of an entry that has more than one batch may hold, but for the last; return how many are."""
        publishing = self._publishing
        while len(its) - done > MOST_ITEMS:
            last = publishing.last
            clock = message.clock() if self._wall or not last.number else read_clock(last.published_at)
            told = its[done : done + MOST_ITEMS]
            done += MOST_ITEMS
            publishing.publish(told, to_position=last.to_position, clock=clock, part=Part(message.position, done))
        return done

    def _put_off(self, positions: Sequence[int], children: Iterable[UUID]) -> Decided:
        """Have these entries wait, and keep with the batch why records are blocked that were not before."""
        reasons = self._blocking.newly_blocked(children)
        self._say_blocked(reasons)
        return Decided(deferred=positions, reasons=reasons)

    def _say_blocked(self, reasons: Mapping[UUID, str]) -> None:
        if reasons:
            self._log.error(
                "children.blocked",
                children=len(reasons),
                first_reason=next(iter(reasons.values())),
                cure="others go on; `custody set-aside list` shows them. They are tried again at every start of this "
                "role, by `custody set-aside retry CHILD`, and when one of their entries is corrected or voided",
            )

    def _try_again(self, at: datetime | None) -> None:
        """Tell what waits of blocked records, as far as it can be told by now, at most a few records of them.

        `at` is the ledger time of what is told now, on a driven clock.
        """
        if time.monotonic() - self._asked_at > ASK_SECONDS:
            self._asked_at = time.monotonic()
            with retries_asked(self._connection, "feeds") as asked:
                self._blocking.due.update(dict.fromkeys(asked))
        last = self._publishing.last
        if not self._blocking.due or last.backfilled is not None or last.part is not None:
            return  # what the last batch began comes first: the next one says how far that is
        publishing, blocking = self._publishing, self._blocking
        up_to = publishing.last.to_position
        tried = [
            blocking.try_again(group, up_to, self._folds.rulebook, publishing.check)
            for group in blocking.take_due(TRIED_AT_ONCE)
        ]
        self._resume([one for one in tried if one.steps], at or read_clock(publishing.last.published_at))
        still = {child: one.reason for one in tried if one.reason for child in one.records & blocking.records}
        with self._connection.transaction(), self._connection.cursor() as cursor:
            keep_reasons(cursor, still)
        if tried:
            self._log.info("children.retried", records=sum(len(one.records) for one in tried), still_blocked=len(still))
        self._say_blocked(still)

    def _resume(self, tried: Sequence[Tried], at: datetime) -> None:
        """Publish what waited and can be told, in batches that end where the last one did."""
        if not tried:
            return
        told: list[tuple[ToldItem, datetime]] = []
        resumed: list[Trigger] = []
        left_out: list[Trigger] = []
        without: list[tuple[int, Sequence[str]]] = []
        for one in tried:
            for trigger, items, members in one.steps:
                if items is None:
                    left_out.append(trigger)
                else:
                    resumed.append(trigger)
                    told += [(item, at) for item in items]
                if members:
                    without.append((trigger[1], sorted(members)))
                if len(told) >= MOST_ITEMS or (trigger == one.steps[-1].trigger and one is tried[-1]):
                    self._publish_again(told, Decided(resumed=resumed, left_out=left_out, without=without))
                    told, resumed, left_out, without = [], [], [], []
        for one in tried:
            self._blocking.resumed(one)
        self._folds.forget()  # they know nothing of what was told now

    def _publish_again(self, told: Sequence[tuple[ToldItem, datetime]], decided: Decided) -> None:
        last = self._publishing.last
        self._publishing.publish(
            told, to_position=last.to_position, clock=read_clock(last.published_at), decided=decided
        )

    def _backfill(self, one: Adopted, message: EntryMessage) -> None:
        """Tell of older entries what a set adds, from where it was left; the batches stop short of the adoption."""
        last = self._publishing.last
        done = last.backfilled
        through = done.through if done is not None and done.adopted == one.position else 0
        clock = read_clock(last.published_at) if last.number else message.clock()
        backfilling = Backfilling(self._connection, one, self._folds.rulebook, self._blocking, self._publishing.check)
        checked = False
        while True:
            try:
                for page in backfilling.pages(through, checked=checked):
                    self._publishing.publish(
                        [(item, message.clock()) for item in page.told],
                        to_position=last.to_position,
                        clock=clock,
                        backfilled=Backfilled(one.position, page.through),
                        decided=self._put_off(page.deferred, ()) if page.deferred else ALL_TOLD,
                    )
                    through = page.through
                break
            except Exception as error:
                if checked or not is_of_the_message(error) or not self._publishing.is_told:
                    raise
                checked = True  # an item cannot be made: the page is gone through again, item by item
                backfilling.forget()
        self._folds.forget()
        self._blocking.due.update(dict.fromkeys(self._blocking.records))  # what waits for the set can be told now
        self._log.info("set.backfilled", id=one.rules.id, version=one.rules.version, position=one.position)

    def _adopted(self, message: EntryMessage) -> Adopted | None:
        """Return the adoption that an entry of the ledger's own record is.

        One that cannot be read stops the role: whom later entries are told to depends on it.
        """
        if _OF_ANOTHER_FACT.search(message.payload[:200]):
            return None
        try:
            entry = read_ledger_entry(message.payload)
        except (ValueError, LookupError, TypeError) as error:
            raise RefusedError(
                f"entry {message.position} of custody.entries cannot be read ({error}), and it may adopt a set of "
                "sharing rules, so nobody can say whom what follows is told to; it and what follows was put on no "
                "feed. If a newer release wrote it, install that; else `custody verify` says what is wrong with it"
            ) from error
        return adopted(entry) if isinstance(entry.fact, SharingRulesAdopted) else None
