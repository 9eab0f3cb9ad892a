"""`python -m producers`: the relay role."""

import sys

from kafka.errors import KafkaError

from ledger.eventstore import open_ledger
from ledger.logs import configure
from ledger.process import EX_CONFIG, Stop, say_ready, settle_memory
from ledger.settings import SettingsError, read_settings
from ledger.tail import KafkaAheadError, read_tail
from producers.relay import Relay, relay_producer


def main() -> int:
    """Run the relay until SIGTERM; returns the exit status."""
    log = configure("relay")
    stop = Stop()
    try:
        settings = read_settings()
        ledger = open_ledger(settings)
    except SettingsError as error:
        log.error("role.refused", reason=str(error))
        return EX_CONFIG
    producer = relay_producer(settings.kafka_bootstrap)
    try:
        relay = Relay(ledger, settings.database_url, producer, log)
        relay.begin(read_tail(settings.kafka_bootstrap), stop.__bool__)
        settle_memory()
        say_ready()
        relay.run(stop.__bool__)
    except KafkaAheadError as error:
        log.error("role.refused", reason=str(error))
        return EX_CONFIG
    except KafkaError as error:
        log.error("role.failed", reason=f"Kafka at {settings.kafka_bootstrap}: {type(error).__name__}: {error}")
        return 1
    finally:
        producer.close(timeout=10)
        ledger.close()
    log.info("role.stopped")
    return 0


if __name__ == "__main__":
    sys.exit(main())
