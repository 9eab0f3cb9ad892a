"""Recording entries about no child at once: what the steward says of the ledger, what an agency was served.

Such a fact is no submission. It is recorded under the lock that every writer takes, and is told on `custody.entries`
like every other entry.
"""

from datetime import datetime
from typing import Final
from uuid import UUID, uuid4

from psycopg import Cursor
from psycopg.rows import DictRow

from ledger.entry import (
    LedgerEntry,
    Producer,
    Recorded,
    Subject,
    fact_json,
    read_ledger_entry,
    value,
    write_state,
)
from ledger.facts import LedgerFact
from ledger.intake.digests import digest
from ledger.roles.settings import Settings
from ledger.store.eventstore import Ledger
from ledger.streams import LEDGER
from ledger.times import MICROSECOND, plus

STEWARD: Final = Producer("STEWARD", None, None, "/custody-ledger/steward")


class NoClockError(ValueError):
    """On a driven clock nobody has said what time it is."""


def record_now(
    ledger: Ledger,
    cursor: Cursor[DictRow],
    settings: Settings,
    fact: LedgerFact,
    *,
    record: UUID,
    subject: Subject,
    producer: Producer,
    source: tuple[str, str],
    at: datetime | None,
) -> LedgerEntry:
    """Record a fact in a record that is no child's, in the caller's transaction and under its lock.

    `source` is document and reference. `at` is when, on a driven clock; without it the last entry's time. Raises
    `NoClockError` when there is neither.
    """
    position, recorded_at, version = _next_place(ledger, cursor, settings, record, at)
    state = state_of(
        fact,
        recorded_at=recorded_at,
        subject=subject,
        producer=producer,
        source=source,
        submission_id=str(uuid4()),
    )
    recorded = Recorded(record, version, fact.wire, state)
    ledger.entries.insert(cursor, [ledger.mapper.to_stored_event(recorded)], [position])
    return read_ledger_entry(value(position=position, child=record, version=version, wire=fact.wire, state=state))


def record_by_steward(
    ledger: Ledger,
    cursor: Cursor[DictRow],
    settings: Settings,
    fact: LedgerFact,
    *,
    source: tuple[str, str],
    at: datetime | None,
) -> LedgerEntry:
    """Record what the steward says of the ledger itself; as `record_now`."""
    return record_now(
        ledger,
        cursor,
        settings,
        fact,
        record=LEDGER,
        subject="ledger",
        producer=STEWARD,
        source=source,
        at=at,
    )


def state_of(
    fact: LedgerFact,
    *,
    recorded_at: datetime,
    subject: Subject,
    producer: Producer,
    source: tuple[str, str],
    submission_id: str,
) -> bytes:
    """Return the bytes the event store keeps for such an entry."""
    body = fact_json(fact)
    return write_state(
        recorded_at=recorded_at,
        occurred_at=recorded_at,
        known_since=recorded_at,
        producer=producer,
        door="command",
        source={"document": source[0], "reference": source[1], "grade": "document"},
        identifiers=(),
        findings=(),
        submission_id=submission_id,
        submission_digest=digest(fact.wire, body),
        fact=body,
        resolved={},
        extensions={},
        subject=subject,
    )


def _next_place(
    ledger: Ledger, cursor: Cursor[DictRow], settings: Settings, record: UUID, at: datetime | None
) -> tuple[int, datetime, int]:
    """Return the next position, its ledger time, and the next version of the record."""
    last, state = ledger.entries.last(cursor)
    now, before = ledger.entries.clocks(cursor, state)
    row = cursor.execute(
        "select coalesce(max(originator_version), 0) as version from ledger.stored_events where originator_id = %s",
        (record,),
    ).fetchone()
    assert row is not None
    if settings.clock == "driven":
        if at is None and before is None:
            raise NoClockError("the clock of this ledger is driven and nothing is recorded yet; say when with --at")
        now = at or before or now
    if before is not None and now <= before:
        now = plus(before, MICROSECOND)
    return last + 1, now, row["version"] + 1
