"""When the demo's agencies read their feeds and sign for them, each with the client an agency would run."""

import time
from collections.abc import Iterable, Iterator, Sequence
from typing import Final, NamedTuple

from ledger.agencies import Agency
from ledger.times import parse_instant
from producers.client.feed import FeedReader
from producers.simulation.sendings import Sending
from readers.snapshot import connect
from readers.waiting import accepted, wait_until_shown

_PATIENCE_SECONDS: Final = 60.0


class FeedReading(NamedTuple):
    """An agency takes over everything its feed holds at a moment of the ledger's clock, and signs for it."""

    agency: Agency
    at: str


READINGS: Final = (
    FeedReading("ICE-ERO", "2022-01-31T20:00:00-05:00"),
    FeedReading("ORR", "2022-02-01T09:00:00-05:00"),
    FeedReading("ICE-ERO", "2022-03-05T09:00:00-05:00"),
    FeedReading("ORR", "2022-07-02T10:00:00-04:00"),
)
"""As in the worked example: ORR does not read its feed from February to July."""


class Readers:
    """The agencies that read; each goes on from where it had signed."""

    def __init__(self, database_url: str, bootstrap: str) -> None:
        self._database_url = database_url
        self._bootstrap = bootstrap
        self._signed: dict[Agency, int] = {}

    def in_between(self, sendings: Iterable[Sending], readings: Sequence[FeedReading] = READINGS) -> Iterator[Sending]:
        """Yield sendings in their order, with each reading done before the first one that comes after it."""
        waiting = list(readings)
        for sending in sendings:
            while waiting and parse_instant(waiting[0].at) <= parse_instant(sending.time):
                self._read(waiting.pop(0))
            yield sending
        for reading in waiting:
            self._read(reading)

    def _read(self, reading: FeedReading) -> None:
        self._wait_until_published()
        at = parse_instant(reading.at)
        after = self._signed.get(reading.agency, 0)
        with FeedReader(self._bootstrap, reading.agency, after=after, clock=lambda: at) as feed:
            items = list(feed.available())
            if items:  # one signature for all: how many receipts there are must not depend on the machine's pace
                feed.delivered(items[-1])
                self._signed[reading.agency] = items[-1].number
        now = self._signed.get(reading.agency, 0)
        print(f"  {reading.at[:10]}: {reading.agency} reads its feed, and signs for numbers {after + 1} to {now}")

    def _wait_until_published(self) -> None:
        with connect(self._database_url) as connection:
            wait_until_shown(
                connection,
                accepted(connection),
                patience_seconds=_PATIENCE_SECONDS,
                now=time.monotonic,
                sleep=time.sleep,
            )

    def position(self) -> int:
        """Return the last position, when the receipts are recorded, too."""
        with connect(self._database_url) as connection:
            return accepted(connection)
