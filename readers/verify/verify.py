"""Verify: PostgreSQL, Kafka and the read tables say the same, entry by entry, batch by batch and row by row.

The read tables are filled anew from Kafka beside the live ones. What came from Kafka is compared with the event store
byte by byte (by 64-bit hashes of both), the live tables with what Kafka's entries come to. Nothing is believed that was
not read in this run, and nothing is changed.
"""

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from hashlib import blake2b
from typing import Any

import structlog
from psycopg import Connection
from psycopg.rows import TupleRow
from psycopg.sql import SQL, Identifier

from ledger.entry import value
from ledger.kafka.entries import ALL_PARTITIONS, BATCH, Foreign, entries_consumer, start_at
from ledger.kafka.genuine import Genuine
from ledger.roles.settings import Settings
from ledger.topics import ENTRIES
from projections.rebuilding.rebuild import refill, the_only_rebuild
from projections.tables.versions import connect, drop_version
from projections.tables.writing import Tables
from readers.verify.verify_feeds import FeedsVerified, verify_feeds
from readers.verify.verify_intake import IntakeVerified, verify_intake
from readers.verify.verify_publications import PublicationsVerified, verify_publications

MOST_NAMED = 20

_ENTRIES_COMPARED = """
with kafka as (
    select position, child, hash_record_extended(row(payload), 0) as bytes, length(payload) as size from {fresh}.entries
    union all
    select position, child, hash_record_extended(row(payload), 0), length(payload) from {fresh}.parked
), store as (
    select notification_id as position, originator_id as child, length(value) as size,
           hash_record_extended(row(value), 0) as bytes
    from (
        select notification_id, originator_id,
               convert_to(
                   '{{"position":' || notification_id || ',"child":'
                   || case when substring(state from 1 for 18) = '{{"subject":"child"'
                           then '"' || originator_id || '"' else 'null' end || ',"version":'
                   || originator_version || ',"type":"' || topic || '",', 'UTF8'
               ) || substring(state from 2) as value
        from ledger.stored_events where notification_id <= {upto}
    ) v
)
select coalesce(s.position, k.position), coalesce(s.child, k.child),
       case when k.position is null then 'missing on Kafka'
            when s.position is null then 'on Kafka only'
            else 'differs between PostgreSQL and Kafka' end
from store s full join kafka k on k.position = s.position
where k.position is null or s.position is null or s.bytes <> k.bytes or s.size <> k.size or s.child <> k.child
order by 1 limit {most}
"""


@dataclass(frozen=True, slots=True)
class Verified:
    """What a run of verify found; `sound` when nothing is wrong up to `position`."""

    sound: bool
    position: int
    entries: int
    not_yet_in_tables: int
    entries_wrong: tuple[dict[str, Any], ...]
    tables_wrong: tuple[str, ...]
    chain_has_gap: bool
    foreign: tuple[dict[str, Any], ...]
    """Records of custody.entries that the ledger did not write, or that cannot be read, and that nobody has closed."""
    foreign_closed: int
    """Such records whose dead letter was closed with a reason."""
    parked_children: int
    publications: PublicationsVerified
    intake: IntakeVerified
    feeds: FeedsVerified | None
    """None: not asked for."""

    def as_json(self) -> dict[str, Any]:
        """Return the report as `--json` prints it."""
        return asdict(self)


def verify(
    settings: Settings,
    log: structlog.typing.FilteringBoundLogger,
    say: Callable[[str, int, int], None],
    *,
    feeds: bool = False,
) -> Verified:
    """Compare all three sides up to the position the read tables have reached; changes nothing."""
    with the_only_rebuild(settings), connect(settings.database_url) as connection:
        publications = verify_publications(connection, settings.kafka_bootstrap, say)
        sent = verify_intake(connection, settings.kafka_bootstrap, say)
        rebuilt = None
        try:
            rebuilt = refill(settings, connection, log, say, swap=False)
            say("comparing entries with PostgreSQL", 0, 0)
            wrong = _entries_wrong(connection, rebuilt.schema, rebuilt.position)
            fresh = Tables(connection, rebuilt.schema)
            beyond, foreign = _wrong_beyond(settings, connection, fresh, rebuilt.position)
            wrong += beyond
            foreign += [Foreign(*row) for row in fresh.run("select * from {schema}.foreign_records")]
            open_foreign = _not_closed(connection, foreign)
            behind = _one(
                connection, "select count(*) from ledger.stored_events where notification_id > %s", rebuilt.position
            )
            parked = _one(connection, f"select count(distinct child) from {rebuilt.live}.parked")  # noqa: S608
        finally:
            if rebuilt is not None:
                drop_version(connection, rebuilt.schema)
        told = verify_feeds(settings, connection, publications.told, say) if feeds else None
    return Verified(
        sound=not wrong
        and not rebuilt.differences
        and not rebuilt.gap
        and not open_foreign
        and not publications.wrong
        and not sent.wrong
        and not (told and told.wrong),
        position=rebuilt.position,
        entries=rebuilt.entries,
        not_yet_in_tables=behind,
        entries_wrong=wrong,
        tables_wrong=rebuilt.differences,
        chain_has_gap=rebuilt.gap,
        foreign=tuple(
            {"partition": one.partition, "offset": one.offset, "position": one.position, "what": one.reason}
            for one in open_foreign[: MOST_NAMED + 1]
        ),
        foreign_closed=len(set(foreign)) - len(open_foreign),
        parked_children=parked,
        publications=publications,
        intake=sent,
        feeds=told,
    )


def _entries_wrong(connection: Connection[TupleRow], fresh: str, upto: int) -> tuple[dict[str, Any], ...]:
    with connection.transaction():
        connection.execute("set local work_mem = '256MB'")
        rows = connection.execute(
            SQL(_ENTRIES_COMPARED).format(fresh=Identifier(fresh), upto=upto, most=MOST_NAMED + 1)
        ).fetchall()
    return tuple({"position": row[0], "child": str(row[1]), "what": row[2]} for row in rows)


def _wrong_beyond(
    settings: Settings, connection: Connection[TupleRow], fresh: Tables, position: int
) -> tuple[tuple[dict[str, Any], ...], list[Foreign]]:
    """Compare what the relay says it has sent beyond the read tables: a hole there is what keeps them waiting.

    Returns what is wrong, and what is foreign there.
    """
    sent = _one(connection, "select coalesce(max(position), 0) from ledger.relay_checkpoint where name = 'entries'")
    genuine, foreign = Genuine(connection), list[Foreign]()
    consumer = entries_consumer(settings.kafka_bootstrap)
    start_at(consumer, fresh.offsets(), ALL_PARTITIONS)
    ends = consumer.end_offsets(list(consumer.assignment()))
    on_kafka: dict[int, bytes] = {}
    try:
        while any(consumer.position(partition) < end for partition, end in ends.items()):
            for records in consumer.poll(timeout_ms=1000, max_records=BATCH).values():
                messages, strange = genuine.entries(records)
                foreign += strange
                for message in messages:
                    if position < message.position <= sent:
                        on_kafka[message.position] = _hash(message.payload)
    finally:
        consumer.close(autocommit=False)
    wrong: list[dict[str, Any]] = []
    with connection.transaction(), connection.cursor("sent") as cursor:
        cursor.execute(
            "select notification_id, originator_id, originator_version, topic, state from ledger.stored_events"
            " where notification_id > %s and notification_id <= %s order by notification_id",
            (position, sent),
        )
        for at, child, version, wire, state in cursor:
            ours = value(position=at, child=child, version=version, wire=wire, state=bytes(state))
            theirs = on_kafka.pop(at, None)
            if theirs != _hash(ours) and len(wrong) <= MOST_NAMED:
                what = "missing on Kafka" if theirs is None else "differs between PostgreSQL and Kafka"
                wrong.append({"position": at, "child": str(child), "what": what})
    wrong += [{"position": at, "child": None, "what": "on Kafka only"} for at in sorted(on_kafka)[:MOST_NAMED]]
    return tuple(wrong), foreign


def _not_closed(connection: Connection[TupleRow], foreign: Sequence[Foreign]) -> list[Foreign]:
    """Return, each once and in order, what nobody has closed with a reason as a dead letter."""
    closed = set(
        connection.execute(
            'select partition, "offset", digest from ledger.set_aside where topic = %s and closed_at is not null',
            (ENTRIES,),
        )
    )
    return sorted(one for one in set(foreign) if (one.partition, one.offset, one.digest) not in closed)


def _hash(payload: bytes) -> bytes:
    return blake2b(payload, digest_size=16).digest()


def _one(connection: Connection[TupleRow], query: str, *values: object) -> int:
    row = connection.execute(query, values).fetchone()
    assert row is not None
    return int(row[0])
