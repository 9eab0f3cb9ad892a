"""What cannot both be true: presence after departure (C14), activity after death (C15), age-out of a child (C13).

Late truth arrives in any order, so both sides are looked at: a departure or a death that later facts contradict is
recorded at every door, with a guard finding, because it may well be the truth.
"""

from typing import Final

from ledger.entry import Entry
from ledger.facts import (
    ChildEncountered,
    DepartureVerified,
    DischargedOtherwise,
    Fact,
    HearingHeld,
    NtaServed,
    PostReleaseContactRecorded,
)
from ledger.facts.questions import AFTER_DEATH, PRESENCE
from ledger.records.record import Record
from ledger.rules.births import date_of_birth
from ledger.rules.comparing_times import age_on, surely_before
from ledger.rules.remark import Remark
from ledger.times import When, order_key

_STILL_A_CHILD: Final = Remark("C13", "by the date of birth in force the child was under 18 on that day")
_CAME_BACK: Final = Remark(
    "C14", "the child's departure is verified for an earlier time, and no child-encountered stands in between"
)
_SEEN_SINCE: Final = Remark(
    "C14", "the child is recorded as present at a later time with no child-encountered in between", level="guard"
)
_AFTER_DEATH: Final = Remark("C15", "the child's death is recorded for an earlier time")
_ALIVE_SINCE: Final = Remark("C15", "something is recorded of the child at a later time", level="guard")


def aged_out_too_young(record: Record, when: When | None, zone: str) -> Remark | None:
    """C13: the age-out of somebody who was under 18; silent where the age or the time is unknown."""
    born = date_of_birth(record, zone)
    if born is None or when is None or age_on(born, when, zone) >= 18:
        return None
    return _STILL_A_CHILD


def present_after_departure(record: Record, fact: Fact, when: When | None, zone: str) -> Remark | None:
    """C14 on the fact that shows the child here again."""
    departures = record.of(DepartureVerified)
    if not departures or not _shows_presence(fact):
        return None
    for departure in departures:
        if surely_before(departure.occurred_at, when, zone) and not _met_anew(
            record, departure.occurred_at, when, zone
        ):
            return _CAME_BACK
    return None


def departed_before_presence(record: Record, when: When | None, zone: str) -> Remark | None:
    """C14 on the departure, where the record already shows the child here at a later time."""
    for entry in record.standing():
        if (
            _shows_presence(entry.fact)
            and surely_before(when, entry.occurred_at, zone)
            and not _met_anew(record, when, entry.occurred_at, zone)
        ):
            return _SEEN_SINCE
    return None


def _met_anew(record: Record, start: When | None, end: When | None, zone: str) -> bool:
    return any(
        not surely_before(entry.occurred_at, start, zone) and order_key(entry.occurred_at, zone) <= order_key(end, zone)
        for entry in record.of(ChildEncountered)
    )


def _shows_presence(fact: Fact) -> bool:
    match fact:
        case HearingHeld():
            return fact.appearance == "present"
        case PostReleaseContactRecorded():
            return fact.child_seen is True
        case NtaServed():
            return fact.method == "personal" and "child" in fact.served_on
        case _:
            return type(fact) in PRESENCE


def active_after_death(record: Record, fact: Fact, when: When | None, zone: str) -> Remark | None:
    """C15 on what would have happened to a child who had died."""
    if type(fact) in AFTER_DEATH:
        return None
    died = any(surely_before(death.occurred_at, when, zone) for death in deaths(record))
    return _AFTER_DEATH if died else None


def died_before_activity(record: Record, when: When | None, zone: str) -> Remark | None:
    """C15 on the death, where the record already shows the child alive at a later time."""
    for entry in record.standing():
        if type(entry.fact) not in AFTER_DEATH and surely_before(when, entry.occurred_at, zone):
            return _ALIVE_SINCE
    return None


def deaths(record: Record) -> list[Entry]:
    """Return the entries that say the child died."""
    return [entry for entry, fact in record.each(DischargedOtherwise) if fact.kind == "deceased"]
