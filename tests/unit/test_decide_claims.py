"""Nobody knew of a thing before it happened: claims of that are recorded, and remarked on (knowledge: Moments)."""

from datetime import UTC, datetime

import pytest

from tests.unit.deciding import Sent, correction, given, sent, void

FINDING = {"known-before-happening": "warn"}
FAILED = sent("failure-to-appear-recorded", at="2022-06-09")


def known_since(when: str, at: str | None = "2022-03-04") -> Sent:
    return sent("referred-to-orr", at=at, envelope={"known_since": when})


@pytest.mark.parametrize(
    ("claim", "early"),
    [
        (known_since("2022-03-03"), True),
        (known_since("1970-01-01T00:00:00Z"), True),
        (known_since("2022-03-04T04:59:59.999999Z"), True),
        (known_since("2022-03-04T05:00:00Z"), False),
        (known_since("2022-03-04"), False),
        (known_since("2022-03-04", at="2022-03-04T23:00:00-05:00"), False),
        (known_since("2022-03-04T12:00:00-05:00", at="2022-03-04T12:00:00.000001-05:00"), True),
        (known_since("1970-01-01", at=None), False),
    ],
)
def test_a_producer_that_claims_to_have_known_before_it_happened_is_told_so(claim: Sent, early: bool) -> None:
    """From the first instant that the time of happening can mean, in the civil zone, a claim is in order."""
    unknown = {"occurred-at-unknown": "warn"} if claim.data["occurred_at"] is None else {}
    given().when(claim).finds(FINDING if early else unknown)


def test_the_time_of_the_message_stands_for_a_claim_that_was_not_made() -> None:
    """Sent before it happened: a wrong clock, or a wrong time; with a claim of its own the message's time is none."""
    early = datetime(2022, 3, 4, 4, 59, tzinfo=UTC)
    given().when(sent("referred-to-orr"), sent_at=early).finds(FINDING)
    given().when(sent("referred-to-orr"), sent_at=datetime(2022, 3, 4, 5, tzinfo=UTC)).finds()
    given().when(known_since("2022-03-04"), sent_at=early).finds()


def test_a_notice_of_what_had_not_happened_yet_is_remarked_on() -> None:
    """`given_at` is compared with each position named, as corrected; void or not, it had not happened."""
    notice = sent("notice-given", agency="ICE-OPLA", positions=[1], given_at="1970-01-01T00:00:00Z")
    given(FAILED).when(notice).finds(FINDING)
    given(FAILED, void(1, "EOIR")).when(notice).finds(FINDING)
    told = sent("notice-given", agency="ICE-OPLA", positions=[1, 2], given_at="2022-06-09")
    given(FAILED, sent("referred-to-orr")).when(told).finds()
    given(FAILED, correction(1, "EOIR", occurred_at="2022-06-10")).when(told).finds(FINDING)
    given(FAILED, correction(1, "EOIR", occurred_at=None)).when(notice).finds()
    message = given(sent("referred-to-orr"), FAILED).when(
        sent("notice-given", agency="ICE-OPLA", positions=[1, 2], given_at="2022-06-01")
    )
    assert "`fact.positions.1`" in message.message_of("known-before-happening")


def test_a_correction_that_moves_a_happening_behind_what_was_claimed_of_it_is_remarked_on() -> None:
    """So is one that moves a notice before what it tells of. A correction is remarked on once, whatever it says."""
    given(FAILED).when(correction(1, "EOIR", occurred_at="2026-01-01T00:00:00Z")).finds()
    record = given(FAILED)
    late = record.record.entries[0].recorded_at.replace(hour=23)
    record.when(correction(1, "EOIR", occurred_at=late.isoformat())).finds(FINDING)
    notice = sent("notice-given", agency="ICE-OPLA", positions=[1], given_at="2022-06-20")
    given(FAILED, notice).when(correction(2, "ICE-OPLA", given_at="2022-06-08")).finds(FINDING)
    given(FAILED, notice).when(correction(2, "ICE-OPLA", given_at="2022-06-10")).finds()
