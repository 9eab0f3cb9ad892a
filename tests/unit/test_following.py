"""Reading several partitions in the one order of the positions, from a consumer that is told what to bring."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import pytest
from kafka import TopicPartition

from ledger.kafka import entries
from ledger.kafka.entries import EntryMessage, Foreign, InOrder, Unsealed, read_record
from ledger.kafka.record_batches import DamagedBatch, KafkaRecord
from ledger.kafka.seals import SEAL, Seals
from ledger.topics import ENTRIES, ENTRIES_PARTITIONS, partition_of
from producers.kafka.batches import Envelope

RELAYED = Envelope(source="/custody-ledger", type="custody.child-encountered.v1", extra=("previous", SEAL))
SEALS = Seals(b"the key of this ledger")
AT = "2022-01-01T00:00:00.000000Z"


def child(number: int) -> UUID:
    return UUID(int=(0x7 << 76) | (0x8 << 60) | number)


def topic(*positions: int) -> dict[int, list[KafkaRecord]]:
    """Return the partitions of a topic with entries at these positions, each of a child of its own."""
    partitions: dict[int, list[KafkaRecord]] = {number: [] for number in range(ENTRIES_PARTITIONS)}
    before = 0
    for position in positions:
        add(partitions, position, before)
        before = position
    return partitions


def add(
    partitions: dict[int, list[KafkaRecord]],
    position: int,
    before: int,
    *,
    seals: Seals = SEALS,
    value: bytes | None = None,
) -> None:
    """Put an entry behind what is on its child's partition."""
    whose = str(child(position)).encode()
    payload = value or b'{"position":%d,"recorded_at":"%s"}' % (position, AT.encode())
    seal = seals.seal(ENTRIES.encode(), whose, b"%d" % position, AT.encode(), b"%d" % before, payload)
    put(
        partitions,
        partition_of(child(position)),
        whose,
        payload,
        RELAYED.stamped(AT, str(before), seal).of(str(position)),
    )


def put(
    partitions: dict[int, list[KafkaRecord]], number: int, key: bytes | None, value: bytes | None, packed: bytes
) -> None:
    """Put any record behind what is on a partition."""
    records = partitions[number]
    records.append(KafkaRecord(ENTRIES, number, len(records), 0, key, value, packed))


def sift(records: Sequence[Any]) -> tuple[list[EntryMessage], list[Foreign]]:
    """Take what is sealed; the event store holds nothing else."""
    read = [read_record(record, SEALS) for record in records]
    return (
        [one for one in read if isinstance(one, EntryMessage)],
        [one.foreign() if isinstance(one, Unsealed) else one for one in read if not isinstance(one, EntryMessage)],
    )


def in_order(consumer: Any, foreign: list[Foreign] | None = None) -> InOrder:
    """Read from the first message; what is foreign goes to the list."""
    return InOrder(consumer, 0, {}, sift=sift, set_aside=(foreign if foreign is not None else []).extend)


@dataclass
class Consumer:
    """Brings what stands in `partitions`, but nothing of the `deaf` ones until it is told anew where to begin."""

    partitions: dict[int, list[KafkaRecord]]
    deaf: frozenset[int] = frozenset()
    begun: int = 0

    def assign(self, taken: list[TopicPartition]) -> None:
        self.next = {partition.partition: 0 for partition in taken}
        self.begun += 1

    def beginning_offsets(self, new: list[TopicPartition]) -> dict[TopicPartition, int]:
        return dict.fromkeys(new, 0)

    def seek(self, partition: TopicPartition, offset: int) -> None:
        self.next[partition.partition] = offset

    def poll(self, timeout_ms: int, max_records: int) -> dict[TopicPartition, list[Any]]:
        assert timeout_ms >= 0
        brought = {}
        for number, records in self.partitions.items():
            if number in self.deaf and self.begun < 2:
                continue
            some = records[self.next[number] :][:max_records]
            self.next[number] += len(some)
            if some:
                brought[TopicPartition(ENTRIES, number)] = some
        return brought


def test_messages_of_several_partitions_come_in_the_order_of_their_positions() -> None:
    """Positions may have holes; the chain of predecessors has none."""
    reading = in_order(Consumer(topic(1, 2, 5, 6, 7, 11)))
    reading.read(0)
    assert [message.position for message in reading.take(4)] == [1, 2, 5, 6]
    assert [message.position for message in reading.take(4, up_to=7)] == [7]
    assert [message.position for message in reading.take(4)] == [11]


def test_nothing_is_given_beyond_a_message_that_is_missing() -> None:
    """What comes after it waits, and the position before it says where."""
    partitions = topic(1, 2, 3, 4)
    del partitions[partition_of(child(3))][:]
    reading = in_order(Consumer(partitions))
    reading.read(0)
    assert [message.position for message in reading.take(10)] == [1, 2]
    assert (reading.last, reading.ahead) == (2, 1)


def test_reading_begins_anew_where_a_client_brings_nothing_of_the_partition_whose_turn_it_is(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Seen under load; each message is still given once, from where the last one was taken."""
    consumer = Consumer(topic(*range(1, 13)), deaf=frozenset({partition_of(child(3))}))
    reading = in_order(consumer)
    reading.read(0)
    given = [message.position for message in reading.take(100)]
    assert given == [1, 2]
    monkeypatch.setattr(entries, "BEGIN_ANEW_SECONDS", -1.0)
    while len(given) < 12:
        reading.read(0)
        given += [message.position for message in reading.take(100)]
    assert given == list(range(1, 13))
    assert consumer.begun >= 2


NOBODY = Seals(b"a key that somebody made up")


def test_what_the_ledger_did_not_write_is_told_once_and_takes_no_position() -> None:
    """Garbage, and forgeries of the next position, of one there is and one to come, before the true one and behind."""
    partitions = topic(1, 2)
    number = partition_of(child(3))
    put(partitions, number, None, None, b"\0")
    put(partitions, number, b"k", b"\xff\xfe", b"\x02\x06x-")
    put(partitions, number, b"\xff", b'{"another": "shape"}', b"\x02\x0cce_id\x02x")
    add(partitions, 3, 2, seals=NOBODY, value=b'{"position":3,"recorded_at":"%s","forged":1}' % AT.encode())
    add(partitions, 3, 2)
    add(partitions, 3, 2, seals=NOBODY)
    add(partitions, 3, 1, seals=NOBODY)
    add(partitions, 1, 0, seals=NOBODY, value=b'{"position":1,"recorded_at":"%s","forged":1}' % AT.encode())
    add(partitions, 10**12, 3, seals=NOBODY)
    add(partitions, 4, 3)
    foreign: list[Foreign] = []
    reading = in_order(Consumer(partitions), foreign)
    for _ in range(3):
        reading.read(0)
    taken = reading.take(100)
    assert [message.position for message in taken] == [1, 2, 3, 4]
    assert not any(b"forged" in message.payload for message in taken)
    assert len(foreign) == 8
    assert {one.position for one in foreign} == {None, 1, 3, 10**12}
    assert reading.ahead == 0
    assert reading.offsets == {number: len(records) for number, records in partitions.items()}


def test_a_copy_of_an_entry_elsewhere_or_with_another_predecessor_is_foreign() -> None:
    """The seal is of all that is read: key, position, time, predecessor and value."""
    partitions = topic(1)
    [entry] = partitions[partition_of(child(1))]
    assert entry.value is not None
    for changed in (
        entry._replace(key=str(child(5)).encode()),
        entry._replace(value=entry.value.replace(b'"position":1', b'"position":2')),
        entry._replace(packed=entry.packed.replace(b"2022", b"2023")),
        entry._replace(packed=entry.packed.replace(b"ce_previous\x020", b"ce_previous\x028")),
        entry._replace(packed=entry.packed.replace(b"ce_id\x021", b"ce_id\x022")),
    ):
        assert changed != entry
        assert not isinstance(read_record(changed, SEALS), EntryMessage)
    assert isinstance(read_record(entry, SEALS), EntryMessage)


def test_a_batch_that_cannot_be_unpacked_is_foreign_up_to_its_last_message() -> None:
    """Reading goes on behind it."""
    damaged = DamagedBatch(ENTRIES, 1, 7, 9, "a record batch that cannot be unpacked", 40, "d", b"")
    assert read_record(damaged, SEALS) == Foreign(1, 7, 9, None, "a record batch that cannot be unpacked", 40, "d")
