"""What became of a submission, as its producer reads it on `custody.outcomes.<agency>` (contract: Outcome)."""

from collections.abc import Mapping, Sequence
from typing import Any, Final
from uuid import UUID

import orjson

from ledger.agencies import Agency
from ledger.intake.submission import Refusal

WIRE: Final = "custody.outcome.v1"
MOST_BYTES: Final = 512 * 1024
"""Half of what Kafka's topics carry unless they are told otherwise."""
MOST_REMARKS: Final = 100
MOST_TEXT: Final = 400


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


def fitting(body: bytes) -> bytes:
    """Return an outcome that every outcomes topic carries: a very long one loses its last remarks, and says so.

    One that Kafka would not take would keep the outcomes of all agencies waiting behind it.
    """
    if len(body) <= MOST_BYTES:
        return body
    given = orjson.loads(body)
    given["findings"] = [_short(one) for one in given["findings"][:MOST_REMARKS]]
    if given["refusal"] is not None:
        given["refusal"] = _short(given["refusal"])
    given["submission"] = _short(given["submission"])
    return orjson.dumps(given)


def _short(members: Mapping[str, Any]) -> dict[str, Any]:
    short: dict[str, Any] = {}
    for name, value in members.items():
        match value:
            case str():
                short[name] = value if len(value) <= MOST_TEXT else value[:MOST_TEXT] + " … (too long to be told whole)"
            case list():
                short[name] = [_short(one) if isinstance(one, dict) else one for one in value[:MOST_REMARKS]]
            case _:
                short[name] = value
    return short


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
