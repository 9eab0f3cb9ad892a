"""Which records are one person.

Broken by hand to see these tests fail: pairs kept the way round they were named; voids passed over; the first
statement of a pair deciding instead of the last; groups not joined through a third record.
"""

from uuid import UUID

from hypothesis import given, settings

from ledger.entry import Entry
from ledger.records.merges import groups, person_of
from tests import oracle
from tests.histories import RECORDS, entry, merge_histories

A, B, C, D, E = RECORDS


def merge(position: int, child: UUID, other: UUID, *, name: str = "identity-merged") -> Entry:
    fact = {"other": {"scheme": "ledger", "value": str(other)}, "reason": "X"}
    return entry(position, name, "2022-03-04", fact, child=child, other=other)


def unmerge(position: int, child: UUID, other: UUID) -> Entry:
    return merge(position, child, other, name="identity-unmerged")


def void(position: int, voids: int, child: UUID = A) -> Entry:
    return entry(position, "entry-voided", None, {"voids": voids, "reason": "X"}, child=child)


def people(*statements: Entry) -> set[frozenset[UUID]]:
    return set(groups(statements).values())


def test_records_are_one_person_also_through_a_third() -> None:
    """A is B and B is C makes three records one; the smallest id names the person."""
    found = groups([merge(1, C, B), merge(2, A, B), merge(3, E, D)])
    abc, de = frozenset((A, B, C)), frozenset((D, E))
    assert found == {A: abc, B: abc, C: abc, D: de, E: de}
    assert (person_of(abc), person_of(de)) == (A, D)


def test_a_record_that_stands_alone_is_absent() -> None:
    """Never merged, or merged no longer: there is nothing to join."""
    assert groups([]) == {}
    assert groups([merge(1, A, B), unmerge(2, A, B), merge(3, C, D)]).keys() == {C, D}


def test_an_unmerge_may_name_the_pair_the_other_way_round() -> None:
    """A merge has no direction."""
    assert people(merge(1, A, B), unmerge(2, B, A)) == set()


def test_a_triangle_holds_while_two_of_its_sides_do() -> None:
    """Taking back one merge of three does not part records that the other two join."""
    sides = [merge(1, A, B), merge(2, B, C), merge(3, A, C)]
    assert people(*sides, unmerge(4, C, A)) == {frozenset((A, B, C))}
    assert people(*sides, unmerge(4, C, A), unmerge(5, A, B)) == {frozenset((B, C))}


def test_a_void_of_a_merge_is_an_unmerge_and_a_void_of_an_unmerge_restores_it() -> None:
    """Statements about records can be undone like any entry, and undone again."""
    assert people(merge(1, A, B), void(2, 1)) == set()
    assert people(merge(1, A, B), void(2, 1), void(3, 2)) == {frozenset((A, B))}
    assert people(merge(1, A, B), unmerge(2, A, B), void(3, 2)) == {frozenset((A, B))}


def test_two_merges_in_force_need_both_undone() -> None:
    """The first merge came back when its void was voided: then voiding the second leaves the first."""
    twice = [merge(1, A, B), void(2, 1), merge(3, A, B), void(4, 2)]
    assert people(*twice, void(5, 3)) == {frozenset((A, B))}
    assert people(*twice, void(5, 3), void(6, 1)) == set()
    assert people(*twice, unmerge(5, A, B)) == set()


def test_other_entries_and_the_order_they_come_in_do_not_matter() -> None:
    """A caller may hand over whole records, in any order."""
    release = entry(4, "child-encountered", None, {"encounter_type": "interior", "place": "X"}, child=A)
    assert people(release, unmerge(3, A, B), merge(1, A, B), void(5, 3)) == {frozenset((A, B))}


def test_who_has_not_heard_of_the_merge_sees_two_children() -> None:
    """Only the statements given act: an unmerge alone joins nothing and parts nothing."""
    assert people(unmerge(2, A, B), merge(3, B, C)) == {frozenset((B, C))}


@settings(max_examples=150, deadline=None)
@given(merge_histories())
def test_groups_are_what_the_oracle_finds(statements: list[Entry]) -> None:
    """Law 1 for identity: merges, unmerges and voids over triangles, both ways round, undone and undone again."""
    found = groups(statements)
    for one in RECORDS:
        assert found.get(one, frozenset((one,))) == oracle.one_person(one, statements)
    assert all(len(group) > 1 for group in found.values())
