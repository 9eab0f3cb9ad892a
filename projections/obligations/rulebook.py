"""The rules of obligation by what touches them, so that an entry asks of no rule that it cannot change."""

import hashlib
from collections.abc import Callable, Iterable, Sequence
from typing import Final

from ledger.obligations.offices import OfficeTable
from ledger.obligations.vocabulary import BIRTHDAY, EVER, HOLDER, OPENING, PRODUCER, ObligationRule, Opening
from projections.obligations.duties import Zones

OFFICE: Final = "responsible-office-assigned"
Touched = frozenset[int]
"""Numbers of rules."""
NONE: Final[Touched] = frozenset()


class ObligationRulebook:
    """Rules, the zones of offices, and which rules a fact of each name can open, meet or end."""

    def __init__(self, rules: Iterable[ObligationRule], offices: OfficeTable, zone: str) -> None:
        self.rules: Sequence[ObligationRule] = tuple(rules)
        self.zones = Zones(offices, zone)
        self.numbers = {(rule.id, rule.version): number for number, rule in enumerate(self.rules)}
        by_fact: dict[str, set[int]] = {}
        for number, rule in enumerate(self.rules):
            for name in _names(rule):
                by_fact.setdefault(name, set()).add(number)
        self.by_fact = {name: frozenset(numbers) for name, numbers in by_fact.items()}
        self.opened_by: dict[str, list[tuple[int, Opening]]] = {}
        """By the name of the fact: the rules it can open a duty by."""
        affected: dict[str, set[int]] = {}
        for number, rule in enumerate(self.rules):
            for opening in rule.opened_by:
                self.opened_by.setdefault(opening.fact, []).append((number, opening))
            for name in _names(rule.model_copy(update={"opened_by": ()})):
                affected.setdefault(name, set()).add(number)
        self.affected = {name: frozenset(numbers) for name, numbers in affected.items()}
        """By the name of the fact: the rules of which it can change a duty that another fact opened."""
        self.named = self.by_fact.keys() | {OFFICE}
        """Facts of these names are looked at; any other one changes no duty, but who holds the child."""
        self.telling = self._where(lambda rule: any(way.told is not None for way in rule.met_by))
        """Met by a recipient's coming to know."""
        self.by_holder = self._where(lambda rule: rule.obliged == HOLDER)
        self.by_birthday = self._where(lambda rule: any(one.start == BIRTHDAY for one in rule.opened_by))
        self.by_office = self._where(lambda rule: rule.obliged != PRODUCER)
        """Whose days are counted where another fact says that the responsible office is."""

    def _where(self, holds: Callable[[ObligationRule], bool]) -> Touched:
        return frozenset(number for number, rule in enumerate(self.rules) if holds(rule))


def fingerprint(rules: Iterable[ObligationRule], offices: OfficeTable) -> str:
    """Return what tells these rules and zones from any others: duties worked out by others are others."""
    written = "".join(rule.model_dump_json() for rule in rules) + offices.model_dump_json()
    return hashlib.sha256(written.encode()).hexdigest()


def _names(rule: ObligationRule) -> set[str]:
    """Return the facts that can open, meet or end a duty of this rule, or say which answers count."""
    names = {one.fact for one in (*rule.opened_by, *rule.falls_away_by)} | set(rule.until)
    if rule.obliged_of is not None:
        names.add(rule.obliged_of.fact)
    for way in rule.met_by:
        names |= {name for name in (way.fact, way.told, way.counts_from) if name is not None}
        names |= set(() if way.through is None else way.through.facts)
    return names - {OPENING, EVER}
