"""A drawn history in the read tables, written by the projections' own code, in the batches the feeds would publish."""

from collections.abc import Sequence
from itertools import groupby
from typing import Any
from uuid import UUID

from psycopg import Connection

from ledger.agencies import RECEIVERS
from ledger.entry import Entry, LedgerEntry, Producer, value
from ledger.facts import FeedReceipted
from ledger.kafka.entries import EntryMessage
from ledger.roles.logs import configure
from ledger.roles.settings import Settings
from ledger.sharing.batches import NOTHING_PUBLISHED, Numbers, Publication, PublicationBatch
from ledger.times import write_clock
from projections.following.applying import Applying
from projections.following.holdings import HoldingsFollower
from projections.knowledge.receipts import Lane, ReceiptLanes
from projections.tables.versions import key_entries, live_schema, make_held_keys, make_keys, make_version, prepare
from projections.tables.writing import Tables
from projections.tables.writing_holdings import HeldTables
from tests.histories import ZONE, state_of
from tests.knowing import publications, signed
from tests.knowledge_histories import Drawn
from tests.oracle.knowledge import Signed


def valid_receipts(drawn: Drawn) -> Drawn:
    """Return the history with receipts as intake accepts them: of numbers published before."""
    kept: list[Any] = []
    published = publications(drawn)
    for position, agency, grade, claim, signed_for in drawn.receipts:
        there = [
            one.numbers[agency]
            for one in published
            if agency in one.numbers and one.at < write_clock(signed_at(position))
        ]
        numbers: Any = 0
        if there and isinstance(signed_for, int):
            numbers = min(signed_for, max(there))
        elif there:
            numbers = tuple(number for number in signed_for if number <= max(there))
        if numbers:
            kept.append((position, agency, grade, claim, numbers))
    return Drawn(drawn.entries, drawn.adoptions, kept, drawn.stamps)


def signed_at(position: int) -> Any:
    """Return the ledger time of a receipt."""
    return signed(Drawn([], [], [(position, "ORR", "delivered", None, 1)], {}))[0].recorded_at


def payload(entry: Entry, version: int) -> bytes:
    """Return an entry as it stands on Kafka."""
    return value(position=entry.position, child=entry.child, version=version, wire=entry.type, state=state_of(entry))


def batches(drawn: Drawn, per_batch: int) -> list[PublicationBatch]:
    """Return what was published, a batch for each stamp, or for several where every item has its own."""
    by_stamp = [list(items) for _, items in groupby(publications(drawn), lambda one: one.at)]
    last: dict[Any, int] = dict.fromkeys(RECEIVERS, 0)
    told: list[PublicationBatch] = []
    stamps = sorted({write_clock(stamp) for stamp in drawn.stamps.values()})
    for start in range(0, len(stamps), per_batch):
        its = stamps[start : start + per_batch]
        items = [item for same in by_stamp if same[0].at in its for item in same]
        to = max(position for position, stamp in drawn.stamps.items() if write_clock(stamp) in its)
        told.append(_batch(len(told) + 1, to, its[-1], last, items))
    return told


def _batch(number: int, to: int, at: str, last: dict[Any, int], items: Sequence[Publication]) -> PublicationBatch:
    for item in items:
        last.update(item.numbers)
    numbers: Numbers = dict(last)
    return NOTHING_PUBLISHED._replace(number=number, to_position=to, published_at=at, last=numbers, items=items)


def fill_drawn(connection: Connection[Any], database_url: str, drawn: Drawn, per_batch: int, at_once: int) -> bool:
    """Make the read tables anew, and fill them; what is held is worked out every `at_once` batches.

    Returns whether that can be: intake would not have taken a merge with a record that has no entry.
    """
    prepare(connection, Settings(database_url, "", ZONE, "wall"))
    connection.execute("create schema if not exists ledger")
    connection.execute("create table if not exists ledger.stored_events (state bytea, notification_id bigint)")
    schema = live_schema(connection)
    make_version(connection, schema)
    key_entries(connection, schema)
    make_keys(connection, schema)
    make_held_keys(connection, schema)
    prepare(connection, Settings(database_url, "", ZONE, "wall"))
    tables = Tables(connection, schema)
    applying = Applying(ZONE, tables.load)
    versions: dict[Any, int] = {}
    for entry in drawn.entries:
        if "other" in entry.resolved and not versions.keys() >= {entry.child, UUID(entry.resolved["other"])}:
            return False
        versions[entry.child] = versions.get(entry.child, 0) + 1
        message = EntryMessage(
            entry.position,
            0,
            entry.child,
            write_clock(entry.recorded_at),
            0,
            0,
            payload(entry, versions[entry.child]),
        )
        applying.prepare({entry.child})
        applying.apply(message)
        with connection.transaction():
            tables.write(applying.take_changes(), {}, entry.position, entry.recorded_at)
    assert not applying.parked
    _write_receipts(tables, signed(drawn))
    last = max(drawn.stamps)
    connection.execute(
        f"update {schema}.progress set position = %s, recorded_at = greatest(recorded_at, %s)",
        (last, max(drawn.stamps.values())),
    )
    holdings = HoldingsFollower(HeldTables(tables), ZONE, configure("test"))
    told = batches(drawn, per_batch)
    for start in range(0, len(told), at_once):
        tables.write_publications(told[start : start + at_once], 0)
        holdings.batch = holdings.step()
    return True


def _write_receipts(tables: Tables, receipts: Sequence[Signed]) -> None:
    lanes = ReceiptLanes(lambda _agency, _level: Lane())
    for one in receipts:
        up_to = max(one.numbers) if one.numbers == frozenset(range(1, max(one.numbers) + 1)) else None
        signed_for: dict[str, Any] = {"numbers": tuple(sorted(one.numbers))} if up_to is None else {"up_to": up_to}
        fact = FeedReceipted.model_validate({**signed_for, "grade": one.grade, "at": one.at})
        entry = LedgerEntry(
            one.position,
            "agency",
            1,
            FeedReceipted.wire,
            one.recorded_at,
            Producer(one.agency, None, None, "/x"),  # type: ignore[arg-type]
            "s",
            fact,
        )
        rows = lanes.take(entry, fact)
        if rows:
            tables.insert("receipts", rows)
