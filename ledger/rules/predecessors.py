"""What cannot come before what (C1-C12): the earlier fact must be recorded and standing, whatever its time."""

from typing import Final

from ledger.codes import REOPENING_MOTIONS
from ledger.facts import (
    AdmittedToProgram,
    EmergencyTransferMade,
    FailureToAppearRecorded,
    HandoffAccepted,
    HandoffCancelled,
    HandoffDeclined,
    HandoffStarted,
    HearingHeld,
    HearingScheduled,
    MotionDecided,
    MotionFiled,
    NetworkTransferCompleted,
    NtaDocketed,
    NtaFiled,
    NtaIssued,
    NtaServed,
    OrderEntered,
    ReferredToOrr,
    ReleaseDecided,
    ReleasedToSponsor,
)
from ledger.records.record import Record
from ledger.rules.remark import Remark

_NOT_STARTED: Final = Remark("C1", "no handoff-started with this handoff_id is recorded", "fact.handoff_id")
_NOT_REFERRED: Final = Remark("C2", "no referred-to-orr is recorded")
_NOT_ACCEPTED: Final = Remark("C3", "no handoff-accepted by ORR is recorded")
_NOT_ADMITTED: Final = Remark("C4", "no admitted-to-program is recorded")
_NO_CUSTODY: Final = Remark("C5", "nothing recorded brought the child into ORR's custody")
_NO_APPROVAL: Final = Remark("C5", "no release-decided with an approval is recorded")
_NO_CUSTODY_NO_APPROVAL: Final = Remark(
    "C5", "nothing recorded brought the child into ORR's custody, and no release-decided with an approval is recorded"
)
_SERVED_UNISSUED: Final = Remark("C6", "no nta-issued with this nta_id is recorded", "fact.nta_id")
_FILED_UNISSUED: Final = Remark("C7", "no nta-issued with this nta_id is recorded", "fact.nta_id")
_FILED_UNSERVED: Final = Remark(
    "C7", "filed, but no nta-served with this nta_id is recorded yet", "fact.nta_id", level="warn"
)
_NOT_FILED: Final = Remark("C8", "no nta-filed that can belong to this court case is recorded", "fact.court_case")
_NOT_SCHEDULED: Final = Remark("C9", "no hearing-scheduled with this hearing_id is recorded", "fact.hearing_id")
_NO_FAILURE: Final = Remark("C10", "no failure-to-appear-recorded in this court case is recorded", "fact.court_case")
_NO_ORDER: Final = Remark("C11", "no order-entered in this court case is recorded", "fact.court_case")
_NOT_RELEASED: Final = Remark("C12", "no released-to-sponsor is recorded")


def handoff_unstarted(record: Record, fact: HandoffAccepted | HandoffCancelled | HandoffDeclined) -> Remark | None:
    """C1: a handoff is accepted, cancelled or declined that nobody started."""
    if any(started.handoff_id == fact.handoff_id for started in record.facts(HandoffStarted)):
        return None
    return _NOT_STARTED


def unreferred(record: Record) -> Remark | None:
    """C2: a placement for a child whom no agency referred."""
    return None if record.of(ReferredToOrr) else _NOT_REFERRED


def unaccepted(record: Record) -> Remark | None:
    """C3: admission of a child whom ORR has not accepted."""
    if any(accepted.receiving_agency == "ORR" for accepted in record.facts(HandoffAccepted)):
        return None
    return _NOT_ACCEPTED


def unadmitted(record: Record) -> Remark | None:
    """C4: a transfer between programs of a child whom none admitted."""
    return None if record.of(AdmittedToProgram) else _NOT_ADMITTED


def unready_release(record: Record) -> Remark | None:
    """C5: one remark that names what is missing; the fact's form sees to the address, which may be blank."""
    approved = any(decided.decision in ("approve", "approve-with-prs") for decided in record.facts(ReleaseDecided))
    if in_orr_custody_ever(record):
        return None if approved else _NO_APPROVAL
    return _NO_CUSTODY if approved else _NO_CUSTODY_NO_APPROVAL


def in_orr_custody_ever(record: Record) -> bool:
    """Return whether anything recorded brings the child into ORR's custody (contract: How facts move the regions)."""
    return bool(
        record.of(AdmittedToProgram)
        or record.of(NetworkTransferCompleted)
        or record.of(EmergencyTransferMade)
        or unaccepted(record) is None
    )


def unissued_service(record: Record, fact: NtaServed) -> Remark | None:
    """C6: a Notice to Appear is served that nobody issued."""
    return None if _issued(record, fact.nta_id) else _SERVED_UNISSUED


def unissued_filing(record: Record, fact: NtaFiled) -> Remark | None:
    """C7: a Notice to Appear is filed that nobody issued; or, with a warning at every door, that nobody served yet."""
    if not _issued(record, fact.nta_id):
        return _FILED_UNISSUED
    if not any(served.nta_id == fact.nta_id for served in record.facts(NtaServed)):
        return _FILED_UNSERVED
    return None


def _issued(record: Record, nta_id: str) -> bool:
    return any(issued.nta_id == nta_id for issued in record.facts(NtaIssued))


def unfiled_case(record: Record, fact: HearingScheduled) -> Remark | None:
    """C8: a hearing in a case for which no Notice to Appear was filed.

    A filing belongs to the case it names, or that the court docketed it under; while neither is known, to any.
    """
    docketed = {docketed.nta_id: docketed.court_case for docketed in record.facts(NtaDocketed)}
    for filed in record.facts(NtaFiled):
        court_case = filed.court_case or docketed.get(filed.nta_id)
        if court_case is None or court_case == fact.court_case:
            return None
    return _NOT_FILED


def unscheduled(record: Record, fact: HearingHeld | FailureToAppearRecorded) -> Remark | None:
    """C9: a hearing is held or missed that the court never set."""
    if any(scheduled.hearing_id == fact.hearing_id for scheduled in record.facts(HearingScheduled)):
        return None
    return _NOT_SCHEDULED


def in_absentia_unexplained(record: Record, fact: OrderEntered) -> Remark | None:
    """C10: an order in absentia where nobody recorded a failure to appear."""
    if fact.in_absentia is not True:
        return None
    if any(failure.court_case == fact.court_case for failure in record.facts(FailureToAppearRecorded)):
        return None
    return _NO_FAILURE


def reopening_nothing(record: Record, fact: MotionFiled | MotionDecided) -> Remark | None:
    """C11: a motion to reopen or rescind where there is no order."""
    if fact.motion_code not in REOPENING_MOTIONS:
        return None
    if any(order.court_case == fact.court_case for order in record.facts(OrderEntered)):
        return None
    return _NO_ORDER


def unreleased(record: Record) -> Remark | None:
    """C12: a contact after release with a child nobody released; a safety fact, refused at no door."""
    return None if record.of(ReleasedToSponsor) else _NOT_RELEASED
