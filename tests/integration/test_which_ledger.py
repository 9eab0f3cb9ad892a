"""A data folder and a database each say which ledger they are of, and two that differ are not used together."""

import re
from pathlib import Path

import psycopg
import pytest

from custody.errors import Problem
from custody.supervision.which_ledger import ledger_in, ledger_of_folder, remember_ledger, require_same_ledger
from ledger.roles.settings import Settings
from ledger.store.eventstore import open_ledger


def test_a_folder_is_used_with_its_own_ledgers_database_only(database_url: str, tmp_path: Path) -> None:
    """DATABASE_URL may lead to another ledger, or to an empty database: its imports and its Kafka belong to one."""
    require_same_ledger(tmp_path, database_url)  # a new folder and a new database
    remember_ledger(tmp_path, zone="America/New_York", clock="wall", id="another")
    with pytest.raises(
        Problem, match=f"{re.escape(str(tmp_path))} is the data folder of the ledger another, .* no led"
    ):
        require_same_ledger(tmp_path, database_url)
    open_ledger(Settings(database_url, "", "America/New_York", "wall")).close()
    there, id = ledger_in(database_url)
    assert there
    assert id is not None
    with pytest.raises(Problem, match=f"holds the ledger {id}. Set DATABASE_URL"):
        require_same_ledger(tmp_path, database_url)
    remember_ledger(tmp_path, zone="America/New_York", clock="wall", id=id)
    require_same_ledger(tmp_path, database_url)
    assert ledger_of_folder(tmp_path) == id


def test_a_ledger_keeps_its_id_and_two_ledgers_never_share_one(database_url: str) -> None:
    """It is given once, when the ledger is made or carried over; opening the ledger again does not change it."""
    settings = Settings(database_url, "", "America/New_York", "wall")
    open_ledger(settings).close()
    _, first = ledger_in(database_url)
    open_ledger(settings).close()
    assert ledger_in(database_url) == (True, first)
    with psycopg.connect(database_url) as connection:
        connection.execute("alter table ledger.made drop column id")
    assert ledger_in(database_url) == (True, None)  # of before ledgers had one: nothing to compare
