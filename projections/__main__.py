"""`python -m projections`: the projections role."""

import sys

from kafka.errors import KafkaError, OffsetOutOfRangeError

from ledger.following import entries_consumer
from ledger.logs import configure
from ledger.process import EX_CONFIG, Stop, say_ready, settle_memory
from ledger.settings import SettingsError, read_settings
from projections.follower import follow
from projections.store import connect, prepare


def main() -> int:
    """Run the projections until SIGTERM; returns the exit status."""
    log = configure("projections")
    stop = Stop()
    try:
        settings = read_settings()
        with connect(settings.database_url) as connection:
            prepare(connection, settings)
    except SettingsError as error:
        log.error("role.refused", reason=str(error))
        return EX_CONFIG
    consumer = entries_consumer(settings.kafka_bootstrap)
    settle_memory()
    try:
        follow(settings.database_url, consumer, settings.zone, log, stopped=stop.__bool__, ready=say_ready)
    except OffsetOutOfRangeError:
        log.error(
            "role.refused",
            reason="the read tables stand further than custody.entries reaches: Kafka lost messages or is a new one; "
            "nothing was changed. Let the relay send what is missing (`custody status`), then run `custody rebuild`",
        )
        return EX_CONFIG
    except KafkaError as error:
        log.error("role.failed", reason=f"Kafka at {settings.kafka_bootstrap}: {type(error).__name__}: {error}")
        return 1
    finally:
        consumer.close(autocommit=False)
    log.info("role.stopped")
    return 0


if __name__ == "__main__":
    sys.exit(main())
