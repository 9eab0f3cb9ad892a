"""Stays in care, absences and releases: what the population figures count (contract: Figures of the first wave).

Days are of the civil time zone; `None` is a day nobody knows, before every other.
"""

from dataclasses import dataclass
from datetime import date
from typing import NamedTuple

from ledger.facts import ReleasedToSponsor
from ledger.times import When, civil_day

Proof = tuple[int, ...]
"""The positions that show it: of the entry itself, then of the corrections that make it what it is."""


class Stay(NamedTuple):
    """Time in ORR's care; `left_by` is the short name of the fact that ended it, `None` while it lasts."""

    admitted_on: date | None
    left_on: date | None
    left_by: str | None
    proof: Proof = ()
    """Of the admission."""


class Absence(NamedTuple):
    """Time away without leave during a stay; `ended_by` is the short name of the fact that ended it."""

    absent_on: date | None
    ended_on: date | None
    ended_by: str | None
    proof: Proof = ()
    """Of the report."""


class Release(NamedTuple):
    """A release to a sponsor: the position of its entry, its day, and the state of the address as given."""

    position: int
    released_on: date | None
    state: str | None
    sponsor_category: str
    proof: Proof = ()


@dataclass(frozen=True, slots=True)
class Care:
    """What the figures count of one person, each in fold order; `country` is the one last asserted."""

    stays: tuple[Stay, ...]
    absences: tuple[Absence, ...]
    releases: tuple[Release, ...]
    country: str | None


class Register:
    """The stays, absences and releases of one person, moved by one happening after the other in fold order.

    A stay is opened by an admission, or by a transfer where none is open, and ended by a release, a discharge, a
    departure or a return; an end where none is open ends nothing. An absence is open from its report during a stay
    until it is resolved, the child is admitted or transferred again (custody is no longer `absent` then), or the
    stay ends.
    """

    __slots__ = ("_absences", "_country", "_in_absence", "_in_stay", "_proof", "_releases", "_since", "_stays", "_zone")

    def __init__(self, zone: str) -> None:
        self._zone = zone
        self._stays: list[Stay] = []
        self._absences: list[Absence] = []
        self._releases: list[Release] = []
        self._country: str | None = None
        self._in_stay = self._in_absence = False
        self._since: date | None = None
        """The day the open stay began."""
        self._proof: Proof = ()
        """Of the admission it began with."""

    def care(self) -> Care:
        stays = (*self._stays, Stay(self._since, None, None, self._proof)) if self._in_stay else tuple(self._stays)
        return Care(stays, tuple(self._absences), tuple(self._releases), self._country)

    def admitted(self, by: str, when: When | None, proof: Proof) -> None:
        """A program has the child: admitted or transferred, as `by` names it."""
        if self._in_stay:
            self.found(by, when)
        else:
            self._in_stay = True
            self._since = self._day(when)
            self._proof = proof

    def absent(self, when: When | None, proof: Proof) -> None:
        if self._in_stay and not self._in_absence:
            self._in_absence = True
            self._absences.append(Absence(self._day(when), None, None, proof))

    def found(self, by: str, when: When | None) -> None:
        if self._in_absence:
            self._in_absence = False
            self._absences[-1] = self._absences[-1]._replace(ended_on=self._day(when), ended_by=by)

    def left(self, by: str, when: When | None) -> None:
        if self._in_stay:
            self.found(by, when)
            self._in_stay = False
            self._stays.append(Stay(self._since, self._day(when), by, self._proof))

    def released(self, position: int, fact: ReleasedToSponsor, when: When | None, proof: Proof) -> None:
        state, category = fact.address and fact.address.state, fact.sponsor_category  # either may not be known
        self._releases.append(Release(position, self._day(when), state or None, category or "unknown", proof))
        self.left("released-to-sponsor", when)

    def came_from(self, country: str | None) -> None:
        """A country was asserted; `unknown` asserts none."""
        if country is not None and country != "unknown":
            self._country = country

    def _day(self, when: When | None) -> date | None:
        return None if when is None else civil_day(when, self._zone)
