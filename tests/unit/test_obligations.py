"""How a duty's state is worked out: two moments, corrections and voids, waivers, unknown times, offices' zones.

Broken by hand to see these tests fail: `on` taken without R's limit; a waiver that counts before it was recorded; one
that excuses another agency, or another recipient; what was met called waived; a voided opening left out; a corrected
one left out; an unknown time taken for the moment of recording; a day's answer taken for its first instant; answers of
another stay; a fact ending the duty after it was due; the office of another agency giving the zone.
"""

from datetime import datetime, timedelta
from typing import Any, Final

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ledger.agencies import Agency
from ledger.entry import Entry
from ledger.obligations.shipped import ObligationRule, shipped_rules
from ledger.times import order_key
from projections.obligations.matching import agree
from projections.obligations.states import Obligation
from tests.histories import CITY_ONLY, ELM, ZONE, correction, entry, histories, record, void
from tests.oracle.duties import duties
from tests.steps import Step
from tests.unit.obliging import NOW, knows, owed, recorded, rule, state, states, waiver

ABSENT: Final[dict[str, Any]] = {"hearing_id": "h1", "court_case": "c1", "judge_action": "adjourned"}
NOON: Final = "2022-03-04T12:00:00-05:00"
RELEASED: Final[dict[str, Any]] = {"sponsor_category": "1", "address": ELM}
RELEASE: Final[Step] = ("released-to-sponsor", NOON, RELEASED)
ACCEPTED: Final[dict[str, Any]] = {
    "handoff_id": "h",
    "receiving_agency": "ORR",
    "receiving_facility": "B",
    "discrepancies": [],
}
DETERMINED: Final[Step] = ("uc-determination-made", NOON, {"is_uc": True}, "CBP")


def at(text: str) -> datetime:
    return datetime.fromisoformat(text)


# --- the worked example


FAILED: Final = recorded(
    entry(1, "failure-to-appear-recorded", "2022-06-09T09:00:00-05:00", ABSENT, agency="EOIR"),
    "2022-06-10T15:00:00-04:00",
    agency="EOIR",
)
TOLD: Final[dict[tuple[int, Agency], str]] = {(1, "ORR"): "2022-07-02T10:00:00-04:00"}


def towards_orr(**more: Any) -> Obligation:
    return next(one for one in owed([FAILED], "T1", **more) if one.towards == "ORR")


def test_the_worked_example_comes_out_as_it_is_told() -> None:
    """A hearing missed on Thursday 9 June is due to be told by the end of Friday 10 June; told on 2 July it is late."""
    late = towards_orr(recorded_by="2022-07-03T00:00:00-04:00", told=TOLD)
    assert (late.state, late.due_at) == ("late", at("2022-06-10T23:59:59.999999-04:00"))
    assert (late.met_at, late.days_late) == (at("2022-07-02T10:00:00-04:00"), 22)
    assert (late.obliged, late.kind, late.opened_by, late.met_by) == ("EOIR", "target", 1, 1)
    assert late.started == at("2022-06-09T09:00:00-05:00")
    missed = towards_orr(recorded_by="2022-07-01T23:59:59.999999-04:00")
    assert (missed.state, missed.days_late) == ("missed", 21)


def test_overdue_as_known_on_that_day_and_as_known_now_are_two_answers() -> None:
    """Told on 2 July, recorded in August: in July it was overdue as known then; as known now it had been told."""
    day = "2022-07-15T23:59:59.999999-04:00"
    as_known_then = towards_orr(on=day, recorded_by=day)
    as_known_now = towards_orr(on=day, told=TOLD)
    assert (as_known_then.state, as_known_now.state) == ("missed", "late")
    before_it_was_told = towards_orr(on="2022-07-01T12:00:00-04:00", told=TOLD)
    assert before_it_was_told.state == "missed"


def test_nothing_is_owed_that_the_ledger_had_not_heard_of_or_that_had_not_happened() -> None:
    """As recorded by 9 June there was no failure; as of 8 June there was none, whatever is known now."""
    assert owed([FAILED], "T1", recorded_by="2022-06-10T12:00:00-04:00") == []
    assert owed([FAILED], "T1", on="2022-06-08T12:00:00-04:00") == []


def test_the_day_asked_about_is_never_later_than_what_had_been_heard() -> None:
    """Nobody can tell from what was recorded by 10 June what was overdue in July."""
    by = "2022-06-10T20:00:00-04:00"
    assert towards_orr(on="2022-07-15T12:00:00-04:00", recorded_by=by).state == "open"


def test_each_recipient_is_owed_on_its_own() -> None:
    """ICE-ERO had the hearing from its feed at once, ORR after three weeks."""
    found = owed([FAILED], "T1", told={**TOLD, (1, "ICE-ERO"): "2022-06-10T16:00:00-04:00"})
    assert [(one.towards, one.state) for one in found] == [("ICE-ERO", "met"), ("ORR", "late")]


def test_the_failure_two_agencies_recorded_is_one_failure() -> None:
    """Whoever recorded it first is obliged; whichever entry the recipient came to know, it knows of the failure."""
    both = record(
        ("failure-to-appear-recorded", "2022-06-09", ABSENT, "EOIR"),
        ("failure-to-appear-recorded", "2022-06-09", ABSENT, "ICE-OPLA"),
        ("failure-to-appear-recorded", "2022-06-09", {**ABSENT, "hearing_id": "h2"}, "ICE-OPLA"),
    )
    found = owed(both, "T1", told={(2, "ORR"): "2022-06-10T10:00:00-04:00"})
    assert [(one.opened_by, one.towards, one.obliged, one.state) for one in found] == [
        (1, "ICE-ERO", "EOIR", "missed"),
        (1, "ORR", "EOIR", "met"),
        (3, "ICE-ERO", "ICE-OPLA", "missed"),
        (3, "ORR", "ICE-OPLA", "missed"),
    ]


# --- corrections and voids


def test_a_voided_fact_leaves_its_duty_withdrawn() -> None:
    """What never happened obliges nobody; that it once seemed to stays to be seen."""
    entries = record(RELEASE, void(1))
    (one,) = owed(entries, "D10")
    assert (one.state, one.ended_by, one.over) == ("withdrawn", 2, None)
    assert state(record(RELEASE, void(1), void(2)), "D10") == "missed"
    assert owed(record(RELEASE, void(1), void(1)), "D10")[0].ended_by == 2


def test_a_voided_failure_passes_the_duty_on_to_the_one_that_stands() -> None:
    """The court's entry was made in error, counsel's stands: it is the duty of counsel."""
    both = record(
        ("failure-to-appear-recorded", "2022-06-09", ABSENT, "EOIR"),
        ("failure-to-appear-recorded", "2022-06-09", ABSENT, "ICE-OPLA"),
        void(1),
    )
    found = [(one.opened_by, one.state) for one in owed(both, "T1") if one.towards == "ORR"]
    assert found == [(1, "withdrawn"), (2, "missed")]
    other_way = [*both[:2], *record(*[("referred-to-orr", NOON, {"referring_office": "X"})] * 2, void(2))[2:]]
    assert [(one.opened_by, one.state) for one in owed(other_way, "T1") if one.towards == "ORR"] == [(1, "missed")]


def test_a_correction_of_the_time_moves_what_is_due() -> None:
    """The release was a day later than first said: as known now it was not late; as known then it was."""
    entries = record(RELEASE, correction(1, occurred_at="2022-03-05T12:00:00-05:00"))
    known: dict[tuple[int, Agency], str] = {(1, "ICE-ERO"): "2022-03-06T10:00:00-05:00"}
    assert state(entries, "D10", told=known) == "met"
    assert state(entries[:1], "D10", told=known) == "late"


def test_a_fact_corrected_so_that_it_opens_nothing_leaves_its_duty_withdrawn() -> None:
    """The child was no unaccompanied child after all; the address had its apartment number after all."""
    (one,) = owed(record(DETERMINED, correction(1, is_uc=False)), "D2")
    assert (one.state, one.ended_by) == ("withdrawn", 2)
    twice = record(DETERMINED, correction(1, age_basis="papers"), correction(1, is_uc=False))
    assert owed(twice, "D2")[0].ended_by == 3
    blank: Step = ("released-to-sponsor", NOON, {"sponsor_category": "1", "address": CITY_ONLY})
    assert states(record(blank, correction(1, address=ELM)), "T4") == ["withdrawn"]
    assert states(record(RELEASE, correction(1, address=CITY_ONLY)), "T4") == ["missed"]
    assert states(record(RELEASE), "T4") == []


def test_a_void_answers_nothing_any_more() -> None:
    """The handoff that was voided did not hand the child over."""
    handed: Step = ("handoff-accepted", "2022-03-05T12:00:00-05:00", ACCEPTED)
    assert state(record(DETERMINED, handed), "D2") == "met"
    assert state(record(DETERMINED, handed, void(2)), "D2") == "missed"


# --- unknown and coarse times


def test_a_duty_that_began_nobody_knows_when_is_undated_and_never_missed() -> None:
    """It cannot be said to be late; that it was done, and how, is still shown."""
    entries = record(("failure-to-appear-recorded", None, ABSENT, "EOIR"))
    assert states(entries, "T1") == ["undated", "undated"]
    orr = owed(entries, "T1", told={(1, "ORR"): "2022-07-02T10:00:00-04:00"})[1]
    assert (orr.state, orr.met_at, orr.due_at, orr.started) == ("undated", at("2022-07-02T10:00:00-04:00"), None, None)
    assert states(record(("admitted-to-program", NOON, {})), "D21") == ["undated"]
    moved: Step = ("network-transfer-completed", None, {"from_program": "A", "to_program": "B"})
    assert states(record(moved), "D14") == ["undated"]


def test_an_answer_without_a_time_had_happened_when_it_was_recorded() -> None:
    """Nobody knows when; at the latest then."""
    filed: Step = ("nta-filed", None, {"nta_id": "n", "court": "HOU"})
    served: Step = ("nta-served", NOON, {"nta_id": "n", "method": "mail", "served_on": ["child"]})
    (one,) = owed(record(served, filed), "T3")
    assert (one.state, one.met_at) == ("late", at("2023-01-01T00:00:02Z"))
    assert [o.state for o in owed(record(served, filed), "T3", on="2022-12-31T00:00:00Z")] == ["missed"]


def test_a_day_stands_for_its_last_instant() -> None:
    """A handover on the day the 72 hours run out may have been in time; the word of a day alone does not show it."""
    on_the_day: Step = ("handoff-accepted", "2022-03-07", ACCEPTED)
    assert state(record(DETERMINED, on_the_day), "D2") == "late"
    by_days = record(("uc-determination-made", "2022-03-04", {"is_uc": True}, "CBP"), on_the_day)
    assert state(by_days, "D2") == "met"


def test_an_answer_of_the_same_day_is_not_before_the_fact_it_answers() -> None:
    """Accepted at three in the afternoon of the day on which, nobody wrote when, the handoff was started."""
    started = {"handoff_id": "h", "from_agency": "CBP", "from_facility": "A", "to_agency": "ORR", "to_facility": "B"}
    began: Step = ("handoff-started", "2022-03-04", started)
    entries = record(began, ("handoff-accepted", "2022-03-04T15:00:00Z", ACCEPTED, "ORR"))
    assert state(entries, "T5") == "met"
    before = record(began, ("handoff-accepted", "2022-03-03T15:00:00Z", ACCEPTED, "ORR"))
    assert state(before, "T5") == "missed"


# --- what ends a duty, and what does not count


def test_exceptional_circumstances_make_a_late_handover_lawfully_late() -> None:
    """With a reason code it is waived, with what was late still shown; without one it is late."""
    late = "2022-03-09T12:00:00-05:00"

    def handed(*codes: str) -> Obligation:
        accepted = {**ACCEPTED, "exceptional_circumstances": list(codes)}
        (one,) = owed(record(DETERMINED, ("handoff-accepted", late, accepted)), "D2")
        return one

    excused = handed("surge-or-influx", "transport")
    assert (excused.state, excused.remark, excused.ended_by) == ("waived", "surge-or-influx, transport", 2)
    assert (excused.over, excused.days_late) == (timedelta(days=2), 2)
    assert handed().state == "late"
    assert handed("unknown").state == "late"
    in_time = {**ACCEPTED, "exceptional_circumstances": ["transport"]}
    assert state(record(DETERMINED, ("handoff-accepted", NOON, in_time)), "D2") == "met"


def test_a_duty_falls_away_by_what_happens_before_it_is_due_only() -> None:
    """A referral cancelled within two days needs no placement; cancelled after a week, it had been neglected."""
    referred: Step = ("referred-to-orr", "2025-03-04T12:00:00-05:00", {"referring_office": "X"})
    soon: Step = ("referral-cancelled", "2025-03-05T12:00:00-05:00", {"reason": "parent found"})
    after: Step = ("referral-cancelled", "2025-03-11T12:00:00-05:00", {"reason": "parent found"})
    placed: Step = ("placement-designated", "2025-03-05T06:00:00-05:00", {"program": "A", "level_of_care": "shelter"})
    (ended,) = owed(record(referred, soon), "D4")
    assert (ended.state, ended.ended_by, ended.over) == ("withdrawn", 2, None)
    assert ended.remark == "referral-cancelled ended it before it was due"
    assert state(record(referred, soon), "D4", on="2025-03-05T11:00:00-05:00") == "open"
    assert state(record(referred, after), "D4") == "missed"
    assert state(record(referred, soon, placed), "D4") == "met"
    before: Step = ("referral-cancelled", "2025-03-03T12:00:00-05:00", {"reason": "age"})
    assert state(record(before, referred), "D4") == "missed"


def test_what_belongs_to_another_stay_answers_nothing() -> None:
    """A handover three years later, after a release, is not the one that was due."""
    later: Step = ("handoff-accepted", "2025-03-05T12:00:00-05:00", ACCEPTED)
    assert state(record(DETERMINED, later), "D2") == "late"
    assert state(record(DETERMINED, ("released-to-sponsor", "2022-04-01", RELEASED), later), "D2") == "missed"
    calls = ("post-release-contact-recorded", "2022-03-20")
    call = {"kind": "c", "attempt": 1, "mode": "live-call", "spoke_with": [], "child_seen": False}
    called: Step = (*calls, {**call, "identity_checked": True})
    wrote: Step = (*calls, {**call, "mode": "letter", "identity_checked": True})
    again = (RELEASE, ("released-to-sponsor", "2022-03-15", RELEASED))
    assert states(record(*again, called), "D11") == ["missed", "met"]
    assert states(record(RELEASE, wrote), "D11") == ["missed"]


def test_notice_of_an_earlier_stay_is_no_notice_of_this_release() -> None:
    """ICE knew of a release planned two years before; of this one it knew nothing."""
    notice: Step = ("pre-release-notice-given", "2020-01-10", {"to": ["ICE-ERO"], "planned_for": "2020-01-12"})
    known: dict[tuple[int, Agency], str] = {(1, "ICE-ERO"): "2020-01-10T12:00:00-05:00"}
    assert state(record(notice, ("admitted-to-program", "2022-01-02", {}), RELEASE), "D9", told=known) == "missed"
    assert state(record(notice, RELEASE), "D9", told=known) == "met"
    twice: tuple[Step, ...] = (
        notice,
        ("admitted-to-program", "2019-12-01", {}),
        ("admitted-to-program", "2022-01-02", {}),
    )
    assert state(record(*twice, RELEASE), "D9", told=known) == "missed"


def test_the_notice_of_a_discharge_tells_of_the_discharge() -> None:
    """ICE-ERO received form R-2 the next morning and the release on its feed a week later: it had been told."""
    entries = record(RELEASE, ("discharge-notified", "2022-03-04T18:00:00-05:00", {"to": ["ICE-ERO"]}))
    week_later = "2022-03-11T12:00:00-05:00"
    assert state(entries, "D10", told={(1, "ICE-ERO"): week_later}) == "late"
    both: dict[tuple[int, Agency], str] = {(1, "ICE-ERO"): week_later, (2, "ICE-ERO"): "2022-03-05T09:00:00-05:00"}
    (one,) = owed(entries, "D10", told=both)
    assert (one.state, one.met_by) == ("met", 2)


def test_a_hearing_is_matched_with_the_notice_to_appear_of_its_case() -> None:
    """Served in another case, the child was not served in this one."""
    hearing = {"hearing_id": "h", "court_case": "c1", "court": "HOU", "scheduled_for": "2022-06-20T09:00:00-05:00"}
    scheduled: Step = ("hearing-scheduled", "2022-05-01", hearing)
    served: Step = ("nta-served", "2022-02-01", {"nta_id": "n1", "method": "mail", "served_on": ["child"]})
    filed: Step = ("nta-filed", "2022-02-02", {"nta_id": "n1", "court": "HOU", "court_case": "c1"})
    elsewhere: Step = ("nta-filed", "2022-02-02", {"nta_id": "n1", "court": "HOU", "court_case": "c2"})
    cancelled: Step = ("hearing-cancelled", "2022-05-20", {"hearing_id": "h"})
    assert state(record(served, filed, scheduled), "D17") == "met"
    assert state(record(served, elsewhere, scheduled), "D17") == "missed"
    assert state(record(served, scheduled), "D17") == "missed"
    assert state(record(served, scheduled, cancelled), "D17") == "withdrawn"
    another: Step = ("hearing-cancelled", "2022-05-20", {"hearing_id": "another"})
    assert state(record(served, scheduled, another), "D17") == "missed"


def test_facts_that_name_no_case_are_not_linked_by_it() -> None:
    """Two filings without a case number are not of one case."""
    through = {"facts": ["nta-filed"], "opening": "court_case", "answer": "nta_id"}
    linked = ObligationRule.model_validate(
        {
            **rule("T3").model_dump(),
            "opened_by": [{"fact": "nta-filed"}],
            "met_by": [{"fact": "nta-served", "through": through, "counts_from": "ever", "by": ["CBP"]}],
        }
    )
    served: Step = ("nta-served", "2022-02-01", {"nta_id": "n2", "method": "mail", "served_on": ["child"]})

    def filed(nta: str, **case: str) -> Step:
        return ("nta-filed", "2022-02-02", {"nta_id": nta, "court": "HOU", **case})

    assert states(record(served, filed("n1"), filed("n2")), [linked]) == ["missed", "missed"]
    of_one_case = record(served, filed("n1", court_case="c"), filed("n2", court_case="c"))
    assert states(of_one_case, [linked]) == ["met", "met"]


def test_a_child_released_before_the_18th_birthday_needs_no_setting_considered() -> None:
    """Born on 29 February, a child turns 18 on 1 March."""
    born: Step = ("particulars-asserted", "2022-01-01", {"date_of_birth": "2004-02-29"})
    admitted: Step = ("admitted-to-program", "2022-01-02", {})
    (one,) = owed(record(admitted, born), "D21")
    assert (one.state, one.due_at) == ("missed", at("2022-03-01T23:59:59.999999-05:00"))
    assert state(record(admitted, born, ("released-to-sponsor", "2022-02-01", RELEASED)), "D21") == "withdrawn"
    aged_out: Step = ("discharged-otherwise", "2022-03-01", {"kind": "age-out"})
    assert state(record(admitted, born, aged_out), "D21") == "missed"


# --- who is obliged


def test_the_agency_that_holds_the_child_is_obliged_to_hand_it_over() -> None:
    """CBP determined, but ICE-ERO had taken custody before: the duty is ICE-ERO's."""
    met: Step = ("child-encountered", "2022-03-01", {"encounter_type": "interior", "place": "X"}, "CBP")
    to_ice: Step = ("handoff-accepted", "2022-03-02", {**ACCEPTED, "receiving_agency": "ICE-ERO"}, "ICE-ERO")
    assert [one.obliged for one in owed(record(met, to_ice, DETERMINED), "D2")] == ["ICE-ERO"]
    assert [one.obliged for one in owed(record(met, DETERMINED, to_ice), "D2")] == ["ICE-ERO"]
    assert [one.obliged for one in owed(record(met, DETERMINED), "D2")] == ["CBP"]
    assert [one.obliged for one in owed(record(DETERMINED), "D2")] == ["CBP"]
    to_orr: Step = ("handoff-accepted", "2022-03-02", ACCEPTED, "ORR")
    assert [one.obliged for one in owed(record(met, to_orr, DETERMINED), "D2")] == ["CBP"]
    by_orr: Step = ("uc-determination-made", NOON, {"is_uc": True}, "ORR")
    assert owed(record(by_orr), "D2") == []


def test_every_body_a_concern_was_sent_to_must_take_it_up() -> None:
    """One did, one did not; sent to nobody, the duty is nobody's that we know, and shows."""
    raised = {"concern_id": "k", "kind": "labour", "urgency": "high"}
    taken: Step = ("concern-acknowledged", NOON, {"concern_id": "k", "by": "HSI"})
    sent = record(("concern-raised", NOON, {**raised, "routed_to": ["HSI", "ORR-NCC"]}), taken)
    assert [(one.obliged, one.state) for one in owed(sent, "T6")] == [("HSI", "met"), ("ORR-NCC", "missed")]
    assert owed(sent, "T6a") == []
    lost = record(("concern-raised", NOON, {**raised, "routed_to": []}))
    assert [(one.obliged, one.state) for one in owed(lost, "T6")] == [("unknown", "missed")]
    found = record(("concern-raised", NOON, {**raised, "routed_to": []}), taken)
    assert [(one.obliged, one.state) for one in owed(found, "T6")] == [("unknown", "met")]


def test_what_is_absent_from_two_facts_is_not_the_same_in_both() -> None:
    """Two failures without a notice have no notice in common."""
    (one,) = (entry.fact for entry in record(("failure-to-appear-recorded", NOON, ABSENT)))
    assert agree(one, one, ["hearing_id"])
    assert not agree(one, one, ["hearing_id", "notice_id"])


# --- zones


@pytest.mark.parametrize(
    ("office", "zone", "due"),
    [
        (None, "America/New_York", "2022-06-13T23:59:59.999999-04:00"),
        ("Nowhere", "America/New_York", "2022-06-13T23:59:59.999999-04:00"),
        ("Houston", "America/Chicago", "2022-06-10T23:59:59.999999-05:00"),
        ("  houston  Immigration Court", "America/Chicago", "2022-06-10T23:59:59.999999-05:00"),
        ("Phoenix", "America/Phoenix", "2022-06-10T23:59:59.999999-07:00"),
    ],
)
def test_days_are_counted_where_the_obliged_office_is(office: str | None, zone: str, due: str) -> None:
    """Half past midnight of Friday in New York is still Thursday in Houston, so that the day of grace is Friday."""
    failed = entry(1, "failure-to-appear-recorded", "2022-06-10T00:30:00-04:00", ABSENT, agency="EOIR")
    found = owed([recorded(failed, "2022-06-10T15:00:00-04:00", office=office, agency="EOIR")], "T1")
    assert {(one.zone, one.due_at) for one in found} == {(zone, at(due))}


def test_an_agency_that_did_not_record_the_fact_counts_where_the_child_is_assigned() -> None:
    """The office of the provider says nothing of ICE's; the office ICE itself made responsible does."""
    release = recorded(entry(2, *RELEASE), "2022-03-05T00:00:00Z", office="Houston")
    assigned = entry(1, "responsible-office-assigned", "2022-03-01", {"office": "Los Angeles field office"})
    assert [one.zone for one in owed([release], "T2")] == ["America/New_York"]
    assert [one.zone for one in owed([assigned, release], "T2")] == ["America/Los_Angeles"]
    since = entry(3, "responsible-office-assigned", "2022-03-05", {"office": "Los Angeles"})
    assert [one.zone for one in owed([release, since], "T2")] == ["America/New_York"]
    other = entry(1, "responsible-office-assigned", "2022-03-01", {"office": "Los Angeles"}, agency="ICE-OPLA")
    assert [one.zone for one in owed([other, release], "T2")] == ["America/New_York"]


# --- waivers


def test_a_waiver_excuses_from_the_moment_it_was_recorded() -> None:
    """Before that it was overdue, and stays so as of then."""
    excused = waiver("D2", 1, "CBP", at="2022-04-01T00:00:00Z")
    entries = [one._replace(recorded_at=at("2022-03-04T18:00:00Z")) for one in record(DETERMINED)]
    before, since = "2022-03-31T00:00:00Z", "2022-04-01T00:00:00Z"
    assert state(entries, "D2", waivers=[excused], on=before) == "missed"
    assert state(entries, "D2", waivers=[excused], recorded_by=before) == "missed"
    (one,) = owed(entries, "D2", waivers=[excused], on=since)
    assert (one.state, one.ended_by, one.remark) == ("waived", 900, "surge-or-influx: declared")


def test_a_waiver_does_not_touch_what_was_done_in_time() -> None:
    """Met is met. What was late is waived, and how late it was stays to be seen."""
    excused = waiver("D2", 1, "CBP", at="2022-04-01T00:00:00Z")
    in_time: Step = ("handoff-accepted", "2022-03-05T12:00:00-05:00", ACCEPTED)
    late: Step = ("handoff-accepted", "2022-03-09T12:00:00-05:00", ACCEPTED)
    assert state(record(DETERMINED, in_time), "D2", waivers=[excused]) == "met"
    (one,) = owed(record(DETERMINED, late), "D2", waivers=[excused])
    assert (one.state, one.days_late, one.met_by) == ("waived", 2, 2)


def test_a_waiver_excuses_the_duty_it_names_and_no_other() -> None:
    """By rule, by the entry that opened it, by who is obliged, and towards whom where it says so."""
    when = "2022-08-01T00:00:00Z"
    for other in (
        waiver("T2", 1, "EOIR", at=when),
        waiver("T1", 2, "EOIR", at=when),
        waiver("T1", 1, "ICE-OPLA", at=when),
    ):
        assert states([FAILED], "T1", waivers=[other]) == ["missed", "missed"]
    assert states([FAILED], "T1", waivers=[waiver("T1", 1, "EOIR", at=when)]) == ["waived", "waived"]
    assert states([FAILED], "T1", waivers=[waiver("T1", 1, "EOIR", at=when, towards="ORR")]) == ["missed", "waived"]


def test_of_two_waivers_the_first_recorded_counts() -> None:
    """The second adds nothing; the answer names the first, in whatever order they are read."""
    first, second = (waiver("T1", 1, "EOIR", at=f"2022-08-0{day}T00:00:00Z")._replace(position=day) for day in (1, 2))
    for both in ([first, second], [second, first]):
        assert [one.ended_by for one in owed([FAILED], "T1", waivers=both)] == [1, 1]


def test_an_undated_duty_can_be_waived() -> None:
    """Nobody will ever know when it began; the steward may close it."""
    undated = record(("failure-to-appear-recorded", None, ABSENT, "EOIR"))
    excused = waiver("T1", 1, "EOIR", at="2024-08-01T00:00:00Z")
    assert states(undated, "T1", waivers=[excused]) == ["waived", "waived"]


def test_duties_come_in_the_order_in_which_they_were_opened() -> None:
    """As a person reads a record, not rule by rule."""
    entries = record(RELEASE, ("failure-to-appear-recorded", "2022-06-09", ABSENT, "EOIR"), RELEASE)
    found = [one.opened_by for one in owed(entries, shipped_rules())]
    assert found == sorted(found)
    assert len(set(found)) == 3


# --- laws


ORDER: Final = {
    "open": 0,
    "undated": 1,
    "not-measurable": 1,
    "missed": 2,
    "not-covered": 2,
    "late": 3,
    "met": 3,
    "waived": 4,
    "withdrawn": 4,
}
MOMENTS: Final = tuple(
    f"2022-03-{day:02}T{hour:02}:00:00-05:00" for day in (11, 12, 13, 14, 17, 25) for hour in (3, 15)
)
KNOWN: Final = st.dictionaries(
    st.tuples(st.integers(1, 24), st.sampled_from(("ORR", "ICE-ERO", "ICE-OPLA"))),
    st.sampled_from(MOMENTS),
    max_size=12,
)
ASKED: Final = st.lists(
    st.one_of(st.sampled_from(MOMENTS).map(at), st.datetimes(datetime(2022, 3, 1), datetime(2026, 1, 1)).map(
        lambda naive: naive.replace(tzinfo=NOW.tzinfo)
    )),
    min_size=2,
    max_size=6,
)  # fmt: skip
WAIVED: Final = st.lists(
    st.builds(
        waiver,
        st.sampled_from(("D10", "T1", "T2", "T3", "D21")),
        st.integers(1, 24),
        st.sampled_from(("ORR", "EOIR", "ICE-ERO", "ICE-OPLA")),
        at=st.sampled_from(MOMENTS),
    ),
    max_size=4,
)
Key = tuple[str, int, int, str, str | None]


def keyed(found: list[Obligation]) -> dict[Key, Obligation]:
    by_key = {(one.rule, one.version, one.opened_by, one.obliged, one.towards): one for one in found}
    assert len(by_key) == len(found)
    return by_key


@settings(max_examples=75, deadline=None)
@given(histories(), KNOWN, ASKED, WAIVED)
def test_time_moves_a_duty_one_way_only(
    entries: list[Entry], told: dict[tuple[int, Agency], str], asked: list[datetime], waivers: list[Any]
) -> None:
    """For one R: open, then missed or met, then late or excused; what was opened stays listed."""
    earlier: dict[Key, Obligation] = {}
    for on in sorted(asked):
        now = keyed(owed(entries, shipped_rules(), on=on, told=told, waivers=waivers))
        assert earlier.keys() <= now.keys()
        for key, was in earlier.items():
            became = now[key]
            assert ORDER[was.state] <= ORDER[became.state], (key, was, became)
            assert (was.due_at, was.started) == (became.due_at, became.started)
            if was.met_at is not None and became.state != "withdrawn":
                assert became.met_at == was.met_at
        earlier = now


RULES_OF_THE_ORACLE: Final = ("D10", "D14", "T1", "T2", "T3")


@settings(max_examples=150, deadline=None)
@given(histories(), KNOWN, ASKED)
def test_duties_are_what_the_oracle_works_out(
    entries: list[Entry], told: dict[tuple[int, Agency], str], asked: list[datetime]
) -> None:
    """Random histories, corrected and voided, against an oracle that reads the JSON of the facts for every duty."""
    rules = [one for one in shipped_rules() if one.id in RULES_OF_THE_ORACLE]
    known: dict[tuple[int, str], datetime] = {key: at(text) for key, text in told.items()}
    for on in asked:
        found = [
            (one.rule, one.opened_by, one.towards, one.state, one.due_at, one.met_at)
            for one in owed(entries, rules, on=on, told=told)
        ]
        assert sorted(found, key=str) == duties(entries, known, on, ZONE)


@settings(max_examples=75, deadline=None)
@given(histories(), KNOWN, WAIVED)
def test_a_state_says_what_its_times_say(
    entries: list[Entry], told: dict[tuple[int, Agency], str], waivers: list[Any]
) -> None:
    """Late is done after it was due, missed is due and not done, met is neither; nobody is late without a limit."""
    positions = {one.position: one for one in entries}
    for one in owed(entries, shipped_rules(), told=told, waivers=waivers):
        opened = positions[one.opened_by]
        match one.state:
            case "met":
                assert one.met_at is not None
                assert one.due_at is None or one.met_at <= one.due_at
                assert one.over is None
            case "late":
                assert one.met_at is not None
                assert one.due_at is not None
                assert one.over == one.met_at - one.due_at > timedelta(0)
            case "missed":
                assert one.met_at is None
                assert one.due_at is not None
                assert one.over == NOW - one.due_at > timedelta(0)
            case "open":
                assert one.met_at is None
                assert one.due_at is None or one.due_at >= NOW
            case "undated":
                assert one.due_at is None
            case _:
                assert one.remark
        if one.proof is not None:
            assert one.met_by is not None
            assert one.proof == knows(told)(one.met_by, one.towards)  # type: ignore[arg-type]
        assert opened.recorded_at <= NOW
        assert one.started is None or order_key(one.started, ZONE)


@settings(max_examples=50, deadline=None)
@given(histories(), KNOWN, st.sampled_from(MOMENTS), st.integers(0, 24))
def test_what_was_answered_for_two_moments_is_answered_the_same_for_ever(
    entries: list[Entry], told: dict[tuple[int, Agency], str], on: str, until: int
) -> None:
    """R fixes the answer: entries recorded later change nothing of it, whatever they correct or void."""
    by_then = [one for one in entries if one.position <= until]
    by = by_then[-1].recorded_at if by_then else at("2023-01-01T00:00:00Z")
    assert owed(entries, shipped_rules(), on=on, recorded_by=by, told=told) == owed(
        by_then, shipped_rules(), on=on, recorded_by=by, told=told
    )
