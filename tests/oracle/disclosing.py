"""What of one entry one agency is told by a set of sharing rules, read off the set as it is written."""

from collections.abc import Sequence
from typing import NamedTuple

from ledger.entry import Entry
from ledger.facts import BY_WIRE
from ledger.facts.ledger_wide import RuleSet
from ledger.facts.vocabulary import Category
from tests.oracle.standing import Json, name_of

AIMS = {
    "correction-issued": "corrects",
    "entry-voided": "voids",
    "entry-disputed": "position",
    "identity-merged": "other",
    "identity-unmerged": "other",
}
"""The statements that follow what they touch, and the member by which each says what that is."""


class Part(NamedTuple):
    """What an agency reads of an entry, what it reads the names of, and what it is told nothing of."""

    fact: Json
    withheld: list[str]
    unsaid: list[str]


def of_happening(entry: Entry, agency: str, rules: RuleSet) -> Part | None:
    """Return what is told of an entry by its own right; None: nothing, not even that it exists."""
    its = rules.model_dump()["agencies"][agency]
    name, given = name_of(entry), dict(entry.recorded_fact)
    if name not in its["told"]:
        return None
    unsaid = [m for m, v in given.items() if _hidden(its, name, m, v) and _category(entry, m) in _may_see(its, name)]
    if any(BY_WIRE[entry.type].model_fields[m].is_required() for m in unsaid):
        return None
    withheld = [m for m in given if m not in unsaid and _category(entry, m) not in _may_see(its, name)]
    return Part({m: v for m, v in given.items() if m not in (*unsaid, *withheld)}, withheld, unsaid)


def of_statement(entry: Entry, agency: str, rules: RuleSet, entries: Sequence[Entry]) -> Part:
    """Return what is told of a statement that follows what it touches: always at what it aims.

    A new value is told by the category of its member in the fact corrected, the time always; of a protected fact
    nothing else is told.
    """
    its = rules.model_dump()["agencies"][agency]
    about, corrected = subject(entry, entries), original(entry, entries)
    protected = about is not None and name_of(about) in its["protected"]
    fact: Json = {}
    withheld, withheld_sets = [], []
    for member, value in entry.recorded_fact.items():
        if member == "set":
            fact["set"] = {}
            for m, v in value.items():
                if m == "occurred_at" or (not protected and _may_read_new(its, corrected, m, v)):
                    fact["set"][m] = v
                else:
                    withheld_sets.append(f"set.{m}")
        elif member == AIMS[name_of(entry)] or (not protected and _category(entry, member) in its["allowed"]):
            fact[member] = value
        else:
            withheld.append(member)
    return Part(fact, withheld + withheld_sets, [])


def subject(statement: Entry, entries: Sequence[Entry]) -> Entry | None:
    """What a statement is about in the end, through corrections of corrections and voids of voids; a merge: records."""
    if name_of(statement).startswith("identity-"):
        return None
    if name_of(statement) not in AIMS:
        return statement
    target = _at(statement.recorded_fact[AIMS[name_of(statement)]], entries)
    return None if target is None else subject(target, entries)


def original(statement: Entry, entries: Sequence[Entry]) -> Entry | None:
    """The entry of which a correction's `set` names members: the corrections between are corrections of the same."""
    if name_of(statement) != "correction-issued":
        return statement
    target = _at(statement.recorded_fact["corrects"], entries)
    return None if target is None else original(target, entries)


def reveals_relief(name: str, member: str, value: object) -> bool:
    """What says that relief is sought or was granted (8 USC 1367)."""
    codes = ("7A", "7B", "7C", "7D", "7E", "7F", "7G", "7H")
    return (
        (member == "adjournment_code" and value in codes)
        or (name, member, value) == ("order-entered", "decision", "relief-granted")
        or (name, member, value) == ("nta-not-pursued", "reason", "uscis-relief-pending")
    )


def _may_read_new(its: Json, corrected: Entry | None, member: str, value: object) -> bool:
    if corrected is None or member not in BY_WIRE[corrected.type].model_fields:
        return False
    name = name_of(corrected)
    return _category(corrected, member) in _may_see(its, name) and not _hidden(its, name, member, value)


def _hidden(its: Json, name: str, member: str, value: object) -> bool:
    return "relief-filed" not in its["told"] and reveals_relief(name, member, value)


def _may_see(its: Json, name: str) -> list[str]:
    excepted = [list(e["allowed"]) for e in its["exceptions"] if name in e["facts"]]
    may_see = excepted[0] if excepted else list(its["allowed"])
    if "sponsor-contact" not in [*its["allowed"], *its["withheld"]]:
        may_see += ["sponsor-contact" for category in may_see if category == "address"]  # sets of before
    return may_see


def _category(entry: Entry, member: str) -> str:
    (category,) = (m.name for m in BY_WIRE[entry.type].model_fields[member].metadata if isinstance(m, Category))
    return str(category)


def _at(position: int, entries: Sequence[Entry]) -> Entry | None:
    return next((e for e in entries if e.position == position), None)
