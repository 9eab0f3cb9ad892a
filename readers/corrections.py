"""Corrections of all children in a period, and who still holds the old value: `custody corrections`.

Who still holds it knows the corrected member of the entry by K, and not yet its new value (knowledge: view).
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final
from uuid import UUID

from psycopg import Connection, Cursor

from ledger.agencies import AGENCIES, Agency
from ledger.entry import Entry, read_entry
from ledger.facts import CorrectionIssued
from ledger.records.voids import standing_voids
from ledger.times import FLOOR, When, first_instant, last_instant, write_clock
from projections.knowledge.moments import GRADES, Members, Seen, known_set
from readers.child.known_set import LEDGER, Stated, Viewpoint, stated_by
from readers.child.stated import agencies_of
from readers.figures.known_to_agency import SQL as HELD_SQL
from readers.moments import Moments, MomentsAsked, settle
from readers.named_sql import named
from readers.snapshot import Rows, in_snapshot
from readers.unanswerable import NOTHING_PUBLISHED, NotShownError, WrongQuestionError

_SQL: Final = named(Path(__file__).with_name("corrections.sql"))
PAGE: Final = 1000
MOST: Final = 10_000
ANYBODY: Final = Viewpoint()
_EVERYBODY: Final = tuple(Viewpoint(agency) for agency in AGENCIES)
Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class CorrectionsAsked:
    """Which corrections are asked for, by when they were recorded and by whom; and who may still hold the old value.

    `holder` is an agency or group of which only what it still holds is listed; its basis and grade count for all.
    """

    since: When | None = None
    until: When | None = None
    by: Viewpoint | None = None
    holder: Viewpoint = ANYBODY
    known_at: When | None = None
    recorded_by: When | None = None
    limit: int = PAGE
    after: int = 0


def checked(asked: CorrectionsAsked) -> CorrectionsAsked:
    """Return the question; raises `WrongQuestionError` that names what can be asked."""
    if asked.by is not None and asked.by.name == LEDGER:
        raise WrongQuestionError("--by ledger: the ledger corrects nothing; name the agency or group that did")
    if not 1 <= asked.limit <= MOST:
        raise WrongQuestionError(f"--limit {asked.limit}: a page holds 1 to {MOST} corrections")
    return asked


def corrections(connection: Connection[Rows], asked: CorrectionsAsked) -> Json:
    """Return a page of corrections in order of position, ready for JSON."""
    return in_snapshot(connection, lambda cursor: _answer(cursor, checked(asked)))


def _answer(cursor: Cursor[Rows], asked: CorrectionsAsked) -> Json:
    heading = cursor.execute(HELD_SQL["heading"].encode()).fetchone()
    if heading is None or heading[2] is None:
        raise NotShownError(NOTHING_PUBLISHED)
    version, zone, complete_to, clock = heading
    moments = settle(MomentsAsked(None, asked.known_at, asked.recorded_by), complete_to=complete_to, zone=zone)
    since = FLOOR if asked.since is None else first_instant(asked.since, zone)
    until = moments.recorded_by if asked.until is None else min(last_instant(asked.until, zone), moments.recorded_by)
    given = {"since": since, "until": until, "after": asked.after}
    issued = cursor.execute(_SQL["corrections"].replace("{schema}", version).encode(), given)
    page: list[Json] = []
    more = False
    for row in _rows(cursor, asked, moments, issued.fetchall()):
        more = len(page) == asked.limit
        if more:
            break
        page.append(row)
    return {
        "from": None if asked.since is None else write_clock(since),
        "to": write_clock(until),
        "by": None if asked.by is None else asked.by.name,
        "agency": None if asked.holder.name == LEDGER else asked.holder.name,
        "known_at": write_clock(moments.known_at),
        "recorded_by": write_clock(moments.recorded_by),
        "complete_to": write_clock(complete_to),
        "zone": zone,
        "clock": clock,
        "basis": asked.holder.basis,
        "at_least": GRADES[asked.holder.at_least],
        "corrections": page,
        "next": page[-1]["position"] if more else None,
    }


def _rows(cursor: Cursor[Rows], asked: CorrectionsAsked, moments: Moments, issued: Iterable[Rows]) -> Iterator[Json]:
    child_of: UUID | None = None
    stated: Stated | None = None
    for _, child, payload in issued:
        entry = read_entry(payload)
        if asked.by is not None and entry.producer.agency not in asked.by.agencies:
            continue
        if child != child_of:
            settled = MomentsAsked(known_at=moments.known_at, recorded_by=moments.recorded_by)
            child_of, stated = child, stated_by(cursor, ("ledger", str(child)), settled, AGENCIES)
        if stated is None:
            continue
        row = told(stated, entry, asked.holder)
        if asked.holder.name == LEDGER or row["still_held_by"]:
            yield row


def told(stated: Stated, correction: Entry, holder: Viewpoint) -> Json:
    """Return what a correction set, and who of those asked for still holds an old value; pure."""
    fact = correction.fact
    assert isinstance(fact, CorrectionIssued)
    by_position = {entry.position: entry for entry in stated.entries}
    target = by_position.get(fact.corrects)
    viewpoints = _EVERYBODY if holder.name == LEDGER else (holder,)
    held = [
        {"agency": one.name, "members": members}
        for one in viewpoints
        if target is not None and (members := _old(stated, correction, target, _as_sure(one, holder)))
    ]
    voids = standing_voids(stated.entries).get(correction.position, ())
    return {
        "position": correction.position,
        "child": str(correction.child),
        "identifiers": [
            {"scheme": scheme, "value": value} for scheme, value in correction.identifiers if scheme != LEDGER
        ],
        "recorded_at": write_clock(correction.recorded_at),
        "producer": {"agency": correction.producer.agency},
        "corrects": fact.corrects,
        "type": None if target is None else target.type,
        "set": dict(correction.recorded_fact["set"]),
        "reason": fact.reason,
        "voided_by": list(voids),
        "still_held_by": [] if voids else held,
    }


def _as_sure(one: Viewpoint, holder: Viewpoint) -> Viewpoint:
    return Viewpoint(one.name, holder.basis, holder.at_least)


def _old(stated: Stated, correction: Entry, target: Entry, viewpoint: Viewpoint) -> list[str]:
    """Return the members of which somebody knows the old value and not the new one."""
    agencies: Sequence[Agency] = agencies_of(viewpoint.name)
    moments = stated.held(agencies)
    seen: Mapping[int, Seen] = {
        one.entry.position: one
        for one in known_set(
            [target, correction],
            moments,
            known_at=stated.moments.known_at,
            basis=viewpoint.basis,
            at_least=viewpoint.at_least,
        )
    }
    if target.position not in seen:
        return []
    old, new = seen[target.position].members, _members(seen.get(correction.position))
    fact = correction.fact
    assert isinstance(fact, CorrectionIssued)
    inner = isinstance(target.fact, CorrectionIssued)
    aimed = new is None or "corrects" in new
    return [
        member
        for member in fact.set
        if (old is None or member == "occurred_at" or (f"set.{member}" if inner else member) in old)
        and not (aimed and (new is None or member == "occurred_at" or f"set.{member}" in new))
    ]


def _members(seen: Seen | None) -> Members:
    return frozenset() if seen is None else seen.members
