"""Where a page of duties ends, written so that the next one goes on from there, as of the same two moments."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from ledger.times import parse_printed, write_clock
from projections.obligations.states import Obligation
from readers.unanswerable import WrongQuestionError

_PARTS: Final = 8
_NONE: Final = "-"


@dataclass(frozen=True, slots=True)
class PagePlace:
    """The last duty of a page, and the two moments of the answer it belongs to."""

    on: datetime
    recorded_by: datetime
    due_at: datetime | None
    opened_by: int
    rule: str
    version: int
    obliged: str
    towards: str | None

    @classmethod
    def of(cls, last: Obligation, on: datetime, recorded_by: datetime) -> "PagePlace":
        """Return the place behind a duty."""
        return cls(on, recorded_by, last.due_at, last.opened_by, last.rule, last.version, last.obliged, last.towards)

    def as_given(self) -> dict[str, Any]:
        """Return it as parameters of the statement."""
        return {
            "after_due": self.due_at,
            "after_opened": self.opened_by,
            "after_rule": self.rule,
            "after_version": self.version,
            "after_obliged": self.obliged,
            "after_towards": self.towards or "",
        }

    def written(self) -> str:
        """Return it as one word."""
        parts = (
            write_clock(self.on),
            write_clock(self.recorded_by),
            _NONE if self.due_at is None else write_clock(self.due_at),
            str(self.opened_by),
            self.rule,
            str(self.version),
            self.obliged,
            self.towards or _NONE,
        )
        return ",".join(parts)


def read_place(text: str) -> PagePlace:
    """Read what `written` wrote; raises `WrongQuestionError`."""
    parts = text.strip().split(",")
    try:
        if len(parts) != _PARTS:
            raise ValueError
        on, recorded_by, due_at, opened_by, rule, version, obliged, towards = parts
        return PagePlace(
            parse_printed(on),
            parse_printed(recorded_by),
            None if due_at == _NONE else parse_printed(due_at),
            int(opened_by),
            rule,
            int(version),
            obliged,
            None if towards == _NONE else towards,
        )
    except ValueError:
        raise WrongQuestionError(
            f"--after {text!r} is no place in a list of duties; give what the page before says under `next`"
        ) from None
