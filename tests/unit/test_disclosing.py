"""What of one entry an agency is told, member by member."""

from typing import Any

import pytest

from ledger.agencies import Agency
from ledger.sharing.disclosure import Disclosure, Sharing
from ledger.sharing.rule_sets import default_rules
from tests.histories import entry

SHARING = Sharing(default_rules())
RELEASE: dict[str, Any] = {
    "sponsor_id": "sp-1",
    "sponsor_category": "1",
    "relationship": "mother",
    "address": {"lines": ["1200 Elm St"], "city": "Houston"},
}
HELD: dict[str, Any] = {"hearing_id": "H1", "court_case": "C1", "appearance": "present"}
ORDER: dict[str, Any] = {"court_case": "C1", "in_absentia": False}


def told(name: str, fact: dict[str, Any], agency: Agency, producer: Agency | None = None) -> Disclosure | None:
    return dict(SHARING.disclosures(entry(7, name, "2022-03-04", fact, agency=producer))).get(agency)


def test_members_are_told_by_their_category_and_the_others_named() -> None:
    """ICE-ERO is told where a child was released to, and that something about the sponsor is kept from it."""
    disclosure = told("released-to-sponsor", RELEASE, "ICE-ERO")
    assert disclosure is not None
    assert disclosure.fact == {"address": RELEASE["address"]}
    assert disclosure.withheld == ("sponsor_id", "sponsor_category", "relationship")
    assert disclosure.unsaid == ()


def test_an_agency_is_not_told_what_no_rule_grants_it() -> None:
    """Deny by default: CBP is told nothing of a release, and nobody at ICE-ERO that relief was sought."""
    assert told("released-to-sponsor", RELEASE, "CBP") is None
    relief = {"kind": "asylum", "receipt": "Z1", "jurisdiction": "USCIS"}
    assert told("relief-filed", relief, "ICE-ERO") is None
    assert told("relief-filed", relief, "EOIR") == Disclosure(relief, (), ())


def test_the_whole_fact_is_told_as_it_was_given() -> None:
    """Where every member may be seen, nothing is taken out and nothing named."""
    assert told("hearing-held", HELD, "ORR") == Disclosure(HELD, (), ())


@pytest.mark.parametrize("code", ["7A", "7H"])
@pytest.mark.parametrize("name", ["hearing-held", "hearing-cancelled"])
def test_an_adjournment_that_says_relief_is_sought_is_told_without_its_code_and_without_a_word(
    name: str, code: str
) -> None:
    """A mark where the code stood would say what the code says (8 USC 1367)."""
    fact = {**(HELD if name == "hearing-held" else {"hearing_id": "H1"}), "adjournment_code": code}
    disclosure = told(name, fact, "ICE-ERO")
    assert disclosure is not None
    assert "adjournment_code" not in disclosure.fact
    assert disclosure.withheld == ()
    assert disclosure.unsaid == ("adjournment_code",)
    assert told(name, {**fact, "adjournment_code": "11"}, "ICE-ERO") == Disclosure(
        {**fact, "adjournment_code": "11"}, (), ()
    )
    assert told(name, fact, "ICE-OPLA") == Disclosure(fact, (), ())


def test_an_order_that_grants_relief_is_not_told_to_those_to_whom_relief_is_protected() -> None:
    """Its decision is what it says: with it withheld, only a grant would come without a decision."""
    granted = {**ORDER, "decision": "relief-granted"}
    assert told("order-entered", granted, "ICE-ERO") is None
    assert told("order-entered", granted, "ORR") is None
    assert told("order-entered", granted, "ICE-OPLA") == Disclosure(granted, (), ())
    assert told("order-entered", {**ORDER, "decision": "removed"}, "ICE-ERO") is not None


def test_a_notice_to_appear_not_pursued_for_relief_is_not_told_to_those_who_would_read_its_reason() -> None:
    """ORR reads the other reasons; ICE-ERO reads none, so that no gap says which one it was."""
    pending = {"reason": "uscis-relief-pending"}
    assert told("nta-not-pursued", pending, "ORR", "ICE-OPLA") is None
    assert told("nta-not-pursued", {"reason": "adult"}, "ORR", "ICE-OPLA") == Disclosure({"reason": "adult"}, (), ())
    assert told("nta-not-pursued", pending, "ICE-ERO", "ICE-OPLA") == Disclosure({}, ("reason",), ())


def test_a_correction_is_told_with_the_new_values_of_members_the_agency_may_see() -> None:
    """Each new value by the category of its member in the fact corrected; the time always."""
    release = entry(7, "released-to-sponsor", "2022-03-04", RELEASE)
    new = {"corrects": 7, "set": {"sponsor_id": "sp-2", "address": {"unit": "4"}, "occurred_at": "2022-03-05"}}
    correction = entry(9, "correction-issued", None, {**new, "reason": "misread"}, agency="ORR")
    disclosure = SHARING.follow(correction, release, release, "ICE-ERO")
    assert disclosure.fact == {
        "corrects": 7,
        "set": {"address": {"unit": "4"}, "occurred_at": "2022-03-05"},
        "reason": "misread",
    }
    assert disclosure.withheld == ("set.sponsor_id",)


def test_a_correction_to_what_is_protected_is_told_without_the_value() -> None:
    """An order that turns out to have granted relief must not go on being taken for a removal."""
    order = entry(7, "order-entered", "2022-03-04", {**ORDER, "decision": "removed"})
    new = {"corrects": 7, "set": {"decision": "relief-granted"}, "reason": "misread"}
    disclosure = SHARING.follow(entry(9, "correction-issued", None, new, agency="EOIR"), order, order, "ICE-ERO")
    assert (disclosure.fact["set"], disclosure.withheld) == ({}, ("set.decision",))


def test_of_a_protected_fact_a_statement_says_no_more_than_which_entry_it_is_about() -> None:
    """Whoever was given notice of it anyway is not left with an error, and learns nothing else but the time."""
    relief = entry(7, "relief-filed", "2022-03-04", {"kind": "asylum", "receipt": "Z1", "jurisdiction": "USCIS"})
    new = {"corrects": 7, "set": {"receipt": "Z2", "occurred_at": "2022-03-05"}, "reason": "misread"}
    disclosure = SHARING.follow(entry(9, "correction-issued", None, new, agency="USCIS"), relief, relief, "ICE-ERO")
    assert disclosure.fact == {"corrects": 7, "set": {"occurred_at": "2022-03-05"}}
    assert disclosure.withheld == ("reason", "set.receipt")


def test_a_correction_of_a_void_is_told_by_the_members_of_the_void() -> None:
    """Its `set` names members of the void, not of the entry that is void, which may have one of the same name."""
    transfer = entry(
        7, "emergency-transfer-made", "2022-03-04", {"from_program": "A", "to_place": "B", "reason": "ill"}
    )
    void = entry(8, "entry-voided", None, {"voids": 7, "reason": "r"}, agency="ORR")
    new = {"corrects": 8, "set": {"reason": "never happened"}, "reason": "clearer"}
    correction = entry(9, "correction-issued", None, new, agency="ORR")
    assert SHARING.follow(correction, transfer, void, "ICE-ERO") == Disclosure(new, (), ())
