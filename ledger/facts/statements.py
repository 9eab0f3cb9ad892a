"""Statements: facts about identity, and about the ledger's own entries. None of them is a happening.

A statement acts from its own `recorded_at` on and ignores *happened by* (knowledge: view).
"""

from typing import Annotated, Any, ClassVar, Literal

from pydantic import Field

from ledger.agencies import PRODUCERS, NamedAgency
from ledger.facts.vocabulary import (
    IDENTITY,
    LIST,
    POSITIONS,
    STATEMENT,
    AtMost,
    Fact,
    Id,
    Position,
    Text,
    When,
)
from ledger.identifiers import Identifier


class IdentifierAsserted(Fact):
    """An agency says that the child carries this identifier."""

    wire: ClassVar = "custody.identifier-asserted.v1"
    producers: ClassVar = PRODUCERS
    identifier: Annotated[Identifier, IDENTITY]


class IdentityMerged(Fact):
    """The steward says that two records are one person; an entry keeps the record it was made under."""

    wire: ClassVar = "custody.identity-merged.v1"
    producers: ClassVar = ("STEWARD",)
    other: Annotated[Identifier, IDENTITY]
    reason: Annotated[Text, STATEMENT]


class IdentityUnmerged(Fact):
    """The steward takes back a merge of these two records."""

    wire: ClassVar = "custody.identity-unmerged.v1"
    producers: ClassVar = ("STEWARD",)
    other: Annotated[Identifier, IDENTITY]
    reason: Annotated[Text, STATEMENT]


class NoticeGiven(Fact):
    """Entries were told to an agency outside the feeds: by e-mail, spreadsheet, phone."""

    wire: ClassVar = "custody.notice-given.v1"
    producers: ClassVar = PRODUCERS
    to: Annotated[NamedAgency, STATEMENT]
    positions: Annotated[tuple[Position, ...], Field(min_length=1), AtMost(POSITIONS), STATEMENT]
    channel: Annotated[
        Literal["email", "spreadsheet", "phone", "letter", "fax", "in-person", "portal", "unknown"],
        STATEMENT,
    ]
    given_at: Annotated[When, STATEMENT]
    members: Annotated[Literal["all"] | Annotated[tuple[Id, ...], AtMost(LIST)], STATEMENT]


class CorrectionIssued(Fact):
    """Members of an earlier fact were wrong; `set` gives the new values, null removes an optional member."""

    wire: ClassVar = "custody.correction-issued.v1"
    producers: ClassVar = PRODUCERS
    corrects: Annotated[Position, STATEMENT]
    set: Annotated[dict[Id, Any], Field(min_length=1), AtMost(LIST), STATEMENT]
    reason: Annotated[Text, STATEMENT]


class EntryVoided(Fact):
    """An earlier entry should never have been made: it stays listed and leaves the fold."""

    wire: ClassVar = "custody.entry-voided.v1"
    producers: ClassVar = PRODUCERS
    voids: Annotated[Position, STATEMENT]
    reason: Annotated[Text, STATEMENT]


class EntryDisputed(Fact):
    """The child or counsel disputes an entry; changes nothing, shown wherever the entry is shown."""

    wire: ClassVar = "custody.entry-disputed.v1"
    producers: ClassVar = ("STEWARD",)
    position: Annotated[Position, STATEMENT]
    statement: Annotated[Text, STATEMENT]
    by: Annotated[Text, STATEMENT]


class FindingResolved(Fact):
    """A finding on an earlier entry was dealt with."""

    wire: ClassVar = "custody.finding-resolved.v1"
    producers: ClassVar = PRODUCERS
    position: Annotated[Position, STATEMENT]
    code: Annotated[Id, STATEMENT]
    resolution: Annotated[Text, STATEMENT]
    reason: Annotated[Text, STATEMENT]
