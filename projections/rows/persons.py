"""A person at hand: the records that are hers, her entries, her fold, and what the tables hold of her."""

from collections.abc import Callable
from dataclasses import dataclass, field
from uuid import UUID

from ledger.entry import Entry
from projections.fold.folding import Folding
from projections.obligations.rows import Owing
from projections.rows.changes import Interval, Opened


@dataclass(slots=True, eq=False)
class Person:
    """One or more records that are one person, with all entries about her in order of position."""

    id: UUID
    records: frozenset[UUID]
    entries: list[Entry]
    folding: Folding
    closures: frozenset[Interval] = frozenset()
    held: Opened = field(default_factory=dict)
    owed: Opened = field(default_factory=dict)
    """Her duties, as the tables hold them."""
    owing: Owing | None = None


@dataclass(frozen=True, slots=True)
class Loaded:
    """What the tables hold of some records and of all records that merge statements ever joined to them."""

    entries: dict[UUID, list[Entry]]
    linked: dict[UUID, frozenset[UUID]]
    held: dict[UUID, Opened]


Load = Callable[[set[UUID]], Loaded]
