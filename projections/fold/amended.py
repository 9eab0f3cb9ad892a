"""Entries as they stand once the corrections, voids and disputes among them have acted (knowledge: Corrections).

Only the entries given act on each other, so that the same function answers for a whole record, for the record as
the ledger had it at some moment, and for what one agency knew of it. Statements act whenever they happened: it
counts that they are among the entries. A target that is not among them, or that is not earlier, is left alone.
"""

from collections.abc import Iterable, Mapping, Sequence
from operator import attrgetter
from typing import Any, Final, NamedTuple, cast

from ledger.entry import Entry
from ledger.facts import (
    BY_WIRE,
    AnyFact,
    CorrectionIssued,
    EntryDisputed,
    EntryVoided,
    FindingResolved,
    current,
)
from ledger.facts.vocabulary import STORED
from ledger.records.voids import standing_voids
from ledger.times import When, read_back

_position: Final = attrgetter("position")


class Effective(NamedTuple):
    """An entry as it stands: its fact and time as corrected, and which entries say what about it.

    `shown_fact` is the JSON of the fact as corrected, in the members of the version it was recorded under; it is
    `entry.recorded_fact` itself where nothing corrects it. A correction that is itself corrected shows its `set`
    as amended. `corrected_by` and `voided_by` name the corrections and voids in force that name this very entry
    (follow `corrected_by` of those for the corrections of corrections), `disputed_by` the disputes, and
    `resolved_findings` the codes of findings that were dealt with and by which entry.
    """

    entry: Entry
    fact: AnyFact
    occurred_at: When | None
    shown_fact: Mapping[str, Any]
    corrected_by: tuple[int, ...]
    voided_by: tuple[int, ...]
    disputed_by: tuple[int, ...]
    resolved_findings: tuple[tuple[str, int], ...]


_Corrections = Mapping[int, Sequence[tuple[int, CorrectionIssued]]]
"""Target position to the corrections in force that name it, in order of position."""
_STATEMENTS_THAT_ACT = frozenset((CorrectionIssued, EntryVoided, EntryDisputed, FindingResolved))
_REMARKS: Final = frozenset((EntryDisputed, FindingResolved))


def effective(entries: Iterable[Entry]) -> list[Effective]:
    """Return every entry as it stands, in order of position.

    Corrections act by position, the later one wins member by member; the correction of a correction amends that
    one in its place, so that a correction issued between the two still wins. `null` removes an optional member.
    A void of a void restores; what two voids struck out needs both undone.

    Where only a part of the record is given, a corrected fact may come out that could never have been accepted.
    Then its corrections are taken one after the other, in the order above, member by member, and each member that
    makes no valid fact is passed over: what fits wins, and nothing is raised.
    """
    ordered = sorted(entries, key=_position)
    statements = [entry for entry in ordered if type(entry.fact) in _STATEMENTS_THAT_ACT]
    if not statements:
        return [Effective(e, e.fact, e.occurred_at, e.recorded_fact, (), (), (), ()) for e in ordered]
    voids = standing_voids(statements)
    corrections = _standing_corrections(statements, voids)
    amended = _amended(corrections)
    standing = []
    for entry in ordered:
        fact, occurred_at, shown = entry.fact, entry.occurred_at, entry.recorded_fact
        naming = corrections.get(entry.position)
        if naming is not None:
            fact, occurred_at, shown = _corrected(entry, corrections, amended)
        corrected_by = () if naming is None else tuple(position for position, _ in naming)
        voided_by = voids.get(entry.position, ())
        standing.append(Effective(entry, fact, occurred_at, shown, corrected_by, voided_by, (), ()))
    return _with_remarks(standing) if any(type(entry.fact) in _REMARKS for entry in statements) else standing


def _standing_corrections(statements: Iterable[Entry], voids: Mapping[int, tuple[int, ...]]) -> _Corrections:
    corrections: dict[int, list[tuple[int, CorrectionIssued]]] = {}
    for entry in statements:
        fact = entry.fact
        if type(fact) is CorrectionIssued and fact.corrects < entry.position and entry.position not in voids:
            corrections.setdefault(fact.corrects, []).append((entry.position, fact))
    return corrections


def _amended(corrections: _Corrections) -> dict[int, dict[str, Any]]:
    """Return, by position, what each correction sets once the corrections of it have amended it."""
    every = [issued for naming in corrections.values() for issued in naming]
    amended: dict[int, dict[str, Any]] = {}
    for position, correction in sorted(every, key=lambda issued: issued[0], reverse=True):
        sets = dict(correction.set)
        for later, _ in corrections.get(position, ()):
            sets.update(amended[later])
        amended[position] = sets
    return amended


def _corrected(
    entry: Entry, corrections: _Corrections, amended: Mapping[int, Mapping[str, Any]]
) -> tuple[AnyFact, When | None, Mapping[str, Any]]:
    sets: dict[str, Any] = {}
    for position, _ in corrections[entry.position]:
        sets.update(amended[position])
    if not sets:  # what it sets is not known to whoever asks
        return entry.fact, entry.occurred_at, entry.recorded_fact
    if isinstance(entry.fact, CorrectionIssued):
        whole = {**entry.fact.set, **sets}
        return entry.fact.model_copy(update={"set": whole}), entry.occurred_at, {**entry.recorded_fact, "set": whole}
    try:
        return _with_members(entry, entry.fact, entry.occurred_at, entry.recorded_fact, sets)
    except ValueError:
        return _with_what_fits(entry, corrections)


def _with_members(
    entry: Entry, fact: AnyFact, occurred_at: When | None, shown: Mapping[str, Any], sets: Mapping[str, Any]
) -> tuple[AnyFact, When | None, Mapping[str, Any]]:
    """Return fact, time and JSON with the members of `sets` put in; raises `ValueError` where that is no fact."""
    fact_class = BY_WIRE[entry.type]
    members = dict(shown)
    for member, value in sets.items():
        field = fact_class.model_fields.get(member)
        if member == "occurred_at":
            occurred_at = None if value is None else read_back(value)
        elif value is None and field is not None and not field.is_required():
            members.pop(member, None)
        else:
            members[member] = value
    if sets.keys() != {"occurred_at"}:
        fact = cast(AnyFact, current(fact_class.model_validate(members, context=STORED)))
        shown = members
    return fact, occurred_at, shown


def _with_what_fits(entry: Entry, corrections: _Corrections) -> tuple[AnyFact, When | None, Mapping[str, Any]]:
    fact, occurred_at, shown = entry.fact, entry.occurred_at, entry.recorded_fact
    to_come = list(reversed(corrections[entry.position]))
    while to_come:
        position, correction = to_come.pop()
        to_come.extend(reversed(corrections.get(position, ())))
        for member, value in correction.set.items():
            try:
                fact, occurred_at, shown = _with_members(entry, fact, occurred_at, shown, {member: value})
            except ValueError:
                continue
    return fact, occurred_at, shown


def _with_remarks(standing: list[Effective]) -> list[Effective]:
    """Add disputes and resolved findings: those in force, with what they name as corrected."""
    disputes: dict[int, list[int]] = {}
    resolved: dict[int, list[tuple[str, int]]] = {}
    for one in standing:
        own, fact = one.entry.position, one.fact
        if one.voided_by:
            continue
        if isinstance(fact, EntryDisputed) and fact.position < own:
            disputes.setdefault(fact.position, []).append(own)
        elif isinstance(fact, FindingResolved) and fact.position < own:
            resolved.setdefault(fact.position, []).append((fact.code, own))
    return [
        one
        if one.entry.position not in disputes and one.entry.position not in resolved
        else Effective(
            one.entry,
            one.fact,
            one.occurred_at,
            one.shown_fact,
            one.corrected_by,
            one.voided_by,
            tuple(disputes.get(one.entry.position, ())),
            tuple(resolved.get(one.entry.position, ())),
        )
        for one in standing
    ]
