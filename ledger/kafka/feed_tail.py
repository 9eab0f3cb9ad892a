"""How far Kafka is with what was published: the last batch, the last item of each feed, and if PostgreSQL has them.

A broker that lost power may have lost the end of one topic and not of another, so each is asked for itself.
"""

from collections.abc import Mapping
from functools import partial
from typing import Final, NamedTuple

import psycopg
from psycopg import Cursor
from psycopg.rows import DictRow

from ledger.agencies import RECEIVERS, Agency
from ledger.kafka.genuine import Genuine
from ledger.kafka.tail_reading import last_of, tail_consumer
from ledger.roles.refusals import KafkaAheadError
from ledger.roles.settings import Settings
from ledger.store.feed_bounds import LAST_COLUMN
from ledger.topics import PUBLICATIONS, feed

_COLUMNS: Final = ", ".join(LAST_COLUMN[agency] for agency in RECEIVERS)


class FeedTail(NamedTuple):
    """The last batch on `custody.publications` (0 and nothing: none) and the last number on each feed."""

    batch: int
    body: bytes
    numbers: Mapping[Agency, int]


NOTHING_ON_KAFKA: Final = FeedTail(0, b"", dict.fromkeys(RECEIVERS, 0))


def read_feed_tail(settings: Settings) -> FeedTail:
    """Read the last message of the ledger's on `custody.publications` and on every feed."""
    consumer = tail_consumer(settings.kafka_bootstrap)
    with psycopg.connect(settings.database_url, autocommit=True) as connection:
        genuine = Genuine(connection)
        try:
            last = last_of(
                consumer,
                {
                    PUBLICATIONS: partial(genuine.publication, ahead=True),
                    **{feed(agency): partial(genuine.item, agency, ahead=True) for agency in RECEIVERS},
                },
            )
        finally:
            consumer.close(autocommit=False)
    return FeedTail(*last[PUBLICATIONS], {agency: last[feed(agency)][0] for agency in RECEIVERS})


def check_feeds_not_ahead(tail: FeedTail, cursor: Cursor[DictRow]) -> None:
    """Raise `KafkaAheadError` with the cure where Kafka was told what PostgreSQL does not hold, byte for byte.

    `tail` is read before PostgreSQL is asked: a batch is kept first and told then.
    """
    if tail.batch:
        row = cursor.execute("select body from ledger.publications where number = %s", (tail.batch,)).fetchone()
        if row is None:
            raise KafkaAheadError(
                f"{PUBLICATIONS} holds batch {tail.batch}, which PostgreSQL does not: PostgreSQL was probably restored "
                "from an older backup; nothing was written. Bring back what is missing with `custody recover`, then "
                "start again"
            )
        if bytes(row["body"]) != tail.body:
            raise KafkaAheadError(two_stories(tail.batch))
    kept = cursor.execute(
        f"select number, {_COLUMNS} from ledger.publications order by number desc limit 1".encode()  # noqa: S608
    ).fetchone()
    for agency, number in tail.numbers.items():
        last = 0 if kept is None else kept[LAST_COLUMN[agency]]
        if number > last:
            raise KafkaAheadError(
                f"{feed(agency)} holds item {number}, and what PostgreSQL and {PUBLICATIONS} hold of batches ends at "
                f"item {last}: both lost what was published; nothing was written. Restore the newest backup there is "
                "of either, run `custody recover`, then start again"
            )


def two_stories(number: int) -> str:
    """Return what to say of a batch that differs between the two sides."""
    return (
        f"batch {number} differs between ledger.publications and {PUBLICATIONS}: PostgreSQL was written to after an "
        "older backup was restored, so that two stories stand under one number; nothing was written. Restore "
        "PostgreSQL again to before that, run `custody recover`, then start again"
    )
