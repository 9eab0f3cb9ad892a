"""Messages read once more from where they stood on their topic, if it is the same topic and still holds them."""

from typing import Final

from kafka import KafkaConsumer, TopicPartition
from kafka.errors import OffsetOutOfRangeError

from ledger.kafka.record_batches import DamagedBatch, KafkaRecord, unpack_quickly
from ledger.kafka.topic_ids import TopicId, topic_ids

PATIENCE_MS: Final = 10_000


def read_again(
    bootstrap: str, place: TopicPartition, id: TopicId | None, *, first: int, last: int
) -> list[KafkaRecord | DamagedBatch] | str:
    """Return what stands from offset `first` to `last`, or why it is not there. Raises `KafkaError`."""
    topic = place.topic
    now = topic_ids(bootstrap, [topic]).get(topic)
    if now is None or id is None or now != id:
        return f"{topic} was deleted and made again since, and holds it no longer"
    consumer = KafkaConsumer(
        bootstrap_servers=bootstrap.split(","),
        client_id="custody-again",
        group_id=None,
        enable_auto_commit=False,
        auto_offset_reset="none",
        isolation_level="read_committed",
        allow_auto_create_topics=False,
        check_crcs=True,
        metrics_enabled=False,
    )
    unpack_quickly(consumer, give_damaged=True)
    found: list[KafkaRecord | DamagedBatch] = []
    try:
        consumer.assign([place])
        end = consumer.end_offsets([place])[place]
        consumer.seek(place, first)
        while consumer.position(place) <= min(last, end - 1):
            polled = consumer.poll(timeout_ms=PATIENCE_MS)
            if not polled:
                break
            found += [record for record in polled[place] if record.offset <= last]
    except OffsetOutOfRangeError:
        return f"{topic} holds it no longer: messages are kept there for 30 days"
    finally:
        consumer.close(autocommit=False)
    return found or f"{topic} holds it no longer: messages are kept there for 30 days"
