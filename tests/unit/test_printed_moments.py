"""A printed moment is the moment used: whatever a text shows can be given back as an option, and means the same."""

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.entry import Entry
from ledger.times import parse_when, write_clock, write_when
from projections.knowledge.moments import Item, Receipt
from readers.child.known_set import Viewpoint, of_stated
from readers.child.timeline import timeline
from readers.child.view import seen_by
from readers.child.who_was_told import told
from readers.moments import parse_moment
from readers.text.diverge_text import diverge_lines
from readers.text.divergent_text import divergent_lines
from readers.text.duties_text import duties_lines
from readers.text.figure_text import figure_text
from readers.text.knows_text import knows_lines
from readers.text.obligation_text import obligation_lines
from readers.text.view_text import timeline_text, view_text
from readers.text.wording import as_given, civil
from tests.histories import ELM, Json, entry
from tests.unit.diverging import compare, stated
from tests.unit.test_obligation_text import DUTY
from tests.unit.test_obligation_text import answer as obligations

MOMENT = re.compile(r"\d{4}-\d\d-\d\d(?:[T ]\d\d:\d\d(?:[:.\d]*)(?: ?[+-]\d\d:\d\d(?::\d\d)?|Z)?)?")
ZONES = st.sampled_from(("America/New_York", "UTC", "Asia/Kathmandu", "America/Caracas", "Pacific/Apia"))
INSTANTS = st.datetimes(datetime(1900, 1, 2), datetime(2199, 12, 30), timezones=st.just(UTC))


@given(INSTANTS, ZONES)
def test_a_moment_of_the_clock_is_printed_whole_and_read_as_itself(instant: datetime, zone: str) -> None:
    """To the microsecond, in any zone, before standard time too: by the very function that reads the options."""
    printed = civil(write_clock(instant), zone)
    assert " " not in printed
    assert parse_moment(printed, option="--recorded-by") == instant


@given(INSTANTS, st.integers(-14 * 60, 14 * 60))
def test_a_time_as_given_is_printed_as_given(instant: datetime, offset: int) -> None:
    """With its own offset."""
    local = instant.astimezone(timezone(timedelta(minutes=offset)))
    read = parse_moment(as_given(write_when(local)), option="--happened-by")
    assert (read, read.utcoffset() if isinstance(read, datetime) else None) == (local, local.utcoffset())


@pytest.mark.parametrize(
    "written",
    [
        "2022-03-04T20:00:00.000001-05:00",
        "2022-03-04 20:00:00.000001 -05:00",
        "2022-03-04 20:00:00.000001-05:00",
        " 2022-03-05T01:00:00.000001Z ",
        "2022-03-05 01:00:00.000001 z",
    ],
)
def test_options_take_a_moment_as_people_and_earlier_releases_write_it(written: str) -> None:
    """With a space where RFC 3339 has a T, or before the offset, as reports of earlier releases have it."""
    assert parse_moment(written, option="--known-at") == datetime(2022, 3, 5, 1, 0, 0, 1, tzinfo=UTC)


AT = datetime(2022, 3, 4, 18, 0, 0, 123456, tzinfo=UTC)
NOTICE = {"to": "ICE-ERO", "positions": [1], "channel": "email", "given_at": "2022-03-05T09:00:00.25-05:00"}


def _recorded(position: int, name: str, occurred_at: str, fact: Json, **more: Any) -> Entry:
    at = AT + timedelta(hours=position, microseconds=position)
    one = entry(position, name, occurred_at, fact, **more)
    return one._replace(recorded_at=at, known_since=at - timedelta(microseconds=77))


ENTRIES = [
    _recorded(1, "released-to-sponsor", "2022-03-04T11:00:00.000009-06:00", {"sponsor_category": "1", "address": ELM}),
    _recorded(2, "notice-given", "2022-03-05", {**NOTICE, "members": "all"}, agency="ORR"),
    _recorded(
        3,
        "correction-issued",
        "2022-03-05",
        {"corrects": 1, "set": {"occurred_at": "2022-03-04T11:00:00.5-06:00"}, "reason": "r"},
    ),
]
SAID = stated(
    ENTRIES,
    [Item("ICE-ERO", 1, 1, AT + timedelta(hours=5, microseconds=1), (), ())],
    [Receipt("ICE-ERO", 1, 1, AT + timedelta(hours=7), AT + timedelta(hours=9, microseconds=3), 4)],
    by=AT + timedelta(days=2, microseconds=5),
)


SHOWN: Json = {"a_shown_by": [], "b_shown_by": [1]}


def _answers() -> Iterator[tuple[str, Json, str]]:
    view = seen_by(_known(SAID, "ICE-ERO"))
    yield "view", view, view_text(view, colour=False)
    yield "timeline", view, timeline_text(timeline(dict(view)), colour=False)
    knows = told(SAID, Viewpoint())
    yield "knows", knows, "\n".join(knows_lines(knows))
    lacking = {"children": 1, "since": write_clock(AT), "reason": "r"}
    diverge = compare(SAID, "ICE-ERO", "ORR")
    yield "diverge", diverge, "\n".join(diverge_lines(diverge))
    owed = obligations({**DUTY, "met_at": write_clock(AT)}, on=write_clock(AT), incomplete=lacking)
    yield "obligations", owed, "\n".join(obligation_lines(owed))
    heading = {name: write_clock(AT + timedelta(days=n)) for n, name in enumerate(("on", "recorded_by", "complete_to"))}
    of_all: Json = {
        **heading,
        "zone": "America/New_York",
        "clock": "wall",
        "summary": [],
        "duties": 1,
        "next": None,
        "incomplete": lacking,
        "list": [{**DUTY, "child": "c", "identifiers": [], "met_at": write_clock(AT)}],
    }
    yield "obligations of all", of_all, "\n".join(duties_lines(of_all))
    apart: Json = {
        "member": "residence",
        "between": ["ORR", "EOIR"],
        "value": 1,
        "population": 1,
        "zone": "America/New_York",
        "clock": "wall",
        "basis": "any",
        "at_least": "delivered",
        "definition": "d",
        "known_at": write_clock(AT),
        **heading,
        "incomplete": lacking,
        "list": [
            {
                "child": "c",
                "identifiers": [],
                "a": None,
                "a_shown_by": [],
                "b_shown_by": [1],
                "b": ELM,
                "since": write_clock(AT),
                "days": 1,
                "entries": [],
            }
        ],
    }
    yield "divergent", apart, "\n".join(divergent_lines(apart))
    figure: Json = {
        "figure": "in-care",
        "value": 1,
        "population": 1,
        "absent": 0,
        "open_findings": 0,
        "as": "ORR",
        "without_open_findings": False,
        "basis": "any",
        "at_least": "told",
        "clock": "wall",
        "definition": "d",
        "known_at": write_clock(AT),
        **heading,
        "on": "2022-03-04",
        "note": None,
        "incomplete": None,
    }
    yield "figure", figure, figure_text(figure)


def _known(said: Any, viewer: str) -> Any:
    known = of_stated(said, Viewpoint(viewer, "any", 0))
    assert known is not None
    return known


@pytest.mark.parametrize(("answer", "text"), [pytest.param(a, t, id=name) for name, a, t in _answers()])
def test_every_moment_in_a_text_is_one_of_the_answer(answer: Json, text: str) -> None:
    """Read back by the options' own reader each is a moment of the answer, to the microsecond; none is cut."""
    held = set(_moments(answer))
    printed = MOMENT.findall(text)
    assert printed
    for one in printed:
        assert parse_moment(one, option="--recorded-by") in held, one
    for name in ("recorded_by", "known_at", "happened_by", "complete_to"):
        if name in answer:
            assert parse_when(answer[name]) in {parse_moment(one, option="T") for one in printed}, name


def _moments(value: Any) -> Iterator[Any]:
    match value:
        case str() if MOMENT.fullmatch(value):
            yield parse_when(value)
        case dict():
            yield from (moment for one in value.values() for moment in _moments(one))
        case list() | tuple():
            yield from (moment for one in value for moment in _moments(one))
        case _:
            pass
