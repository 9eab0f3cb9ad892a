"""What is told follows from the entries alone: never from which folds happen to be in memory when an entry comes."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from hypothesis import given, settings
from hypothesis import strategies as st

from ledger.agencies import RECEIVERS
from ledger.entry import Entry
from ledger.facts import IdentityMerged, IdentityUnmerged
from ledger.sharing.feed_fold import NEEDS_RECORD, SharingRulebook, Telling, ToldItem, spoken_of, tell_alone
from ledger.sharing.rule_sets import Adopted, default_rules
from tests.histories import CHILD, ZONE, entry
from tests.unit.test_disclosing import RELEASE
from tests.unit.test_telling import OTHER, SCREENING, correction, hearing, items, merge, notice, of, void, wider

Shown = tuple[str, str, int, tuple[str, ...]]


def shown(told: Sequence[ToldItem]) -> list[Shown]:
    return [(item.agency, item.kind, item.entry.position, item.disclosure.withheld) for item in told]


def kept_in_memory(entries: Sequence[Entry], adoptions: Sequence[Adopted]) -> list[Shown]:
    """One fold that is never forgotten takes everything."""
    telling, rulebook, to_come = Telling(), SharingRulebook(adoptions, default_rules(), ZONE), list(adoptions)
    told: list[Shown] = []
    for one in entries:
        while to_come and to_come[0].position < one.position:
            told += shown(telling.backfill(to_come.pop(0), rulebook))
        told += shown(telling.take(one, rulebook.at(one)))
    return told


def spoken_of_in(before: Sequence[Entry], one: Entry) -> list[Entry]:
    """Return what is read back of a record that was never merged: its statements, and what they and `one` speak of."""
    its = [other for other in before if other.child == one.child]
    statements = [other for other in its if type(other.fact) in NEEDS_RECORD]
    positions = spoken_of([*statements, one])
    return [other for other in its if type(other.fact) in NEEDS_RECORD or other.position in positions]


def never_in_memory(entries: Sequence[Entry], adoptions: Sequence[Adopted], *, whole: bool) -> list[Shown]:
    """A fold is made anew for each entry that needs one, and for each backfill, as after a restart every time."""
    told: list[Shown] = []
    joined = {
        record
        for one in entries
        if isinstance(one.fact, IdentityMerged | IdentityUnmerged)
        for record in (one.child, UUID(one.resolved["other"]))
    }
    to_come, adopted = list(adoptions), list[Adopted]()
    for number, one in enumerate(entries):
        while to_come and to_come[0].position < one.position:
            fold = Telling.of(entries[:number], SharingRulebook(adopted, default_rules(), ZONE))
            adopted.append(to_come.pop(0))
            told += shown(fold.backfill(adopted[-1], SharingRulebook(adopted, default_rules(), ZONE)))
        rulebook = SharingRulebook(adopted, default_rules(), ZONE)
        if type(one.fact) in NEEDS_RECORD or one.child in joined:
            before = entries[:number] if whole or one.child in joined else spoken_of_in(entries[:number], one)
            told += shown(Telling.of(before, rulebook).take(one, rulebook.at(one)))
        else:
            told += shown(tell_alone(one, rulebook.at(one)))
    return told


def test_a_correction_goes_to_whoever_a_backfill_told_last() -> None:
    """Nothing else was recorded of the child since the adoption; USCIS holds the hearing all the same."""
    one = Adopted(2, wider(), True)
    rulebook = SharingRulebook((one,), default_rules(), ZONE)
    told = Telling.of([hearing(1)], rulebook).take(correction(3, 1, appearance="absent"), rulebook.at(hearing(3)))
    assert "USCIS" in [item.agency for item in told]


def test_a_notice_restored_brings_the_corrections_made_while_it_was_void() -> None:
    """The void of the void gives USCIS the hearing again, and with it what was corrected meanwhile, at once."""
    history = [hearing(1), notice(2, "USCIS", [1]), void(3, 2), correction(4, 1, appearance="absent"), void(5, 3)]
    assert of("USCIS", items(history)) == [("supplement", 4)]
    later = entry(6, "released-to-sponsor", "2022-03-04", RELEASE)
    assert of("USCIS", items([*history, later])) == [("supplement", 4), ("entry", 6)]


@st.composite
def histories(draw: st.DrawFn) -> list[Entry]:
    """Draw the entries of two children: notices, corrections, voids of all of them, merges."""
    entries: list[Entry] = []
    for position in range(1, draw(st.integers(1, 12)) + 1):
        of_whom = draw(st.sampled_from((CHILD, CHILD, OTHER)))
        before = [one.position for one in entries]
        at = draw(st.sampled_from(before)) if before else 0
        match draw(st.sampled_from("hhrsnnvvvcm")) if before else "h":
            case "h":
                made = hearing(position, of_whom)
            case "r":
                made = entry(position, "released-to-sponsor", "2022-03-04", RELEASE, child=of_whom)
            case "s":
                made = entry(position, "protection-screening-recorded", "2022-03-04", SCREENING, child=of_whom)
            case "n":
                made = notice(position, draw(st.sampled_from(RECEIVERS)), [at], by="EOIR")
                made = made._replace(child=entries[at - 1].child)
            case "v":
                made = void(position, at, entries[at - 1].child)
            case "c":
                made = correction(position, at, reason="Y")._replace(child=entries[at - 1].child)
            case _:
                made = merge(position, *((CHILD, OTHER) if of_whom == CHILD else (OTHER, CHILD)))
        entries.append(made)
    return entries


@settings(max_examples=150, deadline=None)
@given(histories(), st.sets(st.integers(1, 12), max_size=2))
def test_what_is_told_does_not_depend_on_which_folds_are_in_memory(history: list[Entry], adopt_after: set[int]) -> None:
    """A role that was killed after every entry tells the same items in the same order as one that never was."""
    adoptions = [
        Adopted(position * 2, wider().model_copy(update={"version": number}), True)
        for number, position in enumerate(sorted(adopt_after), start=1)
    ]
    spread = [_moved(one) for one in history]
    assert never_in_memory(spread, [], whole=True) == kept_in_memory(spread, [])
    assert never_in_memory(spread, adoptions, whole=True) == kept_in_memory(spread, adoptions)


@settings(max_examples=150, deadline=None)
@given(histories(), st.sets(st.integers(1, 12), max_size=2))
def test_what_statements_do_not_speak_of_has_no_say_in_what_is_told(
    history: list[Entry], adopt_after: set[int]
) -> None:
    """Of a record that was never merged it is enough to read its statements back, and the entries that they name."""
    adoptions = [
        Adopted(position * 2, wider().model_copy(update={"version": number}), True)
        for number, position in enumerate(sorted(adopt_after), start=1)
    ]
    spread = [_moved(one) for one in history]
    assert never_in_memory(spread, adoptions, whole=False) == kept_in_memory(spread, adoptions)


def _moved(one: Entry) -> Entry:
    """Return an entry at an odd position, so that adoptions may stand between any two."""
    fact = one.fact
    new: dict[str, Any] = {}
    for member in ("corrects", "voids"):
        if member in one.recorded_fact:
            new[member] = one.recorded_fact[member] * 2 - 1
    if "positions" in one.recorded_fact:
        new["positions"] = tuple(at * 2 - 1 for at in one.recorded_fact["positions"])
    return one._replace(
        position=one.position * 2 - 1,
        fact=fact.model_copy(update=new),
        recorded_fact={**one.recorded_fact, **new},
    )
