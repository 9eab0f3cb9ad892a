"""However a message is made, it is read in a moment: while intake looks at one, every agency waits."""

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

import pytest

from consumers.reading import read_arrival
from ledger.rules.arrivals import Claim, Illegible, Malformed, Place
from ledger.rules.outcomes import MOST_BYTES, fitting, outcome, refusal_members
from tests.hostile.heavy import Headers, garbage, headers, heavy

PATIENCE_SECONDS = 10
"""Of the processor; all of them together take some ten."""
HERE = Place("ORR", "custody.intake.orr", 0, 17)

DATA = [(name, headers(wire), data) for name, wire, data in heavy()]
VALUES = [(name, Headers(), value) for name, value in garbage()]
HEADERS = [(f"headers that hold {name}", headers(wire, note=data, source=data), b"{}") for name, wire, data in heavy()]


class _EndlessError(BaseException):  # what reads a message catches every other
    """It would go on for ever."""


@contextmanager
def patience() -> Iterator[None]:
    """End what takes far longer than any of these may."""

    def end(_: int, __: FrameType | None) -> None:
        raise _EndlessError

    before = signal.signal(signal.SIGPROF, end)
    signal.setitimer(signal.ITIMER_PROF, PATIENCE_SECONDS)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.signal(signal.SIGPROF, before)


@pytest.mark.parametrize(
    ("given", "value"),
    [one[1:] for one in (*DATA, *VALUES, *HEADERS)],
    ids=[one[0] for one in (*DATA, *VALUES, *HEADERS)],
)
def test_a_heavy_message_is_read_or_refused_in_a_moment(given: Headers, value: bytes) -> None:
    """It becomes a claim, a dead letter, or a refusal that its topic carries; none of it takes more than its length."""
    with patience():
        arrival = read_arrival(HERE, given, value)
        assert isinstance(arrival, Claim | Malformed | Illegible)
        assert not isinstance(arrival, Illegible) or arrival.kind != "fault"
        if isinstance(arrival, Malformed):
            body = outcome(source=None, id=None, status="refused", refusal=refusal_members(arrival.refusal))
            assert len(fitting(body)) <= MOST_BYTES


def test_so_many_faults_are_told_and_no_more() -> None:
    """Forty thousand names that nobody knows are one mistake, not forty thousand."""
    [(given, value)] = [(given, value) for name, given, value in DATA if name == "members nobody knows"]
    arrival = read_arrival(HERE, given, value)
    assert isinstance(arrival, Malformed)
    assert len(arrival.refusal.every) == 1001
    assert arrival.refusal.every[-1].message.startswith("11500 more faults are not told")
