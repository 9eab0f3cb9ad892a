"""What statements aim at (H4): earlier entries of this child, other records, members that can be corrected.

A target that is not there is refused at every door, for a statement about nothing would act on nobody's view.
What only refers (`cures`, `address_position`, a notice's `members`) is remarked on instead.
"""

from typing import Final
from uuid import UUID

from ledger.agencies import Agency
from ledger.entry import Entry
from ledger.facts import (
    BY_WIRE,
    CorrectionIssued,
    EntryDisputed,
    EntryVoided,
    FindingResolved,
    IdentityMerged,
    IdentityUnmerged,
    MailReturned,
    NoticeGiven,
    NtaServed,
    ResponsibleOfficeAssigned,
)
from ledger.intake.submission import Refusal
from ledger.records.record import Record
from ledger.rules.births import reasserted
from ledger.rules.remark import Remark

_NO_SUCH_ADDRESS: Final = Remark(
    "reference-unknown", "`fact.address_position` names no entry of this child that gives an address"
)
_NO_SUCH_SERVICE: Final = Remark(
    "reference-unknown", "`fact.cures` names no earlier service of this Notice to Appear on this child"
)


def find_target(record: Record, position: int, member: str) -> Entry | Refusal:
    """Return the entry a statement aims at, or why it aims at nothing."""
    entry = record.entry_at(position)
    if entry is None:
        return Refusal(
            "H4",
            f"`{member}` is {position}, which is no earlier entry of this child (or of a record merged with hers); "
            "nothing was recorded; look the position up in the child's timeline",
            member,
        )
    return entry


def may_change(entry: Entry, agency: Agency) -> bool:
    """Return whether `agency` may correct, void or resolve: it produced the entry, or is the STEWARD."""
    return agency in (entry.producer.agency, "STEWARD")


def check_void(record: Record, fact: EntryVoided, agency: Agency, zone: str) -> tuple[Remark | None, ...] | Refusal:
    """Judge a void; an entry may be voided again, and then needs as many undoings."""
    target = find_target(record, fact.voids, "fact.voids")
    if isinstance(target, Refusal):
        return target
    if not may_change(target, agency):
        return not_yours("fact.voids")
    return (reasserted(record, target, None, zone),)


def not_yours(member: str) -> Refusal:
    """Say who may correct or void an entry."""
    return Refusal(
        "H4",
        f"`{member}` names an entry of another agency; nothing was recorded; only its producer or the STEWARD may "
        "correct or void it: ask them, or have the STEWARD record a dispute",
        member,
    )


def check_merge(fact: IdentityMerged, child: UUID, named: UUID | None, group: frozenset[UUID]) -> Refusal | None:
    """Judge a merge: with a record there is, which is not one with this one already."""
    if named is None:
        return _unknown_other()
    if named == child or named in group:
        return Refusal(
            "H4",
            "`fact.other` is of this very person already; nothing was recorded; there is nothing to merge",
            "fact.other",
        )
    return None


def check_unmerge(fact: IdentityUnmerged, named: UUID | None, merged_directly: frozenset[UUID]) -> Refusal | None:
    """Judge an unmerge: only of a pair that a merge of just these two joins."""
    if named is None:
        return _unknown_other()
    if named not in merged_directly:
        return Refusal(
            "H4",
            "no merge in force joins just these two records; nothing was recorded; unmerge the pair that was merged",
            "fact.other",
        )
    return None


def _unknown_other() -> Refusal:
    return Refusal(
        "H4", "`fact.other` is no record's identifier; nothing was recorded; check its scheme and value", "fact.other"
    )


def check_notice(record: Record, fact: NoticeGiven) -> tuple[Remark | None, ...] | Refusal:
    """Judge a notice: every position told is one of this child's."""
    known: set[str] = set()
    for index, position in enumerate(fact.positions):
        entry = find_target(record, position, f"fact.positions.{index}")
        if isinstance(entry, Refusal):
            return entry
        known.update(BY_WIRE[entry.type].model_fields)
        if isinstance(entry.fact, CorrectionIssued):
            known.update(f"set.{member}" for member in entry.fact.set)
    if fact.members == "all" or known.issuperset(fact.members):
        return ()
    return (_no_such_member(next(index for index, member in enumerate(fact.members) if member not in known)),)


def _no_such_member(index: int) -> Remark:
    return Remark(
        "reference-unknown",
        f"`fact.members.{index}` names a member that none of the entries told has, and tells nobody anything; "
        "correct `members`: the names stand in the entries told (a correction's as `set.address`)",
    )


def check_dispute(record: Record, fact: EntryDisputed) -> Refusal | None:
    """Judge a dispute: of an entry there is."""
    target = find_target(record, fact.position, "fact.position")
    return target if isinstance(target, Refusal) else None


def check_resolution(record: Record, fact: FindingResolved, agency: Agency) -> Refusal | None:
    """Judge the resolution of a finding: one the entry carries, by its producer or the STEWARD (H2)."""
    target = find_target(record, fact.position, "fact.position")
    if isinstance(target, Refusal):
        return target
    if not may_change(target, agency):
        return Refusal(
            "H2",
            "the entry is another agency's; nothing was recorded; its producer or the STEWARD resolves its findings",
            "fact.position",
        )
    if all(finding.code != fact.code for finding in target.findings):
        return Refusal(
            "H4",
            "the entry carries no finding of this code; nothing was recorded; see its findings in the child's timeline",
            "fact.code",
        )
    return None


def unknown_address(record: Record, fact: MailReturned | ResponsibleOfficeAssigned) -> Remark | None:
    """Remark on an `address_position` at which no address of this child is recorded."""
    if fact.address_position is None:
        return None
    entry = record.entry_at(fact.address_position)
    given = getattr(entry.fact, "address", None) if entry is not None else None
    return _NO_SUCH_ADDRESS if given is None else None


def unknown_service(record: Record, fact: NtaServed) -> Remark | None:
    """Remark on `cures` that names no earlier service of the same Notice to Appear."""
    if fact.cures is None:
        return None
    entry = record.entry_at(fact.cures)
    served = entry.fact if entry is not None else None
    return None if isinstance(served, NtaServed) and served.nta_id == fact.nta_id else _NO_SUCH_SERVICE
