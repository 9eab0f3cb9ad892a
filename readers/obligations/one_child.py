"""What was owed for one child, as of any two moments: `custody obligations --json`.

The rules and the zones of offices are those that come with the program; waivers are what the steward had recorded by
R. A duty to tell is met by the recipient's own moment of knowledge, among the moments stated by R. As long as nothing
is published it cannot be measured: calling it missed would accuse without having looked.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final, get_args

from psycopg import Connection, Cursor

from ledger.agencies import GROUPS, RECEIVERS, Agency, Body
from ledger.obligations.offices import shipped_offices
from ledger.obligations.shipped import ObligationRule, shipped_rules
from ledger.streams import LEDGER
from ledger.times import When, write_clock, write_when
from projections.fold.amended import effective
from projections.knowledge.moments import DELIVERED, Moment
from projections.obligations.states import Carried, Knows, Obligation, Shows, State, Told, obligations
from readers.child.known_set import Stated, all_stated
from readers.child.records import known
from readers.choosing import one_of
from readers.figures.offices import office_named
from readers.moments import MomentsAsked, Name
from readers.obligations.said import SaidOfLedger, said_by
from readers.snapshot import Rows, in_snapshot
from readers.unanswerable import WrongQuestionError

STATES: Final[tuple[State, ...]] = get_args(State)
BODIES: Final = (*get_args(Body), *GROUPS)
OWED_TO: Final = (*RECEIVERS, *GROUPS)
_Missing = tuple[datetime, str]
NOT_LOOKED_AT: Final = "nothing is published yet, so nobody can say who knew what"


@dataclass(frozen=True, slots=True)
class DutiesAsked:
    """Which duties to show: those that oblige an agency or group, those in one state, those owed to an agency or group,
    those due from one moment to another, both included, and those opened by an office's entry; `None`: all."""

    agency: str | None = None
    state: str | None = None
    towards: str | None = None
    due_from: datetime | None = None
    due_to: datetime | None = None
    office: str | None = None


def checked(sought: DutiesAsked) -> DutiesAsked:
    """Return what is sought; raises `WrongQuestionError` that names what there is."""
    if sought.due_from is not None and sought.due_to is not None and sought.due_to < sought.due_from:
        raise WrongQuestionError("--due-to is before --due-from, so that nothing can be due between them")
    owed_to, agency, state = sought.towards, sought.agency, sought.state
    return replace(
        sought,
        agency=None if agency is None else one_of(agency, BODIES, "agency or body", option="--agency"),
        state=None if state is None else one_of(state, STATES, "state of an obligation", option="--state"),
        towards=None if owed_to is None else one_of(owed_to, OWED_TO, "agency that is owed", option="--towards"),
    )


def owed(
    connection: Connection[Rows],
    child: Name,
    *,
    on: When | None = None,
    recorded_by: When | None = None,
    sought: DutiesAsked | None = None,
) -> dict[str, Any]:
    """Return the duties for `child` as of `on`, as recorded by R, ready to be written as JSON.

    Raises `WrongQuestionError` for an agency, state or office that is none, and what `known` raises.
    """
    wanted = checked(sought or DutiesAsked())
    titles = {(rule.id, rule.version): rule.title for rule in shipped_rules()}
    asked = MomentsAsked(happened_by=on, recorded_by=recorded_by)
    stated = all_stated(connection, child, asked, RECEIVERS)
    # up to the moment to which both entries and publications are complete, neither can change any more; while nothing
    # comes it goes on with the clock, and what falls due meanwhile is missed
    found = known(
        connection, child, asked if stated is None else replace(asked, recorded_by=stated.moments.recorded_by)
    )
    at = found.moments if stated is None else stated.moments
    said, parked = _said(connection, at.recorded_by, found.zone)
    missing = [one for one in (found.parked and (found.parked.recorded_at, found.parked.reason), parked) if one]
    moment = min(at.happened_by, at.recorded_by)
    every = obligations(
        effective(found.entries),
        rules=shipped_rules() if stated is not None else [_without_knowledge(rule) for rule in shipped_rules()],
        offices=shipped_offices(),
        recorded_by=at.recorded_by,
        zone=found.zone,
        shows=Shows(
            _nobody if stated is None else knows(stated), said.coverage, _nowhere if stated is None else carried(stated)
        ),
        waivers=said.waivers,
        on=moment,
    )
    offices = {entry.position: entry.producer.office for entry in found.entries}
    office = wanted.office
    if office is not None and office not in offices.values():
        wanted = replace(wanted, office=in_snapshot(connection, lambda cursor: office_named(cursor, office)))
    return {
        "child": str(found.child),
        "identifiers": [{"scheme": scheme, "value": value} for scheme, value in found.identifiers],
        "on": write_clock(moment),
        "recorded_by": write_clock(at.recorded_by),
        "complete_to": write_clock(at.complete_to),
        "zone": found.zone,
        "clock": found.clock,
        "agency": wanted.agency,
        "state": wanted.state,
        **filters(wanted),
        "incomplete": _incomplete(missing),
        "obligations": [shown(one, titles[one.rule, one.version]) for one in every if _is_sought(one, wanted, offices)],
    }


def _without_knowledge(rule: ObligationRule) -> ObligationRule:
    by_word = any(answer.told is not None for answer in rule.met_by)
    return rule.model_copy(update={"not_measurable": NOT_LOOKED_AT}) if by_word else rule


def knows(stated: Stated) -> Knows:
    """Return who knew which entry since when, claimed or proven, to a grade of delivered or more."""
    held = stated.held(RECEIVERS)

    def told(position: int, agency: Agency) -> Told | None:
        first: tuple[datetime, Moment] | None = None
        for moment in held.get(position, ()):
            at = moment.time("any") if moment.agency == agency and moment.grade >= DELIVERED else None
            if at is not None and (first is None or at < first[0]):
                first = at, moment
        if first is None:
            return None
        at, moment = first
        return Told(at, moment.claimed == at, moment.channel, moment.position, moment.number)

    return told


def _nobody(position: int, agency: Agency) -> Told | None:
    return None


def carried(stated: Stated) -> Carried:
    """Return when each entry was put on which feed, the first time."""
    first: dict[tuple[int, Agency], datetime] = {}
    for item in stated.said.items:
        if item.published_at <= stated.moments.recorded_by:
            key = item.position, item.agency
            first[key] = min(item.published_at, first.get(key, item.published_at))
    return lambda position, agency: first.get((position, agency))


def _nowhere(position: int, agency: Agency) -> datetime | None:
    return None


def _said(connection: Connection[Rows], recorded_by: datetime, zone: str) -> tuple[SaidOfLedger, _Missing | None]:
    """Return what the steward had said by R, and since when that is incomplete.

    Up to R nothing can be added any more, so that a snapshot of its own gives the same as the entries' would.
    """

    def ask(cursor: Cursor[Rows]) -> tuple[SaidOfLedger, _Missing | None]:
        row = cursor.execute("select version from read.progress_v1").fetchone()
        assert row is not None
        parked = cursor.execute(
            "select recorded_at, reason from read.parked_v1 where child = %s and recorded_at <= %s"
            " order by position limit 1",
            (LEDGER, recorded_by),
        ).fetchone()
        return said_by(cursor, row[0], recorded_by, zone), None if parked is None else (parked[0], parked[1])

    return in_snapshot(connection, ask)


def _incomplete(missing: Sequence[_Missing]) -> dict[str, Any] | None:
    """Return since when entries of the child, or waivers, could not be applied."""
    if not missing:
        return None
    since, reason = min(missing)
    return {"since": write_clock(since), "reason": reason}


def filters(sought: DutiesAsked) -> dict[str, Any]:
    """Return what was sought beyond agency and state, as an answer says it."""
    return {
        "towards": sought.towards,
        "due_from": None if sought.due_from is None else write_clock(sought.due_from),
        "due_to": None if sought.due_to is None else write_clock(sought.due_to),
        "office": sought.office,
    }


def _is_sought(one: Obligation, sought: DutiesAsked, offices: Mapping[int, str | None]) -> bool:
    due = one.due_at
    return (
        _is_of(one.obliged, sought.agency)
        and _is_of(one.towards, sought.towards)
        and sought.state in (None, one.state)
        and (sought.due_from is None or (due is not None and due >= sought.due_from))
        and (sought.due_to is None or (due is not None and due <= sought.due_to))
        and sought.office in (None, offices.get(one.opened_by))
    )


def _is_of(body: str | None, named: str | None) -> bool:
    return named is None or body in (named, *GROUPS.get(named, ()))


def shown(one: Obligation, title: str) -> dict[str, Any]:
    """Return a duty ready to be written as JSON."""
    return {
        "rule": one.rule,
        "version": one.version,
        "title": title,
        "kind": one.kind,
        "obliged": one.obliged,
        "towards": one.towards,
        "state": one.state,
        "opened_by": one.opened_by,
        "started": None if one.started is None else write_when(one.started),
        "due_at": None if one.due_at is None else write_clock(one.due_at),
        "zone": one.zone,
        "met_at": None if one.met_at is None else write_clock(one.met_at),
        "met_by": one.met_by,
        "proof": None if one.proof is None else _proof(one.proof),
        "over_seconds": None if one.over is None else one.over.total_seconds(),
        "days_late": one.days_late,
        "ended_by": one.ended_by,
        "remark": one.remark,
    }


def _proof(told: Told) -> dict[str, Any]:
    return {
        "how": told.how,
        "claimed": told.claimed,
        "position": told.position,
        "feed_number": told.feed_number,
    }
