"""Records that are blocked in the feeds: one of their entries cannot be told, so it and all later ones wait.

A record is blocked together with all that merge statements ever joined to it, since one may have a say in whom the
entries of another are told to. What waits is told in order of position once it can be: after a start (an upgrade may
have mended it), when somebody asks, and when an entry of such a record is corrected or voided. What is voided and
still cannot be told is left out for good; what is corrected and still cannot is told without the members that the
corrections set, which are told with these.
"""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence, Set
from functools import cached_property
from typing import Final, NamedTuple
from uuid import UUID

import orjson
from psycopg import Connection
from psycopg.rows import DictRow

from ledger.entry import Entry, read_entry
from ledger.facts import CorrectionIssued, EntryVoided
from ledger.kafka.entries import EntryMessage
from ledger.kafka.speaking import speaks_of
from ledger.records.voids import standing_voids
from ledger.roles.faults import is_of_the_message, place_of
from ledger.sharing.batches import Trigger
from ledger.sharing.feed_fold import SharingRulebook, Telling, ToldItem
from ledger.sharing.rule_sets import FOLLOWING
from ledger.store import deferring
from ledger.store.queries import linked, payload_of, rows_of
from ledger.streams import STREAMS
from producers.feeds.folds import fold_of
from producers.feeds.told_otherwise import Exceptions, ToldOtherwise

_NO_POSITIONS: Final[frozenset[int]] = frozenset()
_NO_MEMBERS: Final[frozenset[str]] = frozenset()
_STATEMENTS: Final = frozenset(fact.wire for fact in FOLLOWING)


class Unblocked(NamedTuple):
    """One thing that was put off and waits no more: what it is told as (None: left out), and without which members."""

    trigger: Trigger
    told: Sequence[ToldItem] | None
    without: frozenset[str] = _NO_MEMBERS


class Tried(NamedTuple):
    """What trying joined records again came to: the steps taken, and why what is left waits on."""

    records: frozenset[UUID]
    steps: Sequence[Unblocked]
    reason: str | None


class Blocking:
    """The records blocked now, which of them are to be tried again, and what was left out for good."""

    def __init__(self, connection: Connection[DictRow]) -> None:
        self._connection = connection
        self.records = deferring.blocked(connection)
        self.due: dict[UUID, None] = dict.fromkeys(self.records)
        """Blocked records that are to be tried again."""
        self.told_otherwise = ToldOtherwise(deferring.decisions(connection))
        self._reasons: dict[UUID, str] = {}
        """Why records are blocked that no batch says of yet."""

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
        rulebook: SharingRulebook,
        check: Callable[[Sequence[ToldItem]], None],
    ) -> Tried:
        """Tell what waits of these records, in order, as far as it can be told; nothing is kept yet."""
        with self._connection.cursor() as cursor:
            waiting = deferring.pending(cursor, records)
            rows = rows_of(cursor, records, up_to)
        trying = _Trying(rows, rulebook, check, self.told_otherwise.of(records))
        return Tried(records, *trying.run(waiting, up_to))

    def resumed(self, tried: Tried) -> None:
        """Go on behind what was told; what was told is kept by now."""
        for trigger, told, without in tried.steps:
            for record in tried.records:
                self.told_otherwise.note(record, trigger, left_out=told is None, without=without)
        with self._connection.cursor() as cursor:
            if not deferring.pending(cursor, tried.records):
                self.records -= tried.records


class _Trying:
    """One try: the fold of what was told so far, and one step after the other."""

    def __init__(
        self,
        rows: Sequence[DictRow],
        rulebook: SharingRulebook,
        check: Callable[[Sequence[ToldItem]], None],
        exceptions: Exceptions,
    ) -> None:
        self._rows = rows
        self._by_position: Mapping[int, DictRow] = {row["notification_id"]: row for row in rows}
        self._rulebook = rulebook
        self._adopted = {one.position: one for one in rulebook.adopted}
        self._check = check
        self._left_out = set(exceptions.left_out)
        self._without = dict(exceptions.without)

    def run(self, waiting: Sequence[Trigger], up_to: int) -> tuple[list[Unblocked], str | None]:
        """Take one step after the other; return them, and why what is left waits on."""
        steps: list[Unblocked] = []
        fold: Telling | None = None
        for number, trigger in enumerate(waiting):
            adopted, position = trigger
            if adopted > up_to:
                return steps, f"entry {position} waits for the set adopted at position {adopted} to be in force"
            if (position, position) in self._left_out:
                steps.append(self._leave_out(trigger))
                continue
            step: Unblocked | str = "not tried"
            while isinstance(step, str):
                try:
                    if fold is None:
                        fold = self._fold(waiting[number:])
                except Exception as error:
                    if not is_of_the_message(error):
                        raise
                    return steps, f"what was told before entry {position} cannot be read back: {place_of(error)}"
                step = self._try(fold, trigger)
                if isinstance(step, str):
                    fold = None  # it may have taken in half of it
                    if position in self._voided:
                        step = self._leave_out(trigger)
                    elif trigger != (position, position) or not self._tell_without(position):
                        return steps, step
            steps.append(step)
        return steps, None

    def _fold(self, waiting: Sequence[Trigger]) -> Telling:
        exceptions = Exceptions(frozenset(self._left_out), self._without)
        return fold_of(self._rows, self._rulebook, exceptions=exceptions, pending=frozenset(waiting))

    def _try(self, fold: Telling, trigger: Trigger) -> Unblocked | str:
        """Tell one thing that waits; return why where it cannot be told."""
        adopted, position = trigger
        try:
            if adopted == position:
                entry = read_entry(payload_of(self._by_position[position]))
                told = fold.take(entry, self._rulebook.at(entry))
            else:
                told = fold.backfill_entry(position, self._adopted[adopted], self._rulebook)
            self._check(told)
        except Exception as error:
            if not is_of_the_message(error):
                raise
            return reason_of(position, error)
        return Unblocked(
            trigger, told, self._without.get(position, _NO_MEMBERS) if adopted == position else _NO_MEMBERS
        )

    def _leave_out(self, trigger: Trigger) -> Unblocked:
        self._left_out.add(trigger)
        return Unblocked(trigger, None)

    def _tell_without(self, position: int) -> bool:
        """Have an entry told without the members that corrections set; False where that was tried, or none does."""
        row = self._by_position[position]
        members = self._corrected.get(position, _NO_MEMBERS) & _members_given(row)
        if not members or position in self._without or row["topic"] in _STATEMENTS:
            return False
        self._without[position] = members
        return True

    @cached_property
    def _statements(self) -> Sequence[Entry]:
        """The voids and corrections recorded of these records so far, those that can be read."""
        readable: list[Entry] = []
        for row in self._rows:
            if row["topic"] in (EntryVoided.wire, CorrectionIssued.wire):
                try:
                    readable.append(read_entry(payload_of(row)))
                except Exception as error:
                    if not is_of_the_message(error):
                        raise
        return readable

    @cached_property
    def _voided(self) -> Set[int]:
        return standing_voids(self._statements).keys()

    @cached_property
    def _corrected(self) -> Mapping[int, frozenset[str]]:
        """The members that corrections in force set, by position of the entry corrected."""
        aims = {one.position: one.fact.corrects for one in self._statements if isinstance(one.fact, CorrectionIssued)}
        found: dict[int, frozenset[str]] = {}
        for one in self._statements:
            if isinstance(one.fact, CorrectionIssued) and one.position not in self._voided:
                target = one.fact.corrects
                while target in aims:
                    target = aims[target]
                members = frozenset(one.fact.set) - {"occurred_at"}
                found[target] = found.get(target, frozenset()) | members
        return found


def _members_given(row: DictRow) -> frozenset[str]:
    try:
        return frozenset(orjson.loads(bytes(row["state"]))["fact"])
    except (ValueError, LookupError, TypeError):
        return _NO_MEMBERS


def reason_of(position: int, error: BaseException) -> str:
    """Return what is kept of why an entry blocks its record: which, the kind of the error, and where in our code."""
    return f"entry {position} cannot be told: {place_of(error)}"
