"""When two sides held different things of a child, member by member (knowledge: Divergence and duties).

K moves from before everything to the end, and H with it: at K the views hold what had happened by that instant, a day
without a time from its last microsecond on. An interval runs from the K at which two values begin to differ, or the
pair of values becomes another one, up to the K at which that ends, which is no longer in it.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from projections.knowledge.explaining import Closing, Explanation, Pair
from projections.knowledge.history import History
from projections.knowledge.members import Cases, Member, Values, differ, value_of


@dataclass(frozen=True, slots=True)
class Interval:
    """Two values that differed from `since` until `ended`, and why at its beginning; None: not ended by the last K.

    `closed` is what made the values equal; None where one of them gave way to yet another value.
    """

    member: Member
    since: datetime
    ended: datetime | None
    a: Any
    b: Any
    why: Explanation
    closed: Closing | None


@dataclass(slots=True)
class _Open:
    since: datetime
    a: Any
    b: Any
    why: Explanation


def divergence(a: History, b: History, cases: Cases, *, until: datetime) -> list[Interval]:
    """Return every interval in which the views of two sides differ at a K of `until` or earlier, in order of beginning.

    Both must stand at the very beginning. Equal to comparing the two views at every microsecond.
    """
    running: dict[Member, _Open] = {}
    found: list[Interval] = []
    for at, pair in _steps(a, b, cases, until):
        for member in _members(pair.held["A"], pair.held["B"], running):
            one, other = value_of(pair.held["A"], member), value_of(pair.held["B"], member)
            was = running.get(member)
            if was is not None and _same(was, one, other):
                continue
            apart = differ(one, other)
            if was is not None:
                closed = None if apart else pair.close(member, was.why.lacked, at)
                found.append(Interval(member, was.since, at, was.a, was.b, was.why, closed))
                del running[member]
            if apart:
                running[member] = _Open(at, one, other, pair.explain(member))
    found += [Interval(member, one.since, None, one.a, one.b, one.why, None) for member, one in running.items()]
    return sorted(found, key=lambda interval: interval.since)


def _steps(a: History, b: History, cases: Cases, until: datetime) -> Iterator[tuple[datetime, Pair]]:
    """Yield every K at which anything comes to be known or happens to either side, and both as they are then."""
    while True:
        coming = [at for at in (a.next_change(), b.next_change()) if at is not None and at <= until]
        if not coming:
            return
        at = min(coming)
        yield at, Pair(a, b, (a.move_to(at), b.move_to(at)), cases)


def _members(a: Values | None, b: Values | None, running: dict[Member, _Open]) -> list[Member]:
    """Return every member that either side holds, or held when an interval began."""
    return list(dict.fromkeys((*(a or ()), *(b or ()), *running)))


def _same(was: _Open, a: Any, b: Any) -> bool:
    return bool(was.a == a) and bool(was.b == b)
