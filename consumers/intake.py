"""The intake role: reads the agencies' submissions and receipts and has them recorded, batch by batch.

Offsets live in PostgreSQL, in the transaction of the entries; Kafka's own committed offsets are not used. The
consumer group only says which member reads which partition.
"""

from collections.abc import Callable
from typing import Any, Final

import structlog
from kafka import ConsumerRebalanceListener, KafkaConsumer, TopicPartition

from consumers.reading import read_arrival
from ledger.arrivals import Arrival, Place
from ledger.eventstore import Ledger
from ledger.recording import LostPartitionsError, OffsetMove, Recording
from ledger.topics import READ_BY_INTAKE, agency_of
from ledger.unpacking import unpack_quickly

BATCH: Final = 1000
"""Messages a transaction: larger ones gain nothing (measured), smaller ones cost a commit each."""
POLL_MS: Final = 500
GROUP: Final = "custody-intake"


def intake_consumer(bootstrap: str) -> KafkaConsumer:
    """Return the group member; no offset is ever reset or committed behind our back."""
    consumer = KafkaConsumer(
        bootstrap_servers=bootstrap,
        client_id="custody-intake",
        group_id=GROUP,
        enable_auto_commit=False,
        auto_offset_reset="none",
        isolation_level="read_committed",
        allow_auto_create_topics=False,
        max_poll_records=BATCH,
        max_poll_interval_ms=300_000,
        session_timeout_ms=10_000,
        heartbeat_interval_ms=2_000,
        fetch_min_bytes=1,
        fetch_max_wait_ms=POLL_MS,
        fetch_max_bytes=16 * 1_048_576,
        max_partition_fetch_bytes=1_048_576,
        check_crcs=True,
        metrics_enabled=False,
    )
    return unpack_quickly(consumer)


class Partitions(ConsumerRebalanceListener):  # type: ignore[misc]  # the library is untyped
    """Puts each newly assigned partition where the ledger stands, and knows where the next batch must go on."""

    def __init__(self, consumer: KafkaConsumer, ledger: Ledger, log: structlog.typing.FilteringBoundLogger) -> None:
        self.next: dict[TopicPartition, int] = {}
        self._consumer = consumer
        self._ledger = ledger
        self._log = log

    def on_partitions_revoked(self, revoked: Any) -> None:
        """Forget what another member will go on with; between batches nothing of ours is open."""
        for partition in revoked:
            self.next.pop(partition, None)

    def on_partitions_assigned(self, assigned: Any) -> None:
        """Seek to the ledger's offsets."""
        self.take_up(list(assigned))
        self._log.info("partitions.assigned", partitions=len(assigned))

    def begin(self) -> None:
        """Give every partition that is read an offset in the ledger: its first message, where it has none yet.

        Done before a partition is assigned: the listener runs on the client's network thread and may not ask Kafka.
        """
        everything = [
            TopicPartition(topic, number)
            for topic in READ_BY_INTAKE
            for number in self._consumer.partitions_for_topic(topic) or ()
        ]
        beginnings = self._consumer.beginning_offsets(everything)
        with self._ledger.datastore.transaction(commit=True) as cursor:
            for partition, offset in beginnings.items():
                cursor.execute(
                    "insert into ledger.intake_offsets values (%s, %s, %s) on conflict do nothing",
                    (partition.topic, partition.partition, offset),
                )

    def take_up(self, partitions: list[TopicPartition]) -> None:
        """Read where the ledger stands and seek there."""
        with self._ledger.datastore.transaction() as cursor:
            cursor.execute("select topic, partition, next_offset from ledger.intake_offsets")
            stands = {TopicPartition(row["topic"], row["partition"]): row["next_offset"] for row in cursor}
        for partition in partitions:
            self.next[partition] = stands[partition]
            self._consumer.seek(partition, stands[partition])


def run(
    consumer: KafkaConsumer,
    ledger: Ledger,
    recording: Recording,
    log: structlog.typing.FilteringBoundLogger,
    *,
    stopped: Callable[[], bool],
    ready: Callable[[], None],
) -> None:
    """Read and record until `stopped`; every batch is whole or not at all."""
    partitions = Partitions(consumer, ledger, log)
    partitions.begin()
    consumer.subscribe(list(READ_BY_INTAKE), listener=partitions)
    said_ready = False
    while not stopped():
        polled = consumer.poll(timeout_ms=POLL_MS, max_records=BATCH)
        if not said_ready and consumer.assignment():
            said_ready = True
            ready()
        if polled:
            _record(polled, partitions, recording, log)


def _record(
    polled: dict[TopicPartition, list[Any]],
    partitions: Partitions,
    recording: Recording,
    log: structlog.typing.FilteringBoundLogger,
) -> None:
    arrivals: list[Arrival] = []
    moves: list[OffsetMove] = []
    for partition, records in polled.items():
        agency = agency_of(partition.topic)
        arrivals += [
            read_arrival(
                Place(agency, partition.topic, partition.partition, record.offset), record.headers, record.value
            )
            for record in records
        ]
        moves.append(
            OffsetMove(partition.topic, partition.partition, partitions.next[partition], records[-1].offset + 1)
        )
    try:
        tally = recording.record(arrivals, moves)
    except LostPartitionsError as lost:
        log.warning("batch.lost", reason=str(lost), messages=len(arrivals))
        partitions.take_up(list(polled))
        return
    for move in moves:
        partitions.next[TopicPartition(move.topic, move.partition)] = move.new
    if tally.set_aside or tally.answered_without_entry:
        log.info(
            "batch.recorded",
            accepted=tally.accepted,
            answered_without_entry=tally.answered_without_entry,
            set_aside=tally.set_aside,
            last_position=tally.last_position,
        )
