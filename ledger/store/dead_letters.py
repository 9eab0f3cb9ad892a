"""Dead letters in the database: kept in intake's transaction, and closed when a later message has taken their place.

One is open until it is sent again, closed by somebody who says why, or a message under its id is recorded after all.
"""

from collections.abc import Collection, Sequence
from typing import Any, Final, cast
from uuid import UUID

from psycopg import Connection, Cursor
from psycopg.rows import DictRow

from ledger.agencies import Agency
from ledger.rules.arrivals import Illegible, Key, Kind
from ledger.rules.lookups import KeptName, Name

INTAKE: Final = "intake"
"""Who closed those whose id was used after all."""
_OPEN: Final = "retried_at is null and closed_at is null"


def keep(cursor: Cursor[DictRow], aside: Illegible) -> None:
    """Keep a dead letter with where it stood; the same message, read again, is kept once."""
    place = aside.place
    row = cursor.execute(
        'insert into ledger.set_aside (agency, topic, partition, "offset", last_offset, cluster_id, topic_id, kind,'
        " ce_source, ce_id, reason, value, headers, size, digest, set_aside_at)"
        " values (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, clock_timestamp())"
        " on conflict do nothing returning number",
        (
            place.agency,
            place.topic,
            place.partition,
            place.offset,
            aside.last_offset,
            None if place.id is None else place.id.cluster,
            None if place.id is None else place.id.topic,
            aside.kind,
            *aside.key,
            aside.reason,
            aside.value,
            aside.headers,
            aside.size,
            aside.digest,
        ),
    ).fetchone()
    if row is not None and aside.names:
        cursor.execute(
            "insert into ledger.set_aside_names select %s, %s, s, v from unnest(%b::text[], %b::text[]) as t(s, v)"
            " on conflict do nothing",
            (row["number"], place.agency, [scheme for scheme, _ in aside.names], [value for _, value in aside.names]),
        )


def kept_names(cursor: Cursor[DictRow], names: Collection[Name], children: Collection[UUID]) -> list[KeptName]:
    """Return which of these identifiers, or of these children's, messages kept for a fault name."""
    if cursor.execute("select from ledger.set_aside_names limit 1").fetchone() is None:
        return []
    cursor.execute(
        "select n.agency, a.ce_source, a.ce_id, n.scheme, n.value, i.child from ledger.set_aside_names n"
        " join ledger.set_aside a using (number)"
        " left join ledger.identifiers i on i.scheme = n.scheme and i.value = n.value and i.released is null"
        " where i.child = any(%b)"
        " or (n.scheme, n.value) in (select * from unnest(%b::text[], %b::text[]))"
        " or n.scheme = 'ledger' and n.value = any(%b)",
        (
            list(children),
            [scheme for scheme, _ in names],
            [value for _, value in names],
            [str(child) for child in children],
        ),
    )
    return [
        KeptName(
            cast(Agency, row["agency"]),
            (row["ce_source"], row["ce_id"]),
            (row["scheme"], row["value"]),
            UUID(row["value"]) if row["scheme"] == "ledger" else row["child"],
        )
        for row in cursor
    ]


def close_answered(cursor: Cursor[DictRow], answered: Sequence[tuple[Agency, Key]]) -> None:
    """Close the dead letters under whose ids something was recorded or refused after all."""
    if (
        cursor.execute("select from ledger.set_aside where closed_at is null and ce_id is not null limit 1").fetchone()
        is None
    ):
        return
    cursor.execute(
        "with closed as (update ledger.set_aside a set closed_at = clock_timestamp(), closed_by = %b,"
        " closed_reason = 'a message under its id was answered after all'"
        " from unnest(%b::text[], %b::text[], %b::text[]) as k(agency, source, id)"
        " where a.agency = k.agency and a.ce_source = k.source and a.ce_id = k.id"
        " and a.ce_id is not null and a.closed_at is null"
        " returning a.number)"
        " delete from ledger.set_aside_names n using closed where n.number = closed.number",
        (
            INTAKE,
            [agency for agency, _ in answered],
            [source for _, (source, _) in answered],
            [id for _, (_, id) in answered],
        ),
    )


def close(connection: Connection[Any], numbers: Collection[int], *, by: str, reason: str) -> list[int]:
    """Close dead letters for a reason, recorded with who and when; return the numbers of those that were open."""
    with connection.transaction():
        closed = connection.execute(
            "update ledger.set_aside set closed_at = clock_timestamp(), closed_by = %s, closed_reason = %s"
            " where number = any(%s) and closed_at is null returning number",
            (by, reason, list(numbers)),
        ).fetchall()
        connection.execute("delete from ledger.set_aside_names where number = any(%s)", ([row[0] for row in closed],))
    return sorted(row[0] for row in closed)


def counts(connection: Connection[Any]) -> dict[Kind, int]:
    """Count the open dead letters of each kind: what `status` and a metric show. The connection gives tuples."""
    counted: dict[Kind, int] = {"unreadable": 0, "fault": 0, "batch": 0, "lost": 0, "foreign": 0}
    rows = connection.execute(f"select kind, count(*) from ledger.set_aside where {_OPEN} group by kind")  # noqa: S608
    for kind, count in rows.fetchall():
        counted[cast(Kind, kind)] = int(count)
    return counted
