"""Why a server does not answer, in our words; what the libraries say is for those who made them."""

import re
from typing import Final

_POSTGRES: Final = (
    (re.compile("connection refused|no such file or directory", re.I), "nobody listens there"),
    (
        re.compile("could not translate host name|name or service not known|nodename nor", re.I),
        "no machine has that name",
    ),
    (
        re.compile("password authentication failed|no password supplied", re.I),
        "it does not accept the user or password",
    ),
    (re.compile(r"role .* does not exist", re.I), "it has no such user"),
    (re.compile(r"database .* does not exist", re.I), "it has no such database"),
    (re.compile("pg_hba|not permitted to log in|permission denied", re.I), "it does not let this user in"),
    (re.compile("time ?out|timed out", re.I), "it does not answer in time"),
    (re.compile("starting up|not yet accepting|recovery", re.I), "it is starting"),
    (re.compile("shutting down|terminating connection|administrator command", re.I), "it is stopping"),
    (
        re.compile("too many clients|remaining connection slots|too many connections", re.I),
        "it has no connection to spare",
    ),
    (re.compile("no route to host|network is unreachable", re.I), "no way leads to that machine"),
    (
        re.compile('invalid (connection option|dsn|uri|port)|missing "="|unterminated', re.I),
        "its address cannot be read",
    ),
    (re.compile("no space left", re.I), "it has no room on its disk"),
)
_AT: Final = re.compile(r'at "([^"]+)"(?: \([^)]*\))?, port (\d+)')
_SOCKET: Final = re.compile(r'on socket "([^"]+)"')
_KAFKA: Final = {
    "NoBrokersAvailable": "nobody answers there",
    "KafkaConnectionError": "nobody answers there",
    "NodeNotReadyError": "nobody answers there",
    "MetadataEmptyBrokerList": "nobody answers there",
    "UnrecognizedBrokerVersion": "what answers there is no Kafka of a known release",
    "IncompatibleBrokerVersion": "what answers there is no Kafka of a known release",
    "SaslAuthenticationFailedError": "it does not accept the user or password",
    "KafkaTimeoutError": "it does not answer in time",
    "RequestTimedOutError": "it does not answer in time",
    "BrokerNotAvailableError": "it is starting or stopping",
    "CoordinatorNotAvailableError": "it is starting or stopping",
    "LeaderNotAvailableError": "it is starting or stopping",
    "NotLeaderForPartitionError": "it is starting or stopping",
    "NotEnoughReplicasError": "too few of its machines are there",
    "UnknownTopicOrPartitionError": "it lacks a topic of the ledger; `custody topics` makes them",
    "TopicAuthorizationFailedError": "it does not let this user in",
    "ClusterAuthorizationFailedError": "it does not let this user in",
    "GroupAuthorizationFailedError": "it does not let this user in",
    "MessageSizeTooLargeError": "the message is larger than it takes",
    "RecordTooLargeError": "the message is larger than it takes",
    "KafkaConfigurationError": "its address cannot be read",
    "ProducerFencedError": "another process has taken over from this one",
    "OffsetOutOfRangeError": "it no longer has what was asked for",
}


def postgres_reason(failure: BaseException) -> str:
    """Return why PostgreSQL cannot be used, and where it was looked for, as far as the failure says it."""
    text = " ".join(str(failure).split())
    where = _AT.search(text)
    socket = _SOCKET.search(text)
    at = f" at {where[1]}:{where[2]}" if where is not None else f" at {socket[1]}" if socket is not None else ""
    why = next((words for pattern, words in _POSTGRES if pattern.search(text) is not None), "the connection broke off")
    return f"{why}{at}"


def kafka_reason(failure: BaseException) -> str:
    """Return why Kafka did not do what was asked."""
    for kind in type(failure).__mro__:
        if kind.__name__ in _KAFKA:
            return _KAFKA[kind.__name__]
    number = getattr(failure, "errno", None)
    return (
        f"it answers with its error {number}" if isinstance(number, int) and number > 0 else "the connection broke off"
    )
