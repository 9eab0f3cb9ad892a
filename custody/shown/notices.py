"""What an import of a log of notices shows: the counts of any import, and what a spreadsheet could have hidden."""

from collections.abc import Iterator, Sequence
from typing import Any, Final

from custody.errors import Problem
from custody.shown.imports import judge as judge_import
from custody.shown.imports import lines as import_lines
from custody.shown.imports import shown as import_shown
from custody.shown.tables import reading, reading_lines
from producers.imports.account import Report
from producers.imports.notice_import import Ready
from producers.imports.notice_rows import COLUMNS, NoticeLog
from producers.tables.rows import BadRow, PassedOver
from readers.text.wording import printable

_MOST_SHOWN: Final = 20
"""Of rows whose notice the ledger holds already; of rows that failed every one is shown."""


def shown(
    report: Report, file: str, log: NoticeLog, rows: Sequence[Ready | BadRow | PassedOver], reference: str
) -> dict[str, Any]:
    """Return the counts as one JSON object; refusals are named by the number of their row."""
    counts = import_shown(report, file)
    numbers = _rows_of(rows)
    return {
        **counts,
        **reading(log.table),
        "refusals": [
            {"lines": numbers[refusal["id"]], "id": refusal["id"], "reason": refusal["reason"]}
            for refusal in counts["refusals"]
        ],
        "already_told": [
            {"line": row.line, "position": told.position, "reference": told.reference}
            for row in rows
            if isinstance(row, Ready)
            for told in row.already
        ],
        "reference": reference,
        "columns_ignored": list(log.ignored),
    }


def lines(report: Report, log: NoticeLog, rows: Sequence[Ready | BadRow | PassedOver], reference: str) -> Iterator[str]:
    """Yield the same as a person reads it."""
    yield f"reference   {printable(reference)}"
    yield from reading_lines(log.table, COLUMNS)
    numbers = _rows_of(rows)
    named = {id: ", ".join(f"row {number}" for number in of_id) for id, of_id in numbers.items()}
    yield from import_lines(report, named=named, unit="row")
    already = [(row.line, told) for row in rows if isinstance(row, Ready) for told in row.already]
    if already:
        yield f"already told{len(already):>10,}"
    for line, told in already[:_MOST_SHOWN]:
        yield f"  row {line}: position {told.position} is this very notice, from {printable(told.reference)}"
    if len(already) > _MOST_SHOWN:
        yield f"  and {len(already) - _MOST_SHOWN:,} more rows: see --json"


def judge(report: Report, file: str) -> None:
    """Raise the `Problem` that says what was not done and how to go on; return when every row is through."""
    account = report.account
    if report.ended != "whole" or not (account.unreadable or account.refused):
        return judge_import(report, file)
    raise Problem(
        f"{file}: {account.unreadable} rows could not be read and {account.refused} were refused; nothing of them was "
        "recorded, see the rows named above; put them right in a new file of their own and import that; the other "
        "rows are in the ledger"
    )


def _rows_of(rows: Sequence[Ready | BadRow | PassedOver]) -> dict[str, list[int]]:
    """Return the numbers of the rows that submit each id: several where rows say the same."""
    found: dict[str, list[int]] = {}
    for row in rows:
        if isinstance(row, Ready):
            for _, claim in row.sends:
                found.setdefault(claim.id, []).append(row.line)
    return found
