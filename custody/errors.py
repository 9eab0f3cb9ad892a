"""The one way a verb of `custody` fails: a message a person can act on, and the exit code of the contract."""

import sys
from typing import Final

FAILED: Final = 1
WRONG_USAGE: Final = 2
NO_SUCH_THING: Final = 3
UNREACHABLE: Final = 4


class Problem(Exception):
    """What went wrong, where, what was not done, and the cure; shown without a traceback."""

    def __init__(self, message: str, exit_code: int = FAILED) -> None:
        super().__init__(message)
        self.message = message
        self.exit_code = exit_code


def unreachable(failure: BaseException, bootstrap: str | None = None) -> Problem | None:
    """Return the `Problem` a connection error of psycopg or kafka-python stands for; None for any other error.

    The libraries are looked up, not imported: an error of theirs can only have come from a verb that uses them.
    """
    cure = "see `custody status`; start the ledger with `custody up`"
    psycopg, kafka_errors = sys.modules.get("psycopg"), sys.modules.get("kafka.errors")
    if psycopg is not None and isinstance(failure, psycopg.OperationalError):
        return Problem(f"PostgreSQL cannot be reached: {_one_line(failure)}. {cure}", UNREACHABLE)
    if kafka_errors is not None and isinstance(failure, kafka_errors.KafkaError):
        at = f" at {bootstrap}" if bootstrap else ""
        return Problem(f"Kafka{at} cannot be reached: {_one_line(failure)}. {cure}", UNREACHABLE)
    return None


def _one_line(failure: BaseException) -> str:
    return " ".join(str(failure).split()) or type(failure).__name__
