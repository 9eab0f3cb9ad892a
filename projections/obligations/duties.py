"""Which duties the facts of one child opened: whose, towards whom, since when, and until when they may be done."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final, NamedTuple

from ledger.agencies import AGENCIES
from ledger.obligations.calendars import due
from ledger.obligations.offices import OfficeTable, zone_of
from ledger.obligations.vocabulary import BIRTHDAY, HOLDER, PRODUCER, ObligationRule, Opening, Party
from ledger.times import When, civil_day, order_key
from projections.fold.amended import Effective
from projections.fold.folding import Folding
from projections.obligations.matching import Happened, Happenings, agree, meets, named_bodies

_ADULT: Final = 18
_ZONES_KEPT: Final = 20_000


class Zones:
    """Where offices count their days; what was looked up once is kept, since there are few offices."""

    def __init__(self, offices: OfficeTable, civil_zone: str) -> None:
        self._offices = offices
        self.civil = civil_zone
        """The ledger's civil zone."""
        self._dated = any(row.effective_from or row.effective_to for row in offices.offices)
        self._found: dict[tuple[str, str | None, date | None], str] = {}

    def of(self, agency: str, office: str | None, when: When) -> str:
        """Return the zone in which an office of `agency` counted its days then."""
        key = agency, office, civil_day(when, self.civil) if self._dated else None
        found = self._found.get(key)
        if found is None:
            if len(self._found) >= _ZONES_KEPT:
                self._found.clear()
            found = zone_of(self._offices, agency, office, civil_day(when, self.civil), self.civil)
            self._found[key] = found
        return found


@dataclass(frozen=True, slots=True)
class FoldedPerson:
    """What happened to one person, by which clocks it is read, and what only a fold of all of it says."""

    happenings: Happenings
    zones: Zones
    holder: Callable[[Happened], str | None]
    """Who had legal custody when this happened."""
    born: Callable[[], date | None]
    """The date of birth in force."""

    @classmethod
    def of(cls, standing: Sequence[Effective], offices: OfficeTable, zone: str) -> "FoldedPerson":
        """Return the child of whom these entries stand."""
        return cls(
            Happenings(standing, zone),
            Zones(offices, zone),
            lambda opened: holder_before(standing, opened, zone),
            lambda: Folding.of_standing(standing, zone).born(),
        )


class Duty(NamedTuple):
    """What one body owes, to one recipient, by one rule, for one fact."""

    rule: ObligationRule
    opened: Happened
    stands: bool
    """Whether the fact still opens it: it was neither voided nor corrected away."""
    obliged: str
    towards: str | None
    started: When | None
    zone: str
    """Where the obliged office counts its days."""
    due_at: datetime | None


def duties(child: FoldedPerson, rules: Iterable[ObligationRule]) -> Iterator[Duty]:
    """Yield every duty the facts of the child ever opened by these rules."""
    civil = child.zones.civil
    for rule in rules:
        openings = []
        for opening in rule.opened_by:
            for one in child.happenings.recorded(opening.fact):
                stands = opens(rule, opening, one, day_of_opening(one, civil))
                if stands is not None:
                    openings.append((one, stands))
        for opened, stands in _together(openings, rule.once_per):
            yield from duties_of(child, rule, opened, stands)


def duties_of(child: FoldedPerson, rule: ObligationRule, opened: Happened, stands: bool) -> Iterator[Duty]:
    """Yield the duties that one fact opened by a rule."""
    started = _started(child, rule, opened)
    for obliged in _obliged(child, rule, opened):
        zone = _office_zone(child, opened, obliged, started)
        due_at = _due(rule, started, zone, child.zones.civil)
        for towards in rule.towards or (None,):
            yield Duty(rule, opened, stands, obliged, towards, started, zone, due_at)


def day_of_opening(one: Happened, zone: str) -> date:
    """Return the day by which it is seen whether a rule was in force."""
    return civil_day(one.recorded_at if one.when is None else one.when, zone)


def opens(rule: ObligationRule, opening: Opening, one: Happened, day: date) -> bool | None:
    """Return whether the duty that the fact opened still stands; None where it never opened one."""
    if not _in_force(rule, day) or (opening.by and one.producer.agency not in opening.by):
        return None
    if opening.start not in ("occurred_at", BIRTHDAY) and getattr(one.fact, opening.start) is None:
        return None
    if meets(one.fact, opening.when, opening.when_not):
        return not one.voided_by
    if one.corrected_by and meets(one.as_recorded, opening.when, opening.when_not):
        return False
    return None


def _in_force(rule: ObligationRule, day: date) -> bool:
    return (rule.effective_from is None or rule.effective_from <= day) and (
        rule.effective_to is None or day <= rule.effective_to
    )


def _together(openings: Iterable[tuple[Happened, bool]], member: str | None) -> Iterator[tuple[Happened, bool]]:
    """Yield the openings that open a duty of their own, each with whether it stands.

    Those alike in `member` open one together: the first recorded of them that stands. Those recorded before it that
    no longer stand had opened one in their time, too.
    """
    if member is None:
        yield from openings
        return
    opened = set()
    for one, stands in sorted(openings, key=lambda opening: opening[0].position):
        key = getattr(one.fact, member)
        if key not in opened:
            yield one, stands
            if stands and key is not None:
                opened.add(key)


def _obliged(child: FoldedPerson, rule: ObligationRule, opened: Happened) -> tuple[str, ...]:
    producer = opened.producer.agency
    if rule.obliged == PRODUCER:
        return (producer,)
    if rule.obliged == HOLDER:
        holder = child.holder(opened)
        return (producer if holder is None or holder in rule.towards else holder,)
    if rule.obliged in AGENCIES or rule.not_measurable is not None:
        return (rule.obliged,)
    naming = opened if rule.obliged_of is None else _naming(child, rule.obliged_of, opened)
    return ("unknown",) if naming is None else named_bodies(naming.fact, rule.obliged)


def _naming(child: FoldedPerson, party: Party, opened: Happened) -> Happened | None:
    """Return the fact that names the obliged body: of those that agree the last before the opening one, else any."""
    agreeing = [one for one in child.happenings.standing_of(party.fact) if agree(opened.fact, one.fact, party.same)]
    found = [one for one in agreeing if one.place <= opened.place] or agreeing
    return found[-1] if found else None


def holder_before(standing: Sequence[Effective], opened: Happened, zone: str) -> str | None:
    """Return who had legal custody when the fact happened."""
    place = order_key(opened.when, zone), opened.position
    until_then = [one for one in standing if (order_key(one.occurred_at, zone), one.entry.position) < place]
    return Folding.of_standing(until_then, zone).regions().custody.legal_custodian


def _started(child: FoldedPerson, rule: ObligationRule, opened: Happened) -> When | None:
    openings = rule.opened_by
    start = openings[0].start if len(openings) == 1 else next(one.start for one in openings if one.fact == opened.name)
    if start == "occurred_at":
        return opened.when
    if start == BIRTHDAY:
        return _birthday(child.born())
    named: When | None = getattr(opened.fact, start)
    return named


def _birthday(born: date | None) -> date | None:
    """Return the 18th birthday; born on 29 February, a year is completed on 1 March."""
    if born is None or born.year + _ADULT > date.max.year:
        return None
    try:
        return born.replace(year=born.year + _ADULT)
    except ValueError:
        return date(born.year + _ADULT, 3, 1)


def _office_zone(child: FoldedPerson, opened: Happened, obliged: str, started: When | None) -> str:
    """Return the zone of the office that recorded the fact, else of the one then responsible for the child."""
    office = opened.producer.office
    if opened.producer.agency != obliged:
        assigned = [
            one.fact.office
            for one in child.happenings.standing_of("responsible-office-assigned")
            if one.producer.agency == obliged and one.place < opened.place
        ]
        office = assigned[-1] if assigned else None
    return child.zones.of(obliged, office, opened.recorded_at if started is None else started)


def _due(rule: ObligationRule, started: When | None, zone: str, civil_zone: str) -> datetime | None:
    if started is None or rule.limit is None or rule.unit is None:
        return None
    limit = -rule.limit if rule.counted == "before" else rule.limit
    return due(started, limit, rule.unit, office_zone=zone, civil_zone=civil_zone)
