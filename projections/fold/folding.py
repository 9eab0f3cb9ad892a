"""One person's fold: happenings in their order, applied to the regions; all at once, or as they come in.

The order is `occurred_at` as corrected, then position. A day stands for its last instant in the civil time zone, an
unknown time comes before everything; of one civil day what another happening presupposes comes first
(`projections.fold.order`). A reported address takes the place at which it comes into force.
"""

import sys
from collections.abc import Iterable, Sequence
from datetime import date, datetime
from operator import itemgetter
from typing import Final

from ledger.entry import Entry
from ledger.facts import (
    STATEMENTS,
    AddressReported,
    CorrectionIssued,
    EntryVoided,
    Fact,
    IdentityMerged,
    IdentityUnmerged,
)
from ledger.times import UNKNOWN_KEY, microseconds, order_key
from projections.fold.amended import Effective, effective
from projections.fold.care import Care
from projections.fold.effects import apply
from projections.fold.failures import Failure
from projections.fold.order import Dependents, Placed, in_order
from projections.fold.regions import Regions, age_on
from projections.fold.state import State
from projections.fold.whereabouts import in_force_from

__all__ = ["Folding", "age_on", "happened"]

_STATEMENTS: Final[frozenset[type[Fact]]] = frozenset(STATEMENTS)
_CHANGING_OTHERS: Final[frozenset[type[Fact]]] = frozenset(
    (CorrectionIssued, EntryVoided, IdentityMerged, IdentityUnmerged)
)
_NO_LIMIT: Final = sys.maxsize


class Folding:
    """The regions and the care of one person, whose entries may come from several records that are that person."""

    __slots__ = ("_dependents", "_key", "_limit", "_position", "_state", "_zone")

    def __init__(self, zone: str) -> None:
        self._zone = zone
        self._state = State(zone)
        self._dependents = Dependents(zone)
        self._limit = _NO_LIMIT
        self._key = UNKNOWN_KEY
        """The latest time of a happening applied."""
        self._position = 0
        """The highest position seen."""

    @classmethod
    def of(cls, entries: Iterable[Entry], zone: str, happened_by: datetime | None = None) -> "Folding":
        """Return the fold of all that `entries` say had happened by `happened_by` (`None`: without a limit)."""
        return cls.of_standing(effective(entries), zone, happened_by)

    @classmethod
    def of_standing(cls, standing: Sequence[Effective], zone: str, happened_by: datetime | None = None) -> "Folding":
        """Return the fold of entries as `effective` leaves them."""
        folding = cls(zone)
        if happened_by is not None:
            folding._limit = microseconds(happened_by)
        folding._position = standing[-1].entry.position if standing else 0
        for one in standing:
            if type(one.fact) is CorrectionIssued and not one.voided_by:
                target = one.fact.corrects
                folding._state.renamed[one.entry.position] = folding._state.renamed.get(target, target)
        folding._state.proofs = _proofs(standing)
        placed = _placed(standing, zone, happened_by)
        for key, _, entry in placed:
            folding._dependents.add(key, entry)
        for entry in in_order(placed, zone):
            apply(folding._state, entry)
        if placed:
            folding._key = placed[-1][0]
        return folding

    def extend(self, entry: Entry) -> bool:
        """Apply the next entry by position; False when only a fold of all entries gives the right answer.

        That is so when it belongs before what was applied already, and when it changes what others say or which
        records are one person. A fold that said False must be thrown away.
        """
        fact = entry.fact
        kind = type(fact)
        if kind in _CHANGING_OTHERS or entry.position <= self._position:
            return False
        self._position = entry.position
        if kind in _STATEMENTS:
            return True
        if kind is AddressReported:
            entry = _in_force(entry, self._zone)
        key = order_key(entry.occurred_at, self._zone)
        if key > self._limit:
            return True
        if key < self._key or self._dependents.may_presuppose(key, entry):
            return False
        self._key = key
        self._dependents.add(key, entry)
        apply(self._state, entry)
        return True

    def regions(self) -> Regions:
        """Return the four regions as they stand now."""
        state = self._state
        return Regions(state.custody, state.docket.proceedings(), state.tracking.whereabouts(), state.age)

    def born(self) -> date | None:
        """Return the date of birth in force."""
        return self._state.age.date_of_birth

    def residence_shown_by(self) -> tuple[int, ...]:
        """Return the positions that alone show the residence in force; none where there is none."""
        position = self._state.tracking.residence_of
        return () if position is None else self._state.proofs.get(position, (position,))

    def care(self) -> Care:
        """Return the stays, absences and releases as they stand now."""
        return self._state.care.care()

    def failures(self) -> tuple[Failure, ...]:
        """Return the failures to appear as they stand now, in fold order."""
        return self._state.failures.all()


def _proofs(standing: Sequence[Effective]) -> dict[int, tuple[int, ...]]:
    """Return the positions that make up each corrected entry: its own, its corrections', and those of these."""
    named = {one.entry.position: one.corrected_by for one in standing if one.corrected_by}
    proofs: dict[int, tuple[int, ...]] = {}
    for position in named:
        making, to_come = [], [position]
        while to_come:
            making.append(to_come.pop())
            to_come += named.get(making[-1], ())
        proofs[position] = (position, *sorted(making[1:]))
    return proofs


def happened(standing: Iterable[Effective], zone: str, happened_by: datetime | None = None) -> list[Entry]:
    """Return the happenings that count by H, in fold order, each entry with its fact and time as corrected.

    Voided entries and statements are left out. The `occurred_at` of a reported address is when it comes into force.
    """
    return in_order(_placed(standing, zone, happened_by), zone)


def _placed(standing: Iterable[Effective], zone: str, happened_by: datetime | None) -> list[Placed]:
    """Return the happenings that count by H with their places, in the order of their times and positions."""
    limit = _NO_LIMIT if happened_by is None else microseconds(happened_by)
    placed: list[Placed] = []
    for one in standing:
        entry = one.entry
        kind = type(entry.fact)
        if one.voided_by or kind in _STATEMENTS:
            continue
        if one.corrected_by:
            entry = entry._replace(fact=one.fact, occurred_at=one.occurred_at, recorded_fact=one.shown_fact)
        if kind is AddressReported:
            entry = _in_force(entry, zone)
        key = order_key(entry.occurred_at, zone)
        if key <= limit:
            placed.append((key, entry.position, entry))
    placed.sort(key=itemgetter(0, 1))
    return placed


def _in_force(entry: Entry, zone: str) -> Entry:
    """Return the entry of a reported address as it stands in the fold: when it comes into force."""
    fact = entry.fact
    if not isinstance(fact, AddressReported) or fact.effective_from is None:
        return entry
    return entry._replace(occurred_at=in_force_from(fact, entry.occurred_at, zone))
