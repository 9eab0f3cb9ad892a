"""`python -m consumers`: the intake role."""

import sys

from kafka.errors import KafkaError

from consumers.intake import intake_consumer, run
from ledger.eventstore import open_ledger
from ledger.logs import configure
from ledger.process import EX_CONFIG, Stop, say_ready, settle_memory
from ledger.recording import Recording
from ledger.settings import SettingsError, read_settings


def main() -> int:
    """Run intake until SIGTERM; returns the exit status."""
    log = configure("intake")
    stop = Stop()
    try:
        settings = read_settings()
        ledger = open_ledger(settings)
    except SettingsError as error:
        log.error("role.refused", reason=str(error))
        return EX_CONFIG
    consumer = intake_consumer(settings.kafka_bootstrap)
    settle_memory()
    log.info("role.started", clock=settings.clock, zone=settings.zone)
    try:
        run(consumer, ledger, Recording(ledger, settings), log, stopped=stop.__bool__, ready=say_ready)
    except KafkaError as error:
        log.error("role.failed", reason=f"Kafka at {settings.kafka_bootstrap}: {type(error).__name__}: {error}")
        return 1
    finally:
        consumer.close(autocommit=False)
        ledger.close()
    log.info("role.stopped")
    return 0


if __name__ == "__main__":
    sys.exit(main())
