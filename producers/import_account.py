"""The account of an import: which rows are under way, and what became of those that are through."""

import time
from dataclasses import dataclass, field
from typing import Final, Literal

from producers.client_errors import ClientError, NoOutcomeError
from producers.hhs_file import BadRow
from producers.hhs_releases import SOURCE
from producers.import_journal import Account
from producers.outcomes import Outcome

PATIENCE_SECONDS: Final = 60.0
"""How long no outcome at all may come before an import gives up waiting."""
_MOST_SHOWN: Final = 20
_A_ROW: Final = 3
"""Submissions a row makes."""


@dataclass(slots=True)
class Report:
    """What an import did. `account` covers the file from its first row on, whatever run sent it.

    `ended` is `whole`; `broken`, the file breaks off and what stands before is through; `stopped`, as asked; or
    `cut off`, by `error`. `failure` says where it broke off or what cut it off. `bad_rows` and `refusals` show the
    first ones of this run.
    """

    account: Account
    began_behind_row: int
    ended: Literal["whole", "broken", "stopped", "cut off"] = "whole"
    failure: str | None = None
    error: ClientError | None = None
    bad_rows: list[BadRow] = field(default_factory=list)
    refusals: list[tuple[str, str]] = field(default_factory=list)


@dataclass(slots=True)
class _UnderWay:
    """A row whose outcomes have not all come, and what came; a row nobody can read awaits none."""

    awaited: int
    accepted: int = 0
    duplicate: int = 0
    refused: int = 0
    codes: tuple[str, ...] = ()


class Window:
    """The rows under way, and the account of those that are through, counted without a gap."""

    def __init__(self, report: Report) -> None:
        self._report = report
        self._rows: dict[int, _UnderWay] = {}
        self._row_of: dict[str, int] = {}
        self._first = report.began_behind_row + 1
        self.next = self._first
        self.moved_at = time.monotonic()

    def __len__(self) -> int:
        return len(self._rows)

    def begin(self, ids: tuple[str, str, str]) -> None:
        """Take in the next row, which submits `ids`."""
        self._rows[self.next] = _UnderWay(_A_ROW)
        for id in ids:
            self._row_of[id] = self.next
        self.next += 1

    def leave_out(self, row: BadRow) -> None:
        """Take in the next row, which nobody can read: it submits nothing."""
        self._rows[self.next] = _UnderWay(0)
        self.next += 1
        if len(self._report.bad_rows) < _MOST_SHOWN:
            self._report.bad_rows.append(row)
        self._close_through()

    def answer(self, outcomes: list[Outcome]) -> None:
        """Account for outcomes; those of other senders, and repeats, are none of ours."""
        for source, id, status, body in outcomes:
            if source != SOURCE or id is None or (row := self._row_of.pop(id, None)) is None:
                continue
            self.moved_at = time.monotonic()
            under_way = self._rows[row]
            under_way.awaited -= 1
            match status:
                case "accepted":
                    under_way.accepted += 1
                case "duplicate":
                    under_way.duplicate += 1
                case _:
                    under_way.refused += 1
                    if len(self._report.refusals) < _MOST_SHOWN:
                        refusal = body.get("refusal") or {}
                        self._report.refusals.append((id, f"{refusal.get('code')}: {refusal.get('message')}"))
            if findings := body["findings"]:
                under_way.codes += tuple([finding["code"] for finding in findings])
        self._close_through()

    def check(self) -> None:
        """Raise `NoOutcomeError` when there is something to wait for and nothing has come for too long."""
        if self._row_of and time.monotonic() - self.moved_at > PATIENCE_SECONDS:
            raise NoOutcomeError(len(self._row_of), f"row {self._first}", PATIENCE_SECONDS)

    def _close_through(self) -> None:
        total = self._report.account
        while (done := self._rows.get(self._first)) is not None and done.awaited == 0:
            del self._rows[self._first]
            self._first += 1
            answered = done.accepted + done.duplicate + done.refused
            total.rows += 1
            total.unreadable += answered == 0
            total.submitted += answered
            total.accepted += done.accepted
            total.duplicate += done.duplicate
            total.refused += done.refused
            for code in done.codes:
                total.findings[code] += 1
