"""Whom identifiers name, after any history: the batch, the read tables and a recovery agree, wherever a batch ends."""

from typing import Any, Final
from uuid import UUID

from hypothesis import given, settings
from hypothesis import strategies as st

from ledger.agencies import Agency
from ledger.entry import Entry
from ledger.records.record import Record
from projections.rows.changes import Changes
from tests.histories import state_of
from tests.unit.batching import Intake

NAMES: Final = (("a-number", "A200000017"), ("orr-id", "1"), ("orr-id", "2"), ("fin", "3"), ("eoir-case", "4"))
_CHILD = st.lists(st.sampled_from(NAMES), min_size=1, max_size=3, unique=True)
_STEP = st.one_of(
    st.tuples(st.just("facts"), _CHILD, st.sampled_from(("CBP", "ORR", "USCIS"))),
    st.tuples(st.just("asserts"), _CHILD, st.sampled_from(NAMES)),
    st.tuples(st.just("voids"), st.integers(1, 12), st.just("STEWARD")),
    st.tuples(st.just("voids"), st.integers(1, 12), st.just("ORR")),
    st.tuples(st.just("joins"), _CHILD, st.sampled_from(NAMES)),
    st.tuples(st.just("parts"), _CHILD, st.sampled_from(NAMES)),
)
_FACTS: Final = {"CBP": "child-encountered", "ORR": "particulars-asserted", "USCIS": "relief-filed"}

Name = tuple[str, str]


def act(intake: Intake, step: tuple[str, Any, Any]) -> dict[str, Any]:
    """Send what a step says; return the outcome without its times."""
    match step:
        case ("facts", list(child), str(agency)):
            outcome = intake.tell(_agency(agency), _FACTS[agency], *child)
        case ("asserts", list(child), (scheme, value)):
            outcome = intake.tell("ORR", "identifier-asserted", *child, identifier={"scheme": scheme, "value": value})
        case ("voids", int(position), str(agency)):
            target = next((entry for entry in intake.entries if entry.position == position), None)
            named = ("ledger", str(target.child)) if target else NAMES[0]
            outcome = intake.tell(_agency(agency), "entry-voided", named, *_of(target), voids=position)
        case (word, list(child), (scheme, value)):
            name = "identity-merged" if word == "joins" else "identity-unmerged"
            outcome = intake.tell("STEWARD", name, *child, other={"scheme": scheme, "value": value})
        case _:
            raise AssertionError(step)
    return {key: value for key, value in outcome.items() if key != "recorded_at"}


def _agency(agency: str) -> Agency:
    return agency  # type: ignore[return-value]  # one of those above


def _of(target: Entry | None) -> tuple[Name, ...]:
    """Return the identifiers of an entry, as its sender repeats them in a void."""
    return () if target is None else tuple(name for name in target.identifiers if name[0] != "ledger")


def recovered(entries: list[Entry]) -> tuple[dict[Name, UUID], set[Name]]:
    """Return who carries which identifier, and which are free again, as a recovery works it out from the entries."""
    carriers: dict[Name, UUID] = {}
    free: set[Name] = set()
    for entry in entries:
        for name in entry.names():
            if name[0] != "ledger" and name not in free:
                carriers.setdefault(name, entry.child)
        for scheme, value, _ in entry.released:
            carriers.pop((scheme, value))
            free.add((scheme, value))
        for scheme, value, record in entry.attached:
            carriers[scheme, value] = record
            free.remove((scheme, value))
    return carriers, free


def in_tables(entries: list[Entry]) -> dict[Name, UUID]:
    """Return who carries which identifier by the rows of the read tables, written in any order."""
    changes = Changes()
    for entry in sorted(entries, key=lambda entry: -entry.position):
        changes.add_entry(entry, state_of(entry))
    turns: dict[tuple[str, str, int], tuple[int, UUID]] = {}
    for scheme, value, child, position, turn, _ in changes.identifiers:
        key = (scheme, value, turn)
        turns[key] = min(turns.get(key, (position, child)), (position, child))
    carriers: dict[Name, UUID] = {}
    for scheme, value, _ in sorted(turns, key=lambda key: key[2]):
        position, child = turns[scheme, value, _]
        ends = [row[3] for row in changes.released if row[:2] == (scheme, value)]
        ends += [turn for s, v, turn in turns if (s, v) == (scheme, value)]
        if all(end <= position for end in ends):
            assert (scheme, value) not in carriers
            carriers[scheme, value] = child
    return carriers


def anew(intake: Intake) -> None:
    """Forget all, and look it up again from the entries, as the next batch of another process would."""
    known = intake.known
    known.carriers, known.released = recovered(intake.entries)
    known.records = {}
    known.linked = {}
    for entry in intake.entries:
        known.records.setdefault(entry.child, Record(entry.child)).add(entry)
        if "other" in entry.resolved:
            known.link(entry.child, UUID(entry.resolved["other"]))


@settings(max_examples=75, deadline=None)
@given(st.lists(_STEP, min_size=3, max_size=14))
def test_all_sides_agree_on_whom_an_identifier_names(steps: list[tuple[str, Any, Any]]) -> None:
    """Attached, released, claimed by others, given back, in any order, with merges between: one answer everywhere."""
    together, apart = Intake(), Intake()
    for step in steps:
        assert act(together, step) == act(apart, step)
        anew(apart)
        carriers, free = recovered(together.entries)
        assert (together.known.carriers, together.known.released) == (carriers, free)
        assert in_tables(together.entries) == carriers
        for entry in together.entries:  # no record is lost from sight under the name that opened it
            if entry.version == 1:
                assert carriers[entry.identifiers[0]] == entry.child
