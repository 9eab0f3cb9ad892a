"""Decides what becomes of a submission: the findings its entry will carry, or the refusal that keeps it out.

Pure: nothing here reads a clock, a table or a topic, and nothing raises. Idempotency, identifiers nobody knows and
rule H8 come before, in intake. Each rule is written down in `ledger.rules.catalogue`; which fact meets which is said in
`ledger.rules.by_fact`.
"""

from collections.abc import Iterable
from datetime import datetime
from functools import lru_cache
from typing import Final, cast

from ledger.agencies import Agency
from ledger.entry import Entry, Finding, Level
from ledger.facts import (
    AnyFact,
    Fact,
    NoticeGiven,
    current,
)
from ledger.facts.questions import OPENS_RECORDS, SAFETY_FACTS
from ledger.intake.form import Refusal
from ledger.intake.submission import Submission
from ledger.records.record import Record
from ledger.rules.by_fact import Remarks, afterlife, aim, judge
from ledger.rules.catalogue import BY_CODE
from ledger.rules.claims import CODE, claimed_too_early
from ledger.rules.context import NOBODY_KNOWN, NOTHING_AROUND, Surroundings
from ledger.rules.exits_and_entries import out_of_sequence
from ledger.rules.future import in_future
from ledger.rules.implausible import implausible
from ledger.rules.remark import Remark

__all__ = ["NOBODY_KNOWN", "NOTHING_AROUND", "Surroundings", "decide"]


def decide(
    record: Record,
    submission: Submission[Fact],
    *,
    agency: Agency,
    recorded_at: datetime,
    zone: str,
    around: Surroundings = NOTHING_AROUND,
    sent_at: datetime | None = None,
) -> tuple[Finding, ...] | Refusal:
    """Return the findings of the entry that `submission` becomes, at most one a rule; or why it becomes none.

    `sent_at` stands for its `known_since` where it has none.
    """
    fact = cast(AnyFact, current(submission.fact))
    if agency not in fact.producers:
        return Refusal(
            "H2",
            f"{agency} does not produce {fact.wire}; nothing was recorded; producers are {', '.join(fact.producers)}",
            "type",
        )
    if submission.expected_version is not None:
        moved = _moved_on(record, submission, submission.expected_version)
        if moved is not None:
            return moved
    person = _one_person(record, around.others) if around.others else record
    aimed = aim(person, fact, agency=agency, recorded_at=recorded_at, zone=zone, around=around)
    if isinstance(aimed, Refusal):
        return aimed
    remarks: Remarks = (
        _future(submission, fact, recorded_at, zone),
        *aimed,
        *judge(person, fact, submission.occurred_at, agency, zone),
        *afterlife(person, fact, submission.occurred_at, zone),
        out_of_sequence(person, fact, submission.occurred_at, zone),
        implausible(person, fact, submission.occurred_at, recorded_at, zone=zone),
        *_on_the_submission(submission, fact, around),
    )
    if all(remark is None or remark.code != CODE for remark in remarks):
        too_early = claimed_too_early(submission.known_since, sent_at, submission.occurred_at, zone)
        remarks = remarks if too_early is None else (*remarks, too_early)
    return _weigh(remarks, submission.door == "command", type(fact) in SAFETY_FACTS)


def _weigh(remarks: Iterable[Remark | None], at_command: bool, safety: bool) -> tuple[Finding, ...] | Refusal:
    """Let the door decide what each remark does; the first that refuses is the answer."""
    findings: list[Finding] = []
    for remark in remarks:
        if remark is None:
            continue
        rule = BY_CODE[remark.code]
        effect = remark.level or (rule.command if at_command else rule.feed)
        if effect == "refuse":
            if not safety:
                return _refusal(remark, at_command)
            effect = "guard"
        assert effect != "-"
        findings.append(_finding(remark.code, effect, remark.message))
    return tuple(findings)


@lru_cache(maxsize=4096)
def _finding(code: str, level: Level, message: str) -> Finding:
    return Finding(code, level, message)


def _refusal(remark: Remark, at_command: bool) -> Refusal:
    cure = "correct it and send it again"
    if at_command and BY_CODE[remark.code].feed != "refuse":
        cure = "record first what is missing, or correct what contradicts it; the feed door records it with a finding"
    return Refusal(remark.code, f"{remark.message}; nothing was recorded; {cure}", remark.member)


def _moved_on(record: Record, submission: Submission[Fact], expected_version: int) -> Refusal | None:
    if submission.door != "command":
        return Refusal(
            "H0",
            "`expected_version` belongs to the command door; nothing was recorded; leave it out",
            "expected_version",
        )
    if expected_version == record.version:
        return None
    return Refusal(
        "H1",
        f"the record is at version {record.version}, no longer at {expected_version}; nothing was recorded; "
        "read it again and decide again",
        "expected_version",
    )


def _one_person(record: Record, others: tuple[Entry, ...]) -> Record:
    union = Record(record.child)
    for entry in sorted((*record.entries, *others), key=lambda entry: entry.position):
        union.add(entry)
    return union


def _future(submission: Submission[Fact], fact: AnyFact, recorded_at: datetime, zone: str) -> Remark | None:
    """H5: what has happened, been known or been told cannot lie ahead of the ledger's clock."""
    if in_future(submission.occurred_at, recorded_at, zone):
        return Remark("H5", "`occurred_at` is in the future; what is planned has members of its own", "occurred_at")
    if submission.known_since is not None and in_future(submission.known_since, recorded_at, zone):
        return Remark("H5", "`known_since` is in the future", "known_since")
    if isinstance(fact, NoticeGiven) and in_future(fact.given_at, recorded_at, zone):
        return Remark("H5", "`fact.given_at` is in the future", "fact.given_at")
    return None


def _on_the_submission(submission: Submission[Fact], fact: AnyFact, around: Surroundings) -> Remarks:
    """Remark on what the submission itself says, and on the record it was put under."""
    remarks: list[Remark] = []
    if around.disagreeing:
        shown = ", ".join(around.disagreeing)
        remarks.append(
            Remark("identifiers-disagree", f"another record carries {shown}; entered under the first", "child")
        )
    remarks += around.attaching
    if around.kept_from_recipient and isinstance(fact, NoticeGiven):
        positions = ", ".join(map(str, around.kept_from_recipient))
        remarks.append(
            Remark(
                "told-though-protected",
                f"the sharing rules protect from {fact.to} that there is an entry {positions}; "
                "the notice stands, as the sender's own act",
                "fact.positions",
            )
        )
    if around.opens_record:
        if type(fact) not in OPENS_RECORDS:
            remarks.append(_OPENED)
        first = submission.child[0]
        if first.scheme == "hhs-release-row" and "#" in first.value:
            remarks.append(_DOUBLED)
    if submission.occurred_at is None:
        remarks.append(_UNKNOWN_TIME)
    codes = submission.source.codes
    if codes and "" in codes.values():
        members = ", ".join(
            sorted(name for name, code in codes.items() if not code and name in type(fact).model_fields)
        )
        remarks.append(
            Remark("code-missing", f"the source gave no code, its text decided: {members or 'another member'}")
        )
    return tuple(remarks)


_OPENED: Final = Remark("record-opened", "none of the identifiers was known; this fact opened a record")
_DOUBLED: Final = Remark(
    "doubled-row-id", "the source's row id stood twice; this row is taken for another child and opened a record"
)
_UNKNOWN_TIME: Final = Remark("occurred-at-unknown", "when it happened is unknown; it sorts before everything")
