"""Logs of notices as people keep them: title rows, headings of their own, several names in a cell, local times."""

from datetime import date, datetime
from typing import Any

import pytest

from ledger.times import parse_instant
from producers.imports.notice_claims import notice
from producers.imports.notice_import import AlreadyTold, Ready, prepare
from producers.imports.notice_rows import NoticeRow
from producers.tables.rows import BadRow, PassedOver
from producers.tables.table import TableError
from tests.unit.notice_files import GOOD, HEADER, bad, csv_of, good, log_of, one, xlsx_of

NOW = parse_instant("2024-09-01T12:00:00Z")


def test_a_log_with_title_rows_and_headings_of_its_own_stays_as_it_is() -> None:
    """Where the names are and what they mean is found, or said with the options."""
    title = (("Failure to appear notices", "", "", "", ""), ("FY 2022", "", "", "", ""))
    people = ("A#", "Recipient", "Position", "Date Sent", "Method")
    assert [r._replace(line=0) for r in good(csv_of(*title, people, GOOD))] == [
        r._replace(line=0) for r in good(csv_of(HEADER, GOOD))
    ]
    assert [row.line for row in good(csv_of(*title, people, GOOD))] == [4]
    own = ("Respondent", "Told", "Entry", "On", "Method")
    chosen = {"child": "Respondent", "positions": "3", "given_at": "On"}
    assert len(good(csv_of(*title, own, GOOD), chosen=chosen, header_row=3)) == 1
    with pytest.raises(TableError, match=r"lacks the columns child, given_at, positions .or type.; .*--column child="):
        log_of(csv_of(*title, own, GOOD), header_row=3)
    again = log_of(csv_of(HEADER, GOOD, HEADER, GOOD)).rows
    assert [type(row) for row in again] == [NoticeRow, PassedOver, NoticeRow]


def test_what_no_column_says_is_said_for_all_rows() -> None:
    """A log of e-mails need not say in each row that it was one."""
    log = csv_of(HEADER[:-1], GOOD[:-1])
    with pytest.raises(TableError, match="lacks the column channel"):
        log_of(log)
    assert good(log, values={"channel": "email"}) == good(csv_of(HEADER, GOOD))
    rows = good(csv_of(HEADER, GOOD, (*GOOD[:-1], "fax"), (*GOOD[:-1], "")), values={"channel": "E-mail"})
    assert [row.channel for row in rows] == ["email", "fax", "email"]


@pytest.mark.parametrize(
    ("written", "values"),
    [
        ("A200-000-017; A200-000-018", ["200000017", "200000018"]),
        ("A200000017, 200-000-018 and A200 000 019", ["200000017", "200000018", "200000019"]),
        ("A200-000-017\nA200-000-018", ["200000017", "200000018"]),
        ("A200-000-017 A200-000-018", ["200000017", "200000018"]),
        ("A# 200-000-017 & A#200-000-018", ["200000017", "200000018"]),
        ("A200-000-017; A200-000-017", ["200000017"]),
        ("orr-id:88123; orr-id:88124", ["88123", "88124"]),
    ],
)
def test_a_cell_may_name_several_children(written: str, values: list[str]) -> None:
    """Each is a notice of its own; a child named twice is told once."""
    rows = good(one(child=written, positions="", type="released-to-sponsor"))
    assert [row.child.value for row in rows] == values
    assert {row.line for row in rows} == {2}


@pytest.mark.parametrize(
    ("written", "means"),
    [
        ("ERO", ["ICE-ERO"]),
        ("ice ero", ["ICE-ERO"]),
        ("ICE/ERO", ["ICE-ERO"]),
        ("HHS/ORR", ["ORR"]),
        ("HHS", ["ORR"]),
        ("DOJ EOIR", ["EOIR"]),
        ("Immigration Court", ["EOIR"]),
        ("ICE-ERO; ORR", ["ICE-ERO", "ORR"]),
        ("ERO/OPLA", ["ICE-ERO", "ICE-OPLA"]),
        ("HHS/ORR and ICE/ERO", ["ORR", "ICE-ERO"]),
        ("ORR, ORR", ["ORR"]),
    ],
)
def test_recipients_are_read_as_people_write_them(written: str, means: list[str]) -> None:
    """One name or several; a slash parts two agencies, or an agency from its department."""
    assert [row.to for row in good(one(to=written))] == means


def test_positions_are_of_one_child_alone() -> None:
    """A position of one child's record is none of another's."""
    (row,) = bad(one(child="A200-000-017; A200-000-018"))
    assert "column positions: are those of one child's record, and the row names several" in row.reason


@pytest.mark.parametrize(
    ("written", "means"),
    [
        ("6/14/2022 3:15 PM", "2022-06-14T15:15:00-05:00"),
        ("2022-06-14 15:15", "2022-06-14T15:15:00-05:00"),
        ("14-Jun-2022 at 3:15 p.m.", "2022-06-14T15:15:00-05:00"),
        ("1/14/2022 9 am", "2022-01-14T09:00:00-06:00"),
        ("2022-06-14T15:15:00-04:00", "2022-06-14T15:15:00-04:00"),
        ("11/6/2022 3:00", "2022-11-06T03:00:00-06:00"),
    ],
)
def test_a_time_of_day_is_one_of_the_zone_that_was_said(written: str, means: str) -> None:
    """With its offset as of that day; one that has an offset keeps it."""
    (row,) = good(one(given_at=written), zone="America/Chicago", order="month-first")
    assert row.given_at == parse_instant(means)
    assert notice(row, (12,), "r", NOW)[1].time == means


def test_days_stay_days_whatever_the_zone() -> None:
    """A midnight is what programs write for a day."""
    for written in ("6/14/2022", "2022-06-14 00:00:00", "6/14/2022 12:00:00 AM", "14 Jun 22"):
        (row,) = good(one(given_at=written), zone="America/Chicago")
        assert row.given_at == date(2022, 6, 14)
    cells = (*GOOD[:3], datetime(2022, 6, 14, 15, 15), "email")
    (row,) = good(xlsx_of(HEADER, cells), zone="America/New_York")
    assert row.given_at == parse_instant("2022-06-14T15:15:00-04:00")


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ("11/6/2022 1:30 AM", "was twice in America/Chicago: the clocks were put back"),
        ("3/13/2022 2:30 AM", "is no time of America/Chicago: the clocks were put forward over it"),
        ("6/14/2022 25:15", "has no such time of day"),
        ("6/14/2022 13:15 PM", "has no such time of day"),
        ("6/7/2022 3:15 PM", "can be two days"),
    ],
)
def test_a_time_that_is_none_or_two_is_refused_with_the_cure(written: str, said: str) -> None:
    """It is not moved by an hour in silence."""
    (row,) = bad(one(given_at=written), zone="America/Chicago", order=None if "6/7" in written else "month-first")
    assert said in row.reason


def test_day_first_is_said_of_a_whole_log() -> None:
    """14/6/2022 is refused otherwise; 6/14/2022 is then."""
    assert good(one(given_at="14/6/2022"), order="day-first")[0].given_at == date(2022, 6, 14)
    (row,) = bad(one(given_at="6/14/2022"), order="day-first")
    assert "is not day first" in row.reason


def test_a_row_of_several_is_sent_whole_or_not_at_all() -> None:
    """Each child has its own key; where one of them cannot be meant, the row is named and nothing of it sent."""
    rows = log_of(
        one(child="A200-000-017; A200-000-018", to="ORR; EOIR", positions="", type="released-to-sponsor")
    ).rows

    def known(row: NoticeRow, reference: str) -> Any:
        return AlreadyTold(9, "old.csv") if row.to == "EOIR" and row.child.value.endswith("7") else (12,)

    (ready,) = prepare(rows, known, reference="r", now=NOW)
    assert isinstance(ready, Ready)
    assert [key for key, _ in ready.sends] == [b"a-number:200000017", *[b"a-number:200000018"] * 2]
    assert ready.already == (AlreadyTold(9, "old.csv"),)

    def unknown(row: NoticeRow, reference: str) -> Any:
        return (12,) if row.child.value.endswith("7") else "column child: nobody knows it"

    (wrong,) = prepare(rows, unknown, reference="r", now=NOW)
    assert wrong == BadRow(2, "column child: nobody knows it (A200-000-018)")


@pytest.mark.parametrize("encoding", ["utf-16", "cp1252", "utf-8-sig"])
def test_an_office_with_an_accent_comes_through_in_every_encoding(encoding: str) -> None:
    """As Excel saves text in different places."""
    content = csv_of((*HEADER, "office"), (*GOOD, "Piñón")).decode().encode(encoding)
    assert good(content)[0].office == "Piñón"
