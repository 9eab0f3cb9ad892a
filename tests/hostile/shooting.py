"""Puts shots on Kafka as their senders would, and finds out what became of each."""

from collections import Counter
from collections.abc import Iterable

import orjson
import psycopg
from kafka import KafkaProducer

from ledger.agencies import PRODUCERS
from ledger.topics import outcomes
from tests.hostile.shots import CODECS, Shot
from tests.topic_records import records_of

PATIENCE_SECONDS = 60


class Barrel:
    """A producer for each codec."""

    def __init__(self, bootstrap: str) -> None:
        self._producers = {
            codec: KafkaProducer(
                bootstrap_servers=bootstrap,
                acks="all",
                compression_type=codec,
                max_request_size=32 * 1_048_576,
                allow_auto_create_topics=False,
            )
            for codec in CODECS
        }

    def fire(self, shots: Iterable[Shot]) -> Counter[str]:
        """Send them in order and wait until Kafka has them; return how many went to each topic."""
        sent: Counter[str] = Counter()
        futures = []
        for shot in shots:
            producer = self._producers[shot.codec]
            headers = [(name, value) for name, value in shot.headers if value is not None]
            futures.append(
                producer.send(shot.topic, value=shot.value, key=shot.key, headers=headers, partition=shot.partition)
            )
            sent[shot.topic] += 1
        for future in futures:
            future.get(timeout=PATIENCE_SECONDS)
        return sent

    def close(self) -> None:
        """Close the producers."""
        for producer in self._producers.values():
            producer.close()


def unanswered(bootstrap: str, database_url: str, topics: list[str]) -> list[str]:
    """Return where a record stands on these topics that got no outcome and is kept as no dead letter either."""
    answered: set[object] = set()
    for record in records_of(bootstrap, [outcomes(agency) for agency in PRODUCERS]):
        submission = orjson.loads(record.value)["submission"]
        answered.add((submission["source"], submission["id"]))
    with psycopg.connect(database_url) as connection:
        kept = set(connection.execute('select topic, partition, "offset" from ledger.set_aside').fetchall())
    missing = []
    for record in records_of(bootstrap, topics):
        given: dict[str, list[bytes | None]] = {}
        for name, value in record.headers:
            given.setdefault(name.lower().replace("ce-", "ce_"), []).append(value)
        key = tuple(
            values[0].decode("utf-8", "replace") if len(values := given.get(name, [])) == 1 and values[0] else None
            for name in ("ce_source", "ce_id")
        )
        if key not in answered and _inner_key(record.value) not in answered:
            place = (record.topic, record.partition, record.offset)
            if place not in kept:
                missing.append(
                    f"{record.topic} {record.partition} {record.offset}: {record.headers} {record.value!r:.300}"
                )
    return missing


def _inner_key(value: bytes | None) -> tuple[str, str] | None:
    """Return the key that stands in an event of structured form, if one does."""
    try:
        event = orjson.loads(value or b"")
    except orjson.JSONDecodeError:
        return None
    if isinstance(event, list) and event:
        event = event[0]
    source, id = (event.get("source"), event.get("id")) if isinstance(event, dict) else (None, None)
    return (source, id) if isinstance(source, str) and isinstance(id, str) else None
