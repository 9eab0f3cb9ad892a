"""Reading `custody.entries` in the one order of the positions, from several partitions.

Each message names the position before it (`ce_previous`), so the next entry is the one whose predecessor came last:
nothing is skipped, and what is missing shows as a wait with a name. A record that the ledger did not write claims
nothing: what it is, is found before it is put in order (`ledger/kafka/genuine.py`).
"""

import re
import time
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from hashlib import sha256
from typing import Any, Final, NamedTuple
from uuid import UUID

from kafka import KafkaConsumer, TopicPartition
from kafka.errors import KafkaError

from ledger.entry import is_first, record_id
from ledger.kafka.record_batches import DamagedBatch, unpack_quickly
from ledger.kafka.seals import Seals
from ledger.times import read_clock
from ledger.topics import ENTRIES, ENTRIES_PARTITIONS, partition_of

BATCH: Final = 2000
METADATA_MS: Final = 10_000
"""How soon a consumer hears that a topic was deleted and made again."""
MOST_AHEAD: Final = 60_000
"""Messages held until their turn comes; beyond it they are let go and read again: memory stays bounded."""
BEGIN_ANEW_SECONDS: Final = 3.0
ALL_PARTITIONS: Final = tuple(range(ENTRIES_PARTITIONS))


_AS_RELAYED: Final = re.compile(
    rb"[\x0e\x10]\x1cce_specversion\x061\.0\x0ace_id.(\d+)\x12ce_source.[^\0-\x1f]+\x0ece_type.[^\0-\x1f]+"
    rb"\x0ece_time\x36([^\0-\x1f]{27})\x18content-type\x20application/json\x16ce_previous.(\d+)(?:\x0ece_seal\x40([0-9a-f]{32}))?",
    re.DOTALL,
)
"""The headers of an entry, with their lengths, in the order in which the relay writes them (`binary_headers`)."""
_TOPIC: Final = ENTRIES.encode()
_AT: Final = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z")
_MOST_POSITION: Final = 2**63 - 1


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
        metadata_max_age_ms=METADATA_MS,
        check_crcs=True,
        metrics_enabled=False,
    )
    return unpack_quickly(consumer, give_damaged=True)


def start_at(consumer: KafkaConsumer, offsets: dict[int, int], partitions: Sequence[int]) -> None:
    """Take these partitions from these offsets; a partition without one begins at its first message."""
    taken = [TopicPartition(ENTRIES, n) for n in partitions]
    consumer.assign(taken)
    new = [partition for partition in taken if partition.partition not in offsets]
    beginnings = consumer.beginning_offsets(new) if new else {}
    for partition in taken:
        consumer.seek(partition, offsets.get(partition.partition, beginnings.get(partition, 0)))


class Foreign(NamedTuple):
    """A record of `custody.entries` that the ledger did not put there, or one that cannot be read any more."""

    partition: int
    offset: int
    last_offset: int
    """The last message it stands for: a batch that cannot be unpacked may have held several."""
    position: int | None
    """The position it claims."""
    reason: str
    size: int | None
    digest: str | None


class Unsealed(NamedTuple):
    """A record with the form of an entry and no seal of this ledger: an earlier release wrote it, or a stranger."""

    message: EntryMessage

    def foreign(self) -> Foreign:
        """Return it as what it is where the event store does not hold it."""
        one = self.message
        reason = f"claims position {one.position}, and is neither sealed by this ledger nor what it recorded there"
        return _foreign(one.partition, one.offset, one.payload, reason, one.position)


Read = EntryMessage | Unsealed | Foreign


def read_record(record: Any, seals: Seals) -> Read:
    """Read key and headers of a record, and whether this ledger wrote it; its value is left as it is. Never raises."""
    if isinstance(record, DamagedBatch):
        return foreign_record(record)
    as_relayed = _AS_RELAYED.fullmatch(record.packed)
    try:
        if as_relayed is None:
            headers = dict(record.headers)
            position, at, previous = headers["ce_id"], headers["ce_time"], headers["ce_previous"]
            seal = headers.get("ce_seal")
        else:
            position, at, previous, seal = as_relayed.groups()
        message = EntryMessage(
            int(position),
            int(previous),
            record_id(record.key.decode()),
            at.decode(),
            record.partition,
            record.offset,
            record.value,
        )
        if seal is not None and seals.holds(seal, _TOPIC, record.key, position, at, previous, message.payload):
            return message
        if not _may_be(message):
            raise ValueError("out of the bounds of an entry")
    except (ValueError, LookupError, TypeError, AttributeError, KafkaError):
        return _foreign(record.partition, record.offset, record.value, "has not the form of an entry", None)
    return Unsealed(message)


def _may_be(message: EntryMessage) -> bool:
    """Return whether key, headers and the beginning of the value agree, as in every entry the relay sent."""
    return (
        0 <= message.previous < message.position <= _MOST_POSITION
        and message.partition == partition_of(message.child)
        and _AT.fullmatch(str(message.recorded_at)) is not None
        and message.payload.startswith(b'{"position":%d,' % message.position)
        and b'"recorded_at":"%s"' % str(message.recorded_at).encode() in message.payload[:400]
    )


def foreign_record(record: Any) -> Foreign:
    """Return a record that is not the ledger's, or a batch that cannot be unpacked, as what it is."""
    if isinstance(record, DamagedBatch):
        first, last = record.first_offset, record.offset
        return Foreign(record.partition, first, last, None, record.reason, record.size, record.digest)
    return _foreign(record.partition, record.offset, record.value, "is not the ledger's", None)


def _foreign(partition: int, offset: int, value: bytes | None, reason: str, position: int | None) -> Foreign:
    size, digest = (None, None) if value is None else (len(value), sha256(value).hexdigest())
    return Foreign(partition, offset, offset, position, reason, size, digest)


Sift = Callable[[Sequence[Any]], tuple[list[EntryMessage], list[Foreign]]]
"""Part records into the ledger's entries, in their order, and what is foreign."""


def continued_records(messages: Iterable[EntryMessage]) -> set[UUID]:
    """Return the records that a batch goes on with, leaving out those it opens."""
    goes_on: dict[UUID, bool] = {}
    for message in messages:
        if message.child not in goes_on:
            goes_on[message.child] = not is_first(message.payload)
    return {child for child, before in goes_on.items() if before}


class InOrder:
    """Reads all partitions and gives their messages in the order of positions; `sift` says which are the ledger's.

    What is foreign is given to `set_aside`, each record once in a life.
    """

    def __init__(
        self,
        consumer: KafkaConsumer,
        last: int,
        offsets: dict[int, int],
        *,
        sift: Sift,
        set_aside: Callable[[Sequence[Foreign]], None],
    ) -> None:
        self.last = last
        """The position taken last."""
        self._consumer = consumer
        self._sift = sift
        self._set_aside = set_aside
        self._told_to: dict[int, int] = {}
        self._offsets = dict(offsets)
        self._read_to: dict[int, int] = {}
        self._waiting: dict[int, EntryMessage] = {}
        self._waiting_in: Counter[int] = Counter()
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
            self._waiting_in.clear()
            self._read_to.clear()
            self._moved_at = time.monotonic()
            start_at(self._consumer, self._offsets, ALL_PARTITIONS)
        polled = self._consumer.poll(timeout_ms=poll_ms, max_records=BATCH)
        messages, foreign = self._sift([record for records in polled.values() for record in records])
        if foreign:
            self._tell(foreign)
        for message in messages:
            if message.position > self.last and message.previous not in self._waiting:
                self._waiting[message.previous] = message
                self._waiting_in[message.partition] += 1
        for partition, records in polled.items():
            self._read_to[partition.partition] = records[-1].offset + 1
            self._move(partition.partition)

    def _tell(self, foreign: Sequence[Foreign]) -> None:
        new = [one for one in foreign if one.offset >= self._told_to.get(one.partition, 0)]
        if new:
            self._set_aside(new)
        for one in new:
            self._told_to[one.partition] = one.last_offset + 1

    def _move(self, partition: int) -> None:
        """Move a partition's offset behind what was read of it, where nothing of that waits."""
        if not self._waiting_in[partition]:
            self._offsets[partition] = max(self._read_to.get(partition, 0), self._offsets.get(partition, 0))

    @property
    def offsets(self) -> dict[int, int]:
        """Return the next offset of each partition of which all before it was taken, or is nothing to be taken."""
        return dict(self._offsets)

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
            partition = following.partition
            self._waiting_in[partition] -= 1
            self._offsets[partition] = max(following.offset + 1, self._offsets.get(partition, 0))
            self._move(partition)
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
