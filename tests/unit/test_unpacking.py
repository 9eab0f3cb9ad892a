"""Records are read out of their batches exactly as the Kafka client's own code reads them, only quicker."""

import re
import struct
from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from kafka import TopicPartition
from kafka.errors import CorruptRecordError
from kafka.record.default_records import DefaultRecordBatch, DefaultRecordBatchBuilder

from ledger import following
from ledger.cloudevents import binary_headers
from ledger.facts import BY_WIRE, LEDGER_FACTS
from ledger.following import read_messages
from ledger.unpacking import Record, unpacked
from producers.appending import Envelope

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


@settings(deadline=None, max_examples=300)
@given(st.lists(_SENT, min_size=1, max_size=8), st.sampled_from((0, 3)), st.integers(0, 2**62), st.booleans())
def test_records_read_as_the_library_reads_them(
    sent: list[Sent], compression: int, base_offset: int, log_append_time: bool
) -> None:
    """Offsets, times that go back, keys, values, headers; nothing, and much; with lz4 and without."""

    def fetched() -> Any:
        return batch_of(sent, compression=compression, base_offset=base_offset, log_append_time=log_append_time)

    read = unpacked(PLACE, fetched())
    assert as_read(read) == as_read(list(fetched()))
    assert {(record.topic, record.partition) for record in read} == {PLACE}


@settings(deadline=None, max_examples=300)
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
    assert Record("t", 0, 0, 0, None, b"", b"\x02\x06x-\xff\x02v").headers == [("x-\\xff", b"v")]


@pytest.mark.parametrize("packed", [b"", b"\x02", b"\x02\x06x-", b"\x02\x02x\x08v", b"\x01", b"\x02\x01\x02v", b"\0\0"])
def test_headers_without_sense_are_refused(packed: bytes) -> None:
    """Their number, or one of their lengths, is not that of the bytes there are."""
    with pytest.raises(CorruptRecordError):
        _ = Record("t", 0, 0, 0, None, b"", packed).headers


@pytest.mark.parametrize("wire", [*BY_WIRE, *LEDGER_FACTS])
@given(position=st.integers(1, 2**62), previous=st.integers(0, 2**62))
@example(position=1, previous=0)
def test_an_entry_reads_alike_by_its_pattern_and_header_by_header(wire: str, position: int, previous: int) -> None:
    """What the relay writes is found by the pattern, whatever the fact; and says what the headers say."""
    at = "2022-01-01T00:00:00.000000Z"
    envelope = Envelope(source="/custody-ledger", type=wire, extra=("previous",))
    packed = envelope.stamped(at, str(previous)).of(str(position))
    record = Record("t", 3, 5, 0, b"00000000-0000-7000-8000-000000000001", b"{}", packed)
    assert record.headers == binary_headers(
        id=str(position), source="/custody-ledger", type=wire, time=at, extra=[("previous", str(previous))]
    )
    assert following._AS_RELAYED.fullmatch(packed) is not None
    with pytest.MonkeyPatch.context() as patched:
        by_pattern = read_messages([record])
        patched.setattr(following, "_AS_RELAYED", re.compile(b"never"))
        assert read_messages([record]) == by_pattern
    assert (by_pattern[0].position, by_pattern[0].previous, by_pattern[0].recorded_at) == (position, previous, at)
