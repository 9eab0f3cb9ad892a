"""Dates nobody can have meant, and exits that stand before their entries: remarked on at every door, refused at none.

Broken by hand to see these tests fail: the look at what is recorded taken out of `_birth`; the rule G7 asked of exits
alone, and of entries alone; the limit of age set to 100.
"""

from typing import Any

import pytest

from tests.unit.deciding import Sent, correction, given, sent

DOORS = ("command", "feed", "import")
WARNED = {"implausible-date": "warn"}
GUARDED = {"G7": "guard"}
MET = sent("child-encountered", at="2022-03-01")
ADMITTED = sent("admitted-to-program", at="2022-03-04")
ACCEPTED = sent("handoff-accepted", at="2022-03-02")


@pytest.mark.parametrize("door", DOORS)
@pytest.mark.parametrize(
    "claim",
    [
        sent("child-encountered", date_of_birth="2022-03-05"),
        sent("child-encountered", date_of_birth="2027-01-01"),
        sent("child-encountered", date_of_birth="1962-01-11"),
        sent("child-encountered", date_of_birth="2000-01-11"),
        sent("child-encountered", at="1922-01-11"),
        sent("particulars-asserted", date_of_birth="2027-01-01"),
        sent("particulars-asserted", date_of_birth="2023-01-01"),
        sent("particulars-asserted", date_of_birth="1922-01-01"),
        sent("particulars-asserted", date_of_birth="2027-01-01", at=None),
        sent("age-redetermined", date_of_birth="2022-06-01"),
        sent("address-reported", effective_from="1970-01-01T00:00:00Z"),
        sent("address-reported", effective_from="2199-12-31"),
        sent("absence-reported", last_seen_at="1900-01-01"),
        sent("absence-reported", last_seen_at="2022-03-08"),
        sent("pre-release-notice-given", planned_for="2122-03-04"),
        sent("pre-release-notice-given", planned_for="2021-03-04"),
        sent("nta-issued", hearing_at="2199-01-01T09:00:00Z"),
        sent("nta-issued", hearing_at="2021-01-01T09:00:00Z"),
        sent("nta-not-pursued", review_on="2190-01-01"),
    ],
)
def test_a_date_nobody_can_have_meant_is_remarked_on_at_every_door(claim: Sent, door: str) -> None:
    """A typed year, a field mixed up, the first and last days of clocks and calendars."""
    decided = given(sent("referred-to-orr", at="2022-03-04")).when(claim.at_door(door)).outcome
    assert "implausible-date" in {finding.code for finding in decided if finding.level == "warn"}, decided  # type: ignore[union-attr]


@pytest.mark.parametrize(
    "claim",
    [
        sent("child-encountered", date_of_birth="2022-03-04"),
        sent("child-encountered", date_of_birth="2004-03-05"),
        sent("child-encountered", date_of_birth="2002-01-01"),
        sent("particulars-asserted", date_of_birth="1988-01-01", at="2005-01-01"),
        sent("address-reported", effective_from="2022-04-01"),
        sent("pre-release-notice-given", planned_for="2022-03-04"),
        sent("nta-issued", hearing_at="2032-01-01T09:00:00Z"),
        sent("child-encountered", at="2003-03-01"),
    ],
)
def test_an_odd_date_that_can_be_true_is_not_remarked_on(claim: Sent) -> None:
    """A newborn, an age in dispute, a hearing ten years away."""
    given().when(claim).finds()


@pytest.mark.parametrize("born", ["2022-03-03", "1962-01-11", "2000-03-01"])
def test_a_birth_is_held_beside_all_that_is_recorded_whichever_came_first(born: str) -> None:
    """Born after she was met, or sixty when met: the assertion says so, or else the later fact does."""
    asserted = sent("particulars-asserted", date_of_birth=born, at=None)
    unknown_time = {"occurred-at-unknown": "warn"}
    given(MET).when(asserted).finds(WARNED | unknown_time)
    given(asserted).when(MET).finds(WARNED)
    given(asserted).when(sent("referred-to-orr", at="2022-03-01")).finds(WARNED)


def test_a_date_before_the_birth_is_remarked_on_in_every_fact() -> None:
    """Its time, and each member that is one."""
    born = sent("particulars-asserted", date_of_birth="2010-06-01", at="2021-01-01")
    given(born).when(sent("referral-cancelled", at="2009-01-01")).finds(WARNED)
    given(born).when(sent("address-reported", effective_from="2009-01-01")).finds(WARNED)
    given(born).when(sent("address-reported", effective_from="2021-01-01")).finds()


def test_a_correction_to_a_date_nobody_can_have_meant_is_remarked_on() -> None:
    """So is none that cures one."""
    wrong = sent("child-encountered", date_of_birth="2023-01-01", at="2022-03-01")
    given(MET).when(correction(1, date_of_birth="2023-01-01")).finds(WARNED)
    given(MET).when(correction(1, occurred_at="1922-03-01")).finds(WARNED)
    given(wrong).when(correction(1, date_of_birth="2010-01-01")).finds()


def codes(*before: Sent, when: Sent) -> set[str]:
    outcome: Any = given(*before).when(when).outcome
    assert isinstance(outcome, tuple), outcome
    return {finding.code for finding in outcome if finding.level == "guard"}


EXITS = [
    sent("released-to-sponsor", at="2014-12-01"),
    sent("discharged-otherwise", at="2014-12-01"),
    sent("discharged-otherwise", kind="age-out", at="2014-12-01"),
]
ENTRIES = [
    sent("admitted-to-program", at="2015-01-01"),
    sent("child-encountered", at="2015-01-01"),
    sent("referred-to-orr", at="2015-01-01"),
    sent("handoff-accepted", at="2015-01-01"),
    sent("network-transfer-completed", at="2015-01-01"),
]


@pytest.mark.parametrize("door", ["feed", "import"])
@pytest.mark.parametrize("left", EXITS)
@pytest.mark.parametrize("came", ENTRIES)
def test_an_exit_before_its_entry_is_an_open_question_whichever_is_recorded_first(
    left: Sent, came: Sent, door: str
) -> None:
    """Released in December, admitted in January: one of the dates is wrong, and figures say so (G7)."""
    assert "G7" in codes(came, when=left.at_door(door))
    assert "G7" in codes(left, when=came.at_door(door))


@pytest.mark.parametrize("left", EXITS)
def test_an_admission_after_an_exit_needs_a_return(left: Sent) -> None:
    """Nothing in between: G7, whichever of the three is recorded last; with a new encounter: nothing."""
    first, again = sent("admitted-to-program", at="2014-10-01"), sent("admitted-to-program", at="2015-03-01")
    back = sent("child-encountered", at="2015-02-01", agency="CBP")
    assert "G7" in codes(first, left, when=again)
    assert "G7" in codes(first, again, when=left)
    assert "G7" not in codes(first, left, back, when=again)
    assert "G7" not in codes(first, back, again, when=left)
    assert "G7" not in codes(first, left, when=back)


def test_what_may_lie_the_right_way_round_is_no_contradiction() -> None:
    """The same day, an unknown time, a death (C15 speaks of that), and a stay in order."""
    day = sent("released-to-sponsor", at="2022-03-04")
    assert "G7" not in codes(ADMITTED, when=day)
    assert "G7" not in codes(sent("admitted-to-program", at=None), when=day)
    assert "G7" not in codes(ADMITTED, when=sent("released-to-sponsor", at=None))
    assert "G7" not in codes(ADMITTED, when=sent("released-to-sponsor", at="2022-04-01"))
    assert "G7" not in codes(sent("released-to-sponsor", at="2022-04-01"), when=ADMITTED)


def test_a_correction_that_turns_exit_and_entry_round_is_an_open_question() -> None:
    """The new date is judged like one that was sent; the one that cures it gives none."""
    stay = (ADMITTED, sent("released-to-sponsor", at="2022-04-01"))
    given(*stay).when(correction(2, "ORR", occurred_at="2022-03-01")).finds(GUARDED)
    turned = (ADMITTED, sent("released-to-sponsor", at="2022-03-01"))
    given(*turned).when(correction(2, "ORR", occurred_at="2022-04-01")).finds()
