"""Sharing rules: dated sets of data that say which agency is told what (domain (f); knowledge: Sharing rules).

A set says for each agency that receives which facts it is told, which are not told because even their existence is
protected, and which are simply not sent; and of what it is told, which categories of members it may see. Nothing is
left to a default: a set that is silent about a fact or a category for some agency has a fault.
"""

import tomllib
from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import date, datetime
from functools import cache
from pathlib import Path
from typing import Final, NamedTuple

from pydantic import ValidationError

from ledger.agencies import RECEIVERS, Agency
from ledger.facts import (
    HAPPENINGS,
    CorrectionIssued,
    EntryDisputed,
    EntryVoided,
    Fact,
    FindingResolved,
    IdentifierAsserted,
    IdentityMerged,
    IdentityUnmerged,
    NoticeGiven,
    ReliefDecided,
    ReliefFiled,
    short_name,
)
from ledger.facts.ledger_wide import AgencyRules, RuleSet
from ledger.facts.vocabulary import CATEGORIES, CategoryName
from ledger.model_words import in_words
from ledger.times import civil_day

SETS: Final = Path(__file__).parent / "sets"
_FORMER_DEFAULT: Final = SETS / "former" / "default-1.toml"
DEFAULT: Final = "default"
"""The set that is in force where none was adopted."""

FOLLOWING: Final[tuple[type[Fact], ...]] = (
    CorrectionIssued,
    EntryVoided,
    EntryDisputed,
    IdentityMerged,
    IdentityUnmerged,
)
"""Statements that go wherever what they touch has gone, whatever a set says: nobody is left holding a known error."""
_RULED: Final[tuple[type[Fact], ...]] = (*HAPPENINGS, IdentifierAsserted, NoticeGiven, FindingResolved)
RULED: Final = tuple(short_name(fact.wire) for fact in _RULED)
"""The facts a set must speak of."""
PROTECTED: Final = frozenset(short_name(fact.wire) for fact in (ReliefFiled, ReliefDecided))
"""Facts whose very existence is protected (8 USC 1367; 8 CFR 208.6, 1208.6)."""
NEVER: Final[dict[Agency, frozenset[CategoryName]]] = {
    "CBP": frozenset(("relief", "protection")),
    "ICE-ERO": frozenset(("relief", "protection")),
}
"""Categories that no set may grant an agency that enforces (8 USC 1367; 8 CFR 208.6, 1208.6)."""


class RuleFileError(ValueError):
    """A file of sharing rules cannot be used; the message names each place and the cure."""


class Adopted(NamedTuple):
    """A set and the position at which it was adopted."""

    position: int
    rules: RuleSet
    backfill: bool = False


def read_rules(file: Path) -> RuleSet:
    """Read a set from its TOML file; raises `RuleFileError` that names everything that is wrong with it."""
    try:
        given = tomllib.loads(file.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        raise RuleFileError(f"{file} cannot be read: {error}") from None
    except tomllib.TOMLDecodeError as error:
        raise RuleFileError(f"{file} is no TOML: {error}") from None
    try:
        rules = RuleSet.model_validate(given)
    except ValidationError as error:
        raise RuleFileError(
            "\n".join(f"{file}: {'.'.join(map(str, fault['loc']))}: {in_words(fault)}" for fault in error.errors())
        ) from None
    found = [f"{file}: {fault}" for fault in faults(rules)]
    if found:
        raise RuleFileError("\n".join(found))
    return rules


def shipped_sets() -> dict[str, Path]:
    """Return the files of the sets that come with this program, by the name each is asked for."""
    return {file.stem: file for file in sorted(SETS.glob("*.toml"))}


@cache
def default_rules() -> RuleSet:
    """Return the set that is in force where none was adopted."""
    return read_rules(SETS / f"{DEFAULT}.toml")


@cache
def former_default_rules() -> RuleSet:
    """Return the set that was in force before, where none was adopted, in ledgers that an earlier release made."""
    return RuleSet.model_validate(tomllib.loads(_FORMER_DEFAULT.read_text(encoding="utf-8")))


def faults(rules: RuleSet) -> Iterator[str]:
    """Yield what is wrong with a set, each with its place and cure."""
    if "\\u0000" in rules.model_dump_json():
        yield "a text contains a NUL character, which no text column can hold; leave it out"
    if rules.effective_to is not None and rules.effective_to < rules.effective_from:
        yield f"effective_to: {rules.effective_to} is before effective_from {rules.effective_from}"
    for agency in rules.agencies.keys() - set(RECEIVERS):
        yield f"agencies.{agency}: gets no feed; the agencies that receive are {', '.join(RECEIVERS)}"
    for agency in RECEIVERS:
        if agency not in rules.agencies:
            yield f"agencies.{agency}: is missing; say what it is told, if only nothing"
            continue
        yield from _faults_of(rules, agency)


def _faults_of(rules: RuleSet, agency: Agency) -> Iterator[str]:
    place, its = f"agencies.{agency}", rules.agencies[agency]
    named = Counter((*its.told, *its.protected, *its.untold))
    for fact in named.keys() - set(RULED):
        why = "goes where what it touches went" if fact in _FOLLOWING_NAMES else "is no fact of the catalogue"
        yield f"{place}: {fact!r} {why}; take it out"
    for fact in RULED:
        if named[fact] != 1:
            cure = "put it under told, protected or untold" if not named[fact] else "leave it in one place"
            yield f"{place}: {fact} stands {named[fact]} times; {cure}"
    for fact in sorted(PROTECTED & set(its.told)):
        if NEVER.get(agency, frozenset()) & {"relief"}:
            yield f"{place}.told: {fact} may not be told to {agency}, not even that it exists; put it under protected"
    decided = Counter((*its.allowed, *its.withheld))
    for category in CATEGORIES:
        if decided[category] != 1:
            cure = "put it under allowed or withheld" if not decided[category] else "leave it in one place"
            yield f"{place}: category {category} stands {decided[category]} times; {cure}"
    excepted = Counter(fact for exemption in its.exceptions for fact in exemption.facts)
    for fact, times in excepted.items():
        if times > 1:
            yield f"{place}.exceptions: {fact} stands in {times} of them; leave it in one"
        if fact not in its.told:
            yield f"{place}.exceptions: {fact} is not told to {agency}, so nothing can be excepted"
    granted = {*its.allowed, *(category for exemption in its.exceptions for category in exemption.allowed)}
    for category in sorted(NEVER.get(agency, frozenset()) & granted):
        yield f"{place}: category {category} may not be granted to {agency} (8 USC 1367); put it under withheld"


_FOLLOWING_NAMES: Final = frozenset(short_name(fact.wire) for fact in FOLLOWING)


def in_force(
    adopted: Sequence[Adopted], default: RuleSet, *, position: int, recorded_at: datetime, zone: str
) -> RuleSet:
    """Return the set in force for an entry: the last one adopted before it whose days hold its `recorded_at`."""
    day = civil_day(recorded_at, zone)
    for one in reversed(adopted):
        if one.position < position and holds(one.rules, day):
            return one.rules
    return default


def holds(rules: RuleSet, day: date) -> bool:
    """Return whether a set is for entries recorded on this day."""
    return rules.effective_from <= day and (rules.effective_to is None or day <= rules.effective_to)


def differences(one: RuleSet, other: RuleSet) -> Iterator[str]:
    """Yield a line for each decision in which two sets differ."""
    for agency in RECEIVERS:
        before, after = one.agencies[agency], other.agencies[agency]
        for fact in RULED:
            was, now = decision(one, agency, fact), decision(other, agency, fact)
            if was != now:
                yield f"{agency}: {fact}: {was} -> {now}"
        for category in CATEGORIES:
            may, may_now = _may(category in may_see(before)), _may(category in may_see(after))
            if may != may_now:
                yield f"{agency}: category {category}: {may} -> {may_now}"


def decision(rules: RuleSet, agency: Agency, fact: str) -> str:
    """Return what a set says of one fact to one agency, in words."""
    its = rules.agencies[agency]
    if fact in its.protected:
        return "protected"
    if fact not in its.told:
        return "untold"
    for exemption in its.exceptions:
        if fact in exemption.facts:
            return "told with " + ", ".join(exemption.allowed)
    return "told"


def may_see(its: AgencyRules, fact: str | None = None) -> frozenset[CategoryName]:
    """Return the categories an agency may see: of one fact, or in general.

    A set of before there was `sponsor-contact` does not speak of it: by such a set it goes where addresses go.
    """
    allowed = next((one.allowed for one in its.exceptions if fact in one.facts), its.allowed)
    if "address" in allowed and "sponsor-contact" not in (*its.allowed, *its.withheld):
        return frozenset((*allowed, "sponsor-contact"))
    return frozenset(allowed)


def _may(allowed: bool) -> str:
    return "allowed" if allowed else "withheld"
