"""Changing what readers look at, whatever they do: a login that may only read cannot keep a change waiting for good.

Turning a view, or dropping a version, needs a lock that waits for every open transaction that has looked at it, and
while it waits nobody else can look. So it is asked for shortly, again and again; who is in the way for longer, and may
only read, is sent away. A process of the ledger's own login is waited for.
"""

import time
from collections.abc import Callable
from typing import Any, Final

import psycopg
from psycopg import Connection

ASK_MS: Final = 500
"""How long the others wait at most behind one attempt."""
GRACE_SECONDS: Final = 3.0
"""How long an open question of a reader is let go on."""
PATIENCE_SECONDS: Final = 120.0

_SEND_AWAY: Final = """
select pg_terminate_backend(pid) from pg_stat_activity
where pid <> pg_backend_pid() and datname = current_database() and usename <> current_user
  and not (select rolsuper from pg_roles where rolname = usename)
  and pid in (
    select l.pid from pg_locks l join pg_class c on c.oid = l.relation join pg_namespace n on n.oid = c.relnamespace
    where l.granted and l.locktype = 'relation' and l.database = (select oid from pg_database
      where datname = current_database()) and n.nspname ~ '^read(_[0-9]+)?$')
"""


def over_readers(connection: Connection[Any], change: Callable[[], None]) -> None:
    """Do `change` in a transaction of its own, or in the caller's, once nobody's open question is in its way.

    Raises `psycopg.errors.LockNotAvailable` where something of the ledger's own login stays in the way.
    """
    began = time.monotonic()
    while True:
        try:
            with connection.transaction():
                connection.execute(f"set local lock_timeout = {ASK_MS}")
                change()
                connection.execute("set local lock_timeout = default")  # the caller's transaction may go on
        except psycopg.errors.LockNotAvailable:
            passed = time.monotonic() - began
            if passed > PATIENCE_SECONDS:
                raise
            if passed > GRACE_SECONDS:
                _send_away(connection)
            time.sleep(0.1)
        else:
            return


def _send_away(connection: Connection[Any]) -> None:
    """End the sessions of others with a lock on what readers look at; without the right to, wait for them."""
    try:
        with connection.transaction():
            connection.execute(_SEND_AWAY)
    except psycopg.errors.InsufficientPrivilege:
        pass
