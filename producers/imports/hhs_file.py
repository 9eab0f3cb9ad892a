"""The HHS release file, read row by row: releases of unaccompanied children to sponsors, one row a child.

It comes in several layouts, as text (packed or not) or as a workbook. A row costs nothing once it is handed on; of the
rows behind only the ids are kept, one bit each, because an id that stands twice must not make two children one.
"""

import os
import re
from collections.abc import Callable, Iterator
from datetime import date
from operator import itemgetter
from typing import BinaryIO, Final, NamedTuple

from producers.imports.hhs_columns import COLUMNS, LIMITS, WANTED, no_child
from producers.tables.dates import Order, Written, order_shown, read_day
from producers.tables.names import is_nothing
from producers.tables.reading import How, read_table
from producers.tables.rows import BadRow, PassedOver
from producers.tables.table import Cell, NoValue, Ragged, Row, Table, TableError, TableLimitError

__all__ = [
    "COLUMNS",
    "HhsRow",
    "Releases",
    "find_order",
    "open_releases",
    "read_releases",
]

_DAYS: Final = ("childs_date_of_entry", "childs_date_of_release")
_BITS: Final = 1 << 24
_WHOLE_NUMBER: Final = re.compile(r"(\d+)\.0+")
_ZIP: Final = re.compile(r"(\d{3,4})(-\d{4})?")
_ZIP_9: Final = re.compile(r"\d{7,8}")


class HhsRow(NamedTuple):
    """One row as given, dates in ISO form. `label` is its id, or `1905#2` where the id stood in an earlier row already.

    `category_code` is None where the file has no column for it. `zip_given` is the ZIP code as it stands in the file
    where its leading zeros were lost and put back.
    """

    line: int
    label: str
    country: str
    gender: str
    entered_on: str
    released_on: str
    category_code: str | None
    category: str
    relationship: str
    state: str
    county: str
    city: str
    zip: str = ""
    zip_given: str = ""
    address_line: str = ""


class Releases(NamedTuple):
    """A release file: the table it is, and its rows, to be read once."""

    table: Table
    rows: Iterator[HhsRow | BadRow | PassedOver]


def read_releases(raw: BinaryIO) -> Iterator[HhsRow | BadRow | PassedOver]:
    """Yield the rows of `raw` in the file's order, every choice left to the file. Raises `TableError`."""
    return open_releases(raw, How(), find_order(raw, How(), None).order).rows


def find_order(raw: BinaryIO, how: How, told: Order | None) -> Written:
    """Look through the file for the order of days in numbers; HHS writes the month first. Raises `TableError`.

    A file in which some day cannot be month first is not read so: 3/4/2022 would be another day. Where the file breaks
    off, what stands before counts.
    """
    written = Written(told or "month-first", told is not None)
    table = _opened(raw, how)
    places = [table.places[name] for name in _DAYS]
    wrong: tuple[int, str, str] | None = None
    try:
        for row in table.rows:
            if isinstance(row, Ragged):
                continue
            for name, place in zip(_DAYS, places, strict=True):
                match order_shown(row.cells[place]):
                    case "month-first":
                        written.month_first += 1
                    case "day-first":
                        written.day_first += 1
                        wrong = wrong or (row.number, name, str(row.cells[place]))
                    case "either":
                        written.either += 1
                    case None:
                        pass
    except TableLimitError:
        raise
    except TableError:
        pass  # said again, with its place, where the rows are sent
    if wrong is not None and told is None:
        line, column, text = wrong
        raise TableLimitError(
            line,
            f"line {line}: column {column}: {text[:40]!r} cannot be month first, as HHS writes dates, so a date "
            "such as 3/4/2022 could be either of two days in this file; nothing was sent; say --day-first if every "
            "such date of the file is day first, or --month-first if the others are month first: then such rows are "
            "left out",
        )
    return written


def open_releases(raw: BinaryIO, how: How, order: Order) -> Releases:
    """Open the file; days in numbers are read in `order`. Raises `TableError`, now or where the file breaks off."""
    table = _opened(raw, how)
    return Releases(table, _rows(table, order))


def _opened(raw: BinaryIO, how: How) -> Table:
    size = raw.seek(0, os.SEEK_END)
    return read_table(raw, size, WANTED, LIMITS, how)


def _rows(table: Table, order: Order) -> Iterator[HhsRow | BadRow | PassedOver]:
    times_seen = _TimesSeen()
    get = {name: _getter(table.places.get(name)) for name in WANTED.names}
    for record in table.rows:
        what = no_child(record, table.columns, table.places) if _is_odd(record, table.places) else None
        if what is not None:
            yield PassedOver(record.number, what)
        elif isinstance(record, Ragged):
            if record.cut:
                raise TableError(
                    record.number,
                    f"the file breaks off: line {record.number} has no line end and only "
                    f"{record.reason.split(';')[0]}; line {record.number} was not read, the lines before it are good; "
                    "get the file again and import it: rows already known are recognised",
                )
            yield record.bad()
        else:
            try:
                yield _row(record.number, record.cells, get, order, times_seen)
            except ValueError as error:
                yield BadRow(record.number, str(error))


def _is_odd(record: Row | Ragged, places: dict[str, int]) -> bool:
    """Return False for what is a child at a glance: a row with an id in digits and both dates."""
    if isinstance(record, Ragged):
        return True
    cells = record.cells
    id, entered, released = (cells[places[name]] for name in ("id", *_DAYS))
    return not (isinstance(id, str) and id.isdigit() and entered != "" and released != "")


Get = Callable[[tuple[Cell, ...]], Cell]


def _no_column(_: tuple[Cell, ...]) -> Cell:
    return ""


def _getter(place: int | None) -> Get:
    return _no_column if place is None else itemgetter(place)


def _row(line: int, cells: tuple[Cell, ...], get: dict[str, Get], order: Order, times_seen: "_TimesSeen") -> HhsRow:
    """Return the row. Raises `ValueError` that names the column and the cure."""
    row_id = _id(_text("id", get["id"](cells)))
    given = {name: _text(name, get[name](cells)) for name in _TEXTS}
    entered_on, released_on = (_iso(name, get[name](cells), order) for name in _DAYS)
    if not (entered_on or released_on or any(given.values())):
        raise ValueError(f"nothing but the id {row_id}: a child has a date, a country or something else; leave it out")
    zip, zip_given = _zip(given["sponsor_zipcode"])
    count = times_seen.add(row_id)
    return HhsRow(
        line,
        row_id if count == 1 else f"{row_id}#{count}",
        given["childs_country_of_origin"],
        given["childs_gender"],
        entered_on,
        released_on,
        given["sponsor_category_code"] if get["sponsor_category_code"] is not _no_column else None,
        given["sponsor_category"],
        given["relationship_of_sponsor"],
        given["state_abbr"],
        given["county"],
        given["city"],
        zip,
        zip_given,
        given["sponsor_address"],
    )


_TEXTS: Final = tuple(name for name in WANTED.names if name not in ("id", *_DAYS))


def _id(text: str) -> str:
    whole = _WHOLE_NUMBER.fullmatch(text)
    id = text if whole is None else whole[1]
    if not id or "#" in id or len(id) > 100:
        raise ValueError("column id: an id of 1 to 100 characters without `#` is needed")
    return id


def _text(name: str, cell: Cell) -> str:
    if isinstance(cell, str):
        return "" if len(cell) < 10 and is_nothing(cell) else cell
    if isinstance(cell, NoValue):
        raise ValueError(f"column {name}: {cell.reason}")
    raise ValueError(f"column {name}: is a date; give the cell a text format and write it anew")


def _iso(name: str, cell: Cell, order: Order) -> str:
    if isinstance(cell, str):
        if len(cell) == 10 and cell[4] == "-" == cell[7] and _is_day(cell):
            return cell
        if is_nothing(cell):
            return ""
    try:
        return read_day(cell, order).isoformat()
    except ValueError as error:
        raise ValueError(f"column {name}: {error}") from None


def _is_day(text: str) -> bool:
    try:
        return date.fromisoformat(text).isoformat() == text
    except ValueError:
        return False


def _zip(given: str) -> tuple[str, str]:
    """Return the ZIP code, and how it was given where a program that took it for a number lost its leading zeros."""
    if not given:
        return "", ""
    whole = _WHOLE_NUMBER.fullmatch(given)
    text = whole[1] if whole is not None else given
    found = _ZIP.fullmatch(text)
    if found is not None:
        return found[1].zfill(5) + (found[2] or ""), given
    if _ZIP_9.fullmatch(text) is not None:
        return text.zfill(9), given
    return text, given if text != given else ""


class _TimesSeen:
    """How often an id has come: one bit for a number below 16,777,216 (2 MiB at most), a dict for the rest."""

    def __init__(self) -> None:
        self._bits = bytearray()
        self._counts: dict[str, int] = {}

    def add(self, row_id: str) -> int:
        """Count this row and return how many rows of its id there are up to here."""
        count = self._counts.get(row_id)
        if count is None and row_id.isascii() and row_id.isdigit() and row_id[0] != "0" and len(row_id) < 9:
            number = int(row_id)
            if number < _BITS:
                at, bit = number >> 3, 1 << (number & 7)
                if at >= len(self._bits):
                    self._bits.extend(bytes(at + 4096 - len(self._bits)))
                if not self._bits[at] & bit:
                    self._bits[at] |= bit
                    return 1
                count = 1
        count = (count or 0) + 1
        self._counts[row_id] = count
        return count
