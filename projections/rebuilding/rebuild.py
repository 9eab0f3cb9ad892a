"""The rebuild: fills a new version of the read tables from Kafka beside the live one, compares, and swaps.

Two processes each copy half of the partitions up to the position the live version has reached; then each folds half
of the records. Keys and indexes are made when the rows are there, and records that merges join are made anew in the
one order of the positions, as the live run made them. Then the follower's own code catches up, and in one
transaction that holds the live version still the two are compared and the views turned round.
"""

import time
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, ExitStack
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

import structlog
from kafka.errors import CorruptRecordError
from psycopg import Connection
from psycopg.rows import TupleRow
from psycopg.sql import SQL, Identifier

from ledger.kafka.entries import entries_consumer
from ledger.roles.settings import Settings
from ledger.roles.single_work import alone
from ledger.store.eventstore import open_ledger
from ledger.topics import ENTRIES_PARTITIONS
from projections.following.follower import Follower
from projections.following.holdings import HoldingsFollower
from projections.following.publications import MissingBatchError, Publications, publications_consumer
from projections.following.remaking import remake
from projections.rebuilding.comparing import differences
from projections.rebuilding.workers import WORKERS, AnyWorkers, RebuildError, Say, record_bounds, workers_for
from projections.tables.making_room import over_readers
from projections.tables.versions import (
    connect,
    drop_version,
    key_entries,
    live_schema,
    make_held_keys,
    make_keys,
    make_version,
    point_views_at,
    versions,
)
from projections.tables.writing import Tables
from projections.tables.writing_holdings import HeldTables

CLOSE_ENOUGH: Final = 500
"""Entries the new version may be behind when the live one is held still for the swap."""
PATIENCE_SECONDS: Final = 60.0
_LOCK_SECONDS: Final = 3.0


@dataclass(frozen=True, slots=True)
class Rebuilt:
    """A new version of the tables, compared with the live one at the same position.

    `differences` says in which rows the live version was not what Kafka says; `gap` whether entries are missing there.
    """

    schema: str
    live: str
    position: int
    entries: int
    fill_seconds: float
    differences: tuple[str, ...]
    gap: bool


def rebuild(settings: Settings, log: structlog.typing.FilteringBoundLogger, say: Say) -> Rebuilt:
    """Rebuild all read tables and swap them in; raises `RebuildError` and leaves all as it is when that fails."""
    with the_only_rebuild(settings), connect(settings.database_url) as connection:
        rebuilt = refill(settings, connection, log, say, swap=True)
        drop_version(connection, rebuilt.live)
    return rebuilt


def refill(
    settings: Settings,
    connection: Connection[TupleRow],
    log: structlog.typing.FilteringBoundLogger,
    say: Say,
    *,
    swap: bool,
) -> Rebuilt:
    """Fill a new version from Kafka and compare it with the live one; it stays there for the caller to drop.

    With `swap` the readers are turned to it, unless entries are missing on Kafka: then `RebuildError` is raised.
    Without it what Kafka holds is filled in as far as it goes, and `gap` says that something is missing.
    """
    began = time.monotonic()
    with connection.transaction():
        live = live_schema(connection)
        held = _held(connection, live)
        target, reached_at = Tables(connection, live).progress()
    fresh = f"read_{int(live.removeprefix('read_')) + 1}"
    for left in versions(connection) - {live, fresh}:
        drop_version(connection, left)  # a rebuild that ended before it could
    over_readers(connection, lambda: make_version(connection, fresh))
    with ExitStack() as ending:
        workers = workers_for(settings, target)
        ending.enter_context(workers)
        bounds, entries, gap = _fill(workers, connection, fresh, target, say)
        if gap and swap:
            raise RebuildError(
                f"custody.entries does not hold every entry up to position {target}: the chain of positions has a gap; "
                "nothing was swapped; `custody verify` names what is missing"
            )
        connection.execute(
            SQL("update {}.progress set position = %s, recorded_at = %s").format(Identifier(fresh)),
            (target, reached_at),
        )
        tables = Tables(connection, fresh)
        published = publications_consumer(settings.kafka_bootstrap)
        ending.callback(published.close, autocommit=False)
        publications = Publications(published, tables, log)
        _catch_up_publications(publications, tables, _published(connection, live), say, whole=swap)
        say("making keys and indexes", 0, 0)
        _keep_first_carriers(connection, fresh)
        make_keys(connection, fresh)
        for joined in tables.linked_records():
            remake(tables, settings.zone, joined)
        _hold(workers, tables, held, bounds, say)
        workers.end()
        filled = time.monotonic()
        found = _catch_up_and_compare(settings, tables, live, publications, log=log, say=say, swap=swap, gap=gap)
    position, _ = tables.progress()
    return Rebuilt(fresh, live, position, entries, filled - began, found, gap)


def the_only_rebuild(settings: Settings) -> AbstractContextManager[None]:
    """Hold the right to fill another version, as `refill` needs it until that version is dropped or swapped in."""
    open_ledger(settings).close()  # makes the tables of this release if they are not there
    return alone(
        settings.database_url,
        "rebuild",
        _LOCK_SECONDS,
        lambda: RebuildError("another rebuild or verify is at work on this database; wait for it to end"),
    )


def _published(connection: Connection[TupleRow], schema: str) -> int:
    """Return the last batch of publications in a version; none in one made before there were feeds."""
    there = connection.execute("select to_regclass(%s) is not null", (f"{schema}.publishing",)).fetchone()
    return Tables(connection, schema).published()[0] if there == (True,) else 0


def _held(connection: Connection[TupleRow], schema: str) -> tuple[int, int] | None:
    """Return up to which batch and entry a version's holdings are worked out; None where it is made without them."""
    there = connection.execute("select to_regclass(%s) is not null", (f"{schema}.holding",)).fetchone()
    return HeldTables(Tables(connection, schema)).reached() if there == (True,) else None


def _hold(
    workers: AnyWorkers,
    tables: Tables,
    live: tuple[int, int] | None,
    bounds: Sequence[tuple[str, str]],
    say: Say,
) -> None:
    """Work out what agencies hold, as far as the live version has; with no such version as far as it was published."""
    held_tables = HeldTables(tables)
    held_tables.again()
    batch, position = live or held_tables.last()
    workers.work(
        [["hold", tables.schema, str(batch), str(position), *pair] for pair in bounds],
        lambda reports: say("working out what agencies hold", sum(worker["entries"] for worker in reports), 0),
    )
    held_tables.reach(batch, position, 0)
    make_held_keys(tables.connection, tables.schema)


def _catch_up_publications(publications: Publications, tables: Tables, up_to: int, say: Say, *, whole: bool) -> None:
    """Bring over what was published, up to the batch that the live version holds; unless `whole`, as far as it goes."""
    moved_at = time.monotonic()
    while publications.batch < up_to:
        try:
            batches = publications.read(500, up_to)
        except (MissingBatchError, ValueError, LookupError, TypeError, CorruptRecordError) as error:
            if not whole:
                return
            raise RebuildError(
                str(error)
                if isinstance(error, MissingBatchError)
                else f"what follows batch {publications.batch} on custody.publications cannot be read ({error!r}); "
                "nothing was swapped; `custody verify` names it"
            ) from error
        if batches:
            with tables.connection.transaction():
                publications.write(batches)
            publications.wrote(batches)
            moved_at = time.monotonic()
            say("reading publications", publications.batch, up_to)
        elif time.monotonic() - moved_at > PATIENCE_SECONDS or (not whole and publications.at_end()):
            if not whole:
                return
            raise RebuildError(
                f"batch {publications.batch + 1} of custody.publications is not on Kafka, though the live version has "
                "it; nothing was swapped; start the role `feeds` anew, which tells again what Kafka lost"
            )


def _fill(
    workers: AnyWorkers, connection: Connection[TupleRow], schema: str, target: int, say: Say
) -> tuple[list[tuple[str, str]], int, bool]:
    """Let the workers apply everything up to `target`; returns their shares, how many entries, and if some are missing.

    Every entry names the position before it, so the steps of a chain without a gap add up to its last position.
    """
    partitions = [[str(n) for n in range(ENTRIES_PARTITIONS) if n % WORKERS == worker] for worker in range(WORKERS)]
    copied = workers.work(
        [["copy", schema, str(target), *some] for some in partitions],
        lambda reports: say("reading", sum(w["entries"] for w in reports), sum(w["of"] for w in reports)),
    )
    entries = sum(worker["entries"] for worker in copied)
    key_entries(connection, schema)
    bounds = list(pairwise(record_bounds(connection, schema, entries)))
    workers.work(
        [["fold", schema, *pair] for pair in bounds],
        lambda reports: say("applying entries", sum(worker["entries"] for worker in reports), entries),
    )
    return bounds, entries, sum(worker["steps"] for worker in copied) != target


def _keep_first_carriers(connection: Connection[TupleRow], schema: str) -> None:
    """Keep of each identifier the row of the first record that carried it: the workers knew of their own only."""
    connection.execute(
        SQL(
            "delete from {0} i using (select scheme, value, min(position) as first from {0} where turn = 0"
            " group by scheme, value having count(*) > 1) f"
            " where i.scheme = f.scheme and i.value = f.value and i.turn = 0 and i.position > f.first"
        ).format(Identifier(schema, "identifiers"))
    )


def _catch_up_and_compare(
    settings: Settings,
    tables: Tables,
    live: str,
    publications: Publications,
    *,
    log: structlog.typing.FilteringBoundLogger,
    say: Say,
    swap: bool,
    gap: bool,
) -> tuple[str, ...]:
    connection = tables.connection
    old = Tables(connection, live)
    consumer = entries_consumer(settings.kafka_bootstrap)
    try:
        follower = Follower(consumer, tables, settings.zone, log)
        if not gap:
            _catch_up(follower, lambda: old.progress()[0], CLOSE_ENOUGH, say)
        with connection.transaction():
            # from here the follower of the live version waits: its batches begin with a share lock on this row
            connection.execute("select from read.ledger for update")
            held_at = old.progress()[0]
            _catch_up(follower, lambda: held_at, 0, say)
            _catch_up_publications(publications, tables, _published(connection, live), say, whole=swap)
            _catch_up_holdings(tables, settings.zone, log, _held(connection, live))
            say("comparing", 0, 0)
            found = differences(connection, live, tables.schema)
            if swap:
                tables.settle()  # so that no answer reaches less far than before
                over_readers(connection, lambda: point_views_at(connection, tables.schema))
    finally:
        consumer.close(autocommit=False)
    return found


def _catch_up_holdings(
    tables: Tables, zone: str, log: structlog.typing.FilteringBoundLogger, live: tuple[int, int] | None
) -> None:
    """Work out what agencies hold up to where the live version has; further is for the live follower to go."""
    holdings = HoldingsFollower(HeldTables(tables), zone, log)
    up_to = None if live is None else live[0]
    while (reached := holdings.step(up_to)) > holdings.batch:
        holdings.batch = reached


def _catch_up(follower: Follower, live_position: Callable[[], int], behind: int, say: Say) -> None:
    moved_at = time.monotonic()
    while (live := live_position()) - follower.reading.last > behind:
        if follower.step(up_to=live, must_be_live=False):
            moved_at = time.monotonic()
            say("catching up", follower.reading.last, live)
        elif time.monotonic() - moved_at > PATIENCE_SECONDS:
            raise RebuildError(
                f"the entry after position {follower.reading.last} is not on Kafka, though the live version has it; "
                "nothing was swapped; `custody verify` names what is missing"
            )
