"""The record of one child as of any moment, as anyone knew it: `custody view --json` (contract: Command line).

From the ledger's own viewpoint every entry recorded by R is known, since the moment it was recorded, through no
agency's channel, so `moments` is empty. From an agency's, or a group's, it is the known set that is folded
(knowledge: view); what the agency does not know is withheld, by name.
"""

import gc
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

from psycopg import Connection

from ledger.times import When, civil_day, write_clock, write_when
from projections.fold.amended import effective
from projections.fold.folding import Folding
from projections.fold.regions import Proceeding, Regions, age_on
from projections.knowledge.moments import GRADES
from projections.knowledge.viewpoint import standing
from readers.child.former_names import shown_formerly
from readers.child.known_set import LEDGER, KnownTo, Viewpoint, known_to
from readers.child.records import RecordedPerson, known
from readers.child.shown_entries import entries_held, entries_known
from readers.moments import Moments, MomentsAsked, Name
from readers.snapshot import Rows

_SOMETHING_WAITS: Final = "an entry of this child could not be applied"


def view(
    connection: Connection[Rows], child: Name, asked: MomentsAsked | None = None, viewpoint: Viewpoint | None = None
) -> dict[str, Any]:
    """Return the state and the entries of `child` as of H, as known at K by what was recorded by R, ready for JSON.

    Raises `NothingKnownError` when nothing was known of it, `NotShownError` when all that was recorded is parked.
    """
    asked, viewpoint = asked or MomentsAsked(), viewpoint or Viewpoint()
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


def seen(found: RecordedPerson, viewpoint: Viewpoint | None = None) -> dict[str, Any]:
    """Return the ledger's own view that the entries found give; pure."""
    moments, zone = found.moments, found.zone
    left = effective(found.entries)
    regions = Folding.of_standing(left, zone, moments.happened_by).regions()
    formerly = {"formerly": [shown_formerly(one) for one in found.formerly]} if found.formerly else {}
    return {
        **_heading(found, viewpoint or Viewpoint()),
        **formerly,
        **_state(regions, moments, zone),
        "entries": entries_held(found, left),
    }


def seen_by(found: KnownTo) -> dict[str, Any]:
    """Return the view of an agency or group that its known set gives; pure."""
    moments, zone = found.moments, found.zone
    left = standing(found.seen)
    regions = Folding.of_standing([one.one for one in left if one.moves], zone, moments.happened_by).regions()
    return {
        **_heading(found, found.viewpoint),
        **_state(regions, moments, zone),
        "entries": entries_known(found, left),
    }


def _heading(found: RecordedPerson | KnownTo, viewpoint: Viewpoint) -> dict[str, Any]:
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


def _when(when: When | None) -> str | None:
    return None if when is None else write_when(when)
