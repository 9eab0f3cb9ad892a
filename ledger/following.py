"""Reading `custody.entries` in the one order of the positions, from several partitions.

Each message names the position before it (`ce_previous`), so the next entry is the one whose predecessor came last:
nothing is skipped, and what is missing shows as a wait with a name.
"""

import re
import time
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any, Final, NamedTuple
from uuid import UUID

from kafka import KafkaConsumer, TopicPartition

from ledger.entry import is_first, record_id
from ledger.times import read_clock
from ledger.topics import ENTRIES, ENTRIES_PARTITIONS
from ledger.unpacking import unpack_quickly

BATCH: Final = 2000
MOST_AHEAD: Final = 60_000
"""Messages held until their turn comes; beyond it they are let go and read again: memory stays bounded."""
BEGIN_ANEW_SECONDS: Final = 3.0
ALL_PARTITIONS: Final = tuple(range(ENTRIES_PARTITIONS))


_AS_RELAYED: Final = re.compile(
    rb"\x0e\x1cce_specversion\x061\.0\x0ace_id.(\d+)\x12ce_source.[^\0-\x1f]+\x0ece_type.[^\0-\x1f]+"
    rb"\x0ece_time\x36([^\0-\x1f]{27})\x18content-type\x20application/json\x16ce_previous.(\d+)",
    re.DOTALL,
)
"""The headers of an entry, with their lengths, in the order in which the relay writes them (`binary_headers`)."""


class EntryMessage(NamedTuple):
    """A message of `custody.entries`, as far as its key and headers tell: its value may be damaged."""

    position: int
    previous: int
    child: UUID
    recorded_at: str | datetime
    partition: int
    offset: int
    payload: bytes

    def clock(self) -> datetime:
        """Return `recorded_at`."""
        at = self.recorded_at
        return read_clock(at) if isinstance(at, str) else at


def entries_consumer(bootstrap: str, *, fetch_min_bytes: int = 1, fetch_max_wait_ms: int = 250) -> KafkaConsumer:
    """Return a consumer of `custody.entries`; its offsets are kept with the rows, never in Kafka."""
    consumer = KafkaConsumer(
        bootstrap_servers=bootstrap,
        client_id="custody-entries",
        group_id=None,
        enable_auto_commit=False,
        auto_offset_reset="none",
        isolation_level="read_committed",
        allow_auto_create_topics=False,
        max_poll_records=BATCH,
        fetch_min_bytes=fetch_min_bytes,
        fetch_max_wait_ms=fetch_max_wait_ms,
        fetch_max_bytes=4 * 1_048_576,
        max_partition_fetch_bytes=262_144,  # small, so that the partitions come up side by side
        enable_incremental_fetch_sessions=False,
        check_crcs=True,
        metrics_enabled=False,
    )
    return unpack_quickly(consumer)


def start_at(consumer: KafkaConsumer, offsets: dict[int, int], partitions: Sequence[int]) -> None:
    """Take these partitions from these offsets; a partition without one begins at its first message."""
    taken = [TopicPartition(ENTRIES, n) for n in partitions]
    consumer.assign(taken)
    new = [partition for partition in taken if partition.partition not in offsets]
    beginnings = consumer.beginning_offsets(new) if new else {}
    for partition in taken:
        consumer.seek(partition, offsets.get(partition.partition, beginnings.get(partition, 0)))


def read_messages(records: Iterable[Any]) -> list[EntryMessage]:
    """Read key and headers of Kafka records; their values are left as they are."""
    messages = []
    for record in records:
        as_relayed = _AS_RELAYED.fullmatch(record.packed)
        if as_relayed is None:
            headers = dict(record.headers)
            position, at, previous = headers["ce_id"], headers["ce_time"], headers["ce_previous"]
        else:
            position, at, previous = as_relayed.groups()
        messages.append(
            EntryMessage(
                int(position),
                int(previous),
                record_id(record.key.decode()),
                at.decode(),
                record.partition,
                record.offset,
                record.value,
            )
        )
    return messages


def continued_records(messages: Iterable[EntryMessage]) -> set[UUID]:
    """Return the records that a batch goes on with, leaving out those it opens."""
    goes_on: dict[UUID, bool] = {}
    for message in messages:
        if message.child not in goes_on:
            goes_on[message.child] = not is_first(message.payload)
    return {child for child, before in goes_on.items() if before}


class InOrder:
    """Reads all partitions and gives their messages in the order of positions."""

    def __init__(self, consumer: KafkaConsumer, last: int, offsets: dict[int, int]) -> None:
        self.last = last
        """The position taken last."""
        self._consumer = consumer
        self._offsets = dict(offsets)
        self._waiting: dict[int, EntryMessage] = {}
        self._moved_at = time.monotonic()
        start_at(consumer, self._offsets, ALL_PARTITIONS)

    def read(self, poll_ms: int) -> None:
        """Read what is there.

        A client that brings nothing of the one partition whose turn it is, while others pile up, was seen under load.
        Reading then begins anew where the last message was taken: what is really missing on Kafka is missing again.
        """
        if self._waiting and (
            len(self._waiting) > MOST_AHEAD or time.monotonic() - self._moved_at > BEGIN_ANEW_SECONDS
        ):
            self._waiting.clear()
            self._moved_at = time.monotonic()
            start_at(self._consumer, self._offsets, ALL_PARTITIONS)
        for records in self._consumer.poll(timeout_ms=poll_ms, max_records=BATCH).values():
            for message in read_messages(records):
                if message.position > self.last and message.previous not in self._waiting:
                    self._waiting[message.previous] = message

    def take(self, most: int, up_to: int | None = None, *, most_bytes: int | None = None) -> list[EntryMessage]:
        """Return the next messages in order, as far as none is missing and none is beyond position `up_to`.

        With `most_bytes` the one that passes so many bytes is the last.
        """
        taken: list[EntryMessage] = []
        size = 0
        while len(taken) < most and (most_bytes is None or size < most_bytes):
            following = self._waiting.get(self.last)
            if following is None:
                break
            if up_to is not None and following.position > up_to:
                self._moved_at = time.monotonic()  # held back by the caller: nothing is missing
                break
            del self._waiting[self.last]
            self._offsets[following.partition] = following.offset + 1
            self.last = following.position
            taken.append(following)
            size += len(following.payload)
        if taken:
            self._moved_at = time.monotonic()
        return taken

    @property
    def ahead(self) -> int:
        """How many messages wait for one before them."""
        return len(self._waiting)
