"""The two ways a time is told (an instant with its offset, or a day) and how both are put in one order.

A day stands for its last instant in the ledger's civil time zone; an unknown time (`None`) comes before
everything (knowledge: Three clocks).

A time that comes in is checked against the contract's bounds where it is read, `parse_*`. What stands in a ledger
may lie beyond them, since earlier releases took it: `read_back` reads it, and no function below raises for any time.
Where the calendar ends, the result is `FLOOR` or `CEILING`. So nobody else adds to, converts or cuts a time.
"""

import re
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from typing import Final
from zoneinfo import ZoneInfo

When = datetime | date
"""An aware `datetime` (an instant, its offset kept as it was given) or a `date` (precision: one day)."""

DAY_PATTERN: Final = (
    r"(?:(?:19|2[01])[0-9]{2}-(?:(?:0[13578]|1[02])-(?:0[1-9]|[12][0-9]|3[01])"
    r"|(?:0[469]|11)-(?:0[1-9]|[12][0-9]|30)|02-(?:0[1-9]|1[0-9]|2[0-8]))"
    r"|(?:(?:19|2[01])(?:0[48]|[2468][048]|[13579][26])|2000)-02-29)"
)
"""A day of the calendar within the bounds."""
_CLOCK: Final = r"(?:[01][0-9]|2[0-3]):[0-5][0-9]:"
_REST: Final = r"(?:\.[0-9]+)?(?:[Zz]|[+-](?:(?:0[0-9]|1[0-3]):[0-5][0-9]|14:00))"
INSTANT_PATTERN: Final = f"{DAY_PATTERN}[Tt]{_CLOCK}(?:[0-5][0-9]|60){_REST}"
"""An RFC 3339 time within the bounds: years 1900 to 2199 as written, offsets from -14:00 to +14:00."""

_INSTANT: Final = re.compile(f"{DAY_PATTERN}[Tt]{_CLOCK}[0-5][0-9]{_REST}")
_DAY: Final = re.compile(DAY_PATTERN)
RFC3339: Final = re.compile(
    r"([0-9]{4})-[0-9]{2}-[0-9]{2}[Tt][0-9]{2}:[0-9]{2}:([0-9]{2})(\.[0-9]+)?([Zz]|([+-][0-9]{2}):[0-9]{2})"
)
DAY: Final = re.compile(r"([0-9]{4})-[0-9]{2}-[0-9]{2}")
_FIRST_YEAR, _LAST_YEAR = "1900", "2199"
_BEYOND: Final = "beyond the times this ledger takes, 1900-01-01 to 2199-12-31: an unknown time is null, no far one"
_NOT_RFC3339: Final = (
    "not an RFC 3339 time with an offset: write it like 2022-03-04T13:20:00-06:00 or 2022-03-04T19:20:00Z"
)

EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND: Final = timedelta(microseconds=1)
UNKNOWN_KEY: Final = -(2**62)
"""The order of an unknown time: before every instant that can be written."""
FLOOR: Final = datetime(1, 1, 2, tzinfo=UTC)
CEILING: Final = datetime(9999, 12, 30, 23, 59, 59, 999_999, UTC)
"""What is earlier or later counts as these: in every zone they have a local time, in Python and in PostgreSQL."""
_FLOOR_KEY: Final = (FLOOR - EPOCH) // MICROSECOND
_CEILING_KEY: Final = (CEILING - EPOCH) // MICROSECOND


def parse_instant(text: object) -> datetime:
    """Read an RFC 3339 time with an offset, within the bounds. Raises `ValueError`.

    Finer than a microsecond is cut off; second 60 (a leap second, or a clock that rounds up) is the last microsecond
    before it.
    """
    if not isinstance(text, str):
        raise ValueError("a time is a string: RFC 3339 with an offset, such as 2022-03-04T13:20:00-06:00")
    if _INSTANT.fullmatch(text) is None:
        text = _before_leap_second(text)
        if _INSTANT.fullmatch(text) is None:
            raise ValueError(_no_instant(text))
    try:
        return datetime.fromisoformat(text.upper())
    except ValueError:
        raise ValueError("no such day in the calendar") from None


def _before_leap_second(text: str) -> str:
    found = RFC3339.fullmatch(text)
    return text if found is None or found[2] != "60" else f"{text[:17]}59.999999{found[4]}"


def _no_instant(text: str) -> str:
    found = RFC3339.fullmatch(text)
    if found is None:
        return _NOT_RFC3339
    if not _FIRST_YEAR <= found[1] <= _LAST_YEAR:
        return _BEYOND
    if found[5] is not None and found[5][1:] >= "14":
        return "an offset beyond -14:00 to +14:00, which no clock on earth has"
    return "no such time: a field is outside its range"


def parse_day(text: object) -> date:
    """Read a date, `2022-03-04`, within the bounds. Raises `ValueError`."""
    if not isinstance(text, str) or DAY.fullmatch(text) is None:
        raise ValueError("not a date: write it like 2022-03-04")
    if not _FIRST_YEAR <= text[:4] <= _LAST_YEAR:
        raise ValueError(_BEYOND)
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise ValueError("no such day in the calendar") from None


def parse_when(text: object) -> When:
    """Read an instant with offset, or a day, within the bounds. Raises `ValueError` that says how either is written."""
    if isinstance(text, str) and len(text) == 10:
        return parse_day(text)
    return parse_instant(text)


def read_back(text: str) -> When:
    """Return a time that the ledger holds, whatever the bounds were when it was taken."""
    if len(text) == 10:
        return date.fromisoformat(text)
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        return datetime.fromisoformat(_before_leap_second(text).upper())  # as sent: in what a correction sets


def read_day_back(text: str) -> date:
    """Return a day that the ledger holds, whatever the bounds were when it was taken."""
    return date.fromisoformat(text)


def read_clock(text: str) -> datetime:
    """Return an instant of the ledger clock that the ledger itself wrote."""
    return datetime.fromisoformat(text)


def parse_printed(text: str) -> datetime:
    """Read an instant of the ledger clock, or one worked out from it, as answers print it. Raises `ValueError`."""
    if RFC3339.fullmatch(text) is None:
        raise ValueError(_NOT_RFC3339)
    return in_utc(read_clock(text))


def write_when(when: When) -> str:
    """Return `when` as it stands on the wire; the offset stays as it was given, UTC is `Z`."""
    if isinstance(when, datetime):
        text = when.isoformat()
        return text[:-6] + "Z" if text.endswith("+00:00") else text
    return when.isoformat()


def write_clock(instant: datetime) -> str:
    """Return a ledger-clock instant in UTC with six decimals, always 27 characters."""
    utc = instant if instant.tzinfo is UTC else in_utc(instant)
    return utc.isoformat(timespec="microseconds")[:-6] + "Z"


def in_utc(instant: datetime) -> datetime:
    """Return the instant in UTC, from `FLOOR` to `CEILING`."""
    try:
        utc = instant if instant.tzinfo is UTC else instant.astimezone(UTC)
    except OverflowError:
        return _nearest_end(instant)
    return FLOOR if utc < FLOOR else CEILING if utc > CEILING else utc


def in_zone(instant: datetime, zone: str) -> datetime:
    """Return the instant on a clock in `zone`."""
    return in_utc(instant).astimezone(_zone(zone))


def plus(instant: datetime, span: timedelta) -> datetime:
    """Return the instant `span` later, or earlier where it is negative."""
    try:
        return instant + span
    except OverflowError:
        return FLOOR if span < timedelta(0) else CEILING


def _nearest_end(instant: datetime) -> datetime:
    return FLOOR if instant.year < EPOCH.year else CEILING


def microseconds(instant: datetime) -> int:
    """Return microseconds since 1970-01-01T00:00:00Z, exact."""
    return (instant - EPOCH) // MICROSECOND


def from_microseconds(value: int) -> datetime:
    """Return the instant `value` microseconds after 1970-01-01T00:00:00Z, from `FLOOR` to `CEILING`."""
    return EPOCH + min(max(value, _FLOOR_KEY), _CEILING_KEY) * MICROSECOND


@lru_cache(maxsize=50_000)
def _last_microsecond(day: date, zone: str) -> int:
    return microseconds(datetime.combine(day, time(23, 59, 59, 999_999), _zone(zone)))


@lru_cache(maxsize=50_000)
def _first_microsecond(day: date, zone: str) -> int:
    return microseconds(datetime.combine(day, time(0), _zone(zone)))


def order_key(when: When | None, zone: str) -> int:
    """Return the microsecond `when` stands for in the order of happenings; unknown comes before everything."""
    if when is None:
        return UNKNOWN_KEY
    if isinstance(when, datetime):
        return (when - EPOCH) // MICROSECOND
    return _last_microsecond(when, zone)


def first_key(when: When, zone: str) -> int:
    """Return the earliest microsecond `when` can mean."""
    return microseconds(when) if isinstance(when, datetime) else _first_microsecond(when, zone)


def first_instant(when: When, zone: str) -> datetime:
    """Return the earliest instant `when` can mean, in UTC: what H5 (not in the future) compares."""
    if isinstance(when, datetime):
        return in_utc(when)
    return from_microseconds(_first_microsecond(when, zone))


def last_instant(when: When, zone: str) -> datetime:
    """Return the instant `when` stands for, in UTC: itself, or the last microsecond of its day in `zone`."""
    if isinstance(when, datetime):
        return in_utc(when)
    return from_microseconds(_last_microsecond(when, zone))


def civil_day(when: When, zone: str) -> date:
    """Return the day on which `when` lies in `zone`."""
    if isinstance(when, datetime):
        return in_zone(when, zone).date()
    return when


@lru_cache(maxsize=64)
def _zone(name: str) -> ZoneInfo:
    return ZoneInfo(name)
