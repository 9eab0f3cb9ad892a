"""Segments of numbers give each number the earliest moment of all receipts that cover it.

Broken by hand to see it fail: a receipt reaching one number less far than it says, and one number further.
"""

from bisect import bisect_right
from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from readers.obligations.receipt_spans import NEVER, Span, segments

MOMENTS = st.integers(0, 20).map(lambda hour: datetime(2022, 1, 1, tzinfo=UTC) + timedelta(hours=hour))
SPANS = st.builds(
    lambda first, length, moment, proven: Span(first, first + length, moment, proven),
    st.integers(1, 30),
    st.integers(0, 12),
    MOMENTS,
    MOMENTS,
)


@given(st.lists(SPANS, max_size=12))
def test_a_number_has_the_earliest_moment_of_what_covers_it(spans: list[Span]) -> None:
    """Whatever overlaps, is signed twice, or not at all."""
    found = segments(spans)
    assert found.first == sorted(set(found.first))
    for number in range(1, 50):
        at = bisect_right(found.first, number) - 1
        covering = [span for span in spans if span.first <= number <= span.last]
        moment = NEVER if at < 0 else found.moments[at]
        proven = NEVER if at < 0 else found.proven[at]
        assert moment == min((span.moment for span in covering), default=NEVER)
        assert proven == min((span.proven for span in covering), default=NEVER)
