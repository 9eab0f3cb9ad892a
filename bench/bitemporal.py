"""The peer of a view as an agency: the usual bitemporal table, one system time an agency, asked in plain SQL.

A row is a fact as one agency had it: valid from when it happened, known from when the agency was told it or had it,
until it knew a correction. Members withheld are left out; a correction it knows closes the row and opens the next one.
That answers "what did the agency know at K of what had happened by H?". It cannot say what had been stated by R, how
and since when each thing was known, what is withheld, or what state all of it adds up to.
"""

from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import orjson
import psycopg
from psycopg.types.json import set_json_loads

_KNOWN = """
    select position, type, fact, valid_from, known_from[%(grade)s] from bitemporal
    where child = (select child from read.identifiers_v1 where scheme = 'hhs-release-row' and value = %(label)s)
      and agency = %(agency)s and valid_from <= %(happened_by)s
      and known_from[%(grade)s] <= %(known_at)s and known_until[%(grade)s] > %(known_at)s
    order by position
"""
_ZONE = ZoneInfo("America/New_York")
Peer = psycopg.Connection[tuple[Any, ...]]


def make(connection: Peer) -> None:
    """Make the table from what the ledger's own tables hold."""
    connection.execute(Path(__file__).with_name("bitemporal.sql").read_bytes(), prepare=False)
    connection.commit()


def connect(database_url: str) -> Peer:
    """Open a connection that is as quick as the ledger's own."""
    connection = psycopg.connect(
        database_url,
        autocommit=True,
        prepare_threshold=0,
        options="-c timezone=UTC -c jit=off -c plan_cache_mode=force_generic_plan",
    )
    set_json_loads(orjson.loads, connection)
    return connection


def view(connection: Peer, label: str, agency: str, known_at: datetime, at_least: int) -> list[dict[str, Any]]:
    """Return what the agency knew at K of what had happened by the end of that day."""
    end = known_at.astimezone(_ZONE).replace(hour=0, minute=0, second=0, microsecond=0) + timedelta(days=1)
    given = {"label": label, "agency": agency, "grade": at_least + 1, "known_at": known_at, "happened_by": end}
    with connection.cursor(binary=True) as cursor:
        return [
            {"position": position, "type": wire, "fact": fact, "occurred_at": valid_from, "known_at": known_from}
            for position, wire, fact, valid_from, known_from in cursor.execute(_KNOWN, given)
        ]
