"""Logs of notices: which row says what, and what is said of a row or a file that cannot be read."""

from datetime import date, datetime
from typing import Any

import orjson
import pytest

from ledger.identifiers import Identifier
from ledger.intake.submission import Refusal, read_submission
from ledger.times import parse_instant
from producers.imports.notice_claims import notice, shared_reference
from producers.imports.notice_rows import LONGEST_REFERENCE, MOST_ROWS, NoticeRow
from producers.tables.dates import Order
from producers.tables.rows import BadRow
from producers.tables.table import TableError
from tests.unit.notice_files import GOOD, HEADER, bad, csv_of, good, log_of, one

NOW = parse_instant("2024-09-01T12:00:00Z")


def claimed(content: bytes, reference: str = "log.csv 0123456789ab") -> dict[str, Any]:
    """Return the data of the first row's submission."""
    row = good(content)[0]
    data: dict[str, Any] = orjson.loads(notice(row, row.positions or (12,), reference, NOW)[1].data)
    return data


def test_a_row_says_who_was_told_what_when_and_how() -> None:
    """The five columns that are needed, and what the others are when they are left out."""
    assert good(csv_of(HEADER, GOOD)) == [
        NoticeRow(
            line=2,
            child=Identifier(scheme="a-number", value="200000017"),
            to="ORR",
            positions=(12,),
            type=None,
            occurred_on=None,
            given_at=date(2022, 6, 14),
            channel="email",
            members="all",
            reference=None,
            office=None,
            user=None,
        )
    ]


def test_columns_are_found_by_name_in_any_order_and_others_are_told_by_name() -> None:
    """A spreadsheet has columns of its own; nothing is read from them, and the person hears which."""
    log = log_of(csv_of(("Remarks", *(name.upper() for name in reversed(HEADER)), ""), ("seen", *reversed(GOOD), "x")))
    assert log.rows == log_of(csv_of(HEADER, GOOD)).rows
    assert log.ignored == ("Remarks", "column 7 (no name)")


@pytest.mark.parametrize("separator", [",", ";", "\t"])
def test_the_separator_is_found_by_the_names_of_the_columns(separator: str) -> None:
    """Excel writes semicolons where the comma is the decimal sign."""
    assert good(csv_of(HEADER, GOOD, separator=separator)) == good(csv_of(HEADER, GOOD))
    told = f"sep={separator}\r\n".encode() + csv_of(HEADER, GOOD, separator=separator)
    assert [row.line for row in good(told)] == [3]


def test_a_mark_of_byte_order_quotes_and_line_ends_are_read_as_excel_writes_them() -> None:
    """Numbers count lines, as an editor shows them, also behind a field with a line end in it; blank rows are none."""
    content = b"\xef\xbb\xbfchild,to,positions,given_at,channel,office\r\n"
    content += b'A200-000-017,ORR,"12; 13",2022-06-14,email,"Houston, ""B""\nfloor 2"\r\n,,,,,\r\n\r\n'
    content += b"A200-000-018,ORR,14,2022-06-15,phone,\n"
    first, second = good(content)
    assert (first.positions, first.office) == ((12, 13), 'Houston, "B"\nfloor 2')
    assert (second.line, second.office) == (6, None)


@pytest.mark.parametrize(
    ("written", "scheme", "value"),
    [
        ("A200000017", "a-number", "200000017"),
        ("a 200 000 017", "a-number", "200000017"),
        ("20000017", "a-number", "020000017"),
        ("a-number:A200-000-017", "a-number", "200000017"),
        ("orr-id: 88123", "orr-id", "88123"),
        ("ORR-ID:88123", "orr-id", "88123"),
        ("0195e000-0000-7000-8000-000000000017", "ledger", "0195e000-0000-7000-8000-000000000017"),
    ],
)
def test_a_child_is_written_in_any_usual_way(written: str, scheme: str, value: str) -> None:
    """As on the command line."""
    child = good(one(child=written))[0].child
    assert (child.scheme, child.value) == (scheme, value)


@pytest.mark.parametrize(
    ("written", "means"),
    [
        ("2022-06-14", date(2022, 6, 14)),
        ("6/14/2022", date(2022, 6, 14)),
        ("06/14/2022", date(2022, 6, 14)),
        ("6/6/2022", date(2022, 6, 6)),
        ("2022-06-14T10:15:00-04:00", parse_instant("2022-06-14T10:15:00-04:00")),
    ],
)
def test_a_day_or_an_instant_is_read_as_it_can_only_be_meant(written: str, means: date) -> None:
    """6/14/2022 can be nothing but the 14th of June."""
    assert good(one(given_at=written))[0].given_at == means


def test_a_date_of_two_meanings_is_refused_unless_the_person_says_that_the_month_comes_first() -> None:
    """6/7/2022 is June in Houston and July in Guatemala; when a child's file is told about, a month matters."""
    said = bad(one(given_at="6/7/2022"))[0].reason
    assert said.startswith("column given_at: '6/7/2022' can be two days")
    assert "--month-first" in said
    assert good(one(given_at="6/7/2022"), order="month-first")[0].given_at == date(2022, 6, 7)


@pytest.mark.parametrize("order", [None, "month-first"])
def test_a_date_that_is_not_month_first_is_refused_unless_the_file_is_day_first(order: Order | None) -> None:
    """It shows how the whole file may be written; the person must look, and say it."""
    (row,) = log_of(one(given_at="14/6/2022"), order=order).rows
    assert isinstance(row, BadRow)
    assert "not month first" in row.reason


def test_a_file_name_of_any_length_makes_a_reference_the_ledger_takes() -> None:
    """The limit here is the limit of the contract."""
    reference = shared_reference("n" * 500 + ".csv", "0123456789abcdef")
    assert len(reference) == LONGEST_REFERENCE
    read = read_submission("custody.notice-given.v1", orjson.dumps(claimed(one(), reference)))
    assert not isinstance(read, Refusal), read


@pytest.mark.parametrize(
    ("members", "said"),
    [
        ({"child": "17"}, "column child: '17' names no child; write an A-number"),
        ({"child": ""}, "column child: is blank; write an A-number"),
        ({"child": "passport:17"}, "column child: 'passport:17' names no child"),
        ({"to": "ICE"}, "column to: ICE is a group; say which of its agencies was told: ICE-ERO, ICE-OPLA"),
        ({"to": "FBI"}, "column to: 'FBI' is no agency of the ledger; there are CBP"),
        ({"positions": "12,13"}, "column positions: '12,13' is no position; write whole numbers"),
        ({"positions": "0"}, "column positions: '0' is no position"),
        ({"positions": ""}, "column positions: is blank, and so is type"),
        ({"type": "released-to-sponsor"}, "column positions: is given beside type"),
        ({"occurred_on": "2022-06-09"}, "column occurred_on: goes with type"),
        ({"positions": "", "type": "failure-to-apear"}, "did you mean failure-to-appear-recorded?"),
        ({"positions": "", "type": "released-to-sponsor", "occurred_on": "soon"}, "column occurred_on: 'soon' is no"),
        ({"given_at": "44726"}, "a number is no date: give the cell a date format"),
        ({"given_at": "mid June"}, "column given_at: 'mid June' is no date; write the day like 2022-06-14"),
        ({"given_at": "2/30/2022"}, "column given_at: '2/30/2022' is no day of the calendar"),
        ({"given_at": "6/14/2022 3:15 PM"}, "has a time of day without its offset from UTC"),
        ({"given_at": "2022-06-14T10:15:00"}, "has a time of day without its offset from UTC"),
        ({"channel": "pigeon"}, "column channel: 'pigeon' is no channel; they are email, spreadsheet"),
        ({"members": "all address"}, "column members: 'all' is no member of a fact"),
        ({"members": "address,relationship"}, "column members: 'address,relationship' is no member"),
        ({"reference": "x" * 401}, "column reference: is longer than 400 characters"),
    ],
)
def test_a_row_that_cannot_be_read_names_its_column_and_the_cure(members: dict[str, str], said: str) -> None:
    """Whoever keeps the log can put it right without asking anybody."""
    (row,) = bad(one(**members))
    assert row.line == 2
    assert said in row.reason


def test_a_row_tells_all_its_faults_at_once_and_keeps_no_other_row_out() -> None:
    """Nobody should import five times to find five faults."""
    content = csv_of(HEADER, GOOD, ("x", "FBI", "12", "soon", "email"), GOOD)
    before, wrong, after = log_of(content).rows
    assert isinstance(before, NoticeRow)
    assert isinstance(after, NoticeRow)
    assert isinstance(wrong, BadRow)
    assert [part.split(":")[0] for part in wrong.reason.split("; column ")] == ["column child", "to", "given_at"]


def test_a_row_with_a_field_too_many_or_too_few_is_not_guessed_at() -> None:
    """What stands behind a lost separator would be read under the wrong column."""
    rows = bad(csv_of(HEADER, (*GOOD, "x"), GOOD[:-1]))
    assert [row.line for row in rows] == [2, 3]
    assert "6 fields under 5 columns" in rows[0].reason
    assert good(csv_of(HEADER, (*GOOD, "", ""))) == good(csv_of(HEADER, GOOD))


@pytest.mark.parametrize(
    ("written", "means"),
    [("E-Mail", "email"), ("In person", "in-person"), ("FAX", "fax"), ("unknown", "unknown")],
)
def test_a_channel_is_read_as_people_write_it(written: str, means: str) -> None:
    """The list is the contract's."""
    assert good(one(channel=written))[0].channel == means


def test_a_notice_is_a_submission_the_contract_knows() -> None:
    """Through the import door, with the log as its document and one reference for all rows."""
    data = claimed(one(members="address; relationship", office="Houston", given_at="2022-06-14T10:15:00-04:00"))
    assert data == {
        "child": [{"scheme": "a-number", "value": "200000017"}],
        "occurred_at": "2022-06-14T10:15:00-04:00",
        "known_since": "2022-06-14T10:15:00-04:00",
        "source": {
            "document": "notice log",
            "reference": "log.csv 0123456789ab",
            "grade": "document",
            "channel": "email",
        },
        "door": "import",
        "reported_by": {"office": "Houston"},
        "fact": {
            "to": "ORR",
            "positions": [12],
            "channel": "email",
            "given_at": "2022-06-14T10:15:00-04:00",
            "members": ["address", "relationship"],
        },
    }
    assert not isinstance(read_submission("custody.notice-given.v1", orjson.dumps(data)), Refusal)


def test_a_log_of_calls_is_a_spreadsheet_and_a_row_may_have_a_reference_of_its_own() -> None:
    """The source says how the log came to us: as a spreadsheet, but for e-mails."""
    source = claimed(one(channel="phone", reference="CALL-7"))["source"]
    assert (source["channel"], source["reference"]) == ("spreadsheet", "CALL-7")


def test_the_same_row_has_the_same_id_in_every_run_and_any_other_row_another() -> None:
    """An import that is repeated is recognised, and no two notices are taken for one."""

    def id_of(content: bytes, reference: str = "log.csv 0123456789ab", positions: tuple[int, ...] = (12,)) -> str:
        return notice(good(content)[0], positions, reference, NOW)[1].id

    assert id_of(one()) == id_of(one(child="200000017", given_at="6/14/2022"))
    others = [id_of(one()), id_of(one(), "other.csv"), id_of(one(), positions=(13,))]
    others += [id_of(one(**{name: value})) for name, value in (("to", "EOIR"), ("channel", "fax"), ("user", "u-1"))]
    assert len(set(others)) == len(others)


def test_a_notice_was_sent_no_earlier_than_it_was_given_and_never_in_the_future() -> None:
    """On the driven clock a ledger records at `ce_time`: not before the notice, and not ahead of the world."""

    def sent_at(given_at: str) -> str:
        return notice(good(one(given_at=given_at))[0], (12,), "r", NOW)[1].time

    assert sent_at("2022-06-14") == "2022-06-14T23:59:59Z"
    assert sent_at("2022-06-14T10:15:00-04:00") == "2022-06-14T10:15:00-04:00"
    assert sent_at("2099-01-01") == "2024-09-01T12:00:00Z"


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "the file is empty"),
        (b"x,y\n", "row 1 lacks the columns child, to, given_at, channel, positions (or type)"),
        (csv_of(HEADER[:-1], GOOD[:-1]), "lacks the column channel;"),
        (csv_of((*HEADER, "To"), (*GOOD, "ORR")), "the column to stands twice"),
        (csv_of((*HEADER, "office"), (*GOOD, "Piñón")) + b"\xf1", "line 3 is not UTF-8"),
        (csv_of(HEADER, GOOD) + b'A200-000-018,ORR,"12,2022-06-14,email\r\n', "begins on line 3 is not CSV"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "old form (.xls) or has a password"),
        (b"PK\x03\x04 and nothing else", "no Excel workbook that can be read"),
        (csv_of(HEADER, *[GOOD] * (MOST_ROWS + 1)), "beyond the 20,000 rows"),
    ],
)
def test_a_file_that_is_no_log_is_refused_as_a_whole_with_its_reason(content: bytes, said: str) -> None:
    """Nothing of it was sent, and the cure is named."""
    with pytest.raises(TableError) as refused:
        log_of(content)
    assert said in str(refused.value)


def test_a_sheet_cannot_be_asked_of_a_text() -> None:
    """A person who names a sheet means another file."""
    with pytest.raises(TableError, match="has no sheets; nothing was sent; leave out --sheet"):
        log_of(csv_of(HEADER, GOOD), sheet="June")


def test_a_moment_of_a_day_given_as_a_cell_needs_an_offset_too() -> None:
    """A date cell of a spreadsheet has no offset; its time could be anybody's."""
    from producers.imports.notice_dates import parse_given

    with pytest.raises(ValueError, match=r"2022-06-14 10:15. has a time of day without its offset"):
        parse_given(datetime(2022, 6, 14, 10, 15), order="month-first", zone=None)
