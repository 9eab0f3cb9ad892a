"""The last entry on each partition of `custody.entries`: how far Kafka is, and whether PostgreSQL says the same."""

from dataclasses import dataclass

import psycopg
from kafka import TopicPartition
from psycopg import Cursor
from psycopg.rows import DictRow, dict_row

from ledger.kafka.entries import EntryMessage
from ledger.kafka.genuine import Genuine
from ledger.kafka.tail_reading import backwards, between, tail_consumer
from ledger.kafka.topic_ids import topic_ids
from ledger.kafka.topics_watch import written
from ledger.roles.refusals import KafkaAheadError
from ledger.roles.settings import Settings
from ledger.store.queries import payload_of
from ledger.topics import ENTRIES, ENTRIES_PARTITIONS


@dataclass(frozen=True, slots=True)
class Tail:
    """Per partition: the end offset, and the position and bytes of the last entry (0 and nothing when empty)."""

    ends: dict[int, int]
    positions: dict[int, int]
    last: dict[int, bytes]


def read_tail(settings: Settings) -> Tail:
    """Read the last entry of each partition of `custody.entries`, whatever a stranger has put behind it.

    Everything beyond what the relay has settled is looked at, so that what a restored PostgreSQL does not hold is seen.
    """
    consumer = tail_consumer(settings.kafka_bootstrap)
    with psycopg.connect(settings.database_url, autocommit=True, row_factory=dict_row) as connection:
        genuine = Genuine(connection)
        settled = _settled_ends(connection, written(topic_ids(settings.kafka_bootstrap, (ENTRIES,)).get(ENTRIES)))
        try:
            partitions = [TopicPartition(ENTRIES, n) for n in range(ENTRIES_PARTITIONS)]
            begins, ends = consumer.beginning_offsets(partitions), consumer.end_offsets(partitions)
            last: dict[int, EntryMessage] = {}
            for partition in partitions:
                begin, end = begins[partition], ends[partition]
                known = settled.get(partition.partition, begin)
                start = known if begin <= known <= end else begin
                for first, beyond in ((start, end), *backwards(begin, start)):
                    for records in between(consumer, partition, first, beyond):
                        for message in genuine.claimed(records):
                            before = last.get(partition.partition)
                            if before is None or message.position > before.position:
                                last[partition.partition] = message
                    if partition.partition in last:
                        break
        finally:
            consumer.close(autocommit=False)
    return Tail(
        ends={partition.partition: end for partition, end in ends.items()},
        positions={n: last[n].position if n in last else 0 for n in range(ENTRIES_PARTITIONS)},
        last={n: message.payload for n, message in last.items()},
    )


def _settled_ends(connection: psycopg.Connection[DictRow], topic_id: str | None) -> dict[int, int]:
    """Return up to which offsets all is the relay's and settled; none where they are those of an earlier topic."""
    row = connection.execute(
        "select kafka_end from ledger.relay_checkpoint where name = 'entries' and coalesce(topic_id, %s) = %s",
        (topic_id, topic_id),
    ).fetchone()
    return {} if row is None else {int(n): end for n, end in row["kafka_end"].items()}


def check_not_ahead(tail: Tail, cursor: Cursor[DictRow]) -> None:
    """Raise `KafkaAheadError` with the cure where Kafka's last entries are not PostgreSQL's, byte for byte."""
    for partition, payload in tail.last.items():
        position = tail.positions[partition]
        row = cursor.execute(
            "select originator_id, originator_version, topic, state, notification_id from ledger.stored_events"
            " where notification_id = %s",
            (position,),
        ).fetchone()
        if row is None:
            raise KafkaAheadError(
                f"{ENTRIES} partition {partition} holds entry {position}, which PostgreSQL does not: PostgreSQL was "
                "probably restored from an older backup; nothing was written. Bring back what is missing with "
                "`custody recover`, then start again"
            )
        ours = payload_of(row)
        if ours != payload:
            raise KafkaAheadError(
                f"entry {position} differs between PostgreSQL and {ENTRIES} partition {partition}: PostgreSQL was "
                "written to after an older backup was restored, so that two stories stand under one position, or "
                "DATABASE_URL and KAFKA_BOOTSTRAP_SERVERS lead to two ledgers; nothing was written. Restore PostgreSQL "
                "again to before that and run `custody recover`, or set the two of one ledger; then start again"
            )
