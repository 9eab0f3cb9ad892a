"""Until what the ledger has accepted shows in the read tables."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Final

from psycopg import Connection, Cursor

from readers.named_sql import named
from readers.snapshot import Rows, in_snapshot
from readers.unanswerable import NotShownError

_SQL: Final = named(Path(__file__).with_name("waiting.sql"))
POLL_SECONDS: Final = 0.1


@dataclass(frozen=True, slots=True)
class ReadProgress:
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
    published: bool = True,
) -> ReadProgress:
    """Return when every entry up to `position` shows, and what was published of it, or is set aside.

    Without `published` the entries are enough: what agencies were told of them plays no part in the question then.
    What was published shows when answers reach to its stamp: a moment later, as soon as nothing more comes.

    Raises `NotShownError`, naming the role that lags, when they have not moved for `patience_seconds`.
    """
    last, moved_at = -1, now()
    stamp: datetime | None = None
    while True:
        entries, shown, published_at, complete_to = _shown(connection)
        if not published and entries.position >= position:
            return entries
        if published and shown.position >= position:
            stamp = stamp or published_at
            if stamp is None or (complete_to is not None and complete_to >= stamp):
                return shown
        reached = shown if published else entries
        if reached.position > last:
            last, moved_at = reached.position, now()
        elif now() - moved_at >= patience_seconds:
            raise NotShownError(_lagging(connection, position, reached.position, patience_seconds, published=published))
        sleep(POLL_SECONDS)


_Reached = tuple[ReadProgress, ReadProgress, datetime | None, datetime | None]
_NOTHING: Final[_Reached] = (ReadProgress(0, 0), ReadProgress(0, 0), None, None)


def _shown(connection: Connection[Rows]) -> _Reached:
    """Return how far entries are, and their publication; the last stamp, and the moment up to which answers reach."""

    def ask(cursor: Cursor[Rows]) -> _Reached:
        row = cursor.execute(_SQL["shown"].encode()).fetchone()
        return _NOTHING if row is None else (ReadProgress(row[0], row[2]), ReadProgress(row[1], row[2]), row[3], row[4])

    try:
        return in_snapshot(connection, ask)
    except NotShownError:
        return _NOTHING  # the tables are still to be made


def _lagging(
    connection: Connection[Rows], position: int, shown: int, patience_seconds: float, *, published: bool
) -> str:
    relayed = in_snapshot(connection, lambda cursor: _number(cursor, "relayed"))
    told = in_snapshot(connection, lambda cursor: _number(cursor, "published")) if published else position
    if relayed < position:
        role, at = "relay", relayed
    else:
        role, at = ("feeds", told) if told < position else ("projections", shown)
    return (
        f"the role `{role}` is at position {at} of {position}, and the read tables have not moved for "
        f"{patience_seconds:g} seconds; nothing is lost: see `custody status`, and wait again"
    )


def _number(cursor: Cursor[Rows], name: str) -> int:
    row = cursor.execute(_SQL[name].encode()).fetchone()
    return 0 if row is None else int(row[0])
