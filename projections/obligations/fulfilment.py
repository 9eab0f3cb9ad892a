"""What met a duty first, and what ended it first, whatever day is asked about: by any day, it had happened or not."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import datetime
from typing import Literal, NamedTuple, cast

from ledger.agencies import Agency
from ledger.obligations.vocabulary import Kind, MetBy
from ledger.times import When
from projections.obligations.duties import Duty
from projections.obligations.matching import Happened, Happenings


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
    return met_and_known(happenings, duty, told)[0]


def met_and_known(happenings: Happenings, duty: Duty, told: Knows) -> tuple[Met | None, Sequence[Happened] | None]:
    """Return what met the duty first, and the happenings any of which its recipient must know, by position.

    None of those where nobody's knowing meets it.
    """
    found: list[Met] = []
    known: dict[int, Happened] | None = None
    for way in duty.rule.met_by:
        answers = happenings.answers(duty.rule, way, duty.opened, duty.obliged, duty.towards)
        if way.told is None:
            moments = [Met(one.proven, one.position, None, _excuse(way, one)) for one in answers]
        else:
            to_know = {one.position: one for one in answers}
            known = to_know if known is None else known | to_know
            moments = [] if duty.towards is None else list(_told(to_know, cast(Agency, duty.towards), told))
        if len(moments) >= way.nth:
            found.append(sorted(moments, key=_in_order)[way.nth - 1] if len(moments) > 1 else moments[0])
    first = min(found, key=_in_order, default=None) if len(found) > 1 else found[0] if found else None
    return first, None if known is None else [known[position] for position in sorted(known)]


def first_end(happenings: Happenings, duty: Duty) -> Ended | None:
    """Return what made the duty fall away first."""
    if not duty.rule.falls_away_by:
        return None
    endings = happenings.endings(duty.rule.falls_away_by, duty.opened)
    return min((Ended(one.proven, one.position, one.name) for one in endings), default=None)


def _in_order(met: Met) -> tuple[datetime, int]:
    return met.at, met.position


def _told(positions: Iterable[int], towards: Agency, knows: Knows) -> Iterator[Met]:
    for position in positions:
        told = knows(position, towards)
        if told is not None:
            yield Met(told.at, position, told, None)


def _excuse(way: MetBy, one: Happened) -> str | None:
    """Return the reason codes that make a late answer lawfully late; `unknown` gives no reason."""
    codes = () if way.excuse is None else getattr(one.fact, way.excuse) or ()
    return ", ".join(code for code in codes if code != "unknown") or None
