"""How facts stand: a record against a plain reading of what corrections and voids do (knowledge)."""

from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import given as drawn
from hypothesis import settings
from hypothesis import strategies as st

from ledger.entry import Entry
from ledger.facts import CorrectionIssued, EntryVoided, ReferralCancelled, ReleasedToSponsor
from ledger.records.record import Record
from ledger.times import parse_when
from tests.costs import steps
from tests.unit.deciding import CHILD, ELM, OAK, Sent, correction, entry_of, given, sent, void

CANCELLED = sent("referral-cancelled", agency="CBP")
RELEASED = sent("released-to-sponsor")


def test_a_deep_chain_of_voids_and_corrections_is_followed_without_end() -> None:
    """Thousands of voids of voids cost some time and no stack; the last one decides."""
    record = given(CANCELLED).record
    for position in range(2, 3_001):
        record.add(entry_of(CANCELLED, position) if position == 2 else _void_entry(position))
    assert [entry.position for entry in record.of(ReferralCancelled)] == [1, 2]
    record.add(_void_entry(3_001))
    assert [entry.position for entry in record.of(ReferralCancelled)] == [1]


@pytest.mark.parametrize(
    "of", ["corrections", "corrections of corrections", "voids", "voids of voids", "voided corrections"]
)
def test_a_record_of_many_statements_is_read_in_steps_that_grow_with_their_number(of: str) -> None:
    """Whoever sends ten thousand about one child must not keep all others waiting whenever that record is looked at."""
    assert _cost(of, 240) < 2.5 * _cost(of, 120)


def _cost(of: str, count: int) -> int:
    added = [entry_of(RELEASED, 1), *(_statement(of, position) for position in range(2, count + 2))]

    def read() -> None:
        record = Record(CHILD)
        for entry in added:
            record.add(entry)
        assert len(record.of(ReleasedToSponsor)) < 2

    return steps(read)


def _statement(of: str, position: int) -> Entry:
    before = position - 1
    match of:
        case "corrections":
            return entry_of(correction(1, sponsor_category="2A"), position)
        case "corrections of corrections":
            return entry_of(correction(before, sponsor_category="2A"), position)
        case "voids":
            return entry_of(void(1), position)
        case "voids of voids":
            return entry_of(void(before), position)
        case _:
            return entry_of(void(before) if position % 2 else correction(1, sponsor_category="2A"), position)


_TEMPLATE = entry_of(void(1), 1)


def _void_entry(position: int) -> Entry:
    fact = EntryVoided(voids=position - 1, reason="x")
    return _TEMPLATE._replace(position=position, version=position, fact=fact)


def _void_in_force(entries: Sequence[Entry], position: int) -> bool:
    """An entry is voided if any void of it is not itself voided."""
    return any(
        isinstance(entry.fact, EntryVoided)
        and entry.fact.voids == position
        and not _void_in_force(entries, entry.position)
        for entry in entries
    )


def _given_by(entries: Sequence[Entry], position: int) -> dict[str, Any]:
    """What corrections of `position` give, those of each correction put into it first."""
    members: dict[str, Any] = {}
    for entry in entries:
        if (
            isinstance(entry.fact, CorrectionIssued)
            and entry.fact.corrects == position
            and not _void_in_force(entries, entry.position)
        ):
            members |= {**entry.fact.set, **_given_by(entries, entry.position)}
    return members


def _plainly(entries: Sequence[Entry]) -> list[tuple[int, Any, dict[str, Any]]]:
    standing = []
    for entry in entries:
        if isinstance(entry.fact, CorrectionIssued | EntryVoided) or _void_in_force(entries, entry.position):
            continue
        given_now = _given_by(entries, entry.position)
        members = {**entry.recorded_fact, **given_now}
        when = members.pop("occurred_at", "same")
        occurred_at = entry.occurred_at if when == "same" else None if when is None else parse_when(when)
        standing.append(
            (entry.position, occurred_at, {name: value for name, value in members.items() if value is not None})
        )
    return standing


VALUES = {
    "relationship": st.sampled_from(["aunt", "mother", None]),
    "sponsor_category": st.sampled_from(["1", "2A", "unknown"]),
    "address": st.sampled_from([ELM, OAK, {}]),
    "occurred_at": st.sampled_from(["2022-03-01", "2022-03-02T10:00:00Z", None]),
}
SETS = st.fixed_dictionaries({}, optional=VALUES).filter(bool)
STEPS: st.SearchStrategy[list[tuple[str, int, Any]]] = st.lists(
    st.one_of(
        st.just(("release", 0, {})),
        st.tuples(st.just("correct"), st.integers(0, 20), SETS),
        st.tuples(st.just("void"), st.integers(0, 20), st.just({})),
    ),
    max_size=14,
)


AUNT = correction(1, "ORR", relationship="aunt")
SISTER = correction(1, "ORR", relationship="sister")
CATEGORY = correction(1, "ORR", sponsor_category="2A")
RATHER_COUSIN = correction(2, "ORR", relationship="cousin")
V1, V2, V3 = void(1, "ORR"), void(2, "ORR"), void(3, "ORR")


@pytest.mark.parametrize(
    ("steps", "relationship"),
    [
        ((AUNT,), "aunt"),
        ((AUNT, SISTER), "sister"),
        ((AUNT, V2), "mother"),
        ((AUNT, V2, V3), "aunt"),
        ((AUNT, V2, V2, V3), "mother"),
        ((AUNT, SISTER, RATHER_COUSIN), "sister"),
        ((AUNT, CATEGORY, RATHER_COUSIN), "cousin"),
        ((AUNT, RATHER_COUSIN, V3), "aunt"),
        ((AUNT, RATHER_COUSIN, V2), "mother"),
        ((correction(1, "ORR", relationship=None),), None),
        ((V1,), "voided"),
        ((V1, V1, V2), "voided"),
        ((V1, V1, V2, V3), "mother"),
    ],
)
def test_corrections_and_voids_act_as_they_are_described(steps: tuple[Sent, ...], relationship: str | None) -> None:
    """Corrections of corrections amend in place, the later wins; voids of voids restore, two need two undoings."""
    record = given(sent("released-to-sponsor", relationship="mother"), *steps).record
    stands = [fact.relationship for fact in record.facts(ReleasedToSponsor)] or ["voided"]
    assert stands == [relationship]


@settings(max_examples=300)
@drawn(STEPS)
def test_a_record_stands_as_its_corrections_and_voids_in_force_leave_it(steps: list[tuple[str, int, Any]]) -> None:
    """Whatever corrects or voids whatever, entry by entry as by a plain reading of the whole list."""
    record = Record(CHILD)
    for kind, aim, values in [("release", 0, {}), *steps]:
        position = len(record.entries) + 1
        target = 1 + aim % max(1, len(record.entries))
        claim = RELEASED
        if kind == "correct" and not isinstance(record.original(target).fact, EntryVoided):  # type: ignore[union-attr]
            claim = correction(target, "ORR", **values)
        elif kind == "void":
            claim = void(target, "ORR")
        record.add(entry_of(claim, position))
        stands = [
            (e.position, e.occurred_at, e.fact.model_dump(mode="json", exclude_none=True))
            for e in record.of(ReleasedToSponsor)
        ]
        assert stands == _plainly(record.entries)
        for entry in record.entries:
            current = record.standing_at(entry.position)
            assert (current is not None) == any(entry.position == found for found, _, _ in stands)
