"""Records are read out of their batches exactly as the Kafka client's own code reads them, only quicker."""

import re
import struct
import tracemalloc
from collections.abc import Sequence
from hashlib import sha256
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from kafka import TopicPartition
from kafka.codec import gzip_encode, lz4_encode, snappy_encode, zstd_encode
from kafka.consumer.fetcher import IsolationLevel
from kafka.errors import CorruptRecordError
from kafka.record import MemoryRecords
from kafka.record.default_records import DefaultRecordBatch, DefaultRecordBatchBuilder
from kafka.record.legacy_records import LegacyRecordBatchBuilder
from kafka.record.util import calc_crc32c

from ledger.facts import BY_WIRE, LEDGER_FACTS
from ledger.kafka import entries
from ledger.kafka.cloudevents import binary_headers
from ledger.kafka.codecs import MOST_UNPACKED, NAMES, DamagedError, TooLargeError, unpack
from ledger.kafka.entries import EntryMessage, read_record
from ledger.kafka.record_batches import MOST_TOGETHER, DamagedBatch, KafkaRecord, unpack_quickly, unpacked
from ledger.kafka.seals import SEAL, Seals
from producers.kafka.batches import Envelope


def recut(batch: bytes) -> bytes:
    """Return a packed batch without its last bytes, its lengths and checksum right for what is left."""
    cut = bytearray(batch[:-8])
    struct.pack_into(">i", cut, 8, len(cut) - 12)
    struct.pack_into(">I", cut, 17, calc_crc32c(memoryview(cut)[21:]))
    return bytes(cut)


PLACE = TopicPartition("custody.test", 3)
Sent = tuple[int, bytes | None, bytes | None, list[tuple[str, bytes | None]]]

_SIZES = st.sampled_from((0, 1, 62, 63, 64, 65, 127, 128, 8190, 8191, 8192, 8193, 1_048_576))
_BYTES = st.binary(max_size=20) | _SIZES.map(bytes)
_NAMES = st.text(max_size=10) | st.sampled_from((0, 63, 64, 9000)).map("x".__mul__)
_HEADERS = st.lists(st.tuples(_NAMES, st.none() | _BYTES), max_size=8)
_SENT = st.tuples(st.integers(0, 2**41), st.none() | _BYTES, st.none() | _BYTES, _HEADERS)


def batch_of(sent: Sequence[Sent], *, compression: int = 0, base_offset: int = 0, log_append_time: bool = False) -> Any:
    """Return a batch as it is fetched: the broker writes the offset into it, and the kind of time."""
    builder = DefaultRecordBatchBuilder(2, compression, False, -1, -1, -1, 2**30)
    for number, (at, key, value, headers) in enumerate(sent):
        builder.append(number, at, key, value, headers)
    written = bytearray(builder.build())
    struct.pack_into(">q", written, 0, base_offset)
    if log_append_time:
        written[22] |= DefaultRecordBatch.TIMESTAMP_TYPE_MASK
    return DefaultRecordBatch(bytes(written))


def as_read(records: Sequence[Any]) -> list[tuple[Any, ...]]:
    return [(record.offset, record.timestamp, record.key, record.value, record.headers) for record in records]


@settings(deadline=None, max_examples=150)
@given(st.lists(_SENT, min_size=1, max_size=8), st.integers(0, 4), st.integers(0, 2**62), st.booleans())
def test_records_read_as_the_library_reads_them(
    sent: list[Sent], compression: int, base_offset: int, log_append_time: bool
) -> None:
    """Offsets, times that go back, keys, values, headers; nothing, and much; with every codec of the contract."""

    def fetched() -> Any:
        return batch_of(sent, compression=compression, base_offset=base_offset, log_append_time=log_append_time)

    read = unpacked(PLACE, fetched())
    assert as_read(read) == as_read(list(fetched()))
    assert {(record.topic, record.partition) for record in read} == {PLACE}


@settings(deadline=None, max_examples=150)
@given(st.lists(_SENT, min_size=1, max_size=3), st.data())
def test_a_batch_damaged_anywhere_is_read_or_refused(sent: list[Sent], data: st.DataObject) -> None:
    """Whatever is wrong with its bytes: no other error, and never without an end."""
    written = bytearray(batch_of(sent)._buffer)
    at = data.draw(st.integers(57, len(written) - 1))
    written[at] ^= data.draw(st.integers(1, 255))
    try:
        records = unpacked(PLACE, DefaultRecordBatch(bytes(written)))
        assert all(isinstance(record.headers, list) for record in records)
    except CorruptRecordError:
        pass


@pytest.mark.parametrize("cut", [-1, 1])
def test_a_batch_that_ends_too_early_or_too_late_is_refused(cut: int) -> None:
    """Nobody is given half of the last record, or passes over what stands behind it."""
    written = batch_of([(0, b"k", b"value", [("ce_id", b"1")])])._buffer
    with pytest.raises(CorruptRecordError):
        unpacked(PLACE, DefaultRecordBatch(bytes(written[:cut] if cut < 0 else written + b"\0")))


def test_a_header_name_that_is_not_utf_8_is_read_with_its_odd_bytes_written_out() -> None:
    """One such message of one agency must not stop the intake of all."""
    assert KafkaRecord("t", 0, 0, 0, None, b"", b"\x02\x06x-\xff\x02v").headers == [("x-\\xff", b"v")]


@pytest.mark.parametrize("packed", [b"", b"\x02", b"\x02\x06x-", b"\x02\x02x\x08v", b"\x01", b"\x02\x01\x02v", b"\0\0"])
def test_headers_without_sense_are_refused(packed: bytes) -> None:
    """Their number, or one of their lengths, is not that of the bytes there are."""
    with pytest.raises(CorruptRecordError):
        _ = KafkaRecord("t", 0, 0, 0, None, b"", packed).headers


@pytest.mark.parametrize("wire", [*BY_WIRE, *LEDGER_FACTS])
@given(position=st.integers(1, 2**62), previous=st.integers(0, 2**62))
@example(position=1, previous=0)
def test_an_entry_reads_alike_by_its_pattern_and_header_by_header(wire: str, position: int, previous: int) -> None:
    """What the relay writes is found by the pattern, whatever the fact; and says what the headers say."""
    at = "2022-01-01T00:00:00.000000Z"
    key, seals = b"00000000-0000-7000-8000-000000000001", Seals(b"key")
    parts = (key, str(position).encode(), at.encode(), str(previous).encode(), b"{}")
    seal = seals.seal(b"custody.entries", *parts)
    envelope = Envelope(source="/custody-ledger", type=wire, extra=("previous", SEAL))
    packed = envelope.stamped(at, str(previous), seal).of(str(position))
    record = KafkaRecord("t", 3, 5, 0, key, b"{}", packed)
    extra = [("previous", str(previous)), (SEAL, seal)]
    assert record.headers == binary_headers(id=str(position), source="/custody-ledger", type=wire, time=at, extra=extra)
    assert entries._AS_RELAYED.fullmatch(packed) is not None
    with pytest.MonkeyPatch.context() as patched:
        by_pattern = read_record(record, seals)
        patched.setattr(entries, "_AS_RELAYED", re.compile(b"never"))
        assert read_record(record, seals) == by_pattern
    assert isinstance(by_pattern, EntryMessage)
    assert (by_pattern.position, by_pattern.previous, by_pattern.recorded_at) == (position, previous, at)


def fetched(*batches: bytes, fetch_offset: int = 0, give_damaged: bool = True) -> tuple[list[Any], int]:
    """Return what a consumer is given of these bytes, and the offset at which it fetches next."""
    consumer = SimpleNamespace(_fetcher=SimpleNamespace(_append=None))
    unpack_quickly(consumer, give_damaged=give_damaged)
    part = consumer._fetcher.PartitionRecords(
        fetch_offset, PLACE, MemoryRecords(b"".join(batches)), isolation_level=IsolationLevel.READ_COMMITTED
    )
    return part.take(100), part.next_fetch_offset


def plain(base: int, *values: bytes, compression: int = 0) -> bytes:
    sent: list[Sent] = [(0, None, value, []) for value in values]
    return bytes(batch_of(sent, compression=compression, base_offset=base)._buffer)


def flipped(batch: bytes, at: int, *, mend: bool = True) -> bytes:
    """Return a batch with a byte changed; with `mend` under a checksum that is right again."""
    changed = bytearray(batch)
    changed[at] ^= 0xFF
    if mend:
        struct.pack_into(">I", changed, 17, calc_crc32c(memoryview(changed)[21:]))
    return bytes(changed)


DAMAGED: dict[str, tuple[bytes, str]] = {
    "checksum": (flipped(plain(3, b"a", b"b"), 70, mend=False), "fails its checksum"),
    "unknown codec": (
        flipped(plain(3, b"a", b"b"), 22)[:22] + b"\x07" + plain(3, b"a", b"b")[23:],
        "fails its checksum",
    ),
    "a length that is not so": (flipped(plain(3, b"a", b"b"), 61), "without sense"),
    **{
        f"bad {name}": (flipped(plain(3, b"a" * 99, b"b", compression=codec), 61), f"it is no {name}")
        for codec, name in enumerate(NAMES, 1)
    },
    **{
        f"{name} cut off": (recut(plain(3, b"a" * 99, b"b", compression=codec)), "send its messages again")
        for codec, name in enumerate(NAMES, 1)
    },
    "too large": (plain(3, bytes(MOST_UNPACKED), compression=4), "more than 67108864 bytes when unpacked"),
}


@pytest.mark.parametrize("what", DAMAGED)
def test_a_batch_that_cannot_be_unpacked_is_given_in_its_place_and_reading_goes_on_behind_it(what: str) -> None:
    """Before it, it with where it stood, behind it: nothing else of the partition waits for it."""
    batch, reason = DAMAGED[what]
    last = 3 if what == "too large" else 4
    given, next_offset = fetched(plain(2, b"before"), batch, plain(last + 1, b"behind"))
    before, damaged, behind = given
    assert (before.value, behind.value, behind.offset, next_offset) == (b"before", b"behind", last + 1, last + 2)
    assert isinstance(damaged, DamagedBatch)
    assert (damaged.first_offset, damaged.offset, damaged.size) == (3, last, len(batch))
    assert damaged.digest == sha256(batch).hexdigest()
    assert reason in damaged.reason
    assert len(damaged.kept) <= 131_072
    with pytest.raises(CorruptRecordError, match="partition=3"):
        fetched(batch, give_damaged=False)


@pytest.mark.parametrize("codec", range(1, 5))
def test_a_bomb_is_stopped_at_the_bound(codec: int) -> None:
    """Of megabytes in a small batch never more is made than the bound and one piece; what is within it is whole."""
    encode = {1: gzip_encode, 2: snappy_encode, 3: lz4_encode, 4: zstd_encode}[codec]
    most = 1_048_576
    packed = memoryview(encode(bytes(24 * most)))
    assert unpack(codec, memoryview(encode(bytes(most))), most) == bytes(most)
    tracemalloc.start()
    with pytest.raises(TooLargeError) as stopped:
        unpack(codec, packed, most)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 4 * most + 2 * len(packed)
    assert set(stopped.value.begins) <= {0}


@pytest.mark.parametrize("claimed", [b"\xff\xff\xff\xff\x0f", b"\xff\xff\xff\xff\xff\x0f", b""])
def test_a_snappy_block_that_claims_to_be_huge_is_not_believed(claimed: bytes) -> None:
    """Its size stands before it, and the library makes room for as much."""
    with pytest.raises(DamagedError):
        unpack(2, memoryview(claimed + b"\0a"))


def test_a_batch_with_a_wrong_checksum_never_says_how_far_it_reaches() -> None:
    """A damaged header that claims a million messages must not skip those of the next batch, or of the next fetch."""
    batch = bytearray(plain(3, b"a", b"b"))
    struct.pack_into(">i", batch, 23, 1_000_000)
    given, next_offset = fetched(bytes(batch), plain(5, b"behind"))
    assert [(each.offset, getattr(each, "value", None)) for each in given] == [(4, None), (5, b"behind")]
    assert next_offset == 6
    [damaged], next_offset = fetched(bytes(batch), fetch_offset=3)
    assert (damaged.first_offset, damaged.offset, next_offset) == (3, 3, 4)


@pytest.mark.parametrize("offsets", [(0, 0), (1, 0), (0, 2)])
def test_a_batch_whose_offsets_do_not_rise_within_it_is_damaged(offsets: tuple[int, int]) -> None:
    """Else the ledger's offset could be moved beyond messages that nobody read."""
    builder = DefaultRecordBatchBuilder(2, 0, False, -1, -1, -1, 2**30)
    for offset in offsets:
        builder.append(offset, 0, None, b"v", [])
    batch = bytearray(builder.build())
    struct.pack_into(">i", batch, 23, 1)
    struct.pack_into(">I", batch, 17, calc_crc32c(memoryview(batch)[21:]))
    [damaged], next_offset = fetched(bytes(batch))
    assert isinstance(damaged, DamagedBatch)
    assert next_offset == 2


@pytest.mark.parametrize("magic", [0, 1])
@pytest.mark.parametrize("codec", [0, 1, 2, 3])
def test_messages_of_the_old_formats_are_read(magic: int, codec: int) -> None:
    """Brokers of before 4.0 kept what old clients wrote; such messages have no headers, so they become dead letters."""
    builder = LegacyRecordBatchBuilder(magic, codec if magic or codec != 3 else 0, 2**20)
    builder.append(0, 1_600_000_000_000, b"k", b"v")
    [record], next_offset = fetched(bytes(builder.build()))
    assert (record.offset, record.key, record.value, record.headers, next_offset) == (0, b"k", b"v", [], 1)
    [damaged], next_offset = fetched(flipped(bytes(builder.build()), -1, mend=False))
    assert isinstance(damaged, DamagedBatch)
    assert (damaged.offset, next_offset) == (0, 1)


def test_empty_batches_and_marks_of_transactions_are_passed_over() -> None:
    """Compaction leaves batches without records; a mark that ends a transaction is no message."""
    empty = bytearray(plain(3, b"a", b"b")[:61])
    struct.pack_into(">i", empty, 8, 61 - 12)
    struct.pack_into(">i", empty, 57, 0)
    struct.pack_into(">I", empty, 17, calc_crc32c(memoryview(empty)[21:]))
    assert fetched(bytes(empty)) == ([], 5)
    builder = DefaultRecordBatchBuilder(2, 0, True, 7, 1, 0, 2**20)
    builder.append(0, 0, b"\0\0\0\x01", b"\0\0\0\0\0\0", [])
    mark = bytearray(builder.build())
    mark[22] |= DefaultRecordBatch.CONTROL_MASK
    struct.pack_into(">I", mark, 17, calc_crc32c(memoryview(mark)[21:]))
    assert fetched(bytes(mark)) == ([], 1)


def test_a_poll_ends_where_what_it_brings_is_large() -> None:
    """Many small batches can hold many large records: memory is bounded by bytes, not by how many there are."""
    consumer = SimpleNamespace(_fetcher=SimpleNamespace())

    def append(drained: dict[TopicPartition, list[Any]], part: Any, most: int, _: bool) -> int:
        taken = part.take(most)
        drained.setdefault(PLACE, []).extend(taken)
        return len(taken)

    consumer._fetcher._append = append
    unpack_quickly(consumer, give_damaged=True)
    batches = b"".join(plain(number, bytes(3 * 1_048_576), compression=1) for number in range(20))
    part = consumer._fetcher.PartitionRecords(0, PLACE, MemoryRecords(batches))
    offsets: list[int] = []
    polls = 0
    while len(offsets) < 20:
        drained: dict[TopicPartition, list[Any]] = {}
        left, polls = 1000, polls + 1
        while left > 0 and part:
            left -= consumer._fetcher._append(drained, part, left, True)
        assert sum(len(record.value) for record in drained[PLACE]) <= MOST_TOGETHER + 3 * 1_048_576
        offsets += [record.offset for record in drained[PLACE]]
        assert part.next_fetch_offset == offsets[-1] + 1
    assert offsets == list(range(20))
    assert polls == 4


def test_a_record_of_millions_of_headers_is_not_read() -> None:
    """Their bytes are few, the objects made of them are not."""
    packed = bytes([0x82, 0x40]) + b"\0\x01" * 4097  # zigzag of 4097
    with pytest.raises(CorruptRecordError, match="4097 headers; at most 4096"):
        _ = KafkaRecord("t", 0, 0, 0, None, b"", packed).headers
