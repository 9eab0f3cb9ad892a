"""Nobody knew of a thing before it happened: claimed times as they count (knowledge: Moments of knowledge).

A claim before the first instant of the fact's `occurred_at`, as the corrections of R leave it, counts as that instant;
whether whoever claims it has heard of those corrections plays no part. An `occurred_at` that is unknown bounds nothing.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from ledger.entry import Entry
from ledger.facts import CorrectionIssued
from ledger.times import When, first_instant, last_instant, read_back
from projections.fold.amended import effective
from projections.fold.joined import joined


class Claims:
    """What times claimed for the knowledge of these entries count as; all that is given was recorded by R."""

    __slots__ = ("_corrected", "_zone")

    def __init__(self, entries: Sequence[Entry], zone: str) -> None:
        self._zone = zone
        self._corrected: Mapping[int, When | None] = {}
        """By position: `occurred_at` where a correction may have moved it."""
        if any(_moves_in_time(entry) for entry in entries):
            self._corrected = {one.entry.position: one.occurred_at for one in effective(entries) if one.corrected_by}

    def counted(self, claimed: datetime, entry: Entry) -> datetime:
        """Return when a claim to have known this entry at `claimed` begins to count."""
        when = self._corrected.get(entry.position, entry.occurred_at) if self._corrected else entry.occurred_at
        return claimed if when is None else max(claimed, first_instant(when, self._zone))


class AnyClaims:
    """The same for whichever R is asked by; the entries are all there are of a child."""

    __slots__ = ("_moved", "_zone")

    def __init__(self, entries: Sequence[Entry], zone: str) -> None:
        self._zone = zone
        self._moved: Mapping[int, Sequence[When | None]] = {}
        """By position: every `occurred_at` that corrections may give it, by one R or another."""
        if any(_moves_in_time(entry) for entry in entries):
            self._moved = {
                position: [when for one in its if _moves_in_time(one) for when in _times_set(one.fact)]
                for position, its in joined(entries).items()
            }

    def since(self, entry: Entry) -> datetime | None:
        """Return since when its producer knew an entry: by its claim as it counts, or from the recording of it.

        None where that depends on R.
        """
        claimed = last_instant(entry.known_since, self._zone)
        if claimed >= entry.recorded_at:
            return entry.recorded_at
        bounds = {min(max(claimed, bound), entry.recorded_at) for bound in self._bounds(entry)}
        bounds |= {claimed} if None in self.times(entry) else set()
        return bounds.pop() if len(bounds) == 1 else None

    def may_bound(self, entry: Entry, moment: datetime) -> bool:
        """Return whether claims to have known an entry at a moment may count from a later one on."""
        return any(bound > moment for bound in self._bounds(entry))

    def times(self, entry: Entry) -> Sequence[When | None]:
        """Return every `occurred_at` that an entry has, or may be given by corrections."""
        moved = () if type(entry.fact) is CorrectionIssued else self._moved.get(entry.position, ())
        return (entry.occurred_at, *moved)

    def _bounds(self, entry: Entry) -> Iterable[datetime]:
        return (first_instant(when, self._zone) for when in self.times(entry) if when is not None)


def _moves_in_time(entry: Entry) -> bool:
    return type(entry.fact) is CorrectionIssued and "occurred_at" in entry.fact.set


def _times_set(correction: Any) -> Iterable[When | None]:
    """Yield the time that a correction sets; one that is no time leaves things as they are."""
    given = correction.set["occurred_at"]
    try:
        yield None if given is None else read_back(given)
    except ValueError:
        return
