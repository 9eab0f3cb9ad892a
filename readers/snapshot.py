"""Reading from PostgreSQL: every question is answered from one repeatable-read snapshot, and writes nothing."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, Final, TypeVar

import psycopg
from psycopg import Connection, Cursor, IsolationLevel, errors

from readers.unanswerable import NotShownError, QuestionError

Rows = tuple[Any, ...]
Answer = TypeVar("Answer")

CONNECT_SECONDS: Final = 5
_OPTIONS: Final = "-c timezone=UTC -c jit=off -c plan_cache_mode=force_generic_plan -c work_mem=64MB"
"""Point look-ups are planned once a connection (but for `counting`); compiling costs more than they take. Figures are
counted in memory."""
_NEVER_FILLED: Final = (
    "there are no read tables in this database yet: the role `projections` has not run on it; "
    "start the ledger with `custody up`, then look at `custody status`"
)


def connect(database_url: str) -> Connection[Rows]:
    """Open a connection for readers; raises `psycopg.OperationalError` when the server cannot be reached.

    A statement is a transaction by itself, which `at_once` wants; `in_snapshot` puts one around several.
    """
    return psycopg.connect(
        database_url,
        autocommit=True,
        prepare_threshold=0,
        connect_timeout=CONNECT_SECONDS,
        application_name="custody readers",
        options=_OPTIONS,
    )


def at_once(connection: Connection[Rows], ask: Callable[[Cursor[Rows]], Answer | None]) -> Answer | None:
    """Return what `ask` reads with one statement: that is a snapshot without a transaction around it.

    None where `ask` says so, and where the tables are not there, or not any more: ask again in a snapshot then.
    """
    if not connection.autocommit:
        connection.autocommit = True
    try:
        with connection.cursor(binary=True) as cursor:
            return ask(cursor)
    except (errors.UndefinedTable, errors.InvalidSchemaName, errors.DeadlockDetected):
        return None


def in_snapshot(connection: Connection[Rows], ask: Callable[[Cursor[Rows]], Answer]) -> Answer:
    """Return what `ask` reads in one snapshot; raises `NotShownError` where no read tables were ever made.

    A rebuild that swaps and drops the tables between two statements of a question makes it fail; it is then asked
    once more, of the new tables.
    """
    connection.isolation_level = IsolationLevel.REPEATABLE_READ
    connection.read_only = True
    try:
        return _once(connection, ask)
    except (errors.UndefinedTable, errors.InvalidSchemaName, errors.DeadlockDetected):
        pass
    try:
        return _once(connection, ask)
    except (errors.UndefinedTable, errors.InvalidSchemaName):
        raise NotShownError(_NEVER_FILLED) from None


@contextmanager
def counting(cursor: Cursor[Rows]) -> Iterator[None]:
    """Let each statement of the block be planned for what it is asked with: what counts many rows gains by it."""
    cursor.execute("set local plan_cache_mode = force_custom_plan")
    yield
    cursor.execute("set local plan_cache_mode = force_generic_plan")


def _once(connection: Connection[Rows], ask: Callable[[Cursor[Rows]], Answer]) -> Answer:
    with connection.transaction(), connection.cursor(binary=True) as cursor:
        try:
            return ask(cursor)
        except QuestionError as error:
            told = error  # raised outside: at a rollback psycopg forgets all that was prepared on the connection
    raise told
