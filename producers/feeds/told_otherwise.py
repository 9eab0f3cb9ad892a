"""What of blocked records was told in another way: left out of the feeds, or told without some members."""

from collections.abc import Iterable, Mapping, Set
from typing import Final, NamedTuple
from uuid import UUID

from ledger.sharing.batches import Trigger
from ledger.store.deferring import Decision


class Exceptions(NamedTuple):
    """Of some records: what was left out, and by position the members that were not told."""

    left_out: Set[Trigger]
    without: Mapping[int, frozenset[str]]


NO_EXCEPTIONS: Final = Exceptions(frozenset(), {})


class ToldOtherwise:
    """By record; there are few."""

    def __init__(self, decisions: Iterable[Decision] = ()) -> None:
        self._of: dict[UUID, Exceptions] = {}
        for one in decisions:
            self.note(one.child, one.trigger, left_out=one.left_out, without=one.without)

    def __contains__(self, child: UUID) -> bool:
        return child in self._of

    def __bool__(self) -> bool:
        return bool(self._of)

    def note(self, child: UUID, trigger: Trigger, *, left_out: bool, without: frozenset[str]) -> None:
        """Take in what became of something that waited, where it is an exception."""
        if left_out or without:
            before = self._of.get(child, NO_EXCEPTIONS)
            self._of[child] = Exceptions(
                before.left_out | {trigger} if left_out else before.left_out,
                {**before.without, trigger[1]: without} if without else before.without,
            )

    def of(self, records: Iterable[UUID]) -> Exceptions:
        """Return the exceptions of these records together."""
        if not self._of:
            return NO_EXCEPTIONS
        found = [self._of[record] for record in records if record in self._of]
        return Exceptions(
            frozenset[Trigger]().union(*(one.left_out for one in found)),
            {position: members for one in found for position, members in one.without.items()},
        )
