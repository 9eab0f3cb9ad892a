"""The rows kept of receipts give every first moment that all receipts together give, whatever R.

Broken by hand to see it fail: an earlier claim passed over; numbers signed for one by one passed over; the first step
searched for from the last; the levels above delivered passed over; a lane that forgets what it claimed of late.
"""

from datetime import datetime

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ledger.agencies import Agency
from ledger.entry import LedgerEntry, Producer
from ledger.facts import FeedReceipted
from projections.knowledge import receipts
from projections.knowledge.receipts import LEVELS, Lane, ReceiptLanes
from tests.knowledge_histories import at

AGENCIES: tuple[Agency, ...] = ("ORR", "USCIS")
Signature = tuple[Agency, str, float | None, int | tuple[int, ...]]
NUMBER = st.integers(1, 8)
SIGNATURES: st.SearchStrategy[list[Signature]] = st.lists(
    st.tuples(
        st.sampled_from(AGENCIES),
        st.sampled_from(tuple(LEVELS)),
        st.none() | st.integers(0, 24).map(float),
        NUMBER | NUMBER | st.sets(NUMBER, min_size=1, max_size=3).map(lambda some: tuple(sorted(some))),
    ),
    max_size=14,
)


@pytest.fixture(params=[64, 2])
def remembered(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> int:
    """Let lanes remember that many steps."""
    monkeypatch.setattr(receipts, "REMEMBERED", request.param)
    return int(request.param)


@pytest.mark.usefixtures("remembered")
@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(SIGNATURES, st.lists(st.integers(0, 12), min_size=8, max_size=8), st.integers(0, 20))
def test_the_rows_kept_of_receipts_give_the_first_moments_that_all_receipts_give(
    signatures: list[Signature], published: list[int], recorded_by: int
) -> None:
    """For each number and grade: the first time by claim or proof, and the first by proof alone."""
    stamps = sorted(published)
    given_by = [
        (n, agency, grade, claim, number)
        for n, (agency, grade, claim, number) in enumerate(signatures, start=5)
        if all(n > stamps[one - 1] for one in (number if isinstance(number, tuple) else range(1, number + 1)))
    ]
    rows = ReceiptLanes(lambda _agency, _level: Lane())
    kept: list[tuple[Agency, int, int, datetime | None, datetime]] = []
    every: list[tuple[Agency, int, int, datetime | None, datetime]] = []
    for position, agency, grade, claim, number in given_by:
        claimed = None if claim is None else at(claim)
        covers = number if isinstance(number, tuple) else tuple(range(1, number + 1))
        fact = FeedReceipted(
            up_to=None if isinstance(number, tuple) else number,
            numbers=number if isinstance(number, tuple) else None,
            grade=grade,
            at=claimed,
        )
        producer = Producer(agency, None, None, "/x")
        one = LedgerEntry(position, "agency", 1, FeedReceipted.wire, at(position), producer, "s", fact)
        made = rows.take(one, fact)
        if position <= recorded_by:
            every += [(agency, LEVELS[grade], n, claimed, at(position)) for n in covers]
            kept += [
                (agency, level, n, claims, recorded)
                for _, level, _, first, last, _, claims, recorded, _ in made
                for n in range(first, last + 1)
                if n in covers or not isinstance(number, int)
            ]
    for agency in AGENCIES:
        for level in LEVELS.values():
            for n in range(1, 9):
                for proven in (False, True):
                    assert _first(kept, agency, level, n, at(stamps[n - 1]), proven=proven) == _first(
                        every, agency, level, n, at(stamps[n - 1]), proven=proven
                    )


def test_an_earlier_claim_counts_for_numbers_signed_for_longer_ago_than_is_remembered(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The step that is forgotten was late, the oldest one remembered early, a later one late again."""
    monkeypatch.setattr(receipts, "REMEMBERED", 2)
    rows = ReceiptLanes(lambda _agency, _level: Lane())
    for position, up_to, claim in ((5, 1, None), (6, 2, 0.0), (7, 3, None)):
        rows.take(*_signed(position, up_to, claim))
    assert [row[3:5] for row in rows.take(*_signed(8, 3, 3.0))] == [(1, 3)]
    assert rows.take(*_signed(9, 3, 7.0)) == []


def _signed(position: int, up_to: int, claim: float | None) -> tuple[LedgerEntry, FeedReceipted]:
    fact = FeedReceipted(up_to=up_to, grade="delivered", at=None if claim is None else at(claim))
    producer = Producer("ORR", None, None, "/x")
    return LedgerEntry(position, "agency", 1, FeedReceipted.wire, at(position), producer, "s", fact), fact


def _first(
    signed: list[tuple[Agency, int, int, datetime | None, datetime]],
    agency: Agency,
    level: int,
    number: int,
    published: datetime,
    *,
    proven: bool,
) -> datetime | None:
    times = [
        recorded if proven or claim is None else min(max(claim, published), recorded)
        for whose, its, n, claim, recorded in signed
        if (whose, n) == (agency, number) and its >= level
    ]
    return min(times, default=None)
