"""Who was told what of a child, entry by entry: the ladder of each agency, `custody knows --json`."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from psycopg import Connection

from ledger.agencies import RECEIVERS, Agency
from ledger.belonging import about_person
from ledger.entry import Entry
from ledger.facts import EntryVoided, IdentityMerged, IdentityUnmerged
from ledger.merges import groups
from ledger.times import write_clock, write_when
from ledger.voids import standing_voids
from projections.knowledge import GRADES, Moment
from readers.knowing import Stated, Viewpoint, all_stated
from readers.moments import Asked, Name
from readers.questions import NotShownError
from readers.records import check_is_a_child, known
from readers.snapshot import Rows

_JOINING: Final = (IdentityMerged, IdentityUnmerged, EntryVoided)


def knows(connection: Connection[Rows], child: Name, asked: Asked, viewpoint: Viewpoint) -> dict[str, Any]:
    """Return for each entry recorded by R, and each agency, since when it had it to which grade, and how.

    A step of the ladder is the agency's first moment of that grade or a higher one. Raises what `known` raises.
    """
    check_is_a_child(child)
    agencies = viewpoint.agencies or RECEIVERS

    stated = all_stated(connection, child, asked, agencies)
    if stated is None:
        known(connection, child, asked)
        raise NotShownError("nothing is published yet, so nobody can say who was told; is the role `feeds` running?")
    entries = of_person(stated)
    held = stated.held(agencies)
    voids = standing_voids(entries)
    return {
        "child": str(stated.child),
        "as": viewpoint.name,
        "basis": viewpoint.basis,
        "recorded_by": write_clock(stated.moments.recorded_by),
        "complete_to": write_clock(stated.moments.complete_to),
        "zone": stated.zone,
        "clock": stated.found.clock,
        "entries": [
            {
                "position": entry.position,
                "type": entry.type,
                "occurred_at": None if entry.occurred_at is None else write_when(entry.occurred_at),
                "recorded_at": write_clock(entry.recorded_at),
                "producer": {"agency": entry.producer.agency},
                "voided_by": voids.get(entry.position, ()),
                "agencies": {
                    agency: ladder
                    for agency in agencies
                    if (ladder := _ladder(held.get(entry.position, ()), agency, viewpoint))
                },
            }
            for entry in entries
        ],
    }


def of_person(stated: Stated) -> Sequence[Entry]:
    """Return the entries about the person by what the ledger holds, in order of position."""
    return about_person(stated.entries, group_of(stated))


def group_of(stated: Stated) -> frozenset[UUID]:
    """Return the records that are one person by what the ledger holds."""
    joining = (entry for entry in stated.entries if isinstance(entry.fact, _JOINING))
    return groups(joining).get(stated.child, frozenset((stated.child,)))


def _ladder(held: Iterable[Moment], agency: Agency, viewpoint: Viewpoint) -> dict[str, Any]:
    """Return the first moment of each grade or a higher one; grades never reached are left out."""
    timed = [
        (at, -moment.grade, moment.position or 0, moment)
        for moment in held
        if moment.agency == agency and (at := moment.time(viewpoint.basis)) is not None
    ]
    steps: dict[str, Any] = {}
    for grade, name in enumerate(GRADES):
        reached = [one for one in timed if one[3].grade >= grade]
        if reached:
            at, *_, moment = min(reached, key=lambda one: one[:3])
            steps[name] = _step(at, moment)
    return steps


def _step(at: datetime, moment: Moment) -> dict[str, Any]:
    claimed = moment.claimed is not None and at == moment.claimed
    bound = moment.not_before if not claimed and moment.not_before is not None else at
    return {
        "at": write_clock(at),
        "not_before": write_clock(bound),
        "basis": "claimed" if claimed else "proven",
        "channel": moment.channel,
        "number": moment.number,
        "position": moment.position,
        "members": "all" if moment.members is None else sorted(moment.members),
    }
