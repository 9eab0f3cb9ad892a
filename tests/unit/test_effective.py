"""What corrections, voids, disputes and resolved findings make of the entries they name.

Broken by hand to see these tests fail: voids read from the first to the last; a void that is itself void acting; the
correction of a correction passed over; a voided correction acting; null kept instead of removed, and removed where
the member must be given; an occurred_at corrected to unknown passed over; no fallback for what does not fit.
"""

from datetime import date
from typing import Any
from uuid import UUID

from hypothesis import given, settings
from hypothesis import strategies as st

from ledger.entry import Entry
from ledger.facts import CorrectionIssued, MailReturned, ReleasedToSponsor
from projections.fold.amended import Effective, effective
from tests.histories import ELM, OAK, correction, entry, histories, record, void

RELEASE: tuple[str, str, dict[str, Any]] = (
    "released-to-sponsor",
    "2022-03-04",
    {"sponsor_category": "1", "relationship": "mother", "address": ELM},
)
SPONSOR_CALLED: tuple[str, str, dict[str, Any]] = (
    "address-reported",
    "2022-04-01",
    {"purpose": "residence", "address": OAK, "reported_via": "sponsor"},
)


def at(position: int, entries: list[Entry]) -> Effective:
    return next(one for one in effective(entries) if one.entry.position == position)


def shown(position: int, entries: list[Entry]) -> dict[str, Any]:
    return dict(at(position, entries).shown_fact)


def test_an_entry_nothing_speaks_of_stands_as_recorded() -> None:
    """Nobody has to ask whether an entry was touched: its fact is the recorded one, to the object."""
    entries = record(RELEASE, SPONSOR_CALLED, correction(2, reported_via="child"))
    one = at(1, entries)
    assert one.fact is entries[0].fact
    assert one.shown_fact is entries[0].recorded_fact
    assert (one.corrected_by, one.voided_by, one.disputed_by, one.resolved_findings) == ((), (), (), ())


def test_entries_come_in_order_of_position_however_they_are_given() -> None:
    """The order in which entries were read from anywhere is no part of the answer."""
    entries = record(RELEASE, correction(1, sponsor_category="2A"), SPONSOR_CALLED)
    assert [one.entry.position for one in effective(reversed(entries))] == [1, 2, 3]
    assert effective(reversed(entries)) == effective(entries)


def test_the_later_correction_wins_member_by_member() -> None:
    """A correction says nothing about the members it does not name."""
    entries = record(
        RELEASE, correction(1, sponsor_category="2A", relationship="aunt"), correction(1, sponsor_category="3")
    )
    one = at(1, entries)
    assert one.shown_fact == {"sponsor_category": "3", "relationship": "aunt", "address": ELM}
    assert isinstance(one.fact, ReleasedToSponsor)
    assert (one.fact.sponsor_category, one.fact.relationship) == ("3", "aunt")
    assert one.corrected_by == (2, 3)


def test_a_correction_of_a_correction_amends_it_in_its_place() -> None:
    """P2 and P3 correct P1 and P4 corrects P2: where P3 speaks, P3 still wins (knowledge: Corrections)."""
    entries = record(
        RELEASE,
        correction(1, sponsor_category="2A"),
        correction(1, sponsor_category="2B"),
        correction(2, sponsor_category="3", relationship="uncle"),
    )
    assert shown(1, entries) == {"sponsor_category": "2B", "relationship": "uncle", "address": ELM}
    amended = at(2, entries)
    assert amended.shown_fact["set"] == {"sponsor_category": "3", "relationship": "uncle"}
    assert isinstance(amended.fact, CorrectionIssued)
    assert amended.fact.set == amended.shown_fact["set"]
    assert amended.entry.recorded_fact["set"] == {"sponsor_category": "2A"}
    assert (at(1, entries).corrected_by, amended.corrected_by) == ((2, 3), (4,))


def test_null_removes_an_optional_member() -> None:
    """What should never have been said is gone from the fact as shown."""
    entries = record(RELEASE, correction(1, relationship=None))
    assert shown(1, entries) == {"sponsor_category": "1", "address": ELM}


def test_null_stays_null_where_the_member_must_be_given() -> None:
    """`age-redetermined` says in so many words that there is no date of birth."""
    redetermined = {"method": "dental", "date_of_birth": "2004-01-01", "is_adult": True}
    entries = record(("age-redetermined", "2022-03-04", redetermined), correction(1, date_of_birth=None))
    assert shown(1, entries) == {"method": "dental", "date_of_birth": None, "is_adult": True}


def test_the_time_of_a_fact_can_be_corrected_and_taken_back_to_unknown() -> None:
    """`set.occurred_at` moves the happening and leaves its fact untouched."""
    entries = record(RELEASE, correction(1, occurred_at="2022-03-05"))
    one = at(1, entries)
    assert (one.occurred_at, one.shown_fact) == (date(2022, 3, 5), entries[0].recorded_fact)
    assert at(1, record(RELEASE, correction(1, occurred_at=None))).occurred_at is None


def test_a_fact_recorded_in_an_older_version_is_corrected_in_its_own_members() -> None:
    """The first version of a fact stays as it was recorded; only the reading is brought up to date."""
    returned = {"piece": "hearing notice", "reason": "no such number"}
    entries = record(("custody.mail-returned.v1", "2022-03-04", returned), correction(1, reason="refused"))
    one = at(1, entries)
    assert one.shown_fact == {"piece": "hearing notice", "reason": "refused"}
    assert one.fact == MailReturned(piece_kind="unknown", piece="hearing notice", reason="refused")


def test_a_void_of_a_correction_takes_it_out() -> None:
    """What is void says nothing any more."""
    entries = record(RELEASE, correction(1, sponsor_category="2A"), void(2))
    one = at(1, entries)
    assert (one.shown_fact, one.corrected_by) == (entries[0].recorded_fact, ())
    assert at(2, entries).voided_by == (3,)


def test_a_void_of_a_void_restores() -> None:
    """An entry is back when its void is void, and gone again when that is undone too."""
    entries = record(RELEASE, void(1), void(2), void(3))
    assert at(1, entries[:2]).voided_by == (2,)
    assert at(1, entries[:3]).voided_by == ()
    assert at(1, entries).voided_by == (2,)


def test_two_voids_need_two_undoings() -> None:
    """Undoing one of two voids is not enough."""
    entries = record(RELEASE, void(1), void(1), void(2), void(3))
    assert [at(1, entries[:n]).voided_by for n in (3, 4, 5)] == [(2, 3), (3,), ()]


def test_what_is_not_among_the_entries_does_not_act() -> None:
    """Who does not know of the void goes on holding the entry, and who does not know of a correction cannot know
    what another one changed in it."""
    entries = record(RELEASE, correction(1, sponsor_category="2A"), correction(2, relationship="aunt"), void(1))
    assert at(1, entries[:3]).voided_by == ()
    assert shown(1, [entries[0], entries[2]]) == entries[0].recorded_fact
    assert [one.entry.position for one in effective(entries[1:])] == [2, 3, 4]


def test_nothing_acts_on_itself_or_on_what_comes_later() -> None:
    """A position that was not there yet when it was named is left alone, and nothing goes round in circles."""
    entries = record(
        void(1), void(3), RELEASE, correction(5, sponsor_category="2A"), RELEASE, correction(6, reason="x")
    )
    assert [(one.voided_by, one.corrected_by) for one in effective(entries)] == [((), ())] * 6


def test_of_corrections_that_make_no_fact_together_the_members_that_fit_win() -> None:
    """Such corrections are refused, so a whole record has none; a part of one must still be answered for, and a
    value that makes no fact gives way to the last one before it that does."""
    entries = record(
        RELEASE,
        correction(1, sponsor_category="2A", no_such_member=1, occurred_at="yesterday"),
        correction(1, sponsor_category="no such category", relationship="aunt", address=None, occurred_at="2022-03-06"),
        correction(2, relationship=7, sponsor_category="3"),
    )
    one = at(1, entries)
    assert one.shown_fact == {"sponsor_category": "3", "relationship": "aunt", "address": ELM}
    assert one.occurred_at == date(2022, 3, 6)


def test_a_dispute_and_a_resolved_finding_show_on_their_entry_while_they_stand() -> None:
    """A dispute changes nothing and is shown wherever the entry is; both can be voided, and a wrong code corrected."""
    dispute = ("entry-disputed", "2024-01-01", {"position": 1, "statement": "not my address", "by": "counsel"})
    resolved = (
        "finding-resolved",
        "2024-01-01",
        {"position": 1, "code": "W3", "resolution": "address completed", "reason": "call"},
    )
    entries = record(RELEASE, dispute, dispute, resolved, resolved, correction(4, code="W4"), void(2), void(5))
    one = at(1, entries)
    assert (one.disputed_by, one.resolved_findings) == ((3,), (("W4", 4),))
    assert one.shown_fact is entries[0].recorded_fact


def test_chains_as_long_as_anyone_can_make_them_are_followed() -> None:
    """Ten thousand corrections of corrections, or voids of voids, are a record like any other."""
    chain = [RELEASE, *(correction(n, relationship=f"r{n}") for n in range(1, 10_000))]
    assert shown(1, record(*chain))["relationship"] == "r9999"
    broken = [RELEASE, *(correction(n, sponsor_category="?") for n in range(1, 2_000))]
    assert shown(1, record(*broken))["sponsor_category"] == "1"
    assert at(1, record(RELEASE, *(void(n) for n in range(1, 10_000)))).voided_by == (2,)


@settings(max_examples=100, deadline=None)
@given(histories(), st.data())
def test_any_part_of_a_record_gets_an_answer(entries: list[Entry], data: st.DataObject) -> None:
    """An agency may know any part of a record; whatever it is, it stands somehow and nothing is raised."""
    known = data.draw(st.lists(st.sampled_from(entries), unique_by=lambda e: e.position) if entries else st.just([]))
    standing = effective(known)
    assert [one.entry for one in standing] == sorted(known, key=lambda e: e.position)
    positions = {e.position for e in known}
    for one in standing:
        named_by = {*one.corrected_by, *one.voided_by, *one.disputed_by, *(by for _, by in one.resolved_findings)}
        assert named_by <= {p for p in positions if p > one.entry.position}


def test_a_correction_names_positions_of_a_merged_record_too() -> None:
    """Entries of two records that are one person act on each other like those of one."""
    other = entry(9, *correction(1, sponsor_category="3"), child=UUID(int=7))
    assert shown(1, [*record(RELEASE), other])["sponsor_category"] == "3"
