"""Reading several partitions in the one order of the positions, from a consumer that is told what to bring."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

import pytest
from kafka import TopicPartition

from ledger import following
from ledger.following import InOrder
from ledger.topics import ENTRIES, ENTRIES_PARTITIONS, partition_of
from ledger.unpacking import Record
from producers.appending import Envelope

RELAYED = Envelope(source="/custody-ledger", type="custody.child-encountered.v1", extra=("previous",))


def child(number: int) -> UUID:
    return UUID(int=(0x7 << 76) | (0x8 << 60) | number)


def topic(*positions: int) -> dict[int, list[Record]]:
    """Return the partitions of a topic with entries at these positions, each of a child of its own."""
    partitions: dict[int, list[Record]] = {number: [] for number in range(ENTRIES_PARTITIONS)}
    before = 0
    for position in positions:
        whose = child(position)
        records = partitions[partition_of(whose)]
        packed = RELAYED.stamped("2022-01-01T00:00:00.000000Z", str(before)).of(str(position))
        records.append(Record(ENTRIES, partition_of(whose), len(records), 0, str(whose).encode(), b"{}", packed))
        before = position
    return partitions


@dataclass
class Consumer:
    """Brings what stands in `partitions`, but nothing of the `deaf` ones until it is told anew where to begin."""

    partitions: dict[int, list[Record]]
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
    reading = InOrder(Consumer(topic(1, 2, 5, 6, 7, 11)), 0, {})
    reading.read(0)
    assert [message.position for message in reading.take(4)] == [1, 2, 5, 6]
    assert [message.position for message in reading.take(4, up_to=7)] == [7]
    assert [message.position for message in reading.take(4)] == [11]


def test_nothing_is_given_beyond_a_message_that_is_missing() -> None:
    """What comes after it waits, and the position before it says where."""
    partitions = topic(1, 2, 3, 4)
    del partitions[partition_of(child(3))][:]
    reading = InOrder(Consumer(partitions), 0, {})
    reading.read(0)
    assert [message.position for message in reading.take(10)] == [1, 2]
    assert (reading.last, reading.ahead) == (2, 1)


def test_reading_begins_anew_where_a_client_brings_nothing_of_the_partition_whose_turn_it_is(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Seen under load; each message is still given once, from where the last one was taken."""
    consumer = Consumer(topic(*range(1, 13)), deaf=frozenset({partition_of(child(3))}))
    reading = InOrder(consumer, 0, {})
    reading.read(0)
    given = [message.position for message in reading.take(100)]
    assert given == [1, 2]
    monkeypatch.setattr(following, "BEGIN_ANEW_SECONDS", -1.0)
    while len(given) < 12:
        reading.read(0)
        given += [message.position for message in reading.take(100)]
    assert given == list(range(1, 13))
    assert consumer.begun >= 2
