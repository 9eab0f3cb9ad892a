"""What intake makes of a message before the ledger decides: a submission, a receipt, a refusal, or bytes."""

from collections.abc import Mapping
from datetime import datetime
from typing import Final, Literal, NamedTuple

from ledger.agencies import Agency
from ledger.entry import Finding
from ledger.facts import Fact, FeedReceipted
from ledger.intake.submission import Refusal, Submission
from ledger.topics import TopicId

Key = tuple[str, str]
"""(ce_source, ce_id): with the agency the idempotency key, so no agency can use up or probe another's ids."""


class Place(NamedTuple):
    """Where a message stands on Kafka, and which agency's topic that is."""

    agency: Agency
    topic: str
    partition: int
    offset: int
    id: TopicId | None = None
    """Which making of the topic."""


class Claim(NamedTuple):
    """A submission of the right form; the record decides what becomes of it."""

    agency: Agency
    key: Key
    digest: str
    wire: str
    sent_at: datetime | None
    """When its sender says that it was sent; None: the sender's clock says no time."""
    extensions: Mapping[str, str]
    submission: Submission[Fact]
    remarks: tuple[Finding, ...]


class ReceiptArrival(NamedTuple):
    """A receipt of the right form; what the agency's feed has published decides what becomes of it."""

    agency: Agency
    key: Key
    digest: str
    sent_at: datetime
    extensions: Mapping[str, str]
    fact: FeedReceipted


class Malformed(NamedTuple):
    """An attributable message that no record can accept; its refusal is kept and answered."""

    agency: Agency
    key: Key
    digest: str
    refusal: Refusal


KEPT_BYTES: Final = 65_536
"""So much of a message that cannot be read, or that a fault of ours met, is kept; the rest by its digest."""

Kind = Literal["unreadable", "fault", "batch", "lost", "foreign"]
"""Of a dead letter: nobody can read the message; a fault of ours met it; a whole record batch cannot be unpacked;
messages were gone before anybody took them."""


class Illegible(NamedTuple):
    """What is kept as a dead letter; where its key is known its sender is answered, and the id is not used up."""

    place: Place
    key: tuple[str | None, str | None]
    reason: str
    value: bytes | None
    """Its first bytes, up to `KEPT_BYTES`."""
    headers: bytes
    kind: Kind = "unreadable"
    last_offset: int | None = None
    """Of a batch, and of what was lost: up to where; None: the one message."""
    size: int | None = None
    """Bytes of the whole value; None: it had none."""
    digest: str | None = None
    """SHA-256 of the whole value without what rule H8 forbids."""
    names: tuple[tuple[str, str], ...] = ()
    """Of a fault: the identifiers (scheme, value) that the message names, as far as they can be read."""
    also: tuple[Key, ...] = ()
    """Further keys in it whose sender is answered."""


Arrival = Claim | ReceiptArrival | Malformed | Illegible
