"""A table as people keep it: a row of column names, and rows of cells under it."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Final, NamedTuple

from producers.import_rows import BadRow, ImportFileError

MOST_ROWS: Final = 20_000
LARGEST_BYTES: Final = 50 * 1_048_576
"""Of a file, as it is and unpacked. A log of notices is written by hand; what is larger is something else."""


class NoValue(NamedTuple):
    """A cell that holds something, but no value anybody could read."""

    reason: str


Cell = str | date | datetime | NoValue
"""Text without surrounding blanks (numbers as text); a day; a time of day with its day, without an offset."""


class Row(NamedTuple):
    """The cells under each column, with the number the row has in a spreadsheet program, or its line in a text."""

    number: int
    cells: tuple[Cell, ...]


@dataclass(frozen=True, slots=True)
class Table:
    """`columns` as the file spells them, blank where a column has no name; rows without anything in them left out.

    `sheet` is None for a text. `hidden_rows` and `merged_areas` are counted within what was read, and were read;
    `other_sheets` were not.
    """

    columns: tuple[str, ...]
    rows: tuple[Row | BadRow, ...]
    sheet: str | None = None
    other_sheets: tuple[str, ...] = ()
    hidden_rows: int = 0
    hidden_columns: tuple[str, ...] = ()
    merged_areas: int = 0


class TableError(ImportFileError):
    """The file holds no table that can be read; nothing of it was sent."""


def too_many_rows(number: int) -> TableError:
    """Say that the table is longer than a log can be."""
    return TableError(
        number,
        f"row {number} is beyond the {MOST_ROWS:,} rows a log of notices may have; nothing was sent; "
        "cut the file into several",
    )
