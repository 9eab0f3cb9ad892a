"""Work that only one process may do at a time: it holds a lock on a table in schema `ledger` for as long as it works.

A login that may only read has no right to that schema, so nothing it does can take such a lock or keep it. A table
lock, since a transaction that stays open without an id of its own holds nothing back from vacuum.
"""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Final, Literal

import psycopg
from psycopg.sql import SQL, Identifier

Work = Literal["relay", "feeds", "alerts", "projections", "rebuild"]
AGAIN_SECONDS: Final = 2.0
_ENDS: Final = ("idle_in_transaction_session_timeout", "idle_session_timeout", "transaction_timeout", "lock_timeout")
"""Settings by which a server may end a session that holds its lock for life."""


class SingleWork:
    """The right to do one work alone, as long as the connection lives that holds it."""

    def __init__(self, database_url: str, work: Work) -> None:
        self._table = Identifier("ledger", f"only_{work}")
        self._connection = psycopg.connect(
            database_url, autocommit=True, connect_timeout=10, application_name=f"custody-only-{work}"
        )
        self._connection.execute(
            "select set_config(name, '0', false) from pg_settings where name = any(%s)", (list(_ENDS),)
        )

    def take(self) -> bool:
        """Take the lock if nobody has it; return whether it is held now."""
        self._connection.execute("begin")
        try:
            self._connection.execute(SQL("lock table {} in share row exclusive mode nowait").format(self._table))
        except psycopg.errors.LockNotAvailable:
            self._connection.execute("rollback")
            return False
        return True

    def wait(self, stopped: Callable[[], bool], waits: Callable[[], None]) -> bool:
        """Wait for the lock until `stopped`; `waits` is called each time another has it. Return whether it is held."""
        while not stopped():
            if self.take():
                return True
            waits()
            time.sleep(AGAIN_SECONDS)
        return False

    def require(self) -> None:
        """Make sure that the lock is still held: raises `psycopg.OperationalError` where its session has ended."""
        self._connection.execute("select")

    def close(self) -> None:
        """Give it up."""
        self._connection.close()


@contextmanager
def alone(database_url: str, work: Work, patience_seconds: float, otherwise: Callable[[], Exception]) -> Iterator[None]:
    """Hold a work's lock for a while; raises what `otherwise` makes where another has it for longer than this."""
    single = SingleWork(database_url, work)
    try:
        deadline = time.monotonic() + patience_seconds
        while not single.take():
            if time.monotonic() > deadline:
                raise otherwise()
            time.sleep(0.1)  # one that has just ended may hold it until PostgreSQL has closed its session
        yield
    finally:
        single.close()
