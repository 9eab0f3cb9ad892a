"""What the steward said of the ledger itself: its own entries, and the sets of sharing rules they adopt."""

from collections.abc import Iterator

from psycopg import Cursor
from psycopg.rows import DictRow

from ledger.entry import LedgerEntry, read_ledger_entry
from ledger.facts import Fact, SharingRulesAdopted
from ledger.sharing.rule_sets import Adopted
from ledger.store.queries import payload_of
from ledger.streams import LEDGER


def adoptions(cursor: Cursor[DictRow]) -> list[Adopted]:
    """Return the sets adopted so far, in order of position."""
    return [adopted(entry) for entry in said_of_the_ledger(cursor, SharingRulesAdopted)]


def former_default_until(cursor: Cursor[DictRow]) -> int:
    """Return up to which position the former default set is in force where none was adopted; 0: nowhere."""
    row = cursor.execute("select former_default_until from ledger.made").fetchone()
    return 0 if row is None else int(row["former_default_until"])


def adopted(entry: LedgerEntry) -> Adopted:
    """Return the adoption that an entry of the ledger's own record is."""
    assert isinstance(entry.fact, SharingRulesAdopted)
    return Adopted(entry.position, entry.fact.rules, entry.fact.backfill)


def said_of_the_ledger(cursor: Cursor[DictRow], fact: type[Fact] | None = None) -> Iterator[LedgerEntry]:
    """Yield the entries of the ledger's own record, in order; of one fact alone, if it is given."""
    rows = cursor.execute(
        "select notification_id, originator_id, originator_version, topic, state from ledger.stored_events"
        " where originator_id = %s and (%s::text is null or topic = %s) order by originator_version",
        (LEDGER, *(2 * (None if fact is None else fact.wire,))),
    ).fetchall()
    for row in rows:
        yield read_ledger_entry(payload_of(row))
