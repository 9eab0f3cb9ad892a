"""What of one entry one agency is told, by one set of sharing rules (domain (f); knowledge: Sharing rules and feeds).

An entry is told member by member, by the category each carries. What would reveal that relief was sought or granted
is kept from agencies to whom the existence of relief is protected (8 USC 1367): an optional member is left out
without a word, for a word would say it; where a required member says it, the entry is not told at all.
"""

from collections.abc import Iterable, Mapping
from typing import Any, Final, NamedTuple

from ledger.agencies import Agency
from ledger.entry import Entry
from ledger.facts import (
    BY_WIRE,
    CorrectionIssued,
    EntryDisputed,
    EntryVoided,
    Fact,
    IdentityMerged,
    IdentityUnmerged,
    NtaNotPursued,
    OrderEntered,
    ReliefFiled,
    short_name,
)
from ledger.facts.ledger_wide import AgencyRules, RuleSet
from ledger.facts.vocabulary import CategoryName, category_of

_RELIEF_PENDING: Final = frozenset(("7A", "7B", "7C", "7D", "7E", "7F", "7G", "7H"))
"""EOIR's adjournment codes that say an application is pending with DHS."""
_RELIEF: Final = short_name(ReliefFiled.wire)
_NAMES_ITS_TARGET: Final[dict[type[Any], str]] = {
    CorrectionIssued: "corrects",
    EntryVoided: "voids",
    EntryDisputed: "position",
    IdentityMerged: "other",
    IdentityUnmerged: "other",
}


_MAY_REVEAL: Final = frozenset(("adjournment_code", "decision", "reason"))
"""Members of which some value may say that relief was sought or granted; see `reveals_relief`."""
_Plan = tuple[tuple[str, ...], tuple[str, ...]]
"""The members withheld whatever they say, and those that may not be told for what they say."""
_UNPLANNED: Final[Any] = object()


class Disclosure(NamedTuple):
    """The part of an entry an agency is told: its fact as it will read it, and the members it will not.

    `withheld` is told to the agency, by name; `unsaid` is not: not even that the member was given.
    """

    fact: Mapping[str, Any]
    withheld: tuple[str, ...]
    unsaid: tuple[str, ...]


class Sharing:
    """A set of sharing rules, as entries are told by it; what it says of each class of fact is worked out once."""

    def __init__(self, rules: RuleSet) -> None:
        self.rules = rules
        self._plans: dict[tuple[Agency, str, tuple[str, ...]], _Plan | None] = {}
        """By agency, wire name and the members given."""
        self._hidden_from = frozenset(agency for agency, its in rules.agencies.items() if _RELIEF not in its.told)

    def disclose(self, entry: Entry, agency: Agency) -> Disclosure | None:
        """Return what `agency` is told of an entry the set rules on; None: nothing, nor that it exists."""
        given = entry.recorded_fact
        key = (agency, entry.type, tuple(given))
        plan = self._plans.get(key, _UNPLANNED)
        if plan is _UNPLANNED:
            plan = self._plans[key] = self._plan(agency, entry.type, given)
        if plan is None:
            return None
        withheld, may_reveal = plan
        unsaid: tuple[str, ...] = ()
        if may_reveal:
            unsaid = tuple(member for member in may_reveal if reveals_relief(entry.type, member, given[member]))
            fields = BY_WIRE[entry.type].model_fields
            if any(fields[member].is_required() for member in unsaid):
                return None
        if not withheld and not unsaid:
            return Disclosure(given, (), ())
        return Disclosure({m: v for m, v in given.items() if m not in withheld and m not in unsaid}, withheld, unsaid)

    def follow(self, statement: Entry, about: Entry | None, corrected: Entry | None, agency: Agency) -> Disclosure:
        """Return what `agency` is told of a statement that goes wherever what it touches has gone.

        `about` is the entry it speaks of in the end (None: it speaks of records), `corrected` the one of which a
        correction sets members: the two differ where it corrects a void, a dispute or a merge. What it aims at is
        always told, and so is a new `occurred_at`; of a protected fact nothing else.
        """
        given = statement.recorded_fact
        aims_at = _NAMES_ITS_TARGET[type(statement.fact)]
        its = self.rules.agencies[agency]
        protected = about is not None and short_name(about.type) in its.protected
        if protected:
            told = {aims_at}
        else:
            told = {m for m in given if category_of(BY_WIRE[statement.type], m) in its.allowed} | {aims_at}
        withheld = tuple(m for m in given if m not in told and m != "set")
        fact = {m: v for m, v in given.items() if m in told and m != "set"}
        if "set" in given:
            seen = self._seen_sets(None if protected else corrected, agency, given["set"])
            fact = {m: seen if m == "set" else given[m] for m in given if m in fact or m == "set"}
            withheld += tuple(f"set.{member}" for member in given["set"] if member not in seen)
        return Disclosure(fact, withheld, ())

    def _seen_sets(self, corrected: Entry | None, agency: Agency, sets: Mapping[str, Any]) -> Mapping[str, Any]:
        """Return the new values the agency may read: by the category of the member in the fact corrected."""
        if corrected is None:
            return {member: value for member, value in sets.items() if member == "occurred_at"}
        its, fact = self.rules.agencies[agency], BY_WIRE[corrected.type]
        categories = _categories(its, short_name(corrected.type))
        hidden = agency in self._hidden_from
        return {
            member: value
            for member, value in sets.items()
            if member == "occurred_at"
            or (
                member in fact.model_fields
                and category_of(fact, member) in categories
                and not (hidden and reveals_relief(corrected.type, member, value))
            )
        }

    def _plan(self, agency: Agency, wire: str, given: Iterable[str]) -> _Plan | None:
        its, name, fact = self.rules.agencies[agency], short_name(wire), BY_WIRE[wire]
        if name not in its.told:
            return None
        categories = _categories(its, name)
        withheld = tuple(member for member in given if category_of(fact, member) not in categories)
        hidden = agency in self._hidden_from
        revealing = [member for member in given if hidden and member in _MAY_REVEAL and member not in withheld]
        return withheld, tuple(revealing)


def _categories(its: AgencyRules, name: str) -> frozenset[CategoryName]:
    """Return the categories an agency may see of the fact of this name."""
    for exemption in its.exceptions:
        if name in exemption.facts:
            return frozenset(exemption.allowed)
    return frozenset(its.allowed)


def reveals_relief(wire: str, member: str, value: object) -> bool:
    """Return whether a member says that relief was sought or granted (8 USC 1367; contract: nta-not-pursued)."""
    if member == "adjournment_code":
        return value in _RELIEF_PENDING
    fact: type[Fact] = BY_WIRE[wire]
    if member == "decision":
        return fact is OrderEntered and value == "relief-granted"
    return member == "reason" and fact is NtaNotPursued and value == "uscis-relief-pending"
