"""Facts about no child: what the steward says of the ledger, and what an agency says of its own feed."""

from typing import Annotated, ClassVar, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, model_validator

from ledger.agencies import AGENCIES, RECEIVERS, Agency, Body
from ledger.facts.vocabulary import STATEMENT, CategoryName, Day, Fact, Id, Instant, Position, Text


class Exemption(BaseModel):
    """Some facts of which an agency may see other categories than of the rest."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    facts: Annotated[tuple[Id, ...], Field(min_length=1)]
    allowed: tuple[CategoryName, ...]
    purpose: Text


class AgencyRules(BaseModel):
    """What one agency is told: of which facts, and of those which categories of members.

    A fact that is `protected` is not told, and neither is that it exists; an `untold` one is simply not sent.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    purpose: Text
    told: tuple[Id, ...]
    protected: tuple[Id, ...] = ()
    untold: tuple[Id, ...] = ()
    allowed: tuple[CategoryName, ...]
    withheld: tuple[CategoryName, ...] = ()
    exceptions: tuple[Exemption, ...] = ()


class RuleSet(BaseModel):
    """Sharing rules of a time: whom they tell what, where they come from, and how well that source is known."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    id: Id
    version: Annotated[int, Field(ge=1)]
    title: Text
    effective_from: Day
    effective_to: Day | None = None
    source: Text
    mark: Text
    agencies: dict[Agency, AgencyRules]


class RulesNamed(BaseModel):
    """A set of sharing rules, as it is known."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    id: Id
    version: Annotated[int, Field(ge=1)]


class SharingRulesAdopted(Fact):
    """The steward puts a set of sharing rules in force, for entries recorded in its time and after this one."""

    wire: ClassVar = "custody.sharing-rules-adopted.v1"
    producers: ClassVar = ("STEWARD",)
    rules: Annotated[RuleSet, STATEMENT]
    reason: Annotated[Text, STATEMENT]
    backfill: Annotated[bool, STATEMENT] = False


WaiverReason = Literal[
    "surge-or-influx",
    "medical-hold-or-quarantine",
    "natural-disaster",
    "transport",
    "age-dispute",
    "criminal-custody",
    "family-unit-determination-pending",
    "other",
]
"""The exceptional circumstances of a handoff; who waives a duty knows why, so that none is `unknown`."""


class ObligationWaived(Fact):
    """The steward excuses an agency from a duty that an entry opened; from then on it is neither late nor missed."""

    wire: ClassVar = "custody.obligation-waived.v1"
    producers: ClassVar = ("STEWARD",)
    rule: Annotated[Id, STATEMENT]
    position: Annotated[Position, STATEMENT]
    obliged: Annotated[Body, STATEMENT]
    towards: Annotated[Agency | None, STATEMENT] = None
    reason_code: Annotated[WaiverReason, STATEMENT]
    reason: Annotated[Text, STATEMENT]


CoveredDoor = Literal["command", "feed", "import"]


class CoverageDeclared(Fact):
    """The steward says which facts an agency sends here, so that its silence means something; or sends no longer.

    Of two declarations about one fact of one agency and one day, the later one decides. It acts from when it was
    recorded, on the days it names, be they before that.
    """

    wire: ClassVar = "custody.coverage-declared.v1"
    producers: ClassVar = ("STEWARD",)
    agency: Annotated[Agency, STATEMENT]
    facts: Annotated[Annotated[tuple[Id, ...], Field(min_length=1, max_length=100)], STATEMENT]
    since: Annotated[Day, STATEMENT]
    until: Annotated[Day | None, STATEMENT] = None
    door: Annotated[CoveredDoor, STATEMENT]
    sends: Annotated[bool, STATEMENT] = True
    reason: Annotated[Text, STATEMENT]


ReceiptGrade = Literal["delivered", "opened", "acknowledged"]
"""How far an agency says it has taken what it was told; each includes those before it."""


class SignedBy(BaseModel):
    """Who in the agency signs for a receipt."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    office: Annotated[str, Field(max_length=200)] | None = None
    user: Annotated[str, Field(max_length=200)] | None = None


class FeedReceipted(Fact):
    """An agency signs for items of its own feed: everything up to a number, or single numbers."""

    wire: ClassVar = "custody.feed-receipted.v1"
    producers: ClassVar = RECEIVERS
    up_to: Annotated[Position | None, STATEMENT] = None
    numbers: Annotated[Annotated[tuple[Position, ...], Field(min_length=1, max_length=10_000)] | None, STATEMENT] = None
    grade: Annotated[ReceiptGrade, STATEMENT]
    at: Annotated[Instant | None, STATEMENT] = None
    by: Annotated[SignedBy | None, STATEMENT] = None

    @model_validator(mode="after")
    def _one_of_the_two(self) -> "FeedReceipted":
        if (self.up_to is None) is (self.numbers is None):
            raise ValueError("a receipt gives either `up_to` or `numbers`")
        return self


class ServedQuestion(BaseModel):
    """What was asked for, with the moments it was answered for: the same question gives the same answer for ever."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    verb: Literal["view", "timeline", "knows"]
    child: UUID
    viewpoint: Id
    known_at: Instant
    happened_by: Instant
    recorded_by: Instant
    basis: Literal["any", "proven"]
    at_least: Literal["told", "delivered", "opened", "acknowledged"]


class AnswerServed(Fact):
    """The ledger served an answer to an authenticated user of an agency: which entries it held follows from it."""

    wire: ClassVar = "custody.answer-served.v1"
    producers: ClassVar = AGENCIES
    question: Annotated[ServedQuestion, STATEMENT]
    rules: Annotated[RulesNamed, STATEMENT]
    digest: Annotated[Id, STATEMENT]
    by: Annotated[SignedBy, STATEMENT]
