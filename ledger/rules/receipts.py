"""What becomes of a receipt, by what the agency's feed had published when it came (rules R1 to R3)."""

from collections.abc import Mapping
from datetime import datetime
from typing import NamedTuple

from ledger.agencies import Agency
from ledger.entry import Finding
from ledger.facts import FeedReceipted
from ledger.intake.form import Refusal
from ledger.intake.receipt import last_covered
from ledger.rules.future import in_future
from ledger.times import write_clock


class Published(NamedTuple):
    """How far an agency's feed is: its last number, 0 for none, and when those asked about were published."""

    last: int
    at: Mapping[int, datetime]


def judge_receipt(
    fact: FeedReceipted, *, agency: Agency, published: Published, recorded_at: datetime, zone: str
) -> tuple[Finding, ...] | Refusal:
    """Return the findings of the entry that a receipt becomes, or why it becomes none."""
    covered = last_covered(fact)
    member = "up_to" if fact.up_to is not None else "numbers"
    if covered > published.last:
        return _beyond(agency, member, covered, published.last)
    if fact.at is None:
        return ()
    if in_future(fact.at, recorded_at, zone):
        return Refusal(
            "R2",
            "`at` is later than the moment of recording; nothing was recorded; check the clock and the offset, and "
            "send it again under a new id",
            "at",
        )
    published_at = published.at[covered]
    if fact.at >= published_at:
        return ()
    return (
        Finding(
            "R3",
            "warn",
            f"`at` is before number {covered} was published, at {write_clock(published_at)}; for what was published "
            "after `at` the claim counts from its publication on",
        ),
    )


def _beyond(agency: Agency, member: str, covered: int, last: int) -> Refusal:
    stands = (
        f"the last number published on the feed of {agency} is {last}" if last else f"{agency} was told nothing yet"
    )
    cure = f"sign for numbers up to {last}" if last else "sign when something has come"
    return Refusal(
        "R1",
        f"`{member}` names {covered}, and {stands}; nothing was recorded; {cure}, under a new id",
        member,
    )
