"""The record of a child as decisions need it: its entries in order, and every fact as it stands now.

A fact stands as corrected by the corrections in force, and does not stand while a void of it is in force
(knowledge: Corrections, voids, identity).
"""

from bisect import bisect_left
from collections.abc import Iterator, Mapping, Sequence
from operator import attrgetter
from typing import Any, TypeVar, cast
from uuid import UUID

from ledger.entry import Entry
from ledger.facts import BY_WIRE, AnyFact, CorrectionIssued, EntryVoided, Fact, current
from ledger.facts.vocabulary import STORED
from ledger.times import When, read_back

F = TypeVar("F", bound=Fact)

_position = attrgetter("position")


class Record:
    """One child's entries, added in position order; several records when they are one person by merges."""

    __slots__ = ("_amendments", "_standing", "_void_targets", "_voids", "child", "entries", "version")

    def __init__(self, child: UUID) -> None:
        self.child = child
        self.version = 0
        self.entries: list[Entry] = []
        self._standing: dict[type[Fact], list[Entry]] = {}
        self._amendments: dict[int, list[Entry]] = {}
        self._void_targets: dict[int, int] = {}
        self._voids: dict[int, int] = {}
        """How many voids in force each position has; void and undoing are counted, so two need two undoings."""

    def add(self, entry: Entry) -> None:
        """Take in the next entry; its position is above every earlier one's."""
        self.entries.append(entry)
        self.version = entry.version
        fact = entry.fact
        if isinstance(fact, CorrectionIssued):
            self._amendments.setdefault(fact.corrects, []).append(entry)
            self._restand(fact.corrects)
        elif isinstance(fact, EntryVoided):
            self._void_targets[entry.position] = fact.voids
            self._count_void(fact.voids, 1)
        else:
            standing = self._standing.get(type(fact))
            if standing is None:
                self._standing[type(fact)] = [entry]
            else:
                standing.append(entry)

    def of(self, fact_class: type[Fact]) -> Sequence[Entry]:
        """Return the entries of this fact that stand, as corrected, in position order."""
        return self._standing.get(fact_class, ())

    def facts(self, fact_class: type[F]) -> Iterator[F]:
        """Yield the facts of this class that stand, as corrected, in position order."""
        for entry in self._standing.get(fact_class, ()):
            yield cast(F, entry.fact)

    def each(self, fact_class: type[F]) -> Iterator[tuple[Entry, F]]:
        """Yield the entries of this fact that stand, each with its fact as corrected, in position order."""
        for entry in self._standing.get(fact_class, ()):
            yield entry, cast(F, entry.fact)

    def among(self, fact_classes: frozenset[type[Fact]]) -> list[Entry]:
        """Return the entries of these facts that stand, as corrected, in no particular order."""
        found: list[Entry] = []
        for fact_class, standing in self._standing.items():
            if fact_class in fact_classes:
                found += standing
        return found

    def standing(self) -> Iterator[Entry]:
        """Yield every entry that stands, as corrected, in no particular order."""
        for standing in self._standing.values():
            yield from standing

    def has_any(self, fact_classes: frozenset[type[Fact]]) -> bool:
        """Return whether an entry of one of these facts was ever added; corrections and voids are not looked for."""
        return not fact_classes.isdisjoint(self._standing)

    def entry_at(self, position: int) -> Entry | None:
        """Return the entry as recorded at this position, if it is one of this record's."""
        index = bisect_left(self.entries, position, key=_position)
        if index < len(self.entries) and self.entries[index].position == position:
            return self.entries[index]
        return None

    def standing_at(self, position: int) -> Entry | None:
        """Return the entry at this position as corrected; None: it does not stand, or is none of this record's."""
        entry = self.entry_at(position)
        if entry is None:
            return None
        standing = self._standing.get(type(entry.fact), [])
        index = bisect_left(standing, position, key=_position)
        return standing[index] if index < len(standing) and standing[index].position == position else None

    def original(self, position: int) -> Entry | None:
        """Return the entry a correction of `position` is in the end about: corrections are followed back to it."""
        entry = self.entry_at(position)
        while entry is not None and isinstance(entry.fact, CorrectionIssued):
            entry = self.entry_at(entry.fact.corrects)
        return entry

    def amendments(self, position: int) -> dict[str, Any]:
        """Return the members that corrections in force give to the original entry at `position`.

        A correction of a correction amends that one in place; then the later position wins, member by member.
        """
        below: list[Entry] = []
        open_positions = [position]
        while open_positions:
            corrections = self._amendments.get(open_positions.pop(), [])
            below += corrections
            open_positions += [correction.position for correction in corrections]
        below.sort(key=_position, reverse=True)
        given: dict[int, dict[str, Any]] = {}
        for correction in below:  # what amends a correction stands behind it, so it is worked out by now
            given[correction.position] = self._overlaid(
                correction.position, given, cast(CorrectionIssued, correction.fact).set
            )
        return self._overlaid(position, given, {})

    def _overlaid(self, position: int, given: Mapping[int, dict[str, Any]], own: Mapping[str, Any]) -> dict[str, Any]:
        members = dict(own)
        for correction in self._amendments.get(position, ()):
            if not self._voids.get(correction.position):
                members.update(given[correction.position])
        return members

    def _restand(self, position: int) -> None:
        """Work out anew whether and how the entry stands that `position`, or what it corrects, is about."""
        entry = self.original(position)
        if entry is None or isinstance(entry.fact, EntryVoided):
            return  # of a record that is not one person with this one; or the words of a void, which move nothing
        standing = self._standing[type(entry.fact)]
        index = bisect_left(standing, entry.position, key=_position)
        stood = index < len(standing) and standing[index].position == entry.position
        if self._voids.get(entry.position):
            del standing[index : index + stood]
        else:
            standing[index : index + stood] = [corrected(entry, self.amendments(entry.position))]

    def _count_void(self, position: int, step: int) -> None:
        """Count a void of `position` that came into force (1) or left it (-1), down the chain of voids of voids."""
        while True:
            count = self._voids.get(position, 0) + step
            self._voids[position] = count
            if count != (1 if step == 1 else 0):
                return  # it was voided already, or another void still holds
            target = self._void_targets.get(position)
            if target is None:
                self._restand(position)
                return
            position, step = target, -step


def with_members(recorded: Mapping[str, Any], given: Mapping[str, Any]) -> dict[str, Any]:
    """Return the JSON of a fact with `given` members in place; an optional member that is null is as if not there."""
    members = {**recorded, **given}
    members.pop("occurred_at", None)
    return members


def corrected(entry: Entry, given: Mapping[str, Any]) -> Entry:
    """Return `entry` with `given` members (and `occurred_at`) in place; they were found valid when recorded."""
    if not given:
        return entry
    occurred_at: When | None = entry.occurred_at
    if "occurred_at" in given:
        occurred_at = None if given["occurred_at"] is None else read_back(given["occurred_at"])
    fact = current(BY_WIRE[entry.type].model_validate(with_members(entry.recorded_fact, given), context=STORED))
    return entry._replace(fact=cast(AnyFact, fact), occurred_at=occurred_at)
