"""Questions every fact answers, each in one closed match: mypy names those that a new fact has not answered.

Which rule a fact meets stands in `ledger.rules.by_fact`, what it moves in `projections.fold.effects`.
"""

from typing import Final, Literal, assert_never

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
from ledger.facts.asking import answers, facts_where

Passage = Literal["exit", "admission", "arrival", "return"]


def moves_custody(fact: AnyFact) -> bool:
    """Return whether a fact moves legal custody (contract: the table of custody)."""
    # fmt: off
    match fact:
        case (
            ChildEncountered() | ContiguousReturnExecuted() | HandoffAccepted() | AdmittedToProgram()
            | NetworkTransferCompleted() | EmergencyTransferMade() | AbsenceReported() | AbsenceResolved()
            | ReleasedToSponsor() | DischargedOtherwise() | DepartureVerified()
        ):
            return True
        case (
            ParticularsAsserted() | UcDeterminationMade() | ProtectionScreeningRecorded() | ReferredToOrr()
            | ReferralCancelled() | PlacementDesignated() | HandoffStarted() | HandoffCancelled() | HandoffDeclined()
            | AgeRedetermined() | SignificantIncidentReported() | SponsorApplicationReceived() | ReleaseDecided()
            | PreReleaseNoticeGiven() | DischargeNotified() | AgeOutConsidered() | AddressReported() | MailReturned()
            | ResponsibleOfficeAssigned() | NtaIssued() | NtaServed() | NtaNotPursued() | NtaFiled() | NtaRejected()
            | NtaDocketed() | HearingScheduled() | HearingCancelled() | HearingNoticeServed() | HearingHeld()
            | FailureToAppearRecorded() | FtaFollowUpRecorded() | MotionFiled() | MotionDecided() | VenueChanged()
            | OrderEntered() | ReliefFiled() | ReliefDecided() | PostReleaseContactRecorded() | ConcernRaised()
            | ConcernAcknowledged() | ConcernResolved() | RepresentativeEntered() | RepresentativeWithdrawn()
            | IdentifierAsserted() | IdentityMerged() | IdentityUnmerged() | NoticeGiven() | CorrectionIssued()
            | EntryVoided() | EntryDisputed() | FindingResolved()
        ):
            return False
        case _:
            assert_never(fact)
    # fmt: on


def needs_presence(fact: AnyFact) -> bool:
    """Return whether a fact can only have happened to somebody who was here (C14).

    Hearings, contacts and service are asked one by one.
    """
    # fmt: off
    match fact:
        case (
            ProtectionScreeningRecorded() | ContiguousReturnExecuted() | ReferredToOrr() | HandoffStarted()
            | HandoffAccepted() | AdmittedToProgram() | NetworkTransferCompleted() | EmergencyTransferMade()
            | AbsenceReported() | AbsenceResolved() | SignificantIncidentReported() | ReleasedToSponsor()
            | AgeOutConsidered()
        ):
            return True
        case (
            ChildEncountered() | ParticularsAsserted() | UcDeterminationMade() | ReferralCancelled()
            | PlacementDesignated() | HandoffCancelled() | HandoffDeclined() | AgeRedetermined()
            | SponsorApplicationReceived() | ReleaseDecided() | PreReleaseNoticeGiven() | DischargeNotified()
            | DischargedOtherwise() | AddressReported() | MailReturned() | ResponsibleOfficeAssigned() | NtaIssued()
            | NtaServed() | NtaNotPursued() | NtaFiled() | NtaRejected() | NtaDocketed() | HearingScheduled()
            | HearingCancelled() | HearingNoticeServed() | HearingHeld() | FailureToAppearRecorded()
            | FtaFollowUpRecorded() | MotionFiled() | MotionDecided() | VenueChanged() | OrderEntered()
            | ReliefFiled() | ReliefDecided() | PostReleaseContactRecorded() | ConcernRaised() | ConcernAcknowledged()
            | ConcernResolved() | DepartureVerified() | RepresentativeEntered() | RepresentativeWithdrawn()
            | IdentifierAsserted() | IdentityMerged() | IdentityUnmerged() | NoticeGiven() | CorrectionIssued()
            | EntryVoided() | EntryDisputed() | FindingResolved()
        ):
            return False
        case _:
            assert_never(fact)
    # fmt: on


def goes_on_after_death(fact: AnyFact) -> bool:
    """Return whether a fact is a correction, a notice or a closing: what goes on in files after a death (C15)."""
    # fmt: off
    match fact:
        case (
            ParticularsAsserted() | ReferralCancelled() | HandoffCancelled() | HandoffDeclined()
            | SignificantIncidentReported() | DischargeNotified() | DischargedOtherwise() | MailReturned()
            | NtaNotPursued() | HearingCancelled() | MotionFiled() | MotionDecided() | OrderEntered()
            | ReliefDecided() | ConcernAcknowledged() | ConcernResolved() | RepresentativeWithdrawn()
            | IdentifierAsserted() | IdentityMerged() | IdentityUnmerged() | NoticeGiven() | CorrectionIssued()
            | EntryVoided() | EntryDisputed() | FindingResolved()
        ):
            return True
        case (
            ChildEncountered() | UcDeterminationMade() | ProtectionScreeningRecorded() | ContiguousReturnExecuted()
            | ReferredToOrr() | PlacementDesignated() | HandoffStarted() | HandoffAccepted() | AdmittedToProgram()
            | NetworkTransferCompleted() | EmergencyTransferMade() | AgeRedetermined() | AbsenceReported()
            | AbsenceResolved() | SponsorApplicationReceived() | ReleaseDecided() | PreReleaseNoticeGiven()
            | ReleasedToSponsor() | AgeOutConsidered() | AddressReported() | ResponsibleOfficeAssigned() | NtaIssued()
            | NtaServed() | NtaFiled() | NtaRejected() | NtaDocketed() | HearingScheduled() | HearingNoticeServed()
            | HearingHeld() | FailureToAppearRecorded() | FtaFollowUpRecorded() | VenueChanged() | ReliefFiled()
            | PostReleaseContactRecorded() | ConcernRaised() | DepartureVerified() | RepresentativeEntered()
        ):
            return False
        case _:
            assert_never(fact)
    # fmt: on


def opens_record(fact: AnyFact) -> bool:
    """Return whether a child's record usually begins with a fact."""
    # fmt: off
    match fact:
        case ChildEncountered() | ParticularsAsserted() | ReferredToOrr() | IdentifierAsserted():
            return True
        case (
            UcDeterminationMade() | ProtectionScreeningRecorded() | ContiguousReturnExecuted() | ReferralCancelled()
            | PlacementDesignated() | HandoffStarted() | HandoffAccepted() | HandoffCancelled() | HandoffDeclined()
            | AdmittedToProgram() | NetworkTransferCompleted() | EmergencyTransferMade() | AgeRedetermined()
            | AbsenceReported() | AbsenceResolved() | SignificantIncidentReported() | SponsorApplicationReceived()
            | ReleaseDecided() | PreReleaseNoticeGiven() | DischargeNotified() | ReleasedToSponsor()
            | DischargedOtherwise() | AgeOutConsidered() | AddressReported() | MailReturned()
            | ResponsibleOfficeAssigned() | NtaIssued() | NtaServed() | NtaNotPursued() | NtaFiled() | NtaRejected()
            | NtaDocketed() | HearingScheduled() | HearingCancelled() | HearingNoticeServed() | HearingHeld()
            | FailureToAppearRecorded() | FtaFollowUpRecorded() | MotionFiled() | MotionDecided() | VenueChanged()
            | OrderEntered() | ReliefFiled() | ReliefDecided() | PostReleaseContactRecorded() | ConcernRaised()
            | ConcernAcknowledged() | ConcernResolved() | DepartureVerified() | RepresentativeEntered()
            | RepresentativeWithdrawn() | IdentityMerged() | IdentityUnmerged() | NoticeGiven() | CorrectionIssued()
            | EntryVoided() | EntryDisputed() | FindingResolved()
        ):
            return False
        case _:
            assert_never(fact)
    # fmt: on


def is_of_safety(fact: AnyFact) -> bool:
    """Return whether a fact is about a child's safety: never refused for order, codes, time or a missing source.

    Only H1-H3 and H8 apply (domain (b), corollary).
    """
    # fmt: off
    match fact:
        case (
            AbsenceReported() | AbsenceResolved() | SignificantIncidentReported() | PostReleaseContactRecorded()
            | ConcernRaised() | ConcernAcknowledged() | ConcernResolved()
        ):
            return True
        case (
            ChildEncountered() | ParticularsAsserted() | UcDeterminationMade() | ProtectionScreeningRecorded()
            | ContiguousReturnExecuted() | ReferredToOrr() | ReferralCancelled() | PlacementDesignated()
            | HandoffStarted() | HandoffAccepted() | HandoffCancelled() | HandoffDeclined() | AdmittedToProgram()
            | NetworkTransferCompleted() | EmergencyTransferMade() | AgeRedetermined() | SponsorApplicationReceived()
            | ReleaseDecided() | PreReleaseNoticeGiven() | DischargeNotified() | ReleasedToSponsor()
            | DischargedOtherwise() | AgeOutConsidered() | AddressReported() | MailReturned()
            | ResponsibleOfficeAssigned() | NtaIssued() | NtaServed() | NtaNotPursued() | NtaFiled() | NtaRejected()
            | NtaDocketed() | HearingScheduled() | HearingCancelled() | HearingNoticeServed() | HearingHeld()
            | FailureToAppearRecorded() | FtaFollowUpRecorded() | MotionFiled() | MotionDecided() | VenueChanged()
            | OrderEntered() | ReliefFiled() | ReliefDecided() | DepartureVerified() | RepresentativeEntered()
            | RepresentativeWithdrawn() | IdentifierAsserted() | IdentityMerged() | IdentityUnmerged() | NoticeGiven()
            | CorrectionIssued() | EntryVoided() | EntryDisputed() | FindingResolved()
        ):
            return False
        case _:
            assert_never(fact)
    # fmt: on


def happens_to_children(fact: AnyFact) -> bool:
    """Return whether a fact happens to children alone; of a release as an adult G4 speaks."""
    # fmt: off
    match fact:
        case (
            ChildEncountered() | ReferredToOrr() | PlacementDesignated() | AdmittedToProgram()
            | NetworkTransferCompleted() | EmergencyTransferMade()
        ):
            return True
        case (
            ParticularsAsserted() | UcDeterminationMade() | ProtectionScreeningRecorded() | ContiguousReturnExecuted()
            | ReferralCancelled() | HandoffStarted() | HandoffAccepted() | HandoffCancelled() | HandoffDeclined()
            | AgeRedetermined() | AbsenceReported() | AbsenceResolved() | SignificantIncidentReported()
            | SponsorApplicationReceived() | ReleaseDecided() | PreReleaseNoticeGiven() | DischargeNotified()
            | ReleasedToSponsor() | DischargedOtherwise() | AgeOutConsidered() | AddressReported() | MailReturned()
            | ResponsibleOfficeAssigned() | NtaIssued() | NtaServed() | NtaNotPursued() | NtaFiled() | NtaRejected()
            | NtaDocketed() | HearingScheduled() | HearingCancelled() | HearingNoticeServed() | HearingHeld()
            | FailureToAppearRecorded() | FtaFollowUpRecorded() | MotionFiled() | MotionDecided() | VenueChanged()
            | OrderEntered() | ReliefFiled() | ReliefDecided() | PostReleaseContactRecorded() | ConcernRaised()
            | ConcernAcknowledged() | ConcernResolved() | DepartureVerified() | RepresentativeEntered()
            | RepresentativeWithdrawn() | IdentifierAsserted() | IdentityMerged() | IdentityUnmerged() | NoticeGiven()
            | CorrectionIssued() | EntryVoided() | EntryDisputed() | FindingResolved()
        ):
            return False
        case _:
            assert_never(fact)
    # fmt: on


def passage(fact: AnyFact) -> Passage | None:
    """Return how a fact shows a child leaving ORR's care, or in custody again (G7)."""
    # fmt: off
    match fact:
        case ReleasedToSponsor() | DischargedOtherwise():
            return "exit"
        case AdmittedToProgram() | NetworkTransferCompleted() | EmergencyTransferMade():
            return "admission"
        case ChildEncountered() | ReferredToOrr() | HandoffAccepted():
            return "arrival"
        case HandoffStarted() | AbsenceResolved():
            return "return"
        case (
            ParticularsAsserted() | UcDeterminationMade() | ProtectionScreeningRecorded() | ContiguousReturnExecuted()
            | ReferralCancelled() | PlacementDesignated() | HandoffCancelled() | HandoffDeclined() | AgeRedetermined()
            | AbsenceReported() | SignificantIncidentReported() | SponsorApplicationReceived() | ReleaseDecided()
            | PreReleaseNoticeGiven() | DischargeNotified() | AgeOutConsidered() | AddressReported() | MailReturned()
            | ResponsibleOfficeAssigned() | NtaIssued() | NtaServed() | NtaNotPursued() | NtaFiled() | NtaRejected()
            | NtaDocketed() | HearingScheduled() | HearingCancelled() | HearingNoticeServed() | HearingHeld()
            | FailureToAppearRecorded() | FtaFollowUpRecorded() | MotionFiled() | MotionDecided() | VenueChanged()
            | OrderEntered() | ReliefFiled() | ReliefDecided() | PostReleaseContactRecorded() | ConcernRaised()
            | ConcernAcknowledged() | ConcernResolved() | DepartureVerified() | RepresentativeEntered()
            | RepresentativeWithdrawn() | IdentifierAsserted() | IdentityMerged() | IdentityUnmerged() | NoticeGiven()
            | CorrectionIssued() | EntryVoided() | EntryDisputed() | FindingResolved()
        ):
            return None
        case _:
            assert_never(fact)
    # fmt: on


def may_reveal_relief(fact: AnyFact) -> frozenset[str]:
    """Return the members of which some value says that relief was sought or granted (`ledger.facts.relief`)."""
    # fmt: off
    match fact:
        case HearingCancelled() | HearingHeld():
            return frozenset(("adjournment_code",))
        case OrderEntered():
            return frozenset(("decision",))
        case NtaNotPursued():
            return frozenset(("reason",))
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
            return frozenset()
        case _:
            assert_never(fact)
    # fmt: on


MOVES_CUSTODY: Final[frozenset[type[Fact]]] = facts_where(moves_custody)
PRESENCE: Final[frozenset[type[Fact]]] = facts_where(needs_presence)
AFTER_DEATH: Final[frozenset[type[Fact]]] = facts_where(goes_on_after_death)
OPENS_RECORDS: Final[frozenset[type[Fact]]] = facts_where(opens_record)
SAFETY_FACTS: Final[frozenset[type[Fact]]] = facts_where(is_of_safety)
OF_CHILDREN: Final[frozenset[type[Fact]]] = facts_where(happens_to_children)
PASSAGES: Final = answers(passage)
MAY_REVEAL: Final = answers(may_reveal_relief)
"""By fact, the members of which some value says that relief was sought or granted; of any other fact, none."""
