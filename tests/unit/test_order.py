"""Of one civil day, what another happening presupposes comes first where either is a day: the table of pairs."""

from collections.abc import Sequence
from datetime import datetime
from itertools import permutations
from typing import Any

import pytest

from ledger.entry import Entry
from ledger.facts import short_name
from projections.fold.amended import effective
from projections.fold.folding import Folding, happened
from projections.fold.questions import PAIRS
from tests.histories import ELM, ZONE, entry
from tests.oracle.order import ROWS
from tests.unit.deciding import MEMBERS

NOON, EVENING, DAY = "2022-03-04T12:00:00-05:00", "2022-03-04T23:30:00-05:00", "2022-03-04"


def made(position: int, name: str, when: str, **members: Any) -> Entry:
    linked = {"court_case": "c1"} if name == "nta-filed" else {}
    return entry(position, name, when, {**MEMBERS[name], **linked, **members})


def names(entries: Sequence[Entry], happened_by: str | None = None) -> list[str]:
    until = None if happened_by is None else datetime.fromisoformat(happened_by)
    return [short_name(one.type) for one in happened(effective(entries), ZONE, until)]


def test_the_table_is_the_one_written_down_in_the_oracle() -> None:
    """Row by row: what presupposes what, in which member they must agree, and unless what goes on."""
    table = {(short_name(fact.wire), short_name(pair.fact.wire)) for fact, pairs in PAIRS.items() for pair in pairs}
    assert table == {(name, presupposed) for name, presupposed, _ in ROWS}
    assert len(ROWS) == sum(map(len, PAIRS.values()))


@pytest.mark.parametrize(("name", "presupposed", "_what"), ROWS)
def test_what_is_presupposed_comes_first_on_a_day_without_times(name: str, presupposed: str, _what: str | None) -> None:
    """Recorded first or last, one with its time and the other without; never where both have theirs, or on two days."""
    for first, last in ((DAY, DAY), (DAY, NOON), (NOON, DAY)):
        for one, other in ((1, 2), (2, 1)):
            assert names([made(one, name, last), made(other, presupposed, first)]) == [presupposed, name]
    assert names([made(1, name, NOON), made(2, presupposed, EVENING)]) == [name, presupposed]
    assert names([made(1, name, "2022-03-03"), made(2, presupposed, DAY)]) == [name, presupposed]
    assert names([made(1, name, "2022-03-04T04:59:59Z"), made(2, presupposed, DAY)]) == [name, presupposed]
    assert names([made(1, name, "2022-03-05T04:59:59Z"), made(2, presupposed, DAY)]) == [presupposed, name]


@pytest.mark.parametrize(
    ("name", "presupposed", "member"), [row for row in ROWS if row[2] not in (None, "care", "custody")]
)
def test_only_what_is_of_the_same_thing_is_presupposed(name: str, presupposed: str, member: str) -> None:
    """Another handoff, notice, hearing or case keeps its place."""
    assert names([made(1, name, NOON), made(2, presupposed, DAY, **{member: "another"})]) == [name, presupposed]


@pytest.mark.parametrize(("name", "presupposed", "what"), [row for row in ROWS if row[2] in ("care", "custody")])
def test_what_goes_on_already_was_not_begun_that_day(name: str, presupposed: str, what: str) -> None:
    """Who was in care, or in custody, since another day was admitted or encountered again; unless that had ended."""
    before = made(1, "admitted-to-program", "2022-03-01")
    again = [before, made(3, name, NOON), made(4, presupposed, DAY)]
    assert names(again) == ["admitted-to-program", name, presupposed]
    ended = made(2, "released-to-sponsor", "2022-03-02")
    assert names([*again, ended]) == ["admitted-to-program", "released-to-sponsor", presupposed, name]


def test_a_whole_day_without_times_comes_in_one_order_however_it_was_recorded() -> None:
    """Each presupposes the one before it."""
    day = "child-encountered handoff-started handoff-accepted admitted-to-program released-to-sponsor".split()
    for order in permutations(day):
        assert names([made(n, name, DAY) for n, name in enumerate(order, start=1)]) == day


def test_a_contact_on_the_day_of_a_release_is_a_contact_after_it() -> None:
    """The release is given as a day, the contact with its time; by noon nobody has heard of the release."""
    entries = [
        made(1, "released-to-sponsor", DAY, address=ELM),
        made(2, "post-release-contact-recorded", NOON, still_with_sponsor=False),
        made(3, "mail-returned", EVENING),
    ]
    custody = Folding.of(entries, ZONE).regions().custody
    assert (custody.state, custody.physical_custodian) == ("released-to-sponsor", "unknown")
    assert names(entries) == ["released-to-sponsor", "post-release-contact-recorded", "mail-returned"]
    assert names(entries, NOON) == ["post-release-contact-recorded"]


def test_a_fold_is_not_carried_on_over_what_belongs_before_it() -> None:
    """The release of the day comes behind the contact by its time: only a fold of all puts it where it belongs."""
    folding = Folding(ZONE)
    assert folding.extend(made(1, "post-release-contact-recorded", NOON))
    assert not folding.extend(made(2, "released-to-sponsor", DAY))
    folding = Folding(ZONE)
    assert folding.extend(made(1, "post-release-contact-recorded", NOON))
    assert folding.extend(made(2, "released-to-sponsor", EVENING))
    assert folding.extend(made(3, "post-release-contact-recorded", "2022-03-05"))
    assert folding.extend(made(4, "released-to-sponsor", "2022-03-06"))
