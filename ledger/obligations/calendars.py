"""When a time limit runs out: business days, federal holidays, and the end of a day in an office's zone.

Hours are counted exactly, from instant to instant. Days are counted as days: the day on which the clock starts is
not counted, and the limit runs out at the last instant of the last day in the zone of the office that must act.
"""

import calendar
from datetime import date, datetime, timedelta
from functools import lru_cache
from typing import Final, Literal, assert_never

from ledger.times import When, civil_day, in_utc, last_instant

Unit = Literal["hours", "days", "business-days", "months"]
"""`days` and `months` go by the calendar, weekends and holidays included; `business-days` leaves those out."""

_MONDAY, _THURSDAY, _SATURDAY, _SUNDAY = 0, 3, 5, 6
_LAST: Final = -1
_FIXED: Final[tuple[tuple[int, int, int], ...]] = (
    (1, 1, 1870),
    (6, 19, 2021),
    (7, 4, 1870),
    (11, 11, 1938),
    (12, 25, 1870),
)
"""Holidays on a day of the month: month, day, the first year in which it was one."""
_MOVING: Final[tuple[tuple[int, int, int], ...]] = (
    (1, _MONDAY, 3),  # Birthday of Martin Luther King, Jr.
    (2, _MONDAY, 3),  # Washington's Birthday
    (5, _MONDAY, _LAST),  # Memorial Day
    (9, _MONDAY, 1),  # Labor Day
    (10, _MONDAY, 2),  # Columbus Day
    (11, _THURSDAY, 4),  # Thanksgiving Day
)
"""Holidays on the n-th weekday of a month: month, weekday, n. Held so since 1986, which is before any entry."""


@lru_cache(maxsize=256)
def federal_holidays(year: int) -> frozenset[date]:
    """Return the days of `year` on which federal offices are closed for a holiday of 5 USC 6103(a).

    One that falls on a Saturday is kept on the Friday before, on a Sunday on the Monday after (5 USC 6103(b);
    Executive Order 11582), so that New Year's Day of the next year may fall into this one. Inauguration Day is left
    out: it is a holiday in and around Washington only (5 USC 6103(c)); so are closings by executive order.
    """
    kept = {_nth(year, month, weekday, n) for month, weekday, n in _MOVING}
    for of in (year, year + 1):
        kept.update(_kept_on(date(of, month, day)) for month, day, since in _FIXED if since <= of <= date.max.year)
    return frozenset(day for day in kept if day.year == year)


def is_business_day(day: date) -> bool:
    """Return whether federal offices are open on `day`."""
    return day.weekday() < _SATURDAY and day not in federal_holidays(day.year)


def business_days_from(day: date, count: int) -> date:
    """Return the `count`-th business day after `day`, before it where `count` is negative; `day` itself for 0."""
    step = timedelta(days=1 if count > 0 else -1)
    for _ in range(abs(count)):
        day += step
        while not is_business_day(day):
            day += step
    return day


def months_from(day: date, count: int) -> date:
    """Return the same day of the month `count` months on, the last of that month where it has no such day."""
    months = day.year * 12 + day.month - 1 + count
    year, month = divmod(months, 12)
    return date(year, month + 1, min(day.day, calendar.monthrange(year, month + 1)[1]))


@lru_cache(maxsize=20_000)
def due(start: When, limit: int, unit: Unit, *, office_zone: str, civil_zone: str) -> datetime | None:
    """Return the last instant at which a duty is done in time; a negative `limit` counts back from the start.

    A start without a time of day stands for the last instant of its day in the civil zone, and is that very day
    where days are counted. `None` where the limit lies beyond the calendar.
    """
    try:
        if unit == "hours":
            return in_utc(last_instant(start, civil_zone) + timedelta(hours=limit))
        return last_instant(_last_day(civil_day(start, office_zone), limit, unit), office_zone)
    except (OverflowError, ValueError):
        return None


def _last_day(first: date, limit: int, unit: Literal["days", "business-days", "months"]) -> date:
    match unit:
        case "days":
            return first + timedelta(days=limit)
        case "business-days":
            return business_days_from(first, limit)
        case "months":
            return months_from(first, limit)
        case _:
            assert_never(unit)


def _kept_on(day: date) -> date:
    shift = {_SATURDAY: -1, _SUNDAY: 1}.get(day.weekday(), 0)
    return day + timedelta(days=shift)


def _nth(year: int, month: int, weekday: int, n: int) -> date:
    days = [week[weekday] for week in calendar.monthcalendar(year, month) if week[weekday]]
    return date(year, month, days[n if n < 0 else n - 1])
