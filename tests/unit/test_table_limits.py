"""Files made to fill a memory or to keep a machine busy: bounded, and refused with the limit by name."""

import gzip
import io
import lzma
import tracemalloc
import zipfile
from collections.abc import Callable
from contextlib import suppress

import pytest

from producers.imports.hhs_columns import LIMITS as RELEASE_LIMITS
from producers.imports.hhs_columns import WANTED as RELEASE
from producers.imports.notice_rows import LIMITS, NoticeRow
from producers.tables.reading import How, read_table
from producers.tables.table import MEGABYTE, Limits, TableError, TableLimitError
from tests.unit.notice_files import GOOD, HEADER, csv_of, good, log_of, xlsx_of

SHEET = "xl/worksheets/sheet1.xml"


def changed(content: bytes, **parts: Callable[[bytes], bytes]) -> bytes:
    """Return a workbook with parts of it rewritten; a part is named by the last word of its path."""
    packed = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as old, zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist():
            change = parts.get(name.rsplit("/", 1)[-1].removesuffix(".xml"))
            text = old.read(name)
            new.writestr(name, text if change is None else change(text))
    return packed.getvalue()


def cells_at_the_end(more: str) -> Callable[[bytes], bytes]:
    return lambda text: text.replace(b"</sheetData>", more.encode() + b"</sheetData>")


def peak(work: Callable[[], object]) -> int:
    """Return how much memory a piece of work took at most, in bytes."""
    tracemalloc.start()
    try:
        work()
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def test_a_sheet_coloured_far_down_is_read_as_if_it_were_not() -> None:
    """Formatted cells without a value are no rows: they cost a glance each and no memory."""
    colour = "".join(f'<row r="{n}" s="1" customFormat="1"><c r="A{n}" s="1"/></row>' for n in range(3, 8_003))
    content = changed(xlsx_of(HEADER, GOOD), sheet1=cells_at_the_end(colour))
    assert good(content) == good(csv_of(HEADER, GOOD))
    assert peak(lambda: log_of(content)) < 3 * MEGABYTE


def test_one_cell_at_the_far_corner_is_refused_with_the_limit() -> None:
    """Not a million rows of sixteen thousand cells."""
    far = '<row r="1048576"><c r="XFD1048576" t="inlineStr"><is><t>x</t></is></c></row>'
    content = changed(xlsx_of(HEADER, GOOD), sheet1=cells_at_the_end(far))
    with pytest.raises(TableLimitError, match="the cell XFD1048576 of row 1048576 is beyond the 500 columns"):
        log_of(content)
    low = far.replace("XFD1048576", "A1048576").replace(">x<", ">A200-000-018<")
    rows = log_of(changed(xlsx_of(HEADER, GOOD), sheet1=cells_at_the_end(low))).rows
    assert [row.line for row in rows] == [2, 1_048_576]


def test_a_row_beyond_those_of_a_sheet_is_refused() -> None:
    """No spreadsheet program has written it."""
    content = changed(xlsx_of(HEADER, GOOD), sheet1=cells_at_the_end('<row r="99999999999"/>'))
    with pytest.raises(TableLimitError, match="beyond the 1,048,576 rows of a sheet"):
        log_of(content)


def test_a_merge_of_everything_costs_nothing() -> None:
    """Sixteen thousand million cells have one value; what has no cell of its own is no row."""
    content = xlsx_of(HEADER, GOOD, change=lambda sheet: None)
    merged = changed(
        content, sheet1=lambda text: text.replace(b"</sheetData>", b"</sheetData>" + _merges("A2:XFD1048576"))
    )
    (row,) = log_of(merged).rows
    assert row.line == 2


def _merges(*areas: str) -> bytes:
    inside = "".join(f'<mergeCell ref="{area}"/>' for area in areas)
    return f"<mergeCells>{inside}</mergeCells>".encode()


def test_too_many_merged_areas_are_refused_with_the_limit() -> None:
    """Also where they lie one over the other, as no program writes them."""
    content = xlsx_of(HEADER, GOOD)
    areas = [f"A{n}:B{n}" for n in range(1, 50_003)]
    with pytest.raises(TableLimitError, match="more than 50,000 merged areas, the limit"):
        log_of(changed(content, sheet1=lambda text: text.replace(b"</sheetData>", b"</sheetData>" + _merges(*areas))))
    over = ["A1:C9"] * 501
    with pytest.raises(TableLimitError, match="in more than 500 merged areas, the limit"):
        log_of(changed(content, sheet1=lambda text: text.replace(b"</sheetData>", b"</sheetData>" + _merges(*over))))


def test_a_workbook_that_unpacks_to_more_than_a_log_can_be_is_refused_before_it_is_unpacked_whole() -> None:
    """Some kilobytes that hold a hundred megabytes."""
    bomb = changed(xlsx_of(HEADER, GOOD), sheet1=lambda text: text + b"\n" * 3 * MEGABYTE)
    assert len(bomb) < MEGABYTE
    with pytest.raises(TableLimitError, match="more than 2,097,152 bytes when unpacked, the limit of a log of notices"):
        _read(io.BytesIO(bomb), LIMITS._replace(unpacked_bytes=2 * MEGABYTE))


@pytest.mark.parametrize("part", ["sheet1", "workbook", "styles"])
def test_entities_of_its_own_are_refused(part: str) -> None:
    """A billion laughs in any part of a workbook."""
    doctype = b'<!DOCTYPE x [<!ENTITY a "ha"><!ENTITY b "&a;&a;">]>'

    def laughing(text: bytes) -> bytes:
        declaration, rest = text.split(b"?>", 1) if text.startswith(b"<?xml") else (b"", text)
        return (declaration + b"?>" if declaration else b"") + doctype + rest

    with pytest.raises(TableError, match="defines entities of its own"):
        log_of(changed(xlsx_of(HEADER, GOOD), **{part: laughing}))


def test_an_element_or_a_cell_without_an_end_is_refused_with_the_limit() -> None:
    """What would be held in memory as one piece."""
    long = f'<row r="3"><c r="A3" t="inlineStr"><is><t>{"x" * 40_000}</t></is></c></row>'
    with pytest.raises(TableLimitError, match="row 3 has a cell of more than 32,767 characters"):
        log_of(changed(xlsx_of(HEADER, GOOD), sheet1=cells_at_the_end(long)))
    endless = f'<row r="3" name="{"x" * 3 * MEGABYTE}"></row>'
    with pytest.raises(TableLimitError, match="an element of more than 2,097,152 bytes"):
        log_of(changed(xlsx_of(HEADER, GOOD), sheet1=cells_at_the_end(endless)))


@pytest.mark.parametrize("pack", [lzma.compress, gzip.compress])
def test_a_packed_text_on_one_line_is_refused_with_the_limit(pack: Callable[[bytes], bytes]) -> None:
    """A gigabyte on one line is not read into memory to see that it has no end."""
    packed = pack(csv_of(HEADER, GOOD) + b"A" * 20 * MEGABYTE)

    def work() -> None:
        with pytest.raises(TableLimitError, match="line 3 is longer than 1,048,576 characters"):
            log_of(packed)

    work()
    assert peak(work) < 12 * MEGABYTE


def test_a_packed_text_of_too_many_bytes_is_refused_with_the_limit() -> None:
    """Blank lines are counted, too."""
    with pytest.raises(TableLimitError, match="beyond the 20,000 rows"):
        log_of(lzma.compress(csv_of(HEADER, GOOD) + b"\n" * 30_000))
    small = LIMITS._replace(unpacked_bytes=MEGABYTE, rows=100_000)
    raw = io.BytesIO(lzma.compress(csv_of(HEADER, *[GOOD] * 40_000)))
    with pytest.raises(TableLimitError, match="holds more than 1,048,576 bytes of text"):
        _read(raw, small)


def _read(raw: io.BytesIO, limits: Limits) -> None:
    from producers.imports.notice_rows import WANTED

    for _ in read_table(raw, 10, WANTED, limits, How()).rows:
        pass


def test_a_text_with_a_field_longer_than_any_cell_is_refused() -> None:
    """A quotation mark that is not closed swallows the rest of a file."""
    content = csv_of(HEADER, GOOD) + b'"' + b"x,y\n" * 60_000
    with pytest.raises(TableError, match="a field that is longer than any cell"):
        log_of(content)
    wide = csv_of((*HEADER, *["x"] * 600), GOOD)
    with pytest.raises(TableLimitError, match="605 columns, the limit of a log of notices is 500"):
        log_of(wide)


def test_a_file_larger_than_its_kind_is_refused_before_it_is_read() -> None:
    """The limit of each kind is its own."""
    with pytest.raises(TableLimitError, match=r"larger than 536,870,912 bytes, the limit of an HHS release file"):
        read_table(io.BytesIO(), RELEASE_LIMITS.file_bytes + 1, RELEASE, RELEASE_LIMITS, How())


@pytest.mark.parametrize("unfinished", [0.3, 0.6, 0.95])
def test_a_damaged_workbook_is_told_from_a_bug(unfinished: float) -> None:
    """Cut or with bits that turned: one message, with the cure."""
    content = xlsx_of(HEADER, *[GOOD] * 500)
    with pytest.raises(TableError, match=r"no Excel workbook that can be read|damaged"):
        log_of(content[: int(len(content) * unfinished)])
    turned = bytearray(content)
    turned[int(len(turned) * unfinished)] ^= 0xFF
    with suppress(TableError):
        assert all(isinstance(row, NoticeRow) for row in log_of(bytes(turned)).rows)
