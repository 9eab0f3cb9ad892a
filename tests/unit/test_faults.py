"""Whether an exception is the message's or the role's, and what is said of it: never a value."""

from hashlib import sha256
from typing import Any

import psycopg
import pytest
from eventsourcing import persistence
from kafka.errors import KafkaTimeoutError
from psycopg import errors

from consumers.reading import read_arrival
from ledger.kafka.cloudevents import binary_headers
from ledger.roles.faults import is_of_the_message, place_of
from ledger.rules.arrivals import Illegible, Place
from ledger.times import parse_instant
from ledger.topics import intake

OF_THE_MESSAGE: list[BaseException] = [
    OverflowError(),
    KeyError("x"),
    RecursionError(),
    AssertionError(),
    UnicodeEncodeError("utf-8", "\ud800", 0, 1, "surrogates"),
    errors.NumericValueOutOfRange(),
    errors.CharacterNotInRepertoire(),
    errors.UniqueViolation(),
    errors.ProgramLimitExceeded(),
    errors.StatementTooComplex(),
]
OF_THE_ROLE: list[BaseException] = [
    MemoryError(),
    KeyboardInterrupt(),
    SystemExit(),
    ConnectionResetError(),
    KafkaTimeoutError(),
    psycopg.OperationalError("server closed the connection unexpectedly"),
    psycopg.InterfaceError("the connection is closed"),
    errors.AdminShutdown(),
    errors.DiskFull(),
    errors.DeadlockDetected(),
    errors.LockNotAvailable(),
    errors.ReadOnlySqlTransaction(),
    errors.UndefinedTable(),
    errors.InsufficientPrivilege(),
    errors.DataCorrupted(),
    errors.IdleInTransactionSessionTimeout(),
]


@pytest.mark.parametrize("error", OF_THE_MESSAGE, ids=lambda error: type(error).__name__)
def test_an_exception_about_data_is_the_messages(error: BaseException) -> None:
    """Others go on without it; as it comes, and as the event store's library wraps it."""
    assert is_of_the_message(error)
    assert is_of_the_message(wrapped(error))


@pytest.mark.parametrize("error", OF_THE_ROLE, ids=lambda error: type(error).__name__)
def test_an_exception_about_a_server_or_the_process_is_the_roles(error: BaseException) -> None:
    """Isolating messages for it would refuse all of them."""
    assert not is_of_the_message(error)
    assert not is_of_the_message(wrapped(error))


def wrapped(error: BaseException) -> BaseException:
    """Return a database's error as the library raises it."""
    if not isinstance(error, psycopg.Error):
        return error
    for kind in ("InterfaceError", "OperationalError", "DataError", "IntegrityError", "InternalError"):
        if isinstance(error, getattr(psycopg, kind)):
            outer: BaseException = getattr(persistence, kind)("as it said")
            break
    else:
        outer = persistence.ProgrammingError("as it said")
    outer.__cause__ = error
    return outer


def test_an_error_of_the_pool_is_the_roles() -> None:
    """The library's own errors, with none of PostgreSQL inside, speak of connections."""
    assert not is_of_the_message(persistence.OperationalError("pool is closed"))


def test_a_fault_is_named_by_its_kind_and_its_place_in_our_code_alone() -> None:
    """What an exception says may be a value of a message, which stands in no log and no answer."""
    with pytest.raises(ValueError, match="RFC 3339") as caught:
        parse_instant("Zacarias")
    told = place_of(caught.value)
    assert told.startswith("ValueError at ledger.times:")
    assert told.rpartition(":")[2].isdigit()
    assert place_of(errors.NumericValueOutOfRange("Zacarias")) == "NumericValueOutOfRange 22003"


VALUE = b'{"child": [{"scheme": "a-number", "value": "A200-000-017"}, {"scheme": "x"}, 5], "fact": {}}'
HEADERS = binary_headers(id="m-1", source="/s", type="custody.x.v1", time="2024-01-01T00:00:00Z")


def test_a_fault_while_a_message_is_read_is_a_dead_letter_with_its_names() -> None:
    """Reading never ends the role: what fails is kept, attributed and named as far as it can be."""
    no_topic: Any = ["Zacarias"]  # which no set can hold: the fault comes when the message itself is read
    letter = read_arrival(Place("CBP", no_topic, 0, 0), HEADERS, VALUE)
    assert isinstance(letter, Illegible)
    assert (letter.kind, letter.key, letter.names) == ("fault", ("/s", "m-1"), (("a-number", "200000017"),))
    assert (letter.value, letter.size, letter.digest) == (VALUE, len(VALUE), sha256(VALUE).hexdigest())
    assert letter.reason.startswith("TypeError at ledger.topics:")
    assert "Zacarias" not in letter.reason


def test_of_a_message_that_cannot_be_read_again_without_the_fault_its_place_is_kept() -> None:
    """Not even its id can be had then; where it stood and how large it is can."""
    no_bytes: Any = [("ce_id", 5)]
    bare = read_arrival(Place("CBP", intake("CBP"), 2, 17), no_bytes, VALUE)
    assert isinstance(bare, Illegible)
    assert (bare.kind, bare.key, bare.value, bare.size) == ("fault", (None, None), None, len(VALUE))
    assert (bare.place.partition, bare.place.offset) == (2, 17)


class _Full(bytes):
    """Bytes for whose text there is no room."""

    def decode(self, *_: object) -> str:
        raise MemoryError


def test_want_of_memory_while_reading_is_raised() -> None:
    """A message is not to blame for it."""
    with pytest.raises(MemoryError):
        read_arrival(Place("CBP", intake("CBP"), 0, 0), [("ce_id", _Full(b"m-1"))], VALUE)
