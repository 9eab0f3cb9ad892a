"""How far Kafka is with what was published: the last batch, the last item of each feed, and if PostgreSQL has them.

A broker that lost power may have lost the end of one topic and not of another, so each is asked for itself.
"""

import time
from collections.abc import Mapping
from typing import Any, Final, NamedTuple

import orjson
from kafka import KafkaConsumer, TopicPartition
from psycopg import Cursor
from psycopg.rows import DictRow

from ledger.agencies import RECEIVERS, Agency
from ledger.feed_bounds import LAST_COLUMN
from ledger.tail import PATIENCE_MS, KafkaAheadError, tail_consumer
from ledger.topics import PUBLICATIONS, feed

GLANCE_MS: Final = 100
_COLUMNS: Final = ", ".join(LAST_COLUMN[agency] for agency in RECEIVERS)


class FeedTail(NamedTuple):
    """The last batch on `custody.publications` (0 and nothing: none) and the last number on each feed."""

    batch: int
    body: bytes
    numbers: Mapping[Agency, int]


NOTHING_ON_KAFKA: Final = FeedTail(0, b"", dict.fromkeys(RECEIVERS, 0))


def read_feed_tail(bootstrap: str) -> FeedTail:
    """Read the last message of `custody.publications` and of every feed."""
    consumer = tail_consumer(bootstrap)
    try:
        body = last_value(consumer, bootstrap, PUBLICATIONS)
        numbers = {agency: _number(last_value(consumer, bootstrap, feed(agency))) for agency in RECEIVERS}
    finally:
        consumer.close(autocommit=False)
    return FeedTail(_number(body), body, numbers)


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


def _number(value: bytes) -> int:
    return int(orjson.loads(value)["number"]) if value else 0


def last_value(consumer: KafkaConsumer, bootstrap: str, topic: str) -> bytes:
    """Return the last message of a topic's one partition, nothing when there is none.

    Markers of transactions take offsets, too, and what was aborted is passed over: the last one may stand some way
    before the end.
    """
    partition = TopicPartition(topic, 0)
    consumer.assign([partition])
    begin, end = consumer.beginning_offsets([partition])[partition], consumer.end_offsets([partition])[partition]
    back = 16
    while end > begin:
        start = max(begin, end - back)
        consumer.seek(partition, start)
        last: Any = None
        moved_at = time.monotonic()
        while (before := consumer.position(partition)) < end:
            # a broken-off transaction brings nothing, however long it is waited for: the position moves all the same
            for records in consumer.poll(timeout_ms=GLANCE_MS).values():
                last = records[-1].value
            if consumer.position(partition) > before:
                moved_at = time.monotonic()
            elif time.monotonic() - moved_at > PATIENCE_MS / 1000:
                raise TimeoutError(f"{topic}: no answer from Kafka at {bootstrap} within {PATIENCE_MS // 1000} s")
        if last is not None:
            return bytes(last)
        if start == begin:
            break
        back *= 8
    return b""
