"""Who has legal custody by the record: where two agencies claim it at once (C16), or two programs (G2)."""

from typing import Final

from ledger.agencies import Agency
from ledger.entry import Entry
from ledger.facts import (
    AbsenceReported,
    AbsenceResolved,
    AdmittedToProgram,
    ChildEncountered,
    EmergencyTransferMade,
    Fact,
    HandoffAccepted,
    HandoffStarted,
    NetworkTransferCompleted,
    ReleasedToSponsor,
)
from ledger.facts.questions import MOVES_CUSTODY
from ledger.records.record import Record
from ledger.rules.comparing_times import in_order, surely_before
from ledger.rules.predecessors import in_orr_custody_ever, unaccepted
from ledger.rules.remark import Remark
from ledger.times import When, order_key

HeldByOrr = AdmittedToProgram | NetworkTransferCompleted | EmergencyTransferMade | ReleasedToSponsor

_OVERLAPPING: Final = Remark("G2", "another admitted-to-program stands with no transfer or exit between the two")


def legal_custodian(
    record: Record, when: When | None, zone: str, *, besides: str | None = None
) -> tuple[str | None, When | None]:
    """Return who surely had legal custody just before `when`, and since when; the handoff `besides` is left out.

    None: nobody, or nobody for sure, because custody may have moved at that very time (on that day, say). So it is of
    an absent child, and after an end state, whoever receives her then.
    """
    custodian: str | None = None
    since: When | None = None
    for entry in in_order(record.among(MOVES_CUSTODY), zone):
        if isinstance(entry.fact, HandoffAccepted) and entry.fact.handoff_id == besides:
            continue
        if entry.occurred_at is not None and not surely_before(entry.occurred_at, when, zone):
            if surely_before(when, entry.occurred_at, zone):
                break
            return None, None
        after = _custodian_after(entry, custodian)
        if after != custodian:
            custodian, since = after, entry.occurred_at
    return custodian, since


def _custodian_after(entry: Entry, before: str | None) -> str | None:
    fact = entry.fact
    match fact:
        case ChildEncountered():
            return entry.producer.agency
        case HandoffAccepted():
            return None if fact.receiving_agency == "unknown" else fact.receiving_agency
        case AdmittedToProgram() | NetworkTransferCompleted() | EmergencyTransferMade() | AbsenceResolved():
            return "ORR"
        case AbsenceReported():
            return before if fact.kind == "attempted" or before != "ORR" else None
        case _:
            return None


def claimed_by_encounter(record: Record, agency: Agency, when: When | None, zone: str) -> Remark | None:
    """C16: an agency encounters a child whom the record has in another agency's custody."""
    custodian, _ = legal_custodian(record, when, zone)
    return None if custodian in (None, agency) else _claimed(agency, custodian)


def claimed_by_releasing(record: Record, fact: HandoffStarted, when: When | None, zone: str) -> Remark | None:
    """C16: an agency hands over a child whom the record has in another agency's custody."""
    if fact.from_agency == "unknown":
        return None
    custodian, _ = legal_custodian(record, when, zone, besides=fact.handoff_id)
    return None if custodian in (None, fact.from_agency) else _claimed(fact.from_agency, custodian)


def claimed_by_orr_too(record: Record, fact: HeldByOrr, when: When | None, zone: str) -> Remark | None:
    """C16 for what ORR records of a child in its care: silent where C3 or C5 already says that custody is unexplained.

    A handoff to ORR recorded since the other agency's custody began explains it, even with a time somewhat later.
    """
    if not (record.of(ChildEncountered) or record.of(HandoffAccepted)):
        return None  # nobody else ever claimed the child: all of ORR's imported history
    explained = in_orr_custody_ever(record) if isinstance(fact, ReleasedToSponsor) else unaccepted(record) is None
    if not explained:
        return None
    custodian, since = legal_custodian(record, when, zone)
    if custodian in (None, "ORR"):
        return None
    taken_over = any(
        accepted.receiving_agency == "ORR" and not surely_before(entry.occurred_at, since, zone)
        for entry, accepted in record.each(HandoffAccepted)
    )
    return None if taken_over else _claimed("ORR", custodian)


def _claimed(claimant: str, custodian: str | None) -> Remark:
    return Remark("C16", f"{claimant} claims legal custody while the record has the child with {custodian}")


def overlapping_admission(record: Record, when: When | None, zone: str) -> Remark | None:
    """G2: a second admission beside one that nothing ended; what may have ended it, to the day, counts as having."""
    if when is None or not record.of(AdmittedToProgram):
        return None
    key = order_key(when, zone)
    admissions = in_order(record.of(AdmittedToProgram), zone)
    earlier = [entry for entry in admissions if order_key(entry.occurred_at, zone) <= key]
    later = admissions[len(earlier) :]
    ends = [entry.occurred_at for entry in record.among(MOVES_CUSTODY) if _ends_a_stay(entry.fact)]

    def overlap(start: When | None, end: When | None) -> bool:
        return not any(not surely_before(x, start, zone) and not surely_before(end, x, zone) for x in ends)

    if earlier and overlap(earlier[-1].occurred_at, when):
        return _OVERLAPPING
    if later and overlap(when, later[0].occurred_at):
        return _OVERLAPPING
    return None


def _ends_a_stay(fact: Fact) -> bool:
    if isinstance(fact, AbsenceReported):
        return fact.kind != "attempted"
    return not isinstance(fact, AdmittedToProgram | AbsenceResolved)
