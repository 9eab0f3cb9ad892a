"""What each agency owed for one child, by when, and whether it had done it (knowledge: Divergence and duties).

Two moments make every answer: R, by which the ledger had heard what the answer goes by, and `on`, the day asked about.
*Overdue as known on that day* has both at that day; *as known now* keeps the day and lets R be now. For one R, time
moves a duty one way only: it opens, it is met or missed, and what was missed may be done late; nothing opens again.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final, Literal, NamedTuple

from ledger.agencies import Agency
from ledger.facts import ObligationWaived
from ledger.obligation_vocabulary import Answer, Kind, Rule
from ledger.offices import OfficeTable
from ledger.times import When
from projections.duties import Child, Duty, duties
from projections.effective import Effective
from projections.matching import Happened, Happenings, day_of

State = Literal["open", "met", "late", "missed", "waived", "withdrawn", "undated", "not-measurable"]
"""`late` was done after it was due; `missed` was due and is not done; `undated` began nobody knows when."""

NO_LIMIT: Final = "no limit published"


class Told(NamedTuple):
    """When a recipient came to know an entry, to a grade of delivered or more, and what shows it."""

    at: datetime
    claimed: bool
    """Whether `at` is the recipient's own word; the proof may be younger."""
    how: str
    position: int | None = None
    """The entry that says so."""
    feed_number: int | None = None


Knows = Callable[[int, Agency], Told | None]
"""Return an agency's earliest moment of knowledge of an entry, as recorded by R."""


class Waiver(NamedTuple):
    """A waiver as it was recorded."""

    position: int
    recorded_at: datetime
    fact: ObligationWaived


@dataclass(frozen=True, slots=True)
class Obligation:
    """One duty, owed by one body to one recipient, as it stood."""

    rule: str
    version: int
    kind: Kind
    obliged: str
    towards: str | None
    opened_by: int
    """Position of the fact that opened it."""
    started: When | None
    """When its clock started; `None` where nobody knows."""
    zone: str
    """Where the obliged office counts its days."""
    due_at: datetime | None
    state: State
    met_at: datetime | None = None
    met_by: int | None = None
    """Position of the fact that met it, or that had to be known."""
    proof: Told | None = None
    """How the recipient came to know it."""
    over: timedelta | None = None
    """How long after it was due it was done, or has not been."""
    days_late: int | None = None
    """The same in days of the obliged office's zone."""
    ended_by: int | None = None
    """Position of the void, correction, waiver or fact that ended it."""
    remark: str | None = None


class _Met(NamedTuple):
    at: datetime
    position: int
    proof: Told | None
    excuse: str | None


@dataclass(frozen=True, slots=True)
class _Asked:
    """What a duty is judged by."""

    happenings: Happenings
    on: datetime
    told: Knows
    waivers: Sequence[Waiver]


def obligations(
    standing: Sequence[Effective],
    *,
    rules: Iterable[Rule],
    offices: OfficeTable,
    recorded_by: datetime,
    zone: str,
    told: Knows,
    waivers: Iterable[Waiver] = (),
    on: datetime | None = None,
) -> list[Obligation]:
    """Return the duties of one person as of `on`, in the order in which the entries that opened them were recorded.

    `standing` is what was recorded of the person by R, as `effective` leaves it; `told` must go by the same R.
    `on` is R where none is given, and never later. A waiver counts from its `recorded_at`.
    """
    moment = recorded_by if on is None else min(on, recorded_by)
    happenings = Happenings(standing, zone)
    counting = sorted((one for one in waivers if one.recorded_at <= moment), key=lambda waiver: waiver.position)
    asked = _Asked(happenings, moment, told, counting)
    opened = duties(Child(standing, happenings, zone, offices), rules)
    found = [_judged(asked, duty) for duty in opened if duty.opened.when is None or duty.opened.last <= moment]
    return sorted(found, key=lambda one: one.opened_by)


def _judged(asked: _Asked, duty: Duty) -> Obligation:
    """Return the duty with its state; what stands first here decides."""
    rule, due_at = duty.rule, duty.due_at
    if not duty.stands:
        return _withdrawn(duty)
    if rule.not_measurable is not None:
        return _became("not-measurable", duty, remark=rule.not_measurable)
    met, waiver = _met(asked, duty), _waiver(asked, duty)
    ended = _ended(asked, duty)
    if ended is not None and (due_at is None or ended.proven <= due_at) and (met is None or ended.proven < met.at):
        in_time = "" if due_at is None else " before it was due"
        return _became("withdrawn", duty, ended_by=ended.position, remark=f"{ended.name} ended it{in_time}")
    undated = due_at is None and (rule.limit is not None or duty.started is None)
    unlimited = NO_LIMIT if rule.limit is None else None
    if met is not None and not undated and (due_at is None or met.at <= due_at):
        return _became("met", duty, met, remark=unlimited)
    if met is not None and met.excuse is not None and not undated:
        return _became("waived", duty, met, ended_by=met.position, remark=met.excuse)
    if waiver is not None:
        why = f"{waiver.fact.reason_code}: {waiver.fact.reason}"
        return _became("waived", duty, met, ended_by=waiver.position, remark=why)
    if undated:
        return _became("undated", duty, met, remark="nobody knows when its clock started")
    if met is not None:
        return _became("late", duty, met)
    if due_at is None or asked.on <= due_at:
        return _became("open", duty, remark=unlimited)
    return _became("missed", duty, since=asked.on)


def _withdrawn(duty: Duty) -> Obligation:
    opened = duty.opened
    if opened.voided_by:
        return _became("withdrawn", duty, ended_by=opened.voided_by[0], remark="the fact that opened it is void")
    corrected = "the fact that opened it was corrected, and opens nothing any more"
    return _became("withdrawn", duty, ended_by=opened.corrected_by[-1], remark=corrected)


def _became(
    state: State,
    duty: Duty,
    met: _Met | None = None,
    *,
    since: datetime | None = None,
    ended_by: int | None = None,
    remark: str | None = None,
) -> Obligation:
    """Return the duty in this state; `since` is the moment until which it was not done, where that counts."""
    until, due_at = since if met is None else met.at, duty.due_at
    overdue = until is not None and due_at is not None and until > due_at
    return Obligation(
        rule=duty.rule.id,
        version=duty.rule.version,
        kind=duty.rule.kind,
        obliged=duty.obliged,
        towards=duty.towards,
        opened_by=duty.opened.position,
        started=duty.started,
        zone=duty.zone,
        due_at=due_at,
        state=state,
        met_at=None if met is None else met.at,
        met_by=None if met is None else met.position,
        proof=None if met is None else met.proof,
        over=until - due_at if overdue and until and due_at else None,
        days_late=(day_of(until, duty.zone) - day_of(due_at, duty.zone)).days if overdue and until and due_at else None,
        ended_by=ended_by,
        remark=remark,
    )


def _met(asked: _Asked, duty: Duty) -> _Met | None:
    """Return what met the duty first, by `on`."""
    found: list[_Met] = []
    for way in duty.rule.met_by:
        answers = asked.happenings.answers(duty.rule, way, duty.opened, duty.obliged)
        moments = (_moment(asked, way, one, duty.towards) for one in answers)
        by_then = sorted((met for met in moments if met is not None and met.at <= asked.on), key=_in_order)
        found += by_then[way.nth - 1 : way.nth]
    return min(found, key=_in_order, default=None)


def _in_order(met: _Met) -> tuple[datetime, int]:
    return met.at, met.position


def _moment(asked: _Asked, way: Answer, one: Happened, towards: Any) -> _Met | None:
    if way.told is None:
        return _Met(one.proven, one.position, None, _excuse(way, one))
    told = None if towards is None else asked.told(one.position, towards)
    return None if told is None else _Met(told.at, one.position, told, None)


def _excuse(way: Answer, one: Happened) -> str | None:
    """Return the reason codes that make a late answer lawfully late; `unknown` gives no reason."""
    codes = () if way.excuse is None else getattr(one.fact, way.excuse) or ()
    return ", ".join(code for code in codes if code != "unknown") or None


def _ended(asked: _Asked, duty: Duty) -> Happened | None:
    """Return what made the duty fall away first, by `on`."""
    endings = asked.happenings.endings(duty.rule.falls_away_by, duty.opened)
    by_then = (one for one in endings if one.proven <= asked.on)
    return min(by_then, key=lambda one: (one.proven, one.position), default=None)


def _waiver(asked: _Asked, duty: Duty) -> Waiver | None:
    """Return the first waiver of this very duty; one that names no recipient waives it towards each."""
    its = duty.rule.id, duty.opened.position, duty.obliged
    for waiver in asked.waivers:
        fact = waiver.fact
        if (fact.rule, fact.position, fact.obliged) == its and fact.towards in (None, duty.towards):
            return waiver
    return None
