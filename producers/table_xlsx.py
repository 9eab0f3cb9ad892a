"""A table from a sheet of an Excel workbook: what its cells show, whether or not somebody hid them."""

import io
import warnings
import zipfile
from datetime import date, datetime, time, timedelta
from typing import Any, Final
from xml.etree.ElementTree import ParseError

from openpyxl import Workbook, load_workbook
from openpyxl.utils import get_column_letter
from openpyxl.utils.exceptions import InvalidFileException
from openpyxl.worksheet.worksheet import Worksheet

from producers.tables import LARGEST_BYTES, MOST_ROWS, Cell, NoValue, Row, Table, TableError, too_many_rows

_NO_VALUE: Final = NoValue("a formula whose value the file does not hold; open it in Excel, save it and import it")
_BROKEN: Final = (zipfile.BadZipFile, InvalidFileException, ParseError, KeyError, ValueError, TypeError, EOFError)
Place = tuple[int, int]
"""Row and column, both from 1."""


def read_xlsx(content: bytes, sheet: str | None) -> Table:
    """Return the table of the sheet named `sheet`, or of the first one that is not hidden. Raises `TableError`.

    A formula counts as the value Excel last worked out. Each cell of a merged area has the area's value. Hidden rows
    and columns are read like the others, and counted.
    """
    book = _opened(content, formulas=False)
    chosen = _chosen(book, sheet)
    merged = _merged(chosen)
    formulas = _formulas(content, chosen.title)
    columns: tuple[str, ...] = ()
    rows: list[Row] = []
    hidden_rows = 0
    for number, cells in enumerate(chosen.iter_rows(), 1):
        read = tuple(_cell(cell, merged, formulas) for cell in cells)
        if not any(read):
            continue
        if not columns:
            columns = tuple(column if isinstance(column, str) else "" for column in read)
            continue
        rows.append(Row(number, read))
        hidden_rows += bool(chosen.row_dimensions[number].hidden)
        if len(rows) > MOST_ROWS:
            raise too_many_rows(number)
    return Table(
        columns,
        tuple(rows),
        sheet=chosen.title,
        other_sheets=tuple(
            other.title if other.sheet_state == "visible" else f"{other.title} (hidden)"
            for other in book.worksheets
            if other is not chosen
        ),
        hidden_rows=hidden_rows,
        hidden_columns=_hidden_columns(chosen, columns),
        merged_areas=len(chosen.merged_cells.ranges),
    )


def _opened(content: bytes, *, formulas: bool) -> Workbook:
    """Open the workbook: whole and with values, or for one look at its formulas."""
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as packed:
            unpacked = sum(member.file_size for member in packed.infolist())
        if unpacked > LARGEST_BYTES:
            raise TableError(
                1,
                f"the workbook has {unpacked:,} bytes when unpacked, the limit is {LARGEST_BYTES:,}; nothing was sent; "
                "save the log alone, without pictures and other sheets",
            )
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # what openpyxl cannot keep when saving is no matter: nothing is saved
            return load_workbook(io.BytesIO(content), data_only=not formulas, read_only=formulas)
    except _BROKEN as error:
        raise TableError(
            1,
            f"the file is packed like a workbook, but no Excel workbook that can be read ({type(error).__name__}); "
            "nothing was sent; open it in a spreadsheet program and save it as .xlsx or as CSV in UTF-8",
        ) from None


def _chosen(book: Workbook, sheet: str | None) -> Worksheet:
    sheets = [one for one in book.worksheets if isinstance(one, Worksheet)]
    names = ", ".join(f"`{one.title}`" for one in sheets)
    for one in sheets:
        if one.title == sheet or (sheet is None and one.sheet_state == "visible"):
            return one
    if sheet is None:
        raise TableError(1, f"every sheet is hidden: {names}; nothing was sent; name the one to read with --sheet")
    raise TableError(1, f"the workbook has no sheet `{sheet}`; nothing was sent; its sheets are {names}")


def _merged(sheet: Worksheet) -> dict[Place, Place]:
    """Return, for each cell of a merged area, the cell that holds the area's value."""
    return {
        (row, column): (area.min_row, area.min_col)
        for area in sheet.merged_cells.ranges
        for row in range(area.min_row, min(area.max_row, sheet.max_row) + 1)
        for column in range(area.min_col, min(area.max_col, sheet.max_column) + 1)
    }


def _formulas(content: bytes, sheet: str) -> frozenset[Place]:
    """Return where formulas stand: one that was never worked out looks like a blank cell otherwise."""
    book = _opened(content, formulas=True)
    try:
        return frozenset(
            (cell.row, cell.column)
            for cells in book[sheet].iter_rows()
            for cell in cells
            if cell.data_type == "f" and isinstance(cell.row, int) and isinstance(cell.column, int)
        )
    finally:
        book.close()


def _cell(cell: Any, merged: dict[Place, Place], formulas: frozenset[Place]) -> Cell:
    place = (cell.row, cell.column)
    if place in merged:
        place = merged[place]
        cell = cell.parent.cell(*place)
    match cell.value:
        case None:
            return _NO_VALUE if place in formulas else ""
        case str() as text if cell.data_type == "e":
            return NoValue(f"the error {text}; correct it in the spreadsheet")
        case str() as text:
            return text.strip()
        case bool() as truth:
            return str(truth).upper()
        case float() as number if number.is_integer():
            return str(int(number))
        case datetime() as moment:
            return moment.date() if moment.time() == time() else moment
        case date() as day:
            return day
        case time() | timedelta():
            return NoValue("a time of day without a day")
        case other:
            return str(other).strip()


def _hidden_columns(sheet: Worksheet, columns: tuple[str, ...]) -> tuple[str, ...]:
    """Return the hidden columns within the table, by name, or by letter where they have none."""
    hidden = {
        number
        for letter, column in sheet.column_dimensions.items()
        if column.hidden
        for number in range(column.min or 1, min(column.max or 1, len(columns)) + 1)
    }
    return tuple(columns[number - 1] or get_column_letter(number) for number in sorted(hidden))
