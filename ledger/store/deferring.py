"""What the feeds were put off telling because a record is blocked, as `ledger.deferred` holds it.

The batches say the same (`deferred`, `resumed`, `left_out`) and are kept in the same transaction: the table is what
they come to, to be looked up by record. It is made of them again when batches are recovered.
"""

from collections.abc import Collection, Mapping
from typing import Any, Final, LiteralString, NamedTuple
from uuid import UUID

from psycopg import Connection, Cursor
from psycopg.rows import tuple_row

from ledger.sharing.batches import PublicationBatch, Trigger

_PUT_OFF: Final = (
    "insert into ledger.deferred (trigger, position, child, deferred_by)"
    " select g.trigger, g.position, e.originator_id, %s from unnest(%s::bigint[], %s::bigint[]) as g(trigger, position)"
    " join ledger.stored_events e on e.notification_id = g.position"
)
_END: Final = (
    "update ledger.deferred d set ended_by = %s, left_out = %s"
    " from unnest(%s::bigint[], %s::bigint[]) as g(trigger, position)"
    " where d.trigger = g.trigger and d.position = g.position"
)
_TOLD_WITHOUT: Final = "update ledger.deferred set without = %s where trigger = %s and position = %s"


class Decision(NamedTuple):
    """One thing put off: by which batch, and by which it was told later, or left out for good."""

    trigger: Trigger
    child: UUID
    deferred_by: int
    ended_by: int | None
    left_out: bool
    without: frozenset[str] = frozenset()


def keep(cursor: Cursor[Any], batch: PublicationBatch) -> None:
    """Keep what a batch puts off, tells later and leaves out; in the transaction of the batch."""
    if batch.deferred:
        cursor.execute(_PUT_OFF, (batch.number, *_columns(batch.put_off)))
    for ended, left_out in ((batch.resumed, False), (batch.left_out, True)):
        if ended:
            cursor.execute(_END, (batch.number, left_out, *_columns(ended)))
    for position, members in batch.without:
        cursor.execute(_TOLD_WITHOUT, (list(members), position, position))
    if batch.resumed or batch.left_out:
        cursor.execute(
            "delete from ledger.blocked b where b.role = 'feeds' and not exists"
            " (select from ledger.deferred d where d.child = b.child and d.ended_by is null)"
        )


def keep_reasons(cursor: Cursor[Any], reasons: Mapping[UUID, str]) -> None:
    """Keep why records are blocked; in the transaction of the batch that puts them off."""
    cursor.executemany(
        "insert into ledger.blocked (role, child, reason) values ('feeds', %s, %s)"
        " on conflict (role, child) do update set reason = excluded.reason",
        list(reasons.items()),
    )


def blocked(connection: Connection[Any]) -> set[UUID]:
    """Return the records of which something was put off and is not told yet."""
    rows = _rows(connection, "select distinct child from ledger.deferred where ended_by is null")
    return {child for (child,) in rows}


def pending(cursor: Cursor[Any], children: Collection[UUID]) -> list[Trigger]:
    """Return what was put off for these records and is not told yet, in the order in which it is to be told."""
    return _rows(
        cursor.connection,
        "select trigger, position from ledger.deferred where child = any(%s) and ended_by is null"
        " order by trigger, position",
        list(children),
    )


def decisions(connection: Connection[Any], up_to_batch: int | None = None) -> list[Decision]:
    """Return all that was put off up to a batch, as it stood then."""
    rows = _rows(
        connection,
        "select trigger, position, child, deferred_by, ended_by, left_out, without from ledger.deferred"
        " where %s::bigint is null or deferred_by <= %s order by trigger, position",
        up_to_batch,
        up_to_batch,
    )
    found = []
    for trigger, position, child, deferred_by, ended_by, left_out, without in rows:
        ended = ended_by is not None and (up_to_batch is None or ended_by <= up_to_batch)
        found.append(
            Decision(
                (trigger, position),
                child,
                deferred_by,
                ended_by if ended else None,
                left_out and ended,
                frozenset(without if ended else ()),
            )
        )
    return found


def _rows(connection: Connection[Any], query: LiteralString, *given: object) -> list[Any]:
    """Return rows as tuples, whatever the connection makes of rows otherwise."""
    with connection.cursor(row_factory=tuple_row) as cursor:
        return cursor.execute(query, given).fetchall()


def _columns(triggers: Collection[Trigger]) -> tuple[list[int], list[int]]:
    return [trigger for trigger, _ in triggers], [position for _, position in triggers]
