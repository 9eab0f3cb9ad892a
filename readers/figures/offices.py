"""An office that a question names: one that recorded something, or that the table of offices knows.

A name that is nobody's would find nothing, and nothing found looks like a good answer. Only such a name costs a look
at every entry.
"""

from pathlib import Path
from typing import Final

import orjson
from psycopg import Cursor

from ledger.obligations.offices import known_offices
from readers.choosing import one_of
from readers.named_sql import named
from readers.snapshot import Rows

_SQL: Final = named(Path(__file__).with_name("offices.sql"))


def office_named(cursor: Cursor[Rows], name: str) -> str:
    """Return the office as those who record in it spell it, or the table of offices.

    Raises `WrongQuestionError` that names the nearest.
    """
    given = {"office": name, "written": orjson.dumps(name)}
    if cursor.execute(_SQL["has_office"].encode(), given).fetchone() == (True,):
        return name
    there = [row[0] for row in cursor.execute(_SQL["offices"].encode())]
    return one_of(name, sorted({*there, *known_offices()}), "office the ledger knows", option="--office")
