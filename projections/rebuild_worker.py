"""`python -m projections.rebuild_worker SCHEMA TARGET PARTITION ...`: one process of a rebuild.

Prints a JSON line after each batch: `{"entries", "of", "steps"}`. A record that merge statements touch is applied as
if it stood alone; the rebuild makes such records anew afterwards.
"""

import json
import re
import sys
from typing import Any, Final

from kafka import KafkaConsumer, TopicPartition
from kafka.errors import CorruptRecordError

from ledger.following import (
    EntryMessage,
    continued_records,
    entries_consumer,
    read_messages,
    start_at,
)
from ledger.process import settle_memory
from ledger.settings import Settings, read_settings
from ledger.topics import ENTRIES
from projections.applying import Applying
from projections.store import Tables, connect

BATCH: Final = 5000


def fill(settings: Settings, schema: str, target: int, partitions: tuple[int, ...]) -> None:
    """Apply every entry of `partitions` up to position `target` to the tables of `schema`."""
    consumer = entries_consumer(settings.kafka_bootstrap, fetch_min_bytes=65_536, fetch_max_wait_ms=100)
    taken = [TopicPartition(ENTRIES, n) for n in partitions]
    start_at(consumer, {}, partitions)
    ends = consumer.end_offsets(taken)
    unread = {partition for partition in taken if consumer.position(partition) < ends[partition]}
    of = sum(ends[partition] - consumer.position(partition) for partition in taken)
    last: dict[TopicPartition, int] = dict.fromkeys(taken, 0)
    applied = steps = 0
    with connect(settings.database_url) as connection:
        connection.execute("set synchronous_commit = off")  # a rebuild that is cut off begins anew
        tables = Tables(connection, schema)
        applying = Applying(settings.zone, tables.load_alone, alone=True)
        settle_memory()
        while unread:
            messages: list[EntryMessage] = []
            offsets: dict[int, int] = {}
            for partition, records in _poll(consumer).items():
                for message in read_messages(records):
                    if message.position > target:
                        unread.discard(partition)
                        consumer.pause(partition)
                        break
                    offsets[partition.partition] = message.offset + 1
                    if message.position > last[partition]:
                        last[partition] = message.position
                        steps += message.position - message.previous
                        messages.append(message)
                if consumer.position(partition) >= ends[partition]:
                    unread.discard(partition)
            if not offsets:
                continue
            applying.prepare(continued_records(messages) - applying.parked)
            for message in messages:
                applying.apply(message)
            with connection.transaction():
                tables.write(applying.take_changes(), offsets, 0, None)
            applying.evict()
            applied += len(messages)
            print(json.dumps({"entries": applied, "of": of, "steps": steps}), flush=True)  # noqa: T201
    consumer.close(autocommit=False)
    print(json.dumps({"entries": applied, "of": of, "steps": steps}), flush=True)  # noqa: T201


def _poll(consumer: KafkaConsumer) -> dict[TopicPartition, list[Any]]:
    """Read on; over a batch that fails its checksum step by step, so that what lies behind it is still read."""
    try:
        polled: dict[TopicPartition, list[Any]] = consumer.poll(timeout_ms=1000, max_records=BATCH)
    except CorruptRecordError as error:
        where = re.search(r"partition=(\d+)\)", str(error))
        if where is None:
            raise
        partition = TopicPartition(ENTRIES, int(where[1]))
        offset = consumer.position(partition)
        print(f"custody.entries partition {where[1]}: the message at offset {offset} is damaged", file=sys.stderr)  # noqa: T201
        consumer.seek(partition, offset + 1)
        return {}
    return polled


if __name__ == "__main__":
    fill(read_settings(), sys.argv[1], int(sys.argv[2]), tuple(int(n) for n in sys.argv[3:]))
