"""G1-G6 and the warnings: where each rule speaks, and the nearest situation in which it stays silent."""

from typing import Any

import pytest

from tests.unit.deciding import ELM, OAK, Sent, given, sent

BLANK: dict[str, Any] = {"city": "Houston", "state": "TX"}
ELM_AGAIN = {**ELM, "lines": ["1200 ELM  St."]}
TOWER = {**ELM, "lines": ["500 Oak Towers"]}
SCHEDULED, FAILED = sent("hearing-scheduled"), sent("failure-to-appear-recorded")
ISSUED = sent("nta-issued")
BORN = sent("particulars-asserted", date_of_birth="2008-06-01", at="2021-01-01")


def notice(**members: Any) -> Sent:
    return sent("hearing-notice-served", **members)


@pytest.mark.parametrize(
    ("notices", "said"),
    [
        ((), "no hearing-notice-served"),
        ((notice(hearing_id="g2"),), "no hearing-notice-served"),
        ((notice(address=TOWER),), "MISSING_UNIT"),
        ((notice(without=("address",)),), "no address is recorded"),
        ((notice(address=TOWER), notice(notice_id="v2", method="in-person")), None),
        ((notice(address=TOWER), notice(notice_id="v2")), None),
        ((notice(),), None),
    ],
)
def test_nobody_fails_to_appear_who_was_not_told(notices: tuple[Sent, ...], said: str | None) -> None:
    """A failure to appear counts once a notice went to her, or to an address in order (G1, 8 USC 1229a(b)(5)(A))."""
    decided = given(SCHEDULED, *notices).when(FAILED)
    decided.finds({} if said is None else {"G1": "guard"})
    assert said is None or said in decided.message_of("G1")


def test_a_failure_that_names_its_notice_rests_on_that_one() -> None:
    """Another, better notice of the same hearing does not mend the one the court relied on (G1)."""
    record = given(SCHEDULED, notice(address=TOWER), notice(notice_id="v2"))
    record.when(sent("failure-to-appear-recorded", notice_id="v1")).finds({"G1": "guard"})
    record.when(sent("failure-to-appear-recorded", notice_id="v2")).finds()
    record.when(sent("failure-to-appear-recorded", notice_id="v3")).finds({"G1": "guard"})


def test_a_day_holds_any_order_of_its_instants() -> None:
    """Departure at eight in the evening, arrival `on the 4th`: no contradiction; on the 3rd it is one (G2)."""
    started = sent("handoff-started", at="2022-03-04T20:00:00-05:00")
    given(started).when(sent("handoff-accepted", at="2022-03-04")).finds()
    given(started).when(sent("handoff-accepted", at="2022-03-05T01:00:00Z")).finds()
    given(started, sent("handoff-started", at="2022-03-09", handoff_id="h2")).when(sent("handoff-accepted")).finds()
    given(started).when(sent("handoff-accepted", at="2022-03-03")).finds({"G2": "guard"})
    given(started).when(sent("handoff-accepted", at=None)).finds({"occurred-at-unknown": "warn"})


def test_a_departure_recorded_behind_its_arrival_is_compared_as_well() -> None:
    """Whichever of the two is recorded last carries the finding (G2)."""
    accepted = sent("handoff-accepted", at="2022-03-03")
    given(accepted).when(sent("handoff-started", at="2022-03-04")).finds({"G2": "guard"})
    given(accepted).when(sent("handoff-started", at="2022-03-03")).finds()
    other = sent("handoff-started", at="2022-03-04", handoff_id="h2", from_agency="ORR")
    given(accepted).when(other).finds()


def test_a_transfer_leaves_before_it_arrives() -> None:
    """A transfer that gives both its times must give them in order (G2)."""
    admitted = given(sent("handoff-accepted"), sent("admitted-to-program"))
    admitted.when(sent("network-transfer-completed", departed_at="2022-03-05")).finds({"G2": "guard"})
    admitted.when(sent("network-transfer-completed", departed_at="2022-03-04T08:00:00-05:00")).finds()


@pytest.mark.parametrize(
    ("between", "overlaps"),
    [
        ((), True),
        (
            (
                sent("released-to-sponsor", at="2022-03-10"),
                sent("handoff-accepted", handoff_id="h2", at="2022-03-15"),
            ),
            False,
        ),
        ((sent("network-transfer-completed", at="2022-03-10"),), False),
        ((sent("absence-reported", at="2022-03-10"),), False),
        ((sent("absence-reported", kind="attempted", at="2022-03-10"),), True),
        ((sent("absence-reported", at="2022-03-01"),), True),
        ((sent("released-to-sponsor", at="2022-03-21"),), True),
        ((sent("released-to-sponsor", at="2022-03-20"),), False),
        ((sent("released-to-sponsor", at="2022-03-04T10:00:00-05:00"),), False),
    ],
)
def test_two_admissions_overlap_unless_something_ended_the_first(between: tuple[Sent, ...], overlaps: bool) -> None:
    """One child is in one program; which of two admissions is recorded first makes no difference (G2)."""
    first, second = sent("admitted-to-program", at="2022-03-04"), sent("admitted-to-program", at="2022-03-20")
    accepted = sent("handoff-accepted", at="2022-03-02")
    expected = {"G2": "guard"} if overlaps else {}
    given(accepted, first, *between).when(second).finds(expected)
    given(accepted, second, *between).when(first).finds(expected)


def test_an_admission_at_an_unknown_time_overlaps_nothing_for_sure() -> None:
    """Where a time is unknown its finding says so, and nothing more is made of it."""
    record = given(sent("handoff-accepted", at="2022-03-09"), sent("admitted-to-program"))
    record.when(sent("admitted-to-program", at=None)).finds({"occurred-at-unknown": "warn"})


@pytest.mark.parametrize(
    ("born", "crosses"),
    [
        ("2008-03-05", True),  # 13 on the day of service, 16 by the first claim
        ("2008-03-04", False),
        ("2004-03-05", False),
        ("2004-03-04", True),
    ],
)
@pytest.mark.parametrize("name", ["particulars-asserted", "child-encountered", "age-redetermined"])
def test_a_new_date_of_birth_reopens_who_had_to_be_served(name: str, born: str, crosses: bool) -> None:
    """Under 14, 14 to 17, adult: each is served differently; a new birth date that moves her is looked at (G3)."""
    first = sent("particulars-asserted", date_of_birth="2006-01-01", at="2021-01-01")
    claim = sent(name, at="2022-04-01", date_of_birth=born)
    given(first, ISSUED, sent("nta-served")).when(claim).finds({"G3": "guard"} if crosses else {})
    given(first, ISSUED).when(claim).finds()


def test_particulars_without_a_birth_date_move_no_age() -> None:
    """A name asserted anew leaves the age where it was."""
    given(BORN, ISSUED, sent("nta-served")).when(sent("particulars-asserted", at="2022-04-01")).finds()


def test_a_birth_date_that_is_not_in_force_reopens_nothing() -> None:
    """A claim of 2020 that arrives late stands behind the one of 2021 and changes no age."""
    late = sent("particulars-asserted", date_of_birth="2001-01-01", at="2020-01-01")
    given(BORN, ISSUED, sent("nta-served")).when(late).finds()


def test_the_first_date_of_birth_is_no_change() -> None:
    """Where no age was known, none has moved."""
    given(ISSUED, sent("nta-served")).when(sent("particulars-asserted", date_of_birth="2001-01-01")).finds()


def test_orr_releases_children_until_their_eighteenth_birthday() -> None:
    """On the birthday itself she is no child any more (G4, 6 USC 279(g)(2))."""
    ready = (
        sent("particulars-asserted", date_of_birth="2004-03-05", at="2021-01-01"),
        sent("admitted-to-program"),
        sent("release-decided"),
    )
    given(*ready).when(sent("released-to-sponsor", at="2022-03-04")).finds()
    given(*ready).when(sent("released-to-sponsor", at="2022-03-05")).finds({"G4": "guard"})


def test_any_recorded_exit_explains_a_discharge_notification() -> None:
    """G5 asks for an exit of either kind; a voided one is none."""
    discharged, notified = sent("discharged-otherwise"), sent("discharge-notified")
    given(discharged).when(notified).finds()
    given(discharged, sent("entry-voided", agency="ORR", voids=1)).when(notified).finds({"G5": "guard"})


def test_the_court_of_a_case_is_the_one_it_was_in_at_that_time() -> None:
    """After a change of venue the new court sets hearings; a late entry from before it is judged by the old (G6)."""
    moved = given(sent("nta-filed"), sent("nta-docketed"), sent("venue-changed", at="2022-05-01"))
    later = "2022-07-04T09:00:00-05:00"
    moved.when(sent("hearing-scheduled", court="dal ", at="2022-06-01", scheduled_for=later)).finds()
    moved.when(sent("hearing-scheduled", at="2022-06-01", scheduled_for=later)).finds({"G6": "guard"})
    moved.when(sent("hearing-scheduled", at="2022-04-01", scheduled_for=later)).finds()
    moved.when(sent("hearing-scheduled", court="DAL", at="2022-04-01", scheduled_for=later)).finds({"G6": "guard"})
    other_case = (sent("nta-filed"), sent("nta-filed", nta_id="n2", court_case="c2", court="DAL"))
    given(*other_case).when(sent("hearing-scheduled")).finds()
    given(sent("nta-filed"), sent("venue-changed", court_case="c2")).when(sent("hearing-scheduled")).finds()


def test_each_class_of_a_release_address_is_named_and_its_text_is_not() -> None:
    """The work list of OIG-25-21 says which of the OIG's classes an address falls into (W3)."""
    ready = given(sent("admitted-to-program"), sent("release-decided"))
    for address, named in (
        (BLANK, "BLANK"),
        (TOWER, "MISSING_UNIT"),
        ({**ELM, "state": "CA"}, "UNDELIVERABLE"),
        ({**ELM, "lines": ["PO Box 7"]}, "NOT_RESIDENTIAL"),
    ):
        message = ready.when(sent("released-to-sponsor", address=address)).finds({"W3": "warn"}).message_of("W3")
        assert named in message
        assert "Houston" not in message
    ready.when(sent("released-to-sponsor", address=OAK)).finds()


def test_a_notice_to_appear_is_not_mailed_where_mail_came_back_from() -> None:
    """Returned mail makes an address defective, named by its entry or, unnamed, the one in force (W7)."""
    released = sent("released-to-sponsor", at="2022-01-01")
    mailed = sent("nta-served", method="mail", served_on=["sponsor"], address=ELM)
    given(ISSUED, released).when(mailed).finds()
    given(ISSUED, released, sent("mail-returned", at="2022-02-01")).when(mailed).finds({"W7": "warn"})
    given(ISSUED, released, sent("mail-returned", address_position=2)).when(mailed).finds({"W7": "warn"})
    moved = sent("address-reported", address=OAK, at="2022-01-15")
    given(ISSUED, released, moved, sent("mail-returned", at="2022-02-01")).when(mailed).finds()
    given(ISSUED, released, moved, sent("mail-returned", address_position=2)).when(mailed).finds({"W7": "warn"})


def test_service_in_person_asks_for_no_address() -> None:
    """W7 is about the mail alone."""
    given(ISSUED).when(sent("nta-served", address=BLANK)).finds()


def test_mailed_service_without_an_address_is_judged_by_the_one_in_force() -> None:
    """The mailing address comes first, then the residence; where none is known nothing is said (W7)."""
    mailed = sent("nta-served", method="mail", served_on=["sponsor"])
    residence = sent("address-reported", address=BLANK, at="2022-01-01")
    mailing = sent("address-reported", purpose="mailing", at="2021-12-01")
    given(ISSUED).when(mailed).finds()
    given(ISSUED, residence).when(mailed).finds({"W7": "warn"})
    given(ISSUED, residence, mailing).when(mailed).finds()
    given(ISSUED, mailing, residence).when(mailed).finds()
    given(ISSUED, sent("address-reported", address=BLANK, at="2022-05-01")).when(mailed).finds()


@pytest.mark.parametrize(
    ("served_on", "at", "expected"),
    [
        (["child"], "2022-05-31", {"W8": "warn"}),
        (["child", "sponsor"], "2022-05-31", {}),
        (["child", "unknown"], "2022-05-31", {}),
        (["sponsor"], "2022-05-31", {}),
        (["child"], "2022-06-01", {"W9": "warn"}),
        (["child", "counsel"], "2022-06-01", {"W9": "warn"}),
        (["child", "custodian"], "2022-06-01", {}),
        (["child"], "2026-05-31", {"W9": "warn"}),
        (["child"], "2026-06-01", {}),
        (["child"], None, {"occurred-at-unknown": "warn"}),
    ],
)
def test_whom_to_serve_follows_the_age_on_the_day(
    served_on: list[str], at: str | None, expected: dict[str, str]
) -> None:
    """Under 14 never alone; from 14 to 17 in the Ninth Circuit with an adult; grown up, alone (W8, W9)."""
    address = {**ELM, "state": "WA", "zip": "98101"}
    given(BORN, ISSUED).when(sent("nta-served", served_on=served_on, at=at, address=address)).finds(expected)


def test_the_ninth_circuit_is_where_she_lives_if_the_service_says_no_address() -> None:
    """The residence in force decides (W9); in Texas no adult need be served beside a child of 14."""
    california = sent("released-to-sponsor", address={**ELM, "state": "California", "zip": "90001"}, at="2022-05-01")
    served = sent("nta-served", served_on=["child"], at="2022-07-01")
    given(BORN, ISSUED, california).when(served).finds({"W9": "warn"})
    given(BORN, ISSUED, sent("released-to-sponsor", at="2022-05-01")).when(served).finds()
    given(BORN, ISSUED).when(served).finds()


@pytest.mark.parametrize(
    ("reports", "mailed_at", "superseded"),
    [
        ((sent("address-reported", address=OAK, at="2022-05-01"),), "2022-06-01", True),
        ((sent("address-reported", address=OAK, at="2022-05-01"),), "2022-04-30", False),
        ((sent("address-reported", address=OAK, at="2022-05-01", effective_from="2022-07-01"),), "2022-06-01", False),
        ((sent("address-reported", address=OAK, at="2022-05-01", purpose="mailing"),), "2022-06-01", False),
        ((sent("address-reported", address=OAK, at="2022-01-01"),), "2022-06-01", False),
        (
            (sent("address-reported", address=OAK, at="2022-05-01"), sent("address-reported", at="2022-05-02")),
            "2022-06-01",
            False,
        ),
        (
            (sent("address-reported", address={**ELM, "lines": ["1200 ELM  St."]}, at="2022-05-01"),),
            "2022-06-01",
            False,
        ),
    ],
)
def test_a_notice_goes_to_the_address_in_force_when_it_is_mailed(
    reports: tuple[Sent, ...], mailed_at: str, superseded: bool
) -> None:
    """An address given up before the mailing binds nobody (W10); one that was never hers is another matter."""
    record = given(sent("released-to-sponsor", at="2022-03-04"), *reports)
    record.when(notice(at=mailed_at)).finds({"W10": "warn"} if superseded else {})
    record.when(notice(at=mailed_at, method="in-person")).finds()
    record.when(notice(at=mailed_at, address={**ELM, "lines": ["9 Pine St"]})).finds()


@pytest.mark.parametrize(
    ("said", "elsewhere"),
    [
        ({"still_with_sponsor": False}, True),
        ({"address_confirmed": False}, True),
        ({"still_with_sponsor": True, "address_confirmed": True}, False),
        ({"still_with_sponsor": "unknown", "address_confirmed": "unknown"}, False),
        ({}, False),
    ],
)
def test_a_contact_that_denies_the_release_address_is_an_open_item(said: dict[str, Any], elsewhere: bool) -> None:
    """Only a plain no says that she lives elsewhere; not knowing is not a no (W16)."""
    contact = sent("post-release-contact-recorded", **said)
    given(sent("released-to-sponsor")).when(contact).finds({"W16": "warn"} if elsewhere else {})


def test_an_absence_is_open_until_it_was_resolved_later() -> None:
    """An attempt is no absence; a late report of one that has ended opens nothing (W18)."""
    resolved = sent("absence-resolved", at="2022-03-10")
    given(sent("absence-resolved", at="2022-03-01")).when(sent("absence-reported")).finds({"W18": "warn"})
    given(resolved).when(sent("absence-reported", at="2022-03-09")).finds()
    given(resolved).when(sent("absence-reported", at="2022-03-10")).finds({"W18": "warn"})
    given().when(sent("absence-reported", kind="attempted")).finds()
    given().when(sent("absence-reported", kind="unknown")).finds({"W18": "warn"})


def test_unknown_time_and_place_is_not_their_absence() -> None:
    """W20 asks for a plain no."""
    given().when(sent("nta-issued", has_time_and_place="unknown")).finds()


@pytest.mark.parametrize(
    ("claim", "remarked"),
    [
        (sent("address-reported", reported_via="eoir-33", address={**ELM, "care_of": "Rosa"}, at="2026-01-31"), False),
        (sent("address-reported", reported_via="eoir-33", address={**ELM, "care_of": "Rosa"}, at="2026-02-01"), True),
        (sent("address-reported", reported_via="sponsor", address={**ELM, "care_of": "Rosa"}, at="2026-02-01"), False),
        (sent("address-reported", reported_via="eoir-33", address={**ELM, "care_of": "N/A"}, at="2026-02-01"), False),
        (notice(address={**ELM, "lines": ["c/o Rosa", "1200 Elm St"]}, at="2026-02-01"), True),
        (notice(address=ELM, at="2026-02-01"), False),
    ],
)
def test_the_courts_form_has_no_care_of_since_february_2026(claim: Sent, remarked: bool) -> None:
    """A court address in care of a sponsor can no longer be given on its form (W21)."""
    given().when(claim).finds({"W21": "warn"} if remarked else {})


def test_references_are_checked_for_what_they_point_at() -> None:
    """A position that exists but gives no address, or is another notice's service, is no reference."""
    record = given(ISSUED, sent("released-to-sponsor"), sent("nta-served"))
    record.when(sent("mail-returned", address_position=2)).finds()
    record.when(sent("mail-returned", address_position=1)).finds({"reference-unknown": "guard"})
    record.when(sent("responsible-office-assigned", address_position=2)).finds()
    record.when(sent("responsible-office-assigned", address_position=9)).finds({"reference-unknown": "guard"})
    record.when(sent("nta-served", cures=3)).finds()
    record.when(sent("nta-served", cures=1)).finds({"reference-unknown": "guard"})
    other = given(ISSUED, sent("nta-served", nta_id="n2"))
    other.when(sent("nta-served", cures=2)).finds({"reference-unknown": "guard"})
