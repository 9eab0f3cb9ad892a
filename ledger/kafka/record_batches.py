"""Records unpacked from the batches a `KafkaConsumer` fetches, at a third of what the library spends on it.

kafka-python asks a function for every length in a record, copies each part twice, and makes three objects of it; it
decodes header names strictly, and one that is not UTF-8 stops the whole partition for ever, at every poll. Here a
record is read in one pass, and such a name with its odd bytes written out (`x-\\xff`). What is fetched, checksums,
what is committed and what was broken off, and offsets are the library's.

A batch that cannot be unpacked (checksum, codec, bytes without sense, more than `MOST_UNPACKED`) stops its partition
for ever where it is raised as an error: the next poll fetches it again. Who asks for it is given it as a value, a
`DamagedBatch`, in its place among the records, and goes on behind it.

This leans on the inside of kafka-python 3.0: `tests/unit/test_unpacking.py` holds it beside the library's own reading.
"""

import itertools
import struct
from collections.abc import Callable, Iterator
from functools import lru_cache
from hashlib import sha256
from typing import Any, Final, NamedTuple

from kafka import KafkaConsumer, TopicPartition
from kafka.consumer.fetcher import Fetcher, IsolationLevel
from kafka.errors import CorruptRecordError
from kafka.record.util import decode_varint

from ledger.kafka.codecs import DamagedError, TooLargeError, unpack

_MAGIC: Final = 2
_HEADER_BYTES: Final = 61
"""Of a batch of magic 2, before its records: nothing of what somebody sent stands there."""
_LOOKED_THROUGH: Final = 131_072
MOST_TOGETHER: Final = 16 * 1_048_576
"""Bytes of records, unpacked, after which a poll ends."""
MOST_HEADERS: Final = 4096
"""Of one record; a batch can unpack to millions of empty ones, each of which is an object here."""


class KafkaRecord(NamedTuple):
    """One message, as far as anyone here asks of it; named as kafka-python's `ConsumerRecord` is."""

    topic: str
    partition: int
    offset: int
    timestamp: int
    key: bytes | None
    value: bytes | None
    packed: bytes
    """The headers as they stand in the record."""

    @property
    def headers(self) -> list[tuple[str, bytes | None]]:
        """Return the headers in their order; raises `CorruptRecordError` where there is no sense in their bytes."""
        try:
            return _headers(self.packed)
        except (ValueError, IndexError) as error:
            raise CorruptRecordError(f"Found invalid record structure: {error!r}") from error


class DamagedBatch(NamedTuple):
    """A batch that cannot be unpacked; it stands for every message from `first_offset` up to `offset`."""

    topic: str
    partition: int
    first_offset: int
    offset: int
    """The last one: what comes next is behind it, as with a record."""
    reason: str
    size: int
    """Its bytes, as they were fetched."""
    digest: str
    """SHA-256 of them."""
    kept: bytes
    """What can be shown of it: the first bytes that could be unpacked, else its header alone."""


def unpack_quickly(consumer: KafkaConsumer, *, give_damaged: bool = False) -> KafkaConsumer:
    """Have a consumer that is not yet polled give `KafkaRecord`s; returns it.

    With `give_damaged` a batch that cannot be unpacked is given as a `DamagedBatch`; without, polling raises
    `CorruptRecordError` at it, again and again.
    """
    fetcher = consumer._fetcher
    fetcher.PartitionRecords = _GivingDamaged if give_damaged else _PartitionRecords
    if give_damaged:
        fetcher._append = _Bounded(fetcher._append)
    return consumer


class _Bounded:
    """Ends a poll when what it brings is large: a thousand records of a few bytes each can unpack to 64 GB."""

    def __init__(self, append: Callable[..., int]) -> None:
        self._append = append
        self._drained: object = None
        self._bytes = 0

    def __call__(self, drained: Any, part: Any, max_records: int, update_offsets: bool) -> int:
        """Append as the library does, and say that `max_records` were, once they are many bytes."""
        if drained is not self._drained:
            self._drained, self._bytes = drained, 0
        part.room = MOST_TOGETHER - self._bytes
        appended = self._append(drained, part, max_records, update_offsets)
        self._bytes = MOST_TOGETHER - part.room
        return max_records if part.room <= 0 else appended


class _PartitionRecords(Fetcher.PartitionRecords):  # type: ignore[misc]  # the library is untyped
    """What was fetched of one partition."""

    give_damaged = False

    def _unpack_records(self, tp: TopicPartition, records: Any, *_: Any) -> Iterator[KafkaRecord | DamagedBatch]:
        """Yield the records in their order, moving on where the next fetch begins, as the library's method does."""
        while True:
            batch = None
            try:
                batch = records.next_batch()
                if batch is None:
                    break
                found, next_offset = self._read(tp, batch)
            except Exception as error:
                if isinstance(error, MemoryError):
                    raise
                if not self.give_damaged:
                    if isinstance(error, CorruptRecordError):
                        raise
                    raise CorruptRecordError(f"Record batch for partition {tp}: {error!r}") from error
                damaged = self._damaged(tp, batch, records, error)
                self.next_fetch_offset = damaged.offset + 1
                yield damaged
                if batch is None:
                    break  # where the next one begins cannot be told: fetch again
                continue
            for record in found:
                self.next_fetch_offset = record.offset + 1
                yield record
            self.next_fetch_offset = next_offset
        self.drain()

    def _read(self, tp: TopicPartition, batch: Any) -> tuple[list[KafkaRecord], int]:
        """Return the records of a batch that are to be read, and the offset behind it."""
        if self.check_crcs and not batch.validate_crc():
            raise CorruptRecordError(f"Record batch for partition {tp} at offset {batch.base_offset} failed crc check")
        if batch.magic > _MAGIC:
            raise CorruptRecordError(f"Record batch for partition {tp} is of magic {batch.magic}, not {_MAGIC}")
        self.bytes_read += batch.size_in_bytes
        if batch.magic < _MAGIC:
            found = legacy_unpacked(tp, batch)
            self.records_read += len(found)
            return found, batch.base_offset + 1
        self.leader_epoch = batch.leader_epoch
        self.records_read += batch.records_count
        return ([] if self._is_passed_over(batch) else unpacked(tp, batch)), batch.next_offset

    def _damaged(self, tp: TopicPartition, batch: Any, records: Any, error: Exception) -> DamagedBatch:
        """Return what stands in the place of a batch; never further than the batch behind it begins."""
        first = last = self.next_fetch_offset
        raw = b""
        if batch is not None:
            raw = bytes(batch._buffer)
            if batch.magic >= _MAGIC:
                first = last = max(first, batch.base_offset)
                if batch.last_offset_delta == max(0, batch.records_count - 1) or not _is_crc(error):
                    last = max(first, batch.last_offset)
            else:
                last = max(first, batch.base_offset)
            behind = records._next_slice
            if behind is not None and len(behind) >= 8:
                begins = int.from_bytes(behind[:8], "big", signed=True)
                if begins > first and (last >= begins or last == first):
                    last = begins - 1
        return DamagedBatch(
            tp.topic, tp.partition, first, last, _reason(error), len(raw), sha256(raw).hexdigest(), _shown(raw, error)
        )

    def _is_passed_over(self, batch: Any) -> bool:
        """Return whether a batch holds nothing to be read: the mark of a transaction's end, or what was broken off."""
        if self.isolation_level == IsolationLevel.READ_COMMITTED and batch.has_producer_id():
            self._consume_aborted_transactions_up_to(batch.last_offset)
            if self._contains_abort_marker(batch):
                self.aborted_producer_ids.discard(batch.producer_id)
            elif self._is_batch_aborted(batch):
                return True
        return bool(batch.is_control_batch)


class _GivingDamaged(_PartitionRecords):
    """Gives what cannot be unpacked as a value, and not much more than `MOST_TOGETHER` bytes at a time."""

    give_damaged = True
    room = 0
    """Bytes that may still be given; at least one record is, whatever its size."""

    def take(self, n: int | None = None) -> list[KafkaRecord | DamagedBatch]:
        """Return the next records, up to `n`, and as long as there is room."""
        self.room = self.room or MOST_TOGETHER
        taken: list[KafkaRecord | DamagedBatch] = []
        for record in itertools.islice(self.record_iterator, 0, n):
            taken.append(record)
            value, packed = (record.kept, b"") if isinstance(record, DamagedBatch) else (record.value, record.packed)
            self.room -= len(value or b"") + len(packed)
            if self.room <= 0:
                break
        return taken


def _is_crc(error: Exception) -> bool:
    return isinstance(error, CorruptRecordError) and "crc" in str(error)


def _reason(error: Exception) -> str:
    """Return why a batch cannot be read, with the cure; nothing of what stands in it."""
    cause = error.__cause__
    match cause:
        case TooLargeError():
            return f"a record batch of more than {cause.most} bytes when unpacked; send fewer messages a batch"
        case DamagedError():
            return f"a record batch that cannot be unpacked: {cause}; send its messages again with another client"
        case _ if _is_crc(error):
            return "a record batch that fails its checksum: it was damaged after it was sent; send its messages again"
        case _:
            kind = type(cause or error).__name__
            return f"a record batch without sense in its bytes ({kind}); send its messages again with another client"


def _shown(raw: bytes, error: Exception) -> bytes:
    """Return the bytes of a batch that may be looked through and kept: packed ones hide what rule H8 forbids."""
    if isinstance(error.__cause__, TooLargeError):
        return error.__cause__.begins
    if len(raw) > 22 and raw[16] == _MAGIC and not raw[22] & 7:
        return raw[:_LOOKED_THROUGH]
    return raw[:_HEADER_BYTES]


def unpacked(tp: TopicPartition, batch: Any) -> list[KafkaRecord]:
    """Return the records of one batch of magic 2. Raises `CorruptRecordError`, and `DamagedError` of its codec."""
    codec = batch.compression_type
    packed = memoryview(batch._buffer)[batch._pos :]
    try:
        return _records(tp, unpack(codec, packed) if codec else bytes(packed), batch)
    except (ValueError, IndexError) as error:
        raise _corrupt(tp, batch, error) from error


def legacy_unpacked(tp: TopicPartition, batch: Any) -> list[KafkaRecord]:
    """Return the messages of a batch of magic 0 or 1, which brokers kept of old clients; they have no headers."""
    try:
        inside = type(batch)(memoryview(bytes(batch._buffer)), batch.magic)
        if codec := batch.compression_type:
            _, value = inside._read_key_value(batch.KEY_OFFSET_V1 if batch.magic else batch.KEY_OFFSET_V0)
            inside._buffer = memoryview(unpack(codec, memoryview(value or b"")))
            inside._decompressed = True
        found = []
        for record in inside:
            if not record.validate_crc():
                raise ValueError(f"the record at offset {record.offset} failed its crc check")
            found.append(
                KafkaRecord(
                    tp.topic, tp.partition, record.offset, record.timestamp or -1, record.key, record.value, b"\0"
                )
            )
    except (ValueError, IndexError, AssertionError, struct.error) as error:
        raise _corrupt(tp, batch, error) from error
    return found


def _corrupt(tp: TopicPartition, batch: Any, error: Exception) -> CorruptRecordError:
    return CorruptRecordError(f"Record batch for partition {tp} at offset {batch.base_offset}: {error!r}")


def _records(tp: TopicPartition, data: bytes, batch: Any) -> list[KafkaRecord]:
    topic, partition = tp
    first_offset, first_timestamp = batch.base_offset, batch.first_timestamp
    appended_at = batch.max_timestamp if batch.timestamp_type else None
    last_delta = batch.last_offset_delta
    before = -1
    records, at = [], 0
    if batch.records_count < 0:
        raise ValueError(f"{batch.records_count} records")
    for _ in range(batch.records_count):
        length, at = _varint(data, at)
        end = at + length
        delta, at = _varint(data, at + 1)  # behind its attributes, of which there are none
        timestamp = first_timestamp + delta if appended_at is None else appended_at
        offset, at = _varint(data, at)
        if not before < offset <= last_delta:
            raise ValueError("its offsets do not rise, or go beyond the batch")
        before = offset
        size, at = _varint(data, at)
        key = data[at : (at := at + size)] if size >= 0 else None
        size, at = _varint(data, at)
        value = data[at : (at := at + size)] if size >= 0 else None
        if not at < end <= len(data):
            raise ValueError(f"a record of {length} bytes has {at - end} bytes too many")
        records.append(KafkaRecord(topic, partition, first_offset + offset, timestamp, key, value, data[at:end]))
        at = end
    if at != len(data):
        raise ValueError(f"{len(data) - at} bytes behind the last record")
    return records


def _headers(packed: bytes) -> list[tuple[str, bytes | None]]:
    headers = []
    count, at = _varint(packed, 0)
    if count > MOST_HEADERS:
        raise ValueError(f"{count} headers; at most {MOST_HEADERS} are read")
    for _ in range(count):
        size = packed[at]
        if size & 0x81:  # longer than 63 bytes, or no length
            size, at = _varint(packed, at)
            if size < 0:
                raise ValueError(f"a header name of {size} bytes")
            name = packed[at : (at := at + size)]
        else:
            name = packed[at + 1 : (at := at + 1 + (size >> 1))]
        size = packed[at]
        if size & 0x81:
            size, at = _varint(packed, at)
            headers.append((_name(name), packed[at : (at := at + size)] if size >= 0 else None))
        else:
            headers.append((_name(name), packed[at + 1 : (at := at + 1 + (size >> 1))]))
    if at != len(packed) or count < 0:
        raise ValueError(f"{count} headers in {len(packed)} bytes")
    return headers


def _varint(data: bytes, at: int) -> tuple[int, int]:
    """Return the number written at a place, and the place behind it."""
    first = data[at]
    if first < 0x80:
        return first >> 1 ^ -(first & 1), at + 1
    second = data[at + 1]
    if second < 0x80:
        number = first & 0x7F | second << 7
        return number >> 1 ^ -(number & 1), at + 2
    read: tuple[int, int] = decode_varint(data, at)
    return read


@lru_cache(maxsize=1024)
def _name(name: bytes) -> str:
    return name.decode("utf-8", "backslashreplace")
