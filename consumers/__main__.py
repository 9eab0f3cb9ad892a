"""`python -m consumers`: the intake role."""

import sys

import structlog

from consumers.intake import intake_consumer, run
from ledger.kafka.feed_tail import check_feeds_not_ahead, read_feed_tail
from ledger.kafka.tail import check_not_ahead, read_tail
from ledger.kafka.topics_watch import TopicsWatch
from ledger.roles.process import Stop, run_role, say_ready, settle_memory
from ledger.roles.settings import Settings
from ledger.store.eventstore import open_ledger
from ledger.store.recording import Recording
from ledger.topics import TOPIC_NAMES


def intake(settings: Settings, log: structlog.typing.FilteringBoundLogger, stop: Stop) -> None:
    """Record what the agencies send."""
    ledger = open_ledger(settings)
    TopicsWatch(settings.kafka_bootstrap, TOPIC_NAMES).begin()  # makes what is missing
    tail, published = read_tail(settings), read_feed_tail(settings)
    with ledger.datastore.transaction() as cursor:
        # recording on top of a restored backup would put a second story under positions Kafka has already told
        check_not_ahead(tail, cursor)
        # and would refuse receipts for what only Kafka still knows was published
        check_feeds_not_ahead(published, cursor)
    consumer = intake_consumer(settings.kafka_bootstrap)
    settle_memory()
    try:
        run(consumer, ledger, Recording(ledger, settings), log, stopped=stop.__bool__, ready=say_ready)
    finally:
        consumer.close(autocommit=False)
        ledger.close()


if __name__ == "__main__":
    sys.exit(run_role("intake", intake))
