"""A notice fits the hearing it announces, or a failure to appear and an order in absentia rest on nothing (G1).

Broken by hand to see these tests fail: each condition of `_fault_of`, one at a time; the last scheduling taken for the
first; the look back of what comes in after the failure.
"""

from typing import Any, Final

import pytest

from tests.histories import record
from tests.steps import Step
from tests.unit.deciding import Sent, given, sent
from tests.unit.obliging import owed

NINE: Final = "2022-06-20T09:00:00-05:00"
EARLIER: Final = "2022-06-13T09:00:00-05:00"
SET: Final = sent("hearing-scheduled", at="2022-05-01", scheduled_for=NINE)
MOVED: Final = sent("hearing-scheduled", at="2022-05-10", scheduled_for=EARLIER)
G1: Final = {"G1": "guard"}


def command(one: Sent) -> Sent:
    return one.at_door("command")


def notice(at: str | None = "2022-05-02", **members: Any) -> Sent:
    return sent("hearing-notice-served", at=at, **{"for_time": NINE, **members})


def missed(at: str = NINE, **members: Any) -> Sent:
    return sent("failure-to-appear-recorded", at=at, **members)


def ordered(**members: Any) -> Sent:
    return sent("order-entered", at="2022-06-21", **{"in_absentia": True, "decision": "removed", **members})


def test_a_notice_of_the_time_the_hearing_was_moved_from_is_none() -> None:
    """Set for the 20th, told of that, moved to the 13th: neither failure nor order in absentia stands on it."""
    moved = given(SET, notice(), MOVED)
    decided = moved.when(missed(EARLIER))
    decided.finds(G1)
    assert "another time than the hearing was set for" in decided.message_of("G1")
    given(SET, notice(), MOVED, missed(EARLIER)).when(ordered()).finds(G1)
    again = given(SET, notice(), MOVED, notice("2022-05-11", notice_id="v2", for_time=EARLIER))
    again.when(missed(EARLIER)).finds()
    given(SET, notice(), MOVED, notice("2022-05-11", notice_id="v2", for_time=EARLIER), missed(EARLIER)).when(
        ordered()
    ).finds()


def test_a_failure_before_the_day_of_the_notice_shows_that_the_hearing_was_moved() -> None:
    """Nobody recorded the move; the child was told of a later day all the same."""
    decided = given(SET, notice()).when(missed(EARLIER))
    decided.finds(G1)
    assert "a later day" in decided.message_of("G1")
    given(SET, notice()).when(missed("2022-06-20")).finds()


def test_a_hearing_that_was_postponed_needs_a_notice_of_its_new_time() -> None:
    """Moved to a later day, too; a move after the failure is of the next hearing."""
    later = sent("hearing-scheduled", at="2022-05-10", scheduled_for="2022-07-01T09:00:00-05:00")
    given(SET, notice(), later).when(missed("2022-07-01T09:00:00-05:00")).finds(G1)
    next_one = sent("hearing-scheduled", at="2022-06-21", scheduled_for="2022-07-01T09:00:00-05:00")
    given(SET, notice(), next_one).when(missed()).finds()


def test_a_day_without_a_time_agrees_with_its_instants() -> None:
    """A notice that gives the day only fits any hour of it; the day after, none."""
    given(SET, notice(for_time="2022-06-20")).when(missed()).finds()
    given(SET, notice(for_time="2022-06-21")).when(missed()).finds(G1)
    given(SET, notice(for_time="2022-06-20T10:00:00-04:00")).when(missed()).finds()  # the same instant
    given(SET, notice(for_time="2022-06-20T10:00:00-05:00")).when(missed()).finds(G1)


@pytest.mark.parametrize(
    ("served", "said"),
    [
        (notice("2022-06-20T09:00:01-05:00"), "served after the hearing"),
        (notice("2022-06-21"), "served after the hearing"),
        (notice(served_on=[]), "served on nobody"),
        (notice(method="in-person", served_on=[]), "served on nobody"),
        (notice(without=("address",)), "no address is recorded"),
        (notice("2022-06-20"), None),
        (notice(None), None),
        (notice(method="in-person", without=("address",)), None),
    ],
)
def test_a_notice_is_served_before_the_hearing_and_on_somebody(served: Sent, said: str | None) -> None:
    """What may have been in time, to the day, counts as in time; a notice to nobody is none, in person or by mail."""
    decided = given(SET, served).when(missed())
    decided.finds({} if said is None else G1)
    assert said is None or said in decided.message_of("G1")


def test_a_notice_that_came_back_told_nobody() -> None:
    """Named by the letter, or sent to the address from which it came back; other mail says nothing of it."""
    returned = sent("mail-returned", at="2022-05-20", piece_kind="hearing-notice", piece="notice v1")
    given(SET, notice(), returned).when(missed()).finds(G1)
    other = sent("mail-returned", at="2022-05-20", piece_kind="hearing-notice", piece="notice v9")
    given(SET, notice(), other).when(missed()).finds()
    before = sent("mail-returned", at="2022-04-20", piece_kind="hearing-notice", piece="notice v1")
    given(SET, notice(), before).when(missed()).finds()
    lives = sent("address-reported", at="2022-04-01")
    bounced = sent("mail-returned", at="2022-05-20", piece_kind="nta", piece="NTA", address_position=1)
    given(lives, bounced, SET, notice()).when(missed()).finds(G1)


def test_a_notice_of_the_court_the_case_has_left_is_none() -> None:
    """The place is part of the notice (8 USC 1229(a)(1)(G)); one served after the move names the new one."""
    left = sent("venue-changed", at="2022-05-10")
    given(SET, notice(), left).when(missed()).finds(G1)
    given(SET, left, notice("2022-05-11")).when(missed()).finds()
    given(SET, notice(), sent("venue-changed", at="2022-07-10")).when(missed()).finds()
    given(SET, notice(), sent("venue-changed", at="2022-05-10", court_case="c9")).when(missed()).finds()


def test_a_notice_to_appear_without_time_and_place_is_no_notice_either() -> None:
    """Served without them, and no hearing notice followed: the finding says so."""
    bare = (sent("nta-issued", has_time_and_place=False), sent("nta-served"), sent("nta-filed"))
    decided = given(*bare, SET).when(missed())
    decided.finds(G1)
    assert "names no time and place" in decided.message_of("G1")
    given(*bare, SET, notice()).when(missed()).finds()
    with_time = (sent("nta-issued"), sent("nta-served"), sent("nta-filed"))
    assert "names no time" not in given(*with_time, SET).when(missed()).message_of("G1")


def test_an_order_in_absentia_rests_on_the_last_failure_of_its_case() -> None:
    """Of two failures the later one is the one ordered on; orders otherwise, and other cases, are not asked."""
    good = (SET, notice())
    bad = (
        sent("hearing-scheduled", hearing_id="g2", scheduled_for="2022-06-27"),
        missed("2022-06-27", hearing_id="g2"),
    )
    given(*good, missed()).when(ordered()).finds()
    given(*good, missed(), *bad).when(ordered()).finds(G1)
    given(*good, missed(), *bad).when(ordered(in_absentia=False)).finds()
    given(*good, missed(), *bad).when(command(ordered())).finds(G1)


def test_what_comes_in_after_the_failure_shows_that_its_notice_did_not_fit() -> None:
    """The move recorded late, the letter that comes back late: late truth is asked the same question."""
    failed = (sent("nta-filed"), SET, notice(), missed())
    given(*failed).when(sent("hearing-scheduled", at="2022-05-10", scheduled_for=EARLIER)).finds(G1)
    given(*failed).when(SET).finds()
    given(*failed).when(sent("hearing-scheduled", at="2022-06-21", scheduled_for="2022-07-01")).finds()
    late = sent("mail-returned", at="2022-06-30", piece_kind="hearing-notice", piece="notice v1")
    given(*failed).when(late).finds(G1)
    given(SET, missed()).when(late).finds()  # G1 stands on the failure already
    unset = (notice(), missed("2022-06-20"))
    given(*unset).when(sent("hearing-held", at="2022-06-21", appearance="absent")).finds({**G1, "C9": "warn"})


# --- the duty to serve it (D23)


def scheduled(at: str, time: str, hearing: str = "h1") -> Step:
    return "hearing-scheduled", at, {"hearing_id": hearing, "court_case": "c1", "court": "HOU", "scheduled_for": time}


def told(at: str, time: str, **members: Any) -> Step:
    said = {"notice_id": "v", "hearing_id": "h1", "method": "in-person", "served_on": ["child"], "for_time": time}
    return "hearing-notice-served", at, {**said, **members}


def states(*steps: Step, rule: str = "D23") -> list[str]:
    return [one.state for one in owed(record(*steps), rule, on="2022-09-01T00:00:00Z")]


def test_a_hearing_that_is_moved_opens_the_duty_to_serve_notice_of_its_new_time() -> None:
    """The duty for the old time ends; a notice of the old time does not meet the one for the new time."""
    first, moved = scheduled("2022-05-01", NINE), scheduled("2022-05-10", EARLIER)
    assert states(first, told("2022-05-02", NINE)) == ["met"]
    assert states(first, told("2022-05-02", NINE), moved) == ["met", "missed"]
    assert states(first, moved) == ["withdrawn", "missed"]
    assert states(first, moved, told("2022-05-11", EARLIER)) == ["withdrawn", "met"]
    assert states(first, moved, told("2022-06-14", EARLIER)) == ["withdrawn", "late"]
    assert states(first, first) == ["missed", "missed"]  # told twice, it is not moved


def test_a_notice_to_nobody_or_of_another_hearing_meets_nothing() -> None:
    """As with the finding: the notice must fit."""
    first = scheduled("2022-05-01", NINE)
    assert states(first, told("2022-05-02", NINE, served_on=[])) == ["missed"]
    assert states(first, told("2022-05-02", NINE, hearing_id="h2")) == ["missed"]
    assert states(first, told("2022-05-02", "2022-06-20")) == ["met"]
    cancelled: Step = ("hearing-cancelled", "2022-06-01", {"hearing_id": "h1"})
    assert states(first, cancelled) == ["withdrawn"]


def test_the_next_hearing_a_judge_sets_is_to_be_told_of_too() -> None:
    """Until it is set as a hearing of its own; a hearing without a next one opens nothing."""
    held = {"hearing_id": "h0", "court_case": "c1", "appearance": "present"}
    goes_on: Step = ("hearing-held", "2022-05-01", {**held, "next_hearing_at": NINE})
    assert states(goes_on, rule="D23a") == ["missed"]
    assert states(goes_on, told("2022-05-02", NINE), rule="D23a") == ["met"]
    assert states(goes_on, scheduled("2022-05-03", NINE), rule="D23a") == ["withdrawn"]
    assert states(("hearing-held", "2022-05-01", held), rule="D23a") == []
