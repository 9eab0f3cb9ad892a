"""Rows of duties kept up entry by entry are those worked out of all entries at once, after every entry.

Broken by hand to see these tests fail: a fact that happened earlier leaving the holder of custody, or the office, as it
was; a correction touching only rules of the holder; a birthday that moves nothing; a notice in a record that was
parted from hers passed over.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from hypothesis import HealthCheck, given, settings

from ledger.entry import Entry
from ledger.obligations.offices import shipped_offices
from ledger.obligations.shipped import shipped_rules
from ledger.records.merges import groups
from ledger.sharing.belonging import about_person
from projections.fold.folding import Folding
from projections.following.applying import Applying
from projections.obligations.rows import Owing
from projections.obligations.rulebook import ObligationRulebook
from projections.rows.changes import Changes
from projections.rows.persons import Loaded
from tests.histories import ELM, ZONE, histories, record
from tests.histories import entry as made
from tests.knowledge_histories import Drawn, drawn_histories, once_joined

BOOK: Final = ObligationRulebook(shipped_rules(), shipped_offices(), ZONE)
Rows = dict[tuple[UUID, int, int], tuple[tuple[Any, ...], datetime, datetime | None]]


class _Taking(Applying):
    """Takes entries as they are, without their bytes."""

    def take(self, entry: Entry) -> None:
        self._apply(entry, b"")


def _written(rows: Rows, changes: Changes) -> None:
    for (table, *key), row in changes.opened.items():
        if table == "duties":
            rows[tuple(key)] = row  # type: ignore[index]
    for table, person, position, number, until in changes.closed:
        if table == "duties":
            content, since, _ = rows[person, position, number]
            rows[person, position, number] = content, since, until


def _kept(entries: Sequence[Entry], *, forget_after: int = 10**9) -> Rows:
    """Return the rows that come of taking the entries one by one, everything read back now and then."""
    rows: Rows = {}
    taken: list[Entry] = []
    linked: dict[UUID, frozenset[UUID]] = {}

    def load(children: set[UUID]) -> Loaded:
        every = children.union(*(linked.get(child, frozenset((child,))) for child in children))
        of_record: dict[UUID, list[Entry]] = {}
        for entry in taken:
            if entry.child in every:
                of_record.setdefault(entry.child, []).append(entry)
        held: Any = {}
        for (person, position, number), (content, _, until) in rows.items():
            if until is None:
                held.setdefault(person, {})["duties", content] = (position, number)
        return Loaded(of_record, {child: linked[child] for child in every if child in linked}, held)

    applying = _Taking(ZONE, load)
    for entry in entries:
        applying.prepare({entry.child} if any(one.child == entry.child for one in taken) else ())
        applying.take(entry)
        taken.append(entry)
        if entry.resolved.get("other"):
            other = UUID(entry.resolved["other"])
            joined = linked.get(entry.child, frozenset((entry.child,))) | linked.get(other, frozenset((other,)))
            linked |= dict.fromkeys(joined, joined)
        changes = applying.take_changes()
        _written(rows, changes)
        if len(taken) % forget_after == 0:
            applying.forget()
    return rows


def _holding(rows: Rows, moment: datetime) -> dict[UUID, set[tuple[Any, ...]]]:
    found: dict[UUID, set[tuple[Any, ...]]] = {}
    for (person, _, _), (content, since, until) in rows.items():
        if since <= moment and (until is None or until > moment):
            found.setdefault(person, set()).add(content)
    return found


def _at_once(entries: Sequence[Entry]) -> dict[UUID, set[tuple[Any, ...]]]:
    """Return the duties of every person, worked out of all entries at once."""
    merged = groups(entries)
    found: dict[UUID, set[tuple[Any, ...]]] = {}
    for child in {one.child for one in entries}:
        records = merged.get(child, frozenset((child,)))
        near = once_joined(child, entries)
        its = about_person([one for one in entries if one.child in near], records)
        duties = Owing.anew(BOOK, its, entries, Folding.of(its, ZONE)).now()
        if duties:
            found[min(records)] = set(duties)
    return found


@settings(max_examples=50, deadline=None)
@given(histories())
def test_duties_kept_entry_by_entry_are_those_of_all_entries_at_once(entries: list[Entry]) -> None:
    """Whatever comes late, is corrected, voided or restored: at each moment the rows are those of a fresh start."""
    rows = _kept(entries)
    for number, entry in enumerate(entries):
        assert _holding(rows, entry.recorded_at) == _at_once(entries[: number + 1])
    assert rows == _kept(entries, forget_after=2)


@settings(max_examples=75, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(drawn_histories())
def test_duties_of_records_joined_and_parted_are_those_of_all_entries_at_once(drawn: Drawn) -> None:
    """Merges, unmerges, and notices among records that were one person once."""
    entries: list[Entry] = []
    for one in drawn.entries:  # what a merge names is a record with an entry
        if one.resolved.get("other", str(one.child)) in {str(each.child) for each in [*entries, one]}:
            entries.append(one)
    rows = _kept(entries)
    for number, entry in enumerate(entries):
        assert _holding(rows, entry.recorded_at) == _at_once(entries[: number + 1])
    assert rows == _kept(entries, forget_after=3)


def test_who_held_the_child_follows_what_is_recorded_later_of_before() -> None:
    """A handover before the determination, recorded after it, moves the duty of D2 to whom the child was given."""
    handed = {"handoff_id": "h", "receiving_agency": "ICE-ERO", "receiving_facility": "B", "discrepancies": []}
    encountered = {"encounter_type": "interior", "place": "RGV"}
    entries = record(
        ("child-encountered", "2022-03-04T08:00:00-05:00", encountered, "CBP"),
        ("uc-determination-made", "2022-03-04T12:00:00-05:00", {"is_uc": True}, "CBP"),
        ("handoff-accepted", "2022-03-04T10:00:00-05:00", handed, "ICE-ERO"),
    )
    rows = _kept(entries)
    found = [
        {row[3] for rows_of in _holding(rows, entry.recorded_at).values() for row in rows_of if row[0] == "D2"}
        for entry in entries
    ]
    assert found == [set(), {"CBP"}, {"ICE-ERO"}]


def _said_of(rows: Rows, entry: Entry, rule: str, member: int) -> list[Any]:
    return [row[member] for some in _holding(rows, entry.recorded_at).values() for row in some if row[0] == rule]


def test_a_birthday_and_an_office_asserted_later_move_what_is_due() -> None:
    """A date of birth moves D21; an office assigned before the release, recorded after it, the zone of T2."""
    entries = record(
        ("admitted-to-program", "2022-01-04", {"program": "Casa"}),
        ("particulars-asserted", "2022-01-05", {"date_of_birth": "2006-05-01"}),
        ("particulars-asserted", "2022-01-06", {"date_of_birth": "2005-05-01"}),
        ("released-to-sponsor", "2022-03-04T12:00:00-05:00", {"sponsor_category": "1", "address": ELM}),
        ("responsible-office-assigned", "2022-03-01", {"office": "Seattle"}, "ICE-ERO"),
    )
    rows = _kept(entries)
    assert [_said_of(rows, entry, "D21", 7) for entry in entries[:3]] == [[None], ["2024-05-01"], ["2023-05-01"]]
    assert [_said_of(rows, entry, "T2", 9) for entry in entries[3:]] == [[ZONE], ["America/Los_Angeles"]]


def test_a_notice_in_a_record_that_was_parted_from_hers_tells_of_her_entries() -> None:
    """ICE-ERO says, in the record that was one with hers, that it knew of her release: D10 is met."""
    hers, other = UUID(int=1), UUID(int=2)
    joined: Any = {"other": {"scheme": "ledger", "value": str(other)}, "reason": "X"}
    told = {"to": "ICE-ERO", "positions": [1], "channel": "email", "given_at": "2022-03-04", "members": "all"}
    released = {"sponsor_category": "1", "address": ELM}
    entries = [
        made(1, "released-to-sponsor", "2022-03-04T12:00:00-05:00", released, child=hers),
        made(2, "admitted-to-program", "2022-01-04", {"program": "Casa"}, child=other),
        made(3, "identity-merged", None, joined, child=hers, other=other),
        made(4, "identity-unmerged", None, joined, child=hers, other=other),
        made(5, "notice-given", None, told, agency="ICE-ERO", child=other),
    ]
    rows = _kept(entries)
    assert [_said_of(rows, one, "D10", 15) for one in entries[-2:]] == [[None], [1]]


def test_a_notice_of_before_the_happening_meets_a_duty_when_it_happened() -> None:
    """ORR says of 1970 that it was told of a failure to appear of 2022: told then, and as corrected by R."""
    failed = {"hearing_id": "h1", "court_case": "c1", "judge_action": "adjourned"}
    admission = {"to": "ORR", "positions": [1], "channel": "email", "given_at": "1970-01-01", "members": "all"}
    entries = record(
        ("failure-to-appear-recorded", "2022-06-09T09:00:00-05:00", failed, "EOIR"),
        ("notice-given", "2022-06-10", admission, "ORR"),
        ("correction-issued", "2022-07-01", {"corrects": 1, "set": {"occurred_at": "2022-06-14"}, "reason": "r"}),
    )
    rows = _kept(entries)
    met = [
        {
            row[14]
            for rows_of in _holding(rows, entry.recorded_at).values()
            for row in rows_of
            if row[:5:4] == ("T1", "ORR")
        }
        for entry in entries
    ]
    happened = [datetime.fromisoformat(text) for text in ("2022-06-09T09:00:00-05:00", "2022-06-14T00:00:00-04:00")]
    assert met == [{None}, {happened[0]}, {happened[1]}]
