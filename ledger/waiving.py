"""Waivers as entries: what the steward says of a duty is said under the record of the ledger itself."""

from datetime import datetime

from ledger.cloudevents import digest
from ledger.entry import Producer, fact_json, write_state
from ledger.facts import ObligationWaived


def state_of(fact: ObligationWaived, *, recorded_at: datetime, submission_id: str) -> bytes:
    """Return the bytes the event store keeps for a waiver."""
    body = fact_json(fact)
    return write_state(
        recorded_at=recorded_at,
        occurred_at=recorded_at,
        known_since=recorded_at,
        producer=Producer("STEWARD", None, None, "/custody-ledger/steward"),
        door="command",
        source={"document": "waiver", "reference": f"{fact.rule} of position {fact.position}", "grade": "document"},
        identifiers=(),
        findings=(),
        submission_id=submission_id,
        submission_digest=digest(fact.wire, body),
        fact=body,
        resolved={},
        extensions={},
        subject="ledger",
    )
