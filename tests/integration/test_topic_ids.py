"""Offsets belong to one making of a topic, told by its id."""

from kafka import KafkaConsumer

from ledger.kafka.topic_ids import topic_ids, topic_ids_seen
from ledger.topics import ENTRIES, intake
from tests.conftest import empty_topics


def test_a_topic_made_again_has_another_id_on_the_same_cluster(fresh_kafka: str) -> None:
    """Name, partitions and offsets can be the same: only the id tells; a topic that is not there has none."""
    topic = intake("USCIS")
    before = topic_ids(fresh_kafka, [topic, ENTRIES, "no.such.topic"])
    empty_topics(fresh_kafka, topic)
    after = topic_ids(fresh_kafka, [topic, ENTRIES, "no.such.topic"])
    assert set(before) == set(after) == {topic, ENTRIES}
    assert before[topic].topic != after[topic].topic
    assert before[ENTRIES] == after[ENTRIES]
    assert {id.cluster for id in (*before.values(), *after.values())} == {before[ENTRIES].cluster}


def test_a_consumer_knows_the_ids_of_what_it_reads_without_asking(fresh_kafka: str) -> None:
    """What a consumer last heard says the same as what Kafka says when asked."""
    consumer = KafkaConsumer(bootstrap_servers=fresh_kafka, group_id=None, enable_auto_commit=False)
    try:
        assert consumer.partitions_for_topic(ENTRIES)
        assert topic_ids_seen(consumer, [ENTRIES, "no.such.topic"]) == topic_ids(fresh_kafka, [ENTRIES])
    finally:
        consumer.close()
