"""What a void does to the identifiers its entry attached, and what the void of a void gives back."""

from typing import Any

import orjson
import pytest

from ledger.agencies import Agency
from projections.rows.changes import Changes
from tests.histories import state_of
from tests.unit.batching import A, B, Intake

WRONG = ("orr-id", "900")
LATER = ("eoir-case", "e-1")


def _codes(outcome: dict[str, Any]) -> list[str]:
    return [finding["code"] for finding in outcome["findings"]]


def _said(outcome: dict[str, Any], code: str) -> str:
    return next(str(finding["message"]) for finding in outcome["findings"] if finding["code"] == code)


def _void(intake: Intake, position: int, *child: tuple[str, str], agency: Agency = "STEWARD") -> dict[str, Any]:
    outcome = intake.tell(agency, "entry-voided", *child, voids=position)
    assert outcome["status"] == "accepted", outcome
    return outcome


@pytest.fixture
def intake() -> Intake:
    """Give a ledger with a child known by her A-number, to whom ORR attaches a number of another child."""
    intake = Intake()
    intake.tell("CBP", "child-encountered", A)
    intake.tell("ORR", "particulars-asserted", A, WRONG)
    return intake


@pytest.mark.parametrize("agency", ["ORR", "STEWARD"])
def test_a_void_releases_what_its_entry_attached(intake: Intake, agency: Agency) -> None:
    """The number names nobody from the void on, the finding says so, and the next message with it opens a record."""
    hers = intake.entries[0].child
    voided = _void(intake, 2, A, agency=agency)
    assert _codes(voided) == ["identifier-released"]
    assert "orr-id:900 names nobody from now on" in _said(voided, "identifier-released")
    assert intake.entries[-1].released == ((*WRONG, hers),)
    later = intake.tell("ORR", "particulars-asserted", WRONG)
    assert later["child"] != str(hers)
    assert intake.entries[-1].attached == ((*WRONG, intake.entries[-1].child),)
    assert intake.tell("CBP", "particulars-asserted", A)["child"] == str(hers)


def test_the_finding_names_what_came_in_under_the_wrong_identifier(intake: Intake) -> None:
    """Entries of the later child are named by position, with the record's ledger id, so that they can be voided."""
    hers = str(intake.entries[0].child)
    landed = intake.tell("EOIR", "address-reported", WRONG)
    assert landed["child"] == hers
    intake.tell("EOIR", "notice-given", WRONG, to="ORR", positions=[1])  # stays with what it is about
    said = _said(_void(intake, 2, A), "identifier-released")
    assert "stand on this record (3)" in said
    assert f"ledger:{hers}" in said
    undone = _void(intake, 3, ("ledger", hers), agency="EOIR")
    assert _codes(undone) == []
    again = intake.tell("EOIR", "address-reported", WRONG)
    assert again["child"] != hers


def test_a_released_identifier_may_join_another_record(intake: Intake) -> None:
    """The later child is known already: the number joins her record like any that nobody carries."""
    other = intake.tell("EOIR", "address-reported", LATER)["child"]
    _void(intake, 2, A)
    assert _codes(intake.tell("ORR", "particulars-asserted", LATER, WRONG)) == []
    assert intake.tell("ORR", "particulars-asserted", WRONG)["child"] == other


def test_a_void_releases_nothing_that_another_standing_entry_vouches_for(intake: Intake) -> None:
    """A second entry carries it beside her A-number; only when that is void, too, does the number leave her."""
    hers = intake.entries[0].child
    intake.tell("ORR", "particulars-asserted", A, WRONG)
    assert _codes(_void(intake, 2, A)) == []
    assert intake.entries[-1].released == ()
    assert intake.tell("ORR", "particulars-asserted", WRONG)["child"] == str(hers)
    assert _codes(_void(intake, 3, A)) == ["identifier-released"]


def test_an_entry_that_used_the_identifier_alone_vouches_for_nothing(intake: Intake) -> None:
    """Nor does one that carries two identifiers of which the record has one through the other only."""
    intake.tell("EOIR", "address-reported", WRONG, LATER)
    assert _codes(_void(intake, 2, A)) == ["identifier-released"]
    assert {name[:2] for name in intake.entries[-1].released} == {WRONG, LATER}


def test_statements_repeat_identifiers_and_vouch_for_nothing_by_it(intake: Intake) -> None:
    """Senders put the same identifiers into a correction, a notice and the void itself."""
    intake.tell("ORR", "correction-issued", A, WRONG, corrects=2, set={"name": "Eva"})
    intake.tell("ORR", "notice-given", WRONG, A, to="CBP", positions=[2])
    assert _codes(_void(intake, 2, WRONG, A, agency="ORR")) == ["identifier-released"]
    again = intake.tell("STEWARD", "entry-disputed", A, WRONG, position=2)
    assert _codes(again) == []
    assert intake.entries[-1].unattached == (WRONG,)
    assert intake.tell("ORR", "particulars-asserted", WRONG)["child"] != str(intake.entries[0].child)


def test_what_a_statement_itself_attached_is_released_with_it(intake: Intake) -> None:
    """A notice carries a case number nobody knew: it names her until the notice is void."""
    told = intake.tell("ORR", "notice-given", A, LATER, to="CBP", positions=[1])
    hers = told["child"]
    assert intake.tell("EOIR", "address-reported", LATER)["child"] == hers
    assert {name[:2] for name in intake.entries[-1].released} == set()
    assert _codes(_void(intake, told["position"], A, agency="ORR")) == ["identifier-released"]


def test_the_name_under_which_a_record_was_opened_stays(intake: Intake) -> None:
    """A record is never lost from sight: its first identifier goes on naming it when all its entries are void."""
    hers = intake.entries[0].child
    assert _codes(_void(intake, 1, A)) == []
    _void(intake, 2, A)
    assert intake.tell("CBP", "child-encountered", A)["child"] == str(hers)


def test_an_opening_entry_voided_to_be_sent_anew_tears_no_child_apart() -> None:
    """CBP gave the wrong A-number; ORR's entries tie her two other numbers: they go on naming her record."""
    intake = Intake()
    hers = intake.tell("CBP", "child-encountered", A, ("fin", "1"))["child"]
    intake.tell("ORR", "particulars-asserted", ("fin", "1"), B)
    assert _codes(_void(intake, 1, A, agency="CBP")) == []
    again = intake.tell("CBP", "child-encountered", ("fin", "1"), ("a-number", "A200000099"))
    assert again["child"] == hers
    assert intake.tell("ORR", "particulars-asserted", B)["child"] == hers


def test_what_was_tied_to_the_opening_name_by_a_void_entry_only_can_still_be_released() -> None:
    """A message under the opening name comes in after its entry was voided: the others are released all the same."""
    intake = Intake()
    hers = intake.tell("CBP", "child-encountered", A, ("fin", "1"))["child"]
    intake.tell("ORR", "particulars-asserted", ("fin", "1"), B)
    _void(intake, 1, A, agency="CBP")
    assert intake.tell("CBP", "child-encountered", A)["child"] == hers
    assert _codes(_void(intake, 2, A, agency="ORR")) == ["identifier-released"]
    assert [name[:2] for name in intake.entries[-1].released] == [("fin", "1"), B]


def test_a_record_opened_under_another_childs_number_is_left_to_that_child() -> None:
    """Its entries are voided and sent again: the other identifiers go with them, the number stays for its child."""
    intake = Intake()
    wrong = intake.tell("CBP", "child-encountered", A, ("fin", "1"))["child"]
    intake.tell("ORR", "particulars-asserted", ("fin", "1"), B)
    _void(intake, 1, A, agency="CBP")
    _void(intake, 2, B, agency="ORR")
    right = intake.tell("CBP", "child-encountered", ("a-number", "A200000099"), ("fin", "1"))["child"]
    assert intake.tell("ORR", "particulars-asserted", ("fin", "1"), B)["child"] == right != wrong
    assert intake.tell("CBP", "child-encountered", A)["child"] == wrong


def test_identifiers_beside_the_first_in_the_message_that_opens_a_record_are_released() -> None:
    """Numbers claimed in advance by a record's very first message are free when it is void."""
    intake = Intake()
    hers = intake.tell("ORR", "particulars-asserted", A, WRONG, LATER)["child"]
    assert _codes(_void(intake, 1, A)) == ["identifier-released"]
    assert intake.tell("ORR", "particulars-asserted", A)["child"] == hers
    assert intake.tell("ORR", "particulars-asserted", WRONG)["child"] != hers


def test_of_two_identifiers_only_the_one_nobody_else_vouches_for_is_released(intake: Intake) -> None:
    """The void of an entry that attached two leaves the other where it is, without a word."""
    both = intake.tell("ORR", "particulars-asserted", A, ("fin", "1"), ("fin", "2"))
    intake.tell("CBP", "particulars-asserted", A, ("fin", "1"))
    voided = _void(intake, both["position"], A)
    assert [name[:2] for name in intake.entries[-1].released] == [("fin", "2")]
    assert intake.entries[-1].attached == ()
    assert "fin:1" not in _said(voided, "identifier-released")


def test_what_was_released_is_tied_no_more_by_entries_of_before(intake: Intake) -> None:
    """A case number that came in under the wrong one is hers after all: the wrong one does not come back with it."""
    intake.tell("EOIR", "address-reported", WRONG, LATER)
    _void(intake, 2, A)
    other = intake.tell("ORR", "particulars-asserted", WRONG)["child"]
    hers = intake.tell("EOIR", "address-reported", A, LATER)
    _void(intake, hers["position"], A)
    assert _codes(_void(intake, intake.entries[-1].position, A)) == ["identifier-attached"]
    assert [name[:2] for name in intake.entries[-1].attached] == [LATER]
    assert intake.tell("ORR", "particulars-asserted", WRONG)["child"] == other


def test_a_void_of_an_asserted_identifier_releases_it() -> None:
    """A number asserted for the wrong child by a fact of its own is undone by the void of that fact."""
    intake = Intake()
    hers = intake.tell("CBP", "child-encountered", A)["child"]
    said = intake.tell("CBP", "identifier-asserted", A, identifier={"scheme": "fin", "value": "F-9"})
    assert intake.tell("CBP", "particulars-asserted", ("fin", "F-9"))["child"] == hers
    assert _codes(_void(intake, said["position"], A, agency="CBP")) == ["identifier-released"]
    assert intake.tell("CBP", "child-encountered", ("fin", "F-9"))["child"] != hers


def test_a_void_of_the_void_gives_the_identifier_back_if_it_is_free(intake: Intake) -> None:
    """It names her again, from then on, and the finding says so."""
    hers = intake.entries[0].child
    _void(intake, 2, A, WRONG)
    back = _void(intake, 3, A, WRONG)
    assert _codes(back) == ["identifier-attached"]
    assert intake.entries[-1].unattached == ()
    assert "names this child again" in _said(back, "identifier-attached")
    assert intake.entries[-1].attached == ((*WRONG, hers),)
    assert intake.tell("ORR", "particulars-asserted", WRONG)["child"] == str(hers)
    assert _codes(_void(intake, 4, A)) == ["identifier-released"]


def test_a_void_of_the_void_leaves_with_another_record_what_that_claimed(intake: Intake) -> None:
    """The later child has the number by then: it stays hers, with a finding."""
    _void(intake, 2, A)
    other = intake.tell("ORR", "particulars-asserted", WRONG)["child"]
    back = _void(intake, 3, A)
    assert _codes(back) == ["identifiers-disagree"]
    assert intake.entries[-1].attached == ()
    assert intake.tell("ORR", "particulars-asserted", WRONG)["child"] == other


def test_two_voids_need_two_undoings(intake: Intake) -> None:
    """The second void releases nothing more; the number comes back when the entry stands again."""
    assert _codes(_void(intake, 2, A)) == ["identifier-released"]
    assert _codes(_void(intake, 2, A)) == []
    assert _codes(_void(intake, 3, A)) == []
    assert _codes(_void(intake, 4, A)) == ["identifier-attached"]


def test_a_correction_releases_nothing(intake: Intake) -> None:
    """Identifiers are not members of a fact; what can be undone is undone by a void."""
    assert _codes(intake.tell("ORR", "correction-issued", A, corrects=2, set={"name": "Eva"})) == []
    assert intake.tell("ORR", "particulars-asserted", WRONG)["child"] == str(intake.entries[0].child)


def test_a_refused_void_releases_nothing(intake: Intake) -> None:
    """CBP may not void what ORR recorded."""
    assert intake.tell("CBP", "entry-voided", A, voids=2)["status"] == "refused"
    assert intake.tell("ORR", "particulars-asserted", WRONG)["child"] == str(intake.entries[0].child)


def test_an_unmerge_releases_nothing_and_a_void_on_one_side_does(intake: Intake) -> None:
    """A name attached while two records were one stays with the record under which it was filed."""
    other = intake.tell("EOIR", "address-reported", LATER)["child"]
    intake.tell("STEWARD", "identity-merged", A, other={"scheme": LATER[0], "value": LATER[1]})
    joined = intake.tell("EOIR", "address-reported", LATER, ("fin", "F-1"))
    assert joined["child"] == other
    assert _codes(intake.tell("STEWARD", "identity-unmerged", A, other={"scheme": LATER[0], "value": LATER[1]})) == []
    assert intake.tell("CBP", "particulars-asserted", ("fin", "F-1"))["child"] == other
    assert _codes(_void(intake, joined["position"], LATER)) == ["identifier-released"]
    assert intake.tell("CBP", "child-encountered", ("fin", "F-1"))["child"] not in {other, str(intake.entries[0].child)}


def test_within_one_person_a_name_goes_to_the_record_whose_entry_still_vouches(intake: Intake) -> None:
    """Two records are one by a merge, and the other one's entry carries the number, too: it names that one."""
    other = intake.tell("EOIR", "address-reported", LATER)["child"]
    intake.tell("STEWARD", "identity-merged", A, other={"scheme": LATER[0], "value": LATER[1]})
    assert _codes(intake.tell("ORR", "particulars-asserted", LATER, WRONG)) == []
    moved = _void(intake, 2, A)
    assert f"names record {other} of this person" in _said(moved, "identifier-released")
    intake.tell("STEWARD", "identity-unmerged", A, other={"scheme": LATER[0], "value": LATER[1]})
    assert intake.tell("ORR", "particulars-asserted", WRONG)["child"] == other


def test_a_released_name_counts_no_longer_towards_the_limit() -> None:
    """Three asserted A-numbers are the most; one released makes room for the right one."""
    intake = Intake()
    intake.tell("CBP", "child-encountered", A)
    numbers = [{"scheme": "a-number", "value": f"A20000090{n}"} for n in range(3)]
    first = intake.tell("CBP", "identifier-asserted", A, identifier=numbers[0])
    intake.tell("CBP", "identifier-asserted", A, identifier=numbers[1])
    assert "identifier-implausible" in _codes(intake.tell("CBP", "identifier-asserted", A, identifier=numbers[2]))
    _void(intake, first["position"], A)
    assert _codes(intake.tell("CBP", "identifier-asserted", A, identifier=numbers[2])) == ["identifier-attached"]


def test_who_voids_learns_nothing_of_protected_entries() -> None:
    """USCIS has filed for relief under the same number, which CBP must not know: CBP's void answers as without it."""
    answers = []
    for protected in (False, True):
        intake = Intake()
        intake.tell("CBP", "child-encountered", A)
        if protected:
            intake.tell("USCIS", "relief-filed", A, B)
        intake.tell("CBP", "identifier-asserted", A, identifier={"scheme": B[0], "value": B[1]})
        if protected:
            intake.tell("USCIS", "relief-filed", B, receipt="r2")
        position = 3 if protected else 2
        outcome = intake.tell("CBP", "entry-voided", A, voids=position)
        answers.append((outcome["version"], outcome["findings"]))
    assert answers[0] == answers[1]
    assert answers[0][1][0]["code"] == "identifier-released"


def test_who_voids_does_not_learn_that_something_protected_opened_the_record() -> None:
    """For CBP its own first entry opened it: the number that it sent first stays, as it does without the filing."""
    answers = []
    for protected in (False, True):
        intake = Intake()
        if protected:
            intake.tell("USCIS", "relief-filed", B, A)
        told = intake.tell("CBP", "child-encountered", A, ("fin", "1"))
        outcome = intake.tell("CBP", "entry-voided", A, voids=told["position"])
        answers.append(outcome["findings"])
    assert answers[0] == answers[1]
    assert "A200" not in answers[0][0]["message"]


def test_the_entry_of_a_void_that_releases_nothing_is_written_as_ever(intake: Intake) -> None:
    """Members `released` and `attached` stand only where there is something to say."""
    intake.tell("CBP", "uc-determination-made", A)
    _void(intake, 3, A)
    state = orjson.loads(intake.batch.rows.events[-1].state)
    assert not {"released", "attached"} & state.keys()
    _void(intake, 2, A)
    state = orjson.loads(intake.batch.rows.events[-1].state)
    assert state["released"] == [{"scheme": WRONG[0], "value": WRONG[1], "record": str(intake.entries[0].child)}]


def test_read_tables_get_a_row_of_each_release_and_of_each_turn(intake: Intake) -> None:
    """The same rows follow from the entries in any order, so that no batch and no rebuild sees others."""
    hers = intake.entries[0].child
    _void(intake, 2, A)
    other = intake.tell("ORR", "particulars-asserted", WRONG)
    changes = Changes()
    for entry in reversed(intake.entries):
        changes.add_entry(entry, state_of(entry))
    turns = sorted(row[2:5] for row in changes.identifiers if row[:2] == WRONG and row[4])
    assert [(str(child), position, turn) for child, position, turn in turns] == [(other["child"], 4, 4)]
    assert [row[:4] for row in changes.released] == [(*WRONG, hers, 3)]
