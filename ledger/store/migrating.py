"""Numbered, forward-only migrations of schema `ledger`: every file of `ledger/store/migrations`, in order, each once.

A file is `NNNN_what_it_does.sql`. It runs in one transaction with the row of `ledger.migrations` that says so, so a
process that is killed leaves either the old schema or the new one. A file that was shipped is never edited: what is
to change is the next file. `0001` is the schema of the first release, written so that it also passes over a ledger
which that release made before migrations had numbers.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import psycopg
from psycopg import Cursor
from psycopg.rows import DictRow

from ledger.roles.settings import SettingsError

FOLDER: Final = Path(__file__).with_name("migrations")
_FILE: Final = re.compile(r"(\d{4})_[a-z0-9_]+")
_TRIES: Final = 20


@dataclass(frozen=True, slots=True)
class Migration:
    """One step of the schema."""

    number: int
    name: str
    """The file's name without its ending."""
    statements: bytes


def migrations(folder: Path = FOLDER) -> tuple[Migration, ...]:
    """Return every migration of this release, in order."""
    found = []
    for path in sorted(folder.glob("*.sql")):
        matched = _FILE.fullmatch(path.stem)
        assert matched, f"{path.name}: a migration is named NNNN_what_it_does.sql"
        found.append(Migration(int(matched[1]), path.stem, path.read_bytes()))
    return tuple(found)


def _begin(connection: psycopg.Connection[DictRow]) -> None:
    """Make the schema and the table of its migrations while other roles do the same: PostgreSQL lets one win."""
    for tries_left in reversed(range(_TRIES)):
        try:
            with connection.transaction():
                connection.execute("create schema if not exists ledger")
                connection.execute(
                    "create table if not exists ledger.migrations (number int primary key, name text not null,"
                    " applied_at timestamptz not null default clock_timestamp())"
                )
                return
        except (psycopg.errors.UniqueViolation, psycopg.errors.DuplicateTable, psycopg.errors.DuplicateSchema):
            if not tries_left:
                raise


def migrate(
    connection: psycopg.Connection[DictRow],
    make_events: Callable[[Cursor[DictRow]], None],
    known: Sequence[Migration] | None = None,
) -> list[str]:
    """Bring schema `ledger` to this release, one transaction a migration; return the names of those applied now.

    `make_events` makes the event store's own table where it is not there: its library knows its shape.
    Processes that start together wait for each other at the lock of `ledger.migrations`. Raises `SettingsError` where a
    newer release has been here: an older one must not write to its tables.
    """
    _begin(connection)
    applied = []
    known = migrations() if known is None else known
    for migration in known:
        with connection.transaction(), connection.cursor() as cursor:
            cursor.execute("lock table ledger.migrations in share row exclusive mode")
            cursor.execute("select coalesce(max(number), 0) as last from ledger.migrations")
            row = cursor.fetchone()
            assert row is not None
            if row["last"] > known[-1].number:
                raise SettingsError(
                    f"this ledger was brought to schema {row['last']} by a newer release; this one knows schemas up to "
                    f"{known[-1].number}; nothing was changed: install that release again, or restore the backup made "
                    "before the upgrade"
                )
            if row["last"] >= migration.number:
                continue
            make_events(cursor)
            cursor.execute(migration.statements, prepare=False)
            cursor.execute(
                "insert into ledger.migrations (number, name) values (%s, %s)", (migration.number, migration.name)
            )
            applied.append(migration.name)
    return applied
