"""Receipts as entries: what an agency signs for is said of its own feed, under its own record (contract: Receipt)."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from ledger.entry import Finding, Producer, fact_json, write_state
from ledger.facts import FeedReceipted
from ledger.times import When


def state_of(
    fact: FeedReceipted,
    *,
    recorded_at: datetime,
    producer: Producer,
    sent_at: When,
    submission_id: str,
    submission_digest: str,
    findings: Sequence[Finding] = (),
    extensions: Mapping[str, str] | None = None,
) -> bytes:
    """Return the bytes the event store keeps for an accepted receipt."""
    source: dict[str, Any] = {"document": "receipt", "reference": submission_id, "grade": "system-feed"}
    return write_state(
        recorded_at=recorded_at,
        occurred_at=fact.at,
        known_since=sent_at,
        producer=producer,
        door="feed",
        source=source,
        identifiers=(),
        findings=tuple(findings),
        submission_id=submission_id,
        submission_digest=submission_digest,
        fact=fact_json(fact),
        resolved={},
        extensions=extensions or {},
        subject="agency",
    )
