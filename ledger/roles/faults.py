"""Whose fault an exception is, the message's or the role's; and where in our code it happened, in words of ours only.

A fault of one message must not stop the others: the message is kept, others go on. A fault of the role (a server is
gone, memory is out, another member took over) says nothing about any message: isolating one after the other would
refuse them all. PostgreSQL says by its SQLSTATE which it is: classes 21, 22 and 23 are about the data it was given, 54
is a limit that this data passed (a key too long for an index, JSON nested too deeply); all else is about the server,
the session or the schema.
"""

import traceback
from typing import Final

import psycopg
from eventsourcing.persistence import PersistenceError
from kafka.errors import KafkaError

OURS: Final = ("ledger", "consumers", "producers", "projections", "readers", "custody")
_OF_THE_DATA: Final = ("21", "22", "23", "54")


def is_of_the_message(error: BaseException) -> bool:
    """Return whether an exception speaks of what was being worked on, so that others may go on without it."""
    if not isinstance(error, Exception) or isinstance(error, MemoryError | OSError | KafkaError):
        return False
    server = _of_postgresql(error)
    if server is not None:
        return (server.sqlstate or "")[:2] in _OF_THE_DATA
    return not isinstance(error, PersistenceError)


def place_of(error: BaseException) -> str:
    """Return the kind of an exception and where in our code it came from; never what it says, which may be a value."""
    kind = type(error).__name__
    if server := _of_postgresql(error):
        kind = f"{type(server).__name__} {server.sqlstate}" if server.sqlstate else type(server).__name__
    for frame, line in reversed(list(traceback.walk_tb(error.__traceback__))):
        module = frame.f_globals.get("__name__", "")
        if module.partition(".")[0] in OURS:
            return f"{kind} at {module}:{line}"
    return kind


def _of_postgresql(error: BaseException | None) -> psycopg.Error | None:
    """Return the database's own error, which the event store's library wraps."""
    while error is not None:
        if isinstance(error, psycopg.Error):
            return error
        error = error.__cause__ if isinstance(error, PersistenceError) else None
    return None
