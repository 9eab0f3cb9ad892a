"""Corrections (H4, H0, H5, H6): of members the original fact has, to values that leave it valid.

`set` names members of the original fact, also in a correction of a correction, which amends that one in place.
"""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any, Final

from pydantic import ValidationError

from ledger.agencies import Agency
from ledger.choices import did_you_mean
from ledger.entry import Entry
from ledger.facts import (
    BY_WIRE,
    CorrectionIssued,
    EntryDisputed,
    Fact,
    FindingResolved,
    HandoffCancelled,
    HandoffDeclined,
    MailReturned,
    NoticeGiven,
    NtaServed,
    ReleasedToSponsor,
    ResponsibleOfficeAssigned,
)
from ledger.facts.vocabulary import STORED, time_members
from ledger.intake.form import Refusal, faults, together
from ledger.records.record import Record, corrected, with_members
from ledger.rules.births import reasserted
from ledger.rules.claims import corrected_to_too_late, told_too_early
from ledger.rules.exits_and_entries import out_of_sequence
from ledger.rules.future import in_future
from ledger.rules.handoffs_called_off import of_another_party
from ledger.rules.implausible import implausible
from ledger.rules.remark import Remark
from ledger.rules.targets import (
    check_dispute,
    check_resolution,
    find_target,
    may_change,
    not_yours,
    unknown_address,
    unknown_service,
)
from ledger.rules.warnings import release_address
from ledger.times import parse_when

NEVER_CORRECTED: Final = frozenset({"corrects", "set", "voids", "other", "identifier", "to", "positions"})
"""What these say is what the statement is about: void it and issue it anew."""


def check_correction(
    record: Record, fact: CorrectionIssued, *, agency: Agency, recorded_at: datetime, zone: str
) -> tuple[Remark | None, ...] | Refusal:
    """Judge a correction, and what the corrected fact then gives rise to."""
    target = find_target(record, fact.corrects, "fact.corrects")
    if isinstance(target, Refusal):
        return target
    if not may_change(target, agency):
        return not_yours("fact.corrects")
    original = record.original(fact.corrects)
    if original is None:
        return Refusal(
            "H4",
            "`fact.corrects` is a correction of an entry that is no longer of this child, since a merge was undone; "
            "nothing was recorded; correct the entry itself, in its own record",
            "fact.corrects",
        )
    wrong = _wrong_set(record, original, fact.set, recorded_at, zone)
    if wrong is not None:
        return wrong
    after = corrected(original, {**record.amendments(original.position), **fact.set})
    wrong = _wrong_aim(record, original, after, recorded_at, zone)
    if wrong is not None:
        return wrong
    dates: tuple[Remark | None, ...] = ()
    if fact.set.keys() & {"occurred_at", *time_members(type(original.fact))}:
        place = original.position
        dates = (
            out_of_sequence(record, after.fact, after.occurred_at, zone, place),
            implausible(record, after.fact, after.occurred_at, recorded_at, zone=zone, besides=place),
        )
    return (*_remarks(record, original, after, fact.set, zone), *dates)


def _wrong_set(
    record: Record, original: Entry, given: Mapping[str, Any], recorded_at: datetime, zone: str
) -> Refusal | None:
    """Return what is wrong with the new values, one by one and taken together with the corrections in force."""
    fact_class = BY_WIRE[original.type]
    for name in given:
        if name != "occurred_at" and name not in fact_class.model_fields:
            meant = did_you_mean(name, (*fact_class.model_fields, "occurred_at"))
            return _refused(
                "H0", name, f"is not a member of {original.type}{meant}; `set` names members of the original fact"
            )
        if name in NEVER_CORRECTED:
            return _refused("H4", name, "cannot be corrected; void the entry and issue it anew")
    if given.get("occurred_at") is not None:
        try:
            occurred_at = parse_when(given["occurred_at"])
        except ValueError as error:
            return _refused("H0", "occurred_at", f"is {error}")
        if in_future(occurred_at, recorded_at, zone):
            return _refused("H5", "occurred_at", "would be in the future")
    members = with_members(original.recorded_fact, {**record.amendments(original.position), **given})
    try:
        fact_class.model_validate(members)
    except ValidationError as error:
        wrong = faults(error, members, fact_class, original.type, ("fact", "set"))
        of_these = [fault for fault in wrong if (fault.member or "").split(".")[2:3] in [[name] for name in given]]
        return together(of_these) if of_these else _wrong_together(fact_class, members)
    return None


def _wrong_together(fact_class: type[Fact], members: Mapping[str, Any]) -> Refusal | None:
    """Judge what the ledger holds, with the new values in it, by the bounds of the day on which it was taken."""
    try:
        fact_class.model_validate(members, context=STORED)
    except ValidationError as error:
        return together(faults(error, members, fact_class, fact_class.wire, ("fact", "set")))
    return None


def _refused(code: str, name: str, problem: str) -> Refusal:
    member = f"fact.set.{name}"
    return Refusal(code, f"`{member}` {problem}; nothing was recorded", member)


def _wrong_aim(record: Record, original: Entry, after: Entry, recorded_at: datetime, zone: str) -> Refusal | None:
    """Return what is wrong where the corrected fact is itself about entries or a moment of telling."""
    fact = after.fact
    wrong: Refusal | None = None
    if isinstance(fact, EntryDisputed):
        wrong = check_dispute(record, fact)
    elif isinstance(fact, FindingResolved):
        wrong = check_resolution(record, fact, original.producer.agency)
    elif isinstance(fact, HandoffCancelled | HandoffDeclined):
        another = of_another_party(record, fact, original.producer.agency)
        if another is not None:
            return Refusal(another.code, f"{another.message}; nothing was recorded", "fact.set.handoff_id")
    elif isinstance(fact, NoticeGiven) and in_future(fact.given_at, recorded_at, zone):
        return _refused("H5", "given_at", "would be in the future")
    if wrong is None or wrong.member is None:
        return wrong
    return replace(wrong, member=wrong.member.replace("fact.", "fact.set.", 1))


def _remarks(
    record: Record, original: Entry, after: Entry, given: Mapping[str, Any], zone: str
) -> tuple[Remark | None, ...]:
    """Return what the corrected fact would have been remarked on for, in the members now set."""
    found: list[Remark | None] = [reasserted(record, original, after, zone)]
    fact: Fact = after.fact
    if "occurred_at" in given:
        found.append(corrected_to_too_late(original, after, zone))
    if isinstance(fact, ReleasedToSponsor) and "address" in given:
        found.append(release_address(fact.address))
    elif isinstance(fact, NtaServed) and "cures" in given:
        found.append(unknown_service(record, fact))
    elif isinstance(fact, MailReturned | ResponsibleOfficeAssigned) and "address_position" in given:
        found.append(unknown_address(record, fact))
    elif isinstance(fact, NoticeGiven) and "given_at" in given:
        found.append(told_too_early(record, fact, zone))
    return tuple(
        replace(remark, member=remark.member.replace("fact.", "fact.set.", 1)) if remark and remark.member else remark
        for remark in found
    )
