"""Every record of some topics, as they stand on Kafka."""

from collections.abc import Iterator
from typing import Any

from kafka import KafkaConsumer, TopicPartition

from ledger.topics import TOPICS


def records_of(bootstrap: str, topics: list[str]) -> Iterator[Any]:
    """Yield every record of these topics."""
    consumer = KafkaConsumer(
        bootstrap_servers=bootstrap,
        group_id=None,
        enable_auto_commit=False,
        auto_offset_reset="none",
        isolation_level="read_committed",
    )
    try:
        partitions = [
            TopicPartition(topic.name, number)
            for topic in TOPICS
            if topic.name in topics
            for number in range(topic.partitions)
        ]
        consumer.assign(partitions)
        ends = consumer.end_offsets(partitions)
        consumer.seek_to_beginning()
        while any(consumer.position(partition) < end for partition, end in ends.items()):
            for records in consumer.poll(timeout_ms=1000, max_records=5000).values():
                yield from records
    finally:
        consumer.close()
