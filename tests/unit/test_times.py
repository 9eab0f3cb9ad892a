"""Times are checked where they are read, and no arithmetic on what a ledger holds raises.

Broken by hand to see these tests fail: the bounds taken out of `parse_instant`; `in_utc` without its except;
`from_microseconds` without its clamp; a leap second read as any other second.
"""

import ast
import re
from datetime import UTC, date, datetime, timedelta, timezone
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.obligations.calendars import Unit, due
from ledger.rules.comparing_times import age_on, surely_before
from ledger.rules.future import in_future
from ledger.times import (
    CEILING,
    DAY_PATTERN,
    FLOOR,
    INSTANT_PATTERN,
    When,
    civil_day,
    first_instant,
    from_microseconds,
    in_utc,
    in_zone,
    last_instant,
    microseconds,
    order_key,
    parse_instant,
    parse_printed,
    parse_when,
    plus,
    read_back,
    write_clock,
    write_when,
)
from readers.moments import parse_date, parse_moment
from readers.unanswerable import WrongQuestionError

ZONES = ("America/New_York", "Pacific/Kiritimati", "Asia/Kathmandu", "UTC")
UNITS: tuple[Unit, ...] = ("hours", "days", "business-days", "months")

READ = {
    "2022-03-04T13:20:00-06:00": "2022-03-04T13:20:00-06:00",
    "2022-03-04t19:20:00z": "2022-03-04T19:20:00Z",
    "2022-03-04T19:20:00-00:00": "2022-03-04T19:20:00Z",
    "2022-03-04T19:20:00.1234567891234Z": "2022-03-04T19:20:00.123456Z",
    "2022-03-04T19:20:00.9999999Z": "2022-03-04T19:20:00.999999Z",
    "2022-03-04T19:20:00.5+05:45": "2022-03-04T19:20:00.500000+05:45",
    "2016-12-31T23:59:60Z": "2016-12-31T23:59:59.999999Z",
    "2016-12-31T18:59:60.25-05:00": "2016-12-31T18:59:59.999999-05:00",
    "1900-01-01T00:00:00+14:00": "1900-01-01T00:00:00+14:00",
    "2199-12-31T23:59:59.999999-14:00": "2199-12-31T23:59:59.999999-14:00",
    "1900-01-01": "1900-01-01",
    "2199-12-31": "2199-12-31",
    "2024-02-29": "2024-02-29",
}
"""What RFC 3339 allows, and how it is written from then on."""

BEYOND = (
    *("0001-01-01T00:00:00Z", "1899-12-31T23:59:59.999999Z", "2200-01-01T00:00:00Z", "9999-12-31T23:59:59Z"),
    *("0000-01-01T00:00:00Z", "0022-01-11", "1899-12-31", "2200-01-01", "9999-12-31", "0000-00-00"),
    *("2022-03-04T13:20:00+14:01", "2022-03-04T13:20:00-15:00", "2022-03-04T13:20:00+23:59"),
)
NO_TIMES = (
    *("2022-02-30", "2023-02-29", "2022-13-01", "2022-3-4", "20220304", "2022-W10-5", "2022-063", "03/04/2022"),
    *("2022-03-04T24:00:00Z", "2022-03-04T13:60:00Z", "2022-03-04T13:20:61Z", "2022-02-29T00:00:00Z"),
    *("2022-03-04T13:20Z", "2022-03-04T13Z", "20220304T132000Z", "2022-03-04 13:20:00Z", "2022-W10-5T00:00:00Z"),
    *("2022-03-04T13:20:00", "2022-03-04T13:20:00,5Z", "2022-03-04T13:20:00.Z", "2022-03-04T13:20:00+0600"),
    *("2022-03-04T13:20:00+06", "2022-03-04T13:20:00+05:30:15", "2022-03-04T13:20:00+05:60", "-2022-03-04"),
    *("２０２２-03-04", "٢٠٢٢-٠٣-٠٤", "2022-03-04T13:20:00Z ", " 2022-03-04", "2022-03-04\n", "+2022-03-04", ""),
)

WHENS: st.SearchStrategy[When] = st.one_of(
    st.dates(),
    st.datetimes(
        timezones=st.integers(-1439, 1439).map(lambda minutes: timezone(timedelta(minutes=minutes))),
    ),
    st.sampled_from(
        [
            date.min,
            date.max,
            datetime.min.replace(tzinfo=UTC),
            datetime.max.replace(tzinfo=UTC),
            datetime.min.replace(tzinfo=timezone(timedelta(hours=23, minutes=59))),
            datetime.max.replace(tzinfo=timezone(-timedelta(hours=23, minutes=59))),
        ]
    ),
)
"""Every time that an earlier release took, and more."""


@pytest.mark.parametrize("text", READ)
def test_what_rfc_3339_allows_is_read(text: str) -> None:
    """Small letters, many digits, -00:00 and leap seconds, as the clocks of other languages write them."""
    assert write_when(parse_when(text)) == READ[text]
    assert re.fullmatch(INSTANT_PATTERN if len(text) > 10 else DAY_PATTERN, text)


@pytest.mark.parametrize("text", [*BEYOND, *NO_TIMES])
def test_what_is_no_time_within_the_bounds_is_refused_in_words_that_cure(text: str) -> None:
    """The zero dates of languages and databases, other ISO forms, digits of other scripts."""
    with pytest.raises(ValueError, match=r"^(?!.*Invalid)") as refused:
        parse_when(text)
    assert f"`{text}`" not in str(refused.value)
    if text in BEYOND:
        assert "beyond" in str(refused.value)


@pytest.mark.parametrize("text", BEYOND)
def test_a_time_asked_for_is_held_to_the_same_bounds(text: str) -> None:
    """Each option that takes one names itself and says how a time is written: wrong usage, no traceback."""
    with pytest.raises(WrongQuestionError, match="--known-at"):
        parse_moment(text, option="--known-at")
    with pytest.raises(WrongQuestionError, match="--on"):
        parse_date(text, option="--on")


@given(st.text(max_size=30) | st.from_regex(INSTANT_PATTERN, fullmatch=True) | st.none() | st.integers())
def test_anything_is_either_a_time_or_a_value_error(given_: object) -> None:
    """No other exception comes of reading a time; what is read is within the bounds and writes itself back."""
    try:
        when = parse_when(given_)
    except ValueError:
        return
    assert 1900 <= when.year <= 2199
    assert read_back(write_when(when)) == when


@given(WHENS, st.sampled_from(ZONES))
def test_no_conversion_of_a_stored_time_raises(when: When, zone: str) -> None:
    """First and last instant, day, order, and how each is written: within `FLOOR` and `CEILING`, in UTC."""
    first, last = first_instant(when, zone), last_instant(when, zone)
    assert FLOOR <= first <= last <= CEILING
    assert first.tzinfo is last.tzinfo is UTC
    assert from_microseconds(order_key(when, zone)) == last
    assert len(write_clock(last)) == 27
    assert parse_printed(write_clock(last)) == last
    assert read_back(write_when(when)) == when
    assert isinstance(civil_day(when, zone), date)
    for other in ZONES:
        assert last.astimezone(ZoneInfo(other)) == in_zone(last, other)
    assert surely_before(when, when, zone) is False
    assert isinstance(in_future(when, last, zone), bool)
    assert isinstance(age_on(date.max, when, zone), int)


@given(WHENS, WHENS, st.sampled_from(ZONES))
def test_clamping_keeps_the_order(one: When, other: When, zone: str) -> None:
    """What is earlier never becomes later by having no room in the calendar."""
    if order_key(one, zone) <= order_key(other, zone):
        assert last_instant(one, zone) <= last_instant(other, zone)


@given(WHENS, st.integers(-100_000, 100_000), st.sampled_from(UNITS), st.sampled_from(ZONES))
def test_a_due_time_is_an_instant_or_nothing(when: When, limit: int, unit: Unit, zone: str) -> None:
    """A duty that began at the end of the calendar has no due time; nothing raises."""
    at = due(when, limit if unit != "business-days" else limit % 400, unit, office_zone=zone, civil_zone=zone)
    assert at is None or FLOOR <= at <= CEILING


@given(WHENS, st.timedeltas())
def test_adding_to_an_instant_never_leaves_the_calendar(when: When, span: timedelta) -> None:
    """The clock of a driven ledger that somebody drove to the last microsecond stands there."""
    instant = last_instant(when, "UTC")
    assert in_utc(plus(instant, span)) >= FLOOR
    assert microseconds(in_utc(plus(instant, span))) <= microseconds(CEILING)


def test_only_one_module_does_arithmetic_on_times() -> None:
    """Who converts, combines or reads a time elsewhere would have to know where the calendar ends."""
    root = Path(__file__).parents[2]
    partial = {"astimezone", "fromisoformat", "fromtimestamp", "combine", "strptime"}
    allowed = {
        "ledger/times.py",
        *("producers/imports/hhs_file.py", "producers/imports/notice_claims.py"),  # days of files, which intake judges
        *("producers/imports/notice_dates.py", "producers/tables/xlsx_table.py"),
        *("custody/demo/day.py", "producers/simulation/simulator.py"),  # made-up days
    }
    found = {
        f"{path.relative_to(root)}: {node.attr}"
        for folder in ("ledger", "projections", "readers", "producers", "consumers", "custody")
        for path in sorted((root / folder).rglob("*.py"))
        if str(path.relative_to(root)) not in allowed and "simulation" not in path.parts
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Attribute) and node.attr in partial
    }
    assert found == set()


def test_an_instant_is_read_with_microseconds_kept() -> None:
    """Nothing finer than a microsecond, nothing less fine."""
    assert parse_instant("2022-03-04T13:20:00.000001Z").microsecond == 1
