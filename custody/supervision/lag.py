"""How far each role is behind, counted in messages and entries; what is not made yet counts as empty.

Offsets alone do not say it: a sender that uses transactions leaves markers on its topics, which use offsets and are no
messages, and so do transactions that were broken off. Where offsets are left over, the records there are counted.
"""

import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, LiteralString

import psycopg
from kafka import KafkaConsumer, TopicPartition
from psycopg import sql

from ledger.rules.arrivals import Kind
from ledger.store.dead_letters import counts
from ledger.topics import ENTRIES, READ_BY_INTAKE, TOPICS

_READ: Final = (ENTRIES, *READ_BY_INTAKE)
_COUNTED: Final = 500
"""Offsets left over on a partition up to which its records are counted; beyond, the difference says enough."""
_COUNTING_SECONDS: Final = 5.0


@dataclass(frozen=True, slots=True)
class Lag:
    """What stands between the agencies' messages and the read tables."""

    intake: int
    """Messages on the intake and receipts topics that nobody took yet."""
    relay: int
    """Entries and outcomes recorded and not yet confirmed by Kafka."""
    feeds: int
    """Entries recorded and not yet published."""
    projections: int
    """Messages of `custody.entries` that the live read tables do not hold yet."""
    alerts: int
    """Entries recorded and not yet looked at for what agencies owe by them."""
    position: int
    """The last entry recorded; 0: none."""
    read_position: int
    """The last entry in the live read tables."""
    complete_to: str | None
    """The ledger time up to which the live read tables hold everything; None: they hold nothing."""
    held_position: int
    """The last entry of which it is worked out what agencies hold, as figures as known to them ask."""
    parked_children: int
    """Children whose entries the live read tables could not apply."""
    blocked: dict[str, int]
    """Children of whom another role cannot do its work, by role."""
    set_aside: int
    """Dead letters that are open, of every kind."""
    dead_letters: dict[Kind, int]
    """The same by what they are."""


def measure(database_url: str, bootstrap: str) -> Lag:
    """Ask both servers once; raises psycopg's and kafka-python's errors when one does not answer."""
    with psycopg.connect(database_url, autocommit=True, connect_timeout=10) as connection:
        there = _tables(connection)
        waiting = _waiting(bootstrap, _taken(connection, there))
        position = 0
        if "ledger.stored_events" in there:
            position = _number(connection, "select coalesce(max(notification_id), 0) from ledger.stored_events")
        dead_letters = counts(connection) if "ledger.set_aside" in there else {}
        reading = _Reading(0, None, 0, 0)
        if "read.ledger" in there:
            reading = _reading(connection)
        return Lag(
            intake=sum(waiting[topic] for topic in READ_BY_INTAKE),
            relay=_relay_lag(connection, there),
            feeds=_feeds_lag(connection, there),
            projections=waiting[ENTRIES],
            alerts=_alerts_lag(connection, there),
            position=position,
            read_position=reading.position,
            complete_to=reading.complete_to,
            held_position=reading.held_position,
            parked_children=reading.parked_children,
            blocked=_blocked(connection, there),
            set_aside=sum(dead_letters.values()),
            dead_letters=dead_letters,
        )


def _blocked(connection: psycopg.Connection, there: set[str]) -> dict[str, int]:
    if "ledger.blocked" not in there:
        return {}
    rows = connection.execute("select role, count(*) from ledger.blocked group by role order by role").fetchall()
    return {role: int(count) for role, count in rows}


@dataclass(frozen=True, slots=True)
class _Reading:
    """How far the live read tables are."""

    position: int
    complete_to: str | None
    held_position: int
    parked_children: int


def _taken(connection: psycopg.Connection, there: set[str]) -> dict[TopicPartition, int]:
    """Return where intake and the live read tables go on reading, on each partition they have begun with."""
    taken: dict[TopicPartition, int] = {}
    if "ledger.intake_offsets" in there:
        rows = connection.execute("select topic, partition, next_offset from ledger.intake_offsets").fetchall()
        taken |= {TopicPartition(topic, partition): offset for topic, partition, offset in rows}
    row = connection.execute("select schema_name from read.ledger").fetchone() if "read.ledger" in there else None
    if row is not None:
        checkpoint = sql.SQL("select partition, next_offset from {}").format(sql.Identifier(row[0], "checkpoint"))
        taken |= {TopicPartition(ENTRIES, partition): offset for partition, offset in connection.execute(checkpoint)}
    return taken


def _waiting(bootstrap: str, taken: Mapping[TopicPartition, int]) -> dict[str, int]:
    """Return for each topic that a role reads how many messages nobody took yet."""
    consumer = KafkaConsumer(
        bootstrap_servers=bootstrap.split(","),
        group_id=None,
        enable_auto_commit=False,
        auto_offset_reset="none",
        isolation_level="read_committed",
        allow_auto_create_topics=False,
        bootstrap_timeout_ms=10_000,
    )
    try:
        partitions = [
            TopicPartition(topic.name, number)
            for topic in TOPICS
            if topic.name in _READ
            for number in range(topic.partitions)
        ]
        begins, ends = consumer.beginning_offsets(partitions), consumer.end_offsets(partitions)
        nexts = {partition: max(begins[partition], taken.get(partition, 0)) for partition in partitions}
        left = {partition: max(0, ends[partition] - nexts[partition]) for partition in partitions}
        few = {partition: nexts[partition] for partition, count in left.items() if 0 < count <= _COUNTED}
        if few:
            left |= _records(consumer, few, ends)
        waiting = dict.fromkeys(_READ, 0)
        for partition, count in left.items():
            waiting[partition.topic] += count
        return waiting
    finally:
        consumer.close()


def _records(
    consumer: KafkaConsumer, nexts: Mapping[TopicPartition, int], ends: Mapping[TopicPartition, int]
) -> dict[TopicPartition, int]:
    """Count the records from `nexts` to `ends`; leave out a partition that cannot be read to its end in time."""
    consumer.assign(list(nexts))
    for partition, offset in nexts.items():
        consumer.seek(partition, offset)
    counted = dict.fromkeys(nexts, 0)
    deadline = time.monotonic() + _COUNTING_SECONDS
    behind = set(nexts)
    while behind and time.monotonic() < deadline:
        try:
            polled = consumer.poll(timeout_ms=200)
        except Exception:  # noqa: BLE001 - a batch that nobody can read; how many offsets are left says enough then
            break
        for partition, records in polled.items():
            counted[partition] += sum(record.offset < ends[partition] for record in records)
        behind = {partition for partition in behind if consumer.position(partition) < ends[partition]}
    return {partition: count for partition, count in counted.items() if partition not in behind}


def _relay_lag(connection: psycopg.Connection, there: set[str]) -> int:
    """Count rows, not positions: positions have gaps."""
    if "ledger.relay_checkpoint" not in there:
        return 0
    sent: dict[str, int] = dict(connection.execute("select name, position from ledger.relay_checkpoint").fetchall())
    return _number(
        connection,
        "select (select count(*) from ledger.stored_events where notification_id > %s)"
        " + (select count(*) from ledger.outcomes where number > %s)",
        sent.get("entries", 0),
        sent.get("outcomes", 0),
    )


def _feeds_lag(connection: psycopg.Connection, there: set[str]) -> int:
    if "ledger.publications" not in there:
        return 0
    return _number(
        connection,
        "select count(*) from ledger.stored_events where notification_id >"
        " coalesce((select to_position from ledger.publications order by number desc limit 1), 0)",
    )


def _alerts_lag(connection: psycopg.Connection, there: set[str]) -> int:
    if "ledger.alerting" not in there:
        return 0
    return _number(
        connection,
        "select count(*) from ledger.stored_events where notification_id >"
        " coalesce((select position from ledger.alerting), 0)",
    )


def _reading(connection: psycopg.Connection) -> _Reading:
    row = connection.execute("select schema_name from read.ledger").fetchone()
    if row is None:
        return _Reading(0, None, 0, 0)
    name = str(row[0])
    # tables made by an earlier release have none of what agencies hold
    made = connection.execute("select to_regclass(%s) is not null", (f"{name}.holding",)).fetchone() == (True,)
    held = sql.SQL("(select position from {}.holding)").format(sql.Identifier(name)) if made else sql.SQL("0")
    found = connection.execute(
        sql.SQL(
            "select (select position from {schema}.progress), (select recorded_at from {schema}.progress),"
            " {held}, (select count(distinct child) from {schema}.parked)"
        ).format(schema=sql.Identifier(name), held=held)
    ).fetchone()
    assert found is not None
    position, complete_to, held_position, parked_children = found
    at = None if complete_to is None else complete_to.isoformat()
    return _Reading(position or 0, at, held_position or 0, parked_children)


def _tables(connection: psycopg.Connection) -> set[str]:
    rows = connection.execute(
        "select schemaname || '.' || tablename from pg_tables where schemaname in ('ledger', 'read')"
    ).fetchall()
    return {name for (name,) in rows}


def _number(connection: psycopg.Connection, query: LiteralString, *values: int) -> int:
    row = connection.execute(query, values).fetchone()
    assert row is not None
    return int(row[0])
