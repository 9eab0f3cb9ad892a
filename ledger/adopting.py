"""Recording what is said of the ledger itself: the steward adopts a set of sharing rules.

Such a fact is no submission: it is recorded at once, under the lock that every writer takes, and is told on
`custody.entries` like every other entry.
"""

from collections.abc import Iterator
from datetime import datetime
from typing import Final
from uuid import uuid4

from psycopg import Cursor
from psycopg.rows import DictRow
from pydantic import ValidationError

from ledger.cloudevents import digest
from ledger.entry import (
    LedgerEntry,
    Producer,
    Recorded,
    fact_json,
    read_ledger_entry,
    value,
    write_state,
)
from ledger.eventstore import Ledger
from ledger.facts import SharingRulesAdopted
from ledger.facts.ledger_wide import RuleSet
from ledger.looking_back import payload_of
from ledger.settings import Settings
from ledger.sharing import Adopted
from ledger.streams import LEDGER
from ledger.times import MICROSECOND

__all__ = ["NotAdoptedError", "adopt", "adopted", "adoptions", "next_place", "said_of_the_ledger", "state_of"]

SYSTEM: Final = "/custody-ledger/steward"


class NotAdoptedError(ValueError):
    """A set of sharing rules was not adopted; the message says why and what to do."""


def adopt(
    ledger: Ledger, settings: Settings, rules: RuleSet, *, reason: str, backfill: bool, at: datetime | None = None
) -> LedgerEntry:
    """Record that the steward adopts `rules`; `at` is when, on a driven clock.

    Raises `NotAdoptedError` when that very set is adopted already, and when its id and version stand for another one.
    """
    try:
        fact = SharingRulesAdopted(rules=rules, reason=reason, backfill=backfill)
    except ValidationError as error:
        raise NotAdoptedError(f"reason: {error.errors()[0]['msg']}; shorten it, nothing was recorded") from None
    with ledger.datastore.transaction(commit=True) as cursor:
        ledger.entries.lock(cursor)
        for before in adoptions(cursor):
            if (before.rules.id, before.rules.version) == (rules.id, rules.version):
                same = "it changes nothing to adopt it again" if before.rules == rules else "give it the next version"
                raise NotAdoptedError(
                    f"{rules.id} version {rules.version} was adopted at position {before.position}; {same}"
                )
        position, recorded_at, version = next_place(ledger, cursor, settings, at)
        state = state_of(fact, recorded_at=recorded_at, submission_id=str(uuid4()))
        recorded = Recorded(LEDGER, version, fact.wire, state)
        ledger.entries.insert(cursor, [ledger.mapper.to_stored_event(recorded)], [position])
    return read_ledger_entry(value(position=position, child=LEDGER, version=version, wire=fact.wire, state=state))


def state_of(fact: SharingRulesAdopted, *, recorded_at: datetime, submission_id: str) -> bytes:
    """Return the bytes the event store keeps for what the steward says of the ledger."""
    body = fact_json(fact)
    return write_state(
        recorded_at=recorded_at,
        occurred_at=recorded_at,
        known_since=recorded_at,
        producer=Producer("STEWARD", None, None, SYSTEM),
        door="command",
        source={"document": "sharing rules", "reference": f"{fact.rules.id} {fact.rules.version}", "grade": "document"},
        identifiers=(),
        findings=(),
        submission_id=submission_id,
        submission_digest=digest(fact.wire, body),
        fact=body,
        resolved={},
        extensions={},
        subject="ledger",
    )


def adoptions(cursor: Cursor[DictRow]) -> list[Adopted]:
    """Return the sets adopted so far, in order of position."""
    return [adopted(entry) for entry in said_of_the_ledger(cursor) if isinstance(entry.fact, SharingRulesAdopted)]


def adopted(entry: LedgerEntry) -> Adopted:
    """Return the adoption that an entry of the ledger's own record is."""
    assert isinstance(entry.fact, SharingRulesAdopted)
    return Adopted(entry.position, entry.fact.rules, entry.fact.backfill)


def said_of_the_ledger(cursor: Cursor[DictRow]) -> Iterator[LedgerEntry]:
    """Yield the entries of the ledger's own record, in order."""
    rows = cursor.execute(
        "select notification_id, originator_id, originator_version, topic, state from ledger.stored_events"
        " where originator_id = %s order by originator_version",
        (LEDGER,),
    ).fetchall()
    for row in rows:
        yield read_ledger_entry(payload_of(row))


def next_place(
    ledger: Ledger, cursor: Cursor[DictRow], settings: Settings, at: datetime | None
) -> tuple[int, datetime, int]:
    """Return the next position, its ledger time, and the next version of the ledger's own record."""
    last, state = ledger.entries.last(cursor)
    now, before = ledger.entries.clocks(cursor, state)
    row = cursor.execute(
        "select coalesce(max(originator_version), 0) as version from ledger.stored_events where originator_id = %s",
        (LEDGER,),
    ).fetchone()
    assert row is not None
    if settings.clock == "driven":
        if at is None and before is None:
            raise NotAdoptedError("the clock of this ledger is driven and nothing is recorded yet; say when with --at")
        now = at or before or now
    if before is not None and now <= before:
        now = before + MICROSECOND
    return last + 1, now, row["version"] + 1
