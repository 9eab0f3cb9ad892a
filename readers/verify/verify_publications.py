"""Verify the batches of publications: PostgreSQL and `custody.publications` hold the same, byte for byte.

A batch is kept in PostgreSQL before Kafka is told. So the last ones may be kept and not told yet; but none may be
missing before one that was told, and Kafka may hold none that was not kept. Each batch goes on where the one before
ended: positions, stamps and the numbers of every feed.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Final

from psycopg import Connection
from psycopg.rows import TupleRow, dict_row

from ledger.agencies import RECEIVERS
from ledger.kafka.cloudevents import binary_headers
from ledger.kafka.genuine import Genuine, claimed_number, unsealed
from ledger.kafka.topic_messages import TopicMessages
from ledger.sharing.batches import NOTHING_PUBLISHED, PUBLICATION, PublicationBatch, read_batch, write_batch
from ledger.store.feed_bounds import LAST_COLUMN
from ledger.times import write_clock
from ledger.topics import PUBLICATIONS
from readers.verify.wrongs import Wrongs

SOURCE: Final = "/custody-ledger"
_ROWS: Final = (
    f"select number, to_position, published_at, {', '.join(LAST_COLUMN.values())}, body"  # noqa: S608
    " from ledger.publications where number <= %s order by number"
).encode()


@dataclass(frozen=True, slots=True)
class PublicationsVerified:
    """What was found: `told` is the last batch that is on both sides."""

    batches: int
    told: int
    not_yet_told: int
    wrong: tuple[dict[str, Any], ...]
    wrong_more: int


def verify_publications(
    connection: Connection[TupleRow], bootstrap: str, say: Callable[[str, int, int], None]
) -> PublicationsVerified:
    """Compare every batch, a few at a time in memory; changes nothing."""
    wrongs = Wrongs()
    messages = TopicMessages(bootstrap, PUBLICATIONS, Genuine(connection).publication)  # first: told is kept before
    try:
        last = _last_kept(connection)
        told, untold = 0, list[int]()
        before = NOTHING_PUBLISHED
        for number, body in _kept(connection, last, wrongs):
            while (theirs := _number(messages)) is not None and theirs < number:
                what = "is twice on Kafka" if theirs <= told else "is on Kafka only"
                wrongs.add(batch=theirs, what=what)
                messages.take()
            changed = None if theirs == number else _claims(messages, number)
            if theirs == number or changed is not None:
                for missing in untold:
                    wrongs.add(batch=missing, what="is missing on Kafka, though a later one was told")
                untold.clear()
                told = number
                message = messages.peek()
                for what in _differences(changed or (message and message.record), body):
                    wrongs.add(batch=number, what=what)
                if changed is None:
                    messages.take()
            else:
                untold.append(number)
            before = _follow(before, body, wrongs)
            if number % 1000 == 0:
                say("comparing publications", number, last)
        while (theirs := _number(messages)) is not None:
            if theirs <= told or theirs > _last_kept(connection):
                wrongs.add(batch=theirs, what="is twice on Kafka" if theirs <= told else "is on Kafka only")
            for missing in untold if theirs > last else ():
                wrongs.add(batch=missing, what="is missing on Kafka, though a later one was told")
            untold = [] if theirs > last else untold
            messages.take()
        for record in messages.foreign:
            wrongs.add(batch=None, what=f"the message at offset {record.offset} of {PUBLICATIONS} is not the ledger's")
        wrongs.more += messages.foreign_more
        for offset in messages.damaged:
            wrongs.add(batch=None, what=f"the message at offset {offset} of {PUBLICATIONS} is damaged")
    finally:
        messages.close()
    return PublicationsVerified(last, told, len(untold), tuple(wrongs.named), wrongs.more)


def _last_kept(connection: Connection[TupleRow]) -> int:
    there = connection.execute("select to_regclass('ledger.publications') is not null").fetchone()
    if there != (True,):
        return 0
    row = connection.execute("select coalesce(max(number), 0) from ledger.publications").fetchone()
    assert row is not None
    return int(row[0])


def _kept(connection: Connection[TupleRow], last: int, wrongs: Wrongs) -> Iterator[tuple[int, bytes]]:
    """Yield the batches PostgreSQL keeps; numbers that are not there, and columns that differ, are wrong."""
    if not last:
        return
    expected = 1
    with connection.transaction(), connection.cursor("batches", row_factory=dict_row) as cursor:
        cursor.itersize = 200
        cursor.execute(_ROWS, (last,))
        for row in cursor:
            number, body = row["number"], bytes(row["body"])
            for missing in range(expected, number):
                wrongs.add(batch=missing, what="is missing in ledger.publications")
            expected = number + 1
            if not _columns_follow(row, body):
                wrongs.add(batch=number, what="the columns of ledger.publications do not say what its body says")
            yield number, body


def _columns_follow(row: dict[str, Any], body: bytes) -> bool:
    try:
        batch = read_batch(body)
    except (ValueError, LookupError, TypeError):
        return True  # said elsewhere
    return (row["number"], row["to_position"], write_clock(row["published_at"])) == (
        batch.number,
        batch.to_position,
        batch.published_at,
    ) and all(row[LAST_COLUMN[agency]] == batch.last[agency] for agency in RECEIVERS)


def _number(messages: TopicMessages) -> int | None:
    """Return the number of the next batch on Kafka; None at the end."""
    message = messages.peek()
    return None if message is None else message.number


def _claims(messages: TopicMessages, number: int) -> Any | None:
    """Return, and count no more as foreign, a message that claims to be this batch and is not: it was changed."""
    for record in messages.foreign:
        if claimed_number(record) == number:
            messages.foreign.remove(record)
            return record
    return None


def _differences(message: Any, body: bytes) -> Iterator[str]:
    if message.value != body:
        yield f"differs between ledger.publications and {PUBLICATIONS}{_first_difference(message.value, body)}"
        return
    try:
        batch = read_batch(body)
    except (ValueError, LookupError, TypeError):
        return
    headers = binary_headers(id=f"publication-{batch.number}", source=SOURCE, type=PUBLICATION, time=batch.published_at)
    if unsealed(message.headers) != list(headers):
        yield "its headers on Kafka are not those it was told with"


def _first_difference(theirs: bytes | None, ours: bytes) -> str:
    if theirs is None:
        return ": it is empty there"
    at = next((n for n, (a, b) in enumerate(zip(theirs, ours, strict=False)) if a != b), min(len(theirs), len(ours)))
    return f" from byte {at} on"


def _follow(before: PublicationBatch, body: bytes, wrongs: Wrongs) -> PublicationBatch:
    """Return the next batch; what does not go on from the one before is wrong."""
    try:
        batch = read_batch(body)
    except (ValueError, LookupError, TypeError) as error:
        wrongs.add(batch=before.number + 1, what=f"its body in ledger.publications cannot be read ({error})")
        return before._replace(number=before.number + 1)
    if before.number + 1 == batch.number:  # else it is said that one is missing
        for what in _unlike(before, batch):
            wrongs.add(batch=batch.number, what=what)
    if write_batch(batch) != body:
        wrongs.add(batch=batch.number, what="is not in the one form a batch is written in")
    return batch


def _unlike(before: PublicationBatch, batch: PublicationBatch) -> Iterator[str]:
    if batch.from_position != before.to_position or batch.to_position < batch.from_position:
        yield f"goes from position {batch.from_position} to {batch.to_position}, the one before to {before.to_position}"
    if batch.published_at < before.published_at:
        yield f"was published at {batch.published_at}, before the one before it"
    numbers = dict(before.last)
    for item in batch.items:
        for agency, number in item.numbers.items():
            numbers[agency] += 1
            if number != numbers[agency]:
                yield f"gives {agency} number {number} where {numbers[agency]} is next"
                return
    if numbers != batch.last:
        yield "says other last numbers than its items come to"
