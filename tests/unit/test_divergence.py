"""Where two agencies held different things: what differed, who lacked which entry, and what closed the gap.

Broken by hand, one at a time, to see these tests fail: a void, a correction or a merge learned and not folded anew;
members told later forgotten; what is yet to happen, or a merge, left out of a supposition; first happened first;
statements not tried with their entry; withheld members not lacked, or not supposed; the lacked entry, the one that
closes alone, or the lacking side not looked at first; what is yet to happen not lacked by who knows nothing; neighbours
with other values made one; the last moment left out; nothing known differing from none; a notice and its case apart;
a release that does not bear on the residence.
"""

from datetime import timedelta
from typing import Any

from hypothesis import given, settings

from ledger.agencies import Agency
from ledger.entry import Entry
from ledger.times import parse_instant
from projections.fold.folding import Folding
from projections.fold.joined import joined
from projections.knowledge.history import History, ledger_moments
from projections.knowledge.members import NAMES, Cases, Nothing, bears_on, differ, values
from projections.knowledge.moments import TOLD, Item, Receipt
from readers.child.known_set import Viewpoint
from readers.text.diverge_text import diverge_lines
from tests.histories import CHILD, ELM, OAK, ZONE, histories
from tests.unit.diverging import compare, compared_as, member, said_at, stated
from tests.unit.test_divergence_laws import TWIN

RELEASE = {"sponsor_category": "1", "address": ELM}
PLACED = {"program": "Casa"}
ABSENT = {"kind": "runaway", "reported_to": ["LE"]}
FOUND = {"found_where": "X", "returned_to": "Casa"}
HEARING = {"hearing_id": "h1", "court_case": "c1", "court": "X", "scheduled_for": "2022-06-09"}


def day(month: int, number: int, hour: int = 12) -> str:
    return f"2022-{month:02}-{number:02}T{hour:02}:00:00Z"


def published(agency: Agency, one: Entry, number: int, at: str, withheld: tuple[str, ...] = ()) -> Item:
    return Item(agency, one.position, number, parse_instant(at), withheld, ())


def delivered(agency: Agency, number: int, at: str, position: int) -> Receipt:
    return Receipt(agency, number, 1, None, parse_instant(at), position)


def admitted() -> Entry:
    """Return an admission that ORR and ICE-ERO both hold before anything else: a notice of ICE-ERO's own says so."""
    return said_at(day(1, 11), None, 1, "admitted-to-program", day(1, 11, 8), PLACED)


def both_know(position: int, by: Agency, of: int) -> Entry:
    """Return the statement of an agency that it was told of an entry the day after the admission."""
    given = {"channel": "email", "given_at": day(1, 12), "members": "all", "positions": [of], "to": by}
    return said_at(day(1, 12, position), None, position, "notice-given", day(1, 12), given, agency=by)


def test_a_release_that_was_not_delivered_is_a_gap_until_the_receipt() -> None:
    """From when ORR knew to when ICE-ERO signed, with both values, the entry it lacked and what closed the gap."""
    release = said_at(day(3, 4, 20), day(3, 4, 19), 3, "released-to-sponsor", day(3, 4, 18), RELEASE)
    said = stated(
        [admitted(), both_know(2, "ICE-ERO", 1), release],
        [published("ICE-ERO", release, 3, day(3, 4, 21))],
        [delivered("ICE-ERO", 3, day(3, 5, 14), 9)],
    )
    answer = compare(said, "ICE-ERO", "ORR", since=day(2, 1))
    (gap,) = member(answer, "custody")
    assert (gap["a"], gap["b"]) == ("orr-custody", "released-to-sponsor")
    assert (gap["from"], gap["to"]) == ("2022-03-04T19:00:00.000000Z", "2022-03-05T14:00:00.000000Z")
    assert (gap["lacking"], gap["entries_alone_explain"]) == ("A", True)
    assert gap["entries"] == [
        {
            "position": 3,
            "type": "custody.released-to-sponsor.v1",
            "occurred_at": day(3, 4, 18),
            "recorded_at": "2022-03-04T20:00:00.000000Z",
            "producer": {"agency": "ORR"},
            "lacked_by": "A",
            "members": "all",
        }
    ]
    assert gap["closed_by"] == {
        "agency": "ICE-ERO",
        "at": "2022-03-05T14:00:00.000000Z",
        "not_before": "2022-03-04T21:00:00.000000Z",
        "how": "receipt",
        "basis": "proven",
        "number": 3,
        "position": 9,
        "of": 3,
    }
    whole = next(one for one in answer["members"] if one["member"] == "custody")
    assert (whole["proceeding"], whole["seconds"], whole["longest_seconds"]) == (None, 19 * 3600.0, 19 * 3600.0)
    assert member(answer, "residence")[0]["b"] == ELM
    told = compared_as(said, Viewpoint("ICE-ERO", "any", 0), Viewpoint("ORR", "any", 0), day(2, 1))
    assert member(told, "custody")[0]["to"] == "2022-03-04T21:00:00.000000Z"
    assert member(told, "custody")[0]["closed_by"]["how"] == "feed"


def test_a_gap_that_nothing_closed_is_open_and_counts_up_to_the_end() -> None:
    """Also where it is closed only later than the last moment asked about."""
    release = said_at(day(3, 4), None, 3, "released-to-sponsor", day(3, 4), RELEASE)
    said = stated(
        [admitted(), both_know(2, "ICE-ERO", 1), release],
        [published("ICE-ERO", release, 3, day(3, 4, 13))],
        [delivered("ICE-ERO", 3, day(3, 9), 9)],
    )
    answer = compare(said, "ICE-ERO", "ORR", since=day(3, 1), until=day(3, 7))
    (gap,) = member(answer, "custody")
    assert (gap["from"], gap["to"], gap["closed_by"]) == ("2022-03-04T12:00:00.000000Z", None, None)
    assert next(one for one in answer["members"] if one["member"] == "custody")["seconds"] == 3 * 86_400.0
    to_the_moment = compare(said, "ICE-ERO", "ORR", since=day(3, 1), until=day(3, 9))
    assert member(to_the_moment, "custody")[0]["closed_by"]["at"] == "2022-03-09T12:00:00.000000Z"
    cut = compare(said, "ICE-ERO", "ORR", since=day(3, 6), until=day(3, 10))
    (gap,) = member(cut, "custody")
    assert (gap["from"], gap["since"], gap["to"]) == (
        "2022-03-06T12:00:00.000000Z",
        "2022-03-04T12:00:00.000000Z",
        "2022-03-09T12:00:00.000000Z",
    )
    assert gap["entries"][0]["position"] == 3
    assert member(compare(said, "ICE-ERO", "ORR", since=day(3, 9)), "custody") == []


def test_knowing_nothing_of_the_child_is_a_value_of_its_own() -> None:
    """It differs from every value held; where the other one holds none either, there is nothing to differ on."""
    answer = compare(stated([admitted()]), "CBP", "ORR")
    (gap,) = member(answer, "custody")
    assert (gap["a"], gap["nothing_known"], gap["b"]) == ("nothing known", "A", "orr-custody")
    assert [one["member"] for one in answer["members"]] == [
        "custody",
        "legal-custodian",
        "physical-custodian",
        "place",
        "whereabouts",
    ]
    assert not differ(Nothing.KNOWN, None)
    assert differ(Nothing.KNOWN, "nothing known")
    screening = {"trafficking": False, "credible_fear": False, "able_to_withdraw": True}
    screened = said_at(day(1, 10), None, 1, "protection-screening-recorded", day(1, 10), screening)
    items, receipts = [published("ORR", screened, 1, day(1, 11))], [delivered("ORR", 1, day(1, 12), 2)]
    (gap,) = member(compare(stated([screened], items, receipts), "ORR", "CBP"), "custody")
    assert (gap["b"], [one["position"] for one in gap["entries"]]) == ("none", [1])
    assert (gap["to"], gap["closed_by"]["of"]) == ("2022-01-12T12:00:00.000000Z", 1)


def test_who_knows_of_a_thing_to_come_knows_of_the_child() -> None:
    """Its state is still none; who knows nothing lacks that very entry."""
    planned = said_at(day(3, 1), None, 1, "released-to-sponsor", day(3, 4), RELEASE)
    first, second = member(compare(stated([planned]), "CBP", "ORR"), "custody")
    assert (first["a"], first["b"], [one["position"] for one in first["entries"]]) == ("nothing known", "none", [1])
    assert (second["b"], second["from"]) == ("released-to-sponsor", "2022-03-04T12:00:00.000000Z")


def test_the_ledger_holds_an_entry_from_its_recording_on() -> None:
    """Before it the ledger was wrong, whoever knew better; a correction made later makes those wrong who lack it."""
    late = said_at(day(3, 20), day(3, 4), 2, "released-to-sponsor", day(3, 4), RELEASE)
    fix = {"corrects": 2, "set": {"address": OAK}, "reason": "mistyped"}
    corrected = said_at(day(4, 1), None, 3, "correction-issued", None, fix, agency="STEWARD")
    answer = compare(stated([admitted(), late, corrected]), "ORR", "ledger")
    (gap,) = member(answer, "custody")
    assert (gap["lacking"], gap["a"], gap["b"]) == ("B", "released-to-sponsor", "orr-custody")
    assert (gap["closed_by"]["agency"], gap["closed_by"]["how"], gap["closed_by"]["of"]) == ("ledger", "recorded", 2)
    assert gap["to"] == "2022-03-20T12:00:00.000000Z"
    wrong = member(answer, "residence")[-1]
    assert (wrong["a"], wrong["b"], wrong["lacking"], wrong["to"]) == (ELM, OAK, "A", None)
    assert [one["type"] for one in wrong["entries"]] == ["custody.correction-issued.v1"]


def test_of_two_absences_the_one_is_named_that_began_the_gap() -> None:
    """The first one, resolved since, would have given the same value, too."""
    later = [
        said_at(day(2, 1), None, 3, "absence-reported", day(2, 1), ABSENT),
        said_at(day(2, 2), None, 4, "absence-resolved", day(2, 2), FOUND),
        said_at(day(2, 3), None, 5, "absence-reported", day(2, 3), ABSENT),
    ]
    answer = compare(stated([admitted(), both_know(2, "ICE-ERO", 1), *later]), "ICE-ERO", "ORR", since=day(1, 20))
    first, second = member(answer, "custody")
    assert [one["position"] for one in first["entries"]] == [3]
    assert [one["position"] for one in second["entries"]] == [5]
    assert (first["closed_by"]["how"], first["closed_by"]["of"], first["closed_by"]["agency"]) == ("produced", 4, "ORR")


def test_a_void_known_to_one_side_only_leaves_the_other_one_wrong() -> None:
    """What is lacked is the void; whoever knows it does not lack the entry."""
    release = said_at(day(3, 4), None, 3, "released-to-sponsor", day(3, 4), RELEASE)
    void = said_at(day(3, 8), None, 5, "entry-voided", None, {"voids": 3, "reason": "wrong child"}, agency="ORR")
    entries = [admitted(), both_know(2, "ICE-ERO", 1), release, both_know(4, "ICE-ERO", 3), void]
    said = stated(entries, [published("ICE-ERO", void, 4, day(3, 8, 13))], [delivered("ICE-ERO", 4, day(3, 9), 9)])
    (gap,) = [one for one in member(compare(said, "ICE-ERO", "ORR"), "custody") if one["b"] == "orr-custody"][1:]
    assert (gap["a"], gap["lacking"]) == ("released-to-sponsor", "A")
    assert [one["position"] for one in gap["entries"]] == [5]
    assert (gap["closed_by"]["how"], gap["closed_by"]["of"]) == ("receipt", 5)


def test_a_member_that_is_withheld_is_lacked_by_name_for_ever() -> None:
    """The release is known to both and its address to one: the whereabouts differ, custody does not."""
    release = said_at(day(3, 4), None, 3, "released-to-sponsor", day(3, 4), RELEASE)
    said = stated(
        [admitted(), both_know(2, "ICE-ERO", 1), release],
        [published("ICE-ERO", release, 3, day(3, 4, 13), ("address", "relationship"))],
        [delivered("ICE-ERO", 3, day(3, 5), 9)],
    )
    answer = compare(said, "ICE-ERO", "ORR", since=day(2, 1))
    assert member(answer, "custody")[0]["to"] == "2022-03-05T12:00:00.000000Z"
    (gap,) = member(answer, "residence")
    assert (gap["a"], gap["b"], gap["to"]) == (None, ELM, None)
    withheld = member(compare(said, "ICE-ERO", "ORR", since=day(3, 6)), "whereabouts")[0]
    assert (withheld["a"], withheld["entries"][0]["members"]) == ("unknown", ["address"])
    assert withheld["entries_alone_explain"]


def test_a_member_that_was_withheld_and_is_told_later_closes_its_gap() -> None:
    """By phone, from another agency: the entry is the one known before, and the moment is that of the call."""
    release = said_at(day(3, 4), None, 3, "released-to-sponsor", day(3, 4), RELEASE)
    call = {"channel": "phone", "given_at": day(3, 8), "members": ["address"], "positions": [3], "to": "ICE-ERO"}
    called = said_at(day(3, 9), None, 5, "notice-given", day(3, 8), call, agency="ORR")
    said = stated(
        [admitted(), both_know(2, "ICE-ERO", 1), release, called],
        [published("ICE-ERO", release, 3, day(3, 4, 13), ("address",))],
        [delivered("ICE-ERO", 3, day(3, 5), 9)],
    )
    told = Viewpoint("ICE-ERO", at_least=TOLD)
    (gap,) = member(compared_as(said, told, Viewpoint("ORR"), since=day(2, 1)), "residence")
    assert gap["to"] == "2022-03-08T12:00:00.000000Z"
    closed = gap["closed_by"]
    assert (closed["how"], closed["basis"], closed["of"], closed["position"]) == ("notice", "claimed", 3, 5)


def test_a_proceeding_known_by_its_notice_and_by_its_case_is_one() -> None:
    """Who has not heard of the filing is compared with who has: that is one gap, not two proceedings."""
    issued = said_at(day(1, 10), None, 1, "nta-issued", day(1, 10), {"nta_id": "n1", "has_time_and_place": True})
    filed = said_at(day(1, 24), None, 2, "nta-filed", day(1, 24), {"nta_id": "n1", "court": "X", "court_case": "c1"})
    answer = compare(stated([issued, filed]), issued.producer.agency, "ledger")
    (one,) = [one for one in answer["members"] if one["member"] == "proceeding"]
    assert one["proceeding"] == {"court_case": "c1", "nta_id": "n1"}
    (gap,) = one["intervals"]
    assert (gap["a"], gap["b"], gap["from"]) == ("nta-issued", "nta-filed", "2022-01-24T12:00:00.000000Z")
    assert [entry["position"] for entry in gap["entries"]] == [2]
    second = said_at(day(1, 25), None, 3, "nta-filed", day(1, 25), {"nta_id": "n2", "court": "X", "court_case": "c1"})
    assert Cases.of([issued, filed, second]) == Cases({"n1": "c1"}, {"c1": "n1"})


def test_a_merge_that_one_side_does_not_know_of_is_what_it_lacked() -> None:
    """Both know the entry; only one of them knows whose it is."""
    other = said_at(day(2, 1), None, 2, "released-to-sponsor", day(2, 1), RELEASE, child=TWIN)
    same = {"other": {"scheme": "ledger", "value": str(TWIN)}, "reason": "same child"}
    merge = said_at(day(2, 10), None, 4, "identity-merged", None, same, agency="STEWARD", other=TWIN)
    known = both_know(3, "ICE-ERO", 2)._replace(child=TWIN, recorded_at=parse_instant(day(2, 2)))
    told = both_know(5, "ICE-ERO", 1)._replace(recorded_at=parse_instant(day(2, 11)))
    said = stated([admitted(), other, known, merge, told])
    gap = member(compare(said, "ICE-ERO", "ledger", since=day(2, 12)), "custody")[-1]
    assert (gap["a"], gap["b"], gap["lacking"]) == ("orr-custody", "released-to-sponsor", "A")
    assert [(one["position"], one["type"]) for one in gap["entries"]] == [(4, "custody.identity-merged.v1")]
    assert gap["entries_alone_explain"]


def test_a_day_counts_from_its_last_microsecond_in_the_civil_zone() -> None:
    """A hearing set on a day is held from the end of that day on, though it was known before noon."""
    set_on = said_at(day(1, 31), None, 2, "hearing-scheduled", "2022-01-31", HEARING)
    (gap,) = member(compare(stated([admitted(), set_on]), "ORR", "EOIR", since=day(1, 12)), "next-hearing", "c1")
    assert (gap["from"], gap["b"]) == ("2022-02-01T04:59:59.999999Z", "2022-06-09")


def test_what_both_knew_was_to_come_closes_a_gap_when_it_happens() -> None:
    """One side had the wrong day for a move: they differ from that day to the right one, and nobody was told."""
    move: dict[str, Any] = {"purpose": "residence", "address": OAK, "reported_via": "other"}
    moved = said_at(day(3, 1), None, 2, "address-reported", day(3, 1), {**move, "effective_from": day(3, 10)})
    fix = {"corrects": 2, "set": {"effective_from": day(3, 12)}, "reason": "a day late"}
    corrected = said_at(day(3, 2), None, 3, "correction-issued", None, fix, agency="ORR")
    moved = moved._replace(producer=admitted().producer)
    told, signed = published("ICE-ERO", moved, 1, day(3, 1, 13)), delivered("ICE-ERO", 1, day(3, 2), 4)
    said = stated([admitted(), moved, corrected], [told], [signed])
    (gap,) = member(compare(said, "ICE-ERO", "ORR"), "residence")
    assert (gap["from"], gap["to"]) == ("2022-03-10T12:00:00.000000Z", "2022-03-12T12:00:00.000000Z")
    assert [one["position"] for one in gap["entries"]] == [3]
    closed = gap["closed_by"]
    assert (closed["how"], closed["agency"], closed["of"], closed["number"]) == ("happened", None, 2, None)
    assert "closed by      position 2, which happened, or came into force," in "\n".join(
        diverge_lines(compare(said, "ICE-ERO", "ORR"))
    )


def test_what_was_corrected_before_it_came_into_force_comes_into_force_as_corrected() -> None:
    """A new address known since February, and put right since, is the right one from the day of the move on."""
    move = {"purpose": "residence", "address": OAK, "reported_via": "other", "effective_from": day(3, 10)}
    moved = said_at(day(2, 1), None, 2, "address-reported", day(2, 1), move)
    fix = {"corrects": 2, "set": {"address": ELM}, "reason": "another street"}
    corrected = said_at(day(2, 2), None, 3, "correction-issued", None, fix, agency="ORR")
    said = stated([admitted(), moved._replace(producer=admitted().producer), corrected])
    (gap,) = member(compare(said, "CBP", "ORR"), "residence")
    assert (gap["a"], gap["b"], gap["from"]) == ("nothing known", ELM, "2022-03-10T12:00:00.000000Z")


def test_an_entry_and_its_correction_are_lacked_together() -> None:
    """The release said one address and was put right: neither alone gives what the other side holds, and an older
    address that is lacked, too, has nothing to do with it."""
    older = {"purpose": "residence", "address": {"city": "Waco"}, "reported_via": "other"}
    reported = said_at(day(3, 9), day(3, 7), 3, "address-reported", day(3, 3), older)
    release = said_at(day(3, 9, 13), day(3, 7), 4, "released-to-sponsor", day(3, 4), RELEASE)
    fix = {"corrects": 4, "set": {"address": OAK}, "reason": "mistyped"}
    corrected = said_at(day(3, 9, 14), day(3, 7), 5, "correction-issued", None, fix, agency="ORR")
    entries = [admitted(), both_know(2, "ICE-ERO", 1), reported._replace(producer=release.producer), release, corrected]
    (gap,) = member(compare(stated(entries), "ICE-ERO", "ORR"), "residence")
    assert (gap["b"], [one["position"] for one in gap["entries"]], gap["lacking"]) == (OAK, [4, 5], "A")


def test_where_no_entry_alone_explains_a_gap_all_that_bear_on_it_are_named() -> None:
    """A hearing set and struck again leaves a case on the docket: whoever lacks both lacks the case. What bears on
    custody is not named."""
    held = said_at(day(2, 4), day(2, 3), 2, "hearing-scheduled", day(2, 1), HEARING)
    struck = said_at(day(2, 5), day(2, 3), 3, "hearing-cancelled", day(2, 2), {"hearing_id": "h1"})
    return_ = {"country": "GTM", "kind": "removal"}
    gone = said_at(day(2, 6), day(2, 3), 4, "departure-verified", day(2, 2), return_, agency="EOIR")
    (gap,) = member(
        compare(stated([admitted(), held, struck, gone]), "ORR", "EOIR", since=day(1, 20)), "proceeding", "c1"
    )
    assert (gap["a"], gap["b"], gap["lacking"], gap["entries_alone_explain"]) == (None, "docketed", "A", True)
    assert [one["position"] for one in gap["entries"]] == [2, 3]


def test_where_each_side_lacks_a_part_both_are_said_to_lack() -> None:
    """The hearing is known to the one, that it was struck to the other: told of either, they would still differ."""
    held = said_at(day(2, 2), None, 2, "hearing-scheduled", day(2, 1, 12), HEARING)
    struck = said_at(day(2, 1, 14), None, 3, "hearing-cancelled", day(2, 1, 13), {"hearing_id": "h1"})
    struck = struck._replace(producer=admitted().producer)
    (gap,) = member(compare(stated([admitted(), held, struck]), "ORR", "EOIR", since=day(1, 20)), "proceeding", "c1")
    assert (gap["a"], gap["b"], gap["lacking"], gap["entries_alone_explain"]) == (None, "hearing-set", "both", False)
    assert [(one["position"], one["lacked_by"]) for one in gap["entries"]] == [(2, "A"), (3, "B")]


def test_a_group_holds_what_any_of_its_members_does_and_the_one_that_learned_is_named() -> None:
    """ICE is told through ICE-OPLA; ICE-ERO itself is not."""
    release = said_at(day(3, 4), None, 3, "released-to-sponsor", day(3, 4), RELEASE)
    said = stated(
        [admitted(), both_know(2, "ICE-ERO", 1), release],
        [published("ICE-OPLA", release, 1, day(3, 4, 13))],
        [delivered("ICE-OPLA", 1, day(3, 5), 9)],
    )
    (gap,) = member(compare(said, "ORR", "ICE", since=day(2, 1)), "custody")
    assert (gap["lacking"], gap["closed_by"]["agency"]) == ("B", "ICE-OPLA")
    (within,) = member(compare(said, "ICE-ERO", "ICE", since=day(2, 1)), "custody")
    assert (within["from"], within["to"]) == ("2022-03-05T12:00:00.000000Z", None)


def test_of_several_entries_learned_at_once_the_one_that_closed_the_gap_is_named() -> None:
    """A receipt for a whole month of items: the moment of the release counts, not that of the incident after it."""
    release = said_at(day(3, 4), None, 3, "released-to-sponsor", day(3, 4), RELEASE)
    absent = said_at(day(3, 6), None, 4, "absence-reported", day(3, 6), ABSENT)
    again = said_at(day(3, 7), None, 5, "released-to-sponsor", day(3, 7), {**RELEASE, "address": OAK})
    items = [published("ICE-ERO", one, one.position, day(3, 7, 13)) for one in (release, absent, again)]
    signed = [delivered("ICE-ERO", one.position, day(3, 8), 9) for one in (release, absent, again)]
    said = stated([admitted(), both_know(2, "ICE-ERO", 1), release, absent, again], items, signed)
    last = member(compare(said, "ICE-ERO", "ORR", since=day(2, 1)), "residence")[-1]
    assert (last["b"], [one["position"] for one in last["entries"]], last["closed_by"]["of"]) == (OAK, [5], 5)


def test_a_gap_is_closed_by_the_entry_that_was_lacked_though_others_came_with_it() -> None:
    """The release recorded twice is learned twice at one moment: the one named as lacked is named again."""
    release = said_at(day(3, 4), None, 3, "released-to-sponsor", day(3, 4), RELEASE)
    twice = said_at(day(3, 5), None, 4, "released-to-sponsor", day(3, 5), RELEASE)
    items = [published("ICE-ERO", one, one.position, day(3, 7)) for one in (release, twice)]
    signed = [delivered("ICE-ERO", one.position, day(3, 8), 9) for one in (release, twice)]
    said = stated([admitted(), both_know(2, "ICE-ERO", 1), release, twice], items, signed)
    (gap,) = member(compare(said, "ICE-ERO", "ORR", since=day(2, 1)), "custody")
    assert ([one["position"] for one in gap["entries"]], gap["closed_by"]["of"]) == ([3], 3)


def test_a_gap_may_be_closed_by_another_entry_than_the_one_that_was_lacked() -> None:
    """ICE-ERO never hears of ORR's release; it learns of it from CBP, with a determination that moves nothing, at
    the very moment at which ORR learns of another one. What closed the gap is what made the values equal."""
    release = said_at(day(3, 4), None, 3, "released-to-sponsor", day(3, 4), RELEASE)
    by_cbp = said_at(day(3, 5), day(3, 8), 4, "released-to-sponsor", day(3, 5), RELEASE, agency="CBP")
    first, second = (
        said_at(day(3, 6, hour), None, hour, "uc-determination-made", day(3, 6), {"is_uc": True}, agency="CBP")
        for hour in (5, 6)
    )
    told = [("ICE-ERO", by_cbp), ("ICE-ERO", first), ("ORR", second)]
    items = [Item(to, one.position, one.position, parse_instant(day(3, 7)), (), ()) for to, one in told]  # type: ignore[arg-type]
    signed = [delivered(to, one.position, day(3, 8), 9) for to, one in told]  # type: ignore[arg-type]
    said = stated([admitted(), both_know(2, "ICE-ERO", 1), release, by_cbp, first, second], items, signed)
    (gap,) = member(compare(said, "ORR", "ICE-ERO", since=day(2, 1)), "custody")
    assert (gap["lacking"], [one["position"] for one in gap["entries"]]) == ("B", [3])
    assert (gap["closed_by"]["agency"], gap["closed_by"]["of"]) == ("ICE-ERO", 4)
    alone = stated(said.entries, [items[0], items[2]], [signed[0], signed[2]])
    (gap,) = member(compare(alone, "ORR", "ICE-ERO", since=day(2, 1)), "custody")
    assert (gap["closed_by"]["agency"], gap["closed_by"]["of"]) == ("ICE-ERO", 4)


@settings(max_examples=100, deadline=None)
@given(histories())
def test_an_entry_that_does_not_bear_on_a_member_moves_it_nowhere(entries: list[Entry]) -> None:
    """Left out, the member is what it was: so no entry that could explain a gap is passed over."""
    together = joined(entries)
    cases = Cases({}, {})
    whole = values(Folding.of(entries, ZONE).regions(), cases)
    assert whole is not None
    for name in NAMES:
        bearing = [one for one in entries if bears_on(name, together[one.position])]
        left = values(Folding.of(bearing, ZONE).regions(), cases)
        assert left is not None
        assert {m: v for m, v in whole.items() if m.name == name} == {m: v for m, v in left.items() if m.name == name}


@settings(max_examples=50, deadline=None)
@given(histories())
def test_supposing_what_is_known_already_changes_nothing(entries: list[Entry]) -> None:
    """And supposing to know nothing of any entry is to know nothing; here all is known before it happens."""
    entries = [one._replace(recorded_at=parse_instant(day(3, 1)) + timedelta(hours=one.position)) for one in entries]
    holding = History(CHILD, entries, ledger_moments(entries), zone=ZONE, basis="any", at_least=0)
    while (at := holding.next_change()) is not None:
        holding.move_to(at)
        assert holding.regions_if({}) == holding.regions()
        assert holding.regions_if(dict(holding.seen)) == holding.regions()
        assert holding.regions_if(dict.fromkeys(holding.seen)) is None
