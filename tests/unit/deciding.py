"""The grammar of decision tests: given(what stands) .when(what is sent) .finds(...) or .refused(...)."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any, Final, cast
from uuid import UUID

import orjson

from ledger.agencies import Agency
from ledger.entry import Entry, Finding, Producer, fact_json
from ledger.facts import BY_WIRE, AnyFact, current
from ledger.intake.submission import Refusal, read_submission
from ledger.records.record import Record
from ledger.rules.decide import NOTHING_AROUND, Surroundings, decide

CHILD: Final = UUID("0195e000-0000-7000-8000-000000000017")
OTHER: Final = UUID("0195e000-0000-7000-8000-000000000018")
ZONE: Final = "America/New_York"
BEGAN: Final = datetime(2026, 6, 1, 12, tzinfo=UTC)
"""When the first entry of a test's record is recorded; each later one a minute on."""

ELM: Final[dict[str, Any]] = {"lines": ["1200 Elm St"], "city": "Houston", "state": "TX", "zip": "77002"}
OAK: Final[dict[str, Any]] = {"lines": ["5 Oak Ave Apt 2"], "city": "Houston", "state": "TX", "zip": "77003"}
A_NUMBER: Final = {"scheme": "a-number", "value": "A200000017"}

MEMBERS: Final[dict[str, dict[str, Any]]] = {
    "child-encountered": {"encounter_type": "between-ports", "place": "El Paso"},
    "particulars-asserted": {"name": "Ana"},
    "uc-determination-made": {"is_uc": True},
    "protection-screening-recorded": {"trafficking": False, "credible_fear": False, "able_to_withdraw": True},
    "contiguous-return-executed": {"country": "MEX", "consulate_notified": True},
    "referred-to-orr": {"referring_office": "El Paso Station"},
    "referral-cancelled": {"reason": "parent found"},
    "placement-designated": {"program": "Casa Azul", "level_of_care": "shelter"},
    "handoff-started": {
        "handoff_id": "h1",
        "from_agency": "CBP",
        "from_facility": "El Paso",
        "to_agency": "ORR",
        "to_facility": "Casa Azul",
    },
    "handoff-accepted": {
        "handoff_id": "h1",
        "receiving_agency": "ORR",
        "receiving_facility": "Casa Azul",
        "discrepancies": [],
    },
    "handoff-cancelled": {"handoff_id": "h1", "reason": "flight turned back"},
    "handoff-declined": {"handoff_id": "h1", "reason": "no bed"},
    "admitted-to-program": {"program": "Casa Azul"},
    "network-transfer-completed": {"from_program": "Casa Azul", "to_program": "Casa Verde"},
    "emergency-transfer-made": {"from_program": "Casa Azul", "to_place": "hospital", "reason": "fever"},
    "age-redetermined": {"method": "records", "date_of_birth": "2006-01-01", "is_adult": False},
    "absence-reported": {"kind": "runaway", "reported_to": ["LE"]},
    "absence-resolved": {"found_where": "at a cousin's"},
    "significant-incident-reported": {"incident_id": "i1", "kind": "injury", "reported_to": ["CPS"]},
    "sponsor-application-received": {"sponsor_id": "sp1", "sponsor_category": "1"},
    "release-decided": {"decision": "approve"},
    "pre-release-notice-given": {"to": ["ICE-ERO"], "planned_for": "2030-01-01"},
    "discharge-notified": {"to": ["ICE-ERO"]},
    "released-to-sponsor": {"sponsor_category": "1", "address": ELM},
    "discharged-otherwise": {"kind": "program-urm"},
    "age-out-considered": {"options": ["shelter"], "decision": "release", "reason": "least restrictive"},
    "address-reported": {"purpose": "residence", "address": ELM, "reported_via": "sponsor"},
    "mail-returned": {"piece_kind": "nta", "piece": "NTA", "reason": "moved"},
    "responsible-office-assigned": {"office": "Houston"},
    "nta-issued": {"nta_id": "n1", "has_time_and_place": True},
    "nta-served": {"nta_id": "n1", "method": "personal", "served_on": ["child", "custodian"]},
    "nta-not-pursued": {"reason": "awaiting-placement"},
    "nta-filed": {"nta_id": "n1", "court": "HOU", "court_case": "c1"},
    "nta-rejected": {"nta_id": "n1", "reason": "unsigned"},
    "nta-docketed": {"nta_id": "n1", "court_case": "c1", "court": "HOU"},
    "hearing-scheduled": {
        "hearing_id": "g1",
        "court_case": "c1",
        "court": "HOU",
        "scheduled_for": "2022-03-04T09:00:00-06:00",
    },
    "hearing-cancelled": {"hearing_id": "g1"},
    "hearing-notice-served": {
        "notice_id": "v1",
        "hearing_id": "g1",
        "method": "mail",
        "served_on": ["sponsor"],
        "address": ELM,
        "for_time": "2022-03-04T09:00:00-06:00",
    },
    "hearing-held": {"hearing_id": "g1", "court_case": "c1", "appearance": "present"},
    "failure-to-appear-recorded": {"hearing_id": "g1", "court_case": "c1", "judge_action": "in-absentia"},
    "fta-follow-up-recorded": {"hearing_id": "g1", "action": "call", "result": "reached"},
    "motion-filed": {"court_case": "c1", "motion_code": "CV", "filed_by": "A"},
    "motion-decided": {"court_case": "c1", "motion_code": "CV", "decision": "granted"},
    "venue-changed": {"court_case": "c1", "from_court": "HOU", "to_court": "DAL"},
    "order-entered": {"court_case": "c1", "decision": "removed", "in_absentia": False},
    "relief-filed": {"kind": "sij", "receipt": "r1", "jurisdiction": "USCIS"},
    "relief-decided": {"kind": "sij", "receipt": "r1", "outcome": "approved"},
    "post-release-contact-recorded": {
        "kind": "swb-call",
        "attempt": 1,
        "mode": "live-call",
        "spoke_with": ["sponsor"],
        "child_seen": False,
        "identity_checked": False,
    },
    "concern-raised": {"concern_id": "k1", "kind": "labour", "urgency": "high", "routed_to": ["HSI"]},
    "concern-acknowledged": {"concern_id": "k1", "by": "HSI"},
    "concern-resolved": {"concern_id": "k1", "outcome": "safe"},
    "departure-verified": {"kind": "removal"},
    "representative-entered": {"representative_id": "p1", "scope": "all"},
    "representative-withdrawn": {"representative_id": "p1", "scope": "all"},
    "identifier-asserted": {"identifier": {"scheme": "fin", "value": "F-1"}},
    "identity-merged": {"other": {"scheme": "orr-id", "value": "88123"}, "reason": "same child"},
    "identity-unmerged": {"other": {"scheme": "orr-id", "value": "88123"}, "reason": "not the same child"},
    "notice-given": {
        "to": "ORR",
        "positions": [1],
        "channel": "email",
        "given_at": "2022-03-04",
        "members": "all",
    },
    "correction-issued": {"corrects": 1, "set": {"reason": "x"}, "reason": "typing error"},
    "entry-voided": {"voids": 1, "reason": "wrong child"},
    "entry-disputed": {"position": 1, "statement": "not so", "by": "counsel"},
    "finding-resolved": {"position": 1, "code": "C3", "resolution": "explained", "reason": "handoff found"},
}
"""Each fact with its required members, such that it gives rise to no remark on its own account."""

_USUAL: Final[dict[str, Agency]] = {
    "particulars-asserted": "ORR",
    "identifier-asserted": "ORR",
    "uc-determination-made": "CBP",
    "address-reported": "ORR",
    "motion-filed": "EOIR",
}


@dataclass(frozen=True)
class Sent:
    """A submission on its way: by whom, of which type, with which data."""

    wire: str
    agency: Agency
    data: dict[str, Any]

    def at_door(self, door: str) -> "Sent":
        """Return the same submission at another door."""
        return replace(self, data={**self.data, "door": door})


def sent(
    name: str,
    /,
    *,
    agency: Agency | None = None,
    at: str | None = "2022-03-04",
    without: tuple[str, ...] = (),
    envelope: Mapping[str, Any] | None = None,
    **members: Any,
) -> Sent:
    """Return a submission of this fact, `members` over its usual ones and `without` some, the `envelope` over ours."""
    wire = f"custody.{name}.v2" if name == "mail-returned" else f"custody.{name}.v1"
    fact = {key: value for key, value in {**MEMBERS[name], **members}.items() if key not in without}
    data = {
        "child": [A_NUMBER],
        "occurred_at": at,
        "source": {"document": "form", "reference": "1", "grade": "document"},
        "door": "feed",
        "fact": fact,
        **(envelope or {}),
    }
    return Sent(wire, agency or _USUAL.get(name) or BY_WIRE[wire].producers[0], data)


def correction(position: int, agency: Agency = "CBP", /, **members: Any) -> Sent:
    """Return a correction of the entry at `position`."""
    return sent("correction-issued", agency=agency, corrects=position, set=members)


def void(position: int, agency: Agency = "CBP") -> Sent:
    """Return a void of the entry at `position`."""
    return sent("entry-voided", agency=agency, voids=position)


@dataclass(frozen=True)
class Decided:
    """What came of a submission."""

    outcome: tuple[Finding, ...] | Refusal

    def finds(self, expected: Mapping[str, str] | None = None) -> "Decided":
        """It was accepted, with exactly these findings: code and level."""
        assert not isinstance(self.outcome, Refusal), self.outcome
        assert {f.code: f.level for f in self.outcome} == (expected or {})
        assert len({f.code for f in self.outcome}) == len(self.outcome), "a rule may remark once an entry"
        return self

    def refused(self, code: str, member: str | None = None) -> Refusal:
        """It was refused by this rule, at this member."""
        assert isinstance(self.outcome, Refusal), self.outcome
        assert (self.outcome.code, self.outcome.member) == (code, member)
        return self.outcome

    def message_of(self, code: str) -> str:
        """Return what the finding of this rule says."""
        assert not isinstance(self.outcome, Refusal), self.outcome
        return next(finding.message for finding in self.outcome if finding.code == code)


@dataclass(frozen=True)
class Given:
    """A record as it stands."""

    record: Record

    def when(
        self,
        claim: Sent,
        *,
        around: Surroundings = NOTHING_AROUND,
        recorded_at: datetime = BEGAN + timedelta(days=1),
        sent_at: datetime | None = None,
    ) -> Decided:
        """Send `claim` about this child."""
        read = read_submission(claim.wire, orjson.dumps(claim.data))
        if isinstance(read, Refusal):
            return Decided(read)
        submission, mended = read
        decided = decide(
            self.record,
            submission,
            agency=claim.agency,
            recorded_at=recorded_at,
            zone=ZONE,
            around=around,
            sent_at=sent_at,
        )
        return Decided(decided if isinstance(decided, Refusal) else (*mended, *decided))


def given(*claims: Sent, findings: Mapping[int, tuple[str, ...]] | None = None) -> Given:
    """Return a record of these claims, at positions 1, 2, 3 ..., recorded without asking any rule."""
    record = Record(CHILD)
    for position, claim in enumerate(claims, start=1):
        record.add(entry_of(claim, position, findings=(findings or {}).get(position, ())))
    return Given(record)


def entry_of(
    claim: Sent, position: int, *, child: UUID = CHILD, version: int | None = None, findings: tuple[str, ...] = ()
) -> Entry:
    """Return the entry that `claim` becomes at `position`."""
    read = read_submission(claim.wire, orjson.dumps(claim.data))
    assert not isinstance(read, Refusal), (claim, read)
    submission = read[0]
    recorded_at = BEGAN + timedelta(minutes=position)
    return Entry(
        position=position,
        subject="child",
        child=child,
        version=position if version is None else version,
        type=claim.wire,
        occurred_at=submission.occurred_at,
        recorded_at=recorded_at,
        known_since=recorded_at,
        producer=Producer(claim.agency, None, None, "/test"),
        door=submission.door,
        source=submission.source.model_dump(),
        identifiers=tuple((name.scheme, name.value) for name in submission.child),
        findings=tuple(Finding(code, "warn", "") for code in findings),
        submission_id=str(position),
        fact=cast(AnyFact, current(submission.fact)),
        recorded_fact=orjson.loads(fact_json(submission.fact)),
        resolved={"other": str(OTHER)} if claim.wire.startswith("custody.identity-") else {},
        extensions={},
    )
