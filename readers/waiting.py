"""Until what the ledger has accepted shows in the read tables."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from psycopg import Connection, Cursor

from readers.questions import NotShownError
from readers.snapshot import Rows, in_snapshot
from readers.statements import named

_SQL: Final = named(Path(__file__).with_name("waiting.sql"))
POLL_SECONDS: Final = 0.1


@dataclass(frozen=True, slots=True)
class Shown:
    """How far the read tables are, and how many children's entries are set aside."""

    position: int
    parked: int


def accepted(connection: Connection[Rows]) -> int:
    """Return the position of the last entry the ledger has recorded; 0 in an empty ledger."""

    def ask(cursor: Cursor[Rows]) -> int:
        return _number(cursor, "accepted") if _number(cursor, "is_made") else 0

    return in_snapshot(connection, ask)


def wait_until_shown(
    connection: Connection[Rows],
    position: int,
    *,
    patience_seconds: float,
    now: Callable[[], float],
    sleep: Callable[[float], None],
) -> Shown:
    """Return when the read tables show every entry up to `position` and its publication, or have it set aside.

    Raises `NotShownError`, naming the role that lags, when they have not moved for `patience_seconds`.
    """
    last, moved_at = -1, now()
    while True:
        shown = _shown(connection)
        if shown.position >= position:
            return shown
        if shown.position > last:
            last, moved_at = shown.position, now()
        elif now() - moved_at >= patience_seconds:
            raise NotShownError(_lagging(connection, position, shown.position, patience_seconds))
        sleep(POLL_SECONDS)


def _shown(connection: Connection[Rows]) -> Shown:
    def ask(cursor: Cursor[Rows]) -> Shown:
        row = cursor.execute(_SQL["shown"].encode()).fetchone()
        return Shown(0, 0) if row is None else Shown(*row)

    try:
        return in_snapshot(connection, ask)
    except NotShownError:
        return Shown(0, 0)  # the tables are still to be made


def _lagging(connection: Connection[Rows], position: int, shown: int, patience_seconds: float) -> str:
    relayed = in_snapshot(connection, lambda cursor: _number(cursor, "relayed"))
    published = in_snapshot(connection, lambda cursor: _number(cursor, "published"))
    if relayed < position:
        role, at = "relay", relayed
    else:
        role, at = ("feeds", published) if published < position else ("projections", shown)
    return (
        f"the role `{role}` is at position {at} of {position}, and the read tables have not moved for "
        f"{patience_seconds:g} seconds; nothing is lost: see `custody status`, and wait again"
    )


def _number(cursor: Cursor[Rows], name: str) -> int:
    row = cursor.execute(_SQL[name].encode()).fetchone()
    return 0 if row is None else int(row[0])
