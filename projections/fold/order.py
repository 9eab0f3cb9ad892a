"""The order of happenings of one civil day of which some have no time: what another one presupposes comes first.

`occurred_at` as corrected, then position, puts happenings in order; a day stands for its last instant. So a release
that is given as a day would come behind the contact after it that is given with its time. Where one of two happenings
of the same civil day presupposes the other by the table below, and either is given as a day, the presupposed one comes
first (contract: How facts move the regions). All others keep the order of their times.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Sequence
from datetime import datetime

from ledger.entry import Entry
from ledger.facts import Fact
from ledger.times import When, civil_day, first_instant, microseconds, order_key
from projections.fold.questions import PAIRS, PRESUPPOSED, Facts, Lasting, Presupposed

Placed = tuple[int, int, Entry]
"""The microsecond a happening stands for, its position, and its entry as corrected."""


def in_order(placed: Sequence[Placed], zone: str) -> list[Entry]:
    """Return happenings in fold order: by time and position, but what another one of its day presupposes before it.

    `placed` is sorted by time and position. Only what is given as a day is moved, and what that presupposes in turn.
    """
    entries = [entry for _, _, entry in placed]
    days = {entry.occurred_at for entry in entries if _is_day(entry)} if len(entries) > 1 else ()
    if not days:
        return entries
    keys = [key for key, _, _ in placed]
    for day in days:
        assert day is not None
        first = bisect_left(keys, microseconds(first_instant(day, zone)))
        last = bisect_right(keys, order_key(day, zone))
        of_day = entries[first:last]
        if any(_presupposes(early, late) for n, early in enumerate(of_day) for late in of_day[n + 1 :]):
            entries[first:last] = _of_day(entries[:first], of_day)
    return entries


def _of_day(before: Sequence[Entry], of_day: Sequence[Entry]) -> list[Entry]:
    """Return the happenings of one day, each behind what it presupposes; `before` are those of earlier days."""
    done, waiting = list(before), list(of_day)
    while waiting:
        first = next((n for n, other in enumerate(waiting) if _must_precede(other, waiting[0], done)), 0)
        if first:
            waiting.insert(0, waiting.pop(first))
        else:
            done.append(waiting.pop(0))
    return done[len(before) :]


def _must_precede(other: Entry, one: Entry, done: Sequence[Entry]) -> bool:
    pair = _presupposes(one, other)
    return pair is not None and (pair.given is None or not _goes_on(pair.given, done))


def _goes_on(lasting: Lasting, done: Sequence[Entry]) -> bool:
    for entry in reversed(done):
        kind = type(entry.fact)
        if kind in lasting.begun_by:
            return True
        if kind in lasting.ended_by:
            return False
    return False


def _presupposes(one: Entry, other: Entry) -> Presupposed | None:
    """Return by which pair of the table one happening of a day presupposes another one of it."""
    if not (_is_day(one) or _is_day(other)):
        return None
    for pair in PAIRS.get(type(one.fact), ()):
        if type(other.fact) is pair.fact and (pair.same is None or _agree(one.fact, other.fact, pair.same)):
            return pair
    return None


def _agree(one: object, other: object, member: str) -> bool:
    named = getattr(one, member)
    return named is not None and named == getattr(other, member)


def _is_day(entry: Entry) -> bool:
    return entry.occurred_at is not None and not isinstance(entry.occurred_at, datetime)


class Dependents:
    """What was put in order so far and may presuppose what comes next, though that comes behind it by its time."""

    __slots__ = ("_keys", "_zone")

    def __init__(self, zone: str) -> None:
        self._zone = zone
        self._keys: list[tuple[int, type[Fact]]] = []

    def add(self, key: int, entry: Entry) -> None:
        """Take in a happening, in the order of their times."""
        if type(entry.fact) in PAIRS:
            self._keys.append((key, type(entry.fact)))

    def may_presuppose(self, key: int, entry: Entry) -> bool:
        """Return whether a happening that stands behind all these by its time may belong before one of them."""
        kind = type(entry.fact)
        if kind not in PRESUPPOSED or not self._keys or entry.occurred_at is None:
            return False
        first = microseconds(first_instant(entry.occurred_at, self._zone)) if _is_day(entry) else key
        for other, dependent in reversed(self._keys):
            if other < first:
                return False
            if any(pair.fact is kind for pair in PAIRS[dependent]):
                return True
        return False


def moved_with(facts: Facts) -> Facts:
    """Return all facts that take part where one of `facts` is put in another order than that of their times."""
    movable = set(facts & PRESUPPOSED)
    while more := {one for one in PRESUPPOSED - movable if any(pair.fact in movable for pair in PAIRS.get(one, ()))}:
        movable |= more
    return frozenset(movable | {one for one, pairs in PAIRS.items() if any(pair.fact in movable for pair in pairs)})


def may_be_moved(entries: Sequence[Entry], times: Callable[[Entry], Sequence[When | None]], zone: str) -> bool:
    """Return whether any of these may stand in another order than that of its time; `times` are those it may have."""
    if not any(type(entry.fact) in PRESUPPOSED for entry in entries):
        return False
    dated = [(entry, when) for entry in entries for when in times(entry) if when is not None]
    if all(isinstance(when, datetime) for _, when in dated):
        return False
    return any(
        _day_of(one, other, zone) and (order_key(one, zone), early.position) < (order_key(other, zone), late.position)
        for early, one in dated
        if type(early.fact) in PAIRS
        for late, other in dated
        if any(pair.fact is type(late.fact) for pair in PAIRS[type(early.fact)])
    )


def _day_of(one: When, other: When, zone: str) -> bool:
    """Return whether two times are of one civil day, and either is given as a day."""
    if isinstance(one, datetime) and isinstance(other, datetime):
        return False
    return civil_day(one, zone) == civil_day(other, zone)
