"""Transactions that Kafka calls complete and left open all the same: found, and ended before anything is told again.

A broker that is killed while it ends a transaction goes on with it when it is started again. If its old registration
runs out at that moment, no partition has a leader, which the coordinator takes for topics that were deleted: it writes
no marker to them and calls the transaction complete (seen with Kafka 4.4.0: "couldn't find leader endpoint [...] likely
deleted already and hence can be skipped"). What was sent stays hidden from every reader, and the next marker of the
same producer brings it to light, beside what was told again because nobody could see it: an item told twice.

Only for topics that one role alone writes to, in transactions: whatever is open there, while that role has nothing
under way, was left open. Ending it needs the right to alter the cluster, where Kafka asks for rights.
"""

import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any, Final

from kafka import KafkaAdminClient, TopicPartition
from kafka.admin import AbortTransactionSpec
from kafka.errors import KafkaError

LOOK_SECONDS: Final = 10.0
"""Between two looks; what is open in both, from the same offset on, was left open."""
_ANSWER_MS: Final = 5_000
_PATIENCE_SECONDS: Final = 30.0


class LeftOpenError(KafkaError):  # type: ignore[misc]  # the library has no types
    """Kafka left a transaction open that it called complete; beginning again ends it and tells what was in it."""


class LeftOpen:
    """Ends what was left open on the topics of a role, and sees whether anything is, behind a role at work."""

    def __init__(self, bootstrap: str, topics: Iterable[str]) -> None:
        self._bootstrap = bootstrap
        self._topics = tuple(topics)
        self._seen: set[tuple[AbortTransactionSpec, int]] = set()
        self._look_at = time.monotonic() + LOOK_SECONDS

    def end(self) -> list[str]:
        """Break off whatever is open; return on which topics. Only after `init_transactions`: nothing is under way."""
        ended: list[str] = []
        patience = time.monotonic() + _PATIENCE_SECONDS
        with _admin(self._bootstrap) as admin:
            while True:
                try:
                    for one, _ in list(_open(admin, self._topics)):
                        admin.abort_transaction(one)
                        ended.append(one.topic_partition.topic)
                except KafkaError as error:  # topics that were made just now may not be led by anybody yet
                    if not error.retriable or time.monotonic() > patience:
                        raise
                    time.sleep(0.1)
                else:
                    return ended

    def look(self) -> None:
        """Look, if it is time; only between transactions. Raises `LeftOpenError` where one was left open."""
        if time.monotonic() < self._look_at:
            return
        try:
            with _admin(self._bootstrap) as admin:
                found = set(_open(admin, self._topics))
        except KafkaError:
            found = set()  # it does not answer: whether something is open can be seen when it does again
        self._look_at = time.monotonic() + LOOK_SECONDS
        for one, offset in found & self._seen:
            raise LeftOpenError(f"{one.topic_partition.topic} is left open from offset {offset} on; begun again")
        self._seen = found


def _open(admin: Any, topics: Iterable[str]) -> Iterator[tuple[AbortTransactionSpec, int]]:
    """Yield what would end each transaction that is open on the one partition of topics, and where it begins."""
    for partition, state in admin.describe_producers([TopicPartition(topic, 0) for topic in topics]).items():
        for producer in state.active_producers:
            offset = producer.current_transaction_start_offset
            if offset >= 0:
                yield AbortTransactionSpec(partition, producer.producer_id, producer.producer_epoch), offset


@contextmanager
def _admin(bootstrap: str) -> Iterator[Any]:
    admin = KafkaAdminClient(
        bootstrap_servers=bootstrap,
        client_id="custody-left-open",
        bootstrap_timeout_ms=_ANSWER_MS,
        request_timeout_ms=_ANSWER_MS,
    )
    try:
        yield admin
    finally:
        admin.close()
