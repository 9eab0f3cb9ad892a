"""What opens an item for somebody to look at (W3, W7-W10, W16, W18-W21); the other warnings need a clock."""

from datetime import date
from typing import Final

from ledger.addresses.classes import assess, uses_care_of
from ledger.addresses.zip_prefixes import state_code
from ledger.codes import NINTH_CIRCUIT_STATES
from ledger.facts import (
    AbsenceReported,
    AbsenceResolved,
    Address,
    AddressReported,
    HearingNoticeServed,
    NtaIssued,
    NtaServed,
    PostReleaseContactRecorded,
)
from ledger.records.record import Record
from ledger.rules.births import date_of_birth
from ledger.rules.comparing_times import age_on, surely_before
from ledger.rules.remark import Remark
from ledger.rules.whereabouts import addresses, defect, given_up, in_force, of_purpose
from ledger.times import When, civil_day

CARE_OF_LEFT_THE_FORM: Final = date(2026, 2, 1)
"""EOIR-33's revision of February 2026 (OMB 202602-1125-003) has no `in care of`; the day in the month is not known."""

ADULTS: Final = frozenset({"custodian", "sponsor", "facility-director", "unknown"})
"""Whom to serve beside a child; where it is unknown who was served, nothing is held against the service."""

_BLANK_RELEASE: Final = Remark("W3", "release address BLANK: no street line", "fact.address")
_SERVED_ALONE: Final = Remark(
    "W8", "the child was under 14 when served and nobody else was: the person she lives with must be", "fact.served_on"
)
_NO_ADULT_SERVED: Final = Remark(
    "W9", "the child was 14 to 17, in the Ninth Circuit, and no adult was served", "fact.served_on"
)
_GIVEN_UP: Final = Remark("W10", "a later address was in force when this notice was mailed", "fact.address")
_LIVES_ELSEWHERE: Final = Remark("W16", "the child is said not to live with the sponsor or at the release address")
_ABSENT: Final = Remark("W18", "no absence-resolved is recorded for a later time")
_NO_TIME_AND_PLACE: Final = Remark("W20", "the notice names no time and place of a hearing", "fact.has_time_and_place")
_CARE_OF: Final = Remark(
    "W21", "the address is in care of somebody; EOIR-33 has no such field since February 2026", "fact.address"
)


def release_address(address: Address) -> Remark | None:
    """W3: the address a child is released to is not in order."""
    assessment = assess(address)
    match assessment.address_class:
        case "OK":
            return None
        case "BLANK":
            return _BLANK_RELEASE
        case named:
            return Remark("W3", f"release address {named}: {assessment.reason}", "fact.address")


def mailed_to_defect(record: Record, fact: NtaServed, when: When | None, zone: str) -> Remark | None:
    """W7: mailed to an address known to be defective; where none is given, the mailing address or residence counts."""
    if fact.method != "mail":
        return None
    address = fact.address or _known_address(record, when, zone)
    known = defect(record, address, zone) if address is not None else None
    if known is None:
        return None
    return Remark("W7", f"mailed to an address that is {known.address_class}: {known.reason}", "fact.address")


def _known_address(record: Record, when: When | None, zone: str) -> Address | None:
    known = addresses(record, zone)
    return in_force(of_purpose(known, "mailing"), when, zone) or in_force(of_purpose(known, "residence"), when, zone)


def served_wrongly(record: Record, fact: NtaServed, when: When | None, zone: str) -> Remark | None:
    """W8 and W9: a child too young, or in the wrong circuit, to be served without an adult."""
    born = date_of_birth(record, zone)
    if born is None or when is None or "child" not in fact.served_on:
        return None
    age = age_on(born, when, zone)
    if age < 14:
        return _SERVED_ALONE if set(fact.served_on) == {"child"} else None
    if age >= 18 or ADULTS.intersection(fact.served_on):
        return None
    address = fact.address or _known_address(record, when, zone)
    state = state_code(address.state) if address else None
    return _NO_ADULT_SERVED if state in NINTH_CIRCUIT_STATES else None


def sent_to_former_address(record: Record, fact: HearingNoticeServed, when: When | None, zone: str) -> Remark | None:
    """W10: a hearing notice goes by mail to an address that another had replaced by then."""
    if fact.method != "mail" or fact.address is None or not given_up(record, fact.address, when, zone):
        return None
    return _GIVEN_UP


def lives_elsewhere(fact: PostReleaseContactRecorded) -> Remark | None:
    """W16: a contact that denies the sponsor or the address."""
    return _LIVES_ELSEWHERE if fact.still_with_sponsor is False or fact.address_confirmed is False else None


def still_absent(record: Record, fact: AbsenceReported, when: When | None, zone: str) -> Remark | None:
    """W18: the child is gone; not where she only tried, or a late report whose end is recorded already."""
    if fact.kind == "attempted":
        return None
    if any(surely_before(when, entry.occurred_at, zone) for entry in record.of(AbsenceResolved)):
        return None
    return _ABSENT


def lacks_time_and_place(fact: NtaIssued) -> Remark | None:
    """W20: a Notice to Appear that does not say when and where (Pereira, Niz-Chavez)."""
    return _NO_TIME_AND_PLACE if fact.has_time_and_place is False else None


def in_care_of(fact: AddressReported | HearingNoticeServed, when: When | None, zone: str) -> Remark | None:
    """W21: an address the court uses is in care of somebody, after its form stopped asking for that."""
    if isinstance(fact, AddressReported) and fact.reported_via != "eoir-33":
        return None
    if fact.address is None or when is None or civil_day(when, zone) < CARE_OF_LEFT_THE_FORM:
        return None
    return _CARE_OF if uses_care_of(fact.address) else None
