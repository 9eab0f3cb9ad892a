"""Logs of notices made up for tests: as text, and as workbooks."""

import io
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from openpyxl import Workbook
from openpyxl.worksheet.worksheet import Worksheet

from producers.imports.notice_file import read_file
from producers.imports.notice_rows import LogReading, NoticeLog, NoticeRow
from producers.tables.dates import Order
from producers.tables.reading import How
from producers.tables.rows import BadRow

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


def log_of(
    content: bytes,
    *,
    sheet: str | None = None,
    order: Order | None = None,
    zone: str | None = None,
    header_row: int | None = None,
    chosen: Mapping[str, str] = {},
    values: Mapping[str, str] = {},
    encoding: str | None = None,
) -> NoticeLog:
    return read_file(content, How(sheet, header_row, chosen, encoding), LogReading(order, zone, values))


def good(content: bytes, **how: Any) -> list[NoticeRow]:
    """Return the rows, none of which may be bad."""
    rows = log_of(content, **how).rows
    assert [row for row in rows if isinstance(row, BadRow)] == []
    return [row for row in rows if isinstance(row, NoticeRow)]


def bad(content: bytes, **how: Any) -> list[BadRow]:
    return [row for row in log_of(content, **how).rows if isinstance(row, BadRow)]


def one(**members: str) -> bytes:
    """Return a log of one row: the good one with these members in place of its own, or beside them."""
    row = {**dict(zip(HEADER, GOOD, strict=True)), **members}
    return csv_of(tuple(row), tuple(f'"{value}"' for value in row.values()))
