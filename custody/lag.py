"""How far each role is behind, counted in messages and entries; what is not made yet counts as empty."""

from dataclasses import dataclass
from typing import Final, LiteralString

import psycopg
from kafka import KafkaConsumer, TopicPartition
from psycopg import sql

from ledger.topics import ENTRIES, READ_BY_INTAKE, TOPICS

_INTAKE: Final = frozenset(READ_BY_INTAKE)
Offsets = dict[TopicPartition, tuple[int, int]]
"""The first and the next offset of each partition."""


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
    set_aside: int


def measure(database_url: str, bootstrap: str) -> Lag:
    """Ask both servers once; raises psycopg's and kafka-python's errors when one does not answer."""
    ends = _ends(bootstrap)
    with psycopg.connect(database_url, autocommit=True, connect_timeout=10) as connection:
        there = _tables(connection)
        position = 0
        if "ledger.stored_events" in there:
            position = _number(connection, "select coalesce(max(notification_id), 0) from ledger.stored_events")
        set_aside = 0
        if "ledger.set_aside" in there:
            set_aside = _number(connection, "select count(*) from ledger.set_aside where retried_at is null")
        reading = _Reading(0, 0, None, 0, 0)
        if "read.ledger" in there:
            reading = _reading(connection)
        return Lag(
            intake=_intake_lag(connection, there, ends),
            relay=_relay_lag(connection, there),
            feeds=_feeds_lag(connection, there),
            projections=sum(end for partition, (_, end) in ends.items() if partition.topic == ENTRIES) - reading.taken,
            alerts=_alerts_lag(connection, there),
            position=position,
            read_position=reading.position,
            complete_to=reading.complete_to,
            held_position=reading.held_position,
            parked_children=reading.parked_children,
            set_aside=set_aside,
        )


@dataclass(frozen=True, slots=True)
class _Reading:
    """How far the live read tables are."""

    taken: int
    position: int
    complete_to: str | None
    held_position: int
    parked_children: int


def _ends(bootstrap: str) -> Offsets:
    consumer = KafkaConsumer(
        bootstrap_servers=bootstrap.split(","),
        group_id=None,
        enable_auto_commit=False,
        auto_offset_reset="none",
        allow_auto_create_topics=False,
        bootstrap_timeout_ms=10_000,
    )
    try:
        partitions = [
            TopicPartition(topic.name, number)
            for topic in TOPICS
            if topic.name == ENTRIES or topic.name in _INTAKE
            for number in range(topic.partitions)
        ]
        begins, ends = consumer.beginning_offsets(partitions), consumer.end_offsets(partitions)
        return {partition: (begins[partition], ends[partition]) for partition in partitions}
    finally:
        consumer.close()


def _intake_lag(connection: psycopg.Connection, there: set[str], ends: Offsets) -> int:
    taken: dict[tuple[str, int], int] = {}
    if "ledger.intake_offsets" in there:
        rows = connection.execute("select topic, partition, next_offset from ledger.intake_offsets").fetchall()
        taken = {(topic, partition): offset for topic, partition, offset in rows}
    return sum(
        max(0, end - max(begin, taken.get((partition.topic, partition.partition), 0)))
        for partition, (begin, end) in ends.items()
        if partition.topic in _INTAKE
    )


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
        return _Reading(0, 0, None, 0, 0)
    name = str(row[0])
    # tables made by an earlier release have none of what agencies hold
    made = connection.execute("select to_regclass(%s) is not null", (f"{name}.holding",)).fetchone() == (True,)
    held = sql.SQL("(select position from {}.holding)").format(sql.Identifier(name)) if made else sql.SQL("0")
    found = connection.execute(
        sql.SQL(
            "select (select coalesce(sum(next_offset), 0)::bigint from {schema}.checkpoint),"
            " (select position from {schema}.progress), (select recorded_at from {schema}.progress),"
            " {held}, (select count(distinct child) from {schema}.parked)"
        ).format(schema=sql.Identifier(name), held=held)
    ).fetchone()
    assert found is not None
    taken, position, complete_to, held_position, parked_children = found
    at = None if complete_to is None else complete_to.isoformat()
    return _Reading(taken, position or 0, at, held_position or 0, parked_children)


def _tables(connection: psycopg.Connection) -> set[str]:
    rows = connection.execute(
        "select schemaname || '.' || tablename from pg_tables where schemaname in ('ledger', 'read')"
    ).fetchall()
    return {name for (name,) in rows}


def _number(connection: psycopg.Connection, query: LiteralString, *values: int) -> int:
    row = connection.execute(query, values).fetchone()
    assert row is not None
    return int(row[0])
