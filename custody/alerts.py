"""`python -m custody.alerts`: the role that alerts agencies to what they owe.

How duties stand is worked out by `readers`, told by `producers`: the two meet here, since neither knows the other.
"""

import sys
import time
from datetime import datetime
from typing import Final

import structlog
from psycopg import Connection

from ledger.obligations.alerts import FindAgain, Look, Looked
from ledger.roles.process import Stop, run_role, say_ready, settle_memory
from ledger.roles.settings import Settings
from ledger.store.eventstore import open_ledger
from producers.alerting import Alerting, alerts_producer, read_alerts_tail
from readers.obligations.duty_changes import look
from readers.snapshot import Rows, connect
from readers.unanswerable import NotShownError

PAUSE_SECONDS: Final = 1.0
"""Between two looks when there was nothing new."""


def alerts(settings: Settings, log: structlog.typing.FilteringBoundLogger, stop: Stop) -> None:
    """Put on each agency's alerts topic what becomes of its duties."""
    open_ledger(settings).close()  # makes the tables if they are not there
    producer = alerts_producer(settings.kafka_bootstrap)
    with connect(settings.database_url) as reading:
        work = Alerting(settings, producer, looking(reading, log), log)
        try:
            work.begin(lambda: read_alerts_tail(settings), stop.__bool__)
            settle_memory()
            say_ready()
            while not stop:
                if not work.step():
                    time.sleep(PAUSE_SECONDS)
        finally:
            work.close()
            producer.close(timeout=10)


def looking(reading: Connection[Rows], log: structlog.typing.FilteringBoundLogger) -> Look:
    """Return what looks at the read tables; while they cannot be asked nothing is told, and the log says why, once."""
    said = ""

    def ask(since: datetime | None, find_again: FindAgain) -> Looked | None:
        nonlocal said
        try:
            found = look(reading, since, find_again)
        except NotShownError as error:
            if str(error) != said:
                said = str(error)
                log.warning("alerts.wait", reason=said)
            return None
        said = ""
        return found

    return ask


if __name__ == "__main__":
    sys.exit(run_role("alerts", alerts))
