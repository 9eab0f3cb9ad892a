"""What each happening moves: one closed match over the union, so that a new fact fails the type check until it has
its answer here (contract: How facts move the regions).
"""

from collections.abc import Callable
from typing import Any, Final, assert_never

from ledger.entry import Entry
from ledger.facts import (
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
    FailureToAppearRecorded,
    FtaFollowUpRecorded,
    HandoffAccepted,
    HandoffCancelled,
    HandoffDeclined,
    HandoffStarted,
    Happening,
    HearingCancelled,
    HearingHeld,
    HearingNoticeServed,
    HearingScheduled,
    MailReturned,
    MotionDecided,
    MotionFiled,
    NetworkTransferCompleted,
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
from ledger.times import When
from projections.fold import custody
from projections.fold.proceedings import Docket
from projections.fold.regions import AgeBasis
from projections.fold.state import State

Answer = Callable[[State, Any, Entry], None]
"""Moves the regions by a fact; the entry it stands in is as corrected, and stands at its place in the fold."""


def _asserted(state: State, fact: ParticularsAsserted, at: Entry) -> None:
    state.care.came_from(fact.country)
    if fact.date_of_birth is not None:
        state.age = AgeBasis(fact.date_of_birth, fact.basis)


def _age_redetermined(state: State, fact: AgeRedetermined, at: Entry) -> None:
    """Without a date of birth, a finding that the person is an adult does away with the date asserted before; any
    other finding leaves it, for it says nothing new about it."""
    if fact.date_of_birth is not None or fact.is_adult is True:
        state.age = AgeBasis(fact.date_of_birth, fact.method, fact.is_adult is True)


def _address_reported(state: State, fact: AddressReported, at: Entry) -> None:
    given = at.recorded_fact["address"]
    if fact.purpose == "residence":
        state.tracking.lives_at(fact.address, given, at.position, at.occurred_at)
    elif fact.purpose == "mailing":
        state.tracking.gets_mail_at(given, at.position)


def _mail_returned(state: State, fact: MailReturned, at: Entry) -> None:
    position = fact.address_position
    if position is not None:
        position = state.renamed.get(position, position)
    state.tracking.mail_returned(position, at.occurred_at)


def _contacted(state: State, fact: PostReleaseContactRecorded, at: Entry) -> None:
    custody.contacted(state, fact, at)
    state.tracking.contacted(fact, at.occurred_at)


def _failed_to_appear(state: State, fact: FailureToAppearRecorded, at: Entry) -> None:
    state.docket.failure_to_appear(fact, at.occurred_at)
    state.failures.recorded(at.position, fact, at.occurred_at, state.proof(at))


def _in_proceedings(move: Callable[[Docket, Any, When | None], None]) -> Answer:
    def answer(state: State, fact: Any, at: Entry) -> None:
        move(state.docket, fact, at.occurred_at)

    return answer


def _moves_nothing(state: State, fact: Any, at: Entry) -> None:
    return


def answer_to(fact: Happening) -> Answer:
    """Return what moves the regions by a fact of this class; it depends on the class alone."""
    match fact:
        case ChildEncountered():
            return custody.encountered
        case ParticularsAsserted():
            return _asserted
        case AgeRedetermined():
            return _age_redetermined
        case UcDeterminationMade():
            return custody.uc_determined
        case ReferredToOrr():
            return custody.referred
        case ReferralCancelled():
            return custody.referral_cancelled
        case PlacementDesignated():
            return custody.designated
        case HandoffStarted():
            return custody.handoff_started
        case HandoffAccepted():
            return custody.handoff_accepted
        case HandoffCancelled() | HandoffDeclined():
            return custody.handoff_called_off
        case AdmittedToProgram():
            return custody.admitted
        case NetworkTransferCompleted():
            return custody.transferred
        case EmergencyTransferMade():
            return custody.moved_in_emergency
        case AbsenceReported():
            return custody.absent
        case AbsenceResolved():
            return custody.found
        case ReleasedToSponsor():
            return custody.released
        case DischargedOtherwise():
            return custody.discharged
        case ContiguousReturnExecuted():
            return custody.returned
        case DepartureVerified():
            return custody.departure_verified
        case AddressReported():
            return _address_reported
        case MailReturned():
            return _mail_returned
        case PostReleaseContactRecorded():
            return _contacted
        case NtaIssued():
            return _in_proceedings(Docket.nta_issued)
        case NtaServed():
            return _in_proceedings(Docket.nta_served)
        case NtaNotPursued():
            return _in_proceedings(Docket.nta_not_pursued)
        case NtaFiled():
            return _in_proceedings(Docket.nta_filed)
        case NtaRejected():
            return _in_proceedings(Docket.nta_rejected)
        case NtaDocketed():
            return _in_proceedings(Docket.nta_docketed)
        case HearingScheduled():
            return _in_proceedings(Docket.hearing_scheduled)
        case HearingCancelled():
            return _in_proceedings(Docket.hearing_cancelled)
        case HearingHeld():
            return _in_proceedings(Docket.hearing_held)
        case FailureToAppearRecorded():
            return _failed_to_appear
        case OrderEntered():
            return _in_proceedings(Docket.order_entered)
        case MotionFiled():
            return _in_proceedings(Docket.motion_filed)
        case MotionDecided():
            return _in_proceedings(Docket.motion_decided)
        case (
            ProtectionScreeningRecorded()
            | SignificantIncidentReported()
            | SponsorApplicationReceived()
            | ReleaseDecided()
            | PreReleaseNoticeGiven()
            | DischargeNotified()
            | AgeOutConsidered()
            | ResponsibleOfficeAssigned()
            | HearingNoticeServed()
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
            return _moves_nothing
        case _:
            assert_never(fact)


_ANSWERS: Final[dict[type[Any], Answer]] = {}


def apply(state: State, at: Entry) -> None:
    """Move the regions by an entry that holds a happening.

    The answer to a class is looked up once: asking a pydantic class whether a fact is one of it takes 0.2
    microseconds, so that the match above would cost an import more than all the rest of the fold.
    """
    fact: Any = at.fact
    answer = _ANSWERS.get(type(fact))
    if answer is None:
        answer = _ANSWERS[type(fact)] = answer_to(fact)
    answer(state, fact, at)
