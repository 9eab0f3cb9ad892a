"""Facts about no child: what the steward says of the ledger as a whole. They are never sent as submissions."""

from typing import Annotated, ClassVar

from pydantic import BaseModel, ConfigDict, Field

from ledger.agencies import Agency
from ledger.facts.vocabulary import STATEMENT, CategoryName, Day, Fact, Id, Text


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


class SharingRulesAdopted(Fact):
    """The steward puts a set of sharing rules in force, for entries recorded in its time and after this one."""

    wire: ClassVar = "custody.sharing-rules-adopted.v1"
    producers: ClassVar = ("STEWARD",)
    rules: Annotated[RuleSet, STATEMENT]
    reason: Annotated[Text, STATEMENT]
    backfill: Annotated[bool, STATEMENT] = False
