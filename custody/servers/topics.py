"""The ledger's topics on Kafka: made before any role starts, with every option spelled out."""

import time
from typing import Final

from ledger.topics import PUBLICATIONS, TOPICS, Topic

_TOLD_AGAIN: Final = ("custody.feed.", PUBLICATIONS)
"""How topics begin that PostgreSQL can tell again, byte for byte."""
_GONE_SECONDS: Final = 60.0


def create_topics(
    bootstrap: str, *, replication_factor: int = 1, topics: tuple[Topic, ...] = TOPICS, patience_ms: int = 15_000
) -> list[str]:
    """Create what is not there and return its names; raises `Problem` when a topic has too few partitions.

    Nothing is changed on a topic that exists: partitions added to it would put a child's later messages elsewhere
    than its earlier ones, and their order would be lost.
    """
    from kafka import KafkaAdminClient
    from kafka.errors import KafkaError, TopicAlreadyExistsError

    from custody.errors import UNREACHABLE, Problem

    try:
        admin = KafkaAdminClient(bootstrap_servers=bootstrap.split(","), bootstrap_timeout_ms=patience_ms)
    except KafkaError as failure:
        raise Problem(
            f"Kafka at {bootstrap} cannot be reached ({failure}); no topic was made. Start it, or set "
            "KAFKA_BOOTSTRAP_SERVERS to a Kafka that runs",
            UNREACHABLE,
        ) from failure
    try:
        wanted = {
            topic.name: {
                "num_partitions": topic.partitions,
                "replication_factor": replication_factor,
                "configs": dict(topic.config),
            }
            for topic in topics
        }
        answer = admin.create_topics(wanted, timeout_ms=30_000, raise_errors=False)
        created = [each["name"] for each in answer["topics"] if each["error_code"] == 0]
        for each in answer["topics"]:
            if each["error_code"] not in (0, TopicAlreadyExistsError.errno):
                raise Problem(
                    f"topic {each['name']} could not be made on Kafka at {bootstrap}: {each['error_message']}; "
                    "no role was started. Make it by hand, or give this client the right to"
                )
        admin.wait_for_topics(list(wanted), timeout_ms=30_000)
        there = {each["name"]: len(each["partitions"]) for each in admin.describe_topics(list(wanted))}
    except KafkaError as failure:
        raise Problem(
            f"Kafka at {bootstrap} did not answer while topics were made ({failure}); run it again", UNREACHABLE
        ) from failure
    finally:
        admin.close()
    for topic in topics:
        if there[topic.name] < topic.partitions:
            raise Problem(
                f"topic {topic.name} on Kafka at {bootstrap} has {there[topic.name]} partitions and needs "
                f"{topic.partitions}; no role was started. Use another Kafka, or delete the topic if nothing needs it"
            )
    return created


def make_again(bootstrap: str, names: list[str], *, replication_factor: int = 1) -> None:
    """Delete topics that PostgreSQL can tell again, and make them empty; raises `Problem` for any other.

    The role that tells them must not run meanwhile.
    """
    from kafka import KafkaAdminClient

    from custody.errors import WRONG_USAGE, Problem

    allowed = [topic for topic in TOPICS if topic.name.startswith(_TOLD_AGAIN)]
    chosen = tuple(topic for topic in allowed if topic.name in names)
    for name in names:
        if name not in {topic.name for topic in chosen}:
            raise Problem(
                f"{name} cannot be told again, so it was not deleted; those that can are "
                f"{', '.join(topic.name for topic in allowed)}",
                WRONG_USAGE,
            )
    admin = KafkaAdminClient(bootstrap_servers=bootstrap.split(","), bootstrap_timeout_ms=15_000)
    try:
        admin.delete_topics(names, timeout_ms=30_000, raise_errors=False)
    finally:
        admin.close()
    made: set[str] = set()
    deadline = time.monotonic() + _GONE_SECONDS
    while made != set(names):  # deleting goes on after Kafka has said yes
        made.update(create_topics(bootstrap, replication_factor=replication_factor, topics=chosen))
        if time.monotonic() > deadline:
            raise Problem(f"Kafka did not delete {', '.join(set(names) - made)} in time; run this again")
        time.sleep(0.2)
