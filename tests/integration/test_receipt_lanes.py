"""What a follower reads back of an agency's receipts is what it held before it stopped."""

import psycopg
import pytest

from ledger.entry import LedgerEntry, Producer
from ledger.facts import FeedReceipted
from ledger.roles.settings import Settings
from projections.knowledge import receipts
from projections.knowledge.receipts import Lane, ReceiptLanes
from projections.rows.columns import COLUMNS
from projections.tables import writing as store
from projections.tables.versions import connect, live_schema, prepare
from projections.tables.writing import Tables
from tests.histories import ZONE
from tests.knowledge_histories import at


def test_a_lane_read_back_is_the_lane_that_was_held(database_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also when it forgot steps: how late they were is read back, so that an earlier claim still reaches them."""
    monkeypatch.setattr(receipts, "REMEMBERED", 2)
    monkeypatch.setattr(store, "REMEMBERED", 2)
    held = Lane()
    rows = ReceiptLanes(lambda _agency, _level: held)
    with connect(database_url) as connection:
        prepare(connection, Settings(database_url, "", ZONE, "wall"))
        tables = Tables(connection, live_schema(connection))
        assert tables.load_lane("ORR", 1) == Lane()
        for position, up_to, claim in ((5, 1, None), (6, 2, 0.0), (7, 3, None), (8, 3, 3.0), (9, 9, 8.5)):
            fact = FeedReceipted(up_to=up_to, grade="delivered", at=None if claim is None else at(claim))
            producer = Producer("ORR", None, None, "/x")
            entry = LedgerEntry(position, "agency", 1, FeedReceipted.wire, at(position), producer, "s", fact)
            for row in rows.take(entry, fact):
                _insert(connection, live_schema(connection), row)
            assert tables.load_lane("ORR", 1) == held
    assert held.forgotten == at(5)


def _insert(connection: psycopg.Connection[tuple[object, ...]], schema: str, row: tuple[object, ...]) -> None:
    columns = list(COLUMNS["receipts"])
    given = ", ".join(["%s"] * len(columns))
    connection.execute(f"insert into {schema}.receipts ({', '.join(columns)}) values ({given})".encode(), row)
