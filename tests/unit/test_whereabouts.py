"""How well it is known where the child is, and which addresses are in force.

Broken by hand to see these tests fail: mail returned from an address left behind, and named by a correction; an
address that ends an absence; a contact that ends custody; an effective date passed over, or compared by the end of its
day; custody with a receiver that holds no children; a mailing address, or one of unknown purpose, as a residence.
"""

from datetime import date, datetime

import pytest

from projections.fold.regions import Whereabouts
from tests.histories import CITY_ONLY, ELM, OAK, correction, void
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
    returned,
    started,
)

IN_ORR = admitted(1)


@pytest.mark.parametrize(
    ("steps", "state", "since"),
    [
        ((), "unknown", None),
        ((encountered(1),), "in-custody", 1),
        ((encountered(1), started(2), accepted(3, "ORR", "Casa Azul"), admitted(4)), "in-custody", 1),
        ((started(2),), "in-custody", 2),
        ((on(2, "referred-to-orr", referring_office="X"),), "unknown", None),
        ((accepted(2, "EOIR", "court"),), "unknown", None),
        ((IN_ORR, released(2)), "reported", 2),
        ((IN_ORR, released(2, CITY_ONLY)), "address-defective", 2),
        ((IN_ORR, released(2, {"lines": ["", "  "], "city": "Houston"})), "address-defective", 2),
        ((lives_at(2, ELM),), "reported", 2),
        ((lives_at(2, ELM, "mailing"),), "unknown", None),
        ((lives_at(2, ELM, "unknown"),), "unknown", None),
        ((IN_ORR, lives_at(2, ELM)), "in-custody", 1),
        ((released(2), lives_at(3, ELM)), "reported", 2),
        ((released(2), lives_at(3, OAK)), "reported", 3),
        ((released(2), lives_at(3, OAK, "mailing")), "reported", 2),
        ((released(2), encountered(3)), "in-custody", 3),
        ((released(2), contact(3, address_confirmed=True)), "confirmed", 3),
        ((released(2), contact(3, address_confirmed=True), contact(4, address_confirmed=True)), "confirmed", 3),
        (
            (
                released(2),
                contact(3, address_confirmed=True, spoke_with=["sponsor"], child_seen=True, mode="in-person"),
            ),
            "confirmed",
            3,
        ),
        ((released(2), contact(3, address_confirmed=True, spoke_with=["sponsor"])), "reported", 2),
        ((released(2), contact(3, address_confirmed=True, mode="letter")), "reported", 2),
        ((released(2), contact(3, address_confirmed=True, identity_checked="unknown")), "reported", 2),
        ((released(2), contact(3, address_confirmed="unknown")), "reported", 2),
        ((released(2), contact(3)), "reported", 2),
        ((released(2), contact(3, address_confirmed=False, spoke_with=["nobody"])), "unknown", 3),
        ((released(2), contact(3, address_confirmed=True), lives_at(4, OAK)), "reported", 4),
        ((IN_ORR, contact(3, address_confirmed=True)), "in-custody", 1),
        ((IN_ORR, ran_away(2)), "missing-reported", 2),
        ((IN_ORR, ran_away(2, "attempted")), "in-custody", 1),
        ((encountered(1), ran_away(2)), "missing-reported", 2),
        ((released(2), ran_away(3)), "missing-reported", 3),
        ((released(2), ran_away(3), lives_at(4, OAK)), "missing-reported", 3),
        ((released(2), ran_away(3), contact(4, address_confirmed=False)), "missing-reported", 3),
        ((released(2), ran_away(3), contact(4, address_confirmed=True)), "confirmed", 4),
        ((released(2), ran_away(3), released(4)), "reported", 4),
        ((released(2), ran_away(3), encountered(4)), "in-custody", 4),
        ((IN_ORR, ran_away(2), on(3, "absence-resolved", found_where="X")), "in-custody", 3),
        ((encountered(1), ran_away(2), on(3, "absence-resolved", found_where="X")), "in-custody", 3),
        ((released(2), ran_away(3), on(4, "absence-resolved", found_where="X")), "reported", 4),
        ((released(2), on(4, "absence-resolved", found_where="X")), "reported", 2),
        ((ran_away(3), on(4, "absence-resolved", found_where="X")), "unknown", 4),
        ((IN_ORR, discharged(2, "age-out")), "in-custody", 1),
        ((IN_ORR, discharged(2, "program-urm")), "unknown", 2),
        ((IN_ORR, discharged(2, "law-enforcement")), "unknown", 2),
        ((IN_ORR, discharged(2, "other")), "unknown", 2),
        ((IN_ORR, discharged(2, "repatriated")), "departed", 2),
        ((IN_ORR, discharged(2, "removed")), "departed", 2),
        ((IN_ORR, discharged(2, "deceased")), "deceased", 2),
        ((IN_ORR, discharged(2, "deceased"), contact(3, address_confirmed=True), lives_at(4, OAK)), "deceased", 2),
        ((IN_ORR, discharged(2, "runaway-closed")), "missing-reported", 2),
        ((IN_ORR, ran_away(2), discharged(3, "runaway-closed")), "missing-reported", 2),
        ((encountered(1), on(2, "contiguous-return-executed", country="MEX", consulate_notified=True)), "departed", 2),
        ((released(2), on(3, "departure-verified", kind="removal")), "departed", 3),
        ((released(2), on(3, "departure-verified", kind="removal"), lives_at(4, OAK)), "departed", 3),
        (
            (released(2), on(3, "departure-verified", kind="removal"), on(4, "absence-resolved", found_where="X")),
            "departed",
            3,
        ),
        (
            (released(2), on(3, "departure-verified", kind="removal"), contact(4, address_confirmed=True)),
            "confirmed",
            4,
        ),
    ],
)
def test_whereabouts_say_how_well_it_is_known_where_the_child_is(
    steps: tuple[Step, ...], state: str, since: int | None
) -> None:
    """Custody comes before any address, paper does not find a missing child, and only a live contact confirms."""
    found = regions(*steps).whereabouts
    assert (found.state, found.since) == (state, None if since is None else march(since))


def test_residence_and_mailing_are_the_addresses_in_force_as_they_were_given() -> None:
    """Each is the latest of its purpose, to the letter; being in custody again takes neither away."""
    steps = (released(2), lives_at(3, OAK), lives_at(4, CITY_ONLY, "mailing"), lives_at(5, ELM, "unknown"))
    assert regions(*steps).whereabouts == Whereabouts("reported", OAK, CITY_ONLY, march(3))
    assert regions(*steps, encountered(6)).whereabouts == Whereabouts("in-custody", OAK, CITY_ONLY, march(6))


@pytest.mark.parametrize(
    ("steps", "state"),
    [
        ((released(2), returned(3)), "address-defective"),
        ((released(2), returned(3, 1)), "address-defective"),
        ((released(2), contact(3, address_confirmed=True), returned(4)), "address-defective"),
        ((released(2), lives_at(3, OAK), returned(4, 1)), "reported"),
        ((released(2), lives_at(3, OAK), returned(4, 2)), "address-defective"),
        ((released(2), lives_at(3, ELM), returned(4, 1)), "address-defective"),
        ((released(2), lives_at(3, OAK, "mailing"), returned(4, 2)), "reported"),
        ((released(2), returned(3), lives_at(4, OAK)), "reported"),
        ((released(2), returned(3), contact(4, address_confirmed=True)), "confirmed"),
        ((released(2), lives_at(3, ELM, "mailing"), returned(4, 2)), "address-defective"),
        ((lives_at(2, OAK, "mailing"), returned(3)), "unknown"),
        ((returned(3),), "unknown"),
        ((IN_ORR, lives_at(2, OAK), returned(3)), "in-custody"),
        ((released(2), ran_away(3), returned(4), on(5, "absence-resolved", found_where="X")), "address-defective"),
        ((released(2), correction(1, address=OAK), returned(4, 2)), "address-defective"),
        ((released(2), correction(1, address=OAK), correction(2, address=ELM), returned(4, 3)), "address-defective"),
        ((released(2), correction(1, address=OAK), void(2), returned(4, 2)), "reported"),
    ],
)
def test_returned_mail_counts_against_the_address_the_child_has_now(steps: tuple[Step, ...], state: str) -> None:
    """A letter sent where the child no longer lives says nothing of where it lives; a letter may name the entry that
    gave the address or the correction that did."""
    assert regions(*steps).whereabouts.state == state


def test_an_address_is_in_force_from_the_day_it_takes_effect() -> None:
    """A move announced in March for June is no residence in April; reported late, it takes its place all the same."""
    announced = lives_at(4, OAK, effective_from="2022-06-01")
    confirmed = ("post-release-contact-recorded", "2022-05-01", contact(1, address_confirmed=True)[2])
    before = regions(released(2), announced, confirmed, happened_by="2022-05-31T12:00:00-04:00").whereabouts
    assert before == Whereabouts("confirmed", ELM, None, date(2022, 5, 1))
    after = regions(released(2), announced, confirmed, happened_by="2022-06-02T00:00:00-04:00").whereabouts
    assert after == Whereabouts("reported", OAK, None, date(2022, 6, 1))
    assert regions(released(2), announced).whereabouts.residence == OAK
    later = ("address-reported", "2022-05-01", {"purpose": "residence", "address": CITY_ONLY, "reported_via": "mail"})
    assert regions(released(2), announced, later).whereabouts.residence == OAK


def test_an_address_in_effect_since_before_or_since_today_is_in_force_when_it_is_reported() -> None:
    """Nobody held an address before somebody reported it, and "from today" does not wait until midnight."""
    fact = {"purpose": "residence", "address": OAK, "reported_via": "sponsor"}
    for effective_from in ("2022-01-01", "2022-03-04", "2022-03-04T09:00:00-05:00"):
        report = ("address-reported", "2022-03-04T10:00:00-05:00", {**fact, "effective_from": effective_from})
        found = regions(released(2), report, happened_by="2022-03-04T12:00:00-05:00").whereabouts
        assert found.residence == OAK
        assert isinstance(found.since, datetime)


def test_an_address_reported_at_an_unknown_time_is_in_force_from_its_effective_day() -> None:
    """The day it takes effect is the only day known of it."""
    fact = {"purpose": "residence", "address": OAK, "reported_via": "sponsor", "effective_from": "2022-03-05"}
    assert regions(released(2), ("address-reported", None, fact)).whereabouts.residence == OAK
    assert regions(released(6), ("address-reported", None, fact)).whereabouts.residence == ELM
