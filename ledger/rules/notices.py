"""Whether a notice fits the hearing it announces (G1; 8 USC 1229(a)(2), 1229a(b)(5)(A)).

A good notice names the time the hearing was set for when it was missed, was served before it, on somebody, in person
or by mail to an address that is in order, did not come back, and was not overtaken by a change of the court. A day
without a time agrees with every instant of it, and nothing is held against a notice of which nobody knows when it was
served. One good notice is enough.
"""

from collections.abc import Iterator
from typing import Final, NamedTuple, cast

from ledger.addresses.classes import spelling
from ledger.entry import Entry
from ledger.facts import (
    FailureToAppearRecorded,
    HearingHeld,
    HearingNoticeServed,
    HearingScheduled,
    MailReturned,
    NtaDocketed,
    NtaFiled,
    NtaIssued,
    OrderEntered,
    VenueChanged,
)
from ledger.records.record import Record
from ledger.rules.comparing_times import in_order, surely_before
from ledger.rules.remark import Remark
from ledger.rules.whereabouts import defect
from ledger.times import When, civil_day, order_key

_NO_NOTICE: Final = "no hearing-notice-served for this hearing is recorded"


class Missed(NamedTuple):
    """A hearing the child did not come to."""

    hearing_id: str
    court_case: str
    when: When | None
    notice_id: str | None


def unnoticed_failure(record: Record, fact: FailureToAppearRecorded, when: When | None, zone: str) -> Remark | None:
    """G1: nobody was told of the hearing, or not of this one. Where the failure names its notice, that alone counts."""
    fault = _fault(record, _missed(fact, when), zone)
    return None if fault is None else Remark("G1", fault, "fact.hearing_id")


def unnoticed_order(record: Record, fact: OrderEntered, zone: str) -> Remark | None:
    """G1 for an order in absentia: of the failures to appear in its case, the last one counts."""
    if fact.in_absentia is not True:
        return None
    failures = _failures(record, zone, court_case=fact.court_case)
    fault = _fault(record, failures[-1], zone) if failures else None
    return None if fault is None else Remark("G1", f"ordered in absentia, but {fault}", "fact.court_case")


class Hearing(NamedTuple):
    """A hearing the child did not come to, and for when it was set."""

    missed: Missed
    set_for: When | None


Later = HearingScheduled | HearingHeld | MailReturned
Also = tuple[Later, When | None]
"""What is about to be recorded, and when it happened."""


def unfit_since(record: Record, fact: Later, when: When | None, zone: str) -> Remark | None:
    """G1 for what comes in after the failure and shows that its notice did not fit: another time, a letter returned."""
    hearing = None if isinstance(fact, MailReturned) else fact.hearing_id
    for failure in _failures(record, zone):
        if hearing in (None, failure.hearing_id) and _fault(record, failure, zone) is None:
            fault = _fault(record, failure, zone, (fact, when))
            if fault is not None:
                return Remark("G1", f"the child failed to appear at hearing {failure.hearing_id}, but {fault}")
    return None


def _missed(fact: FailureToAppearRecorded, when: When | None) -> Missed:
    return Missed(fact.hearing_id, fact.court_case, when, fact.notice_id)


def _failures(record: Record, zone: str, court_case: str | None = None) -> list[Missed]:
    """Return the failures to appear that stand, in the order in which they happened."""
    entries = in_order(record.of(FailureToAppearRecorded), zone)
    found = [_missed(cast(FailureToAppearRecorded, entry.fact), entry.occurred_at) for entry in entries]
    return [one for one in found if court_case in (None, one.court_case)]


def _fault(record: Record, missed: Missed, zone: str, also: Also | None = None) -> str | None:
    """Return why no notice of this hearing is a good one; None: one is. `also` counts as recorded."""
    notices = [
        entry
        for entry, notice in record.each(HearingNoticeServed)
        if notice.hearing_id == missed.hearing_id and missed.notice_id in (None, notice.notice_id)
    ]
    if not notices:
        return _NO_NOTICE + (", and the Notice to Appear names no time and place" if _bare(record, missed) else "")
    set_for = _set_for(record, missed, zone, also)
    faults = [_fault_of(record, entry, Hearing(missed, set_for), zone, also) for entry in notices]
    return None if None in faults else f"the hearing notice {faults[-1]}"


def _fault_of(record: Record, served: Entry, hearing: Hearing, zone: str, also: Also | None) -> str | None:
    missed, set_for = hearing
    when, notice = served.occurred_at, cast(HearingNoticeServed, served.fact)
    if set_for is not None and not _agree(notice.for_time, set_for, zone):
        return "was for another time than the hearing was set for"
    if missed.when is not None and civil_day(missed.when, zone) < civil_day(notice.for_time, zone):
        return "was for a later day than the one on which the child did not appear"
    if surely_before(missed.when if set_for is None else set_for, when, zone):
        return "was served after the hearing"
    if not notice.served_on:
        return "was served on nobody"
    if notice.method != "in-person":
        if notice.address is None:
            return "was sent, and no address is recorded"
        known = defect(record, notice.address, zone)
        if known is not None:
            return f"was sent to an address that is not in order ({known.address_class}: {known.reason})"
        if _came_back(record, served, zone, also):
            return "came back"
    moved = any(
        changed.court_case == missed.court_case
        and surely_before(when, entry.occurred_at, zone)
        and not surely_before(set_for or missed.when, entry.occurred_at, zone)
        for entry, changed in record.each(VenueChanged)
    )
    return "was of the court the case had left by then" if moved else None


def _set_for(record: Record, missed: Missed, zone: str, also: Also | None) -> When | None:
    """Return for when the hearing was set last before the failure; where nobody recorded that, when it was held."""
    set_times = [
        (entry.occurred_at, cast(HearingScheduled, entry.fact).scheduled_for)
        for entry in in_order(record.of(HearingScheduled), zone)
        if cast(HearingScheduled, entry.fact).hearing_id == missed.hearing_id
    ]
    held = [entry.occurred_at for entry, fact in record.each(HearingHeld) if fact.hearing_id == missed.hearing_id]
    match also:
        case (HearingScheduled() as scheduled, when):
            set_times.append((when, scheduled.scheduled_for))
            set_times.sort(key=lambda one: order_key(one[0], zone))
        case (HearingHeld(), when):
            held.append(when)
        case _:
            pass
    times = [scheduled_for for when, scheduled_for in set_times if not surely_before(missed.when, when, zone)]
    return times[-1] if times else held[-1] if held else None


def _came_back(record: Record, served: Entry, zone: str, also: Also | None) -> bool:
    """Return whether a letter came back that names this notice, or that went to its address and is no other paper."""
    notice = cast(HearingNoticeServed, served.fact)
    returned = [(entry.occurred_at, fact) for entry, fact in record.each(MailReturned)]
    if also is not None and isinstance(also[0], MailReturned):
        returned.append((also[1], also[0]))
    for when, fact in returned:
        if surely_before(when, served.occurred_at, zone) or fact.piece_kind not in ("hearing-notice", "unknown"):
            continue
        if notice.notice_id.casefold() in fact.piece.casefold().split():
            return True
        target = None if fact.address_position is None else record.entry_at(fact.address_position)
        address = getattr(target.fact, "address", None) if target else None
        if address is not None and notice.address is not None and spelling(address) == spelling(notice.address):
            return True
    return False


def _bare(record: Record, missed: Missed) -> bool:
    """Return whether a Notice to Appear of the case names no time and place (8 USC 1229(a)(1)(G)); of a case that
    nobody linked to one, any."""
    linked = {fact.nta_id for fact in _filings(record) if fact.court_case == missed.court_case}
    return any(
        issued.has_time_and_place is False and (not linked or issued.nta_id in linked)
        for issued in record.facts(NtaIssued)
    )


def _filings(record: Record) -> Iterator[NtaFiled | NtaDocketed]:
    yield from record.facts(NtaFiled)
    yield from record.facts(NtaDocketed)


def _agree(one: When, other: When, zone: str) -> bool:
    return not surely_before(one, other, zone) and not surely_before(other, one, zone)
