"""Examples of events, made of the submissions that the tests keep for every fact, so that none is out of date."""

import json
from pathlib import Path
from typing import Any, Final

from ledger.facts import BY_WIRE

_SUBMISSIONS: Final = Path(__file__).resolve().parents[2] / "tests" / "golden" / "submissions"


def example(wire: str) -> dict[str, Any]:
    """Return a full submission of this fact."""
    data: dict[str, Any] = json.loads((_SUBMISSIONS / f"{wire}.json").read_text("utf-8"))
    return data


def example_event(wire: str) -> dict[str, Any]:
    """Return a full submission of this fact as an event in structured form."""
    agency = BY_WIRE[wire].producers[0].lower()
    return {
        "specversion": "1.0",
        "id": f"{wire}-1",
        "source": f"/{agency}/example",
        "type": wire,
        "time": "2024-09-01T12:30:15Z",
        "datacontenttype": "application/json",
        "data": example(wire),
    }
