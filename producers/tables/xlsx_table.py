"""A table from a sheet of an Excel workbook: what its cells show, whether or not somebody hid them.

The sheet is read as a stream, once for what stands at its end (merged areas), once for its cells, and only cells that
hold something cost anything: a sheet that is coloured down to its last row is as cheap as it looks. What a file
claims of itself (its last row, its unpacked size) is not believed but counted.
"""

import zipfile
import zlib
from collections.abc import Callable, Iterator, Mapping
from datetime import date, datetime, time, timedelta
from itertools import chain
from posixpath import join, normpath
from typing import IO, BinaryIO, Final, NamedTuple
from xml.parsers import expat

from openpyxl.styles.numbers import BUILTIN_FORMATS, is_date_format
from openpyxl.utils import get_column_letter
from openpyxl.utils.datetime import CALENDAR_MAC_1904, CALENDAR_WINDOWS_1900, from_excel

from ledger.choices import nearest
from producers.tables.names import Wanted, check_header, lacking, matched, no_header, places
from producers.tables.table import MEGABYTE, Cell, Limits, Notes, NoValue, Row, Table, TableError, beyond

_PIECE: Final = 65_536
_LAST_ROW: Final = 1_048_576
_MOST_MERGED: Final = 50_000
_MOST_TEXTS_CHARACTERS: Final = 128 * MEGABYTE
_HEAD_ROWS: Final = 40
"""So many rows with anything in them a row of column names is looked for in."""
_BROKEN: Final = (
    zipfile.BadZipFile,
    zlib.error,
    expat.ExpatError,
    EOFError,
    KeyError,
    ValueError,
    NotImplementedError,
    RuntimeError,
    UnicodeError,
)
_NO_VALUE: Final = NoValue("a formula whose value the file does not hold; open it in Excel, save it and import it")

Attributes = dict[str, str]


class _Sheet(NamedTuple):
    """A sheet of the book, and where its cells are."""

    name: str
    hidden: bool
    part: str


class _Book(NamedTuple):
    """What the cells of every sheet need: the texts they share, which formats are dates, when days begin to count."""

    sheets: tuple[_Sheet, ...]
    texts: tuple[str, ...]
    dates: tuple[bool, ...]
    epoch: datetime


class _Area(NamedTuple):
    """A merged area, by its corners; rows from 1, columns from 0."""

    top: int
    left: int
    bottom: int
    right: int


class _Layout(NamedTuple):
    """What stands around the cells of a sheet."""

    merged: tuple[_Area, ...]
    hidden_columns: tuple[tuple[int, int], ...]


def read_xlsx(
    raw: BinaryIO,
    wanted: Wanted,
    limits: Limits,
    *,
    sheet: str | None,
    chosen: Mapping[str, str],
    header_row: int | None,
) -> Table:
    """Return the table of the sheet named `sheet`, or of the first one that is not hidden. Raises `TableError`.

    A formula counts as the value Excel last worked out. Each cell of a merged area has the area's value. Hidden rows
    and columns are read like the others, and counted.
    """
    try:
        parts = _Parts(zipfile.ZipFile(raw), limits)
        book = _book(parts, limits)
        picked = _picked(book, sheet)
        layout = _layout(parts, picked, limits)
    except TableError:
        raise
    except _BROKEN:
        raise _no_workbook(raw) from None
    notes = Notes(
        form="workbook",
        sheet=picked.name,
        other_sheets=tuple(f"{o.name} (hidden)" if o.hidden else o.name for o in book.sheets if o is not picked),
        merged_areas=len(layout.merged),
    )
    rows = _rows(parts, picked, book, layout, limits=limits, notes=notes)
    head: list[tuple[int, tuple[Cell, ...]]] = []
    best: tuple[tuple[int, int], int] | None = None
    for number, cells in rows:
        head.append((number, cells))
        if header_row is None or number == header_row:
            found = matched(_names(cells), wanted, chosen)
            score = (len(found) - 100 * len(lacking(found, wanted)), -number)
            if best is None or score > best[0]:
                best = score, len(head) - 1
        if number > _LAST_ROW or ((header_row or 0) < number and len(head) >= _HEAD_ROWS):
            break
    if best is None:
        raise no_header(header_row, wanted)
    number, cells = head[best[1]]
    columns = _names(cells)
    check_header(number, columns, wanted, chosen)
    notes.header_row = number
    notes.rows_before_header = best[1]
    notes.hidden_columns = _hidden(layout, columns)
    found_at = places(columns, wanted, chosen, number)
    return Table(columns, found_at, _under(chain(head[best[1] + 1 :], rows), len(columns), limits, notes), notes)


def _names(cells: tuple[Cell, ...]) -> tuple[str, ...]:
    names = [" ".join(cell.split()) if isinstance(cell, str) else "" for cell in cells]
    while names and not names[-1]:
        names.pop()
    return tuple(names)


def _under(rows: Iterator[tuple[int, tuple[Cell, ...]]], width: int, limits: Limits, notes: Notes) -> Iterator[Row]:
    """Yield the rows under the header, as wide as it is."""
    for count, (number, cells) in enumerate(rows, 1):
        if count > limits.rows:
            raise beyond(
                number, f"row {number} is beyond the {limits.rows:,} rows {limits.kind} may have", "cut it into several"
            )
        if len(cells) > width:
            notes.used_beyond.update(at for at in range(width, len(cells)) if cells[at] != "")
        yield Row(number, cells[:width] + ("",) * (width - len(cells)))


class _Parts:
    """The parts of the packed workbook, read as streams of XML within the limits."""

    def __init__(self, packed: zipfile.ZipFile, limits: Limits) -> None:
        self._packed = packed
        self._names = {name.lower(): name for name in packed.namelist()}
        self._limits = limits

    def has(self, part: str) -> bool:
        """Return whether the workbook has this part."""
        return part.lower() in self._names

    def parse(
        self,
        part: str,
        begin: Callable[[str, Attributes], None],
        end: Callable[[str], None],
        text: Callable[[str], None] | None = None,
    ) -> Iterator[None]:
        """Read a part; after each piece of it whoever asks may take what was found. Names come without prefixes."""
        limit = self._limits.unpacked_bytes
        parser = expat.ParserCreate()
        parser.buffer_text = True
        parser.StartElementHandler = lambda name, attributes: begin(name.rpartition(":")[2], attributes)
        parser.EndElementHandler = lambda name: end(name.rpartition(":")[2])
        parser.CharacterDataHandler = text
        parser.StartDoctypeDeclHandler = _no_doctype
        with self._packed.open(self._names[part.lower()]) as stream:
            yield from self._fed(parser, stream, limit)

    def _fed(self, parser: expat.XMLParserType, stream: IO[bytes], limit: int) -> Iterator[None]:
        size = 0
        while piece := stream.read(_PIECE):
            size += len(piece)
            if size > limit:
                raise beyond(
                    1,
                    f"a part of the workbook has more than {limit:,} bytes when unpacked, the limit of "
                    f"{self._limits.kind}",
                    "save the table alone, without pictures, colours and other sheets, or as CSV in UTF-8",
                )
            parser.Parse(piece, False)
            if size - parser.CurrentByteIndex > 2 * MEGABYTE:
                raise beyond(
                    1,
                    f"a part of the workbook has an element of more than {2 * MEGABYTE:,} bytes, the limit",
                    "open it in a spreadsheet program and save it again",
                )
            yield
        parser.Parse(b"", True)
        yield

    def read(
        self,
        part: str,
        begin: Callable[[str, Attributes], None],
        end: Callable[[str], None],
        text: Callable[[str], None] | None = None,
    ) -> None:
        """Read a part to its end."""
        for _ in self.parse(part, begin, end, text):
            pass


def _no_doctype(*_: object) -> None:
    raise TableError(
        1,
        "the workbook defines entities of its own (DOCTYPE), as no spreadsheet program does; nothing was sent; open it "
        "in a spreadsheet program and save it again",
    )


def _nothing(name: str) -> None:
    pass


def _book(parts: _Parts, limits: Limits) -> _Book:
    found: list[tuple[str, bool, str]] = []
    mac = False

    def begin(name: str, attributes: Attributes) -> None:
        nonlocal mac
        if name == "sheet":
            id = next(value for key, value in attributes.items() if key.rpartition(":")[2] == "id" and ":" in key)
            found.append((attributes["name"], attributes.get("state", "visible") != "visible", id))
        elif name == "workbookPr":
            mac = attributes.get("date1904") in ("1", "true")

    parts.read("xl/workbook.xml", begin, _nothing)
    targets: dict[str, str] = {}

    def relation(name: str, attributes: Attributes) -> None:
        if name == "Relationship" and attributes.get("Type", "").endswith("/worksheet"):
            targets[attributes["Id"]] = normpath(join("/xl", attributes["Target"])).lstrip("/")

    parts.read("xl/_rels/workbook.xml.rels", relation, _nothing)
    sheets = tuple(_Sheet(name, hidden, targets[id]) for name, hidden, id in found if id in targets)
    return _Book(
        sheets,
        _texts(parts, limits) if parts.has("xl/sharedStrings.xml") else (),
        _dates(parts) if parts.has("xl/styles.xml") else (),
        CALENDAR_MAC_1904 if mac else CALENDAR_WINDOWS_1900,
    )


def _texts(parts: _Parts, limits: Limits) -> tuple[str, ...]:
    """Return the texts that cells share, without what is only there to be spoken."""
    found: list[str] = []
    piece: list[str] = []
    spoken = size = 0
    inside = False

    def begin(name: str, attributes: Attributes) -> None:
        nonlocal inside, spoken
        if name == "t":
            inside = True
        elif name == "rPh":
            spoken += 1

    def text(characters: str) -> None:
        nonlocal size
        if inside and not spoken:
            size += len(characters)
            if size > _MOST_TEXTS_CHARACTERS:
                raise beyond(
                    1,
                    f"the workbook holds more than {_MOST_TEXTS_CHARACTERS:,} characters of text, the limit",
                    "cut it into several, or save it as CSV in UTF-8",
                )
            piece.append(characters)

    def end(name: str) -> None:
        nonlocal inside, spoken
        if name == "t":
            inside = False
        elif name == "rPh":
            spoken -= 1
        elif name == "si":
            found.append("".join(piece))
            piece.clear()
            if len(found) > limits.rows * 20 + limits.columns:
                raise beyond(
                    1,
                    f"the workbook holds more than {len(found) - 1:,} texts, the limit of {limits.kind}",
                    "cut it into several, or save it as CSV in UTF-8",
                )

    parts.read("xl/sharedStrings.xml", begin, end, text)
    return tuple(found)


def _dates(parts: _Parts) -> tuple[bool, ...]:
    """Return for each style of a cell whether its number is a date."""
    formats: dict[int, str] = dict(BUILTIN_FORMATS)
    styles: list[int] = []
    inside = False

    def begin(name: str, attributes: Attributes) -> None:
        nonlocal inside
        if name == "cellXfs":
            inside = True
        elif name == "numFmt":
            formats[int(attributes["numFmtId"])] = attributes["formatCode"][:200]
        elif name == "xf" and inside:
            styles.append(int(attributes.get("numFmtId", "0")))

    def end(name: str) -> None:
        nonlocal inside
        if name == "cellXfs":
            inside = False

    parts.read("xl/styles.xml", begin, end)
    known: dict[int, bool] = {}
    for number in styles:
        if number not in known:
            known[number] = bool(is_date_format(formats.get(number, "General")))
    return tuple(known[number] for number in styles)


def _picked(book: _Book, sheet: str | None) -> _Sheet:
    if not book.sheets:
        raise TableError(1, "the workbook has no sheet with cells; nothing was sent; look what was saved in it")
    names = ", ".join(f"`{one.name}`" for one in book.sheets)
    for one in book.sheets:
        if one.name == sheet or (sheet is None and not one.hidden):
            return one
    if sheet is None:
        raise TableError(1, f"every sheet is hidden: {names}; nothing was sent; name the one to read with --sheet")
    near = nearest(sheet, [one.name for one in book.sheets])
    meant = f" (did you mean `{near[0]}`?)" if near else ""
    raise TableError(1, f"the workbook has no sheet `{sheet}`{meant}; nothing was sent; its sheets are {names}")


def _layout(parts: _Parts, sheet: _Sheet, limits: Limits) -> _Layout:
    merged: list[_Area] = []
    hidden: list[tuple[int, int]] = []

    def begin(name: str, attributes: Attributes) -> None:
        if name == "mergeCell":
            first, _, last = attributes["ref"].partition(":")
            top, left = _place(first)
            bottom, right = _place(last or first)
            merged.append(_Area(top, left, bottom, right))
            if len(merged) > _MOST_MERGED:
                raise beyond(
                    1,
                    f"the sheet has more than {_MOST_MERGED:,} merged areas, the limit",
                    "unmerge them, or save it as CSV in UTF-8",
                )
        elif name == "col" and attributes.get("hidden") in ("1", "true"):
            hidden.append((int(attributes["min"]) - 1, int(attributes["max"]) - 1))

    parts.read(sheet.part, begin, _nothing)
    merged.sort()
    return _Layout(tuple(merged), tuple(hidden[: limits.columns]))


def _place(reference: str) -> tuple[int, int]:
    """Return row (from 1) and column (from 0) of `B7`. Raises `ValueError`."""
    letters = reference.rstrip("0123456789")
    if not 1 <= len(letters) <= 3 or not letters.isascii() or not letters.isalpha():
        raise ValueError(reference)
    column = 0
    for letter in letters.upper():
        column = column * 26 + ord(letter) - ord("A") + 1
    return int(reference[len(letters) :]), column - 1


class _Cells:
    """Collects the cells of a sheet, row by row; takes what the XML parser says."""

    def __init__(self, book: _Book, limits: Limits, notes: Notes) -> None:
        self.rows: list[tuple[int, dict[int, Cell]]] = []
        self._book = book
        self._limits = limits
        self._notes = notes
        self._row = 0
        self._hidden = False
        self._cells: dict[int, Cell] = {}
        self._before = -1
        self._reference: str | None = None
        self._kind = "n"
        self._style = 0
        self._formula = self._takes = False
        self._spoken = 0
        self._pieces: list[str] | None = None
        self._size = 0

    def begin(self, name: str, attributes: Attributes) -> None:
        """Take in how an element begins."""
        match name:
            case "c":
                reference = attributes.get("r")
                if reference is None:
                    self._before = self._at()
                self._reference = reference
                self._kind = attributes.get("t", "n")
                self._style = int(attributes.get("s", "0"))
                self._pieces = None
                self._formula = False
                self._size = 0
            case "v" | "t":
                self._takes = not self._spoken
                if self._pieces is None:
                    self._pieces = []
            case "f":
                self._formula = True
            case "rPh":
                self._spoken += 1
            case "row":
                self._row = int(attributes.get("r", self._row + 1))
                if not 1 <= self._row <= _LAST_ROW:
                    raise beyond(1, f"row {self._row:,} is beyond the {_LAST_ROW:,} rows of a sheet", "save it again")
                self._hidden = attributes.get("hidden") in ("1", "true")
                self._cells = {}
                self._before, self._reference = -2, None
            case _:
                pass

    def text(self, characters: str) -> None:
        """Take in characters of a value."""
        if self._takes and self._pieces is not None:
            self._size += len(characters)
            if self._size > self._limits.cell_characters:
                raise beyond(
                    self._row,
                    f"row {self._row} has a cell of more than {self._limits.cell_characters:,} characters, the limit",
                    "shorten it",
                )
            self._pieces.append(characters)

    def end(self, name: str) -> None:
        """Take in how an element ends."""
        match name:
            case "v" | "t":
                self._takes = False
            case "c":
                if self._pieces is None and not self._formula:
                    return
                value = self._value("".join(self._pieces or ()))
                if value == "":
                    return
                column = self._at()
                if column >= self._limits.columns:
                    raise beyond(
                        self._row,
                        f"the cell {self._reference or get_column_letter(column + 1)} of row {self._row} is beyond the "
                        f"{self._limits.columns} columns {self._limits.kind} may have",
                        "empty it, and what else stands so far to the right",
                    )
                self._cells[column] = value
            case "rPh":
                self._spoken -= 1
            case "row":
                if self._cells:
                    self._notes.hidden_rows += self._hidden
                    self.rows.append((self._row, self._cells))
            case _:
                pass

    def _at(self) -> int:
        """Return the column of the cell: as it says, or the one behind the cell before."""
        return self._before + 1 if self._reference is None else _place(self._reference)[1]

    def _value(self, text: str) -> Cell:
        if self._pieces is None:
            return _NO_VALUE
        match self._kind:
            case "s":
                if not text:
                    return ""
                shared = self._book.texts[int(text)]
                if len(shared) > self._limits.cell_characters:
                    raise beyond(
                        self._row,
                        f"row {self._row} has a cell of more than {self._limits.cell_characters:,} characters, the "
                        "limit",
                        "shorten it",
                    )
                return shared.strip()
            case "str" | "inlineStr":
                return text.strip() or (_NO_VALUE if self._formula and self._kind != "str" else "")
            case "b":
                return "TRUE" if text.strip() == "1" else "FALSE"
            case "e":
                return NoValue(f"the error {text[:40]}; correct it in the spreadsheet")
            case "d":
                return _day(datetime.fromisoformat(text.strip().removesuffix("Z")))
            case _:
                return self._number(text.strip())

    def _number(self, text: str) -> Cell:
        if not text:
            return _NO_VALUE if self._formula else ""
        if 0 <= self._style < len(self._book.dates) and self._book.dates[self._style]:
            return _dated(text, self._book.epoch)
        if text.isascii() and text.isdigit():
            return text
        number = float(text)
        if number.is_integer() and abs(number) < 1e15:
            return str(int(number))
        return text if len(text) < 40 else repr(number)


def _day(moment: datetime) -> Cell:
    return moment.date() if moment.time() == time() else moment


def _dated(text: str, epoch: datetime) -> Cell:
    """Return the day, or the day with its time of day, that a number with a date format shows."""
    number = float(text)
    if 0 <= number < 1:
        return NoValue("a time of day without a day")
    try:
        shown = from_excel(number, epoch)
    except (OverflowError, ValueError):
        shown = None
    match shown:
        case datetime():
            return _day(shown)
        case date():
            return shown
        case time() | timedelta():
            return NoValue("a time of day without a day")
        case _:
            return NoValue("a number with a date format that is no day of the calendar; correct it in the spreadsheet")


def _rows(
    parts: _Parts, sheet: _Sheet, book: _Book, layout: _Layout, *, limits: Limits, notes: Notes
) -> Iterator[tuple[int, tuple[Cell, ...]]]:
    """Yield each row that has a cell of its own with anything in it, merged areas filled."""
    cells = _Cells(book, limits, notes)
    merged = _Merged(layout.merged, limits)
    last = 0
    try:
        for _ in parts.parse(sheet.part, cells.begin, cells.end, cells.text):
            for number, row in cells.rows:
                merged.fill(number, row)
                notes.blank_rows += max(number - last - 1, 0) if last else 0
                last = number
                yield number, tuple([row.get(at, "") for at in range(max(row) + 1)])
            cells.rows.clear()
    except TableError:
        raise
    except _BROKEN:
        raise TableError(
            last + 1,
            f"the workbook is damaged behind row {last}; the rows before it are good, nothing from there on was read; "
            "open it in a spreadsheet program and save it again",
        ) from None


class _Merged:
    """Gives each cell of a merged area the area's value."""

    def __init__(self, areas: tuple[_Area, ...], limits: Limits) -> None:
        self._areas = areas
        self._limits = limits
        self._next = 0
        self._open: list[tuple[_Area, Cell]] = []

    def fill(self, number: int, row: dict[int, Cell]) -> None:
        """Fill the areas that reach into row `number`; rows come from above to below."""
        self._open = [one for one in self._open if one[0].bottom >= number]
        while self._next < len(self._areas) and self._areas[self._next].top <= number:
            area = self._areas[self._next]
            self._next += 1
            if area.bottom >= number:
                self._open.append((area, row.get(area.left, "") if area.top == number else ""))
        if len(self._open) > self._limits.columns:
            raise beyond(
                number,
                f"row {number} lies in more than {self._limits.columns} merged areas, the limit",
                "unmerge them, or save it as CSV in UTF-8",
            )
        for area, value in self._open:
            for column in range(area.left, min(area.right + 1, self._limits.columns)):
                if value != "":
                    row[column] = value


def _hidden(layout: _Layout, columns: tuple[str, ...]) -> tuple[str, ...]:
    """Return the hidden columns within the table, by name, or by letter where they have none."""
    hidden = {at for first, last in layout.hidden_columns for at in range(max(first, 0), min(last + 1, len(columns)))}
    return tuple(columns[at] or get_column_letter(at + 1) for at in sorted(hidden))


def _no_workbook(raw: BinaryIO) -> TableError:
    what = "no Excel workbook that can be read"
    cure = "open it in a spreadsheet program and save it as .xlsx or as CSV in UTF-8"
    try:
        names = set(zipfile.ZipFile(raw).namelist())
    except _BROKEN:
        names = set()
    if names and "xl/workbook.xml" not in {name.lower() for name in names}:
        what = "a zip archive and no Excel workbook"
        cure = "unpack it, and import the table in it"
        if "content.xml" in names or "xl/workbook.bin" in names:
            what = "a workbook of another form (.ods or .xlsb)"
            cure = "open it in a spreadsheet program and save it as .xlsx or as CSV in UTF-8"
    return TableError(1, f"the file is packed like a workbook, but {what}; nothing was sent; {cure}")
