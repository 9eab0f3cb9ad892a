"""The divergence of two sides is what comparing their views at every instant gives, and what it says why is so.

The other side of each comparison are the functions that answer `custody view`, asked anew for every instant.
"""

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from typing import Any, NamedTuple
from uuid import UUID

from hypothesis import given, settings
from hypothesis import strategies as st

from ledger.agencies import Agency
from ledger.entry import Entry
from ledger.facts import CorrectionIssued, NtaDocketed, NtaFiled
from ledger.records.merges import groups
from ledger.sharing.belonging import about_person as entries_about
from ledger.times import MICROSECOND, from_microseconds, order_key, parse_instant, parse_when
from projections.fold.amended import effective
from projections.fold.folding import Folding
from projections.knowledge.moments import Basis, Item, Moment, Receipt, known_set, names
from projections.knowledge.viewpoint import about_person, one_person, standing
from readers.child.known_set import LEDGER, Stated, Viewpoint, of_stated
from readers.child.records import RecordedPerson
from readers.child.view import seen, seen_by
from readers.moments import Moments
from tests.histories import CHILD, DAYS, INSTANTS, RECORDED_FROM, ZONE, entry, histories
from tests.unit.diverging import compared_as, stated

TWIN = UUID("00000000-0000-7000-8000-000000000002")
AGENCIES: tuple[Agency, ...] = ("CBP", "ICE-ERO", "ORR")
SIDES = ("CBP", "ICE-ERO", "ORR", "ICE", "DHS", LEDGER)
UNTIL = RECORDED_FROM + timedelta(days=1)
TIMES = st.sampled_from((*(datetime.fromisoformat(text) for text in INSTANTS), RECORDED_FROM + timedelta(seconds=4)))
GIVEN = {"channel": "email", "members": "all"}


class Case(NamedTuple):
    """What was stated, and which two sides are compared by which proof."""

    said: Stated
    a: Viewpoint
    b: Viewpoint


@st.composite
def cases(draw: st.DrawFn) -> Case:
    """Draw a record, or two that are merged and unmerged, with who recorded, published, receipted and sent what."""
    entries = [_of_somebody(draw, one) for one in draw(histories(12))]
    after = entries[-1].position if entries else 0
    for position in range(after + 1, after + 1 + draw(st.integers(0, 3))):
        entries.append(_said_later(draw, position))
    items, receipts = [], []
    for agency in AGENCIES:
        told = (
            st.lists(st.sampled_from(entries[-3:]) | st.sampled_from(entries), max_size=6) if entries else st.just([])
        )
        for number, one in enumerate(draw(told), 1):
            published = one.recorded_at + timedelta(seconds=draw(st.integers(0, 9)))
            hidden = names(one)
            withheld = draw(st.lists(st.sampled_from(hidden), max_size=2)) if hidden else []
            items.append(Item(agency, one.position, number, published, withheld, ()))
            if draw(st.booleans()):
                at = draw(st.none() | TIMES | st.just(published + timedelta(seconds=2)))
                signed = published + timedelta(seconds=draw(st.integers(1, 9)))
                receipts.append(Receipt(agency, number, draw(st.integers(1, 3)), at, signed, 100 + number))
    basis: Basis = draw(st.sampled_from(("any", "any", "proven")))
    grade = draw(st.sampled_from((0, 1, 1, 2, 3)))
    a, b = draw(st.permutations(SIDES))[:2]
    return Case(stated(entries, items, receipts, UNTIL), Viewpoint(a, basis, grade), Viewpoint(b, basis, grade))


def _of_somebody(draw: st.DrawFn, one: Entry) -> Entry:
    since = draw(st.sampled_from((None, *INSTANTS, *DAYS)))
    return one._replace(
        producer=one.producer._replace(agency=draw(st.sampled_from(AGENCIES))),
        known_since=one.recorded_at if since is None else parse_when(since),
        child=draw(st.sampled_from((CHILD, CHILD, CHILD, TWIN))),
    )


def _said_later(draw: st.DrawFn, position: int) -> Entry:
    what = draw(st.sampled_from(("identity-merged", "identity-merged", "identity-unmerged", "notice-given")))
    if what == "notice-given":
        told = draw(st.lists(st.integers(1, position), min_size=1, max_size=4))
        said = {**GIVEN, "to": draw(st.sampled_from(AGENCIES)), "given_at": draw(TIMES).isoformat(), "positions": told}
        return entry(position, what, None, said, agency=draw(st.sampled_from(AGENCIES)))
    fact: dict[str, Any] = {"other": {"scheme": "ledger", "value": str(TWIN)}, "reason": "X"}
    merge = entry(position, what, None, fact, agency="STEWARD", other=TWIN)
    return merge._replace(producer=merge.producer._replace(agency=draw(st.sampled_from(AGENCIES))))


def view_at(said: Stated, viewpoint: Viewpoint, at: datetime) -> dict[str, Any] | None:
    """Return the view of a side at K = H = `at` as `custody view` works it out; None where that knows nothing."""
    moment = Moments(at, at, said.moments.recorded_by, said.moments.complete_to)
    if viewpoint.name != LEDGER:
        found = of_stated(said, viewpoint, moment)
        return None if found is None else seen_by(found)
    by_then = [one for one in said.entries if one.recorded_at <= at]
    group = groups(by_then).get(CHILD, frozenset((CHILD,)))
    if all(one.child not in group for one in by_then):
        return None
    entries = entries_about(by_then, group)
    return seen(RecordedPerson(CHILD, group, (), entries, None, moment, ZONE, "wall"))


def held(view: dict[str, Any] | None, linked: dict[str, str]) -> dict[tuple[Any, ...], Any] | None:
    """Return the members of a view by name, as its JSON has them."""
    if view is None:
        return None
    custody, whereabouts = view["custody"], view["whereabouts"]
    members: dict[tuple[Any, ...], Any] = {
        ("custody", None): custody["state"],
        ("legal-custodian", None): custody["legal_custodian"],
        ("physical-custodian", None): custody["physical_custodian"],
        ("place", None): custody["place"],
        ("whereabouts", None): whereabouts["state"],
        ("residence", None): whereabouts["residence"],
        ("mailing", None): whereabouts["mailing"],
    }
    for one in view["proceedings"]:
        case, nta = one["court_case"], one["nta_id"]
        if case is None and nta is None:
            continue
        named = case or linked.get(nta) or nta
        if ("proceeding", named) in members:
            named = nta
        members["proceeding", named] = one["state"]
        members["next-hearing", named] = one["next_hearing_at"]
    return members


def links(entries: Sequence[Entry]) -> dict[str, str]:
    """Return notice to case, as the ledger holds it in the end; the first link of each counts."""
    found: dict[str, str] = {}
    for one in effective(entries):
        fact = one.fact
        if one.voided_by or not isinstance(fact, NtaFiled | NtaDocketed) or fact.court_case is None:
            continue
        if fact.nta_id not in found and fact.court_case not in found.values():
            found[fact.nta_id] = fact.court_case
    return found


def instants(said: Stated, answer: dict[str, Any]) -> Iterator[datetime]:
    """Yield every instant at which anything may change, and the microseconds around it."""
    every: set[datetime] = set()
    for held_by in (said.held(AGENCIES),):
        every |= {at for some in held_by.values() for one in some for at in (one.claimed, one.proven) if at is not None}
    for one in said.entries:
        every.add(one.recorded_at)
        whens = [one.occurred_at, getattr(one.fact, "effective_from", None)]
        if isinstance(one.fact, CorrectionIssued):
            texts = (one.fact.set.get("occurred_at"), one.fact.set.get("effective_from"))
            whens += [parse_when(text) for text in texts if text is not None]
        every |= {from_microseconds(order_key(when, ZONE)) for when in whens if when is not None}
    for one_member in answer["members"]:
        for interval in one_member["intervals"]:
            every |= {parse_instant(at) for at in (interval["from"], interval["to"]) if at is not None}
    around = {at + step for at in every for step in (-MICROSECOND, timedelta(0), MICROSECOND)}
    yield from sorted(at for at in around if at <= UNTIL)


def differing(a: dict[Any, Any] | None, b: dict[Any, Any] | None) -> dict[tuple[Any, ...], tuple[Any, Any]]:
    """Return the members in which two views differ, with both values."""
    found = {}
    for name in {*(a or ()), *(b or ())}:
        one = "nothing known" if a is None else a.get(name)
        other = "nothing known" if b is None else b.get(name)
        nobody_holds = (a is None or b is None) and None in (one, other)
        if not same(one, other) and not nobody_holds:
            found[name] = one, other
    return found


def same(one: Any, other: Any) -> bool:
    """Return whether two values are equal; times with other offsets are when they are one instant."""
    try:
        return bool(parse_when(one) == parse_when(other))
    except ValueError:
        return bool(one == other)


def said_to_differ(answer: dict[str, Any], at: datetime) -> dict[tuple[Any, ...], tuple[Any, Any]]:
    found = {}
    for member in answer["members"]:
        of = member["proceeding"]
        name = member["member"], None if of is None else of["court_case"] or of["nta_id"]
        for one in member["intervals"]:
            if parse_instant(one["from"]) <= at and (one["to"] is None or at < parse_instant(one["to"])):
                assert name not in found
                found[name] = one["a"], one["b"]
    return found


def known_at_all(case: Case) -> bool:
    return any(view_at(case.said, side, UNTIL) is not None for side in (case.a, case.b))


@settings(max_examples=75, deadline=None)
@given(cases())
def test_two_sides_differ_when_their_views_do_and_at_no_other_instant(case: Case) -> None:
    """For any history, at every instant at which anything can change and a microsecond before and after it, the
    intervals that hold that instant are the members in which the two views differ, with the values of the views."""
    if not known_at_all(case):
        return
    answer = compared_as(case.said, case.a, case.b)
    linked = links(case.said.entries)
    for at in instants(case.said, answer):
        one, other = (held(view_at(case.said, side, at), linked) for side in (case.a, case.b))
        expected = differing(one, other)
        told = said_to_differ(answer, at)
        assert told.keys() == expected.keys(), at
        for name, both in told.items():
            assert all(same(x, y) for x, y in zip(both, expected[name], strict=True)), (at, name)


@settings(max_examples=50, deadline=None)
@given(cases())
def test_intervals_of_a_member_follow_each_other_and_two_that_touch_hold_other_values(case: Case) -> None:
    """Equal neighbours are one; what closed a gap stands exactly where the two are equal afterwards."""
    if not known_at_all(case):
        return
    for member in compared_as(case.said, case.a, case.b)["members"]:
        intervals = member["intervals"]
        for one, following in zip(intervals, [*intervals[1:], None], strict=True):
            assert one["to"] is None or one["from"] < one["to"]
            touches = following is not None and following["from"] == one["to"]
            assert (one["closed_by"] is None) == (one["to"] is None or touches)
            if following is not None:
                assert one["to"] <= following["from"]
                assert not touches or (one["a"], one["b"]) != (following["a"], following["b"])
            if one["closed_by"] is not None:
                assert one["closed_by"]["at"] == one["to"]
                assert one["closed_by"]["of"] in {entry.position for entry in case.said.entries}


@settings(max_examples=50, deadline=None)
@given(cases())
def test_who_had_known_the_entries_named_would_have_held_the_same(case: Case) -> None:
    """Given to the side that lacked them, as far as the other one knew them, they make the member equal; wherever
    that is not so, the answer says so, and it is never said where one entry is enough."""
    if not known_at_all(case):
        return
    for member in compared_as(case.said, case.a, case.b)["members"]:
        of = member["proceeding"]
        name = member["member"], None if of is None else of["court_case"] or of["nta_id"]
        for one in member["intervals"]:
            at = parse_instant(one["from"])
            assert one["entries"]
            positions = {lacked["position"] for lacked in one["entries"]}
            alone = [lacked for lacked in one["entries"] if equal_with(case, name, at, {lacked["position"]}, lacked)]
            assert (len(one["entries"]) == 1 and one["entries_alone_explain"]) == bool(alone)
            if one["entries_alone_explain"]:
                assert equal_with(case, name, at, positions, one["entries"][0])


def equal_with(case: Case, name: tuple[Any, ...], at: datetime, given: set[int], lacked: dict[str, Any]) -> bool:
    """Return whether a member is equal once the side that lacked these entries knows what the other one did."""
    linked = links(case.said.entries)
    side, other = (case.a, case.b) if lacked["lacked_by"] == "A" else (case.b, case.a)
    theirs = held(view_at(case.said, other, at), linked)
    return name not in differing(_members(held_if(case.said, side, other, at, given), linked), theirs)


def _members(folding: Folding | None, linked: dict[str, str]) -> dict[tuple[Any, ...], Any] | None:
    if folding is None:
        return None
    regions = folding.regions()
    view = {
        "custody": {name: getattr(regions.custody, name) for name in regions.custody.__slots__},
        "whereabouts": {name: getattr(regions.whereabouts, name) for name in regions.whereabouts.__slots__},
        "proceedings": [
            {**{name: getattr(one, name) for name in one.__slots__}, "next_hearing_at": _written(one.next_hearing_at)}
            for one in regions.proceedings
        ],
    }
    return held(view, linked)


def _written(when: Any) -> str | None:
    return None if when is None else str(when.isoformat())


def held_if(said: Stated, side: Viewpoint, other: Viewpoint, at: datetime, positions: Iterable[int]) -> Folding | None:
    """Fold what `side` knew at `at`, and of some entries what `other` knew of them, too."""
    mine, theirs = (_moments(said, one) for one in (side, other))
    given = {position: [*mine.get(position, ()), *theirs.get(position, ())] for position in positions}
    known = known_set(said.entries, {**mine, **given}, known_at=at, basis=side.basis, at_least=side.at_least)
    group = one_person(CHILD, known)
    known = about_person(known, group)
    left = [shown.one for shown in standing(known) if shown.moves]
    return Folding.of_standing(left, ZONE, at) if known else None


def _moments(said: Stated, side: Viewpoint) -> dict[int, list[Moment]]:
    if side.name == LEDGER:
        agency: Agency = "STEWARD"
        return {
            one.position: [Moment(agency, 3, None, one.recorded_at, None, "produced", None, None, None)]
            for one in said.entries
        }
    return said.held(side.agencies)
