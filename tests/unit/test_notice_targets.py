"""Which entries a row of a log of notices speaks of: one that can be meant, or none, with the ones there are."""

from datetime import date
from typing import Any

from custody.verbs.notice_targets import judge
from ledger.identifiers import Identifier
from ledger.times import When, parse_when
from producers.imports.notice_import import AlreadyTold
from producers.imports.notice_rows import NoticeRow
from projections.fold.amended import effective
from tests.unit.deciding import ZONE, Given, Sent, given, sent, void

REFERENCE = "log.csv 0123456789ab"
MISSED = "failure-to-appear-recorded"


def row(
    *positions: int, on: str | None = None, given_at: str = "2022-06-14", type: str = MISSED, to: Any = "ORR"
) -> NoticeRow:
    when: When = parse_when(given_at)
    day = None if on is None else date.fromisoformat(on)
    child = Identifier(scheme="a-number", value="200000017")
    named = None if positions else type
    return NoticeRow(2, child, to, positions, named, day, when, "email", "all", None, None, None)


def missed(at: str | None) -> Sent:
    return sent(MISSED, at=at)


def told(*positions: int, reference: str = REFERENCE, agency: Any = "ICE-OPLA") -> Sent:
    """Return the notice that `row` becomes."""
    source = {"document": "notice log", "reference": reference, "grade": "document"}
    members: dict[str, Any] = {"positions": list(positions), "given_at": "2022-06-14"}
    return sent("notice-given", agency=agency, at="2022-06-14", envelope={"source": source}, **members)


def judged(record: Given, one: NoticeRow) -> tuple[int, ...] | AlreadyTold | str:
    return judge(one, REFERENCE, effective(record.record.entries), "ICE-OPLA", ZONE)


def test_the_one_entry_of_a_type_is_the_one_that_was_told() -> None:
    """An e-mail says "she failed to appear"; nobody looks up a position to write it."""
    assert judged(given(sent("nta-issued"), missed("2022-06-09")), row()) == (2,)


def test_of_several_entries_the_day_tells_which() -> None:
    """Without it the row is left out, and the person sees what there is to choose from."""
    record = given(missed("2022-05-02"), missed("2022-06-09T09:00:00-05:00"))
    there = "position 1 (of 2022-05-02), position 2 (of 2022-06-09T09:00:00-05:00)"
    assert judged(record, row(on="2022-05-02")) == (1,)
    assert judged(record, row(on="2022-06-09")) == (2,)
    assert judged(record, row(on="2022-06-10")) == (
        f"column occurred_on: this child has no entry `{MISSED}` on 2022-06-10; of that type it has {there}; "
        "correct the row, or have the fact recorded first"
    )
    assert judged(record, row()) == (
        f"column type: 2 entries of this child can be meant by `{MISSED}`: {there}; "
        "name one in positions, or its day in occurred_on"
    )


def test_a_day_is_that_of_the_place_or_that_of_the_ledger() -> None:
    """Half past eleven in Houston is the next day in New York; whoever wrote the log may have been in either."""
    record = given(missed("2022-06-09T23:30:00-05:00"))
    assert judged(record, row(on="2022-06-09")) == judged(record, row(on="2022-06-10")) == (1,)


def test_an_entry_that_is_missing_is_said_to_be_missing() -> None:
    """The fact may not have come yet: the row waits for it, and is not attached to another entry."""
    assert judged(given(sent("nta-issued")), row()) == (
        f"column type: this child has no entry `{MISSED}`; it has none of that type; correct the row, or have the "
        "fact recorded first"
    )


def test_what_happened_after_the_notice_cannot_have_been_told_by_it() -> None:
    """Were the June entry missing, a notice of June would be put on the one of September, and ORR be said to know."""
    later = judged(given(missed("2022-09-01")), row())
    assert isinstance(later, str)
    assert "position 1 (of 2022-09-01, after the notice)" in later
    assert judged(given(missed("2022-09-01"), missed("2022-06-09")), row()) == (2,)
    assert judged(given(missed("2022-06-14T16:00:00-04:00")), row()) == (1,), "a day is given up to its end"
    assert isinstance(
        judged(given(missed("2022-06-14T16:00:00-04:00")), row(given_at="2022-06-14T10:00:00-04:00")), str
    )


def test_a_void_entry_is_told_only_by_its_position() -> None:
    """What should never have been recorded is not what a row means, unless it says so."""
    record = given(missed("2022-06-09"), void(1, "EOIR"))
    assert "position 1 (of 2022-06-09, void)" in str(judged(record, row()))
    assert judged(record, row(1)) == (1,)
    assert judged(given(missed("2022-06-09"), void(1, "EOIR"), missed("2022-06-09")), row()) == (3,)


def test_the_day_is_the_one_recorded_or_the_one_corrected() -> None:
    """Whoever wrote the log may have known either."""
    fix = sent("correction-issued", agency="EOIR", corrects=1, set={"occurred_at": "2022-06-08"})
    record = given(missed("2022-06-09"), fix)
    assert judged(record, row(on="2022-06-09")) == judged(record, row(on="2022-06-08")) == (1,)


def test_an_entry_of_unknown_time_can_be_meant_but_not_by_a_day() -> None:
    """It may have happened any day, also that one."""
    record = given(missed(None))
    assert judged(record, row()) == (1,)
    assert "position 1 (at an unknown time)" in str(judged(record, row(on="2022-06-09")))


def test_a_row_imported_before_keeps_the_entry_it_was_given_then() -> None:
    """The file is imported again after a second failure to appear was recorded: the row is still recognised."""
    first, second = missed("2022-06-09"), missed("2022-05-02")
    assert judged(given(first, told(1), second), row()) == (1,)
    assert judged(given(first, told(1), void(1, "EOIR"), second), row()) == (1,)
    assert isinstance(judged(given(first, told(1), second), row(to="EOIR")), str), "another notice is judged anew"


def test_a_notice_the_ledger_holds_from_another_file_is_not_given_twice() -> None:
    """A log that was corrected and imported again as a whole adds its corrected rows only."""
    record = given(missed("2022-06-09"), told(1, reference="log.csv ffffffffffff"))
    assert judged(record, row()) == judged(record, row(1)) == AlreadyTold(2, "log.csv ffffffffffff")
    assert judged(given(missed("2022-06-09"), told(1, reference="other", agency="ICE-ERO")), row()) == (1,)
    assert judged(given(missed("2022-06-09"), told(1, reference="other"), void(2, "ICE-OPLA")), row()) == (1,)
    assert judged(given(missed("2022-06-09"), missed("2022-05-02"), told(1, reference="other")), row(1, 2)) == (1, 2)


def test_a_notice_of_this_very_file_is_sent_again_to_be_recognised() -> None:
    """Its duplicate is the ledger's to see: the account of a repeated import shows every row as such."""
    assert judged(given(missed("2022-06-09"), told(1)), row(1)) == (1,)
    assert judged(given(missed("2022-06-09"), told(1, reference="other"), told(1)), row(1)) == (1,)
