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
from ledger.records.voids import voids_in_force
from ledger.times import When, read_back

F = TypeVar("F", bound=Fact)

_position = attrgetter("position")


class Record:
    """One child's entries, added in position order; several records when they are one person by merges.

    How facts stand is worked out when it is asked for: tens of thousands of corrections are read in a moment.
    """

    __slots__ = (
        "_corrections",
        "_given",
        "_moved",
        "_roots",
        "_standing",
        "_void",
        "_void_targets",
        "_voids_seen",
        "child",
        "entries",
        "version",
    )

    def __init__(self, child: UUID) -> None:
        self.child = child
        self.version = 0
        self.entries: list[Entry] = []
        self._standing: dict[type[Fact], list[Entry]] = {}
        """As of when it was last asked for: what `_moved` since is to be put right first."""
        self._moved: set[int] = set()
        self._corrections: dict[int, list[Entry]] = {}
        """By the position that they correct."""
        self._roots: dict[int, int] = {}
        """By the position of a correction: what it is about in the end, through corrections of corrections."""
        self._given: dict[int, dict[str, Any]] = {}
        """What corrections in force give to an original, as far as that was worked out and still holds."""
        self._void_targets: dict[int, int] = {}
        self._voids_seen = 0
        """How many voids there were when `_void` was worked out: the positions that are void."""
        self._void: frozenset[int] = frozenset()

    def add(self, entry: Entry) -> None:
        """Take in the next entry; its position is above every earlier one's."""
        self.entries.append(entry)
        self.version = entry.version
        fact = entry.fact
        if isinstance(fact, CorrectionIssued):
            self._corrections.setdefault(fact.corrects, []).append(entry)
            self._roots[entry.position] = root = self._roots.get(fact.corrects, fact.corrects)
            self._moved.add(root)
            given = self._given.get(root)
            if given is not None and root == fact.corrects:
                given.update(fact.set)  # the last one wins
            elif given is not None:
                del self._given[root]
        elif isinstance(fact, EntryVoided):
            self._void_targets[entry.position] = fact.voids
        else:
            standing = self._standing.get(type(fact))
            if standing is None:
                self._standing[type(fact)] = [entry]
            else:
                standing.append(entry)

    def of(self, fact_class: type[Fact]) -> Sequence[Entry]:
        """Return the entries of this fact that stand, as corrected, in position order."""
        return self._settled().get(fact_class, ())

    def facts(self, fact_class: type[F]) -> Iterator[F]:
        """Yield the facts of this class that stand, as corrected, in position order."""
        for entry in self._settled().get(fact_class, ()):
            yield cast(F, entry.fact)

    def each(self, fact_class: type[F]) -> Iterator[tuple[Entry, F]]:
        """Yield the entries of this fact that stand, each with its fact as corrected, in position order."""
        for entry in self._settled().get(fact_class, ()):
            yield entry, cast(F, entry.fact)

    def among(self, fact_classes: frozenset[type[Fact]]) -> list[Entry]:
        """Return the entries of these facts that stand, as corrected, in no particular order."""
        found: list[Entry] = []
        for fact_class, standing in self._settled().items():
            if fact_class in fact_classes:
                found += standing
        return found

    def standing(self) -> Iterator[Entry]:
        """Yield every entry that stands, as corrected, in no particular order."""
        for standing in self._settled().values():
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
        standing = self._settled().get(type(entry.fact), [])
        index = bisect_left(standing, position, key=_position)
        return standing[index] if index < len(standing) and standing[index].position == position else None

    def original(self, position: int) -> Entry | None:
        """Return the entry a correction of `position` is in the end about: corrections are followed back to it."""
        return self.entry_at(self._roots.get(position, position)) if self.entry_at(position) is not None else None

    def amendments(self, position: int) -> Mapping[str, Any]:
        """Return the members that corrections in force give to the original entry at `position`.

        A correction of a correction amends that one in place; then the later position wins, member by member.
        """
        self._see_voids()
        found = self._given.get(position)
        if found is None:
            found = self._given[position] = self._worked_out(position)
        return found

    def _worked_out(self, position: int) -> dict[str, Any]:
        below: list[Entry] = []
        open_positions = [position]
        while open_positions:
            corrections = self._corrections.get(open_positions.pop(), [])
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
        for correction in self._corrections.get(position, ()):
            if correction.position not in self._void:
                members.update(given[correction.position])
        return members

    def _settled(self) -> dict[type[Fact], list[Entry]]:
        """Return how facts stand, by their class."""
        if self._voids_seen != len(self._void_targets):
            self._see_voids()
        if self._moved:
            moved, self._moved = self._moved, set()
            for position in moved:
                self._restand(position)
        return self._standing

    def _see_voids(self) -> None:
        """Work out which positions are void; two voids of one need two undoings."""
        if self._voids_seen == len(self._void_targets):
            return
        self._voids_seen = len(self._void_targets)
        before, self._void = self._void, frozenset(voids_in_force(self._void_targets.items()))
        for position in before ^ self._void:
            root = self._roots.get(position, position)
            self._given.pop(root, None)
            self._moved.add(root)

    def _restand(self, position: int) -> None:
        """Put right whether and how the original entry at `position` stands."""
        entry = self.entry_at(position)
        if entry is None or isinstance(entry.fact, EntryVoided):
            return  # of a record that is not one person with this one; or the words of a void, which move nothing
        standing = self._standing[type(entry.fact)]
        index = bisect_left(standing, position, key=_position)
        stood = index < len(standing) and standing[index].position == position
        if position in self._void:
            del standing[index : index + stood]
        else:
            standing[index : index + stood] = [corrected(entry, self.amendments(position))]


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
