"""Two versions of the read tables compared: a checksum a table, and the rows by name where that differs."""

from typing import Final

from psycopg import Connection
from psycopg.rows import TupleRow
from psycopg.sql import SQL, Identifier

from projections.rows.columns import HELD_TABLES, TABLES
from projections.tables.versions import rulebook_of

MOST_NAMED: Final = 5
_KEYS: Final = {
    "identifiers": "scheme, value",
    "released_identifiers": "scheme, value",
    "findings": "child, position",
    "stays": "person, position",
    "absences": "person, position",
    "releases": "person, position",
    "failures": "person, position",
    "batches": "batch",
    "irregular": "child",
    **dict.fromkeys((table for table in HELD_TABLES if table.startswith("held_")), "child, number"),
    "duties": "person, position",
    "waivers": "position",
    "current_location": "child",
    "status": "child",
}


def differences(connection: Connection[TupleRow], one: str, other: str) -> tuple[str, ...]:
    """Return a sentence for each table in which two versions differ, naming the first rows."""
    found = []
    for table in TABLES:
        if _columns(connection, one, table) != _columns(connection, other, table):
            continue  # the tables have another shape in this version of the product: nothing to compare
        if table == "duties" and rulebook_of(connection, one) != rulebook_of(connection, other):
            continue  # other rules of obligation: other duties
        if _checksum(connection, one, table) == _checksum(connection, other, table):
            continue
        keys = _KEYS.get(table, "child, position")
        rows = connection.execute(
            SQL(
                f"select distinct {keys} from ((table {{0}}.{{2}} except table {{1}}.{{2}})"  # noqa: S608
                " union all (table {1}.{2} except table {0}.{2})) d"
                f" order by {keys} limit {MOST_NAMED + 1}",
            ).format(Identifier(one), Identifier(other), Identifier(table))
        ).fetchall()
        named = "; ".join(", ".join(str(part) for part in row) for row in rows[:MOST_NAMED])
        more = " and more" if len(rows) > MOST_NAMED else ""
        found.append(f"{table} ({keys}): {named}{more}")
    return tuple(found)


def _checksum(connection: Connection[TupleRow], schema: str, table: str) -> tuple[int, int]:
    row = connection.execute(
        SQL("select count(*), coalesce(sum(hash_record_extended(t, 0)::numeric), 0) from {}.{} t").format(
            Identifier(schema), Identifier(table)
        )
    ).fetchone()
    assert row is not None
    return int(row[0]), int(row[1])


def _columns(connection: Connection[TupleRow], schema: str, table: str) -> list[TupleRow]:
    return connection.execute(
        "select column_name, data_type from information_schema.columns"
        " where table_schema = %s and table_name = %s order by ordinal_position",
        (schema, table),
    ).fetchall()
