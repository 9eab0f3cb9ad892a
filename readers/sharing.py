"""Which sharing rules were adopted, when, and which are in force."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from psycopg import Connection, Cursor
from psycopg.rows import TupleRow

from ledger.entry import LedgerEntry, read_ledger_entry
from ledger.facts import SharingRulesAdopted
from ledger.sharing.rule_sets import default_rules, in_force
from ledger.store.own_entries import adopted
from ledger.streams import LEDGER
from ledger.times import write_clock
from readers.snapshot import Rows, in_snapshot


def adopted_sets(connection: Connection[TupleRow]) -> dict[str, Any]:
    """Return the sets adopted so far, in order, and which of all is in force now: `{"adopted", "in_force", ...}`."""
    entries, complete_to, zone, position, parked = in_snapshot(connection, _said)
    sets = [adopted(entry) for entry in entries]
    now = None
    if complete_to is not None:
        now = in_force(sets, default_rules(), position=position + 1, recorded_at=complete_to, zone=zone)
    rules = default_rules() if now is None else now
    return {
        "adopted": [_shown(entry) for entry in entries],
        "in_force": {"id": rules.id, "version": rules.version},
        "complete_to": None if complete_to is None else write_clock(complete_to),
        "incomplete": None if parked is None else {"since": write_clock(parked[0]), "reason": parked[1]},
    }


def _said(cursor: Cursor[Rows]) -> tuple[Sequence[LedgerEntry], datetime | None, str, int, Rows | None]:
    row = cursor.execute("select version, zone, complete_to, position from read.progress_v1").fetchone()
    assert row is not None
    version, zone, complete_to, position = row
    payloads = cursor.execute(
        f"select payload from {version}.entries where child = %s order by position".encode(),  # noqa: S608
        (LEDGER,),
    ).fetchall()
    parked = cursor.execute(
        "select recorded_at, reason from read.parked_v1 where child = %s order by position limit 1", (LEDGER,)
    ).fetchone()
    said = (read_ledger_entry(payload) for (payload,) in payloads)
    adoptions = [entry for entry in said if isinstance(entry.fact, SharingRulesAdopted)]
    return adoptions, complete_to, zone, position, parked


def _shown(entry: LedgerEntry) -> dict[str, Any]:
    assert isinstance(entry.fact, SharingRulesAdopted)
    rules = entry.fact.rules
    return {
        "position": entry.position,
        "recorded_at": write_clock(entry.recorded_at),
        "id": rules.id,
        "version": rules.version,
        "title": rules.title,
        "effective_from": str(rules.effective_from),
        "effective_to": None if rules.effective_to is None else str(rules.effective_to),
        "mark": rules.mark,
        "reason": entry.fact.reason,
        "backfill": entry.fact.backfill,
    }
