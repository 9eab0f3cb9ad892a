"""Logs of notices made up for tests: as text, and as workbooks."""

import io
from collections.abc import Callable, Sequence
from typing import Any

from openpyxl import Workbook
from openpyxl.worksheet.worksheet import Worksheet

from producers.import_rows import BadRow
from producers.notice_file import read_file
from producers.notice_rows import NoticeLog, NoticeRow

HEADER = ("child", "to", "positions", "given_at", "channel")
GOOD = ("A200-000-017", "ORR", "12", "2022-06-14", "email")


def csv_of(*rows: Sequence[str], separator: str = ",", end: str = "\r\n") -> bytes:
    return "".join(separator.join(row) + end for row in rows).encode()


def xlsx_of(*rows: Sequence[Any], change: Callable[[Worksheet], None] = lambda sheet: None) -> bytes:
    """Return a workbook with one sheet of these rows, `change`d before it is saved."""
    book = Workbook()
    sheet = book.worksheets[0]
    assert isinstance(sheet, Worksheet)
    for row in rows:
        sheet.append(list(row))
    change(sheet)
    return saved(book)


def saved(book: Workbook) -> bytes:
    packed = io.BytesIO()
    book.save(packed)
    return packed.getvalue()


def log_of(content: bytes, *, sheet: str | None = None, month_first: bool = False) -> NoticeLog:
    return read_file(content, sheet=sheet, month_first=month_first)


def good(content: bytes, *, month_first: bool = False) -> list[NoticeRow]:
    """Return the rows, none of which may be bad."""
    rows = log_of(content, month_first=month_first).rows
    assert [row for row in rows if isinstance(row, BadRow)] == []
    return [row for row in rows if isinstance(row, NoticeRow)]


def bad(content: bytes) -> list[BadRow]:
    return [row for row in log_of(content).rows if isinstance(row, BadRow)]


def one(**members: str) -> bytes:
    """Return a log of one row: the good one with these members in place of its own, or beside them."""
    row = {**dict(zip(HEADER, GOOD, strict=True)), **members}
    return csv_of(tuple(row), tuple(f'"{value}"' for value in row.values()))
