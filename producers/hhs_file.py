"""The HHS release file, read row by row: releases of unaccompanied children to sponsors, one row a child.

It is csv, or csv packed with xz. A row costs nothing once it is handed on; of the rows behind only the ids are
kept, one bit each, because an id that stands twice must not make two children one.
"""

import csv
import lzma
from collections.abc import Iterator
from datetime import date
from typing import BinaryIO, Final, NamedTuple

from producers.import_rows import BadRow, ImportFileError

COLUMNS: Final = (
    "id",
    "childs_country_of_origin",
    "childs_gender",
    "childs_date_of_entry",
    "childs_date_of_release",
    "sponsor_category_code",
    "sponsor_category",
    "relationship_of_sponsor",
    "state_abbr",
    "county",
    "city",
)

_XZ_MAGIC: Final = b"\xfd7zXZ\x00"
_BITS: Final = 1 << 24
_FOREIGN_MAGIC: Final = {
    b"PK\x03\x04": "a zip archive or an Excel workbook; save the sheet as CSV in UTF-8",
    b"\x1f\x8b": "packed with gzip; unpack it first",
    b"\xff\xfe": "UTF-16; convert it with `iconv -f UTF-16 -t UTF-8`",
    b"\xfe\xff": "UTF-16; convert it with `iconv -f UTF-16 -t UTF-8`",
}


class Row(NamedTuple):
    """One row as given. `label` is its id, or `1905#2` where the id stood in an earlier row already."""

    line: int
    label: str
    country: str
    gender: str
    entered_on: str
    released_on: str
    category_code: str
    category: str
    relationship: str
    state: str
    county: str
    city: str


class ReleaseFileError(ImportFileError):
    """The file is no release file, or breaks off."""


def read_releases(raw: BinaryIO) -> Iterator[Row | BadRow]:
    """Yield the rows of `raw`, csv or csv.xz, in the file's order. Raises `ReleaseFileError` where it breaks off."""
    lines = _Lines(raw)
    records = csv.reader(lines, strict=True)
    try:
        header = next(records, None)
        picks = _picks(header)
        width = len(header or ())
        times_seen = _TimesSeen()
        begins = lines.number + 1
        for fields in records:
            line, begins = begins, lines.number + 1
            if fields:
                yield _row(line, fields, width, picks, times_seen)
    except csv.Error as error:
        raise ReleaseFileError(
            lines.number,
            f"line {lines.number} is not CSV ({error}); the rows before it are good, nothing from there on was read; "
            "look for a quotation mark that is not closed, correct it and import again",
        ) from None


class _Lines:
    """The text lines of the file, counted; says where decoding, unpacking or the last line fails."""

    def __init__(self, raw: BinaryIO) -> None:
        magic = raw.read(len(_XZ_MAGIC))
        raw.seek(0)
        for foreign, what in _FOREIGN_MAGIC.items():
            if magic.startswith(foreign):
                raise ReleaseFileError(1, f"the file is {what}; nothing was read")
        self.number = 0
        self._lines: Iterator[bytes] = _unpacked(raw) if magic == _XZ_MAGIC else iter(raw)

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        try:
            line = next(self._lines)
        except (EOFError, lzma.LZMAError) as error:
            raise self._breaks_off(f"the packed file breaks off or is damaged ({error})") from None
        if self.number == 0 and line.startswith(b"\xef\xbb\xbf"):
            line = line[3:]
        self.number += 1
        try:
            text = line.decode()
        except UnicodeDecodeError:
            raise ReleaseFileError(
                self.number,
                f"line {self.number} is not UTF-8; the rows before it are good, nothing from there on was read; "
                "convert the file, for instance with `iconv -f WINDOWS-1252 -t UTF-8`, and import again",
            ) from None
        if not text.endswith("\n"):
            self.number -= 1
            raise self._breaks_off("the last line has no line end, so nobody can tell whether it is whole")
        return text

    def _breaks_off(self, what: str) -> ReleaseFileError:
        return ReleaseFileError(
            self.number + 1,
            f"{what}: line {self.number + 1} was not read, the lines before it are good; "
            "get the file again (or add the line end, if it is whole) and import it: rows already known are recognised",
        )


def _unpacked(raw: BinaryIO) -> Iterator[bytes]:
    with lzma.open(raw, "rb") as lines:
        yield from lines


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


def _picks(header: list[str] | None) -> tuple[int, ...]:
    names = [name.strip().lower() for name in header or ()]
    missing = [name for name in COLUMNS if name not in names]
    if missing:
        raise ReleaseFileError(
            1,
            f"not an HHS release file: its first line lacks the column{'s' if len(missing) > 1 else ''} "
            f"{', '.join(missing)}; nothing was read; the first line must name the columns, separated by commas",
        )
    return tuple(names.index(name) for name in COLUMNS)


def _row(line: int, fields: list[str], width: int, picks: tuple[int, ...], times_seen: _TimesSeen) -> Row | BadRow:
    if len(fields) != width:
        return BadRow(line, f"{len(fields)} fields where the first line names {width} columns")
    row_id, *given = [fields[i] for i in picks]
    row_id = row_id.strip()
    if not row_id or "#" in row_id or len(row_id) > 100:
        return BadRow(line, "column id: an id of 1 to 100 characters without `#` is needed")
    count = times_seen.add(row_id)
    for column, day in (("childs_date_of_entry", given[2]), ("childs_date_of_release", given[3])):
        if day and not _is_day(day):
            return BadRow(
                line, f"column {column}: {day[:40]!r} is no date; write it like 2022-03-04, or leave it blank"
            )
    return Row(line, row_id if count == 1 else f"{row_id}#{count}", *given)


def _is_day(text: str) -> bool:
    try:
        return len(text) == 10 and bool(date.fromisoformat(text))
    except ValueError:
        return False
