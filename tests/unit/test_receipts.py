"""Receipts: read strictly, and judged by what the agency's feed had published."""

from datetime import UTC, datetime, timedelta
from typing import Any, Final

import orjson
import pytest

from consumers.reading import read_arrival
from ledger.agencies import Agency
from ledger.entry import Finding
from ledger.facts import FeedReceipted
from ledger.intake.receipt import WIRE, read_receipt
from ledger.intake.submission import Refusal
from ledger.kafka.cloudevents import STRUCTURED_HEADERS, binary_headers, structured
from ledger.rules.arrivals import Illegible, Malformed, Place, ReceiptArrival
from ledger.rules.catalogue import RULES
from ledger.rules.future import CLOCK_SKEW
from ledger.rules.receipts import Published, judge_receipt
from ledger.times import MICROSECOND
from ledger.topics import intake, receipts

NOON: Final = datetime(2024, 9, 1, 12, tzinfo=UTC)
GOOD: Final[dict[str, Any]] = {
    "up_to": 17,
    "grade": "delivered",
    "at": "2024-09-01T07:59:00-04:00",
    "by": {"office": "HLG", "user": "u-1"},
}


def read(data: Any) -> FeedReceipted | Refusal:
    return read_receipt("ORR", WIRE, data if isinstance(data, bytes) else orjson.dumps(data))


def without(*members: str, **more: Any) -> dict[str, Any]:
    return {name: value for name, value in GOOD.items() if name not in members} | more


# --- reading


def test_a_receipt_is_for_everything_up_to_a_number_or_for_single_numbers() -> None:
    """Both forms are read as they were sent; what was left out is not filled in."""
    fact = read(GOOD)
    assert isinstance(fact, FeedReceipted)
    assert (fact.up_to, fact.grade, fact.at, fact.by and fact.by.user) == (17, "delivered", fact.at, "u-1")
    single = read({"numbers": [20, 17], "grade": "opened"})
    assert isinstance(single, FeedReceipted)
    assert (single.numbers, single.at, single.by, single.up_to) == ((20, 17), None, None, None)
    assert isinstance(read(without("up_to", numbers=list(range(1, 10_001)))), FeedReceipted)


WRONG: Final[dict[str, tuple[Any, str, str | None]]] = {
    "whose feed": ({**GOOD, "agency": "ORR"}, "H0", "agency"),
    "which feed": ({**GOOD, "feed": "custody.feed.orr"}, "H0", "feed"),
    "neither form": (without("up_to"), "H0", "up_to"),
    "both forms": ({**GOOD, "numbers": [1]}, "H0", "numbers"),
    "no numbers": (without("up_to", numbers=[]), "H0", "numbers"),
    "too many numbers": (without("up_to", numbers=list(range(1, 10_002))), "H0", "numbers"),
    "a number twice": (without("up_to", numbers=[3, 4, 3]), "H0", "numbers"),
    "number zero": ({**GOOD, "up_to": 0}, "H0", "up_to"),
    "half a number": ({**GOOD, "up_to": 1.5}, "H0", "up_to"),
    "a number as text": ({**GOOD, "up_to": "17"}, "H0", "up_to"),
    "yes for a number": (without("up_to", numbers=[2, True]), "H0", "numbers.1"),
    "a number no database holds": ({**GOOD, "up_to": 2**63}, "H0", "up_to"),
    "no grade": (without("grade"), "H0", "grade"),
    "a grade nobody knows": ({**GOOD, "grade": "told"}, "H6", "grade"),
    "no offset": ({**GOOD, "at": "2024-09-01T08:00:00"}, "H0", "at"),
    "a day": ({**GOOD, "at": "2024-09-01"}, "H0", "at"),
    "more about the signer": ({**GOOD, "by": {"office": "x", "phone": "1"}}, "H0", "by.phone"),
    "a long office": ({**GOOD, "by": {"office": "x" * 201}}, "H0", "by.office"),
    "a character no table holds": ({**GOOD, "by": {"office": "x\0"}}, "H0", "by.office"),
    "a list": ([GOOD], "H0", None),
    "a name twice": (b'{"up_to": 1, "up_to": 2, "grade": "opened"}', "H0", "up_to"),
}


@pytest.mark.parametrize("what", WRONG)
def test_a_malformed_receipt_is_refused_with_the_rule_and_the_member(what: str) -> None:
    """An agency developer reads in the outcome what to mend; a refusal repeats no value."""
    data, code, member = WRONG[what]
    refusal = read(data)
    assert isinstance(refusal, Refusal)
    assert (refusal.code, refusal.member) == (code, member)
    assert refusal.message


# --- arriving


def arriving(topic: str, agency: Agency, wire: str, data: bytes, *, packed: bool = False, **extra: str) -> Any:
    about = {"id": "r1", "source": "/orr/feed", "type": wire, "time": "2024-09-01T12:00:00Z"}
    if packed:
        value, headers = structured(**about, data=data), STRUCTURED_HEADERS
    else:
        value, headers = data, binary_headers(**about, extra=tuple(extra.items()))
    return read_arrival(Place(agency, topic, 0, 0), headers, value)


def test_binary_and_structured_mode_are_read_alike() -> None:
    """The same receipt has one digest in both, so that a repeat in the other mode is a repeat."""
    plain = arriving(receipts("ORR"), "ORR", WIRE, orjson.dumps(GOOD), traceparent="00-1")
    packed = arriving(receipts("ORR"), "ORR", WIRE, orjson.dumps(GOOD), packed=True)
    assert isinstance(plain, ReceiptArrival)
    assert isinstance(packed, ReceiptArrival)
    assert (plain.agency, plain.key, plain.sent_at) == ("ORR", ("/orr/feed", "r1"), NOON)
    assert plain.extensions == {"traceparent": "00-1"}
    assert (plain.digest, plain.fact) == (packed.digest, packed.fact)


@pytest.mark.parametrize("wire", [WIRE, FeedReceipted.wire])
def test_a_receipt_on_an_intake_topic_is_refused_with_the_right_topic(wire: str) -> None:
    """Under either name; the STEWARD has no feed, and is told so."""
    refused = arriving(intake("ICE-ERO"), "ICE-ERO", wire, orjson.dumps(GOOD))
    assert isinstance(refused, Malformed)
    assert (refused.refusal.code, refused.refusal.member) == ("H0", "type")
    assert "send it to custody.receipts.ice-ero as custody.receipt.v1" in refused.refusal.message
    steward = arriving(intake("STEWARD"), "STEWARD", wire, orjson.dumps(GOOD))
    assert "STEWARD has no feed" in steward.refusal.message


def test_a_submission_on_a_receipts_topic_is_refused_with_the_right_topic() -> None:
    """Whatever else comes there is told what belongs there."""
    refused = arriving(receipts("ORR"), "ORR", "custody.admitted-to-program.v1", b"{}")
    assert (refused.refusal.code, refused.refusal.member) == ("H0", "type")
    assert "send it to custody.intake.orr" in refused.refusal.message
    for wire in (FeedReceipted.wire, "custody.receipt.v2"):
        assert f"their type is {WIRE}" in arriving(receipts("ORR"), "ORR", wire, b"{}").refusal.message


def test_a_forbidden_member_is_refused_and_blacked_out_and_bytes_that_are_no_json_are_set_aside() -> None:
    """H8 and unreadable messages are on a receipts topic what they are on an intake topic."""
    forbidden = orjson.dumps({**GOOD, "sponsor_immigration_status": "zebra"})
    refused = arriving(receipts("ORR"), "ORR", WIRE, forbidden)
    assert (refused.refusal.code, refused.refusal.member) == ("H8", "sponsor_immigration_status")
    assert "zebra" not in str(refused)
    broken = arriving(receipts("ORR"), "ORR", WIRE, forbidden[:-1])
    assert isinstance(broken, Illegible)
    assert b"zebra" not in (broken.value or b"")
    assert isinstance(arriving(receipts("ORR"), "ORR", WIRE, b"[" * 100), Illegible)


# --- judging


def judged(
    last: int = 17, at: dict[int, datetime] | None = None, claim: timedelta | None = None, **members: Any
) -> tuple[Finding, ...] | Refusal:
    """Judge a receipt at noon; `claim` is its `at`, counted from there."""
    fact = FeedReceipted(grade="delivered", at=None if claim is None else NOON + claim, **members)
    return judge_receipt(
        fact, agency="ORR", published=Published(last, at or {}), recorded_at=NOON, zone="America/New_York"
    )


def test_nobody_signs_for_what_was_never_published() -> None:
    """R1: by range and by number, to the last number and not one beyond; the message says the last and the cure."""
    assert judged(up_to=17) == ()
    assert judged(numbers=(17, 1)) == ()
    for beyond in ({"up_to": 18}, {"numbers": (1, 18, 2)}):
        refused = judged(**beyond)
        assert isinstance(refused, Refusal)
        assert (refused.code, refused.member) == ("R1", next(iter(beyond)))
        assert "the last number published on the feed of ORR is 17" in refused.message
        assert "sign for numbers up to 17, under a new id" in refused.message
    nothing = judged(last=0, up_to=1)
    assert isinstance(nothing, Refusal)
    assert "ORR was told nothing yet" in nothing.message


def test_nobody_has_had_something_since_tomorrow() -> None:
    """R2: the sender's clock may run ahead as far as for submissions, and no further."""
    published = {17: NOON - timedelta(hours=1)}
    assert judged(at=published, up_to=17, claim=CLOCK_SKEW) == ()
    refused = judged(at=published, up_to=17, claim=CLOCK_SKEW + MICROSECOND)
    assert isinstance(refused, Refusal)
    assert (refused.code, refused.member) == ("R2", "at")


def test_a_claim_of_before_the_publication_is_recorded_with_a_finding() -> None:
    """R3: the last number it covers decides; the message says from when on the claim counts."""
    published = {9: NOON - timedelta(hours=1), 17: NOON - timedelta(minutes=1)}
    assert judged(at=published, up_to=17, claim=timedelta(minutes=-1)) == ()
    assert judged(at=published, numbers=(9, 3), claim=timedelta(minutes=-2)) == ()
    for form in ({"up_to": 17}, {"numbers": (17, 3)}):
        findings = judged(at=published, claim=timedelta(minutes=-1) - MICROSECOND, **form)
        assert not isinstance(findings, Refusal)
        (finding,) = findings
        assert (finding.code, finding.level) == ("R3", "warn")
        assert "before number 17 was published, at 2024-09-01T11:59:00.000000Z" in finding.message


def test_the_rules_do_what_the_published_table_says() -> None:
    """R1 to R3 come through no door of people's; the effects are those shown above."""
    effects = {rule.code: (rule.command, rule.feed) for rule in RULES if rule.where == "receipt"}
    assert effects == {"R1": ("-", "refuse"), "R2": ("-", "refuse"), "R3": ("-", "warn")}
