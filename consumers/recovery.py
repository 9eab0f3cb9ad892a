"""Recovery: brings entries back from Kafka into a PostgreSQL that was restored from an older backup.

Either side can be rebuilt from the other: an entry carries its fact, its identifiers and its submission's key and
digest, so the event store, the identifiers and the idempotency keys follow from it. Refusals of the lost time do not;
messages of the intake topics that were answered in it are read again and found to be duplicates.
"""

from collections.abc import Callable, Collection, Sequence
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import orjson
import psycopg
from psycopg import Cursor
from psycopg.rows import DictRow

from ledger.entry import Recorded, value
from ledger.kafka.entries import BATCH, EntryMessage, Foreign, InOrder, entries_consumer
from ledger.kafka.genuine import Genuine
from ledger.kafka.tail import Tail, read_tail
from ledger.roles.refusals import KafkaAheadError
from ledger.roles.settings import Settings
from ledger.store.eventstore import Ledger
from ledger.topics import ENTRIES


def recover(
    ledger: Ledger, settings: Settings, say: Callable[[int, int], None], *, foreign: Collection[tuple[int, int]] = ()
) -> int:
    """Insert every entry that Kafka holds beyond PostgreSQL's last; returns how many. Stop the roles first.

    What is not sealed by this ledger is passed over, unless sealing had not begun when the backup was made; then two
    records that claim one position are both named, and `foreign` (partition, offset) says which is not the ledger's.
    Raises `KafkaAheadError` there, and when PostgreSQL was written to after the restore: then it cannot be mended here.
    """
    bootstrap = settings.kafka_bootstrap
    tail = read_tail(settings)
    goal = max(tail.positions.values())
    with ledger.datastore.transaction() as cursor:
        last, _ = ledger.entries.last(cursor)
        _check_same_story(tail, cursor, last)
    consumer = entries_consumer(bootstrap)
    connection = psycopg.connect(settings.database_url, autocommit=True)
    claims = PositionClaims(Genuine(connection), last, foreign)
    reading = InOrder(consumer, last, {}, sift=claims.sift, set_aside=lambda _: None)
    recovered = 0
    began = datetime.now(UTC)
    try:
        while reading.last < goal:
            reading.read(1000)
            messages = reading.take(BATCH)
            if messages:
                with ledger.datastore.transaction(commit=True) as cursor:
                    ledger.entries.lock(cursor)
                    if ledger.entries.last(cursor)[0] != messages[0].previous:
                        raise KafkaAheadError("another process wrote to the ledger; stop all roles, then recover again")
                    _insert(ledger, cursor, messages)
                claims.last = reading.last
                recovered += len(messages)
                began = datetime.now(UTC)
                say(reading.last, goal)
            elif (datetime.now(UTC) - began).total_seconds() > 60:
                raise KafkaAheadError(
                    f"{recovered} entries were brought back; the one after position {reading.last} is missing on "
                    "Kafka, so nothing after it can be"
                )
    finally:
        consumer.close(autocommit=False)
        connection.close()
    return recovered


class PositionClaims:
    """Which records may come back as entries; raises `KafkaAheadError` where two that may claim one position."""

    def __init__(self, genuine: Genuine, last: int, foreign: Collection[tuple[int, int]]) -> None:
        self.last = last
        """The position brought back last: up to it PostgreSQL says what stands where."""
        self._genuine = genuine
        self._foreign = frozenset(foreign)
        self._claimed: dict[int, EntryMessage] = {}

    def sift(self, records: Sequence[Any]) -> tuple[list[EntryMessage], list[Foreign]]:
        """Return what may be entries; all else is passed over."""
        given = [one for one in records if (one.partition, one.offset) not in self._foreign]
        ours, strange = self._genuine.entries(given)
        if self._genuine.begun:
            return ours, strange
        claimed = self._genuine.claimed(given)
        known = {message.position for message in ours}
        for message in claimed:
            other = self._claimed.setdefault(message.position, message)
            if other.payload != message.payload:
                raise KafkaAheadError(_two_claim(message.position, [other, message]))
            if message.position <= self.last and message.position not in known:
                raise KafkaAheadError(_two_claim(message.position, [message]))
        self._claimed = {position: one for position, one in self._claimed.items() if position > self.last}
        return claimed, []


def _two_claim(position: int, claims: Sequence[EntryMessage]) -> str:
    places = " and ".join(f"partition {one.partition} offset {one.offset}" for one in claims)
    other = " and what PostgreSQL holds" if len(claims) == 1 else ""
    return (
        f"position {position} is claimed twice, by {places} of {ENTRIES}{other}; nothing from there on was brought "
        "back. Say which is not the ledger's with `custody recover --foreign PARTITION:OFFSET`"
    )


def _check_same_story(tail: Tail, cursor: Cursor[DictRow], last: int) -> None:
    for partition, position in tail.positions.items():
        row = cursor.execute(
            "select originator_id, originator_version, topic, state from ledger.stored_events"
            " where notification_id = %s",
            (position,),
        ).fetchone()
        if position and position <= last and (row is None or _message(position, row) != tail.last[partition]):
            raise KafkaAheadError(
                f"entry {position} is not the same in PostgreSQL as on Kafka: PostgreSQL was written to after it was "
                "restored; nothing was changed. Restore the backup again, and recover before starting any role"
            )


def _message(position: int, row: DictRow) -> bytes:
    return value(
        position=position,
        child=row["originator_id"],
        version=row["originator_version"],
        wire=row["topic"],
        state=bytes(row["state"]),
    )


def _insert(ledger: Ledger, cursor: Cursor[DictRow], messages: list[EntryMessage]) -> None:
    events = [recorded(message) for message in messages]
    mapper = ledger.mapper
    ledger.entries.insert(
        cursor,
        [mapper.to_stored_event(event) for event in events],
        [message.position for message in messages],
    )
    for message in messages:
        entry: dict[str, Any] = orjson.loads(message.payload)
        names = list(entry["identifiers"])
        if entry["type"].startswith("custody.identifier-asserted."):
            names.append(entry["fact"]["identifier"])
        for name in names:
            if name["scheme"] != "ledger" and name not in entry.get("unattached", ()):
                cursor.execute(
                    "insert into ledger.identifiers values (%s, %s, %s) on conflict do nothing",
                    (name["scheme"], name["value"], message.child),
                )
        for member, released in (("released", message.position), ("attached", None)):
            for name in entry.get(member, ()):
                cursor.execute(
                    "insert into ledger.identifiers values (%s, %s, %s, %s)"
                    " on conflict (scheme, value) do update set child = excluded.child, released = excluded.released",
                    (name["scheme"], name["value"], name["record"], released),
                )
        other = entry.get("resolved", {}).get("other")
        if other:
            for pair in ((message.child, UUID(other)), (UUID(other), message.child)):
                cursor.execute("insert into ledger.links values (%s, %s) on conflict do nothing", pair)
        submission, producer = entry["submission"], entry["producer"]
        cursor.execute(
            "insert into ledger.submissions (source, id, digest, position, refusal, agency)"
            " values (%s, %s, %s, %s, null, %s) on conflict do nothing",
            (producer["system"], submission["id"], submission["digest"], message.position, producer["agency"]),
        )


def recorded(message: EntryMessage) -> Recorded:
    """Take a message apart into what the event store keeps; the inverse of `ledger.entry.value`."""
    given = orjson.loads(message.payload)
    state = b"{" + message.payload[message.payload.index(b'"subject":') :]
    return Recorded(message.child, given["version"], given["type"], state)
