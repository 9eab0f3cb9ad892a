"""Any file that holds a table, told apart by how it begins: text (packed or not), or a workbook."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import BinaryIO

from producers.tables.bytes import WORKBOOK, check_form
from producers.tables.csv_table import read_csv
from producers.tables.names import Wanted
from producers.tables.table import Limits, Table, TableError, beyond


@dataclass(frozen=True, slots=True)
class How:
    """What a person says of the file beside its name: options of every import of a table.

    `chosen` gives the heading under which a column stands; `header_row` the row of the column names, as a spreadsheet
    program or an editor counts; `encoding` how a text is encoded. What is not said is found.
    """

    sheet: str | None = None
    header_row: int | None = None
    chosen: Mapping[str, str] = field(default_factory=dict)
    encoding: str | None = None


def read_table(raw: BinaryIO, size: int, wanted: Wanted, limits: Limits, how: How) -> Table:
    """Return the table of the file `raw` of `size` bytes, from its beginning. Raises `TableError`.

    Where the file cannot be read as a whole nothing of it was sent; where it breaks off, what stands before is good.
    """
    if size > limits.file_bytes:
        raise beyond(
            1,
            f"the file is larger than {limits.file_bytes:,} bytes, the limit of {limits.kind}",
            "cut it into several",
        )
    raw.seek(0)
    beginning = raw.read(16)
    raw.seek(0)
    check_form(beginning)
    if beginning.startswith(WORKBOOK):
        from producers.tables.xlsx_table import read_xlsx  # openpyxl takes a while to load

        return read_xlsx(raw, wanted, limits, sheet=how.sheet, chosen=how.chosen, header_row=how.header_row)
    if how.sheet is not None:
        raise TableError(1, "the file is no workbook and has no sheets; nothing was sent; leave out --sheet")
    return read_csv(raw, wanted, limits, chosen=how.chosen, header_row=how.header_row, encoding=how.encoding)
