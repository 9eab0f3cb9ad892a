"""`custody receipt` and `custody feed`, with the real intake and relay behind them; the feed is filled by hand."""

import json
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from subprocess import CompletedProcess

import orjson
import pytest

from tests.integration.flow import Flow, flow, until
from tests.integration.forking import run_custody
from tests.integration.receipting import item, publish, put_on_feed
from tests.integration.running import PATIENCE_SECONDS, custody, told_where

Run = Callable[..., CompletedProcess[bytes]]


@pytest.fixture
def ledger(database_url: str, fresh_kafka: str, tmp_path: Path) -> Iterator[Flow]:
    """A ledger with intake and relay, and six items on ORR's feed."""
    with flow(database_url, fresh_kafka, tmp_path, ("intake", "relay")) as running:
        publish(database_url, "2022-03-01T10:00:00Z", orr=6)
        put_on_feed(fresh_kafka, "ORR", [item(number) for number in range(1, 7)], each_transaction=2)
        yield running


@pytest.fixture
def run(database_url: str, kafka_bootstrap: str, tmp_path: Path) -> Run:
    """Run `custody` on these servers."""

    def ran(*words: str) -> CompletedProcess[bytes]:
        return custody(*words, database_url=database_url, bootstrap=kafka_bootstrap, data=tmp_path)

    return ran


def test_a_receipt_is_sent_and_its_outcome_printed(ledger: Flow, run: Run) -> None:
    """By range and by number, with who signs and since when; exit status 0 and the outcome as one line."""
    done = run("receipt", "--agency", "orr", "--up-to", "6", "--grade", "delivered", "--at", "2022-03-02")
    assert done.returncode == 0, done.stderr
    outcome = json.loads(done.stdout)
    assert (outcome["status"], outcome["child"], outcome["version"], outcome["findings"]) == ("accepted", None, 1, [])
    by = ("--by-office", "HLG", "--by-user", "u-1")
    done = run("receipt", "--agency", "ORR", "--number", "2", "--number", "5", "--grade", "acknowledged", *by)
    assert json.loads(done.stdout)["version"] == 2
    facts = [
        orjson.loads(bytes(state))["fact"]
        for (state,) in ledger.rows("select state from ledger.stored_events order by notification_id")
    ]
    assert facts == [
        {"up_to": 6, "grade": "delivered", "at": "2022-03-03T04:59:59.999999Z"},
        {"numbers": [2, 5], "grade": "acknowledged", "by": {"office": "HLG", "user": "u-1"}},
    ]


def test_a_refused_receipt_fails_with_the_cure(ledger: Flow, run: Run) -> None:
    """The outcome is printed as any other, the reason besides; nothing is recorded."""
    done = run("receipt", "--agency", "ORR", "--up-to", "7", "--grade", "opened")
    assert done.returncode == 1
    assert json.loads(done.stdout)["refusal"]["code"] == "R1"
    assert b"custody: refused by R1: `up_to` names 7, and the last number published on the feed of ORR is 6" in (
        done.stderr
    )
    assert ledger.rows("select count(*) from ledger.stored_events") == [(0,)]


def test_without_waiting_the_command_says_where_the_outcome_comes(ledger: Flow, run: Run) -> None:
    """Kafka has it on return; nobody waits for the ledger."""
    done = run("receipt", "--agency", "ORR", "--up-to", "1", "--grade", "delivered", "--no-wait")
    assert (done.returncode, b"custody.outcomes.orr" in done.stdout) == (0, True)
    until(lambda: ledger.rows("select count(*) from ledger.stored_events") == [(1,)])


WRONG: dict[str, tuple[tuple[str, ...], str]] = {
    "an agency without a feed": (("--agency", "STEWARD", "--up-to", "1", "--grade", "opened"), "are CBP, ICE-ERO, "),
    "no agency at all": (("--agency", "FBI", "--up-to", "1", "--grade", "opened"), "--agency 'FBI' is no agency here"),
    "no grade": (
        ("--agency", "ORR", "--up-to", "1", "--grade", "told"),
        "is no grade; there are delivered, opened, acknowledged",
    ),
    "nothing": (("--agency", "ORR", "--grade", "opened"), "either --up-to, or --number"),
    "both": (("--agency", "ORR", "--grade", "opened", "--up-to", "1", "--number", "1"), "either --up-to, or --number"),
    "number zero": (("--agency", "ORR", "--grade", "opened", "--up-to", "0"), "--up-to"),
    "no time": (("--agency", "ORR", "--grade", "opened", "--up-to", "1", "--at", "noon"), "--at 'noon'"),
    "no clock to set": (
        ("--agency", "ORR", "--grade", "opened", "--up-to", "1", "--sent-at", "2022-01-01"),
        "the wall",
    ),
}


@pytest.mark.parametrize("what", WRONG)
def test_wrong_usage_is_told_before_anything_is_sent(run: Run, what: str) -> None:
    """Exit status 2, and what would be right."""
    words, said = WRONG[what]
    done = run("receipt", *words)
    assert done.returncode == 2, done.stderr
    assert said in done.stderr.decode()
    assert b"Traceback" not in done.stderr


def test_nobody_answering_is_told_and_what_was_sent_is_safe(fresh_kafka: str, run: Run) -> None:
    """Where no intake runs the wait ends; where no Kafka runs it does not begin: exit status 1 and 4."""
    words = ("receipt", "--agency", "ORR", "--up-to", "1", "--grade", "delivered", "--timeout", "0.5")
    done = run(*words)
    assert (done.returncode, b"safe on Kafka" in done.stderr) == (1, True)
    done = custody(*words, database_url="postgresql://127.0.0.1:9/x", bootstrap="127.0.0.1:9", data=Path("/nowhere"))
    assert (done.returncode, b"cannot be reached" in done.stderr) == (4, True)


def test_on_a_driven_clock_a_receipt_says_when(database_url: str, fresh_kafka: str, tmp_path: Path) -> None:
    """The wall must not push a simulation of 2022 to today."""
    words = ("receipt", "--agency", "ORR", "--up-to", "1", "--grade", "delivered")

    def run(*more: str) -> CompletedProcess[bytes]:
        where = told_where(database_url=database_url, bootstrap=fresh_kafka, data=tmp_path)
        return run_custody((*words, *more), {**where, "CUSTODY_CLOCK": "driven"}, timeout=PATIENCE_SECONDS)

    with flow(database_url, fresh_kafka, tmp_path, ("intake", "relay"), clock="driven"):
        publish(database_url, "2022-03-01T10:00:00Z", orr=1)
        unsaid = run()
        assert (unsaid.returncode, b"say when with --sent-at or --at" in unsaid.stderr) == (2, True)
        at = run("--at", "2022-03-02T10:00:00Z")
        later = run("--at", "2022-03-02T10:00:00Z", "--sent-at", "2022-03-03T10:00:00Z")
    assert json.loads(at.stdout)["recorded_at"] == "2022-03-02T10:00:00.000000Z"
    assert json.loads(later.stdout)["recorded_at"] == "2022-03-03T10:00:00.000000Z"


def test_a_feed_is_shown_and_nothing_is_signed(ledger: Flow, run: Run) -> None:
    """In text one line an item, as JSON one object a line; from behind a number on; it is over at the end."""
    done = run("feed", "--agency", "ORR", "--after", "4")
    assert done.returncode == 0, done.stderr
    assert done.stdout.decode().splitlines() == [
        f"{number} entry, published 2022-03-01T10:00:00Z: position {100 + number}, custody.released-to-sponsor.v1 "
        "of A200-000-017 by ORR; withheld: sponsor_name"
        for number in (5, 6)
    ]
    done = run("feed", "--agency", "ORR", "--json")
    assert [json.loads(line) for line in done.stdout.splitlines()] == [
        {"published_at": "2022-03-01T10:00:00Z", **item(number)} for number in range(1, 7)
    ]
    assert run("feed", "--agency", "EOIR").stdout == b""
    assert ledger.rows("select count(*) from ledger.submissions") == [(0,)]
    assert b"gives nobody knowledge" in run("feed", "--help").stdout


def test_a_feed_that_is_not_whole_is_not_shown_as_whole(fresh_kafka: str, run: Run) -> None:
    """What comes before the gap is shown, then the gap is named: exit status 1; a place beyond the feed likewise."""
    put_on_feed(fresh_kafka, "ORR", [item(1), item(3)])
    done = run("feed", "--agency", "ORR", "--json")
    assert (done.returncode, len(done.stdout.splitlines())) == (1, 1)
    assert b"number 2 is missing" in done.stderr
    beyond = run("feed", "--agency", "ORR", "--after", "17")
    assert (beyond.returncode, b"has at most 2 items" in beyond.stderr) == (1, True)


def test_a_feed_is_followed_until_ctrl_c(database_url: str, fresh_kafka: str, tmp_path: Path) -> None:
    """What is published while one looks is shown; Ctrl-C ends it with status 0."""
    put_on_feed(fresh_kafka, "ORR", [item(1)])
    with subprocess.Popen(
        [sys.executable, "-m", "custody", "feed", "--agency", "ORR", "--follow", "--json"],
        env=told_where(database_url=database_url, bootstrap=fresh_kafka, data=tmp_path),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as following:
        assert following.stdout is not None
        assert json.loads(following.stdout.readline())["number"] == 1
        put_on_feed(fresh_kafka, "ORR", [item(2)])
        assert json.loads(following.stdout.readline())["number"] == 2
        following.send_signal(signal.SIGINT)
        _, said = following.communicate(timeout=PATIENCE_SECONDS)
    assert (following.returncode, said) == (0, b"")
