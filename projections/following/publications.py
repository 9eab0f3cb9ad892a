"""Following `custody.publications`: what the feeds role has put on which feed, batch by batch, into the read tables."""

from collections.abc import Sequence
from typing import Any, Final

import structlog
from kafka import KafkaConsumer, TopicPartition
from kafka.errors import OffsetOutOfRangeError

from ledger.kafka.entries import METADATA_MS, foreign_record
from ledger.kafka.foreign import keeping_foreign
from ledger.kafka.genuine import Genuine
from ledger.kafka.record_batches import DamagedBatch, unpack_quickly
from ledger.sharing.batches import PublicationBatch, read_batch
from ledger.topics import PUBLICATIONS
from projections.tables.writing import Tables

MOST: Final = 50
_PARTITION: Final = TopicPartition(PUBLICATIONS, 0)


class MissingBatchError(Exception):
    """A batch of publications is not on Kafka, though a later one is."""


def publications_consumer(bootstrap: str) -> KafkaConsumer:
    """Return a consumer of `custody.publications`; where it stands is kept with the rows."""
    consumer = KafkaConsumer(
        bootstrap_servers=bootstrap,
        client_id="custody-publications",
        group_id=None,
        enable_auto_commit=False,
        auto_offset_reset="none",
        isolation_level="read_committed",
        allow_auto_create_topics=False,
        max_poll_records=MOST,
        fetch_max_wait_ms=100,
        metadata_max_age_ms=METADATA_MS,
        check_crcs=True,
        metrics_enabled=False,
    )
    return unpack_quickly(consumer, give_damaged=True)


class Publications:
    """Brings the publications of one version of the tables up to date; batches that are there are passed over."""

    def __init__(self, consumer: KafkaConsumer, tables: Tables, log: structlog.typing.FilteringBoundLogger) -> None:
        self._consumer = consumer
        self._genuine = Genuine(tables.connection)
        self._set_aside = keeping_foreign(tables.connection, consumer, PUBLICATIONS, log)
        self._tables = tables
        self.batch, next_offset = tables.published()
        consumer.assign([_PARTITION])
        begin = consumer.beginning_offsets([_PARTITION])[_PARTITION]
        end = consumer.end_offsets([_PARTITION])[_PARTITION]
        # a Kafka that lost its messages is told them again from the first
        self._from_the_first = not begin <= next_offset <= end
        consumer.seek(_PARTITION, begin if self._from_the_first else next_offset)
        self._read: list[tuple[PublicationBatch, int]] = []

    def read(self, poll_ms: int, up_to: int | None = None) -> list[PublicationBatch]:
        """Return the next batches, none beyond batch `up_to`; raises `MissingBatchError` where one is missing."""
        if not self._read:
            for records in self._poll(poll_ms).values():
                self._sift(records)
        taken: list[PublicationBatch] = []
        while self._read and (up_to is None or self._read[0][0].number <= up_to):
            expected = self.batch + len(taken) + 1
            if self._read[0][0].number > expected and not self._from_the_first:
                # told again, it stands at other offsets than before: what was broken off is not repeated
                self._begin_anew()
                break
            batch, self._next_offset = self._read.pop(0)
            if batch.number > expected:
                raise MissingBatchError(
                    f"{PUBLICATIONS} goes on with batch {batch.number} where batch {expected} should be; nothing of it "
                    "was applied; start the role `feeds` anew, which tells again what Kafka lost of its end, then this "
                    "one. If it is missing still, Kafka lost it from the middle: delete that topic, make it again "
                    "(`custody topics`), and start the role `feeds`: it tells all of it again"
                )
            if batch.number == expected:
                taken.append(batch)
        return taken

    def _sift(self, records: Sequence[Any]) -> None:
        """Take in the ledger's batches; whatever else is on the topic is kept as a dead letter."""
        foreign = []
        for record in records:
            if not isinstance(record, DamagedBatch) and self._genuine.publication(record) is not None:
                self._read.append((read_batch(record.value), record.offset + 1))
            else:
                foreign.append(foreign_record(record))
        if foreign:
            self._set_aside(foreign)

    def _poll(self, poll_ms: int) -> dict[TopicPartition, list[Any]]:
        try:
            polled: dict[TopicPartition, list[Any]] = self._consumer.poll(timeout_ms=poll_ms, max_records=MOST)
        except OffsetOutOfRangeError:
            self._begin_anew()  # the topic was lost while this ran
            return {}
        return polled

    def _begin_anew(self) -> None:
        """Read from the first message on; what is in the tables is passed over."""
        self._from_the_first = True
        self._read.clear()
        self._consumer.seek(_PARTITION, self._consumer.beginning_offsets([_PARTITION])[_PARTITION])

    def at_end(self) -> bool:
        """Return whether nothing more is on Kafka now."""
        return not self._read and bool(
            self._consumer.position(_PARTITION) >= self._consumer.end_offsets([_PARTITION])[_PARTITION]
        )

    def write(self, batches: list[PublicationBatch]) -> None:
        """Write batches just read; in the caller's transaction."""
        self._tables.write_publications(batches, self._next_offset)

    def wrote(self, batches: list[PublicationBatch]) -> None:
        """Go on behind them, now that they are committed."""
        self.batch = batches[-1].number
