"""`python -m producers`: the relay role."""

import sys

import structlog

from ledger.eventstore import open_ledger
from ledger.process import Stop, run_role, say_ready, settle_memory
from ledger.settings import Settings
from ledger.tail import read_tail
from producers.relay import Relay, relay_producer


def relay(settings: Settings, log: structlog.typing.FilteringBoundLogger, stop: Stop) -> None:
    """Put every entry and outcome on Kafka."""
    ledger = open_ledger(settings)
    producer = relay_producer(settings.kafka_bootstrap)
    try:
        work = Relay(ledger, settings.database_url, producer, log)
        work.begin(lambda: read_tail(settings.kafka_bootstrap), stop.__bool__)
        settle_memory()
        say_ready()
        work.run(stop.__bool__)
    finally:
        producer.close(timeout=10)
        ledger.close()


if __name__ == "__main__":
    sys.exit(run_role("relay", relay))
