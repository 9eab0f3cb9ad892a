"""The intake role: reads the agencies' submissions and receipts and has them recorded, batch by batch.

Offsets live in PostgreSQL, in the transaction of the entries; Kafka's own committed offsets are not used. The
consumer group only says which member reads which partition.
"""

from collections.abc import Callable, Sequence
from typing import Any, Final, NamedTuple

import structlog
from kafka import ConsumerRebalanceListener, KafkaConsumer, TopicPartition
from kafka.errors import OffsetOutOfRangeError

from consumers.offsets import take_over
from consumers.pending_join import go_on_with_pending_join
from consumers.reading import bare, faulted, headers_of, read_record
from consumers.standing import Log
from ledger.kafka.record_batches import DamagedBatch, KafkaRecord, unpack_quickly
from ledger.kafka.topic_ids import TopicId, topic_ids_seen
from ledger.roles.faults import is_of_the_message, place_of
from ledger.rules.arrivals import Arrival, Place
from ledger.store.eventstore import Ledger
from ledger.store.recording import LostPartitionsError, OffsetMove, Recording, Tally
from ledger.topics import READ_BY_INTAKE, agency_of

BATCH: Final = 1000
"""Messages a transaction: larger ones gain nothing (measured), smaller ones cost a commit each."""
POLL_MS: Final = 500
JOINING_POLL_MS: Final = 50
"""Until partitions are assigned: a poll does not end with the assignment, but when its time is over."""
GROUP: Final = "custody-intake"
METADATA_MS: Final = 10_000
"""How soon it is seen that a topic was deleted and made again; what was taken of it before is then a duplicate."""


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
        metadata_max_age_ms=METADATA_MS,
        metrics_enabled=False,
    )
    return unpack_quickly(consumer, give_damaged=True)


class Partitions(ConsumerRebalanceListener):  # type: ignore[misc]  # the library is untyped
    """Puts each newly assigned partition where the ledger stands, and knows where the next batch must go on."""

    def __init__(self, consumer: KafkaConsumer, ledger: Ledger, log: structlog.typing.FilteringBoundLogger) -> None:
        self.next: dict[TopicPartition, int] = {}
        self.ids: dict[str, TopicId] = {}
        self.consumer = consumer
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
        """Give every partition that is read an offset in the ledger that means something on Kafka as it is now.

        Done before a partition is assigned: the listener runs on the client's network thread and may not ask Kafka.
        What was lost with an earlier making of a topic is kept as a dead letter, so that it shows until it is closed.
        """
        everything = [
            TopicPartition(topic, number)
            for topic in READ_BY_INTAKE
            for number in self.consumer.partitions_for_topic(topic) or ()
        ]
        begins, ends = self.consumer.beginning_offsets(everything), self.consumer.end_offsets(everything)
        ids = topic_ids_seen(self.consumer, READ_BY_INTAKE)
        logs = {
            partition: Log(ids[partition.topic], begins[partition], ends[partition])
            for partition in everything
            if partition.topic in ids
        }
        with self._ledger.datastore.transaction(commit=True) as cursor:
            losses = take_over(cursor, logs)
        for topic, told in losses.items():
            self._log.error("topic.lost", topic=topic, reason=told)
        self.ids = ids

    def take_up(self, partitions: list[TopicPartition]) -> None:
        """Read where the ledger stands and seek there; a partition that was added meanwhile begins at its first."""
        added = [(partition.topic, partition.partition) for partition in partitions]
        with self._ledger.datastore.transaction(commit=True) as cursor:
            cursor.execute(
                "insert into ledger.intake_offsets (topic, partition, next_offset, cluster_id, topic_id)"
                " select t, p, 0, c, i from unnest(%b::text[], %b::int[], %b::text[], %b::uuid[]) as u(t, p, c, i)"
                " on conflict do nothing",
                (
                    [topic for topic, _ in added],
                    [number for _, number in added],
                    [self.ids[topic].cluster if topic in self.ids else None for topic, _ in added],
                    [self.ids[topic].topic if topic in self.ids else None for topic, _ in added],
                ),
            )
            cursor.execute("select topic, partition, next_offset from ledger.intake_offsets")
            stands = {TopicPartition(row["topic"], row["partition"]): row["next_offset"] for row in cursor}
        for partition in partitions:
            self.next[partition] = stands[partition]
            self.consumer.seek(partition, stands[partition])

    def topics_changed(self) -> bool:
        """Return whether a topic was deleted and made again while we read it."""
        seen = topic_ids_seen(self.consumer, READ_BY_INTAKE)
        return any(self.ids.get(topic) != id for topic, id in seen.items())

    def begin_again(self) -> None:
        """Look at Kafka as it is now, and seek anew."""
        self.begin()
        self.take_up(list(self.consumer.assignment()))


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
    consumer.topics()  # the leader shares out what it knows: it would join once more when it had learnt of partitions
    said_ready = False
    while not stopped():
        go_on_with_pending_join(consumer)
        try:
            polled = consumer.poll(timeout_ms=POLL_MS if said_ready else JOINING_POLL_MS, max_records=BATCH)
        except OffsetOutOfRangeError:
            partitions.begin_again()
            continue
        if not said_ready and consumer.assignment():
            said_ready = True
            ready()
        if partitions.topics_changed():
            partitions.begin_again()  # what was polled may be of either making; it is polled again
        elif polled:
            _record(polled, partitions, recording, log)


class _Taken(NamedTuple):
    """A message with what was read of it."""

    partition: TopicPartition
    place: Place
    record: KafkaRecord | DamagedBatch
    arrival: Arrival


def _record(
    polled: dict[TopicPartition, list[KafkaRecord | DamagedBatch]],
    partitions: Partitions,
    recording: Recording,
    log: structlog.typing.FilteringBoundLogger,
) -> None:
    taken: list[_Taken] = []
    ends: dict[TopicPartition, int] = {}
    for partition, records in polled.items():
        if partition not in partitions.next or records[0].offset < partitions.next[partition]:
            continue  # polled before the partition was lost, or before it was sought anew
        agency, id = agency_of(partition.topic), partitions.ids.get(partition.topic)
        ends[partition] = partitions.consumer.highwater(partition) or 0
        for record in records:
            place = Place(agency, partition.topic, partition.partition, record.offset, id)
            taken.append(_Taken(partition, place, record, read_record(place, record)))
    try:
        tally = _isolating(taken, partitions, ends, recording, log)
    except LostPartitionsError as lost:
        log.warning("batch.lost", reason=str(lost), messages=len(taken))
        partitions.take_up([partition for partition in polled if partition in partitions.next])
        return
    if tally.set_aside or tally.answered_without_entry:
        log.info(
            "batch.recorded",
            accepted=tally.accepted,
            answered_without_entry=tally.answered_without_entry,
            set_aside=tally.set_aside,
            last_position=tally.last_position,
        )


def _isolating(
    taken: list[_Taken],
    partitions: Partitions,
    ends: dict[TopicPartition, int],
    recording: Recording,
    log: structlog.typing.FilteringBoundLogger,
) -> Tally:
    """Record messages together; where one cannot be, halve them until it stands alone, and keep it as a dead letter.

    Each half is a transaction of its own with its part of the offsets. Faults of the role are raised.
    """
    try:
        return _together(taken, partitions, ends, recording)
    except LostPartitionsError:
        raise
    except Exception as error:
        if not is_of_the_message(error):
            raise
        if len(taken) > 1:
            half = len(taken) // 2
            first = _isolating(taken[:half], partitions, ends, recording, log)
            return first + _isolating(taken[half:], partitions, ends, recording, log)
        [one] = taken
        log.error("message.faulted", topic=one.place.topic, offset=one.place.offset, reason=place_of(error))
        return _alone(one, error, partitions, ends, recording)


def _alone(
    one: _Taken, error: Exception, partitions: Partitions, ends: dict[TopicPartition, int], recording: Recording
) -> Tally:
    """Keep the message that caused an error as a dead letter; of one that cannot even be kept, where it stood."""
    value = None if isinstance(one.record, DamagedBatch) else one.record.value
    headers = [] if isinstance(one.record, DamagedBatch) else headers_of(one.record)
    try:
        kept = one._replace(arrival=faulted(one.place, headers, value, error))
        return _together([kept], partitions, ends, recording)
    except LostPartitionsError:
        raise
    except Exception as another:
        if not is_of_the_message(another):
            raise
        return _together([one._replace(arrival=bare(one.place, value, error))], partitions, ends, recording)


def _together(
    taken: Sequence[_Taken], partitions: Partitions, ends: dict[TopicPartition, int], recording: Recording
) -> Tally:
    """Record messages and move the offsets behind them, in one transaction."""
    last: dict[TopicPartition, int] = {one.partition: one.record.offset + 1 for one in taken}
    moves = [
        OffsetMove(
            partition.topic,
            partition.partition,
            partitions.next[partition],
            new,
            partitions.ids.get(partition.topic),
            ends[partition],
        )
        for partition, new in last.items()
    ]
    tally = recording.record([one.arrival for one in taken], moves)
    partitions.next.update(last)
    return tally
