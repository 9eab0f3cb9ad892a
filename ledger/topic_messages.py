"""Every message of a topic of one partition, in order, from the first to the one that was last when reading began."""

import re
import time
from collections import deque
from typing import Any, Final

from kafka import KafkaConsumer, TopicPartition
from kafka.errors import CorruptRecordError

from ledger.unpacking import unpack_quickly

AT_ONCE: Final = 2000
GLANCE_MS: Final = 200
PATIENCE_SECONDS: Final = 30.0


class TopicMessages:
    """Gives messages one by one; those of broken-off transactions and damaged ones are passed over."""

    def __init__(self, bootstrap: str, topic: str) -> None:
        self.damaged: list[int] = []
        """Offsets at which a message failed its checksum."""
        self._topic = topic
        self._partition = TopicPartition(topic, 0)
        self._records: deque[Any] = deque()
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
        self._consumer = unpack_quickly(consumer)
        self._consumer.assign([self._partition])
        self._end = self._consumer.end_offsets([self._partition])[self._partition]
        self._consumer.seek(self._partition, self._consumer.beginning_offsets([self._partition])[self._partition])

    def peek(self) -> Any | None:
        """Return the next message and leave it there; None at the end. Raises `TimeoutError` when Kafka is silent."""
        moved_at = time.monotonic()
        while not self._records and (before := self._consumer.position(self._partition)) < self._end:
            try:
                # what was broken off brings nothing, however long it is waited for; but the position moves
                polled = self._consumer.poll(timeout_ms=GLANCE_MS, max_records=AT_ONCE)
            except CorruptRecordError as error:
                self._pass_over(error)
                continue
            for records in polled.values():
                self._records.extend(record for record in records if record.offset < self._end)
            if self._consumer.position(self._partition) > before:
                moved_at = time.monotonic()
            elif time.monotonic() - moved_at > PATIENCE_SECONDS:
                raise TimeoutError(f"{self._topic}: no answer from Kafka within {PATIENCE_SECONDS:.0f} s")
        return self._records[0] if self._records else None

    def take(self) -> None:
        """Go on behind the message that `peek` gave."""
        self._records.popleft()

    def close(self) -> None:
        """Close the connection."""
        self._consumer.close(autocommit=False)

    def _pass_over(self, error: CorruptRecordError) -> None:
        if re.search(r"partition=(\d+)\)", str(error)) is None:
            raise error
        offset = self._consumer.position(self._partition)
        self.damaged.append(offset)
        self._consumer.seek(self._partition, offset + 1)
