"""A submission: one claimed fact as an agency sends it, read strictly and refused with the member's name.

What is refused here is refused at every door: form (H0), a code outside its list (H6), no source (H7). No message
ever repeats a value that was sent, so that nothing forbidden can leak through a refusal.
"""

from dataclasses import dataclass
from functools import lru_cache
from typing import Annotated, Any, Final, Generic, Literal, TypeVar

import orjson
from pydantic import BaseModel, ConfigDict, Field, StrictInt, ValidationError

from ledger.entry import Finding
from ledger.facts import (
    BY_WIRE,
    AbsenceReported,
    AbsenceResolved,
    ConcernAcknowledged,
    ConcernRaised,
    ConcernResolved,
    Fact,
    PostReleaseContactRecorded,
    SignificantIncidentReported,
)
from ledger.facts.vocabulary import Text, When
from ledger.identifiers import Identifier

SAFETY_FACTS: Final[frozenset[type[Fact]]] = frozenset(
    {
        AbsenceReported,
        AbsenceResolved,
        SignificantIncidentReported,
        PostReleaseContactRecorded,
        ConcernRaised,
        ConcernAcknowledged,
        ConcernResolved,
    }
)
"""Never refused for order, codes, time or a missing source (domain (b), corollary): only H1-H3 and H8 apply."""

LIMIT_BYTES: Final = 1_048_576
"""A submission larger than this is refused; the intake topics carry up to eight times as much."""

AnyFactT = TypeVar("AnyFactT", bound=Fact)
Code = Annotated[str, Field(max_length=200)]


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why nothing was recorded: the rule, what to do about it, and the member it stands at."""

    code: str
    message: str
    member: str | None = None


class Source(BaseModel):
    """What the producer holds the fact from."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    document: Annotated[str, Field(min_length=1, max_length=200)]
    reference: Annotated[str, Field(min_length=1, max_length=400)]
    grade: Literal["document", "system-feed", "statement", "inferred", "unknown"]
    channel: Literal["system", "keyed", "spreadsheet", "email", "phone", "paper", "unknown"] = "system"
    codes: dict[Code, Code] = {}


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
    expected_version: Annotated[StrictInt, Field(ge=0)] | None = None
    fact: AnyFactT


@lru_cache(maxsize=256)
def model_of(fact_class: type[Fact]) -> type[Submission[Fact]]:
    """Return the submission model of one fact."""
    return Submission[fact_class]  # type: ignore[valid-type]


def read_submission(wire: str, data: bytes) -> tuple[Submission[Fact], tuple[Finding, ...]] | Refusal:
    """Read the JSON `data` of a message of type `wire`; a safety fact is mended and remarked on, not refused."""
    fact_class = BY_WIRE.get(wire)
    if fact_class is None:
        return Refusal("H0", f"unknown type {wire[:120]!r}: see the catalogue of facts for the wire names", "type")
    model = model_of(fact_class)
    try:
        return model.model_validate_json(data), ()
    except ValidationError as error:
        errors = error.errors(include_input=False, include_url=False, include_context=False)
    refusal = _refusal(errors[0], wire)
    if fact_class in SAFETY_FACTS and all(_refusal(e, wire).code in ("H6", "H7") for e in errors):
        mended, findings = _mend(orjson.loads(data), [_refusal(e, wire) for e in errors])
        try:
            return model.model_validate_json(orjson.dumps(mended)), findings
        except ValidationError:
            return refusal
    return refusal


def _refusal(error: Any, wire: str) -> Refusal:
    """Say what is wrong at which member, without the value."""
    path = [str(part) for part in error["loc"]]
    named = [part for part in path if part not in _UNION_TAGS]
    member = ".".join(named) or None
    where = f"`{member}`" if member else "the data"
    kind = error["type"]
    message = error["msg"].removeprefix("Value error, ")
    if kind == "extra_forbidden":
        return Refusal("H0", f"{where} is not a member of {wire}; leave it out or correct its name", member)
    if kind == "missing":
        if named[:1] == ["source"]:
            return Refusal(
                "H7", f"{where} is missing: every fact names its source (document, reference, grade)", member
            )
        return Refusal("H0", f"{where} is missing from {wire}", member)
    if kind == "json_invalid":
        return Refusal("H0", "the data is not JSON in UTF-8: " + message.removeprefix("Invalid JSON: "), None)
    if kind == "literal_error" or message.startswith(("not a country", "not an adjournment")):
        return Refusal(
            "H6",
            f"{where} is outside its code list: {message}; send `unknown` and the source's own code in `source.codes`",
            member,
        )
    return Refusal("H0", f"{where}: {message}", member)


_UNION_TAGS: Final = frozenset({"bool", "constrained-int", "int", "str"}) | frozenset(
    {"function-plain[_when()]", "tuple[constrained-str, ...]", "literal['unknown']", "literal['all']"}
)


def _mend(given: dict[str, Any], refusals: list[Refusal]) -> tuple[dict[str, Any], tuple[Finding, ...]]:
    """Put `unknown` where a safety fact lacks a source or has a code nobody knows, keeping the code."""
    source = given.setdefault("source", {})
    findings = []
    for refusal in refusals:
        path = (refusal.member or "").split(".")
        findings.append(Finding(refusal.code, "guard", f"recorded all the same, a safety fact: {refusal.message}"))
        if path[0] == "source":
            if path == ["source"]:
                source.update(document="unknown", reference="unknown", grade="unknown")
            else:
                source[path[-1]] = "unknown"
            continue
        holder: Any = given
        for part in path[:-1]:
            holder = holder[int(part)] if isinstance(holder, list) else holder[part]
        key: Any = int(path[-1]) if isinstance(holder, list) else path[-1]
        if isinstance(holder[key], str):
            source.setdefault("codes", {})[refusal.member] = holder[key][:200]
        holder[key] = "unknown"
    return given, tuple(findings)
