"""`custody knows`: every moment of each agency is listed, and can be asked for by grade, channel, fact, time."""

from datetime import timedelta
from typing import Any

import pytest

from ledger.times import parse_when, write_clock
from projections.knowledge.moments import Item, Receipt
from readers.child.known_set import Viewpoint
from readers.child.who_was_told import CHANNELS, Picked, checked, told
from readers.text.knows_text import knows_lines
from readers.unanswerable import WrongQuestionError
from tests.histories import ELM, Json, entry
from tests.knowledge_histories import at
from tests.unit.diverging import stated

ABSENT: Json = {"hearing_id": "h1", "court_case": "c1", "judge_action": "adjourned"}
MAIL: Json = {"to": "ORR", "positions": [1], "channel": "email", "given_at": write_clock(at(4)), "members": "all"}


def made(position: int, *given: Any, **more: Any) -> Any:
    return entry(position, *given, **more)._replace(recorded_at=at(position), known_since=at(position))


ENTRIES = [
    made(1, "failure-to-appear-recorded", "2022-06-09", ABSENT, agency="EOIR"),
    made(2, "released-to-sponsor", "2022-03-04", {"sponsor_category": "1", "address": ELM}),
    made(6, "notice-given", "2022-06-14", MAIL, agency="ICE-OPLA"),
]
ITEMS = [Item("ORR", 1, 1, at(3), (), ()), Item("ICE-ERO", 2, 1, at(3), (), ())]
RECEIPTS = [Receipt("ORR", 1, 1, at(8), at(9), 9)]


ANY = Picked()


def asked(picked: Picked = ANY, viewer: str = "ledger", **more: Any) -> Json:
    entries = [*ENTRIES, *more.get("further", ())]
    return told(stated(entries, ITEMS, RECEIPTS), Viewpoint(viewer), picked)


def moments(answer: Json) -> list[tuple[int, str, str, str]]:
    """Position, agency, grade and channel of every moment listed."""
    return [(e["position"], m["agency"], m["grade"], m["channel"]) for e in answer["entries"] for m in e["moments"]]


def test_an_email_after_the_feed_item_is_listed_under_whom_it_told() -> None:
    """The ladder says when ORR was first told; the e-mail of OPLA that told it again is a moment of ORR's, too."""
    (failure, *_) = asked(viewer="ORR")["entries"]
    assert failure["agencies"]["ORR"]["told"]["channel"] == "feed"
    assert [(m["agency"], m["grade"], m["channel"], m["at"]) for m in failure["moments"]] == [
        ("ORR", "told", "feed", write_clock(at(3))),
        ("ORR", "told", "notice", write_clock(at(4))),
        ("ORR", "delivered", "receipt", write_clock(at(8))),
    ]
    assert failure["moments"][1]["notice"] == {"channel": "email", "by": "ICE-OPLA"}
    lines = list(knows_lines(asked(viewer="ORR")))
    (line,) = (one for one in lines if "e-mail" in one)
    assert line.split() == [
        "ORR",
        "also",
        "told",
        "2023-01-02T11:00:00-05:00",
        "e-mail",
        "of",
        "ICE-OPLA,",
        "position",
        "6",
        "(claimed)",
    ]


def test_a_notice_is_listed_with_its_way_as_corrected_and_not_at_all_once_void() -> None:
    """The STEWARD found that it was a phone call; then that there was none."""
    phoned = made(7, "correction-issued", "2022-06-20", {"corrects": 6, "set": {"channel": "phone"}, "reason": "r"})
    void = made(8, "entry-voided", "2022-06-21", {"voids": 6, "reason": "r"})
    (failure, *_) = asked(viewer="ORR", further=[phoned])["entries"]
    assert failure["moments"][1]["notice"]["channel"] == "phone"
    assert moments(asked(Picked(channel="phone"), further=[phoned])) == [(1, "ORR", "told", "notice")]
    assert moments(asked(Picked(channel="notice"), further=[phoned, void])) == []


@pytest.mark.parametrize(
    ("picked", "found"),
    [
        (Picked(channel="email"), [(1, "ORR", "told", "notice")]),
        (Picked(channel="notice"), [(1, "ORR", "told", "notice")]),
        (Picked(channel="receipt"), [(1, "ORR", "delivered", "receipt")]),
        (Picked(grade="delivered"), [(1, "ORR", "delivered", "receipt")]),
        (Picked(grade="told", fact="released-to-sponsor"), [(2, "ICE-ERO", "told", "feed")]),
        (Picked(grade="told", fact="custody.released-to-sponsor.v1"), [(2, "ICE-ERO", "told", "feed")]),
        (Picked(grade="told", since=at(4), until=at(4)), [(1, "ORR", "told", "notice")]),
        (Picked(grade="told", since=at(4) + timedelta(microseconds=1)), []),
        (
            Picked(grade="told", until=at(4) - timedelta(microseconds=1), fact="failure-to-appear-recorded"),
            [(1, "ORR", "told", "feed")],
        ),
        (
            Picked(channel="email", since=parse_when("2023-01-02"), until=parse_when("2023-01-02")),
            [(1, "ORR", "told", "notice")],
        ),
        (Picked(channel="email", until=parse_when("2023-01-01")), []),
        (Picked(channel="fax"), []),
    ],
)
def test_moments_can_be_asked_for_by_what_they_are(picked: Picked, found: list[Any]) -> None:
    """By grade, channel, a notice's own way, fact and time; entries of which nothing is left are not listed."""
    answer = asked(picked)
    assert moments(answer) == found
    assert {one["position"] for one in answer["entries"]} == {position for position, *_ in found}


def test_a_fact_alone_leaves_entries_nobody_was_told_of_in_the_list() -> None:
    """So it shows who was not told."""
    answer = asked(Picked(fact="released-to-sponsor"), viewer="EOIR")
    assert [(one["position"], one["moments"]) for one in answer["entries"]] == [(2, [])]


def test_what_there_is_not_is_refused_by_name() -> None:
    """A filter that nothing can pass would say that nobody was told."""
    assert "email" in CHANNELS
    for picked in (Picked(grade="heard"), Picked(channel="pigeon"), Picked(fact="released")):
        with pytest.raises(WrongQuestionError, match="there are"):
            checked(picked)
