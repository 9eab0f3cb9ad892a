"""The facts that move custody, and what they mean for whereabouts, age and care (contract: the table).

The table of the contract, row by row. Whereabouts become `in-custody` where a fact puts the child into the hands of DHS
or ORR or of their escort; a fact that only renames the state (a referral, a placement, a determination) does not.
"""

from typing import assert_never

from ledger.entry import Entry
from ledger.facts import (
    AbsenceReported,
    AbsenceResolved,
    AdmittedToProgram,
    ChildEncountered,
    ContiguousReturnExecuted,
    DepartureVerified,
    DischargedOtherwise,
    EmergencyTransferMade,
    HandoffAccepted,
    HandoffCancelled,
    HandoffDeclined,
    HandoffStarted,
    NetworkTransferCompleted,
    PlacementDesignated,
    PostReleaseContactRecorded,
    ReferralCancelled,
    ReferredToOrr,
    ReleasedToSponsor,
    UcDeterminationMade,
)
from projections.fold.regions import AgeBasis
from projections.fold.state import State, UnderWay


def encountered(state: State, fact: ChildEncountered, at: Entry) -> None:
    agency = at.producer.agency
    state.custody_is("dhs-custody", agency, agency, fact.place, at)
    state.tracking.held(at.occurred_at)
    state.care.came_from(fact.country)
    if fact.date_of_birth is not None:
        state.age = AgeBasis(fact.date_of_birth, None)


def uc_determined(state: State, fact: UcDeterminationMade, at: Entry) -> None:
    if fact.is_uc is False:
        _custody_stays(state, "not-uc", at)


def referred(state: State, fact: ReferredToOrr, at: Entry) -> None:
    _custody_stays(state, "referred", at)


def referral_cancelled(state: State, fact: ReferralCancelled, at: Entry) -> None:
    _custody_stays(state, "dhs-custody", at)


def designated(state: State, fact: PlacementDesignated, at: Entry) -> None:
    _custody_stays(state, "designated", at)


def _custody_stays(state: State, name: str, at: Entry) -> None:
    was = state.custody
    state.custody_is(name, was.legal_custodian, was.physical_custodian, was.place, at)


def handoff_started(state: State, fact: HandoffStarted, at: Entry) -> None:
    in_network = fact.from_agency == "ORR" and fact.to_agency == "ORR"
    name = "in-network-transfer" if in_network else "in-transit"
    if state.under_way is None or state.under_way.handoff_id != fact.handoff_id:  # else told twice, by either party
        state.under_way = UnderWay(fact.handoff_id, state.custody, state.tracking.apart, state.under_way)
    state.custody_is(name, state.custody.legal_custodian, "escort", None, at)
    state.tracking.held(at.occurred_at)


def handoff_called_off(state: State, fact: HandoffCancelled | HandoffDeclined, at: Entry) -> None:
    """Everything is as before the handoff under way was started; of any other handoff nothing moves."""
    under_way = state.under_way
    if under_way is None or under_way.handoff_id != fact.handoff_id:
        return
    before = under_way.before
    state.custody_is(before.state, before.legal_custodian, before.physical_custodian, before.place, at)
    state.under_way = under_way.outer
    state.tracking.called_off(under_way.apart, at.occurred_at)


def handoff_accepted(state: State, fact: HandoffAccepted, at: Entry) -> None:
    """A receiver that holds no children (a court, a body nobody could name) takes no custody: nothing moves."""
    receiver = fact.receiving_agency
    if receiver == "ORR":
        state.custody_is("orr-custody", receiver, receiver, fact.receiving_facility, at)
    elif receiver in ("CBP", "ICE-ERO", "ICE-OPLA"):
        state.custody_is("dhs-custody", receiver, receiver, fact.receiving_facility, at)
    else:
        return
    state.tracking.held(at.occurred_at)


def admitted(state: State, fact: AdmittedToProgram, at: Entry) -> None:
    _in_program(state, "admitted-to-program", fact.program, at)


def transferred(state: State, fact: NetworkTransferCompleted, at: Entry) -> None:
    _in_program(state, "network-transfer-completed", fact.to_program, at)


def moved_in_emergency(state: State, fact: EmergencyTransferMade, at: Entry) -> None:
    _in_program(state, "emergency-transfer-made", fact.to_place, at)


def _in_program(state: State, by: str, place: str | None, at: Entry) -> None:
    state.custody_is("orr-custody", "ORR", "ORR", place, at)
    state.tracking.held(at.occurred_at)
    state.care.admitted(by, at.occurred_at, state.proof(at))


def absent(state: State, fact: AbsenceReported, at: Entry) -> None:
    """An attempt is no absence; of whose custody the child is missing decides only whether custody is `absent`."""
    if fact.kind == "attempted":
        return
    if state.custody.legal_custodian == "ORR":
        state.custody_is("absent", "ORR", "unknown", None, at)
    state.tracking.missing(at.occurred_at)
    state.care.absent(at.occurred_at, state.proof(at))


def found(state: State, fact: AbsenceResolved, at: Entry) -> None:
    if state.custody.state == "absent":
        state.custody_is("orr-custody", "ORR", "ORR", fact.returned_to, at)
        state.tracking.held(at.occurred_at)
    else:
        state.tracking.found(at.occurred_at, in_custody=state.custody.legal_custodian is not None)
    state.care.found("absence-resolved", at.occurred_at)


def released(state: State, fact: ReleasedToSponsor, at: Entry) -> None:
    """An address that whoever asks does not know leaves the child out of custody, nobody knows where."""
    state.custody_is("released-to-sponsor", None, "sponsor", None, at)
    if "address" in at.recorded_fact:
        state.tracking.released(fact.address, at.recorded_fact["address"], at.position, at.occurred_at)
    else:
        state.tracking.left(None, at.occurred_at)
    state.care.released(at.position, fact, at.occurred_at, state.proof(at))


def contacted(state: State, fact: PostReleaseContactRecorded, at: Entry) -> None:
    """A child who is no longer with the sponsor she was released to is with nobody anybody knows of."""
    if fact.still_with_sponsor is False and state.custody.state == "released-to-sponsor":
        state.custody_is("released-to-sponsor", state.custody.legal_custodian, "unknown", None, at)


def discharged(state: State, fact: DischargedOtherwise, at: Entry) -> None:
    when = at.occurred_at
    match fact.kind:
        case "age-out" | "age-redetermined":
            state.custody_is("ice-adult", "ICE-ERO", "ICE-ERO", fact.destination, at)
            state.tracking.held(when)
        case "repatriated" | "removed":
            state.custody_is("repatriated", None, None, fact.destination, at)
            state.tracking.left("departed", when)
        case "deceased":
            state.custody_is("deceased", None, None, fact.destination, at)
            state.tracking.left("deceased", when)
        case "runaway-closed":
            state.custody_is("closed-runaway", None, None, fact.destination, at)
            state.tracking.left("missing-reported", when)
        case "program-urm" | "law-enforcement":
            state.custody_is(fact.kind, None, None, fact.destination, at)
            state.tracking.left(None, when)
        case "other" | "unknown":
            state.custody_is("discharged-other", None, None, fact.destination, at)
            state.tracking.left(None, when)
        case _:
            assert_never(fact.kind)
    state.care.left("discharged-otherwise", when)


def returned(state: State, fact: ContiguousReturnExecuted, at: Entry) -> None:
    _departed(state, "contiguous-return-executed", fact.country, at)


def departure_verified(state: State, fact: DepartureVerified, at: Entry) -> None:
    _departed(state, "departure-verified", fact.country, at)


def _departed(state: State, by: str, country: str | None, at: Entry) -> None:
    state.custody_is("repatriated", None, None, country, at)
    state.tracking.left("departed", at.occurred_at)
    state.care.left(by, at.occurred_at)
