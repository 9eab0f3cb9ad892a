"""What one side holds of a child while time goes on: its known set at K, folded with H = K (knowledge: view).

At every K the regions are those that the whole known set gives, folded from nothing. They are only worked out where
something came to be known or happened: entries that statements join are taken together, all others one by one, and a
happening that belongs at the end is applied there. So a long record costs what changes in it, not its square.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Final, NamedTuple
from uuid import UUID

from ledger.entry import Entry
from ledger.facts import STATEMENTS, CorrectionIssued, Fact, IdentityMerged, IdentityUnmerged
from ledger.times import UNKNOWN_KEY, from_microseconds, microseconds, order_key
from projections.fold.amended import Effective
from projections.fold.folding import Folding, happened
from projections.fold.joined import joined
from projections.fold.regions import Regions
from projections.knowledge.moments import ACKNOWLEDGED, Basis, Moment, Moments, Seen, known_set
from projections.knowledge.viewpoint import about_person, one_person, standing

_STATEMENTS: Final[frozenset[type[Fact]]] = frozenset(STATEMENTS)
_OF_IDENTITY: Final = (IdentityMerged, IdentityUnmerged)
_Placed = dict[int, tuple[int, Effective]]
"""By position: where in the order of happenings an entry stands, and how; voided ones are not in it."""


class Change(NamedTuple):
    """What a step in time brought: what was known before of each entry now known better, and what now happened."""

    learned: Mapping[int, Seen | None]
    happened: Sequence[int]


NO_CHANGE: Final = Change({}, ())


def ledger_moments(entries: Iterable[Entry]) -> dict[int, list[Moment]]:
    """Return the moments of the ledger itself: it has an entry, in full and proven, from its `recorded_at` on."""
    return {
        entry.position: [
            Moment(
                entry.producer.agency,
                ACKNOWLEDGED,
                None,
                entry.recorded_at,
                None,
                "produced",
                None,
                entry.position,
                None,
            )
        ]
        for entry in entries
    }


class History:
    """What an agency, a group or the ledger holds of one child, at a K that only moves forward."""

    def __init__(
        self, child: UUID, entries: Sequence[Entry], moments: Moments, *, zone: str, basis: Basis, at_least: int
    ) -> None:
        self._child = child
        self._moments = moments
        self._zone = zone
        self._basis = basis
        self._at_least = at_least
        self._joined = joined(entries)
        self._identity = {
            entry.position
            for entry in entries
            if any(isinstance(one.fact, _OF_IDENTITY) for one in self._joined[entry.position])
        }
        self._coming = sorted({(at, entry.position) for entry in entries for at in self._times(entry)}, reverse=True)
        self._group = frozenset((child,))
        self._counting: _Placed = {}
        self._pending: _Placed = {}
        self._folding = Folding(zone)
        self._limit = UNKNOWN_KEY
        self.seen: dict[int, Seen] = {}
        """By position: what is known, of the records of others too that a merge may join to this one."""

    def _times(self, entry: Entry) -> Iterable[datetime]:
        for moment in self._moments.get(entry.position, ()):
            at = moment.time(self._basis)
            if at is not None and moment.grade >= self._at_least:
                yield at

    def next_change(self) -> datetime | None:
        """Return the next K at which anything may be held otherwise, if there is one."""
        known = self._coming[-1][0] if self._coming else None
        if not self._pending:
            return known
        happens = from_microseconds(min(key for key, _ in self._pending.values()))
        return happens if known is None or happens < known else known

    def move_to(self, at: datetime) -> Change:
        """Go on to K = `at` and return what that brought; `at` is never earlier than before."""
        self._limit = microseconds(at)
        learned = self._learn(at)
        fresh: list[tuple[int, int, Effective]] = []
        whole = False
        if learned:
            if not self._identity.isdisjoint(learned):
                whole = self._regroup()
            if not whole:
                whole = self._place(learned)
        for position, (key, one) in list(self._pending.items()):
            if key <= self._limit:
                self._counting[position] = self._pending.pop(position)
                fresh.append((key, position, one))
        fresh.sort(key=lambda each: each[:2])
        # what is corrected is never extended by: its correction stands at a later position, and calls for a new fold
        if whole or not all(self._folding.extend(one.entry) for _, _, one in fresh):
            self._folding = self._folded(self._counting)
        if not learned and not fresh:
            return NO_CHANGE
        return Change(learned, [position for _, position, _ in fresh if position not in learned])

    def _learn(self, at: datetime) -> dict[int, Seen | None]:
        positions = set()
        while self._coming and self._coming[-1][0] <= at:
            positions.add(self._coming.pop()[1])
        learned: dict[int, Seen | None] = {}
        entries = (one for position in positions for one in self._joined[position] if one.position == position)
        for one in self._known(entries, at):
            position = one.entry.position
            before = self.seen.get(position)
            if before is None or before.members != one.members:
                learned[position] = before
                self.seen[position] = one
        return learned

    def _known(self, entries: Iterable[Entry], at: datetime) -> list[Seen]:
        return known_set(list(entries), self._moments, known_at=at, basis=self._basis, at_least=self._at_least)

    def _regroup(self) -> bool:
        """Find anew which records are one person; where that is another answer, place everything anew."""
        group = self._person(self.seen)
        if group == self._group:
            return False
        self._group = group
        self._counting, self._pending = {}, self._placed(self.seen.values(), group)
        return True

    def _person(self, seen: Mapping[int, Seen]) -> frozenset[UUID]:
        return one_person(self._child, [seen[position] for position in sorted(self._identity) if position in seen])

    def _place(self, learned: Iterable[int]) -> bool:
        """Place what was learned, and what it is joined to; say whether the fold must begin anew for it."""
        again = False
        for position in learned:
            together = self._joined[position]
            for entry in together:
                again |= self._counting.pop(entry.position, None) is not None
                self._pending.pop(entry.position, None)
            known = [self.seen[entry.position] for entry in together if entry.position in self.seen]
            self._pending |= self._placed(known, self._group)
        return again

    def _placed(self, seen: Iterable[Seen], group: frozenset[UUID]) -> _Placed:
        """Return what of a known set takes part in the fold; a correction at the very beginning, as it always acts."""
        placed: _Placed = {}
        ordered = sorted(seen, key=lambda one: one.entry.position)
        for shown in standing(about_person(ordered, group)):
            one = shown.one
            if type(one.fact) is CorrectionIssued:
                if not one.voided_by:
                    placed[one.entry.position] = UNKNOWN_KEY, one
            elif shown.moves:
                for entry in happened([one], self._zone):
                    placed[entry.position] = order_key(entry.occurred_at, self._zone), one
        return placed

    def _folded(self, counting: _Placed) -> Folding:
        return Folding.of_standing([counting[position][1] for position in sorted(counting)], self._zone)

    def regions(self) -> Regions | None:
        """Return the state held; None where nothing at all is known of the child."""
        return self._folding.regions() if _any_of(self.seen, self._group) else None

    def regions_if(self, changes: Mapping[int, Seen | None]) -> Regions | None:
        """Return the state it would hold now if it knew so much of these entries (None: nothing)."""
        supposed: dict[int, Seen] = {}
        for position, one in {**self.seen, **changes}.items():
            if one is not None:
                supposed[position] = one
        group = self._group if self._identity.isdisjoint(changes) else self._person(supposed)
        if group != self._group:
            placed = self._placed(supposed.values(), group)
        else:
            anew = {entry.position for position in changes for entry in self._joined[position]}
            placed = {position: each for position, each in self._counting.items() if position not in anew}
            placed |= self._placed((supposed[position] for position in anew if position in supposed), group)
        if not _any_of(supposed, group):
            return None
        return self._folded({at: each for at, each in placed.items() if each[0] <= self._limit}).regions()

    def is_of_child(self, position: int) -> bool:
        """Say whether an entry that it knows is one of this child's, by the merges that it knows of."""
        return self.seen[position].entry.child in self._group

    def joined_to(self, position: int) -> tuple[Entry, ...]:
        """Return the entries that statements join to this one, itself too."""
        return self._joined[position]

    def place(self, position: int) -> int | None:
        """Return where an entry that it knows stands among what counts now; None for one void or yet to happen.

        Statements come last: they act on all that happened.
        """
        if type(self.seen[position].entry.fact) in _STATEMENTS:
            return self._limit
        counts = self._counting.get(position)
        return None if counts is None else counts[0]

    def moment(self, position: int, at: datetime) -> Moment | None:
        """Return the moment by which it came to know an entry just then, of several the highest in grade."""
        just_then = (
            moment
            for moment in self._moments.get(position, ())
            if moment.grade >= self._at_least and moment.time(self._basis) == at
        )
        return min(just_then, key=lambda moment: (-moment.grade, moment.position or 0), default=None)


def _any_of(seen: Mapping[int, Seen], group: frozenset[UUID]) -> bool:
    return any(one.entry.child in group for one in seen.values())
