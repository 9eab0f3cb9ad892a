"""Telling on Kafka in one transaction: all of it or nothing, and a second process with the same id fences the first."""

from collections.abc import Iterable, Mapping
from typing import Final

from kafka import KafkaProducer, TopicPartition

from ledger.kafka.seals import Seals
from producers.kafka.batches import Envelope, Outgoing, append

SEND_SECONDS: Final = 60.0
TRANSACTION_MS = 60_000
"""A process that stands still for longer finds its transaction broken off by Kafka."""
SOURCE: Final = "/custody-ledger"


def transactional_producer(bootstrap: str, name: str) -> KafkaProducer:
    """Return the transactional producer of a role; a second one with its id fences the first."""
    return KafkaProducer(
        bootstrap_servers=bootstrap,
        client_id=name,
        transactional_id=name,
        enable_idempotence=True,
        acks="all",
        retries=2**31,
        delivery_timeout_ms=int(SEND_SECONDS * 1000),
        request_timeout_ms=20_000,
        transaction_timeout_ms=TRANSACTION_MS,
        max_in_flight_requests_per_connection=5,
        linger_ms=0,  # what is appended goes out at once: it is all there is
        batch_size=262_144,
        compression_type="lz4",
        retry_backoff_ms=10,
        max_request_size=64 * 1_048_576,  # before compression: the broker measures what comes out of it
        max_block_ms=30_000,
        allow_auto_create_topics=False,
        metrics_enabled=False,
    )


def sealed(seals: Seals, envelope: Envelope, topic: str, value: bytes, *, id: str, time: str) -> Outgoing:
    """Return a message of the ledger's own, with its seal (`ledger/kafka/genuine.py` knows it again)."""
    seal = seals.seal(topic.encode(), id.encode(), time.encode(), value)
    return Outgoing(value, envelope.stamped(time, seal).of(id))


def tell(producer: KafkaProducer, outgoing: Mapping[TopicPartition, Iterable[Outgoing]]) -> None:
    """Put messages on Kafka, all of them or none; returns when every one is confirmed."""
    producer.begin_transaction()
    sent = append(producer, outgoing)
    producer.commit_transaction()
    for future in sent:
        future.get(timeout=SEND_SECONDS)
