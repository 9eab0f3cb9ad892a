"""Days as people write them in tables. What can be read in two ways is never guessed: the order has to be known."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final, Literal

from producers.tables.table import Cell, NoValue

Order = Literal["month-first", "day-first"]
"""How days such as 6/7/2022 are written in a file."""

A_DAY: Final = "write the day like 2022-06-14"
_MONTHS: Final = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_ISO: Final = re.compile(r"(\d{4})[-/.](\d{1,2})[-/.](\d{1,2})|(\d{4})(\d\d)(\d\d)")
_NUMBERS: Final = re.compile(r"(\d{1,2})[/.-](\d{1,2})[/.-](\d{4}|\d{2})")
_DAY_MONTH: Final = re.compile(r"(\d{1,2})(?:st|nd|rd|th)?[ -]([a-z]{3,9})\.?,?[ -](\d{4}|\d{2})")
_MONTH_DAY: Final = re.compile(r"([a-z]{3,9})\.?[ -](\d{1,2})(?:st|nd|rd|th)?,?[ -](\d{4}|\d{2})")
_MIDNIGHT: Final = re.compile(r"[ T](?:0?0:00(?::00(?:\.0+)?)?|12:00(?::00)? ?am)$", re.IGNORECASE)
_EXCEL_DAYS: Final = range(30_000, 80_000)
_EXCEL_EPOCH: Final = date(1899, 12, 30)


@dataclass(slots=True)
class Written:
    """How the days of a file are written: the order they are read in, and how many days show which.

    `told`: the order was said, not found.
    """

    order: Order = "month-first"
    told: bool = False
    month_first: int = 0
    day_first: int = 0
    either: int = 0


def written_lines(written: Written) -> Iterator[str]:
    """Say how days in numbers were read, where there are any."""
    if not (written.month_first or written.day_first or written.either):
        return
    order = "day first (d/m/y)" if written.order == "day-first" else "month first (m/d/y)"
    if written.told:
        why = "as you said"
    elif written.month_first:
        why = f"as {written.month_first:,} of them show"
    else:
        why = "as HHS writes them; none of them shows it: if these are day first, say --day-first"
    yield f"dates       {order}, {why}; {written.either:,} could be either"


def read_day(cell: Cell, order: Order | None) -> date:
    """Return the day a cell says: a date, 2022-06-14, 6/14/2022, 14-Jun-22. Raises `ValueError` with the cure.

    A year of two digits is one of this century. With `order` a day in numbers is read so; without, only one that can
    be read in one way, and that is month first: as US documents write it.
    """
    match cell:
        case NoValue(reason):
            raise ValueError(reason)
        case datetime():
            raise ValueError(f"{cell:%Y-%m-%d %H:%M} has a time of day; a day is wanted here: {A_DAY}")
        case date():
            return cell
        case str() as text:
            return _read(_MIDNIGHT.sub("", text.strip()), order)


def order_shown(cell: Cell) -> Order | Literal["either"] | None:
    """Return what a cell shows of the order of days in numbers; None where it is no such day."""
    if not isinstance(cell, str):
        return None
    found = _NUMBERS.fullmatch(_MIDNIGHT.sub("", cell))
    if found is None:
        return None
    first, second = int(found[1]), int(found[2])
    if first > 12:
        return "day-first" if second <= 12 else None
    return "month-first" if second > 12 else "either"


def _read(text: str, order: Order | None) -> date:
    found = _ISO.fullmatch(text)
    if found is not None:
        year, month, day = (int(part) for part in found.groups() if part is not None)
        return _day(text, year, month, day)
    found = _NUMBERS.fullmatch(text)
    if found is not None:
        return _in_numbers(text, found, order)
    lower = " ".join(text.lower().split())
    for pattern, month_at, day_at in ((_DAY_MONTH, 2, 1), (_MONTH_DAY, 1, 2)):
        named = pattern.fullmatch(lower)
        if named is not None and named[month_at][:3] in _MONTHS:
            return _day(text, _year(named[3]), _MONTHS.index(named[month_at][:3]) + 1, int(named[day_at]))
    raise ValueError(f"{text[:40]!r} is no date; {A_DAY}{_as_number(text)}")


def _as_number(text: str) -> str:
    if not text.isdigit() or not text.isascii():
        return ""
    if len(text) == 5 and int(text) in _EXCEL_DAYS:
        day = _EXCEL_EPOCH + timedelta(days=int(text))
        return f"; a number is no date: give the cell a date format, and Excel shows which day it is (perhaps {day})"
    return "; a number is no date: give the cell a date format"


def _in_numbers(text: str, found: re.Match[str], order: Order | None) -> date:
    first, second, year = int(found[1]), int(found[2]), _year(found[3])
    if order == "day-first":
        if second > 12:
            raise ValueError(f"{text!r} is not day first, as --day-first says of this file; {A_DAY}")
        return _day(text, year, second, first)
    if first > 12:
        hint = "" if order else ", or import with --day-first if every such date of the file is day first"
        raise ValueError(f"{text!r} is not month first, as US dates are; {A_DAY}{hint}")
    if first != second and second <= 12 and order is None:
        raise ValueError(
            f"{text!r} can be two days; {A_DAY}, or import with --month-first if every such date of the file is "
            "month first, with --day-first if day first"
        )
    return _day(text, year, first, second)


def _year(text: str) -> int:
    return int(text) if len(text) == 4 else 2000 + int(text)


def _day(text: str, year: int, month: int, day: int) -> date:
    try:
        return date(year, month, day)
    except ValueError:
        raise ValueError(f"{text!r} is no day of the calendar; {A_DAY}") from None
