"""When a limit runs out: federal holidays, business days, and the end of the day where the obliged office is.

Broken by hand to see these tests fail: Juneteenth in every year; a Saturday holiday kept on the Monday; the New Year's
Day that is kept in the year before left out; the third Monday taken for the second; the start counted as the first
business day; days counted in the civil zone; hours added to the wall clock; a short month run over into the next.
"""

from datetime import UTC, date, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ledger.obligations.calendars import Unit, business_days_from, due, federal_holidays, is_business_day, months_from
from tests.oracle import due_times

NEW_YORK, CHICAGO, PHOENIX = "America/New_York", "America/Chicago", "America/Phoenix"
ZONES = st.sampled_from((NEW_YORK, CHICAGO, PHOENIX, "Pacific/Honolulu", "UTC"))
DAYS = st.dates(date(1990, 1, 1), date(2060, 12, 31))


def at(text: str) -> datetime:
    return datetime.fromisoformat(text)


def test_the_holidays_of_a_year_are_those_of_the_statute() -> None:
    """Each on the day on which offices were closed. The eleventh of 2022, New Year, was kept in 2021."""
    assert sorted(map(str, federal_holidays(2022))) == [
        "2022-01-17",
        "2022-02-21",
        "2022-05-30",
        "2022-06-20",
        "2022-07-04",
        "2022-09-05",
        "2022-10-10",
        "2022-11-11",
        "2022-11-24",
        "2022-12-26",
    ]


def test_a_holiday_on_a_weekend_is_kept_on_the_working_day_beside_it() -> None:
    """New Year's Day of 2022 was a Saturday: it was kept on the last day of 2021."""
    assert date(2021, 12, 31) in federal_holidays(2021)
    assert date(2022, 1, 1) not in federal_holidays(2022)
    assert date(2020, 7, 3) in federal_holidays(2020)
    assert date(2027, 7, 5) in federal_holidays(2027)


def test_juneteenth_is_a_holiday_since_2021() -> None:
    """The act was signed on 17 June 2021, and that year's day was kept on Friday the 18th."""
    assert date(2020, 6, 19) not in federal_holidays(2020)
    assert date(2021, 6, 18) in federal_holidays(2021)
    assert date(2024, 6, 19) in federal_holidays(2024)


def test_inauguration_day_is_no_holiday_here() -> None:
    """It is one in and around Washington only; elsewhere offices work, and so does the clock."""
    assert is_business_day(date(2021, 1, 20))


@given(DAYS)
def test_a_business_day_is_one_by_the_words_of_the_statute(day: date) -> None:
    """Every day of seventy years, against an oracle that reads the statute sentence by sentence."""
    assert is_business_day(day) is not (day.isoweekday() > 5 or due_times.is_holiday(day))


WHEN = st.one_of(DAYS, st.datetimes(datetime(1990, 1, 1), datetime(2060, 1, 1), timezones=st.just(UTC)))
UNITS: st.SearchStrategy[Unit] = st.sampled_from(("hours", "days", "business-days"))


@settings(max_examples=300)
@given(WHEN, st.integers(-40, 40), UNITS, ZONES, ZONES)
def test_a_due_time_is_what_the_oracle_counts(
    start: date, limit: int, unit: Unit, office_zone: str, civil_zone: str
) -> None:
    """Any start, limit, unit and zone, weekends, holidays and changes of the clock included."""
    counted = due_times.due(start, limit, unit, office_zone, civil_zone)
    assert due(start, limit, unit, office_zone=office_zone, civil_zone=civil_zone) == counted


@pytest.mark.parametrize(
    ("start", "limit", "unit", "zone", "expected"),
    [
        # Thursday's hearing: the end of Friday.
        (date(2022, 6, 9), 1, "business-days", NEW_YORK, "2022-06-10T23:59:59.999999-04:00"),
        # Friday before Juneteenth, kept on Monday: the end of Tuesday.
        (date(2022, 6, 17), 1, "business-days", NEW_YORK, "2022-06-21T23:59:59.999999-04:00"),
        # A Saturday: the first business day after it is the Monday.
        (date(2022, 6, 11), 1, "business-days", NEW_YORK, "2022-06-13T23:59:59.999999-04:00"),
        # Over the night the clocks go forward: the end of the Monday is that of daylight time.
        (date(2022, 3, 11), 1, "business-days", NEW_YORK, "2022-03-14T23:59:59.999999-04:00"),
        # Late in the evening in Houston is the next day in New York; what counts is Houston's.
        (at("2022-06-09T23:30:00-05:00"), 1, "business-days", CHICAGO, "2022-06-10T23:59:59.999999-05:00"),
        (at("2022-06-09T23:30:00-05:00"), 1, "business-days", NEW_YORK, "2022-06-13T23:59:59.999999-04:00"),
        # Calendar days end on whatever day they end.
        (date(2022, 3, 4), 30, "days", PHOENIX, "2022-04-03T23:59:59.999999-07:00"),
        (date(2022, 3, 4), 0, "days", NEW_YORK, "2022-03-04T23:59:59.999999-05:00"),
        (date(2022, 6, 20), -10, "days", NEW_YORK, "2022-06-10T23:59:59.999999-04:00"),
        # Forty-eight hours are 48, though the wall clock shows an hour more.
        (at("2022-03-12T10:00:00-05:00"), 48, "hours", NEW_YORK, "2022-03-14T11:00:00-04:00"),
        (at("2022-11-05T10:00:00-04:00"), 48, "hours", NEW_YORK, "2022-11-07T09:00:00-05:00"),
        # A day without a time stands for its last instant in the ledger's zone.
        (date(2022, 3, 4), 24, "hours", CHICAGO, "2022-03-05T23:59:59.999999-05:00"),
        (date(2022, 1, 31), 1, "months", NEW_YORK, "2022-02-28T23:59:59.999999-05:00"),
    ],
)
def test_a_limit_runs_out_when_the_obliged_office_says_so(
    start: date, limit: int, unit: Unit, zone: str, expected: str
) -> None:
    """Days end at midnight of the obliged office; hours are exact."""
    assert due(start, limit, unit, office_zone=zone, civil_zone=NEW_YORK) == at(expected)


def test_a_month_ends_on_its_last_day_where_it_has_no_such_day() -> None:
    """31 January and a month is 28 February, or 29; and the year turns."""
    assert months_from(date(2024, 1, 31), 1) == date(2024, 2, 29)
    assert months_from(date(2022, 12, 15), 1) == date(2023, 1, 15)
    assert months_from(date(2023, 1, 15), -1) == date(2022, 12, 15)


def test_no_business_day_passes_within_none() -> None:
    """A limit of none runs out on the day itself, even on a Sunday."""
    assert business_days_from(date(2022, 6, 12), 0) == date(2022, 6, 12)
    assert business_days_from(date(2022, 6, 21), -1) == date(2022, 6, 17)


def test_a_limit_beyond_the_calendar_is_no_due_time() -> None:
    """Nothing is raised: a time nobody can live to see is simply not due."""
    for unit in ("hours", "days", "business-days", "months"):
        assert due(date(9999, 12, 30), 40, unit, office_zone=NEW_YORK, civil_zone=NEW_YORK) is None
    assert due(date(2022, 1, 1), 1, "hours", office_zone="UTC", civil_zone="UTC") is not None
