"""Whether anybody listens at an address, asked before the Kafka client (it tries for ten seconds first), and who."""

import socket
from typing import Final

from kafka import KafkaAdminClient
from kafka.errors import KafkaError

from ledger.roles.server_words import kafka_reason
from producers.client.errors import BrokerUnreachableError

REACH_MS: Final = 10_000
"""How long Kafka may take to answer at all."""
_PORT: Final = 9092


def require_listener(bootstrap: str) -> None:
    """Return when one of the addresses accepts connections; raises `BrokerUnreachableError`."""
    reason = "no address is given"
    for address in bootstrap.split(","):
        host, _, port = address.strip().rpartition(":")
        if not host:
            host, port = port, str(_PORT)
        try:
            with socket.create_connection((host.strip("[]"), int(port)), timeout=REACH_MS / 1000):
                return
        except ValueError:
            reason = f"{port!r} is no port number"
        except OSError as error:
            reason = error.strerror or type(error).__name__
    raise BrokerUnreachableError(bootstrap, reason)


def cluster_id(bootstrap: str) -> str:
    """Return the id of the Kafka cluster: another one there has another id. Raises `BrokerUnreachableError`."""
    require_listener(bootstrap)
    try:
        admin = KafkaAdminClient(bootstrap_servers=bootstrap.split(","), bootstrap_timeout_ms=REACH_MS)
        try:
            return str(admin.describe_cluster()["cluster_id"])
        finally:
            admin.close()
    except KafkaError as error:
        raise BrokerUnreachableError(bootstrap, reason(error)) from error


def reason(error: KafkaError) -> str:
    """Return a Kafka error in our words."""
    return kafka_reason(error)
