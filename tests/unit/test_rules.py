"""Every rule of the table that is decided here, shown at every door; a rule without a case fails."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final, get_args

import pytest

from ledger.intake.submission import Refusal
from ledger.rules.catalogue import BY_CODE, RULES, Effect, Mark, Where
from ledger.rules.decide import NOTHING_AROUND, Surroundings
from ledger.rules.remark import Remark
from tests.unit.deciding import ELM, OAK, OTHER, Sent, given, sent

DOORS: Final = ("command", "feed", "import")


@dataclass(frozen=True)
class Case:
    """One situation in which a rule speaks up, and no other."""

    when: Sent
    given: tuple[Sent, ...] = ()
    around: Surroundings = NOTHING_AROUND
    findings: Mapping[int, tuple[str, ...]] = field(default_factory=dict)


def case(when: Sent, *before: Sent, **more: Any) -> Case:
    return Case(when, before, **more)


BORN_2010 = sent("particulars-asserted", date_of_birth="2010-06-01", at="2021-01-01")
CALIFORNIA = {**OAK, "state": "California", "zip": "90001"}
BLANK = {"city": "Houston", "state": "TX"}
ISSUED, SERVED, FILED = sent("nta-issued"), sent("nta-served"), sent("nta-filed")
SCHEDULED = sent("hearing-scheduled")
HANDED_OVER = (sent("handoff-started"), sent("handoff-accepted"))
IN_CARE = (*HANDED_OVER, sent("admitted-to-program"))
READY = (*IN_CARE, sent("release-decided"))
ORDERED = sent("order-entered")

CASES: Final[dict[str, Case]] = {
    "H0": case(sent("referred-to-orr", office="Houston")),
    "H1": case(sent("referred-to-orr", envelope={"expected_version": 3})),
    "H2": case(sent("release-decided", agency="ICE-ERO")),
    "H4": case(sent("entry-voided", voids=7, agency="ORR")),
    "H5": case(sent("referred-to-orr", at="2031-01-01")),
    "H6": case(sent("release-decided", decision="perhaps")),
    "H7": case(sent("referred-to-orr", envelope={"source": {"document": "form", "reference": "1"}})),
    "C1": case(sent("handoff-accepted"), sent("handoff-started", handoff_id="another")),
    "C2": case(sent("placement-designated")),
    "C3": case(sent("admitted-to-program")),
    "C4": case(sent("network-transfer-completed"), *HANDED_OVER),
    "C5": case(sent("released-to-sponsor"), *IN_CARE),
    "C6": case(SERVED, sent("nta-issued", nta_id="another")),
    "C7": case(FILED, sent("nta-issued", nta_id="another"), sent("nta-served")),
    "C8": case(SCHEDULED, sent("nta-filed", court_case="another")),
    "C9": case(sent("hearing-held"), sent("hearing-scheduled", hearing_id="another")),
    "C10": case(sent("order-entered", in_absentia=True), sent("failure-to-appear-recorded", court_case="another")),
    "C11": case(sent("motion-filed", motion_code="MA"), sent("order-entered", court_case="another")),
    "C12": case(sent("post-release-contact-recorded")),
    "C13": case(sent("age-out-considered"), BORN_2010),
    "C14": case(sent("referred-to-orr", at="2022-05-01"), sent("departure-verified")),
    "C15": case(sent("referred-to-orr", at="2022-05-01"), sent("discharged-otherwise", kind="deceased")),
    "C16": case(sent("child-encountered", at="2022-05-01"), *IN_CARE),
    "C17": case(sent("handoff-cancelled"), sent("handoff-started"), sent("handoff-accepted")),
    "G1": case(sent("failure-to-appear-recorded"), SCHEDULED),
    "G2": case(sent("handoff-accepted", at="2022-03-01"), sent("handoff-started", at="2022-03-04")),
    "G3": case(sent("particulars-asserted", date_of_birth="2006-06-01", at="2022-05-01"), BORN_2010, ISSUED, SERVED),
    "G4": case(
        sent("released-to-sponsor"), sent("particulars-asserted", date_of_birth="2004-03-04", at="2021-01-01"), *READY
    ),
    "G5": case(sent("discharge-notified"), *IN_CARE),
    "G6": case(sent("hearing-scheduled", court="DAL"), FILED),
    "G7": case(
        sent("admitted-to-program", at="2022-03-09"), *HANDED_OVER, sent("released-to-sponsor", at="2022-03-05")
    ),
    "W3": case(sent("released-to-sponsor", address=BLANK), *READY),
    "W7": case(sent("nta-served", method="mail", address=BLANK), ISSUED),
    "W8": case(sent("nta-served", served_on=["child"]), BORN_2010, ISSUED),
    "W9": case(
        sent(
            "nta-served", served_on=["child"], address={**OAK, "state": "California", "zip": "90001"}, at="2025-01-01"
        ),
        BORN_2010,
        ISSUED,
    ),
    "W10": case(
        sent("hearing-notice-served", at="2022-06-01"),
        sent("released-to-sponsor", at="2022-03-04"),
        sent("address-reported", address=OAK, at="2022-05-01"),
    ),
    "W16": case(sent("post-release-contact-recorded", still_with_sponsor=False), sent("released-to-sponsor")),
    "W18": case(sent("absence-reported")),
    "W19": case(sent("identifier-asserted"), around=Surroundings(named=OTHER)),
    "W20": case(sent("nta-issued", has_time_and_place=False)),
    "W21": case(
        sent("address-reported", reported_via="eoir-33", address={**ELM, "care_of": "Rosa"}, at="2026-03-01"),
    ),
    "identifiers-disagree": case(sent("referred-to-orr"), around=Surroundings(disagreeing=("orr-id:9",))),
    "record-opened": case(sent("nta-issued"), around=Surroundings(opens_record=True)),
    "occurred-at-unknown": case(sent("referred-to-orr", at=None)),
    "implausible-date": case(sent("child-encountered", date_of_birth="2023-01-01")),
    "known-before-happening": case(sent("referred-to-orr", envelope={"known_since": "2022-03-03"})),
    "code-missing": case(
        sent(
            "sponsor-application-received",
            envelope={"source": {"document": "f", "reference": "1", "grade": "document", "codes": {"sponsor_id": ""}}},
        )
    ),
    "doubled-row-id": case(
        sent("particulars-asserted", envelope={"child": [{"scheme": "hhs-release-row", "value": "1905#2"}]}),
        around=Surroundings(opens_record=True),
    ),
    "reference-unknown": case(sent("mail-returned", address_position=4), sent("nta-issued")),
    "identifier-attached": case(
        sent("referred-to-orr"), around=Surroundings(attaching=(Remark("identifier-attached", "one more"),))
    ),
    "identifier-implausible": case(
        sent("referred-to-orr"), around=Surroundings(attaching=(Remark("identifier-implausible", "too many"),))
    ),
    "identifier-released": case(
        sent("referred-to-orr"), around=Surroundings(attaching=(Remark("identifier-released", "free"),))
    ),
    "told-though-protected": case(
        sent("notice-given", to="ICE-ERO"), sent("nta-issued"), around=Surroundings(kept_from_recipient=(1,))
    ),
}

DECIDED: Final = [rule.code for rule in RULES if rule.where in ("form", "decision")]
INTAKE_ANSWERS: Final = {("H1", "feed"), ("H1", "import")}
"""Where there is no `expected_version`, H1 is about ids used twice, which intake sees before any decision."""


def test_every_rule_decided_here_has_a_case() -> None:
    """A rule nobody shows at work may not work; one that no case is for cannot be added unseen."""
    assert set(DECIDED) == set(CASES)


def test_the_table_names_every_rule_once_and_says_where_it_comes_from() -> None:
    """A report can show, for every finding, the text, the source and how sure we are of it."""
    assert len(BY_CODE) == len(RULES)
    numbered = {
        f"{kind}{n}" for kind, last in (("H", 9), ("C", 17), ("G", 7), ("W", 21), ("R", 3)) for n in range(1, last + 1)
    }
    assert numbered <= set(BY_CODE)
    for rule in RULES:
        assert rule.text
        assert rule.source
        assert rule.mark in get_args(Mark)
        assert rule.where in get_args(Where)
        assert {rule.command, rule.feed} <= set(get_args(Effect))
        assert (rule.command == "-") == (rule.where in ("store", "verify", "clock", "population", "receipt"))


@pytest.mark.parametrize(
    ("code", "door"), [(code, door) for code in DECIDED for door in DOORS if (code, door) not in INTAKE_ANSWERS]
)
def test_each_rule_does_at_each_door_what_the_table_says(code: str, door: str) -> None:
    """What the published table promises an agency of a door is what the door does."""
    situation = CASES[code]
    rule = BY_CODE[code]
    effect = rule.command if door == "command" else rule.feed
    decided = given(*situation.given, findings=situation.findings).when(
        situation.when.at_door(door), around=situation.around
    )
    if effect == "refuse":
        assert isinstance(decided.outcome, Refusal), decided.outcome
        assert decided.outcome.code == code
        assert decided.outcome.message
    else:
        decided.finds({code: effect})


def test_the_same_situations_without_their_cause_are_quiet() -> None:
    """Findings are rare where things are as they should be; a noisy list of work is no list of work."""
    given(*READY).when(sent("released-to-sponsor")).finds()
    given(ISSUED).when(SERVED).finds()
    given(ISSUED, SERVED).when(FILED).finds()
    given(FILED).when(SCHEDULED).finds()
    given(SCHEDULED).when(sent("hearing-held")).finds()
    given(SCHEDULED, sent("hearing-notice-served")).when(sent("failure-to-appear-recorded")).finds()
    failed = (SCHEDULED, sent("hearing-notice-served"), sent("failure-to-appear-recorded"))
    given(*failed).when(sent("order-entered", in_absentia=True)).finds()
    given(ORDERED).when(sent("motion-filed", motion_code="MA")).finds()
    given(*HANDED_OVER).when(sent("admitted-to-program")).finds()
    given(*IN_CARE).when(sent("network-transfer-completed")).finds()
    given(sent("referred-to-orr")).when(sent("placement-designated")).finds()
    given(sent("handoff-started")).when(sent("handoff-accepted")).finds()
    given(sent("released-to-sponsor")).when(sent("post-release-contact-recorded")).finds()
    given(sent("released-to-sponsor")).when(sent("discharge-notified")).finds()
