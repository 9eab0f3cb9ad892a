"""What met a duty first, and what ended it first, whatever day is asked about: by any day, it had happened or not."""

from collections.abc import Callable
from datetime import datetime
from typing import Any, Literal, NamedTuple

from ledger.agencies import Agency
from ledger.obligation_vocabulary import Answer, Kind
from ledger.times import When
from projections.duties import Duty
from projections.matching import Happened, Happenings


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


class Met(NamedTuple):
    """What met a duty: when, shown by which entry, known how, and lawfully late for which reason codes."""

    at: datetime
    position: int
    proof: Told | None
    excuse: str | None


class Ended(NamedTuple):
    """What ended a duty, if that was before it was due."""

    at: datetime
    position: int
    name: str
    """Of the fact."""


Dropped = Literal["void", "corrected"]


class Terms(NamedTuple):
    """A duty as far as it does not change with the day asked about."""

    rule: str
    version: int
    kind: Kind
    obliged: str
    towards: str | None
    opened_by: int
    started: When | None
    zone: str
    due_at: datetime | None
    limited: bool
    not_measurable: str | None
    dropped: tuple[int, Dropped] | None
    """The void or correction after which the fact opens nothing any more."""

    @property
    def undated(self) -> bool:
        """Whether nobody knows when it runs out, though it does, or since when it runs."""
        return self.due_at is None and (self.limited or self.started is None)


def terms_of(duty: Duty) -> Terms:
    """Return what does not change with the day asked about."""
    rule, opened = duty.rule, duty.opened
    dropped: tuple[int, Dropped] | None = None
    if not duty.stands:
        dropped = (opened.voided_by[0], "void") if opened.voided_by else (opened.corrected_by[-1], "corrected")
    return Terms(
        rule.id,
        rule.version,
        rule.kind,
        duty.obliged,
        duty.towards,
        opened.position,
        duty.started,
        duty.zone,
        duty.due_at,
        rule.limit is not None,
        rule.not_measurable,
        dropped,
    )


def first_met(happenings: Happenings, duty: Duty, told: Knows) -> Met | None:
    """Return what met the duty first."""
    found: list[Met] = []
    for way in duty.rule.met_by:
        answers = happenings.answers(duty.rule, way, duty.opened, duty.obliged)
        moments = (_moment(way, one, duty.towards, told) for one in answers)
        in_order = sorted((met for met in moments if met is not None), key=_in_order)
        found += in_order[way.nth - 1 : way.nth]
    return min(found, key=_in_order, default=None)


def to_know(happenings: Happenings, duty: Duty) -> tuple[int, ...] | None:
    """Return the entries any of which the recipient must know; None where knowing meets nothing."""
    ways = [way for way in duty.rule.met_by if way.told is not None]
    if not ways:
        return None
    known = (one.position for way in ways for one in happenings.answers(duty.rule, way, duty.opened, duty.obliged))
    return tuple(sorted(set(known)))


def first_end(happenings: Happenings, duty: Duty) -> Ended | None:
    """Return what made the duty fall away first."""
    endings = happenings.endings(duty.rule.falls_away_by, duty.opened)
    return min((Ended(one.proven, one.position, one.name) for one in endings), default=None)


def _in_order(met: Met) -> tuple[datetime, int]:
    return met.at, met.position


def _moment(way: Answer, one: Happened, towards: Any, knows: Knows) -> Met | None:
    if way.told is None:
        return Met(one.proven, one.position, None, _excuse(way, one))
    told = None if towards is None else knows(one.position, towards)
    return None if told is None else Met(told.at, one.position, told, None)


def _excuse(way: Answer, one: Happened) -> str | None:
    """Return the reason codes that make a late answer lawfully late; `unknown` gives no reason."""
    codes = () if way.excuse is None else getattr(one.fact, way.excuse) or ()
    return ", ".join(code for code in codes if code != "unknown") or None
