"""The private servers: what they promise to whoever has no servers of their own."""

import psycopg
import pytest
from kafka import KafkaAdminClient, KafkaConsumer, KafkaProducer, TopicPartition
from kafka.admin import ConfigResource
from kafka.errors import KafkaError

from custody.errors import Problem
from custody.servers.topics import create_topics
from ledger.topics import ENTRIES, LARGEST_MESSAGE_BYTES, TOPICS, Topic, intake
from tests.integration.running import PATIENCE_SECONDS


def test_postgres_has_on_disk_what_it_confirmed(database_url: str) -> None:
    """A commit is on disk before it is confirmed: fsync and synchronous_commit stay on in the private server."""
    wanted = {"fsync": "on", "synchronous_commit": "on", "full_page_writes": "on", "server_encoding": "UTF8"}
    with psycopg.connect(database_url) as connection:
        rows = connection.execute(
            "select name, setting from pg_settings where name = any(%s)", [list(wanted)]
        ).fetchall()
    assert dict(rows) == wanted


def test_postgres_lets_nobody_in_without_the_password(database_url: str) -> None:
    """Another user of the machine can reach the port and gets no further."""
    before, after = database_url.split("@")
    with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
        psycopg.connect(before.rsplit(":", 1)[0] + ":guess@" + after)


def test_the_broker_carries_the_largest_message_there_and_back(fresh_kafka: str) -> None:
    """Eight MiB is the limit senders are told; the broker takes a message of that size and gives it out whole."""
    value = b"x" * (LARGEST_MESSAGE_BYTES - 1_024)
    producer = KafkaProducer(
        bootstrap_servers=fresh_kafka, acks="all", max_request_size=2 * LARGEST_MESSAGE_BYTES, compression_type=None
    )
    try:
        producer.send(intake("ORR"), key=b"a-number:200000017", value=value, partition=2).get(timeout=PATIENCE_SECONDS)
    finally:
        producer.close()
    partition = TopicPartition(intake("ORR"), 2)
    consumer = _reader(fresh_kafka)
    try:
        consumer.assign([partition])
        consumer.seek(partition, 0)
        (record,) = consumer.poll(timeout_ms=1000 * PATIENCE_SECONDS)[partition]
    finally:
        consumer.close()
    assert record.value == value


def test_a_topic_nobody_declared_is_not_made_by_writing_to_it(kafka_bootstrap: str) -> None:
    """A misspelt topic name fails at its sender; with topics made on demand its messages would wait there unread."""
    producer = KafkaProducer(bootstrap_servers=kafka_bootstrap, max_block_ms=1_500, allow_auto_create_topics=True)
    try:
        with pytest.raises(KafkaError):
            producer.send("custody.intake.or", value=b"{}").get(timeout=5)
    finally:
        producer.close()
    assert "custody.intake.or" not in _topics(kafka_bootstrap)


def test_entries_are_kept_for_ever_and_never_compacted(kafka_bootstrap: str) -> None:
    """Whoever rebuilds from Kafka finds the first entry there: neither age, size nor a later entry removes it."""
    assert _topic_config(kafka_bootstrap, ENTRIES, "retention.ms", "retention.bytes", "cleanup.policy") == {
        "retention.ms": "-1",
        "retention.bytes": "-1",
        "cleanup.policy": "delete",
    }


def test_making_topics_again_changes_nothing(kafka_bootstrap: str) -> None:
    """Every start makes the topics; the second time there is nothing to make and what is there stays."""
    assert create_topics(kafka_bootstrap) == []
    assert {topic.name for topic in TOPICS} <= _topics(kafka_bootstrap)


def test_a_topic_with_too_few_partitions_is_named(kafka_bootstrap: str) -> None:
    """Roles would write to partitions that are not there: the start is refused, with the topic and both numbers."""
    (entries,) = (topic for topic in TOPICS if topic.name == ENTRIES)
    grown = Topic(ENTRIES, entries.partitions + 1, entries.config)
    with pytest.raises(Problem, match=r"custody\.entries .* has 4 partitions and needs 5"):
        create_topics(kafka_bootstrap, topics=(grown,))


def test_a_kafka_that_is_not_there_is_named_with_the_cure() -> None:
    """Exit code 4 of the command line: which server cannot be reached, and what to do."""
    with pytest.raises(Problem, match=r"127\.0\.0\.1:1 cannot be reached") as raised:
        create_topics("127.0.0.1:1", patience_ms=500)
    assert raised.value.exit_code == 4
    assert "KAFKA_BOOTSTRAP_SERVERS" in raised.value.message


def test_every_test_finds_its_topics_new_and_empty(fresh_kafka: str) -> None:
    """The fixture other tests stand on: what one test wrote, the next does not read."""
    partitions = [TopicPartition(topic.name, number) for topic in TOPICS for number in range(topic.partitions)]
    consumer = _reader(fresh_kafka)
    try:
        assert consumer.end_offsets(partitions) == dict.fromkeys(partitions, 0)
    finally:
        consumer.close()


def _reader(bootstrap: str) -> KafkaConsumer:
    return KafkaConsumer(
        bootstrap_servers=bootstrap,
        group_id=None,
        enable_auto_commit=False,
        auto_offset_reset="none",
        allow_auto_create_topics=False,
        fetch_max_bytes=2 * LARGEST_MESSAGE_BYTES,
        max_partition_fetch_bytes=2 * LARGEST_MESSAGE_BYTES,
    )


def _topics(bootstrap: str) -> set[str]:
    consumer = _reader(bootstrap)
    try:
        return set(consumer.topics())
    finally:
        consumer.close()


def _topic_config(bootstrap: str, topic: str, *names: str) -> dict[str, str]:
    admin = KafkaAdminClient(bootstrap_servers=bootstrap)
    try:
        found = admin.describe_configs([ConfigResource("topic", topic, names)], config_filter="all")["topic"][topic]
    finally:
        admin.close()
    return {name: config["value"] for name, config in found.items()}
