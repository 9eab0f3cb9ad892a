"""What knowledge.md says that surprises, sentence by sentence: small histories, asked as the readers ask.

Each was seen to fail with the code that makes it true taken out.
"""

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from ledger.agencies import Agency
from ledger.entry import Entry
from projections.knowledge.moments import GRADES, Item, Receipt
from readers.moments import MomentsAsked, settle
from tests.histories import CITY_ONLY, ELM, OAK, ZONE, Json, entry
from tests.knowing import END, Ledger, ask
from tests.knowledge_histories import CHILDREN, at
from tests.oracle.knowledge import Question

A, B, C = CHILDREN


def made(
    position: int,
    name: str,
    fact: Json,
    by: Agency | None = None,
    child: UUID = A,
    when: str | None = "2022-03-04",
    **more: Any,
) -> Entry:
    """Return an entry recorded at the time of its position, known to its producer since then."""
    one = entry(position, name, when, fact, agency=by, child=child, **more)
    return one._replace(recorded_at=at(position), known_since=at(position))


def released(position: int, address: Json = ELM, **more: Any) -> Entry:
    return made(position, "released-to-sponsor", {"sponsor_category": "1", "address": address}, **more)


def admitted(position: int, program: str = "Casa", **more: Any) -> Entry:
    return made(position, "admitted-to-program", {"program": program}, **more)


def correction(position: int, corrects: int, by: Agency = "ORR", **sets: Any) -> Entry:
    return made(
        position, "correction-issued", {"corrects": corrects, "set": sets, "reason": "r"}, by, when="2022-12-31"
    )


def void(position: int, voids: int, by: Agency = "ORR", child: UUID = A) -> Entry:
    return made(position, "entry-voided", {"voids": voids, "reason": "r"}, by, child, when="2022-12-31")


def merge(position: int, child: UUID, other: UUID) -> Entry:
    fact = {"other": {"scheme": "ledger", "value": str(other)}, "reason": "r"}
    return made(position, "identity-merged", fact, child=child, other=other)


def notice(
    position: int, to: Agency, *positions: int, by: Agency = "ORR", given: float | str = 0.0, members: Any = "all"
) -> Entry:
    when = given if isinstance(given, str) else at(given).isoformat()
    fact = {"to": to, "positions": positions, "channel": "email", "given_at": when, "members": members}
    return made(position, "notice-given", fact, by)


def item(
    position: int, number: int = 1, at_: float = 1.5, to: Agency = "ICE-ERO", withheld: Sequence[str] = ()
) -> Item:
    return Item(to, position, number, at(at_), withheld, ())


def receipt(
    position: float, number: int = 1, claim: float | None = None, grade: str = "delivered", by: Agency = "ICE-ERO"
) -> Receipt:
    return Receipt(by, number, GRADES.index(grade), None if claim is None else at(claim), at(position), int(position))


def view(
    entries: Sequence[Entry],
    items: Sequence[Item] = (),
    receipts: Sequence[Receipt] = (),
    *,
    viewer: str = "ICE-ERO",
    child: UUID = A,
    k: float = 60,
    r: float = 60,
    h: datetime = END,
    basis: str = "any",
    grade: str = "told",
) -> Json | None:
    return ask(Ledger(entries, items, receipts), Question(child, viewer, at(k), h, at(r), basis, grade))


def seen(*args: Any, **more: Any) -> Json:
    answer = view(*args, **more)
    assert answer is not None
    return answer


def shown(answer: Json, position: int) -> Json:
    return next(one for one in answer["entries"] if one["position"] == position)


def positions(answer: Json | None) -> list[int]:
    return [] if answer is None else [one["position"] for one in answer["entries"]]


def test_k_later_than_r_is_answered_as_k_at_r() -> None:
    """And R is cut to the settled moment, to which K defaults; H to the end of K's civil day."""
    moments = settle(MomentsAsked(known_at=at(9), recorded_by=at(3)), complete_to=at(5), zone=ZONE)
    assert (moments.known_at, moments.recorded_by) == (at(3), at(3))
    moments = settle(MomentsAsked(recorded_by=at(9)), complete_to=at(5), zone=ZONE)
    assert (moments.known_at, moments.recorded_by) == (at(5), at(5))
    assert moments.happened_by.isoformat() == "2023-01-03T04:59:59.999999+00:00"
    ahead = [released(1), notice(2, "USCIS", 1, given=6)]
    assert positions(view(ahead, viewer="USCIS", k=9, r=5)) == []
    assert positions(view(ahead, viewer="USCIS", k=6, r=6)) == [1]


def test_a_date_stands_for_its_last_instant_and_an_unknown_time_passes_every_h() -> None:
    """Given notice "on 2 January" USCIS knew it from the end of that day in the civil zone."""
    entries = [released(1, when=None), admitted(2, when="2022-03-13"), notice(3, "USCIS", 1, 2, given="2023-01-02")]
    end = datetime.fromisoformat("2023-01-03T04:59:59.999999+00:00")
    asked = Question(A, "USCIS", end, END, END, "any", "told")
    ledger = Ledger(entries, (), ())
    assert positions(ask(ledger, asked)) == [1, 2]
    assert ask(ledger, asked._replace(known_at=end - timedelta(microseconds=1))) is None
    midnight = datetime.fromisoformat("2022-03-14T03:59:59.999999+00:00")  # 13 March was an hour shorter
    assert positions(ask(ledger, asked._replace(happened_by=midnight))) == [1, 2]
    assert positions(ask(ledger, asked._replace(happened_by=midnight - timedelta(microseconds=1)))) == [1]


def test_a_correction_made_later_acts_on_what_had_happened_by_march_2022() -> None:
    """Statements ignore H: the release of 4 March is read as it is known today."""
    entries = [released(1), correction(2, 1, address=OAK)]
    answer = seen(entries, viewer="ORR", h=datetime.fromisoformat("2022-03-05T12:00:00+00:00"))
    assert positions(answer) == [1, 2]
    assert answer["whereabouts"]["residence"] == OAK


def test_a_correction_acts_only_once_it_is_known_and_needs_its_target() -> None:
    """Before that the agency goes on holding the wrong fact; without the target there is nothing to correct."""
    entries = [released(1), correction(2, 1, address=OAK)]
    both = [item(1), item(2, 2, 2.5)]
    assert seen(entries, both, k=2)["whereabouts"]["residence"] == ELM
    assert seen(entries, both, k=3)["whereabouts"]["residence"] == OAK
    alone = seen(entries, both[1:])
    assert positions(alone) == [2]
    assert alone["whereabouts"]["residence"] is None


def test_a_correction_of_a_correction_that_is_not_known_acts_on_nothing() -> None:
    """It amends that one in its place; whoever does not hold that one holds no place for it."""
    entries = [released(1), correction(2, 1, address=OAK), correction(3, 2, address=CITY_ONLY)]
    answer = seen(entries, [item(1), item(3, 2)])
    assert (answer["whereabouts"]["residence"], shown(answer, 1)["corrected_by"]) == (ELM, [])
    assert seen(entries, [item(1), item(2, 2), item(3, 3)])["whereabouts"]["residence"] == CITY_ONLY


def test_a_withheld_new_value_leaves_the_old_one() -> None:
    """That something was set is told by name; what, is not; the old value is what the agency goes on holding."""
    entries = [released(1), correction(2, 1, address=OAK, sponsor_category="2A")]
    answer = seen(entries, [item(1), item(2, 2, withheld=("set.address",))])
    assert shown(answer, 1)["fact"] == {"sponsor_category": "2A", "address": ELM}
    assert shown(answer, 1)["corrected_by"] == [2]
    assert (shown(answer, 2)["fact"]["set"], shown(answer, 2)["withheld"]) == (
        {"sponsor_category": "2A"},
        ["set.address"],
    )


def test_a_visible_new_value_reveals_a_member_that_was_withheld() -> None:
    """Also by a null: that the member is gone is known, so that it is no longer withheld."""
    entries = [released(1), correction(2, 1, sponsor_category="2A")]
    answer = seen(entries, [item(1, withheld=("sponsor_category",)), item(2, 2)])
    assert shown(answer, 1)["fact"] == {"sponsor_category": "2A", "address": ELM}
    assert shown(answer, 1)["withheld"] == []
    entries = [admitted(1), correction(2, 1, program=None)]
    answer = seen(entries, [item(1, withheld=("program",)), item(2, 2)])
    assert (shown(answer, 1)["fact"], shown(answer, 1)["withheld"]) == ({}, [])


def test_a_visible_correction_of_a_correction_reveals_the_new_value_that_was_withheld() -> None:
    """What the later one sets is what the earlier one sets now, and is withheld no longer."""
    entries = [released(1), correction(2, 1, address=OAK), correction(3, 2, address=CITY_ONLY)]
    answer = seen(entries, [item(1), item(2, 2, withheld=("set.address",)), item(3, 3)])
    assert shown(answer, 2)["fact"]["set"] == {"address": CITY_ONLY}
    assert shown(answer, 2)["withheld"] == []
    assert shown(answer, 1)["fact"]["address"] == CITY_ONLY


def test_a_new_time_is_never_withheld() -> None:
    """Whoever reads that an entry was corrected reads when it happened."""
    entries = [released(1), correction(2, 1, occurred_at="2022-05-01"), notice(3, "USCIS", 1)]
    entries.append(notice(4, "USCIS", 2, members=["corrects"]))
    assert shown(seen(entries, viewer="USCIS"), 1)["occurred_at"] == "2022-05-01"


def test_a_void_acts_only_once_it_is_known_and_the_void_of_a_void_restores() -> None:
    """A voided entry stays listed and leaves the fold; who was not told of the void goes on counting it."""
    entries = [admitted(1), void(2, 1), void(3, 2)]
    told = [item(1), item(2, 2, 2.5), item(3, 3, 3.5)]
    states = [seen(entries, told, k=k)["custody"]["state"] for k in (2, 3, 4)]
    assert states == ["orr-custody", "none", "orr-custody"]
    voided = shown(seen(entries, told, k=3), 1)
    assert voided["voided_by"] == [2]


def test_a_statement_of_which_the_target_is_not_known_acts_on_nothing() -> None:
    """A notice that listed the reason of a void told nobody what was voided."""
    entries = [admitted(1), void(2, 1), notice(3, "USCIS", 1), notice(4, "USCIS", 2, members=["reason"])]
    answer = seen(entries, viewer="USCIS")
    assert (answer["custody"]["state"], shown(answer, 2)["withheld"]) == ("orr-custody", ["voids"])


def test_of_a_correction_of_nobody_knows_what_only_the_values_known_are_shown() -> None:
    """A notice that listed one new value gave neither the others nor what they correct."""
    listed = notice(3, "USCIS", 2, members=["set.sponsor_category"])
    entries = [released(1), correction(2, 1, address=OAK, sponsor_category="2A"), listed]
    one = shown(seen(entries, viewer="USCIS"), 2)
    assert one["fact"] == {"set": {"sponsor_category": "2A"}}
    assert one["withheld"] == ["corrects", "reason", "set.address"]


def test_a_notice_that_lists_the_set_of_a_correction_told_all_its_new_values() -> None:
    """People list the members they see; a correction's is one, and holds the others."""
    listed = notice(3, "USCIS", 2, members=["corrects", "set"])
    entries = [released(1), correction(2, 1, address=OAK), listed, notice(4, "USCIS", 1)]
    answer = seen(entries, viewer="USCIS")
    assert answer["whereabouts"]["residence"] == OAK
    assert shown(answer, 2)["withheld"] == ["reason"]


def test_who_does_not_know_a_merge_sees_two_children() -> None:
    """And that is the answer; once told of it, there is one. Told without which record, there are still two."""
    entries = [admitted(1), admitted(2, "Other", child=B), merge(3, A, B)]
    items = [item(1), item(2, 2)]
    apart = seen(entries, items)
    assert (positions(apart), apart["records"]) == ([1], [str(A)])
    assert positions(seen(entries, items, child=B)) == [2]
    assert positions(seen(entries, [*items, item(3, 3)], child=B)) == [1, 2, 3]
    assert positions(seen(entries, [*items, item(3, 3, withheld=("other",))], child=B)) == [2]
    parted = [*entries, void(4, 3, "STEWARD")]
    assert positions(seen(parted, [*items, item(3, 3)])) == [1, 2, 3]
    assert positions(seen(parted, [*items, item(3, 3), item(4, 4)])) == [1, 3, 4]


def test_a_triangle_of_merges_with_one_side_unknown_is_one_child() -> None:
    """Records joined through a third one are one person, for an agency as for the ledger."""
    entries = [admitted(1), admitted(2, child=B), admitted(3, child=C), merge(4, A, B), merge(5, B, C), merge(6, C, A)]
    known = [item(p, p) for p in (1, 2, 3, 5, 6)]
    assert positions(seen(entries, known)) == [1, 2, 3, 5, 6]
    assert positions(seen(entries, known[:-1])) == [1]


def test_a_notice_that_was_voided_or_corrected_acts_as_such_for_everyone_by_r() -> None:
    """Whether the agency knows of the void plays no part; asked by an earlier R, the notice stands."""
    entries = [released(1), notice(2, "USCIS", 1, given=1.5), void(3, 2)]
    assert positions(view(entries, viewer="USCIS", r=2)) == [1]
    assert view(entries, viewer="USCIS", r=3) is None
    assert positions(view([*entries, void(4, 3)], viewer="USCIS", r=4)) == [1]
    moved = [*entries[:2], correction(3, 2, given_at=at(5).isoformat(), members=["address"])]
    assert view(moved, viewer="USCIS", k=3) is None
    assert shown(seen(moved, viewer="USCIS", k=5), 1)["fact"] == {"address": ELM}


def test_a_notice_proves_nothing_unless_the_recipient_records_it() -> None:
    """A sender's word makes it `told`, by claim alone; a party's own admission is acknowledged, and proof."""
    word, admission = notice(2, "USCIS", 1, given=1.5), notice(2, "USCIS", 1, given=1.5, by="USCIS")
    assert positions(view([released(1), word], viewer="USCIS")) == [1]
    assert view([released(1), word], viewer="USCIS", grade="delivered") is None
    assert view([released(1), word], viewer="USCIS", basis="proven") is None
    answer = seen([released(1), admission], viewer="USCIS", grade="acknowledged")
    assert shown(answer, 1)["known_at"] == "2023-01-01T22:30:00.000000Z"
    proven = seen([released(1), admission], viewer="USCIS", grade="acknowledged", basis="proven")
    assert shown(proven, 1)["known_at"] == "2023-01-02T02:00:00.000000Z"


def test_nobody_had_received_what_was_not_published_yet() -> None:
    """A receipt recorded before the publication, or at its very moment, covers nothing."""
    for published, known in ((1.5, [1]), (2, []), (2.5, [])):
        told = [item(1, at_=published)]
        assert positions(view([released(1)], told, [receipt(2)], grade="delivered")) == known


def test_a_claim_of_before_the_publication_counts_from_the_publication() -> None:
    """Nobody can have had it earlier; a claim later than the receipt itself adds nothing to it."""
    told = [item(1, at_=2)]
    early = shown(seen([released(1)], told, [receipt(4, claim=1)], grade="delivered"), 1)
    assert (early["known_at"], early["known_not_before"], early["how"]) == (_clock(2), _clock(2), "receipt")
    late = shown(seen([released(1)], told, [receipt(4, claim=5)], grade="delivered"), 1)
    assert (late["known_at"], late["known_not_before"]) == (_clock(4), _clock(2))


def test_between_publication_and_receipt_the_time_cannot_be_determined() -> None:
    """Both bounds are given; at the default grade nothing was known before the receipt."""
    told = [item(1, at_=2)]
    only = shown(seen([released(1)], told, [receipt(4)], grade="delivered"), 1)
    assert (only["known_not_before"], only["known_at"]) == (_clock(2), _clock(4))
    claimed = shown(seen([released(1)], told, [receipt(4, claim=3)], grade="delivered"), 1)
    assert (claimed["known_not_before"], claimed["known_at"]) == (_clock(3), _clock(3))
    assert view([released(1)], told, [receipt(4)], grade="delivered", k=3) is None
    assert positions(view([released(1)], told, [receipt(4)], grade="told", k=3)) == [1]


def test_a_higher_grade_includes_the_lower_ones_and_none_the_higher() -> None:
    """Opened counts as delivered, not as acknowledged."""
    told = [item(1)]
    for grade, known in (("told", [1]), ("delivered", [1]), ("opened", [1]), ("acknowledged", [])):
        assert positions(view([released(1)], told, [receipt(2, grade="opened")], grade=grade, k=60)) == known


def test_how_is_of_the_earliest_moment_then_of_the_higher_grade_then_of_the_lower_position() -> None:
    """Equal times: what was acknowledged goes before what was told."""
    entries = [released(1), notice(2, "ICE-ERO", 1, given=3), notice(4, "ICE-ERO", 1, given=3, by="ICE-ERO")]
    assert shown(seen(entries, [item(1, at_=3)]), 1)["how"] == "notice"
    assert shown(seen(entries[:2], [item(1, at_=3)]), 1)["how"] == "feed"
    told = [item(1, at_=1.5)]
    signed = [receipt(5, claim=3, grade="delivered"), receipt(6, claim=3, grade="opened")]
    assert shown(seen(entries[:1], told, signed, grade="delivered"), 1)["how"] == "receipt"


def test_a_group_knows_what_any_of_its_members_knows() -> None:
    """Members of a fact that ICE-ERO and ICE-OPLA know apart, ICE knows together; DHS is not ORR."""
    told = [item(1, withheld=("address",)), item(1, to="ICE-OPLA", withheld=("sponsor_category",))]
    assert shown(seen([released(1)], told, viewer="ICE"), 1)["withheld"] == []
    assert shown(seen([released(1)], told, viewer="DHS"), 1)["withheld"] == []
    assert shown(seen([released(1)], told, viewer="ICE-ERO"), 1)["withheld"] == ["address"]
    assert view([released(1)], [item(1, to="ORR")], viewer="DHS") is None


def test_the_ledger_knows_what_was_recorded_by_r_whatever_k() -> None:
    """K plays no part in its view."""
    assert positions(view([released(1), correction(2, 1, address=OAK)], viewer="ledger", k=0, r=2)) == [1, 2]


def test_a_fact_of_which_the_deciding_member_is_withheld_moves_nothing() -> None:
    """It is listed with what is withheld; custody stays what it was. What is decided by what is known, moves."""
    accepted = {"handoff_id": "h", "receiving_agency": "ORR", "receiving_facility": "Casa", "discrepancies": []}
    entries = [made(1, "handoff-accepted", accepted, "ORR"), released(2, when="2022-03-05")]
    hidden = seen(entries[:1], [item(1, withheld=("receiving_agency",))])
    assert (hidden["custody"]["state"], shown(hidden, 1)["withheld"]) == ("none", ["receiving_agency"])
    hidden = seen(entries[:1], [item(1, withheld=("receiving_facility",))])
    assert (hidden["custody"]["state"], hidden["custody"]["place"]) == ("orr-custody", None)
    left = seen(entries, [item(1), item(2, 2, withheld=("address",))])
    assert left["custody"]["state"] == "released-to-sponsor"
    assert (left["whereabouts"]["state"], left["whereabouts"]["residence"]) == ("unknown", None)


def test_a_correction_that_shows_the_deciding_member_lets_the_fact_move() -> None:
    """From then on what it decides is known, though it was withheld in the fact itself."""
    kind = made(1, "discharged-otherwise", {"kind": "age-out"}, "ORR")
    entries = [kind, correction(2, 1, kind="repatriated")]
    told = [item(1, withheld=("kind",)), item(2, 2)]
    assert seen(entries, told[:1])["custody"]["state"] == "none"
    assert seen(entries, told)["custody"]["state"] == "repatriated"


def test_a_letter_recorded_under_an_earlier_version_is_withheld_by_the_members_it_was_recorded_with() -> None:
    """The members its version did not have are neither known nor withheld, and the letter moves what it moves."""
    returned = {"piece": "NTA", "reason": "no such number"}
    entries = [released(1), made(2, "custody.mail-returned.v1", returned, "EOIR", when="2022-03-09")]
    answer = seen(entries, [item(1), item(2, 2, withheld=("piece",))])
    assert shown(answer, 2)["withheld"] == ["piece"]
    assert answer["whereabouts"]["state"] == "address-defective"
    named = [
        entries[0],
        made(2, "custody.mail-returned.v1", {**returned, "address_position": 1}, "EOIR", when="2022-03-09"),
    ]
    answer = seen(named, [item(1), item(2, 2, withheld=("address_position",))])
    assert answer["whereabouts"]["state"] == "reported"


def test_what_an_item_did_not_say_is_neither_known_nor_withheld() -> None:
    """Not even the name of a member that would say that relief is sought (8 USC 1367)."""
    held = {"hearing_id": "h", "court_case": "c", "appearance": "present", "adjournment_code": "7A"}
    one = shown(seen([made(1, "hearing-held", held)], [item(1)._replace(unsaid=("adjournment_code",))]), 1)
    assert (sorted(one["fact"]), one["withheld"]) == (["appearance", "court_case", "hearing_id"], [])


def test_a_dispute_is_shown_wherever_both_are_known_and_changes_nothing() -> None:
    """Who was not told of the dispute does not see the mark."""
    disputed = made(2, "entry-disputed", {"position": 1, "statement": "s", "by": "counsel"})
    told = [item(1), item(2, 2)]
    assert shown(seen([admitted(1), disputed], told), 1)["disputed_by"] == [2]
    assert shown(seen([admitted(1), disputed], told[:1]), 1)["disputed_by"] == []
    assert seen([admitted(1), disputed], told)["custody"]["state"] == "orr-custody"


def test_an_agency_knows_what_it_produced_since_when_it_says() -> None:
    """By claim since `known_since`, by proof since it was recorded; asked by an earlier R it had told nobody."""
    one = released(2)._replace(known_since=at(1))
    assert shown(seen([one], viewer="ORR", grade="acknowledged"), 2)["known_at"] == _clock(1)
    assert shown(seen([one], viewer="ORR", basis="proven"), 2)["known_at"] == _clock(2)
    assert positions(view([one], viewer="ORR", k=1.5)) == [2]
    assert view([one], viewer="ORR", r=1.5) is None


def _clock(position: float) -> str:
    return at(position).isoformat(timespec="microseconds").replace("+00:00", "Z")


def known_at(entries: Sequence[Entry], *more: Any, **asked: Any) -> str:
    """Return when the entry at position 2 was known."""
    return str(shown(seen(entries, *more, **asked), 2)["known_at"])


def test_nobody_claims_to_have_known_a_thing_before_it_happened() -> None:
    """By `known_since`, a notice or a receipt: such a claim counts from the first instant of the happening on."""
    happened = "2023-01-01T00:00:00-05:00"
    one = released(2, when=happened)._replace(known_since=at(-9999))
    assert known_at([one], viewer="ORR") == "2023-01-01T05:00:00.000000Z"
    assert known_at([one._replace(occurred_at=date(2023, 1, 1))], viewer="ORR") == "2023-01-01T05:00:00.000000Z"
    assert view([one], viewer="ORR", k=-1.1) is None
    assert known_at([one], viewer="ORR", basis="proven") == _clock(2)
    for viewer in ("USCIS", "ORR"):
        told = [one._replace(known_since=at(2)), notice(3, viewer, 2, given="1970-01-01", by="ORR")]
        assert known_at(told, viewer=viewer) == "2023-01-01T05:00:00.000000Z"
    late = released(2, when=at(4).isoformat())
    assert known_at([late], [item(2, at_=3)], [receipt(6, claim=2)], grade="delivered") == _clock(4)
    assert known_at([late], [item(2, at_=3)], [receipt(3.5, claim=2)], grade="delivered") == _clock(3.5)


def test_when_it_happened_is_what_was_held_by_r_whoever_has_heard_of_the_correction() -> None:
    """A correction of `occurred_at` moves what claims count as, once recorded; an unknown time bounds nothing."""
    one = released(2, when="2022-03-04")._replace(known_since=at(-3))
    told = notice(3, "USCIS", 2, given=-2)
    later = [one, told, correction(5, 2, occurred_at=at(1).isoformat())]
    for viewer, before in (("ORR", -3), ("USCIS", -2)):
        assert known_at(later, viewer=viewer, r=4) == _clock(before)
        assert known_at(later, viewer=viewer) == _clock(1)
        assert view(later, viewer=viewer, k=0) is None
        assert known_at([*later, void(6, 5)], viewer=viewer) == _clock(before)
        assert known_at([*later, correction(7, 5, occurred_at=None)], viewer=viewer) == _clock(before)


def test_a_service_of_nobody_knows_which_notice_leaves_open_whether_one_was_served() -> None:
    """Who is not told of which notice: of every notice it is unknown whether it was served, not that it was not."""
    issued = made(1, "nta-issued", {"nta_id": "n1", "has_time_and_place": True}, by="CBP")
    service = made(2, "nta-served", {"nta_id": "n1", "method": "mail", "served_on": ["child"]}, by="CBP")

    def is_served(*items: Item) -> Any:
        (proceeding,) = seen([issued, service], items)["proceedings"]
        return proceeding["served"]

    assert is_served(item(1)) is False
    assert is_served(item(1), item(2, 2, withheld=("nta_id",))) is None
    assert is_served(item(1), item(2, 2)) is True
    assert is_served(item(2, 2, withheld=("nta_id",))) is None


RELIEF = {"kind": "asylum", "receipt": "Z1", "jurisdiction": "USCIS"}


def test_a_notice_of_ones_own_widens_nothing_that_a_rule_withheld() -> None:
    """ICE-ERO says that it knows all of an entry: what its feed left out of it stays withheld, whatever it lists."""
    own = notice(2, "ICE-ERO", 1, by="ICE-ERO", given=-2)
    told = [item(1, withheld=("sponsor_category",))]
    one = shown(seen([released(1), own], told, grade="acknowledged"), 1)
    assert (sorted(one["fact"]), one["withheld"], one["known_at"]) == (["address"], ["sponsor_category"], _clock(-2))
    by_name = notice(2, "ICE-ERO", 1, by="ICE-ERO", members=["address", "sponsor_category"])
    assert shown(seen([released(1), by_name], told, grade="acknowledged"), 1)["withheld"] == ["sponsor_category"]
    others = notice(3, "ICE-ERO", 1, by="ORR", members=["sponsor_category"])
    assert shown(seen([released(1), own, others], told, grade="acknowledged"), 1)["withheld"] == []


def test_of_what_nobody_told_it_a_party_knows_that_there_is_an_entry_and_of_what_is_protected_not_even_that() -> None:
    """Positions can be guessed: a notice to oneself of another agency's entry shows nothing of it."""
    own = notice(2, "ICE-ERO", 1, by="ICE-ERO")
    incident = made(1, "significant-incident-reported", {"incident_id": "i", "kind": "assault", "reported_to": ["CPS"]})
    one = shown(seen([incident, own], grade="acknowledged"), 1)
    assert (one["fact"], one["withheld"]) == ({}, ["incident_id", "kind", "reported_to"])
    for hidden in (
        made(1, "relief-filed", RELIEF, by="USCIS"),
        made(1, "order-entered", {"court_case": "c", "decision": "relief-granted", "in_absentia": False}, by="EOIR"),
    ):
        assert positions(seen([hidden, own])) == [2]
        told = notice(3, "ICE-ERO", 1, by="STEWARD", members=["court_case", "kind"])
        assert len(shown(seen([hidden, own, told]), 1)["fact"]) == 1


def test_who_has_no_feed_or_recorded_it_itself_says_what_it_knew() -> None:
    """No rule withheld anything from the STEWARD, or from a producer of its own entry."""
    entries = [released(1), notice(2, "STEWARD", 1, by="STEWARD"), notice(3, "ORR", 1, by="ORR", given=-2)]
    assert shown(seen(entries, viewer="STEWARD"), 1)["withheld"] == []
    assert (shown(seen(entries, viewer="ORR"), 1)["withheld"], shown(seen(entries, viewer="ORR"), 1)["how"]) == (
        [],
        "notice",
    )
