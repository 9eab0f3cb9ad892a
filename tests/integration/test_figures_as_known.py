"""Figures as known to agencies, from the rows of what they hold, against the oracle that folds everything it is told.

Broken by hand, these failed with: R left out of receipts, K made loose, the level of a receipt passed over; a claim of
a receipt taken for what was published later; numbers signed for singly taken for all before them; merged children,
those given notice and those found irregular counted by their rows; the last batch's stamp taken for that of each item
in it, and an item taken for told before its own; claims of a producer taken for in order; a group taken for told by
those who lead it alone, or alike where it is told differently; members forgotten; R left out of own entries, their
claims passed over; the end of a row dropped, the grid passed over; what happens later taken for held; folded children
left out; corrections, voids, supplements, or entries that nobody is told of, not worked out; those without
a feed taken for knowing nothing.
"""

from collections.abc import Iterator
from datetime import date, datetime
from itertools import cycle
from typing import Any
from uuid import UUID

import psycopg
import pytest
from hypothesis import HealthCheck, Phase, assume, given, settings
from hypothesis import strategies as st

from ledger.agencies import Agency
from ledger.entry import Entry
from ledger.sharing.rule_sets import Adopted
from ledger.times import parse_instant
from projections.tables.versions import connect as connect_writing
from readers.child.known_set import parse_viewpoint
from readers.corrections import CorrectionsAsked, corrections
from readers.figures.definitions import FigureAsked
from readers.figures.divergent import DivergentAsked, divergent
from readers.figures.figures import figure
from readers.figures.known_to_agency import told_apart
from readers.snapshot import connect
from tests.histories import ELM, OAK, ZONE, Json, entry
from tests.integration.holding import fill_drawn, valid_receipts
from tests.knowing import history_of, publications
from tests.knowledge_histories import (
    ALL_FOUR,
    CHILDREN,
    MOMENTS_OF_LEDGER,
    VIEWERS,
    WIDER,
    Drawn,
    at,
    drawn_histories,
    rules,
)
from tests.oracle.care import care
from tests.oracle.knowledge import History, Question, folded
from tests.oracle.standing import Happened, name_of, one_person
from tests.oracle.whereabouts import whereabouts

DAYS = (date(2022, 3, 5), date(2022, 3, 13), date(2022, 6, 1))
PERIOD = (date(2000, 1, 1), date(2030, 1, 1))
EVER = parse_instant("2199-12-31T00:00:00Z")
ASKED = st.tuples(
    st.sampled_from(VIEWERS), MOMENTS_OF_LEDGER, MOMENTS_OF_LEDGER, st.sampled_from(("any", "proven")), ALL_FOUR
)
SLOW = settings(
    deadline=None,
    max_examples=25,
    phases=(Phase.explicit, Phase.reuse, Phase.generate),
    suppress_health_check=list(HealthCheck),
)


@pytest.fixture
def writing(database_url: str) -> Iterator[psycopg.Connection[Any]]:
    """A connection that may write the read tables."""
    with connect_writing(database_url) as connection:
        yield connection


def persons(history: History, question: Question) -> dict[str, Json]:
    """Return what the viewer counts of each person it knows, by the person's id."""
    found: dict[str, Json] = {}
    for child in sorted({one.child for one in history.entries}):
        known, _, fold = folded(history, question._replace(child=child))
        if known:
            group = {one.entry.child for one in known} | {child}
            found[str(min(group))] = care(fold, ZONE)
    return found


def in_care(people: dict[str, Json], day: date) -> set[tuple[str, str | None, str | None, bool]]:
    return {
        (
            person,
            None if stay["admitted_on"] is None else str(stay["admitted_on"]),
            its["country"],
            any(
                (away["absent_on"] is None or away["absent_on"] <= day)
                and (away["ended_by"] is None or (away["ended_on"] is not None and away["ended_on"] > day))
                for away in its["absences"]
            ),
        )
        for person, its in people.items()
        for stay in its["stays"]
        if (stay["admitted_on"] is None or stay["admitted_on"] <= day)
        and (stay["left_by"] is None or (stay["left_on"] is not None and stay["left_on"] > day))
    }


def check_cited(history: History, question: Question, row: Json, proof: list[int]) -> None:
    """The row cites what makes it so, all of it known to the viewer by then; of merged records also the merges."""
    by_position = {entry.position: entry for entry in history.entries}
    merges = {p for p in row["entries"] if name_of(by_position[p]) in _OF_MERGES} - {*proof}
    assert {*row["entries"]} - merges == {*proof}, row
    assert row["position"] == proof[0], row
    known, _, _ = folded(history, question._replace(child=UUID(row["child"])))
    assert {*row["entries"]} <= {one.entry.position for one in known}, row
    records = {by_position[p].child for p in proof}
    reached = one_person(UUID(row["child"]), [by_position[p] for p in sorted(merges)])
    assert records <= reached, row


_OF_MERGES = ("identity-merged", "identity-unmerged", "entry-voided")
FAILED = {"hearing_id": "h1", "court_case": "c1", "judge_action": "adjourned"}


def check_figures(connection: psycopg.Connection[Any], history: History, asked: Any) -> int:
    """Compare every figure with what the oracle counts; return how much there was to count."""
    viewer, known_at, recorded_by, basis, at_least = asked
    view = parse_viewpoint(viewer, basis, at_least)
    common: Json = {"viewpoint": view, "known_at": known_at, "recorded_by": recorded_by, "listed": True}
    counted = 0
    first = figure(connection, FigureAsked("released", since=PERIOD[0], until=PERIOD[1], **common))
    question = Question(
        CHILDREN[0],
        viewer,
        parse_instant(first["known_at"]),
        EVER,
        parse_instant(first["recorded_by"]),
        basis,
        at_least,
    )
    people = persons(history, question)
    assert {
        (row["child"], row["position"], row["released_on"], row["state"], row["sponsor_category"], row["country"])
        for row in first["list"]
    } == {
        (
            person,
            release["position"],
            str(release["released_on"]),
            release["state"] or None,
            release["sponsor_category"],
            its["country"],
        )
        for person, its in people.items()
        for release in its["releases"]
        if release["released_on"] is not None
    }, asked
    for row in first["list"]:
        (proof,) = (one["proof"] for one in people[row["child"]]["releases"] if one["position"] == row["position"])
        check_cited(history, question, row, proof)
    assert first["undated"] == sum(r["released_on"] is None for its in people.values() for r in its["releases"])
    failed = figure(connection, FigureAsked("failures-to-appear", since=PERIOD[0], until=PERIOD[1], **common))
    assert {(row["child"], row["hearing"], row["failed_on"], row["judge_action"]) for row in failed["list"]} == {
        (person, one["hearing_id"], str(one["failed_on"]), one["judge_action"])
        for person, its in people.items()
        for one in its["failures"]
        if one["failed_on"] is not None
    }, asked
    for row in failed["list"]:
        (proof,) = (one["proof"] for one in people[row["child"]]["failures"] if one["hearing_id"] == row["hearing"])
        check_cited(history, question, row, proof)
    counted += len(first["list"]) + len(failed["list"])
    for day in DAYS:
        answer = figure(connection, FigureAsked("in-care", on=day, **common))
        expected = in_care(people, day)
        assert {
            (row["child"], row["admitted_on"], row["country"], row["absent"]) for row in answer["list"]
        } == expected, (asked, day)
        for row in answer["list"]:
            proofs = [one["proof"] for one in people[row["child"]]["stays"] if one["proof"][0] == row["position"]]
            away = [
                one["proof"]
                for one in people[row["child"]]["absences"]
                if row["absent"] and (one["absent_on"] is None or one["absent_on"] <= day)
                if one["ended_by"] is None or (one["ended_on"] is not None and one["ended_on"] > day)
            ]
            check_cited(history, question, row, [position for proof in (proofs[0], *away) for position in proof])
        assert answer["value"] == len(answer["list"])
        assert answer["population"] == len({row[0] for row in expected})
        counted += len(expected)
    return counted


@SLOW
@given(
    drawn=drawn_histories(most=12),
    asked=st.lists(ASKED, min_size=4, max_size=6),
    per_batch=st.integers(1, 3),
    at_once=st.integers(1, 4),
)
def test_figures_as_known_are_those_the_oracle_counts(
    database_url: str, drawn: Drawn, asked: list[Any], per_batch: int, at_once: int
) -> None:
    """For any history, viewer, K, R, basis and grade: who is in care, who was released, who failed to appear."""
    drawn = valid_receipts(drawn)
    with connect_writing(database_url) as writing:
        assume(fill_drawn(writing, database_url, drawn, per_batch, at_once))
    history = history_of(drawn)
    with connect(database_url) as connection:
        for one in asked:
            check_figures(connection, history, one)


def by_hand() -> Drawn:
    """A history in which everything comes otherwise than in order: what random histories seldom hold together."""
    plain, late, merged, other, restored, apart, beside = (UUID(int=n) for n in range(1, 8))
    release = {"sponsor_category": "1", "address": ELM}
    told: tuple[tuple[int, str, str | None, Json, Agency, UUID, float], ...] = (
        (1, "particulars-asserted", "2022-03-01", {"country": "GTM"}, "ORR", plain, 0.0),
        (2, "admitted-to-program", "2022-03-05", {"program": "A"}, "ORR", plain, -0.5),
        (3, "released-to-sponsor", "2022-03-12", release, "ORR", plain, -0.5),
        (4, "admitted-to-program", "2022-03-04", {"program": "B"}, "ORR", merged, 0.0),
        (5, "failure-to-appear-recorded", "2022-06-09", FAILED, "EOIR", plain, -2.0),
        (6, "failure-to-appear-recorded", "2022-06-10", FAILED, "ICE-OPLA", plain, 0.0),
        (7, "correction-issued", None, _set(3, sponsor_category="2A"), "ORR", plain, 0.0),
        (8, "released-to-sponsor", "2022-03-20", {**release, "sponsor_category": "3"}, "ORR", restored, 0.0),
        (9, "released-to-sponsor", "2022-03-09", release, "ORR", late, 0.0),
        (11, "admitted-to-program", "2022-03-02", {"program": "C"}, "ORR", late, -8.0),
        (12, "entry-voided", None, {"voids": 8, "reason": "X"}, "ORR", restored, 0.0),
        (13, "entry-voided", None, {"voids": 12, "reason": "X"}, "ORR", restored, 0.0),
        (14, "released-to-sponsor", "2022-03-15", release, "ORR", other, 0.0),
        (
            15,
            "identity-merged",
            None,
            {"other": {"scheme": "ledger", "value": str(other)}, "reason": "X"},
            "ORR",
            merged,
            0.0,
        ),
        (16, "notice-given", None, _notice("USCIS", 2), "ORR", plain, 0.0),
        (17, "notice-given", None, _notice("CBP", 8), "CBP", restored, 0.0),
        (18, "correction-issued", None, _set(3, occurred_at="2022-03-13"), "ORR", plain, 0.0),
        (21, "released-to-sponsor", "2022-03-16", release, "ORR", apart, 0.0),
        (23, "released-to-sponsor", "2022-03-17", release, "ORR", beside, 0.0),
        (19, "departure-verified", "2022-03-21", {"kind": "removal"}, "ICE-ERO", restored, -1.0),
    )
    entries = [
        entry(
            position,
            name,
            occurred_at,
            fact,
            agency="STEWARD" if name == "identity-merged" else agency,
            child=child,
            other=other if name == "identity-merged" else None,
        )._replace(recorded_at=at(position), known_since=at(position + claim))
        for position, name, occurred_at, fact, agency, child, claim in told
    ]
    receipts: list[tuple[int, Agency, str, float | None, Any]] = [
        (4, "ICE-ERO", "delivered", 1.0, 2),
        (8, "ICE-ERO", "delivered", 4.0, 5),
        (9, "ORR", "opened", None, (1,)),
        (10, "ICE-OPLA", "acknowledged", 9.0, 3),
        (13, "USCIS", "delivered", 5.5, 4),
        (14, "ICE-ERO", "opened", 3.0, 4),
        (16, "EOIR", "delivered", 3.0, (1, 3)),
        (18, "CBP", "delivered", None, 3),
        (20, "ICE-ERO", "delivered", 12.5, 30),
        (24, "ICE-ERO", "delivered", None, 100),
        (25, "ICE-OPLA", "delivered", None, 100),
        (26, "USCIS", "delivered", None, 100),
    ]
    stamps = {position: at(position) for position in (*(each[0] for each in told), 10, 20, 22)}
    # what ICE-ERO may read ICE-OPLA may not, and the other way round; then USCIS may read what neither of them may
    parted = rules("parted", ICE_ERO={"deny": ("address",), "grant": ("sponsor",)})
    besides = rules("besides", ICE_ERO={"deny": ("address",)}, ICE_OPLA={"deny": ("address",)})
    sets = [Adopted(10, WIDER, True), Adopted(20, parted, False), Adopted(22, besides, False)]
    return Drawn(sorted(entries, key=lambda one: one.position), sets, receipts, stamps)


def _set(corrects: int, **sets: Any) -> Json:
    return {"corrects": corrects, "set": sets, "reason": "X"}


def _notice(to: str, position: int) -> Json:
    return {"to": to, "positions": [position], "channel": "email", "given_at": "2023-01-02", "members": "all"}


def test_figures_as_known_of_a_history_in_which_nothing_comes_in_order(database_url: str) -> None:
    """Merged children, one failure recorded twice, notices, claims in another order, receipts for single numbers, late
    claims, a void of a void, a set adopted with backfill, groups of which not those who lead know most."""
    drawn = valid_receipts(by_hand())
    assert len(drawn.receipts) >= 8
    with connect_writing(database_url) as writing:
        assert fill_drawn(writing, database_url, drawn, 4, 2)
    history = history_of(drawn)
    counted = 0
    grades = cycle((("any", "told"), ("any", "delivered"), ("proven", "opened"), ("any", "told")))
    with connect(database_url) as connection:
        for viewer in ("ICE-ERO", "ICE-OPLA", "ORR", "EOIR", "USCIS", "CBP", "ICE", "DHS"):
            for quarter in range(5, 110, 17):
                for recorded_by in (at(quarter / 4), at(quarter / 4 + 5), at(60)):
                    asked = (viewer, at(quarter / 4), recorded_by, *next(grades))
                    counted += check_figures(connection, history, asked)
    assert counted > 250


def test_a_group_is_not_taken_to_know_what_those_who_lead_it_would_learn_first(database_url: str) -> None:
    """CBP signed for the release, of which alone it was told; nobody of ICE signed for the admission before it."""
    told: tuple[tuple[int, str, str, Json], ...] = (
        (2, "admitted-to-program", "2022-03-01", {"program": "A"}),
        (3, "released-to-sponsor", "2022-03-12", {"sponsor_category": "1", "address": ELM}),
        (6, "particulars-asserted", "2022-03-01", {"country": "GTM"}),
    )
    entries = [
        entry(position, name, on, fact, agency="ORR")._replace(recorded_at=at(position), known_since=at(position))
        for position, name, on, fact in told
    ]
    stamps = {position: at(position) for position in (1, 2, 3, 6)}
    drawn = Drawn(entries, [Adopted(1, WIDER, True)], [(4, "CBP", "delivered", None, 1)], stamps)
    with connect_writing(database_url) as writing:
        assert fill_drawn(writing, database_url, drawn, 1, 1)
    with connect(database_url) as connection:
        for viewer, counted in (("CBP", 1), ("DHS", 1), ("ICE", 0)):
            asked = (viewer, at(5), at(60), "any", "delivered")
            assert check_figures(connection, history_of(drawn), asked) == counted


def test_whatever_comes_last_of_a_child_is_worked_out(database_url: str) -> None:
    """A supplement by another set, an entry that nobody is told of, a void: each the last that comes of its child."""
    supplemented, untold, voided = CHILDREN[0], UUID(int=8), UUID(int=9)
    release = {"sponsor_category": "1", "address": ELM}
    told: tuple[tuple[int, str, str | None, Json, UUID], ...] = (
        (2, "released-to-sponsor", "2022-03-12", release, supplemented),
        (5, "admitted-to-program", "2022-03-01", {"program": "A"}, untold),
        (6, "released-to-sponsor", "2022-03-12", release, voided),
        (7, "entry-voided", None, {"voids": 6, "reason": "X"}, voided),
    )
    entries = [
        entry(position, name, on, fact, agency="ORR", child=child)._replace(
            recorded_at=at(position), known_since=at(position)
        )
        for position, name, on, fact, child in told
    ]
    hidden: dict[str, Json] = {name: {"hide": ("admitted-to-program",)} for name in ("ICE_ERO", "ICE_OPLA", "EOIR")}
    sets = [Adopted(3, WIDER, True), Adopted(4, rules("quiet", **hidden), False)]
    drawn = Drawn(entries, sets, [], {position: at(position) for position in range(2, 8)})
    assert 5 not in {item.position for item in publications(drawn)}
    with connect_writing(database_url) as writing:
        assert fill_drawn(writing, database_url, drawn, 1, 1)
    with connect(database_url) as connection:
        for viewer, counted in (("CBP", 1), ("ORR", 4), ("ICE-ERO", 1)):
            asked = (viewer, at(60), at(60), "any", "told")
            assert check_figures(connection, history_of(drawn), asked) == counted


def residence(history: History, question: Question, child: UUID) -> Json | None:
    """Return the residence a side holds of one record."""
    known, _, fold = folded(history, question._replace(child=child))
    if not known:
        return None
    held: Json | None = whereabouts(fold, {})["residence"]
    return held


@SLOW
@given(
    drawn=drawn_histories(most=12, records=1), asked=st.lists(st.tuples(ASKED, st.sampled_from(VIEWERS)), min_size=4)
)
def test_children_differently_known_are_those_of_whom_the_oracle_holds_different_residences(
    database_url: str, drawn: Drawn, asked: list[Any]
) -> None:
    """Between any two, the ledger too, at any K by any R: who differs, and what either side held."""
    drawn = valid_receipts(drawn)
    with connect_writing(database_url) as writing:
        assume(fill_drawn(writing, database_url, drawn, 1, 3))
    history = history_of(drawn)
    with connect(database_url) as connection:
        for (viewer, known_at, recorded_by, basis, at_least), other in asked:
            if viewer == other:
                continue
            check_divergent(connection, history, (viewer, other), (known_at, recorded_by, basis, at_least))


def check_residence_shown(history: History, question: Question, cited: list[int]) -> None:
    """What is cited makes the residence held what it is; of merged records the merges are cited, too."""
    _, _, fold = folded(history, question)
    gave = [one for one in fold if residence_of(one)]
    proof = {*gave[-1].proof} if gave else set()
    by_position = {entry.position: entry for entry in history.entries}
    assert {p for p in cited if name_of(by_position[p]) not in _OF_MERGES or p in proof} == proof


def residence_of(one: Happened) -> bool:
    """Whether a happening gives a residence."""
    return "address" in one.fact and one.fact.get("purpose", "residence") == "residence"


def check_divergent(
    connection: psycopg.Connection[Any], history: History, sides: tuple[str, str], asked: Any
) -> list[Json | None]:
    """Compare what two sides hold of the one child with what the oracle folds; return it."""
    known_at, recorded_by, basis, at_least = asked
    a, b = (parse_viewpoint(one, basis, at_least) for one in sides)
    answer = divergent(
        connection, DivergentAsked("residence", a, b, known_at=known_at, recorded_by=recorded_by, listed=True)
    )
    k, r = parse_instant(answer["known_at"]), parse_instant(answer["recorded_by"])
    held = [
        residence(history, Question(CHILDREN[0], one, k, k, k if one == "ledger" else r, basis, at_least), CHILDREN[0])
        for one in sides
    ]
    assert answer["value"] == (held[0] != held[1]), (asked, held)
    assert answer["population"] == (held != [None, None])
    for row in answer["list"]:
        assert [row["a"], row["b"]] == held
        for name, side in zip(("a_shown_by", "b_shown_by"), sides, strict=True):
            question = Question(CHILDREN[0], side, k, k, k if side == "ledger" else r, basis, at_least)
            check_residence_shown(history, question, row[name])
        assert row["since"] is not None
        assert row["days"] >= 0
    return held


def filled(database_url: str, entries: list[Entry], stamps: dict[int, datetime]) -> Drawn:
    """Fill the read tables with a history in which nothing more is recorded or published for a while; return it."""
    drawn = Drawn(entries, [], [], stamps)
    with connect_writing(database_url) as writing:
        assert fill_drawn(writing, database_url, drawn, 1, 1)
        writing.execute("update read_1.progress set recorded_at = %s", (at(9),))
        writing.execute("update read_1.publishing set published_at = %s, settled = true", (at(9),))
    return drawn


def test_nobody_holds_a_residence_before_the_day_is_over_on_which_it_began(database_url: str) -> None:
    """A day alone says no hour: at noon of it the child may still have lived elsewhere."""
    on = at(1).date()
    release = {"sponsor_category": "1", "address": ELM}
    released = entry(1, "released-to-sponsor", str(on), release, agency="ORR", child=CHILDREN[0])
    entries = [released._replace(recorded_at=at(1), known_since=at(1))]
    drawn = filled(database_url, entries, {1: at(1)})
    with connect(database_url) as connection:
        for known_at, held in ((at(1.1), None), (at(8), ELM)):
            asked = (known_at, at(60), "any", "told")
            assert check_divergent(connection, history_of(drawn), ("ORR", "CBP"), asked) == [held, None]


ADDRESS: Json = {"purpose": "residence", "address": ELM, "reported_via": "orr-call"}
NOTICE: Json = {"to": "OIG", "positions": [1], "channel": "email", "given_at": "2023-01-02", "members": "all"}


@pytest.mark.parametrize(
    ("reader", "stated"),
    [
        ("OIG", (("EOIR", "address-reported", ADDRESS), ("EOIR", "notice-given", NOTICE))),
        ("STEWARD", (("EOIR", "address-reported", ADDRESS), ("EOIR", "notice-given", {**NOTICE, "to": "STEWARD"}))),
        ("STEWARD", (("STEWARD", "address-reported", ADDRESS),)),
    ],
)
def test_those_without_a_feed_hold_what_they_were_given_notice_of_and_what_they_recorded(
    database_url: str, reader: str, stated: tuple[tuple[Agency, str, Json], ...]
) -> None:
    """Nothing comes to them by feed, and they know something all the same."""
    entries = [
        entry(n, name, None, fact, agency=agency, child=CHILDREN[0])._replace(recorded_at=at(n), known_since=at(n))
        for n, (agency, name, fact) in enumerate(stated, 1)
    ]
    drawn = filled(database_url, entries, {one.position: one.recorded_at for one in entries})
    with connect(database_url) as connection:
        for known_at, held in ((at(0.5), None), (at(8), ELM)):
            asked = (known_at, at(60), "any", "told")
            assert check_divergent(connection, history_of(drawn), (reader, "USCIS"), asked)[0] == held


# what ICE-ERO was told of a child, and what it was not told yet, of its addresses at ORR
MOVES: dict[str, tuple[tuple[Json, ...], tuple[Json, ...]]] = {
    "same": ((ELM,), ()),
    "unknown": ((), (ELM,)),
    "moved": ((ELM,), (OAK,)),
    "back": ((ELM,), (OAK, ELM)),
}


@pytest.mark.parametrize(
    "kinds",
    [
        ("same", "back", "unknown", "moved", "back", "back", "moved"),
        ("same", "same", "same", "moved", "same", "unknown", "same", "same", "same", "same"),
        ("back", "back", "same"),
    ],
)
def test_pages_of_children_differently_known_are_the_whole_list(database_url: str, kinds: tuple[str, ...]) -> None:
    """Of any length, whether most children differ or few; one that both sides hold to live at the same is not in it."""
    children = [UUID(int=number) for number in range(1, len(kinds) + 1)]
    addresses = [
        [(child, address) for child, kind in zip(children, kinds, strict=True) for address in MOVES[kind][told]]
        for told in (0, 1)
    ]
    entries = [
        entry(
            n,
            "address-reported",
            None,
            {"purpose": "residence", "address": address, "reported_via": "orr-call"},
            agency="ORR",
            child=child,
        )._replace(recorded_at=at(n / 100), known_since=at(n / 100))
        for n, (child, address) in enumerate((one for told in addresses for one in told), 1)
    ]
    stamps = {one.position: at(1 if one.position <= len(addresses[0]) else 3) for one in entries}
    filled(database_url, entries, stamps)
    differ = [child for child, kind in zip(children, kinds, strict=True) if kind in ("unknown", "moved")]
    a, b = (parse_viewpoint(one, None, "told") for one in ("ORR", "ICE-ERO"))
    with connect(database_url) as connection:
        for limit in range(1, len(differ) + 2):
            found: list[Json] = []
            after: UUID | None = None
            while True:
                asked = DivergentAsked("residence", a, b, known_at=at(2), listed=True, limit=limit, after=after)
                answer = divergent(connection, asked)
                assert (answer["value"], answer["population"]) == (len(differ), len(children))
                found += answer["list"]
                if answer["next"] is None:
                    break
                assert len(answer["list"]) == limit
                after = UUID(answer["next"])
            assert [UUID(row["child"]) for row in found] == differ
            held = [MOVES[kinds[children.index(child)]] for child in differ]
            assert [row["a"] for row in found] == [untold[-1] for _, untold in held]
            assert [row["b"] for row in found] == [told[-1] if told else None for told, _ in held]


@given(st.lists(st.tuples(st.integers(1, 6), st.integers(0, 4)), max_size=6))
def test_numbers_told_apart_are_all_those_known_and_no_others(steps: list[tuple[int, int]]) -> None:
    """Up to one number all are known, but for those told apart; beyond it none, but for those told apart."""
    ranges: list[tuple[int, int]] = []
    last = 0
    for gap, length in steps:
        first = last + gap + (1 if ranges else 0)
        ranges.append((first, first + length))
        last = first + length
    up_to, others = told_apart(ranges)
    known = {n for first, end in ranges for n in range(first, end + 1)}
    apart = {n for first, end in others for n in range(first, end + 1)}
    assert known == set(range(1, up_to + 1)) ^ apart


def test_corrections_of_a_period_say_who_still_holds_the_old_value(database_url: str) -> None:
    """Found by when they were recorded and by whom, page by page; told at K by R, of all children."""
    release = {"sponsor_category": "1", "address": ELM}
    moved = {"corrects": 1, "set": {"address": OAK}, "reason": "moved"}
    entries = [
        entry(1, "released-to-sponsor", "2022-03-12", release, agency="ORR", child=CHILDREN[0]),
        entry(2, "released-to-sponsor", "2022-03-12", release, agency="ORR", child=CHILDREN[1]),
        entry(3, "correction-issued", "2022-03-14", moved, agency="ORR", child=CHILDREN[0]),
        entry(4, "correction-issued", "2022-03-14", {**moved, "corrects": 2}, agency="STEWARD", child=CHILDREN[1]),
    ]
    entries = [one._replace(recorded_at=at(one.position), known_since=at(one.position)) for one in entries]
    stamps = {1: at(1), 2: at(2), 3: at(5), 4: at(6)}
    filled(database_url, entries, stamps)
    told = parse_viewpoint("ICE-ERO", None, "told")
    with connect(database_url) as connection:

        def listed(**asked: Any) -> list[tuple[int, list[str]]]:
            found = corrections(connection, CorrectionsAsked(**asked))
            return [
                (one["position"], [held["agency"] for held in one["still_held_by"]]) for one in found["corrections"]
            ]

        assert [position for position, _ in listed()] == [3, 4]
        assert listed(holder=told, known_at=at(4)) == [(3, ["ICE-ERO"]), (4, ["ICE-ERO"])]
        assert listed(holder=told, known_at=at(5)) == [(4, ["ICE-ERO"])]
        assert listed(holder=told) == []
        assert [position for position, _ in listed(by=parse_viewpoint("STEWARD", None, None))] == [4]
        assert [position for position, _ in listed(since=at(3), until=at(3))] == [3]
        assert corrections(connection, CorrectionsAsked(limit=1))["next"] == 3
        assert [position for position, _ in listed(limit=1, after=3)] == [4]
