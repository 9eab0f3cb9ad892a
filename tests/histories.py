"""Made-up histories of children: single entries for hand-made cases, and strategies for random ones.

Every entry goes through the wire format and back. The pools are small on purpose, so that equal times, the same
hearing twice, an address reported again and a correction of a correction come up often.
"""

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any, Final
from uuid import UUID

import orjson
from hypothesis import strategies as st

from ledger.agencies import Agency
from ledger.entry import Entry, Finding, Producer, read_entry, value, write_state
from ledger.facts import BY_WIRE
from ledger.times import parse_when

ZONE: Final = "America/New_York"
CHILD: Final = UUID("00000000-0000-7000-8000-000000000001")
RECORDED_FROM: Final = datetime(2023, 1, 1, tzinfo=UTC)

Json = dict[str, Any]


def recorded_at(position: int) -> datetime:
    """Return the ledger time at which `entry` records that position."""
    return RECORDED_FROM + timedelta(seconds=position)


def entry(
    position: int,
    name: str,
    occurred_at: str | None,
    fact: Mapping[str, Any],
    *,
    agency: Agency | None = None,
    child: UUID = CHILD,
    other: UUID | None = None,
    findings: Sequence[Finding] = (),
) -> Entry:
    """Return an entry as it is read back; `name` is the short name of the fact or its whole wire name."""
    wire = _wire(name)
    at = recorded_at(position)
    state = write_state(
        recorded_at=at,
        occurred_at=None if occurred_at is None else parse_when(occurred_at),
        known_since=at,
        producer=Producer(agency or BY_WIRE[wire].producers[0], None, None, "/tests"),
        door="feed",
        source={"document": "made up", "reference": str(position), "grade": "document"},
        identifiers=(("orr-id", "1"),),
        findings=tuple(findings),
        submission_id=f"/tests|{position}",
        submission_digest="",
        fact=orjson.dumps(dict(fact)),
        resolved={} if other is None else {"other": str(other)},
        extensions={},
    )
    return read_entry(value(position=position, child=child, version=position, wire=wire, state=state))


def state_of(entry: Entry) -> bytes:
    """Return what the event store holds of an entry."""
    return write_state(
        recorded_at=entry.recorded_at,
        occurred_at=entry.occurred_at,
        known_since=entry.known_since,
        producer=entry.producer,
        door=entry.door,
        source=entry.source,
        identifiers=entry.identifiers,
        findings=entry.findings,
        submission_id=entry.submission_id,
        submission_digest="",
        fact=orjson.dumps(dict(entry.recorded_fact)),
        resolved=entry.resolved,
        extensions={},
    )


def record(*happenings: tuple[Any, ...]) -> list[Entry]:
    """Return entries at positions 1, 2, 3 ... from (name, occurred_at, fact) or (name, occurred_at, fact, agency)."""
    return [
        entry(position, name, occurred_at, fact, agency=agency[0] if agency else None)
        for position, (name, occurred_at, fact, *agency) in enumerate(happenings, start=1)
    ]


def correction(corrects: int, **sets: Any) -> tuple[str, str, Json]:
    """Return a correction for `record`, made long after everything it could be about."""
    return ("correction-issued", "2024-01-01", {"corrects": corrects, "set": sets, "reason": "wrong"})


def void(voids: int) -> tuple[str, str, Json]:
    """Return a void for `record`, made long after everything it could be about."""
    return ("entry-voided", "2024-01-01", {"voids": voids, "reason": "never happened"})


def _wire(name: str) -> str:
    if name in BY_WIRE:
        return name
    # Current versions stand before earlier ones.
    return next(wire for wire in BY_WIRE if wire.startswith(f"custody.{name}.v"))


ELM: Final[Json] = {"lines": ["1200 Elm St", "Apt 4"], "city": "Houston", "state": "TX", "zip": "77002"}
OAK: Final[Json] = {"lines": ["7 Oak Ave"], "city": "Newark", "state": "NJ", "zip": "07102"}
CITY_ONLY: Final[Json] = {"city": "Houston", "state": "TX"}
ADDRESSES: Final = (ELM, OAK, CITY_ONLY)

DAYS: Final = tuple((date(2022, 3, 11) + timedelta(days=n)).isoformat() for n in range(5))
"""Around 13 March 2022, when the clocks of New York go forward."""
INSTANTS: Final = (
    "2022-03-11T23:59:59.999999-05:00",
    "2022-03-12T04:59:59.999999Z",
    "2022-03-12T22:30:00-06:00",
    "2022-03-13T01:59:00-05:00",
    "2022-03-13T03:00:00-04:00",
    "2022-03-13T07:00:00Z",
    "2022-03-14T03:59:59.999999Z",
    "2022-03-14T09:00:00-04:00",
    "2022-03-15T12:00:00-04:00",
)
TIMES: Final = st.one_of(st.sampled_from(INSTANTS), st.sampled_from(DAYS), st.sampled_from((None, None, DAYS[0])))
MOMENTS: Final = st.sampled_from([datetime.fromisoformat(text) for text in INSTANTS])
"""What *happened by* is asked for."""

_WHEN = st.sampled_from((*INSTANTS[4:], *DAYS[2:]))
_ADDRESS = st.sampled_from(ADDRESSES)
_NTA = st.sampled_from(("n1", "n2"))
_CASE = st.sampled_from(("c1", "c2"))
_HEARING = st.sampled_from(("h1", "h2", "h3"))
_HANDOFF = st.sampled_from(("x", "y"))
_YES_NO = st.sampled_from((True, False, "unknown"))
_MOSTLY = st.sampled_from((True, True, True, False, "unknown"))
_PLACE = st.sampled_from(("A", "B"))
_BORN = st.sampled_from(("2004-02-29", "2010-07-01"))
_COUNTRY = st.sampled_from(("GTM", "HND", "unknown"))
_HOLDER = st.sampled_from(("CBP", "ICE-ERO", "ORR", "EOIR", "unknown"))
_POSITION = st.integers(1, 12)


def _fact(_optional: Mapping[str, st.SearchStrategy[Any]] | None = None, **members: Any) -> st.SearchStrategy[Json]:
    given = {name: m if isinstance(m, st.SearchStrategy) else st.just(m) for name, m in members.items()}
    return st.fixed_dictionaries(given, optional=dict(_optional or {}))


def _one_of(text: str) -> st.SearchStrategy[str]:
    return st.sampled_from(text.split())


HAPPENINGS: Final[dict[str, st.SearchStrategy[Json]]] = {
    "child-encountered": _fact(
        {"country": _COUNTRY, "date_of_birth": _BORN}, encounter_type="port-of-entry", place=_PLACE
    ),
    "particulars-asserted": _fact({"country": _COUNTRY, "date_of_birth": _BORN, "basis": _PLACE}),
    "uc-determination-made": _fact(is_uc=_YES_NO),
    "contiguous-return-executed": _fact(country="MEX", consulate_notified=True),
    "referred-to-orr": _fact(referring_office="X"),
    "referral-cancelled": _fact(reason="X"),
    "placement-designated": _fact(program=_PLACE, level_of_care="X"),
    "handoff-started": _fact(
        handoff_id=_HANDOFF, from_agency=_HOLDER, from_facility="X", to_agency=_HOLDER, to_facility="Y"
    ),
    "handoff-accepted": _fact(
        handoff_id=_HANDOFF, receiving_agency=_HOLDER, receiving_facility=_PLACE, discrepancies=[]
    ),
    "handoff-cancelled": _fact(handoff_id=_HANDOFF, reason="X"),
    "handoff-declined": _fact(handoff_id=_HANDOFF, reason="X"),
    "admitted-to-program": _fact({"program": _PLACE}),
    "network-transfer-completed": _fact(from_program="A", to_program=_PLACE),
    "emergency-transfer-made": _fact(from_program="A", to_place=_PLACE, reason="X"),
    "age-redetermined": _fact(method="X", date_of_birth=st.none() | _BORN, is_adult=_YES_NO),
    "absence-reported": _fact(kind=_one_of("runaway unauthorized-absence attempted unknown"), reported_to=["LE"]),
    "absence-resolved": _fact({"returned_to": _PLACE}, found_where="X"),
    "released-to-sponsor": _fact({"relationship": _PLACE}, sponsor_category=_one_of("1 2A unknown"), address=_ADDRESS),
    "discharged-otherwise": _fact(
        {"destination": _PLACE},
        kind=_one_of(
            "age-out age-redetermined program-urm repatriated removed law-enforcement runaway-closed deceased other"
        ),
    ),
    "address-reported": _fact(
        {"effective_from": _WHEN},
        purpose=_one_of("residence residence mailing unknown"),
        address=_ADDRESS,
        reported_via="other",
    ),
    "custody.mail-returned.v1": _fact({"address_position": _POSITION}, piece="X", reason="X"),
    "custody.mail-returned.v2": _fact({"address_position": _POSITION}, piece_kind="nta", piece="X", reason="X"),
    "post-release-contact-recorded": _fact(
        {"still_with_sponsor": _YES_NO},
        kind="X",
        attempt=1,
        mode=_one_of("in-person live-call letter"),
        spoke_with=st.sampled_from((["child"], ["sponsor"], [])),
        child_seen=_YES_NO,
        identity_checked=_MOSTLY,
        address_confirmed=_MOSTLY,
    ),
    "departure-verified": _fact({"country": _COUNTRY}, kind="removal"),
    "nta-issued": _fact(nta_id=_NTA, has_time_and_place=True),
    "nta-served": _fact(nta_id=_NTA, method="mail", served_on=["child"]),
    "nta-not-pursued": _fact(reason=_one_of("discretion adult")),
    "nta-filed": _fact({"court_case": _CASE}, nta_id=_NTA, court="X"),
    "nta-rejected": _fact(nta_id=_NTA, reason="X"),
    "nta-docketed": _fact(nta_id=_NTA, court_case=_CASE, court="X"),
    "hearing-scheduled": _fact(hearing_id=_HEARING, court_case=_CASE, court="X", scheduled_for=_WHEN),
    "hearing-cancelled": _fact(hearing_id=_HEARING),
    "hearing-held": _fact(
        {"next_hearing_at": _WHEN},
        hearing_id=_HEARING,
        court_case=_CASE,
        appearance=_one_of("present absent excused"),
    ),
    "failure-to-appear-recorded": _fact(hearing_id=_HEARING, court_case=_CASE, judge_action="adjourned"),
    "order-entered": _fact(court_case=_CASE, decision=_one_of("removed dismissed"), in_absentia=False),
    "motion-filed": _fact(court_case=_CASE, motion_code="CV", filed_by="A"),
    "motion-decided": _fact(
        court_case=_CASE, motion_code=_one_of("MA O CV"), decision=_one_of("granted Granted G denied")
    ),
    "venue-changed": _fact(court_case=_CASE, from_court="X", to_court="Y"),
    "significant-incident-reported": _fact(incident_id="x", kind="X", reported_to=["CPS"]),
}
"""The facts that move something, with members that matter drawn, and two that move nothing."""

_PROCEEDINGS = [name for name in HAPPENINGS if name.startswith(("nta", "hearing", "motion", "order", "fail"))]
_WHEREABOUTS = [
    *("child-encountered", "released-to-sponsor", "address-reported", "custody.mail-returned.v2"),
    *("post-release-contact-recorded", "post-release-contact-recorded", "absence-reported", "absence-resolved"),
    *("departure-verified", "discharged-otherwise"),
]
_CARE = [
    *("admitted-to-program", "network-transfer-completed", "emergency-transfer-made", "handoff-started"),
    *("handoff-accepted", "absence-reported", "absence-resolved", "released-to-sponsor", "discharged-otherwise"),
    *("contiguous-return-executed", "departure-verified", "age-redetermined", "particulars-asserted"),
]
_HANDOFFS = [
    *("handoff-started", "handoff-started", "handoff-cancelled", "handoff-declined", "handoff-accepted"),
    *("referred-to-orr", "placement-designated", "child-encountered", "absence-reported", "absence-resolved"),
]
_SAME_DAY = [
    *("child-encountered", "referred-to-orr", "handoff-started", "handoff-accepted", "admitted-to-program"),
    *("absence-reported", "absence-resolved", "released-to-sponsor", "post-release-contact-recorded"),
    *("contiguous-return-executed", "network-transfer-completed", "hearing-held", "failure-to-appear-recorded"),
]
"""What presupposes one another, where the days of a history are few."""
_POOLS = (_PROCEEDINGS, _SAME_DAY, _PROCEEDINGS, _WHEREABOUTS, _CARE, _HANDOFFS, list(HAPPENINGS))
"""Facts of every kind at once leave each region too few of its own to get into trouble."""


@st.composite
def histories(draw: st.DrawFn, most: int = 24) -> list[Entry]:
    """Draw a record in order of position: happenings late and early, corrected, voided, restored, disputed."""
    entries: list[Entry] = []
    names = draw(st.sampled_from(_POOLS))
    positions = st.integers(0, most)
    for _ in range(draw(positions)):
        position = (entries[-1].position if entries else 0) + draw(st.sampled_from((1, 1, 1, 3)))
        what = draw(st.sampled_from("hhhhhhhhccccvvrf")) if entries else "h"
        at = draw(st.sampled_from(entries)) if entries else None
        occurred_at = draw(TIMES)
        if at is None or what == "h":
            name = draw(st.sampled_from(names))
            fact = draw(HAPPENINGS[name])
        elif what == "c":
            name = "correction-issued"
            fact = {"corrects": at.position, "set": draw(_sets(entries, at)), "reason": "X"}
        elif what == "v":
            name, fact = "entry-voided", {"voids": at.position, "reason": "X"}
        elif what == "r":
            name, fact = "entry-disputed", {"position": at.position, "statement": "X", "by": "counsel"}
        else:
            name = "finding-resolved"
            fact = {"position": at.position, "code": "W1", "resolution": "X", "reason": "X"}
        entries.append(entry(position, name, occurred_at, fact))
    return entries


@st.composite
def _sets(draw: st.DrawFn, entries: Sequence[Entry], at: Entry) -> Json:
    """Draw what a correction of `at` may set: members of the original fact, `occurred_at`, null where that may be."""
    by_position = {one.position: one for one in entries}
    while at.type == "custody.correction-issued.v1":
        at = by_position[at.recorded_fact["corrects"]]
    name = at.type if at.type in HAPPENINGS else at.type.removeprefix("custody.").rsplit(".v", 1)[0]
    choices: Json = draw(HAPPENINGS[name]) if name in HAPPENINGS else {"reason": "Y"} if "void" in name else {}
    for member, field in BY_WIRE[at.type].model_fields.items():
        if not field.is_required() and draw(st.booleans()):
            choices[member] = None
    choices["occurred_at"] = draw(TIMES)
    chosen = draw(st.sets(st.sampled_from(sorted(choices)), min_size=1, max_size=3))
    return {member: choices[member] for member in sorted(chosen)}


RECORDS: Final = tuple(UUID(int=n) for n in range(1, 6))


@st.composite
def merge_histories(draw: st.DrawFn) -> list[Entry]:
    """Draw merges, unmerges and voids over five records, valid or not: both ways round, triangles, voids of voids."""
    entries: list[Entry] = []
    for position in range(1, draw(st.integers(0, 16)) + 1):
        what = draw(st.sampled_from("mmmmuv")) if entries else "m"
        child, other = draw(st.permutations(RECORDS))[:2]
        if what == "v":
            fact: Json = {"voids": draw(st.integers(1, position - 1)), "reason": "X"}
            entries.append(entry(position, "entry-voided", None, fact, child=child))
            continue
        name = "identity-merged" if what == "m" else "identity-unmerged"
        fact = {"other": {"scheme": "ledger", "value": str(other)}, "reason": "X"}
        entries.append(entry(position, name, None, fact, child=child, other=other))
    return entries
