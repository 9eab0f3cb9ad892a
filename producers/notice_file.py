"""A log of notices as a file: CSV or an Excel workbook, told apart by how it begins."""

from typing import Final

from producers.notice_rows import COLUMNS, NoticeLog, read_log
from producers.table_csv import read_csv
from producers.tables import LARGEST_BYTES, TableError

_WORKBOOK: Final = b"PK\x03\x04"
_OLD_OR_LOCKED: Final = b"\xd0\xcf\x11\xe0"


def read_file(content: bytes, *, sheet: str | None, month_first: bool) -> NoticeLog:
    """Read the log. Raises `TableError` where the file as a whole cannot be read; then nothing of it was sent."""
    if len(content) > LARGEST_BYTES:
        raise TableError(1, f"the file is larger than {LARGEST_BYTES:,} bytes; nothing was sent; cut it into several")
    if content.startswith(_OLD_OR_LOCKED):
        raise TableError(
            1,
            "the file is an Excel workbook of the old form (.xls) or has a password; nothing was sent; open it in "
            "Excel and save it as .xlsx without a password, or as CSV in UTF-8",
        )
    if content.startswith(_WORKBOOK):
        from producers.table_xlsx import read_xlsx  # openpyxl takes a while to load

        return read_log(read_xlsx(content, sheet), month_first=month_first)
    if sheet is not None:
        raise TableError(1, "the file is no workbook and has no sheets; nothing was sent; leave out --sheet")
    return read_log(read_csv(content, COLUMNS), month_first=month_first)
