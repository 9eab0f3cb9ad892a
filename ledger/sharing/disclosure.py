"""What of one entry one agency is told, by one set of sharing rules (domain (f); knowledge: Sharing rules and feeds).

An entry is told member by member, by the category each carries. What would reveal that relief was sought or granted
is kept from agencies to whom the existence of relief is protected (8 USC 1367): an optional member is left out
without a word, for a word would say it; where a required member says it, the entry is not told at all.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Final, NamedTuple

from ledger.agencies import RECEIVERS, Agency
from ledger.entry import Entry
from ledger.facts import (
    BY_WIRE,
    CorrectionIssued,
    EntryDisputed,
    EntryVoided,
    Fact,
    IdentityMerged,
    IdentityUnmerged,
    ReliefFiled,
    short_name,
)
from ledger.facts.ledger_wide import RuleSet
from ledger.facts.questions import MAY_REVEAL
from ledger.facts.relief import reveals_relief
from ledger.facts.vocabulary import category_of
from ledger.sharing.rule_sets import may_see

_RELIEF: Final = short_name(ReliefFiled.wire)
_NAMES_ITS_TARGET: Final[dict[type[Any], str]] = {
    CorrectionIssued: "corrects",
    EntryVoided: "voids",
    EntryDisputed: "position",
    IdentityMerged: "other",
    IdentityUnmerged: "other",
}


_NO_MEMBERS: Final[frozenset[str]] = frozenset()
_RELIEF_IN_REQUIRED: Final = frozenset(
    short_name(fact.wire)
    for fact, members in MAY_REVEAL.items()
    if any(fact.model_fields[member].is_required() for member in members)
)
"""Facts of which a member that must be given may say that relief was sought or granted; see `reveals_relief`."""
_Plan = tuple[tuple[str, ...], tuple[str, ...]]
"""The members withheld whatever they say, and those that may not be told for what they say."""


class _Plans(NamedTuple):
    """How entries of one producer, fact and members are told: the plans there are, and who is told by which."""

    distinct: tuple[_Plan, ...]
    by_agency: tuple[tuple[Agency, int], ...]


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
        self._plans: dict[tuple[Agency, str, tuple[str, ...]], _Plans] = {}
        """By producer, wire name and the members given."""
        self._hidden_from = frozenset(agency for agency, its in rules.agencies.items() if _RELIEF not in its.told)

    def disclosures(self, entry: Entry) -> list[tuple[Agency, Disclosure]]:
        """Return who is told an entry the set rules on, and what of it; others are not told that it exists.

        Nobody is told their own.
        """
        wire, given = entry.type, entry.recorded_fact
        key = (entry.producer.agency, wire, tuple(given))
        plans = self._plans.get(key)
        if plans is None:
            plans = self._plans[key] = self._plans_of(*key)
        made = [_disclosure(wire, given, plan) for plan in plans.distinct]
        return [(agency, told) for agency, number in plans.by_agency if (told := made[number]) is not None]

    def without(
        self, wire: str, members: frozenset[str], told: Sequence[tuple[Agency, Disclosure]]
    ) -> list[tuple[Agency, Disclosure]]:
        """Return who is told a fact of which these members cannot be told: they are named, and not told.

        `told` was worked out without them. Nobody can say what they say: one that may reveal that relief was sought is
        left out without a word, and where it must be given, the fact is not told to those who may not know.
        """
        required = short_name(wire) in _RELIEF_IN_REQUIRED
        silent = tuple(sorted(members & _may_reveal(wire)))
        named = tuple(sorted(members.difference(silent)))
        said_by_all = required and bool(silent)
        return [
            (agency, Disclosure(its.fact, (*its.withheld, *named), (*its.unsaid, *silent)))
            for agency, its in told
            if not (said_by_all and agency in self._hidden_from)
        ]

    def hides(self, entry: Entry, agency: Agency) -> bool:
        """Return whether an entry the set rules on must not exist for `agency`: it is protected, or says of relief
        what an agency from which relief is kept may not read, in a member that cannot be left out. Nobody's own is.
        """
        its = self.rules.agencies.get(agency)
        if its is None or entry.producer.agency == agency:
            return False
        name = short_name(entry.type)
        if name in its.told:
            return all(told_to != agency for told_to, _ in self.disclosures(entry))
        if name in its.protected:
            return True
        return agency in self._hidden_from and name in _RELIEF_IN_REQUIRED and _says_relief(entry)

    def may_hide(self, agency: Agency) -> frozenset[type[Fact]]:
        """Return the facts of which some entry may be hidden from `agency`; nothing is hidden of any other fact."""
        its = self.rules.agencies.get(agency)
        if its is None:
            return frozenset()
        names = set(its.protected)
        if agency in self._hidden_from:
            names |= _RELIEF_IN_REQUIRED
        return frozenset(fact for wire, fact in BY_WIRE.items() if short_name(wire) in names)

    def follow(
        self,
        statement: Entry,
        about: Entry | None,
        corrected: Entry | None,
        agency: Agency,
        *,
        about_unknown: bool = False,
    ) -> Disclosure:
        """Return what `agency` is told of a statement that goes wherever what it touches has gone.

        `about` is the entry it speaks of in the end (None: it speaks of records), `corrected` the one of which a
        correction sets members: the two differ where it corrects a void, a dispute or a merge. What it aims at is
        always told, and so is a new `occurred_at`; of a protected fact nothing else, nor of one that is left out of the
        feeds (`about_unknown`): nobody can say that it is not protected.
        """
        given = statement.recorded_fact
        aims_at = _NAMES_ITS_TARGET[type(statement.fact)]
        its = self.rules.agencies[agency]
        protected = about_unknown or (about is not None and short_name(about.type) in its.protected)
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
        categories = may_see(its, short_name(corrected.type))
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

    def _plans_of(self, producer: Agency, wire: str, given: Sequence[str]) -> _Plans:
        name, fact = short_name(wire), BY_WIRE[wire]
        numbers: dict[_Plan, int] = {}
        by_agency = []
        for agency in RECEIVERS:
            its = self.rules.agencies[agency]
            if agency == producer or name not in its.told:
                continue
            categories = may_see(its, name)
            withheld = tuple(member for member in given if category_of(fact, member) not in categories)
            hidden = agency in self._hidden_from
            revealing = [m for m in given if hidden and m in _may_reveal(wire) and m not in withheld]
            by_agency.append((agency, numbers.setdefault((withheld, tuple(revealing)), len(numbers))))
        return _Plans(tuple(numbers), tuple(by_agency))


def _disclosure(wire: str, given: Mapping[str, Any], plan: _Plan) -> Disclosure | None:
    """Return what is told of a fact by its plan; None where a member that must be given may not be told."""
    withheld, may_reveal = plan
    unsaid: tuple[str, ...] = ()
    if may_reveal:
        unsaid = tuple(member for member in may_reveal if reveals_relief(wire, member, given[member]))
        fields = BY_WIRE[wire].model_fields
        if any(fields[member].is_required() for member in unsaid):
            return None
    if not withheld and not unsaid:
        return Disclosure(given, (), ())
    return Disclosure({m: v for m, v in given.items() if m not in withheld and m not in unsaid}, withheld, unsaid)


def _says_relief(entry: Entry) -> bool:
    return any(reveals_relief(entry.type, member, value) for member, value in entry.recorded_fact.items())


def _may_reveal(wire: str) -> frozenset[str]:
    return MAY_REVEAL.get(BY_WIRE[wire], _NO_MEMBERS)
