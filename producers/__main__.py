"""`python -m producers relay|feeds`: the roles that put on Kafka what the ledger has decided."""

import sys

import structlog

from ledger.kafka.entries import entries_consumer
from ledger.kafka.feed_tail import read_feed_tail
from ledger.kafka.tail import read_tail
from ledger.roles.process import Stop, run_role, say_ready, settle_memory
from ledger.roles.settings import Settings
from ledger.store.eventstore import open_ledger
from producers.feeds.feeds import Feeds
from producers.feeds.publishing import feeds_producer
from producers.relay import Relay, relay_producer


def relay(settings: Settings, log: structlog.typing.FilteringBoundLogger, stop: Stop) -> None:
    """Put every entry and outcome on Kafka."""
    ledger = open_ledger(settings)
    producer = relay_producer(settings.kafka_bootstrap)
    work = Relay(ledger, settings, producer, log)
    try:
        work.begin(lambda: read_tail(settings), stop.__bool__)
        settle_memory()
        say_ready()
        work.run(stop.__bool__)
    finally:
        work.close()
        producer.close(timeout=10)
        ledger.close()


def feeds(settings: Settings, log: structlog.typing.FilteringBoundLogger, stop: Stop) -> None:
    """Put on each agency's feed what it may know."""
    open_ledger(settings).close()  # makes the tables if they are not there
    producer = feeds_producer(settings.kafka_bootstrap)
    consumer = entries_consumer(settings.kafka_bootstrap, fetch_max_wait_ms=100)
    work = Feeds(settings, producer, consumer, log)
    try:
        work.begin(lambda: read_feed_tail(settings), stop.__bool__)
        settle_memory()
        say_ready()
        while not stop:
            work.step()
    finally:
        work.close()
        consumer.close(autocommit=False)
        producer.close(timeout=10)


ROLES = {"relay": relay, "feeds": feeds}

if __name__ == "__main__":
    name = sys.argv[1]
    sys.exit(run_role(name, ROLES[name]))
