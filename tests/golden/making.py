"""How golden entries are made from golden submissions: everything the ledger adds is fixed here.

`python -m tests.golden.making` writes what a new wire name lacks, from its file in `submissions/`. It never touches
an entry that is there, and lets a baseline schema only grow: what is accepted today is promised from now on.
"""

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final, assert_never
from uuid import UUID

from custody.publishing.compatibility import incompatibilities
from custody.publishing.documents import EVERY_WIRE, text_of
from custody.publishing.schemas import schema_of
from ledger.agencies import Agency
from ledger.entry import Finding, Producer, Subject, fact_json, value, write_state
from ledger.facts import (
    BY_WIRE,
    LEDGER_FACTS,
    AnswerServed,
    CoverageDeclared,
    Fact,
    FeedReceipted,
    LedgerFact,
    ObligationWaived,
    SharingRulesAdopted,
)
from ledger.intake.digests import digest
from ledger.intake.submission import Submission, read_submission
from ledger.rules.receipting import state_of as receipt_state
from ledger.store import adopting, covering, serving, waiving
from ledger.store.own_records import STEWARD, state_of
from ledger.streams import LEDGER

HERE: Final = Path(__file__).parent
SUBMISSIONS: Final = HERE / "submissions"
ENTRIES: Final = HERE / "entries"
SCHEMAS: Final = HERE / "schemas"
LEDGER_SUBMITTED: Final = HERE / "ledger_facts"
LEDGER_ENTRIES: Final = HERE / "ledger_entries"

POSITION: Final = 1017
CHILD: Final = UUID("0195e000-0000-7000-8000-000000000017")
OTHER: Final = UUID("0195e000-0000-7000-8000-000000000018")
VERSION: Final = 9
RECORDED_AT: Final = datetime(2024, 9, 1, 12, 30, 15, 123456, tzinfo=UTC)
AGENCIES: Final[Mapping[str, Agency]] = {
    "custody.child-encountered.v1": "CBP",
    "custody.handoff-declined.v1": "ORR",
    "custody.identifier-asserted.v1": "EOIR",
    "custody.identity-merged.v1": "STEWARD",
    "custody.mail-returned.v1": "EOIR",
    "custody.mail-returned.v2": "EOIR",
    "custody.motion-filed.v1": "EOIR",
    "custody.notice-given.v1": "ICE-OPLA",
    "custody.representative-entered.v1": "EOIR",
    "custody.representative-withdrawn.v1": "EOIR",
    "custody.uc-determination-made.v1": "CBP",
}
FINDINGS: Final[Mapping[str, tuple[Finding, ...]]] = {
    "custody.handoff-accepted.v1": (Finding("C1", "warn", "no handoff `H-9017` was started"),),
}
EXTENSIONS: Final[Mapping[str, Mapping[str, str]]] = {
    "custody.handoff-accepted.v1": {"traceparent": "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"},
}
RESOLVED: Final[Mapping[str, Mapping[str, str]]] = {
    "custody.identity-merged.v1": {"other": str(OTHER)},
    "custody.identity-unmerged.v1": {"other": str(OTHER)},
}

SUBJECTS: Final[Mapping[str, Subject]] = {
    "custody.answer-served.v1": "agency",
    "custody.coverage-declared.v1": "ledger",
    "custody.feed-receipted.v1": "agency",
    "custody.obligation-waived.v1": "ledger",
    "custody.sharing-rules-adopted.v1": "ledger",
}


def read_golden_submission(wire: str) -> Submission[Fact]:
    """Return the golden submission of a wire name, read as intake reads it."""
    read = read_submission(wire, (SUBMISSIONS / f"{wire}.json").read_bytes())
    assert isinstance(read, tuple), f"{wire}: {read}"
    return read[0]


def producer_of(wire: str, submission: Submission[Fact]) -> Producer:
    """Return an agency that may produce the fact, with what the submission says of office and user."""
    producers = BY_WIRE[wire].producers
    agency = AGENCIES.get(wire) or ("ORR" if "ORR" in producers else producers[0])
    assert submission.reported_by is not None
    return Producer(agency, submission.reported_by.office, submission.reported_by.user, f"/{agency.lower()}/records")


def entry_bytes(wire: str) -> bytes:
    """Return the message on `custody.entries` that the golden submission becomes."""
    submission = read_golden_submission(wire)
    source: dict[str, Any] = submission.source.model_dump(mode="json")
    assert submission.known_since is not None
    state = write_state(
        recorded_at=RECORDED_AT,
        occurred_at=submission.occurred_at,
        known_since=submission.known_since,
        producer=producer_of(wire, submission),
        door=submission.door,
        source=source,
        identifiers=tuple((i.scheme, i.value) for i in submission.child),
        findings=FINDINGS.get(wire, ()),
        submission_id=f"golden-{wire}",
        submission_digest=digest(wire, (SUBMISSIONS / f"{wire}.json").read_bytes()),
        fact=fact_json(submission.fact),
        resolved=RESOLVED.get(wire, {}),
        extensions=EXTENSIONS.get(wire, {}),
    )
    return value(position=POSITION, child=CHILD, version=VERSION, wire=wire, state=state)


def ledger_entry_bytes(wire: str) -> bytes:
    """Return the message on `custody.entries` that a golden fact about no child becomes."""
    fact = LEDGER_FACTS[wire].model_validate_json((LEDGER_SUBMITTED / f"{wire}.json").read_bytes())
    if isinstance(fact, FeedReceipted):
        state = receipt_state(
            fact,
            recorded_at=RECORDED_AT,
            producer=Producer("ICE-ERO", "Juvenile desk, HLG", "u-2290", "/ice-ero/feed-client"),
            sent_at=RECORDED_AT,
            submission_id=f"golden-{wire}",
            submission_digest=digest(wire, fact_json(fact)),
        )
    else:
        producer, source = _said(fact)
        state = state_of(
            fact,
            recorded_at=RECORDED_AT,
            subject=SUBJECTS[wire],
            producer=producer,
            source=source,
            submission_id=f"golden-{wire}",
        )
    return value(position=POSITION, child=LEDGER, version=VERSION, wire=wire, state=state)


def _said(fact: LedgerFact) -> tuple[Producer, tuple[str, str]]:
    """Return who says it, and its source."""
    match fact:
        case SharingRulesAdopted():
            return STEWARD, adopting.source_of(fact)
        case ObligationWaived():
            return STEWARD, waiving.source_of(fact)
        case CoverageDeclared():
            return STEWARD, covering.source_of(fact)
        case AnswerServed():
            return Producer("ICE-ERO", "Juvenile desk, HLG", "u-2290", "/custody-ledger/api"), serving.source_of(fact)
        case FeedReceipted():
            raise AssertionError("a receipt is a message, and is made as one")
        case _:
            assert_never(fact)


def main() -> None:
    """Write the golden entries that are missing, and the schema baselines that are missing or have fallen behind."""
    for folder in (ENTRIES, LEDGER_ENTRIES, SCHEMAS):
        folder.mkdir(exist_ok=True)
    for wire in sorted(EVERY_WIRE):
        of_child = wire in BY_WIRE
        entry, baseline = (ENTRIES if of_child else LEDGER_ENTRIES) / f"{wire}.json", SCHEMAS / f"{wire}.json"
        if not entry.exists():
            entry.write_bytes(entry_bytes(wire) if of_child else ledger_entry_bytes(wire))
        today = schema_of(wire)
        kept = json.loads(baseline.read_text("utf-8")) if baseline.exists() else None
        if kept is None or (incompatibilities(today, kept) and not incompatibilities(kept, today)):
            baseline.write_text(text_of(today), encoding="utf-8")


if __name__ == "__main__":
    main()
