"""The read tables in PostgreSQL: making a version of them, reading persons back, writing a batch, swapping."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any, Final, cast
from uuid import UUID

import psycopg
from psycopg import Connection, Cursor
from psycopg.rows import TupleRow
from psycopg.sql import SQL, Composed, Identifier

from ledger.entry import Entry, read_entry
from ledger.following import EntryMessage
from ledger.settings import Settings, SettingsError
from ledger.times import write_clock
from projections.applying import Loaded
from projections.changes import Changes, Interval, Opened

READ: Final = "read"
READER: Final = "custody_reader"
"""The role of downstream services: it may select from the views of schema `read` and nothing else."""
TABLES: Final = (
    "entries",
    "current_location",
    "status",
    "identifiers",
    "findings",
    "links",
    "stays",
    "absences",
    "releases",
    "parked",
)
_MAKE_LOCK: Final = 0x72656164
_CONTENT: Final = {
    "stays": ("admitted_on", "left_on", "left_by", "country"),
    "absences": ("absent_on", "ended_on", "ended_by"),
    "releases": ("release_position", "released_on", "state", "sponsor_category", "country"),
}
_TYPES: Final = {
    "child": "uuid",
    "person": "uuid",
    "other": "uuid",
    "position": "bigint",
    "number": "int",
    "release_position": "bigint",
    "recorded_at": "timestamptz",
    "recorded_from": "timestamptz",
    "recorded_until": "timestamptz",
    "since": "timestamptz",
    "whereabouts_since": "timestamptz",
    "payload": "bytea",
    "residence": "jsonb",
    "mailing": "jsonb",
    "proceedings": "jsonb",
    "date_of_birth": "date",
    "admitted_on": "date",
    "left_on": "date",
    "absent_on": "date",
    "ended_on": "date",
    "released_on": "date",
}


def connect(database_url: str) -> Connection[TupleRow]:
    """Connect as the writer of the read tables."""
    return psycopg.connect(database_url, autocommit=True, prepare_threshold=2, application_name="custody-projections")


def prepare(connection: Connection[TupleRow], settings: Settings) -> None:
    """Make schema `read`, its reader role and a first version of the tables, if they are not there.

    Raises `SettingsError` if the tables were made with another civil zone or clock.
    """
    with connection.transaction():
        connection.execute("select pg_advisory_xact_lock(%s)", (_MAKE_LOCK,))
        _check_made(connection, settings, "ledger.made", "ledger")
        connection.execute("create schema if not exists read")
        connection.execute(
            "create table if not exists read.ledger (one boolean primary key default true check (one),"
            " schema_name text not null, zone text not null, clock text not null)"
        )
        if connection.execute("select from read.ledger").fetchone() is None:
            make_version(connection, "read_1")
            make_indexes(connection, "read_1")
            connection.execute(
                "insert into read.ledger (schema_name, zone, clock) values ('read_1', %s, %s)",
                (settings.zone, settings.clock),
            )
            _make_reader(connection)
            point_views_at(connection, "read_1")
        _check_made(connection, settings, "read.ledger", "read model")


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


def _make_reader(connection: Connection[TupleRow]) -> None:
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
    """Make a version of the tables, empty and without secondary indexes; drops what a broken rebuild left there."""
    connection.execute(SQL("drop schema if exists {} cascade").format(Identifier(schema)))
    connection.execute(SQL("create schema {}").format(Identifier(schema)))
    connection.execute(_script("tables.sql", schema), prepare=False)
    connection.execute(
        SQL("insert into {}.progress (position, recorded_at) values (0, null)").format(Identifier(schema))
    )


def make_indexes(connection: Connection[TupleRow], schema: str) -> None:
    """Make the secondary indexes of a version and let the planner look at its tables."""
    connection.execute(_script("indexes.sql", schema), prepare=False)
    for table in TABLES:
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


class Tables:
    """One version of the tables, as the follower and the rebuild use it."""

    def __init__(self, connection: Connection[TupleRow], schema: str) -> None:
        self.connection = connection
        self.schema = schema
        self._any_links = self._has_links()

    def progress(self) -> tuple[int, datetime | None]:
        """Return the position up to which every entry is in the tables or parked, and its ledger time."""
        row = self._run("select position, recorded_at from {schema}.progress").fetchone()
        assert row is not None
        return row[0], row[1]

    def offsets(self) -> dict[int, int]:
        """Return the next offset to read of each partition."""
        return dict(self._run("select partition, next_offset from {schema}.checkpoint").fetchall())

    def parked(self) -> set[UUID]:
        """Return the records whose entries wait."""
        return {row[0] for row in self._run("select distinct child from {schema}.parked")}

    def load(self, children: set[UUID]) -> Loaded:
        """Read back these records and all that merge statements join to them."""
        linked = self._linked(children) if self._any_links else {}
        return self._load(children.union(*linked.values()), linked)

    def load_alone(self, children: set[UUID]) -> Loaded:
        """Read back these records and nothing else."""
        return self._load(children, {})

    def _load(self, children: set[UUID], linked: dict[UUID, frozenset[UUID]]) -> Loaded:
        wanted = list(children)
        entries: dict[UUID, list[Entry]] = {}
        for child, payload in self._run(
            "select child, payload from {schema}.entries where child = any(%b) order by child, position", (wanted,)
        ):
            entries.setdefault(child, []).append(read_entry(bytes(payload)))
        held: dict[UUID, Opened] = {}
        for table, columns in _CONTENT.items():
            for row in self._run(
                f"select person, position, number, {', '.join(columns)} from {{schema}}.{table}"  # noqa: S608
                " where person = any(%b) and recorded_until is null",
                (wanted,),
            ):
                interval = cast(Interval, (table, tuple(row[3:])))
                held.setdefault(row[0], {})[interval] = (row[1], row[2])
        return Loaded(entries, linked, held)

    def linked_records(self) -> list[frozenset[UUID]]:
        """Return the sets of records that merge statements ever joined."""
        children = {row[0] for row in self._run("select distinct child from {schema}.links")}
        return list(set(self._linked(children).values()))

    def messages_of(self, children: Iterable[UUID]) -> list[EntryMessage]:
        """Return the entries of these records, applied and waiting, in order of position."""
        rows = self._run(
            "select child, position, recorded_at, payload from {schema}.entries where child = any(%b)"
            " union all select child, position, recorded_at, payload from {schema}.parked where child = any(%b)"
            " order by position",
            (list(children), list(children)),
        )
        return [
            EntryMessage(position, 0, child, write_clock(recorded_at), 0, 0, bytes(payload))
            for child, position, recorded_at, payload in rows
        ]

    def clear(self, children: Sequence[UUID]) -> None:
        """Take out everything derived of these records, and their entries, to apply them anew."""
        for table, column in (
            ("entries", "child"),
            ("current_location", "child"),
            ("status", "child"),
            ("findings", "child"),
            ("stays", "person"),
            ("absences", "person"),
            ("releases", "person"),
            ("parked", "child"),
        ):
            self._run(f"delete from {{schema}}.{table} where {column} = any(%b)", (list(children),))  # noqa: S608

    def write(self, changes: Changes, offsets: dict[int, int], position: int, recorded_at: datetime | None) -> None:
        """Write a batch's rows and the checkpoint; in the caller's transaction."""
        self._insert("entries", ("child", "position", "recorded_at", "payload"), changes.entries)
        self._upsert_states(changes)
        self._insert(
            "identifiers",
            ("scheme", "value", "child", "position"),
            changes.identifiers,
            distinct="distinct on (scheme, value)",
            conflict=" order by scheme, value, position on conflict (scheme, value) do update"
            " set child = excluded.child, position = excluded.position where i.position > excluded.position",
        )
        self._insert(
            "findings",
            (
                "position",
                "number",
                "code",
                "level",
                "message",
                "child",
                "type",
                "agency",
                "office",
                "recorded_at",
            ),
            changes.findings,
        )
        self._insert("links", ("child", "other", "position"), changes.links, conflict=" on conflict do nothing")
        self._any_links = self._any_links or bool(changes.links)
        self._insert("parked", ("child", "position", "recorded_at", "payload", "reason"), changes.parked)
        self._write_intervals(changes)
        if changes.resolutions:
            rows = [(*key, *value) for key, value in changes.resolutions.items()]
            self._run(
                "update {schema}.findings f set resolved_position = r.p, resolved_at = r.at from"
                " unnest(%b::bigint[], %b::int[], %b::bigint[], %b::timestamptz[]) as r(position, number, p, at)"
                " where f.position = r.position and f.number = r.number",
                _columns(rows),
            )
        for partition, offset in offsets.items():
            self._run(
                "insert into {schema}.checkpoint values (%s, %s)"
                " on conflict (partition) do update set next_offset = excluded.next_offset",
                (partition, offset),
            )
        if position:
            self._run("update {schema}.progress set position = %s, recorded_at = %s", (position, recorded_at))

    def _upsert_states(self, changes: Changes) -> None:
        locations = (
            "child",
            "person",
            "custody_state",
            "legal_custodian",
            "physical_custodian",
            "place",
            "residence",
            "since",
            "since_given",
            "position",
        )
        statuses = (
            "child",
            "person",
            "custody_state",
            "proceedings",
            "whereabouts_state",
            "whereabouts_since",
            "residence",
            "mailing",
            "date_of_birth",
            "age_basis",
            "position",
        )
        for table, columns, rows in (
            ("current_location", locations, changes.locations),
            ("status", statuses, changes.statuses),
        ):
            conflict = " on conflict (child) do update set " + ", ".join(
                f"{column} = excluded.{column}" for column in columns[1:]
            )
            self._insert(table, columns, list(rows.values()), conflict=conflict)

    def _write_intervals(self, changes: Changes) -> None:
        for table, columns in _CONTENT.items():
            closed = [row[1:] for row in changes.closed if row[0] == table]
            if closed:
                self._run(
                    f"update {{schema}}.{table} t set recorded_until = c.until from"  # noqa: S608
                    " unnest(%b::uuid[], %b::bigint[], %b::int[], %b::timestamptz[])"
                    " as c(person, position, number, until)"
                    " where t.person = c.person and t.position = c.position and t.number = c.number",
                    _columns(closed),
                )
            opened = [
                (key[1], *content, key[2], key[3], since, until)
                for key, (content, since, until) in changes.opened.items()
                if key[0] == table
            ]
            self._insert(
                table,
                ("person", *columns, "position", "number", "recorded_from", "recorded_until"),
                opened,
            )

    def _insert(
        self,
        table: str,
        columns: tuple[str, ...],
        rows: Sequence[tuple[Any, ...]],
        *,
        distinct: str = "",
        conflict: str = "",
    ) -> None:
        if not rows:
            return
        names = ", ".join(columns)
        types = [_TYPES.get(column, "text") for column in columns]
        given = ", ".join(f"%b::{'text' if of == 'jsonb' else of}[]" for of in types)
        values = ", ".join(f"{c}::jsonb" if of == "jsonb" else c for c, of in zip(columns, types, strict=True))
        self._run(
            f"insert into {{schema}}.{table} as {table[0]} ({names})"  # noqa: S608
            f" select {distinct} {values} from unnest({given}) as given({names}){conflict}",
            _columns(rows),
        )

    def _linked(self, children: set[UUID]) -> dict[UUID, frozenset[UUID]]:
        linked: dict[UUID, frozenset[UUID]] = {}
        for _, members in self._run(
            "with recursive reached(start, child) as ("
            " select distinct l.child, l.child from {schema}.links l where l.child = any(%b)"
            " union select r.start, l.other from reached r join {schema}.links l on l.child = r.child)"
            " select start, array_agg(child) from reached group by start",
            (list(children),),
        ):
            joined = frozenset(members)
            linked.update(dict.fromkeys(joined, joined))
        return linked

    def _has_links(self) -> bool:
        row = self._run("select exists (select from {schema}.links)").fetchone()
        return bool(row and row[0])

    def _run(self, statement: str, values: Sequence[Any] = ()) -> Cursor[TupleRow]:
        query = SQL(statement).format(schema=Identifier(self.schema))
        return self.connection.execute(query, values)


def _columns(rows: Sequence[tuple[Any, ...]]) -> list[list[Any]]:
    """Turn rows into one list a column, as `unnest` takes them."""
    return [list(column) for column in zip(*rows, strict=True)]
