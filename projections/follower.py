"""The projections role: follows `custody.entries` and keeps the live version of the read tables.

Rows and checkpoint are one transaction; killed anywhere, it goes on where the tables stand.
"""

import time
from collections.abc import Callable
from typing import Any, Final
from uuid import UUID

import psycopg
import structlog
from kafka import KafkaConsumer

from ledger.following import BATCH, EntryMessage, InOrder, continued_records
from projections.applying import Applying
from projections.holdings_follower import HoldingsFollower
from projections.holdings_store import HeldTables
from projections.publications_follower import Publications
from projections.remaking import joined_to, remake
from projections.store import Tables
from projections.versions import connect, live_schema

POLL_MS: Final = 50
_ONLY_ONE: Final = 0x70726F6A
"""Advisory lock held for life: two followers would write the same rows twice."""
BUSY: Final = 500
"""So many entries at once are a flood: an import, or a restart after others went on."""
HOLDINGS_SECONDS: Final = 3.0
"""How long what agencies hold may wait in a flood until a part of it is worked out."""
SETTLED_SECONDS: Final = 1.0
"""How often settled time is looked up while nothing comes in."""
PATIENCE_SECONDS: Final = 10.0
"""How long a missing entry is waited for before the log says which one it is."""


class SwappedError(Exception):
    """A rebuild has put another version in place of the one this process was writing."""


def keep_publications(publications: Publications, tables: Tables) -> None:
    """Write what was published since the last time into the live version."""
    batches = publications.read(0)
    if batches:
        with tables.connection.transaction():
            if live_schema(tables.connection) != tables.schema:
                raise SwappedError
            publications.write(batches)
        publications.wrote(batches)


def keep_settled(tables: Tables) -> None:
    """Let answers of the live version reach as far as settled time does."""
    with tables.connection.transaction():
        if live_schema(tables.connection) != tables.schema:
            raise SwappedError
        tables.settle()


def keep_holdings(holdings: HoldingsFollower, tables: Tables) -> None:
    """Work out the next part of what agencies hold in the live version."""
    with tables.connection.transaction():
        if live_schema(tables.connection) != tables.schema:
            raise SwappedError
        reached = holdings.step()
    holdings.batch = reached


class Follower:
    """Applies entries to one version of the tables."""

    def __init__(
        self, consumer: KafkaConsumer, tables: Tables, zone: str, log: structlog.typing.FilteringBoundLogger
    ) -> None:
        self.tables = tables
        self._zone = zone
        self._log = log
        self._applying = Applying(zone, tables.load, load_lane=tables.load_lane)
        self._applying.parked = tables.parked()
        position, _ = tables.progress()
        self.reading = InOrder(consumer, position, tables.offsets())

    def step(self, *, up_to: int | None = None, must_be_live: bool = True, poll_ms: int = POLL_MS) -> int:
        """Apply what is there, at most a batch, up to position `up_to`; return how many entries were applied."""
        messages = self.reading.take(BATCH, up_to)
        if len(messages) < BATCH:
            self.reading.read(0 if messages else poll_ms)
            messages += self.reading.take(BATCH - len(messages), up_to)
        if messages:
            self._write(messages, must_be_live)
        return len(messages)

    def retry(self, children: set[UUID]) -> None:
        """Apply the waiting entries of these records again; what still fails goes on waiting."""
        applying = self._applying
        joined = joined_to(self.tables, children)
        applying.forget()
        waiting = remake(self.tables, self._zone, joined)
        applying.parked = (applying.parked - joined) | waiting
        self._log.info("children.retried", children=len(children), still_parked=len(waiting))

    def _write(self, messages: list[EntryMessage], must_be_live: bool) -> None:
        try:
            self._apply(messages, must_be_live)
        except psycopg.DataError as error:
            # one entry's rows cannot be written: find it by writing them one by one, and park it
            self._log.error("batch.unwritable", reason=type(error).__name__)
            for message in messages:
                try:
                    self._apply([message], must_be_live)
                except psycopg.DataError as cause:
                    reason = f"{type(cause).__name__}: {str(cause).splitlines()[0]}"
                    self._apply([message], must_be_live, park=reason)

    def _apply(self, messages: list[EntryMessage], must_be_live: bool, park: str | None = None) -> None:
        applying = self._applying
        applying.prepare(continued_records(messages) - applying.parked)
        parked_before = set(applying.parked)
        for message in messages:
            if park is None:
                applying.apply(message)
            else:
                applying.park(message, park)
        changes = applying.take_changes()
        offsets = {message.partition: message.offset + 1 for message in messages}
        last = messages[-1]
        try:
            with self.tables.connection.transaction():
                if must_be_live and live_schema(self.tables.connection) != self.tables.schema:
                    raise SwappedError
                self.tables.write(changes, offsets, last.position, last.clock())
        except BaseException:
            applying.forget()
            applying.parked = parked_before
            raise
        applying.evict()
        if changes.parked:
            self._log.error(
                "entries.parked",
                entries=len(changes.parked),
                children_waiting=len(applying.parked),
                first_reason=changes.parked[0][4].partition(":")[0],  # the rest may say what is known of a child
                cure="`custody set-aside list` shows them; `custody set-aside retry` applies them again",
            )


def follow(
    database_url: str,
    consumer: KafkaConsumer,
    published: KafkaConsumer,
    zone: str,
    log: structlog.typing.FilteringBoundLogger,
    *,
    stopped: Callable[[], bool],
    ready: Callable[[], None],
) -> None:
    """Keep the live version until `stopped`; goes over to another version when a rebuild swaps it in.

    `consumer` reads `custody.entries`, `published` reads `custody.publications`.
    """
    with connect(database_url) as connection, connect(database_url) as ears:
        while not stopped() and ears.execute("select pg_try_advisory_lock(%s)", (_ONLY_ONE,)).fetchone() != (True,):
            log.warning("projections.wait", reason="another process keeps the read tables of this database")
            ears.execute("select pg_sleep(2)")
        ears.execute("listen custody_retry")
        while not stopped():
            with connection.transaction():
                schema = live_schema(connection)
            tables = Tables(connection, schema)
            follower = Follower(consumer, tables, zone, log)
            publications = Publications(published, tables)
            holdings = HoldingsFollower(HeldTables(tables), zone, log)
            log.info("version.followed", schema=schema, position=follower.reading.last)
            parked = tables.parked()
            if parked:
                follower.retry(parked)
            ready()
            try:
                _keep(follower, publications, holdings, ears=ears, log=log, stopped=stopped)
            except SwappedError:
                log.info("version.swapped", schema=schema)


def _keep(
    follower: Follower,
    publications: Publications,
    holdings: HoldingsFollower,
    *,
    ears: psycopg.Connection[Any],
    log: structlog.typing.FilteringBoundLogger,
    stopped: Callable[[], bool],
) -> None:
    keep_holdings(holdings, follower.tables)
    moved_at = held_at = time.monotonic()
    settled_at = -SETTLED_SECONDS
    told = False
    while not stopped():
        moved = follower.step()
        if moved:
            moved_at, told = time.monotonic(), False
        elif follower.reading.ahead and time.monotonic() - moved_at > PATIENCE_SECONDS and not told:
            told = True
            log.error(
                "entry.missing",
                after_position=follower.reading.last,
                waiting=follower.reading.ahead,
                cure="an entry is not on Kafka: is the relay running? `custody verify` names what is missing",
            )
        keep_publications(publications, follower.tables)
        # what agencies hold waits while much comes in: a child whose entries come one by one is worked out once
        if publications.batch > holdings.batch and (moved < BUSY or time.monotonic() - held_at > HOLDINGS_SECONDS):
            keep_holdings(holdings, follower.tables)
            held_at = time.monotonic()
        if not moved and time.monotonic() - settled_at > SETTLED_SECONDS:
            keep_settled(follower.tables)
            settled_at = time.monotonic()
        asked = {UUID(notice.payload) for notice in ears.notifies(timeout=0)}
        if asked:
            follower.retry(asked)
            keep_holdings(holdings, follower.tables)
