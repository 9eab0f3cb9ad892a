"""Where silence says something: what would show a duty met, and whether it would have come here (knowledge: duties).

A duty that is due and not done is `missed` only where what would show it met is covered at its due time. A fact is
covered where the steward has declared that an agency which may meet the duty by it sends it: for each of the ways to
meet it, since any of them may have been taken. What a recipient knew is covered by its own feed of this ledger where
what opened the duty stands on it, or where it is declared that notices to it, or its own, are sent. History that an
import brought shows nothing of what was told in its time: then the feed must have carried it by the due time.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final, NamedTuple, cast

from ledger.agencies import PRODUCERS, Agency
from ledger.facts import BY_WIRE, CoverageDeclared, short_name
from ledger.obligations.vocabulary import OPENING, MetBy, ObligationRule
from ledger.times import MICROSECOND, first_instant, last_instant, plus
from projections.obligations.matching import may_meet

Span = tuple[datetime, datetime | None]
"""From an instant up to another, which does not belong to it any more; None: without an end."""
_NOTICE: Final = "notice-given"
_PRODUCERS: Final[dict[str, frozenset[Agency]]] = {}
for _wire, _fact in BY_WIRE.items():
    _PRODUCERS[short_name(_wire)] = _PRODUCERS.get(short_name(_wire), frozenset()) | frozenset(_fact.producers)


class Declared(NamedTuple):
    """A declaration as it was recorded."""

    position: int
    recorded_at: datetime
    fact: CoverageDeclared


@dataclass(frozen=True, slots=True)
class Coverage:
    """What is covered, by the declarations of R."""

    zone: str
    declared: Sequence[Declared] = ()
    """In order of position."""
    _found: dict[tuple[Agency, str], list[Span]] = field(default_factory=dict)

    def spans(self, agency: Agency, fact: str) -> list[Span]:
        """Return when it is declared that the agency sends this fact: of two declarations the later one decides."""
        found = self._found.get((agency, fact))
        if found is None:
            found = []
            for one in self.declared:
                if one.fact.agency == agency and fact in one.fact.facts:
                    span = self._span(one.fact)
                    found = [part for before in found for part in _without(before, span)]
                    if one.fact.sends:
                        found.append(span)
            found = self._found[agency, fact] = _united(found)
        return found

    def of(self, rule: ObligationRule, obliged: str, towards: str | None) -> list[Span]:
        """Return the due times for which declarations cover what would show such a duty met."""
        told = [way for way in rule.met_by if way.told is not None]
        covered: list[Span] | None = self._told(rule, told, obliged, towards) if told else None
        for way in rule.met_by:
            if way.fact is not None:
                of_way = self._sent(way, way.fact, obliged, towards)
                covered = of_way if covered is None else _in_both(covered, of_way)
        return covered or []

    def _sent(self, way: MetBy, fact: str, obliged: str, towards: str | None) -> list[Span]:
        return _united(
            span
            for agency in _PRODUCERS[fact]
            if may_meet(way, agency, obliged, towards)
            for span in self.spans(agency, fact)
        )

    def _told(self, rule: ObligationRule, ways: Iterable[MetBy], obliged: str, towards: str | None) -> list[Span]:
        """Return when notices would be seen: that what opened the duty is sent says nothing of who was told of it."""
        named = {way.told or "" for way in ways} - {OPENING, *(opening.fact for opening in rule.opened_by)}
        tellers = [agency for agency in PRODUCERS if agency == obliged]
        sent = [span for fact in named for agency in tellers for span in self.spans(agency, fact)]
        own = [] if towards is None else self.spans(cast(Agency, towards), _NOTICE)
        return _united([*sent, *own])

    def _span(self, fact: CoverageDeclared) -> Span:
        until = None if fact.until is None else plus(last_instant(fact.until, self.zone), MICROSECOND)
        return first_instant(fact.since, self.zone), until


def holds(spans: Iterable[Span], at: datetime) -> bool:
    """Return whether a moment lies in one of these."""
    return any(start <= at and (end is None or at < end) for start, end in spans)


def _united(spans: Iterable[Span]) -> list[Span]:
    """Return spans that touch no other, in order."""
    found: list[Span] = []
    for start, end in sorted(spans, key=lambda span: span[0]):
        if found and (found[-1][1] is None or start <= found[-1][1]):
            before = found[-1]
            last = None if before[1] is None or end is None else max(before[1], end)
            found[-1] = (before[0], last)
        else:
            found.append((start, end))
    return found


def _without(span: Span, taken: Span) -> list[Span]:
    """Return what is left of a span."""
    (start, end), (begins, ends) = span, taken
    left: list[Span] = []
    if start < begins:
        left.append((start, begins if end is None else min(end, begins)))
    if ends is not None and (end is None or ends < end):
        left.append((max(start, ends), end))
    return [one for one in left if one[1] is None or one[0] < one[1]]


def _in_both(one: Iterable[Span], other: Sequence[Span]) -> list[Span]:
    found: list[Span] = []
    for start, end in one:
        for begins, ends in other:
            first = max(start, begins)
            last = min((moment for moment in (end, ends) if moment is not None), default=None)
            if last is None or first < last:
                found.append((first, last))
    return found
