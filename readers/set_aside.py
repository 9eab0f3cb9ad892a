"""What could not be read (messages, with their bytes) or not be applied (children, with all that waits behind)."""

from base64 import b64decode, b64encode
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Final, cast
from uuid import UUID

import orjson
from psycopg import Connection, Cursor

from ledger.agencies import Agency
from ledger.rules.arrivals import Kind
from ledger.times import write_clock
from ledger.topics import TopicId
from readers.named_sql import named
from readers.snapshot import Rows, in_snapshot
from readers.unanswerable import NothingKnownError, WrongQuestionError

_SQL: Final = named(Path(__file__).with_name("set_aside.sql"))
_MESSAGE: Final = (
    "number",
    "agency",
    "topic",
    "partition",
    "offset",
    "last_offset",
    "cause",
    "source",
    "id",
    "reason",
    "size",
    "digest",
    "kept",
    "set_aside_at",
    "retried_at",
    "closed_at",
    "closed_by",
    "closed_reason",
)
_CLOCKS: Final = ("set_aside_at", "retried_at", "closed_at")
Which = int | UUID
"""A message set aside, by its number; or a child whose entries wait, by its ledger id."""


@dataclass(frozen=True, slots=True)
class FoundMessage:
    """A message as it was found on a topic, to be sent again."""

    number: int
    agency: Agency
    topic: str
    partition: int
    value: bytes | None
    headers: list[tuple[str, bytes | None]]
    offset: int
    last_offset: int
    cause: Kind
    size: int | None
    digest: str | None
    id: TopicId | None
    """In which making of the topic it stands."""

    @property
    def is_whole(self) -> bool:
        """Return whether all of its bytes are kept."""
        return self.cause != "batch" and self.value is not None and self.size in (None, len(self.value))


def parse_which(text: str) -> Which:
    """Read NUMBER or CHILD as `list` shows them."""
    given = text.strip()
    try:
        return int(given) if given.isascii() and given.isdigit() and len(given) < 19 else UUID(given)
    except ValueError:
        raise WrongQuestionError(
            f"{text!r} is neither the number of a message set aside nor the ledger id of a child: "
            "see `custody set-aside list`"
        ) from None


def listed(connection: Connection[Rows], *, closed: bool = False) -> list[dict[str, Any]]:
    """Return everything set aside: messages by number, then children by the entry that stopped them.

    Of messages those that are open; with `closed` also those that were sent again or closed.
    """

    def ask(cursor: Cursor[Rows]) -> list[dict[str, Any]]:
        messages, children, blocked = _made(cursor)
        return [
            *(_message(row) for row in _rows(cursor, "messages", there=messages, closed=closed)),
            *(_child(row) for row in _rows(cursor, "children", there=children)),
            *(_blocked(row) for row in _rows(cursor, "blocked", there=blocked)),
        ]

    return in_snapshot(connection, ask)


def shown(connection: Connection[Rows], which: Which) -> dict[str, Any]:
    """Return one of them in full; raises `NothingKnownError` if nothing of that name is set aside."""
    if isinstance(which, UUID):
        return in_snapshot(connection, lambda cursor: _shown_child(cursor, which))
    *about, value, headers, _, _ = in_snapshot(connection, lambda cursor: _row_of(cursor, which))
    return {
        **_message(tuple(about)),
        "headers": [[name, None if text is None else _text(text)] for name, text in _headers(headers)],
        "value": None if value is None else _text(value),
    }


def message_numbered(connection: Connection[Rows], number: int) -> FoundMessage:
    """Return a message set aside; raises `NothingKnownError` where there is none of that number."""
    row = in_snapshot(connection, lambda cursor: _row_of(cursor, number))
    *about, value, headers, cluster, topic_id = row
    told = dict(zip(_MESSAGE, about, strict=True))
    return FoundMessage(
        number,
        cast(Agency, told["agency"]),
        told["topic"],
        told["partition"],
        value,
        _headers(headers),
        told["offset"],
        told["offset"] if told["last_offset"] is None else told["last_offset"],
        told["cause"],
        told["size"],
        told["digest"],
        None if topic_id is None else TopicId(cluster, topic_id),
    )


def _row_of(cursor: Cursor[Rows], number: int) -> Rows:
    for row in _rows(cursor, "message", there=_made(cursor)[0], number=number):
        return row
    raise NothingKnownError(f"no message {number} is set aside: see `custody set-aside list`")


def _headers(kept: bytes) -> list[tuple[str, bytes | None]]:
    return [(name, None if text is None else b64decode(text)) for name, text in orjson.loads(kept)]


def _shown_child(cursor: Cursor[Rows], child: UUID) -> dict[str, Any]:
    _, tables, roles = _made(cursor)
    blocked = [_blocked(row) for row in _rows(cursor, "blocked", there=roles) if row[1] == child]
    for one in blocked:
        if one["role"] == "feeds":
            one["waiting"] = [position for (position,) in _rows(cursor, "untold", child=child)]
    for row in _rows(cursor, "children", there=tables):
        if row[0] == child:
            waiting = _rows(cursor, "waiting", child=child)
            return {
                **_child(row),
                "waiting": [
                    {"position": position, "recorded_at": _clock(recorded_at), "reason": reason}
                    for position, recorded_at, reason in waiting
                ],
                "blocked": blocked,
            }
    if blocked:
        return {**blocked[0], "blocked": blocked}
    raise NothingKnownError(f"nothing of child {child} is set aside: see `custody set-aside list`")


def _made(cursor: Cursor[Rows]) -> Rows:
    """Return whether there are dead letters, read tables, and blocked records of other roles."""
    [row] = _rows(cursor, "is_made")
    return row


def _rows(cursor: Cursor[Rows], name: str, *, there: bool = True, **given: Any) -> list[Rows]:
    return cursor.execute(_SQL[name].encode(), given).fetchall() if there else []


def _message(row: Rows) -> dict[str, Any]:
    message = dict(zip(_MESSAGE, row, strict=True))
    return {
        "kind": "message",
        **message,
        **{name: _clock(message[name]) for name in _CLOCKS},
    }


def _blocked(row: Rows) -> dict[str, Any]:
    role, child, reason, since = row
    return {"kind": "blocked", "role": role, "child": str(child), "reason": reason, "since": _clock(since)}


def _child(row: Rows) -> dict[str, Any]:
    child, position, entries, recorded_at, reason = row
    return {
        "kind": "child",
        "child": str(child),
        "position": position,
        "entries": entries,
        "recorded_at": _clock(recorded_at),
        "reason": reason,
    }


def _clock(moment: datetime | None) -> str | None:
    return None if moment is None else write_clock(moment)


def _text(data: bytes) -> str | dict[str, str]:
    """Return bytes as the text they are, or else as base64, said so."""
    try:
        return data.decode()
    except UnicodeDecodeError:
        return {"base64": b64encode(data).decode()}
