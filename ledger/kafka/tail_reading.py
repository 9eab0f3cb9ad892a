"""Reading the end of a partition: its last messages, however many a stranger has put behind those that count."""

import time
from collections.abc import Iterator, Mapping
from typing import Any, Final

from kafka import KafkaConsumer, TopicPartition

from ledger.kafka.genuine import NumberOf
from ledger.kafka.record_batches import unpack_quickly

PATIENCE_SECONDS: Final = 30.0
GLANCE_MS: Final = 100
AT_ONCE: Final = 2000
_FIRST_LOOK: Final = 512
"""Messages looked at from the end; eight times as many with each further look back."""


def tail_consumer(bootstrap: str) -> KafkaConsumer:
    """Return a consumer to look at the ends of topics with."""
    consumer = KafkaConsumer(
        bootstrap_servers=bootstrap,
        client_id="custody-tail",
        group_id=None,
        enable_auto_commit=False,
        auto_offset_reset="none",
        isolation_level="read_committed",
        allow_auto_create_topics=False,
        max_poll_records=AT_ONCE,
        metrics_enabled=False,
    )
    return unpack_quickly(consumer, give_damaged=True)


def between(consumer: KafkaConsumer, partition: TopicPartition, first: int, beyond: int) -> Iterator[list[Any]]:
    """Yield the records from one offset until before another, many together. Raises `TimeoutError`.

    Markers of transactions take offsets, too, and what was broken off brings nothing, however long it is waited for:
    the position moves all the same.
    """
    if first >= beyond:
        return
    consumer.assign([partition])  # and no other, of which nothing is asked
    consumer.seek(partition, first)
    moved_at = time.monotonic()
    while (before := consumer.position(partition)) < beyond:
        for records in consumer.poll(timeout_ms=GLANCE_MS).values():
            yield [record for record in records if record.offset < beyond]
        if consumer.position(partition) > before:
            moved_at = time.monotonic()
        elif time.monotonic() - moved_at > PATIENCE_SECONDS:
            raise TimeoutError(f"{partition.topic}: no answer from Kafka within {PATIENCE_SECONDS:.0f} s")


def backwards(begin: int, end: int) -> Iterator[tuple[int, int]]:
    """Yield ranges of offsets from the end to the beginning, each longer than the one before."""
    back = _FIRST_LOOK
    while end > begin:
        start = max(begin, end - back)
        yield start, end
        end, back = start, back * 8


def last_of(consumer: KafkaConsumer, topics: Mapping[str, NumberOf]) -> dict[str, tuple[int, bytes]]:
    """Return of each topic of one partition the message with the highest number at its end; 0 and nothing: none."""
    partitions = [TopicPartition(topic, 0) for topic in topics]
    begins, ends = consumer.beginning_offsets(partitions), consumer.end_offsets(partitions)
    return {
        partition.topic: _last_of(consumer, partition, begins[partition], ends[partition], topics[partition.topic])
        for partition in partitions
    }


def _last_of(
    consumer: KafkaConsumer, partition: TopicPartition, begin: int, end: int, number_of: NumberOf
) -> tuple[int, bytes]:
    found: tuple[int, bytes] = (0, b"")
    for first, beyond in backwards(begin, end):
        for records in between(consumer, partition, first, beyond):
            for record in records:
                number = number_of(record)
                if number is not None and number > found[0]:
                    found = (number, bytes(record.value))
        if found[0]:
            break
    return found
