"""Which fact meets which rule: each fact of the closed union, with the questions put to the record."""

from datetime import datetime
from typing import Final, assert_never

from ledger.agencies import Agency
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
from ledger.intake.form import Refusal
from ledger.records.record import Record
from ledger.rules import (
    births,
    claims,
    contradictions,
    custodians,
    guards,
    handoffs_called_off,
    notices,
    predecessors,
    targets,
    warnings,
)
from ledger.rules.context import Surroundings
from ledger.rules.corrections import check_correction
from ledger.rules.remark import Remark
from ledger.times import When

Remarks = tuple[Remark | None, ...]


def aim(
    person: Record, fact: AnyFact, *, agency: Agency, recorded_at: datetime, zone: str, around: Surroundings
) -> Remarks | Refusal:
    """H4: judge what statements aim at."""
    match fact:
        case CorrectionIssued():
            return check_correction(person, fact, agency=agency, recorded_at=recorded_at, zone=zone)
        case EntryVoided():
            return targets.check_void(person, fact, agency, zone)
        case NoticeGiven():
            return targets.check_notice(person, fact)
        case EntryDisputed():
            return targets.check_dispute(person, fact) or ()
        case FindingResolved():
            return targets.check_resolution(person, fact, agency) or ()
        case IdentityMerged():
            return targets.check_merge(fact, person.child, around.named, around.group) or ()
        case IdentityUnmerged():
            return targets.check_unmerge(fact, around.named, around.merged_directly) or ()
        case IdentifierAsserted():
            if around.named in (None, person.child) or around.named in around.group:
                return ()
            return (_ON_ANOTHER_CHILD,)
        case _:
            return ()


_ON_ANOTHER_CHILD: Final = Remark("W19", "another child's record carries this identifier", "fact.identifier")


def judge(person: Record, fact: AnyFact, when: When | None, agency: Agency, zone: str) -> Remarks:
    """Ask of each fact the questions its rules put to the record; an import's three facts come first."""
    match fact:
        case ParticularsAsserted() | AgeRedetermined():
            return (births.asserted_anew(person, fact, when, zone),)
        case AdmittedToProgram():
            return (
                predecessors.unaccepted(person),
                custodians.claimed_by_orr_too(person, fact, when, zone),
                custodians.overlapping_admission(person, when, zone),
            )
        case ReleasedToSponsor():
            return (
                predecessors.unready_release(person),
                custodians.claimed_by_orr_too(person, fact, when, zone),
                guards.released_as_adult(person, when, zone),
                warnings.release_address(fact.address),
            )
        case ChildEncountered():
            return (
                custodians.claimed_by_encounter(person, agency, when, zone),
                births.asserted_anew(person, fact, when, zone),
            )
        case PlacementDesignated():
            return (predecessors.unreferred(person),)
        case HandoffStarted():
            return (
                custodians.claimed_by_releasing(person, fact, when, zone),
                guards.left_after_arriving(person, fact, when, zone),
                handoffs_called_off.started_after_end(person, fact, when, zone),
                handoffs_called_off.called_off_by_another(person, fact),
            )
        case HandoffAccepted():
            return (
                predecessors.handoff_unstarted(person, fact),
                guards.arrived_before_leaving(person, fact, when, zone),
                handoffs_called_off.called_off_too(person, fact),
            )
        case HandoffCancelled() | HandoffDeclined():
            return (
                handoffs_called_off.of_another_party(person, fact, agency),
                predecessors.handoff_unstarted(person, fact),
                handoffs_called_off.accepted_too(person, fact),
                handoffs_called_off.ended_before_start(person, fact, when, zone),
            )
        case NetworkTransferCompleted():
            return (
                predecessors.unadmitted(person),
                custodians.claimed_by_orr_too(person, fact, when, zone),
                guards.transferred_backwards(fact, when, zone),
            )
        case EmergencyTransferMade():
            return (custodians.claimed_by_orr_too(person, fact, when, zone),)
        case AbsenceReported():
            return (warnings.still_absent(person, fact, when, zone),)
        case DischargeNotified():
            return (guards.notified_without_exit(person),)
        case AgeOutConsidered():
            return (contradictions.aged_out_too_young(person, when, zone),)
        case AddressReported():
            return (warnings.in_care_of(fact, when, zone),)
        case MailReturned():
            return (targets.unknown_address(person, fact), notices.unfit_since(person, fact, when, zone))
        case ResponsibleOfficeAssigned():
            return (targets.unknown_address(person, fact),)
        case NtaIssued():
            return (warnings.lacks_time_and_place(fact),)
        case NtaServed():
            return (
                predecessors.unissued_service(person, fact),
                warnings.mailed_to_defect(person, fact, when, zone),
                warnings.served_wrongly(person, fact, when, zone),
                targets.unknown_service(person, fact),
            )
        case NtaFiled():
            return (predecessors.unissued_filing(person, fact),)
        case HearingScheduled():
            return (
                predecessors.unfiled_case(person, fact),
                guards.wrong_court(person, fact, when, zone),
                notices.unfit_since(person, fact, when, zone),
            )
        case HearingNoticeServed():
            return (
                warnings.sent_to_former_address(person, fact, when, zone),
                warnings.in_care_of(fact, when, zone),
            )
        case HearingHeld():
            return (predecessors.unscheduled(person, fact), notices.unfit_since(person, fact, when, zone))
        case FailureToAppearRecorded():
            return (predecessors.unscheduled(person, fact), notices.unnoticed_failure(person, fact, when, zone))
        case OrderEntered():
            return (predecessors.in_absentia_unexplained(person, fact), notices.unnoticed_order(person, fact, zone))
        case MotionFiled() | MotionDecided():
            return (predecessors.reopening_nothing(person, fact),)
        case PostReleaseContactRecorded():
            return (predecessors.unreleased(person), warnings.lives_elsewhere(fact))
        case DepartureVerified():
            return (contradictions.departed_before_presence(person, when, zone),)
        case DischargedOtherwise():
            return (contradictions.died_before_activity(person, when, zone) if fact.kind == "deceased" else None,)
        case (
            UcDeterminationMade()
            | ProtectionScreeningRecorded()
            | ContiguousReturnExecuted()
            | ReferredToOrr()
            | ReferralCancelled()
            | AbsenceResolved()
            | SignificantIncidentReported()
            | SponsorApplicationReceived()
            | ReleaseDecided()
            | PreReleaseNoticeGiven()
            | NtaNotPursued()
            | NtaRejected()
            | NtaDocketed()
            | HearingCancelled()
            | FtaFollowUpRecorded()
            | VenueChanged()
            | ReliefFiled()
            | ReliefDecided()
            | ConcernRaised()
            | ConcernAcknowledged()
            | ConcernResolved()
            | RepresentativeEntered()
            | RepresentativeWithdrawn()
        ):
            return ()
        case NoticeGiven():
            return (claims.told_too_early(person, fact, zone),)
        case (
            IdentifierAsserted()
            | IdentityMerged()
            | IdentityUnmerged()
            | CorrectionIssued()
            | EntryVoided()
            | EntryDisputed()
            | FindingResolved()
        ):
            return ()  # what these aim at was judged before
        case _:
            assert_never(fact)


def afterlife(person: Record, fact: AnyFact, when: When | None, zone: str) -> Remarks:
    """C14, C15: ask of every fact whether the child had left the country, or had died."""
    if not (person.of(DepartureVerified) or person.of(DischargedOtherwise)):
        return ()
    return (
        contradictions.present_after_departure(person, fact, when, zone),
        contradictions.active_after_death(person, fact, when, zone),
    )
