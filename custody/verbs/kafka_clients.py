"""What the verbs that use an agency's client share: its errors as ours, and the Kafka client's log kept quiet."""

from typing import TYPE_CHECKING

from custody.errors import FAILED, UNREACHABLE, Problem

if TYPE_CHECKING:
    from producers.client.errors import ClientError


def problem(error: "ClientError") -> Problem:
    """Return an error of the client with the exit code of the contract."""
    from producers.client.errors import BrokerUnreachableError
    from producers.client.feed_errors import FeedLostError

    return Problem(str(error), UNREACHABLE if isinstance(error, BrokerUnreachableError | FeedLostError) else FAILED)


def quiet_kafka() -> None:
    """Keep the Kafka client's log off the terminal: what concerns the person is told by our own errors."""
    import logging

    logging.getLogger("kafka").addHandler(logging.NullHandler())
    logging.getLogger("kafka").propagate = False
