"""Every message of a topic of one partition, in order, from the first to the one that was last when reading began."""

import time
from collections import deque
from typing import Any, Final, NamedTuple

from kafka import KafkaConsumer, TopicPartition

from ledger.kafka.genuine import NumberOf
from ledger.kafka.record_batches import KafkaRecord, unpack_quickly

AT_ONCE: Final = 2000
GLANCE_MS: Final = 200
PATIENCE_SECONDS: Final = 30.0
MOST_KEPT: Final = 1000
"""Foreign messages kept to be named; of more it is said how many."""


class NumberedMessage(NamedTuple):
    """A message of the ledger's, and its number."""

    number: int
    record: Any


class TopicMessages:
    """Gives the ledger's messages one by one; those of broken-off transactions are passed over.

    `number_of` says which are the ledger's. What is damaged or foreign is passed over as well, and told.
    """

    def __init__(self, bootstrap: str, topic: str, number_of: NumberOf) -> None:
        self.damaged: list[int] = []
        """Offsets at which a batch of messages cannot be read."""
        self.foreign: list[Any] = []
        """Records that are not the ledger's, passed over so far and not taken away since."""
        self.foreign_more = 0
        self._number_of = number_of
        self._topic = topic
        self._partition = TopicPartition(topic, 0)
        self._records: deque[Any] = deque()
        self._next: NumberedMessage | None = None
        consumer = KafkaConsumer(
            bootstrap_servers=bootstrap.split(","),
            client_id="custody-whole-topic",
            group_id=None,
            enable_auto_commit=False,
            auto_offset_reset="none",
            isolation_level="read_committed",
            allow_auto_create_topics=False,
            max_poll_records=AT_ONCE,
            fetch_max_wait_ms=100,
            fetch_max_bytes=16 * 1_048_576,
            max_partition_fetch_bytes=1_048_576,
            check_crcs=True,
            metrics_enabled=False,
        )
        self._consumer = unpack_quickly(consumer, give_damaged=True)
        self._consumer.assign([self._partition])
        self._end = self._consumer.end_offsets([self._partition])[self._partition]
        self._consumer.seek(self._partition, self._consumer.beginning_offsets([self._partition])[self._partition])

    def peek(self) -> NumberedMessage | None:
        """Return the next message and leave it there; None at the end. Raises `TimeoutError` when Kafka is silent."""
        while self._next is None and self._more():
            record = self._records.popleft()
            if not isinstance(record, KafkaRecord):
                self.damaged.append(record.first_offset)
                continue
            number = self._number_of(record)
            if number is not None:
                self._next = NumberedMessage(number, record)
            elif len(self.foreign) < MOST_KEPT:
                self.foreign.append(record)
            else:
                self.foreign_more += 1
        return self._next

    def take(self) -> None:
        """Go on behind the message that `peek` gave."""
        self._next = None

    def close(self) -> None:
        """Close the connection."""
        self._consumer.close(autocommit=False)

    def _more(self) -> bool:
        """Return whether there is a record to look at, fetching the next ones."""
        moved_at = time.monotonic()
        while not self._records and (before := self._consumer.position(self._partition)) < self._end:
            # what was broken off brings nothing, however long it is waited for; but the position moves
            for records in self._consumer.poll(timeout_ms=GLANCE_MS, max_records=AT_ONCE).values():
                self._records.extend(record for record in records if record.offset < self._end)
            if self._consumer.position(self._partition) > before:
                moved_at = time.monotonic()
            elif time.monotonic() - moved_at > PATIENCE_SECONDS:
                raise TimeoutError(f"{self._topic}: no answer from Kafka within {PATIENCE_SECONDS:.0f} s")
        return bool(self._records)
