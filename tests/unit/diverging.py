"""What was stated of one child, made up for tests of divergence, and the answer of `custody diverge` for it."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from ledger.entry import Entry
from ledger.times import parse_instant
from projections.knowledge.moments import Item, Receipt
from projections.knowledge.reads import EverythingStated as Said
from readers.child.diverging import Between, compared, holding
from readers.child.known_set import Stated, Viewpoint
from readers.child.records import Found
from readers.moments import Moments
from tests.histories import CHILD, ZONE, entry

LAST = datetime.fromisoformat("2030-01-01T00:00:00Z")


def stated(
    entries: Sequence[Entry], items: Sequence[Item] = (), receipts: Sequence[Receipt] = (), by: datetime = LAST
) -> Stated:
    """Return what was stated by R, with nothing set aside."""
    row = Found("", ZONE, "driven", by, CHILD, None, 1, (("orr-id", "1", "1", None),), (), ())
    said = Said(sorted(entries, key=lambda one: one.position), items, receipts, ())
    return Stated(row, Moments(by, by, by, by), said)


def compare(said: Stated, a: str, b: str, *, since: str | None = None, until: str | None = None) -> dict[str, Any]:
    """Return the answer for two sides, at least delivered, claimed or proven."""
    return compared_as(said, Viewpoint(a), Viewpoint(b), since, until)


def compared_as(
    said: Stated, a: Viewpoint, b: Viewpoint, since: str | None = None, until: str | None = None
) -> dict[str, Any]:
    one, other = holding(said, a), holding(said, b)
    first = min(at for at in (one.next_change(), other.next_change()) if at is not None)
    return compared(
        said,
        Between(a, b),
        one,
        other,
        since=first if since is None else parse_instant(since),
        until=said.moments.recorded_by if until is None else parse_instant(until),
    )


def member(answer: dict[str, Any], name: str, case: str | None = None) -> list[dict[str, Any]]:
    """Return the intervals of a member, none where the two never differed in it."""
    for one in answer["members"]:
        of_case = None if one["proceeding"] is None else one["proceeding"]["court_case"] or one["proceeding"]["nta_id"]
        if (one["member"], of_case) == (name, case):
            intervals: list[dict[str, Any]] = one["intervals"]
            return intervals
    return []


def said_at(recorded: str, known_since: str | None, *given: Any, **more: Any) -> Entry:
    """Return an entry recorded, and known to its producer, at these times; the rest as for `entry`."""
    at = parse_instant(recorded)
    return entry(*given, **more)._replace(
        recorded_at=at, known_since=at if known_since is None else parse_instant(known_since)
    )
