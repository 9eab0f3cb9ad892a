"""What intake makes of a message before the ledger decides: a submission, a receipt, a refusal, or bytes."""

from collections.abc import Mapping
from datetime import datetime
from typing import NamedTuple

from ledger.agencies import Agency
from ledger.entry import Finding
from ledger.facts import Fact, FeedReceipted
from ledger.submission import Refusal, Submission

Key = tuple[str, str]
"""The idempotency key: (ce_source, ce_id)."""


class Place(NamedTuple):
    """Where a message stands on Kafka, and which agency's topic that is."""

    agency: Agency
    topic: str
    partition: int
    offset: int


class Claim(NamedTuple):
    """A submission of the right form; the record decides what becomes of it."""

    agency: Agency
    key: Key
    digest: str
    wire: str
    sent_at: datetime
    extensions: Mapping[str, str]
    submission: Submission[Fact]
    remarks: tuple[Finding, ...]


class Receipt(NamedTuple):
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


class Illegible(NamedTuple):
    """A message that cannot be read; its bytes are kept. Where its key is known its sender is answered."""

    place: Place
    key: tuple[str | None, str | None]
    reason: str
    value: bytes | None
    headers: bytes


Arrival = Claim | Receipt | Malformed | Illegible
