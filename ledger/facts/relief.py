"""What says that relief was sought or granted: from whom that is kept, it is kept whole (8 USC 1367; 8 CFR 208.6)."""

from typing import Final, assert_never

from ledger.facts import (
    BY_WIRE,
    AbsenceReported,
    AbsenceResolved,
    AddressReported,
    AdmittedToProgram,
    AgeOutConsidered,
    AgeRedetermined,
    AnyFact,
    ChildEncountered,
    ConcernAcknowledged,
    ConcernRaised,
    ConcernResolved,
    ContiguousReturnExecuted,
    CorrectionIssued,
    DepartureVerified,
    DischargedOtherwise,
    DischargeNotified,
    EmergencyTransferMade,
    EntryDisputed,
    EntryVoided,
    Fact,
    FailureToAppearRecorded,
    FindingResolved,
    FtaFollowUpRecorded,
    HandoffAccepted,
    HandoffCancelled,
    HandoffDeclined,
    HandoffStarted,
    HearingCancelled,
    HearingHeld,
    HearingNoticeServed,
    HearingScheduled,
    IdentifierAsserted,
    IdentityMerged,
    IdentityUnmerged,
    MailReturned,
    MotionDecided,
    MotionFiled,
    NetworkTransferCompleted,
    NoticeGiven,
    NtaDocketed,
    NtaFiled,
    NtaIssued,
    NtaNotPursued,
    NtaRejected,
    NtaServed,
    OrderEntered,
    ParticularsAsserted,
    PlacementDesignated,
    PostReleaseContactRecorded,
    PreReleaseNoticeGiven,
    ProtectionScreeningRecorded,
    ReferralCancelled,
    ReferredToOrr,
    ReleaseDecided,
    ReleasedToSponsor,
    ReliefDecided,
    ReliefFiled,
    RepresentativeEntered,
    RepresentativeWithdrawn,
    ResponsibleOfficeAssigned,
    SignificantIncidentReported,
    SponsorApplicationReceived,
    UcDeterminationMade,
    VenueChanged,
)
from ledger.facts.asking import answers

_RELIEF_PENDING: Final = frozenset(("7A", "7B", "7C", "7D", "7E", "7F", "7G", "7H"))
"""EOIR's adjournment codes that say an application is pending with DHS."""
_ADJOURNMENT: Final = frozenset(("adjournment_code",))
_DECISION: Final = frozenset(("decision",))
_REASON: Final = frozenset(("reason",))
_NOTHING: Final[frozenset[str]] = frozenset()


def may_reveal_relief(fact: AnyFact) -> frozenset[str]:
    """Return the members of which some value says that relief was sought or granted; see `reveals_relief`."""
    # fmt: off
    match fact:
        case HearingCancelled() | HearingHeld():
            return _ADJOURNMENT
        case OrderEntered():
            return _DECISION
        case NtaNotPursued():
            return _REASON
        case (
            ChildEncountered() | ParticularsAsserted() | UcDeterminationMade() | ProtectionScreeningRecorded()
            | ContiguousReturnExecuted() | ReferredToOrr() | ReferralCancelled() | PlacementDesignated()
            | HandoffStarted() | HandoffAccepted() | HandoffCancelled() | HandoffDeclined() | AdmittedToProgram()
            | NetworkTransferCompleted() | EmergencyTransferMade() | AgeRedetermined() | AbsenceReported()
            | AbsenceResolved() | SignificantIncidentReported() | SponsorApplicationReceived() | ReleaseDecided()
            | PreReleaseNoticeGiven() | DischargeNotified() | ReleasedToSponsor() | DischargedOtherwise()
            | AgeOutConsidered() | AddressReported() | MailReturned() | ResponsibleOfficeAssigned() | NtaIssued()
            | NtaServed() | NtaFiled() | NtaRejected() | NtaDocketed() | HearingScheduled() | HearingNoticeServed()
            | FailureToAppearRecorded() | FtaFollowUpRecorded() | MotionFiled() | MotionDecided() | VenueChanged()
            | ReliefFiled() | ReliefDecided() | PostReleaseContactRecorded() | ConcernRaised() | ConcernAcknowledged()
            | ConcernResolved() | DepartureVerified() | RepresentativeEntered() | RepresentativeWithdrawn()
            | IdentifierAsserted() | IdentityMerged() | IdentityUnmerged() | NoticeGiven() | CorrectionIssued()
            | EntryVoided() | EntryDisputed() | FindingResolved()
        ):
            return _NOTHING
        case _:
            assert_never(fact)
    # fmt: on


MAY_REVEAL: Final = answers(may_reveal_relief)
"""By fact; of a fact that is not in it, nothing."""


def reveals_relief(wire: str, member: str, value: object) -> bool:
    """Return whether a member says that relief was sought or granted (8 USC 1367; contract: nta-not-pursued)."""
    if member == "adjournment_code":
        return value in _RELIEF_PENDING
    fact: type[Fact] = BY_WIRE[wire]
    if member == "decision":
        return fact is OrderEntered and value == "relief-granted"
    return member == "reason" and fact is NtaNotPursued and value == "uscis-relief-pending"
