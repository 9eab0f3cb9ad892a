"""Who still holds the old value of what was corrected: whoever knows the member of the entry, and not the new one."""

from typing import Any

import pytest

from ledger.times import write_clock
from projections.knowledge.moments import Item, Receipt
from readers.child.known_set import Viewpoint
from readers.corrections import CorrectionsAsked, checked, told
from readers.text.corrections_text import corrections_lines
from readers.unanswerable import WrongQuestionError
from tests.histories import ELM, OAK, Json, entry
from tests.knowledge_histories import at
from tests.unit.diverging import stated

RELEASE: Json = {"sponsor_category": "1", "address": ELM}
CORRECTION: Json = {"corrects": 1, "set": {"address": OAK, "sponsor_category": "2A"}, "reason": "moved"}


def made(position: int, *given: Any, **more: Any) -> Any:
    return entry(position, *given, **more)._replace(recorded_at=at(position), known_since=at(position))


ENTRIES = [
    made(1, "released-to-sponsor", "2022-03-04", RELEASE),
    made(2, "correction-issued", "2022-03-05", CORRECTION, agency="ORR"),
]


def held(
    items: list[Item], *further: Any, receipts: list[Receipt] | None = None, holder: str = "ledger", k: float = 60
) -> list[tuple[str, list[str]]]:
    said = stated([*ENTRIES, *further], items, receipts or [])
    said = said._replace(moments=said.moments._replace(known_at=at(k)))
    row = told(said, ENTRIES[1], Viewpoint(holder, "any", 0))
    return [(one["agency"], one["members"]) for one in row["still_held_by"]]


def item(position: int, number: int, *withheld: str, to: Any = "ICE-ERO", when: float = 3) -> Item:
    return Item(to, position, number, at(when), withheld, ())


def test_who_was_told_of_the_entry_and_not_of_its_correction_holds_the_old_value() -> None:
    """The producer of the correction does not; nor does who was never told of the entry."""
    assert held([item(1, 1)]) == [("ICE-ERO", ["address", "sponsor_category"])]
    assert held([item(1, 1), item(2, 2)]) == []
    assert held([item(2, 1)]) == []
    assert held([item(1, 1, "sponsor_category")]) == [("ICE-ERO", ["address"])]


def test_a_new_value_that_is_withheld_leaves_the_old_one() -> None:
    """The correction is known, what it sets in one member is not."""
    assert held([item(1, 1), item(2, 2, "set.address")]) == [("ICE-ERO", ["address"])]


def test_by_an_earlier_moment_it_was_not_known_yet() -> None:
    """At K before the item of the correction was published the old value was held, afterwards not."""
    items = [item(1, 1), item(2, 2, when=9)]
    assert held(items, k=5) == [("ICE-ERO", ["address", "sponsor_category"])]
    assert held(items, k=9) == []


def test_a_group_knows_what_any_of_its_members_knows() -> None:
    """What OPLA was told, ICE knows; asked for an agency alone it is that one's knowledge."""
    items = [item(1, 1), item(2, 1, to="ICE-OPLA")]
    assert held(items, holder="ICE") == []
    assert held(items, holder="ICE-ERO") == [("ICE-ERO", ["address", "sponsor_category"])]


def test_nobody_holds_an_old_value_of_what_a_voided_correction_changed() -> None:
    """What it would have changed is what it was."""
    assert held([item(1, 1)], made(3, "entry-voided", "2022-03-06", {"voids": 2, "reason": "wrong"})) == []


def test_the_correction_of_a_correction_is_held_by_its_own_values() -> None:
    """Who knows the first correction, and not that of it, still holds what the first one set."""
    second = made(
        4, "correction-issued", "2022-03-07", {"corrects": 2, "set": {"address": ELM}, "reason": "r"}, agency="ORR"
    )
    said = stated([*ENTRIES, second], [item(1, 1), item(2, 2)])
    row = told(said, second, Viewpoint("ledger", "any", 0))
    assert [(one["agency"], one["members"]) for one in row["still_held_by"]] == [("ICE-ERO", ["address"])]


def test_the_text_names_who_holds_what() -> None:
    """With what was corrected, the new values and why; moments as they are used."""
    row = told(stated(ENTRIES, [item(1, 1)]), ENTRIES[1], Viewpoint("ledger", "any", 0))
    answer: Json = {
        "from": None,
        "to": write_clock(at(9)),
        "known_at": write_clock(at(9)),
        "recorded_by": write_clock(at(9)),
        "complete_to": write_clock(at(9)),
        "zone": "America/New_York",
        "clock": "wall",
        "basis": "any",
        "at_least": "told",
        "corrections": [row],
        "next": None,
    }
    lines = list(corrections_lines(answer))
    assert "    ICE-ERO still holds the old address, sponsor_category" in lines
    assert "    address is 7 Oak Ave, Newark, NJ 07102" in lines
    assert lines[-1] == "1 correction"


def test_what_cannot_be_asked_is_refused_by_name() -> None:
    """The ledger corrects nothing, and a page has an end."""
    for asked in (CorrectionsAsked(by=Viewpoint()), CorrectionsAsked(limit=0), CorrectionsAsked(limit=10_001)):
        with pytest.raises(WrongQuestionError):
            checked(asked)
