"""Making the rows of some records anew, from their own entries in the one order of the positions."""

from collections.abc import Iterable, Sequence
from uuid import UUID

from ledger.kafka.entries import EntryMessage
from projections.following.applying import Applying
from projections.following.isolating import HeldBack, isolated
from projections.tables.writing import Tables


def remake(tables: Tables, zone: str, records: Iterable[UUID]) -> set[UUID]:
    """Clear and re-apply all entries of `records`, waiting ones too; return the records that wait (still, or now).

    Records that merge statements join must be given together: their histories depend on each other.
    """
    records = set(records)
    waiting: set[UUID] = set()

    def attempt(messages: Sequence[EntryMessage], held: HeldBack, dry: bool) -> None:
        nonlocal waiting
        with tables.connection.transaction(force_rollback=dry):
            tables.clear(sorted(records))
            applying = Applying(zone, tables.load, load_lane=tables.load_lane)
            applying.held = held
            for message in messages:
                applying.apply(message)
            tables.write(applying.take_changes(), {}, 0, None)
        waiting = applying.parked & records

    isolated(tables.messages_of(records), attempt)
    return waiting


def joined_to(tables: Tables, records: Iterable[UUID]) -> set[UUID]:
    """Return `records` and every record that merge statements ever joined to one of them."""
    wanted = set(records)
    for joined in tables.linked_records():
        if joined & wanted:
            wanted |= joined
    return wanted
