"""Stays, absences and releases: what the population figures count.

Broken by hand to see these tests fail: a second admission that opens a second stay; a transfer that opens none; a
departure that ends none; an absence outside a stay, opened twice, or outliving its stay or a new admission; the day
taken in UTC instead of the civil zone; `unknown` taken for a country.
"""

from dataclasses import replace
from typing import Any

import pytest

from projections.fold.care import Absence, Care, Release, Stay
from projections.fold.folding import Folding
from tests.histories import CITY_ONLY, ELM, OAK, ZONE, correction, record, void
from tests.steps import Step, admitted, discharged, encountered, march, on, ran_away, released


def care(*steps: Step) -> Care:
    """Return what is counted; which entries show it is asked for elsewhere."""
    counted = Folding.of(record(*steps), ZONE).care()
    return replace(
        counted,
        stays=tuple(one._replace(proof=()) for one in counted.stays),
        absences=tuple(one._replace(proof=()) for one in counted.absences),
        releases=tuple(one._replace(proof=()) for one in counted.releases),
    )


def transferred(day: int) -> Step:
    return on(day, "network-transfer-completed", from_program="Casa Azul", to_program="Casa Verde")


def moved_in_emergency(day: int) -> Step:
    return on(day, "emergency-transfer-made", from_program="Casa Azul", to_place="hospital", reason="fire")


def returned(day: int) -> Step:
    return on(day, "contiguous-return-executed", country="MEX", consulate_notified=True)


def departed(day: int) -> Step:
    return on(day, "departure-verified", kind="removal")


def found(day: int) -> Step:
    return on(day, "absence-resolved", found_where="bus station", returned_to="Casa Azul")


@pytest.mark.parametrize(
    ("steps", "stays"),
    [
        ((), ()),
        ((encountered(1),), ()),
        (
            (
                on(
                    1,
                    "handoff-accepted",
                    handoff_id="h",
                    receiving_agency="ORR",
                    receiving_facility="X",
                    discrepancies=[],
                ),
            ),
            (),
        ),
        ((admitted(1),), ((1, None, None),)),
        ((transferred(1),), ((1, None, None),)),
        ((moved_in_emergency(1),), ((1, None, None),)),
        ((admitted(1), transferred(2), moved_in_emergency(3), admitted(4)), ((1, None, None),)),
        ((admitted(1), released(5)), ((1, 5, "released-to-sponsor"),)),
        ((admitted(1), discharged(5, "age-out")), ((1, 5, "discharged-otherwise"),)),
        ((admitted(1), departed(5)), ((1, 5, "departure-verified"),)),
        ((admitted(1), returned(5)), ((1, 5, "contiguous-return-executed"),)),
        ((admitted(1), released(5), released(6), discharged(7, "other")), ((1, 5, "released-to-sponsor"),)),
        ((released(5),), ()),
        ((admitted(1), released(5), admitted(5), ran_away(6)), ((1, 5, "released-to-sponsor"), (5, None, None))),
        ((released(5), admitted(1)), ((1, 5, "released-to-sponsor"),)),
        ((admitted(1), released(5), void(2)), ((1, None, None),)),
        ((admitted(1), released(5), correction(2, occurred_at="2022-03-09")), ((1, 9, "released-to-sponsor"),)),
        ((released(5), admitted(6), correction(2, occurred_at="2022-03-02")), ((2, 5, "released-to-sponsor"),)),
    ],
)
def test_a_stay_lasts_from_the_first_admission_to_whatever_ended_it(
    steps: tuple[Step, ...], stays: tuple[tuple[int, int | None, str | None], ...]
) -> None:
    """An admission or, where none is open, a transfer opens it; a release, discharge, departure or return ends it."""
    expected = tuple(Stay(march(a), None if b is None else march(b), by) for a, b, by in stays)
    assert care(*steps).stays == expected


def test_days_are_of_the_civil_time_zone_and_may_be_unknown() -> None:
    """Admitted at 23:30 in New York is that day, whatever the date in UTC; an unknown day comes before every other."""
    fact = {"sponsor_category": "1", "address": ELM}
    late: Step = ("admitted-to-program", "2022-03-05T04:30:00Z", {})
    assert care(late).stays == (Stay(march(4), None, None),)
    unknown = care(("released-to-sponsor", None, fact, "ORR"), late, released(9))
    assert unknown.stays == (Stay(march(4), march(9), "released-to-sponsor"),)
    assert unknown.releases[0] == Release(1, None, "TX", "1")
    never: Step = ("admitted-to-program", None, {})
    assert care(never, ("released-to-sponsor", None, fact)).stays == (Stay(None, None, "released-to-sponsor"),)


@pytest.mark.parametrize(
    ("steps", "absences"),
    [
        ((admitted(1), ran_away(2)), ((2, None, None),)),
        ((admitted(1), ran_away(2, "unauthorized-absence"), ran_away(3)), ((2, None, None),)),
        ((admitted(1), ran_away(2, "attempted")), ()),
        ((admitted(1), ran_away(2), found(3)), ((2, 3, "absence-resolved"),)),
        ((admitted(1), ran_away(2), found(3), found(4), ran_away(5)), ((2, 3, "absence-resolved"), (5, None, None))),
        ((admitted(1), ran_away(2), discharged(9, "runaway-closed")), ((2, 9, "discharged-otherwise"),)),
        ((admitted(1), ran_away(2), released(9), found(10)), ((2, 9, "released-to-sponsor"),)),
        ((admitted(1), ran_away(2), admitted(3)), ((2, 3, "admitted-to-program"),)),
        ((admitted(1), ran_away(2), transferred(3)), ((2, 3, "network-transfer-completed"),)),
        ((admitted(1), ran_away(2), moved_in_emergency(3)), ((2, 3, "emergency-transfer-made"),)),
        ((encountered(1), ran_away(2), admitted(3)), ()),
        ((admitted(1), released(2), ran_away(3)), ()),
    ],
)
def test_an_absence_lasts_within_its_stay_until_it_is_over(
    steps: tuple[Step, ...], absences: tuple[tuple[int, int | None, str | None], ...]
) -> None:
    """Resolved, admitted again, or the stay ended; an attempt is none, and who is not in care is not absent from it."""
    expected = tuple(Absence(march(a), None if b is None else march(b), by) for a, b, by in absences)
    assert care(*steps).absences == expected


def test_every_release_counts_with_the_state_of_its_address_as_given() -> None:
    """As corrected, without those voided, each by the position of its entry; a state nobody gave is none."""
    no_state: dict[str, Any] = {"lines": ["1 Main St"], "state": ""}
    steps = (released(2, CITY_ONLY), released(3, OAK), released(4, no_state), released(5), void(4))
    fixed = correction(2, sponsor_category="2A", address=CITY_ONLY)
    assert care(*steps).releases == (
        Release(1, march(2), "TX", "1"),
        Release(2, march(3), "NJ", "1"),
        Release(3, march(4), None, "1"),
    )
    assert care(*steps, fixed).releases[1] == Release(2, march(3), "TX", "2A")


def test_the_country_is_the_one_asserted_last() -> None:
    """In fold order; `unknown` asserts no country and takes none back."""
    met = on(3, "child-encountered", encounter_type="interior", place="X", country="HND")
    said = on(2, "particulars-asserted", country="GTM")
    assert care().country is None
    assert care(met, said).country == "HND"
    assert care(met, on(4, "particulars-asserted", country="unknown")).country == "HND"
    assert care(on(4, "particulars-asserted", country="unknown")).country is None
    assert care(said, on(4, "particulars-asserted", sex="F")).country == "GTM"


def test_a_release_on_the_day_of_the_admission_ends_that_stay() -> None:
    """Whichever was recorded first: who is released was admitted. Who was in care already is admitted anew."""
    assert care(admitted(2), released(2)).stays == (Stay(march(2), march(2), "released-to-sponsor"),)
    assert care(released(2), admitted(2)).stays == (Stay(march(2), march(2), "released-to-sponsor"),)
    again = (Stay(march(1), march(2), "released-to-sponsor"), Stay(march(2), None, None))
    assert care(admitted(1), released(2), admitted(2)).stays == again


def proofs(counted: Care) -> list[tuple[int, ...]]:
    found = [one.proof for one in counted.stays] + [one.proof for one in counted.absences]
    return found + [one.proof for one in counted.releases]


def test_each_thing_counted_names_the_entries_that_show_it() -> None:
    """The admission of a stay, not what ended it; with the corrections in force of each, and those of corrections."""
    steps = (admitted(1), transferred(2), ran_away(3), found(4), released(5))
    counted = Folding.of(record(*steps), ZONE).care()
    assert proofs(counted) == [(1,), (3,), (5,)]
    corrected = (
        correction(1, occurred_at="2022-03-02"),
        correction(6, occurred_at="2022-03-01"),
        correction(5, sponsor_category="2A"),
        void(8),
    )
    counted = Folding.of(record(*steps, *corrected), ZONE).care()
    assert proofs(counted) == [(1, 6, 7), (3,), (5,)]
