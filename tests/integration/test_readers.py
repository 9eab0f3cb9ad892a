"""Questions about one child, asked of real read tables: as of any moment and by any name.

Broken by hand to see these tests fail, one at a time: each comparison with R and H, the cut to `complete_to`, the
default of H, an identifier taken before its first carrier was recorded, and each member that stands only where
something was corrected or resolved.
"""

from collections.abc import Iterator
from datetime import date, timedelta

import orjson
import pytest

from readers.child.view import view
from readers.moments import parse_child, parse_date, parse_moment
from readers.snapshot import connect
from readers.unanswerable import NothingKnownError, NotShownError, WrongQuestionError
from tests.integration.asking import CHILD, NAME, Ask, asking, at, story
from tests.integration.filling import child_number, fill


@pytest.fixture
def ask(database_url: str) -> Iterator[Ask]:
    """Fill the tables with a ledger and give what asks them for a view."""
    with asking(database_url) as ask:
        yield ask


def test_a_view_has_the_contracts_members(ask: Ask) -> None:
    """`view --json` has every member of the contract, on top and in each entry."""
    answer = ask(story())("A200-000-017")
    assert set(
        "child identifiers as known_at happened_by recorded_by complete_to basis at_least incomplete custody "
        "proceedings whereabouts age entries".split()
    ) <= set(answer)
    assert list(answer["custody"]) == ["state", "legal_custodian", "physical_custodian", "place", "since"]
    assert list(answer["whereabouts"]) == ["state", "residence", "mailing", "since"]
    assert set("court_case nta_id state served next_hearing_at since".split()) <= set(answer["proceedings"][0])
    assert list(answer["age"]) == ["years", "band", "basis"]
    for entry in answer["entries"]:
        assert set(
            "position type producer occurred_at recorded_at known_at known_not_before known_by how basis moments fact "
            "withheld corrected_by voided_by findings disputes".split()
        ) <= set(entry)
    assert orjson.loads(orjson.dumps(answer))["child"] == str(CHILD)
    assert answer["as"] == "ledger"
    assert {entry["how"] for entry in answer["entries"]} == {"recorded"}
    assert [entry["known_at"] for entry in answer["entries"]] == [entry["recorded_at"] for entry in answer["entries"]]


def test_what_was_not_recorded_yet_is_not_in_the_answer(ask: Ask) -> None:
    """The release of 4 March is in the answer from the very microsecond on in which the ledger recorded it."""
    asked = ask(story())
    recorded = at("2022-03-05T14:00:00Z")
    before = asked("A200-000-017", recorded_by=recorded - timedelta(microseconds=1))
    assert before["custody"]["state"] == "orr-custody"
    assert len(before["entries"]) == 2
    assert asked("A200-000-017", recorded_by=recorded)["custody"]["state"] == "released-to-sponsor"


def test_what_had_not_happened_yet_is_not_in_the_answer(ask: Ask) -> None:
    """A happening is in from its instant as corrected; a correction acts whatever happened by."""
    asked = ask(story())
    last = at("2022-03-03T23:59:59.999999-05:00")
    released = asked("A200-000-017", happened_by=last)
    assert released["custody"]["state"] == "released-to-sponsor"
    assert len(released["entries"]) == 4
    earlier = asked("A200-000-017", happened_by=last - timedelta(microseconds=1))
    assert earlier["custody"]["state"] == "orr-custody"
    assert [entry["type"].split(".")[1] for entry in earlier["entries"]] == [
        "child-encountered",
        "admitted-to-program",
        "correction-issued",
    ]
    uncorrected = asked("A200-000-017", happened_by=last, recorded_by=at("2022-03-31T00:00:00Z"))
    assert uncorrected["custody"]["state"] == "orr-custody"


def test_a_day_stands_for_its_end_in_the_civil_zone(ask: Ask) -> None:
    """R and H given as days reach to 23:59:59.999999 in the ledger's zone; H by default is the end of R's day."""
    asked = ask(story())
    answer = asked("A200-000-017", happened_by=date(2022, 1, 12), recorded_by=date(2022, 3, 4))
    assert answer["happened_by"] == "2022-01-13T04:59:59.999999Z"
    assert answer["recorded_by"] == answer["known_at"] == "2022-03-05T04:59:59.999999Z"
    for recorded_by in (date(2022, 3, 4), at("2022-03-04T12:00:00Z")):
        assert asked("A200-000-017", recorded_by=recorded_by)["happened_by"] == "2022-03-05T04:59:59.999999Z"


def test_a_moment_beyond_the_settled_one_is_cut_to_it(ask: Ask) -> None:
    """Nobody is told what the ledger will have heard tomorrow: R is at most what the tables are complete to."""
    asked = ask(story())
    for recorded_by in (None, at("2031-01-01T00:00:00Z"), date(9999, 12, 31)):
        answer = asked("A200-000-017", recorded_by=recorded_by)
        assert answer["recorded_by"] == answer["complete_to"] == "2022-04-01T12:00:00.000000Z"
    assert asked("A200-000-017", happened_by=date(9999, 12, 31))["age"]["years"] == 7991


def test_corrections_keep_what_was_recorded_beside_what_holds(ask: Ask) -> None:
    """A corrected entry shows the fact as corrected, the original, and which position corrected it."""
    _, admission, release, correction = ask(story())("A200-000-017")["entries"]
    assert release["fact"]["sponsor_category"] == "2A"
    assert release["original"]["sponsor_category"] == "1"
    assert release["occurred_at"] == "2022-03-03"
    assert release["original_occurred_at"] == "2022-03-04T13:20:00-06:00"
    assert list(release["corrected_by"]) == [correction["position"]]
    assert "original" not in admission
    assert "original_occurred_at" not in admission


def test_voids_disputes_and_resolutions_stand_with_the_entry_they_are_about(ask: Ask) -> None:
    """A voided entry stays listed and moves nothing; disputes and resolved findings name who and where."""
    ledger = story()
    void = ledger.add(CHILD, "entry-voided", {"voids": 3, "reason": "other child"}, occurred_at=None)
    dispute = ledger.add(
        CHILD, "entry-disputed", {"position": 2, "statement": "never there", "by": "counsel"}, occurred_at=None
    )
    resolved = ledger.add(
        CHILD,
        "finding-resolved",
        {"position": 2, "code": "G2", "resolution": "dates corrected", "reason": "file"},
        occurred_at=None,
    )
    answer = ask(ledger)("A200-000-017")
    _, admission, release, *_ = answer["entries"]
    assert answer["custody"]["state"] == "orr-custody"
    assert list(release["voided_by"]) == [void]
    assert admission["disputes"] == [{"position": dispute, "by": "counsel", "statement": "never there"}]
    assert [(f["code"], f["resolved_by"]) for f in admission["findings"]] == [("C3", None), ("G2", resolved)]


@pytest.mark.parametrize(
    "name", ["A200-000-017", "a200000017", "200 000 017", "a-number:A200000017", "orr-id:88123", str(CHILD)]
)
def test_a_child_is_found_by_any_of_its_names(ask: Ask, name: str) -> None:
    """An A-number in any usual spelling, another agency's identifier, and the ledger's own id name one child."""
    answer = ask(story())(name)
    assert answer["child"] == str(CHILD)
    assert answer["identifiers"] == [
        {"scheme": "a-number", "value": "200000017"},
        {"scheme": "cbp-subject", "value": "S-1"},
        {"scheme": "orr-id", "value": "88123"},
    ]


@pytest.mark.parametrize("name", ["A20", "88123-x", "passport:5", "orr-id:", "ledger:x", "a-number:12", ""])
def test_a_name_that_is_none_is_answered_with_how_a_child_is_named(name: str) -> None:
    """What is no identifier of any scheme is refused before anything is looked up."""
    with pytest.raises(WrongQuestionError, match="write a child as its ledger id"):
        parse_child(name)


@pytest.mark.parametrize("text", ["yesterday", "2022-02-30", "2022-03-04T10:00:00", "2022-03-04T25:00:00Z", ""])
def test_a_time_that_is_none_is_answered_with_how_a_time_is_written(text: str) -> None:
    """A time without an offset is refused like one that is no time at all."""
    with pytest.raises(WrongQuestionError, match=r"--recorded-by.*write a time like"):
        parse_moment(text, option="--recorded-by")
    with pytest.raises(WrongQuestionError, match="--on"):
        parse_date(text, option="--on")


def test_a_name_is_none_before_it_was_first_carried(ask: Ask) -> None:
    """By ORR's number nobody could have asked before ORR's first entry; by the A-number they could."""
    asked = ask(story())
    recorded_by = at("2022-01-11T00:00:00Z")
    assert asked("A200-000-017", recorded_by=recorded_by)["identifiers"] == [
        {"scheme": "a-number", "value": "200000017"},
        {"scheme": "cbp-subject", "value": "S-1"},
    ]
    with pytest.raises(NothingKnownError, match=r"first heard .* at 2022-01-12T20:00:00"):
        asked("orr-id:88123", recorded_by=recorded_by)


def test_nothing_is_known_of_nobody_nor_before_the_ledger_began(ask: Ask) -> None:
    """A name nobody carries, a ledger id nobody has, and a moment before the first entry: each is said in words."""
    asked = ask(story())
    with pytest.raises(NothingKnownError, match="no child is known as A299-999-999"):
        asked("A299-999-999")
    with pytest.raises(NothingKnownError, match="no record has the ledger id"):
        asked(str(child_number(999)))
    for name in ("A200-000-017", str(CHILD)):
        with pytest.raises(NothingKnownError, match=r"nothing had been recorded .* 2022-01-10T18:00:00"):
            asked(name, recorded_by=date(1999, 1, 1))


def test_without_read_tables_or_entries_the_answer_says_so(database_url: str) -> None:
    """A database the projections never touched, and one they have filled with nothing."""
    with connect(database_url) as connection:
        with pytest.raises(NotShownError, match="the role `projections` has not run"):
            view(connection, NAME)
        fill(database_url, [])
        with pytest.raises(NothingKnownError, match="the read tables hold no entry yet"):
            view(connection, NAME)
