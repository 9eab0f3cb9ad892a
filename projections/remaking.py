"""Making the rows of some records anew, from their own entries in the one order of the positions."""

from collections.abc import Iterable
from uuid import UUID

from projections.applying import Applying
from projections.store import Tables


def remake(tables: Tables, zone: str, records: Iterable[UUID]) -> set[UUID]:
    """Clear and re-apply all entries of `records`, waiting ones too; return the records that wait (still, or now).

    Records that merge statements join must be given together: their histories depend on each other.
    """
    records = set(records)
    with tables.connection.transaction():
        messages = tables.messages_of(records)
        tables.clear(sorted(records))
        applying = Applying(zone, tables.load, load_lane=tables.load_lane)
        for message in messages:
            applying.apply(message)
        tables.write(applying.take_changes(), {}, 0, None)
    return applying.parked & records


def joined_to(tables: Tables, records: Iterable[UUID]) -> set[UUID]:
    """Return `records` and every record that merge statements ever joined to one of them."""
    wanted = set(records)
    for joined in tables.linked_records():
        if joined & wanted:
            wanted |= joined
    return wanted
