"""How the file of an import was read, and, of one that is only tried, what would be sent."""

from collections.abc import Iterator, Sequence
from typing import Any, Final

import orjson

from producers.imports.drafts import Draft
from producers.tables.rows import BadRow, PassedOver
from producers.tables.table import Notes, Table
from readers.text.wording import printable

_FIRST: Final = 3
"""So many of the rows that would be sent are shown in full."""
_MOST: Final = 20


def ignored(table: Table) -> list[str]:
    """Return the columns nobody looks for, by their heading; those without one where something stands in them."""
    used = set(table.places.values())
    named = [name for at, name in enumerate(table.columns) if at not in used and name]
    unnamed = sorted(table.notes.used_beyond)
    return [*named, *(f"column {at + 1} (no name)" for at in unnamed)]


def reading(table: Table) -> dict[str, Any]:
    """Return how the file was read, as JSON."""
    notes = table.notes
    return {
        "columns": {name: table.columns[at] for name, at in table.places.items()},
        "columns_ignored": ignored(table),
        "header_row": notes.header_row,
        "separator": notes.separator or None,
        "encoding": notes.encoding or None,
        "sheet": notes.sheet,
        "sheets_not_read": list(notes.other_sheets),
        "hidden_rows_read": notes.hidden_rows,
        "hidden_columns": list(notes.hidden_columns),
        "merged_areas": notes.merged_areas,
        "blank_rows": notes.blank_rows,
        "last_line_without_end": notes.unended_last_line,
    }


def reading_lines(table: Table, names: Sequence[str]) -> Iterator[str]:
    """Yield the same as a person reads it; `names` are all columns that are looked for."""
    notes = table.notes
    if notes.sheet is None:
        yield f"read as     text in {notes.encoding}, separated by {notes.separator}, names in line {notes.header_row}"
    else:
        others = f"; not read: {_named(notes.other_sheets)}" if notes.other_sheets else ""
        yield f"sheet       {printable(notes.sheet)}, names in row {notes.header_row}{others}"
    renamed = [f"{name} = `{printable(table.columns[at])}`" for name, at in table.places.items()]
    yield f"columns     {', '.join(renamed)}"
    absent = [name for name in names if name not in table.places]
    if absent:
        yield f"not there   {', '.join(absent)}"
    yield from _hidden(notes)
    if ignored(table):
        yield f"ignored     columns: {_named(ignored(table))}"


def _hidden(notes: Notes) -> Iterator[str]:
    if notes.hidden_rows:
        yield f"hidden      {notes.hidden_rows:,} hidden rows were read like the others"
    if notes.hidden_columns:
        yield f"hidden      columns read like the others: {_named(notes.hidden_columns)}"
    if notes.merged_areas:
        yield f"merged      {notes.merged_areas:,} merged areas: each of their cells has the area's value"
    if notes.unended_last_line is not None:
        yield (
            f"last line   line {notes.unended_last_line} has no line end; it was read, for no field of it is missing: "
            "look whether its last one is whole"
        )


class Preview:
    """What an import would do, row by row, without doing it."""

    def __init__(self) -> None:
        self.rows = self.sent = self.submissions = self.unreadable = self.passed_over = 0
        self.bad: list[BadRow] = []
        self.passed: list[PassedOver] = []
        self.first: list[dict[str, Any]] = []

    def bad_row(self, row: BadRow) -> None:
        """Take in a row nobody can read."""
        self.rows += 1
        self.unreadable += 1
        if len(self.bad) < _MOST:
            self.bad.append(row)

    def pass_over(self, row: PassedOver) -> None:
        """Take in a row that is none of what the file is about."""
        self.passed_over += 1
        if len(self.passed) < _MOST:
            self.passed.append(row)

    def row(self, line: int, claims: Sequence[Draft]) -> None:
        """Take in a row that would be sent."""
        self.rows += 1
        self.sent += bool(claims)
        self.submissions += len(claims)
        if len(self.first) < _FIRST:
            events = [
                {"id": one.id, "type": one.wire, "time": one.time, "data": orjson.loads(one.data)} for one in claims
            ]
            self.first.append({"line": line, "events": events})

    def shown(self, file: str) -> dict[str, Any]:
        """Return it as JSON."""
        return {
            "file": file,
            "dry_run": True,
            "rows_read": self.rows,
            "would_submit": self.submissions,
            "rows_unreadable": self.unreadable,
            "bad_rows": [{"line": row.line, "reason": row.reason} for row in self.bad],
            "rows_passed_over": self.passed_over,
            "passed_over": [{"line": row.line, "reason": row.reason} for row in self.passed],
            "first_rows": self.first,
        }

    def lines(self, unit: str) -> Iterator[str]:
        """Yield it as a person reads it."""
        yield f"rows read   {self.rows:>11,}"
        yield f"would submit{self.submissions:>11,}"
        if self.unreadable:
            yield f"unreadable  {self.unreadable:>11,}"
        for bad in self.bad:
            yield f"  {unit} {bad.line}: {printable(bad.reason)}"
        if self.passed_over:
            yield f"passed over {self.passed_over:>11,}"
        for passed in self.passed:
            yield f"  {unit} {passed.line}: {printable(passed.reason)}"
        for row in self.first:
            yield f"{unit} {row['line']} would send"
            for event in row["events"]:
                yield f"  {event['id']} {event['type']}: {orjson.dumps(event['data']).decode()}"
        yield "nothing was sent (--dry-run)"


def _named(names: Sequence[str]) -> str:
    return ", ".join(printable(name) for name in names)
