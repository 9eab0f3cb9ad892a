"""Mends a gap of kafka-python 3.0: a join that was begun, and that the client then no longer thinks it needs.

A poll that ends before the join is through leaves the rest to the next poll. But the leader's own part of a join
takes the reason for it away (the partitions it knows are those it shares out), and then no poll goes on with it:
without a word the member sends no heartbeat and reads nothing any more. So it was with a process that stood still for
a moment while it joined. Apache Kafka's own client counts a join that is under way as needed: so do we.
"""

from kafka import KafkaConsumer


def go_on_with_pending_join(consumer: KafkaConsumer) -> None:
    """Have the next poll end a join that an earlier one began. Called between polls, by the thread that polls."""
    coordinator = consumer._coordinator
    if coordinator.rejoining:
        coordinator.request_rejoin()
