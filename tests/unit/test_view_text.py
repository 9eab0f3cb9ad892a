"""What an auditor puts into a report: view and timeline as text.

Broken by hand to see these tests fail, one at a time: the width of a line, the escape of control characters, the old
value of a correction taken from the corrected fact or from another correction, a void without its reason, a finding
left open by a void, colour where it is not wanted and none where it is.
"""

import re
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from ledger.entry import Finding, read_entry
from readers.child.records import Parked, RecordedPerson
from readers.child.timeline import timeline
from readers.child.view import seen
from readers.moments import MomentsAsked, settle
from readers.text.view_text import COLUMNS, timeline_text, view_text
from tests.integration.filling import ZONE, Ledger, child_number

CHILD, TWIN = child_number(17), child_number(18)
NAME = ("a-number", "200000017")
ANSI = re.compile(r"\x1b\[\d*m")


def told(ledger: Ledger) -> dict[str, Any]:
    """Return the view of all that a ledger says."""
    entries = [read_entry(payload) for payload in ledger.payloads]
    moments = settle(MomentsAsked(), complete_to=entries[-1].recorded_at, zone=ZONE)
    names = (NAME, ("orr-id", "88123"))
    return seen(RecordedPerson(CHILD, frozenset(e.child for e in entries), names, entries, None, moments, ZONE, "wall"))


def released(ledger: Ledger, findings: Sequence[Finding] = ()) -> int:
    """Add a release and return its position."""
    return ledger.add(
        CHILD,
        "released-to-sponsor",
        {"sponsor_category": "1", "address": {"lines": ["1200 Elm St"], "city": "Houston", "state": "TX"}},
        occurred_at="2022-03-04T13:20:00-06:00",
        recorded_at="2022-03-27T14:00:00Z",
        office="SWK Houston",
        findings=findings,
    )


def test_a_view_reads_like_this() -> None:
    """Who, what, when it happened and when it was recorded, how, the proof, and what was said of it since."""
    ledger = Ledger()
    release = released(ledger, [Finding("C5", "guard", "no approval on record")])
    ledger.add(
        CHILD,
        "correction-issued",
        {"corrects": release, "set": {"sponsor_category": "2A", "occurred_at": "2022-03-05"}, "reason": "mistyped"},
        occurred_at=None,
        recorded_at="2022-04-01T12:00:00Z",
    )
    assert view_text(told(ledger), colour=False) == (
        """\
A200-000-017, orr-id:88123
ledger id      20220000-0000-7000-8000-000000000011
as held by     ledger, times in America/New_York unless as given
happened by    2022-04-01T23:59:59.999999-04:00
recorded by    2022-04-01T08:00:00-04:00
complete to    2022-04-01T08:00:00-04:00

custody        released-to-sponsor, since 2022-03-05
               legal custodian none, physical custodian sponsor, place none
proceedings    no-nta
whereabouts    reported, since 2022-03-05
               residence 1200 Elm St, Houston, TX
age            unknown (unknown)

2 entries, in the order in which things happened

2022-03-05  released-to-sponsor
    who              ORR, SWK Houston, u-1, /orr/test
    recorded         2022-03-27T10:00:00-04:00, 22 days later, door feed
    source           R-2 ref-1, grade document, channel system
    proof            position 1, entry 1 of record 20220000-0000-7000-8000-000000000011
    occurred_at      2022-03-05 (recorded: 2022-03-04T13:20:00-06:00; corrected by position 2)
    sponsor_category 2A (recorded: 1; corrected by position 2)
    address          1200 Elm St, Houston, TX
    finding          guard C5, open: no approval on record

2022-04-01T08:00:00-04:00  correction-issued
    who              ORR, u-1, /orr/test
    recorded         2022-04-01T08:00:00-04:00, door feed
    source           R-2 ref-2, grade document, channel system
    proof            position 2, entry 2 of record 20220000-0000-7000-8000-000000000011
    reason           mistyped
    corrects         position 1, released-to-sponsor of 2022-03-05
    sponsor_category 1 -> 2A
    occurred_at      2022-03-04T13:20:00-06:00 -> 2022-03-05
"""
    )


def test_an_amended_correction_shows_what_it_first_said_to_set() -> None:
    """A correction of a correction: the old value is the one first recorded, the new one the one that holds."""
    ledger = Ledger()
    release = released(ledger)
    first = ledger.add(
        CHILD,
        "correction-issued",
        {"corrects": release, "set": {"sponsor_category": "2A"}, "reason": "mistyped"},
        occurred_at=None,
    )
    ledger.add(
        CHILD,
        "correction-issued",
        {"corrects": first, "set": {"sponsor_category": "3"}, "reason": "mistyped again"},
        occurred_at="2022-04-02",
    )
    text = view_text(told(ledger), colour=False)
    assert "sponsor_category 3 (recorded: 1; corrected by position 2)" in text
    assert "sponsor_category 1 -> 3 (this correction was itself amended: corrected by position 3)" in text
    assert "corrects         position 2, correction-issued" in text
    assert text.count("sponsor_category 1 -> 3") == 2, "the correction of the correction tells of the entry itself"
    assert "dated            2022-04-02" in text


def test_voids_disputes_and_dealt_with_findings_stand_at_the_entry_with_their_reasons() -> None:
    """A voided entry says so in its first line; who disputes it and what became of its findings stands below."""
    ledger = Ledger()
    release = released(ledger, [Finding("C5", "guard", "no approval"), Finding("W3", "warn", "no unit")])
    resolved = {"position": release, "code": "C5", "resolution": "approval found", "reason": "file"}
    ledger.add(CHILD, "finding-resolved", resolved, occurred_at=None)
    disputed = {"position": release, "statement": "was never there", "by": "counsel"}
    ledger.add(CHILD, "entry-disputed", disputed, occurred_at=None, agency="STEWARD")
    before = view_text(told(ledger), colour=False)
    assert "finding          guard C5, resolved by position 2 (approval found): no approval" in before
    assert "finding          warn W3, open: no unit" in before
    assert "DISPUTED         by counsel (position 3): was never there" in before
    assert "VOID" not in before
    ledger.add(CHILD, "entry-voided", {"voids": release, "reason": "another child"}, occurred_at=None)
    after = view_text(told(ledger), colour=False)
    assert "2022-03-04T13:20:00-06:00  released-to-sponsor  VOID" in after
    assert "VOID             by position 4: another child" in after
    assert "voids    position 1, released-to-sponsor of 2022-03-04T13:20:00-06:00" in after
    assert "finding          warn W3, resolved by position 4 (its entry was voided): no unit" in after


def test_what_is_missing_merged_or_unknown_is_said() -> None:
    """An incomplete answer, a second record, proceedings, a mailing address and an unknown time."""
    ledger = Ledger(recorded_at=datetime(2022, 2, 1, tzinfo=UTC))
    nta = {"nta_id": "N-1", "has_time_and_place": True}
    ledger.add(TWIN, "nta-issued", nta, occurred_at="2022-01-03", agency="CBP")
    served = {"nta_id": "N-1", "method": "personal", "served_on": ["child", "custodian"]}
    ledger.add(CHILD, "nta-served", served, occurred_at="2022-01-04", agency="CBP")
    docketed = {"nta_id": "N-1", "court_case": "HOU-7", "court": "HOU"}
    ledger.add(CHILD, "nta-docketed", docketed, occurred_at="2022-01-05", agency="EOIR")
    hearing = {"hearing_id": "H", "court_case": "HOU-7", "court": "HOU", "scheduled_for": "2022-06-09T08:30:00-05:00"}
    ledger.add(CHILD, "hearing-scheduled", hearing, occurred_at="2022-01-06", agency="EOIR")
    mailing = {"purpose": "mailing", "address": {}, "reported_via": "eoir-33"}
    ledger.add(CHILD, "address-reported", mailing, occurred_at=None)
    merge = {"other": {"scheme": "orr-id", "value": "C18"}, "reason": "one child"}
    ledger.add(CHILD, "identity-merged", merge, occurred_at=None, agency="STEWARD", resolved={"other": str(TWIN)})
    entries = [read_entry(payload) for payload in ledger.payloads]
    moments = settle(MomentsAsked(), complete_to=entries[-1].recorded_at, zone=ZONE)
    parked = Parked(9, datetime(2022, 1, 2, tzinfo=UTC), "the reason\nof it")
    text = view_text(
        seen(RecordedPerson(CHILD, frozenset((CHILD, TWIN)), (NAME,), entries, parked, moments, ZONE, "wall")),
        colour=False,
    )
    assert f"one with       {TWIN}" in text
    assert r"INCOMPLETE     what was recorded since 2022-01-01T19:00:00-05:00 is missing: the reason\nof it" in text
    proceeding = "case HOU-7, NTA N-1, hearing-set, since 2022-01-06, NTA served, next hearing"
    assert f"proceedings    {proceeding}\n               2022-06-09T08:30:00-05:00\n" in text
    assert "mailing blank" in text
    assert "at an unknown time  address-reported" in text
    assert "served_on child, custodian" in text
    assert "other    scheme: orr-id; value: C18" in text


@given(
    st.text(max_size=400),
    st.lists(st.text(alphabet=st.characters(categories=("L", "N", "Cc", "Cf", "Zs")), max_size=300), max_size=3),
)
def test_no_line_is_longer_than_the_page_and_nothing_steers_the_terminal(reason: str, lines: list[str]) -> None:
    """Whatever a sender wrote: at most 100 columns, and not one character a terminal would obey or hide."""
    ledger = Ledger()
    fact = {"purpose": "residence", "reported_via": "mail", "address": {"lines": lines}, "caregiver": reason}
    ledger.add(CHILD, "address-reported", fact, occurred_at="2022-01-03", office=reason or None)
    void = ledger.add(CHILD, "entry-voided", {"voids": 1, "reason": reason}, occurred_at=None)
    assert void == 2
    for text in (view_text(told(ledger), colour=False), timeline_text(timeline(told(ledger)), colour=False)):
        assert all(len(line) <= COLUMNS and line.isprintable() for line in text.split("\n"))


def test_colour_marks_only_what_the_words_say_already() -> None:
    """Taken away, the colours leave the very same text; without the wish for them there are none."""
    ledger = Ledger()
    released(ledger, [Finding("C5", "guard", "no approval")])
    ledger.add(CHILD, "entry-voided", {"voids": 1, "reason": "another child"}, occurred_at=None)
    plain, coloured = (view_text(told(ledger), colour=colour) for colour in (False, True))
    assert "\x1b" not in plain
    assert ANSI.sub("", coloured) == plain
    assert "\x1b[31m2022-03-04T13:20:00-06:00  released-to-sponsor  VOID\x1b[0m" in coloured
    assert "\x1b[1mA200-000-017, orr-id:88123\x1b[0m" in coloured


def test_a_simulated_history_is_never_taken_for_a_recorded_one() -> None:
    """Every answer of a ledger on the driven clock says so."""
    ledger = Ledger()
    released(ledger)
    assert "simulation" not in "".join(view_text(told(ledger), colour=False))
    assert "simulation" in "".join(view_text({**told(ledger), "clock": "driven"}, colour=False))
