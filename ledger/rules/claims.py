"""Nobody knew of a thing before it happened: what claims that is recorded, counts from then on, and is remarked on.

Knowledge: Moments of knowledge. A day may mean any instant of it, so a claim is too early where all of it lies before
the first instant of the happening. What is known by R, corrections included, decides how the claim counts in answers.
"""

from datetime import datetime
from typing import Final

from ledger.entry import Entry
from ledger.facts import NoticeGiven
from ledger.records.record import Record
from ledger.rules.comparing_times import surely_before
from ledger.rules.remark import Remark
from ledger.times import When

CODE: Final = "known-before-happening"
_COUNTS: Final = "the claim counts from the first instant of `occurred_at` on; correct whichever of the two is wrong"
_SINCE: Final = Remark(CODE, f"`known_since` is before `occurred_at`: {_COUNTS}", "known_since")
_SENT: Final = Remark(
    CODE, f"the message's own time, which stands for `known_since`, is before `occurred_at`: {_COUNTS}", "known_since"
)
_CORRECTED: Final = Remark(
    CODE,
    "`fact.set.occurred_at` is later than its producer claims to have known of it: the claim counts from the first "
    "instant of the new time on",
    "fact.occurred_at",
)


def claimed_too_early(
    known_since: When | None, sent_at: datetime | None, occurred_at: When | None, zone: str
) -> Remark | None:
    """Remark on a producer's claim to have known what had not happened yet."""
    if known_since is not None:
        return _SINCE if surely_before(known_since, occurred_at, zone) else None
    return _SENT if surely_before(sent_at, occurred_at, zone) else None


def told_too_early(record: Record, fact: NoticeGiven, zone: str) -> Remark | None:
    """Remark on a notice of what had not happened yet when it was given, as far as entries of this child say."""
    for index, position in enumerate(fact.positions):
        told = record.standing_at(position) or record.entry_at(position)
        if told is not None and surely_before(fact.given_at, told.occurred_at, zone):
            return Remark(
                CODE,
                f"`fact.given_at` is before what stands at `fact.positions.{index}` happened: it counts from the "
                "first instant of that on; correct whichever time is wrong",
                "fact.given_at",
            )
    return None


def corrected_to_too_late(original: Entry, after: Entry, zone: str) -> Remark | None:
    """Remark on a new time of happening that its producer's own claim lies before."""
    return _CORRECTED if surely_before(original.known_since, after.occurred_at, zone) else None
