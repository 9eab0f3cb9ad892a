"""The record of one child as of any moment: `custody view --json` (contract: Command line; knowledge: view).

The viewpoint is the ledger's own: it knows every entry recorded by R, since the moment it was recorded, through no
agency's channel, so `moments` is empty. K is R; `basis` and `at_least` are the defaults of a question.
"""

import gc
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import lru_cache
from typing import Any, Final, get_args

from psycopg import Connection

from ledger.entry import Producer
from ledger.facts import EntryDisputed, Happening
from ledger.times import When, civil_day, order_key, write_clock, write_when
from projections.effective import Effective, effective
from projections.folding import Folding
from projections.regions import Proceeding, Regions, age_on
from readers.moments import Name
from readers.records import Known, known
from readers.snapshot import Rows

_HAPPENINGS: Final = frozenset(get_args(Happening))


def view(
    connection: Connection[Rows], child: Name, *, happened_by: When | None = None, recorded_by: When | None = None
) -> dict[str, Any]:
    """Return the state and the entries of `child` as of H, as recorded by R, ready to be written as JSON.

    Raises `NothingKnownError` when nothing had been recorded of it by R, `NotShownError` when all of that is parked.
    """
    with _no_collections():
        return seen(known(connection, child, happened_by=happened_by, recorded_by=recorded_by))


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


def seen(found: Known) -> dict[str, Any]:
    """Return the view that the entries found give; pure."""
    moments, zone, parked = found.moments, found.zone, found.parked
    recorded_by = write_clock(moments.recorded_by)
    standing = effective(found.entries)
    regions = Folding.of_standing(standing, zone, moments.happened_by).regions()
    age = age_on(regions.age, civil_day(moments.happened_by, zone))
    return {
        "child": str(found.child),
        "records": [str(record) for record in sorted(found.group)],
        "identifiers": [{"scheme": scheme, "value": value} for scheme, value in found.identifiers],
        "as": "ledger",
        "known_at": recorded_by,
        "happened_by": write_clock(moments.happened_by),
        "recorded_by": recorded_by,
        "complete_to": write_clock(moments.complete_to),
        "zone": zone,
        "clock": found.clock,
        "basis": "any",
        "at_least": "delivered",
        "incomplete": None if parked is None else {"since": write_clock(parked.recorded_at), "reason": parked.reason},
        **_state(regions),
        "age": {"years": age.years, "band": age.band, "basis": age.basis},
        "entries": _entries(found, standing),
    }


def _state(regions: Regions) -> dict[str, Any]:
    custody, whereabouts = regions.custody, regions.whereabouts
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


def _entries(found: Known, standing: Sequence[Effective]) -> list[dict[str, Any]]:
    """Return the entries in order of position: statements, and happenings not later than H."""
    zone = found.zone
    last = order_key(found.moments.happened_by, zone)
    disputes = {
        one.entry.position: {"position": one.entry.position, "by": one.fact.by, "statement": one.fact.statement}
        for one in standing
        if isinstance(one.fact, EntryDisputed)
    }
    records = {record: str(record) for record in found.group}
    return [
        _entry(one, records[one.entry.child], disputes)
        for one in standing
        if type(one.fact) not in _HAPPENINGS or order_key(one.occurred_at, zone) <= last
    ]


def _entry(one: Effective, child: str, disputes: Mapping[int, Mapping[str, Any]]) -> dict[str, Any]:
    entry = one.entry
    recorded_at = write_clock(entry.recorded_at)
    shown: dict[str, Any] = {
        "position": entry.position,
        "child": child,
        "version": entry.version,
        "type": entry.type,
        "producer": _producer(entry.producer),
        "door": entry.door,
        "source": entry.source,
        "occurred_at": None if one.occurred_at is None else write_when(one.occurred_at),
        "recorded_at": recorded_at,
        "known_since": write_when(entry.known_since),
        "known_at": recorded_at,
        "known_not_before": recorded_at,
        "known_by": recorded_at,
        "how": "recorded",
        "basis": "proven",
        "moments": [],
        "fact": one.shown_fact,
    }
    if one.shown_fact is not entry.recorded_fact and one.shown_fact != entry.recorded_fact:
        shown["original"] = entry.recorded_fact
    if one.occurred_at != entry.occurred_at:
        shown["original_occurred_at"] = _when(entry.occurred_at)
    shown["withheld"] = []
    shown["corrected_by"] = one.corrected_by
    shown["voided_by"] = one.voided_by
    shown["findings"] = _findings(one)
    shown["disputes"] = [disputes[position] for position in one.disputed_by]
    return shown


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
