"""From when receipts give each number of a feed, as segments: for questions about very many items at once."""

import heapq
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Final, NamedTuple

NEVER: Final = datetime(9999, 12, 31, tzinfo=UTC)
"""The moment of numbers that nobody signed for."""


class Span(NamedTuple):
    """Numbers of a feed that one receipt covers, since when they were known by it, and when it was recorded."""

    first: int
    last: int
    moment: datetime
    proven: datetime


class Segments(NamedTuple):
    """Each segment begins at a number of `first` and holds until the next: earliest moment, and earliest proof."""

    first: list[int]
    moments: list[datetime]
    proven: list[datetime]


def segments(spans: Iterable[Span]) -> Segments:
    """Return the segments into which spans, which may overlap, part the numbers from 1 on."""
    found = Segments([], [], [])
    by_moment: list[tuple[datetime, int]] = []
    by_proof: list[tuple[datetime, int]] = []
    given = sorted(spans)
    edges = sorted({edge for span in given for edge in (span.first, span.last + 1)})
    taken = 0
    for edge in edges:
        while taken < len(given) and given[taken].first <= edge:
            span = given[taken]
            heapq.heappush(by_moment, (span.moment, span.last))
            heapq.heappush(by_proof, (span.proven, span.last))
            taken += 1
        moment, proven = _earliest(by_moment, edge), _earliest(by_proof, edge)
        if not found.first or (moment, proven) != (found.moments[-1], found.proven[-1]):
            found.first.append(edge)
            found.moments.append(moment)
            found.proven.append(proven)
    return found


def _earliest(covering: list[tuple[datetime, int]], number: int) -> datetime:
    """Return the earliest of those that reach to this number; those that do not are dropped."""
    while covering and covering[0][1] < number:
        heapq.heappop(covering)
    return covering[0][0] if covering else NEVER
