"""Who is told what of a child's entries, in which order: given entries, then items."""

from collections.abc import Callable, Sequence
from typing import Any
from uuid import UUID

import pytest

from ledger.agencies import Agency
from ledger.entry import Entry
from ledger.facts.ledger_wide import RuleSet
from ledger.sharing.feed_fold import SharingRulebook, Telling, ToldItem
from ledger.sharing.rule_sets import Adopted, default_rules
from tests.costs import steps
from tests.histories import CHILD, ZONE, entry
from tests.unit.test_disclosing import HELD, RELEASE

OTHER = UUID("00000000-0000-7000-8000-000000000002")
THIRD = UUID("00000000-0000-7000-8000-000000000003")
RULES = SharingRulebook((), default_rules(), ZONE)
SCREENING: dict[str, Any] = {"trafficking": False, "credible_fear": False, "able_to_withdraw": True}


def fold(entries: Sequence[Entry], rulebook: SharingRulebook = RULES) -> tuple[Telling, list[ToldItem]]:
    telling = Telling()
    return telling, [item for one in entries for item in telling.take(one, rulebook.at(one))]


def items(entries: Sequence[Entry], rulebook: SharingRulebook = RULES) -> list[tuple[Agency, str, int]]:
    return [(item.agency, item.kind, item.entry.position) for item in fold(entries, rulebook)[1]]


def of(agency: Agency, told: Sequence[tuple[Agency, str, int]]) -> list[tuple[str, int]]:
    return [(kind, position) for to, kind, position in told if to == agency]


def correction(position: int, corrects: int, agency: Agency = "STEWARD", **sets: Any) -> Entry:
    return entry(position, "correction-issued", None, {"corrects": corrects, "set": sets, "reason": "r"}, agency=agency)


def notice(position: int, to: Agency, positions: Sequence[int], by: Agency = "ICE-OPLA") -> Entry:
    given = {"channel": "email", "given_at": "2022-03-05", "members": "all", "positions": list(positions), "to": to}
    return entry(position, "notice-given", "2022-03-05", given, agency=by)


def merge(position: int, child: UUID, other: UUID) -> Entry:
    said = {"other": {"scheme": "ledger", "value": str(other)}, "reason": "same child"}
    return entry(position, "identity-merged", None, said, agency="STEWARD", child=child, other=other)


def void(position: int, voids: int, child: UUID = CHILD) -> Entry:
    return entry(position, "entry-voided", None, {"voids": voids, "reason": "r"}, agency="STEWARD", child=child)


def hearing(position: int, child: UUID = CHILD) -> Entry:
    return entry(position, "hearing-held", "2022-03-04", HELD, child=child)


def test_nobody_gets_its_own_entries() -> None:
    """A release goes to those a rule grants it, ORR itself is not among them."""
    release = entry(1, "released-to-sponsor", "2022-03-04", RELEASE)
    assert [agency for agency, _, _ in items([release])] == ["ICE-ERO", "ICE-OPLA", "EOIR", "USCIS"]


def test_a_correction_goes_wherever_its_target_went_and_to_its_producer() -> None:
    """The steward's correction reaches ORR, whose entry it corrects, and nobody who was not told of the release."""
    told = items([entry(1, "released-to-sponsor", "2022-03-04", RELEASE), correction(2, 1, sponsor_id="sp-2")])
    assert [agency for agency, _, position in told if position == 2] == ["ICE-ERO", "ICE-OPLA", "ORR", "EOIR", "USCIS"]


def test_a_void_of_a_correction_goes_where_the_correction_went() -> None:
    """Through corrections of corrections and voids of voids, all who hold the one get the other."""
    told = items(
        [
            entry(1, "protection-screening-recorded", "2022-03-04", SCREENING),
            correction(2, 1, trafficking=True),
            void(3, 2),
        ]
    )
    assert of("ORR", told) == [("entry", 1), ("entry", 2), ("entry", 3)]
    assert of("CBP", told) == [("entry", 2), ("entry", 3)]
    assert of("ICE-ERO", told) == []


def test_whoever_is_given_notice_later_gets_the_corrections_right_behind_it() -> None:
    """USCIS was told of no hearing; the e-mail that tells it of one brings the correction of that hearing."""
    told = items([hearing(1), correction(2, 1, appearance="absent"), hearing(3), notice(4, "USCIS", [1])])
    assert of("USCIS", told) == [("supplement", 2)]


def test_a_notice_that_was_voided_brings_nothing_more() -> None:
    """Corrections of what an agency was told by mistake of the sender's log do not go to it."""
    told = items([hearing(1), notice(2, "USCIS", [1]), void(3, 2), correction(4, 1, appearance="absent")])
    assert of("USCIS", told) == []
    assert of("USCIS", items([hearing(1), notice(2, "USCIS", [1]), correction(4, 1, appearance="absent")])) == [
        ("entry", 4)
    ]


def test_a_notice_that_was_restored_brings_what_was_said_meanwhile() -> None:
    """While it was void, USCIS was not told of the correction; now that it stands again, USCIS holds the error."""
    told = items(
        [hearing(1), notice(2, "USCIS", [1]), void(3, 2), correction(4, 1, appearance="absent"), void(5, 3)],
    )
    assert of("USCIS", told) == [("supplement", 4)]


def test_a_merge_goes_to_all_who_know_anything_of_either_record() -> None:
    """Also to those who know only of the other record, and to nobody who knows of neither."""
    first = entry(1, "protection-screening-recorded", "2022-03-04", SCREENING)
    told = items([first, hearing(2, OTHER), merge(3, CHILD, OTHER)])
    assert of("CBP", told) == [("entry", 3)]  # produced the screening
    assert of("ICE-ERO", told) == [("entry", 2), ("entry", 3)]
    assert of("USCIS", told) == []


def test_a_merge_of_a_merged_child_goes_to_those_who_know_any_part_of_her() -> None:
    """Whoever holds a part of the person must learn that yet another record is hers."""
    told = items([hearing(1, THIRD), merge(2, CHILD, THIRD), merge(3, CHILD, OTHER)])
    assert of("ORR", told) == [("entry", 1), ("entry", 2), ("entry", 3)]


def test_whoever_first_hears_of_a_merged_child_later_is_told_of_the_merge_right_behind() -> None:
    """Else it would go on seeing two children."""
    screening = entry(1, "protection-screening-recorded", "2022-03-04", SCREENING)
    told = items([screening, merge(2, CHILD, OTHER), hearing(3, OTHER)])
    assert of("ICE-ERO", told) == [("entry", 3), ("supplement", 2)]


def test_a_dispute_goes_where_the_disputed_entry_went() -> None:
    """It changes nothing, and is shown wherever the entry is shown."""
    disputed = entry(2, "entry-disputed", None, {"position": 1, "statement": "s", "by": "counsel"}, agency="STEWARD")
    told = items([hearing(1), disputed])
    assert of("ICE-ERO", told) == [("entry", 1), ("entry", 2)]
    assert of("USCIS", told) == []


def wider() -> RuleSet:
    """Return the default set with hearings told to USCIS and the sponsor to ICE-ERO."""
    given = default_rules().model_dump()
    uscis, ero = given["agencies"]["USCIS"], given["agencies"]["ICE-ERO"]
    uscis["untold"] = [fact for fact in uscis["untold"] if fact != "hearing-held"]
    uscis["told"] = [*uscis["told"], "hearing-held"]
    ero["withheld"] = [category for category in ero["withheld"] if category != "sponsor"]
    ero["allowed"] = [*ero["allowed"], "sponsor"]
    return RuleSet.model_validate({**given, "id": "wider"})


def test_a_set_adopted_with_backfill_adds_what_was_not_told_before_and_nothing_twice() -> None:
    """USCIS is told of the hearing and its correction; ICE-ERO gets the release again, for there is more in it."""
    entries = [
        hearing(1),
        entry(2, "released-to-sponsor", "2022-03-04", RELEASE),
        correction(3, 1, appearance="absent"),
    ]
    one = Adopted(4, wider(), True)
    telling, _ = fold(entries)
    added = [(item.agency, item.kind, item.entry.position) for item in telling.backfill(one, RULES)]
    assert added == [("USCIS", "supplement", 1), ("USCIS", "supplement", 3), ("ICE-ERO", "supplement", 2)]
    assert telling.backfill(one, RULES) == []
    again = Telling.of([*entries, hearing(5)], SharingRulebook((one,), default_rules(), ZONE))
    assert again.backfill(one._replace(position=6), RULES) == []


def test_a_set_tells_of_entries_of_its_days_only() -> None:
    """What was recorded before an agreement began is not told by it, backfill or not."""
    later = wider().model_copy(update={"effective_from": entry(9, "hearing-held", None, HELD).recorded_at.date()})
    later = later.model_copy(update={"effective_from": later.effective_from.replace(year=2099)})
    telling, _ = fold([hearing(1)])
    assert telling.backfill(Adopted(2, later, True), RULES) == []
    assert items([hearing(3)], SharingRulebook((Adopted(2, later, False),), default_rules(), ZONE)) == items(
        [hearing(3)]
    )
    assert ("USCIS", "entry", 3) in items(
        [hearing(3)], SharingRulebook((Adopted(2, wider(), False),), default_rules(), ZONE)
    )


def test_of_two_sets_adopted_the_later_one_is_in_force() -> None:
    """The steward takes a wider set back by adopting another; what was told stays told."""
    both = (Adopted(2, wider(), False), Adopted(4, default_rules(), False))
    told = items([hearing(1), hearing(3), hearing(5)], SharingRulebook(both, default_rules(), ZONE))
    assert of("USCIS", told) == [("entry", 3)]


def test_statements_about_statements_catch_up_with_them() -> None:
    """One pass is not enough: a merge told later is an entry of a record that an earlier merge had joined."""
    entries = [
        entry(1, "protection-screening-recorded", "2022-03-04", SCREENING),
        merge(2, CHILD, OTHER),
        entry(3, "protection-screening-recorded", "2022-03-04", SCREENING, child=THIRD),
        merge(4, CHILD, THIRD),
        hearing(5, OTHER),
    ]
    assert of("USCIS", items([*entries, notice(6, "USCIS", [3])])) == [("supplement", 4), ("supplement", 2)]


def cost(make: Callable[[int], Entry], count: int) -> int:
    """Return what taking so many statements about one hearing costs."""
    entries = [make(position) for position in range(2, count + 2)]
    telling, _ = fold([hearing(1)])
    return steps(lambda: [telling.take(one, RULES.at(one)) for one in entries])


@pytest.mark.parametrize(
    "make",
    [
        lambda position: correction(position, 1, appearance="absent"),
        lambda position: void(position, 1),
        lambda position: notice(position, "USCIS", [1]),
        lambda position: void(position, 1) if position % 2 else notice(position, "USCIS", [1]),
        lambda position: hearing(position) if position % 2 else correction(position, 1, appearance="absent"),
    ],
    ids=["corrections", "voids", "notices", "voids and notices", "corrections and hearings"],
)
def test_a_statement_costs_what_it_brings_however_many_there_were_before(make: Callable[[int], Entry]) -> None:
    """An agency may send tens of thousands about one child: the feeds of all others must not wait for them."""
    assert cost(make, 240) < 2.3 * cost(make, 120)
