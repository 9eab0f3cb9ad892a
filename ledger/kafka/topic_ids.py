"""Which making of a topic an offset belongs to: a topic that is deleted and made again keeps its name only (KIP-516).

Its offsets begin anew, so an offset that was kept under the name alone would pass over its first messages as soon as
it has grown beyond it. Whoever keeps offsets keeps the `TopicId` beside them, and begins again where it is another.
"""

from collections.abc import Iterable
from typing import Final
from uuid import UUID

from kafka import KafkaAdminClient, KafkaConsumer

from ledger.topics import TopicId

REACH_MS: Final = 30_000


def topic_ids(bootstrap: str, topics: Iterable[str]) -> dict[str, TopicId]:
    """Ask Kafka for the ids of topics; one that is not there has none. Raises `KafkaError` where Kafka is silent."""
    names = list(topics)
    admin = KafkaAdminClient(
        bootstrap_servers=bootstrap.split(","), client_id="custody-topic-ids", bootstrap_timeout_ms=REACH_MS
    )
    try:
        cluster = str(admin.describe_cluster()["cluster_id"])
        return {
            each["name"]: TopicId(cluster, UUID(str(each["topic_id"])))
            for each in admin.describe_topics(names)
            if each["error_code"] == 0
        }
    finally:
        admin.close()


def topic_ids_seen(consumer: KafkaConsumer, topics: Iterable[str]) -> dict[str, TopicId]:
    """Return the ids that a consumer last heard of, without asking: also on its network thread, and as old as that.

    Leans on the inside of kafka-python 3.0; what it hears is as old as its `metadata_max_age_ms` at most.
    """
    metadata = consumer._cluster
    found = {}
    for topic in topics:
        id = metadata.topic_id(topic)
        # of a topic that is gone for a moment, Kafka says the id 0
        if id is not None and UUID(str(id)).int and metadata.cluster_id is not None:
            found[topic] = TopicId(str(metadata.cluster_id), UUID(str(id)))
    return found


__all__ = ["TopicId", "topic_ids", "topic_ids_seen"]
