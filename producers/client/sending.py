"""Messages to an agency's intake or receipts topic: each confirmed by Kafka, or known not to be.

`KafkaProducer` buffers without bound and its `flush` returns normally after a failed send; so what is on its way
is counted here, and every future is looked at.
"""

from collections import deque
from typing import Any, Final

from kafka import KafkaProducer
from kafka.errors import KafkaError, KafkaTimeoutError
from kafka.partitioner.default import murmur2

from ledger.agencies import Agency
from ledger.topics import LARGEST_MESSAGE_BYTES, intake
from producers.client.errors import BrokerUnreachableError, MessageTooLargeError, NotSentError, TopicMissingError
from producers.client.reaching import REACH_MS, reason, require_listener

DELIVERY_MS: Final = 60_000
"""How long Kafka may take to confirm a message, retries included."""
ON_ITS_WAY: Final = 10_000
ON_ITS_WAY_BYTES: Final = 4 * LARGEST_MESSAGE_BYTES
"""At most so much is unconfirmed at any time: it bounds memory, and what a lost connection leaves in doubt."""
_LOOK_EVERY: Final = 500
_FRAME_BYTES: Final = 4096
"""What the record's frame and a failed compression can add."""

Headers = list[tuple[str, bytes]]


class Sender:
    """Sends to one topic. Messages of one key keep their order."""

    def __init__(self, bootstrap: str, agency: Agency, *, topic: str | None = None, linger_ms: int = 5) -> None:
        """Connect, to the agency's intake topic where no other is given; a message waits up to `linger_ms` for company.

        Raises `BrokerUnreachableError`, `TopicMissingError`.
        """
        self.topic: Final = topic or intake(agency)
        self._bootstrap = bootstrap
        self._on_its_way: deque[tuple[Any, int, str]] = deque()
        self._bytes = 0
        self._until_look = _LOOK_EVERY
        require_listener(bootstrap)
        try:
            self._producer = KafkaProducer(
                bootstrap_servers=bootstrap.split(","),
                client_id=f"custody-client-{agency.lower()}",
                bootstrap_timeout_ms=REACH_MS,
                enable_idempotence=True,
                acks="all",
                retries=2**31,
                delivery_timeout_ms=DELIVERY_MS,
                request_timeout_ms=20_000,
                retry_backoff_ms=100,
                max_in_flight_requests_per_connection=5,
                linger_ms=linger_ms,
                batch_size=262_144,
                compression_type="lz4",
                max_request_size=2 * LARGEST_MESSAGE_BYTES,
                max_block_ms=REACH_MS,
                allow_auto_create_topics=False,
                metrics_enabled=False,
            )
        except KafkaError as error:
            raise BrokerUnreachableError(bootstrap, reason(error)) from error
        try:
            self._partitions = len(self._producer.partitions_for(self.topic))
        except KafkaTimeoutError:
            self.close()
            raise TopicMissingError(bootstrap, self.topic) from None
        except KafkaError as error:
            self.close()
            raise BrokerUnreachableError(bootstrap, reason(error)) from error

    @property
    def on_its_way(self) -> int:
        """Return how many messages were sent whose confirmation was not yet seen."""
        return len(self._on_its_way)

    def partition_of(self, key: bytes) -> int:
        """Return the partition every Kafka client puts `key` on, so that several clients keep one order."""
        return int((murmur2(key) & 0x7FFFFFFF) % self._partitions)

    def send(self, value: bytes, *, key: bytes | None, headers: Headers, label: str, partition: int | None) -> None:
        """Put a message on its way; waits while too much is. Raises `MessageTooLargeError`, `NotSentError`.

        `label` names the message in errors. `NotSentError` may speak of an earlier message than this one.
        """
        size = len(value) + (0 if key is None else len(key))
        if size > LARGEST_MESSAGE_BYTES // 2:
            whole = size + sum(len(name) + len(text) for name, text in headers) + _FRAME_BYTES
            if whole > LARGEST_MESSAGE_BYTES:
                raise MessageTooLargeError(label, whole, LARGEST_MESSAGE_BYTES)
        try:
            future = self._producer.send(self.topic, value=value, key=key, headers=headers, partition=partition)
        except KafkaError as error:
            raise NotSentError(self._bootstrap, label, 1 + len(self._on_its_way), reason(error)) from error
        self._on_its_way.append((future, size, label))
        self._bytes += size
        self._until_look -= 1
        if self._until_look <= 0 or self._bytes > ON_ITS_WAY_BYTES:
            self._look()

    def settle(self) -> None:
        """Return when Kafka has confirmed everything sent so far. Raises `NotSentError`."""
        while self._on_its_way:
            self._wait_for_first()

    def close(self) -> None:
        """Close the connection within seconds, whatever Kafka does; what was not settled may be lost."""
        try:
            self._producer.close(timeout=2)
        except KafkaError:
            # Kafka is away, and the library's own close gives up before it ends its thread; left so, it would try
            # again from __del__ and write a traceback on the terminal.
            self._producer._sender.force_close()
            self._producer._closed = True

    def _look(self) -> None:
        self._until_look = _LOOK_EVERY
        waiting = self._on_its_way
        while waiting and (len(waiting) > ON_ITS_WAY or self._bytes > ON_ITS_WAY_BYTES or waiting[0][0].is_done):
            self._wait_for_first()

    def _wait_for_first(self) -> None:
        future, size, label = self._on_its_way[0]
        try:
            if not future.is_done:
                future.get(timeout=DELIVERY_MS / 1000 + 5)
            elif future.failed():
                raise future.exception
        except KafkaError as error:
            count = len(self._on_its_way)
            self._on_its_way.clear()
            self._bytes = 0
            raise NotSentError(self._bootstrap, label, count, reason(error)) from error
        self._on_its_way.popleft()
        self._bytes -= size
