"""The event store of the `eventsourcing` library with our own mapper: literal wire names, our own bytes.

The library's locked recorder keeps the events table and its lock; the insert is done with arrays, because
`insert_events` hangs on large batches and cannot share a transaction with other tables.
"""

from collections.abc import Sequence
from contextlib import suppress
from datetime import datetime
from typing import Any, ClassVar, Final, cast
from uuid import UUID

import psycopg
from eventsourcing.application import Application
from eventsourcing.persistence import Mapper, PersistenceError, StoredEvent
from eventsourcing.postgres import PostgresApplicationRecorder, PostgresDatastore
from eventsourcing.utils import get_topic
from psycopg import Cursor
from psycopg.conninfo import conninfo_to_dict
from psycopg.rows import DictRow, dict_row

from ledger.entry import Entry, Recorded, read_entry, recorded_at_of, value
from ledger.roles.settings import Settings, SettingsError
from ledger.store.migrating import migrate
from ledger.times import in_utc, read_clock

SCHEMA: Final = "ledger"


class EntryMapper(Mapper[UUID]):
    """Maps entries to stored events and back; the library's "topic" is the fact's wire name."""

    def to_stored_event(self, domain_event: Any) -> StoredEvent:
        """Return the stored event; nothing is rewritten."""
        return StoredEvent(
            domain_event.originator_id, domain_event.originator_version, domain_event.wire, domain_event.state
        )

    def to_domain_event(self, stored_event: StoredEvent) -> Any:
        """Return what was recorded; the position is not part of a stored event, `read_stored` adds it."""
        return Recorded(
            cast(UUID, stored_event.originator_id),
            stored_event.originator_version,
            stored_event.topic,
            stored_event.state,
        )


class EntryRecorder(PostgresApplicationRecorder):
    """The library's recorder, inserting in the caller's transaction with positions given under the lock."""

    INSERT: ClassVar = (
        "insert into ledger.stored_events"
        " (originator_id, originator_version, topic, state, notification_id)"
        " select * from unnest(%b::uuid[], %b::bigint[], %b::text[], %b::bytea[], %b::bigint[])"
    )
    LAST: ClassVar = "select notification_id, state from ledger.stored_events order by notification_id desc limit 1"

    def lock(self, cursor: Cursor[DictRow]) -> None:
        """Take the library's table lock: from here until the commit no other writer is given positions."""
        self._lock_table(cursor)

    def last(self, cursor: Cursor[DictRow]) -> tuple[int, bytes | None]:
        """Return the last position and its state, or (0, None) in an empty ledger."""
        row = cursor.execute(self.LAST).fetchone()
        return (0, None) if row is None else (row["notification_id"], bytes(row["state"]))

    def clocks(self, cursor: Cursor[DictRow], last: bytes | None) -> tuple[datetime, datetime | None]:
        """Return the wall clock, and the ledger time up to which all has been told: the next entry is later.

        That is the last entry's (`last` is its state), or the moment up to which the feeds have said that nothing else
        was recorded: a wall clock that is set back must not make an answer given before come out otherwise.
        """
        row = cursor.execute(
            "select clock_timestamp() as now,"
            " greatest((select published_at from ledger.publications order by number desc limit 1),"
            " (select at from ledger.settled)) as settled"
        ).fetchone()
        assert row is not None
        told = [] if last is None else [read_clock(recorded_at_of(last))]
        if row["settled"] is not None:
            told.append(in_utc(row["settled"]))
        return in_utc(row["now"]), max(told, default=None)

    def insert(self, cursor: Cursor[DictRow], events: Sequence[StoredEvent], positions: Sequence[int]) -> None:
        """Insert under the lock; the library's own sequence is kept in step."""
        cursor.execute(
            self.INSERT,
            (
                [event.originator_id for event in events],
                [event.originator_version for event in events],
                [event.topic for event in events],
                [event.state for event in events],
                list(positions),
            ),
        )
        cursor.execute(
            "select setval('ledger.stored_events_notification_id_seq', %s)",
            (positions[-1],),
        )

    def wake(self) -> None:
        """Hint to whoever listens that there is something new; only after the commit, and whether or not it can be.

        Any login can fill the queue of notifications, and a transaction that notifies then cannot be committed.
        """
        with suppress(PersistenceError, psycopg.Error), self.datastore.transaction(commit=True) as cursor:
            self._notify_channel(cursor)


class Ledger(Application[UUID]):
    """The recording application on PostgreSQL."""

    name = "stored"  # the library names its table by it: stored_events

    @property
    def entries(self) -> EntryRecorder:
        """The recorder as ours."""
        return cast(EntryRecorder, self.recorder)

    @property
    def datastore(self) -> PostgresDatastore:
        """The library's pool of connections."""
        return self.entries.datastore


def open_ledger(settings: Settings) -> Ledger:
    """Open the ledger, making its tables if they are not there.

    Raises `psycopg.OperationalError` when PostgreSQL cannot be reached, and `SettingsError` when the ledger was made
    with another civil zone or clock than the settings say: both are fixed for its life, since every day and every
    `recorded_at` depends on them.
    """
    connection = psycopg.connect(  # fails at once and says why; the pool waits
        settings.database_url, connect_timeout=10, autocommit=True, row_factory=dict_row
    )
    parts = conninfo_to_dict(settings.database_url)
    ledger = Ledger(
        env={
            "PERSISTENCE_MODULE": "eventsourcing.postgres",
            "MAPPER_TOPIC": get_topic(EntryMapper),
            "APPLICATION_RECORDER_TOPIC": get_topic(EntryRecorder),
            "POSTGRES_DBNAME": str(parts.get("dbname") or "custody"),
            "POSTGRES_HOST": str(parts.get("host") or "127.0.0.1"),
            "POSTGRES_PORT": str(parts.get("port") or "5432"),
            "POSTGRES_USER": str(parts.get("user") or "postgres"),
            "POSTGRES_PASSWORD": str(parts.get("password") or ""),
            "POSTGRES_SCHEMA": SCHEMA,
            "POSTGRES_POOL_SIZE": "1",
            "POSTGRES_MAX_OVERFLOW": "2",
            "POSTGRES_IDLE_IN_TRANSACTION_SESSION_TIMEOUT": "60",
            "CREATE_TABLE": "no",
        }
    )
    try:
        with connection:
            migrate(connection, lambda cursor: _make_events_table(ledger.entries, cursor))
            connection.execute(
                "insert into ledger.made (zone, clock) values (%s, %s) on conflict do nothing",
                (settings.zone, settings.clock),
            )
            row = connection.execute("select zone, clock from ledger.made").fetchone()
    except BaseException:
        ledger.close()
        raise
    assert row is not None
    for name, made, asked in (("zone", row["zone"], settings.zone), ("clock", row["clock"], settings.clock)):
        if made != asked:
            ledger.close()
            raise SettingsError(
                f"this ledger was made with {name} {made!r}, which is fixed for its life; "
                f"CUSTODY_{name.upper()} says {asked!r}: set it to {made!r}, or use another database"
            )
    return ledger


def _make_events_table(recorder: EntryRecorder, cursor: Cursor[DictRow]) -> None:
    """Make the library's table; its composite type and function serve its own insert path, which we do not use."""
    for statement in recorder.sql_create_statements:
        text = statement.as_string(cursor)
        if text.startswith(("CREATE TABLE", "CREATE UNIQUE INDEX")):
            cursor.execute(statement, prepare=False)


def read_stored(position: int, event: StoredEvent) -> Entry:
    """Read a stored event back as the entry at `position`."""
    return read_entry(
        value(
            position=position,
            child=cast(UUID, event.originator_id),
            version=event.originator_version,
            wire=event.topic,
            state=event.state,
        )
    )
