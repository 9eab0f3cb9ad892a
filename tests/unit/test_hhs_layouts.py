"""The HHS release file in the layouts in which it circulates: however it is written, it says the same children."""

import csv
import gzip
import io
import lzma
from collections.abc import Sequence
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import orjson
import pytest
from openpyxl import Workbook

from producers.imports.hhs_file import HhsRow, Releases, find_order, open_releases
from producers.imports.hhs_import import SoundRow, judged
from producers.imports.hhs_releases import claims
from producers.tables.reading import How
from producers.tables.rows import BadRow, PassedOver
from producers.tables.table import TableError

TRAPS = (Path(__file__).parents[1] / "data" / "releases_traps.csv").read_bytes()
TABLE = list(csv.reader(io.StringIO(TRAPS.decode(), newline="")))
PUBLIC = [
    *("ID", "Child's Country of Origin", "Child's Gender", "Child's Date of Entry", "Child's Date of Release"),
    *("Sponsor Zipcode", "Sponsor Category", "Relationship of Sponsor"),
]
KNOWN = ["7", "Honduras", "F", "1/28/2015", "02/03/15", "77002", "1", "Mother"]


def opened(content: bytes, how: How | None = None, *, told: Any = None) -> Releases:
    raw = io.BytesIO(content)
    return open_releases(raw, how or How(), find_order(raw, how or How(), told).order)


def read(content: bytes, how: How | None = None, *, told: Any = None) -> list[HhsRow | BadRow | PassedOver]:
    return list(opened(content, how, told=told).rows)


def said(content: bytes, how: How | None = None) -> list[Any]:
    """Return what each child's row submits, to the byte."""
    rows = read(content, how)
    assert not [row for row in rows if isinstance(row, BadRow)], rows
    return [claims(row) for row in rows if isinstance(row, HhsRow)]


def text(rows: Sequence[Sequence[str]], separator: str = ",", end: str = "\n") -> str:
    written = io.StringIO()
    csv.writer(written, delimiter=separator, lineterminator=end).writerows(rows)
    return written.getvalue()


def workbook(rows: Sequence[Sequence[Any]], title: str = "Releases") -> bytes:
    book = Workbook()
    sheet = book.worksheets[0]
    sheet.title = title
    for row in rows:
        sheet.append(list(row))
    packed = io.BytesIO()
    book.save(packed)
    return packed.getvalue()


def in_public_words() -> list[list[str]]:
    """Return the traps as another program writes them: other names, US dates, words for nothing."""
    names = {"id": "ID ", "childs_gender": "Child’s Gender", "childs_date_of_entry": '"Child\'s" Date of Entry'}
    header = [names.get(name, name.replace("_", " ").title().replace("Childs", "Child's")) for name in TABLE[0]]
    rows = []
    for row in TABLE[1:]:
        days = [f"{int(d[5:7])}/{int(d[8:])}/{d[:4]}" if d else "N/A" for d in row[3:5]]
        # a blank code is no word for nothing: it says that the source gave none
        rows.append([*row[:3], *days, *row[5:8], *(cell or "NULL" for cell in row[8:])])
    return [header, *rows]


@pytest.mark.parametrize("separator", [",", ";", "\t", "|"])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_whatever_separates_fields_and_lines_the_same_children_are_said(separator: str, end: str) -> None:
    """Ids and bodies are the same, so a file imported in another layout gives duplicates."""
    assert said(text(TABLE, separator, end).encode()) == said(TRAPS)
    assert said(text(in_public_words(), separator, end).encode()) == said(TRAPS)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "cp1252"])
def test_however_the_text_is_encoded_the_same_children_are_said(encoding: str) -> None:
    """`Parent’s Partner` and the typographic apostrophe in a heading come through."""
    assert said(text(in_public_words()).encode(encoding)) == said(TRAPS)


@pytest.mark.parametrize(
    "pack", [lzma.compress, gzip.compress, lambda whole: lzma.compress(whole[:99]) + lzma.compress(whole[99:])]
)
def test_however_the_text_is_packed_the_same_children_are_said(pack: Any) -> None:
    """xz and gzip, also several streams one behind the other."""
    assert said(pack(TRAPS)) == said(TRAPS)


def test_a_workbook_says_the_same_children() -> None:
    """Date cells, numbers for ids and codes, and text."""
    rows: list[list[Any]] = [TABLE[0]]
    for row in TABLE[1:]:
        days = [date.fromisoformat(day) if day else None for day in row[3:5]]
        code = int(row[5]) if row[5].isdigit() else row[5]
        rows.append([int(row[0]), *row[1:3], *days, code, *row[6:]])
    assert said(workbook(rows)) == said(TRAPS)
    assert said(workbook([["Unaccompanied children released"], [], *rows, ["Total", None, 10]])) == said(TRAPS)


def test_the_header_everybody_holds_is_read_with_its_zip_code() -> None:
    """Eight columns, dates such as 1/28/2015 with years of two or four digits, the ZIP code in the address."""
    (row,) = read(text([PUBLIC, KNOWN]).encode())
    assert isinstance(row, HhsRow)
    assert (row.entered_on, row.released_on) == ("2015-01-28", "2015-02-03")
    particulars, admission, release = (orjson.loads(claim.data) for claim in claims(row))
    assert particulars["fact"] == {"sex": "F", "country": "HND"}
    assert admission["occurred_at"] == "2015-01-28"
    assert release["fact"] == {"sponsor_category": "1", "relationship": "Mother", "address": {"zip": "77002"}}
    assert release["source"]["codes"] == {"sponsor_category": "1"}


@pytest.mark.parametrize(
    ("given", "zip", "codes"),
    [
        ("7002", "07002", {"address.zip": "7002"}),
        ("601", "00601", {"address.zip": "601"}),
        ("7002.0", "07002", {"address.zip": "7002.0"}),
        ("07002-1234", "07002-1234", {}),
        ("7002-1234", "07002-1234", {"address.zip": "7002-1234"}),
        ("70021234", "070021234", {"address.zip": "70021234"}),
        ("NA", None, {}),
        ("K1A 0B1", "K1A 0B1", {}),
    ],
)
def test_zeros_that_a_spreadsheet_took_from_a_zip_code_are_put_back(
    given: str, zip: str | None, codes: dict[str, str]
) -> None:
    """What was given is kept beside it, as the source's own code."""
    (row,) = read(text([PUBLIC, [*KNOWN[:5], given, *KNOWN[6:]]]).encode())
    assert isinstance(row, HhsRow)
    release = orjson.loads(claims(row)[2].data)
    assert release["fact"]["address"].get("zip") == zip
    assert release["source"]["codes"] == {"sponsor_category": "1", **codes}


@pytest.mark.parametrize(
    ("given", "category"),
    [
        ("1", "1"),
        ("Category 2A", "2A"),
        ("2b - Immediate Relative", "2B"),
        ("3.0", "3"),
        ("Parent or guardian", "1"),
        ("IMMEDIATE RELATIVE", "2"),
        ("Distant relative or unrelated adult", "3"),
        ("Friend", "unknown"),
    ],
)
def test_one_column_of_the_category_says_it_by_code_or_in_words(given: str, category: str) -> None:
    """The source's own words are kept."""
    (row,) = read(text([PUBLIC, [*KNOWN[:6], given, KNOWN[7]]]).encode())
    assert isinstance(row, HhsRow)
    release = orjson.loads(claims(row)[2].data)
    assert release["fact"]["sponsor_category"] == category
    assert release["source"]["codes"] == {"sponsor_category": given}


@pytest.mark.parametrize("nothing", ["", "NA", "n/a", "nan", "NULL", "None", "-", "–", "#N/A", "(blank)"])
def test_words_for_nothing_are_nothing(nothing: str) -> None:
    """A country called `nan` would be a country; a date called `NA` no date."""
    (row,) = read(text([PUBLIC, ["7", *[nothing] * 4, nothing, nothing, "Mother"]]).encode())
    assert row == HhsRow(2, "7", "", "", "", "", None, "", "Mother", "", "", "")


@pytest.mark.parametrize(
    ("row", "what"),
    [
        (["Total", "", "", "", "", "", "", "553,322"], "a total, no child: `Total`"),
        (["", "", "", "", "", "", "Grand total: 2", ""], "a total, no child"),
        (["", "", "", "", "", "", "", "553322"], "no child: it has neither id nor dates"),
        (PUBLIC, "the names of the columns again"),
        (["Source: HHS, FOIA request"], "a note, no child"),
        (["* ages are as of entry", "", "", "", "", "", "", ""], "a note, no child"),
        (["NA", "-", "", "", "", "null", "", ""], "nothing but words for nothing"),
    ],
)
def test_a_row_that_is_no_child_is_passed_over_and_named(row: list[str], what: str) -> None:
    """No child called `Total` is opened, and nobody has to guess what became of the line."""
    first, passed, last = read(text([PUBLIC, KNOWN, row, ["8", *KNOWN[1:]]]).encode())
    assert isinstance(first, HhsRow)
    assert isinstance(last, HhsRow)
    assert isinstance(passed, PassedOver)
    assert passed.line == 3
    assert what in passed.reason


def test_a_total_without_a_line_end_is_not_taken_for_a_file_that_breaks_off() -> None:
    """The last line of a report is often one."""
    rows = read(text([PUBLIC, KNOWN]).encode() + b"Total,1")
    assert [type(row) for row in rows] == [HhsRow, PassedOver]


def test_a_row_with_nothing_but_an_id_is_named_and_no_child_is_opened() -> None:
    """It may be a child whose fields were lost."""
    (bad,) = read(text([PUBLIC, ["7", *[""] * 7]]).encode())
    assert isinstance(bad, BadRow)
    assert "nothing but the id 7" in bad.reason


def test_rows_above_the_names_of_the_columns_are_passed_over() -> None:
    """A report has a title; where the names are is found, or said."""
    title = [["HHS, Office of Refugee Resettlement"], [], ["Releases, ID by ID"]]
    releases = opened(text([*title, PUBLIC, KNOWN]).encode())
    assert [row.line for row in releases.rows] == [5]
    assert (releases.table.notes.header_row, releases.table.notes.rows_before_header) == (4, 2)
    assert [row.line for row in read(text([*title, PUBLIC, KNOWN]).encode(), How(header_row=4))] == [5]
    with pytest.raises(TableError, match="row 3 lacks the column"):
        read(text([*title, PUBLIC, KNOWN]).encode(), How(header_row=3))
    with pytest.raises(TableError, match="row 2 of the file is blank or not there"):
        read(text([*title, PUBLIC, KNOWN]).encode(), How(header_row=2))


def test_a_heading_nobody_foresaw_is_said_by_its_name_or_number() -> None:
    """The file stays as it is."""
    header = ["Case", *PUBLIC[1:]]
    for heading in ("Case", "case", "1", "A"):
        assert len(said(text([header, KNOWN]).encode(), How(chosen={"id": heading}))) == 1
    with pytest.raises(TableError, match="no such heading; nothing was sent; did you mean `Case`"):
        read(text([["Number", *header], ["1", *KNOWN]]).encode(), How(chosen={"id": "Csae"}))


def test_a_column_that_stands_twice_is_not_chosen_between() -> None:
    """Either could be meant; the person says which."""
    content = text([[*PUBLIC, "Date of Release"], [*KNOWN, "3/1/2015"]]).encode()
    (row,) = read(content)
    assert isinstance(row, HhsRow)
    assert row.released_on == "2015-02-03", "the very name wins over another one people use"
    with pytest.raises(TableError, match=r"--column childs_date_of_release=5"):
        read(text([[*PUBLIC, PUBLIC[4]], [*KNOWN, "3/1/2015"]]).encode())
    (row,) = read(content, How(chosen={"childs_date_of_release": "9"}))
    assert isinstance(row, HhsRow)
    assert row.released_on == "2015-03-01"


def test_a_file_that_cannot_be_month_first_is_not_read_so_in_silence() -> None:
    """3/4/2022 is another day then; the whole file waits for a word, and nothing is sent."""
    content = text([PUBLIC, KNOWN, ["8", "Honduras", "F", "28/1/2015", "3/2/2015", *KNOWN[5:]]]).encode()
    with pytest.raises(TableError, match="line 3: column childs_date_of_entry: '28/1/2015' cannot be month first"):
        read(content)
    month_first = read(content, told="month-first")
    assert [type(row) for row in month_first] == [HhsRow, BadRow]
    day_first = read(content, told="day-first")
    assert isinstance(day_first[0], BadRow)
    assert isinstance(day_first[1], HhsRow)
    assert (day_first[1].entered_on, day_first[1].released_on) == ("2015-01-28", "2015-02-03")


def test_nothing_of_a_row_is_sent_where_anything_of_it_would_be_refused() -> None:
    """A release of 2099 must not leave an admission without its release: the row is named, its three facts stay out."""
    rows = [KNOWN, ["8", *KNOWN[1:4], "1/1/2099", *KNOWN[5:]], ["9", *KNOWN[1:7], "x" * 5000]]
    found = list(
        judged(read(text([PUBLIC, *rows]).encode()), zone="America/New_York", now=datetime(2024, 1, 1, tzinfo=UTC))
    )
    assert [type(row) for row in found] == [SoundRow, BadRow, BadRow]
    reasons = [row.reason for row in found if isinstance(row, BadRow)]
    assert reasons[0] == "its release would be refused (H5: 2099-01-01 is in the future); correct the date"
    assert "its release would be refused (H0: `fact.relationship`" in reasons[1]


def test_every_column_is_used_or_named() -> None:
    """Nothing is dropped in silence: what nobody looks for is told by its heading."""
    from custody.shown.tables import ignored, reading_lines

    table = opened(text([[*PUBLIC, "Facility", ""], [*KNOWN, "Casa", "x"]]).encode()).table
    list(table.rows)
    assert ignored(table) == ["Facility"]
    assert any("ignored     columns: Facility" in line for line in reading_lines(table, ("id", "city")))
    assert any("not there   city" in line for line in reading_lines(table, ("id", "city")))
