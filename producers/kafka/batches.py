"""Many messages put on Kafka at once, by a `KafkaProducer` and with all its guarantees.

`KafkaProducer.send` does the same work again for every message: metadata, checks, sizes, locks, a future and its two
callbacks, headers that hardly differ. That was most of what the relay and the feeds spent. Here the messages of a
partition are written one behind the other into whole record batches (Kafka protocol: RecordBatch and Record, magic 2),
which are put where `send` would have put them. Sequence numbers, the partitions of a transaction, compression, order,
retries, fencing and errors are the library's, as ever.

This leans on the inside of kafka-python 3.0: `tests/integration/test_appending.py` holds it against the real broker,
message by message beside `send`.
"""

import gzip
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Final, NamedTuple

from kafka import KafkaProducer, TopicPartition
from kafka.errors import IllegalStateError, MessageSizeTooLargeError
from kafka.producer.future import FutureRecordMetadata
from kafka.producer.producer_batch import ProducerBatch
from kafka.record.default_records import DefaultRecordBatchBuilder
from kafka.record.memory_records import MemoryRecordsBuilder

from ledger.kafka.cloudevents import binary_headers
from ledger.topics import READ_BY_AGENCIES

_MAGIC: Final = 2
_BEFORE: Final = 61
"""Bytes of a record batch before its first record."""
_AROUND: Final = 25
"""The most bytes a record has besides key, value and headers."""
_NO_KEY: Final = b"\1"
_GZIP_LEVEL: Final = 1


class _ForEveryClient(DefaultRecordBatchBuilder):  # type: ignore[misc]  # the library is untyped
    """A record batch in gzip, which every client reads without a library more; small batches stay as they are.

    At the library's own level, 9, an item of a feed costs 48 microseconds; at level 1 it costs 8 and is smaller than
    with lz4 (measured on two busy cores).
    """

    __slots__ = ()

    def _maybe_compress(self) -> bool:
        """Compress what stands behind the header, unless that makes it longer; return whether it was done."""
        packed = gzip.compress(self._buffer[self.HEADER_STRUCT.size :], _GZIP_LEVEL, mtime=0)
        if len(packed) >= len(self._buffer) - self.HEADER_STRUCT.size:
            return False
        self._buffer[self.HEADER_STRUCT.size :] = packed
        return True


class Outgoing(NamedTuple):
    """A message on its way; `headers` as an `Envelope` writes them."""

    value: bytes
    headers: bytes
    key: bytes | None = None


class Stamped(NamedTuple):
    """The headers of CloudEvents that differ in nothing but their id."""

    before: bytes
    behind: bytes

    def of(self, id: str) -> bytes:
        """Return the headers of one event."""
        given = id.encode()
        return b"".join((self.before, _varint(len(given)), given, self.behind))


class Envelope:
    """The headers of CloudEvents of one source and type, as a record holds them; what differs is put in between."""

    def __init__(self, *, source: str, type: str, extra: Sequence[str] = ()) -> None:
        """Prepare them; `extra` names extension attributes, without `ce_`."""
        names = ("ce_id", "ce_time", *(f"ce_{name}" for name in extra))
        headers = binary_headers(id="", source=source, type=type, time="", extra=[(name, "") for name in extra])
        constant = [bytearray(_varint(len(headers)))]
        for name, text in headers:
            constant[-1] += _with_length(name.encode())
            if name in names:
                constant.append(bytearray())
            else:
                constant[-1] += _with_length(text)
        self._before, self._behind_id, *self._behind = map(bytes, constant)

    def stamped(self, time: str, *extra: str) -> Stamped:
        """Return the headers of events of one time."""
        parts = [self._behind_id]
        for text, behind in zip((time, *extra), self._behind, strict=True):
            given = text.encode()
            parts += (_varint(len(given)), given, behind)
        return Stamped(self._before, b"".join(parts))


def look_up(producer: KafkaProducer, topics: Iterable[str]) -> None:
    """Learn where topics are, of all at once, so that the first message for each does not wait a tenth of a second.

    Raises `KafkaTimeoutError` where one is not there.
    """
    names = list(topics)
    for topic in names:
        producer._sender.add_topic(topic)
    for topic in names:
        producer.partitions_for(topic)


def append(producer: KafkaProducer, outgoing: Mapping[TopicPartition, Iterable[Outgoing]]) -> list[Any]:
    """Put messages on their way, each partition's in their order; return futures: with the last, Kafka has them all.

    A future gives the metadata of the last message of its record batch, or raises what became of it, as with `send`.
    Raises `KafkaError` where the producer, its transaction or a topic takes nothing.
    """
    sent = []
    for partition, messages in outgoing.items():
        for count, records in _batches(messages, producer.config["batch_size"]):
            sent.append(_append(producer, partition, count, records))
    producer._sender.wakeup()
    return sent


def _batches(messages: Iterable[Outgoing], most_bytes: int) -> Iterator[tuple[int, bytes]]:
    """Yield how many records stand one behind the other, and their bytes; one that is larger than a batch is alone."""
    parts: list[bytes] = []
    count, size = 0, _BEFORE
    for value, headers, key in messages:
        rest = len(value) + len(headers) + (0 if key is None else len(key))
        if size + rest + _AROUND > most_bytes and count:
            yield count, b"".join(parts)
            parts, count, size = [], 0, _BEFORE
        # no attributes, the time of the batch, its zero-based index
        before = b"\0\0" + _varint(count) + (_NO_KEY if key is None else _with_length(key)) + _varint(len(value))
        length = len(before) + len(value) + len(headers)
        parts += (_varint(length), before, value, headers)
        count += 1
        size += rest + _AROUND
    if count:
        yield count, b"".join(parts)


def _append(producer: KafkaProducer, partition: TopicPartition, count: int, records: bytes) -> Any:
    """Put one record batch where `KafkaProducer.send` and `RecordAccumulator.append` put theirs, and as they do."""
    if partition.partition not in producer.partitions_for(partition.topic):
        raise ValueError(f"{partition.topic} has no partition {partition.partition}; nothing more was sent")
    if _BEFORE + len(records) > producer.config["max_request_size"]:
        raise MessageSizeTooLargeError(f"a message for {partition.topic} has {len(records):,} bytes; it was not sent")
    transaction = producer._transaction_manager
    if transaction.is_transactional():
        transaction.maybe_add_partition_to_transaction(partition)
    batch = ProducerBatch(partition, _record_batch(producer, partition.topic, count, records))
    accumulator = producer._accumulator
    accumulator._appends_in_progress.increment()
    try:
        with accumulator._tp_lock(partition):
            if accumulator._closed:
                raise IllegalStateError("the producer is closed; nothing was sent")
            accumulator._batches[partition].append(batch)
            accumulator._incomplete.add(batch)
    finally:
        accumulator._appends_in_progress.decrement()
    return FutureRecordMetadata(
        batch.produce_future, count - 1, batch.records._builder._first_timestamp, None, -1, -1, -1
    )


def _record_batch(producer: KafkaProducer, topic: str, count: int, records: bytes) -> MemoryRecordsBuilder:
    """Return a batch that holds these records; the sender's thread closes it: sequence, compression, checksum."""
    config = producer._accumulator.config
    batch = MemoryRecordsBuilder(_MAGIC, config["compression_attrs"], config["batch_size"])
    if topic in READ_BY_AGENCIES:
        batch._builder = _ForEveryClient(
            _MAGIC, DefaultRecordBatchBuilder.CODEC_GZIP, False, -1, -1, -1, config["batch_size"]
        )
    batch._next_offset = count
    inside = batch._builder
    inside._buffer += records
    inside._num_records = count
    inside._last_offset = count - 1
    inside._first_timestamp = inside._max_timestamp = int(time.time() * 1000)
    return batch


def _long_varint(number: int) -> bytes:
    rest, written = number << 1, bytearray()
    while rest > 0x7F:
        written.append(rest & 0x7F | 0x80)
        rest >>= 7
    written.append(rest)
    return bytes(written)


_VARINTS: Final = tuple(map(_long_varint, range(8192)))


def _varint(number: int) -> bytes:
    """Return a number, not below zero, as the protocol writes lengths."""
    return _VARINTS[number] if number < 8192 else _long_varint(number)


def _with_length(text: bytes) -> bytes:
    return _varint(len(text)) + text
