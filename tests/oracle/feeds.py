"""Who must be told what, and in which order: asked of the whole list of entries again for every item."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID
from zoneinfo import ZoneInfo

from ledger.entry import Entry
from ledger.facts.ledger_wide import RuleSet
from tests.oracle.disclosing import AIMS, Part, of_happening, of_statement
from tests.oracle.standing import name_of, one_person, voided_by

RECEIVERS = ("CBP", "ICE-ERO", "ICE-OPLA", "ORR", "EOIR", "USCIS")


@dataclass(frozen=True)
class Adoption:
    """A set of rules put in force at a position, with or without telling of older entries."""

    position: int
    rules: RuleSet
    backfill: bool


@dataclass(frozen=True)
class Put:
    """One item, in the order in which it was put on its feed; `behind` is the position it was put there for."""

    agency: str
    kind: str
    entry: Entry
    part: Part
    rule: str
    behind: int

    @property
    def names(self) -> set[str]:
        sets = self.part.fact.get("set", {}) if name_of(self.entry) == "correction-issued" else {}
        return {*self.part.fact, *(f"set.{m}" for m in sets)}


def feeds(entries: Sequence[Entry], adoptions: Sequence[Adoption], default: RuleSet, zone: str) -> list[Put]:
    """Return every item there must be, in the order in which they must come."""
    items: list[Put] = []
    for position in sorted([*(e.position for e in entries), *(a.position for a in adoptions)]):
        before = [e for e in entries if e.position < position]
        for adoption in adoptions:
            if adoption.position == position and adoption.backfill:
                _backfill(items, adoption, before, zone)
        for e in entries:
            if e.position == position:
                rules = _in_force(e, adoptions, default, zone)
                so_far = [*before, e]
                for agency in RECEIVERS:
                    _put(items, agency, "entry", e, rules, so_far, position)
                for agency in RECEIVERS:
                    _catch_up(items, agency, rules, so_far, position)
    return items


def _backfill(items: list[Put], adoption: Adoption, before: Sequence[Entry], zone: str) -> None:
    for e in before:
        if _holds(adoption.rules, e, zone):
            for agency in RECEIVERS:
                _put(items, agency, "supplement", e, adoption.rules, before, adoption.position)
                _catch_up(items, agency, adoption.rules, before, adoption.position)


def _put(
    items: list[Put], agency: str, kind: str, entry: Entry, rules: RuleSet, entries: Sequence[Entry], behind: int
) -> bool:
    """Tell an agency of an entry what it may be told, unless that is nothing or it was told as much before."""
    if agency == entry.producer.agency:
        return False
    part: Part | None
    if name_of(entry) not in AIMS:
        part = of_happening(entry, agency, rules)
    elif any(has_moment(agency, position, entries, items) for position in touched(entry, entries)):
        part = of_statement(entry, agency, rules, entries)
    else:
        part = None
    if part is None:
        return False
    item = Put(agency, kind, entry, part, rules.id, behind)
    told = [i for i in items if (i.agency, i.entry.position) == (agency, entry.position)]
    if told and item.names <= set().union(*(i.names for i in told)):
        return False
    items.append(item)
    return True


def _catch_up(items: list[Put], agency: str, rules: RuleSet, entries: Sequence[Entry], behind: int) -> None:
    """Tell an agency every statement about what it has that it was not told; again, for those about these."""
    again = True
    while again:
        again = False
        for e in entries:
            had = any((i.agency, i.entry.position) == (agency, e.position) for i in items)
            if name_of(e) in AIMS and not had:
                again |= _put(items, agency, "supplement", e, rules, entries, behind)


def touched(statement: Entry, entries: Sequence[Entry]) -> list[int]:
    """The entry a statement aims at; of a merge, all entries of the persons it speaks of, as they were just before."""
    aim = AIMS[name_of(statement)]
    if aim != "other":
        return [statement.recorded_fact[aim]]
    before = [e for e in entries if e.position < statement.position]
    records = one_person(statement.child, before) | one_person(UUID(statement.resolved["other"]), before)
    return [e.position for e in entries if e.child in records and e is not statement]


def has_moment(agency: str, position: int, entries: Sequence[Entry], items: Sequence[Put]) -> bool:
    """Whether the agency produced the entry, was told of it, or was given notice of it that still stands."""
    for e in entries:
        if e.position == position and e.producer.agency == agency:
            return True
        if (
            name_of(e) == "notice-given"
            and e.recorded_fact["to"] == agency
            and position in e.recorded_fact["positions"]
            and not voided_by(e.position, entries)
        ):
            return True
    return any((i.agency, i.entry.position) == (agency, position) for i in items)


def _in_force(entry: Entry, adoptions: Sequence[Adoption], default: RuleSet, zone: str) -> RuleSet:
    """The set adopted last, at an earlier position, whose days hold the day on which the entry was recorded."""
    sets = [
        a.rules
        for a in sorted(adoptions, key=lambda a: a.position)
        if a.position < entry.position and _holds(a.rules, entry, zone)
    ]
    return sets[-1] if sets else default


def _holds(rules: RuleSet, entry: Entry, zone: str) -> bool:
    day = entry.recorded_at.astimezone(ZoneInfo(zone)).date()
    return rules.effective_from <= day and (rules.effective_to is None or day <= rules.effective_to)
