"""Moments as people write them in a log; what can be read in two ways is refused, never guessed."""

import re
from datetime import UTC, date, datetime, time, timedelta, timezone
from typing import Final
from zoneinfo import ZoneInfo

from ledger.times import RFC3339, When, parse_instant
from producers.tables.dates import Order, read_day
from producers.tables.table import Cell

_TIME_OF_DAY: Final = re.compile(
    r"(.*\d)[ ,T]+(?:at )?(\d{1,2})(?::(\d\d))?(?::(\d\d)(?:\.\d+)?)? ?(?:([ap])\.?m\.?)?", re.IGNORECASE
)
_MIDNIGHT: Final = re.compile(r".*[ T](0?0:00(:00(\.0+)?)?|12:00(:00)? ?am)", re.IGNORECASE)


def parse_given(cell: Cell, *, order: Order | None, zone: str | None) -> When:
    """Read a moment: RFC 3339 with an offset, a time of day in `zone`, or a day as `read_day` reads it.

    A midnight in a text is what programs write for a day. Raises `ValueError`.
    """
    match cell:
        case str() as text if RFC3339.fullmatch(text) is not None:
            return parse_instant(text)
        case datetime():
            return _in_zone(cell, f"{cell:%Y-%m-%d %H:%M}", zone)
        case str() as text if _MIDNIGHT.fullmatch(text) is None and (found := _timed(text)) is not None:
            day, clock = found
            return _in_zone(datetime.combine(read_day(day, order), clock), text, zone)
        case _:
            return read_day(cell, order)


def parse_written_day(cell: Cell, *, order: Order | None) -> date:
    """Read a day, see `read_day`. Raises `ValueError`."""
    return read_day(cell, order)


def _timed(text: str) -> tuple[str, time] | None:
    """Part a text into its day and its time of day; None where it has no such time."""
    found = _TIME_OF_DAY.fullmatch(" ".join(text.split()))
    if found is None or (found[3] is None and found[5] is None):
        return None
    day, hours, minutes, seconds, half = found.groups()
    hour = int(hours)
    if half is not None:
        if not 1 <= hour <= 12:
            raise ValueError(f"{text[:40]!r} has no such time of day; write it like 3:15 PM or 15:15")
        hour = hour % 12 + (12 if half.lower() == "p" else 0)
    try:
        return day, time(hour, int(minutes or 0), int(seconds or 0))
    except ValueError:
        raise ValueError(f"{text[:40]!r} has no such time of day; write it like 3:15 PM or 15:15") from None


def _in_zone(local: datetime, shown: str, zone: str | None) -> datetime:
    if zone is None:
        raise ValueError(
            f"{shown[:40]!r} has a time of day without its offset from UTC, which could be any; write it as text like "
            "2022-06-14T10:15:00-04:00, give the day alone, or say with --zone in which time zone the log was kept, "
            "such as --zone America/New_York"
        )
    there = ZoneInfo(zone)
    first, second = (local.replace(tzinfo=there, fold=fold) for fold in (0, 1))
    if first.utcoffset() == second.utcoffset():
        return _fixed(first)
    if first.astimezone(UTC).astimezone(there).replace(tzinfo=None) != local:
        raise ValueError(f"{shown[:40]!r} is no time of {zone}: the clocks were put forward over it; correct it")
    raise ValueError(
        f"{shown[:40]!r} was twice in {zone}: the clocks were put back; write it with its offset, like "
        f"{_fixed(first).isoformat()} or {_fixed(second).isoformat()}"
    )


def _fixed(moment: datetime) -> datetime:
    """Return the moment with its offset as a number, as it stands on the wire."""
    offset = moment.utcoffset() or timedelta()
    return moment.replace(tzinfo=timezone(offset), fold=0)
