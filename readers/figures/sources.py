"""What figures are counted from: what the ledger held at R, or what an agency held at K by R, in the same columns."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any, Final
from uuid import UUID

import orjson
from psycopg import Cursor

from ledger.entry import Entry, read_entry
from ledger.records.merges import groups, person_of
from ledger.times import write_clock
from projections.fold.folding import Folding
from projections.rows.changes import intervals
from projections.rows.columns import FIGURED, HELD
from readers.figures.definitions import FigureAsked
from readers.figures.known_to_agency import Folded, folded, held_by, said_of_merges
from readers.moments import Moments
from readers.named_sql import named
from readers.snapshot import Rows

_SQL: Final = named(Path(__file__).with_name("figures.sql"))


@dataclass(frozen=True, slots=True)
class FigureSource:
    """Statements for the tables of figures with their parameters, and which records are one person."""

    tables: Mapping[str, str]
    given: Mapping[str, Any]
    person_of: Mapping[UUID, UUID]
    joined_by: Mapping[UUID, frozenset[int]]
    """By person, of those that merges made up: the positions of what was said of that."""


def as_recorded(cursor: Cursor[Rows], version: str, moments: Moments) -> FigureSource:
    """Return what the ledger held at R."""
    statements = _merge_statements(cursor, version, moments.recorded_by)
    person_of = _persons(statements)
    return FigureSource(
        {table: _SQL["as_recorded"].replace("{table}", table) for table in FIGURED},
        {},
        person_of,
        said_of_merges(statements, person_of),
    )


def persons_by(cursor: Cursor[Rows], version: str, recorded_by: datetime) -> dict[UUID, UUID]:
    """Return the records that were merged at R, and the person each of them belonged to then."""
    return _persons(_merge_statements(cursor, version, recorded_by))


def _merge_statements(cursor: Cursor[Rows], version: str, recorded_by: datetime) -> list[Entry]:
    payloads = cursor.execute(
        _SQL["merge_statements"].replace("{schema}", version).encode(), {"recorded_by": recorded_by}
    )
    return [read_entry(payload) for (payload,) in payloads]


def _persons(statements: Iterable[Entry]) -> dict[UUID, UUID]:
    return {record: person_of(group) for record, group in groups(statements).items()}


def incomplete(cursor: Cursor[Rows], version: str, moments: Moments) -> dict[str, Any] | None:
    """Return how many children have entries of R that could not be applied, since when and why; None: none has."""
    row = cursor.execute(
        _SQL["incomplete"].replace("{schema}", version).encode(), {"recorded_by": moments.recorded_by}
    ).fetchone()
    assert row is not None
    children, since, reason = row
    return {"children": children, "since": write_clock(since), "reason": reason} if children else None


def as_known(cursor: Cursor[Rows], version: str, asked: FigureAsked, moments: Moments, zone: str) -> FigureSource:
    """Return what an agency or group held at K by R."""
    held = held_by(cursor, version, asked.viewpoint, moments)
    persons = folded(cursor, held)
    return FigureSource(
        {table: _as_known(table, held.condition) for table in FIGURED},
        {**held.given, "folded": list(held.folded), "of_folded": orjson.dumps(_rows(persons, zone)).decode()},
        {record: one.person for one in persons for record in one.records},
        {one.person: one.joined_by for one in persons if len(one.records) > 1},
    )


def _as_known(table: str, condition: str) -> str:
    content = HELD[table]
    parts = {
        "content": ", ".join(f"r.{column}" for column in content),
        "folded": ", ".join(f"f.{column}" for column in content),
        "typed": ", ".join(f"{column} {of}" for column, of in content.items()),
        "held": condition,
        "table": table,
    }
    statement = _SQL["as_known"]
    for part, text in parts.items():
        statement = statement.replace(f"{{{part}}}", text)
    return statement


def _rows(persons: list[Folded], zone: str) -> dict[str, list[dict[str, Any]]]:
    """Return what those hold that were folded, table by table."""
    rows: dict[str, list[dict[str, Any]]] = {table: [] for table in FIGURED}
    for one in persons:
        for table, content in intervals(Folding.of_standing(one.moving, zone)):
            named_content = dict(zip(HELD[table], map(_written, content), strict=True))
            rows[table].append({"person": str(one.person), **named_content})
    return rows


def _written(value: Any) -> Any:
    return value.isoformat() if isinstance(value, date | datetime) else value
