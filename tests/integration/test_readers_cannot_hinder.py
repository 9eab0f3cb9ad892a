"""What a login in `custody_reader` may do, and that none of it keeps a role, a rebuild or another reader waiting."""

import uuid
from collections.abc import Iterator
from contextlib import ExitStack, closing, suppress
from pathlib import Path

import psycopg
import pytest
from psycopg import sql
from psycopg.conninfo import make_conninfo

from ledger.roles.logs import configure
from ledger.roles.settings import Settings
from ledger.roles.single_work import SingleWork
from ledger.store.eventstore import open_ledger
from projections.rebuilding.rebuild import rebuild
from projections.tables import making_room
from tests.integration.flow import ENCOUNTER, claim, flow

ROLES = ("intake", "relay", "feeds", "projections", "alerts")


def quiet(*_: object) -> None:
    """Report nothing."""


@pytest.fixture
def reader(database_url: str, fresh_kafka: str, tmp_path: Path) -> Iterator[str]:
    """Give the URL of a login that may only read, on a ledger that was made and holds an entry."""
    name = f"reader_{uuid.uuid4().hex}"
    with flow(database_url, fresh_kafka, tmp_path, ("intake", "relay", "projections")) as ledger:
        ledger.tell("CBP", "child-encountered", claim("A200000001", "2021-03-01", ENCOUNTER))
        ledger.settle()
    with psycopg.connect(database_url, autocommit=True) as connection:
        connection.execute(
            sql.SQL("create role {} login password 'x' in role custody_reader").format(sql.Identifier(name))
        )
        try:
            yield make_conninfo(database_url, user=name, password="x")
        finally:
            connection.execute(sql.SQL("drop role {}").format(sql.Identifier(name)))


def hinder(stack: ExitStack, url: str) -> list[psycopg.Connection]:
    """Do all at once that a reader may do: locks, notifications, transactions left open."""
    locking, looking, listening = (stack.enter_context(closing(psycopg.connect(url))) for _ in range(3))
    for number in (0x72656C6179, 0x6665656473, 0x616C657274, 0x70726F6A, 0x72656164, 0x72656275696C64):
        locking.execute("select pg_try_advisory_lock(%s)", (number,))
    with suppress(psycopg.OperationalError):  # a role that starts may send it away already
        looking.execute("set transaction isolation level repeatable read")
        for view in ("entries_v1", "current_location_v1", "progress_v1", "publishing_v1"):
            looking.execute(sql.SQL("lock table read.{} in access share mode").format(sql.Identifier(view)))
            looking.execute(sql.SQL("select * from read.{}").format(sql.Identifier(view)))
    listening.autocommit = True
    listening.execute("listen stored_events")
    for _ in range(100):
        for channel in ("stored_events", "custody_retry"):
            listening.execute("select pg_notify(%s, 'x')", (channel,))
    return [locking, looking, listening]


def test_no_role_and_no_rebuild_waits_for_what_a_reader_does(
    reader: str, database_url: str, fresh_kafka: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Every role starts and works, and a rebuild is swapped in, beside locks, notifications and open transactions."""
    monkeypatch.setattr(making_room, "GRACE_SECONDS", 0.0)
    with ExitStack() as stack:
        hinder(stack, reader)
        with flow(database_url, fresh_kafka, tmp_path, ROLES) as ledger:
            listening = hinder(stack, reader)[2]
            ledger.tell("CBP", "child-encountered", claim("A200000002", "2021-03-01", ENCOUNTER))
            listening.execute("select pg_notify('custody_retry', 'x')")
            ledger.tell("CBP", "child-encountered", claim("A200000003", "2021-03-01", ENCOUNTER))
            ledger.settle()
            assert rebuild(ledger.settings, configure("test"), quiet).differences == ()
            ledger.tell("CBP", "child-encountered", claim("A200000004", "2021-03-01", ENCOUNTER))
            assert ledger.settle() == 4
            with psycopg.connect(reader) as after:
                assert after.execute("select count(*) from read.entries_v1").fetchone() == (4,)


def test_a_reader_may_neither_lock_nor_write_what_the_roles_hold_their_work_by(reader: str, database_url: str) -> None:
    """The tables that say who works alone, and whom to try again, are in a schema readers have no right to."""
    for statement in (
        "lock table ledger.only_feeds in access share mode",
        "insert into ledger.retries values ('feeds', '00000000-0000-0000-0000-000000000000')",
        "lock table read.ledger in share mode",
        "select from read.ledger for share",
        "create table read.mine ()",
    ):
        with psycopg.connect(reader) as connection, pytest.raises(psycopg.errors.InsufficientPrivilege):
            connection.execute(statement)
    mine = SingleWork(database_url, "feeds")
    other = SingleWork(database_url, "feeds")
    assert mine.take()
    assert not other.take()
    mine.close()
    assert other.wait(lambda: False, lambda: None)
    other.close()


def test_work_whose_session_was_ended_is_given_up(database_url: str) -> None:
    """Who lost the lock must not go on as if it were alone."""
    open_ledger(Settings(database_url, "", "America/New_York", "wall")).close()
    work = SingleWork(database_url, "relay")
    assert work.take()
    with psycopg.connect(database_url, autocommit=True) as connection:
        connection.execute(
            "select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'custody-only-relay'"
            " and datname = current_database()"
        )
    with pytest.raises(psycopg.OperationalError):
        work.require()
    work.close()
