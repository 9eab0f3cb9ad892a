"""What is told late is told as it would have been in time: a record that waits as a whole changes nobody's items."""

from collections.abc import Sequence
from uuid import UUID

from hypothesis import given, settings
from hypothesis import strategies as st

from ledger.agencies import RECEIVERS
from ledger.entry import Entry
from ledger.facts import IdentityMerged, IdentityUnmerged
from ledger.sharing.batches import NOTHING_PUBLISHED, Backfilled, Part, read_batch, write_batch
from ledger.sharing.feed_fold import SharingRulebook, Telling
from ledger.sharing.leaving_out import LeftOut, left_out
from ledger.sharing.rule_sets import Adopted, default_rules
from tests.histories import CHILD, ZONE, entry, state_of
from tests.unit.test_disclosing import HELD, ORDER, RELEASE
from tests.unit.test_telling import OTHER, RULES, THIRD, correction, hearing, items, merge, notice, void, wider
from tests.unit.test_telling_memory import Shown, _moved, histories, shown

Told = dict[tuple[int, int], list[Shown]]
"""By trigger: what was told."""


def group_of(child: UUID, entries: Sequence[Entry]) -> set[UUID]:
    """Return all records that merges among these entries ever joined to one."""
    group, before = {child}, set[UUID]()
    while group != before:
        before = set(group)
        for one in entries:
            if isinstance(one.fact, IdentityMerged | IdentityUnmerged):
                both = {one.child, UUID(one.resolved["other"])}
                group |= both if both & group else set()
    return group


def in_time(entries: Sequence[Entry], adoptions: Sequence[Adopted]) -> Told:
    """Tell every entry when its turn comes."""
    return _tell(entries, adoptions, blocked_at=0, until=0)


def _tell(entries: Sequence[Entry], adoptions: Sequence[Adopted], *, blocked_at: int, until: int) -> Told:
    """Tell entries, the record of the one at `blocked_at` waiting from there until the position `until` was told."""
    rulebook = SharingRulebook(adoptions, default_rules(), ZONE)
    telling, told, waiting, waits = Telling(), Told(), list[tuple[int, int]](), set[UUID]()
    by_position = {one.position: one for one in entries}

    def take(trigger: tuple[int, int]) -> None:
        adopted, position = trigger
        one = by_position[position]
        if adopted == position:
            told[trigger] = shown(telling.take(one, rulebook.at(one)))
        else:
            by_set = next(each for each in adoptions if each.position == adopted)
            told[trigger] = shown(telling.backfill_entry(position, by_set, rulebook))

    turns = [*((one.position, one.position) for one in entries)]
    turns += [(a.position, one.position) for a in adoptions for one in entries if one.position < a.position]
    for turn in sorted(turns):
        one = by_position[turn[1]]
        if turn[0] > until and waiting:
            for late in waiting:
                take(late)
            waiting, waits = [], set()
        joined = group_of(one.child, [each for each in entries if each.position <= turn[0]])
        if turn == (blocked_at, blocked_at) or joined & waits:
            waits.add(one.child)
            waiting.append(turn)
        else:
            take(turn)
    for late in waiting:
        take(late)
    return told


@settings(max_examples=150, deadline=None)
@given(histories(), st.sets(st.integers(1, 12), max_size=2), st.data())
def test_what_waited_is_told_as_it_would_have_been_in_time(
    history: list[Entry], adopt_after: set[int], data: st.DataObject
) -> None:
    """Every entry, and all that a set adds, comes to the same items, whoever's entries were told meanwhile."""
    adoptions = [
        Adopted(position * 2, wider().model_copy(update={"version": number}), True)
        for number, position in enumerate(sorted(adopt_after), start=1)
    ]
    spread = [_moved(one) for one in history]
    blocked_at = data.draw(st.sampled_from([one.position for one in spread]))
    until = data.draw(st.integers(blocked_at, 26))
    late = _tell(spread, adoptions, blocked_at=blocked_at, until=until)
    assert late == in_time(spread, adoptions)


def without(entries: Sequence[Entry], position: int) -> list[tuple[str, str, int]]:
    """Tell entries, the one at `position` left out."""
    telling, told = Telling(), list[tuple[str, str, int]]()
    for one in entries:
        if one.position == position:
            telling.leave_out(left_out(position, one.child, state_of(one)))
        else:
            told += [(item.agency, item.kind, item.entry.position) for item in telling.take(one, RULES.at(one))]
    return told


def test_the_void_of_what_was_left_out_goes_to_its_producer_alone() -> None:
    """Nobody else ever had it; EOIR, which recorded the hearing, is not left holding it."""
    history = [hearing(1), void(2, 1)]
    assert ("ORR", "entry", 2) in items(history)
    assert without(history, 1) == [("EOIR", "entry", 2)]


def test_whoever_had_notice_of_what_was_left_out_gets_its_void() -> None:
    """An e-mail told USCIS of it before anybody knew that the feeds could not."""
    assert ("USCIS", "entry", 3) in without([hearing(1), notice(2, "USCIS", [1]), void(3, 1)], 1)


def test_what_is_said_of_an_entry_left_out_names_it_and_no_more() -> None:
    """Nobody can say that it is not protected: only which entry a statement is about is told."""
    release = entry(1, "released-to-sponsor", "2022-03-04", RELEASE)
    telling = Telling()
    telling.leave_out(left_out(1, release.child, state_of(release)))
    amended = correction(2, 1, sponsor_id="sp-2")
    [told] = telling.take(amended, RULES.at(amended))
    assert (told.agency, dict(told.disclosure.fact)) == ("ORR", {"corrects": 1, "set": {}})
    assert set(told.disclosure.withheld) == {"reason", "set.sponsor_id"}


def test_a_member_that_cannot_be_told_is_named_and_the_others_are_told() -> None:
    """What the rules withhold anyhow is named once; a set adopted later does not tell the member either."""
    release = entry(1, "released-to-sponsor", "2022-03-04", RELEASE)
    telling = Telling()
    telling.tell_without(1, frozenset(("address", "sponsor_id")))
    told = {item.agency: item.disclosure for item in telling.take(release, RULES.at(release))}
    assert (dict(told["ICE-ERO"].fact), told["ICE-ERO"].unsaid) == ({}, ())
    assert sorted(told["ICE-ERO"].withheld) == ["address", "relationship", "sponsor_category", "sponsor_id"]
    added = telling.backfill_entry(1, Adopted(2, wider(), True), RULES)
    assert all({"address", "sponsor_id"} <= set(item.disclosure.withheld) for item in added)
    assert added


def test_a_member_that_may_say_that_relief_was_sought_is_left_out_without_a_word() -> None:
    """Nobody can say what it says; where it must be given, those who may not know of relief are not told at all."""
    held = entry(1, "hearing-held", "2022-03-04", {**HELD, "adjournment_code": "01"})
    order = entry(2, "order-entered", "2022-03-04", {**ORDER, "decision": "terminated"})
    telling = Telling()
    telling.tell_without(1, frozenset(("adjournment_code",)))
    telling.tell_without(2, frozenset(("decision",)))
    adjourned = telling.take(held, RULES.at(held))
    assert {(item.disclosure.withheld, item.disclosure.unsaid) for item in adjourned} == {((), ("adjournment_code",))}
    in_full = {item.agency for item in Telling().take(order, RULES.at(order))}
    partly = {item.agency for item in telling.take(order, RULES.at(order))}
    assert "ICE-ERO" in in_full - partly


def test_a_merge_goes_to_who_produced_an_entry_left_out() -> None:
    """It is an entry of the record all the same: its producer knows of the child."""
    assert ("EOIR", "entry", 2) in without([hearing(1), merge(2, CHILD, OTHER)], 1)


def test_who_produced_an_entry_is_found_where_its_fact_cannot_be_read() -> None:
    """Where not even that can be read, nobody is told what is said of it."""
    state = state_of(hearing(1))
    assert left_out(1, CHILD, state.replace(b"hearing_id", b"hearing_no")) == LeftOut(1, CHILD, "EOIR")
    assert left_out(1, CHILD, state[:-9]) == LeftOut(1, CHILD, None)


def test_a_fold_read_back_is_without_what_a_set_did_not_tell() -> None:
    """The backfill of one entry waits: the set adopted again tells of that entry, and of no other."""
    one = Adopted(3, wider(), True)
    both = [hearing(1), hearing(2, THIRD)]
    fold = Telling.of(both, SharingRulebook((one,), default_rules(), ZONE), untold={(3, 2)})
    assert fold.backfill_entry(1, one, RULES) == []
    assert [item.agency for item in fold.backfill_entry(2, one, RULES)] == ["USCIS"]


def test_a_batch_says_what_waits_and_reads_back_alike() -> None:
    """What is put off is named by why and what; a batch in which nothing waits has the bytes it always had."""
    ordinary = NOTHING_PUBLISHED._replace(last=dict.fromkeys(RECEIVERS, 0))
    assert set(b"deferred resumed left_out".split()) & set(write_batch(ordinary).split(b'"')) == set()
    batch = ordinary._replace(
        items=[], deferred=[4, 6], resumed=[(1, 1), (9, 1)], left_out=[(2, 2)], without=[(1, ["m"])]
    )
    assert read_batch(write_batch(batch)) == batch
    assert batch.put_off == [(4, 4), (6, 6)]
    assert batch._replace(backfilled=Backfilled(9, 6)).put_off == [(9, 4), (9, 6)]


def test_a_batch_says_how_much_of_the_next_entry_it_tells() -> None:
    """Where there is no such part, nothing is said of one."""
    batch = NOTHING_PUBLISHED._replace(items=[], resumed=[], left_out=[], without=[], part=Part(7, 20_000))
    assert read_batch(write_batch(batch)) == batch
    assert b"part" not in write_batch(batch._replace(part=None))


def test_statements_told_late_catch_up_in_order_of_position() -> None:
    """A notice brings USCIS what was said of both records: the one that waited had its say before the other's."""
    history = [
        hearing(1),
        hearing(2, OTHER),
        correction(3, 1, appearance="absent"),
        correction(4, 2, appearance="absent")._replace(child=OTHER),
        merge(5, CHILD, OTHER),
        notice(6, "USCIS", [1, 2]),
    ]
    late = _tell(history, (), blocked_at=3, until=6)
    assert [item[:3] for item in late[6, 6] if item[0] == "USCIS"] == [("USCIS", "supplement", at) for at in (3, 4, 5)]
    assert late == in_time(history, ())
