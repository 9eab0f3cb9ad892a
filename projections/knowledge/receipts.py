"""What receipts say that was not known before: rows from which the first moment of any feed number is found.

An agency signs again and again for everything up to a number, so most of what a receipt covers was signed for before.
Kept are the numbers a receipt is the first to cover, at each level of surety, and those of which it claims an earlier
time than all before it; any other receipt of them says nothing new, whichever moment is asked for.
"""

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final, NamedTuple
from uuid import UUID

from ledger.agencies import RECEIVERS, Agency
from ledger.entry import LedgerEntry
from ledger.facts import FeedReceipted
from ledger.streams import OF_AGENCY

LEVELS: Final = {"delivered": 1, "opened": 2, "acknowledged": 3}
REMEMBERED: Final = 64
"""How many receipts back an earlier claim is told apart number by number; beyond, it covers all before."""
_LANE_WIDTH: Final = 2**40


class NumbersCovered(NamedTuple):
    """The numbers a receipt was the first to cover, and the earlier of its claim and its ledger time."""

    first: int
    time: datetime


@dataclass(slots=True)
class Lane:
    """One agency's numbers at one level: the last one signed for, and the latest steps to it."""

    last: int = 0
    steps: deque[NumbersCovered] = field(default_factory=lambda: deque(maxlen=REMEMBERED))
    latest: datetime | None = None
    """The latest time of any step ever."""
    forgotten: datetime | None = None
    """The latest time of the steps before those."""

    def add(self, step: NumbersCovered) -> None:
        """Take the next step; what there are too many to remember keeps its latest time only."""
        if len(self.steps) == self.steps.maxlen:
            before = self.steps[0].time
            self.forgotten = before if self.forgotten is None else max(self.forgotten, before)
        self.steps.append(step)
        self.latest = step.time if self.latest is None else max(self.latest, step.time)


LoadLane = Callable[[Agency, int], Lane]
Row = tuple[UUID, int, int, int, int, bool, datetime | None, datetime, int]


def lane_of(agency: Agency, level: int) -> int:
    """Return what is added to a number of this agency's feed to look it up at this level."""
    return (RECEIVERS.index(agency) * 4 + level) * _LANE_WIDTH


class ReceiptLanes:
    """The lanes at hand; `load` reads one back."""

    def __init__(self, load: LoadLane) -> None:
        self._load = load
        self._lanes: dict[tuple[Agency, int], Lane] = {}

    def take(self, entry: LedgerEntry, receipt: FeedReceipted) -> list[Row]:
        """Return the rows of one receipt; receipts of one agency come in the order of their positions."""
        agency = entry.producer.agency
        rows: list[Row] = []
        for level in range(1, LEVELS[receipt.grade] + 1):
            if receipt.numbers is not None:
                spans = [(first, last, False) for first, last in _runs(receipt.numbers)]
            else:
                assert receipt.up_to is not None
                spans = self._new(agency, level, receipt.up_to, receipt.at, entry.recorded_at)
            rows += [
                (
                    OF_AGENCY[agency],
                    level,
                    lane_of(agency, level),
                    first,
                    last,
                    step,
                    receipt.at,
                    entry.recorded_at,
                    entry.position,
                )
                for first, last, step in spans
            ]
        return rows

    def forget(self) -> None:
        """Drop what is at hand: after a failed write the tables know better."""
        self._lanes.clear()

    def _new(
        self, agency: Agency, level: int, up_to: int, at: datetime | None, recorded_at: datetime
    ) -> list[tuple[int, int, bool]]:
        """Return the ranges of numbers of which a receipt up to a number says something new, and if it is a step."""
        lane = self._lanes.get((agency, level))
        if lane is None:
            lane = self._lanes[agency, level] = self._load(agency, level)
        before = lane.last
        spans: list[tuple[int, int, bool]] = []
        if at is not None and lane.latest is not None and at < lane.latest:
            first = next((step.first for step in lane.steps if step.time > at), 1)
            if lane.forgotten is not None and lane.forgotten > at:
                first = 1
            if first <= min(up_to, before):
                spans.append((first, min(up_to, before), False))
        if up_to > before:
            time = recorded_at if at is None else min(at, recorded_at)
            spans.append((before + 1, up_to, True))
            lane.last = up_to
            lane.add(NumbersCovered(before + 1, time))
        return spans


def _runs(numbers: tuple[int, ...]) -> list[tuple[int, int]]:
    """Return single numbers as ranges of neighbours."""
    runs: list[tuple[int, int]] = []
    for number in sorted(set(numbers)):
        if runs and runs[-1][1] == number - 1:
            runs[-1] = (runs[-1][0], number)
        else:
            runs.append((number, number))
    return runs
