"""The projections role: follows `custody.entries` and keeps the live version of the read tables.

Rows and checkpoint are one transaction; killed anywhere, it goes on where the tables stand.
"""

import time
from collections.abc import Callable, Sequence
from contextlib import closing
from typing import Final
from uuid import UUID

import structlog
from kafka import KafkaConsumer, TopicPartition

from ledger.kafka.entries import ALL_PARTITIONS, BATCH, EntryMessage, InOrder, continued_records
from ledger.kafka.foreign import keeping_foreign
from ledger.kafka.genuine import Genuine
from ledger.kafka.topics_watch import TopicsWatch, written
from ledger.roles.single_work import SingleWork
from ledger.store.retries import retries_asked
from ledger.topics import ENTRIES, PUBLICATIONS
from projections.following.applying import Applying
from projections.following.holdings import HoldingsFollower
from projections.following.isolating import HeldBack, SwappedError, isolated
from projections.following.publications import Publications
from projections.following.remaking import joined_to, remake
from projections.rows.changes import Changes
from projections.tables.versions import connect, live_schema
from projections.tables.writing import Tables
from projections.tables.writing_holdings import HeldTables

POLL_MS: Final = 50
QUIET_POLL_MS: Final = 200
"""When nothing has come for QUIET_SECONDS: an entry ends the wait, and what is published follows an entry."""
QUIET_SECONDS: Final = 2.0
BUSY: Final = 500
"""So many entries at once are a flood: an import, or a restart after others went on."""
HOLDINGS_SECONDS: Final = 3.0
"""How long what agencies hold may wait in a flood until a part of it is worked out."""
SETTLED_SECONDS: Final = 1.0
"""How often settled time is looked up while nothing comes in."""
RETRY_SECONDS: Final = 0.5
"""Between two looks at which blocked records are to be tried again."""
PATIENCE_SECONDS: Final = 10.0
"""How long a missing entry is waited for before the log says which one it is."""


def keep_publications(publications: Publications, tables: Tables) -> None:
    """Write what was published since the last time into the live version."""
    batches = publications.read(0)
    if batches:
        with tables.connection.transaction():
            if live_schema(tables.connection) != tables.schema:
                raise SwappedError
            publications.write(batches)
        publications.wrote(batches)


def keep_settled(tables: Tables) -> None:
    """Let answers of the live version reach as far as settled time does."""
    with tables.connection.transaction():
        if live_schema(tables.connection) != tables.schema:
            raise SwappedError
        tables.settle()


def keep_holdings(holdings: HoldingsFollower, tables: Tables) -> None:
    """Work out the next part of what agencies hold in the live version."""
    with tables.connection.transaction():
        if live_schema(tables.connection) != tables.schema:
            raise SwappedError
        reached = holdings.step()
    holdings.batch = reached


class Follower:
    """Applies entries to one version of the tables."""

    def __init__(
        self, consumer: KafkaConsumer, tables: Tables, zone: str, log: structlog.typing.FilteringBoundLogger
    ) -> None:
        self.tables = tables
        self._zone = zone
        self._log = log
        self._applying = Applying(zone, tables.load, load_lane=tables.load_lane)
        self._applying.parked = tables.parked()
        position, _ = tables.progress()
        self._offsets = tables.offsets()
        self.reading = InOrder(
            consumer,
            position,
            self._offsets,
            sift=Genuine(tables.connection).entries,
            set_aside=keeping_foreign(tables.connection, consumer, ENTRIES, log),
        )

    def step(self, *, up_to: int | None = None, must_be_live: bool = True, poll_ms: int = POLL_MS) -> int:
        """Apply what is there, at most a batch, up to position `up_to`; return how many entries were applied."""
        messages = self.reading.take(BATCH, up_to)
        if len(messages) < BATCH:
            self.reading.read(0 if messages else poll_ms)
            messages += self.reading.take(BATCH - len(messages), up_to)
        if messages:
            self._write(messages, must_be_live)
        elif must_be_live:
            self._pass_over()
        return len(messages)

    def _pass_over(self) -> None:
        """Keep how far was read where what came last is nothing to apply."""
        offsets = self.reading.offsets
        if offsets == self._offsets:
            return
        with self.tables.connection.transaction():
            if live_schema(self.tables.connection) != self.tables.schema:
                raise SwappedError
            self.tables.write(Changes(), offsets, 0, None)
        self._offsets = offsets

    def _forget(self, parked: set[UUID]) -> None:
        """Drop what is at hand: the tables know better."""
        self._applying.forget()
        self._applying.parked = set(parked)
        self._applying.unblocking.clear()

    def retry(self, children: set[UUID]) -> None:
        """Apply the waiting entries of these records again; what still fails goes on waiting."""
        applying = self._applying
        joined = joined_to(self.tables, children)
        applying.forget()
        waiting = remake(self.tables, self._zone, joined)
        applying.parked = (applying.parked - joined) | waiting
        self._log.info("children.retried", children=len(children), still_parked=len(waiting))

    def _write(self, messages: list[EntryMessage], must_be_live: bool) -> None:
        isolated(messages, lambda some, held, dry: self._apply(some, held, dry, must_be_live=must_be_live))
        unblocking, self._applying.unblocking = self._applying.unblocking, set()
        if unblocking:
            self.retry(unblocking)

    def _apply(self, messages: Sequence[EntryMessage], held: HeldBack, dry: bool, *, must_be_live: bool) -> None:
        applying = self._applying
        parked_before = set(applying.parked)
        applying.held = held
        try:
            applying.prepare(continued_records(m for m in messages if m.position not in held.blocked) - applying.parked)
            for message in messages:
                applying.apply(message)
            changes = applying.take_changes()
            offsets = {message.partition: message.offset + 1 for message in messages}
            last = messages[-1]
            with self.tables.connection.transaction(force_rollback=dry):
                if must_be_live and live_schema(self.tables.connection) != self.tables.schema:
                    raise SwappedError
                self.tables.write(changes, offsets, last.position, last.clock())
        except BaseException:
            self._forget(parked_before)
            raise
        if dry:
            self._forget(parked_before)
            return
        applying.evict()
        if changes.parked:
            self._log.error(
                "entries.parked",
                entries=len(changes.parked),
                children_waiting=len(applying.parked),
                first_reason=changes.parked[0][4].partition(":")[0],  # the rest may say what is known of a child
                cure="`custody set-aside list` shows them; `custody set-aside retry` applies them again",
            )


def follow(
    database_url: str,
    consumer: KafkaConsumer,
    published: KafkaConsumer,
    zone: str,
    log: structlog.typing.FilteringBoundLogger,
    *,
    topics: TopicsWatch,
    stopped: Callable[[], bool],
    ready: Callable[[], None],
) -> None:
    """Keep the live version until `stopped`; goes over to another version when a rebuild swaps it in.

    `consumer` reads `custody.entries`, `published` reads `custody.publications`.
    """
    only = SingleWork(database_url, "projections")  # two followers would write the same rows twice
    with closing(only), connect(database_url) as connection:
        only.wait(
            stopped,
            lambda: log.warning("projections.wait", reason="another process keeps the read tables of this database"),
        )
        made = topics.begin()
        if made:
            log.warning("topics.made", topics=made)
        while not stopped():
            with connection.transaction():
                schema = live_schema(connection)
            tables = Tables(connection, schema)
            for reader, topic in ((consumer, ENTRIES), (published, PUBLICATIONS)):
                _take_up(tables, reader, topic, topics, log)
            follower = Follower(consumer, tables, zone, log)
            publications = Publications(published, tables, log)
            holdings = HoldingsFollower(HeldTables(tables), zone, log)
            log.info("version.followed", schema=schema, position=follower.reading.last)
            parked = tables.parked()
            if parked:
                follower.retry(parked)
            ready()
            try:
                _keep(follower, publications, holdings, only=only, topics=topics, log=log, stopped=stopped)
            except SwappedError:
                log.info("version.swapped", schema=schema)


def _take_up(
    tables: Tables,
    consumer: KafkaConsumer,
    topic: str,
    topics: TopicsWatch,
    log: structlog.typing.FilteringBoundLogger,
) -> None:
    """Begin a topic at its first message where the offsets kept say nothing of it as it is now."""
    partitions = [TopicPartition(topic, n) for n in (ALL_PARTITIONS if topic == ENTRIES else (0,))]
    ends = {partition.partition: end for partition, end in consumer.end_offsets(partitions).items()}
    if tables.take_topic(topic, written(topics.ids.get(topic)), ends):
        log.warning(
            "topic.anew", topic=topic, reason="it was made again, or lost its end; what is known is passed over"
        )


def _keep(
    follower: Follower,
    publications: Publications,
    holdings: HoldingsFollower,
    *,
    only: SingleWork,
    topics: TopicsWatch,
    log: structlog.typing.FilteringBoundLogger,
    stopped: Callable[[], bool],
) -> None:
    keep_holdings(holdings, follower.tables)
    moved_at = held_at = asked_at = time.monotonic()
    settled_at = -SETTLED_SECONDS
    told = False
    while not stopped():
        only.require()
        topics.look()
        quiet = time.monotonic() - moved_at > QUIET_SECONDS
        moved = follower.step(poll_ms=QUIET_POLL_MS if quiet else POLL_MS)
        if moved:
            moved_at, told = time.monotonic(), False
        elif follower.reading.ahead and time.monotonic() - moved_at > PATIENCE_SECONDS and not told:
            told = True
            log.error(
                "entry.missing",
                after_position=follower.reading.last,
                waiting=follower.reading.ahead,
                cure="an entry is not on Kafka: is the relay running? `custody verify` names what is missing",
            )
        keep_publications(publications, follower.tables)
        # what agencies hold waits while much comes in: a child whose entries come one by one is worked out once
        if publications.batch > holdings.batch and (moved < BUSY or time.monotonic() - held_at > HOLDINGS_SECONDS):
            keep_holdings(holdings, follower.tables)
            held_at = time.monotonic()
        if not moved and time.monotonic() - settled_at > SETTLED_SECONDS:
            keep_settled(follower.tables)
            settled_at = time.monotonic()
        if time.monotonic() - asked_at > RETRY_SECONDS:
            asked_at = time.monotonic()
            with retries_asked(follower.tables.connection, "projections") as asked:
                if asked:
                    follower.retry(asked)
            if asked:
                keep_holdings(holdings, follower.tables)
