"""The last entry on each partition of `custody.entries`: how far Kafka is, and whether PostgreSQL says the same."""

from dataclasses import dataclass

import orjson
from kafka import KafkaConsumer, TopicPartition
from psycopg import Cursor
from psycopg.rows import DictRow

from ledger.looking_back import payload_of
from ledger.topics import ENTRIES, ENTRIES_PARTITIONS

PATIENCE_MS = 30_000


class KafkaAheadError(Exception):
    """Kafka holds entries that PostgreSQL does not: writing on would tell two stories under one position."""


@dataclass(frozen=True, slots=True)
class Tail:
    """Per partition: the end offset, and the position and bytes of the last entry (0 and nothing when empty)."""

    ends: dict[int, int]
    positions: dict[int, int]
    last: dict[int, bytes]


def read_tail(bootstrap: str) -> Tail:
    """Read the last entry of each partition of `custody.entries`."""
    consumer = tail_consumer(bootstrap)
    try:
        partitions = [TopicPartition(ENTRIES, n) for n in range(ENTRIES_PARTITIONS)]
        consumer.assign(partitions)
        ends = consumer.end_offsets(partitions)
        begins = consumer.beginning_offsets(partitions)
        waiting = {p for p in partitions if ends[p] > begins[p]}
        for partition in partitions:
            consumer.seek(partition, max(ends[partition] - 1, begins[partition]))
        last: dict[int, bytes] = {}
        while waiting:
            polled = consumer.poll(timeout_ms=PATIENCE_MS)
            if not polled:
                raise TimeoutError(f"{ENTRIES}: no answer from Kafka at {bootstrap} within {PATIENCE_MS // 1000} s")
            for partition, records in polled.items():
                last[partition.partition] = records[-1].value
                if consumer.position(partition) >= ends[partition]:
                    waiting.discard(partition)
    finally:
        consumer.close(autocommit=False)
    return Tail(
        ends={partition.partition: end for partition, end in ends.items()},
        positions={n: orjson.loads(last[n])["position"] if n in last else 0 for n in range(ENTRIES_PARTITIONS)},
        last=last,
    )


def tail_consumer(bootstrap: str) -> KafkaConsumer:
    """Return a consumer to look at the ends of topics with."""
    return KafkaConsumer(
        bootstrap_servers=bootstrap,
        client_id="custody-tail",
        group_id=None,
        enable_auto_commit=False,
        auto_offset_reset="none",
        isolation_level="read_committed",
        allow_auto_create_topics=False,
        metrics_enabled=False,
    )


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
