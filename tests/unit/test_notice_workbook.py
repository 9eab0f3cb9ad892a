"""Logs of notices kept in Excel: what cells show counts, and nothing hidden is passed over in silence."""

import io
import zipfile
from datetime import date, datetime, time
from typing import Any

import pytest
from openpyxl import Workbook
from openpyxl.worksheet.worksheet import Worksheet

from producers.imports.notice_rows import NoticeRow
from producers.tables.table import TableError
from tests.unit.notice_files import GOOD, HEADER, bad, csv_of, good, log_of, saved, xlsx_of


def test_a_workbook_is_read_as_the_text_it_stands_for() -> None:
    """Numbers, text and dates of cells mean what they mean in CSV; a date cell is a day."""
    row = (200000017, "ORR", 12, datetime(2022, 6, 14), "email")
    assert good(xlsx_of(HEADER, row)) == good(csv_of(HEADER, GOOD))
    assert good(xlsx_of(HEADER, (*row[:3], date(2022, 6, 7), "email")))[0].given_at == date(2022, 6, 7)


def test_a_row_has_the_number_that_excel_shows() -> None:
    """Blank rows above and between are not counted away."""
    assert [row.line for row in good(xlsx_of((), (), HEADER, GOOD, (), GOOD))] == [4, 6]


@pytest.mark.parametrize(
    ("cells", "said"),
    [
        ((*GOOD[:3], datetime(2022, 6, 14, 10, 15), "email"), "column given_at: '2022-06-14 10:15' has a time of day"),
        ((*GOOD[:3], time(10, 15), "email"), "column given_at: a time of day without a day"),
        ((*GOOD[:3], 44726, "email"), "column given_at: '44726' is no date; write the day like 2022-06-14; a number"),
        ((GOOD[0], "ORR", 12.5, *GOOD[3:]), "column positions: '12.5' is no position"),
        ((datetime(2022, 6, 14), *GOOD[1:]), "column child: is a date; give the cell a text format"),
        ((GOOD[0], "ORR", "=6+6", *GOOD[3:]), "column positions: a formula whose value the file does not hold"),
        (("#REF!", *GOOD[1:]), "column child: the error #REF!; correct it in the spreadsheet"),
    ],
)
def test_a_cell_without_a_value_that_can_be_read_names_its_row_and_column(cells: tuple[Any, ...], said: str) -> None:
    """A formula that was never worked out looks blank to a program; it is not taken for blank."""
    (row,) = bad(xlsx_of(HEADER, cells))
    assert row.line == 2
    assert said in row.reason


def test_a_formula_counts_as_the_value_excel_last_worked_out() -> None:
    """Whoever copies the agency down a column with a formula sees its value, and so do we."""
    content = xlsx_of(HEADER, (GOOD[0], "=UPPER(H1)", *GOOD[2:]))
    cached = b'<c r="B2" t="str"><f>UPPER(H1)</f><v>ORR</v>'
    assert good(_rewritten(content, b'<c r="B2"><f>UPPER(H1)</f><v />', cached))[0].to == "ORR"


def test_a_whole_number_is_one_however_it_is_written() -> None:
    """Some programs write an A-number as 2.00000017E8."""
    content = xlsx_of(HEADER, (200000017, "ORR", 12, *GOOD[3:]))
    content = _rewritten(content, b"<v>200000017</v>", b"<v>2.00000017E8</v>")
    assert good(_rewritten(content, b"<v>12</v>", b"<v>12.0</v>")) == good(csv_of(HEADER, GOOD))


def test_hidden_rows_and_columns_are_read_and_counted() -> None:
    """A filter that was left on must not keep ninety children out of the ledger."""

    def hide(sheet: Worksheet) -> None:
        sheet.row_dimensions[3].hidden = True
        sheet.column_dimensions["C"].hidden = True

    log = log_of(xlsx_of(HEADER, GOOD, GOOD, GOOD, change=hide))
    assert [row.line for row in log.rows if isinstance(row, NoticeRow)] == [2, 3, 4]
    assert (log.table.notes.hidden_rows, log.table.notes.hidden_columns) == (1, ("positions",))


def test_each_cell_of_a_merged_area_has_the_areas_value() -> None:
    """One agency written across three rows was told of all three children; the areas are counted."""
    rows = [(f"A200-000-01{n}", "ORR" if n == 1 else None, *GOOD[2:]) for n in (1, 2, 3)]
    content = xlsx_of(HEADER, *rows, change=lambda sheet: sheet.merge_cells("B2:B4"))
    assert [row.to for row in good(content)] == ["ORR"] * 3
    assert log_of(content).table.notes.merged_areas == 1


def _two_sheets() -> bytes:
    book = Workbook()
    for title, child, state in (("Old", "1", "hidden"), ("June", "2", "visible"), ("July", "3", "visible")):
        sheet = book.create_sheet(title)
        sheet.append(list(HEADER))
        sheet.append([f"A200-000-01{child}", *GOOD[1:]])
        sheet.sheet_state = state
    book.remove(book.worksheets[0])
    return saved(book)


def test_the_first_sheet_that_is_not_hidden_is_read_and_the_others_are_named() -> None:
    """The person hears which sheet it was, and which were not read."""
    log = log_of(_two_sheets())
    assert [row.child.value for row in log.rows if isinstance(row, NoticeRow)] == ["200000012"]
    assert (log.table.notes.sheet, log.table.notes.other_sheets) == ("June", ("Old (hidden)", "July"))


@pytest.mark.parametrize(("sheet", "child"), [("July", "200000013"), ("Old", "200000011")])
def test_a_sheet_that_is_named_is_read_hidden_or_not(sheet: str, child: str) -> None:
    """Whoever names a hidden sheet means it."""
    (row,) = log_of(_two_sheets(), sheet=sheet).rows
    assert isinstance(row, NoticeRow)
    assert row.child.value == child


def test_a_sheet_that_is_not_there_is_refused_with_those_that_are() -> None:
    """Nothing is read from another sheet instead."""
    with pytest.raises(
        TableError,
        match=r"no sheet `Jume` .did you mean `June`.*; nothing was sent; its sheets are `Old`, `June`, `July`",
    ):
        log_of(_two_sheets(), sheet="Jume")


def _rewritten(content: bytes, before: bytes, after: bytes) -> bytes:
    """Change the XML of the sheet, as no library but Excel itself would write it."""
    packed = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as old, zipfile.ZipFile(packed, "w") as new:
        for name in old.namelist():
            text = old.read(name)
            if name.endswith("sheet1.xml"):
                assert before in text
                text = text.replace(before, after)
            new.writestr(name, text)
    return packed.getvalue()
