"""When a limit runs out, worked out the slow way: day by day, hour by hour, holidays from the words of the statute."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

DAY = timedelta(days=1)


def is_holiday(day: date) -> bool:
    """5 USC 6103(a) and (b), one sentence after the other; the day itself, or kept on it for the weekend beside it."""
    if _legal(day):
        return True
    if day.weekday() == 4 and _legal(day + DAY):
        return True
    return day.weekday() == 0 and _legal(day - DAY)


def _legal(day: date) -> bool:
    week, weekday = (day.day + 6) // 7, day.strftime("%A")
    last_of_its_kind = (day + 7 * DAY).month != day.month
    return (
        (day.month, day.day) in ((1, 1), (7, 4), (11, 11), (12, 25))
        or ((day.month, day.day) == (6, 19) and day.year >= 2021)
        or (day.month in (1, 2) and weekday == "Monday" and week == 3)
        or (day.month == 5 and weekday == "Monday" and last_of_its_kind)
        or (day.month == 9 and weekday == "Monday" and week == 1)
        or (day.month == 10 and weekday == "Monday" and week == 2)
        or (day.month == 11 and weekday == "Thursday" and week == 4)
    )


def due(start: date, limit: int, unit: str, office_zone: str, civil_zone: str) -> datetime:
    """The last instant in time, in UTC."""
    if unit == "hours":
        begins = start if isinstance(start, datetime) else datetime.combine(start, time.max, ZoneInfo(civil_zone))
        instant = begins.astimezone(UTC)
        for _ in range(abs(limit)):
            instant += timedelta(hours=1 if limit > 0 else -1)
        return instant
    day = start.astimezone(ZoneInfo(office_zone)).date() if isinstance(start, datetime) else start
    counted = 0
    while counted < abs(limit):
        day += DAY if limit > 0 else -DAY
        if unit == "days" or (day.strftime("%A") not in ("Saturday", "Sunday") and not is_holiday(day)):
            counted += 1
    return datetime.combine(day, time.max, ZoneInfo(office_zone)).astimezone(UTC)
