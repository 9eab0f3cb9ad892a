"""The addresses recorded of a child: which is in force at a moment, and which is known to be defective."""

from bisect import bisect_right
from dataclasses import dataclass
from typing import Final, Literal

from ledger.addresses.classes import Assessment, assess, spelling
from ledger.facts import Address, AddressReported, MailReturned, ReleasedToSponsor
from ledger.records.record import Record
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


def in_force(known: list[Given], when: When | None, zone: str) -> Address | None:
    """Return which of the `known` addresses, all of one purpose and in the order of `addresses`, is in force."""
    index = bisect_right(known, order_key(when, zone), key=lambda given: given.since)
    return known[index - 1].address if index else None


def of_purpose(known: list[Given], purpose: Purpose) -> list[Given]:
    """Return the `known` addresses of this purpose."""
    return [given for given in known if given.purpose == purpose]


def given_up(record: Record, address: Address, when: When | None, zone: str) -> bool:
    """Return whether `address` was the child's before `when`, and neither residence nor mailing address at `when`."""
    key = order_key(when, zone)
    earlier = [given for given in addresses(record, zone) if given.since <= key]
    current = {given.purpose: given for given in earlier}
    wanted = spelling(address)
    if any(spelling(given.address) == wanted for given in current.values()):
        return False
    return any(spelling(given.address) == wanted for given in earlier)


def defect(record: Record, address: Address, zone: str) -> Assessment | None:
    """Return why mail to `address` should not be expected to arrive; None: nothing is known against it."""
    assessment = assess(address)
    if assessment.address_class != "OK":
        return assessment
    wanted = spelling(address)
    residences = of_purpose(addresses(record, zone), "residence")
    for entry, fact in record.each(MailReturned):
        if fact.address_position is None:
            returned = in_force(residences, entry.occurred_at, zone)
        else:
            target = record.entry_at(fact.address_position)
            returned = getattr(target.fact, "address", None) if target else None
        if returned is not None and spelling(returned) == wanted:
            return RETURNED
    return None
