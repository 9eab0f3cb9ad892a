"""Which identifiers come to name a child by being sent beside hers, and which are too many to be one child's."""

from typing import Any

import pytest

from projections.rows.changes import Changes
from tests.histories import state_of
from tests.unit.batching import A, B, Intake

OTHERS = tuple(("a-number", f"A2000009{number:02}") for number in range(19))


def _codes(outcome: dict[str, Any]) -> list[str]:
    return [finding["code"] for finding in outcome["findings"]]


@pytest.mark.parametrize("known", [True, False])
def test_a_message_claims_no_second_a_number_for_a_child(known: bool) -> None:
    """Nineteen A-numbers beside hers name nobody, and a later child with one of them gets a record of her own."""
    intake = Intake()
    if known:
        intake.tell("CBP", "child-encountered", A)
    claimed = intake.tell("ORR", "particulars-asserted", A, *OTHERS)
    assert (claimed["status"], _codes(claimed)) == ("accepted", ["identifier-implausible"])
    assert "A200-000-918" in claimed["findings"][0]["message"]
    later = intake.tell("CBP", "child-encountered", OTHERS[3])
    assert later["child"] != claimed["child"]
    assert _codes(later) == []


def test_what_is_too_many_is_kept_as_sent_and_names_nobody_anywhere() -> None:
    """The entry keeps its words; no reader, live, rebuilt or recovered, takes them for the child's names."""
    intake = Intake()
    intake.tell("CBP", "child-encountered", A)
    intake.tell("ORR", "particulars-asserted", A, B, OTHERS[0])
    entry = intake.entries[-1]
    assert entry.identifiers == ((*A[:1], "200000017"), B, ("a-number", "200000900"))
    assert entry.names() == entry.identifiers[:2]
    changes = Changes()
    changes.add_entry(entry, state_of(entry))
    assert [row[:2] for row in changes.identifiers] == list(entry.names())


def test_identifiers_of_another_kind_join_without_a_word_and_further_ones_with_a_finding() -> None:
    """ORR's number beside the A-number is the usual thing; a second one says so, an eleventh names nobody."""
    intake = Intake()
    intake.tell("CBP", "child-encountered", A)
    assert _codes(intake.tell("ORR", "particulars-asserted", A, B)) == []
    assert _codes(intake.tell("ORR", "particulars-asserted", A, B)) == []
    many = [("orr-id", str(number)) for number in range(1, 10)]
    further = intake.tell("ORR", "particulars-asserted", A, *many)
    assert _codes(further) == ["identifier-attached"]
    assert "orr-id:9 " in further["findings"][0]["message"]
    assert _codes(intake.tell("ORR", "particulars-asserted", A, ("orr-id", "10"))) == ["identifier-implausible"]
    assert _codes(intake.tell("ORR", "particulars-asserted", ("orr-id", "9"))) == []


def test_a_second_a_number_is_carried_once_somebody_asserts_it() -> None:
    """Two A-files of one child are rare and real: the agency that knows says so as a fact of its own, three at most."""
    intake = Intake()
    child = intake.tell("CBP", "child-encountered", A)["child"]
    found = []
    for scheme, value in OTHERS[:3]:
        said = intake.tell("CBP", "identifier-asserted", A, identifier={"scheme": scheme, "value": value})
        found.append(_codes(said))
    assert found == [["identifier-attached"], ["identifier-attached"], ["identifier-implausible"]]
    assert intake.tell("CBP", "particulars-asserted", OTHERS[1])["child"] == child
    assert intake.tell("CBP", "child-encountered", OTHERS[2])["child"] != child


def test_an_identifier_of_another_record_counts_for_nothing() -> None:
    """A child first known by ORR's number, once sent with another child's A-number, still gets her own."""
    intake = Intake()
    intake.tell("CBP", "child-encountered", A)
    intake.tell("ORR", "particulars-asserted", B)
    assert _codes(intake.tell("ORR", "particulars-asserted", B, A)) == ["identifiers-disagree"]
    assert intake.entries[-1].names() == (B,)
    intake.known.carriers.pop(("a-number", "200000017"))  # another process, which has not looked it up
    assert _codes(intake.tell("ORR", "particulars-asserted", B, OTHERS[0])) == []
    hers = intake.tell("ORR", "particulars-asserted", B)["child"]
    assert intake.tell("CBP", "particulars-asserted", OTHERS[0])["child"] == hers
