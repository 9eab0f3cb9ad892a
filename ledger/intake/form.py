"""What is wrong with the form of a message: which rule, at which member, in words that repeat no value.

A refusal travels to its sender, into the ledger's tables and into logs; so a value that was sent, which may be one
that nobody may keep, never stands in it (H8). Members are named as the contract writes them: `fact.address.zip`.
"""

import json
from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from itertools import groupby
from typing import Any, Final

from pydantic import BaseModel, ValidationError
from pydantic_core import from_json

from ledger.choices import did_you_mean
from ledger.model_members import members_at
from ledger.model_words import in_words

LONGEST_NAME: Final = 80
"""A name of a member that somebody made up is shown up to here."""
_TOLD: Final = 1000
"""So many faults are told; whoever has more sends something else than was meant."""
_NAMED: Final = 100
"""Of so many faults it is said which member may have been meant: looking for it takes a tenth of a millisecond."""

_ABSENT: Final = object()
_SOURCE_MEMBERS: Final = ("document", "reference", "grade")


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why nothing was recorded: the rule, what to do about it, and the member it stands at."""

    code: str
    message: str
    member: str | None = None
    more: tuple["Refusal", ...] = ()
    """What else is wrong with it, where several things are."""

    @property
    def every(self) -> tuple["Refusal", ...]:
        """Return each thing that is wrong, by itself."""
        return (replace(self, more=()), *self.more)


def together(refusals: Sequence[Refusal]) -> Refusal:
    """Return one refusal for all that is wrong: the first, with the others."""
    return replace(refusals[0], more=tuple(refusals[1:]))


@dataclass(frozen=True, slots=True)
class _Fault:
    """One error of the model, with its place in the data; `branch`: of a union, so others may speak of the same."""

    path: tuple[str, ...]
    kind: str
    message: str
    value: object
    branch: bool


def faults(
    error: ValidationError, given: object, model: type[BaseModel], wire: str, under: tuple[str, ...] = ()
) -> list[Refusal]:
    """Return a refusal for each member that is wrong; `given` is the parsed data of a `model`, `under` its own path."""
    every = error.errors(include_url=False, include_input=False)
    found = [_fault(details, given) for details in every[:_TOLD]]
    holders = {fault.path[:length] for fault in found for length in range(len(fault.path))}
    told: list[Refusal] = []
    for path, of_member in groupby(found, key=lambda fault: fault.path):
        branches = list(of_member)
        if branches[0].branch and path in holders:
            continue  # the other branch of the union fits so far and says more exactly what is wrong
        if branches[0].kind == "too_short" and path in holders:
            continue  # only because what is in it is wrong
        told.append(_refusal(branches, model if len(told) < _NAMED else None, wire, under))
    if len(every) > _TOLD:
        told.append(Refusal("H0", f"{len(every) - _TOLD} more faults are not told; mend these and send it again"))
    return told


def _fault(details: Any, given: object) -> _Fault:
    """Follow an error's location through the data: what is not there names a branch of a union, not a member."""
    path: list[str] = []
    value = given
    branch = False
    for part in details["loc"]:
        if (isinstance(value, dict) and part in value) or (
            isinstance(value, list | tuple) and isinstance(part, int) and part < len(value)
        ):
            value = value[part]
        elif details["type"] == "missing" and part == details["loc"][-1]:
            value = _ABSENT
        else:
            branch = True
            continue
        path.append(_shown(str(part)))
    message = in_words(details)
    if message.startswith(("not an A-number", "not a ledger id")):
        path.append("value")
    return _Fault(tuple(path), details["type"], message, value, branch)


def _shown(name: str) -> str:
    plain = name if name.isprintable() else "".join(c if c.isprintable() else "?" for c in name)
    return plain if len(plain) <= LONGEST_NAME else plain[:LONGEST_NAME] + "…"


def _refusal(branches: list[_Fault], model: type[BaseModel] | None, wire: str, under: tuple[str, ...]) -> Refusal:
    fault = branches[0]
    member = ".".join((*under, *fault.path)) or None
    where = f"`{member}`" if member else "the data"
    kinds = {branch.kind for branch in branches}
    if fault.kind == "extra_forbidden":
        *holder, name = fault.path
        meant = "" if model is None else did_you_mean(name, members_at(model, holder))
        return Refusal("H0", f"{where} is not a member of {wire}{meant}; leave it out or correct its name", member)
    if not under and _is_missing_source(fault):
        return Refusal("H7", f"{where} is missing: every fact names its source (document, reference, grade)", member)
    if fault.kind == "missing":
        return Refusal("H0", f"{where} is missing from {wire}", member)
    if fault.kind == "json_invalid":
        return Refusal("H0", "the data is not JSON in UTF-8: " + fault.message)
    if kinds == {"bool_type", "literal_error"}:
        code = "H6" if isinstance(fault.value, str) else "H0"
        return Refusal(code, f"{where} is true, false, or `unknown`", member)
    if kinds == {"literal_error", "tuple_type"}:
        return Refusal("H0", f"{where} is `all`, or a list of names", member)
    if fault.kind == "literal_error" or fault.message.startswith(("not a country", "not an adjournment")):
        return _outside_list(fault, where, member)
    return Refusal("H0", f"{where}: {fault.message}", member)


def _is_missing_source(fault: _Fault) -> bool:
    """Return whether the source, or what it must name, is absent, null or empty."""
    if fault.path[:1] != ("source",) or (len(fault.path) == 2 and fault.path[1] not in _SOURCE_MEMBERS):
        return False
    return len(fault.path) <= 2 and fault.value in (_ABSENT, None, "")


def _outside_list(fault: _Fault, where: str, member: str | None) -> Refusal:
    cure = "send `unknown` and the source's own code in `source.codes`"
    if fault.kind == "literal_error" and "'unknown'" not in fault.message:
        cure = "correct it"
    return Refusal("H6", f"{where} is outside its code list: {fault.message}; {cure}", member)


def nul_characters(data: bytes) -> list[Refusal]:
    """Refuse U+0000 in any string: PostgreSQL's text cannot hold it, so it could be recorded nowhere."""
    if b"\\u0000" not in data:
        return []
    try:
        given = from_json(data)
    except ValueError:
        return []  # said better by whoever reads the rest
    found: dict[str | None, Refusal] = {}
    for path, text in _strings(given, ()):
        if "\x00" in text:
            member = ".".join(path) or None
            where = f"`{member}`" if member else "the data"
            found[member] = Refusal(
                "H0", f"{where} holds the character U+0000, which no text here can; leave it out", member
            )
    return list(found.values())


def _strings(value: object, path: tuple[str, ...]) -> Iterable[tuple[tuple[str, ...], str]]:
    if isinstance(value, str):
        yield path, value
    elif isinstance(value, dict):
        for name, inner in value.items():
            yield (*path, _shown(name)), name
            yield from _strings(inner, (*path, _shown(name)))
    elif isinstance(value, list):
        for index, inner in enumerate(value):
            yield from _strings(inner, (*path, str(index)))


def repeated_names(data: bytes) -> list[Refusal]:
    """Refuse an object that gives one name twice: which value was meant is not ours to choose."""
    repeated: dict[str, None] = {}

    def once(pairs: list[tuple[str, Any]]) -> None:
        names: set[str] = set()
        for name, _ in pairs:
            if name in names:
                repeated[_shown(name)] = None
            names.add(name)

    with suppress(ValueError, RecursionError):  # what is no JSON is said by whoever reads the rest
        json.loads(data, object_pairs_hook=once)
    return [Refusal("H0", f"`{name}` stands twice in one object; send it once", name) for name in repeated]
