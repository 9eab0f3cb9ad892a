"""Custody and age, and the order in which facts move the regions: every row of the contract's table.

Broken by hand to see these tests fail: custodians swapped in five rows; the releasing agency's custody ended by a
handoff started; an attempt counted as an absence; an absence in anybody's custody; a repeat given a new `since`; days
ordered by their first instant; happened_by compared with the time as recorded, and exclusive; voided entries folded.
"""

from datetime import date, datetime

import pytest

from ledger.facts import HAPPENINGS
from projections.fold.effects import answer_to
from projections.fold.folding import age_on
from projections.fold.regions import Age, AgeBasis, Custody
from tests.histories import ELM, OAK, correction, void
from tests.steps import (
    Step,
    accepted,
    admitted,
    contact,
    discharged,
    encountered,
    lives_at,
    march,
    on,
    ran_away,
    regions,
    released,
    started,
)

IN_ORR = admitted(1)


@pytest.mark.parametrize(
    ("steps", "custody"),
    [
        ((), ("none", None, None, None)),
        ((encountered(1),), ("dhs-custody", "CBP", "CBP", "El Paso")),
        ((encountered(1, "ICE-ERO"),), ("dhs-custody", "ICE-ERO", "ICE-ERO", "El Paso")),
        ((released(1), encountered(2)), ("dhs-custody", "CBP", "CBP", "El Paso")),
        ((encountered(1), on(2, "uc-determination-made", is_uc=False)), ("not-uc", "CBP", "CBP", "El Paso")),
        ((encountered(1), on(2, "uc-determination-made", is_uc=True)), ("dhs-custody", "CBP", "CBP", "El Paso")),
        ((encountered(1), on(2, "uc-determination-made", is_uc="unknown")), ("dhs-custody", "CBP", "CBP", "El Paso")),
        ((encountered(1), on(2, "referred-to-orr", referring_office="X")), ("referred", "CBP", "CBP", "El Paso")),
        ((encountered(1), on(2, "referral-cancelled", reason="X")), ("dhs-custody", "CBP", "CBP", "El Paso")),
        (
            (encountered(1), on(2, "placement-designated", program="P", level_of_care="L")),
            ("designated", "CBP", "CBP", "El Paso"),
        ),
        ((encountered(1), started(2)), ("in-transit", "CBP", "escort", None)),
        ((IN_ORR, started(2, "ORR", "ORR")), ("in-network-transfer", "ORR", "escort", None)),
        ((IN_ORR, started(2, "ORR", "ICE-ERO")), ("in-transit", "ORR", "escort", None)),
        ((encountered(1), accepted(2, "ORR", "Casa Azul")), ("orr-custody", "ORR", "ORR", "Casa Azul")),
        ((IN_ORR, accepted(2, "ICE-ERO", "Newark")), ("dhs-custody", "ICE-ERO", "ICE-ERO", "Newark")),
        ((IN_ORR, accepted(2, "CBP", "El Paso")), ("dhs-custody", "CBP", "CBP", "El Paso")),
        ((IN_ORR, accepted(2, "EOIR", "court")), ("orr-custody", "ORR", "ORR", "Casa Azul")),
        ((IN_ORR, accepted(2, "unknown", "?")), ("orr-custody", "ORR", "ORR", "Casa Azul")),
        ((encountered(1), admitted(2)), ("orr-custody", "ORR", "ORR", "Casa Azul")),
        ((encountered(1), on(2, "admitted-to-program")), ("orr-custody", "ORR", "ORR", None)),
        (
            (IN_ORR, on(2, "network-transfer-completed", from_program="Casa Azul", to_program="Casa Verde")),
            ("orr-custody", "ORR", "ORR", "Casa Verde"),
        ),
        (
            (IN_ORR, on(2, "emergency-transfer-made", from_program="Casa Azul", to_place="hospital", reason="fire")),
            ("orr-custody", "ORR", "ORR", "hospital"),
        ),
        ((IN_ORR, ran_away(2)), ("absent", "ORR", "unknown", None)),
        ((IN_ORR, ran_away(2, "unauthorized-absence")), ("absent", "ORR", "unknown", None)),
        ((IN_ORR, ran_away(2, "unknown")), ("absent", "ORR", "unknown", None)),
        ((IN_ORR, ran_away(2, "attempted")), ("orr-custody", "ORR", "ORR", "Casa Azul")),
        ((IN_ORR, started(2, "ORR", "ORR"), ran_away(3)), ("absent", "ORR", "unknown", None)),
        ((encountered(1), ran_away(2)), ("dhs-custody", "CBP", "CBP", "El Paso")),
        ((IN_ORR, released(2), ran_away(3)), ("released-to-sponsor", None, "sponsor", None)),
        (
            (IN_ORR, ran_away(2), on(3, "absence-resolved", found_where="bus", returned_to="Casa Azul")),
            ("orr-custody", "ORR", "ORR", "Casa Azul"),
        ),
        ((IN_ORR, ran_away(2), on(3, "absence-resolved", found_where="bus")), ("orr-custody", "ORR", "ORR", None)),
        (
            (IN_ORR, on(3, "absence-resolved", found_where="bus", returned_to="X")),
            ("orr-custody", "ORR", "ORR", "Casa Azul"),
        ),
        ((IN_ORR, released(2)), ("released-to-sponsor", None, "sponsor", None)),
        ((IN_ORR, discharged(2, "age-out")), ("ice-adult", "ICE-ERO", "ICE-ERO", "there")),
        ((IN_ORR, discharged(2, "age-redetermined")), ("ice-adult", "ICE-ERO", "ICE-ERO", "there")),
        ((IN_ORR, discharged(2, "program-urm")), ("program-urm", None, None, "there")),
        ((IN_ORR, discharged(2, "repatriated")), ("repatriated", None, None, "there")),
        ((IN_ORR, discharged(2, "removed")), ("repatriated", None, None, "there")),
        ((IN_ORR, discharged(2, "law-enforcement")), ("law-enforcement", None, None, "there")),
        ((IN_ORR, discharged(2, "runaway-closed")), ("closed-runaway", None, None, "there")),
        ((IN_ORR, discharged(2, "deceased")), ("deceased", None, None, "there")),
        ((IN_ORR, discharged(2, "other")), ("discharged-other", None, None, "there")),
        ((IN_ORR, discharged(2, "unknown")), ("discharged-other", None, None, "there")),
        ((IN_ORR, released(2), contact(3, still_with_sponsor=False)), ("released-to-sponsor", None, "unknown", None)),
        ((IN_ORR, released(2), contact(3, still_with_sponsor=True)), ("released-to-sponsor", None, "sponsor", None)),
        (
            (IN_ORR, released(2), contact(3, still_with_sponsor="unknown")),
            ("released-to-sponsor", None, "sponsor", None),
        ),
        (
            (IN_ORR, released(2), contact(3, still_with_sponsor=False), released(4)),
            ("released-to-sponsor", None, "sponsor", None),
        ),
        ((IN_ORR, contact(3, still_with_sponsor=False)), None),
        (
            (IN_ORR, discharged(2, "program-urm"), contact(3, still_with_sponsor=False)),
            ("program-urm", None, None, "there"),
        ),
        (
            (encountered(1), on(2, "contiguous-return-executed", country="MEX", consulate_notified=True)),
            ("repatriated", None, None, "MEX"),
        ),
        ((IN_ORR, on(2, "departure-verified", kind="removal", country="GTM")), ("repatriated", None, None, "GTM")),
        ((IN_ORR, on(2, "departure-verified", kind="return")), ("repatriated", None, None, None)),
        ((IN_ORR, lives_at(2, ELM), contact(3), on(4, "discharge-notified", to=["ICE-ERO"])), None),
    ],
)
def test_custody_follows_the_table(steps: tuple[Step, ...], custody: tuple[str | None, ...] | None) -> None:
    """State, legal custodian, physical custodian and place are those of the contract's row; others change nothing."""
    found = regions(*steps).custody
    expected = custody or ("orr-custody", "ORR", "ORR", "Casa Azul")
    assert (found.state, found.legal_custodian, found.physical_custodian, found.place) == expected


def test_a_repeat_that_changes_nothing_keeps_since_when_it_is_so() -> None:
    """ORR and ICE both reporting the same handoff does not make the child arrive twice; a new place does."""
    once = (encountered(1), accepted(2, "ORR", "Casa Azul"))
    assert regions(*once, accepted(3, "ORR", "Casa Azul")).custody.since == march(2)
    assert regions(*once, accepted(3, "ORR", "Casa Verde")).custody.since == march(3)


def test_since_is_told_as_the_producer_told_it() -> None:
    """An instant keeps its offset, a day stays a day, an unknown time stays unknown."""
    fact = {"program": "Casa Azul"}
    at = regions(("admitted-to-program", "2022-03-04T13:20:00-06:00", fact)).custody.since
    assert isinstance(at, datetime)
    assert at.isoformat() == "2022-03-04T13:20:00-06:00"
    unknown = regions(("admitted-to-program", None, fact))
    assert unknown.custody == Custody("orr-custody", "ORR", "ORR", "Casa Azul", None)


def test_a_day_stands_for_its_last_instant_in_the_civil_zone() -> None:
    """An encounter dated 4 March comes after a release at 22:00 of that day in New York, and before one at 05:00Z."""
    fact = {"sponsor_category": "1", "address": ELM}
    before = regions(encountered(4), ("released-to-sponsor", "2022-03-05T03:00:00Z", fact))
    assert before.custody.state == "dhs-custody"
    later = regions(encountered(4), ("released-to-sponsor", "2022-03-05T05:00:00Z", fact))
    assert later.custody.state == "released-to-sponsor"


def test_an_unknown_time_comes_before_everything_and_equal_times_go_by_position() -> None:
    """Late entries take their place by what they say happened, not by when they came."""
    assert regions(released(2), ("admitted-to-program", None, {})).custody.state == "released-to-sponsor"
    assert regions(released(2), admitted(1)).custody.state == "released-to-sponsor"
    assert regions(released(2), encountered(2)).custody.state == "dhs-custody"
    assert regions(encountered(2), released(2)).custody.state == "released-to-sponsor"


def test_happened_by_leaves_out_what_came_later_and_what_is_corrected_to_later() -> None:
    """A correction made long after H acts; a happening it moves behind H drops out, an unknown time passes every H."""
    steps = (admitted(1), released(4))
    assert regions(*steps, happened_by="2022-03-04T23:59:59.999999-05:00").custody.state == "released-to-sponsor"
    assert regions(*steps, happened_by="2022-03-04T23:59:59.999998-05:00").custody.state == "orr-custody"
    moved = regions(*steps, correction(2, occurred_at="2022-03-09"), happened_by="2022-03-05T00:00:00-05:00")
    assert moved.custody.state == "orr-custody"
    unknown = regions(*steps, correction(1, occurred_at=None), happened_by="2020-01-01T00:00:00Z")
    assert unknown.custody.state == "orr-custody"


def test_a_corrected_fact_moves_the_regions_as_corrected_and_a_voided_one_not_at_all() -> None:
    """The fold sees what stands, nothing else."""
    steps = (admitted(1), released(4))
    assert regions(*steps, correction(2, address=OAK)).whereabouts.residence == OAK
    assert regions(*steps, void(2)).custody.state == "orr-custody"
    assert regions(*steps, void(2), void(3)).custody.state == "released-to-sponsor"


def test_every_happening_has_an_answer() -> None:
    """The type check demands it of the match; this asks each class for real."""
    assert len({answer_to(kind.model_construct()) for kind in HAPPENINGS}) > 20  # type: ignore[arg-type]


def test_the_age_follows_the_assertions() -> None:
    """The latest date of birth asserted counts, with the basis given for it; one not mentioned is not taken back."""
    born = on(1, "child-encountered", encounter_type="interior", place="X", date_of_birth="2008-05-01")
    said = on(2, "particulars-asserted", date_of_birth="2009-06-02", basis="birth certificate")
    named = on(3, "particulars-asserted", name="Ana", basis="own statement")
    assert regions(born).age == AgeBasis(date(2008, 5, 1), None)
    assert regions(said, born, named).age == AgeBasis(date(2009, 6, 2), "birth certificate")


def test_a_finding_that_the_person_is_an_adult_does_away_with_the_date_of_birth_before_it() -> None:
    """A redetermination with a date of birth asserts that date; without one only "an adult" says something new."""
    said = on(1, "particulars-asserted", date_of_birth="2009-06-02")

    def redetermined(born: str | None, is_adult: bool | str) -> AgeBasis:
        return regions(said, on(2, "age-redetermined", method="dental", date_of_birth=born, is_adult=is_adult)).age

    assert redetermined("2003-01-01", True) == AgeBasis(date(2003, 1, 1), "dental", adult=True)
    assert redetermined(None, True) == AgeBasis(None, "dental", adult=True)
    assert redetermined(None, False) == AgeBasis(date(2009, 6, 2), None)
    assert redetermined(None, "unknown") == AgeBasis(date(2009, 6, 2), None)
    assert age_on(redetermined(None, True), march(4)) == Age(None, "18-or-over", "dental")


@pytest.mark.parametrize(
    ("day", "years", "band"),
    [
        ("2022-02-28", 13, "under-14"),
        ("2022-03-01", 14, "14-17"),
        ("2026-02-28", 17, "14-17"),
        ("2026-03-01", 18, "18-or-over"),
        ("2024-02-28", 15, "14-17"),
        ("2024-02-29", 16, "14-17"),
        ("2008-02-29", 0, "under-14"),
        ("2008-02-28", None, "unknown"),
    ],
)
def test_an_age_is_counted_in_completed_years(day: str, years: int | None, band: str) -> None:
    """Born on 29 February, a year is complete on 1 March where there is no such day; before the birth there is none."""
    assert age_on(AgeBasis(date(2008, 2, 29), "passport"), date.fromisoformat(day)) == Age(years, band, "passport")  # type: ignore[arg-type]


def test_no_assertion_is_no_age() -> None:
    """Nothing is guessed."""
    assert age_on(regions().age, march(1)) == Age(None, "unknown", None)
