"""What became of a submission, as its producer reads it on `custody.outcomes.<agency>` (contract: Outcome)."""

from collections.abc import Mapping, Sequence
from typing import Any, Final
from uuid import UUID

import orjson

from ledger.agencies import Agency
from ledger.submission import Refusal

WIRE: Final = "custody.outcome.v1"


def outcome(
    *,
    source: str | None,
    id: str | None,
    status: str,
    position: int | None = None,
    child: UUID | str | None = None,
    version: int | None = None,
    recorded_at: str | None = None,
    findings: Sequence[Mapping[str, Any]] = (),
    refusal: Mapping[str, Any] | None = None,
) -> bytes:
    """Return the JSON of one outcome; members that do not apply are null, so that every outcome has one shape."""
    return orjson.dumps(
        {
            "submission": {"source": source, "id": id},
            "status": status,
            "position": position,
            "child": None if child is None else str(child),
            "version": version,
            "recorded_at": recorded_at,
            "findings": findings,
            "refusal": refusal,
        }
    )


def refusal_members(refusal: Refusal) -> dict[str, Any]:
    """Return a refusal as it stands in an outcome."""
    return {
        "code": refusal.code,
        "message": refusal.message,
        "member": refusal.member,
        "faults": [{"code": one.code, "message": one.message, "member": one.member} for one in refusal.every],
    }


def accepted(*, position: int, child: UUID, version: int, state: bytes) -> tuple[Agency, str, bytes]:
    """Return (agency, submission id, outcome) of an entry: its acceptance is told by the entry itself."""
    entry = orjson.loads(state)
    producer = entry["producer"]
    submission_id = entry["submission"]["id"]
    return (
        producer["agency"],
        submission_id,
        outcome(
            source=producer["system"],
            id=submission_id,
            status="accepted",
            position=position,
            child=child if entry["subject"] == "child" else None,
            version=entry.get("version_told", version),
            recorded_at=entry["recorded_at"],
            findings=entry["findings"],
        ),
    )
