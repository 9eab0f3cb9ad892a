"""What an answer about a child is made of: merged records, parked entries, later history, rebuilt tables, findings.

Broken by hand to see these tests fail, one at a time: the group taken from the links and not from the statements of R,
the parked entries of another record shown, a carrier found in bytes that do not say so, the place of remarks in a
timeline, each filter of the findings.
"""

import random
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

import orjson
import pytest

from ledger.entry import Finding
from ledger.times import write_clock
from projections.tables.versions import connect as connect_writer
from projections.tables.versions import key_entries, make_keys, make_version, point_views_at
from readers.child.timeline import timeline
from readers.child.view import view
from readers.findings import FindingsAsked, findings
from readers.moments import MomentsAsked
from readers.snapshot import connect
from readers.unanswerable import NothingKnownError, NotShownError, WrongQuestionError
from tests.integration.asking import CHILD, NAME, TWIN, Ask, Connection, asking, at, story
from tests.integration.filling import Ledger, child_number, fill


@pytest.fixture
def ask(database_url: str) -> Iterator[Ask]:
    """Fill the tables with a ledger and give what asks them for a view."""
    with asking(database_url) as ask:
        yield ask


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


def test_merged_records_are_one_child_from_the_merge_on(ask: Ask) -> None:
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


def test_an_unmerge_parts_them_again_and_the_time_between_stays_answered(ask: Ask) -> None:
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


def test_an_answer_says_from_when_on_it_is_incomplete(ask: Ask) -> None:
    """An entry that cannot be applied shows, with its reason, from the moment it was recorded; others are whole."""
    asked = ask(parked())
    answer = asked("A200-000-017")
    assert answer["incomplete"]["since"] == "2022-03-05T14:00:00.000000Z"
    assert "v9" in answer["incomplete"]["reason"]
    assert answer["custody"]["state"] == "orr-custody"
    assert asked("A200-000-017", recorded_by=at("2022-03-05T13:59:59Z"))["incomplete"] is None
    assert asked("eoir-case:E-9")["incomplete"] is None


def test_a_child_of_whom_nothing_could_be_applied_is_not_unknown(ask: Ask) -> None:
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
        answer = view(connection, ("ledger", str(child)), MomentsAsked(recorded_by=recorded_by))
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
    fill(database_url, story().payloads)
    with connect(database_url) as connection, connect_writer(database_url) as writer:
        before = view(connection, NAME)
        with writer.transaction():
            make_version(writer, "read_2")
            for table in ("entries", "identifiers", "links", "parked", "findings"):
                writer.execute(f"insert into read_2.{table} select * from read_1.{table}")
            writer.execute("delete from read_2.progress")
            writer.execute("insert into read_2.progress select * from read_1.progress")
            key_entries(writer, "read_2")
            make_keys(writer, "read_2")
            point_views_at(writer, "read_2")
            writer.execute("drop schema read_1 cascade")
        assert view(connection, NAME) == before


def test_a_timeline_is_in_the_order_of_happening(ask: Ask) -> None:
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

        def found(sought: FindingsAsked) -> list[tuple[int, str]]:
            rows: list[dict[str, Any]] = []
            findings(connection, sought, lambda complete_to, found: rows.extend(found))
            return [(row["position"], row["code"]) for row in rows]

        assert found(FindingsAsked()) == [(2, "C3"), (2, "G2"), (5, "G2")]
        assert found(FindingsAsked(agency="ORR")) == [(2, "C3"), (2, "G2")]
        assert found(FindingsAsked(agency="ICE")) == found(FindingsAsked(office="El Paso ERO")) == [(5, "G2")]
        assert found(FindingsAsked(code="G2", only_open=True)) == [(5, "G2")]
        assert found(FindingsAsked(office="El Paso")) == []
        with pytest.raises(WrongQuestionError, match="--agency 'FBI' is no agency that produces entries"):
            found(FindingsAsked(agency="FBI"))
        assert found(FindingsAsked(code="g2", agency="ice-ero", office="el paso ero")) == [(5, "G2")]
        for none in (FindingsAsked(code="g22"), FindingsAsked(office="El Pso ERO")):
            with pytest.raises(WrongQuestionError, match="did you mean"):
                found(none)
        whole: list[Any] = []
        findings(connection, FindingsAsked(code="G2"), lambda complete_to, found: whole.extend((complete_to, *found)))
    assert whole[0] == write_clock(ledger.recorded_at)
    assert whole[1]["identifier"] == "a-number:200000017"
    assert whole[1]["resolved_position"] == 6
    assert whole[2]["office"] == "El Paso ERO"
