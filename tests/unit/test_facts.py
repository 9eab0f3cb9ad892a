"""The facts are the contract's: names, producers, members, codes; each member carries its sharing category."""

import re
from types import UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin

import orjson
import pytest
from pydantic import AfterValidator, ValidationError

from ledger.agencies import PRODUCERS
from ledger.facts import BY_WIRE, CURRENT, EARLIER, HAPPENINGS, STATEMENTS, current, short_name
from ledger.facts.vocabulary import Address, Category, Fact
from ledger.intake.submission import read_submission
from tests.golden.making import SUBMISSIONS

# Name | producers | members; `?` may be absent, codes in parentheses. Copied from the contract, not from the code.
CONTRACT = """
child-encountered | CBP ICE-ERO | encounter_type(between-ports port-of-entry interior) place country? date_of_birth? sex?
identifier-asserted | any | identifier
particulars-asserted | any | name? date_of_birth? sex? country? basis?
identity-merged | STEWARD | other reason
identity-unmerged | STEWARD | other reason
uc-determination-made | CBP ICE-ERO ORR | is_uc age_basis? parent_available? separated?
protection-screening-recorded | CBP | trafficking credible_fear able_to_withdraw
contiguous-return-executed | CBP ICE-ERO | country consulate_notified
referred-to-orr | CBP ICE-ERO | referring_office
referral-cancelled | CBP ICE-ERO ORR | reason
placement-designated | ORR | program level_of_care
handoff-started | CBP ICE-ERO ORR | handoff_id from_agency from_facility to_agency to_facility
handoff-cancelled | CBP ICE-ERO ORR | handoff_id reason
handoff-declined | CBP ICE-ERO ORR | handoff_id reason
handoff-accepted | CBP ICE-ERO ORR | handoff_id receiving_agency receiving_facility discrepancies condition? exceptional_circumstances?(surge-or-influx medical-hold-or-quarantine natural-disaster transport age-dispute criminal-custody family-unit-determination-pending other)
admitted-to-program | ORR | program? level_of_care?
network-transfer-completed | ORR | from_program to_program departed_at?
emergency-transfer-made | ORR | from_program to_place reason
age-redetermined | ORR CBP ICE-ERO | method date_of_birth is_adult
absence-reported | ORR ICE-ERO | kind(runaway unauthorized-absence attempted) last_seen_at? reported_to
absence-resolved | ORR ICE-ERO | found_where returned_to?
significant-incident-reported | ORR | incident_id kind reported_to
sponsor-application-received | ORR | sponsor_id sponsor_category(1 2A 2B 2 3) address?
release-decided | ORR | decision(approve approve-with-prs deny remand) sponsor_id? basis? conditions?
pre-release-notice-given | ORR | to planned_for address?
discharge-notified | ORR | to
released-to-sponsor | ORR | sponsor_id? sponsor_category(1 2A 2B 2 3) relationship? sponsor_name? sponsor_phone? address
discharged-otherwise | ORR | kind(age-out age-redetermined program-urm repatriated removed law-enforcement runaway-closed deceased other) destination?
age-out-considered | ICE-ERO | options decision reason
address-reported | any | purpose(residence mailing) address effective_from? caregiver? reported_via(eoir-33 ar-11 orr-call ice-coa sponsor child mail other)
mail-returned | ICE-ERO ICE-OPLA EOIR ORR | piece reason address_position?
responsible-office-assigned | ICE-ERO ICE-OPLA | office court? address_position?
nta-issued | CBP ICE-ERO ICE-OPLA USCIS | nta_id court? has_time_and_place hearing_at?
nta-served | CBP ICE-ERO ICE-OPLA USCIS | nta_id method(personal mail counsel) served_on(child custodian sponsor facility-director counsel) address? proof? cures?
nta-not-pursued | ICE-ERO ICE-OPLA | reason(awaiting-placement no-valid-address uscis-relief-pending discretion voluntary-departure-or-returned adult left-us backlog-or-resources other) review_on?
nta-filed | ICE-OPLA | nta_id court court_case?
nta-rejected | EOIR | nta_id reason
nta-docketed | EOIR | nta_id court_case court
hearing-scheduled | EOIR | hearing_id court_case court scheduled_for calendar?(master individual) medium?
hearing-cancelled | EOIR | hearing_id adjournment_code?
hearing-notice-served | EOIR | notice_id hearing_id method(in-person mail) served_on(child custodian sponsor facility-director counsel) address? for_time
hearing-held | EOIR | hearing_id court_case appearance(present counsel-only absent excused) adjournment_code? next_hearing_at? medium?
failure-to-appear-recorded | EOIR ICE-OPLA | hearing_id court_case judge_action(adjourned admin-closed in-absentia terminated) notice_id?
fta-follow-up-recorded | ICE-ERO ORR | hearing_id action result
motion-filed | any | court_case motion_code filed_by
motion-decided | EOIR | court_case motion_code decision
venue-changed | EOIR | court_case from_court to_court
order-entered | EOIR | court_case decision(removed relief-granted voluntary-departure terminated dismissed admin-closed withdrawn) in_absentia appeal_reserved?
relief-filed | USCIS EOIR | kind receipt jurisdiction
relief-decided | USCIS EOIR | kind receipt outcome
post-release-contact-recorded | ORR ICE-ERO | kind attempt mode(in-person live-call message letter) spoke_with(child sponsor other nobody) child_seen identity_checked address_confirmed? still_with_sponsor? concern?
concern-raised | any | concern_id kind urgency routed_to
concern-acknowledged | any | concern_id by
concern-resolved | any | concern_id outcome
departure-verified | ICE-ERO | kind(removal voluntary-departure return) country?
representative-entered | EOIR USCIS ORR | representative_id scope
representative-withdrawn | EOIR USCIS ORR | representative_id scope
notice-given | any | to positions channel(email spreadsheet phone letter fax in-person portal) given_at members
correction-issued | any | corrects set reason
entry-voided | any | voids reason
entry-disputed | STEWARD | position statement by
finding-resolved | any | position code resolution reason
"""  # noqa: E501
BODIES = {"CBP", "ICE-ERO", "ICE-OPLA", "ORR", "EOIR", "USCIS", "OIG", "STEWARD", "HSI", "ORR-NCC", "CPS", "LE"}
ANY = {"CBP", "ICE-ERO", "ICE-OPLA", "ORR", "EOIR", "USCIS", "STEWARD"}

Row = tuple[set[str], dict[str, tuple[bool, set[str]]]]


def contract() -> dict[str, Row]:
    """Return the table by name: producers, and per member whether it may be absent and its codes."""
    table: dict[str, Row] = {}
    for line in CONTRACT.strip().splitlines():
        name, producers, members = (part.strip() for part in line.split("|"))
        table[name] = (
            ANY if producers == "any" else set(producers.split()),
            {
                member: (bool(optional), set(codes.split()))
                for member, optional, codes in re.findall(r"(\w+)(\??)(?:\(([^)]*)\))?", members)
            },
        )
    return table


TABLE = contract()
FIRST_VERSIONS = {short_name(wire): fact for wire, fact in BY_WIRE.items() if wire.endswith(".v1")}
EVERY_FACT = pytest.mark.parametrize("fact", BY_WIRE.values(), ids=list(BY_WIRE))


def codes(annotation: Any) -> set[str]:
    """Return the codes a member's type allows, wherever in it they stand."""
    if get_origin(annotation) is Literal:
        return set(get_args(annotation))
    return {code for inner in get_args(annotation) for code in codes(inner)}


def full(fact: type[Fact]) -> dict[str, Any]:
    """Return the complete golden submission of a fact."""
    data: dict[str, Any] = orjson.loads((SUBMISSIONS / f"{fact.wire}.json").read_bytes())
    return data


def accepted(fact: type[Fact], data: dict[str, Any]) -> bool:
    return isinstance(read_submission(fact.wire, orjson.dumps(data)), tuple)


def test_the_facts_are_those_of_the_contract() -> None:
    """Every name of the contract is a fact under version 1, and there is no other."""
    assert FIRST_VERSIONS.keys() == TABLE.keys()
    assert len(CURRENT) == len(TABLE) == len(HAPPENINGS) + len(STATEMENTS)


def test_wire_names_are_literals_with_a_version() -> None:
    """A wire name is `custody.<name>.v<n>`, its own, and not made from the class."""
    assert len(BY_WIRE) == len(CURRENT) + len(EARLIER)
    for wire in BY_WIRE:
        assert re.fullmatch(r"custody\.[a-z]+(-[a-z]+)*\.v[1-9]", wire)


@pytest.mark.parametrize("name", TABLE)
def test_a_fact_is_produced_by_those_the_contract_names(name: str) -> None:
    """Rule H2 stands on these lists, for every version of a fact."""
    for wire, fact in BY_WIRE.items():
        if short_name(wire) == name:
            assert set(fact.producers) == TABLE[name][0]
            assert len(fact.producers) == len(set(fact.producers))


def test_oig_produces_nothing() -> None:
    """OIG only reads."""
    assert set(PRODUCERS) == ANY
    assert all("OIG" not in fact.producers for fact in BY_WIRE.values())


@pytest.mark.parametrize("name", TABLE)
def test_a_fact_has_the_members_of_the_contract(name: str) -> None:
    """Agencies write clients against these names; the codes are the contract's and `unknown`."""
    fields = FIRST_VERSIONS[name].model_fields
    members = TABLE[name][1]
    assert fields.keys() == members.keys()
    assert {member for member, field in fields.items() if not field.is_required()} == {
        member for member, (optional, _) in members.items() if optional
    }
    for member, (_, listed) in members.items():
        found = codes(fields[member].annotation) - {"all"}
        if listed:
            assert found == listed | {"unknown"}
        elif found not in (BODIES | {"unknown"}, BODIES - {"HSI", "ORR-NCC", "CPS", "LE"} | {"unknown"}):
            assert found <= {"unknown"}, f"{member} has codes the contract does not list"


@EVERY_FACT
def test_an_optional_member_may_be_absent_or_null_and_a_required_one_may_not(fact: type[Fact]) -> None:
    """A `?` of the contract may be left out; everything else is asked for by name."""
    for member, field in fact.model_fields.items():
        data = full(fact)
        del data["fact"][member]
        assert accepted(fact, data) is not field.is_required(), member
        if not field.is_required():
            data["fact"][member] = None
            assert accepted(fact, data), member


@EVERY_FACT
def test_every_member_carries_exactly_one_category(fact: type[Fact]) -> None:
    """Who may see a member is decided by its category; a member without one could be shown to nobody, or to all."""
    for member, field in fact.model_fields.items():
        marks = [mark for mark in field.metadata if isinstance(mark, Category)]
        assert len(marks) == 1, member
        assert "Category" not in str(field.annotation), f"{member} carries a category inside its type"


def test_an_address_is_of_one_category_as_a_whole() -> None:
    """The parts of an address carry none of their own, and each fact that holds one calls it `address`."""
    assert all(not field.metadata for field in Address.model_fields.values())
    for fact in BY_WIRE.values():
        for field in fact.model_fields.values():
            if field.annotation in (Address, Address | None):
                assert [mark.name for mark in field.metadata if isinstance(mark, Category)] == ["address"]


PROTECTED = {
    "relief": {"relief-filed", "relief-decided"},
    "sponsor": {"sponsor-application-received", "release-decided", "released-to-sponsor"},
}


@pytest.mark.parametrize("category", PROTECTED)
def test_protected_categories_stand_where_they_should(category: str) -> None:
    """Relief and the sponsor's particulars appear in these facts and in no other (8 USC 1367, 45 CFR 410)."""
    found = {
        short_name(fact.wire)
        for fact in CURRENT
        for field in fact.model_fields.values()
        if any(isinstance(mark, Category) and mark.name == category for mark in field.metadata)
    }
    assert found == PROTECTED[category]


def coded(annotation: Any) -> bool:
    """Return whether a member holds codes: a list of literals, true or false, a country, an adjournment."""
    if get_origin(annotation) is Literal:
        return set(get_args(annotation)) != {"all"}
    if get_origin(annotation) is Annotated and any(isinstance(mark, AfterValidator) for mark in get_args(annotation)):
        return True
    if get_origin(annotation) in (Union, UnionType, tuple, Annotated):
        return any(coded(inner) for inner in get_args(annotation))
    return annotation is bool


def coded_members(fact: type[Fact]) -> set[str]:
    """Return the names of a fact's members that hold codes."""
    return {m for m, f in fact.model_fields.items() if coded(Annotated[f.annotation, *f.metadata])}


@EVERY_FACT
def test_every_coded_member_accepts_unknown(fact: type[Fact]) -> None:
    """A source whose code nobody knows is late truth, not an error of form: `unknown` is always understood."""
    for member in coded_members(fact):
        data = full(fact)
        given = data["fact"][member]
        data["fact"][member] = ["unknown"] if isinstance(given, list) else "unknown"
        assert accepted(fact, data), member


def test_the_search_for_coded_members_finds_every_kind() -> None:
    """Countries, adjournments, yes-or-no, agencies, bodies and lists of codes are all recognised as coded."""
    for name, members in {
        "contiguous-return-executed": {"country", "consulate_notified"},
        "hearing-cancelled": {"adjournment_code"},
        "nta-served": {"method", "served_on"},
        "uc-determination-made": {"is_uc", "parent_available", "separated"},
        "handoff-started": {"from_agency", "to_agency"},
        "concern-raised": {"routed_to"},
        "notice-given": {"to", "channel"},
        "hearing-scheduled": {"calendar"},
    }.items():
        assert coded_members(FIRST_VERSIONS[name]) == members


@pytest.mark.parametrize("member", ["country", "adjournment_code"])
def test_a_code_outside_its_list_is_refused(member: str) -> None:
    """Country and adjournment codes are checked against their lists (H6), each with its own word."""
    fact = FIRST_VERSIONS["departure-verified" if member == "country" else "hearing-held"]
    data = full(fact)
    for code, good in (("unknown", True), ("HND" if member == "country" else "7A", True), ("ZZZ", False)):
        data["fact"][member] = code
        assert accepted(fact, data) is good, code


@EVERY_FACT
def test_an_unknown_member_is_refused(fact: type[Fact]) -> None:
    """A misspelt member is told to its sender and never dropped in silence."""
    data = full(fact)
    data["fact"]["adress"] = {}
    assert not accepted(fact, data)


@EVERY_FACT
def test_a_fact_cannot_be_changed_once_read(fact: type[Fact]) -> None:
    """Facts are frozen: what a rule or a projection looks at is what was recorded."""
    read = fact.model_validate(full(fact)["fact"])
    with pytest.raises(ValidationError, match="frozen"):
        setattr(read, next(iter(fact.model_fields)), None)


def test_earlier_versions_are_upgraded_and_current_ones_left_alone() -> None:
    """Code that decides or projects sees current versions only."""
    for fact in CURRENT:
        read = fact.model_validate(full(fact)["fact"])
        assert current(read) is read
    for earlier in EARLIER:
        upgraded = current(earlier.model_validate(full(earlier)["fact"]))
        assert type(upgraded) in CURRENT
        assert short_name(type(upgraded).wire) == short_name(earlier.wire)
