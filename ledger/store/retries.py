"""Which blocked records somebody asked to try again: rows of `ledger.retries`.

A notification can be sent by any login that may connect; a row in schema `ledger` cannot be written by one that may
only read.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Literal
from uuid import UUID

from psycopg import Connection

Role = Literal["projections", "feeds", "alerts"]


@contextmanager
def retries_asked(connection: Connection[Any], role: Role) -> Iterator[set[UUID]]:
    """Give the children a role is asked to try again; when it has, the asking is taken away, and not before."""
    rows = connection.execute("select child from ledger.retries where role = %s", (role,)).fetchall()
    asked = {row["child"] if isinstance(row, dict) else row[0] for row in rows}
    yield asked
    if asked:
        connection.execute("delete from ledger.retries where role = %s and child = any(%s)", (role, list(asked)))
