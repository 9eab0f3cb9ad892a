"""The rows of a log of notices: who was told what about which child, when, and through which channel.

A row says everything that is wrong with it at once, each fault with its column and the cure.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Final, Literal, NamedTuple, TypeVar, get_args
from uuid import UUID

from pydantic import ValidationError

from ledger.agencies import AGENCIES, Agency
from ledger.agency_names import agency_called, is_called
from ledger.choices import did_you_mean, nearest
from ledger.facts import BY_WIRE, NoticeGiven, short_name
from ledger.identifiers import SCHEMES, Identifier
from ledger.times import When
from producers.imports.notice_dates import parse_given, parse_written_day
from producers.tables.csv_table import repeats_header
from producers.tables.dates import Order
from producers.tables.names import Column, Wanted, is_nothing
from producers.tables.rows import BadRow, PassedOver
from producers.tables.table import MEGABYTE, Cell, Limits, NoValue, Ragged, Row, Table

WANTED: Final = Wanted(
    "a log of notices",
    (
        Column(
            "child",
            (
                *("a number", "a no", "anumber", "alien number", "alien no", "alien a number", "childs a number"),
                *("uc a number", "uac a number", "child a number", "childs number", "children", "uc", "uac"),
            ),
            needed=True,
        ),
        Column(
            "to",
            (
                *("recipient", "recipients", "sent to", "told", "notified", "agency notified", "agency told"),
                *("to agency", "receiving agency", "addressee", "notice to"),
            ),
            needed=True,
        ),
        Column("positions", ("position", "ledger position", "ledger positions")),
        Column("type", ("fact", "event", "type of fact", "event type")),
        Column("occurred_on", ("happened on", "event date", "date of event", "date of the event")),
        Column(
            "given_at",
            (
                *("given", "given on", "date given", "sent", "sent on", "sent at", "date sent", "date and time sent"),
                *("date of notice", "notice date", "notified on", "date notified", "told on", "date told", "date"),
                *("date time", "date and time", "timestamp", "when"),
            ),
            needed=True,
        ),
        Column("channel", ("via", "how", "method", "mode", "means", "sent by means of"), needed=True),
        Column("members", ("what was told", "members told")),
        Column("reference", ("ref", "message id", "notice id", "reference number")),
        Column("office", ("our office", "sending office", "from office")),
        Column("user", ("sender", "sent by", "officer", "from", "staff")),
    ),
    one_of=("positions", "type"),
)
COLUMNS: Final = WANTED.names
MOST_ROWS: Final = 20_000
LIMITS: Final = Limits(
    "a log of notices", rows=MOST_ROWS, file_bytes=50 * MEGABYTE, unpacked_bytes=100 * MEGABYTE, columns=500
)
CHANNELS: Final[tuple[str, ...]] = get_args(NoticeGiven.model_fields["channel"].annotation)
TYPES: Final = frozenset(short_name(wire) for wire in BY_WIRE)

_REQUIRED: Final = ("child", "to", "given_at", "channel")
_AND: Final = re.compile(r"[;,\n|&+]|\band\b", re.IGNORECASE)
_A_SIGN: Final = re.compile(r"[Aa]\s*#\s*")
_MOST_CHILDREN: Final = 200
_POSITION: Final = re.compile(r"[1-9]\d{0,17}")
_MEMBER: Final = re.compile(r"[a-z][a-z0-9_]*(\.[a-z][a-z0-9_]*)?")
_SEPARATED: Final = re.compile(r"[\s;]+")
LONGEST_REFERENCE: Final = 400
LONGEST_TEXT: Final = 4000
Value = TypeVar("Value")


class NoticeRow(NamedTuple):
    """One child told of. The entries are given as `positions`, or else as `type` (and `occurred_on`)."""

    line: int
    child: Identifier
    to: Agency
    positions: tuple[int, ...]
    type: str | None
    occurred_on: date | None
    given_at: When
    channel: str
    members: Literal["all"] | tuple[str, ...]
    reference: str | None
    office: str | None
    user: str | None


@dataclass(frozen=True, slots=True)
class LogReading:
    """What a person says of a whole log: the order of its days, its time zone, and values for blank cells."""

    order: Order | None = None
    zone: str | None = None
    values: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class NoticeLog:
    """One row for each child and each recipient, in the order of the table; `ignored`: columns nobody looks for."""

    table: Table
    rows: tuple[NoticeRow | BadRow | PassedOver, ...]
    ignored: tuple[str, ...]


def wanted(values: Mapping[str, str]) -> Wanted:
    """Return what a log must and may have where these values are said for all of its rows."""
    columns = tuple(column._replace(needed=column.needed and column.name not in values) for column in WANTED.columns)
    return Wanted(WANTED.kind, columns, () if set(WANTED.one_of) & set(values) else WANTED.one_of)


def read_log(table: Table, reading: LogReading) -> NoticeLog:
    """Read every row of the table. Raises `TableError` where the file breaks off."""
    rows: list[NoticeRow | BadRow | PassedOver] = []
    used: set[int] = set()
    for row in table.rows:
        used.update(at for at, cell in enumerate(row.cells) if cell != "")
        if repeats_header(row.cells, table.columns):
            rows.append(PassedOver(row.number, "the names of the columns again"))
        elif isinstance(row, Ragged):
            rows.append(row.bad())
        else:
            rows.extend(_read(row, table.places, reading))
    known = set(table.places.values())
    ignored = tuple(
        column or f"column {at + 1} (no name)"
        for at, column in enumerate(table.columns)
        if at not in known and (column or at in used)
    )
    beyond = tuple(f"column {at + 1} (no name)" for at in sorted(table.notes.used_beyond))
    return NoticeLog(table, tuple(rows), (*ignored, *beyond))


class _Faults:
    """Reads the cells of one row and keeps what is wrong with them."""

    def __init__(self, row: Row, places: dict[str, int], values: Mapping[str, str]) -> None:
        self._row = row
        self._places = places
        self._values = values
        self.told: list[str] = []

    def cell(self, column: str) -> Cell:
        """Return the cell under a column, or what is said for all rows where it is blank or there is no such column."""
        place = self._places.get(column)
        cell: Cell = "" if place is None else self._row.cells[place]
        if isinstance(cell, str) and is_nothing(cell):
            return self._values.get(column, "")
        return cell

    def read(self, column: str, parse: Callable[[Cell], Value]) -> Value | None:
        """Return what `parse` makes of the cell; None where it is blank or cannot be read."""
        cell = self.cell(column)
        if cell == "":
            if column in _REQUIRED:
                self.say(column, f"is blank; {_WANTED[column]}")
            return None
        try:
            return parse(cell)
        except ValueError as error:
            self.say(column, str(error))
            return None

    def say(self, column: str, problem: str) -> None:
        self.told.append(f"column {column}: {problem}")


def _read(row: Row, places: dict[str, int], reading: LogReading) -> list[NoticeRow | BadRow]:
    faults = _Faults(row, places, reading.values)
    children = faults.read("child", _text(_children))
    to = faults.read("to", _text(_agencies))
    positions = faults.read("positions", _text(_positions))
    type = faults.read("type", _text(_type))
    occurred_on = faults.read("occurred_on", lambda cell: parse_written_day(cell, order=reading.order))
    given_at = faults.read("given_at", lambda cell: parse_given(cell, order=reading.order, zone=reading.zone))
    channel = faults.read("channel", _text(_channel))
    members = faults.read("members", _text(_members))
    reference = faults.read("reference", _text(_up_to(LONGEST_REFERENCE)))
    office = faults.read("office", _text(_up_to(LONGEST_TEXT)))
    user = faults.read("user", _text(_up_to(LONGEST_TEXT)))
    for problem in _what_was_told(faults):
        faults.say(*problem)
    if positions and children is not None and len(children) > 1:
        faults.say(
            "positions", "are those of one child's record, and the row names several; give type, or part the row"
        )
    if faults.told or children is None or to is None or given_at is None or channel is None:
        return [BadRow(row.number, "; ".join(faults.told))]
    return [
        NoticeRow(
            line=row.number,
            child=child,
            to=agency,
            positions=positions or (),
            type=type,
            occurred_on=occurred_on,
            given_at=given_at,
            channel=channel,
            members=members or "all",
            reference=reference,
            office=office,
            user=user,
        )
        for child in children
        for agency in to
    ]


def _what_was_told(faults: _Faults) -> Iterator[tuple[str, str]]:
    """Yield what is wrong with the ways in which a row says which entries were told."""
    positions, type = faults.cell("positions"), faults.cell("type")
    if positions == "" and type == "":
        yield "positions", "is blank, and so is type; one of them says which entries were told"
    elif positions != "" and type != "":
        yield "positions", "is given beside type; leave one of them blank"
    elif type == "" and faults.cell("occurred_on") != "":
        yield "occurred_on", "goes with type, and positions are given; leave it blank"


def _text(parse: Callable[[str], Value]) -> Callable[[Cell], Value]:
    """Read a cell that must hold text."""

    def read(cell: Cell) -> Value:
        match cell:
            case str():
                return parse(cell)
            case NoValue(reason):
                raise ValueError(reason)
            case _:
                raise ValueError("is a date; give the cell a text format and write it anew")

    return read


def _children(text: str) -> tuple[Identifier, ...]:
    """Read one child, or several as people list them: with semicolons, commas, on lines of their own, with `and`."""
    parts = [part.strip() for part in _AND.split(text) if part.strip()] or [text]
    if len(parts) > _MOST_CHILDREN:
        raise ValueError(f"names {len(parts)} children; the limit is {_MOST_CHILDREN} a row: part the row")
    found: list[Identifier] = []
    for part in parts:
        try:
            found.append(_child(part))
        except ValueError:
            pieces = part.replace("/", " ").split()
            if len(pieces) == 1:
                raise
            try:
                found += [_child(piece) for piece in pieces]
            except ValueError:
                raise _no_child(part) from None
    return tuple(dict.fromkeys(found))


def _child(text: str) -> Identifier:
    text = _A_SIGN.sub("A", text, count=1)
    scheme, colon, value = text.partition(":")
    given: dict[str, Any] = {"scheme": scheme.strip().lower(), "value": value}
    if not colon:
        given = {"scheme": "ledger" if _is_uuid(text) else "a-number", "value": text}
    try:
        return Identifier.model_validate(given)
    except ValidationError:
        raise _no_child(text) from None


def _no_child(text: str) -> ValueError:
    return ValueError(
        f"{text[:60]!r} names no child; write an A-number such as A200-000-017, or scheme:value with a scheme of "
        f"{', '.join(SCHEMES)}"
    )


def _is_uuid(text: str) -> bool:
    try:
        return bool(UUID(text))
    except ValueError:
        return False


def _agencies(text: str) -> tuple[Agency, ...]:
    """Read one recipient, or several; a slash parts them where the whole is no name of one, such as HHS/ORR."""
    found: list[Agency] = []
    for part in [part.strip() for part in _AND.split(text) if part.strip()] or [text]:
        pieces = [part] if is_called(part) else [piece.strip() for piece in part.split("/") if piece.strip()]
        found += [agency_called(piece) for piece in pieces or [part]]
    return tuple(dict.fromkeys(found))


def _positions(text: str) -> tuple[int, ...]:
    given = _split(text)
    wrong = next((one for one in given if _POSITION.fullmatch(one) is None), None)
    if wrong is not None or not given:
        raise ValueError(
            f"{(wrong or text)[:40]!r} is no position; write whole numbers separated by spaces or semicolons, as "
            "`custody timeline` shows them"
        )
    return tuple(int(one) for one in given)


def _type(text: str) -> str:
    name = short_name(text.lower())
    if name in TYPES:
        return name
    raise ValueError(
        f"{text[:60]!r} is no type of fact{did_you_mean(name, TYPES)}"
        + ("" if nearest(name, TYPES) else "; the names are in docs/facts.md, such as released-to-sponsor")
    )


def _channel(text: str) -> str:
    name = "-".join(text.lower().replace("_", "-").split())
    name = _CHANNELS_CALLED.get(name, name)
    if name in CHANNELS:
        return name
    raise ValueError(f"{text[:40]!r} is no channel{did_you_mean(name, CHANNELS)}; they are {', '.join(CHANNELS)}")


_CHANNELS_CALLED: Final = {
    "e-mail": "email",
    "mail": "letter",
    "by-mail": "letter",
    "postal-mail": "letter",
    "us-mail": "letter",
    "usps": "letter",
    "call": "phone",
    "phone-call": "phone",
    "telephone": "phone",
    "tel": "phone",
    "excel": "spreadsheet",
    "in-writing": "letter",
    "person": "in-person",
}
"""What else people write for a channel."""


def _members(text: str) -> Literal["all"] | tuple[str, ...]:
    given = _split(text)
    if [one.lower() for one in given] == ["all"]:
        return "all"
    wrong = next((one for one in given if one == "all" or _MEMBER.fullmatch(one) is None), None)
    if wrong is not None or not given:
        raise ValueError(
            f"{(wrong or text)[:40]!r} is no member of a fact; write `all`, or names such as address, separated by "
            "spaces or semicolons"
        )
    return tuple(given)


def _up_to(longest: int) -> Callable[[str], str]:
    def read(text: str) -> str:
        if len(text) > longest or "\0" in text:
            raise ValueError(f"is longer than {longest} characters, or holds a character nobody can store; shorten it")
        return text

    return read


def _split(text: str) -> list[str]:
    return [one for one in _SEPARATED.split(text) if one]


_WANTED: Final = {
    "child": "write an A-number such as A200-000-017, or scheme:value",
    "to": f"name the agency that was told: {', '.join(AGENCIES)}",
    "given_at": "write the day like 2022-06-14, or the moment like 2022-06-14T10:15:00-04:00",
    "channel": f"write one of {', '.join(CHANNELS)}",
}
