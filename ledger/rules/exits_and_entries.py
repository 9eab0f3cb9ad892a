"""Exits and entries that stand in the wrong order (G7), whichever of the two was recorded first.

An exit stands before its entry where everything that brought the child into custody is dated after it; an admission is
unexplained where the child had left before it and nothing in between says that she came back.
"""

from collections.abc import Callable
from typing import Final

from ledger.facts import (
    DischargedOtherwise,
    Fact,
    ReleasedToSponsor,
)
from ledger.facts.questions import PASSAGES, Passage
from ledger.records.record import Record
from ledger.rules.comparing_times import surely_before
from ledger.rules.remark import Remark
from ledger.times import When, first_key


def _passing(*passages: Passage) -> frozenset[type[Fact]]:
    return frozenset(fact for fact, passage in PASSAGES.items() if passage in passages)


EXITS: Final = _passing("exit")
ADMITTING: Final = _passing("admission")
ARRIVALS: Final = _passing("admission", "arrival")
RETURNS: Final = _passing("admission", "arrival", "return")
"""What shows a child in custody again after an exit."""

_LEFT_FIRST: Final = Remark(
    "G7", "the exit from care is dated before everything that brought the child into custody; one of the dates is wrong"
)
_BACK_UNEXPLAINED: Final = Remark(
    "G7",
    "the child is admitted or moved in care after an exit, and nothing dated in between says that she came back",
)


def out_of_sequence(
    record: Record, fact: Fact, when: When | None, zone: str, besides: int | None = None
) -> Remark | None:
    """G7; `besides` is the position of the entry that this fact takes the place of, if it corrects one."""
    kind = type(fact)
    if when is None or not (_is_exit(fact) or kind in ARRIVALS):
        return None

    def times(kinds: frozenset[type[Fact]]) -> list[When | None]:
        return [
            entry.occurred_at
            for entry in record.among(kinds)
            if entry.position != besides and (kinds is not EXITS or _is_exit(entry.fact))
        ]

    def lies_between(start: When | None, end: When | None, kinds: frozenset[type[Fact]]) -> bool:
        return any(not surely_before(at, start, zone) and not surely_before(end, at, zone) for at in times(kinds))

    if _is_exit(fact):
        return _exit(when, zone, times, lies_between)
    exits = [at for at in times(EXITS) if surely_before(at, when, zone)]
    if not exits:
        return None
    arrivals = times(ARRIVALS)
    if any(all(surely_before(at, arrival, zone) for arrival in arrivals) for at in exits):
        return _LEFT_FIRST
    if kind in ADMITTING and not all(lies_between(at, when, RETURNS) for at in exits):
        return _BACK_UNEXPLAINED
    return None


def _is_exit(fact: Fact) -> bool:
    """Return whether the child left care alive; of a death C15 speaks."""
    return isinstance(fact, ReleasedToSponsor) or (isinstance(fact, DischargedOtherwise) and fact.kind != "deceased")


def _exit(
    when: When,
    zone: str,
    times: Callable[[frozenset[type[Fact]]], list[When | None]],
    lies_between: Callable[[When | None, When | None, frozenset[type[Fact]]], bool],
) -> Remark | None:
    arrivals = times(ARRIVALS)
    if arrivals and all(surely_before(when, at, zone) for at in arrivals):
        return _LEFT_FIRST
    admitted = sorted(
        (at for at in times(ADMITTING) if at is not None and surely_before(when, at, zone)),
        key=lambda at: first_key(at, zone),
    )
    if not admitted:
        return None
    returned = [at for at in times(RETURNS - ADMITTING) if not surely_before(at, when, zone)]
    if any(not surely_before(admitted[0], at, zone) for at in returned) or lies_between(when, admitted[0], EXITS):
        return None
    return _BACK_UNEXPLAINED
