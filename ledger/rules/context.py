"""What the recording application looks up beside a child's record, for a decision on it."""

from typing import Final, NamedTuple
from uuid import UUID

from ledger.entry import Entry
from ledger.rules.remark import Remark


class Surroundings(NamedTuple):
    """What the recording application looked up beside the record."""

    opens_record: bool = False
    """None of the submission's identifiers was known."""
    disagreeing: tuple[str, ...] = ()
    """Shown identifiers of the submission that another person's record carries."""
    named: UUID | None = None
    """The record that carries the identifier the fact itself names; None: nobody's."""
    group: frozenset[UUID] = frozenset()
    """Other records that are one person with this one by merges in force."""
    merged_directly: frozenset[UUID] = frozenset()
    """Those of them joined to this record by a merge of just this pair."""
    others: tuple[Entry, ...] = ()
    """Entries of the other records of the group, in position order; none if `record` is their union already."""
    kept_from_recipient: tuple[int, ...] = ()
    """Positions that do not exist for the agency to which a notice tells of them."""
    attaching: tuple[Remark, ...] = ()
    """What is to be said of identifiers that nobody carried before."""


NOTHING_AROUND: Final = Surroundings()
NOBODY_KNOWN: Final = Surroundings(opens_record=True)
