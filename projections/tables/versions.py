"""Versions of the read tables in PostgreSQL: making one, turning readers to it, and the role that may read."""

from pathlib import Path
from typing import Final

import psycopg
from psycopg import Connection, Cursor
from psycopg.rows import TupleRow
from psycopg.sql import SQL, Composed, Identifier

from ledger.obligations.offices import shipped_offices
from ledger.obligations.shipped import shipped_rules
from ledger.roles.settings import Settings, SettingsError
from projections.obligations.rulebook import fingerprint
from projections.rows.columns import COLUMNS, HELD_TABLES, TABLES
from projections.tables.making_room import over_readers

_TRIES: Final = 20


def connect(database_url: str) -> Connection[TupleRow]:
    """Connect as the writer of the read tables."""
    return psycopg.connect(database_url, autocommit=True, prepare_threshold=2, application_name="custody-projections")


def prepare(connection: Connection[TupleRow], settings: Settings) -> None:
    """Make schema `read`, its reader role, a first version of the tables if there is none, and the views.

    Raises `SettingsError` if the tables were made with another civil zone or clock.
    """
    _begin(connection)
    with connection.transaction():
        # processes that prepare at once wait for each other here; those that follow or read go on
        connection.execute("lock table read.ledger in share row exclusive mode")
        _check_made(connection, settings, "ledger.made", "ledger")
        if connection.execute("select from read.ledger").fetchone() is None:
            make_version(connection, "read_1")
            key_entries(connection, "read_1")
            make_keys(connection, "read_1")
            make_held_keys(connection, "read_1")
            connection.execute(
                "insert into read.ledger (schema_name, zone, clock) values ('read_1', %s, %s)",
                (settings.zone, settings.clock),
            )
            connection.execute("analyze read.ledger")
            _make_reader(connection)
        _check_made(connection, settings, "read.ledger", "read model")
        _check_shape(connection)
        _check_rulebook(connection)
        # another release may have views that were not there
        over_readers(connection, lambda: point_views_at(connection, live_schema(connection)))


def _begin(connection: Connection[TupleRow]) -> None:
    """Make schema `read` and the table that is locked, while other processes do the same: PostgreSQL lets one win."""
    for tries_left in reversed(range(_TRIES)):
        try:
            with connection.transaction():
                connection.execute("create schema if not exists read")
                connection.execute(
                    "create table if not exists read.ledger (one boolean primary key default true check (one),"
                    " schema_name text not null, zone text not null, clock text not null)"
                )
                return
        except (psycopg.errors.UniqueViolation, psycopg.errors.DuplicateTable, psycopg.errors.DuplicateSchema):
            if not tries_left:
                raise


def _check_made(connection: Connection[TupleRow], settings: Settings, table: str, what: str) -> None:
    """Raise `SettingsError` where `table` says that another zone or clock was fixed when `what` was made."""
    there = connection.execute("select to_regclass(%s) is not null", (table,)).fetchone()
    row = (
        connection.execute(SQL("select zone, clock from {}").format(SQL(table))).fetchone()
        if there == (True,)
        else None
    )
    if row is None:
        return
    for name, made, asked in (("zone", row[0], settings.zone), ("clock", row[1], settings.clock)):
        if made != asked:
            raise SettingsError(
                f"the {what} was made with {name} {made!r}, which is fixed for a ledger's life; "
                f"CUSTODY_{name.upper()} says {asked!r}: set it to {made!r}, or use another database"
            )


def _check_shape(connection: Connection[TupleRow]) -> None:
    """Raise `SettingsError` where another release made the live version with other columns."""
    live = live_schema(connection)
    there: dict[str, list[str]] = {}
    for table, column in connection.execute(
        "select table_name, column_name from information_schema.columns where table_schema = %s"
        " order by table_name, ordinal_position",
        (live,),
    ):
        there.setdefault(table, []).append(column)
    for table, columns in COLUMNS.items():
        if there.get(table) != list(columns):
            raise SettingsError(
                f"the read tables ({live}) were made by another release of this program, with another table {table}; "
                "`custody rebuild` makes them anew from Kafka beside the old ones; then start this role again"
            )


def _make_reader(connection: Connection[TupleRow]) -> None:
    """Make the role of downstream services: it may select from the views of schema `read` and nothing else."""
    connection.execute(
        "do $$ begin if not exists (select from pg_roles where rolname = 'custody_reader')"
        " then create role custody_reader nologin; end if;"
        " exception when duplicate_object then null; end $$"
    )
    connection.execute("grant usage on schema read to custody_reader")
    connection.execute("alter default privileges in schema read grant select on tables to custody_reader")
    connection.execute("grant select on all tables in schema read to custody_reader")


def live_schema(connection: Connection[TupleRow] | Cursor[TupleRow]) -> str:
    """Return the version that readers see; held for the transaction, so that no swap comes in between."""
    row = connection.execute("select schema_name from read.ledger for share").fetchone()
    assert row is not None
    return str(row[0])


def make_version(connection: Connection[TupleRow], schema: str) -> None:
    """Make a version of the tables, empty and without keys; drops what a broken rebuild left there."""
    connection.execute(SQL("drop schema if exists {} cascade").format(Identifier(schema)))
    connection.execute(SQL("create schema {}").format(Identifier(schema)))
    connection.execute(_script("tables.sql", schema), prepare=False)
    connection.execute(
        SQL("insert into {}.progress (position, recorded_at) values (0, null)").format(Identifier(schema))
    )
    connection.execute(
        SQL(
            "insert into {}.publishing (batch, position, published_at, settled, next_offset)"
            " values (0, 0, null, false, 0)"
        ).format(Identifier(schema))
    )
    connection.execute(
        SQL("insert into {}.holding (batch, position, complete_to) values (0, 0, null)").format(Identifier(schema))
    )
    keep_rulebook(connection, schema)


def start_over(connection: Connection[TupleRow]) -> None:
    """Put an empty version in the place of the live one, for a Kafka that begins anew; in the caller's transaction.

    Who may read the views still may; they fill as the projections read.
    """
    live = live_schema(connection)
    empty = f"read_{int(live.removeprefix('read_')) + 1}"
    make_version(connection, empty)
    key_entries(connection, empty)
    make_keys(connection, empty)
    make_held_keys(connection, empty)
    point_views_at(connection, empty)
    connection.execute(SQL("drop schema {} cascade").format(Identifier(live)))


def keep_rulebook(connection: Connection[TupleRow], schema: str) -> None:
    """Keep by which rules a new version's duties are worked out."""
    connection.execute(
        SQL("insert into {}.rulebook (fingerprint) values (%s)").format(Identifier(schema)),
        (fingerprint(shipped_rules(), shipped_offices()),),
    )


def rulebook_of(connection: Connection[TupleRow] | Cursor[TupleRow], schema: str) -> str | None:
    """Return what tells the rules by which a version's duties were worked out; None where it has no duties."""
    there = connection.execute("select to_regclass(%s) is not null", (f"{schema}.rulebook",)).fetchone()
    if there != (True,):
        return None
    row = connection.execute(SQL("select fingerprint from {}.rulebook").format(Identifier(schema))).fetchone()
    return None if row is None else str(row[0])


def _check_rulebook(connection: Connection[TupleRow]) -> None:
    """Raise `SettingsError` where other rules of obligation worked out the live version's duties."""
    live = live_schema(connection)
    if rulebook_of(connection, live) != fingerprint(shipped_rules(), shipped_offices()):
        raise SettingsError(
            f"the duties in the read tables ({live}) were worked out by other rules of obligation than this release's; "
            "`custody rebuild` works them out anew beside the old ones; then start this role again"
        )


def versions(connection: Connection[TupleRow]) -> set[str]:
    """Return the names of all versions there are."""
    rows = connection.execute("select nspname::text from pg_namespace where nspname ~ '^read_[0-9]+$'")
    return {row[0] for row in rows}


def drop_version(connection: Connection[TupleRow], schema: str) -> None:
    """Drop a version that readers are no longer turned to."""
    drop = SQL("drop schema if exists {} cascade").format(Identifier(schema))

    def change() -> None:
        connection.execute(drop)

    over_readers(connection, change)


def key_entries(connection: Connection[TupleRow], schema: str) -> None:
    """Make the key by which the entries of one record are read."""
    entries = Identifier(schema, "entries")
    connection.execute(SQL("alter table {} add primary key (child, position)").format(entries), prepare=False)
    connection.execute(SQL("analyze {}").format(entries))


def make_keys(connection: Connection[TupleRow], schema: str) -> None:
    """Make all other keys and indexes but those of what agencies hold, and let the planner look at the tables."""
    connection.execute(_script("keys.sql", schema), prepare=False)
    for table in (*TABLES, "progress", "publishing", "holding"):
        connection.execute(SQL("analyze {}.{}").format(Identifier(schema), Identifier(table)))


def make_held_keys(connection: Connection[TupleRow], schema: str) -> None:
    """Make the keys of what agencies hold, which is worked out last."""
    connection.execute(_script("held_keys.sql", schema), prepare=False)
    for table in HELD_TABLES:
        connection.execute(SQL("analyze {}.{}").format(Identifier(schema), Identifier(table)))


def point_views_at(connection: Connection[TupleRow], schema: str) -> None:
    """Let the stable views show this version; in the caller's transaction, so that nobody sees a half.

    A view whose columns are others than before is made anew; then what others built on it must be dropped first, and
    PostgreSQL's own error says what that is.
    """
    try:
        with connection.transaction():
            connection.execute(_script("views.sql", schema), prepare=False)
    except psycopg.errors.InvalidTableDefinition:
        for (view,) in connection.execute(
            "select table_name from information_schema.views where table_schema = 'read'"
        ):
            connection.execute(SQL("drop view read.{}").format(Identifier(view)))
        connection.execute(_script("views.sql", schema), prepare=False)
    connection.execute("update read.ledger set schema_name = %s", (schema,))


def _script(name: str, schema: str) -> Composed:
    text = Path(__file__).with_name(name).read_text()
    return SQL(text).format(schema=Identifier(schema))
