"""Figures from the interval tables, against a plain count over the very entries that filled them.

Broken by hand to see these tests fail, one at a time: each comparison of the statements in figures.sql made strict or
loose, each `is null` taken away, the level of findings, the findings of merged records, findings of any R or closed
ones counted, the filters of the counts, and the month and the letters of a dimension.
"""

from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any

import orjson
import psycopg
import pytest

from ledger.entry import Finding
from ledger.times import parse_instant, write_clock
from readers.figures.definitions import FIGURES, FigureAsked
from readers.figures.figures import figure
from readers.snapshot import connect
from readers.unanswerable import WrongQuestionError
from tests.integration.counting import DAYS, FIRST_DAY, made_up, moments, plain
from tests.integration.filling import START, Ledger, child_number, fill


@pytest.fixture
def ledger() -> Ledger:
    """A made-up ledger of 90 children, some of them one."""
    return made_up(seed=7, children=90)


@pytest.fixture
def connection(database_url: str, ledger: Ledger) -> Iterator[psycopg.Connection[tuple[Any, ...]]]:
    """A connection for reading, to tables that hold the ledger."""
    fill(database_url, ledger.payloads)
    with connect(database_url) as connection:
        yield connection


@pytest.fixture(params=[0, 20_000], ids=["many", "few"])
def few_or_many(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let findings be read as for figures of many rows, and as for those of few."""
    monkeypatch.setattr("readers.figures.figures._FEW", request.param)


def by_key(answer: dict[str, Any], dimension: str) -> dict[str, int]:
    return {row[dimension]: row["value"] for row in answer["rows"]}


@pytest.mark.usefixtures("few_or_many")
def test_children_in_care_are_those_a_plain_count_finds(
    connection: psycopg.Connection[tuple[Any, ...]], ledger: Ledger
) -> None:
    """As of any day and as recorded by any moment: how many, how many absent, how many with open guard findings."""
    seen = set()
    for recorded_by in moments(ledger):
        counted = plain(ledger.payloads, recorded_by)
        days: list[date | None] = [FIRST_DAY + timedelta(days=n) for n in range(-1, DAYS + 200, 151)]
        days += [day for stay in counted.stays[:3] for day in (stay.admitted, stay.left)]
        days += [day for stay in counted.stays for away in stay.absences for day in away[:2]][::7]
        for day in filter(None, days):
            expected = counted.in_care(day)
            answer = figure(connection, FigureAsked("in-care", on=day, recorded_by=recorded_by))
            assert answer["value"] == answer["population"] == len(expected)
            assert answer["absent"] == len(counted.absent(day))
            assert answer["open_findings"] == len(counted.flagged & expected.keys())
            seen.add((answer["value"], answer["absent"], answer["open_findings"]))
            if day.day % 3:
                continue
            without = figure(
                connection, FigureAsked("in-care", on=day, recorded_by=recorded_by, without_open_findings=True)
            )
            assert without["value"] == len(expected.keys() - counted.flagged)
            assert without["absent"] == len(counted.absent(day) - counted.flagged)
            assert without["open_findings"] == answer["open_findings"]
            countries = figure(connection, FigureAsked("in-care", on=day, recorded_by=recorded_by, by="country"))
            assert by_key(countries, "country") == Counter(stay.country or "unknown" for stay in expected.values())
    assert len(seen) > 20, "the made-up ledger says something different at different moments"


@pytest.mark.usefixtures("few_or_many")
def test_releases_are_those_a_plain_count_finds(
    connection: psycopg.Connection[tuple[Any, ...]], ledger: Ledger
) -> None:
    """In any period and as recorded by any moment, by each dimension; a child released twice is one child."""
    twice = 0
    for recorded_by in moments(ledger)[::2]:
        counted = plain(ledger.payloads, recorded_by)
        for since, until in (
            (FIRST_DAY, FIRST_DAY + timedelta(days=DAYS + 400)),
            (date(2021, 10, 1), date(2022, 9, 30)),
            (date(2022, 3, 1), date(2022, 3, 1)),
        ):
            expected = counted.released(since, until)
            children = {release.person for release in expected}
            twice += len(expected) - len(children)
            asked = FigureAsked("released", since=since, until=until, recorded_by=recorded_by)
            answer = figure(connection, asked)
            assert answer["value"] == len(expected)
            assert answer["population"] == len(children)
            assert answer["open_findings"] == len(counted.flagged & children)
            assert answer["undated"] == len([release for release in counted.releases if release.on is None])
            for dimension, keys in (
                ("fiscal-year", [str(r.on.year + (r.on.month >= 10)) for r in expected if r.on]),
                ("state", [(r.state or "").strip().upper() or "unknown" for r in expected]),
                ("sponsor-category", [r.category for r in expected]),
                ("country", [r.country or "unknown" for r in expected]),
            ):
                told = figure(connection, replace(asked, by=dimension))
                assert by_key(told, dimension) == Counter(keys)
                assert [row[dimension] for row in told["rows"]] == sorted(set(keys))
            without = figure(connection, replace(asked, without_open_findings=True))
            assert without["value"] == len([r for r in expected if r.person not in counted.flagged])
    assert twice, "some child is released twice in a period"


def test_a_finding_of_any_record_is_told_of_the_person_they_make_up(database_url: str) -> None:
    """Until the merge it is that of the other child, who is not in care."""
    ledger, child, other = Ledger(), child_number(1), child_number(2)
    ledger.add(child, "admitted-to-program", {"program": "Casa"}, occurred_at="2022-03-01", agency="ORR")
    ledger.add(
        other,
        "particulars-asserted",
        {"country": "HND"},
        occurred_at="2022-03-01",
        agency="ORR",
        findings=[Finding("G1", "guard", "made up")],
    )
    before = ledger.recorded_at
    said = {"other": {"scheme": "ledger", "value": str(other)}, "reason": "one child"}
    ledger.add(child, "identity-merged", said, occurred_at=None, agency="STEWARD", resolved={"other": str(other)})
    fill(database_url, ledger.payloads)
    asked = FigureAsked("in-care", on=date(2022, 4, 1))
    with connect(database_url) as connection:
        for recorded_by, found in ((before, 0), (None, 1)):
            answer = figure(connection, replace(asked, recorded_by=recorded_by))
            assert (answer["value"], answer["population"], answer["open_findings"]) == (1, 1, found)
            without = figure(connection, replace(asked, recorded_by=recorded_by, without_open_findings=True))
            assert without["value"] == 1 - found


def test_a_list_names_each_child_counted_and_the_position_that_proves_it(
    connection: psycopg.Connection[tuple[Any, ...]], ledger: Ledger
) -> None:
    """The list has one row for each child or release counted; a release's position is that of the release."""
    counted = plain(ledger.payloads, moments(ledger)[-1])
    since, until = FIRST_DAY, FIRST_DAY + timedelta(days=DAYS + 400)
    released = figure(connection, FigureAsked("released", since=since, until=until, listed=True))["list"]
    assert [(row["position"], row["child"]) for row in released] == sorted(
        (release.position, str(release.person)) for release in counted.released(since, until)
    )
    day = FIRST_DAY + timedelta(days=300)
    asked = FigureAsked("in-care", on=day, listed=True)
    in_care = figure(connection, asked)["list"]
    assert {row["child"] for row in in_care} == {str(person) for person in counted.in_care(day)}
    assert {row["child"] for row in in_care if row["absent"]} == {str(person) for person in counted.absent(day)}
    assert {row["child"] for row in in_care if row["open_findings"]} == {
        str(person) for person in counted.flagged & counted.in_care(day).keys()
    }
    assert any(row["open_findings"] for row in in_care)
    without = figure(connection, replace(asked, without_open_findings=True))["list"]
    assert without == [row for row in in_care if not row["open_findings"]]


def test_an_answer_says_what_it_counts_and_by_when(
    connection: psycopg.Connection[tuple[Any, ...]], ledger: Ledger
) -> None:
    """The contract's members are there; a moment beyond what the tables hold is cut to what they hold."""
    last = write_clock(moments(ledger)[-1])
    beyond = datetime.fromisoformat("2099-01-01T00:00:00+00:00")
    answer = figure(connection, FigureAsked("in-care", on=date(2022, 3, 31), recorded_by=beyond))
    assert answer["figure"] == "in-care"
    assert answer["on"] == "2022-03-31"
    assert answer["as"] == "ledger"
    assert answer["known_at"] == answer["recorded_by"] == answer["complete_to"] == last
    assert answer["incomplete"] is None
    assert "open_findings" in answer["definition"]
    period = figure(connection, FigureAsked("released", since=date(2022, 1, 1), until=date(2022, 2, 1), by="state"))
    assert (period["from"], period["to"]) == ("2022-01-01", "2022-02-01")
    assert "value" not in period
    assert "on" not in period
    assert figure(connection, FigureAsked("in-care"))["on"] == str(moments(ledger)[-1].date())


def test_before_the_ledger_began_nobody_was_known_to_be_in_care(
    connection: psycopg.Connection[tuple[Any, ...]],
) -> None:
    """Asked for what the ledger had heard before its first entry, a figure is 0."""
    before = START - timedelta(days=1)
    assert figure(connection, FigureAsked("in-care", on=date(2022, 3, 31), recorded_by=before))["value"] == 0
    rows = figure(connection, FigureAsked("in-care", on=date(2022, 3, 31), recorded_by=before, by="country"))["rows"]
    assert rows == []


def test_an_empty_ledger_has_figures_of_nought(database_url: str) -> None:
    """Tables that hold no entry yet give 0, with no moment to be complete to."""
    fill(database_url, [])
    with connect(database_url) as connection:
        answer = figure(connection, FigureAsked("released", since=date(2022, 1, 1), until=date(2022, 2, 1)))
    assert answer["value"] == 0
    assert answer["complete_to"] is None


def test_a_figure_says_how_many_children_are_missing_from_it(database_url: str) -> None:
    """Children whose entries could not be applied are counted as missing from the moment that entry was recorded."""
    ledger = Ledger()
    ledger.add(child_number(1), "admitted-to-program", {}, occurred_at="2022-01-05")
    damaged = ledger.add(child_number(2), "admitted-to-program", {}, occurred_at="2022-01-05")
    ledger.payloads[-1] = ledger.payloads[-1].replace(b"admitted-to-program.v1", b"admitted-to-program.v9")
    ledger.add(child_number(2), "discharged-otherwise", {"kind": "other"}, occurred_at="2022-01-07")
    fill(database_url, ledger.payloads)
    with connect(database_url) as connection:
        answer = figure(connection, FigureAsked("in-care", on=date(2022, 1, 6)))
        first = parse_instant(orjson.loads(ledger.payloads[0])["recorded_at"])
        before = figure(connection, FigureAsked("in-care", on=date(2022, 1, 6), recorded_by=first))
    assert answer["value"] == 1
    assert answer["incomplete"]["children"] == 1
    assert answer["incomplete"]["since"] == orjson.loads(ledger.payloads[damaged - 1])["recorded_at"]
    assert "v9" in answer["incomplete"]["reason"]
    assert before["incomplete"] is None


@pytest.mark.parametrize(
    ("asked", "named"),
    [
        (FigureAsked("escaped", on=date(2022, 1, 1)), "in-care, released"),
        (FigureAsked("in-care", on=date(2022, 1, 1), by="state"), "no dimension of in-care; there are country"),
        (FigureAsked("in-care", since=date(2022, 1, 1), until=date(2022, 2, 1)), "--on DATE"),
        (FigureAsked("released", on=date(2022, 1, 1)), "--from DATE --to DATE"),
        (FigureAsked("released", since=date(2022, 1, 1)), "--from DATE --to DATE"),
        (FigureAsked("released", since=date(2022, 2, 1), until=date(2022, 1, 1)), "exchange --from and --to"),
    ],
)
def test_a_figure_wrongly_asked_for_names_what_there_is(database_url: str, asked: FigureAsked, named: str) -> None:
    """An unknown figure or dimension, the wrong kind of days, or a period that ends before it begins."""
    with connect(database_url) as connection, pytest.raises(WrongQuestionError, match=named):
        figure(connection, asked)


def test_every_figure_has_a_definition_and_a_list() -> None:
    """A figure without its words, its proof and its dimensions is not a figure anybody can check."""
    for kind in FIGURES.values():
        assert kind.definition.endswith(".")
        assert list(kind.listed)[:2] == ["child", "position"]
        assert kind.dimensions
