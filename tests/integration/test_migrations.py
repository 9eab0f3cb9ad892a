"""The schema of the ledger is brought to this release by numbered migrations, each once."""

from concurrent.futures import ThreadPoolExecutor

import psycopg
import pytest

from ledger.eventstore import open_ledger
from ledger.migrating import migrations
from ledger.settings import Settings, SettingsError

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
