"""Verify what agencies sent: every message on their topics before the ledger's offset was answered or kept.

A message is answered where its key stands in the ledger, and kept where a dead letter stands at its place. One that is
neither was passed over, whatever the reason. Offsets belong to one making of a topic: on another they say nothing.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

from kafka import KafkaConsumer, TopicPartition
from kafka.errors import CorruptRecordError
from psycopg import Connection
from psycopg.rows import TupleRow

from ledger.kafka.cloudevents import read_message
from ledger.kafka.record_batches import DamagedBatch, KafkaRecord, unpack_quickly
from ledger.kafka.topic_ids import TopicId, topic_ids
from ledger.topics import READ_BY_INTAKE, agency_of
from readers.verify.wrongs import Wrongs

AT_ONCE: Final = 2000
_SILENCE_MS: Final = 30_000


@dataclass(frozen=True, slots=True)
class IntakeVerified:
    """What was found: `messages` were held beside the ledger's keys and dead letters."""

    messages: int
    lost: tuple[str, ...]
    """Notes of topics that were made again, open still: what the agencies may have to send again."""
    wrong: tuple[dict[str, Any], ...]
    wrong_more: int


@dataclass(frozen=True, slots=True)
class _Place:
    """A message on its topic; `key` is what it is attributed by."""

    topic: str
    partition: int
    first: int
    last: int
    key: tuple[str, str] | None


def verify_intake(
    connection: Connection[TupleRow], bootstrap: str, say: Callable[[str, int, int], None]
) -> IntakeVerified:
    """Look for each message before the ledger's offsets; changes nothing."""
    wrongs = Wrongs()
    if connection.execute("select to_regclass('ledger.intake_offsets') is not null").fetchone() != (True,):
        return IntakeVerified(0, (), (), 0)
    lost = []
    for number, reason, upto in connection.execute(
        "select number, reason, last_offset from ledger.set_aside"
        " where kind = 'lost' and closed_at is null order by number"
    ).fetchall():
        lost.append(reason)
        if upto is not None:
            wrongs.add(topic=None, partition=None, offset=None, what=f"{reason} (message {number})")
    stands = _stands(connection, topic_ids(bootstrap, READ_BY_INTAKE), wrongs)
    messages = 0
    total = sum(stands.values())
    for page in _pages(bootstrap, stands, wrongs):
        messages += len(page)
        for place in _passed_over(connection, page):
            wrongs.add(
                topic=place.topic,
                partition=place.partition,
                offset=place.first,
                what="stands before the ledger's offset, and was neither answered nor kept",
            )
        say("comparing what agencies sent", messages, total)
    return IntakeVerified(messages, tuple(lost), tuple(wrongs.named), wrongs.more)


def _stands(connection: Connection[TupleRow], ids: dict[str, TopicId], wrongs: Wrongs) -> dict[TopicPartition, int]:
    """Return how far the ledger has taken each partition of the topics that are there now."""
    stands = {}
    rows = connection.execute(
        "select topic, partition, next_offset, cluster_id, topic_id from ledger.intake_offsets order by 1, 2"
    ).fetchall()
    for topic, partition, offset, cluster, topic_id in rows:
        now = ids.get(topic)
        if topic_id is None or not offset:
            continue  # of before ids were kept, or nothing taken: there is nothing to hold beside Kafka
        if now != TopicId(cluster, topic_id):
            what = "is not there" if now is None else "was deleted and made again, and intake has not begun on it"
            wrongs.add(topic=topic, partition=partition, offset=offset, what=f"the topic {what}; start the role intake")
        else:
            stands[TopicPartition(topic, partition)] = offset
    return stands


def _pages(bootstrap: str, stands: dict[TopicPartition, int], wrongs: Wrongs) -> Iterator[list[_Place]]:
    if not stands:
        return
    consumer = KafkaConsumer(
        bootstrap_servers=bootstrap.split(","),
        client_id="custody-verify-intake",
        group_id=None,
        enable_auto_commit=False,
        auto_offset_reset="none",
        isolation_level="read_committed",
        allow_auto_create_topics=False,
        max_poll_records=AT_ONCE,
        check_crcs=True,
        metrics_enabled=False,
    )
    unpack_quickly(consumer, give_damaged=True)
    try:
        begins, ends = consumer.beginning_offsets(list(stands)), consumer.end_offsets(list(stands))
        goals = {}
        for partition, offset in stands.items():
            if offset > ends[partition]:
                what = f"the ledger has taken it up to offset {offset}, and it ends at {ends[partition]}: Kafka lost it"
                wrongs.add(topic=partition.topic, partition=partition.partition, offset=ends[partition], what=what)
            if begins[partition] < min(offset, ends[partition]):
                goals[partition] = min(offset, ends[partition])
        consumer.assign(list(goals))
        for partition in goals:
            consumer.seek(partition, begins[partition])
        while waiting := [partition for partition, goal in goals.items() if consumer.position(partition) < goal]:
            before = [consumer.position(partition) for partition in waiting]
            polled = consumer.poll(timeout_ms=_SILENCE_MS, max_records=AT_ONCE)
            if not polled and before == [consumer.position(partition) for partition in waiting]:
                raise TimeoutError(f"{waiting[0].topic}: no answer from Kafka within {_SILENCE_MS // 1000} s")
            yield [_place(record) for at, records in polled.items() for record in records if record.offset < goals[at]]
    finally:
        consumer.close(autocommit=False)


def _place(record: KafkaRecord | DamagedBatch) -> _Place:
    if isinstance(record, DamagedBatch):
        return _Place(record.topic, record.partition, record.first_offset, record.offset, None)
    key = None
    try:
        message = read_message(record.headers, record.value)
        if message.source is not None and message.id is not None:
            key = (message.source, message.id)
    except CorruptRecordError:
        pass
    return _Place(record.topic, record.partition, record.offset, record.offset, key)


def _passed_over(connection: Connection[TupleRow], page: Sequence[_Place]) -> list[_Place]:
    """Return those that are neither answered under their key nor kept at their place."""
    keyed = [place for place in page if place.key is not None]
    answered = set(
        connection.execute(
            "select agency, source, id from ledger.submissions join"
            " unnest(%b::text[], %b::text[], %b::text[]) as k(agency, source, id) using (agency, source, id)",
            (
                [agency_of(place.topic) for place in keyed],
                [place.key[0] for place in keyed if place.key],
                [place.key[1] for place in keyed if place.key],
            ),
        ).fetchall()
    )
    left = [place for place in page if place.key is None or (agency_of(place.topic), *place.key) not in answered]
    if not left:
        return []
    kept = set(
        connection.execute(
            "select k.topic, k.partition, k.first from"
            " unnest(%b::text[], %b::int[], %b::bigint[]) as k(topic, partition, first)"
            " join ledger.intake_offsets o on o.topic = k.topic and o.partition = k.partition"
            " join ledger.set_aside a on a.topic = k.topic and a.partition = k.partition and a.topic_id = o.topic_id"
            ' and a.kind <> \'lost\' and k.first between a."offset" and coalesce(a.last_offset, a."offset")',
            ([p.topic for p in left], [p.partition for p in left], [p.first for p in left]),
        ).fetchall()
    )
    return [place for place in left if (place.topic, place.partition, place.first) not in kept]
