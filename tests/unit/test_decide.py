"""What holds for every submission: authority, version, the future, safety, several records of one person."""

from datetime import UTC, datetime
from typing import get_args

import pytest

from ledger.agencies import PRODUCERS
from ledger.facts import CURRENT, AnyFact, Fact, short_name
from ledger.facts.questions import SAFETY_FACTS
from ledger.intake.submission import Refusal
from ledger.rules.decide import Surroundings
from tests.unit.deciding import MEMBERS, OTHER, Sent, entry_of, given, sent


def _wire(fact: type[Fact]) -> str:
    return fact.wire


def test_every_fact_has_a_sample_here() -> None:
    """The tests below speak of every fact there is, so a new one cannot stay untested."""
    assert set(MEMBERS) == {short_name(fact.wire) for fact in get_args(AnyFact)}


@pytest.mark.parametrize("fact", CURRENT, ids=_wire)
def test_only_its_producers_may_record_a_fact(fact: type[Fact]) -> None:
    """Only EOIR records hearings, only ORR releases, only DHS Notices to Appear (H2), at every door."""
    name = short_name(fact.wire)
    around = Surroundings(named=OTHER) if name == "identity-merged" else Surroundings()
    around = Surroundings(named=OTHER, merged_directly=frozenset({OTHER})) if name == "identity-unmerged" else around
    record = given(sent("referral-cancelled", agency="ORR"), findings={1: ("C3",)})
    for agency in PRODUCERS:
        for door in ("command", "feed", "import"):
            decided = record.when(sent(name, agency=agency).at_door(door), around=around)
            allowed = agency in fact.producers
            outcome = decided.outcome
            refused_by_h2 = isinstance(outcome, Refusal) and (outcome.code, outcome.member) == ("H2", "type")
            assert refused_by_h2 is not allowed, (agency, door, decided)


def test_a_decision_made_on_an_older_version_is_refused() -> None:
    """Whoever decided on version 1 does not overwrite what version 2 said; they are told to read again (H1)."""
    record = given(sent("child-encountered"), sent("particulars-asserted"))
    moved = record.when(sent("referred-to-orr", envelope={"door": "command", "expected_version": 1}))
    assert "version 2" in moved.refused("H1", "expected_version").message
    record.when(sent("referred-to-orr", envelope={"door": "command", "expected_version": 2})).finds()
    given().when(sent("referred-to-orr", envelope={"door": "command", "expected_version": 0})).finds()
    given().when(sent("referred-to-orr", envelope={"door": "command", "expected_version": 2**63 - 1})).refused(
        "H1", "expected_version"
    )


@pytest.mark.parametrize("door", ["feed", "import"])
def test_an_expected_version_belongs_to_the_command_door(door: str) -> None:
    """A feed of late truth has seen no version; one that claims to is not of the form of the contract."""
    claim = sent("referred-to-orr", envelope={"door": door, "expected_version": 0})
    given().when(claim).refused("H0", "expected_version")


def test_nothing_happens_in_the_future_but_clocks_may_differ_by_five_minutes() -> None:
    """A sender's clock may run a little ahead; what lies further ahead has not happened (H5)."""
    at = datetime(2026, 6, 2, 12, tzinfo=UTC)
    record = given()
    record.when(sent("referred-to-orr", at="2026-06-02T12:05:00Z"), recorded_at=at).finds()
    record.when(sent("referred-to-orr", at="2026-06-02T12:05:00.000001Z"), recorded_at=at).refused("H5", "occurred_at")


def test_a_day_is_in_the_future_only_before_it_begins_in_the_civil_zone() -> None:
    """`2026-06-02` may be said from the first minute of that day in New York on, not by UTC's midnight."""
    record = given()
    day = sent("referred-to-orr", at="2026-06-02")
    record.when(day, recorded_at=datetime(2026, 6, 2, 3, 54, tzinfo=UTC)).refused("H5", "occurred_at")
    record.when(day, recorded_at=datetime(2026, 6, 2, 3, 55, tzinfo=UTC)).finds()
    record.when(sent("referred-to-orr", at="2026-06-03"), recorded_at=datetime(2026, 6, 2, 12, tzinfo=UTC)).refused(
        "H5", "occurred_at"
    )


def test_nobody_knew_or_told_anything_in_the_future() -> None:
    """Neither `known_since` nor a notice's `given_at` may lie ahead: both would be knowledge before its time (H5)."""
    record = given(sent("referred-to-orr"))
    record.when(sent("placement-designated", envelope={"known_since": "2031-01-01"})).refused("H5", "known_since")
    record.when(sent("notice-given", agency="CBP", given_at="2031-01-01")).refused("H5", "fact.given_at")


def test_what_is_scheduled_may_lie_in_the_future() -> None:
    """Hearings, planned releases and reviews are about days to come; that is no claim that they happened."""
    filed = given(sent("nta-filed"))
    filed.when(sent("hearing-scheduled", scheduled_for="2031-01-01")).finds()
    given().when(sent("pre-release-notice-given", planned_for="2031-01-01")).finds()
    given().when(sent("nta-issued", hearing_at="2031-01-01")).finds()
    given().when(sent("nta-not-pursued", review_on="2031-01-01")).finds()
    given(sent("hearing-scheduled")).when(sent("hearing-held", next_hearing_at="2031-01-01")).finds()
    given().when(sent("hearing-notice-served", for_time="2031-01-01")).finds()


@pytest.mark.parametrize("door", ["command", "feed", "import"])
@pytest.mark.parametrize("fact", sorted(SAFETY_FACTS, key=str), ids=_wire)
def test_a_safety_fact_is_recorded_whatever_its_order_or_time(fact: type[Fact], door: str) -> None:
    """Word of a missing or harmed child is never turned away because something else is missing or odd."""
    name = short_name(fact.wire)
    record = given(
        sent("departure-verified", at="2022-01-01"), sent("discharged-otherwise", kind="deceased", at="2022-01-02")
    )
    for at, envelope in (("2031-01-01", {}), (None, {}), ("2022-05-01", {"known_since": "2031-01-01"})):
        decided = record.when(sent(name, at=at, envelope={"door": door, **envelope}))
        assert isinstance(decided.outcome, tuple), decided
        levels = {finding.code: finding.level for finding in decided.outcome}
        assert levels.get("H5", "guard") == "guard"
        assert ("H5" in levels) is (at == "2031-01-01" or bool(envelope))


def test_a_safety_fact_meets_the_rules_of_authority_all_the_same() -> None:
    """H1 and H2 hold for safety facts too: who says it, and on which version, is never waived."""
    given().when(sent("absence-reported", agency="EOIR")).refused("H2", "type")
    moved = sent("absence-reported", envelope={"door": "command", "expected_version": 4})
    given().when(moved).refused("H1", "expected_version")


def test_a_record_is_opened_quietly_by_the_facts_that_open_records() -> None:
    """Encounters, particulars, identifiers and referrals begin a record; anything else beginning one is remarked on."""
    opening = Surroundings(opens_record=True)
    for name in ("child-encountered", "particulars-asserted", "identifier-asserted", "referred-to-orr"):
        given().when(sent(name), around=opening).finds()
    given().when(sent("uc-determination-made"), around=opening).finds({"record-opened": "warn"})


def test_a_doubled_row_is_remarked_on_only_where_it_opens_its_record() -> None:
    """`1905#2` is said once a record, where a reader of the list of findings meets it."""
    doubled = {"child": [{"scheme": "hhs-release-row", "value": "1905#2"}]}
    given().when(sent("particulars-asserted", envelope=doubled)).finds()
    for scheme, value in (("fin", "1905#2"), ("hhs-release-row", "1905")):
        other = {"child": [{"scheme": scheme, "value": value}]}
        given().when(sent("particulars-asserted", envelope=other), around=Surroundings(opens_record=True)).finds()


def test_a_missing_code_is_named_by_its_member_and_never_by_a_value() -> None:
    """The work list says which member the source had no code for."""
    source = {
        "document": "f",
        "reference": "1",
        "grade": "document",
        "codes": {"sponsor_category": "", "sponsor_id": "7"},
    }
    decided = given().when(sent("sponsor-application-received", envelope={"source": source}))
    assert decided.message_of("code-missing").endswith(": sponsor_category")


def test_records_that_are_one_person_are_judged_as_one() -> None:
    """What stands in a merged record counts: an admission there explains a release here."""
    here = given(*(sent(name) for name in ("handoff-started", "handoff-accepted")))
    others = tuple(
        entry_of(sent(name), position, child=OTHER, version=1)
        for position, name in ((10, "admitted-to-program"), (11, "release-decided"))
    )
    alone = {"door": "command", "expected_version": 2}
    here.when(sent("released-to-sponsor")).finds({"C5": "warn"})
    around = Surroundings(group=frozenset({OTHER}), others=others)
    here.when(sent("released-to-sponsor", envelope=alone), around=around).finds()


def test_an_earlier_version_of_a_fact_is_judged_like_the_current_one() -> None:
    """A sender that still writes version 1 meets the same rules."""
    fact = {"piece": "NTA", "reason": "moved", "address_position": 9}
    old = Sent("custody.mail-returned.v1", "EOIR", {**sent("mail-returned").data, "fact": fact})
    given(sent("nta-issued")).when(old).finds({"reference-unknown": "guard"})
