"""The rows of a log of notices: who was told what about which child, when, and through which channel.

A row says everything that is wrong with it at once, each fault with its column and the cure.
"""

import difflib
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date
from typing import Any, Final, Literal, NamedTuple, TypeVar, get_args
from uuid import UUID

from pydantic import ValidationError

from ledger.agencies import AGENCIES, GROUPS, Agency
from ledger.facts import BY_WIRE, NoticeGiven, short_name
from ledger.identifiers import SCHEMES, Identifier
from ledger.times import When
from producers.import_rows import BadRow
from producers.notice_dates import parse_given, parse_written_day
from producers.tables import Cell, NoValue, Row, Table, TableError

COLUMNS: Final = (
    *("child", "to", "positions", "type", "occurred_on", "given_at"),
    *("channel", "members", "reference", "office", "user"),
)
CHANNELS: Final[tuple[str, ...]] = get_args(NoticeGiven.model_fields["channel"].annotation)
TYPES: Final = frozenset(short_name(wire) for wire in BY_WIRE)

_REQUIRED: Final = ("child", "to", "given_at", "channel")
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
class NoticeLog:
    """The rows in the order of the table; `ignored` names the columns nobody looks for."""

    table: Table
    rows: tuple[NoticeRow | BadRow, ...]
    ignored: tuple[str, ...]


def read_log(table: Table, *, month_first: bool) -> NoticeLog:
    """Read every row of the table. Raises `TableError` where columns are missing or stand twice."""
    places = _places(table)
    known = set(places.values())
    ignored = tuple(
        column or f"column {number} (no name)"
        for number, column in enumerate(table.columns, 1)
        if number - 1 not in known and (column or _is_used(table, number - 1))
    )
    rows = (row if isinstance(row, BadRow) else _read(row, places, month_first) for row in table.rows)
    return NoticeLog(table, tuple(rows), ignored)


def _places(table: Table) -> dict[str, int]:
    """Return where each column of ours stands."""
    names = [column.lower() for column in table.columns]
    missing = [name for name in _REQUIRED if name not in names]
    if "positions" not in names and "type" not in names:
        missing.append("positions (or type)")
    if missing:
        raise TableError(
            1,
            f"not a log of notices: its first row lacks the column{'s' if len(missing) > 1 else ''} "
            f"{', '.join(missing)}; nothing was sent; the first row must name the columns: {', '.join(COLUMNS)}",
        )
    twice = sorted({name for name in names if name in COLUMNS and names.count(name) > 1})
    if twice:
        raise TableError(1, f"the column {', '.join(twice)} stands twice; nothing was sent; take one away or rename it")
    return {name: names.index(name) for name in COLUMNS if name in names}


def _is_used(table: Table, place: int) -> bool:
    return any(isinstance(row, Row) and row.cells[place] != "" for row in table.rows)


class _Faults:
    """Reads the cells of one row and keeps what is wrong with them."""

    def __init__(self, row: Row, places: dict[str, int]) -> None:
        self._row = row
        self._places = places
        self.told: list[str] = []

    def cell(self, column: str) -> Cell:
        """Return the cell under a column; blank where there is no such column."""
        place = self._places.get(column)
        return "" if place is None else self._row.cells[place]

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


def _read(row: Row, places: dict[str, int], month_first: bool) -> NoticeRow | BadRow:
    faults = _Faults(row, places)
    child = faults.read("child", _text(_child))
    to = faults.read("to", _text(_agency))
    positions = faults.read("positions", _text(_positions))
    type = faults.read("type", _text(_type))
    occurred_on = faults.read("occurred_on", lambda cell: parse_written_day(cell, month_first=month_first))
    given_at = faults.read("given_at", lambda cell: parse_given(cell, month_first=month_first))
    channel = faults.read("channel", _text(_channel))
    members = faults.read("members", _text(_members))
    reference = faults.read("reference", _text(_up_to(LONGEST_REFERENCE)))
    office = faults.read("office", _text(_up_to(LONGEST_TEXT)))
    user = faults.read("user", _text(_up_to(LONGEST_TEXT)))
    for problem in _what_was_told(faults):
        faults.say(*problem)
    if faults.told or child is None or to is None or given_at is None or channel is None:
        return BadRow(row.number, "; ".join(faults.told))
    return NoticeRow(
        line=row.number,
        child=child,
        to=to,
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


def _child(text: str) -> Identifier:
    scheme, colon, value = text.partition(":")
    given: dict[str, Any] = {"scheme": scheme.strip().lower(), "value": value}
    if not colon:
        given = {"scheme": "ledger" if _is_uuid(text) else "a-number", "value": text}
    try:
        return Identifier.model_validate(given)
    except ValidationError:
        raise ValueError(
            f"{text[:60]!r} names no child; write an A-number such as A200-000-017, or scheme:value with a scheme of "
            f"{', '.join(SCHEMES)}"
        ) from None


def _is_uuid(text: str) -> bool:
    try:
        return bool(UUID(text))
    except ValueError:
        return False


def _agency(text: str) -> Agency:
    name = text.upper()
    for agency in AGENCIES:
        if agency == name:
            return agency
    if name in GROUPS:
        raise ValueError(f"{name} is a group; say which of its agencies was told: {', '.join(GROUPS[name])}")
    raise ValueError(f"{text[:40]!r} is no agency of the ledger; they are {', '.join(AGENCIES)}")


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
    near = difflib.get_close_matches(name, TYPES, 1)
    meant = f"did you mean {near[0]}?" if near else "the names are in docs/facts.md, such as released-to-sponsor"
    raise ValueError(f"{text[:60]!r} is no type of fact; {meant}")


def _channel(text: str) -> str:
    name = "-".join(text.lower().split())
    name = "email" if name == "e-mail" else name
    if name in CHANNELS:
        return name
    raise ValueError(f"{text[:40]!r} is no channel; they are {', '.join(CHANNELS)}")


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
