"""What earlier releases took as times: nothing that is worked out of a ledger that holds such raises.

The times stand in every place a time can have, of every fact: when it happened, since when its producer knew it, its
members, what a correction sets.
"""

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, Final
from uuid import UUID

import orjson
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ledger.agencies import RECEIVERS
from ledger.entry import Entry, Producer, read_entry, value, write_state
from ledger.facts import BY_WIRE
from ledger.facts.vocabulary import time_members
from ledger.intake.form import Refusal
from ledger.intake.submission import read_submission
from ledger.kafka.entries import EntryMessage
from ledger.obligations.offices import shipped_offices
from ledger.obligations.shipped import shipped_rules
from ledger.records.record import Record
from ledger.rules.decide import decide
from ledger.sharing.feed_fold import SharingRulebook, Telling
from ledger.sharing.rule_sets import default_rules
from ledger.times import CEILING, FLOOR, read_back, write_clock, write_when
from projections.fold.amended import effective
from projections.fold.folding import Folding
from projections.following.applying import Applying
from projections.holdings.rows import held_rows
from projections.knowledge.moments import Item
from projections.knowledge.reads import EverythingStated as Said
from projections.obligations.coverage import Coverage
from projections.obligations.states import Knows, Shows, Told, obligations
from projections.rows.changes import intervals
from projections.rows.columns import COLUMNS, FEEDS
from projections.rows.persons import Loaded
from readers.child.diverging import Between, compared, holding
from readers.child.known_set import Stated, of_stated, parse_viewpoint
from readers.child.records import Found, RecordedPerson
from readers.child.timeline import timeline
from readers.child.view import seen, seen_by
from readers.moments import MomentsAsked, settle
from readers.text.view_text import timeline_text, view_text
from tests.histories import ZONE
from tests.unit.reading import WIRES, golden
from tests.unit.test_times import WHENS

CHILD: Final = UUID("00000000-0000-7000-8000-000000000001")
NOW: Final = datetime(2031, 1, 1, tzinfo=UTC)
TIMES: Final = WHENS.map(write_when)
SAY_WHEN: Final = sorted(wire for wire in WIRES if time_members(BY_WIRE[wire]))
BIRTHS: Final = ("date_of_birth", "review_on")


def stored(
    position: int,
    wire: str,
    occurred_at: str | None,
    fact: Mapping[str, Any],
    *,
    known_since: str = "2024-01-01T00:00:00Z",
) -> tuple[Entry, bytes]:
    """Return an entry as an earlier release recorded it, and its bytes."""
    state = write_state(
        recorded_at=datetime(2024, 1, 1, tzinfo=UTC) + timedelta(hours=position),
        occurred_at=None if occurred_at is None else read_back(occurred_at),
        known_since=read_back(known_since),
        producer=Producer(BY_WIRE[wire].producers[0], None, None, "/tests"),
        door="feed",
        source={
            "document": "made up",
            "reference": str(position),
            "grade": "document",
            "channel": "system",
            "codes": {},
        },
        identifiers=(("orr-id", "1"),),
        findings=(),
        submission_id=str(position),
        submission_digest="",
        fact=orjson.dumps(dict(fact)),
        resolved={},
        extensions={},
    )
    payload = value(position=position, child=CHILD, version=position, wire=wire, state=state)
    return read_entry(payload), payload


@st.composite
def records(draw: st.DrawFn) -> list[tuple[Entry, bytes]]:
    """Return a record of some facts, each with times of any kind in each of its places, some corrected to others."""
    found: list[tuple[Entry, bytes]] = []
    for wire in draw(st.lists(st.sampled_from(WIRES), min_size=1, max_size=7)):
        position = len(found) + 1
        fact: dict[str, Any] = golden(wire)["fact"]
        if "positions" in fact:
            fact["positions"] = [1]
        if {"corrects", "voids", "position", "other"} & fact.keys():
            continue  # statements of other entries and records: what a correction sets comes below
        for member in time_members(BY_WIRE[wire]):
            at = draw(TIMES)
            fact[member] = at[:10] if member in BIRTHS else at
        when, since = draw(TIMES | st.none()), draw(TIMES)
        found.append(stored(position, wire, when, fact, known_since=since))
        if draw(st.booleans()):
            sets: dict[str, Any] = {"occurred_at": draw(TIMES)}
            sets |= {m: draw(TIMES)[: 10 if m in BIRTHS else None] for m in time_members(BY_WIRE[wire])}
            corrected = {"corrects": position, "set": sets, "reason": "another far time"}
            found.append(stored(position + 1, "custody.correction-issued.v1", draw(TIMES), corrected))
    return found


ANY_RECORD: Final = settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much]
)


@ANY_RECORD
@given(records(), TIMES, TIMES)
def test_every_answer_about_a_child_can_be_given(
    told: list[tuple[Entry, bytes]], happened_by: str, known_at: str
) -> None:
    """Regions, care, the view of the ledger and of each agency, in JSON and as text, for any H and K."""
    entries = [entry for entry, _ in told]
    for asked in (MomentsAsked(), MomentsAsked(read_back(happened_by), read_back(known_at))):
        moments = settle(asked, complete_to=NOW, zone=ZONE)
        assert all(FLOOR <= moment <= CEILING for moment in moments)
        view = seen(
            RecordedPerson(CHILD, frozenset((CHILD,)), (("orr-id", "1"),), entries, None, moments, ZONE, "wall")
        )
        orjson.dumps(view)
        assert view_text(view, colour=False)
        assert timeline_text(timeline(view), colour=False)
        row = Found("", ZONE, "wall", None, CHILD, None, 1, (), (), ())
        items = [Item("ICE-ERO", entry.position, entry.position, entry.recorded_at, (), ()) for entry in entries]
        stated = Stated(row, moments, Said(entries, items, (), ()))
        for agency in RECEIVERS:
            found = of_stated(stated, parse_viewpoint(agency, None, "told"))
            if found is not None:
                known = seen_by(found)
                orjson.dumps(known)
                assert view_text(known, colour=False)


@ANY_RECORD
@given(records())
def test_what_each_of_two_agencies_held_can_be_compared(told: list[tuple[Entry, bytes]]) -> None:
    """Intervals in which they held different things, and what agencies hold, for the population."""
    entries = [entry for entry, _ in told]
    moments = settle(MomentsAsked(), complete_to=NOW, zone=ZONE)
    row = Found("", ZONE, "wall", None, CHILD, None, 1, (), (), ())
    items = [Item("ICE-ERO", entry.position, entry.position, entry.recorded_at, (), ()) for entry in entries]
    stated = Stated(row, moments, Said(entries, items, (), ()))
    a, b = parse_viewpoint("ICE-ERO", None, "told"), parse_viewpoint("ledger", None, None)
    between = Between(a, b, until=NOW, recorded_by=None)
    answer = compared(stated, between, holding(stated, a), holding(stated, b), since=FLOOR, until=NOW)
    orjson.dumps(answer)
    published = [
        (CHILD, entry.position, entry.recorded_at, *[entry.position for _ in FEEDS], None, None) for entry in entries
    ]
    held = held_rows(((CHILD, payload) for _, payload in told), published, ZONE)
    assert held.failed == {}
    for table, rows in held.rows.items():
        _check_moments(table, rows)


@ANY_RECORD
@given(records())
def test_every_row_of_the_read_tables_can_be_written_and_read(told: list[tuple[Entry, bytes]]) -> None:
    """Moments are UTC from `FLOOR` to `CEILING`, which PostgreSQL takes and gives back in every zone."""
    applying = Applying(ZONE, lambda _: Loaded({}, {}, {}))
    previous = 0
    for entry, payload in told:
        at = write_clock(entry.recorded_at)
        applying.apply(EntryMessage(entry.position, previous, CHILD, at, 0, 0, payload))
        previous = entry.position
    assert applying.parked == set()
    changes = applying.take_changes()
    for table, rows in changes.rows():
        _check_moments(table, rows)


def _check_moments(table: str, rows: Iterable[tuple[Any, ...]]) -> None:
    kinds = list(COLUMNS[table].values())
    for row in rows:
        for kind, cell in zip(kinds, row, strict=True):
            if kind == "timestamptz" and cell is not None:
                assert cell.tzinfo is UTC
                assert FLOOR <= cell <= CEILING


def _always(known: Told) -> Knows:
    return lambda _position, _agency: known


@ANY_RECORD
@given(records())
def test_every_figure_duty_and_feed_can_be_worked_out(told: list[tuple[Entry, bytes]]) -> None:
    """Intervals of figures, duties with their due times, and what stands on feeds."""
    entries = [entry for entry, _ in told]
    folding = Folding.of(entries, ZONE)
    intervals(folding)
    folding.born()
    for on in (NOW, FLOOR, CEILING):
        known = Told(on, True, "receipt", 1, 1)
        obligations(
            effective(entries),
            rules=shipped_rules(),
            offices=shipped_offices(),
            recorded_by=NOW,
            zone=ZONE,
            shows=Shows(_always(known), Coverage(ZONE), lambda _position, _agency: NOW),
            waivers=(),
            on=on,
        )
    telling, rulebook = Telling(), SharingRulebook((), default_rules(), ZONE)
    for entry in entries:
        telling.take(entry, rulebook.at(entry))


@ANY_RECORD
@given(records(), st.sampled_from(WIRES))
def test_every_decision_on_such_a_record_can_be_made(told: list[tuple[Entry, bytes]], wire: str) -> None:
    """A new fact about a child of whom a far time is recorded is judged like any other."""
    record = Record(CHILD)
    for entry, _ in told:
        record.add(entry)
    read = read_submission(wire, orjson.dumps(golden(wire)))
    assert not isinstance(read, Refusal)
    for agency in BY_WIRE[wire].producers:
        decide(record, read[0], agency=agency, recorded_at=NOW, zone=ZONE)
