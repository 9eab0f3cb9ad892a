"""One feed, read from behind a number on: items in order, every number there (contract: Topics).

An item of number n cannot stand before offset n - 1, since other records, Kafka's own marks of transactions among
them, only take up room. So the item after any number is found in a few looks, however long the feed.
"""

import time
from collections import deque
from typing import Any, Final

from kafka import KafkaConsumer, TopicPartition
from kafka.errors import KafkaError

from ledger.agencies import Agency
from ledger.topics import feed
from producers.client.errors import BrokerUnreachableError, TopicMissingError
from producers.client.feed_errors import FeedGapError, FeedLostError, FeedWentBackError, UnreadableItemError
from producers.client.feed_items import FeedItem, read_item
from producers.client.reaching import REACH_MS, reason, require_listener

AT_ONCE: Final = 2000
ASK_AFTER_SECONDS: Final = 5.0
"""The Kafka client says nothing when its broker is away; so after such a silence it is asked."""
PATIENCE_SECONDS: Final = 30.0
"""So long Kafka may be away, to be started anew, before reading gives up."""


class FeedTopic:
    """Gives an agency's items one by one; knows nothing of receipts and leaves no trace."""

    def __init__(
        self, bootstrap: str, agency: Agency, *, after: int, patience_seconds: float = PATIENCE_SECONDS
    ) -> None:
        """Connect and go behind number `after` (0: to the beginning).

        Raises `BrokerUnreachableError`, `TopicMissingError`, and `FeedWentBackError` if the feed is not that long.
        """
        self.topic: Final = feed(agency)
        self.last = after
        """The number given last."""
        self._bootstrap = bootstrap
        self._agency = agency
        self._patience = patience_seconds
        self._partition = TopicPartition(self.topic, 0)
        self._records: deque[Any] = deque()
        self._answered_at = self._asked_at = time.monotonic()
        require_listener(bootstrap)
        try:
            self._consumer = KafkaConsumer(
                bootstrap_servers=bootstrap.split(","),
                client_id=f"custody-feed-{agency.lower()}",
                bootstrap_timeout_ms=REACH_MS,
                group_id=None,
                enable_auto_commit=False,
                auto_offset_reset="none",
                isolation_level="read_committed",
                allow_auto_create_topics=False,
                max_poll_records=AT_ONCE,
                fetch_max_wait_ms=100,
                fetch_max_bytes=16 * 1_048_576,
                max_partition_fetch_bytes=4 * 1_048_576,
                check_crcs=True,
                metrics_enabled=False,
            )
        except KafkaError as error:
            raise BrokerUnreachableError(bootstrap, reason(error)) from error
        try:
            if not self._consumer.partitions_for_topic(self.topic):
                raise TopicMissingError(bootstrap, self.topic)
            self._consumer.assign([self._partition])
            self._go_behind(after)
        except KafkaError as error:
            self.close()
            raise BrokerUnreachableError(bootstrap, reason(error)) from error
        except BaseException:
            self.close()
            raise

    def take(self, timeout_ms: int) -> FeedItem | None:
        """Return the next item, waiting for it at most so long.

        Raises `FeedGapError`, `FeedWentBackError`, `UnreadableItemError`, and `FeedLostError` when Kafka stays away.
        """
        if not self._records:
            self._poll(timeout_ms)
            if not self._records:
                return None
        item = self._read(self._records[0])
        if item.number > self.last + 1:
            raise FeedGapError(self.topic, self.last, item.number)
        if item.number <= self.last:
            raise FeedWentBackError(self.topic, self.last, f"number {item.number}")
        self._records.popleft()
        self.last = item.number
        return item

    def at_end(self) -> bool:
        """Return whether nothing more is there now. Raises `FeedLostError` when Kafka does not say."""
        return not self._records and self._position() >= self._end()

    def close(self) -> None:
        """Close the connection."""
        self._consumer.close(timeout_ms=2000)

    def _go_behind(self, after: int) -> None:
        begin = self._consumer.beginning_offsets([self._partition], timeout_ms=REACH_MS)[self._partition]
        end = self._end()
        if after > end:
            raise FeedWentBackError(self.topic, after, f"at most {end} items")
        offset = max(begin, after)
        while offset < end:
            self._consumer.seek(self._partition, offset)
            while not self._records and self._position() < end:
                self._poll(1000)
            while self._records:
                found = self._records[0]
                number = self._read(found).number
                if number > after:
                    return
                self._records.popleft()
                offset = found.offset + after + 1 - number
            if self._position() >= end:
                return
        self._consumer.seek(self._partition, max(offset, begin) if offset <= end else end)

    def _poll(self, timeout_ms: int) -> None:
        for records in self._consumer.poll(timeout_ms=timeout_ms, max_records=AT_ONCE).values():
            self._records.extend(records)
        now = time.monotonic()
        if self._records:
            self._answered_at = self._asked_at = now
        elif now - self._asked_at > min(ASK_AFTER_SECONDS, self._patience):
            self._end()

    def _read(self, record: Any) -> FeedItem:
        item = read_item(self._agency, record.headers, record.value)
        if isinstance(item, str):
            raise UnreadableItemError(self.topic, record.offset, item)
        return item

    def _position(self) -> int:
        return int(self._consumer.position(self._partition, timeout_ms=REACH_MS))

    def _end(self) -> int:
        """Ask Kafka where the feed ends; patience is counted from its last answer."""
        while True:
            try:
                end = self._consumer.end_offsets([self._partition], timeout_ms=int(min(5.0, self._patience) * 1000))
            except KafkaError as error:
                silent = time.monotonic() - self._answered_at
                if silent > self._patience:
                    raise FeedLostError(self._bootstrap, self.topic, self.last, silent, reason(error)) from error
                time.sleep(0.2)
                continue
            self._answered_at = self._asked_at = time.monotonic()
            return int(end[self._partition])
