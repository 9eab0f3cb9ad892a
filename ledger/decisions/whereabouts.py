"""The addresses recorded of a child: which is in force at a moment, and which is known to be defective."""

from dataclasses import dataclass
from typing import Final, Literal

from ledger.addresses import Assessment, assess, same_place
from ledger.facts import Address, AddressReported, MailReturned, ReleasedToSponsor
from ledger.record import Record
from ledger.times import When, order_key

Purpose = Literal["residence", "mailing", "unknown"]

RETURNED: Final = Assessment("UNDELIVERABLE", "mail to it came back")


@dataclass(frozen=True, slots=True)
class Given:
    """An address as somebody gave it, in force from `since` (the key of the order of happenings)."""

    since: int
    position: int
    purpose: Purpose
    address: Address


def addresses(record: Record, zone: str) -> list[Given]:
    """Return the addresses of releases and reports, in the order they came into force."""
    found = [
        Given(order_key(entry.occurred_at, zone), entry.position, "residence", fact.address)
        for entry, fact in record.each(ReleasedToSponsor)
    ]
    found += [
        Given(order_key(fact.effective_from or entry.occurred_at, zone), entry.position, fact.purpose, fact.address)
        for entry, fact in record.each(AddressReported)
    ]
    found.sort(key=lambda given: (given.since, given.position))
    return found


def in_force(record: Record, purpose: Purpose, when: When | None, zone: str) -> Given | None:
    """Return the address of this purpose in force at `when`."""
    key = order_key(when, zone)
    known = [given for given in addresses(record, zone) if given.purpose == purpose and given.since <= key]
    return known[-1] if known else None


def given_up(record: Record, address: Address, when: When | None, zone: str) -> bool:
    """Return whether `address` was the child's before `when`, and neither residence nor mailing address at `when`."""
    key = order_key(when, zone)
    earlier = [given for given in addresses(record, zone) if given.since <= key]
    current = {given.purpose: given for given in earlier}
    if any(same_place(given.address, address) for given in current.values()):
        return False
    return any(same_place(given.address, address) for given in earlier)


def defect(record: Record, address: Address, zone: str) -> Assessment | None:
    """Return why mail to `address` should not be expected to arrive; None: nothing is known against it."""
    assessment = assess(address)
    if assessment.address_class != "OK":
        return assessment
    for entry, fact in record.each(MailReturned):
        target = record.entry_at(fact.address_position) if fact.address_position is not None else None
        if fact.address_position is None:
            residence = in_force(record, "residence", entry.occurred_at, zone)
            returned = residence.address if residence else None
        else:
            returned = getattr(target.fact, "address", None) if target else None
        if returned is not None and same_place(returned, address):
            return RETURNED
    return None
