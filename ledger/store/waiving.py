"""Recording waivers: the steward excuses an agency from a duty that an entry opened.

A waiver is no submission: it is recorded at once, in the ledger's own record, under the lock that every writer takes.
"""

import sys
from collections.abc import Callable, Sequence
from datetime import datetime
from uuid import UUID

from psycopg import Cursor
from psycopg.rows import DictRow

from ledger.entry import Entry, LedgerEntry
from ledger.facts import ObligationWaived
from ledger.roles.settings import Settings
from ledger.store.eventstore import Ledger
from ledger.store.own_entries import said_of_the_ledger
from ledger.store.own_records import NoClockError, record_by_steward
from ledger.store.queries import entries_of
from ledger.streams import STREAMS

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
        try:
            return record_by_steward(ledger, cursor, settings, fact, source=source_of(fact), at=at)
        except NoClockError as error:
            raise NotWaivedError(str(error)) from None


def source_of(fact: ObligationWaived) -> tuple[str, str]:
    """Return document and reference of a waiver."""
    return "waiver", f"{fact.rule} of position {fact.position}"


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
    return list(entries_of(cursor, (child,), sys.maxsize))
