"""Recording waivers: the steward excuses an agency from a duty that an entry opened.

A waiver is no submission: it is recorded at once, in the ledger's own record, under the lock that every writer takes.
"""

from collections.abc import Callable, Sequence
from datetime import datetime
from uuid import UUID, uuid4

from eventsourcing.persistence import StoredEvent
from psycopg import Cursor
from psycopg.rows import DictRow

from ledger.adopting import next_place, said_of_the_ledger
from ledger.cloudevents import digest
from ledger.entry import (
    Entry,
    LedgerEntry,
    Producer,
    Recorded,
    fact_json,
    read_ledger_entry,
    value,
    write_state,
)
from ledger.eventstore import Ledger, read_stored
from ledger.facts import ObligationWaived
from ledger.settings import Settings
from ledger.streams import LEDGER, STREAMS

Judge = Callable[[ObligationWaived, Sequence[Entry]], str | None]
"""Return why a waiver of a duty in this record of a child can not be, or None."""


class NotWaivedError(ValueError):
    """A duty was not waived; the message says why and what to do."""


def waive(
    ledger: Ledger, settings: Settings, fact: ObligationWaived, *, judge: Judge, at: datetime | None = None
) -> LedgerEntry:
    """Record that the steward waives a duty; `at` is when, on a driven clock.

    Raises `NotWaivedError` when there is no such entry, when `judge` finds that it opens no such duty, and when that
    very duty was waived before.
    """
    with ledger.datastore.transaction(commit=True) as cursor:
        ledger.entries.lock(cursor)
        refused = judge(fact, _record_of(cursor, fact.position))
        if refused is not None:
            raise NotWaivedError(refused)
        for before in said_of_the_ledger(cursor):
            if isinstance(before.fact, ObligationWaived) and _names_the_same(before.fact, fact):
                raise NotWaivedError(
                    f"{fact.rule} of position {fact.position} was waived at position {before.position}; "
                    "nothing was recorded: it changes nothing to waive it again"
                )
        position, recorded_at, version = next_place(ledger, cursor, settings, at)
        state = state_of(fact, recorded_at=recorded_at, submission_id=str(uuid4()))
        recorded = Recorded(LEDGER, version, fact.wire, state)
        ledger.entries.insert(cursor, [ledger.mapper.to_stored_event(recorded)], [position])
    return read_ledger_entry(value(position=position, child=LEDGER, version=version, wire=fact.wire, state=state))


def _names_the_same(one: ObligationWaived, other: ObligationWaived) -> bool:
    same = (one.rule, one.position, one.obliged) == (other.rule, other.position, other.obliged)
    return same and one.towards in (None, other.towards)


def _record_of(cursor: Cursor[DictRow], position: int) -> list[Entry]:
    """Return the record in which the entry at `position` stands; raises `NotWaivedError` where no child's does."""
    row = cursor.execute(
        "select originator_id from ledger.stored_events where notification_id = %s", (position,)
    ).fetchone()
    child: UUID | None = None if row is None else row["originator_id"]
    if child is None or child in STREAMS:
        what = "there is no entry" if child is None else "the entry is about no child"
        raise NotWaivedError(
            f"position {position}: {what}; nothing was recorded; `custody obligations CHILD` shows by which "
            "position each duty was opened"
        )
    rows = cursor.execute(
        "select originator_id, originator_version, topic, state, notification_id from ledger.stored_events"
        " where originator_id = %s order by originator_version",
        (child,),
    ).fetchall()
    return [
        read_stored(
            stored["notification_id"],
            StoredEvent(stored["originator_id"], stored["originator_version"], stored["topic"], bytes(stored["state"])),
        )
        for stored in rows
    ]


def state_of(fact: ObligationWaived, *, recorded_at: datetime, submission_id: str) -> bytes:
    """Return the bytes the event store keeps for a waiver."""
    body = fact_json(fact)
    return write_state(
        recorded_at=recorded_at,
        occurred_at=recorded_at,
        known_since=recorded_at,
        producer=Producer("STEWARD", None, None, "/custody-ledger/steward"),
        door="command",
        source={"document": "waiver", "reference": f"{fact.rule} of position {fact.position}", "grade": "document"},
        identifiers=(),
        findings=(),
        submission_id=submission_id,
        submission_digest=digest(fact.wire, body),
        fact=body,
        resolved={},
        extensions={},
        subject="ledger",
    )
