"""What an import shows: its progress on a terminal, its counts, and what it must be told to fix."""

import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from custody.errors import Problem
from producers.imports.account import Report
from producers.imports.importing import Progress
from producers.imports.journal import Torn
from readers.text.wording import printable


@contextmanager
def telling() -> Iterator[Callable[[Progress], None]]:
    """Give a callback that draws a bar on standard error where that is a terminal, and is silent elsewhere."""
    if not sys.stderr.isatty():
        yield lambda progress: None
        return
    from rich.console import Console
    from rich.progress import BarColumn, TextColumn, TimeElapsedColumn
    from rich.progress import Progress as Bar

    columns = (
        TextColumn("rows {task.fields[rows]:>9,}"),
        BarColumn(),
        TextColumn("{task.fields[confirmed]:,} through"),
    )
    with Bar(*columns, TimeElapsedColumn(), console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("import", total=1.0, rows=0, confirmed=0)
        yield lambda progress: bar.update(
            task, completed=progress.share, rows=progress.rows_read, confirmed=progress.confirmed.rows
        )


def shown(report: Report, file: str) -> dict[str, Any]:
    """Return the counts as one JSON object; they cover the file from its first row on."""
    account = report.account
    return {
        "file": file,
        "rows_read": account.rows - account.passed_over,
        "submitted": account.submitted,
        "accepted": account.accepted,
        "duplicate": account.duplicate,
        "refused": account.refused,
        "findings": dict(sorted(account.findings.items())),
        "rows_unreadable": account.unreadable,
        "went_on_behind_row": report.began_behind_row or None,
        "ended": report.ended,
        "failure": report.failure,
        "bad_rows": [{"line": row.line, "reason": row.reason} for row in account.bad_rows],
        "rows_passed_over": account.passed_over,
        "passed_over": [{"line": row.line, "reason": row.reason} for row in account.rows_passed_over],
        "refusals": [{"id": id, "reason": reason} for id, reason in account.refusals],
        "rows_refused": [
            {
                "line": row.line,
                "refused": [{"id": id, "reason": reason} for id, reason in row.refused],
                "recorded": list(row.recorded),
            }
            for row in account.torn
        ],
    }


def lines(report: Report, *, named: Mapping[str, str] = {}, unit: str = "line") -> Iterator[str]:
    """Yield the counts as a person reads them.

    A refused submission is called by its id, or what stands for that in `named`; a row by its number as a `unit`.
    """
    account = report.account
    if report.began_behind_row:
        yield f"went on behind row {report.began_behind_row:,}, where an earlier run was stopped"
    yield f"rows read   {account.rows - account.passed_over:>11,}"
    yield f"submitted   {account.submitted:>11,}"
    yield f"accepted    {account.accepted:>11,}"
    yield f"duplicate   {account.duplicate:>11,}"
    yield f"refused     {account.refused:>11,}"
    if named:
        for id, reason in account.refusals:
            yield f"  {named.get(id, id)}: {reason}"
    else:
        for torn in account.torn:
            yield from _torn(torn, unit)
    yield "findings" if account.findings else "findings             none"
    for code, count in sorted(account.findings.items()):
        yield f"  {code:<20}{count:>7,}"
    if account.unreadable:
        yield f"unreadable  {account.unreadable:>11,}"
    for row in account.bad_rows:
        yield f"  {unit} {row.line}: {printable(row.reason)}"
    if account.passed_over:
        yield f"passed over {account.passed_over:>11,}"
    for passed in account.rows_passed_over:
        yield f"  {unit} {passed.line}: {printable(passed.reason)}"


def _torn(row: Torn, unit: str) -> Iterator[str]:
    """Yield what the ledger refused of a row, and what of it is recorded all the same."""
    for id, reason in row.refused:
        yield f"  {unit} {row.line}: {id} is not recorded, {reason}"
    if row.recorded:
        yield f"  {unit} {row.line}: recorded all the same: {', '.join(row.recorded)}"


def judge(report: Report, file: str) -> None:
    """Raise the `Problem` that says what was not done and how to go on; return when the whole file is through."""
    match report.ended:
        case "whole":
            pass
        case "broken":
            raise Problem(f"{file}: {report.failure}")
        case "stopped":
            raise Problem(
                f"stopped: {report.account.rows} rows are through, nothing of them is lost; "
                "the same command goes on behind them"
            )
        case "cut off":
            raise Problem(
                f"{report.failure}; {report.account.rows} rows are through; the same command goes on behind them"
            )
    account = report.account
    if account.refused:
        unreadable = f"{account.unreadable} rows could not be read, and " if account.unreadable else ""
        raise Problem(
            f"{file}: {unreadable}of {account.rows_refused} rows the ledger refused something: what of each was not "
            "recorded and what was is named above; put it right in the file, or, where a row was imported before and "
            "says something else now, send a correction"
        )
    if account.unreadable:
        raise Problem(
            f"{file}: {account.unreadable} rows could not be read and nothing of them was sent, see the lines "
            "named above; correct them and import the file again: the other rows are recognised"
        )
