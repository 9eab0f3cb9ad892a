"""Questions about one child, asked of real read tables: as of any moment, by any name, whole or saying what is missing.

Broken by hand to see these tests fail, one at a time: each comparison with R and H, the cut to `complete_to`, the
default of H, an identifier taken before its first carrier was recorded, the group taken from the links and not from
the statements of R, the parked entries of another record shown, a carrier found in bytes that do not say so, and each
member that stands only where something was corrected or resolved.
"""

import random
from collections.abc import Callable, Iterator
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

import orjson
import psycopg
import pytest

from ledger.entry import Finding
from ledger.times import When, parse_instant, write_clock
from readers.findings import Sought, findings
from readers.moments import parse_child, parse_date, parse_moment
from readers.questions import NothingKnownError, NotShownError, WrongQuestionError
from readers.snapshot import connect
from readers.timeline import timeline
from readers.view import view
from tests.integration.filling import Ledger, child_number, fill

Connection = psycopg.Connection[tuple[Any, ...]]
CHILD, TWIN = child_number(17), child_number(18)
NAME = ("a-number", "200000017")
ADDRESS = {"lines": ["1200 Elm St"], "city": "Houston", "state": "TX", "zip": "77002"}


@pytest.fixture
def ask(database_url: str) -> Iterator[Callable[..., Any]]:
    """Fill the tables with a ledger and give what asks them for a view."""
    connections: list[Connection] = []

    def filled_with(ledger: Ledger) -> Callable[..., dict[str, Any]]:
        fill(database_url, ledger.payloads)
        connections.append(connect(database_url))

        def asked(child: str, happened_by: When | None = None, recorded_by: When | None = None) -> dict[str, Any]:
            return view(connections[-1], parse_child(child), happened_by=happened_by, recorded_by=recorded_by)

        return asked

    yield filled_with
    for connection in connections:
        connection.close()


def story() -> Ledger:
    """CBP meets a child, ORR admits and releases her; the release is recorded a day late, then corrected."""
    ledger = Ledger()
    ledger.add(
        CHILD,
        "child-encountered",
        {"encounter_type": "between-ports", "place": "Rio Grande Valley", "date_of_birth": "2008-03-05"},
        occurred_at="2022-01-10T10:00:00-06:00",
        recorded_at="2022-01-10T18:00:00Z",
        agency="CBP",
        identifiers=[NAME, ("cbp-subject", "S-1")],
    )
    ledger.add(
        CHILD,
        "admitted-to-program",
        {"program": "Casa Ficticia"},
        occurred_at="2022-01-12",
        recorded_at="2022-01-12T20:00:00Z",
        identifiers=[NAME, ("orr-id", "88123")],
        findings=[Finding("C3", "warn", "no custody accepted before"), Finding("G2", "guard", "overlaps")],
    )
    release = ledger.add(
        CHILD,
        "released-to-sponsor",
        {"sponsor_category": "1", "address": ADDRESS},
        occurred_at="2022-03-04T13:20:00-06:00",
        recorded_at="2022-03-05T14:00:00Z",
        identifiers=[NAME],
    )
    ledger.add(
        CHILD,
        "correction-issued",
        {"corrects": release, "set": {"sponsor_category": "2A", "occurred_at": "2022-03-03"}, "reason": "typing"},
        occurred_at="2022-04-01",
        recorded_at="2022-04-01T12:00:00Z",
        identifiers=[NAME],
    )
    return ledger


def at(text: str) -> datetime:
    return parse_instant(text)


def test_a_view_has_the_contracts_members(ask: Callable[..., Any]) -> None:
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


def test_what_was_not_recorded_yet_is_not_in_the_answer(ask: Callable[..., Any]) -> None:
    """The release of 4 March is in the answer from the very microsecond on in which the ledger recorded it."""
    asked = ask(story())
    recorded = at("2022-03-05T14:00:00Z")
    before = asked("A200-000-017", recorded_by=recorded - timedelta(microseconds=1))
    assert before["custody"]["state"] == "orr-custody"
    assert len(before["entries"]) == 2
    assert asked("A200-000-017", recorded_by=recorded)["custody"]["state"] == "released-to-sponsor"


def test_what_had_not_happened_yet_is_not_in_the_answer(ask: Callable[..., Any]) -> None:
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


def test_a_day_stands_for_its_end_in_the_civil_zone(ask: Callable[..., Any]) -> None:
    """R and H given as days reach to 23:59:59.999999 in the ledger's zone; H by default is the end of R's day."""
    asked = ask(story())
    answer = asked("A200-000-017", happened_by=date(2022, 1, 12), recorded_by=date(2022, 3, 4))
    assert answer["happened_by"] == "2022-01-13T04:59:59.999999Z"
    assert answer["recorded_by"] == answer["known_at"] == "2022-03-05T04:59:59.999999Z"
    for recorded_by in (date(2022, 3, 4), at("2022-03-04T12:00:00Z")):
        assert asked("A200-000-017", recorded_by=recorded_by)["happened_by"] == "2022-03-05T04:59:59.999999Z"


def test_a_moment_beyond_the_settled_one_is_cut_to_it(ask: Callable[..., Any]) -> None:
    """Nobody is told what the ledger will have heard tomorrow: R is at most what the tables are complete to."""
    asked = ask(story())
    for recorded_by in (None, at("2031-01-01T00:00:00Z"), date(9999, 12, 31)):
        answer = asked("A200-000-017", recorded_by=recorded_by)
        assert answer["recorded_by"] == answer["complete_to"] == "2022-04-01T12:00:00.000000Z"
    assert asked("A200-000-017", happened_by=date(9999, 12, 31))["age"]["years"] == 7991


def test_corrections_keep_what_was_recorded_beside_what_holds(ask: Callable[..., Any]) -> None:
    """A corrected entry shows the fact as corrected, the original, and which position corrected it."""
    _, admission, release, correction = ask(story())("A200-000-017")["entries"]
    assert release["fact"]["sponsor_category"] == "2A"
    assert release["original"]["sponsor_category"] == "1"
    assert release["occurred_at"] == "2022-03-03"
    assert release["original_occurred_at"] == "2022-03-04T13:20:00-06:00"
    assert list(release["corrected_by"]) == [correction["position"]]
    assert "original" not in admission
    assert "original_occurred_at" not in admission


def test_voids_disputes_and_resolutions_stand_with_the_entry_they_are_about(ask: Callable[..., Any]) -> None:
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
def test_a_child_is_found_by_any_of_its_names(ask: Callable[..., Any], name: str) -> None:
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


def test_a_name_is_none_before_it_was_first_carried(ask: Callable[..., Any]) -> None:
    """By ORR's number nobody could have asked before ORR's first entry; by the A-number they could."""
    asked = ask(story())
    recorded_by = at("2022-01-11T00:00:00Z")
    assert asked("A200-000-017", recorded_by=recorded_by)["identifiers"] == [
        {"scheme": "a-number", "value": "200000017"},
        {"scheme": "cbp-subject", "value": "S-1"},
    ]
    with pytest.raises(NothingKnownError, match=r"first heard .* at 2022-01-12T20:00:00"):
        asked("orr-id:88123", recorded_by=recorded_by)


def test_nothing_is_known_of_nobody_nor_before_the_ledger_began(ask: Callable[..., Any]) -> None:
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


def merged() -> tuple[Ledger, int]:
    """A child under two records, which the steward makes one; and the position of the merge."""
    ledger = story()
    ledger.add(TWIN, "address-reported", {**MAILING}, occurred_at="2022-03-20", identifiers=[("eoir-case", "E-9")])
    merge = ledger.add(
        CHILD,
        "identity-merged",
        {"other": {"scheme": "eoir-case", "value": "E-9"}, "reason": "same fingerprints"},
        occurred_at=None,
        agency="STEWARD",
        identifiers=[NAME],
        resolved={"other": str(TWIN)},
    )
    return ledger, merge


MAILING = {"purpose": "mailing", "address": {"lines": ["PO Box 9"]}, "reported_via": "eoir-33"}


def test_merged_records_are_one_child_from_the_merge_on(ask: Callable[..., Any]) -> None:
    """Either name gives the whole record, both identifiers, one state; as recorded before the merge, they are two."""
    ledger, merge = merged()
    asked = ask(ledger)
    first, second = asked("A200-000-017"), asked("eoir-case:E-9")
    assert first["records"] == second["records"] == [str(CHILD), str(TWIN)]
    for member in ("identifiers", "custody", "whereabouts", "age", "entries"):
        assert first[member] == second[member]
    assert first["whereabouts"]["mailing"] == {"lines": ["PO Box 9"]}
    assert [entry["position"] for entry in first["entries"]] == list(range(1, merge + 1))
    before = at(orjson.loads(ledger.payloads[merge - 2])["recorded_at"])
    assert asked("A200-000-017", recorded_by=before)["records"] == [str(CHILD)]
    assert asked("A200-000-017", recorded_by=before)["whereabouts"]["mailing"] is None
    assert [entry["position"] for entry in asked("eoir-case:E-9", recorded_by=before)["entries"]] == [merge - 1]


def test_an_unmerge_parts_them_again_and_the_time_between_stays_answered(ask: Callable[..., Any]) -> None:
    """After the unmerge two children are seen; asked for the days between, still one."""
    ledger, merge = merged()
    ledger.add(
        TWIN,
        "identity-unmerged",
        {"other": {"scheme": "a-number", "value": NAME[1]}, "reason": "two fingers"},
        occurred_at=None,
        agency="STEWARD",
        identifiers=[("eoir-case", "E-9")],
        resolved={"other": str(CHILD)},
    )
    ledger.add(TWIN, "address-reported", {**MAILING}, occurred_at=None)
    ledger.payloads[-1] = ledger.payloads[-1].replace(b"address-reported.v1", b"address-reported.v9")
    asked = ask(ledger)
    assert asked("A200-000-017")["records"] == [str(CHILD)]
    assert asked("A200-000-017")["incomplete"] is None
    assert asked("eoir-case:E-9")["records"] == [str(TWIN)]
    assert asked("eoir-case:E-9")["incomplete"] is not None
    between = at(orjson.loads(ledger.payloads[merge - 1])["recorded_at"])
    assert len(asked("eoir-case:E-9", recorded_by=between)["records"]) == 2


def parked() -> Ledger:
    """A record whose third entry is of a version nobody here knows, and another record that is whole."""
    ledger = story()
    ledger.payloads[2] = ledger.payloads[2].replace(b"released-to-sponsor.v1", b"released-to-sponsor.v9")
    ledger.add(TWIN, "address-reported", {**MAILING}, occurred_at="2022-05-01", identifiers=[("eoir-case", "E-9")])
    return ledger


def test_an_answer_says_from_when_on_it_is_incomplete(ask: Callable[..., Any]) -> None:
    """An entry that cannot be applied shows, with its reason, from the moment it was recorded; others are whole."""
    asked = ask(parked())
    answer = asked("A200-000-017")
    assert answer["incomplete"]["since"] == "2022-03-05T14:00:00.000000Z"
    assert "v9" in answer["incomplete"]["reason"]
    assert answer["custody"]["state"] == "orr-custody"
    assert asked("A200-000-017", recorded_by=at("2022-03-05T13:59:59Z"))["incomplete"] is None
    assert asked("eoir-case:E-9")["incomplete"] is None


def test_a_child_of_whom_nothing_could_be_applied_is_not_unknown(ask: Callable[..., Any]) -> None:
    """By its ledger id and by the name only its parked entry carries: it is there, and cannot be shown."""
    ledger = story()
    ledger.add(TWIN, "address-reported", {**MAILING}, occurred_at="2022-05-01", identifiers=[("eoir-case", "E-9")])
    ledger.payloads[-1] = ledger.payloads[-1].replace(b"address-reported.v1", b"address-reported.v9")
    ledger.add(child_number(19), "address-reported", {**MAILING}, occurred_at=None, identifiers=[("fin", "F-1")])
    ledger.payloads[-1] = ledger.payloads[-1][:-1]  # not even JSON
    asked = ask(ledger)
    for name in ("eoir-case:E-9", str(TWIN)):
        with pytest.raises(NotShownError, match="nothing can be shown of record"):
            asked(name)
    with pytest.raises(NothingKnownError, match="first heard of this child under that name at 2022-04-01T13"):
        asked("eoir-case:E-9", recorded_by=at("2022-04-01T12:00:00Z"))
    with pytest.raises(NothingKnownError, match="no child is known as fin:F-1"):
        asked("fin:F-1")


def test_answers_given_stay_the_same_whatever_is_recorded_later(database_url: str) -> None:
    """Law 4: what was answered for R is answered the same for ever after (complete_to apart, which has moved on)."""
    ledger = random_history(random.Random(3), entries=60)
    given: list[tuple[datetime, UUID, dict[str, Any]]] = []
    with connect(database_url) as connection:
        for number, payload in enumerate(ledger.payloads):
            fill(database_url, [payload])
            recorded_by = at(orjson.loads(payload)["recorded_at"])
            for child in (child_number(0), child_number(1), child_number(2)):
                if number % 3 == 0 and any(str(child).encode() in p for p in ledger.payloads[: number + 1]):
                    given.append((recorded_by, child, _answer(connection, child, None)))
        assert len({orjson.dumps(answer) for _, _, answer in given}) > 30
        for recorded_by, child, answer in given:
            assert _answer(connection, child, recorded_by) == answer


def _answer(connection: Connection, child: UUID, recorded_by: datetime | None) -> dict[str, Any]:
    try:
        answer = view(connection, ("ledger", str(child)), recorded_by=recorded_by)
    except NothingKnownError:
        return {}
    del answer["complete_to"]
    return answer


def random_history(chance: random.Random, *, entries: int) -> Ledger:
    """Three records with happenings in any order, corrections, voids, merges and unmerges."""
    ledger = Ledger()
    children = [child_number(number) for number in range(3)]
    for _ in range(entries):
        child = chance.choice(children)
        own = [e for e in map(orjson.loads, ledger.payloads) if e["child"] == str(child)]
        target = chance.choice(own) if own else None
        kind = chance.random()
        if target is not None and kind < 0.15:
            ledger.add(child, "entry-voided", {"voids": target["position"], "reason": "x"}, occurred_at=None)
        elif target is not None and kind < 0.35 and "custody.address" in target["type"]:
            sets = {"occurred_at": str(date(2022, 1, 1) + timedelta(days=chance.randrange(60)))}
            correction = {"corrects": target["position"], "set": sets, "reason": "x"}
            ledger.add(child, "correction-issued", correction, occurred_at=None)
        elif kind < 0.5:
            other = chance.choice([one for one in children if one != child])
            name = chance.choice(["identity-merged", "identity-unmerged"])
            fact = {"other": {"scheme": "orr-id", "value": "x"}, "reason": "x"}
            ledger.add(child, name, fact, occurred_at=None, agency="STEWARD", resolved={"other": str(other)})
        else:
            fact = {**MAILING, "address": {"lines": [str(chance.randrange(99))]}, "purpose": "residence"}
            day = None if chance.random() < 0.1 else str(date(2022, 1, 1) + timedelta(days=chance.randrange(60)))
            ledger.add(child, "address-reported", fact, occurred_at=day)
    return ledger


def test_a_rebuild_swapped_in_is_read_by_the_connection_that_read_the_old_tables(database_url: str) -> None:
    """A long-lived reader goes on through a swap and the end of the old tables."""
    from projections.store import connect as connect_writer
    from projections.store import make_indexes, make_version, point_views_at

    fill(database_url, story().payloads)
    with connect(database_url) as connection, connect_writer(database_url) as writer:
        before = view(connection, NAME)
        with writer.transaction():
            make_version(writer, "read_2")
            for table in ("entries", "identifiers", "links", "parked", "findings"):
                writer.execute(f"insert into read_2.{table} select * from read_1.{table}")
            writer.execute("delete from read_2.progress")
            writer.execute("insert into read_2.progress select * from read_1.progress")
            make_indexes(writer, "read_2")
            point_views_at(writer, "read_2")
            writer.execute("drop schema read_1 cascade")
        assert view(connection, NAME) == before


def test_a_timeline_is_in_the_order_of_happening(ask: Callable[..., Any]) -> None:
    """Unknown times first, then as things happened; what was said about entries stands where it was recorded."""
    ledger = story()
    ledger.add(CHILD, "address-reported", {**MAILING}, occurred_at="2022-02-01", identifiers=[NAME])
    ledger.add(CHILD, "address-reported", {**MAILING}, occurred_at=None, identifiers=[NAME])
    disputed = {"position": 2, "statement": "never there", "by": "counsel"}
    ledger.add(CHILD, "entry-disputed", disputed, occurred_at=None, identifiers=[NAME])
    shown = timeline(ask(ledger)("A200-000-017"))
    assert [entry["position"] for entry in shown["entries"]] == [6, 1, 2, 5, 3, 4, 7]
    assert "custody" not in shown


def test_findings_are_listed_by_agency_office_code_and_openness(database_url: str) -> None:
    """The work list: whose entry, which rule, and whether anybody has dealt with it."""
    ledger = story()
    ledger.add(
        TWIN,
        "child-encountered",
        {"encounter_type": "interior", "place": "El Paso"},
        occurred_at="2022-05-01",
        agency="ICE-ERO",
        office="El Paso ERO",
        identifiers=[("fin", "F-2")],
        findings=[Finding("G2", "guard", "overlaps")],
    )
    ledger.add(
        CHILD,
        "finding-resolved",
        {"position": 2, "code": "G2", "resolution": "dates corrected", "reason": "file"},
        occurred_at=None,
    )
    fill(database_url, ledger.payloads)

    with connect(database_url) as connection:

        def found(sought: Sought) -> list[tuple[int, str]]:
            rows: list[dict[str, Any]] = []
            findings(connection, sought, lambda complete_to, found: rows.extend(found))
            return [(row["position"], row["code"]) for row in rows]

        assert found(Sought()) == [(2, "C3"), (2, "G2"), (5, "G2")]
        assert found(Sought(agency="ORR")) == [(2, "C3"), (2, "G2")]
        assert found(Sought(agency="ICE")) == found(Sought(office="El Paso ERO")) == [(5, "G2")]
        assert found(Sought(code="G2", only_open=True)) == [(5, "G2")]
        assert found(Sought(office="El Paso")) == []
        with pytest.raises(WrongQuestionError, match="there is no agency 'FBI'"):
            found(Sought(agency="FBI"))
        whole: list[Any] = []
        findings(connection, Sought(code="G2"), lambda complete_to, found: whole.extend((complete_to, *found)))
    assert whole[0] == write_clock(ledger.recorded_at)
    assert whole[1]["identifier"] == "a-number:200000017"
    assert whole[1]["resolved_position"] == 6
    assert whole[2]["office"] == "El Paso ERO"
