"""Days and times as people write them in a log; what can be read in two ways is refused, never guessed."""

import re
from datetime import date, datetime
from typing import Final

from ledger.times import DAY, RFC3339, When, parse_day, parse_instant
from producers.tables import Cell, NoValue

_SLASHES: Final = re.compile(r"(\d{1,2})/(\d{1,2})/(\d{4})")
_TIME_OF_DAY: Final = re.compile(r"[\d/.-]{8,10}[ Tt]+\d{1,2}:\d\d.*")
_A_DAY: Final = "write the day like 2022-06-14"
_NO_OFFSET: Final = (
    "has a time of day without its offset from UTC, which could be any; write it as text like "
    "2022-06-14T10:15:00-04:00, or give the day alone"
)


def parse_given(cell: Cell, *, month_first: bool) -> When:
    """Read a moment: RFC 3339 with an offset, or a day as `parse_written_day` reads it. Raises `ValueError`."""
    match cell:
        case str() as text if RFC3339.fullmatch(text) is not None:
            return parse_instant(text)
        case datetime():
            raise ValueError(f"{cell:%Y-%m-%d %H:%M} {_NO_OFFSET}")
        case str() as text if _TIME_OF_DAY.fullmatch(text) is not None:
            raise ValueError(f"{text[:40]!r} {_NO_OFFSET}")
        case _:
            return parse_written_day(cell, month_first=month_first)


def parse_written_day(cell: Cell, *, month_first: bool) -> date:
    """Read a day: a date cell, 2022-06-14, or 6/14/2022 as US spreadsheets write it. Raises `ValueError`.

    A date with slashes is taken month first where it can be nothing else: 6/14/2022, 6/6/2022. One that could be two
    days (6/7/2022) is taken only with `month_first`, which says it of the whole file; one whose first number is no
    month (14/6/2022) never, for it shows that the file is not written month first.
    """
    match cell:
        case NoValue(reason):
            raise ValueError(reason)
        case datetime():
            raise ValueError(f"{cell:%Y-%m-%d %H:%M} has a time of day; a day is wanted here: {_A_DAY}")
        case date():
            return cell
        case str() as text if DAY.fullmatch(text) is not None:
            return parse_day(text)
        case str() as text:
            return _with_slashes(text, month_first)


def _with_slashes(text: str, month_first: bool) -> date:
    found = _SLASHES.fullmatch(text)
    if found is None:
        hint = "; a number is no date: give the cell a date format" if text.isdigit() else ""
        raise ValueError(f"{text[:40]!r} is no date; {_A_DAY}{hint}")
    first, second, year = (int(part) for part in found.groups())
    if first > 12:
        raise ValueError(f"{text!r} is not month first, as US dates are; {_A_DAY}")
    if first != second and second <= 12 and not month_first:
        raise ValueError(
            f"{text!r} can be two days; {_A_DAY}, or import with --month-first if every such date of the file is "
            "month first"
        )
    try:
        return date(year, first, second)
    except ValueError:
        raise ValueError(f"{text!r} is no day of the calendar; {_A_DAY}") from None
