"""A table from CSV, as Excel writes it in any locale: separated by commas, semicolons or tabs, in UTF-8."""

import csv
import io
import re
from collections.abc import Collection, Iterator
from typing import Final

from producers.import_rows import BadRow
from producers.tables import MOST_ROWS, Row, Table, TableError, too_many_rows

SEPARATORS: Final = (",", ";", "\t")
_NOT_UTF_8: Final = (
    "nothing was sent; save it as `CSV UTF-8`, or convert it, for instance with `iconv -f WINDOWS-1252 -t UTF-8`"
)


def read_csv(content: bytes, names: Collection[str]) -> Table:
    """Return the table; `names` are the columns looked for, in lower case. Raises `TableError`.

    The separator is the one that finds most of `names` in the first line that has anything in it; a line `sep=;`
    before it, which Excel knows, decides. The encoding is never guessed: a guess would change names.
    """
    text = _decoded(content)
    lines = io.StringIO(text, newline="")
    skipped, separator = _separator(text, names)
    for _ in range(skipped):
        lines.readline()
    columns: tuple[str, ...] = ()
    rows: list[Row | BadRow] = []
    for number, fields in _records(lines, separator, skipped):
        cells = tuple(field.strip() for field in fields)
        if not any(cells):
            continue
        if not columns:
            columns = cells
        else:
            rows.append(_row(number, cells, len(columns)))
            if len(rows) > MOST_ROWS:
                raise too_many_rows(number)
    return Table(columns, tuple(rows))


def _decoded(content: bytes) -> str:
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise TableError(1, f"the file is UTF-16; {_NOT_UTF_8.replace('WINDOWS-1252', 'UTF-16')}")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise TableError(line, f"line {line} is not UTF-8 (Windows-1252, perhaps); {_NOT_UTF_8}") from None


def _separator(text: str, names: Collection[str]) -> tuple[int, str]:
    """Return how many lines stand before the table, and what separates its fields."""
    head = ""
    for number, line in enumerate(io.StringIO(text, newline=""), 1):
        head = line.rstrip("\r\n")
        if re.fullmatch("sep=.", head, re.IGNORECASE):
            return number, head[-1]
        if head.strip(" ,;\t"):
            break

    def found(separator: str) -> int:
        fields = next(csv.reader([head], delimiter=separator), [])
        return sum(field.strip().lower() in names for field in fields)

    return 0, max(SEPARATORS, key=found)


def _records(lines: io.StringIO, separator: str, skipped: int) -> Iterator[tuple[int, list[str]]]:
    """Yield each record with the line on which it begins."""
    reader = csv.reader(lines, delimiter=separator, strict=True)
    begins = 1
    try:
        for fields in reader:
            yield begins + skipped, fields
            begins = reader.line_num + 1
    except csv.Error as error:
        raise TableError(
            begins + skipped,
            f"the record that begins on line {begins + skipped} is not CSV ({error}); nothing was sent; "
            "look for a quotation mark that is not closed or not doubled, correct it and import again",
        ) from None


def _row(number: int, cells: tuple[str, ...], width: int) -> Row | BadRow:
    """Return the row; a field too many or too few could stand under the wrong column, so it is not guessed at."""
    if len(cells) < width or any(cells[width:]):
        return BadRow(
            number,
            f"{len(cells)} fields under {width} columns; put quotation marks around a field that holds a separator, "
            "and leave out no separator",
        )
    return Row(number, cells[:width])
