"""Records that are blocked in the feeds: one of their entries cannot be told, so it and all later ones wait.

A record is blocked together with all that merge statements ever joined to it, since one may have a say in whom the
entries of another are told to. What waits is told in order of position once it can be: after a start (an upgrade may
have mended it), when somebody asks, and when an entry of such a record is corrected or voided. What is voided and
still cannot be told is left out for good.
"""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence, Set
from typing import Final, NamedTuple
from uuid import UUID

from psycopg import Connection
from psycopg.rows import DictRow

from ledger import deferring
from ledger.entry import Entry, read_entry
from ledger.facts import EntryVoided
from ledger.faults import is_of_the_message, place_of
from ledger.following import EntryMessage
from ledger.looking_back import linked, payload_of, rows_of
from ledger.publication import Trigger
from ledger.speaking import speaks_of
from ledger.streams import STREAMS
from ledger.telling import Rulebook, Telling, Told
from ledger.voids import standing_voids
from producers.feed_folds import fold_of

_NO_POSITIONS: Final[frozenset[int]] = frozenset()
_NOTHING: Final[frozenset[Trigger]] = frozenset()


class Step(NamedTuple):
    """One thing that was put off and waits no more: what it is told as; None: it is left out."""

    trigger: Trigger
    told: Sequence[Told] | None


class Tried(NamedTuple):
    """What trying joined records again came to: the steps taken, and why what is left waits on."""

    records: frozenset[UUID]
    steps: Sequence[Step]
    reason: str | None


class Blocking:
    """The records blocked now, which of them are to be tried again, and what was left out for good."""

    def __init__(self, connection: Connection[DictRow]) -> None:
        self._connection = connection
        self.records = deferring.blocked(connection)
        self.due: dict[UUID, None] = dict.fromkeys(self.records)
        """Blocked records that are to be tried again."""
        self.left_out: dict[UUID, set[Trigger]] = {}
        """By record."""
        self._reasons: dict[UUID, str] = {}
        """Why records are blocked that no batch says of yet."""
        for one in deferring.decisions(connection):
            if one.left_out:
                self.left_out.setdefault(one.child, set()).add(one.trigger)

    def held(self, children: Collection[UUID]) -> Set[UUID]:
        """Return which of these records are blocked, by themselves or through one they were ever joined to."""
        if not self.records:
            return frozenset()
        with self._connection.cursor() as cursor:
            joined = linked(cursor, children)
        return {child for child in children if not self.records.isdisjoint(joined.get(child, (child,)))}

    def waiting(self, messages: Iterable[EntryMessage]) -> Set[int]:
        """Return the positions of these entries that wait; corrections and voids among them call for another try."""
        if not self.records:
            return _NO_POSITIONS
        messages = list(messages)
        held = self.held({message.child for message in messages if message.child not in STREAMS})
        waiting = {message.position for message in messages if message.child in held}
        for message in messages:
            if message.position in waiting and speaks_of(message) is not None:
                self.due[message.child] = None
        return waiting

    def block(self, child: UUID, position: int, error: Exception) -> None:
        """Have a record wait from an entry on that cannot be told."""
        self.records.add(child)
        self._reasons[child] = reason_of(position, error)

    def newly_blocked(self, waiting: Iterable[UUID]) -> dict[UUID, str]:
        """Return why records are blocked since the last batch; those of `waiting` that only wait for another too."""
        reasons, self._reasons = self._reasons, {}
        for child in waiting:
            if child not in self.records:
                self.records.add(child)
                reasons[child] = "a record that it is or was joined to is blocked"
        return reasons

    def take_due(self, most: int) -> list[frozenset[UUID]]:
        """Return the next records to be tried again, each with all that are joined to it."""
        groups: list[frozenset[UUID]] = []
        while self.due and len(groups) < most:
            child = next(iter(self.due))
            with self._connection.cursor() as cursor:
                group = linked(cursor, (child,)).get(child, frozenset((child,)))
            for record in group:
                self.due.pop(record, None)
            if not self.records.isdisjoint(group):
                groups.append(group)
        return groups

    def try_again(
        self,
        records: frozenset[UUID],
        up_to: int,
        rulebook: Rulebook,
        check: Callable[[Sequence[Told]], None],
    ) -> Tried:
        """Tell what waits of these records, in order, as far as it can be told; nothing is kept yet."""
        with self._connection.cursor() as cursor:
            waiting = deferring.pending(cursor, records)
            rows = rows_of(cursor, records, up_to)
        trying = _Trying(rows, rulebook, check, self._without(records))
        return Tried(records, *trying.run(waiting, up_to))

    def resumed(self, tried: Tried) -> None:
        """Go on behind what was told; what was told is kept by now."""
        for (trigger, position), told in tried.steps:
            if told is None:
                for record in tried.records:
                    self.left_out.setdefault(record, set()).add((trigger, position))
        with self._connection.cursor() as cursor:
            if not deferring.pending(cursor, tried.records):
                self.records -= tried.records

    def _without(self, records: Iterable[UUID]) -> frozenset[Trigger]:
        return _NOTHING.union(*(self.left_out.get(record, ()) for record in records)) if self.left_out else _NOTHING


class _Trying:
    """One try: the fold of what was told so far, and one step after the other."""

    def __init__(
        self,
        rows: Sequence[DictRow],
        rulebook: Rulebook,
        check: Callable[[Sequence[Told]], None],
        without: frozenset[Trigger],
    ) -> None:
        self._rows = rows
        self._by_position: Mapping[int, DictRow] = {row["notification_id"]: row for row in rows}
        self._rulebook = rulebook
        self._adopted = {one.position: one for one in rulebook.adopted}
        self._check = check
        self._without = set(without)
        self._voided: Set[int] | None = None

    def run(self, waiting: Sequence[Trigger], up_to: int) -> tuple[list[Step], str | None]:
        steps: list[Step] = []
        fold: Telling | None = None
        for number, trigger in enumerate(waiting):
            position = trigger[1]
            if trigger[0] > up_to:
                return steps, f"entry {position} waits for the set adopted at position {trigger[0]} to be in force"
            if (position, position) in self._without:
                self._without.add(trigger)
                steps.append(Step(trigger, None))
                continue
            try:
                if fold is None:
                    fold = fold_of(
                        self._rows, self._rulebook, without=self._without, pending=frozenset(waiting[number:])
                    )
            except Exception as error:
                if not is_of_the_message(error):
                    raise
                return steps, f"what was told before entry {position} cannot be read back: {place_of(error)}"
            try:
                told = self._take(fold, trigger)
                self._check(told)
            except Exception as error:
                if not is_of_the_message(error):
                    raise
                fold = None  # it may have taken in half of it
                if position not in self._voids():
                    return steps, reason_of(position, error)
                self._without.add(trigger)
                steps.append(Step(trigger, None))
            else:
                steps.append(Step(trigger, told))
        return steps, None

    def _take(self, fold: Telling, trigger: Trigger) -> Sequence[Told]:
        adopted, position = trigger
        if adopted != position:
            return fold.backfill_entry(position, self._adopted[adopted], self._rulebook)
        entry = read_entry(payload_of(self._by_position[position]))
        return fold.take(entry, self._rulebook.at(entry))

    def _voids(self) -> Set[int]:
        """Return the positions that are void, by all that is recorded of these records so far and can be read."""
        if self._voided is None:
            readable: list[Entry] = []
            for row in self._rows:
                if row["topic"] == EntryVoided.wire:
                    try:
                        readable.append(read_entry(payload_of(row)))
                    except Exception as error:
                        if not is_of_the_message(error):
                            raise
            self._voided = standing_voids(readable).keys()
        return self._voided


def reason_of(position: int, error: BaseException) -> str:
    """Return what is kept of why an entry blocks its record: which, the kind of the error, and where in our code."""
    return f"entry {position} cannot be told: {place_of(error)}"
