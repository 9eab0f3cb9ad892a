"""What a rule of obligation is made of: the words in which data says who owes what to whom, and by when.

The vocabulary is small on purpose (domain (d)): a rule is opened by facts of the catalogue, matched by members of
the same name, and met by another fact or by the recipient's coming to know. What a rule cannot be measured by is
said in the rule itself. Law, regulation, policy and target are kinds of their own and never mixed.
"""

from typing import Annotated, Final, Literal, get_args

from pydantic import BaseModel, ConfigDict, Field

from ledger.facts.vocabulary import Day, Id, Text
from ledger.obligations.calendars import Unit

Kind = Literal["law", "regulation", "policy", "target"]
"""Where a duty comes from: a statute; a regulation; an agency's own policy or agreement; an aim
that binds nobody."""
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
    other: tuple[Id, ...] = ()
    """Members that must differ: another handoff, another time."""
    by: tuple[Id, ...] = ()
    """Only when produced by one of these: agencies, or members of the opening fact that name some; none: by any."""


class Opening(Condition):
    """A fact that opens the duty and starts its clock."""

    start: Id = "occurred_at"
    """What starts the clock: when the fact happened, a time among its members, or the child's `18th-birthday`. A fact
    that does not give that member opens nothing."""


class Through(_Part):
    """A fact that carries both ids, where the opening fact and the answering one carry different ones."""

    facts: Annotated[tuple[Id, ...], Field(min_length=1)]
    opening: Id
    answer: Id


class MetBy(_Part):
    """What meets the duty: a fact, or the recipient's coming to know one."""

    fact: Id | None = None
    """Met when this happened."""
    told: Id | None = None
    """Met when the recipient knew of this fact, or of the `opening` one."""
    when: Members = {}
    when_not: Members = {}
    same: tuple[Id, ...] = ()
    other: tuple[Id, ...] = ()
    """Members that must differ: another handoff, another hearing."""
    at: Id | None = None
    """The member that must name the time at which the duty's clock starts."""
    given: tuple[Id, ...] = ()
    """Members that must not be empty."""
    through: Through | None = None
    obliged_in: Id | None = None
    """The member that must name the obliged body."""
    by: tuple[Id, ...] = ()
    """Agencies whose fact counts, where the duty's parties are not the ones to do it. None named: only the party that
    owes the duty or is owed it; for a body that records nothing here, whoever records it."""
    counts_from: Id = OPENING
    """From when such a fact counts: the `opening`, `ever`, or the last fact of this name before the opening."""
    nth: Annotated[int, Field(ge=1)] = 1
    """Only the n-th one meets the duty."""
    excuse: Id | None = None
    """The member whose codes make a late answer lawfully late."""


class Party(_Part):
    """The fact that names the obliged body, where the opening one does not: the last one before it, else any."""

    fact: Id
    same: Annotated[tuple[Id, ...], Field(min_length=1)]


class ObligationRule(_Part):
    """One rule in one version."""

    id: Annotated[str, Field(pattern=r"^[DT][1-9][0-9]?[a-z]?$")]
    """As in the domain reference (d); a letter behind it tells apart the clocks of one row."""
    version: Annotated[int, Field(ge=1)]
    title: Text
    warning: Id | None = None
    """The warning of `ledger.rules.catalogue` that this clock works out, where there is one."""
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
    obliged_of: Party | None = None
    """The fact of which `obliged` is a member; absent: the opening one."""
    towards: tuple[Id, ...] = ()
    """Each is owed on its own."""
    opened_by: tuple[Opening, ...] = ()
    once_per: Id | None = None
    """Facts alike in this member open one duty together, by the first of them."""
    met_by: tuple[MetBy, ...] = ()
    until: tuple[Id, ...] = ()
    """Answers after the next of these facts do not count: another stay has begun, or this one is over."""
    falls_away_by: tuple[Condition, ...] = ()
    """What ends the duty, if it happens before the duty is due."""
    not_measurable: Text | None = None
    """Why no state can be worked out."""
    note: Text | None = None
