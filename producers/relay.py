"""The relay: puts every entry on `custody.entries` and every outcome on its agency's topic, in order.

PostgreSQL decides, Kafka tells. An entry is sent as its bytes are, to the partition of its child, with the preceding
position in `ce_previous`, so that a reader of several partitions sees that nothing is missing. After a crash the last
entry of each partition on Kafka says what was sent already, so no position is sent twice; outcomes may come twice
(same `ce_id`). Where Kafka lost what it had, the relay starts over and sends what is missing.
"""

import time
from collections import defaultdict
from collections.abc import Callable, Sequence
from functools import cache
from typing import Any, Final
from uuid import UUID

import orjson
import psycopg
import structlog
from eventsourcing.persistence import Notification
from kafka import KafkaProducer, TopicPartition
from psycopg.rows import DictRow, dict_row

from ledger.agencies import PRODUCERS
from ledger.entry import recorded_at_of, value
from ledger.kafka.genuine import Genuine
from ledger.kafka.seals import SEAL
from ledger.kafka.tail import Tail, check_not_ahead
from ledger.kafka.topics_watch import TopicLostError, TopicsWatch, written
from ledger.roles.settings import Settings
from ledger.roles.single_work import SingleWork
from ledger.rules.outcomes import WIRE, accepted, fitting
from ledger.store.eventstore import Ledger
from ledger.times import write_clock
from ledger.topics import ENTRIES, LARGEST_MESSAGE_BYTES, outcomes, partition_of
from producers.kafka.batches import Envelope, Outgoing, append, look_up

BATCH: Final = 2000
IDLE_SECONDS: Final = 0.5
REST_SECONDS: Final = 0.005
"""The shortest wait, however many hints come."""
SEND_SECONDS: Final = 60.0
MOST_KEY_BYTES: Final = 4096
SOURCE: Final = "/custody-ledger"

_TOPICS: Final = (ENTRIES, *map(outcomes, PRODUCERS))
_OUTCOME: Final = Envelope(source=SOURCE, type=WIRE)
_TOPIC: Final = ENTRIES.encode()

Sent = list[Any]
"""Futures of one batch."""


@cache
def _entry(wire: str) -> Envelope:
    return Envelope(source=SOURCE, type=wire, extra=("previous", SEAL))


def relay_producer(bootstrap: str) -> KafkaProducer:
    """Return the producer: idempotent, so that retries neither double nor reorder what a partition holds."""
    return KafkaProducer(
        bootstrap_servers=bootstrap,
        client_id="custody-relay",
        enable_idempotence=True,
        acks="all",
        retries=2**31,
        delivery_timeout_ms=int(SEND_SECONDS * 1000),
        request_timeout_ms=20_000,
        max_in_flight_requests_per_connection=5,
        linger_ms=0,  # what is appended goes out at once: it is all there is
        batch_size=262_144,
        compression_type="lz4",
        max_request_size=2 * LARGEST_MESSAGE_BYTES,
        max_block_ms=30_000,
        allow_auto_create_topics=False,
        metrics_enabled=False,
    )


class Relay:
    """Sends entries and outcomes from where Kafka stands; one batch is on its way while the next is read."""

    def __init__(
        self,
        ledger: Ledger,
        settings: Settings,
        producer: KafkaProducer,
        log: structlog.typing.FilteringBoundLogger,
    ) -> None:
        self._ledger = ledger
        self._producer = producer
        self._log = log
        database_url = settings.database_url
        self._topics = TopicsWatch(settings.kafka_bootstrap, _TOPICS)
        self._topic_id: str | None = None
        self._only = SingleWork(database_url, "relay")  # two relays would break the order within a partition
        self._connection = psycopg.connect(database_url, autocommit=True, row_factory=dict_row)
        self._genuine = Genuine(self._connection)
        self._position = 0
        self._outcome = 0
        self._on_kafka: dict[int, int] = {}
        self._ends: dict[int, int] = {}

    def begin(self, read_tail: Callable[[], Tail], stopped: Callable[[], bool]) -> None:
        """Wait to be the only relay, then find where to go on; raises `KafkaAheadError` with the cure."""
        if not self._only.wait(
            stopped, lambda: self._log.warning("relay.waits", reason="another relay runs on this database")
        ):
            return
        made = self._topics.begin()
        look_up(self._producer, _TOPICS)
        tail = read_tail()  # only now: another relay may have been sending until a moment ago
        self._connection.execute("listen stored_events")
        with self._connection.cursor(row_factory=dict_row) as cursor:
            check_not_ahead(tail, cursor)
            cursor.execute("select name, position, kafka_end, topic_id from ledger.relay_checkpoint")
            self._genuine.begin()
            checkpoints: dict[str, DictRow] = {row["name"]: row for row in cursor}
        self._on_kafka = tail.positions
        self._ends = dict(tail.ends)
        entries = checkpoints.get("entries")
        self._topic_id = written(self._topics.ids.get(ENTRIES))
        if entries is not None and entries["topic_id"] in (None, self._topic_id) and _holds(tail, entries["kafka_end"]):
            self._position = entries["position"]
        elif entries is not None:
            self._log.warning(
                "relay.starts_over", reason="Kafka holds less than was sent", position=entries["position"]
            )
        if "outcomes" in checkpoints:
            self._outcome = checkpoints["outcomes"]["position"]
        self._log.info("relay.begins", position=self._position, outcome=self._outcome, topics_made=made)

    def run(self, stopped: Callable[[], bool]) -> None:
        """Send what there is, then wait to be woken, until `stopped`."""
        on_its_way: tuple[Sent, int] | None = None
        while not stopped():
            self._only.require()
            self._topics.look()
            batch = self._ledger.entries.select_notifications(
                start=self._position, limit=BATCH, inclusive_of_start=False
            )
            sent = self._send_entries(batch) if batch else []
            if on_its_way is not None:
                self._settle(*on_its_way)
            on_its_way = (sent, self._position) if batch else None
            answered = self._send_outcomes()
            if batch and len(batch) == BATCH:
                continue
            if on_its_way is not None:
                self._settle(*on_its_way)
                on_its_way = None
            if not batch and not answered:
                self._wait()
        if on_its_way is not None:
            self._settle(*on_its_way)

    def _wait(self) -> None:
        """Wait for a hint that there is more; it says nothing else, and any login can give it, as often as it likes."""
        began = time.monotonic()
        for _ in self._connection.notifies(timeout=IDLE_SECONDS, stop_after=1):
            pass
        time.sleep(max(0.0, min(REST_SECONDS, began + REST_SECONDS - time.monotonic())))

    def close(self) -> None:
        """Let another relay go on."""
        self._connection.close()
        self._only.close()

    def _send_entries(self, batch: Sequence[Notification]) -> Sent:
        outgoing: dict[TopicPartition, list[Outgoing]] = defaultdict(list)
        for event in batch:
            position, child, version, state = event.id, event.originator_id, event.originator_version, event.state
            assert isinstance(child, UUID)
            partition = partition_of(child)
            time = recorded_at_of(state)
            if position > self._on_kafka.get(partition, 0):
                body = value(position=position, child=child, version=version, wire=event.topic, state=state)
                id, previous, key = str(position), str(self._position), str(child).encode()
                seal = self._genuine.seals.seal(_TOPIC, key, id.encode(), time.encode(), previous.encode(), body)
                outgoing[TopicPartition(ENTRIES, partition)].append(
                    Outgoing(body, _entry(event.topic).stamped(time, previous, seal).of(id), key)
                )
            # an outcome may come twice: a crash between the two sends must not leave a submission unanswered
            agency, submission_id, answer = accepted(position=position, child=child, version=version, state=state)
            outgoing[TopicPartition(outcomes(agency), 0)].append(
                Outgoing(fitting(answer), _OUTCOME.stamped(time).of(f"entry-{position}"), _key(submission_id))
            )
            self._position = position
        return append(self._producer, outgoing)

    def _send_outcomes(self) -> int:
        """Send refusals and duplicates; they are told by no entry."""
        rows = self._connection.execute(
            "select number, agency, submission_id, body, clock_timestamp() as now from ledger.outcomes"
            " where number > %s order by number limit %s",
            (self._outcome, BATCH),
        ).fetchall()
        if not rows:
            return 0
        outgoing: dict[TopicPartition, list[Outgoing]] = defaultdict(list)
        for row in rows:
            outgoing[TopicPartition(outcomes(row["agency"]), 0)].append(
                Outgoing(
                    fitting(bytes(row["body"])),
                    _OUTCOME.stamped(write_clock(row["now"])).of(f"outcome-{row['number']}"),
                    _key(row["submission_id"]),
                )
            )
        sent = append(self._producer, outgoing)
        for future in sent:
            future.get(timeout=SEND_SECONDS)
        self._outcome = rows[-1]["number"]
        self._checkpoint("outcomes", self._outcome, {})
        return len(rows)

    def _settle(self, sent: Sent, position: int) -> None:
        """Wait until Kafka has all of a batch, then move the checkpoint; any failed send stops the relay."""
        for future in sent:
            metadata = future.get(timeout=SEND_SECONDS)
            if metadata.topic == ENTRIES:
                if metadata.offset < self._ends.get(metadata.partition, 0):
                    raise TopicLostError(f"{ENTRIES} was made again while it was written to; the relay begins again")
                self._ends[metadata.partition] = metadata.offset + 1
        self._checkpoint("entries", position, self._ends)

    def _checkpoint(self, name: str, position: int, ends: dict[int, int]) -> None:
        self._connection.execute(
            "insert into ledger.relay_checkpoint (name, position, kafka_end, topic_id) values (%s, %s, %s::jsonb, %s)"
            " on conflict (name) do update set position = excluded.position, kafka_end = excluded.kafka_end,"
            " topic_id = excluded.topic_id",
            (name, position, orjson.dumps({str(n): end for n, end in ends.items()}).decode(), self._topic_id),
        )


def _key(submission_id: str) -> bytes:
    """Return the key of an outcome: the id it answers, as far as a key may be long."""
    return submission_id.encode()[:MOST_KEY_BYTES]


def _holds(tail: Tail, ends: dict[str, int]) -> bool:
    """Return whether Kafka reaches as far as it did when the checkpoint was written."""
    return all(tail.ends.get(int(n), 0) >= end for n, end in ends.items())
