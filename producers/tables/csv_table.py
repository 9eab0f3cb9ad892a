"""A table from a text as programs write it in any locale: the separator, the encoding and the line ends are found."""

import csv
import io
import re
from collections.abc import Iterable, Iterator, Mapping
from itertools import islice
from typing import BinaryIO, Final, NamedTuple

from producers.tables.bytes import ENCODINGS, Text, encoding_of, pieces
from producers.tables.names import Wanted, check_header, lacking, matched, no_header, places, plain
from producers.tables.table import Limits, Notes, Ragged, Row, Table, TableError, beyond

SEPARATORS: Final = (",", ";", "\t", "|")
_NAMES: Final = {",": "comma", ";": "semicolon", "\t": "tab", "|": "bar"}
_SEPARATING: Final = " ,;\t|"
_HEAD_LINES: Final = 40
"""So many lines from the beginning a row of column names is looked for in."""
_LONE_BYTE: Final = re.compile("[\udc80-\udcff]")
_REPLACED: Final = re.compile("\ufffd")


class _Header(NamedTuple):
    """Where the row of column names is, and what separates its fields."""

    separator: str
    line: int
    cells: tuple[str, ...]


def read_csv(
    raw: BinaryIO,
    wanted: Wanted,
    limits: Limits,
    *,
    chosen: Mapping[str, str],
    header_row: int | None,
    encoding: str | None,
) -> Table:
    """Return the table, its rows still to be read. Raises `TableError`.

    Separator and row of column names are those that name most of what is `wanted`; a line `sep=;` at the beginning,
    which Excel knows, decides. A text is read as it is encoded: see `encoding_of`; `encoding` says it otherwise.
    """
    encoding = encoding or encoding_of(raw, limits)
    head = _head(raw, encoding, limits)
    header = _header(head, wanted, chosen, header_row)
    notes = Notes(
        form="text",
        separator=_NAMES.get(header.separator, header.separator),
        encoding=ENCODINGS.get(encoding, encoding),
        header_row=header.line,
    )
    found = places(header.cells, wanted, chosen, header.line)
    return Table(header.cells, found, _rows(raw, encoding, header, limits, notes), notes)


class _Lines:
    """The lines of a text, each with its end, counted; says where they break off or hold what is no text."""

    def __init__(self, raw: BinaryIO, encoding: str, limits: Limits) -> None:
        self._bytes = Text(pieces(raw, limits))
        errors = "surrogateescape" if encoding.startswith("utf-8") else "replace"
        self._lost = _LONE_BYTE if encoding.startswith("utf-8") else _REPLACED
        self._encoding = ENCODINGS.get(encoding, encoding)
        self._text = io.TextIOWrapper(io.BufferedReader(self._bytes), encoding, errors=errors, newline="")
        self._limits = limits
        self.number = 0
        self.unended = False

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        limit = self._limits.line_characters
        line = self._text.readline(limit + 1)
        if len(line) > limit:
            raise beyond(
                self.number + 1,
                f"line {self.number + 1} is longer than {limit:,} characters, the limit of {self._limits.kind}",
                "a row of a table is shorter: look whether the file has line ends",
            )
        if self._bytes.broken is not None and (not line or line[-1] not in "\r\n"):
            raise TableError(
                self.number + 1,
                f"{self._bytes.broken}: line {self.number + 1} was not read, the lines before it are good; "
                "get the file again and import it: rows already known are recognised",
            )
        if not line:
            raise StopIteration
        self.number += 1
        if not line.isascii() and self._lost.search(line) is not None:
            raise TableError(
                self.number,
                f"line {self.number} is not {self._encoding}, as the file is taken to be; the rows before it are good, "
                "nothing from there on was read; save the whole file as `CSV UTF-8`, or say how it is encoded with "
                "--encoding, for instance --encoding windows-1252",
            )
        self.unended = line[-1] not in "\r\n"
        return line


def _head(raw: BinaryIO, encoding: str, limits: Limits) -> list[str]:
    """Return the first lines, as far as they can be read."""
    found: list[str] = []
    try:
        found.extend(islice(_Lines(raw, encoding, limits), _HEAD_LINES))
    except TableError:
        if not found:
            raise
    return found


def _header(head: list[str], wanted: Wanted, chosen: Mapping[str, str], header_row: int | None) -> _Header:
    """Return the row that names most of the wanted columns, and by which separator. Raises `TableError`."""
    told = next((re.fullmatch("sep=(.)", line.rstrip("\r\n"), re.IGNORECASE) for line in head if line.strip()), None)
    best: tuple[tuple[int, int, int], _Header] | None = None
    for separator in (told[1],) if told is not None else SEPARATORS:
        for line, fields in _records(iter(head), separator, strict=False):
            cells = tuple(field.strip() for field in fields)
            if not any(cell.strip(_SEPARATING) for cell in cells) or (told is not None and cells[0].lower() == "sep="):
                continue
            if header_row is not None and line != header_row:
                continue
            found = matched(cells, wanted, chosen)
            score = (len(found) - 100 * len(lacking(found, wanted)), -line, len(cells))
            if best is None or score > best[0]:
                best = score, _Header(separator, line, cells)
    if best is None:
        raise no_header(header_row, wanted)
    header = best[1]
    check_header(header.line, header.cells, wanted, chosen)
    return header


def _records(lines: Iterator[str], separator: str, *, strict: bool) -> Iterator[tuple[int, list[str]]]:
    """Yield each record with the line on which it begins."""
    reader = csv.reader(lines, delimiter=separator, strict=strict)
    begins = 1
    try:
        for fields in reader:
            yield begins, fields
            begins = reader.line_num + 1
    except csv.Error as error:
        if not strict:
            return
        why = "a field that is longer than any cell" if "limit" in str(error) else "quotation marks that do not fit"
        raise TableError(
            begins,
            f"the record that begins on line {begins} is not CSV: {why}; the rows before it are good, nothing from "
            "there on was read; look for a quotation mark that is not closed or not doubled, correct it and import "
            "again",
        ) from None


def _rows(raw: BinaryIO, encoding: str, header: _Header, limits: Limits, notes: Notes) -> Iterator[Row | Ragged]:
    """Yield the rows under the header."""
    width = len(header.cells)
    if width > limits.columns:
        raise beyond(header.line, f"{width:,} columns, the limit of {limits.kind} is {limits.columns}", _NARROWER)
    lines = _Lines(raw, encoding, limits)
    count = 0
    line = 0
    for line, fields in _records(lines, header.separator, strict=True):
        if line <= header.line:
            notes.rows_before_header += line < header.line and any(fields)
            continue
        count += 1
        if count > limits.rows:
            raise beyond(line, f"row {line} is beyond the {limits.rows:,} rows {limits.kind} may have", _SHORTER)
        cells = tuple([field.strip() for field in fields])
        if not any(cells):
            notes.blank_rows += 1
            continue
        if max(map(len, cells)) > limits.cell_characters:
            raise beyond(
                line,
                f"row {line} has a cell of more than {limits.cell_characters:,} characters, the limit",
                "shorten it, or look for a quotation mark that is not closed",
            )
        if lines.unended:
            notes.unended_last_line = line
        yield _row(line, cells, width, unended=lines.unended)


_NARROWER: Final = "take away the columns that are not needed"
_SHORTER: Final = "cut the file into several"


def _row(number: int, cells: tuple[str, ...], width: int, *, unended: bool) -> Row | Ragged:
    """Return the row; a field too many or too few could stand under the wrong column, so it is not guessed at."""
    if len(cells) >= width and not any(cells[width:]):
        return Row(number, cells[:width])
    cure = "put quotation marks around a field that holds a separator, and leave out no separator"
    return Ragged(
        number, cells, f"{len(cells)} fields under {width} columns; {cure}", cut=unended and len(cells) < width
    )


def repeats_header(cells: Iterable[object], columns: Iterable[str]) -> bool:
    """Return whether a row says the names of the columns again, as the parts of a file put together do."""
    said = [plain(cell) if isinstance(cell, str) else None for cell in cells]
    return said == [plain(column) for column in columns]
