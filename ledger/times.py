"""The two ways a time is told (an instant with its offset, or a day) and how both are put in one order.

A day stands for its last instant in the ledger's civil time zone; an unknown time (`None`) comes before
everything (knowledge: Three clocks).
"""

import re
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from typing import Final
from zoneinfo import ZoneInfo

When = datetime | date
"""An aware `datetime` (an instant, its offset kept as it was given) or a `date` (precision: one day)."""

RFC3339: Final = re.compile(r"\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d(\.\d+)?([Zz]|[+-]\d\d:\d\d)")
DAY: Final = re.compile(r"\d{4}-\d\d-\d\d")
EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND: Final = timedelta(microseconds=1)
UNKNOWN_KEY: Final = -(2**62)
"""The order of an unknown time: before every instant that can be written."""


def parse_instant(text: object) -> datetime:
    """Read an RFC 3339 time with an offset; finer than a microsecond is cut off. Raises `ValueError`."""
    if not isinstance(text, str):
        raise ValueError("a time is a string: RFC 3339 with an offset, such as 2022-03-04T13:20:00-06:00")
    if RFC3339.fullmatch(text) is None:
        raise ValueError(
            "not an RFC 3339 time with an offset: write it like 2022-03-04T13:20:00-06:00 or 2022-03-04T19:20:00Z"
        )
    try:
        instant = datetime.fromisoformat(text.upper())
        _ = instant.astimezone(UTC)
    except (ValueError, OverflowError):
        raise ValueError("no such time: a field is outside its range") from None
    return instant


def parse_day(text: object) -> date:
    """Read a date, `2022-03-04`. Raises `ValueError`."""
    if not isinstance(text, str) or DAY.fullmatch(text) is None:
        raise ValueError("not a date: write it like 2022-03-04")
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise ValueError("no such day in the calendar") from None


def parse_when(text: object) -> When:
    """Read an instant with offset, or a day. Raises `ValueError` that says how either is written."""
    if isinstance(text, str) and len(text) == 10:
        return parse_day(text)
    return parse_instant(text)


def read_back(text: str) -> When:
    """Return a time the ledger itself wrote: as `parse_when`, without proving its form again."""
    return date.fromisoformat(text) if len(text) == 10 else datetime.fromisoformat(text)


def write_when(when: When) -> str:
    """Return `when` as it stands on the wire; the offset stays as it was given, UTC is `Z`."""
    if isinstance(when, datetime):
        text = when.isoformat()
        return text[:-6] + "Z" if text.endswith("+00:00") else text
    return when.isoformat()


def write_clock(instant: datetime) -> str:
    """Return a ledger-clock instant in UTC with six decimals, always 27 characters."""
    utc = instant if instant.tzinfo is UTC else instant.astimezone(UTC)
    return utc.isoformat(timespec="microseconds")[:-6] + "Z"


def microseconds(instant: datetime) -> int:
    """Return microseconds since 1970-01-01T00:00:00Z, exact."""
    return (instant - EPOCH) // MICROSECOND


def from_microseconds(value: int) -> datetime:
    """Return the instant `value` microseconds after 1970-01-01T00:00:00Z."""
    return EPOCH + value * MICROSECOND


@lru_cache(maxsize=50_000)
def _last_microsecond(day: date, zone: str) -> int:
    return microseconds(datetime.combine(day, time(23, 59, 59, 999_999), ZoneInfo(zone)).astimezone(UTC))


@lru_cache(maxsize=50_000)
def _first_microsecond(day: date, zone: str) -> int:
    return microseconds(datetime.combine(day, time(0), ZoneInfo(zone)).astimezone(UTC))


def order_key(when: When | None, zone: str) -> int:
    """Return the microsecond `when` stands for in the order of happenings; unknown comes before everything."""
    if when is None:
        return UNKNOWN_KEY
    if isinstance(when, datetime):
        return (when - EPOCH) // MICROSECOND
    return _last_microsecond(when, zone)


def first_instant(when: When, zone: str) -> datetime:
    """Return the earliest instant `when` can mean: what H5 (not in the future) compares."""
    if isinstance(when, datetime):
        return when
    return from_microseconds(_first_microsecond(when, zone))


def last_instant(when: When, zone: str) -> datetime:
    """Return the instant `when` stands for: itself, or the last microsecond of its day in `zone`."""
    if isinstance(when, datetime):
        return when
    return from_microseconds(_last_microsecond(when, zone))


def civil_day(when: When, zone: str) -> date:
    """Return the day on which `when` lies in `zone`."""
    if isinstance(when, datetime):
        return when.astimezone(_zone(zone)).date()
    return when


@lru_cache(maxsize=16)
def _zone(name: str) -> ZoneInfo:
    return ZoneInfo(name)
