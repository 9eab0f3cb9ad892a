"""`python -m projections`: the projections role."""

import sys

import structlog

from ledger.kafka.entries import entries_consumer
from ledger.kafka.topics_watch import TopicsWatch
from ledger.roles.process import Stop, run_role, say_ready, settle_memory
from ledger.roles.refusals import RefusedError
from ledger.roles.settings import Settings
from ledger.store.eventstore import open_ledger
from ledger.topics import ENTRIES, PUBLICATIONS
from projections.following.follower import follow
from projections.following.publications import MissingBatchError, publications_consumer
from projections.tables.versions import connect, prepare


def projections(settings: Settings, log: structlog.typing.FilteringBoundLogger, stop: Stop) -> None:
    """Keep the read tables."""
    open_ledger(settings).close()  # makes the tables if they are not there
    with connect(settings.database_url) as connection:
        prepare(connection, settings)
    consumer = entries_consumer(settings.kafka_bootstrap)
    published = publications_consumer(settings.kafka_bootstrap)
    settle_memory()
    try:
        follow(
            settings.database_url,
            consumer,
            published,
            settings.zone,
            log,
            topics=TopicsWatch(settings.kafka_bootstrap, (ENTRIES, PUBLICATIONS)),
            stopped=stop.__bool__,
            ready=say_ready,
        )
    except MissingBatchError as error:
        raise RefusedError(str(error)) from error
    finally:
        consumer.close(autocommit=False)
        published.close(autocommit=False)


if __name__ == "__main__":
    sys.exit(run_role("projections", projections))
