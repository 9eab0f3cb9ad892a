"""A file of rows into the ledger: every row sent, every outcome awaited and accounted for."""

import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final, Generic, NamedTuple, Protocol, TypeVar

from producers.client.errors import ClientError
from producers.client.outcomes import OutcomeReader
from producers.client.sending import Sender
from producers.imports.account import Report, Window
from producers.imports.drafts import Draft
from producers.imports.journal import RowCounts, read_journal, write_journal
from producers.tables.rows import BadRow, ImportFileError, PassedOver


class HasLine(Protocol):
    """A row that knows its place in the file."""

    @property
    def line(self) -> int:
        """Return its line, or its number in a spreadsheet program."""


RowT = TypeVar("RowT", bound=HasLine)

WINDOW: Final = 8_000
"""Rows under way at most: so many that intake never waits for us, so few that memory stays flat."""
_STOP_SECONDS: Final = 15.0
"""How long a stopped import waits for the outcomes of what it had sent."""
_LOOK_EVERY_ROWS: Final = 250
_JOURNAL_SECONDS: Final = 2.0
_TOLD_SECONDS: Final = 0.2


class Importer(NamedTuple, Generic[RowT]):
    """What makes one kind of file into submissions.

    `source` is their `ce_source`. `made` gives what a row claims, each with its key on the intake topic. Of rows nobody
    can read, and of the refusals, the first `most_shown` are reported.
    """

    source: str
    made: Callable[[RowT], Sequence[tuple[bytes, Draft]]]
    most_shown: int


@dataclass(frozen=True, slots=True)
class Progress:
    """Where an import stands; `share` is the part of the file that was read, from 0 to 1."""

    rows_read: int
    share: float
    confirmed: RowCounts


def import_rows(
    importer: Importer[RowT],
    rows: Iterable[RowT | BadRow | PassedOver],
    share: Callable[[], float],
    journal: Path,
    *,
    sender: Sender,
    reader: OutcomeReader,
    stopped: Callable[[], bool],
    progress: Callable[[Progress], None],
) -> Report:
    """Send every row behind those the journal has, and return when each is answered.

    `rows` are all rows of the file, in its order, in every run the same; `share` tells how much of it was read, from
    0 to 1. The journal holds what is through whenever this ends early; it is removed when the file is through. What
    happens at Kafka and in the ledger stands in the report. Raises `OSError` where the file cannot be read or the
    journal not written.
    """
    before = read_journal(journal)
    report = Report(before, began_behind_row=before.rows)
    window = Window(report, importer.source, most_shown=importer.most_shown)
    run = _Run(importer, sender, reader, window, _Pace(share, journal, report, progress), stopped)
    try:
        try:
            run.send_rows(rows, report)
        except ImportFileError as error:
            report.ended, report.failure = "broken", str(error)
        sender.settle()
        run.await_rest(report)
    except ClientError as error:
        report.ended, report.failure, report.error = "cut off", str(error), error
    if report.ended in ("whole", "broken"):
        journal.unlink(missing_ok=True)
    else:
        write_journal(journal, report.account)
    return report


@dataclass(frozen=True, slots=True)
class _Run(Generic[RowT]):
    """What one import works with."""

    importer: Importer[RowT]
    sender: Sender
    reader: OutcomeReader
    window: Window
    pace: "_Pace"
    stopped: Callable[[], bool]

    def send_rows(self, rows: Iterable[RowT | BadRow | PassedOver], report: Report) -> None:
        """Send the rows behind those that are through already, never more than `WINDOW` ahead of the ledger."""
        for number, row in enumerate(rows, 1):
            if number % _LOOK_EVERY_ROWS == 0:
                self.window.answer(self.reader.poll(0))
                self.pace.look(number)
            if number <= report.began_behind_row:
                continue
            while len(self.window) >= WINDOW and not self.stopped():
                self._wait(number)
            if self.stopped():
                report.ended = "stopped"
                return
            if isinstance(row, BadRow):
                self.window.leave_out(row)
            elif isinstance(row, PassedOver):
                self.window.pass_over(row)
            else:
                self._send(row)

    def await_rest(self, report: Report) -> None:
        """Wait until every row sent is through; when stopped, only a while."""
        stops_at: float | None = None
        while len(self.window):
            if stops_at is None and self.stopped():
                report.ended = "stopped"
                stops_at = time.monotonic() + _STOP_SECONDS
            if stops_at is not None and time.monotonic() > stops_at:
                return
            self._wait(self.window.next - 1)

    def _wait(self, rows_read: int) -> None:
        self.window.answer(self.reader.poll(500))
        self.window.check()
        self.pace.look(rows_read)

    def _send(self, row: RowT) -> None:
        made = self.importer.made(row)
        self.window.begin([claim.id for _, claim in made], row.line)
        source = self.importer.source.encode()
        partition, partition_of = 0, b""
        for key, (id, wire, sent_at, data) in made:
            if key != partition_of:
                partition, partition_of = self.sender.partition_of(key), key
            self.sender.send(
                data,
                key=key,
                headers=[
                    ("ce_specversion", b"1.0"),
                    ("ce_source", source),
                    ("content-type", b"application/json"),
                    ("ce_id", id.encode()),
                    ("ce_type", wire.encode()),
                    ("ce_time", sent_at.encode()),
                ],
                label=id,
                partition=partition,
            )


class _Pace:
    """Tells the progress and keeps the journal, neither too often."""

    def __init__(
        self, share: Callable[[], float], journal: Path, report: Report, progress: Callable[[Progress], None]
    ) -> None:
        self._share = share
        self._journal = journal
        self._report = report
        self._progress = progress
        self._told_at = self._kept_at = time.monotonic()

    def look(self, rows_read: int) -> None:
        """Tell and keep, where it is time to."""
        now = time.monotonic()
        if now - self._told_at > _TOLD_SECONDS:
            self._told_at = now
            share = min(self._share(), 1.0)
            self._progress(Progress(rows_read, share, replace(self._report.account)))
        if now - self._kept_at > _JOURNAL_SECONDS:
            self._kept_at = now
            write_journal(self._journal, self._report.account)
