"""The record of one child as of any moment, as anyone knew it: `custody view --json` (contract: Command line).

From the ledger's own viewpoint every entry recorded by R is known, since the moment it was recorded, through no
agency's channel, so `moments` is empty. From an agency's, or a group's, it is the known set that is folded
(knowledge: view); what the agency does not know is withheld, by name.
"""

import gc
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from functools import lru_cache
from typing import Any, Final, get_args

from psycopg import Connection

from ledger.entry import Producer
from ledger.facts import EntryDisputed, Happening
from ledger.times import When, civil_day, order_key, write_clock, write_when
from projections.effective import Effective, effective
from projections.folding import Folding
from projections.knowledge import GRADES, Basis, Moment, Seen
from projections.regions import Proceeding, Regions, age_on
from projections.viewpoint import Shown, standing
from readers.knowing import LEDGER, KnownTo, Viewpoint, known_to
from readers.moments import Asked, Moments, Name
from readers.records import Known, known
from readers.snapshot import Rows

_HAPPENINGS: Final = frozenset(get_args(Happening))
_SOMETHING_WAITS: Final = "an entry of this child could not be applied"
_NOT_SAID: Final = {"office": None, "user": None, "system": None}
"""What an agency is not told of who recorded an entry of another one."""


def view(
    connection: Connection[Rows], child: Name, asked: Asked | None = None, viewpoint: Viewpoint | None = None
) -> dict[str, Any]:
    """Return the state and the entries of `child` as of H, as known at K by what was recorded by R, ready for JSON.

    Raises `NothingKnownError` when nothing was known of it, `NotShownError` when all that was recorded is parked.
    """
    asked, viewpoint = asked or Asked(), viewpoint or Viewpoint()
    with _no_collections():
        if viewpoint.name == LEDGER:
            return seen(known(connection, child, asked), viewpoint)
        return seen_by(known_to(connection, child, asked, viewpoint))


@contextmanager
def _no_collections() -> Iterator[None]:
    """Keep the collector away: nothing here makes garbage in cycles, and a long record would double its time on it."""
    collecting = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if collecting:
            gc.enable()


def seen(found: Known, viewpoint: Viewpoint | None = None) -> dict[str, Any]:
    """Return the ledger's own view that the entries found give; pure."""
    moments, zone = found.moments, found.zone
    left = effective(found.entries)
    regions = Folding.of_standing(left, zone, moments.happened_by).regions()
    return {
        **_heading(found, viewpoint or Viewpoint()),
        **_state(regions, moments, zone),
        "entries": _entries(found, left),
    }


def seen_by(found: KnownTo) -> dict[str, Any]:
    """Return the view of an agency or group that its known set gives; pure."""
    moments, zone = found.moments, found.zone
    left = standing(found.seen)
    regions = Folding.of_standing([one.one for one in left if one.moves], zone, moments.happened_by).regions()
    return {
        **_heading(found, found.viewpoint),
        **_state(regions, moments, zone),
        "entries": _entries_seen(found, left),
    }


def _heading(found: Known | KnownTo, viewpoint: Viewpoint) -> dict[str, Any]:
    moments, parked = found.moments, found.parked
    # what could not be applied may be a fact the agency must not know of: its name stays with the ledger
    reason = "" if parked is None else parked.reason if viewpoint.name == LEDGER else _SOMETHING_WAITS
    return {
        "child": str(found.child),
        "records": [str(record) for record in sorted(found.group)],
        "identifiers": [{"scheme": scheme, "value": value} for scheme, value in found.identifiers],
        "as": viewpoint.name,
        "known_at": write_clock(moments.known_at),
        "happened_by": write_clock(moments.happened_by),
        "recorded_by": write_clock(moments.recorded_by),
        "complete_to": write_clock(moments.complete_to),
        "zone": found.zone,
        "clock": found.clock,
        "basis": viewpoint.basis,
        "at_least": GRADES[viewpoint.at_least],
        "incomplete": None if parked is None else {"since": write_clock(parked.recorded_at), "reason": reason},
    }


def _state(regions: Regions, moments: Moments, zone: str) -> dict[str, Any]:
    custody, whereabouts = regions.custody, regions.whereabouts
    age = age_on(regions.age, civil_day(moments.happened_by, zone))
    return {
        "custody": {
            "state": custody.state,
            "legal_custodian": custody.legal_custodian,
            "physical_custodian": custody.physical_custodian,
            "place": custody.place,
            "since": _when(custody.since),
        },
        "proceedings": [_proceeding(proceeding) for proceeding in regions.proceedings],
        "whereabouts": {
            "state": whereabouts.state,
            "residence": whereabouts.residence,
            "mailing": whereabouts.mailing,
            "since": _when(whereabouts.since),
        },
        "age": {"years": age.years, "band": age.band, "basis": age.basis},
    }


def _proceeding(proceeding: Proceeding) -> dict[str, Any]:
    return {
        "court_case": proceeding.court_case,
        "nta_id": proceeding.nta_id,
        "state": proceeding.state,
        "served": proceeding.served,
        "next_hearing_at": _when(proceeding.next_hearing_at),
        "since": _when(proceeding.since),
        "reason": proceeding.reason,
    }


def _entries(found: Known, left: Sequence[Effective]) -> list[dict[str, Any]]:
    """Return the entries in order of position: statements, and happenings not later than H."""
    disputes = _disputes(left)
    records = {record: str(record) for record in found.group}
    shown = []
    for one in _happened(left, found.moments, found.zone):
        entry = one.entry
        recorded_at = write_clock(entry.recorded_at)
        shown.append(
            {
                **_known_by_all(one, records[entry.child], recorded_at),
                "version": entry.version,
                "producer": _producer(entry.producer),
                "door": entry.door,
                "source": entry.source,
                "known_since": write_when(entry.known_since),
                "known_at": recorded_at,
                "known_not_before": recorded_at,
                "known_by": recorded_at,
                "how": "recorded",
                "basis": "proven",
                "moments": [],
                **_fact(one, entry.recorded_fact, ()),
                "corrected_by": one.corrected_by,
                "voided_by": one.voided_by,
                "findings": _findings(one),
                "disputes": [disputes[position] for position in one.disputed_by],
            }
        )
    return shown


def _entries_seen(found: KnownTo, left: Sequence[Shown]) -> list[dict[str, Any]]:
    """Return the same of a known set, each with how and since when it was known.

    What the ledger keeps beside a fact (source, door, who recorded it, findings) is shown to its producer alone; so
    is its number in the record, for a gap between two numbers would say that something else is there.
    """
    agencies = found.viewpoint.agencies
    by_position = {one.entry.position: one for one in found.seen}
    disputes = _disputes([one.one for one in left])
    happened = {one.entry.position for one in _happened([one.one for one in left], found.moments, found.zone)}
    shown = []
    for each in left:
        one = each.one
        entry = one.entry
        if entry.position not in happened:
            continue
        own = entry.producer.agency in agencies
        shown.append(
            {
                **_known_by_all(one, str(entry.child), write_clock(entry.recorded_at)),
                "version": entry.version if own else None,
                "producer": _producer(entry.producer) if own else {"agency": entry.producer.agency, **_NOT_SAID},
                "door": entry.door if own else None,
                "source": entry.source if own else None,
                "known_since": write_when(entry.known_since) if own else None,
                **_how(by_position[entry.position], found.viewpoint.basis),
                **_fact(one, each.original, each.withheld),
                "corrected_by": one.corrected_by,
                "voided_by": one.voided_by,
                "findings": _findings(one) if own else [],
                "disputes": [disputes[position] for position in one.disputed_by if position in disputes],
            }
        )
    return shown


def _happened(left: Iterable[Effective], moments: Moments, zone: str) -> Iterator[Effective]:
    """Yield statements, and happenings not later than H."""
    last = order_key(moments.happened_by, zone)
    for one in left:
        if type(one.fact) not in _HAPPENINGS or order_key(one.occurred_at, zone) <= last:
            yield one


def _known_by_all(one: Effective, child: str, recorded_at: str) -> dict[str, Any]:
    """Return what everyone reads who knows of an entry at all."""
    entry = one.entry
    return {
        "position": entry.position,
        "child": child,
        "type": entry.type,
        "occurred_at": _when(one.occurred_at),
        **({} if one.occurred_at == entry.occurred_at else {"original_occurred_at": _when(entry.occurred_at)}),
        "recorded_at": recorded_at,
    }


def _fact(one: Effective, original: Mapping[str, Any], withheld: Sequence[str]) -> dict[str, Any]:
    """Return the fact as corrected, as it was before where that differs, and the names of what is withheld."""
    fact = one.shown_fact
    changed = fact is not original and fact != original
    return {"fact": fact, **({"original": original} if changed else {}), "withheld": withheld}


def _disputes(left: Iterable[Effective]) -> dict[int, dict[str, Any]]:
    return {
        one.entry.position: {"position": one.entry.position, "by": one.fact.by, "statement": one.fact.statement}
        for one in left
        if isinstance(one.fact, EntryDisputed)
    }


def _how(one: Seen, basis: Basis) -> dict[str, Any]:
    """Return how and since when an entry was known.

    Where nobody claims a time, and only a later receipt proves it, the answer is a span: after the publication, by
    the receipt; when in between cannot be determined.
    """
    first, known_at = one.first, write_clock(one.known_at)
    by_proof = first.claimed is None or basis == "proven" or first.claimed > one.known_at
    bound = first.not_before if by_proof and first.not_before is not None else one.known_at
    return {
        "known_at": known_at,
        "known_not_before": write_clock(bound),
        "known_by": known_at,
        "how": first.channel,
        "basis": "proven" if by_proof else "claimed",
        "moments": [_moment(moment) for moment in one.moments],
    }


def _moment(moment: Moment) -> dict[str, Any]:
    return {
        "agency": moment.agency,
        "grade": GRADES[moment.grade],
        "claimed_at": _clock(moment.claimed),
        "proven_at": _clock(moment.proven),
        "not_before": _clock(moment.not_before),
        "channel": moment.channel,
        "feed": None if moment.number is None else moment.agency,
        "number": moment.number,
        "position": moment.position,
        "members": "all" if moment.members is None else sorted(moment.members),
    }


def _clock(instant: datetime | None) -> str | None:
    return None if instant is None else write_clock(instant)


@lru_cache(maxsize=1024)
def _producer(producer: Producer) -> Mapping[str, str | None]:
    return producer._asdict()


def _findings(one: Effective) -> Sequence[Mapping[str, Any]]:
    """Return the findings with the position that dealt with each: a resolution, or the void of the whole entry."""
    if not one.entry.findings:
        return []
    resolved = dict(reversed(one.resolved_findings))
    void = min(one.voided_by, default=None)
    return [
        {"code": f.code, "level": f.level, "message": f.message, "resolved_by": resolved.get(f.code, void)}
        for f in one.entry.findings
    ]


def _when(when: When | None) -> str | None:
    return None if when is None else write_when(when)
