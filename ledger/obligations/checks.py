"""What can be wrong with rules of obligation, each fault with its place and its cure."""

from collections.abc import Iterator, Sequence
from typing import Final, Literal, get_args, get_origin

from ledger.addresses.classes import AddressClass
from ledger.agencies import AGENCIES, RECEIVERS
from ledger.facts import HAPPENINGS, Fact, short_name
from ledger.obligations.vocabulary import (
    ADDRESS_CLASS,
    BIRTHDAY,
    EVER,
    HOLDER,
    OPENING,
    PRODUCER,
    Members,
    MetBy,
    ObligationRule,
)
from ledger.rules.catalogue import BY_CODE


def faults(rules: Sequence[ObligationRule]) -> Iterator[str]:
    """Yield what is wrong with these rules, each with its place and cure."""
    for rule in rules:
        for fault in _faults_of(rule):
            yield f"{rule.id} version {rule.version}: {fault}"
    yield from faults_of_versions(rules)


def faults_of_versions(rules: Sequence[ObligationRule]) -> Iterator[str]:
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


def _overlap(one: ObligationRule, other: ObligationRule) -> bool:
    def ends_before(first: ObligationRule, second: ObligationRule) -> bool:
        ends, begins = first.effective_to, second.effective_from
        return ends is not None and begins is not None and ends < begins

    return not (ends_before(one, other) or ends_before(other, one))


_BY_NAME: Final[dict[str, type[Fact]]] = {short_name(fact.wire): fact for fact in HAPPENINGS}


def _faults_of(rule: ObligationRule) -> Iterator[str]:
    if rule.effective_to is not None and rule.effective_from is not None and rule.effective_to < rule.effective_from:
        yield f"effective_to: {rule.effective_to} is before effective_from {rule.effective_from}"
    if rule.warning is not None and (rule.warning not in BY_CODE or BY_CODE[rule.warning].where != "clock"):
        yield f"warning: {rule.warning} is none that a clock works out; see docs/rules.md"
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
        yield from _faults_of_same(rule, f"{place}.other", ending.fact, ending.other)
        yield from _faults_of_same(rule, f"{place}.by", None, [name for name in ending.by if name not in AGENCIES])
    for name in rule.until:
        yield from _unknown("until", name)
    for number, answer in enumerate(rule.met_by):
        yield from _faults_of_answer(rule, f"met_by.{number}", answer)


def _faults_of_parties(rule: ObligationRule) -> Iterator[str]:
    named = rule.obliged in AGENCIES or rule.obliged in (PRODUCER, HOLDER)
    if rule.obliged_of is not None:
        yield from _faults_of_same(rule, "obliged_of.same", rule.obliged_of.fact, rule.obliged_of.same)
        yield from _lacking("obliged", rule.obliged_of.fact, rule.obliged)
    elif not named and rule.not_measurable is None:
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


def _faults_of_answer(rule: ObligationRule, place: str, answer: MetBy) -> Iterator[str]:
    if (answer.fact is None) is (answer.told is None):
        yield f"{place}: give either fact or told"
        return
    name = answer.fact or answer.told
    assert name is not None
    if name == OPENING:
        if answer.when or answer.when_not or answer.same or answer.other or answer.through or answer.nth != 1:
            yield f"{place}: the opening fact itself needs no condition; take it out"
        return
    if answer.told is not None and answer.nth != 1:
        yield f"{place}.nth: the first one known meets a duty to tell; take it out"
    yield from _faults_of_condition(place, name, answer.when, answer.when_not)
    yield from _faults_of_same(rule, f"{place}.same", name, answer.same)
    yield from _faults_of_same(rule, f"{place}.other", name, answer.other)
    yield from _faults_of_by(rule, f"{place}.by", name, answer)
    for member in (*answer.given, *(() if answer.at is None else (answer.at,))):
        yield from _lacking(f"{place}.given", name, member)
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


def _faults_of_by(rule: ObligationRule, place: str, name: str, answer: MetBy) -> Iterator[str]:
    """Somebody must be able to meet the duty, and only a fact is somebody's."""
    if answer.told is not None:
        if answer.by:
            yield f"{place}: what meets a duty to tell is the recipient's knowing; take it out"
        return
    yield from (f"{place}: {agency} is no agency" for agency in answer.by if agency not in AGENCIES)
    if name not in _BY_NAME or (not answer.by and rule.obliged not in AGENCIES):
        return
    counting = {*(answer.by or (rule.obliged, *rule.towards))}
    producers = _BY_NAME[name].producers
    if counting.isdisjoint(producers):
        yield f"{place}: nobody who may meet the duty records {name}; name some of {', '.join(producers)}"


def _faults_of_condition(place: str, name: str, when: Members, when_not: Members) -> Iterator[str]:
    yield from _unknown(f"{place}.fact", name)
    for member, values in (*when.items(), *when_not.items()):
        lacking = list(_lacking(f"{place}.when", name, "address" if member == ADDRESS_CLASS else member))
        yield from lacking
        if name in _BY_NAME and not lacking:
            codes = _codes(name, member)
            told = sorted(codes, key=str)
            for value in values:
                if codes and value not in codes:
                    yield f"{place}.when: {member} is never {_shown(value)}; it is one of {', '.join(map(str, told))}"


def _codes(name: str, member: str) -> frozenset[object]:
    """Return the values a coded member can have; none where it is text, which can have any."""
    if member == ADDRESS_CLASS:
        return frozenset(get_args(AddressClass))
    parts: list[object] = [_BY_NAME[name].model_fields[member].annotation]
    codes: set[object] = set()
    while parts:
        part = parts.pop()
        if part is str:
            return frozenset()
        if part is bool:
            codes |= {True, False}
        elif get_origin(part) is Literal:
            codes.update(get_args(part))
        else:
            parts.extend(get_args(part))
    return frozenset(codes)


def _shown(value: str | bool) -> str:
    return repr(value) if isinstance(value, str) else str(value).lower()


def _faults_of_same(rule: ObligationRule, place: str, name: str | None, members: Sequence[str]) -> Iterator[str]:
    for member in members:
        if name is not None:
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
