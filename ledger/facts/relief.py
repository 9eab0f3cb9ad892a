"""What says that relief was sought or granted: from whom that is kept, it is kept whole (8 USC 1367; 8 CFR 208.6)."""

from typing import Final

from ledger.facts import BY_WIRE, Fact, NtaNotPursued, OrderEntered

_RELIEF_PENDING: Final = frozenset(("7A", "7B", "7C", "7D", "7E", "7F", "7G", "7H"))
"""EOIR's adjournment codes that say an application is pending with DHS."""


def reveals_relief(wire: str, member: str, value: object) -> bool:
    """Return whether a member says that relief was sought or granted (8 USC 1367; contract: nta-not-pursued)."""
    if member == "adjournment_code":
        return value in _RELIEF_PENDING
    fact: type[Fact] = BY_WIRE[wire]
    if member == "decision":
        return fact is OrderEntered and value == "relief-granted"
    return member == "reason" and fact is NtaNotPursued and value == "uscis-relief-pending"
