"""Under which record a statement is filed, and what it goes on acting on when a merge is undone."""

from typing import Any, Final

import pytest

from ledger.sharing.belonging import about_person
from tests.unit.batching import A, B, Intake

STATEMENTS: Final[dict[str, tuple[Any, str, dict[str, Any]]]] = {
    "a correction": ("ORR", "correction-issued", {"corrects": 3, "set": {"relationship": "aunt"}}),
    "a void": ("ORR", "entry-voided", {"voids": 3}),
    "a dispute": ("STEWARD", "entry-disputed", {"position": 3}),
    "a resolution": ("ORR", "finding-resolved", {"position": 3, "code": "C5"}),
    "a notice": ("ORR", "notice-given", {"to": "EOIR", "positions": [3, 2]}),
}


def merged() -> Intake:
    """Return a ledger in which A (positions 1, 3) and B (2) are one person by a merge filed under B (4)."""
    intake = Intake()
    intake.tell("CBP", "child-encountered")
    intake.tell("CBP", "child-encountered", B)
    assert [f["code"] for f in intake.tell("ORR", "released-to-sponsor")["findings"]] == ["C5"]
    intake.tell("STEWARD", "identity-merged", B, other={"scheme": A[0], "value": A[1]})
    return intake


@pytest.mark.parametrize("what", STATEMENTS)
@pytest.mark.parametrize("names", [(A, B), (B, A), (B,), (A,)])
def test_a_statement_is_filed_under_the_record_of_its_first_target(
    what: str, names: tuple[tuple[str, str], ...]
) -> None:
    """Whichever identifier its sender puts first, a void of a release on A is an entry of A's record."""
    agency, name, fact = STATEMENTS[what]
    intake = merged()
    outcome = intake.tell(agency, name, *names, **fact)
    assert outcome["status"] == "accepted", outcome["refusal"]
    assert (outcome["child"], outcome["version"]) == (str(intake.entries[0].child), 3)


@pytest.mark.parametrize("what", ["a correction", "a void", "a dispute", "a resolution", "a notice"])
def test_a_statement_filed_elsewhere_is_part_of_what_later_ones_are_judged_by(what: str) -> None:
    """Older releases filed it under B: after the unmerge it stands on A's record, and can be voided from there."""
    agency, name, fact = STATEMENTS[what]
    intake = merged()
    intake.tell(agency, name, **fact)
    moved = intake.entries[-1]._replace(child=intake.entries[1].child)
    of_b = intake.known.records[moved.child]
    intake.known.records[intake.entries[0].child].entries.remove(intake.entries[-1])
    of_b.add(moved._replace(version=of_b.version + 1))
    intake.tell("STEWARD", "identity-unmerged", B, other={"scheme": A[0], "value": A[1]})
    voided = intake.tell(agency if agency != "STEWARD" else "STEWARD", "entry-voided", A, voids=moved.position)
    assert voided["status"] == "accepted", voided["refusal"]
    assert voided["child"] == str(moved.child), "a statement about it is filed with it"


def test_what_is_about_a_person_is_found_through_other_records() -> None:
    """A void in B of a correction in C of an entry of A is about A; what is about B alone is not."""
    intake = merged()
    intake.tell("ORR", "correction-issued", A, corrects=3, set={"relationship": "aunt"})
    intake.tell("ORR", "entry-voided", A, voids=5)
    intake.tell("CBP", "entry-voided", B, voids=2)
    a, b = intake.entries[0].child, intake.entries[1].child
    elsewhere = [e._replace(child=b) if e.position in (5, 6) else e for e in reversed(intake.entries)]
    assert [e.position for e in about_person(elsewhere, {a})] == [1, 3, 4, 5, 6]
    assert [e.position for e in about_person(elsewhere, {b})] == [2, 4, 5, 6, 7]
