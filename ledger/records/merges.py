"""Which records are one person, from the steward's merges, unmerges and the voids of either."""

from collections.abc import Iterable
from uuid import UUID

from ledger.entry import Entry
from ledger.facts import IdentityMerged, IdentityUnmerged
from ledger.records.voids import standing_voids


def groups(statements: Iterable[Entry]) -> dict[UUID, frozenset[UUID]]:
    """Return, for every record that is one person with another, all the records that are that person, itself too.

    A record that stands alone, because it was never merged or is merged no longer, is absent.

    Of the merges and unmerges of two records, whichever way round they name them, the last one in force decides.
    So a void of a merge is an unmerge, a void of an unmerge restores the merge, and two merges in force of the same
    two records (the first restored by the void of its void) need both voided, or one unmerge after them. Records
    joined through a third one are one person, so one side taken out of a triangle of merges leaves it whole.
    Entries of other types are passed over.
    """
    given = sorted(statements, key=lambda entry: entry.position)
    voids = standing_voids(given)
    joined: dict[frozenset[UUID], bool] = {}
    for entry in given:
        kind = type(entry.fact)
        if (kind is IdentityMerged or kind is IdentityUnmerged) and entry.position not in voids:
            joined[frozenset((entry.child, UUID(entry.resolved["other"])))] = kind is IdentityMerged
    group_of: dict[UUID, frozenset[UUID]] = {}
    for pair, merged in joined.items():
        if merged and len(pair) == 2:
            whole = pair.union(*(group_of.get(record, pair) for record in pair))
            group_of.update(dict.fromkeys(whole, whole))
    return group_of


def person_of(group: frozenset[UUID]) -> UUID:
    """Return the record that names the person: the smallest UUID of the group."""
    return min(group)
