"""The account of an import: which rows are under way, and what became of those that are through."""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Literal

from producers.client.errors import ClientError, NoOutcomeError
from producers.client.outcomes import Outcome
from producers.imports.journal import RowCounts, Torn
from producers.tables.rows import BadRow, PassedOver

PATIENCE_SECONDS: Final = 60.0
"""How long no outcome at all may come before an import gives up waiting."""


@dataclass(slots=True)
class Report:
    """What an import did. `account` covers the file from its first row on, whatever run sent it.

    `ended` is `whole`; `broken`, the file breaks off and what stands before is through; `stopped`, as asked; or
    `cut off`, by `error`. `failure` says where it broke off or what cut it off.
    """

    account: RowCounts
    began_behind_row: int
    ended: Literal["whole", "broken", "stopped", "cut off"] = "whole"
    failure: str | None = None
    error: ClientError | None = None


@dataclass(slots=True)
class _UnderWay:
    """A row whose outcomes have not all come, and what came; a row that submits nothing awaits none."""

    awaited: int
    line: int = 0
    ids: Sequence[str] = ()
    accepted: int = 0
    duplicate: int = 0
    refused: int = 0
    codes: tuple[str, ...] = ()
    refusals: tuple[tuple[str, str], ...] = ()
    unreadable: BadRow | None = None
    passed_over: PassedOver | None = None


class Window:
    """The rows under way, and the account of those that are through, counted without a gap.

    `source` is the `ce_source` of what the rows submit; of the rows nobody can read, and of the refusals, the first
    `most_shown` are kept to be shown.
    """

    def __init__(self, report: Report, source: str, *, most_shown: int) -> None:
        self._report = report
        self._source = source
        self._most_shown = most_shown
        self._rows: dict[int, _UnderWay] = {}
        self._rows_of: dict[str, list[int]] = {}
        self._awaited = 0
        self._first = report.began_behind_row + 1
        self.next = self._first
        self.moved_at = time.monotonic()

    def __len__(self) -> int:
        return len(self._rows)

    def begin(self, ids: Sequence[str], line: int) -> None:
        """Take in the next row, which submits `ids`: perhaps none, perhaps those of another row that says the same."""
        self._rows[self.next] = _UnderWay(len(ids), line, ids)
        self._awaited += len(ids)
        for id in ids:
            self._rows_of.setdefault(id, []).append(self.next)
        self.next += 1

    def leave_out(self, row: BadRow) -> None:
        """Take in the next row, which nobody can read: it submits nothing."""
        self._rows[self.next] = _UnderWay(0, unreadable=row)
        self.next += 1
        self._close_through()

    def pass_over(self, row: PassedOver) -> None:
        """Take in the next row, which is none of what the file is about: it submits nothing, and nothing is wrong."""
        self._rows[self.next] = _UnderWay(0, passed_over=row)
        self.next += 1
        self._close_through()

    def answer(self, outcomes: list[Outcome]) -> None:
        """Account for outcomes; those of other senders, and repeats, are none of ours."""
        for source, id, status, body in outcomes:
            if source != self._source or id is None or (rows := self._rows_of.get(id)) is None:
                continue
            self.moved_at = time.monotonic()
            under_way = self._rows[rows.pop(0)]
            if not rows:
                del self._rows_of[id]
            under_way.awaited -= 1
            self._awaited -= 1
            match status:
                case "accepted":
                    under_way.accepted += 1
                case "duplicate":
                    under_way.duplicate += 1
                case _:
                    under_way.refused += 1
                    refusal = body.get("refusal") or {}
                    under_way.refusals += ((id, f"{refusal.get('code')}: {refusal.get('message')}"),)
            if findings := body["findings"]:
                under_way.codes += tuple([finding["code"] for finding in findings])
        self._close_through()

    def check(self) -> None:
        """Raise `NoOutcomeError` when there is something to wait for and nothing has come for too long."""
        if self._awaited and time.monotonic() - self.moved_at > PATIENCE_SECONDS:
            raise NoOutcomeError(self._awaited, f"row {self._first}", PATIENCE_SECONDS)

    def _close_through(self) -> None:
        total = self._report.account
        while (done := self._rows.get(self._first)) is not None and done.awaited == 0:
            del self._rows[self._first]
            self._first += 1
            answered = done.accepted + done.duplicate + done.refused
            total.rows += 1
            if done.unreadable is not None:
                total.unreadable += 1
                if len(total.bad_rows) < self._most_shown:
                    total.bad_rows.append(done.unreadable)
            if done.passed_over is not None:
                total.passed_over += 1
                if len(total.rows_passed_over) < self._most_shown:
                    total.rows_passed_over.append(done.passed_over)
            if done.refusals:
                total.refusals += done.refusals[: self._most_shown - len(total.refusals)]
                total.rows_refused += 1
                if len(total.torn) < self._most_shown:
                    refused = {id for id, _ in done.refusals}
                    total.torn.append(Torn(done.line, done.refusals, tuple(id for id in done.ids if id not in refused)))
            total.submitted += answered
            total.accepted += done.accepted
            total.duplicate += done.duplicate
            total.refused += done.refused
            for code in done.codes:
                total.findings[code] += 1
