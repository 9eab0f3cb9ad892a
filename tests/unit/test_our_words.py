"""No message speaks in a library's words: what went wrong is said in ours, with the cure."""

import re
from pathlib import Path
from typing import Any

import kafka.errors
import psycopg
import pytest
from pydantic_core import ErrorDetails
from pydantic_core._pydantic_core import list_all_errors

from custody.errors import UNREACHABLE, own_fault, unreachable
from ledger.intake.submission import Refusal, read_submission
from ledger.model_words import in_words
from ledger.roles.server_words import kafka_reason, postgres_reason

THEIRS = re.compile(
    r"[Ii]nput|instance|[Vv]alid |should|pydantic|literal|Python|JSON object|unhashable|NoBrokers|Error"
)


@pytest.mark.parametrize("error", list_all_errors(), ids=lambda error: str(error["type"]))
def test_each_error_of_the_model_library_has_words_of_ours(error: Any) -> None:
    """Whatever a model finds, a person from another country reads what is wanted."""
    if error["type"] in ("value_error", "assertion_error"):
        return  # carries a message of ours
    details = {"type": error["type"], "msg": error["example_message_python"], "ctx": error.get("example_context") or {}}
    said = in_words(details)
    assert THEIRS.search(said) is None, said
    assert "None" not in said


def test_a_message_of_ours_comes_through_as_it_is() -> None:
    """Our own checks of times and identifiers name place and cure."""
    details: ErrorDetails = {"type": "value_error", "msg": "Value error, not a date", "loc": (), "input": None}
    assert in_words(details) == "not a date"


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"{", "the data is not JSON in UTF-8: wrong at line 1, column 1"),
        (b'{"child": 5}', "`child`: a list is wanted"),
        (b'{"child": [], "occurred_at": null}', "`child`: a list of at least 1 member is wanted"),
        (b"[1]", "the data: an object with named members is wanted"),
    ],
)
def test_a_refusal_of_form_is_in_our_words(data: bytes, said: str) -> None:
    """What a sender reads in the outcome."""
    refusal = read_submission("custody.admitted-to-program.v1", data)
    assert isinstance(refusal, Refusal)
    every = [one.message for one in getattr(refusal, "every", (refusal,))]
    assert any(said in message for message in every), every
    assert not any(THEIRS.search(message) for message in every)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (
            'connection failed: connection to server at "127.0.0.1", port 1 failed: Connection refused\n\tIs the '
            "server running on that host and accepting TCP/IP connections?",
            "nobody listens there at 127.0.0.1:1",
        ),
        (
            'connection to server on socket "/x/.s.PGSQL.1" failed: No such file or directory',
            "nobody listens there at /x",
        ),
        ('FATAL:  password authentication failed for user "x"', "it does not accept the user or password"),
        ('FATAL:  database "x" does not exist', "it has no such database"),
        ("FATAL:  the database system is starting up", "it is starting"),
        ("server closed the connection unexpectedly", "the connection broke off"),
        ("connection timeout expired", "it does not answer in time"),
    ],
)
def test_why_postgresql_is_away_is_in_our_words(text: str, said: str) -> None:
    """With exit status 4 and the cure, and without FATAL."""
    failure = psycopg.OperationalError(text)
    assert postgres_reason(failure).startswith(said)
    problem = unreachable(failure)
    assert problem is not None
    assert problem.exit_code == UNREACHABLE
    assert "FATAL" not in problem.message


def test_why_kafka_is_away_is_in_our_words() -> None:
    """The names of the client's classes mean nothing to whoever sends."""
    assert kafka_reason(kafka.errors.KafkaConnectionError("ECONNREFUSED")) == "nobody answers there"
    assert kafka_reason(kafka.errors.KafkaTimeoutError("Failed to update metadata")) == "it does not answer in time"
    assert kafka_reason(kafka.errors.UnknownTopicOrPartitionError()).startswith("it lacks a topic of the ledger")
    assert kafka_reason(kafka.errors.PolicyViolationError()) == "it answers with its error 44"
    assert kafka_reason(kafka.errors.IllegalStateError("x")) == "the connection broke off"


def test_a_fault_of_the_program_is_one_sentence_and_a_file() -> None:
    """No traceback on the terminal; what its makers need is where only its owner can read it."""
    try:
        raise KeyError("A200000017")
    except KeyError as failure:
        problem = own_fault(failure)
    assert problem.exit_code == 1
    assert "A200000017" not in problem.message
    assert "Traceback" not in problem.message
    found = re.search(r"is in (\S+\.txt):", problem.message)
    assert found is not None
    file = Path(found[1])
    try:
        assert "Traceback" in file.read_text()
        assert file.stat().st_mode & 0o077 == 0
    finally:
        file.unlink()


def test_a_database_that_is_no_ledger_is_told_as_one() -> None:
    """A wrong DATABASE_URL is a common slip."""
    problem = unreachable(psycopg.errors.UndefinedTable('relation "read.progress_v1" does not exist'))
    assert problem is not None
    assert problem.message.startswith("PostgreSQL has no tables of a ledger; nothing was done")
