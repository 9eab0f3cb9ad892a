"""What each agency owed for one child, by when, and whether it had done it (knowledge: Divergence and duties).

Two moments make every answer: R, by which the ledger had heard what the answer goes by, and `on`, the day asked about.
*Overdue as known on that day* has both at that day; *as known now* keeps the day and lets R be now. For one R, time
moves a duty one way only: it opens, it is met or missed, and what was missed may be done late; nothing opens again.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, Literal, NamedTuple, cast

from ledger.agencies import Agency
from ledger.facts import ObligationWaived
from ledger.obligations.offices import OfficeTable
from ledger.obligations.vocabulary import Kind, ObligationRule
from ledger.times import When, civil_day
from projections.fold.amended import Effective
from projections.obligations.coverage import Coverage, holds
from projections.obligations.duties import Duty, FoldedPerson, duties
from projections.obligations.fulfilment import Dropped, Ended, Knows, Met, Terms, Told, first_end, first_met, terms_of
from projections.obligations.matching import Happenings

__all__ = ["Ended", "Knows", "Met", "Obligation", "State", "Terms", "Told", "Waiver", "judge", "obligations"]

State = Literal["open", "met", "late", "missed", "not-covered", "waived", "withdrawn", "undated", "not-measurable"]
"""`late` was done after it was due; `missed` was due and is not done; `not-covered` was due, and nothing would show it
done; `undated` began nobody knows when."""

NO_LIMIT: Final = "no limit published"
NOT_COVERED: Final = "nothing would show it met: no feed of the recipient covers it, and no coverage is declared"
_DROPPED: Final[dict[Dropped, str]] = {
    "void": "the fact that opened it is void",
    "corrected": "the fact that opened it was corrected, and opens nothing any more",
}


Carried = Callable[[int, Agency], datetime | None]
"""Return when an entry was put on an agency's feed, by R."""


class Shows(NamedTuple):
    """What would show a duty met: who knew what since when, what is covered, and what stood on which feed."""

    told: Knows
    coverage: Coverage
    carried: Carried


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


def obligations(
    standing: Sequence[Effective],
    *,
    rules: Iterable[ObligationRule],
    offices: OfficeTable,
    recorded_by: datetime,
    zone: str,
    shows: Shows,
    waivers: Iterable[Waiver] = (),
    on: datetime | None = None,
) -> list[Obligation]:
    """Return the duties of one person as of `on`, in the order in which the entries that opened them were recorded.

    `standing` is what was recorded of the person by R, as `effective` leaves it; `shows` must go by the same R.
    `on` is R where none is given, and never later. A waiver counts from its `recorded_at`.
    """
    moment = recorded_by if on is None else min(on, recorded_by)
    child = FoldedPerson.of(standing, offices, zone)
    counting = sorted((one for one in waivers if one.recorded_at <= moment), key=lambda waiver: waiver.position)
    found = [
        _judged(child.happenings, duty, moment, shows, counting)
        for duty in duties(child, rules)
        if duty.opened.when is None or duty.opened.last <= moment
    ]
    return sorted(found, key=lambda one: one.opened_by)


def _judged(happenings: Happenings, duty: Duty, on: datetime, shows: Shows, waivers: Sequence[Waiver]) -> Obligation:
    terms = terms_of(duty)
    if terms.dropped is not None or terms.not_measurable is not None:
        return judge(terms, on)
    first, end = first_met(happenings, duty, shows.told), first_end(happenings, duty)
    waiver = _waived_by(waivers, duty)
    found = judge(terms, on, first, end, waiver)
    if found.state != "missed" or _is_covered(shows.coverage, shows.carried, duty):
        return found
    return judge(terms, on, first, end, waiver, covered=False)


def _is_covered(coverage: Coverage, carried: Carried, duty: Duty) -> bool:
    """Return whether it would be seen here if the duty had been met, by its due time."""
    rule, due_at = duty.rule, duty.due_at
    assert due_at is not None
    if holds(coverage.of(rule, duty.obliged, duty.towards), due_at):
        return True
    if duty.towards is None or not any(way.told for way in rule.met_by):
        return False
    published = carried(duty.opened.position, cast(Agency, duty.towards))
    return published is not None and (published <= due_at or not duty.opened.imported)


def judge(
    terms: Terms,
    on: datetime,
    first: Met | None = None,
    end: Ended | None = None,
    waiver: Waiver | None = None,
    *,
    covered: bool = True,
) -> Obligation:
    """Return the duty with its state as of `on`; what stands first here decides.

    `first` met it first and `end` ended it first, whenever that was; `waiver` counts by `on`. `covered`: whether what
    would show it met would have come here.
    """
    due_at = terms.due_at
    if terms.dropped is not None:
        by, dropped_as = terms.dropped
        return _became("withdrawn", terms, ended_by=by, remark=_DROPPED[dropped_as])
    if terms.not_measurable is not None:
        return _became("not-measurable", terms, remark=terms.not_measurable)
    met = first if first is not None and first.at <= on else None
    ended = end if end is not None and end.at <= on else None
    if ended is not None and (due_at is None or ended.at <= due_at) and (met is None or ended.at < met.at):
        in_time = "" if due_at is None else " before it was due"
        return _became("withdrawn", terms, ended_by=ended.position, remark=f"{ended.name} ended it{in_time}")
    unlimited = None if terms.limited else NO_LIMIT
    if met is not None and not terms.undated and (due_at is None or met.at <= due_at):
        return _became("met", terms, met, remark=unlimited)
    if met is not None and met.excuse is not None and not terms.undated:
        return _became("waived", terms, met, ended_by=met.position, remark=met.excuse)
    if waiver is not None:
        why = f"{waiver.fact.reason_code}: {waiver.fact.reason}"
        return _became("waived", terms, met, ended_by=waiver.position, remark=why)
    if terms.undated:
        return _became("undated", terms, met, remark="nobody knows when its clock started")
    if met is not None:
        return _became("late", terms, met)
    if due_at is None or on <= due_at:
        return _became("open", terms, remark=unlimited)
    if not covered:
        return _became("not-covered", terms, remark=NOT_COVERED)
    return _became("missed", terms, since=on)


def _became(
    state: State,
    terms: Terms,
    met: Met | None = None,
    *,
    since: datetime | None = None,
    ended_by: int | None = None,
    remark: str | None = None,
) -> Obligation:
    """Return the duty in this state; `since` is the moment until which it was not done, where that counts."""
    until, due_at = since if met is None else met.at, terms.due_at
    overdue = until is not None and due_at is not None and until > due_at
    return Obligation(
        rule=terms.rule,
        version=terms.version,
        kind=terms.kind,
        obliged=terms.obliged,
        towards=terms.towards,
        opened_by=terms.opened_by,
        started=terms.started,
        zone=terms.zone,
        due_at=due_at,
        state=state,
        met_at=None if met is None else met.at,
        met_by=None if met is None else met.position,
        proof=None if met is None else met.proof,
        over=until - due_at if overdue and until and due_at else None,
        days_late=_days_between(due_at, until, terms.zone) if overdue and until and due_at else None,
        ended_by=ended_by,
        remark=remark,
    )


def _days_between(earlier: datetime, later: datetime, zone: str) -> int:
    return (civil_day(later, zone) - civil_day(earlier, zone)).days


def _waived_by(waivers: Sequence[Waiver], duty: Duty) -> Waiver | None:
    """Return the first waiver of this very duty; one that names no recipient waives it towards each."""
    its = duty.rule.id, duty.opened.position, duty.obliged
    for waiver in waivers:
        fact = waiver.fact
        if (fact.rule, fact.position, fact.obliged) == its and fact.towards in (None, duty.towards):
            return waiver
    return None
