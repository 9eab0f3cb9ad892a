"""Reading feeds as an agency does, for tests of what stands on them."""

from collections.abc import Sequence
from typing import Any, NamedTuple

import orjson
from kafka import KafkaConsumer, TopicPartition

from ledger.agencies import RECEIVERS, Agency
from ledger.topics import feed
from tests.integration.flow import Flow, until


class Received(NamedTuple):
    """One item of a feed."""

    id: str
    time: str
    value: bytes

    @property
    def body(self) -> dict[str, Any]:
        body: dict[str, Any] = orjson.loads(self.value)
        return body


def on_feed(ledger: Flow, agency: Agency) -> list[Received]:
    """Return the items on an agency's feed, those committed."""
    consumer = KafkaConsumer(
        bootstrap_servers=ledger.settings.kafka_bootstrap,
        group_id=None,
        enable_auto_commit=False,
        auto_offset_reset="earliest",
        isolation_level="read_committed",
    )
    try:
        partition = TopicPartition(feed(agency), 0)
        consumer.assign([partition])
        end = consumer.end_offsets([partition])[partition]
        found: list[Received] = []
        consumer.seek_to_beginning(partition)
        while consumer.position(partition) < end:
            for record in consumer.poll(timeout_ms=1000).get(partition, ()):
                headers = dict(record.headers)
                found.append(Received(headers["ce_id"].decode(), headers["ce_time"].decode(), record.value))
        return found
    finally:
        consumer.close()


def on_feeds(ledger: Flow) -> dict[Agency, list[Received]]:
    """Return the items on all feeds."""
    return {agency: on_feed(ledger, agency) for agency in RECEIVERS}


def published(ledger: Flow, position: int | None = None) -> int:
    """Wait until every entry (up to `position`) is published, and answers reach so far; return the last position."""
    last = position
    if last is None:
        last = ledger.rows("select coalesce(max(notification_id), 0) from ledger.stored_events")[0][0]
    until(lambda: ledger.rows("select position from read.publishing_v1")[0][0] >= last)
    stamp = ledger.rows("select published_at from read.publishing_v1")[0][0]
    until(lambda: stamp is None or ledger.rows("select complete_to >= %s from read.publishing_v1", stamp) == [(True,)])
    return int(last)


def numbered(items: Sequence[Received]) -> list[int]:
    """Return the numbers on a feed, as its items say."""
    return [item.body["number"] for item in items]
