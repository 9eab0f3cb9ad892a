"""Happenings as they stand, and which of them the data of a rule means: conditions on members, ids that must agree."""

from bisect import insort
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from operator import attrgetter
from typing import Any, Final, NamedTuple

from ledger.addresses.classes import assess
from ledger.agencies import PRODUCERS
from ledger.entry import Producer
from ledger.facts import HAPPENINGS, Address, short_name
from ledger.obligations.vocabulary import (
    ADDRESS_CLASS,
    BIRTHDAY,
    EVER,
    OPENING,
    Condition,
    Members,
    MetBy,
    ObligationRule,
    Values,
)
from ledger.times import FLOOR, When, first_instant, last_instant
from projections.fold.amended import Effective

_NAMES: Final = {fact: short_name(fact.wire) for fact in HAPPENINGS}
_BEGINNING: Final = FLOOR
_place: Final = attrgetter("last", "position")


class Happened(NamedTuple):
    """A happening as it stands; `first` and `last` are the earliest instant it can mean and the one it stands for.

    An unknown time comes before everything; `proven` is when such a happening had taken place at the latest.
    """

    name: str
    fact: Any
    as_recorded: Any
    when: When | None
    first: datetime
    last: datetime
    proven: datetime
    recorded_at: datetime
    position: int
    producer: Producer
    imported: bool
    """Whether it came by the import door: late truth, which shows nothing of what was told in its time."""
    voided_by: tuple[int, ...]
    corrected_by: tuple[int, ...]

    @property
    def place(self) -> tuple[datetime, int]:
        """Its place in the order of happenings."""
        return self.last, self.position


class Happenings:
    """What happened to one person, by the name of the fact, in the order of happening; voided ones kept apart."""

    def __init__(self, standing: Iterable[Effective], zone: str) -> None:
        self._zone = zone
        self._recorded: dict[str, list[Happened]] = {}
        self._standing: dict[str, list[Happened]] = {}
        for happened in (as_happened(one, zone) for one in standing):
            if happened is not None:
                self.add(happened)

    def add(self, one: Happened) -> None:
        """Take in one more, at its place in the order of happening."""
        insort(self._recorded.setdefault(one.name, []), one, key=_place)
        if not one.voided_by:
            insort(self._standing.setdefault(one.name, []), one, key=_place)

    def all(self) -> Iterator[Happened]:
        """Yield those ever recorded, voided or not, in no order."""
        for named in self._recorded.values():
            yield from named

    def recorded(self, name: str) -> Sequence[Happened]:
        """Return those of this fact that were ever recorded, voided or not."""
        return self._recorded.get(name, ())

    def standing(self, *names: str) -> list[Happened]:
        """Return those of these facts that stand."""
        return sorted((one for name in names for one in self._standing.get(name, ())), key=lambda h: h.place)

    def standing_of(self, name: str) -> Sequence[Happened]:
        """Return those of one fact that stand, in the order of happening."""
        return self._standing.get(name, ())

    def answers(
        self, rule: ObligationRule, way: MetBy, opened: Happened, obliged: str, towards: str | None
    ) -> Iterator[Happened]:
        """Yield the happenings that meet a duty of `rule` in this way, whenever they are known."""
        name = way.fact or way.told
        if name is None or name == OPENING:
            yield opened
            return
        since, until = self._since(way, opened), self._until(rule, opened)
        linked = None if way.through is None else self._linked(way, opened)
        for one in self._standing.get(name, ()):
            if (
                meets(one.fact, way.when, way.when_not)
                and agree(opened.fact, one.fact, way.same)
                and not (way.other and agree(opened.fact, one.fact, way.other))
                and (way.at is None or self._names(getattr(one.fact, way.at), opened, rule))
                and all(getattr(one.fact, member) for member in way.given)
                and (linked is None or way.through is None or getattr(one.fact, way.through.answer) in linked)
                and (way.obliged_in is None or obliged in ("unknown", getattr(one.fact, way.obliged_in)))
                and may_meet(way, one.producer.agency, obliged, towards)
                and one.proven >= since
                and (until is None or one.first <= until)
            ):
                yield one

    def endings(self, conditions: Sequence[Condition], opened: Happened) -> Iterator[Happened]:
        """Yield what makes the duty fall away, in no order."""
        for condition in conditions:
            for one in self._standing.get(condition.fact, ()):
                if (
                    one.proven >= opened.first
                    and meets(one.fact, condition.when, condition.when_not)
                    and agree(opened.fact, one.fact, condition.same)
                    and not (condition.other and agree(opened.fact, one.fact, condition.other))
                    and (one.name != opened.name or one.place > opened.place)
                    and may_end(condition, one.producer.agency, opened.fact)
                ):
                    yield one

    def _names(self, when: When | None, opened: Happened, rule: ObligationRule) -> bool:
        """Return whether a member names the time at which the clock starts; a day agrees with each of its instants."""
        start = start_of(rule, opened)
        if when is None or start is None:
            return False
        return first_instant(when, self._zone) <= last_instant(start, self._zone) and first_instant(
            start, self._zone
        ) <= last_instant(when, self._zone)

    def _since(self, way: MetBy, opened: Happened) -> datetime:
        if way.counts_from == EVER:
            return _BEGINNING
        if way.counts_from == OPENING:
            return opened.first
        before = [one for one in self._standing.get(way.counts_from, ()) if one.place <= opened.place]
        return before[-1].first if before else _BEGINNING

    def _until(self, rule: ObligationRule, opened: Happened) -> datetime | None:
        following: Happened | None = None
        place = opened.place
        for name in rule.until:
            for one in self._standing.get(name, ()):
                if one.place > place and (following is None or one.place < following.place):
                    following = one
        return None if following is None else following.last

    def _linked(self, way: MetBy, opened: Happened) -> frozenset[Any]:
        """Return the ids of the answer that some fact names together with the opening fact's id."""
        through = way.through
        assert through is not None
        wanted = getattr(opened.fact, through.opening)
        return frozenset(
            getattr(one.fact, through.answer)
            for one in self.standing(*through.facts)
            if wanted is not None and getattr(one.fact, through.opening) == wanted
        )


def as_happened(one: Effective, zone: str) -> Happened | None:
    """Return an entry as it stands as a happening; None for a statement, which does not happen."""
    entry, when = one.entry, one.occurred_at
    name = _NAMES.get(type(one.fact))
    if name is None:
        return None
    return Happened(
        name=name,
        fact=one.fact,
        as_recorded=entry.fact,
        when=when,
        first=_BEGINNING if when is None else first_instant(when, zone),
        last=_BEGINNING if when is None else last_instant(when, zone),
        proven=entry.recorded_at if when is None else last_instant(when, zone),
        recorded_at=entry.recorded_at,
        position=entry.position,
        producer=entry.producer,
        imported=entry.door == "import",
        voided_by=one.voided_by,
        corrected_by=one.corrected_by,
    )


def start_of(rule: ObligationRule, opened: Happened) -> When | None:
    """Return the time among the members of the opening fact, or of its happening, at which the clock starts."""
    openings = rule.opened_by
    start = openings[0].start if len(openings) == 1 else next(one.start for one in openings if one.fact == opened.name)
    named: When | None = opened.when if start in ("occurred_at", BIRTHDAY) else getattr(opened.fact, start)
    return named


def meets(fact: Any, when: Members, when_not: Members) -> bool:
    """Return whether the members of `fact` have one of the values wanted, and none of those unwanted."""
    if not when and not when_not:
        return True
    return all(_has(fact, member, values) for member, values in when.items()) and not any(
        _has(fact, member, values) for member, values in when_not.items()
    )


def _has(fact: Any, member: str, values: Values) -> bool:
    if member == ADDRESS_CLASS:
        address = fact.address
        return isinstance(address, Address) and assess(address).address_class in values
    return _plain(getattr(fact, member)) in [_plain(value) for value in values]


def _plain(value: Any) -> Any:
    return value.strip().casefold() if isinstance(value, str) else value


def may_meet(way: MetBy, producer: str, obliged: str, towards: str | None) -> bool:
    """Return whether a fact of this producer can meet the duty: of the party that owes it, or of the one it is owed.

    A duty to tell is met by what the recipient knows, whoever recorded it.
    """
    if way.told is not None:
        return True
    if way.by:
        return producer in way.by
    return producer in (obliged, towards) or obliged not in PRODUCERS


def may_end(condition: Condition, producer: str, opening: Any) -> bool:
    """Return whether a fact of this producer can end a duty opened by this fact; where nobody is named, it can."""
    if not condition.by:
        return True
    parties = [getattr(opening, name, name) for name in condition.by]
    return producer in parties or "unknown" in parties


def agree(one: Any, other: Any, members: Sequence[str]) -> bool:
    """Return whether two facts name the same in each of these members; what is absent agrees with nothing."""
    return all(
        getattr(one, member) is not None and getattr(one, member) == getattr(other, member) for member in members
    )


def named_bodies(fact: Any, member: str) -> tuple[str, ...]:
    """Return the bodies a member names, one or a list of them; nobody: `unknown`."""
    value = getattr(fact, member)
    bodies = (value,) if isinstance(value, str) else tuple(value or ())
    return tuple(dict.fromkeys(bodies)) or ("unknown",)
