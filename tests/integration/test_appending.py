"""What is appended in whole batches stands on Kafka as if it had been sent message by message."""

import os
import signal
import time
import uuid
from collections.abc import Iterator, Sequence
from typing import Any

import pytest
from kafka import KafkaConsumer, KafkaProducer, TopicPartition
from kafka.errors import IllegalStateError, KafkaError, MessageSizeTooLargeError, ProducerFencedError

from custody.servers import embedded
from custody.servers.topics import create_topics
from ledger.kafka.cloudevents import binary_headers
from ledger.kafka.record_batches import unpack_quickly
from ledger.topics import LARGEST_MESSAGE_BYTES, Topic
from producers.feeds.publishing import feeds_producer
from producers.kafka.batches import Envelope, Outgoing, append
from producers.relay import relay_producer

AT = "2022-03-04T19:20:00.000001Z"
SIZES = [0, 1, 63, 64, 127, 128, 8191, 8192, 8193, 200_000, 1_048_575, 1_048_576, 3_000_000]
"""About every length at which the protocol takes one byte more to write it, and beyond a batch."""


@pytest.fixture
def topic(kafka_bootstrap: str) -> str:
    """A topic of three partitions, as large messages as the ledger's, and nothing on it."""
    name = f"appended.{uuid.uuid4().hex}"
    create_topics(kafka_bootstrap, topics=(Topic(name, 3, {"max.message.bytes": str(LARGEST_MESSAGE_BYTES)}),))
    return name


@pytest.fixture
def producer(kafka_bootstrap: str) -> Iterator[KafkaProducer]:
    """The relay's producer."""
    made = relay_producer(kafka_bootstrap)
    yield made
    made.close(timeout=10)


def on_topic(bootstrap: str, topic: str, partition: int) -> list[Any]:
    """Return what a reader of committed messages finds, the same as what the ledger's own readers find."""
    found = read(bootstrap, TopicPartition(topic, partition))
    quickly = read(bootstrap, TopicPartition(topic, partition), quickly=True)
    assert shown(quickly) == shown(found)
    if found:  # and from the middle of a batch
        behind = read(bootstrap, TopicPartition(topic, partition), quickly=True, after=found[len(found) // 2].offset)
        assert shown(behind) == shown(found[len(found) // 2 + 1 :])
    return found


def shown(records: Sequence[Any]) -> list[tuple[Any, ...]]:
    return [(r.topic, r.partition, r.offset, r.timestamp, r.key, r.value, r.headers) for r in records]


def read(bootstrap: str, place: TopicPartition, *, quickly: bool = False, after: int = -1) -> list[Any]:
    consumer = KafkaConsumer(
        bootstrap_servers=bootstrap,
        group_id=None,
        enable_auto_commit=False,
        auto_offset_reset="earliest",
        isolation_level="read_committed",
        check_crcs=True,
    )
    try:
        consumer.assign([place])
        end = consumer.end_offsets([place])[place]
        consumer.seek(place, after + 1)
        if quickly:
            unpack_quickly(consumer)
        found: list[Any] = []
        while consumer.position(place) < end:
            found += consumer.poll(timeout_ms=1000).get(place, ())
        return found
    finally:
        consumer.close(autocommit=False)


def settle(sent: Sequence[Any]) -> list[Any]:
    return [future.get(timeout=60) for future in sent]


def numbered(first: int, last: int) -> list[Outgoing]:
    envelope = Envelope(source="/test", type="custody.test.v1")
    return [Outgoing(b"%d" % n, envelope.stamped(AT).of(str(n))) for n in range(first, last + 1)]


def test_messages_appended_read_as_messages_sent(kafka_bootstrap: str, topic: str, producer: KafkaProducer) -> None:
    """Values, keys, headers, order: of every size, with a key, an empty one and none, beyond what one batch holds."""
    envelope = Envelope(source="/custody-ledger", type="custody.test.v1", extra=("previous",))
    appended = []
    for number, size in enumerate(SIZES * 3):
        value, key = os.urandom(size), (None, b"", b"A" * (number * 100))[number % 3]
        id, previous = f"entry-é-{number}-{'x' * (number * 40)}", str(number - 1)
        appended.append(Outgoing(value, envelope.stamped(AT, previous).of(id), key))
        headers = binary_headers(
            id=id, source="/custody-ledger", type="custody.test.v1", time=AT, extra=[("previous", previous)]
        )
        producer.send(topic, value=value, key=key, headers=headers, partition=0)
    producer.flush()
    settle(append(producer, {TopicPartition(topic, 1): appended}))
    as_sent, as_appended = on_topic(kafka_bootstrap, topic, 0), on_topic(kafka_bootstrap, topic, 1)
    assert [(r.offset, r.key, r.value, r.headers) for r in as_appended] == [
        (r.offset, r.key, r.value, r.headers) for r in as_sent
    ]
    assert len(as_appended) == len(SIZES) * 3
    assert all(abs(r.timestamp / 1000 - time.time()) < 600 for r in as_appended)


def test_the_last_future_says_where_the_last_message_stands(
    kafka_bootstrap: str, topic: str, producer: KafkaProducer
) -> None:
    """The relay keeps by it how much Kafka had; thousands of messages are several batches, in their order."""
    large = [message._replace(value=message.value * 50) for message in numbered(10_000, 29_999)]
    sent = settle(append(producer, {TopicPartition(topic, 0): large, TopicPartition(topic, 2): large[:7]}))
    assert len(sent) > 4
    assert {(one.topic, one.partition): one.offset for one in sent} == {(topic, 0): 19_999, (topic, 2): 6}
    assert [record.value for record in on_topic(kafka_bootstrap, topic, 0)] == [message.value for message in large]


def test_messages_sent_and_appended_keep_their_order(kafka_bootstrap: str, topic: str, producer: KafkaProducer) -> None:
    """Both go through the same queue."""
    for n in range(1, 400, 2):
        producer.send(topic, value=b"%d" % n, partition=0)
        append(producer, {TopicPartition(topic, 0): numbered(n + 1, n + 1)})
    producer.flush()
    assert [int(record.value) for record in on_topic(kafka_bootstrap, topic, 0)] == list(range(1, 401))


def test_a_broker_that_stands_still_gets_every_message_once(
    servers: embedded.Running, kafka_bootstrap: str, topic: str
) -> None:
    """The client gives up waiting and sends the same batches again; their sequence numbers tell the broker."""
    producer = KafkaProducer(
        bootstrap_servers=kafka_bootstrap,
        enable_idempotence=True,
        acks="all",
        retries=2**31,
        request_timeout_ms=1000,
        delivery_timeout_ms=60_000,
        batch_size=4096,
        allow_auto_create_topics=False,
        metrics_enabled=False,
    )
    pid = servers.kafka.pid
    try:
        settle(append(producer, {TopicPartition(topic, 0): numbered(1, 1)}))
        os.kill(pid, signal.SIGSTOP)
        try:
            sent = append(producer, {TopicPartition(topic, 0): numbered(2, 500)})
            time.sleep(3)
            sent += append(producer, {TopicPartition(topic, 0): numbered(501, 1000)})
        finally:
            os.kill(pid, signal.SIGCONT)
        settle(sent)
    finally:
        producer.close(timeout=10)
    assert [int(record.value) for record in on_topic(kafka_bootstrap, topic, 0)] == list(range(1, 1001))


def test_a_transaction_holds_all_that_was_appended_or_nothing(kafka_bootstrap: str, topic: str) -> None:
    """On several partitions; one that is given up is read by nobody."""
    producer = feeds_producer(kafka_bootstrap)
    try:
        producer.init_transactions()
        for first, kept in ((1, True), (11, False), (21, True), (31, False)):
            producer.begin_transaction()
            messages = numbered(first, first + 9)
            sent = append(producer, {TopicPartition(topic, n): messages for n in range(3)})
            if kept:
                producer.commit_transaction()
                settle(sent)
            else:
                producer.flush()
                producer.abort_transaction()
    finally:
        producer.close(timeout=10)
    for partition in range(3):
        found = [int(record.value) for record in on_topic(kafka_bootstrap, topic, partition)]
        assert found == [*range(1, 11), *range(21, 31)]


def test_a_producer_that_was_fenced_commits_nothing(kafka_bootstrap: str, topic: str) -> None:
    """The second of its name ends what the first had begun."""
    zombie, other = feeds_producer(kafka_bootstrap), feeds_producer(kafka_bootstrap)
    try:
        zombie.init_transactions()
        zombie.begin_transaction()
        append(zombie, {TopicPartition(topic, 0): numbered(1, 10)})
        zombie.flush()
        other.init_transactions()
        append(zombie, {TopicPartition(topic, 1): numbered(1, 10)})
        with pytest.raises(KafkaError):
            zombie.commit_transaction()
        other.begin_transaction()
        append(other, {TopicPartition(topic, 0): numbered(11, 20)})
        other.commit_transaction()
    finally:
        zombie.close(timeout=2)
        other.close(timeout=10)
    assert [int(record.value) for record in on_topic(kafka_bootstrap, topic, 0)] == list(range(11, 21))
    assert on_topic(kafka_bootstrap, topic, 1) == []


def test_nothing_is_appended_outside_a_transaction_or_to_a_closed_producer(kafka_bootstrap: str, topic: str) -> None:
    """As `send` would refuse it."""
    producer = feeds_producer(kafka_bootstrap)
    producer.init_transactions()
    with pytest.raises(IllegalStateError):
        append(producer, {TopicPartition(topic, 0): numbered(1, 1)})
    producer.begin_transaction()
    producer.close(timeout=10)
    with pytest.raises((IllegalStateError, ProducerFencedError)):
        append(producer, {TopicPartition(topic, 0): numbered(1, 1)})
    assert on_topic(kafka_bootstrap, topic, 0) == []


def test_what_cannot_be_sent_is_refused_and_what_the_broker_refuses_is_told(
    kafka_bootstrap: str, topic: str, producer: KafkaProducer
) -> None:
    """A partition that is not there, a message beyond the client's limit, and one beyond the topic's."""
    envelope = Envelope(source="/test", type="custody.test.v1").stamped(AT).of("1")
    with pytest.raises(ValueError, match="no partition 3"):
        append(producer, {TopicPartition(topic, 3): numbered(1, 1)})
    with pytest.raises(MessageSizeTooLargeError):
        append(producer, {TopicPartition(topic, 0): [Outgoing(bytes(2 * LARGEST_MESSAGE_BYTES), envelope)]})
    random = os.urandom(LARGEST_MESSAGE_BYTES + 1)
    (sent,) = append(producer, {TopicPartition(topic, 0): [Outgoing(random, envelope)]})
    with pytest.raises(MessageSizeTooLargeError):
        sent.get(timeout=60)
    assert on_topic(kafka_bootstrap, topic, 0) == []


@pytest.mark.parametrize("topic", ["custody.outcomes.orr", "custody.feed.orr", "custody.alerts.orr"])
def test_what_agencies_read_is_compressed_so_that_every_client_reads_it(
    producer: KafkaProducer, fresh_kafka: str, topic: str
) -> None:
    """A client that knows no lz4, as many do, reads its outcomes, its feed and its alerts."""
    from kafka.record.default_records import DefaultRecordBatch

    headers = Envelope(source="/custody-ledger", type="custody.outcome.v1").stamped(AT)
    place = TopicPartition(topic, 0)
    messages = [Outgoing(b"x" * 500, headers.of(str(number))) for number in range(100)]
    for future in append(producer, {place: messages}):
        future.get(timeout=30)
    seen: list[int] = []
    before = DefaultRecordBatch.__init__

    def noted(batch: Any, buffer: Any) -> None:
        before(batch, buffer)
        seen.append(batch.compression_type)

    DefaultRecordBatch.__init__ = noted
    try:
        found = read(fresh_kafka, place)
    finally:
        DefaultRecordBatch.__init__ = before
    assert [record.value for record in found] == [b"x" * 500] * 100
    assert set(seen) == {DefaultRecordBatch.CODEC_GZIP}
