"""The closed union of facts: what can be claimed to have happened, and its name on the wire.

To add a fact: write its class, put it into `Happening` or `Statement`, and follow the type checker to every question
it has not answered (CONTRIBUTING.md has the list). A wire name is a literal with a version and is never reused; a fact
that must change its shape gets a new version here and its older one moves to `ledger.facts.earlier`, from where it is
upgraded on reading.
"""

from typing import Final, get_args

from ledger.facts.custody import (
    AbsenceReported,
    AbsenceResolved,
    AddressReported,
    AdmittedToProgram,
    AgeOutConsidered,
    AgeRedetermined,
    ChildEncountered,
    ConcernAcknowledged,
    ConcernRaised,
    ConcernResolved,
    ContiguousReturnExecuted,
    DepartureVerified,
    DischargedOtherwise,
    DischargeNotified,
    EmergencyTransferMade,
    HandoffAccepted,
    HandoffCancelled,
    HandoffDeclined,
    HandoffStarted,
    MailReturned,
    NetworkTransferCompleted,
    ParticularsAsserted,
    PlacementDesignated,
    PostReleaseContactRecorded,
    PreReleaseNoticeGiven,
    ProtectionScreeningRecorded,
    ReferralCancelled,
    ReferredToOrr,
    ReleaseDecided,
    ReleasedToSponsor,
    ResponsibleOfficeAssigned,
    SignificantIncidentReported,
    SponsorApplicationReceived,
    UcDeterminationMade,
)
from ledger.facts.earlier import MailReturnedV1
from ledger.facts.ledger_wide import (
    AnswerServed,
    CoverageDeclared,
    FeedReceipted,
    ObligationWaived,
    SharingRulesAdopted,
)
from ledger.facts.proceedings import (
    FailureToAppearRecorded,
    FtaFollowUpRecorded,
    HearingCancelled,
    HearingHeld,
    HearingNoticeServed,
    HearingScheduled,
    MotionDecided,
    MotionFiled,
    NtaDocketed,
    NtaFiled,
    NtaIssued,
    NtaNotPursued,
    NtaRejected,
    NtaServed,
    OrderEntered,
    ReliefDecided,
    ReliefFiled,
    RepresentativeEntered,
    RepresentativeWithdrawn,
    VenueChanged,
)
from ledger.facts.statements import (
    CorrectionIssued,
    EntryDisputed,
    EntryVoided,
    FindingResolved,
    IdentifierAsserted,
    IdentityMerged,
    IdentityUnmerged,
    NoticeGiven,
)
from ledger.facts.vocabulary import Address, Fact

Happening = (
    ChildEncountered
    | ParticularsAsserted
    | UcDeterminationMade
    | ProtectionScreeningRecorded
    | ContiguousReturnExecuted
    | ReferredToOrr
    | ReferralCancelled
    | PlacementDesignated
    | HandoffStarted
    | HandoffAccepted
    | HandoffCancelled
    | HandoffDeclined
    | AdmittedToProgram
    | NetworkTransferCompleted
    | EmergencyTransferMade
    | AgeRedetermined
    | AbsenceReported
    | AbsenceResolved
    | SignificantIncidentReported
    | SponsorApplicationReceived
    | ReleaseDecided
    | PreReleaseNoticeGiven
    | DischargeNotified
    | ReleasedToSponsor
    | DischargedOtherwise
    | AgeOutConsidered
    | AddressReported
    | MailReturned
    | ResponsibleOfficeAssigned
    | NtaIssued
    | NtaServed
    | NtaNotPursued
    | NtaFiled
    | NtaRejected
    | NtaDocketed
    | HearingScheduled
    | HearingCancelled
    | HearingNoticeServed
    | HearingHeld
    | FailureToAppearRecorded
    | FtaFollowUpRecorded
    | MotionFiled
    | MotionDecided
    | VenueChanged
    | OrderEntered
    | ReliefFiled
    | ReliefDecided
    | PostReleaseContactRecorded
    | ConcernRaised
    | ConcernAcknowledged
    | ConcernResolved
    | DepartureVerified
    | RepresentativeEntered
    | RepresentativeWithdrawn
)
"""Facts that happened in a child's life or case: folded in order of `occurred_at`, then position."""

Statement = (
    IdentifierAsserted
    | IdentityMerged
    | IdentityUnmerged
    | NoticeGiven
    | CorrectionIssued
    | EntryVoided
    | EntryDisputed
    | FindingResolved
)
"""Facts about identity or about entries; they act from their own `recorded_at` on, whatever happened by."""

AnyFact = Happening | Statement

LedgerFact = SharingRulesAdopted | FeedReceipted | ObligationWaived | AnswerServed | CoverageDeclared
"""Facts about no child: subject `agency` or `ledger`. They have wire names of their own and are no submissions."""
LEDGER_FACTS: Final[dict[str, type[LedgerFact]]] = {fact.wire: fact for fact in get_args(LedgerFact)}

HAPPENINGS: Final[tuple[type[Fact], ...]] = get_args(Happening)
STATEMENTS: Final[tuple[type[Fact], ...]] = get_args(Statement)
CURRENT: Final[tuple[type[Fact], ...]] = (*HAPPENINGS, *STATEMENTS)
EARLIER: Final[tuple[type[MailReturnedV1], ...]] = (MailReturnedV1,)
BY_WIRE: Final[dict[str, type[Fact]]] = {fact.wire: fact for fact in (*CURRENT, *EARLIER)}
"""Every wire name ever shipped, and the class that reads its JSON."""


def current(fact: Fact) -> Fact:
    """Return `fact` in its current version: itself, or what its older version is upgraded to."""
    return fact.upgraded() if isinstance(fact, MailReturnedV1) else fact


def short_name(wire: str) -> str:
    """Return `handoff-accepted` for `custody.handoff-accepted.v1`."""
    return wire.removeprefix("custody.").rsplit(".v", 1)[0]


__all__ = [
    "BY_WIRE",
    "CURRENT",
    "EARLIER",
    "HAPPENINGS",
    "LEDGER_FACTS",
    "STATEMENTS",
    "AbsenceReported",
    "AbsenceResolved",
    "Address",
    "AddressReported",
    "AdmittedToProgram",
    "AgeOutConsidered",
    "AgeRedetermined",
    "AnswerServed",
    "AnyFact",
    "ChildEncountered",
    "ConcernAcknowledged",
    "ConcernRaised",
    "ConcernResolved",
    "ContiguousReturnExecuted",
    "CorrectionIssued",
    "CoverageDeclared",
    "DepartureVerified",
    "DischargeNotified",
    "DischargedOtherwise",
    "EmergencyTransferMade",
    "EntryDisputed",
    "EntryVoided",
    "Fact",
    "FailureToAppearRecorded",
    "FeedReceipted",
    "FindingResolved",
    "FtaFollowUpRecorded",
    "HandoffAccepted",
    "HandoffCancelled",
    "HandoffDeclined",
    "HandoffStarted",
    "Happening",
    "HearingCancelled",
    "HearingHeld",
    "HearingNoticeServed",
    "HearingScheduled",
    "IdentifierAsserted",
    "IdentityMerged",
    "IdentityUnmerged",
    "LedgerFact",
    "MailReturned",
    "MailReturnedV1",
    "MotionDecided",
    "MotionFiled",
    "NetworkTransferCompleted",
    "NoticeGiven",
    "NtaDocketed",
    "NtaFiled",
    "NtaIssued",
    "NtaNotPursued",
    "NtaRejected",
    "NtaServed",
    "ObligationWaived",
    "OrderEntered",
    "ParticularsAsserted",
    "PlacementDesignated",
    "PostReleaseContactRecorded",
    "PreReleaseNoticeGiven",
    "ProtectionScreeningRecorded",
    "ReferralCancelled",
    "ReferredToOrr",
    "ReleaseDecided",
    "ReleasedToSponsor",
    "ReliefDecided",
    "ReliefFiled",
    "RepresentativeEntered",
    "RepresentativeWithdrawn",
    "ResponsibleOfficeAssigned",
    "SharingRulesAdopted",
    "SignificantIncidentReported",
    "SponsorApplicationReceived",
    "Statement",
    "UcDeterminationMade",
    "VenueChanged",
    "current",
    "short_name",
]
