"""Agencies that read their feeds and sign for them in a crash test, with the client they would really run.

Each keeps what it was given in a store of its own (by number), as the client's documentation asks for, and dies and
begins again from its file whenever the client gives up. What it was given twice must be the same twice.
"""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from kafka.errors import KafkaError

from custody.supervision.where import find_where
from ledger.agencies import RECEIVERS, Agency
from producers.client.errors import ClientError
from producers.client.feed import FeedReader
from producers.client.feed_errors import FeedGapError, FeedWentBackError, ReceiptRefusedError, UnreadableItemError
from producers.client.feed_items import FeedItem

PATIENCE_SECONDS = 300
_NEVER = (FeedGapError, FeedWentBackError, UnreadableItemError, ReceiptRefusedError)
"""What no crash may bring about: these are findings, not reasons to begin again."""


class Readers:
    """One thread an agency: `stored` holds what each was given, `wrong` what must not have happened."""

    def __init__(self, data: Path) -> None:
        self.stored: dict[Agency, dict[int, FeedItem]] = {agency: {} for agency in RECEIVERS}
        self.signed: dict[Agency, int] = dict.fromkeys(RECEIVERS, 0)
        self.began_again = 0
        self.wrong: list[str] = []
        self._data = data
        self._over = threading.Event()

    @contextmanager
    def going_on(self) -> Iterator[None]:
        """Read in the background until the block ends; then read to the end, sign for all of it, and stop."""
        threads = [threading.Thread(target=self._read, args=(agency,)) for agency in RECEIVERS]
        for thread in threads:
            thread.start()
        try:
            yield
        finally:
            self._over.set()
            for thread in threads:
                thread.join()

    def _read(self, agency: Agency) -> None:
        try:
            self._read_again_and_again(agency)
        except BaseException as failure:  # noqa: BLE001 - a finding where the test looks
            self.wrong.append(f"the reader of {agency} ended: {failure!r}")

    def _read_again_and_again(self, agency: Agency) -> None:
        give_up_at = float("inf")
        while True:
            over = self._over.is_set()  # before reading: what is there now is read to the end
            if over and give_up_at == float("inf"):
                give_up_at = time.monotonic() + PATIENCE_SECONDS
            try:
                if self._one_life(agency) and over:
                    return
            except _NEVER as error:
                self.wrong.append(f"{agency}: {error}")
                return
            except (ClientError, KafkaError):
                self.began_again += 1
                time.sleep(0.2)
            if time.monotonic() > give_up_at:
                self.wrong.append(f"the reader of {agency} did not come to the end in {PATIENCE_SECONDS} s")
                return

    def _one_life(self, agency: Agency) -> bool:
        """Read what there is and sign for it; return whether every receipt is answered."""
        file = self._data / f"{agency}.feed"
        with FeedReader(find_where(self._data).bootstrap, agency, state=file, patience_seconds=5) as feed:
            for item in feed.available(timeout_seconds=2.0):
                before = self.stored[agency].setdefault(item.number, item)
                if before != item:
                    self.wrong.append(f"{agency} was given number {item.number} twice, and not the same")
                feed.delivered(item)
                if item.number % 97 == 0:
                    feed.opened(item)
            deadline = time.monotonic() + 30
            feed.flush()
            while feed.unanswered and time.monotonic() < deadline:
                time.sleep(0.1)
                feed.flush()
            self.signed[agency] = feed.signed
            return not feed.unanswered and feed.signed == len(self.stored[agency])
