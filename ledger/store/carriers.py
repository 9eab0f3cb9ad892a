"""Looking up in PostgreSQL who carries which identifier, and writing it down; in the transaction of the batch."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any
from uuid import UUID

from psycopg import Cursor
from psycopg.rows import DictRow

from ledger.facts import EntryVoided, Fact, IdentityMerged
from ledger.identifiers import Identifier
from ledger.rules.lookups import Lookups, Name


def carriers_of(cursor: Cursor[DictRow], names: Collection[Name]) -> tuple[dict[Name, UUID], set[Name]]:
    """Return the record that carries each identifier; and those that nobody carries though somebody did."""
    if not names:
        return {}, set()
    cursor.execute(
        "select i.scheme, i.value, i.child, i.released from unnest(%b::text[], %b::text[]) as k(scheme, value)"
        " join ledger.identifiers i on i.scheme = k.scheme and i.value = k.value",
        _columns(list(names)),
    )
    carriers: dict[Name, UUID] = {}
    released: set[Name] = set()
    for row in cursor:
        name = (row["scheme"], row["value"])
        if row["released"] is None:
            carriers[name] = row["child"]
        else:
            released.add(name)
    return carriers, released


def names_near(known: Lookups, facts: Sequence[tuple[Fact, Collection[Identifier]]]) -> set[Name]:
    """Return all identifiers in the records that the voids among `facts` may act on; none where nothing is voided."""
    if not any(isinstance(fact, EntryVoided) for fact, _ in facts):
        return set()
    voiding = [known.carrier(name) for fact, names in facts if isinstance(fact, EntryVoided) for name in names]
    if None in voiding or any(isinstance(fact, IdentityMerged) for fact, _ in facts):
        near = set(known.records)  # who carries it by then, or which records are one, the batch itself decides
    else:
        near = {child for carrier in voiding if carrier for child in known.linked.get(carrier, (carrier,))}
    return {
        name
        for child in near
        for entry in known.records[child].entries
        for name in entry.names()
        if name[0] != "ledger"
    }


def write_carriers(
    cursor: Cursor[DictRow],
    fresh: Sequence[tuple[str, str, UUID]],
    renamed: Mapping[Name, tuple[UUID, int | None]],
) -> None:
    """Write who carries what nobody ever carried, and what became of what somebody did."""
    if fresh:
        cursor.execute(
            "insert into ledger.identifiers select * from unnest(%b::text[], %b::text[], %b::uuid[])", _columns(fresh)
        )
    if renamed:
        cursor.execute(
            "update ledger.identifiers i set child = t.child, released = t.released"
            " from unnest(%b::text[], %b::text[], %b::uuid[], %b::bigint[]) as t(scheme, value, child, released)"
            " where i.scheme = t.scheme and i.value = t.value",
            _columns([(*name, *state) for name, state in renamed.items()]),
        )


def _columns(rows: Sequence[tuple[Any, ...]]) -> list[list[Any]]:
    return [list(column) for column in zip(*rows, strict=True)]
