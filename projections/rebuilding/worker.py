"""Shares of a rebuild's work; `python -m projections.rebuilding.worker` does what each line on its input asks for.

A line is a JSON list of texts:

`["copy", SCHEMA, TARGET, PARTITION, ...]` brings the entries of some partitions from Kafka into `entries`, unread.
`["fold", SCHEMA, FIRST, BEYOND]` reads the records from FIRST until before BEYOND (`-`: no end) record by record, and
fills most other tables: the work is the same however the entries of the records lie among each other, and nothing is
kept but one batch. A record that merge statements touch is applied as if it stood alone; the rebuild makes such records
anew afterwards.

`["hold", SCHEMA, BATCH, POSITION, FIRST, BEYOND]` works out what agencies hold of these records, of what was recorded
up to that position and published up to that batch.

Each tells after each batch how far it is, and at its end that it is done: `{"entries", "of", "steps", "done"}`; the
process prints that as a JSON line.
"""

import gc
import json
import sys
from collections.abc import Callable, Iterator, Sequence
from itertools import groupby
from operator import itemgetter
from typing import Any, Final
from uuid import UUID

from kafka import TopicPartition
from psycopg import Connection
from psycopg.rows import TupleRow
from psycopg.sql import SQL, Identifier

from ledger.kafka.entries import EntryMessage, Foreign, entries_consumer, start_at
from ledger.kafka.genuine import Genuine
from ledger.roles.settings import Settings, read_settings
from ledger.streams import STREAMS
from ledger.topics import ENTRIES
from projections.following.applying import Applying
from projections.following.isolating import HeldBack, isolated
from projections.holdings.rows import held_rows
from projections.rows.changes import Changes, IdentifierRow
from projections.rows.persons import Loaded
from projections.tables.versions import connect
from projections.tables.writing import Tables
from projections.tables.writing_holdings import HeldTables

BATCH: Final = 5000
Report = dict[str, int]
Tell = Callable[[Report], object]
_NOTHING: Final = Loaded({}, {}, {})


def copy_entries(settings: Settings, schema: str, target: int, partitions: tuple[int, ...], tell: Tell) -> None:
    """Copy every entry of `partitions` up to position `target`, and where reading is to go on."""
    consumer = entries_consumer(settings.kafka_bootstrap, fetch_min_bytes=65_536, fetch_max_wait_ms=100)
    taken = [TopicPartition(ENTRIES, n) for n in partitions]
    start_at(consumer, {}, partitions)
    ends = consumer.end_offsets(taken)
    unread = {partition for partition in taken if consumer.position(partition) < ends[partition]}
    of = sum(ends[partition] - consumer.position(partition) for partition in taken)
    last: dict[TopicPartition, int] = dict.fromkeys(taken, 0)
    offsets: dict[int, int] = {}
    copied = steps = 0
    with connect(settings.database_url) as connection:
        _prepare(connection)
        tables = Tables(connection, schema)
        genuine = Genuine(connection)
        while unread:
            rows: list[tuple[Any, ...]] = []
            for partition, records in consumer.poll(timeout_ms=1000, max_records=BATCH).items():
                messages, foreign = genuine.entries([r for r in records if r.offset < ends[partition]])
                if foreign:
                    _name(tables, foreign)
                for message in messages:
                    if message.position > target:
                        unread.discard(partition)
                        consumer.pause(partition)
                        break
                    offsets[partition.partition] = message.offset + 1
                    if message.position > last[partition]:
                        last[partition] = message.position
                        steps += message.position - message.previous
                        rows.append((message.child, message.position, message.clock(), message.payload))
                if consumer.position(partition) >= ends[partition]:
                    unread.discard(partition)
            if rows:
                tables.copy("entries", rows)
                copied += len(rows)
                tell(_report(copied, of, steps))
        for number, offset in offsets.items():
            connection.execute(
                SQL("insert into {} values (%s, %s)").format(Identifier(schema, "checkpoint")), (number, offset)
            )
    consumer.close(autocommit=False)
    tell(_report(copied, of, steps, done=True))


def _name(tables: Tables, foreign: list[Foreign]) -> None:
    """Write down which records are foreign or damaged, for `custody verify` to name them."""
    with tables.connection.transaction():
        tables.connection.cursor().executemany(
            SQL("insert into {} values (%s, %s, %s, %s, %s, %s, %s)").format(
                Identifier(tables.schema, "foreign_records")
            ),
            foreign,
        )


def fold_records(settings: Settings, schema: str, first: UUID, beyond: UUID | None, tell: Tell) -> None:
    """Apply every entry of the records from `first` until before `beyond`, and write what they come to."""
    folded = 0
    with connect(settings.database_url) as connection, connect(settings.database_url) as reader:
        _prepare(connection)
        tables = Tables(connection, schema)

        def attempt(messages: Sequence[EntryMessage], held: HeldBack, dry: bool) -> None:
            applying = Applying(settings.zone, lambda _: _NOTHING, alone=True)
            applying.held = held
            for message in messages:
                applying.apply(message)
            changes = applying.take_changes()
            with connection.transaction(force_rollback=dry):
                _write(tables, changes)

        for batch in _batches(_messages(reader, schema, first, beyond)):
            isolated(batch, attempt)
            folded += len(batch)
            tell(_report(folded, folded, 0))
    tell(_report(folded, folded, 0, done=True))


def hold_records(
    settings: Settings, schema: str, reach: tuple[int, int], records: tuple[UUID, UUID | None], tell: Tell
) -> None:
    """Work out what agencies hold of the records from the first until before the other; `reach`: batch and position."""
    batch, position = reach
    done = 0
    with connect(settings.database_url) as connection, connect(settings.database_url) as reader:
        _prepare(connection)
        tables = Tables(connection, schema)
        held_tables = HeldTables(tables)
        for messages in _batches(_messages(reader, schema, *records)):
            payloads = [(m.child, m.payload) for m in messages if m.position <= position and m.child not in STREAMS]
            published = held_tables.published(list({child for child, _ in payloads}), batch)
            held = held_rows(payloads, published, settings.zone)
            for child, reason in held.failed.items():
                print(f"what agencies hold of {child} could not be worked out: {reason}", file=sys.stderr)  # noqa: T201
            with connection.transaction():
                for table, of_table in held.rows.items():
                    tables.copy(table, of_table)
            done += len(messages)
            tell(_report(done, done, 0))
    tell(_report(done, done, 0, done=True))


def _messages(reader: Connection[TupleRow], schema: str, first: UUID, beyond: UUID | None) -> Iterator[EntryMessage]:
    """Yield the entries by record and position; in order by the key, so that nothing is sorted."""
    with reader.transaction(), reader.cursor(name="records", binary=True) as rows:
        reader.execute("set local enable_seqscan = off")
        reader.execute("set local enable_sort = off")
        rows.itersize = BATCH
        rows.execute(
            SQL(
                "select position, child, recorded_at, payload from {}"
                " where child >= %s and (%s::uuid is null or child < %s) order by child, position"
            ).format(Identifier(schema, "entries")),
            (first, beyond, beyond),
        )
        for position, child, recorded_at, payload in rows:
            yield EntryMessage(position, 0, child, recorded_at, 0, 0, payload)


def _batches(messages: Iterator[EntryMessage]) -> Iterator[list[EntryMessage]]:
    """Yield whole records, many together."""
    batch: list[EntryMessage] = []
    for _, record in groupby(messages, itemgetter(2)):
        batch += record
        if len(batch) >= BATCH:
            yield batch
            batch = []
    if batch:
        yield batch


def _write(tables: Tables, changes: Changes) -> None:
    """Write the rows of whole records; their entries are there already, but those that wait go elsewhere."""
    for table, rows in changes.rows():
        match table:
            case "entries":
                pass
            case "identifiers":
                tables.copy(table, _first_of_each(changes.identifiers))
            case _:
                tables.copy(table, rows)
    if changes.parked:
        tables.run(
            "delete from {schema}.entries e using unnest(%b::uuid[], %b::bigint[]) as p(child, position)"
            " where e.child = p.child and e.position = p.position",
            ([row[0] for row in changes.parked], [row[1] for row in changes.parked]),
        )


def _first_of_each(identifiers: list[IdentifierRow]) -> list[IdentifierRow]:
    """Return each turn of an identifier where it stands first, by position; other batches may hold it, too."""
    first: dict[tuple[str, str, int], IdentifierRow] = {}
    for row in identifiers:
        scheme, value, _, position, turn, _ = row
        before = first.get((scheme, value, turn))
        if before is None or position < before[3]:
            first[scheme, value, turn] = row
    return list(first.values())


def _prepare(connection: Connection[TupleRow]) -> None:
    connection.execute("set synchronous_commit = off")  # a rebuild that is cut off begins anew


def _report(entries: int, of: int, steps: int, *, done: bool = False) -> Report:
    return {"entries": entries, "of": of, "steps": steps, "done": done}


def do(settings: Settings, tell: Tell, work: str, schema: str, *given: str) -> None:
    """Do one share of the work."""
    if work == "copy":
        copy_entries(settings, schema, int(given[0]), tuple(int(n) for n in given[1:]), tell)
        return
    first, beyond = UUID(given[-2]), None if given[-1] == "-" else UUID(given[-1])
    if work == "fold":
        fold_records(settings, schema, first, beyond, tell)
    else:
        hold_records(settings, schema, (int(given[0]), int(given[1])), (first, beyond), tell)


if __name__ == "__main__":
    for line in sys.stdin:
        gc.collect()
        gc.freeze()
        gc.disable()  # what a batch leaves is collected after it
        do(read_settings(), lambda report: print(json.dumps(report), flush=True), *json.loads(line))  # noqa: T201
