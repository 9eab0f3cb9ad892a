"""C1-C16: what counts as having come before, and what does not; custody, departure, death and age."""

import pytest

from tests.unit.deciding import Sent, given, sent

IN_CARE = (sent("handoff-started"), sent("handoff-accepted"), sent("admitted-to-program"))
READY = (*IN_CARE, sent("release-decided"))


def command(claim: Sent) -> Sent:
    return claim.at_door("command")


def voided(position: int, agency: str = "ORR") -> Sent:
    return sent("entry-voided", agency=agency, voids=position)  # type: ignore[arg-type]


def test_the_order_of_recording_counts_and_not_the_times_claimed() -> None:
    """A start recorded late, with a later time than the acceptance, still is a start; that the times clash is G2."""
    record = given(sent("handoff-started", at="2022-03-04"))
    record.when(command(sent("handoff-accepted", at="2022-03-01"))).finds({"G2": "guard"})


def test_what_was_voided_did_not_come_before() -> None:
    """A voided start starts nothing, until the void is itself voided."""
    started, accepted = sent("handoff-started"), command(sent("handoff-accepted"))
    given(started, voided(1, "CBP")).when(accepted).refused("C1", "fact.handoff_id")
    given(started, voided(1, "CBP"), voided(2, "CBP")).when(accepted).finds()


def test_a_correction_can_be_what_a_later_fact_was_waiting_for() -> None:
    """Once the handoff's id is corrected, its acceptance has its start."""
    record = given(
        sent("handoff-started", handoff_id="h9"),
        sent("correction-issued", agency="CBP", corrects=1, set={"handoff_id": "h1"}),
    )
    record.when(command(sent("handoff-accepted"))).finds()


def test_a_refusal_says_what_is_missing_and_what_to_do() -> None:
    """The one who was refused can act on it without a manual."""
    refusal = given().when(command(sent("placement-designated"))).refused("C2")
    assert refusal.message == (
        "no referred-to-orr is recorded; nothing was recorded; "
        "record first what is missing, or correct what contradicts it; the feed door records it with a finding"
    )


@pytest.mark.parametrize("agency", ["CBP", "ICE-ERO"])
def test_only_orr_accepting_the_child_lets_a_program_admit_her(agency: str) -> None:
    """A handoff between DHS agencies brings nobody into ORR's custody (C3)."""
    record = given(sent("handoff-started"), sent("handoff-accepted", receiving_agency=agency))
    record.when(command(sent("admitted-to-program"))).refused("C3")


@pytest.mark.parametrize(
    ("before", "missing"),
    [
        ((), "custody, and no release-decided"),
        ((sent("release-decided"),), "nothing recorded brought the child into ORR's custody"),
        ((*IN_CARE, sent("release-decided", decision="deny")), "no release-decided with an approval"),
    ],
)
def test_one_finding_names_all_that_a_release_lacks(before: tuple[Sent, ...], missing: str) -> None:
    """A release with nothing before it is one open item that says everything, not three (C5)."""
    decided = given(*before).when(sent("released-to-sponsor")).finds({"C5": "warn"})
    assert missing in decided.message_of("C5")


@pytest.mark.parametrize(
    "custody",
    [
        (sent("admitted-to-program"),),
        (sent("handoff-accepted"),),
        (sent("network-transfer-completed"),),
        (sent("emergency-transfer-made"),),
    ],
)
def test_whatever_brings_a_child_into_orrs_custody_lets_orr_release_her(custody: tuple[Sent, ...]) -> None:
    """An imported admission is custody, as the table of regions has it."""
    given(*custody, sent("release-decided", decision="approve-with-prs")).when(sent("released-to-sponsor")).finds()


def test_an_address_must_be_said_even_if_it_is_blank() -> None:
    """`{}` says that there is none; leaving the member out says nothing and is refused (C5, H0)."""
    given(*READY).when(sent("released-to-sponsor", address={})).finds({"W3": "warn"})
    given(*READY).when(sent("released-to-sponsor", without=("address",))).refused("H0", "fact.address")


def test_filing_before_service_is_recorded_with_a_warning_at_every_door() -> None:
    """Filed and never served is how a child gets a case she was not told of; it happens, and it is said (C7)."""
    for door in ("command", "feed", "import"):
        given(sent("nta-issued"), sent("nta-served", nta_id="n2")).when(sent("nta-filed").at_door(door)).finds(
            {"C7": "warn"}
        )


def test_a_filing_counts_for_the_case_it_names_or_was_docketed_under() -> None:
    """A hearing needs its own case filed; a filing whose case nobody knows yet may be it (C8)."""
    hearing = command(sent("hearing-scheduled"))
    unnamed = sent("nta-filed", without=("court_case",))
    given(unnamed).when(hearing).finds()
    given(unnamed, sent("nta-docketed")).when(hearing).finds()
    given(unnamed, sent("nta-docketed", court_case="c2")).when(hearing).refused("C8", "fact.court_case")
    given(sent("nta-docketed")).when(hearing).refused("C8", "fact.court_case")


def test_an_order_in_presence_needs_no_failure_to_appear() -> None:
    """C10 is about orders in absentia alone; where it is unknown, nothing is held against the court."""
    for in_absentia in (False, "unknown"):
        given().when(command(sent("order-entered", in_absentia=in_absentia))).finds()


@pytest.mark.parametrize("name", ["motion-filed", "motion-decided"])
def test_other_motions_need_no_order(name: str) -> None:
    """Only motions to reopen or rescind presuppose an order in the case (C11)."""
    given().when(command(sent(name, motion_code="CV"))).finds()
    given().when(command(sent(name, motion_code="O"))).refused("C11", "fact.court_case")


def test_an_age_out_is_judged_by_the_date_of_birth_in_force() -> None:
    """On the 18th birthday itself ICE may consider it; the day before, the child is a child (C13)."""
    born = sent("particulars-asserted", date_of_birth="2004-03-04", at="2021-01-01")
    given(born).when(command(sent("age-out-considered", at="2022-03-04"))).finds()
    given(born).when(command(sent("age-out-considered", at="2022-03-03"))).refused("C13")
    given().when(command(sent("age-out-considered", at="2022-03-03"))).finds()
    given(born).when(command(sent("age-out-considered", at=None))).finds({"occurred-at-unknown": "warn"})


def test_the_date_of_birth_in_force_is_the_last_asserted_as_things_happened() -> None:
    """A redetermination of 2022 outlasts a first claim of 2021 that reached the ledger after it."""
    redetermined = sent("age-redetermined", date_of_birth="2003-01-01", is_adult=True, at="2022-02-01")
    claimed = sent("particulars-asserted", date_of_birth="2005-01-01", at="2021-01-01")
    given(redetermined, claimed).when(command(sent("age-out-considered"))).finds()
    given(claimed, redetermined).when(command(sent("age-out-considered"))).finds()
    given(redetermined, voided(1), claimed).when(command(sent("age-out-considered"))).refused("C13")


def test_one_born_on_29_february_turns_18_on_1_march() -> None:
    """2022 has no 29 February; the child is a child until the day after the 28th."""
    born = sent("particulars-asserted", date_of_birth="2004-02-29", at="2021-01-01")
    given(born).when(command(sent("age-out-considered", at="2022-02-28"))).refused("C13")
    given(born).when(command(sent("age-out-considered", at="2022-03-01"))).finds()


def test_a_day_of_age_is_a_day_of_the_civil_zone() -> None:
    """Half past eight in the evening of 3 March in New York is not yet the birthday, whatever day UTC has."""
    born = sent("particulars-asserted", date_of_birth="2004-03-04", at="2021-01-01")
    given(born).when(command(sent("age-out-considered", at="2022-03-04T01:30:00Z"))).refused("C13")


DEPARTED = sent("departure-verified", at="2022-03-04")


@pytest.mark.parametrize(
    "present",
    [
        sent("hearing-held", at="2022-05-01"),
        sent("nta-served", at="2022-05-01"),
        sent("referred-to-orr", at="2022-05-01"),
    ],
    ids=lambda claim: str(claim.wire),
)
def test_who_has_left_is_not_here_unless_met_anew(present: Sent) -> None:
    """Presence after a verified departure contradicts it, until an encounter explains it (C14)."""
    before = (sent("hearing-scheduled"), sent("nta-issued"), sent("handoff-started"), sent("handoff-accepted"))
    given(*before, DEPARTED).when(command(present)).refused("C14")
    given(*before, DEPARTED, sent("child-encountered", at="2022-04-01")).when(command(present)).finds()
    for at in ("2022-03-01", "2022-06-01"):
        given(*before, DEPARTED, sent("child-encountered", at=at)).when(command(present)).refused("C14")


def test_late_truth_about_the_time_before_a_departure_is_no_contradiction() -> None:
    """What happened on the day of departure or before may arrive after it."""
    for at in ("2022-03-03", "2022-03-04", "2022-03-04T23:00:00-05:00"):
        given(DEPARTED).when(command(sent("referred-to-orr", at=at))).finds()
    given(DEPARTED).when(command(sent("referred-to-orr", at=None))).finds({"occurred-at-unknown": "warn"})


def test_what_goes_on_without_the_child_is_no_presence() -> None:
    """A hearing held without her, service by mail or a call to the sponsor say nothing against her departure."""
    before = (sent("hearing-scheduled"), sent("nta-issued"), sent("released-to-sponsor", at="2022-01-01"), DEPARTED)
    given(*before).when(command(sent("hearing-held", at="2022-05-01", appearance="absent"))).finds()
    given(*before).when(command(sent("nta-served", at="2022-05-01", method="counsel"))).finds()
    given(*before).when(command(sent("nta-served", at="2022-05-01", served_on=["counsel"]))).finds()
    given(*before).when(command(sent("post-release-contact-recorded", at="2022-05-01"))).finds()
    seen = sent("post-release-contact-recorded", at="2022-05-01", child_seen=True)
    given(*before).when(command(seen)).finds({"C14": "guard"})


def test_a_departure_that_later_facts_contradict_is_recorded_and_remarked_on() -> None:
    """The departure may be the truth and the rest the error; no door turns it away (C14)."""
    seen = sent("referred-to-orr", at="2022-05-01")
    for door in ("command", "feed"):
        given(seen).when(DEPARTED.at_door(door)).finds({"C14": "guard"})
    given(sent("child-encountered", at="2022-04-01"), seen).when(DEPARTED).finds()


DIED = sent("discharged-otherwise", kind="deceased", at="2022-03-04")


@pytest.mark.parametrize(
    "name",
    ["order-entered", "hearing-cancelled", "mail-returned", "discharge-notified", "concern-resolved", "motion-filed"],
)
def test_files_are_closed_after_a_death_without_remark(name: str) -> None:
    """Corrections, notices and closings go on after a child has died (C15)."""
    given(DIED).when(command(sent(name, at="2022-05-01"))).finds()


def test_a_death_that_later_facts_contradict_is_recorded_and_remarked_on() -> None:
    """Word of a death is never turned away for what was recorded of a later time (C15)."""
    for door in ("command", "feed"):
        given(sent("referred-to-orr", at="2022-05-01")).when(DIED.at_door(door)).finds({"C15": "guard"})
    given(sent("referred-to-orr", at="2022-03-01")).when(DIED).finds()
    given(sent("order-entered", at="2022-05-01")).when(DIED).finds()


def test_other_discharges_are_no_death() -> None:
    """Life goes on after a discharge to a program."""
    record = given(sent("admitted-to-program", at="2022-01-04"), sent("discharged-otherwise"))
    record.when(command(sent("referred-to-orr", at="2022-05-01"))).finds()


ENCOUNTER = sent("child-encountered", at="2022-05-01")


@pytest.mark.parametrize(
    "ended",
    [
        sent("released-to-sponsor", at="2022-04-01"),
        sent("discharged-otherwise", kind="age-out", at="2022-04-01"),
        sent("absence-reported", at="2022-04-01"),
        sent("handoff-accepted", handoff_id="h2", receiving_agency="CBP", at="2022-04-01"),
    ],
    ids=lambda claim: str(claim.wire),
)
def test_an_encounter_is_no_second_custodian_once_custody_ended(ended: Sent) -> None:
    """A child met again after release, discharge, flight or handover is met in nobody else's custody (C16)."""
    given(*IN_CARE, ended).when(command(ENCOUNTER)).finds()
    attempted = sent("absence-reported", kind="attempted", at="2022-04-01")
    given(*IN_CARE, attempted).when(command(ENCOUNTER)).refused("C16")
    given(*IN_CARE, sent("absence-reported", at="2022-04-01"), sent("absence-resolved", at="2022-04-02")).when(
        command(ENCOUNTER)
    ).refused("C16")


def test_custody_is_told_as_of_the_time_of_the_claim() -> None:
    """An encounter that came before the admission contradicts nothing, however late it is recorded."""
    given(*IN_CARE).when(command(sent("child-encountered", at="2022-03-01"))).finds()


@pytest.mark.parametrize("at", ["2022-03-04", "2022-03-04T23:00:00-05:00"])
def test_what_may_have_happened_in_either_order_on_one_day_contradicts_nothing(at: str) -> None:
    """Met, accepted and admitted `on the 4th`, recorded in any order, are one story told by the day (C16)."""
    given(*IN_CARE).when(command(sent("child-encountered", at=at))).finds()
    given(*IN_CARE).when(command(sent("handoff-started", at=at, handoff_id="h2"))).finds()
    released = sent("released-to-sponsor", at="2022-05-01")
    given(*IN_CARE, released).when(command(sent("child-encountered", at="2022-05-01T09:00:00-05:00"))).finds()


def test_a_start_recorded_late_is_not_contradicted_by_its_own_acceptance() -> None:
    """That ORR has the child is just what this handoff brought about (C16)."""
    accepted = sent("handoff-accepted", at="2022-03-04T15:00:00-05:00")
    given(accepted).when(command(sent("handoff-started", at="2022-03-04T16:00:00-05:00"))).finds({"G2": "guard"})
    again = sent("handoff-started", at="2022-03-04T16:00:00-05:00", handoff_id="h2")
    given(accepted).when(command(again)).refused("C16")


def test_nobody_hands_over_a_child_whom_another_agency_has() -> None:
    """The releasing agency is the one with custody; an unknown one is not held against anybody (C16)."""
    met = sent("child-encountered", agency="ICE-ERO", at="2022-03-01")
    given(met).when(command(sent("handoff-started"))).refused("C16")
    given(met).when(command(sent("handoff-started", from_agency="ICE-ERO"))).finds()
    given(met).when(command(sent("handoff-started", from_agency="unknown"))).finds()
    given().when(command(sent("handoff-started"))).finds()
    given(sent("child-encountered", agency="ICE-ERO", at=None)).when(command(sent("handoff-started"))).refused("C16")


def test_orr_has_no_child_whom_cbp_met_again_and_never_handed_over() -> None:
    """An old handoff explains an old admission, not one after a new encounter (C16)."""
    again = (*IN_CARE, sent("released-to-sponsor", at="2022-04-01"), ENCOUNTER)
    for name in ("admitted-to-program", "network-transfer-completed", "emergency-transfer-made", "released-to-sponsor"):
        claim = sent(name, at="2022-06-01")
        ready = (*again, sent("release-decided"))
        given(*ready).when(command(claim)).refused("C16")
        given(*ready, sent("handoff-accepted", at="2022-05-02")).when(claim).finds()


def test_custody_that_nothing_explains_is_said_once() -> None:
    """Where C3 or C5 says that no handoff to ORR is recorded, C16 does not say it again."""
    given(ENCOUNTER).when(sent("admitted-to-program", at="2022-06-01")).finds({"C3": "warn"})
    before = (sent("admitted-to-program"), sent("released-to-sponsor", at="2022-04-01"), ENCOUNTER)
    given(*before).when(sent("admitted-to-program", at="2022-06-01")).finds({"C3": "warn"})
    given(ENCOUNTER, sent("release-decided")).when(sent("released-to-sponsor", at="2022-06-01")).finds({"C5": "warn"})


def test_a_handoff_recorded_with_a_somewhat_later_time_explains_the_admission() -> None:
    """The admission at ten and the acceptance at three of the same day are one arrival, not two custodians."""
    met = sent("child-encountered", at="2022-03-01")
    accepted = sent("handoff-accepted", at="2022-03-04T15:00:00-05:00")
    given(met, accepted).when(command(sent("admitted-to-program", at="2022-03-04T10:00:00-05:00"))).finds()
