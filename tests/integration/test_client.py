"""The agency's client against a real Kafka: what it sends, what it reads, and what it says when it cannot."""

import json
import os
import signal
import socket
import time
from collections.abc import Iterator
from threading import Thread
from typing import Any

import orjson
import pytest
from kafka import KafkaAdminClient, KafkaConsumer, KafkaProducer, TopicPartition
from kafka.admin import ConfigResource
from kafka.errors import MessageSizeTooLargeError
from kafka.partitioner.default import murmur2

from custody.servers import embedded
from ledger.agencies import Agency
from ledger.topics import INTAKE_PARTITIONS, LARGEST_MESSAGE_BYTES, intake, outcomes
from producers.client.errors import (
    BrokerUnreachableError,
    MessageTooLargeError,
    NoOutcomeError,
    NotSentError,
    TopicMissingError,
)
from producers.client.sending import ON_ITS_WAY, Sender
from producers.client.submissions import AgencyClient
from tests.integration.flow import until
from tests.integration.running import PATIENCE_SECONDS

ADMITTED = "custody.admitted-to-program.v1"
DATA: dict[str, Any] = {
    "child": [{"scheme": "a-number", "value": "A200-000-017"}, {"scheme": "orr-id", "value": "88123"}],
    "occurred_at": "2022-01-12",
    "source": {"document": "P-1", "reference": "P1-17", "grade": "document"},
    "door": "feed",
    "fact": {"program": "Casa Ficticia"},
}


@pytest.fixture
def orr(fresh_kafka: str) -> Iterator[AgencyClient]:
    with AgencyClient(fresh_kafka, "ORR", system="/orr/uc-portal") as client:
        yield client


def on_intake(bootstrap: str, agency: Agency) -> list[Any]:
    """Return every record of the agency's intake topic."""
    consumer = KafkaConsumer(
        bootstrap_servers=bootstrap, group_id=None, auto_offset_reset="earliest", enable_auto_commit=False
    )
    try:
        partitions = [TopicPartition(intake(agency), number) for number in range(INTAKE_PARTITIONS)]
        consumer.assign(partitions)
        ends = consumer.end_offsets(partitions)
        consumer.seek_to_beginning(*partitions)
        records: list[Any] = []
        while any(consumer.position(partition) < ends[partition] for partition in partitions):
            for found in consumer.poll(timeout_ms=500).values():
                records += found
        return records
    finally:
        consumer.close()


def answer(bootstrap: str, agency: Agency, *bodies: tuple[str, dict[str, Any]]) -> None:
    """Put outcomes on the agency's topic, as the relay does: pairs of `ce_id` and body."""
    producer = KafkaProducer(bootstrap_servers=bootstrap, acks="all")
    try:
        for ce_id, body in bodies:
            headers = [("ce_specversion", b"1.0"), ("ce_id", ce_id.encode())]
            producer.send(outcomes(agency), value=orjson.dumps(body), headers=headers, partition=0).get(
                timeout=PATIENCE_SECONDS
            )
    finally:
        producer.close()


def outcome(id: str, status: str, position: int, source: str = "/orr/uc-portal") -> dict[str, Any]:
    return {"submission": {"source": source, "id": id}, "status": status, "position": position, "findings": []}


def test_a_submission_is_a_cloudevent_in_binary_mode_keyed_by_its_first_identifier(
    orr: AgencyClient, fresh_kafka: str
) -> None:
    """Any CloudEvents reader can read it; the key is the first identifier in its one spelling, so order is kept."""
    sent = orr.send(ADMITTED, DATA, id="e-1", sent_at="2022-01-12T10:00:00-05:00", extensions=[("trace", "t-9")])
    orr.settle()
    (record,) = on_intake(fresh_kafka, "ORR")
    assert sent == ("/orr/uc-portal", "e-1")
    assert dict(record.headers) == {
        "ce_specversion": b"1.0",
        "ce_id": b"e-1",
        "ce_source": b"/orr/uc-portal",
        "ce_type": ADMITTED.encode(),
        "ce_time": b"2022-01-12T10:00:00-05:00",
        "content-type": b"application/json",
        "ce_trace": b"t-9",
    }
    assert record.key == b"a-number:200000017"
    assert record.partition == (murmur2(record.key) & 0x7FFFFFFF) % INTAKE_PARTITIONS
    assert json.loads(record.value) == DATA


def test_a_structured_event_is_sent_to_the_letter_under_the_same_key(orr: AgencyClient, fresh_kafka: str) -> None:
    """`custody submit` changes nothing of what it is given, and both modes of one child lie on one partition."""
    event = json.dumps({"specversion": "1.0", "id": "e-2", "source": "/x", "type": ADMITTED, "data": DATA}).encode()
    assert orr.send_event(event) == ("/x", "e-2")
    assert orr.send_event(b'{"data": {"child": []}}') is None
    orr.settle()
    by_key = {record.key: record for record in on_intake(fresh_kafka, "ORR")}
    assert by_key[b"a-number:200000017"].value == event
    assert by_key[b"a-number:200000017"].headers == [("content-type", b"application/cloudevents+json")]
    assert None in by_key


def test_messages_of_one_child_keep_their_order(orr: AgencyClient, fresh_kafka: str) -> None:
    """A thousand messages about one child lie on one partition as they were sent."""
    for number in range(1000):
        orr.send(ADMITTED, DATA, id=f"e-{number}")
    orr.settle()
    records = on_intake(fresh_kafka, "ORR")
    assert len({record.partition for record in records}) == 1
    assert [dict(record.headers)["ce_id"].decode() for record in records] == [f"e-{n}" for n in range(1000)]


def test_an_outcome_that_comes_twice_is_read_once(orr: AgencyClient, fresh_kafka: str) -> None:
    """The relay may repeat an outcome under its `ce_id`; a second outcome of its own is another one."""
    key = orr.send(ADMITTED, DATA, id="e-3")
    first, second = outcome("e-3", "accepted", 5), outcome("e-3", "duplicate", 5)
    answer(fresh_kafka, "ORR", ("entry-5", first), ("entry-5", first), ("outcome-1", second), ("outcome-1", second))
    assert orr.outcome(key).body == first
    assert orr.outcome(key).status == "duplicate"
    with pytest.raises(NoOutcomeError):
        orr.outcome(key, timeout_seconds=1)


def test_outcomes_of_before_and_of_other_senders_are_not_taken_for_ours(fresh_kafka: str) -> None:
    """The position is taken when the client is made; another system's id is another key."""
    answer(fresh_kafka, "ORR", ("entry-1", outcome("e-4", "refused", 1)))
    with AgencyClient(fresh_kafka, "ORR", system="/orr/uc-portal") as orr:
        key = orr.send(ADMITTED, DATA, id="e-4")
        answer(
            fresh_kafka,
            "ORR",
            ("entry-2", outcome("e-4", "refused", 2, source="/orr/other")),
            ("entry-3", outcome("e-4", "accepted", 3)),
        )
        assert orr.outcome(key).body["position"] == 3


def test_a_missing_outcome_says_what_is_safe_and_what_to_look_at(orr: AgencyClient) -> None:
    """Nobody answers where no ledger runs: the wait is bounded and the message names the cure."""
    key = orr.send(ADMITTED, DATA, id="e-5")
    with pytest.raises(NoOutcomeError, match=r"no outcome came for 0\.5 s.*safe on Kafka.*custody status"):
        orr.outcome(key, timeout_seconds=0.5)


def test_a_message_above_eight_mebibytes_is_not_sent_at_all(orr: AgencyClient, fresh_kafka: str) -> None:
    """The sender learns the limit before anything left; what lies below it arrives, whatever it is made of."""
    with pytest.raises(MessageTooLargeError, match=r"the limit is 8388608; nothing of it was sent"):
        orr.send(ADMITTED, bytes(LARGEST_MESSAGE_BYTES))
    largest = LARGEST_MESSAGE_BYTES - 5_000
    orr.send(ADMITTED, bytes(range(256)) * (largest // 256), id="large")
    orr.settle()
    (record,) = on_intake(fresh_kafka, "ORR")
    assert len(record.value) > LARGEST_MESSAGE_BYTES - 6_000


def test_what_is_on_its_way_is_bounded(servers: embedded.Running, fresh_kafka: str) -> None:
    """While Kafka does not answer, sending waits instead of filling the memory; afterwards everything is there."""
    sender = Sender(fresh_kafka, "ORR")

    def send() -> None:
        for number in range(30_000):
            sender.send(b"{}", key=None, headers=[], label=str(number), partition=number % INTAKE_PARTITIONS)
        sender.settle()

    sending = Thread(target=send)
    servers.kafka.send_signal(signal.SIGSTOP)
    try:
        sending.start()
        until(lambda: sender.on_its_way >= ON_ITS_WAY)
        sending.join(timeout=2)
        assert sending.is_alive()
        assert sender.on_its_way <= ON_ITS_WAY + 500
    finally:
        servers.kafka.send_signal(signal.SIGCONT)
    sending.join(timeout=PATIENCE_SECONDS)
    assert sender.on_its_way == 0
    sender.close()
    assert len(on_intake(fresh_kafka, "ORR")) == 30_000


def test_closing_takes_seconds_while_kafka_does_not_answer(servers: embedded.Running, fresh_kafka: str) -> None:
    """Whoever gives up gets the terminal back, without a word of the Kafka client's own."""
    client = AgencyClient(fresh_kafka, "ORR")
    servers.kafka.send_signal(signal.SIGSTOP)
    try:
        client.send(ADMITTED, DATA)
        began = time.monotonic()
        client.abandon()
        assert time.monotonic() - began < 60
    finally:
        servers.kafka.send_signal(signal.SIGCONT)


def test_nobody_at_the_address_is_told_at_once_with_the_cure() -> None:
    """The address and what to start are named; nobody waits ten seconds for a closed port."""
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{unused.getsockname()[1]}"
    with pytest.raises(BrokerUnreachableError, match=rf"Kafka at {address} cannot be reached.*custody up"):
        AgencyClient(address, "ORR")
    with pytest.raises(BrokerUnreachableError, match="no port number"):
        AgencyClient("127.0.0.1:kafka", "ORR")


def test_a_kafka_without_the_ledgers_topics_is_told_apart(kafka_bootstrap: str) -> None:
    """A Kafka that answers but has no topics was not made ready; it is not made ready behind anybody's back."""
    with pytest.raises(TopicMissingError, match=r"no topic custody\.intake\.nobody.*custody topics"):
        Sender(kafka_bootstrap, "ORR", topic="custody.intake.nobody")


@pytest.fixture
def small_messages_only(fresh_kafka: str) -> str:
    """Give a Kafka that turns down messages above 20,000 bytes on ORR's intake topic."""
    admin = KafkaAdminClient(bootstrap_servers=fresh_kafka)
    admin.alter_configs([ConfigResource("TOPIC", intake("ORR"), {"max.message.bytes": "20000"})])
    admin.close()
    probe = KafkaProducer(bootstrap_servers=fresh_kafka)
    deadline = time.monotonic() + PATIENCE_SECONDS
    try:
        while time.monotonic() < deadline:  # the setting takes a moment
            probe.send(intake("ORR"), value=os.urandom(100_000), partition=3).get(timeout=PATIENCE_SECONDS)
        pytest.fail("Kafka goes on taking large messages")
    except MessageSizeTooLargeError:
        pass
    finally:
        probe.close()
    return fresh_kafka


@pytest.mark.parametrize("seconds", [0, 1.5])
def test_a_message_kafka_turns_down_is_never_taken_for_sent(small_messages_only: str, seconds: float) -> None:
    """`flush` of the Kafka client returns normally after a failed send; ours names the first message it lost.

    Whether we ask before Kafka's answer is there, or long after.
    """
    sender = Sender(small_messages_only, "ORR")
    try:
        sender.send(b"{}", key=b"a", headers=[], label="the small one", partition=0)
        sender.settle()
        sender.send(os.urandom(100_000), key=b"b", headers=[], label="the large one", partition=1)
        sender.send(b"{}", key=b"a", headers=[], label="the next one", partition=0)
        time.sleep(seconds)
        with pytest.raises(NotSentError, match="the first is the large one"):
            sender.settle()
    finally:
        sender.close()
