"""Sending a message that was set aside once more, closing it, and asking for a parked child to be applied again."""

from collections.abc import Collection, Sequence
from getpass import getuser
from uuid import UUID

from kafka import TopicPartition
from kafka.errors import KafkaError
from psycopg import Connection

from consumers.reading import kept_of
from consumers.reading_again import read_again
from custody.errors import FAILED, UNREACHABLE, Problem
from ledger.kafka.record_batches import DamagedBatch, KafkaRecord
from ledger.store.dead_letters import close
from producers.client.errors import BrokerUnreachableError, ClientError
from producers.client.sending import Sender
from readers.set_aside import FoundMessage, message_numbered
from readers.snapshot import Rows

_RETRIED = b"update ledger.set_aside set retried_at = clock_timestamp() where number = %s"
_ASK_AGAIN = (
    b"insert into ledger.retries (role, child) values ('projections', %s), ('feeds', %s), ('alerts', %s)"
    b" on conflict do nothing"
)

Sent = tuple[bytes, list[tuple[str, bytes]]]
"""Bytes and headers."""


def send_again(connection: Connection[Rows], bootstrap: str, number: int) -> FoundMessage:
    """Send the bytes and headers of a message to the partition they were found on, and note when.

    The ledger reads it as if it had just come: what was recorded meanwhile under its key makes it a duplicate.
    """
    message = message_numbered(connection, number)
    to_send = _to_send(message, bootstrap)
    try:
        sender = Sender(bootstrap, message.agency, topic=message.topic)
        try:
            for value, headers in to_send:
                sender.send(value, key=None, headers=headers, label=f"message {number}", partition=message.partition)
            sender.settle()
        finally:
            sender.close()
    except ClientError as error:
        raise Problem(str(error), UNREACHABLE if isinstance(error, BrokerUnreachableError) else FAILED) from None
    _write(connection, _RETRIED, number)
    return message


def close_letters(connection: Connection[Rows], numbers: Collection[int], reason: str) -> list[int]:
    """Close dead letters for a reason, as the user who runs this; return which were open."""
    connection.read_only = False
    return close(connection, numbers, by=_who(connection), reason=reason)


def apply_again(connection: Connection[Rows], child: UUID) -> None:
    """Ask the roles to try a child's waiting entries again; they try all of them whenever they start, too."""
    _write(connection, _ASK_AGAIN, child, child, child)


def _to_send(message: FoundMessage, bootstrap: str) -> Sequence[Sent]:
    number = message.number
    if message.cause == "foreign":
        raise Problem(
            f"message {number} was found on {message.topic}, where only the ledger writes; nothing was sent. When "
            f"it is known who put it there: `custody set-aside close {number} --reason ...`"
        )
    if message.cause == "lost":
        raise Problem(
            f"message {number} is a note of what was lost with {message.topic}, so there is nothing to send; nothing "
            f"was sent. When the agency has sent it again: `custody set-aside close {number} --reason ...`"
        )
    if message.is_whole:
        assert message.value is not None
        return [(message.value, [(name, value) for name, value in message.headers if value is not None])]
    if message.value is None and message.size is None:
        raise Problem(f"message {number} has no value, so there is nothing to send; nothing was sent")
    kept = len(message.value or b"")
    why = f"message {number} is kept in part only ({kept} of {message.size} bytes)"
    cure = f"nothing was sent. Ask the agency to send it again, then `custody set-aside close {number} --reason ...`"
    try:
        found = read_again(
            bootstrap,
            TopicPartition(message.topic, message.partition),
            message.id,
            first=message.offset,
            last=message.last_offset,
        )
    except KafkaError as error:
        raise Problem(f"{why}, and Kafka did not answer ({error}); nothing was sent; try again", UNREACHABLE) from None
    if isinstance(found, str):
        raise Problem(f"{why}, and {found}; {cure}")
    for record in found:
        if isinstance(record, DamagedBatch):
            raise Problem(f"{why}, and what stands on the topic is {record.reason}; {cure}")
    records = [record for record in found if isinstance(record, KafkaRecord)]
    if message.cause != "batch" and [kept_of(record.value)[2] for record in records] != [message.digest]:
        raise Problem(f"{why}, and what stands at its place on {message.topic} has another digest; {cure}")
    return [
        (record.value, [(name, value) for name, value in record.headers if value is not None])
        for record in records
        if record.value is not None
    ]


def _who(connection: Connection[Rows]) -> str:
    """Return who asks, as far as it can be told: the user of this machine, and the login of the database."""
    try:
        user = getuser()
    except (KeyError, OSError):
        user = "unknown"
    return f"{user} ({connection.info.user})"


def _write(connection: Connection[Rows], statement: bytes, *values: int | UUID) -> None:
    connection.read_only = False
    with connection.transaction():
        connection.execute(statement, values)
