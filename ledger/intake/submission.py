"""A submission: one claimed fact as an agency sends it, read strictly and refused with the member's name.

What is refused here is refused at every door: form (H0), a code outside its list (H6), no source (H7). No message
ever repeats a value that was sent, so that nothing forbidden can leak through a refusal.
"""

import json
import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Annotated, Any, Final, Generic, Literal, TypeVar

import orjson
from pydantic import BaseModel, ConfigDict, Field, StrictInt, ValidationError
from pydantic_core import from_json

from ledger.choices import did_you_mean
from ledger.entry import Finding
from ledger.facts import (
    BY_WIRE,
    Fact,
)
from ledger.facts.questions import SAFETY_FACTS
from ledger.facts.vocabulary import LIST, AtMost, Text, When, time_members
from ledger.identifiers import Identifier
from ledger.intake.form import Refusal, faults, nul_characters, repeated_names, together

__all__ = [
    "LIMIT_BYTES",
    "Refusal",
    "ReportedBy",
    "Source",
    "Submission",
    "model_of",
    "read_submission",
]

LIMIT_BYTES: Final = 1_048_576
"""A submission larger than this is refused; the intake topics carry up to eight times as much."""

_ALL_THE_SAME: Final = "recorded all the same, a safety fact: "
_WIRE_LIKE: Final = re.compile(r"[A-Za-z0-9.-]{1,80}")
_WHITE_SPACE: Final = b" \t\r\n"

VERSION_AT_COMMANDS: Final[dict[str, Any]] = {
    "if": {"properties": {"expected_version": {"type": "integer"}}, "required": ["expected_version"]},
    "then": {"properties": {"door": {"const": "command"}}},
}
"""What the published schema says of `expected_version` beyond its form."""

AnyFactT = TypeVar("AnyFactT", bound=Fact)
Code = Annotated[str, Field(max_length=200)]


class Source(BaseModel):
    """What the producer holds the fact from."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    document: Annotated[str, Field(min_length=1, max_length=200)]
    reference: Annotated[str, Field(min_length=1, max_length=400)]
    grade: Literal["document", "system-feed", "statement", "inferred", "unknown"]
    channel: Literal["system", "keyed", "spreadsheet", "email", "phone", "paper", "unknown"] = "system"
    codes: Annotated[dict[Code, Code], AtMost(LIST)] = {}


class ReportedBy(BaseModel):
    """The office and user that recorded the fact."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    office: Text | None = None
    user: Text | None = None


class Submission(BaseModel, Generic[AnyFactT]):
    """The data of a submission whose fact is of type `AnyFactT`."""

    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)

    child: Annotated[tuple[Identifier, ...], Field(min_length=1, max_length=20)]
    occurred_at: When | None
    known_since: When | None = None
    source: Source
    door: Literal["command", "feed", "import"]
    reported_by: ReportedBy | None = None
    expected_version: Annotated[StrictInt, Field(ge=0, le=2**63 - 1)] | None = None
    fact: AnyFactT


@lru_cache(maxsize=256)
def model_of(fact_class: type[Fact]) -> type[Submission[Fact]]:
    """Return the submission model of one fact."""
    return Submission[fact_class]  # type: ignore[valid-type]


def read_submission(wire: str, data: bytes) -> tuple[Submission[Fact], tuple[Finding, ...]] | Refusal:
    """Read the JSON `data` of a message of type `wire`; a safety fact is mended and remarked on, not refused."""
    fact_class = BY_WIRE.get(wire)
    if fact_class is None:
        shown = f" {wire}" if _WIRE_LIKE.fullmatch(wire) else ""
        near = did_you_mean(wire, BY_WIRE) if shown else ""
        return Refusal("H0", f"unknown type{shown}{near}: see the catalogue of facts for the wire names", "type")
    if len(data) > LIMIT_BYTES:
        return Refusal("H0", f"{len(data)} bytes of data; the limit is {LIMIT_BYTES}: send less in one fact")
    if b"\\" in data:
        unstorable = nul_characters(data)
        if unstorable:
            return together([*unstorable, *_wrong_members(data, fact_class), *repeated_names(data)])
    model = model_of(fact_class)
    try:
        submission = model.model_validate_json(data)
    except ValidationError as error:
        return _misread(error, data, fact_class)
    if _may_repeat_a_name(submission, data):
        repeated = repeated_names(data)
        if repeated:
            return together(repeated)
    if submission.expected_version is not None and submission.door != "command":
        return Refusal("H0", "`expected_version` belongs to the command door; leave it out", "expected_version")
    return submission, ()


def _wrong_members(data: bytes, fact_class: type[Fact]) -> list[Refusal]:
    """Return what a submission that was refused already would be refused for besides."""
    try:
        model_of(fact_class).model_validate_json(data)
    except ValidationError as error:
        return [
            one
            for one in faults(error, _parsed(data), model_of(fact_class), fact_class.wire)
            if not _mends(one, fact_class)
        ]
    return []


def _parsed(data: bytes) -> Any:
    try:
        return from_json(data)
    except ValueError:
        return None


def _may_repeat_a_name(submission: Submission[Fact], data: bytes) -> bool:
    """Return False where the data has no more names than were read, which is cheap to see; else look closer."""
    read = len(submission.__pydantic_fields_set__) + 2 * len(submission.child)
    source, reported_by, fact = submission.source, submission.reported_by, submission.fact
    read += len(source.__pydantic_fields_set__) + len(source.codes) + len(fact.__pydantic_fields_set__)
    if reported_by is not None:
        read += len(reported_by.__pydantic_fields_set__)
    for value in fact.__dict__.values():
        if isinstance(value, BaseModel):
            read += len(value.__pydantic_fields_set__)
    return data.translate(None, _WHITE_SPACE).count(b'":') > read


def _misread(
    error: ValidationError, data: bytes, fact_class: type[Fact]
) -> tuple[Submission[Fact], tuple[Finding, ...]] | Refusal:
    given = _parsed(data)
    refusals = faults(error, given, model_of(fact_class), fact_class.wire)
    hard = [refusal for refusal in refusals if not _mends(refusal, fact_class)] + repeated_names(data)
    if hard:
        return together(hard)
    codes = _mend(given, refusals)
    try:
        submission = model_of(fact_class).model_validate_json(orjson.dumps(given))
    except ValidationError:
        return together(refusals)
    return with_words(submission, codes), _findings(refusals)


def with_words(submission: Submission[Fact], words: Mapping[str, str]) -> Submission[Fact]:
    """Return a mended submission with what was sent in place of what it says; a code the sender gave stays."""
    if not words:
        return submission
    codes = {**words, **submission.source.codes}
    return submission.model_copy(update={"source": submission.source.model_copy(update={"codes": codes})})


def _mends(refusal: Refusal, fact_class: type[Fact]) -> bool:
    """Return whether the fact is recorded all the same: one of safety, with a code, source or time that is none."""
    if fact_class not in SAFETY_FACTS:
        return False
    return refusal.code in ("H6", "H7") or _is_time(refusal.member, fact_class)


def _is_time(member: str | None, fact_class: type[Fact]) -> bool:
    """Return whether the member is a time that may be unknown."""
    if member is None or member in ("occurred_at", "known_since"):
        return member is not None
    name = member.removeprefix("fact.")
    return name in time_members(fact_class) and not fact_class.model_fields[name].is_required()


def _mend(given: dict[str, Any], refusals: list[Refusal]) -> dict[str, str]:
    """Put `unknown` where a safety fact lacks a source, has a code nobody knows or a time that is none.

    Returns the words that stood there, by the member they stood at: they are kept beside it.
    """
    source = given["source"] = given.get("source") or {}
    codes: dict[str, str] = {}
    for refusal in refusals:
        path = (refusal.member or "").split(".")
        if path == ["source"]:
            source.update(document="unknown", reference="unknown", grade="unknown")
            continue
        if refusal.code == "H0":
            said = given if len(path) == 1 else given["fact"]
            words = written_down(said.pop(path[-1], None))
            if words:
                codes[path[-1]] = words
            if path == ["occurred_at"]:
                given["occurred_at"] = None
            continue
        holder: Any = given
        for part in path[:-1]:
            holder = holder[int(part)] if isinstance(holder, list) else holder[part]
        key: Any = int(path[-1]) if isinstance(holder, list) else path[-1]
        if refusal.code == "H6" and isinstance(holder[key], str):
            codes[".".join(path).removeprefix("fact.")[:200]] = holder[key][:200]
        holder[key] = "unknown"
    return codes


def written_down(given: object) -> str:
    """Return what stood in the place of a time, as far as a code may be long."""
    if given is None:
        return ""
    return (given if isinstance(given, str) else json.dumps(given))[:200]


def _findings(refusals: list[Refusal]) -> tuple[Finding, ...]:
    """Return one finding a rule: what a safety fact would have been refused for, had it been another fact."""
    return tuple(
        Finding(code, "guard", _ALL_THE_SAME + "; ".join(r.message for r in of_code))
        for code in ("H0", "H6", "H7")
        if (of_code := [refusal for refusal in refusals if refusal.code == code])
    )


def also_remarked(findings: tuple[Finding, ...], message: str) -> tuple[Finding, ...]:
    """Return the findings of a safety fact with one more fault of its form (H0), which has one finding at most."""
    before = next((finding for finding in findings if finding.code == "H0"), None)
    if before is None:
        return (*findings, Finding("H0", "guard", _ALL_THE_SAME + message))
    return tuple(one._replace(message=f"{one.message}; {message}") if one is before else one for one in findings)
