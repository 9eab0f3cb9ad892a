"""The proceedings before the immigration court, notice by notice and case by case.

Broken by hand to see these tests fail: a hearing struck by another's cancellation, holding or missing; one not struck
by an order; a served notice that falls back behind its filing; a rejected one no longer served; an absence that counts
as heard; a case and its notice left apart, or two cases made one; a motion denied that reopens; a new `since` with
every repeat.
"""

from datetime import datetime

import pytest

from projections.fold.regions import Proceeding
from tests.steps import (
    T1,
    T2,
    Step,
    cancelled,
    decided,
    docketed,
    filed,
    held,
    issued,
    march,
    missed,
    not_pursued,
    on,
    ordered,
    regions,
    rejected,
    scheduled,
    served,
)

AT1, AT2 = datetime.fromisoformat(T1), datetime.fromisoformat(T2)


@pytest.mark.parametrize(
    ("steps", "state", "is_served", "next_at", "since"),
    [
        ((issued(1),), "nta-issued", False, None, 1),
        ((issued(1), issued(2)), "nta-issued", False, None, 1),
        ((issued(1), served(2)), "nta-served", True, None, 2),
        ((served(2),), "nta-served", True, None, 2),
        ((served(2), issued(3)), "nta-served", True, None, 2),
        ((filed(2), issued(3)), "nta-filed", False, None, 2),
        ((docketed(2), issued(3), served(4)), "docketed", True, None, 2),
        ((issued(1), filed(2), rejected(3), issued(4)), "nta-issued", False, None, 3),
        ((issued(1), filed(2)), "nta-filed", False, None, 2),
        ((issued(1), filed(2), served(3)), "nta-filed", True, None, 2),
        ((issued(1), served(2), filed(3), rejected(4)), "nta-served", True, None, 4),
        ((issued(1), filed(3), rejected(4)), "nta-issued", False, None, 4),
        ((issued(1), filed(3), docketed(4), served(5)), "docketed", True, None, 4),
        ((docketed(4), scheduled(5)), "hearing-set", False, AT1, 5),
        ((docketed(4), scheduled(5), scheduled(6)), "hearing-set", False, AT1, 5),
        ((docketed(4), scheduled(5), scheduled(6, at=T2)), "hearing-set", False, AT2, 6),
        ((docketed(4), scheduled(5), cancelled(6)), "docketed", False, None, 6),
        ((docketed(4), scheduled(5), scheduled(6, "h2", T2), cancelled(7)), "hearing-set", False, AT2, 6),
        ((docketed(4), scheduled(5), scheduled(6, "h2", T2), cancelled(7, "h2")), "docketed", False, None, 7),
        ((docketed(4), scheduled(5), ordered(6), cancelled(7)), "removed", False, None, 6),
        ((docketed(4), cancelled(7)), "docketed", False, None, 4),
        ((docketed(4), scheduled(5), held(6)), "heard", False, None, 6),
        ((docketed(4), scheduled(5), held(6, "counsel-only")), "heard", False, None, 6),
        ((docketed(4), scheduled(5), held(6, next_hearing_at=T2)), "hearing-set", False, AT2, 6),
        ((docketed(4), scheduled(5), held(6, "absent")), "hearing-set", False, AT1, 5),
        ((docketed(4), scheduled(5), held(6, "absent", next_hearing_at=T2)), "hearing-set", False, AT2, 6),
        ((docketed(4), scheduled(5), scheduled(6, "h2", T2), held(7)), "heard", False, AT2, 7),
        ((docketed(4), held(6, next_hearing_at=T2), held(7, hearing="h9")), "heard", False, None, 7),
        ((docketed(4), scheduled(5), missed(6)), "fta", False, None, 6),
        (
            (docketed(4), scheduled(5), held(6, "absent", next_hearing_at=T2), missed(6)),
            "fta",
            False,
            AT2,
            6,
        ),
        ((docketed(4), held(6, "absent", next_hearing_at=T2), missed(6)), "fta", False, AT2, 6),
        ((docketed(4), scheduled(5), missed(6), ordered(7)), "removed", False, None, 7),
        ((docketed(4), scheduled(5), ordered(7, "terminated")), "terminated", False, None, 7),
        ((docketed(4), ordered(7), decided(8, "MA", "granted")), "docketed", False, None, 8),
        ((docketed(4), ordered(7), decided(8, "O", "G")), "docketed", False, None, 8),
        ((docketed(4), ordered(7), decided(8, "Motion to Reopen", "Grant")), "docketed", False, None, 8),
        ((docketed(4), ordered(7), decided(8, "MA", "denied")), "removed", False, None, 7),
        ((docketed(4), ordered(7), decided(8, "CV", "granted")), "removed", False, None, 7),
        ((docketed(4), scheduled(4), docketed(5)), "docketed", False, AT1, 5),
    ],
)
def test_a_proceeding_follows_its_facts(
    steps: tuple[Step, ...], state: str, is_served: bool, next_at: datetime | None, since: int
) -> None:
    """One proceeding, its state by the last fact that says so; being served is kept apart from it; no hearing that
    still stands is lost by the cancellation of another."""
    (found,) = regions(*steps).proceedings
    assert (found.state, found.served, found.next_hearing_at, found.since) == (
        state,
        is_served,
        next_at,
        march(since),
    )


def test_a_child_without_a_notice_has_one_proceeding_that_says_so() -> None:
    """`no-nta`, with the reason ICE gave last, if any."""
    assert regions().proceedings == (Proceeding(None, None, "no-nta", None, None, None, None),)
    (found,) = regions(not_pursued(1), not_pursued(2, "adult")).proceedings
    assert (found.state, found.reason, found.since) == ("no-nta", "adult", None)


def test_the_reason_for_not_filing_stands_on_the_notice_until_it_is_filed() -> None:
    """ICE gives reasons for not serving or not filing; a notice already filed needs none."""
    reasons = [
        [p.reason for p in regions(*steps).proceedings]
        for steps in (
            (issued(1), not_pursued(2)),
            (issued(1), served(2), not_pursued(3), filed(4)),
            (not_pursued(1), issued(2)),
            (docketed(1), issued(2, "n2"), not_pursued(3)),
        )
    ]
    assert reasons == [["discretion"], [None], [None], [None, "discretion"]]


def named(*steps: Step) -> list[tuple[str | None, str | None, str, bool | None]]:
    return [(p.nta_id, p.court_case, p.state, p.served) for p in regions(*steps).proceedings]


def test_two_notices_are_two_proceedings_until_one_case_takes_both() -> None:
    """The case shows the notice linked to it last."""
    two = (issued(1), served(2), issued(3, "n2"))
    assert named(*two) == [("n1", None, "nta-served", True), ("n2", None, "nta-issued", False)]
    linked = (*two, docketed(4), filed(5, "n2", court_case="c1"))
    assert named(*linked) == [("n2", "c1", "nta-filed", True)]
    assert named(*linked, rejected(6)) == [("n2", "c1", "nta-served", True)]


def test_a_filing_without_a_case_stays_with_its_notice() -> None:
    """The court case is known from the docketing on."""
    assert named(filed(1)) == [("n1", None, "nta-filed", False)]
    assert named(filed(1, court_case="c1")) == [("n1", "c1", "nta-filed", False)]


@pytest.mark.parametrize(
    ("step", "state"),
    [
        (scheduled(1), "hearing-set"),
        (held(1), "heard"),
        (held(1, "absent"), "docketed"),
        (missed(1), "fta"),
        (ordered(1), "removed"),
        (decided(1, "CV", "granted"), "docketed"),
        (on(1, "motion-filed", court_case="c1", motion_code="CV", filed_by="A"), "docketed"),
    ],
)
def test_a_case_nobody_linked_to_a_notice_is_a_proceeding_of_its_own(step: Step, state: str) -> None:
    """The court may be heard of before the notice; once linked, both are one, served if the notice was."""
    assert named(step) == [(None, "c1", state, None)]
    assert named(step, issued(2), served(3)) == [(None, "c1", state, None), ("n1", None, "nta-served", True)]
    assert named(step, issued(2), served(3), docketed(4)) == [("n1", "c1", "docketed", True)]


def test_a_proceeding_made_of_two_keeps_the_place_of_the_older_and_its_hearing() -> None:
    """Nothing of the case is lost when its notice turns up."""
    steps = (issued(1), issued(2, "n2"), scheduled(3), docketed(4))
    assert named(*steps) == [("n1", "c1", "docketed", False), ("n2", None, "nta-issued", False)]
    assert regions(*steps).proceedings[0].next_hearing_at == AT1


def test_a_notice_linked_to_another_case_belongs_to_that_one_from_then_on() -> None:
    """The first case keeps what happened in it."""
    heard_of = scheduled(1, case="c1")
    both = [("n1", "c9", "nta-filed", True), ("n1", "c1", "docketed", True)]
    assert named(heard_of, served(1), filed(2, court_case="c9"), docketed(3)) == both[::-1]
    steps = (served(1), filed(2, court_case="c9"), docketed(3))
    assert named(*steps) == both
    assert named(*steps, rejected(4)) == [("n1", "c9", "nta-filed", True), ("n1", "c1", "nta-served", True)]
