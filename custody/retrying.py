"""Sending a message that was set aside once more, and asking for a parked child to be applied again."""

from uuid import UUID

from psycopg import Connection

from custody.errors import FAILED, UNREACHABLE, Problem
from producers.client_errors import BrokerUnreachableError, ClientError
from producers.sending import Sender
from readers.set_aside import Message, message_numbered
from readers.snapshot import Rows

_RETRIED = b"update ledger.set_aside set retried_at = clock_timestamp() where number = %s"
_ASK_AGAIN = b"select pg_notify('custody_retry', %s)"


def send_again(connection: Connection[Rows], bootstrap: str, number: int) -> Message:
    """Send the bytes and headers of a message to the partition they were found on, and note when.

    The ledger reads it as if it had just come: what was recorded meanwhile under its key makes it a duplicate.
    """
    message = message_numbered(connection, number)
    if message.value is None:
        raise Problem(f"message {number} has no value, so there is nothing to send; nothing was sent")
    headers = [(name, value) for name, value in message.headers if value is not None]
    try:
        sender = Sender(bootstrap, message.agency, topic=message.topic)
        try:
            sender.send(
                message.value, key=None, headers=headers, label=f"message {number}", partition=message.partition
            )
            sender.settle()
        finally:
            sender.close()
    except ClientError as error:
        raise Problem(str(error), UNREACHABLE if isinstance(error, BrokerUnreachableError) else FAILED) from None
    _write(connection, _RETRIED, number)
    return message


def apply_again(connection: Connection[Rows], child: UUID) -> None:
    """Ask the projections to apply a child's waiting entries; they try all of them whenever they start, too."""
    _write(connection, _ASK_AGAIN, str(child))


def _write(connection: Connection[Rows], statement: bytes, value: int | str) -> None:
    connection.read_only = False
    with connection.transaction():
        connection.execute(statement, (value,))
