"""What every verb of the steward shares: the ledger opened for writing, and the moment on a driven clock."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, NamedTuple

from custody.verbs.options import Data

if TYPE_CHECKING:
    from datetime import datetime

    from ledger.roles.settings import Settings
    from ledger.store.eventstore import Ledger


class Writing(NamedTuple):
    """The ledger to write to, its settings, and when, where the clock is driven."""

    ledger: "Ledger"
    settings: "Settings"
    moment: "datetime | None"


@contextmanager
def as_steward(data: Data, at: str | None, *, undone: str) -> Iterator[Writing]:
    """Give the ledger for writing; `undone` says in each message what was not done: `not adopted`."""
    from custody.errors import WRONG_USAGE, Problem
    from custody.supervision.where import find_where
    from custody.verbs.answering import answering
    from ledger.kafka.tail import check_not_ahead, read_tail
    from ledger.roles.refusals import KafkaAheadError
    from ledger.roles.settings import Settings, SettingsError, clock_of
    from ledger.store.eventstore import open_ledger
    from ledger.times import parse_instant

    with answering():
        where = find_where(data)
    if at is not None and where.clock != "driven":
        raise Problem("--at sets a driven clock; the clock of this ledger is the wall", WRONG_USAGE)
    settings = Settings(where.database_url, where.bootstrap, where.zone, clock_of(where.clock))
    try:
        moment = None if at is None else parse_instant(at)
    except ValueError as error:
        raise Problem(f"--at: {error}", WRONG_USAGE) from None
    try:
        ledger = open_ledger(settings)
    except SettingsError as error:
        raise Problem(f"{undone}: {error}") from None
    try:
        with ledger.datastore.transaction() as cursor:
            check_not_ahead(read_tail(settings), cursor)
        yield Writing(ledger, settings, moment)
    except KafkaAheadError as error:
        raise Problem(f"{undone}: {error}") from None
    finally:
        ledger.close()
