"""Recovery of what was published: batches that Kafka holds and a restored PostgreSQL does not come back as they were.

The body of a batch is its message on `custody.publications`, so stamps and numbers are what they were, to the byte.
Where reading `custody.entries` goes on is not told on Kafka: the feeds role begins at the first message and passes
over what is published. What batches put off because a record was blocked is kept again as they say it.
"""

from collections.abc import Callable, Sequence
from functools import partial
from typing import Final

import psycopg
from psycopg import Cursor
from psycopg.rows import DictRow

from ledger.kafka.feed_tail import two_stories
from ledger.kafka.genuine import Genuine
from ledger.kafka.topic_messages import TopicMessages
from ledger.roles.refusals import KafkaAheadError
from ledger.roles.settings import Settings
from ledger.sharing.batches import PublicationBatch, columns_of, read_batch
from ledger.store import deferring
from ledger.store.eventstore import Ledger
from ledger.store.feed_bounds import LAST_COLUMN
from ledger.times import read_clock
from ledger.topics import PUBLICATIONS

TOGETHER: Final = 500
"""Batches a transaction."""


def recover_publications(ledger: Ledger, settings: Settings, say: Callable[[int, int], None]) -> int:
    """Insert every batch that Kafka holds beyond PostgreSQL's last; returns how many. The entries come back first.

    Every batch that both hold is compared before. Raises `KafkaAheadError` where one differs, where one is missing,
    and where one publishes entries that did not come back; what came before it stays.
    """
    messages, connection = _messages(settings)
    with ledger.datastore.transaction() as cursor:
        last = _last(cursor)
        position = ledger.entries.last(cursor)[0]
    recovered, number = 0, 0
    try:
        while page := _next(messages):
            with ledger.datastore.transaction(commit=True) as cursor:
                ledger.entries.lock(cursor)  # nobody records meanwhile, nor settles
                both = [(batch, body) for batch, body in page if batch.number <= last]
                _require_same(cursor, both)
                for batch, body in page[len(both) :]:
                    _require_next(batch, max(number, last), position)
                    _insert(cursor, batch, body)
                    number = batch.number
                    recovered += 1
            say(page[-1][0].number, last)
        if messages.damaged:
            raise KafkaAheadError(
                f"the message at offset {messages.damaged[0]} of {PUBLICATIONS} is damaged; {recovered} batches were "
                "brought back, and nothing from there on. `custody verify` says more"
            )
    finally:
        messages.close()
        connection.close()
    return recovered


def check_same_publications(ledger: Ledger, settings: Settings) -> None:
    """Raise `KafkaAheadError` where a batch that both sides hold differs; before anything is brought back."""
    messages, connection = _messages(settings)
    try:
        with ledger.datastore.transaction() as cursor:
            last = _last(cursor)
            while page := _next(messages):
                _require_same(cursor, [(batch, body) for batch, body in page if batch.number <= last])
                if page[-1][0].number >= last:
                    return
    finally:
        messages.close()
        connection.close()


def _messages(settings: Settings) -> tuple[TopicMessages, psycopg.Connection]:
    connection = psycopg.connect(settings.database_url, autocommit=True)
    number_of = partial(Genuine(connection).publication, ahead=True)
    return TopicMessages(settings.kafka_bootstrap, PUBLICATIONS, number_of), connection


def _next(messages: TopicMessages) -> list[tuple[PublicationBatch, bytes]]:
    page: list[tuple[PublicationBatch, bytes]] = []
    while len(page) < TOGETHER and (message := messages.peek()) is not None:
        page.append((read_batch(message.record.value), message.record.value))
        messages.take()
    return page


def _last(cursor: Cursor[DictRow]) -> int:
    row = cursor.execute("select coalesce(max(number), 0) as last from ledger.publications").fetchone()
    assert row is not None
    return int(row["last"])


def _require_same(cursor: Cursor[DictRow], batches: Sequence[tuple[PublicationBatch, bytes]]) -> None:
    cursor.execute(
        "select number, body from ledger.publications where number = any(%b)", ([batch.number for batch, _ in batches],)
    )
    kept = {row["number"]: bytes(row["body"]) for row in cursor}
    for batch, body in batches:
        if kept.get(batch.number) != body:
            raise KafkaAheadError(two_stories(batch.number))


def _require_next(batch: PublicationBatch, last: int, position: int) -> None:
    if batch.number != last + 1:
        raise KafkaAheadError(
            f"{PUBLICATIONS} goes on with batch {batch.number} where batch {last + 1} should be: Kafka lost it; "
            f"nothing from batch {last + 1} on was brought back"
        )
    if batch.to_position > position:
        raise KafkaAheadError(
            f"batch {batch.number} publishes entries up to position {batch.to_position}, and the entries that came "
            f"back end at {position}; nothing from that batch on was brought back. Restore a newer backup, then "
            "recover again"
        )


def _insert(cursor: Cursor[DictRow], batch: PublicationBatch, body: bytes) -> None:
    cursor.execute(
        f"insert into ledger.publications (number, to_position, published_at, {', '.join(LAST_COLUMN.values())},"  # noqa: S608
        " offsets, body) values (%s, %s, %s, %s, %s, %s, %s, %s, %s, '{}', %s)".encode(),
        (
            batch.number,
            batch.to_position,
            read_clock(batch.published_at),
            *columns_of(batch.last),
            body,
        ),
    )
    deferring.keep(cursor, batch)
