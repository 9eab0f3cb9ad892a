"""Each measurable rule in each of its states: open until it is due, to the microsecond; met, missed, late.

Broken by hand to see these tests fail: each rule's limit by one; its unit; its opening fact; each condition and each
`same`; an answer of another id counting; due compared with `<`.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

import pytest

from ledger.agencies import Agency
from ledger.obligations.shipped import ObligationRule, shipped_rules
from tests.histories import CITY_ONLY, ELM, record
from tests.steps import Step
from tests.unit.obliging import MOMENT, owed, rule

BLANK: Final = {"sponsor_category": "1", "address": CITY_ONLY}
HANDOFF: Final[dict[str, Any]] = {
    "handoff_id": "h",
    "from_agency": "CBP",
    "from_facility": "A",
    "to_agency": "ORR",
    "to_facility": "B",
}
ACCEPTED: Final[dict[str, Any]] = {
    "handoff_id": "h",
    "receiving_agency": "ORR",
    "receiving_facility": "B",
    "discrepancies": [],
}
CONTACT: Final[dict[str, Any]] = {
    "kind": "call",
    "attempt": 1,
    "mode": "live-call",
    "spoke_with": ["sponsor"],
    "child_seen": False,
    "identity_checked": True,
}
MET: Final[dict[str, Any]] = {"encounter_type": "between-ports", "place": "RGV"}
SET: Final[dict[str, Any]] = {
    "hearing_id": "h1",
    "court_case": "c1",
    "court": "HOU",
    "scheduled_for": "2022-06-20T09:00:00-05:00",
}
HELD: Final[dict[str, Any]] = {"hearing_id": "h1", "court_case": "c1", "appearance": "present"}
TOLD_OF: Final[dict[str, Any]] = {
    "notice_id": "v1",
    "hearing_id": "h1",
    "method": "in-person",
    "served_on": ["child"],
    "for_time": "2022-06-20T09:00:00-05:00",
}
ABSENT: Final[dict[str, Any]] = {"hearing_id": "h1", "court_case": "c1", "judge_action": "adjourned"}
CONCERN: Final[dict[str, Any]] = {"concern_id": "k", "kind": "labour", "routed_to": ["HSI"]}
APPLIED: Final[dict[str, Any]] = {"sponsor_id": "s", "sponsor_category": "1"}
SERVED: Final[dict[str, Any]] = {"nta_id": "n1", "method": "mail", "served_on": ["child"]}
RELEASED: Final[dict[str, Any]] = {"sponsor_category": "1", "address": ELM}
MOVED: Final[dict[str, Any]] = {"from_program": "A", "to_place": "B", "reason": "storm"}


@dataclass(frozen=True)
class Case:
    """What opens a duty, when it is due, and a fact (its name and members) or a recipient who must come to know."""

    rule: ObligationRule
    given: tuple[Step, ...]
    due: str
    answer: tuple[str, dict[str, Any]] | None = None
    by: Agency | None = None
    knows: tuple[int, Agency] | None = None
    obliged: str = "ORR"

    def answered(self, at: datetime) -> dict[str, Any]:
        """Return the entries and moments of knowledge with the answer at that instant."""
        if self.knows is not None:
            return {"entries": record(*self.given), "told": {self.knows: at.isoformat()}}
        assert self.answer is not None
        name, fact = self.answer
        step: Step = (name, at.isoformat(), fact) if self.by is None else (name, at.isoformat(), fact, self.by)
        return {"entries": record(*self.given, step)}


NOON, LONG_AGO = "2022-03-04T12:00:00-05:00", "2022-01-04"
IN_2025 = "2025-03-04T12:00:00-05:00"

CASES: Final = [
    Case(
        rule("D1"),
        (("child-encountered", NOON, MET, "CBP"),),
        "2022-03-06T12:00:00-05:00",
        knows=(1, "ORR"),
        obliged="CBP",
    ),
    Case(
        rule("D2"),
        (("child-encountered", LONG_AGO, MET, "CBP"), ("uc-determination-made", NOON, {"is_uc": True}, "CBP")),
        "2022-03-07T12:00:00-05:00",
        ("handoff-accepted", ACCEPTED),
        "ORR",
        obliged="CBP",
    ),
    Case(
        rule("D3"),
        (("child-encountered", NOON, {**MET, "country": "MEX"}, "ICE-ERO"),),
        "2022-03-06T12:00:00-05:00",
        ("protection-screening-recorded", {"trafficking": False, "credible_fear": False, "able_to_withdraw": True}),
        obliged="ICE-ERO",
    ),
    Case(
        rule("D4", 2),
        (("referred-to-orr", IN_2025, {"referring_office": "X"}),),
        "2025-03-06T12:00:00-05:00",
        ("placement-designated", {"program": "A", "level_of_care": "shelter"}),
    ),
    Case(
        rule("D4a"),
        (("referred-to-orr", IN_2025, {"referring_office": "X"}),),
        "2025-03-05T12:00:00-05:00",
        ("placement-designated", {"program": "A", "level_of_care": "shelter"}),
    ),
    Case(
        rule("D5", 2),
        (("emergency-transfer-made", IN_2025, MOVED),),
        "2025-03-04T20:00:00-05:00",
        knows=(1, "ORR"),
    ),
    Case(
        rule("D8", 2),
        (("sponsor-application-received", "2025-03-04", APPLIED),),
        "2025-06-02T23:59:59.999999-04:00",
        ("release-decided", {"decision": "deny", "sponsor_id": "s"}),
    ),
    Case(
        rule("D9"),
        (
            ("admitted-to-program", LONG_AGO, {}),
            ("pre-release-notice-given", "2022-03-01", {"to": ["ICE-ERO"], "planned_for": NOON}),
            ("released-to-sponsor", NOON, RELEASED),
        ),
        "2022-03-03T12:00:00-05:00",
        knows=(2, "ICE-ERO"),
    ),
    Case(
        rule("D10"),
        (("released-to-sponsor", NOON, RELEASED),),
        "2022-03-05T12:00:00-05:00",
        knows=(1, "ICE-ERO"),
    ),
    Case(
        rule("D11"),
        (("released-to-sponsor", NOON, RELEASED),),
        "2022-04-03T23:59:59.999999-04:00",
        ("post-release-contact-recorded", CONTACT),
    ),
    Case(
        rule("D11a"),
        (("released-to-sponsor", IN_2025, RELEASED),),
        "2025-03-13T23:59:59.999999-04:00",
        ("post-release-contact-recorded", CONTACT),
    ),
    Case(
        rule("D11b"),
        (("released-to-sponsor", IN_2025, RELEASED), ("post-release-contact-recorded", "2025-03-05", CONTACT)),
        "2025-03-24T23:59:59.999999-04:00",
        ("post-release-contact-recorded", CONTACT),
    ),
    Case(
        rule("D11c"),
        (
            ("released-to-sponsor", IN_2025, RELEASED),
            ("post-release-contact-recorded", "2025-03-05", CONTACT),
            ("post-release-contact-recorded", "2025-03-06", CONTACT),
        ),
        "2025-04-15T23:59:59.999999-04:00",
        ("post-release-contact-recorded", CONTACT),
    ),
    Case(
        rule("D17"),
        (
            ("nta-docketed", LONG_AGO, {"nta_id": "n1", "court_case": "c1", "court": "HOU"}),
            ("nta-served", LONG_AGO, {**SERVED, "nta_id": "another"}),
            ("hearing-scheduled", "2022-05-01", SET),
        ),
        "2022-06-10T23:59:59.999999-04:00",
        ("nta-served", SERVED),
        obliged="EOIR",
    ),
    Case(
        rule("D21"),
        (
            ("admitted-to-program", NOON, {}),
            ("particulars-asserted", NOON, {"date_of_birth": "2004-06-10"}),
        ),
        "2022-06-10T23:59:59.999999-04:00",
        ("age-out-considered", {"options": ["release"], "decision": "release", "reason": "safe"}),
        obliged="ICE-ERO",
    ),
    *(
        Case(
            rule("T1"),
            (("failure-to-appear-recorded", "2022-06-09", ABSENT, "EOIR"),),
            "2022-06-10T23:59:59.999999-04:00",
            knows=(1, agency),
            obliged="EOIR",
        )
        for agency in ("ICE-ERO", "ORR")
    ),
    Case(
        rule("D23"),
        (("hearing-scheduled", "2022-05-01", SET),),
        "2022-06-20T09:00:00-05:00",
        ("hearing-notice-served", TOLD_OF),
        obliged="EOIR",
    ),
    Case(
        rule("D23a"),
        (("hearing-held", "2022-05-01", {**HELD, "next_hearing_at": "2022-06-20T09:00:00-05:00"}),),
        "2022-06-20T09:00:00-05:00",
        ("hearing-notice-served", TOLD_OF),
        obliged="EOIR",
    ),
    Case(
        rule("T2"),
        (("released-to-sponsor", NOON, RELEASED),),
        "2022-05-03T23:59:59.999999-04:00",
        ("nta-not-pursued", {"reason": "discretion"}),
        obliged="ICE-ERO",
    ),
    Case(
        rule("T3"),
        (("nta-served", NOON, SERVED),),
        "2022-04-03T23:59:59.999999-04:00",
        ("nta-filed", {"nta_id": "n1", "court": "HOU"}),
        obliged="ICE-OPLA",
    ),
    Case(
        rule("T4"),
        (("released-to-sponsor", NOON, BLANK),),
        "2022-03-09T23:59:59.999999-05:00",
        ("address-reported", {"purpose": "residence", "address": ELM, "reported_via": "sponsor"}),
        "ORR",
    ),
    Case(
        rule("T5"),
        (("handoff-started", NOON, HANDOFF),),
        "2022-03-05T12:00:00-05:00",
        ("handoff-accepted", ACCEPTED),
        "ORR",
    ),
    Case(
        rule("T5a"),
        (
            ("handoff-started", LONG_AGO, HANDOFF),
            ("handoff-declined", NOON, {"handoff_id": "h", "reason": "no bed"}, "ORR"),
        ),
        "2022-03-05T12:00:00-05:00",
        ("handoff-accepted", {**ACCEPTED, "receiving_agency": "CBP"}),
        "CBP",
        obliged="CBP",
    ),
    Case(
        rule("T6"),
        (("concern-raised", NOON, {**CONCERN, "urgency": "Urgent"}),),
        "2022-03-04T13:00:00-05:00",
        ("concern-acknowledged", {"concern_id": "k", "by": "HSI"}),
        "ORR",
        obliged="HSI",
    ),
    Case(
        rule("T6a"),
        (("concern-raised", NOON, {**CONCERN, "urgency": "soon"}),),
        "2022-03-05T12:00:00-05:00",
        ("concern-acknowledged", {"concern_id": "k", "by": "HSI"}),
        "ORR",
        obliged="HSI",
    ),
]


def named(case: Case) -> str:
    return f"{case.rule.id}.{case.rule.version}"


def only(case: Case, entries: Any, **more: Any) -> Any:
    """Return the one duty the case is about: towards the recipient that must come to know, where there is one."""
    found = [one for one in owed(entries, [case.rule], **more) if case.knows is None or one.towards == case.knows[1]]
    assert len(found) == 1, found
    return found[0]


def test_every_rule_with_a_limit_has_its_case() -> None:
    """A rule that nobody tried is a rule that may do nothing."""
    tried = {(case.rule.id, case.rule.version) for case in CASES}
    limited = {(r.id, r.version) for r in shipped_rules() if r.not_measurable is None and r.limit is not None}
    assert tried == limited


@pytest.mark.parametrize("case", CASES, ids=named)
def test_a_duty_is_open_until_it_is_due_and_missed_from_then_on(case: Case) -> None:
    """The last instant of its time is still in time; the next is not."""
    due = datetime.fromisoformat(case.due)
    missed = only(case, record(*case.given), on=max(due, datetime.fromisoformat(NOON)) + MOMENT)
    assert (missed.state, missed.due_at, missed.obliged) == ("missed", due, case.obliged)
    assert (missed.met_at, missed.met_by, missed.kind) == (None, None, case.rule.kind)
    if case.rule.id != "D9":  # which was due before the release that opens it
        assert only(case, record(*case.given), on=due).state == "open"


@pytest.mark.parametrize("case", CASES, ids=named)
def test_a_duty_done_by_its_due_time_is_met_and_later_is_late(case: Case) -> None:
    """With the proof: which entry, or how the recipient came to know; and how late it was."""
    due = datetime.fromisoformat(case.due)
    met = only(case, **case.answered(due))
    assert (met.state, met.met_at, met.over) == ("met", due, None)
    late = only(case, **case.answered(due + MOMENT))
    assert (late.state, late.met_at, late.over) == ("late", due + MOMENT, MOMENT)
    for one in (met, late):
        if case.knows is None:
            assert (one.met_by, one.proof) == (len(case.given) + 1, None)
        else:
            assert one.met_by == case.knows[0]
            assert (one.proof.how, one.proof.position) == ("receipt", case.knows[0] + 100)
            assert (one.proof.claimed, one.proof.feed_number) == (True, case.knows[0] + 1000)


OTHER_ID: Final = {"nta_id": "x", "handoff_id": "x", "concern_id": "x", "sponsor_id": "x"}
MATCHED: Final = [case for case in CASES if case.answer is not None and OTHER_ID.keys() & case.answer[1].keys()]


@pytest.mark.parametrize("case", [case for case in MATCHED if case.rule.id != "D2"], ids=named)
def test_an_answer_that_names_another_id_answers_nothing(case: Case) -> None:
    """Which release, which handoff, which hearing: by the id in both facts, never by what came next."""
    assert case.answer is not None
    name, fact = case.answer
    other = {member: OTHER_ID.get(member, value) for member, value in fact.items()}
    due = datetime.fromisoformat(case.due)
    step: Step = (name, due.isoformat(), other) if case.by is None else (name, due.isoformat(), other, case.by)
    assert only(case, record(*case.given, step), on=due + MOMENT).state == "missed"


@pytest.mark.parametrize("case", [case for case in CASES if case.knows is not None], ids=named)
def test_a_duty_to_tell_is_not_met_by_another_agency_knowing(case: Case) -> None:
    """Nor by publication, nor by the sender's word: only by the recipient's own moment of knowledge."""
    assert case.knows is not None
    position = case.knows[0]
    others: list[Agency] = ["USCIS", "CBP" if case.rule.id != "D1" else "EOIR"]
    told = {(position, agency): "2022-01-01T00:00:00Z" for agency in others}
    assert only(case, record(*case.given), told=told).state == "missed"


UNLIMITED: Final = [
    (rule("D4", 1), ("referred-to-orr", NOON, {"referring_office": "X"}), "placement-designated", None),
    (rule("D5", 1), ("emergency-transfer-made", NOON, MOVED), None, "ORR"),
    (rule("D8", 1), ("sponsor-application-received", NOON, APPLIED), "release-decided", None),
    (rule("D14"), ("network-transfer-completed", NOON, {"from_program": "A", "to_program": "B"}), None, "ICE-OPLA"),
]


@pytest.mark.parametrize(
    ("by", "opening", "answer", "recipient"), UNLIMITED, ids=lambda part: getattr(part, "id", None)
)
def test_a_duty_without_a_published_limit_is_never_late(
    by: ObligationRule, opening: Step, answer: str | None, recipient: Agency | None
) -> None:
    """It is open until it is done, and then met; how long it took is there to see, and nobody is blamed."""
    (waiting,) = owed(record(opening), [by])
    assert (waiting.state, waiting.due_at, waiting.remark) == ("open", None, "no limit published")
    facts = {
        "placement-designated": {"program": "A", "level_of_care": "shelter"},
        "release-decided": {"decision": "deny", "sponsor_id": "s"},
    }
    years_later = "2024-03-04T12:00:00-05:00"
    entries = record(opening) if answer is None else record(opening, (answer, years_later, facts[answer]))
    (done,) = owed(entries, [by], told=None if recipient is None else {(1, recipient): years_later})
    assert (done.state, done.over, done.remark) == ("met", None, "no limit published")
    assert done.met_at == datetime.fromisoformat(years_later)
    assert done.started == datetime.fromisoformat(NOON)


def test_every_rule_without_a_limit_that_can_be_measured_has_its_case() -> None:
    """They are few, and each is here."""
    without = {(r.id, r.version) for r in shipped_rules() if r.not_measurable is None and r.limit is None}
    assert without == {(by.id, by.version) for by, *_ in UNLIMITED}


def test_a_duty_that_cannot_be_measured_shows_and_says_why() -> None:
    """An admission opens the duty to examine; that nobody can tell is the answer, not silence."""
    admitted = record(("admitted-to-program", "2022-03-04", {"level_of_care": "Secure"}))
    examined, reviewed = owed(admitted, [rule("D6"), rule("D7")])
    assert (examined.state, reviewed.state) == ("not-measurable", "not-measurable")
    assert examined.due_at == datetime.fromisoformat("2022-03-08T23:59:59.999999-05:00")
    assert examined.remark == "no fact of the catalogue says that an examination took place"
    assert owed(record(("admitted-to-program", "2022-03-04", {"level_of_care": "shelter"})), "D7") == []


def test_rules_nobody_can_measure_at_all_open_nothing() -> None:
    """Rights and duties of the child, and what this ledger never stores, are in the table of rules only."""
    assert all(
        not one.opened_by for one in shipped_rules() if one.not_measurable is not None and one.id not in ("D6", "D7")
    )
