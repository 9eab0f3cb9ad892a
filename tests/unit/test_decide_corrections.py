"""H4: what corrections, voids, merges, notices, disputes and resolutions may aim at; and how facts then stand."""

from typing import Any

import pytest

from ledger.agencies import Agency
from ledger.records.record import Record
from ledger.rules.decide import Surroundings
from tests.unit.deciding import CHILD, OAK, OTHER, Given, Sent, correction, entry_of, given, sent, void

DOORS = ("command", "feed", "import")
CANCELLED = sent("referral-cancelled", agency="CBP")
RELEASED = sent("released-to-sponsor")


@pytest.mark.parametrize("door", DOORS)
@pytest.mark.parametrize(
    ("claim", "member"),
    [
        (correction(2, reason="x"), "fact.corrects"),
        (void(2), "fact.voids"),
        (sent("notice-given", agency="CBP", positions=[1, 2]), "fact.positions.1"),
        (sent("entry-disputed", position=2), "fact.position"),
        (sent("finding-resolved", agency="CBP", position=2), "fact.position"),
    ],
)
def test_a_statement_about_nothing_of_this_child_is_refused_at_every_door(claim: Sent, member: str, door: str) -> None:
    """It would act on nobody's view; whoever mistyped the position hears of it at once."""
    refusal = given(CANCELLED).when(claim.at_door(door)).refused("H4", member)
    assert "nothing was recorded" in refusal.message


def test_statements_reach_the_entries_of_merged_records() -> None:
    """An entry keeps the record it was made under, and is corrected from either record of the person."""
    others = (entry_of(CANCELLED, 10, child=OTHER, version=1),)
    around = Surroundings(group=frozenset({OTHER}), others=others)
    record = given(sent("referred-to-orr"))
    for claim in (
        correction(10, reason="x"),
        void(10),
        sent("notice-given", agency="CBP", positions=[1, 10]),
        sent("entry-disputed", position=10),
    ):
        record.when(claim, around=around).finds()
        assert record.when(claim).outcome != ()


@pytest.mark.parametrize("agency", ["CBP", "ICE-ERO", "ICE-OPLA", "ORR", "EOIR", "USCIS", "STEWARD"])
def test_only_the_producer_or_the_steward_corrects_voids_or_resolves(agency: Agency) -> None:
    """No agency rewrites another's words; it may dispute them through the steward, or tell its own."""
    record = given(CANCELLED, findings={1: ("C2",)})
    for claim, code, member in (
        (correction(1, agency, reason="x"), "H4", "fact.corrects"),
        (void(1, agency), "H4", "fact.voids"),
        (sent("finding-resolved", agency=agency, code="C2"), "H2", "fact.position"),
    ):
        decided = record.when(claim)
        if agency in ("CBP", "STEWARD"):
            decided.finds()
        else:
            decided.refused(code, member)


def test_a_correction_by_the_steward_is_amended_by_the_steward() -> None:
    """The producer of the targeted entry is who issued the correction; the original's producer corrects anew."""
    record = given(CANCELLED, correction(1, "STEWARD", reason="x"))
    record.when(correction(2, "CBP", reason="y")).refused("H4", "fact.corrects")
    record.when(correction(2, "STEWARD", reason="y")).finds()
    record.when(correction(1, "CBP", reason="y")).finds()


@pytest.mark.parametrize(
    ("values", "code", "member"),
    [
        ({"nobody": 1}, "H0", "fact.set.nobody"),
        ({"address.zip": "77002"}, "H0", "fact.set.address.zip"),
        ({"sponsor_category": "9"}, "H6", "fact.set.sponsor_category"),
        ({"sponsor_category": None}, "H6", "fact.set.sponsor_category"),
        ({"address": None}, "H0", "fact.set.address"),
        ({"address": {"lines": "1200 Elm St"}}, "H0", "fact.set.address.lines"),
        ({"address": {"street": "1200 Elm St"}}, "H0", "fact.set.address.street"),
        ({"relationship": 5}, "H0", "fact.set.relationship"),
        ({"relationship": 2**60}, "H0", "fact.set.relationship"),
        ({"occurred_at": "yesterday"}, "H0", "fact.set.occurred_at"),
        ({"occurred_at": 5}, "H0", "fact.set.occurred_at"),
        ({"occurred_at": "2031-01-01"}, "H5", "fact.set.occurred_at"),
        ({"relationship": "aunt", "nobody": 1}, "H0", "fact.set.nobody"),
    ],
)
def test_a_correction_that_would_leave_no_valid_fact_is_refused(values: dict[str, Any], code: str, member: str) -> None:
    """The refusal names the member of `set` as the contract writes it, at every door."""
    for door in DOORS:
        given(RELEASED).when(correction(1, "ORR", **values).at_door(door)).refused(code, member)


@pytest.mark.parametrize(
    "values",
    [
        {"relationship": "aunt"},
        {"relationship": None},
        {"sponsor_category": "unknown", "address": OAK},
        {"occurred_at": "2022-03-03"},
        {"occurred_at": "2022-03-04T13:20:00-06:00"},
        {"occurred_at": None},
    ],
)
def test_a_correction_to_valid_values_is_accepted(values: dict[str, Any]) -> None:
    """Null removes an optional member; a time may become an instant, a day or unknown."""
    given(RELEASED).when(correction(1, "ORR", **values)).finds()


def test_a_required_member_that_may_be_null_is_set_to_null() -> None:
    """A redetermination can come to say that no date of birth is known; the member stays, empty."""
    record = given(sent("age-redetermined")).record
    record.add(entry_of(correction(1, "ORR", date_of_birth=None), 2))
    assert record.of(type(record.entries[0].fact))[0].fact.date_of_birth is None  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("claim", "member", "value"),
    [
        (sent("identifier-asserted"), "identifier", {"scheme": "fin", "value": "F-2"}),
        (sent("identity-merged"), "other", {"scheme": "fin", "value": "F-2"}),
        (sent("notice-given", agency="CBP"), "to", "EOIR"),
        (sent("notice-given", agency="CBP"), "positions", [1]),
        (sent("entry-voided", agency="CBP"), "voids", 1),
    ],
)
def test_what_a_statement_is_about_cannot_be_corrected(claim: Sent, member: str, value: object) -> None:
    """A notice to somebody else, or of something else, is another notice: void it and issue it anew."""
    record = given(CANCELLED, claim)
    refusal = record.when(correction(2, "STEWARD", **{member: value})).refused("H4", f"fact.set.{member}")
    assert "issue it anew" in refusal.message


def test_a_correction_of_a_correction_names_members_of_the_original_fact() -> None:
    """Not those of the correction it amends: `corrects` and `set` are no members of a release."""
    record = given(RELEASED, correction(1, "ORR", relationship="aunt"))
    record.when(correction(2, "ORR", relationship="mother")).finds()
    record.when(correction(2, "ORR", corrects=1)).refused("H0", "fact.set.corrects")
    record.when(correction(2, "ORR", reason="typing error")).refused("H0", "fact.set.reason")


def test_statements_are_corrected_within_their_own_rules() -> None:
    """A notice cannot come to have been given tomorrow, a resolution cannot move to an entry without its finding."""
    told = given(CANCELLED, sent("notice-given", agency="CBP"))
    told.when(correction(2, "CBP", given_at="2031-01-01")).refused("H5", "fact.set.given_at")
    told.when(correction(2, "CBP", given_at="2022-03-05", channel="fax", members=["reason"])).finds()
    disputed = given(CANCELLED, sent("entry-disputed"))
    disputed.when(correction(2, "STEWARD", position=9)).refused("H4", "fact.set.position")
    disputed.when(correction(2, "STEWARD", statement="other words")).finds()
    resolved = given(CANCELLED, sent("finding-resolved", agency="CBP", code="C2"), findings={1: ("C2", "G5")})
    resolved.when(correction(2, "CBP", code="G5")).finds()
    resolved.when(correction(2, "CBP", code="C9")).refused("H4", "fact.set.code")


def test_a_corrected_fact_is_remarked_on_like_a_recorded_one() -> None:
    """A correction can bring in a blank address, another age band or a reference to nothing."""
    given(RELEASED).when(correction(1, "ORR", address={"city": "Houston"})).finds({"W3": "warn"})
    blank = sent("released-to-sponsor", address={})
    given(blank).when(correction(1, "ORR", relationship="aunt")).finds()
    born = sent("particulars-asserted", date_of_birth="2010-01-01", at="2021-01-01")
    served = given(born, sent("nta-issued"), sent("nta-served"))
    served.when(correction(1, "ORR", date_of_birth="2006-01-01")).finds({"G3": "guard"})
    served.when(correction(1, "ORR", date_of_birth="2010-02-01")).finds()
    served.when(correction(3, "CBP", cures=2)).finds({"reference-unknown": "guard"})
    returned = given(RELEASED, sent("mail-returned", agency="ORR"))
    returned.when(correction(2, "ORR", address_position=2)).finds({"reference-unknown": "guard"})
    returned.when(correction(2, "ORR", address_position=1)).finds()


def test_voiding_a_birth_date_brings_the_earlier_one_back() -> None:
    """The age band on the day of service moves back with it, and is looked at again (G3)."""
    first = sent("particulars-asserted", date_of_birth="2006-01-01", at="2021-01-01")
    second = sent("particulars-asserted", date_of_birth="2010-01-01", at="2021-02-01")
    served = given(first, second, sent("nta-issued"), sent("nta-served"))
    served.when(void(2, "ORR")).finds({"G3": "guard"})
    served.when(void(1, "ORR")).finds()


def test_an_entry_may_be_voided_twice() -> None:
    """Two voids need two undoings, so the second is no error."""
    given(CANCELLED, void(1)).when(void(1)).finds()


def test_a_correction_whose_original_went_away_with_an_unmerge_has_nothing_to_amend() -> None:
    """After the merge is undone, the other record's entry is another child's."""
    record = Given(Record(CHILD))
    record.record.add(entry_of(correction(9, reason="x"), 12))
    record.when(correction(12, reason="y")).refused("H4", "fact.corrects")


@pytest.mark.parametrize(
    ("name", "around", "accepted"),
    [
        ("identity-merged", Surroundings(named=OTHER), True),
        ("identity-merged", Surroundings(named=None), False),
        ("identity-merged", Surroundings(named=CHILD), False),
        ("identity-merged", Surroundings(named=OTHER, group=frozenset({OTHER})), False),
        (
            "identity-unmerged",
            Surroundings(named=OTHER, group=frozenset({OTHER}), merged_directly=frozenset({OTHER})),
            True,
        ),
        ("identity-unmerged", Surroundings(named=OTHER, group=frozenset({OTHER})), False),
        ("identity-unmerged", Surroundings(named=OTHER), False),
        ("identity-unmerged", Surroundings(named=None), False),
    ],
)
def test_merges_join_two_persons_and_unmerges_part_a_pair(name: str, around: Surroundings, accepted: bool) -> None:
    """Merging what is one already, or unmerging what no merge of just these two joins, is refused."""
    for door in DOORS:
        decided = given().when(sent(name).at_door(door), around=around)
        if accepted:
            decided.finds()
        else:
            decided.refused("H4", "fact.other")


@pytest.mark.parametrize("named", [None, CHILD, OTHER])
def test_an_identifier_of_the_same_person_is_no_conflict(named: Any) -> None:
    """An identifier is news, or repeats what this person's records say (W19)."""
    around = Surroundings(named=named, group=frozenset({OTHER}))
    given().when(sent("identifier-asserted"), around=around).finds()


def test_a_resolution_names_a_finding_the_entry_carries() -> None:
    """A resolution of a finding that is not there would close nothing."""
    record = given(sent("placement-designated"), findings={1: ("C2",)})
    record.when(sent("finding-resolved", agency="ORR", code="C2")).finds()
    record.when(sent("finding-resolved", agency="ORR", code="C3")).refused("H4", "fact.code")


def test_a_notice_names_members_that_the_entries_told_have() -> None:
    """A misspelt member would leave its reader knowing nothing; the sender hears of it."""
    record = given(RELEASED, correction(1, "ORR", address=OAK))
    told: dict[str, Any] = {"agency": "ORR", "to": "ICE-ERO"}
    record.when(sent("notice-given", **told, positions=[1], members=["address", "relationship"])).finds()
    record.when(sent("notice-given", **told, positions=[1, 2], members=["set.address"])).finds()
    misspelt = record.when(sent("notice-given", **told, positions=[1], members=["address", "adress"]))
    misspelt.finds({"reference-unknown": "guard"})
    assert "`fact.members.1`" in misspelt.message_of("reference-unknown")
    assert "correct `members`" in misspelt.message_of("reference-unknown")


def test_a_notice_about_an_entry_of_nobody_or_of_another_child_says_which_position_and_where_to_look() -> None:
    """A log of 500 rows has typing errors: the sender must find the row, the position and the right one."""
    record = given(CANCELLED)
    refusal = record.when(sent("notice-given", agency="CBP", positions=[1, 77])).refused("H4", "fact.positions.1")
    assert "`fact.positions.1` is 77, which is no earlier entry of this child" in refusal.message
    assert "look the position up in the child's timeline" in refusal.message


def test_a_notice_may_be_given_to_an_agency_that_has_no_feed() -> None:
    """OIG reads and gets no feed: what it was told by letter is known of it by notices alone."""
    for to in ("OIG", "STEWARD", "unknown"):
        given(CANCELLED).when(sent("notice-given", agency="CBP", to=to, positions=[1])).finds()


FAR: dict[str, Any] = {"effective_from": "0001-01-01T00:00:00Z"}


def test_what_stands_with_a_far_time_can_be_corrected_in_every_member() -> None:
    """An earlier release took 0001-01-01; neither the cure of it nor another correction fails for it."""
    recorded = entry_of(sent("address-reported"), 1)
    record = Record(CHILD)
    record.add(recorded._replace(recorded_fact={**recorded.recorded_fact, **FAR}))
    stands = Given(record)
    stands.when(correction(1, "ORR", effective_from="2022-03-01")).finds()
    stands.when(correction(1, "ORR", caregiver="an aunt")).finds()
    stands.when(correction(1, "ORR", occurred_at="2022-03-01")).finds({"implausible-date": "warn"})
    stands.when(correction(1, "ORR", caregiver=7)).refused("H0", "fact.set.caregiver")


@pytest.mark.parametrize("far", ["0001-01-01T00:00:00Z", "9999-12-31", "2022-03-04T13:20:00+23:59", "0022-01-11"])
def test_a_correction_to_no_time_is_refused(far: str) -> None:
    """The bounds of what comes in hold for new values too (H0)."""
    stands = given(sent("address-reported"))
    stands.when(correction(1, "ORR", effective_from=far)).refused("H0", "fact.set.effective_from")
    stands.when(correction(1, "ORR", occurred_at=far)).refused("H0", "fact.set.occurred_at")
