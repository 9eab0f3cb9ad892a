"""A table as people keep it: perhaps some title rows, a row of column names, and rows of cells under it."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Final, NamedTuple

from producers.tables.rows import BadRow, ImportFileError

MEGABYTE: Final = 1_048_576


class Limits(NamedTuple):
    """What a file of this kind may have at most, so that no file fills the memory or keeps a machine busy for hours.

    `unpacked_bytes` is of text out of a packed file, and of the parts of a workbook that are read.
    """

    kind: str
    rows: int
    file_bytes: int
    unpacked_bytes: int
    columns: int = 500
    cell_characters: int = 32_767
    """What a cell of Excel holds."""
    line_characters: int = MEGABYTE


class NoValue(NamedTuple):
    """A cell that holds something, but no value anybody could read."""

    reason: str


Cell = str | date | datetime | NoValue
"""Text without surrounding blanks (numbers as text); a day; a time of day with its day, without an offset."""


class Row(NamedTuple):
    """The cells under each column, with the number the row has in a spreadsheet program, or its line in a text."""

    number: int
    cells: tuple[Cell, ...]


class Ragged(NamedTuple):
    """A record of a text with more or fewer fields than there are columns: which cell stands where is not known.

    `cut`: it is the last line, has too few fields and no line end.
    """

    number: int
    cells: tuple[Cell, ...]
    reason: str
    cut: bool = False

    def bad(self) -> BadRow:
        """Return the row as one nobody can read."""
        return BadRow(self.number, self.reason)


@dataclass(slots=True)
class Notes:
    """What a person should hear about how a file was read; whole once all of its rows were read."""

    form: str = "CSV"
    separator: str = ""
    encoding: str = ""
    header_row: int = 1
    blank_rows: int = 0
    rows_before_header: int = 0
    unended_last_line: int | None = None
    sheet: str | None = None
    other_sheets: tuple[str, ...] = ()
    hidden_rows: int = 0
    hidden_columns: tuple[str, ...] = ()
    merged_areas: int = 0
    used_beyond: set[int] = field(default_factory=set)
    """Columns behind the last one with a name in which something stands, counted from 0."""


@dataclass(frozen=True, slots=True)
class Table:
    """`columns` as the file spells them, blank where a column has no name; rows as they are read, each once.

    `places` says where each column that is looked for stands, counted from 0. Rows without anything in them are left
    out and counted. Reading on raises `TableError` where the file breaks off.
    """

    columns: tuple[str, ...]
    places: dict[str, int]
    rows: Iterator[Row | Ragged]
    notes: Notes


class TableError(ImportFileError):
    """The file holds no table that can be read, or breaks off; what stands before that place is good."""


class TableLimitError(TableError):
    """The file goes beyond a limit; nothing of it was sent."""


def beyond(number: int, what: str, cure: str) -> TableLimitError:
    """Say which limit a file goes beyond."""
    return TableLimitError(number, f"{what}; nothing was sent; {cure}")
