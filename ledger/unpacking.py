"""Records unpacked from the batches a `KafkaConsumer` fetches, at a third of what the library spends on it.

kafka-python asks a function for every length in a record, copies each part twice, and makes three objects of it; it
decodes header names strictly, and one that is not UTF-8 stops the whole partition for ever, at every poll. Here a
record is read in one pass, and such a name with its odd bytes written out (`x-\\xff`). What is fetched, checksums,
compression, what is committed and what was broken off, offsets, and errors about damaged batches are the library's.

This leans on the inside of kafka-python 3.0: `tests/unit/test_unpacking.py` holds it beside the library's own reading.
"""

from collections.abc import Iterator
from functools import lru_cache
from typing import Any, Final, NamedTuple

from kafka import KafkaConsumer, TopicPartition
from kafka.consumer.fetcher import Fetcher, IsolationLevel
from kafka.errors import CorruptRecordError
from kafka.record.util import decode_varint

_MAGIC: Final = 2


class Record(NamedTuple):
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


def unpack_quickly(consumer: KafkaConsumer) -> KafkaConsumer:
    """Have a consumer that is not yet polled give `Record`s; returns it."""
    consumer._fetcher.PartitionRecords = _PartitionRecords
    return consumer


class _PartitionRecords(Fetcher.PartitionRecords):  # type: ignore[misc]  # the library is untyped
    """What was fetched of one partition."""

    def _unpack_records(self, tp: TopicPartition, records: Any, *_: Any) -> Iterator[Record]:
        """Yield the records in their order, moving on where the next fetch begins, as the library's method does."""
        while (batch := records.next_batch()) is not None:
            if self.check_crcs and not batch.validate_crc():
                raise CorruptRecordError(
                    f"Record batch for partition {tp} at offset {batch.base_offset} failed crc check"
                )
            if batch.magic != _MAGIC:
                raise CorruptRecordError(f"Record batch for partition {tp} is of magic {batch.magic}, not {_MAGIC}")
            self.leader_epoch = batch.leader_epoch
            self.bytes_read += batch.size_in_bytes
            self.records_read += batch.records_count
            if not self._is_passed_over(batch):
                for record in unpacked(tp, batch):
                    self.next_fetch_offset = record.offset + 1
                    yield record
            self.next_fetch_offset = batch.next_offset
        self.drain()

    def _is_passed_over(self, batch: Any) -> bool:
        """Return whether a batch holds nothing to be read: the mark of a transaction's end, or what was broken off."""
        if self.isolation_level == IsolationLevel.READ_COMMITTED and batch.has_producer_id():
            self._consume_aborted_transactions_up_to(batch.last_offset)
            if self._contains_abort_marker(batch):
                self.aborted_producer_ids.discard(batch.producer_id)
            elif self._is_batch_aborted(batch):
                return True
        return bool(batch.is_control_batch)


def unpacked(tp: TopicPartition, batch: Any) -> list[Record]:
    """Return the records of one batch of magic 2. Raises `CorruptRecordError`."""
    batch._maybe_uncompress()
    data = bytes(memoryview(batch._buffer)[batch._pos :])
    try:
        return _records(tp, data, batch)
    except (ValueError, IndexError) as error:
        raise CorruptRecordError(f"Found invalid record structure: {error!r}") from error


def _records(tp: TopicPartition, data: bytes, batch: Any) -> list[Record]:
    topic, partition = tp
    first_offset, first_timestamp = batch.base_offset, batch.first_timestamp
    appended_at = batch.max_timestamp if batch.timestamp_type else None
    records, at = [], 0
    for _ in range(batch.records_count):
        length, at = _varint(data, at)
        end = at + length
        delta, at = _varint(data, at + 1)  # behind its attributes, of which there are none
        timestamp = first_timestamp + delta if appended_at is None else appended_at
        offset, at = _varint(data, at)
        size, at = _varint(data, at)
        key = data[at : (at := at + size)] if size >= 0 else None
        size, at = _varint(data, at)
        value = data[at : (at := at + size)] if size >= 0 else None
        if not at < end <= len(data):
            raise ValueError(f"a record of {length} bytes has {at - end} bytes too many")
        records.append(Record(topic, partition, first_offset + offset, timestamp, key, value, data[at:end]))
        at = end
    if at != len(data):
        raise ValueError(f"{len(data) - at} bytes behind the last record")
    return records


def _headers(packed: bytes) -> list[tuple[str, bytes | None]]:
    headers = []
    count, at = _varint(packed, 0)
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
