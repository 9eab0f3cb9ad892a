"""Questions of the projections that every fact answers, each in one closed match (see `ledger.facts.questions`)."""

from collections.abc import Mapping
from typing import Final, Literal, assert_never, get_args

from ledger.facts import (
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

Part = Literal["custody", "proceedings", "address", "residence", "mailing", "records"]
Aspect = Literal["care", "failures", "residence"]
ASPECTS: Final[tuple[Aspect, ...]] = get_args(Aspect)
_NOTHING: Final[frozenset[str]] = frozenset()
_NO_PART: Final[frozenset[Part]] = frozenset()


def deciding_members(fact: AnyFact) -> frozenset[str]:
    """Return the members that decide what a fact moves: where one is not known, it moves nothing (knowledge: view).

    Of every other fact, what is known of it moves what it moves. A member that was not given decides nothing.
    A service of a Notice to Appear nobody knows which leaves open of every notice whether it was served.
    """
    # fmt: off
    match fact:
        case HandoffStarted():
            return frozenset(("from_agency", "to_agency"))
        case HandoffAccepted():
            return frozenset(("receiving_agency",))
        case HandoffCancelled() | HandoffDeclined():
            return frozenset(("handoff_id",))
        case AbsenceReported() | DischargedOtherwise():
            return frozenset(("kind",))
        case AddressReported():
            return frozenset(("address", "effective_from", "purpose"))
        case MailReturned():
            return frozenset(("address_position",))
        case PostReleaseContactRecorded():
            return frozenset((
                "address_confirmed", "child_seen", "identity_checked", "mode", "spoke_with", "still_with_sponsor",
            ))
        case NtaIssued() | NtaRejected():
            return frozenset(("nta_id",))
        case NtaNotPursued():
            return frozenset(("reason",))
        case NtaFiled() | NtaDocketed():
            return frozenset(("court_case", "nta_id"))
        case HearingScheduled():
            return frozenset(("court_case", "hearing_id", "scheduled_for"))
        case HearingCancelled():
            return frozenset(("hearing_id",))
        case HearingHeld():
            return frozenset(("appearance", "court_case", "hearing_id", "next_hearing_at"))
        case FailureToAppearRecorded():
            return frozenset(("court_case", "hearing_id"))
        case OrderEntered():
            return frozenset(("court_case", "decision"))
        case MotionFiled():
            return frozenset(("court_case",))
        case MotionDecided():
            return frozenset(("court_case", "decision", "motion_code"))
        case (
            ChildEncountered() | ParticularsAsserted() | UcDeterminationMade() | ProtectionScreeningRecorded()
            | ContiguousReturnExecuted() | ReferredToOrr() | ReferralCancelled() | PlacementDesignated()
            | AdmittedToProgram() | NetworkTransferCompleted() | EmergencyTransferMade() | AgeRedetermined()
            | AbsenceResolved() | SignificantIncidentReported() | SponsorApplicationReceived() | ReleaseDecided()
            | PreReleaseNoticeGiven() | DischargeNotified() | ReleasedToSponsor() | AgeOutConsidered()
            | ResponsibleOfficeAssigned() | NtaServed() | HearingNoticeServed() | FtaFollowUpRecorded()
            | VenueChanged() | ReliefFiled() | ReliefDecided() | ConcernRaised() | ConcernAcknowledged()
            | ConcernResolved() | DepartureVerified() | RepresentativeEntered() | RepresentativeWithdrawn()
            | IdentifierAsserted() | IdentityMerged() | IdentityUnmerged() | NoticeGiven() | CorrectionIssued()
            | EntryVoided() | EntryDisputed() | FindingResolved()
        ):
            return _NOTHING
        case _:
            assert_never(fact)
    # fmt: on


def bears_on(fact: AnyFact) -> frozenset[Part]:
    """Return what of a child's state a fact can move, by the parts in which two views can differ."""
    # fmt: off
    match fact:
        case (
            ChildEncountered() | UcDeterminationMade() | ContiguousReturnExecuted() | ReferredToOrr()
            | ReferralCancelled() | PlacementDesignated() | HandoffStarted() | HandoffAccepted() | HandoffCancelled()
            | HandoffDeclined() | AdmittedToProgram() | NetworkTransferCompleted() | EmergencyTransferMade()
            | AbsenceReported() | AbsenceResolved() | DischargedOtherwise() | PostReleaseContactRecorded()
            | DepartureVerified()
        ):
            return frozenset(("custody",))
        case ReleasedToSponsor():
            return frozenset(("custody", "residence"))
        case AddressReported():
            return frozenset(("address", "residence", "mailing"))
        case MailReturned():
            return frozenset(("address",))
        case (
            NtaIssued() | NtaServed() | NtaNotPursued() | NtaFiled() | NtaRejected() | NtaDocketed()
            | HearingScheduled() | HearingCancelled() | HearingHeld() | FailureToAppearRecorded() | MotionFiled()
            | MotionDecided() | OrderEntered()
        ):
            return frozenset(("proceedings",))
        case IdentityMerged() | IdentityUnmerged():
            return frozenset(("records",))
        case (
            ParticularsAsserted() | ProtectionScreeningRecorded() | AgeRedetermined() | SignificantIncidentReported()
            | SponsorApplicationReceived() | ReleaseDecided() | PreReleaseNoticeGiven() | DischargeNotified()
            | AgeOutConsidered() | ResponsibleOfficeAssigned() | HearingNoticeServed() | FtaFollowUpRecorded()
            | VenueChanged() | ReliefFiled() | ReliefDecided() | ConcernRaised() | ConcernAcknowledged()
            | ConcernResolved() | RepresentativeEntered() | RepresentativeWithdrawn() | IdentifierAsserted()
            | NoticeGiven() | CorrectionIssued() | EntryVoided() | EntryDisputed() | FindingResolved()
        ):
            return _NO_PART
        case _:
            assert_never(fact)
    # fmt: on


def counted_members(fact: AnyFact) -> Mapping[Aspect, frozenset[str]]:
    """Return what figures ask of a fact, aspect by aspect: the members that count."""
    # fmt: off
    match fact:
        case ChildEncountered() | ParticularsAsserted():
            return {"care": frozenset(("country",))}
        case (
            ContiguousReturnExecuted() | AdmittedToProgram() | NetworkTransferCompleted() | EmergencyTransferMade()
            | AbsenceResolved() | DepartureVerified()
        ):
            return {"care": _NOTHING}
        case AbsenceReported() | DischargedOtherwise():
            return {"care": frozenset(("kind",))}
        case ReleasedToSponsor():
            return {"care": frozenset(("address", "sponsor_category")), "residence": frozenset(("address",))}
        case AddressReported():
            return {"residence": frozenset(("address", "effective_from", "purpose"))}
        case FailureToAppearRecorded():
            return {"failures": frozenset(("court_case", "hearing_id", "judge_action"))}
        case (
            UcDeterminationMade() | ProtectionScreeningRecorded() | ReferredToOrr() | ReferralCancelled()
            | PlacementDesignated() | HandoffStarted() | HandoffAccepted() | HandoffCancelled() | HandoffDeclined()
            | AgeRedetermined() | SignificantIncidentReported() | SponsorApplicationReceived() | ReleaseDecided()
            | PreReleaseNoticeGiven() | DischargeNotified() | AgeOutConsidered() | MailReturned()
            | ResponsibleOfficeAssigned() | NtaIssued() | NtaServed() | NtaNotPursued() | NtaFiled() | NtaRejected()
            | NtaDocketed() | HearingScheduled() | HearingCancelled() | HearingNoticeServed() | HearingHeld()
            | FtaFollowUpRecorded() | MotionFiled() | MotionDecided() | VenueChanged() | OrderEntered()
            | ReliefFiled() | ReliefDecided() | PostReleaseContactRecorded() | ConcernRaised() | ConcernAcknowledged()
            | ConcernResolved() | RepresentativeEntered() | RepresentativeWithdrawn() | IdentifierAsserted()
            | IdentityMerged() | IdentityUnmerged() | NoticeGiven() | CorrectionIssued() | EntryVoided()
            | EntryDisputed() | FindingResolved()
        ):
            return {}
        case _:
            assert_never(fact)
    # fmt: on


DECIDING: Final[Mapping[type[Fact], frozenset[str]]] = answers(deciding_members)
BEARING: Final[Mapping[type[Fact], frozenset[Part]]] = answers(bears_on)
COUNTED: Final[Mapping[type[Fact], Mapping[Aspect, frozenset[str]]]] = answers(counted_members)


def moving(*parts: Part) -> frozenset[type[Fact]]:
    """Return the facts that bear on one of these parts."""
    return frozenset(fact for fact, of_fact in BEARING.items() if not of_fact.isdisjoint(parts))
