"""The entries of a view in the order in which a person reads them: as things happened, remarks as they were made."""

from typing import Any, Final

from ledger.facts import BY_WIRE, STATEMENTS
from ledger.times import order_key, read_back

REMARKS: Final = frozenset(wire for wire, fact in BY_WIRE.items() if fact in STATEMENTS)
"""Statements about entries and identity: they stand where they were recorded, and act whatever happened by."""
_STATE: Final = ("custody", "proceedings", "whereabouts", "age")


def timeline(view: dict[str, Any]) -> dict[str, Any]:
    """Return a view without its state, the entries in order of happening: unknown times first, then position."""
    zone = view["zone"]
    return {
        **{name: value for name, value in view.items() if name not in _STATE},
        "entries": sorted(view["entries"], key=lambda entry: _place(entry, zone)),
    }


def _place(entry: dict[str, Any], zone: str) -> tuple[int, int]:
    at = entry["recorded_at"] if entry["type"] in REMARKS else entry["occurred_at"]
    return order_key(None if at is None else read_back(at), zone), entry["position"]
