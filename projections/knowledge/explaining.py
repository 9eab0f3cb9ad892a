"""Why two sides held different values of a member, and what closed the gap: worked out by supposing, not by guessing.

An entry explains a difference when the side that lacked it, given it and nothing else, would have held the same
value as the other side. This is tried, with the same fold that gives the views.
"""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Final, Literal, NamedTuple

from ledger.entry import Entry
from ledger.times import UNKNOWN_KEY
from projections.knowledge.history import Change, History
from projections.knowledge.members import Cases, Member, Values, bears_on, differ, joins_records, value_of, values
from projections.knowledge.moments import Members, Moment, Seen, names

MOST_TRIED: Final = 100
"""Single entries tried for one difference: each costs a fold, and what decides happened among the last."""

Side = Literal["A", "B"]
_BOTH: Final[tuple[tuple[Side, Side], ...]] = (("A", "B"), ("B", "A"))
"""Each side, and the other one."""


class Lacked(NamedTuple):
    """An entry of which `side` did not know what the other one did; `members` of its fact, None: all of it."""

    side: Side
    entry: Entry
    members: Members


class Closing(NamedTuple):
    """What made the values equal: a moment of knowledge of `side` for the entry `of`; without one, what happened."""

    at: datetime
    side: Side | None
    moment: Moment | None
    of: int | None


class Explanation(NamedTuple):
    """The entries of a difference; `alone` says that they alone would have made the values equal."""

    lacked: tuple[Lacked, ...]
    alone: bool


class Pair:
    """Two sides at one K, and what each would hold if it knew more; each supposition is worked out once."""

    def __init__(self, a: History, b: History, changes: tuple[Change, Change], cases: Cases) -> None:
        self._sides: dict[Side, History] = {"A": a, "B": b}
        self._changes: dict[Side, Change] = {"A": changes[0], "B": changes[1]}
        self._cases = cases
        self.held: dict[Side, Values | None] = {side: values(one.regions(), cases) for side, one in self._sides.items()}
        self._supposed: dict[tuple[Side, frozenset[int]], Values | None] = {}
        self._lacked: list[Lacked] | None = None

    def explain(self, member: Member) -> Explanation:
        """Return the entries that one side lacked and that make up the difference in this member at this K.

        First single entries, in this order: statements and merges, last stated first; then happenings, last happened
        first. The first one that alone makes the member equal is the answer: so of a child absent twice the second
        absence is named, not the first. At most `MOST_TRIED` are tried. If none does, one entry with all that is
        lacked of the corrections and voids joined to it, and of the merges of records. If none does, all entries that
        bear on the member of which one side lacks something. What the other side holds to be void, or yet to happen,
        is not lacked, but by a side that knows nothing of the child.
        """
        lacked = [one for one in self._lacked_entries() if self._bears(one, member)]
        for one in lacked[:MOST_TRIED]:
            if self._equal_with(member, one.side, [one]):
                return Explanation((one,), True)
        for one in lacked[:MOST_TRIED]:
            together = self._with_statements(one)
            if len(together) > 1 and self._equal_with(member, one.side, together):
                return Explanation(tuple(together), True)
        for side in self._sides:
            whole = [one for one in lacked if one.side == side]
            if whole and self._equal_with(member, side, whole):
                return Explanation(_in_order(whole), True)
        return Explanation(_in_order(lacked or self._lacked_entries()), False)

    def _lacked_entries(self) -> list[Lacked]:
        """Return what each side lacks of what the other knows and what counts there, in the order of `explain`."""
        if self._lacked is None:
            found: list[tuple[int, int, Lacked]] = []
            for side, other in _BOTH:
                mine, theirs = self._sides[side], self._sides[other]
                for position, seen in theirs.seen.items():
                    known = mine.seen.get(position)
                    place = theirs.place(position)
                    if place is None and self.held[side] is None and theirs.is_of_child(position):
                        place = UNKNOWN_KEY  # to know of a thing to come is to know of the child
                    if place is None:
                        continue
                    missing, members = _missing(known, seen)
                    if missing:
                        found.append((place, position, Lacked(side, seen.entry, members)))
            found.sort(key=lambda each: each[:2], reverse=True)
            self._lacked = [each[2] for each in found]
        return self._lacked

    def _bears(self, one: Lacked, member: Member) -> bool:
        """Who knows nothing of the child lacks every entry that would tell it of her."""
        return self.held[one.side] is None or self._can_move(member, one.side, one.entry.position)

    def _with_statements(self, one: Lacked) -> list[Lacked]:
        joined = {entry.position for entry in self._sides[one.side].joined_to(one.entry.position)}
        return sorted(
            (
                other
                for other in self._lacked_entries()
                if other.side == one.side
                and (
                    other.entry.position in joined
                    or joins_records(self._sides[one.side].joined_to(other.entry.position))
                )
            ),
            key=lambda other: other.entry.position,
        )

    def _equal_with(self, member: Member, side: Side, given: Iterable[Lacked]) -> bool:
        """Say whether the values are equal once `side` knows what the other one does of these entries."""
        other: Side = "B" if side == "A" else "A"
        theirs = self._sides[other].seen
        changes = {one.entry.position: self._more(side, theirs[one.entry.position]) for one in given}
        key = side, frozenset(changes)
        if key not in self._supposed:
            self._supposed[key] = values(self._sides[side].regions_if(changes), self._cases)
        return not differ(value_of(self._supposed[key], member), value_of(self.held[other], member))

    def _more(self, side: Side, seen: Seen) -> Seen:
        known = self._sides[side].seen.get(seen.entry.position)
        if known is None or known.members is None:
            return known or seen
        return seen._replace(members=None if seen.members is None else seen.members | known.members)

    def close(self, member: Member, lacked: Iterable[Lacked], at: datetime) -> Closing:
        """Return what made the values of this member equal at `at`.

        If the side that lacked an entry came to know it then, that moment (of several entries the one that happened
        last). Else the moment of the entry that came to be known then and without all others known then would have
        made the values equal, first on the side that lacked something. Else the last of what came to be known and
        bears on the member. If nothing did, what bears on it and happened, or came into force, then: nobody had to be
        told. A side that knew nothing of the child may also have learned of her by what bears on no member.
        """
        lacking = list(lacked)
        first: list[Side] = [side for side in self._sides if any(one.side == side for one in lacking)]
        sides = first + [side for side in self._sides if side not in first]
        for side in sides:
            known = {one.entry.position for one in lacking if one.side == side}
            for position in self._learned(side, member):
                if position in known:
                    return self._closed_by(side, position, at)
        for side in sides:
            learned = self._learned(side, member)
            for position in learned[:MOST_TRIED]:
                if len(learned) > 1 and self._closes_alone(member, side, position):
                    return self._closed_by(side, position, at)
        for side in sides:
            for position in self._learned(side, member):
                return self._closed_by(side, position, at)
        happened = {p for side in sides for p in self._changes[side].happened if self._can_move(member, side, p)}
        if not happened:
            for side in sides:
                for position in self._changes[side].learned:
                    return self._closed_by(side, position, at)
        return Closing(at, None, None, min(happened, default=None))

    def _learned(self, side: Side, member: Member) -> list[int]:
        """Return what bears on a member and came to be known at this K, last happened first."""
        holding = self._sides[side]
        return sorted(
            (p for p in self._changes[side].learned if self._can_move(member, side, p)),
            key=lambda position: (holding.place(position) or 0, position),
            reverse=True,
        )

    def _can_move(self, member: Member, side: Side, position: int) -> bool:
        return bears_on(member.name, self._sides[side].joined_to(position))

    def _closes_alone(self, member: Member, side: Side, position: int) -> bool:
        before: Mapping[int, Seen | None] = {
            other: seen for other, seen in self._changes[side].learned.items() if other != position
        }
        held = values(self._sides[side].regions_if(before), self._cases)
        return not differ(value_of(held, member), value_of(self.held["B" if side == "A" else "A"], member))

    def _closed_by(self, side: Side, position: int, at: datetime) -> Closing:
        return Closing(at, side, self._sides[side].moment(position, at), position)


def _missing(known: Seen | None, seen: Seen) -> tuple[bool, Members]:
    """Return whether `known` lacks anything of what the other side has seen of an entry, and which members."""
    if known is None:
        return True, seen.members
    if known.members is None:
        return False, None
    members = (frozenset(names(seen.entry)) if seen.members is None else seen.members) - known.members
    return bool(members), members


def _in_order(lacked: Iterable[Lacked]) -> tuple[Lacked, ...]:
    return tuple(sorted(lacked, key=lambda one: (one.entry.position, one.side)))
