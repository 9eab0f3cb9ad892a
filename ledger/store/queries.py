"""Reading the event store back: records whole, ranges of positions, and which records merge statements joined."""

from collections.abc import Collection, Iterator
from typing import Any
from uuid import UUID

from psycopg import Cursor
from psycopg.rows import DictRow

from ledger.entry import Entry, read_entry, value

_COLUMNS = "select originator_id, originator_version, topic, state, notification_id from ledger.stored_events"


def payload_of(row: dict[str, Any]) -> bytes:
    """Return the message on `custody.entries` that a row of the event store is."""
    return value(
        position=row["notification_id"],
        child=row["originator_id"],
        version=row["originator_version"],
        wire=row["topic"],
        state=bytes(row["state"]),
    )


def linked(cursor: Cursor[DictRow], children: Collection[UUID]) -> dict[UUID, frozenset[UUID]]:
    """Return, for each record a merge statement ever touched, all records such statements join to it."""
    if not children:
        return {}
    cursor.execute(
        "with recursive reached(start, child) as ("
        " select distinct l.child, l.child from ledger.links l where l.child = any(%b)"
        " union select r.start, l.other from reached r join ledger.links l on l.child = r.child)"
        " select start, array_agg(child) as members from reached group by start",
        (list(children),),
    )
    joined: dict[UUID, frozenset[UUID]] = {}
    for row in cursor:
        members = frozenset(row["members"])
        for member in members:
            joined[member] = members
    return joined


def entries_of(cursor: Cursor[DictRow], children: Collection[UUID], up_to: int) -> Iterator[Entry]:
    """Yield the entries of these records up to a position, record by record in order."""
    for row in rows_of(cursor, children, up_to):
        yield read_entry(payload_of(row))


def entries_at(cursor: Cursor[DictRow], positions: Collection[int]) -> Iterator[Entry]:
    """Yield the entries at these positions, in any order."""
    for row in rows_at(cursor, positions):
        yield read_entry(payload_of(row))


def statements_of(
    cursor: Cursor[DictRow], children: Collection[UUID], up_to: int, wires: Collection[str]
) -> Iterator[Entry]:
    """Yield the entries with these wire names of these records up to a position, record by record in order."""
    cursor.execute(
        _COLUMNS + " where originator_id = any(%b) and notification_id <= %b and topic = any(%b)"
        " order by originator_id, originator_version",
        (list(children), up_to, list(wires)),
    )
    for row in cursor.fetchall():
        yield read_entry(payload_of(row))


def rows_of(cursor: Cursor[DictRow], children: Collection[UUID], up_to: int) -> list[DictRow]:
    """Return the rows of the event store of these records up to a position, record by record in order."""
    return cursor.execute(
        _COLUMNS + " where originator_id = any(%b) and notification_id <= %b"
        " order by originator_id, originator_version",
        (list(children), up_to),
    ).fetchall()


def rows_at(cursor: Cursor[DictRow], positions: Collection[int]) -> list[DictRow]:
    """Return the rows of the event store at these positions."""
    return cursor.execute(_COLUMNS + " where notification_id = any(%b)", (list(positions),)).fetchall()


def rows_after(cursor: Cursor[DictRow], position: int, *, before: int, limit: int) -> list[DictRow]:
    """Return the next rows of the event store after `position`, and before `before`, in order."""
    return cursor.execute(
        _COLUMNS + " where notification_id > %b and notification_id < %b order by notification_id limit %b",
        (position, before, limit),
    ).fetchall()
