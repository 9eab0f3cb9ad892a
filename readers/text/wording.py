"""How values, times and addresses are written out for people; nothing a sender wrote can steer a terminal."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, Final

from ledger.times import civil_day, in_utc, in_zone, read_back, read_clock

_ADDRESS: Final = frozenset(("lines", "unit", "care_of", "city", "county", "state", "zip"))


def printable(text: str) -> str:
    """Return `text` on one line, with what a terminal would obey or hide written as its escape."""
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)


def worded(value: Any) -> str:
    """Return a member's value on one line."""
    match value:
        case None:
            return "none"
        case bool():
            return "yes" if value else "no"
        case str():
            return printable(value) if value.strip() else f'"{printable(value)}"'
        case dict() if value.keys() <= _ADDRESS:
            return address(value)
        case dict():
            return "; ".join(f"{printable(str(name))}: {worded(part)}" for name, part in value.items()) or "none"
        case list() | tuple():
            return ", ".join(worded(part) for part in value) or "none"
        case _:
            return printable(str(value))


def address(given: Mapping[str, Any]) -> str:
    """Return an address on one line as given; `blank` where nothing of it was given."""
    state = " ".join(part for part in (given.get("state"), given.get("zip")) if part)
    care_of, county = given.get("care_of"), given.get("county")
    parts = [
        f"c/o {care_of}" if care_of else None,
        *(given.get("lines") or ()),
        given.get("unit"),
        given.get("city"),
        f"{county} (county)" if county else None,
        state,
    ]
    return ", ".join(printable(part) for part in parts if part) or "blank"


def as_given(when: str | None) -> str:
    """Return a time or day as its producer gave it, with its offset."""
    return "at an unknown time" if when is None else printable(when)


def civil(instant: str, zone: str) -> str:
    """Return a moment of the ledger clock in the ledger's civil time zone, to the microsecond if it has any.

    It is the moment itself, written as options take it: asked again with it, the answer is the same. Where the zone
    stood seconds apart from UTC then, RFC 3339 has no way to write that, and the moment is written in UTC.
    """
    moment = read_clock(instant)
    local = in_zone(moment, zone)
    odd = (local.utcoffset() or timedelta()) % timedelta(minutes=1)
    return (in_utc(moment) if odd else local).isoformat()


def delay(occurred_at: str | None, recorded_at: str, zone: str) -> str:
    """Return `, 23 days later`: how long after its happening an entry was recorded, as far as that is known."""
    if occurred_at is None:
        return ""
    when, recorded = read_back(occurred_at), read_clock(recorded_at)
    if isinstance(when, datetime):
        seconds = int((recorded - when).total_seconds())
    else:
        seconds = 86_400 * (civil_day(recorded, zone) - when).days
        if seconds == 0:
            return ", the same day"
    if seconds < 0:
        return ", before it happened"
    for unit, length in (("day", 86_400), ("hour", 3600), ("minute", 60), ("second", 1)):
        if seconds >= length:
            count = seconds // length
            return f", {count} {unit}{'s' if count > 1 else ''} later"
    return ", at once"
