"""What an agency runs to read its feed and to sign for it.

    with FeedReader("kafka:9092", "ORR", state=Path("orr.feed")) as feed:
        for item in feed:
            store(item)            # your own database
            feed.delivered(item)   # signed for: this item and all before it

An item is given again until it is signed for, so store by `item.number` and storing twice does no harm. Delivery is
signed for by range; that somebody opened or acknowledged an item, number by number: `opened`, `acknowledged`.
"""

import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Final

from ledger.agencies import RECEIVERS, Agency
from ledger.facts.ledger_wide import ReceiptGrade
from producers.client.errors import NotSentError, known_agency
from producers.client.feed_errors import FeedLostError, ReceiptRefusedError
from producers.client.feed_items import FeedItem
from producers.client.feed_place import ReaderPlace, read_place, write_place
from producers.client.feed_topic import PATIENCE_SECONDS, FeedTopic
from producers.client.receipts import Receipts

MOST_UNSIGNED: Final = 500
"""Items after which a receipt is sent at once."""
SIGN_EVERY_SECONDS: Final = 1.0
MOST_NUMBERS: Final = 10_000
"""Numbers one receipt may name."""
ANSWER_SECONDS: Final = 2.0
"""How long `close` waits for outcomes; later ones are seen by the next reader that is given the same file."""
_GLANCE_MS: Final = 200

Signer = tuple[ReceiptGrade, str | None, str | None]
"""Grade, office and user: what is marked alike goes into one receipt."""


def now() -> datetime:
    """Return the moment by this computer's clock."""
    return datetime.now(UTC)


class FeedReader:
    """Reads one agency's feed from its last place and signs for what was taken over. Not for several threads."""

    def __init__(
        self,
        bootstrap: str,
        agency: Agency | str,
        *,
        state: Path | None = None,
        after: int | None = None,
        system: str | None = None,
        office: str | None = None,
        user: str | None = None,
        clock: Callable[[], datetime] = now,
        patience_seconds: float = PATIENCE_SECONDS,
    ) -> None:
        """Connect and take up the place: the one in the file `state`, or behind number `after` (0: the beginning).

        `system` is the receipts' `ce_source`, for this reader alone; `office` and `user` sign where nobody else is
        named. `clock` is for a ledger whose clock is driven. Raises `UnknownAgencyError`, `BrokerUnreachableError`,
        `TopicMissingError`, `PlaceError`, `FeedWentBackError`.
        """
        if (state is None) is (after is None):
            raise ValueError("give a reader either `state`, a file for its place, or `after`, the last number you have")
        agency = known_agency(agency, RECEIVERS)
        place = ReaderPlace(after or 0, None) if state is None else read_place(state, agency)
        self._agency = agency
        self._state = state
        self._kept = place
        self._clock = clock
        self._office = office
        self._user = user
        self._signed = self._delivered = place.after
        self._delivered_at: datetime | None = None
        self._marked: dict[Signer, tuple[set[int], datetime]] = {}
        self._flushed_at = time.monotonic()
        self._feed = FeedTopic(bootstrap, agency, after=place.after, patience_seconds=patience_seconds)
        try:
            self._receipts = Receipts(bootstrap, agency, system=system, outcomes_from=place.outcomes)
        except BaseException:
            self._feed.close()
            raise

    @property
    def signed(self) -> int:
        """The number up to which delivery was signed for, confirmed by Kafka."""
        return self._signed

    @property
    def unanswered(self) -> int:
        """How many receipts of this reader the ledger has not answered yet."""
        return len(self._receipts.unanswered)

    def __iter__(self) -> Iterator[FeedItem]:
        """Give items as they come, without end; raises as `available` does."""
        return self._items(None)

    def available(self, *, timeout_seconds: float = 1.0) -> Iterator[FeedItem]:
        """Give items until the end of the feed is reached and nothing came for so long.

        Raises `FeedGapError`, `FeedWentBackError`, `UnreadableItemError`, `FeedLostError`, `NotSentError`, and
        `ReceiptRefusedError` for a receipt of this reader, or of an earlier one with the same file.
        """
        return self._items(timeout_seconds)

    def delivered(self, item: FeedItem) -> None:
        """Sign for this item and all before it: they are with the agency, safely stored."""
        self._require_given(item.number)
        if item.number > self._delivered:
            self._delivered = item.number
            self._delivered_at = max(self._clock(), item.published_at)
        self._keep_up()

    def opened(self, *items: FeedItem | int, office: str | None = None, user: str | None = None) -> None:
        """Sign for these items, by number where no item is at hand: somebody of the agency looked at them."""
        self._mark(items, "opened", office, user)

    def acknowledged(self, *items: FeedItem | int, office: str | None = None, user: str | None = None) -> None:
        """Sign for these items: somebody of the agency took them on."""
        self._mark(items, "acknowledged", office, user)

    def flush(self) -> None:
        """Sign now for what was taken over; Kafka has confirmed it on return, and the place is kept.

        Raises `NotSentError`, `PlaceError`, and `ReceiptRefusedError` for an earlier receipt.
        """
        self._flushed_at = time.monotonic()
        if self._delivered > self._signed:
            self._sign("delivered", self._office, self._user, self._delivered_at, up_to=self._delivered)
        for (grade, office, user), (marked, at) in self._marked.items():
            numbers = sorted(marked)
            for first in range(0, len(numbers), MOST_NUMBERS):
                self._sign(grade, office, user, at, numbers=numbers[first : first + MOST_NUMBERS])
        self._receipts.settle()
        self._marked.clear()
        self._signed = self._delivered
        self._look_at_answers(0)

    def close(self) -> None:
        """Sign for the rest, look for answers for two seconds, and close; raises as `flush` does."""
        try:
            self.flush()
            deadline = time.monotonic() + ANSWER_SECONDS
            while self.unanswered and (left := deadline - time.monotonic()) > 0:
                self._look_at_answers(int(left * 1000))
        finally:
            self.abandon()

    def abandon(self) -> None:
        """Close without signing; what was not signed for is given again."""
        self._receipts.close()
        self._feed.close()

    def __enter__(self) -> "FeedReader":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Sign for what was taken over, also when the next item failed; not when the connection is gone."""
        if isinstance(error, FeedLostError | NotSentError):
            self.abandon()
        else:
            self.close()

    def _items(self, timeout_seconds: float | None) -> Iterator[FeedItem]:
        came_at = time.monotonic()
        while True:
            item = self._feed.take(_GLANCE_MS)
            self._keep_up(idle=item is None)
            if item is not None:
                yield item
                came_at = time.monotonic()
            elif timeout_seconds is not None and time.monotonic() - came_at >= timeout_seconds and self._feed.at_end():
                return

    def _require_given(self, number: int) -> None:
        if number > self._feed.last:
            raise ValueError(f"number {number} was not given yet, the last was {self._feed.last}: nothing was signed")

    def _mark(
        self, items: tuple[FeedItem | int, ...], grade: ReceiptGrade, office: str | None, user: str | None
    ) -> None:
        at = self._clock()
        for item in items:
            number = item if isinstance(item, int) else item.number
            self._require_given(number)
        signer = (grade, office or self._office, user or self._user)
        marked, latest = self._marked.setdefault(signer, (set(), at))
        for item in items:
            if isinstance(item, FeedItem):
                at = max(at, item.published_at)
            marked.add(item if isinstance(item, int) else item.number)
        self._marked[signer] = (marked, max(latest, at))
        self._keep_up()

    def _keep_up(self, *, idle: bool = False) -> None:
        """Send receipts when they are due; when idle, look for answers at the same pace."""
        waiting = self._delivered - self._signed + sum(len(marked) for marked, _ in self._marked.values())
        due = time.monotonic() - self._flushed_at >= SIGN_EVERY_SECONDS
        if waiting >= MOST_UNSIGNED or (due and (waiting or idle)):
            self.flush()

    def _sign(
        self,
        grade: ReceiptGrade,
        office: str | None,
        user: str | None,
        at: datetime | None,
        *,
        up_to: int | None = None,
        numbers: list[int] | None = None,
    ) -> None:
        self._receipts.send(
            up_to=up_to, numbers=numbers, grade=grade, at=at, sent_at=self._clock(), office=office, user=user
        )

    def _look_at_answers(self, timeout_ms: int) -> None:
        """Take in outcomes and keep the place; raise the first refusal."""
        refused = [outcome for outcome in self._receipts.answers(timeout_ms) if outcome.status == "refused"]
        place = ReaderPlace(self._signed, self._receipts.outcomes_offset)
        if self._state is not None and place != self._kept:
            write_place(self._state, self._agency, place)
            self._kept = place
        if refused:
            raise ReceiptRefusedError(str(refused[0].id), refused[0].body["refusal"])
