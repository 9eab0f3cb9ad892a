"""`python -m projections`: the projections role."""

import sys

import structlog
from kafka.errors import OffsetOutOfRangeError

from ledger.following import entries_consumer
from ledger.process import RefusedError, Stop, run_role, say_ready, settle_memory
from ledger.settings import Settings
from projections.follower import follow
from projections.publications_follower import MissingBatchError, publications_consumer
from projections.versions import connect, prepare


def projections(settings: Settings, log: structlog.typing.FilteringBoundLogger, stop: Stop) -> None:
    """Keep the read tables."""
    with connect(settings.database_url) as connection:
        prepare(connection, settings)
    consumer = entries_consumer(settings.kafka_bootstrap)
    published = publications_consumer(settings.kafka_bootstrap)
    settle_memory()
    try:
        follow(settings.database_url, consumer, published, settings.zone, log, stopped=stop.__bool__, ready=say_ready)
    except MissingBatchError as error:
        raise RefusedError(str(error)) from error
    except OffsetOutOfRangeError as error:
        raise RefusedError(
            f"the read tables stand further than custody.entries reaches ({error}): Kafka lost messages or is a new "
            "one; nothing was changed. Let the relay send what is missing (`custody status`), then `custody rebuild`"
        ) from error
    finally:
        consumer.close(autocommit=False)
        published.close(autocommit=False)


if __name__ == "__main__":
    sys.exit(run_role("projections", projections))
