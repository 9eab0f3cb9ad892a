"""What is recorded but must be reconciled before it counts (G2, G4-G6; G1 is in `notices`, G3 in `births`)."""

from typing import Final

from ledger.facts import (
    DischargedOtherwise,
    HandoffAccepted,
    HandoffStarted,
    HearingScheduled,
    NetworkTransferCompleted,
    NtaDocketed,
    NtaFiled,
    ReleasedToSponsor,
    VenueChanged,
)
from ledger.records.record import Record
from ledger.rules.births import date_of_birth
from ledger.rules.comparing_times import age_on, in_order, surely_before
from ledger.rules.remark import Remark
from ledger.times import When, order_key

_ARRIVED_FIRST: Final = Remark("G2", "the arrival is recorded for an earlier time than the departure")
_RELEASED_ADULT: Final = Remark("G4", "by the date of birth in force the child was 18 or older on the day of release")
_NO_EXIT: Final = Remark("G5", "no released-to-sponsor and no discharged-otherwise is recorded")


def arrived_before_leaving(record: Record, fact: HandoffAccepted, when: When | None, zone: str) -> Remark | None:
    """G2 for the acceptance of a handoff."""
    for entry, started in record.each(HandoffStarted):
        if started.handoff_id == fact.handoff_id and surely_before(when, entry.occurred_at, zone):
            return _ARRIVED_FIRST
    return None


def left_after_arriving(record: Record, fact: HandoffStarted, when: When | None, zone: str) -> Remark | None:
    """G2 for the start of a handoff whose acceptance is already recorded."""
    for entry, accepted in record.each(HandoffAccepted):
        if accepted.handoff_id == fact.handoff_id and surely_before(entry.occurred_at, when, zone):
            return _ARRIVED_FIRST
    return None


def transferred_backwards(fact: NetworkTransferCompleted, when: When | None, zone: str) -> Remark | None:
    """G2 for a transfer that gives both its ends."""
    return _ARRIVED_FIRST if surely_before(when, fact.departed_at, zone) else None


def released_as_adult(record: Record, when: When | None, zone: str) -> Remark | None:
    """G4: released to a sponsor on or after the 18th birthday."""
    born = date_of_birth(record, zone)
    if born is None or when is None or age_on(born, when, zone) < 18:
        return None
    return _RELEASED_ADULT


def notified_without_exit(record: Record) -> Remark | None:
    """G5: a discharge is notified that nobody recorded. The other half, an exit without notice, is W4's clock."""
    return None if record.of(ReleasedToSponsor) or record.of(DischargedOtherwise) else _NO_EXIT


def wrong_court(record: Record, fact: HearingScheduled, when: When | None, zone: str) -> Remark | None:
    """G6: the hearing is set in another court than the one the case was in at that time."""
    key = order_key(when, zone)
    court: str | None = None
    moves = (*record.of(NtaFiled), *record.of(NtaDocketed), *record.of(VenueChanged))
    for entry in in_order(moves, zone):
        match entry.fact:
            case NtaFiled() | NtaDocketed() as begun if begun.court_case == fact.court_case:
                place = begun.court
            case VenueChanged() as moved if moved.court_case == fact.court_case:
                place = moved.to_court
            case _:
                continue
        if court is None or order_key(entry.occurred_at, zone) <= key:
            court = place
    if court is None or _plain(court) == _plain(fact.court):
        return None
    return Remark("G6", "the case is recorded in another court than the one of this hearing", "fact.court")


def _plain(court: str) -> str:
    return " ".join(court.casefold().split())
