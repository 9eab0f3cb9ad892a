"""The one way a verb of `custody` fails: a message a person can act on, and the exit code of the contract."""

import sys
from typing import Final

from ledger.roles.server_words import kafka_reason, postgres_reason

FAILED: Final = 1
WRONG_USAGE: Final = 2
NO_SUCH_THING: Final = 3
UNREACHABLE: Final = 4


_NOT_MADE: Final = {
    "42P01": "has no tables of a ledger",
    "3F000": "has no tables of a ledger",
    "42703": "has the tables of another release",
    "42883": "has the tables of another release",
    "42501": "does not let this user read or write the ledger",
}
"""By SQLSTATE: what is wrong with a database that is not this ledger's."""


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
        return Problem(f"PostgreSQL cannot be reached: {postgres_reason(failure)}; {cure}", UNREACHABLE)
    if psycopg is not None and isinstance(failure, psycopg.ProgrammingError) and failure.sqlstate in _NOT_MADE:
        return Problem(
            f"PostgreSQL {_NOT_MADE[failure.sqlstate]}; nothing was done; start intake and projections (`custody up`) "
            "on this database once, or name the ledger's own",
            FAILED,
        )
    if kafka_errors is not None and isinstance(failure, kafka_errors.KafkaError):
        at = f" at {bootstrap}" if bootstrap else ""
        return Problem(f"Kafka{at} cannot be reached: {kafka_reason(failure)}; {cure}", UNREACHABLE)
    return None


def own_fault(failure: BaseException) -> Problem:
    """Return the `Problem` of a fault of the program itself; what its makers need goes into a file."""
    import tempfile
    import traceback
    from pathlib import Path

    frames = traceback.extract_tb(failure.__traceback__)
    place = f" at {Path(frames[-1].filename).name}, line {frames[-1].lineno}" if frames else ""
    with tempfile.NamedTemporaryFile(
        "w", prefix="custody-fault-", suffix=".txt", delete=False, encoding="utf-8"
    ) as details:  # only its owner can read it
        details.writelines(traceback.format_exception(failure))
    return Problem(
        f"this is a fault of the program, not yours{place}; nothing more was done; what its makers need to mend it is "
        f"in {details.name}: look whether it names anybody before you pass it on"
    )
