"""The schema of the ledger is brought to this release by numbered migrations, each once."""

import lzma
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any
from uuid import uuid4

import psycopg
import pytest
from eventsourcing.persistence import StoredEvent
from psycopg import sql
from psycopg.rows import dict_row

from ledger.facts import BY_WIRE
from ledger.roles.settings import Settings, SettingsError
from ledger.store.eventstore import open_ledger, read_stored
from ledger.store.migrating import migrate, migrations
from tests.golden.ledger_schema import GOLDEN, schema_of

ZONE = "America/New_York"


def test_roles_that_start_at_once_apply_each_migration_once(database_url: str) -> None:
    """Every role opens the ledger when it starts; whichever comes first makes the tables, and none fails."""
    settings = Settings(database_url, "", ZONE, "wall")
    with ThreadPoolExecutor(6) as pool:
        for ledger in pool.map(lambda _: open_ledger(settings), range(6)):
            ledger.close()
    with psycopg.connect(database_url) as connection:
        applied = connection.execute("select number, name from ledger.migrations order by number").fetchall()
    assert applied == [(each.number, each.name) for each in migrations()]


def test_a_ledger_of_a_newer_release_is_not_touched(database_url: str) -> None:
    """An older release must not write to tables whose meaning it does not know."""
    settings = Settings(database_url, "", ZONE, "wall")
    open_ledger(settings).close()
    with psycopg.connect(database_url) as connection:
        connection.execute("insert into ledger.migrations values (9999, '9999_of_tomorrow')")
    with pytest.raises(SettingsError, match="schema 9999 by a newer release"):
        open_ledger(settings)


def test_migrations_are_numbered_from_one_without_a_gap() -> None:
    """A number that is missing or stands twice would be applied on some ledgers and not on others."""
    assert [each.number for each in migrations()] == list(range(1, len(migrations()) + 1))


def test_all_migrations_together_give_the_shipped_schema(database_url: str) -> None:
    """What a migration does to the schema is read and agreed to here: `python -m tests.golden.ledger_schema`."""
    open_ledger(Settings(database_url, "", ZONE, "wall")).close()
    assert schema_of(database_url).splitlines() == GOLDEN.read_text("utf-8").splitlines()


def test_a_ledger_of_the_first_release_is_carried_over_with_its_data(database_url: str) -> None:
    """A ledger of before migrations had numbers: its schema becomes the shipped one, and every row is as it was.

    It was made by that release's own demo: entries, keys, dead letters, offsets, batches, alerts.
    """
    with psycopg.connect(database_url, autocommit=True) as connection:
        connection.execute(_first_release(), prepare=False)
        before = _rows(connection)
        open_ledger(Settings(database_url, "", ZONE, "driven")).close()
        after = _rows(connection)
    assert schema_of(database_url).splitlines() == GOLDEN.read_text("utf-8").splitlines()
    assert {"stored_events", "submissions", "set_aside", "intake_offsets", "publications", "alerts"} <= {
        table for table, rows in before.items() if rows
    }
    for table, rows in before.items():
        assert len(after[table]) == len(rows), table
        assert sorted(map(repr, rows)) == sorted(
            repr({column: row[column] for column in rows[0]}) for row in after[table]
        ), table


def test_a_carried_over_ledger_goes_on_recording(database_url: str) -> None:
    """Its old entries are read, none can be changed, and the next one gets the next position."""
    with psycopg.connect(database_url, autocommit=True) as connection:
        connection.execute(_first_release(), prepare=False)
    ledger = open_ledger(Settings(database_url, "", ZONE, "driven"))
    try:
        last = ledger.recorder.max_notification_id()
        assert last is not None
        found = ledger.recorder.select_notifications(start=1, limit=1_000)
        entries = [read_stored(each.id, each) for each in found if each.topic in BY_WIRE]
        assert len(entries) > 200
        assert found[-1].id == last
        with ledger.datastore.transaction(commit=True) as cursor:
            ledger.entries.lock(cursor)
            again = StoredEvent(uuid4(), 1, found[0].topic, found[0].state)
            ledger.entries.insert(cursor, [again], [last + 1])
        assert ledger.recorder.max_notification_id() == last + 1
    finally:
        ledger.close()
    with psycopg.connect(database_url) as connection, pytest.raises(psycopg.Error, match="H3"):
        connection.execute("delete from ledger.stored_events")


def test_a_migration_that_fails_in_the_middle_changes_nothing(database_url: str, tmp_path: Path) -> None:
    """Killed, or stopped by a full disk: the schema is the old one, and the next start tries again."""
    open_ledger(Settings(database_url, "", ZONE, "wall")).close()
    before = schema_of(database_url)
    next_one = len(migrations()) + 1
    (tmp_path / f"{next_one:04}_half.sql").write_text(
        "create table ledger.half (number int); alter table ledger.made drop column zone; select 1 / 0;"
    )
    half = migrations(tmp_path)
    with psycopg.connect(database_url, autocommit=True, row_factory=dict_row) as connection:
        with pytest.raises(psycopg.errors.DivisionByZero):
            migrate(connection, lambda cursor: None, [*migrations(), *half])
        assert schema_of(database_url) == before
        assert connection.execute("select max(number) as last from ledger.migrations").fetchone() == {
            "last": next_one - 1
        }


def _first_release() -> bytes:
    text = lzma.decompress((GOLDEN.parent / "first_release.sql.xz").read_bytes())
    return b"\n".join(line for line in text.splitlines() if not line.startswith(b"\\"))  # those are psql's own


def _rows(connection: psycopg.Connection) -> dict[str, list[dict[str, Any]]]:
    tables = connection.execute(
        "select table_name from information_schema.tables where table_schema = 'ledger' and table_name <> 'migrations'"
    ).fetchall()
    with connection.cursor(row_factory=dict_row) as cursor:
        return {
            table: cursor.execute(sql.SQL("select * from ledger.{}").format(sql.Identifier(table))).fetchall()
            for (table,) in tables
        }
