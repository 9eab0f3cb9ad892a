"""Failures to appear: what the population figures count of one person's hearings.

A failure is a hearing, not a record of it: the court and ICE's counsel may both record the same one.
"""

from datetime import date
from typing import NamedTuple

from ledger.facts import FailureToAppearRecorded
from ledger.times import When, civil_day


class Failure(NamedTuple):
    """A hearing at which the child did not appear; the entry first in fold order says on which day, and the outcome."""

    position: int
    hearing_id: str
    failed_on: date | None
    court_case: str
    judge_action: str
    proof: tuple[int, ...] = ()
    """The positions that show it: of its entry, then of the corrections that make it what it is."""


class Failures:
    """The failures to appear of one person, in fold order, each hearing once."""

    __slots__ = ("_by_hearing", "_zone")

    def __init__(self, zone: str) -> None:
        self._zone = zone
        self._by_hearing: dict[str, Failure] = {}

    def recorded(self, position: int, fact: FailureToAppearRecorded, when: When | None, proof: tuple[int, ...]) -> None:
        """Take the next record; a hearing recorded before stays as it was."""
        if fact.hearing_id not in self._by_hearing:
            day = None if when is None else civil_day(when, self._zone)
            action = fact.judge_action or "unknown"  # it may not be known to whom is asked as
            self._by_hearing[fact.hearing_id] = Failure(position, fact.hearing_id, day, fact.court_case, action, proof)

    def all(self) -> tuple[Failure, ...]:
        return tuple(self._by_hearing.values())
