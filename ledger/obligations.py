"""Rules of obligation: dated data that say which fact starts whose clock, how long it runs, and what stops it.

The vocabulary is small on purpose (domain (d)): a rule is opened by facts of the catalogue, matched by members of
the same name, and met by another fact or by the recipient's coming to know. What a rule cannot be measured by is
said in the rule itself. Law, regulation, policy and target are kinds of their own and never mixed.
"""

import tomllib
from collections.abc import Iterator, Sequence
from functools import cache
from pathlib import Path
from typing import Annotated, Final, Literal, get_args

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from ledger.agencies import AGENCIES, RECEIVERS
from ledger.calendars import Unit
from ledger.facts import HAPPENINGS, Fact, short_name
from ledger.facts.vocabulary import Day, Id, Text

RULES: Final = Path(__file__).parent / "obligation_rules"

Kind = Literal["law", "regulation", "policy", "target"]
"""Where a duty comes from: a statute; a regulation; an agency's own policy or agreement; nobody but this ledger."""
KINDS: Final[tuple[Kind, ...]] = get_args(Kind)

Values = tuple[str | bool, ...]
Members = dict[Id, Values]
"""Members of a fact and the values each may have, without regard to case."""

OPENING: Final = "opening"
EVER: Final = "ever"
BIRTHDAY: Final = "18th-birthday"
ADDRESS_CLASS: Final = "address_class"
"""Worked out from a fact's `address`: its class (rule W3)."""
PRODUCER: Final = "producer"
HOLDER: Final = "holder"


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Condition(_Part):
    """A fact of the catalogue, by its short name, with values its members must have or must not have."""

    fact: Id
    when: Members = {}
    when_not: Members = {}
    same: tuple[Id, ...] = ()
    """Members that must be equal in this fact and in the opening one."""


class Opening(Condition):
    """A fact that opens the duty and starts its clock."""

    by: tuple[Id, ...] = ()
    """Only when produced by one of these agencies; none named: by any."""
    start: Id = "occurred_at"
    """What starts the clock: when the fact happened, a time among its members, or the child's `18th-birthday`."""


class Through(_Part):
    """A fact that carries both ids, where the opening fact and the answering one carry different ones."""

    facts: Annotated[tuple[Id, ...], Field(min_length=1)]
    opening: Id
    answer: Id


class Answer(_Part):
    """What meets the duty: a fact, or the recipient's coming to know one."""

    fact: Id | None = None
    """Met when this happened."""
    told: Id | None = None
    """Met when the recipient knew of this fact, or of the `opening` one."""
    when: Members = {}
    when_not: Members = {}
    same: tuple[Id, ...] = ()
    through: Through | None = None
    obliged_in: Id | None = None
    """The member that must name the obliged body."""
    counts_from: Id = OPENING
    """From when such a fact counts: the `opening`, `ever`, or the last fact of this name before the opening."""
    nth: Annotated[int, Field(ge=1)] = 1
    """Only the n-th one meets the duty."""
    excuse: Id | None = None
    """The member whose codes make a late answer lawfully late."""


class Rule(_Part):
    """One rule in one version."""

    id: Annotated[str, Field(pattern=r"^[DT][1-9][0-9]?[a-z]?$")]
    """As in the domain reference (d); a letter behind it tells apart the clocks of one row."""
    version: Annotated[int, Field(ge=1)]
    title: Text
    kind: Kind
    source: Text
    mark: Text
    """How the source was met: R read, S at second hand, M remembered, U uncertain or changing; or our own design."""
    effective_from: Day | None = None
    """The first day a clock can start; absent: older than any entry, the day itself was not looked up."""
    effective_to: Day | None = None
    clock: Text
    """What starts the clock, in words."""
    limit: Annotated[int, Field(ge=0)] | None = None
    """Absent: none was published, so that nothing is ever late."""
    unit: Unit | None = None
    counted: Literal["after", "before"] = "after"
    """`before`: the duty had to be done so long before the start."""
    obliged: Id
    """An agency; the `producer` of the opening fact; the `holder` of legal custody; or a member that names bodies."""
    towards: tuple[Id, ...] = ()
    """Each is owed on its own."""
    opened_by: tuple[Opening, ...] = ()
    once_per: Id | None = None
    """Facts alike in this member open one duty together, by the first of them."""
    met_by: tuple[Answer, ...] = ()
    until: tuple[Id, ...] = ()
    """Answers after the next of these facts do not count: another stay has begun, or this one is over."""
    falls_away_by: tuple[Condition, ...] = ()
    """What ends the duty, if it happens before the duty is due."""
    not_measurable: Text | None = None
    """Why no state can be worked out."""
    note: Text | None = None


class RuleFile(_Part):
    """A file of rules."""

    rules: Annotated[tuple[Rule, ...], Field(min_length=1)]


class ObligationFileError(ValueError):
    """A file of obligation rules cannot be used; the message names each place and the cure."""


def read_obligation_rules(file: Path) -> tuple[Rule, ...]:
    """Read the rules of a TOML file; raises `ObligationFileError` that names everything that is wrong with it."""
    try:
        given = tomllib.loads(file.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        raise ObligationFileError(f"{file} cannot be read: {error}") from None
    except tomllib.TOMLDecodeError as error:
        raise ObligationFileError(f"{file} is no TOML: {error}") from None
    try:
        rules = RuleFile.model_validate(given).rules
    except ValidationError as error:
        raise ObligationFileError(
            "\n".join(f"{file}: {'.'.join(map(str, fault['loc']))}: {fault['msg']}" for fault in error.errors())
        ) from None
    found = [f"{file}: {fault}" for fault in faults(rules)]
    if found:
        raise ObligationFileError("\n".join(found))
    return rules


@cache
def shipped_rules() -> tuple[Rule, ...]:
    """Return every rule that comes with this program, D1 first, T6 last; raises `ObligationFileError`."""
    rules = [rule for file in sorted(RULES.glob("*.toml")) for rule in read_obligation_rules(file)]
    across = [f"{RULES}: {fault}" for fault in _faults_of_versions(rules)]
    if across:
        raise ObligationFileError("\n".join(across))
    return tuple(sorted(rules, key=_place))


def _place(rule: Rule) -> tuple[str, int, str, int]:
    digits = "".join(character for character in rule.id if character.isdigit())
    return rule.id[0], int(digits), rule.id[1 + len(digits) :], rule.version


def faults(rules: Sequence[Rule]) -> Iterator[str]:
    """Yield what is wrong with these rules, each with its place and cure."""
    for rule in rules:
        for fault in _faults_of(rule):
            yield f"{rule.id} version {rule.version}: {fault}"
    yield from _faults_of_versions(rules)


def _faults_of_versions(rules: Sequence[Rule]) -> Iterator[str]:
    """Two versions of one rule are never in force on the same day, so that no duty is counted twice."""
    for number, rule in enumerate(rules):
        for other in rules[number + 1 :]:
            if other.id != rule.id:
                continue
            if other.version == rule.version:
                yield f"{rule.id} version {rule.version} stands twice; give one the next version"
            elif _overlap(rule, other):
                yield (
                    f"{rule.id} versions {rule.version} and {other.version} are in force on the same days; "
                    "end the older one with effective_to on the day before the newer one begins"
                )


def _overlap(one: Rule, other: Rule) -> bool:
    def ends_before(first: Rule, second: Rule) -> bool:
        ends, begins = first.effective_to, second.effective_from
        return ends is not None and begins is not None and ends < begins

    return not (ends_before(one, other) or ends_before(other, one))


_BY_NAME: Final[dict[str, type[Fact]]] = {short_name(fact.wire): fact for fact in HAPPENINGS}


def _faults_of(rule: Rule) -> Iterator[str]:
    if rule.effective_to is not None and rule.effective_from is not None and rule.effective_to < rule.effective_from:
        yield f"effective_to: {rule.effective_to} is before effective_from {rule.effective_from}"
    if (rule.limit is None) is not (rule.unit is None):
        yield "limit and unit: give both, or neither where no limit was published"
    if rule.not_measurable is None and not rule.met_by:
        yield "met_by: is missing; say what meets the duty, or under not_measurable why nothing can"
    if rule.not_measurable is None and not rule.opened_by:
        yield "opened_by: is missing; say which facts open the duty, or under not_measurable why none does"
    yield from _faults_of_parties(rule)
    for number, opening in enumerate(rule.opened_by):
        place = f"opened_by.{number}"
        yield from _faults_of_condition(place, opening.fact, opening.when, opening.when_not)
        if opening.start not in ("occurred_at", BIRTHDAY):
            yield from _lacking(f"{place}.start", opening.fact, opening.start)
        if rule.once_per is not None:
            yield from _lacking("once_per", opening.fact, rule.once_per)
        yield from (f"{place}.by: {name} is no agency" for name in opening.by if name not in AGENCIES)
        if opening.same:
            yield f"{place}.same: an opening fact is compared with nothing; take it out"
    for number, ending in enumerate(rule.falls_away_by):
        place = f"falls_away_by.{number}"
        yield from _faults_of_condition(place, ending.fact, ending.when, ending.when_not)
        yield from _faults_of_same(rule, f"{place}.same", ending.fact, ending.same)
    for name in rule.until:
        yield from _unknown("until", name)
    for number, answer in enumerate(rule.met_by):
        yield from _faults_of_answer(rule, f"met_by.{number}", answer)


def _faults_of_parties(rule: Rule) -> Iterator[str]:
    named = rule.obliged in AGENCIES or rule.obliged in (PRODUCER, HOLDER)
    if not named and rule.not_measurable is None:
        for opening in rule.opened_by:
            yield from _lacking("obliged", opening.fact, rule.obliged)
    if any(answer.told is not None for answer in rule.met_by):
        if not rule.towards:
            yield "towards: is missing; say who has to come to know"
        yield from (
            f"towards: {name} receives nothing, so that it can never know"
            for name in rule.towards
            if name not in RECEIVERS
        )


def _faults_of_answer(rule: Rule, place: str, answer: Answer) -> Iterator[str]:
    if (answer.fact is None) is (answer.told is None):
        yield f"{place}: give either fact or told"
        return
    name = answer.fact or answer.told
    assert name is not None
    if name == OPENING:
        if answer.when or answer.when_not or answer.same or answer.through or answer.nth != 1:
            yield f"{place}: the opening fact itself needs no condition; take it out"
        return
    yield from _faults_of_condition(place, name, answer.when, answer.when_not)
    yield from _faults_of_same(rule, f"{place}.same", name, answer.same)
    for member, what in ((answer.obliged_in, "obliged_in"), (answer.excuse, "excuse")):
        if member is not None:
            yield from _lacking(f"{place}.{what}", name, member)
    if answer.counts_from not in (OPENING, EVER):
        yield from _unknown(f"{place}.counts_from", answer.counts_from)
    if answer.through is not None:
        yield from _lacking(f"{place}.through.answer", name, answer.through.answer)
        for opening in rule.opened_by:
            yield from _lacking(f"{place}.through.opening", opening.fact, answer.through.opening)
        for between in answer.through.facts:
            yield from _lacking(f"{place}.through.facts", between, answer.through.opening)
            yield from _lacking(f"{place}.through.facts", between, answer.through.answer)


def _faults_of_condition(place: str, name: str, when: Members, when_not: Members) -> Iterator[str]:
    yield from _unknown(f"{place}.fact", name)
    for member in (*when, *when_not):
        needed = "address" if member == ADDRESS_CLASS else member
        yield from _lacking(f"{place}.when", name, needed)


def _faults_of_same(rule: Rule, place: str, name: str, members: Sequence[str]) -> Iterator[str]:
    for member in members:
        yield from _lacking(place, name, member)
        for opening in rule.opened_by:
            yield from _lacking(place, opening.fact, member)


def _unknown(place: str, name: str) -> Iterator[str]:
    if name not in _BY_NAME:
        yield f"{place}: {name!r} is no happening of the catalogue (docs/facts.md)"


def _lacking(place: str, name: str, member: str) -> Iterator[str]:
    fact = _BY_NAME.get(name)
    if fact is None:
        yield from _unknown(place, name)
    elif member not in fact.model_fields:
        yield f"{place}: {name} has no member {member!r}; it has {', '.join(fact.model_fields)}"
