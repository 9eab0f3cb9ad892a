"""Dates that nobody can have meant: before the birth, an age no child has, decades away. Remarks, never refusals.

Typed years (1922 for 2022), fields mixed up (a birth date after the encounter) and the first days of calendars and
clocks (1900, 1970) pass every form. The bounds are generous: what they name is worth a look in every case.
"""

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from typing import Final

from ledger.facts import (
    STATEMENTS,
    AbsenceReported,
    Fact,
    HearingScheduled,
    NtaIssued,
    PreReleaseNoticeGiven,
    UcDeterminationMade,
)
from ledger.facts.questions import OF_CHILDREN
from ledger.facts.vocabulary import time_members
from ledger.records.record import Record
from ledger.rules.births import birth_in, births
from ledger.rules.comparing_times import age_on, surely_before
from ledger.rules.remark import Remark
from ledger.times import When, civil_day, order_key

CODE: Final = "implausible-date"
OLDEST: Final = 21
"""Years: above any age in dispute."""
FIRST_DAY: Final = date(1990, 1, 1)
"""Before it no system holds an unaccompanied child; ORR's care began on 1 March 2003 (6 USC 279)."""
FIRST_BIRTH: Final = date(1970, 1, 1)
_FAR: Final = timedelta(days=15 * 366)
"""Beyond it no court schedules and no release is planned."""
_SPOKEN_OF: Final = frozenset(("date_of_birth", "given_at"))
"""Looked at by themselves: a birth below, the time of a notice in `ledger.rules.claims`."""
_AHEAD: Final[dict[type[Fact], str]] = {
    HearingScheduled: "scheduled_for",
    PreReleaseNoticeGiven: "planned_for",
    NtaIssued: "hearing_at",
}
"""What is planned lies behind the moment of planning it."""


def implausible(
    record: Record, fact: Fact, when: When | None, recorded_at: datetime, *, zone: str, besides: int | None = None
) -> Remark | None:
    """Return one remark on all dates of a fact that nobody can have meant.

    `besides` is the position of the entry that this fact takes the place of, if it corrects one.
    """
    if type(fact) in STATEMENTS:
        return None  # what it says of another entry is judged as that entry's
    told = dict.fromkeys(_told(record, fact, when, recorded_at, zone=zone, besides=besides))
    if not told:
        return None
    return Remark(CODE, "; ".join(told) + ": look which date is wrong, and correct it")


def _told(
    record: Record, fact: Fact, when: When | None, recorded_at: datetime, *, zone: str, besides: int | None
) -> Iterator[str]:
    day = None if when is None else civil_day(when, zone)
    if day is not None and day < FIRST_DAY:
        yield f"`occurred_at` is before {FIRST_DAY}"
    yield from _members(fact, when, recorded_at, zone)
    born = birth_in(fact)
    if born is not None:
        yield from _birth(born, record, day, recorded_at, zone=zone, besides=besides)
        if day is not None and type(fact) in OF_CHILDREN and born <= day and age_on(born, day, zone) >= OLDEST:
            yield f"the child would have been {age_on(born, day, zone)} on that day"
        return
    known = {position: said for position, said in births(record).items() if position != besides}
    if not known:
        return
    latest = max(known, key=lambda position: (order_key(known[position][0], zone), position))
    born = known[latest][1]
    if day is not None and day < born:
        yield "`occurred_at` is before the child's birth"
    elif day is not None and _is_of_a_child(fact) and age_on(born, day, zone) >= OLDEST:
        yield f"by the date of birth in force the child was {age_on(born, day, zone)} on that day"
    for name, given in _given(fact):
        if civil_day(given, zone) < born:
            yield f"`fact.{name}` is before the child's birth"


def _is_of_a_child(fact: Fact) -> bool:
    return fact.is_uc is True if isinstance(fact, UcDeterminationMade) else type(fact) in OF_CHILDREN


def _given(fact: Fact) -> Iterator[tuple[str, When]]:
    """Yield the times that a fact gives beside the birth."""
    for name in sorted(time_members(type(fact))):
        given: When | None = getattr(fact, name)
        if given is not None and name not in _SPOKEN_OF:
            yield name, given


def _members(fact: Fact, when: When | None, recorded_at: datetime, zone: str) -> Iterator[str]:
    for name, given in _given(fact):
        day = civil_day(given, zone)
        if day < FIRST_DAY:
            yield f"`fact.{name}` is before {FIRST_DAY}"
        elif day - max(recorded_at.date(), civil_day(when or recorded_at, zone)) > _FAR:
            yield f"`fact.{name}` is more than 15 years away"
    ahead = _AHEAD.get(type(fact))
    if ahead is not None and surely_before(getattr(fact, ahead), when, zone):
        yield f"`fact.{ahead}` is before `occurred_at`"
    if isinstance(fact, AbsenceReported) and surely_before(when, fact.last_seen_at, zone):
        yield "`fact.last_seen_at` is after `occurred_at`"


def _birth(
    born: date, record: Record, day: date | None, recorded_at: datetime, *, zone: str, besides: int | None
) -> Iterator[str]:
    """Judge a date of birth that is asserted: by the clock, by its own fact, and by all that is recorded."""
    if born > civil_day(recorded_at, zone):
        yield "`fact.date_of_birth` is in the future"
        return
    if born < FIRST_BIRTH:
        yield f"`fact.date_of_birth` is before {FIRST_BIRTH}"
    if day is not None and born > day:
        yield "`fact.date_of_birth` is after `occurred_at`"
    for entry in record.standing():
        if entry.position == besides or entry.occurred_at is None:
            continue
        then = civil_day(entry.occurred_at, zone)
        if then < born:
            yield "by `fact.date_of_birth` the child was born after something that is recorded of her"
        elif _is_of_a_child(entry.fact) and age_on(born, then, zone) >= OLDEST:
            yield f"by `fact.date_of_birth` the child was {OLDEST} or older when encountered or in care"
