"""What can go wrong while an agency reads its feed and signs for it, each error with what was not done and the cure.

ClientError
├── FeedGapError            a number is missing between two items
├── FeedWentBackError       a number came that was given before, or the place lies beyond the feed
├── UnreadableItemError     an item cannot be read
├── FeedLostError           Kafka no longer answers
├── PlaceError              the file with the place cannot be used
└── ReceiptRefusedError     the ledger refused a receipt
"""

from pathlib import Path
from typing import Any

from producers.client.errors import ClientError

_YOUR_PLACE = "nothing beyond it was given, and your place is kept"


class FeedGapError(ClientError):
    """A feed is dense by contract: a missing number means that something was lost between the ledger and here."""

    def __init__(self, topic: str, last: int, found: int) -> None:
        missing = f"number {last + 1} is" if found == last + 2 else f"numbers {last + 1} to {found - 1} are"
        super().__init__(
            f"{topic} goes from {last} to {found}: {missing} missing; {_YOUR_PLACE}; sign for nothing beyond {last} "
            "and tell the operator of the ledger, who can publish the feed again; then start again"
        )
        self.last = last
        self.found = found


class FeedWentBackError(ClientError):
    """The place is not one of this feed: numbers only rise."""

    def __init__(self, topic: str, last: int, found: str) -> None:
        super().__init__(
            f"{topic} has {found} where the one after {last} was to come; {_YOUR_PLACE}; if the feed is a new one, or "
            "the place of another feed was given, begin again from the number you really stored last (0 for none)"
        )
        self.last = last


class UnreadableItemError(ClientError):
    """An item is not of the published form."""

    def __init__(self, topic: str, offset: int, flaw: str) -> None:
        super().__init__(
            f"{topic}, offset {offset}: {flaw}; {_YOUR_PLACE}; if this client is older than the ledger, install a "
            "newer one, or else tell the operator of the ledger; then start again"
        )
        self.offset = offset


class FeedLostError(ClientError):
    """Kafka does not answer any more."""

    def __init__(self, bootstrap: str, topic: str, last: int, seconds: float, reason: str) -> None:
        super().__init__(
            f"Kafka at {bootstrap} has not answered for {seconds:.0f} s ({reason}); {topic} was given up to {last}; "
            "what you did not sign for comes again; start again when Kafka runs"
        )
        self.last = last


class PlaceError(ClientError):
    """The file with the place is damaged, of another feed, or cannot be written."""

    def __init__(self, file: Path, flaw: str) -> None:
        super().__init__(
            f"{file}: {flaw}; nothing was read; correct it, or remove it and give `after=` the number you really "
            "stored last"
        )
        self.file = file


class ReceiptRefusedError(ClientError):
    """What the ledger did not accept as signed for."""

    def __init__(self, id: str, refusal: dict[str, Any]) -> None:
        super().__init__(
            f"receipt {id} was refused by {refusal['code']}: {refusal['message']}; your place in the feed is kept"
        )
        self.id = id
        self.refusal = refusal
