"""Questions of the projections that every fact answers, each in one closed match (see `ledger.facts.questions`)."""

from collections.abc import Mapping
from typing import Final, Literal, NamedTuple, assert_never, get_args

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
Facts = frozenset[type[Fact]]


class Lasting(NamedTuple):
    """What goes on from one of some facts until one of others: a stay, an episode in custody."""

    begun_by: Facts
    ended_by: Facts


class Presupposed(NamedTuple):
    """What a happening presupposes: a fact, alike in a member where one is named, unless `given` goes on already."""

    fact: type[Fact]
    same: str | None = None
    given: Lasting | None = None


_ENDS: Final[Facts] = frozenset((ReleasedToSponsor, DischargedOtherwise, ContiguousReturnExecuted, DepartureVerified))
_IN_PROGRAM: Final[Facts] = frozenset((AdmittedToProgram, NetworkTransferCompleted, EmergencyTransferMade))
_IN_CUSTODY: Final[Facts] = frozenset((ChildEncountered, HandoffAccepted, *_IN_PROGRAM))
STAY: Final = Lasting(_IN_PROGRAM, _ENDS)
"""Who is in care already may be released, and admitted again, on one day."""
EPISODE: Final = Lasting(_IN_CUSTODY, _ENDS)
"""Who is in custody already may be returned, and encountered again, on one day."""

_ENCOUNTER: Final = Presupposed(ChildEncountered, given=EPISODE)
_ADMISSION: Final = Presupposed(AdmittedToProgram, given=STAY)
_START: Final = Presupposed(HandoffStarted, same="handoff_id")
_SCHEDULED: Final = Presupposed(HearingScheduled, same="hearing_id")


def presupposed(fact: AnyFact) -> tuple[Presupposed, ...]:
    """Return what must come before a fact by the rules of order (C1 to C12) and by the forms themselves."""
    # fmt: off
    match fact:
        case UcDeterminationMade() | ContiguousReturnExecuted() | ReferredToOrr() | HandoffStarted():
            return (_ENCOUNTER,)
        case ReferralCancelled() | PlacementDesignated():
            return (Presupposed(ReferredToOrr),)
        case HandoffAccepted() | HandoffCancelled() | HandoffDeclined():
            return (_START,)
        case AdmittedToProgram():
            return (Presupposed(HandoffAccepted),)
        case (
            NetworkTransferCompleted() | EmergencyTransferMade() | AbsenceReported() | ReleasedToSponsor()
            | DischargedOtherwise()
        ):
            return (_ADMISSION,)
        case AbsenceResolved():
            return (Presupposed(AbsenceReported),)
        case PostReleaseContactRecorded():
            return (Presupposed(ReleasedToSponsor),)
        case NtaServed() | NtaFiled():
            return (Presupposed(NtaIssued, same="nta_id"),)
        case NtaRejected() | NtaDocketed():
            return (Presupposed(NtaFiled, same="nta_id"),)
        case HearingScheduled():
            return (Presupposed(NtaFiled, same="court_case"), Presupposed(NtaDocketed, same="court_case"))
        case HearingCancelled() | HearingHeld():
            return (_SCHEDULED,)
        case FailureToAppearRecorded():
            return (_SCHEDULED, Presupposed(HearingHeld, same="hearing_id"))
        case OrderEntered():
            return (
                Presupposed(HearingHeld, same="court_case"),
                Presupposed(FailureToAppearRecorded, same="court_case"),
            )
        case MotionDecided():
            return (Presupposed(OrderEntered, same="court_case"),)
        case (
            ChildEncountered() | ParticularsAsserted() | ProtectionScreeningRecorded() | AgeRedetermined()
            | SignificantIncidentReported() | SponsorApplicationReceived() | ReleaseDecided()
            | PreReleaseNoticeGiven() | DischargeNotified() | AgeOutConsidered() | AddressReported() | MailReturned()
            | ResponsibleOfficeAssigned() | NtaIssued() | NtaNotPursued() | HearingNoticeServed()
            | FtaFollowUpRecorded() | MotionFiled() | VenueChanged() | ReliefFiled() | ReliefDecided()
            | ConcernRaised() | ConcernAcknowledged() | ConcernResolved() | DepartureVerified()
            | RepresentativeEntered() | RepresentativeWithdrawn() | IdentifierAsserted() | IdentityMerged()
            | IdentityUnmerged() | NoticeGiven() | CorrectionIssued() | EntryVoided() | EntryDisputed()
            | FindingResolved()
        ):
            return ()
        case _:
            assert_never(fact)
    # fmt: on


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
PAIRS: Final[Mapping[type[Fact], tuple[Presupposed, ...]]] = answers(presupposed)
"""By the fact that presupposes."""
PRESUPPOSED: Final[Facts] = frozenset(one.fact for pairs in PAIRS.values() for one in pairs)


def moving(*parts: Part) -> frozenset[type[Fact]]:
    """Return the facts that bear on one of these parts."""
    return frozenset(fact for fact, of_fact in BEARING.items() if not of_fact.isdisjoint(parts))
