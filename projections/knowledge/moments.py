"""What agencies knew of a child's entries: moments of knowledge, and the known set (knowledge: Moments, view).

A moment says that an agency came to know an entry, or some of its members: with a grade, by its own claim, by proof, or
by both, and through which channel. The known set are the entries and members with a moment of at least a grade, at or
before K, among the moments stated by R. Nothing is inferred beyond the moments there are.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from enum import Enum
from functools import cache
from typing import Final, Literal, NamedTuple

from ledger.agencies import RECEIVERS, Agency
from ledger.entry import Entry
from ledger.facts import CorrectionIssued, NoticeGiven
from ledger.sharing.disclosure import Sharing
from ledger.sharing.rule_sets import default_rules
from ledger.times import last_instant
from projections.fold.amended import effective
from projections.fold.claims import Claims

Basis = Literal["any", "proven"]
Channel = Literal["produced", "feed", "receipt", "notice", "read"]
GRADES: Final = ("told", "delivered", "opened", "acknowledged")
"""From being told to taking it on; a higher one includes the lower ones."""
TOLD, DELIVERED, OPENED, ACKNOWLEDGED = range(4)

Members = frozenset[str] | None
"""Names of members of a fact, a correction's new values as `set.<member>`; None: all of them."""


class Moment(NamedTuple):
    """One agency came to know an entry, or some members of it.

    `claimed`: since when by somebody's word. `proven`: by the ledger's clock. `not_before`: before that the agency
    cannot have known it this way. `number`: of its feed. `position`: of the statement that says so, if it is an entry.
    """

    agency: Agency
    grade: int
    claimed: datetime | None
    proven: datetime | None
    not_before: datetime | None
    channel: Channel
    number: int | None
    position: int | None
    members: Members

    def time(self, basis: Basis) -> datetime | None:
        """Return when it was known: by proof, or by claim or proof, whichever is earlier."""
        if basis == "proven" or self.claimed is None:
            return self.proven
        return self.claimed if self.proven is None else min(self.claimed, self.proven)


class Item(NamedTuple):
    """An entry on an agency's feed, as the read tables hold it."""

    agency: Agency
    position: int
    number: int
    published_at: datetime
    withheld: Sequence[str]
    unsaid: Sequence[str]


class Receipt(NamedTuple):
    """A receipt of an agency for one number of its feed."""

    agency: Agency
    number: int
    grade: int
    at: datetime | None
    recorded_at: datetime
    position: int


class Seen(NamedTuple):
    """An entry of the known set: the members known, the moment it was first known, and all moments there are."""

    entry: Entry
    members: Members
    first: Moment
    known_at: datetime
    moments: Sequence[Moment]


class NotThere(Enum):
    """What an entry is to an agency from which its existence is protected."""

    HERE = "no such entry"


Moments = Mapping[int, Sequence[Moment]]
"""By position of the entry known."""
_Ranked = tuple[datetime, int, int, Moment]
"""When it was known, and what goes before what at one time: the higher grade, then what was stated first."""
_NO_MEMBERS: Final[frozenset[str]] = frozenset()


def moments(
    entries: Sequence[Entry],
    agencies: Collection[Agency],
    items: Iterable[Item],
    receipts: Iterable[Receipt],
    zone: str,
) -> dict[int, list[Moment]]:
    """Return the moments of these agencies for `entries`; all that is given was stated by R."""
    found: dict[int, list[Moment]] = {}
    claims = Claims(entries, zone)
    by_position = {entry.position: entry for entry in entries}
    for entry in entries:
        if entry.producer.agency in agencies:
            found.setdefault(entry.position, []).append(
                Moment(
                    entry.producer.agency,
                    ACKNOWLEDGED,
                    claims.counted(last_instant(entry.known_since, zone), entry),
                    entry.recorded_at,
                    None,
                    "produced",
                    None,
                    entry.position,
                    None,
                )
            )
    signed: dict[tuple[Agency, int], list[Receipt]] = {}
    for receipt in receipts:
        signed.setdefault((receipt.agency, receipt.number), []).append(receipt)
    for item in items:
        known = by_position.get(item.position)
        if known is None:
            continue
        members = members_told(known, item)
        of_entry = found.setdefault(item.position, [])
        of_entry.append(Moment(item.agency, TOLD, None, item.published_at, None, "feed", item.number, None, members))
        of_entry += [
            Moment(
                item.agency,
                receipt.grade,
                None if receipt.at is None else claims.counted(max(receipt.at, item.published_at), known),
                receipt.recorded_at,
                item.published_at,
                "receipt",
                item.number,
                receipt.position,
                members,
            )
            for receipt in signed.get((item.agency, item.number), ())
            if receipt.recorded_at > item.published_at
        ]
    own = []
    for position, moment in notices(entries, agencies, zone, claims):
        if moment.grade == ACKNOWLEDGED:
            own.append((position, moment))
        else:
            found.setdefault(position, []).append(moment)
    limited = [(at, moment, as_far_as_told(by_position[at], moment, found.get(at, ()))) for at, moment in own]
    for position, moment, known_of_it in limited:
        if not isinstance(known_of_it, NotThere):
            found.setdefault(position, []).append(moment._replace(members=known_of_it))
    return found


def as_far_as_told(entry: Entry, own: Moment, others: Sequence[Moment]) -> "Members | NotThere":
    """Return what a party's own notice gives it: of what it lists, what it was told otherwise, or produced.

    A notice never widens what a rule withheld from whoever gave it: of what nobody told it, it gives that there is such
    an entry; of what is protected from it not even that. `others` are moments other than those of its own notices.
    """
    agency, listed = own.agency, own.members
    told = [moment.members for moment in others if moment.agency == agency]
    if None in told or (not told and agency not in RECEIVERS):
        return listed
    if not told and _shipped().hides(entry, agency):
        return NotThere.HERE
    allowed = _NO_MEMBERS.union(*(members for members in told if members is not None))
    return allowed if listed is None else _expanded(entry, listed) & allowed


@cache
def _shipped() -> Sharing:
    """Return the rules before any were adopted: what they protect, and no set has told since, is protected."""
    return Sharing(default_rules())


def members_told(entry: Entry, item: Item) -> Members:
    """Return the members that an item holds; None: all of them."""
    if not item.withheld and not item.unsaid:
        return None
    return frozenset(names(entry)).difference(item.withheld, item.unsaid)


def names(entry: Entry) -> list[str]:
    """Return the names of the members given in an entry, a correction's new values each by its own."""
    fact = entry.fact
    if type(fact) is not CorrectionIssued:
        return list(entry.recorded_fact)
    given = [member for member in entry.recorded_fact if member != "set"]
    return [*given, *(f"set.{member}" for member in fact.set)]


def notices(
    entries: Sequence[Entry], agencies: Collection[Agency], zone: str, claims: Claims
) -> Iterable[tuple[int, Moment]]:
    """Yield what notices told, by the position told of, each as corrected and voided by R, for everyone alike."""
    if not any(type(entry.fact) is NoticeGiven for entry in entries):
        return
    by_position = {entry.position: entry for entry in entries}
    for one in effective(entries):
        notice = one.fact
        if not isinstance(notice, NoticeGiven) or one.voided_by or notice.to == "unknown" or notice.to not in agencies:
            continue
        itself = one.entry.producer.agency == notice.to
        given_at = last_instant(notice.given_at, zone)
        moment = Moment(
            notice.to,
            ACKNOWLEDGED if itself else TOLD,
            given_at,
            one.entry.recorded_at if itself else None,
            None,
            "notice",
            None,
            one.entry.position,
            None if notice.members == "all" else frozenset(notice.members),
        )
        for position in notice.positions:
            told = by_position.get(position)
            if told is not None and position < one.entry.position:
                yield position, moment._replace(claimed=claims.counted(given_at, told))


def known_set(
    entries: Sequence[Entry], known: Moments, *, known_at: datetime, basis: Basis, at_least: int
) -> list[Seen]:
    """Return the entries with an eligible moment, with the members known by K, in the order given.

    The first moment is the earliest; of those at one time the highest in grade, then the one stated first.
    """
    seen = []
    for entry in entries:
        of_entry = known.get(entry.position)
        if of_entry is None:
            continue
        first: _Ranked | None = None
        members: Members = _NO_MEMBERS
        for moment in of_entry:
            time = moment.time(basis) if moment.grade >= at_least else None
            if time is None or time > known_at:
                continue
            if first is None or (time, -moment.grade, moment.position or 0) < first[:3]:
                first = time, -moment.grade, moment.position or 0, moment
            if members is not None:
                members = None if moment.members is None else members | _expanded(entry, moment.members)
        if first is not None:
            seen.append(Seen(entry, members, first[3], first[0], of_entry))
    return seen


def _expanded(entry: Entry, members: frozenset[str]) -> frozenset[str]:
    """Return the names with `set` told apart: who was told of a correction's `set` was told of all of it."""
    if "set" in members and type(entry.fact) is CorrectionIssued:
        return members | {f"set.{member}" for member in entry.fact.set}
    return members
