"""What the whole population owes is what each child's own answer says, for any two moments."""

from collections import Counter
from collections.abc import Iterator
from datetime import datetime, timedelta
from random import Random
from typing import Any

import psycopg
import pytest

from ledger.agencies import GROUPS
from ledger.entry import Entry, read_entry
from ledger.facts import ReleasedToSponsor
from ledger.streams import LEDGER as STEWARDS
from ledger.times import parse_instant
from readers.obligations.duty_pages import read_place
from readers.obligations.one_child import DutiesAsked, owed
from readers.obligations.owed_by_all import DutyPage, checked_population, owed_by_all
from readers.obligations.population import Chosen
from readers.snapshot import connect
from readers.unanswerable import NothingKnownError, NotShownError, WrongQuestionError
from tests.conftest import new_database
from tests.integration.commands import runner
from tests.integration.filling import ZONE
from tests.integration.owing_histories import Owing, fill, made_up
from tests.oracle.duties import duties as oracle_duties

Connection = psycopg.Connection[tuple[Any, ...]]
EVERYTHING = Chosen()


@pytest.fixture(scope="module")
def ledger() -> Owing:
    ledger = made_up(5, children=12, steps=420)
    for opened in [entry.position for entry in entries_of(ledger) if type(entry.fact) is ReleasedToSponsor][::2]:
        waived = {"rule": "D10", "position": opened, "obliged": "ORR", "reason_code": "other", "reason": "x"}
        ledger.say(STEWARDS, "obligation-waived", waived, agency="STEWARD", subject="ledger")
    return ledger


@pytest.mark.parametrize("seed", [2, 6])
def test_so_it_is_in_other_ledgers(database_url: str, seed: int) -> None:
    """The same for other made-up ledgers: merges, reads and waivers fall elsewhere, and what a clock set back did."""
    ledger = made_up(seed, children=9, steps=300)
    fill(database_url, ledger)
    with connect(database_url) as connection:
        agrees(connection, ledger)


@pytest.fixture(scope="module")
def filled(postgres_url: str, ledger: Owing) -> Iterator[str]:
    """Give a database that holds the ledger; these tests only read it."""
    with new_database(postgres_url) as url:
        fill(url, ledger)
        yield url


@pytest.fixture
def connection(filled: str) -> Iterator[Connection]:
    with connect(filled) as reading:
        yield reading


def moments(ledger: Owing) -> list[tuple[datetime | None, datetime | None]]:
    """Return pairs of `on` and R: now, in between, before it all, and on a day before or after R."""
    random, last = Random(5), ledger.recorded_at
    span = [last - timedelta(hours=random.randint(0, 430), minutes=random.choice((0, 20))) for _ in range(8)]
    pairs: list[tuple[datetime | None, datetime | None]] = [(None, None), (last - timedelta(days=9), None)]
    return [*pairs, *((None, one) for one in span[:4]), *zip(span[4:6], span[6:8], strict=True)]


def by_child(answer: dict[str, Any]) -> dict[str, list[dict[str, Any]]]:
    found: dict[str, list[dict[str, Any]]] = {}
    for one in answer["list"]:
        rest = {name: value for name, value in one.items() if name not in ("child", "identifiers")}
        found.setdefault(one["child"], []).append(rest)
    return found


def of_one(connection: Connection, child: Any, **asked: Any) -> list[dict[str, Any]] | None:
    try:
        answer = owed(connection, ("ledger", str(child)), **asked)
    except (NothingKnownError, NotShownError):
        return None
    return [{name: value for name, value in one.items() if name != "proof"} for one in answer["obligations"]]


def key(duty: dict[str, Any]) -> tuple[Any, ...]:
    return duty["opened_by"], duty["rule"], duty["version"], duty["obliged"], duty["towards"] or ""


def children_of(ledger: Owing) -> list[Any]:
    return sorted({entry.child for entry in entries_of(ledger)})


def entries_of(ledger: Owing) -> list[Entry]:
    return [read_entry(payload) for payload in ledger.payloads if b'"child":null' not in payload]


def test_the_population_owes_what_each_child_owes(connection: Connection, ledger: Owing) -> None:
    """Every member of every duty, for pairs of moments: states, times, what met and ended it, days late, remarks."""
    seen = agrees(connection, ledger)
    assert seen.keys() == {
        "open",
        "met",
        "late",
        "missed",
        "not-covered",
        "waived",
        "withdrawn",
        "undated",
        "not-measurable",
    }


def agrees(connection: Connection, ledger: Owing) -> Counter[str]:
    """Compare the population with every child; return how many duties were in which state."""
    children = children_of(ledger)
    seen: Counter[str] = Counter()
    for on, recorded_by in moments(ledger):
        answer = owed_by_all(connection, EVERYTHING, on=on, recorded_by=recorded_by, page=DutyPage(10_000))
        listed = by_child(answer)
        shown: set[str] = set()
        for child in children:
            its = of_one(connection, child, on=on, recorded_by=recorded_by)
            if its is None:
                continue
            positions = {one["opened_by"] for one in its}
            persons = [name for name, some in listed.items() if positions & {one["opened_by"] for one in some}]
            assert len(persons) == (1 if its else 0), (child, on, recorded_by)
            if its:
                assert sorted(listed[persons[0]], key=key) == sorted(its, key=key), (child, on, recorded_by)
                shown.add(persons[0])
        assert shown == set(listed)
        seen.update(one["state"] for one in answer["list"])
        counted = {
            (row["rule"], row["version"], row["obliged"], state): count
            for row in answer["summary"]
            for state, count in row["states"].items()
        }
        rows = Counter((o["rule"], o["version"], o["obliged"], o["state"]) for o in answer["list"])
        assert counted == rows
        assert answer["duties"] == len(answer["list"])
    return seen


def test_duties_chosen_are_those_of_all_that_fit(connection: Connection, ledger: Owing) -> None:
    """By agency or group, by state and by rule: no more, no less, and the summary counts the same."""
    every = owed_by_all(connection, EVERYTHING, page=DutyPage(10_000))["list"]
    chosen_at_all = 0
    for agency, state, rule in (
        ("ICE", None, None),
        ("ORR", "missed", None),
        (None, "waived", None),
        (None, None, "D10"),
    ):
        chosen = checked_population(DutiesAsked(agency, state), rule, None)
        found = owed_by_all(connection, chosen, page=DutyPage(10_000))
        bodies = None if agency is None else (agency, *GROUPS.get(agency, ()))
        expected = [
            one
            for one in every
            if (bodies is None or one["obliged"] in bodies)
            and state in (None, one["state"])
            and rule in (None, one["rule"])
        ]
        assert found["list"] == expected
        assert found["duties"] == len(expected)
        chosen_at_all += len(expected)
    assert chosen_at_all > 20


def test_duties_are_found_by_who_is_owed_them_by_office_and_by_when_they_are_due(
    connection: Connection, ledger: Owing
) -> None:
    """Alone and together, counted and listed; and of one child the same as of all."""
    every = owed_by_all(connection, EVERYTHING, page=DutyPage(10_000))["list"]
    offices = {entry.position: entry.producer.office for entry in entries_of(ledger)}
    start, end = (parse_instant(f"2022-01-{day:02}T05:00:00Z") for day in (10, 20))
    office = 'Nordost "Ü"'
    whole = {child: of_one(connection, child) for child in children_of(ledger)}

    def fits(one: dict[str, Any], sought: DutiesAsked) -> bool:
        due = None if one["due_at"] is None else parse_instant(one["due_at"])
        return (
            (sought.towards is None or one["towards"] in (sought.towards, *GROUPS.get(sought.towards, ())))
            and (sought.due_from is None or (due is not None and due >= sought.due_from))
            and (sought.due_to is None or (due is not None and due <= sought.due_to))
            and (sought.office is None or offices[one["opened_by"]] == sought.office)
        )

    for turn, sought in enumerate(
        (
            DutiesAsked(towards="ICE"),
            DutiesAsked(towards="ORR"),
            DutiesAsked(due_from=start),
            DutiesAsked(due_to=end),
            DutiesAsked(due_from=start, due_to=end),
            DutiesAsked(office=office),
            DutiesAsked(towards="DHS", due_from=start, office=office),
        )
    ):
        found = owed_by_all(connection, checked_population(sought, None, None), page=DutyPage(10_000))
        expected = [one for one in every if fits(one, sought)]
        assert found["list"] == expected
        assert 0 < len(expected) < len(every)
        assert found["duties"] == sum(sum(row["states"].values()) for row in found["summary"]) == len(expected)
        for child, duties in list(whole.items())[turn % 3 :: 3]:
            its = of_one(connection, child, sought=sought)
            assert its == (None if duties is None else [one for one in duties if fits(one, sought)])


def test_an_office_that_is_none_is_refused_and_one_spelled_otherwise_is_meant(
    connection: Connection, ledger: Owing
) -> None:
    """Of all and of one child: nothing found would look as if the office owed nothing. An idle office owes nothing."""
    child = next(one for one in children_of(ledger) if of_one(connection, one))
    office = 'Nordost "Ü"'
    wrong = "--office 'Nordost' is no office the ledger knows .did you mean Nordost \"Ü\"."
    with pytest.raises(WrongQuestionError, match=wrong):
        owed_by_all(connection, checked_population(DutiesAsked(office="Nordost"), None, None))
    with pytest.raises(WrongQuestionError, match=wrong):
        owed(connection, ("ledger", str(child)), sought=DutiesAsked(office="Nordost"))
    exact, loose = (
        owed_by_all(connection, checked_population(DutiesAsked(office=name), None, None), page=DutyPage(10_000))
        for name in (office, office.upper())
    )
    assert exact == loose
    assert loose["office"] == office
    assert loose["duties"] > 0
    assert owed(connection, ("ledger", str(child)), sought=DutiesAsked(office=office.upper()))["office"] == office
    assert owed_by_all(connection, checked_population(DutiesAsked(office="Seattle"), None, None))["duties"] == 0


def test_pages_put_together_are_the_whole_list(connection: Connection, ledger: Owing) -> None:
    """In one order, due first; as of the moments of the first page, whatever is recorded meanwhile."""
    whole = owed_by_all(connection, EVERYTHING, page=DutyPage(10_000))
    assert whole["next"] is None
    due = [one["due_at"] or "9999" for one in whole["list"]]
    assert due == sorted(due)
    pages = [owed_by_all(connection, EVERYTHING, page=DutyPage(37))]
    while pages[-1]["next"] is not None:
        pages.append(owed_by_all(connection, EVERYTHING, page=DutyPage(37, read_place(pages[-1]["next"]))))
    assert [one for page in pages for one in page["list"]] == whole["list"]
    assert {page["recorded_by"] for page in pages} == {whole["recorded_by"]}


def test_the_oracle_works_out_the_same(database_url: str) -> None:
    """Duties that facts meet, as known now, from the JSON of the facts alone."""
    ledger = made_up(5, children=12, steps=500, plain=True)
    fill(database_url, ledger)
    expected: Counter[Any] = Counter()
    with connect(database_url) as connection:
        answer = owed_by_all(connection, EVERYTHING, page=DutyPage(10_000))
    for child in children_of(ledger):
        its = [one for one in entries_of(ledger) if one.child == child]
        for rule, opened_by, _, state, due_at, met_at in oracle_duties(its, {}, parse_instant(answer["on"]), ZONE):
            if rule in ("T2", "T3"):
                expected[str(child), rule, opened_by, state, due_at, met_at] += 1
    found = Counter(
        (
            one["child"],
            one["rule"],
            one["opened_by"],
            one["state"],
            None if one["due_at"] is None else parse_instant(one["due_at"]),
            None if one["met_at"] is None else parse_instant(one["met_at"]),
        )
        for one in answer["list"]
        if one["rule"] in ("T2", "T3") and one["state"] != "waived"
    )
    waived = sum(one["rule"] in ("T2", "T3") and one["state"] == "waived" for one in answer["list"])
    assert found.total() == expected.total() - waived > 5
    assert not found - expected


def test_nothing_published_leaves_duties_to_tell_unmeasured(database_url: str) -> None:
    """As for one child: calling them missed would accuse without having looked."""
    ledger = made_up(7, children=4, steps=80)
    fill(database_url, ledger, published=False)
    with connect(database_url) as connection:
        answer = owed_by_all(connection, EVERYTHING, page=DutyPage(10_000))
        for child, duties in by_child(answer).items():
            assert sorted(duties, key=key) == sorted(of_one(connection, child) or (), key=key)
    assert {one["state"] for one in answer["list"] if one["rule"] in ("D10", "T1")} <= {"not-measurable", "withdrawn"}


def test_duties_by_other_rules_are_not_shown(database_url: str) -> None:
    """What another release's rules worked out is not this one's answer: the cure is named."""
    fill(database_url, made_up(4, children=2, steps=20))
    with psycopg.connect(database_url, autocommit=True) as writing:
        writing.execute("update read_1.rulebook set fingerprint = 'others'")
    with connect(database_url) as connection, pytest.raises(NotShownError, match="custody rebuild"):
        owed_by_all(connection, EVERYTHING)


def test_an_empty_ledger_owes_nothing(database_url: str) -> None:
    """Before the first entry there is an answer all the same."""
    empty = Owing()
    empty.payloads = []
    fill_nothing(database_url)
    with connect(database_url) as connection:
        answer = owed_by_all(connection, EVERYTHING, page=DutyPage(10))
    assert (answer["duties"], answer["list"], answer["next"], answer["recorded_by"]) == (0, [], None, None)


def fill_nothing(database_url: str) -> None:
    from ledger.roles.settings import Settings
    from projections.tables.versions import connect as writing
    from projections.tables.versions import prepare

    with writing(database_url) as connection:
        prepare(connection, Settings(database_url, "", ZONE, "wall"))


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (("--agency", "FBI"), 2, "'FBI' is no agency or body"),
        (("--state", "lost"), 2, "'lost' is no state of an obligation"),
        (("--rule", "D99"), 2, "'D99' is no rule of obligation (did you mean D9?); there are D1, D2"),
        (("--list", "--limit", "0"), 2, "a page holds 1 to 10,000 duties"),
        (("--after", "x"), 2, "is no place in a list of duties"),
        (("--on", "soon"), 2, "--on"),
        (("--towards", "OIG"), 2, "--towards 'OIG' is no agency that is owed"),
        (("--due-from", "2022-02-01", "--due-to", "2022-01-01"), 2, "--due-to is before --due-from"),
        (("--due-to", "soon"), 2, "--due-to"),
        (("A200-000-017", "--list"), 2, "--list is of the whole population"),
    ],
)
def test_what_is_asked_wrongly_is_refused_with_what_there_is(
    database_url: str, tmp_path: Any, words: tuple[str, ...], code: int, said: str
) -> None:
    """Exit codes of the contract, and the message names what can be asked."""
    fill_nothing(database_url)
    run = runner(database_url, tmp_path)("obligations", *words)
    assert (run.returncode, said in run.stderr) == (code, True), run.stderr


def test_the_command_shows_the_summary_and_pages(database_url: str, tmp_path: Any) -> None:
    """Law, regulation, policy and target under headings of their own; the next page by what the page before says."""
    fill(database_url, made_up(4, children=6, steps=150))
    custody = runner(database_url, tmp_path)
    text = custody("obligations").stdout
    assert text.index("By law") < text.index("By policy or agreement") < text.index("Targets, which no law sets")
    first = custody("obligations", "--list", "--limit", "3").stdout
    place = next(line for line in first.splitlines() if line.startswith("more: --after ")).split()[-1]
    second = custody("obligations", "--after", place, "--limit", "3")
    assert second.returncode == 0
    assert second.stdout != first
