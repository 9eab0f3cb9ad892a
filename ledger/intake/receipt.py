"""A receipt: what an agency signs for, read strictly and refused with the member's name (contract: Receipt).

It says nothing of whose feed it is for: that is always the feed of the agency on whose topic it came.
"""

from typing import Final

from pydantic import ValidationError
from pydantic_core import from_json

from ledger.agencies import RECEIVERS, Agency
from ledger.facts import BY_WIRE, FeedReceipted
from ledger.intake.form import Refusal, faults, nul_characters, repeated_names, together
from ledger.topics import intake, receipts

WIRE: Final = "custody.receipt.v1"
_NAMES: Final = (WIRE, FeedReceipted.wire)
"""The message's own type, and the entry's, by which it is easily called."""


def read_receipt(agency: Agency, wire: str, data: bytes) -> FeedReceipted | Refusal:
    """Read the JSON `data` of a message of type `wire` on the receipts topic of `agency`."""
    if wire != WIRE:
        return _not_a_receipt(agency, wire)
    if b"\\" in data:
        unstorable = nul_characters(data)
        if unstorable:
            return together(unstorable)
    try:
        fact = FeedReceipted.model_validate_json(data)
    except ValidationError as error:
        return _misread(error, data)
    repeated = repeated_names(data)
    if repeated:
        return together(repeated)
    if fact.numbers is not None and len(set(fact.numbers)) < len(fact.numbers):
        return Refusal("H0", "`numbers` names a number twice; name each once", "numbers")
    return fact


def receipt_on_intake(agency: Agency, wire: str) -> Refusal | None:
    """Refuse what was meant as a receipt and came on an intake topic; None for every other type."""
    if wire not in _NAMES:
        return None
    if agency not in RECEIVERS:
        return Refusal("H0", f"{agency} has no feed and signs for nothing; leave it out", "type")
    return Refusal(
        "H0",
        f"a receipt does not belong on {intake(agency)}; nothing was recorded; send it to {receipts(agency)} as "
        f"{WIRE}, under a new id",
        "type",
    )


def last_covered(fact: FeedReceipted) -> int:
    """Return the highest number that a receipt signs for."""
    return fact.up_to if fact.up_to is not None else max(fact.numbers or (0,))


def _not_a_receipt(agency: Agency, wire: str) -> Refusal:
    topic = receipts(agency)
    if wire in BY_WIRE:
        return Refusal(
            "H0",
            f"a submission does not belong on {topic}; nothing was recorded; send it to {intake(agency)}, "
            "under a new id",
            "type",
        )
    return Refusal("H0", f"{topic} takes receipts only; nothing was recorded; their type is {WIRE}", "type")


def _misread(error: ValidationError, data: bytes) -> Refusal:
    try:
        given = from_json(data)
    except ValueError:
        given = None
    refusal = together([*faults(error, given, FeedReceipted, WIRE), *repeated_names(data)])
    if refusal.member is None and isinstance(given, dict):
        # the one fault of the whole: both of the two were given, or neither
        member = "numbers" if given.get("up_to") is not None else "up_to"
        return Refusal("H0", f"`{member}`: give either `up_to` or `numbers`, not both and not neither", member)
    return refusal
