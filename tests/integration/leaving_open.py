"""Transactions left open as Kafka's coordinator leaves them: called complete, without their end in some topics."""

from collections.abc import Collection, Iterator
from contextlib import contextmanager

from kafka import KafkaAdminClient, KafkaProducer, TopicPartition
from kafka.admin import ConfigResource

_VERIFIED = "transaction.partition.verification.enable"


@contextmanager
def left_open(bootstrap: str, producer: KafkaProducer, topics: Collection[str]) -> Iterator[None]:
    """Leave open in these topics what the producer sends meanwhile; to the producer all of it is committed.

    The coordinator never hears of these topics, so it writes no end to them; the broker, which asks it before it
    takes anything, is told not to.
    """
    manager = producer._transaction_manager
    add = manager.maybe_add_partition_to_transaction

    def pass_over(partition: TopicPartition) -> None:
        if partition.topic in topics:
            manager._partitions_in_transaction.add(partition)
        else:
            add(partition)

    _set(bootstrap, "false")
    manager.maybe_add_partition_to_transaction = pass_over
    try:
        yield
    finally:
        manager.maybe_add_partition_to_transaction = add
        _set(bootstrap, "true")


def _set(bootstrap: str, value: str) -> None:
    admin = KafkaAdminClient(bootstrap_servers=bootstrap)
    try:
        admin.alter_configs([ConfigResource("broker", "1", {_VERIFIED: value})])
    finally:
        admin.close()
