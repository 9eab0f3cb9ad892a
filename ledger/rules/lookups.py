"""What the ledger holds about the arrivals of one batch: answers given before, who carries which name, and records."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from operator import attrgetter
from typing import Any, Final, NamedTuple
from uuid import UUID

from ledger.agencies import Agency
from ledger.entry import Entry
from ledger.facts import EntryVoided, Fact, IdentifierAsserted, IdentityMerged, IdentityUnmerged
from ledger.identifiers import Identifier
from ledger.records.merges import groups
from ledger.records.record import Record
from ledger.rules.arrivals import Key
from ledger.rules.receipts import Published
from ledger.sharing.belonging import about_person

_OF_IDENTITY: Final = (IdentityMerged, IdentityUnmerged, EntryVoided)
NAMES_RECORD: Final = (IdentifierAsserted, IdentityMerged, IdentityUnmerged)
_position = attrgetter("position")

Name = tuple[str, str]
"""An identifier as (scheme, value)."""


class EarlierOutcome(NamedTuple):
    """What became of an earlier submission with the same key."""

    digest: str
    position: int | None
    child: UUID | None
    version: int | None
    recorded_at: datetime | None
    refusal: Mapping[str, Any] | None


class KeptName(NamedTuple):
    """An identifier that a message names which a fault of ours kept from being recorded."""

    agency: Agency
    key: tuple[str | None, str | None]
    name: Name
    child: UUID | None
    """Whose record carries it now."""


@dataclass(slots=True)
class Lookups:
    """What the ledger holds about this batch, looked up under the lock; kept in step as the batch goes on."""

    answers: dict[tuple[Agency, Key], EarlierOutcome]
    carriers: dict[Name, UUID]
    records: dict[UUID, Record]
    linked: dict[UUID, frozenset[UUID]]
    """Each record that a merge statement ever touched, with all records joined to it by such statements."""
    versions: dict[Agency, int] = field(default_factory=dict)
    """The last version of each agency's own record, of those that sign for something in this batch."""
    published: Mapping[Agency, Published] = field(default_factory=dict)
    """How far their feeds are."""
    released: set[Name] = field(default_factory=set)
    """Identifiers that nobody carries, though somebody did: a void released them."""
    kept: Collection[KeptName] = ()
    """Identifiers of children in this batch that messages name which are kept as dead letters for a fault of ours."""

    def carrier(self, name: Identifier) -> UUID | None:
        """Return the record that carries an identifier."""
        if name.scheme == "ledger":
            child = UUID(name.value)
            record = self.records.get(child)
            return child if record is not None and record.version > 0 else None
        return self.carriers.get((name.scheme, name.value))

    def is_kept_before(self, agency: Agency, key: Key, names: Collection[Identifier], child: UUID) -> bool:
        """Return whether an earlier message of this agency about the child is kept for a fault, another than this."""
        given = {(name.scheme, name.value) for name in names}
        person = {child} | self.group(child)
        return any(
            kept.agency == agency and kept.key != key and (kept.child in person or kept.name in given)
            for kept in self.kept
        )

    def link(self, child: UUID, other: UUID) -> None:
        """Take in that a merge statement named these two."""
        linked = self.linked.get(child, frozenset({child})) | self.linked.get(other, frozenset({other}))
        for member in linked:
            self.linked[member] = linked

    def group(self, child: UUID) -> frozenset[UUID]:
        """Return the other records that are one person with `child` by merges in force now."""
        if child not in self.linked:
            return frozenset()
        return groups(self._linked_entries(child)).get(child, frozenset()) - {child}

    def merged_directly(self, child: UUID, group: frozenset[UUID]) -> frozenset[UUID]:
        """Return the records of the group that a merge of just this pair joins to `child`."""
        if not group:
            return frozenset()
        entries = [entry for entry in self._linked_entries(child) if isinstance(entry.fact, _OF_IDENTITY)]
        direct = set()
        for other in group:
            pair = {child, other}
            of_pair = [
                entry
                for entry in entries
                if not isinstance(entry.fact, IdentityMerged | IdentityUnmerged)
                or {entry.child, UUID(entry.resolved["other"])} == pair
            ]
            if other in groups(of_pair).get(child, frozenset()):
                direct.add(other)
        return frozenset(direct)

    def person(self, record: Record, group: frozenset[UUID]) -> Record:
        """Return the record rules look at: of records that were ever merged, all entries about the person."""
        if record.child not in self.linked:
            return record
        person = Record(record.child)
        for entry in about_person(self._linked_entries(record.child), {record.child, *group}):
            person.add(entry)
        person.version = record.version
        return person

    def _linked_entries(self, child: UUID) -> list[Entry]:
        """Return the entries of every record a merge statement ever joined to `child`, in position order."""
        entries = [entry for member in self.linked[child] for entry in self.records[member].entries]
        entries.sort(key=_position)
        return entries


def needs_names(fact: Fact) -> tuple[Identifier, ...]:
    """Return the identifiers that the fact itself names, to be looked up with the submission's own."""
    if isinstance(fact, IdentifierAsserted):
        return (fact.identifier,)
    if isinstance(fact, IdentityMerged | IdentityUnmerged):
        return (fact.other,)
    return ()
