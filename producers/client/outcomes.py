"""What became of an agency's submissions and receipts, read from its outcomes topic."""

from typing import Any, Final, NamedTuple

import orjson
from kafka import KafkaConsumer, TopicPartition
from kafka.errors import KafkaError

from ledger.agencies import Agency
from ledger.topics import outcomes
from producers.client.errors import BrokerUnreachableError, TopicMissingError
from producers.client.reaching import REACH_MS, reason, require_listener

AT_ONCE: Final = 4000
REMEMBERED: Final = 50_000
"""So many outcomes back at least a repeat is recognised; the relay repeats at most its last batch."""


class Outcome(NamedTuple):
    """One outcome; `body` is the whole of it, in the shape of the contract."""

    source: str | None
    id: str | None
    status: str
    body: dict[str, Any]


class OutcomeReader:
    """Reads one agency's outcomes from the moment it was made on, each once."""

    def __init__(
        self,
        bootstrap: str,
        agency: Agency,
        *,
        fetch_min_bytes: int = 1,
        begin_at: int | None = None,
        key_prefix: bytes = b"",
    ) -> None:
        """Connect and take the position: what is sent afterwards is answered behind it.

        `begin_at` is an offset to go on from, if Kafka still has it. Outcomes whose submission id does not begin with
        `key_prefix` are passed over unread. Kafka waits 100 ms for `fetch_min_bytes` to come together. Raises
        `BrokerUnreachableError`, `TopicMissingError`.
        """
        self._key_prefix = key_prefix
        self._partition = TopicPartition(outcomes(agency), 0)
        self._young: set[bytes] = set()
        self._old: set[bytes] = set()
        require_listener(bootstrap)
        try:
            self._consumer = KafkaConsumer(
                bootstrap_servers=bootstrap.split(","),
                client_id=f"custody-client-{agency.lower()}",
                bootstrap_timeout_ms=REACH_MS,
                group_id=None,
                enable_auto_commit=False,
                auto_offset_reset="none",
                isolation_level="read_committed",
                allow_auto_create_topics=False,
                max_poll_records=AT_ONCE,
                fetch_min_bytes=fetch_min_bytes,
                fetch_max_wait_ms=100,
                fetch_max_bytes=16 * 1_048_576,
                max_partition_fetch_bytes=4 * 1_048_576,
                check_crcs=True,
                metrics_enabled=False,
            )
        except KafkaError as error:
            raise BrokerUnreachableError(bootstrap, reason(error)) from error
        try:
            if not self._consumer.partitions_for_topic(self._partition.topic):
                self.close()
                raise TopicMissingError(bootstrap, self._partition.topic)
            self._consumer.assign([self._partition])
            end = self._consumer.end_offsets([self._partition], timeout_ms=REACH_MS)[self._partition]
            if begin_at is not None:
                begin = self._consumer.beginning_offsets([self._partition], timeout_ms=REACH_MS)[self._partition]
                end = min(end, max(begin, begin_at))
            self._consumer.seek(self._partition, end)
        except KafkaError as error:
            self.close()
            raise BrokerUnreachableError(bootstrap, reason(error)) from error

    def poll(self, timeout_ms: int) -> list[Outcome]:
        """Return the outcomes that have come, waiting for the first at most `timeout_ms`; repeats are dropped."""
        found = []
        for records in self._consumer.poll(timeout_ms=timeout_ms, max_records=AT_ONCE).values():
            for record in records:
                if (record.key or b"").startswith(self._key_prefix) and self._is_new(record.headers):
                    body = orjson.loads(record.value)
                    submission = body["submission"]
                    found.append(Outcome(submission["source"], submission["id"], body["status"], body))
        return found

    @property
    def offset(self) -> int:
        """Return where to go on from: everything before it was given."""
        return int(self._consumer.position(self._partition))

    def close(self) -> None:
        """Close the connection."""
        self._consumer.close(timeout_ms=2000)

    def _is_new(self, headers: list[tuple[str, bytes]]) -> bool:
        for name, value in headers:
            if name == "ce_id":
                if value in self._young or value in self._old:
                    return False
                self._young.add(value)
                if len(self._young) >= REMEMBERED:
                    self._old, self._young = self._young, set()
                return True
        return True
