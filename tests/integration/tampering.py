"""Changing what cannot be changed: messages of a topic told anew, otherwise; rows of `ledger.publications`."""

from collections.abc import Sequence
from typing import Any

from kafka import KafkaConsumer, KafkaProducer, TopicPartition

from tests.conftest import empty_topics
from tests.integration.running import PATIENCE_SECONDS

Message = tuple[bytes, list[tuple[str, bytes]]]
"""Value and headers."""


def messages_of(bootstrap: str, topic: str) -> list[Message]:
    """Return what stands on a topic of one partition."""
    consumer = KafkaConsumer(
        bootstrap_servers=bootstrap,
        group_id=None,
        enable_auto_commit=False,
        auto_offset_reset="none",
        isolation_level="read_committed",
    )
    try:
        partition = TopicPartition(topic, 0)
        consumer.assign([partition])
        end = consumer.end_offsets([partition])[partition]
        consumer.seek_to_beginning(partition)
        found: list[Any] = []
        while consumer.position(partition) < end:
            found += consumer.poll(timeout_ms=1000).get(partition, ())
        return [(record.value, list(record.headers)) for record in found]
    finally:
        consumer.close()


def put(bootstrap: str, topic: str, messages: Sequence[Message]) -> None:
    """Make a topic anew, with these messages on it."""
    empty_topics(bootstrap, topic)
    producer = KafkaProducer(bootstrap_servers=bootstrap, acks="all", linger_ms=5)
    sent = [producer.send(topic, value=value, headers=headers, partition=0) for value, headers in messages]
    for future in sent:
        future.get(timeout=PATIENCE_SECONDS)
    producer.close()
