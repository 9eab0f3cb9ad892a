"""How claimed times compare. A day may mean any instant of it, so `surely before` needs the whole day to be over."""

from collections.abc import Iterable
from datetime import date

from ledger.entry import Entry
from ledger.times import When, civil_day, first_key, order_key


def surely_before(one: When | None, other: When | None, zone: str) -> bool:
    """Return whether `one` was over before `other` can have begun; an unknown time is before nothing for sure."""
    if one is None or other is None:
        return False
    return order_key(one, zone) < first_key(other, zone)


def in_order(entries: Iterable[Entry], zone: str) -> list[Entry]:
    """Return entries in the order of happenings: `occurred_at`, then position."""
    return sorted(entries, key=lambda entry: (order_key(entry.occurred_at, zone), entry.position))


def age_on(born: date, when: When, zone: str) -> int:
    """Return the age in years on the civil day of `when`; born on 29 February, one ages on 1 March."""
    day = civil_day(when, zone)
    return day.year - born.year - ((day.month, day.day) < (born.month, born.day))
