"""The dates of birth asserted of a child: the one in force, and what a new one changes (G3)."""

from datetime import date
from typing import Final

from ledger.entry import Entry
from ledger.facts import AgeRedetermined, ChildEncountered, Fact, NtaServed, ParticularsAsserted
from ledger.records.record import Record
from ledger.rules.comparing_times import age_on
from ledger.rules.remark import Remark
from ledger.times import When, order_key

SAYS_BIRTH: Final = (ChildEncountered, ParticularsAsserted, AgeRedetermined)
Births = dict[int, tuple[When | None, date]]
"""Position of each assertion that stands, with its time and the date of birth it gives."""

NEXT: Final = 2**63
"""Where an assertion stands that has no position yet: behind all that have."""

_OTHER_BAND: Final = Remark(
    "G3",
    "by the date of birth now in force the child was in another age band (under 14, 14 to 17, adult) when a Notice to "
    "Appear was served; whom it had to be served on must be looked at again",
)


def births(record: Record) -> Births:
    """Return every assertion of a date of birth that stands."""
    found: Births = {}
    for fact_class in SAYS_BIRTH:
        for entry in record.of(fact_class):
            born = birth_in(entry.fact)
            if born is not None:
                found[entry.position] = (entry.occurred_at, born)
    return found


def birth_in(fact: Fact) -> date | None:
    """Return the date of birth that `fact` asserts."""
    return fact.date_of_birth if isinstance(fact, SAYS_BIRTH) else None


def date_of_birth(record: Record, zone: str) -> date | None:
    """Return the date of birth in force: that of the latest assertion in the order of happenings."""
    return _in_force(births(record), zone)


def _in_force(found: Births, zone: str) -> date | None:
    if not found:
        return None
    latest = max(found, key=lambda position: (order_key(found[position][0], zone), position))
    return found[latest][1]


def asserted_anew(record: Record, fact: Fact, when: When | None, zone: str) -> Remark | None:
    """G3 for a fact that asserts a date of birth."""
    born = birth_in(fact)
    if born is None or not record.of(NtaServed):
        return None
    return _other_band(record, {**births(record), NEXT: (when, born)}, zone)


def reasserted(record: Record, before: Entry, after: Entry | None, zone: str) -> Remark | None:
    """G3 for a correction (or, with `after` None, a void) of the entry `before`."""
    if not isinstance(before.fact, SAYS_BIRTH) or not record.of(NtaServed):
        return None
    changed = births(record)
    changed.pop(before.position, None)
    born = birth_in(after.fact) if after is not None else None
    if after is not None and born is not None:
        changed[before.position] = (after.occurred_at, born)
    return _other_band(record, changed, zone)


def _other_band(record: Record, changed: Births, zone: str) -> Remark | None:
    old, new = date_of_birth(record, zone), _in_force(changed, zone)
    if old is None or new is None or old == new:
        return None
    for service in record.of(NtaServed):
        when = service.occurred_at
        if when is not None and _band(age_on(old, when, zone)) != _band(age_on(new, when, zone)):
            return _OTHER_BAND
    return None


def _band(age: int) -> int:
    return (age >= 14) + (age >= 18)
