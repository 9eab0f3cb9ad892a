"""What sharing rules protect from an agency does not exist for it as a sender: its answers are those without it."""

from collections.abc import Callable, Iterable
from typing import Any, Final

import orjson
import pytest

from ledger.agencies import Agency
from ledger.sharing.rule_sets import Adopted, default_rules
from tests.unit.batching import A, B, Intake

Asks = Callable[[Intake, int], dict[str, Any]]
"""Sends something of which the answer may betray what stands at a position."""

KEPT_FROM: Final[tuple[Agency, ...]] = ("CBP", "ICE-ERO", "ORR")
HIDDEN: Final[dict[str, tuple[Agency, str, dict[str, Any]]]] = {
    "relief-filed": ("USCIS", "relief-filed", {}),
    "relief-decided": ("EOIR", "relief-decided", {}),
    "an order that grants relief": ("EOIR", "order-entered", {"decision": "relief-granted"}),
}
ASKS: Final[dict[str, Callable[[Agency], Asks]]] = {
    "the version of what is accepted": lambda agency: lambda intake, _: intake.tell(agency, "particulars-asserted"),
    "the version that is expected": lambda agency: (
        lambda intake, _: intake.tell(
            agency, "particulars-asserted", envelope={"door": "command", "expected_version": 1}
        )
    ),
    "the version that was not expected": lambda agency: (
        lambda intake, _: intake.tell(
            agency, "particulars-asserted", envelope={"door": "command", "expected_version": 7}
        )
    ),
    "a void": lambda agency: lambda intake, at: intake.tell(agency, "entry-voided", voids=at),
    "a correction": lambda agency: (
        lambda intake, at: intake.tell(agency, "correction-issued", corrects=at, set={"kind": "x"})
    ),
    "a resolution": lambda agency: lambda intake, at: intake.tell(agency, "finding-resolved", position=at, code="W1"),
    "a notice": lambda agency: lambda intake, at: intake.tell(agency, "notice-given", positions=[at]),
    "a notice to oneself": lambda agency: (
        lambda intake, at: intake.tell(agency, "notice-given", to=agency, positions=[at], members=["receipt"])
    ),
    "a notice of more than that": lambda agency: (
        lambda intake, at: intake.tell(agency, "notice-given", positions=[1, at], members=["receipt"])
    ),
}


def same_but_for_its_place(outcome: dict[str, Any]) -> dict[str, Any]:
    """Return an outcome without what says only that the ledger recorded something in between."""
    return {k: v for k, v in outcome.items() if k not in ("position", "recorded_at", "submission")}


@pytest.mark.parametrize("agency", KEPT_FROM)
@pytest.mark.parametrize("what", HIDDEN)
@pytest.mark.parametrize("ask", ASKS)
def test_a_sender_is_answered_as_if_what_is_protected_from_it_were_not_there(
    agency: Agency, what: str, ask: str
) -> None:
    """A version, a finding, the words of a refusal: none of them tells CBP, ICE-ERO or ORR that relief was sought."""
    producer, name, members = HIDDEN[what]
    answers = []
    for elsewhere in (A, B):
        intake = Intake()
        intake.tell("CBP", "child-encountered")
        intake.tell("CBP", "child-encountered", B)
        hidden = intake.tell(producer, name, elsewhere, **members)
        answers.append(same_but_for_its_place(ASKS[ask](agency)(intake, hidden["position"])))
    assert answers[0] == answers[1]


def test_the_producer_and_those_who_are_told_are_answered_by_all_there_is() -> None:
    """USCIS counts its own filing, ICE-OPLA the one it is told of; the steward corrects what nobody else may see."""
    for agency in ("USCIS", "ICE-OPLA", "EOIR", "STEWARD"):
        intake = Intake()
        intake.tell("CBP", "child-encountered")
        filed = intake.tell("USCIS", "relief-filed")["position"]
        assert intake.tell(agency, "particulars-asserted")["version"] == 3
        assert intake.tell("STEWARD", "entry-disputed", position=filed)["status"] == "accepted"


def test_what_is_said_of_a_protected_entry_is_protected_too() -> None:
    """A correction and a void of a relief filing count for nobody who does not know of the filing."""
    intake = Intake()
    intake.tell("CBP", "child-encountered")
    filed = intake.tell("USCIS", "relief-filed")["position"]
    correction = intake.tell("USCIS", "correction-issued", corrects=filed, set={"kind": "asylum"})["position"]
    void = intake.tell("USCIS", "entry-voided", voids=correction)["position"]
    intake.tell("USCIS", "notice-given", to="EOIR", positions=[filed])
    assert intake.tell("ICE-ERO", "particulars-asserted")["version"] == 2
    answer = intake.tell("ICE-ERO", "entry-voided", voids=void)
    assert "which is no earlier entry of this child" in answer["refusal"]["message"]


def test_no_finding_of_a_rule_is_made_of_what_is_protected() -> None:
    """ORR reports a death: that a petition was filed at a later time is no reason to doubt it that ORR may read."""
    answers = []
    for filed in (True, False):
        intake = Intake()
        intake.tell("CBP", "child-encountered")
        if filed:
            intake.tell("USCIS", "relief-filed", envelope={"occurred_at": "2023-01-01"})
        answers.append(intake.tell("ORR", "discharged-otherwise", kind="deceased")["findings"])
    assert answers[0] == answers[1]


def test_a_duplicate_is_answered_with_the_version_first_told() -> None:
    """The second answer to one message is the first one's, counted alike."""
    intake = Intake()
    intake.tell("CBP", "child-encountered")
    intake.tell("USCIS", "relief-filed")
    data = {
        "child": [{"scheme": "a-number", "value": "A200000017"}],
        "occurred_at": "2022-03-04",
        "source": {"document": "form", "reference": "1", "grade": "document"},
        "door": "feed",
        "fact": {"name": "Ana"},
    }
    first, second = (
        intake.send("ORR", "custody.particulars-asserted.v1", orjson.dumps(data), id="once") for _ in range(2)
    )
    assert (first["status"], second["status"]) == ("accepted", "duplicate")
    assert first["version"] == second["version"] == 2


def test_a_record_of_which_nothing_exists_for_the_sender_is_none_to_it() -> None:
    """USCIS filed for a child nobody else had heard of: CBP's first word about her is answered as one that opens it."""
    intake = Intake()
    filed = intake.tell("USCIS", "relief-filed")
    issued = intake.tell("CBP", "nta-issued")
    assert [finding["code"] for finding in issued["findings"]] == ["record-opened"]
    assert issued["version"] == 1
    assert intake.tell("CBP", "child-encountered", B, A)["child"] == filed["child"]
    unseen = intake.tell("ICE-ERO", "child-encountered", ("ledger", filed["child"]))
    assert unseen["status"] == "accepted", "CBP's entries are no secret"
    intake = Intake()
    filed = intake.tell("USCIS", "relief-filed")
    refused = intake.tell("ICE-ERO", "child-encountered", ("ledger", filed["child"]))
    assert (refused["status"], refused["refusal"]["code"]) == ("refused", "H0")


def test_a_set_that_told_of_a_fact_later_makes_it_exist() -> None:
    """What a backfill put on an agency's feed it may speak of; what is protected goes by the set in force for it."""
    concerned = _protecting("concern-raised", "ICE-ERO")
    later = (Adopted(1, concerned), Adopted(9, default_rules(), backfill=True))
    for adopted, status in (((Adopted(1, concerned),), "refused"), (later, "accepted")):
        intake = Intake(adopted)
        intake.tell("CBP", "child-encountered")
        intake.tell("CBP", "child-encountered", B)
        raised = intake.tell("ORR", "concern-raised")["position"]
        assert intake.tell("ICE-ERO", "notice-given", positions=[raised])["status"] == status


def test_a_notice_of_what_is_protected_from_its_recipient_stands_with_a_finding() -> None:
    """USCIS telling ICE-ERO of a petition is USCIS's own act: recorded, and put before the steward."""
    intake = Intake()
    intake.tell("CBP", "child-encountered")
    filed = intake.tell("USCIS", "relief-filed")["position"]
    told = intake.tell("USCIS", "notice-given", to="ICE-ERO", positions=[1, filed])
    assert _codes(told) == ["told-though-protected"]
    assert f"an entry {filed};" in told["findings"][0]["message"]
    assert _codes(intake.tell("USCIS", "notice-given", to="ICE-OPLA", positions=[filed])) == []
    assert _codes(intake.tell("USCIS", "notice-given", to="unknown", positions=[filed])) == []
    assert intake.tell("ICE-ERO", "entry-voided", voids=filed)["refusal"]["message"].startswith(
        f"`fact.voids` is {filed}, which is no earlier entry"
    )


def _codes(outcome: dict[str, Any]) -> Iterable[str]:
    return [finding["code"] for finding in outcome["findings"]]


def _protecting(fact: str, agency: Agency) -> Any:
    given = default_rules().model_dump()
    its = given["agencies"][agency]
    its["told"] = tuple(name for name in its["told"] if name != fact)
    its["protected"] = (*its["protected"], fact)
    given["id"] = f"without {fact}"
    return type(default_rules()).model_validate(given)
