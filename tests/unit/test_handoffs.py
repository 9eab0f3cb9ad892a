"""Handoffs that are cancelled or declined: who may say so, what the child's state is then, and what becomes of T5.

Broken by hand to see these tests fail: the party asked for in H2, in the rules of obligation and in the matching; the
custody and the whereabouts restored; the handoff under way forgotten, or kept after the escort is gone.
"""

from datetime import datetime
from typing import Any, Final

import pytest

from ledger.agencies import Agency
from ledger.obligations.shipped import faults, shipped_rules
from projections.fold.regions import Custody
from tests.histories import ELM, record
from tests.steps import Step, accepted, encountered, march, on, ran_away, regions, released, started
from tests.unit.deciding import Sent, given, sent
from tests.unit.obliging import owed

WITH_CBP: Final = ("dhs-custody", "CBP", "CBP", "El Paso")


def command(one: Sent) -> Sent:
    return one.at_door("command")


def cancelled(day: int, handoff: str = "h", by: Agency = "CBP") -> Step:
    return on(day, "handoff-cancelled", by, handoff_id=handoff, reason="flight turned back")


def declined(day: int, handoff: str = "h", by: Agency = "ORR") -> Step:
    return on(day, "handoff-declined", by, handoff_id=handoff, reason="no bed")


def held(custody: Custody) -> tuple[str, str | None, str | None, str | None]:
    return custody.state, custody.legal_custodian, custody.physical_custodian, custody.place


# --- who may say so


@pytest.mark.parametrize(("name", "party", "other"), [("cancelled", "CBP", "ORR"), ("declined", "ORR", "CBP")])
@pytest.mark.parametrize("door", ["command", "feed", "import"])
def test_only_the_giving_agency_cancels_and_only_the_receiving_one_declines(
    name: str, party: Agency, other: Agency, door: str
) -> None:
    """By the handoff-started: a third agency, or the other party, is refused at every door (H2)."""
    here = given(sent("handoff-started"))
    here.when(sent(f"handoff-{name}", agency=party).at_door(door)).finds()
    here.when(sent(f"handoff-{name}", agency=other).at_door(door)).refused("H2", "fact.handoff_id")
    here.when(sent(f"handoff-{name}", agency="ICE-ERO").at_door(door)).refused("H2", "fact.handoff_id")
    unnamed = given(sent("handoff-started", from_agency="unknown", to_agency="unknown"))
    unnamed.when(sent(f"handoff-{name}", agency="ICE-ERO").at_door(door)).finds()


def test_a_correction_cannot_make_a_handoff_of_others_be_called_off() -> None:
    """What may not be sent may not be brought about by a correction either."""
    here = given(
        sent("handoff-started", agency="ORR", from_agency="ORR", handoff_id="h2"),
        sent("handoff-started"),
        sent("handoff-cancelled", agency="CBP"),
    )
    here.when(sent("correction-issued", agency="CBP", corrects=3, set={"handoff_id": "h2"})).refused(
        "H2", "fact.set.handoff_id"
    )
    here.when(sent("correction-issued", agency="CBP", corrects=3, set={"reason": "weather"})).finds()


def test_what_was_called_off_by_a_stranger_shows_once_the_start_is_recorded() -> None:
    """The start came late; the cancellation before it was nobody's to give (C17)."""
    late = sent("handoff-started")
    given(sent("handoff-cancelled", agency="ICE-ERO")).when(late).finds({"C17": "guard"})
    given(sent("handoff-declined", agency="CBP")).when(late).finds({"C17": "guard"})
    given(sent("handoff-cancelled", agency="CBP"), sent("handoff-declined", agency="ORR")).when(late).finds()


# --- what cannot be true beside it


def test_a_handoff_that_nobody_started_is_not_called_off_by_command() -> None:
    """Recorded with a finding by the feed, since the start may come late (C1)."""
    for name in ("handoff-cancelled", "handoff-declined"):
        given().when(command(sent(name))).refused("C1", "fact.handoff_id")
        given(sent("handoff-started", handoff_id="h2")).when(sent(name)).finds({"C1": "warn"})


def test_a_handoff_is_not_both_accepted_and_called_off() -> None:
    """Refused at the command door, and a guard finding at the feed, whichever is recorded first (C17)."""
    start, accept, cancel = sent("handoff-started"), sent("handoff-accepted"), sent("handoff-cancelled")
    decline = sent("handoff-declined", agency="ORR")
    given(start, accept).when(command(cancel)).refused("C17", "fact.handoff_id")
    given(start, accept).when(decline).finds({"C17": "guard"})
    given(start, decline).when(command(accept)).refused("C17", "fact.handoff_id")
    given(start, cancel).when(accept).finds({"C17": "guard"})


def test_a_child_who_comes_back_is_accepted_back_under_the_same_id() -> None:
    """The flight turned back, and its giver says so in both ways: nothing contradicts."""
    start, cancel = sent("handoff-started"), sent("handoff-cancelled")
    back = sent("handoff-accepted", receiving_agency="CBP")
    given(start, cancel).when(command(back)).finds()
    given(start, back).when(command(cancel)).finds()


def test_a_handoff_started_anew_has_an_id_of_its_own() -> None:
    """Otherwise nobody could tell which of the two was accepted (C17)."""
    called_off = given(sent("handoff-started", at="2022-03-04"), sent("handoff-cancelled", at="2022-03-05"))
    again = sent("handoff-started", at="2022-03-06")
    called_off.when(command(again)).refused("C17", "fact.handoff_id")
    called_off.when(again).finds({"C17": "guard"})
    called_off.when(sent("handoff-started", at="2022-03-06", handoff_id="h2")).finds()
    called_off.when(sent("handoff-started", at="2022-03-04", agency="ORR")).finds()  # told by the other party, too


def test_a_handoff_does_not_end_before_it_began() -> None:
    """Recorded, with a guard finding (G2), whichever comes in first."""
    given(sent("handoff-started", at="2022-03-06")).when(sent("handoff-cancelled", at="2022-03-05")).finds(
        {"G2": "guard"}
    )
    given(sent("handoff-cancelled", at="2022-03-05")).when(sent("handoff-started", at="2022-03-06")).finds(
        {"G2": "guard"}
    )


def test_a_handoff_is_called_off_after_the_child_died_or_left() -> None:
    """It closes a file; nobody need be here for it."""
    died = sent("discharged-otherwise", kind="deceased", at="2022-03-01")
    given(sent("handoff-started", at="2022-02-01"), died).when(sent("handoff-cancelled", at="2022-03-02")).finds()


# --- where the child is


def test_a_handoff_that_is_called_off_leaves_everything_as_before() -> None:
    """Custody, both custodians and the place, since the day it was called off."""
    for called_off in (cancelled(5), declined(5)):
        custody = regions(encountered(1), started(3), called_off).custody
        assert held(custody) == WITH_CBP
        assert custody.since == march(5)


def test_a_referral_is_still_a_referral_after_the_flight_turned_back() -> None:
    """As before that start, not as at the encounter."""
    referred = on(2, "placement-designated", program="Casa", level_of_care="shelter")
    assert held(regions(encountered(1), referred, started(3), cancelled(4)).custody) == ("designated", *WITH_CBP[1:])


def test_only_the_handoff_under_way_can_be_called_off() -> None:
    """Another one's id moves nothing, nor does an end that comes after the child arrived or ran away."""
    assert regions(encountered(1), started(3), cancelled(4, "other")).custody.state == "in-transit"
    arrived = regions(encountered(1), started(3), accepted(4, "ORR", "Casa"), cancelled(5)).custody
    assert held(arrived) == ("orr-custody", "ORR", "ORR", "Casa")
    lost = (accepted(2, "ORR", "Casa"), started(3, "ORR", "ORR"), ran_away(4), cancelled(5, by="ORR"))
    assert regions(encountered(1), *lost).custody.state == "absent"
    assert regions(encountered(1), cancelled(4)).custody.state == "dhs-custody"


def test_a_start_told_twice_is_one_start() -> None:
    """Giver and receiver both record it; what was before is what was before the first."""
    assert held(regions(encountered(1), started(3), started(3), cancelled(4)).custody) == WITH_CBP


def test_of_two_handoffs_under_way_the_later_ends_first() -> None:
    """The first goes on, and can be called off then."""
    second = on(4, "handoff-started", handoff_id="h2", from_agency="CBP", to_agency="ORR", from_facility="A",
                to_facility="B")  # fmt: skip
    first_goes_on = regions(encountered(1), started(3), second, cancelled(5, "h2")).custody
    assert held(first_goes_on) == ("in-transit", "CBP", "escort", None)
    both_off = regions(encountered(1), started(3), second, cancelled(5, "h2"), cancelled(6)).custody
    assert held(both_off) == WITH_CBP


def test_the_whereabouts_go_back_with_the_child() -> None:
    """Taken up from her sponsor, and left there after all: her address counts again."""
    taken_up = (released(2), started(3, "ICE-ERO", "ORR"))
    assert regions(*taken_up).whereabouts.state == "in-custody"
    left_there = regions(*taken_up, cancelled(4, by="ICE-ERO"))
    assert (left_there.whereabouts.state, left_there.whereabouts.residence) == ("reported", ELM)
    assert left_there.custody.physical_custodian == "sponsor"
    missing = regions(encountered(1), started(2), ran_away(3), cancelled(4))
    assert missing.whereabouts.state == "missing-reported"


def test_a_cancellation_that_is_voided_sends_the_child_on_her_way_again() -> None:
    """Like every fact, it counts only while it stands."""
    undone = ("entry-voided", "2022-03-06", {"voids": 3, "reason": "wrong child"})
    assert regions(encountered(1), started(3), cancelled(4), undone).custody.state == "in-transit"


# --- the duty to accept (T5), and every duty's party


GIVEN: Final[dict[str, Any]] = {
    "handoff_id": "h", "from_agency": "CBP", "from_facility": "A", "to_agency": "ORR", "to_facility": "B",
}  # fmt: skip
BEGUN: Final[Step] = ("handoff-started", "2022-03-04T08:00:00-05:00", GIVEN, "CBP")
ENDED: Final = {"handoff_id": "h", "reason": "weather"}
NIGHT: Final = "2022-03-04T22:00:00-05:00"


def duty(rule: str, *steps: Step, on: str | datetime = "2022-03-10T00:00:00Z") -> Any:
    (one,) = owed(record(*steps), rule, on=on)
    return one


def taken(by: Agency, producer: Agency, when: str = NIGHT, handoff: str = "h") -> Step:
    took = {"handoff_id": handoff, "receiving_agency": by, "receiving_facility": "B", "discrepancies": []}
    return "handoff-accepted", when, took, producer


def test_a_handoff_that_is_cancelled_leaves_nothing_to_accept() -> None:
    """T5 ends as withdrawn, by the giver's word alone; after it was due it had been missed."""
    off = duty("T5", BEGUN, ("handoff-cancelled", NIGHT, ENDED, "CBP"))
    assert (off.state, off.obliged, off.ended_by) == ("withdrawn", "ORR", 2)
    assert owed(record(BEGUN, ("handoff-cancelled", NIGHT, ENDED, "CBP")), "T5a") == []
    assert duty("T5", BEGUN, ("handoff-cancelled", NIGHT, ENDED, "ORR")).state == "missed"
    assert duty("T5", BEGUN, ("handoff-cancelled", NIGHT, {**ENDED, "handoff_id": "x"}, "CBP")).state == "missed"
    assert duty("T5", BEGUN, ("handoff-cancelled", "2022-03-06", ENDED, "CBP")).state == "missed"


def test_a_handoff_that_is_declined_passes_the_duty_back() -> None:
    """The receiver owes nothing more; the giver must take the child back, call it off, or start another one."""
    no: Step = ("handoff-declined", NIGHT, ENDED, "ORR")
    assert duty("T5", BEGUN, no).state == "withdrawn"
    assert duty("T5", BEGUN, (*no[:3], "CBP")).state == "missed"
    back = duty("T5a", BEGUN, no)
    assert (back.state, back.obliged, back.opened_by) == ("missed", "CBP", 2)
    morning = "2022-03-05T08:00:00-05:00"
    anew: Step = ("handoff-started", morning, {**GIVEN, "handoff_id": "h2"}, "CBP")
    for answer in (taken("CBP", "CBP", morning), ("handoff-cancelled", morning, ENDED, "CBP"), anew):
        assert duty("T5a", BEGUN, no, answer).state == "met", answer
    told_again: Step = ("handoff-started", "2022-03-04", GIVEN, "CBP")
    strangers = taken("CBP", "ICE-ERO", morning, "h9"), (*anew[:3], "ICE-ERO"), told_again
    for answer in strangers:
        assert duty("T5a", BEGUN, no, answer).state == "missed", answer
    assert duty("T5a", no).obliged == "unknown"


def test_a_giver_who_has_the_child_back_has_not_accepted_for_the_receiver() -> None:
    """T5 is ORR's: met by ORR's acceptance, as ORR records it, and by nobody else's."""
    assert duty("T5", BEGUN, taken("ORR", "ORR")).state == "met"
    for by, producer in (("CBP", "CBP"), ("ORR", "CBP"), ("CBP", "ORR"), ("ICE-ERO", "ICE-ERO")):
        assert duty("T5", BEGUN, taken(by, producer)).state == "missed", (by, producer)  # type: ignore[arg-type]


def test_a_duty_is_met_only_by_the_party_that_owes_it_or_is_owed_it() -> None:
    """A call by ICE is none by ORR, a good address from the court no work of ORR's, an answer for HSI not ORR's."""
    call = {"kind": "call", "attempt": 1, "mode": "live-call", "spoke_with": ["child"], "child_seen": False,
            "identity_checked": True}  # fmt: skip
    out: Step = ("released-to-sponsor", "2022-03-04", {"sponsor_category": "1", "address": {"city": "Houston"}})
    good = {"purpose": "residence", "address": ELM, "reported_via": "eoir-33"}
    late = "2022-05-01T00:00:00Z"
    for agency, state in (("ORR", "met"), ("ICE-ERO", "missed")):
        assert duty("D11", out, ("post-release-contact-recorded", "2022-03-05", call, agency), on=late).state == state
    assert duty("T4", out, ("address-reported", "2022-03-05", good, "ORR"), on=late).state == "met"
    assert duty("T4", out, ("address-reported", "2022-03-05", good, "EOIR"), on=late).state == "withdrawn"
    assert duty("T4", out, ("address-reported", "2022-03-20", good, "EOIR"), on=late).state == "missed"
    raised: Step = (
        "concern-raised", "2022-03-04T00:00:00Z",
        {"concern_id": "k", "kind": "x", "urgency": "urgent", "routed_to": ["ORR", "HSI"]}, "CBP",
    )  # fmt: skip
    for producer, states in (("ORR", ["met", "met"]), ("ICE-ERO", ["missed", "met"])):
        resolved: Step = ("concern-resolved", "2022-03-04T00:30:00Z", {"concern_id": "k", "outcome": "safe"}, producer)
        found = owed(record(raised, resolved), "T6", on="2022-03-05T00:00:00Z")
        assert [one.state for one in sorted(found, key=lambda one: one.obliged != "ORR")] == states


def test_a_child_whom_another_agency_served_needs_no_second_notice() -> None:
    """T2 is ICE's, and says so in its rule: whoever served, there is a Notice to Appear; only ICE says why not."""
    out: Step = ("released-to-sponsor", "2022-03-04", {"sponsor_category": "1", "address": ELM})
    served = {"nta_id": "n", "method": "mail", "served_on": ["child"]}
    late = "2022-09-01T00:00:00Z"
    for agency in ("CBP", "ICE-ERO", "ICE-OPLA", "USCIS"):
        assert duty("T2", ("nta-served", "2022-02-01", served, agency), out, on=late).state == "met"
    for agency in ("ICE-ERO", "ICE-OPLA"):
        reason: Step = ("nta-not-pursued", "2022-03-09", {"reason": "discretion"}, agency)
        assert duty("T2", out, reason, on=late).state == "met"


def test_a_rule_that_nobody_could_meet_is_refused() -> None:
    """A fact that neither party records, with nobody named for it, would make every such duty missed."""
    (t3,) = (one for one in shipped_rules() if one.id == "T3")
    (fault,) = faults([t3.model_copy(update={"obliged": "ORR"})])
    assert fault.endswith("nobody who may meet the duty records nta-filed; name some of ICE-OPLA")
    named = t3.met_by[0].model_copy(update={"by": ("ICE-OPLA",)})
    assert list(faults([t3.model_copy(update={"obliged": "ORR", "met_by": (named,)})])) == []
