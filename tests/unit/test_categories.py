"""No category holds a member of another kind; who the sponsor is goes nowhere under a set that denies by default."""

from typing import Final

import pytest

from ledger.agencies import RECEIVERS, Agency
from ledger.facts import CURRENT
from ledger.facts.ledger_wide import RuleSet
from ledger.facts.vocabulary import category_of
from ledger.sharing.feed_fold import SharingRulebook
from ledger.sharing.rule_sets import Adopted, default_rules, former_default_rules, may_see, read_rules, shipped_sets
from tests.histories import ZONE, entry

KINDS: Final = {
    "identity": "age_basis basis country date_of_birth identifier is_adult method name other sex",
    "custody": """consulate_notified country decision departed_at destination discrepancies encounter_type
        exceptional_circumstances found_where from_agency from_facility from_program handoff_id is_uc kind last_seen_at
        level_of_care office options parent_available place planned_for program reason receiving_agency
        receiving_facility referring_office reported_to returned_to separated to to_agency to_facility to_place
        to_program""",
    "address": "address address_position effective_from purpose reason reported_via",
    "sponsor": "basis conditions relationship sponsor_category sponsor_id",
    "sponsor-contact": "caregiver sponsor_name sponsor_phone",
    "health": "condition incident_id kind reason reported_to",
    "protection": "able_to_withdraw credible_fear reason trafficking",
    "relief": "jurisdiction kind outcome receipt",
    "court": """action adjournment_code appeal_reserved appearance calendar court court_case cures decision filed_by
        for_time from_court has_time_and_place hearing_at hearing_id in_absentia judge_action medium method motion_code
        next_hearing_at notice_id nta_id piece piece_kind proof reason representative_id result review_on scheduled_for
        scope served_on to_court""",
    "contact": "address_confirmed attempt child_seen identity_checked kind mode spoke_with still_with_sponsor",
    "concern": "by concern concern_id kind outcome routed_to urgency",
    "statement": """by channel code corrects given_at members position positions reason resolution set statement to
        voids""",
}
"""What each category holds, by the names of members: a new member is put here by whoever has read domain (f)."""
SPONSORS: Final = ("sponsor_", "caregiver", "_phone")
WHO: Final[dict[str, frozenset[Agency]]] = {
    "default": frozenset(("ORR", "ICE-OPLA")),
    "moa-2018": frozenset(("ORR", "ICE-OPLA", "ICE-ERO")),
    "moa-2021": frozenset(("ORR", "ICE-OPLA")),
    "change-2025": frozenset(("ORR", "ICE-OPLA", "ICE-ERO")),
}
"""By which set who sees the sponsor's name and phone: domain (f), its second and third row."""
RELEASE: Final = {"sponsor_category": "1", "sponsor_name": "M. Doe", "address": {"lines": ["1 Elm St"]}}


def test_every_member_stands_in_a_category_of_its_kind() -> None:
    """A name or a phone among addresses would go wherever addresses go."""
    found: dict[str, set[str]] = {}
    for fact in CURRENT:
        for member in fact.model_fields:
            found.setdefault(category_of(fact, member), set()).add(member)
    assert found == {category: set(names.split()) for category, names in KINDS.items()}


def test_what_is_said_of_a_sponsor_stands_in_the_categories_of_sponsors() -> None:
    """By the name of the member, so that a fact to come is caught, too."""
    for fact in CURRENT:
        for member in fact.model_fields:
            if any(sign in member for sign in SPONSORS) and member != "still_with_sponsor":
                assert category_of(fact, member) in ("sponsor", "sponsor-contact"), f"{fact.wire} {member}"


@pytest.mark.parametrize("name", shipped_sets())
def test_a_shipped_set_lets_those_see_a_sponsors_name_whom_the_reference_names(name: str) -> None:
    """The court and USCIS get the address only; ICE-ERO the name only where an agreement says so."""
    rules = read_rules(shipped_sets()[name])
    assert {a for a in RECEIVERS if "sponsor-contact" in may_see(rules.agencies[a])} == WHO[name]


def _told(rulebook: SharingRulebook, position: int) -> dict[str, bool]:
    """Return who is told of a release at a position, and whether with the sponsor's name."""
    release = entry(position, "released-to-sponsor", "2022-03-04", RELEASE, agency="ORR")
    told = rulebook.at(release).disclosures(release)
    return {agency: "sponsor_name" in part.fact for agency, part in told}


def test_the_default_set_tells_neither_ice_ero_nor_the_court_who_the_sponsor_is() -> None:
    """They get the address to write to."""
    assert _told(SharingRulebook((), default_rules(), ZONE), 5) == {
        "ICE-ERO": False,
        "ICE-OPLA": True,
        "EOIR": False,
        "USCIS": False,
    }


def test_what_an_earlier_release_told_is_told_alike_for_ever() -> None:
    """Up to the position at which a ledger was brought to this release, by the set that was the default then; what an
    adopted set of before says goes on, too."""
    rulebook = SharingRulebook((), default_rules(), ZONE, former_default_until=5)
    assert all(_told(rulebook, 5).values())
    assert not _told(rulebook, 6)["ICE-ERO"]
    assert former_default_rules() in rulebook.sets
    assert (former_default_rules().id, former_default_rules().version) == ("default", 1)
    adopted = SharingRulebook((Adopted(1, former_default_rules()),), default_rules(), ZONE)
    assert all(_told(adopted, 6).values())
    denied = former_default_rules().model_dump()
    denied["agencies"]["EOIR"]["allowed"] = [c for c in denied["agencies"]["EOIR"]["allowed"] if c != "address"]
    assert not _told(SharingRulebook((Adopted(1, RuleSet.model_validate(denied)),), default_rules(), ZONE), 6)["EOIR"]
