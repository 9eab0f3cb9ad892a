"""Duties asked for and waived on a running ledger: the waiver is an entry that goes through every part of it."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest

from ledger.roles.logs import configure
from ledger.streams import LEDGER
from ledger.times import parse_instant
from producers.client.feed import FeedReader
from projections.rebuilding.rebuild import rebuild
from readers.moments import Name
from readers.obligations.one_child import DutiesAsked, owed
from readers.verify.verify import verify
from tests.integration.commands import Run, runner
from tests.integration.feeding import published
from tests.integration.flow import ENCOUNTER, Flow, claim, flow

CHILD = "A200000017"
NAME: Name = ("a-number", "200000017")
HANDED = {"handoff_id": "h", "receiving_agency": "ORR", "receiving_facility": "Casa", "discrepancies": []}
ABSENT = {"hearing_id": "h1", "court_case": "c1", "judge_action": "adjourned"}
WHY = ("--code", "surge-or-influx", "--reason", "declared")


def quiet(*_: object) -> None:
    """Say nothing."""


@pytest.fixture
def ledger(database_url: str, fresh_kafka: str, tmp_path: Path) -> Iterator[Flow]:
    """A ledger with all roles, and a child whom CBP kept for five days and who missed a hearing."""
    with flow(database_url, fresh_kafka, tmp_path) as running:
        running.tell("CBP", "child-encountered", claim(CHILD, "2021-03-01T08:00:00-06:00", ENCOUNTER))
        running.tell("CBP", "uc-determination-made", claim(CHILD, "2021-03-01T12:00:00-06:00", {"is_uc": True}))
        running.tell("ORR", "handoff-accepted", claim(CHILD, "2021-03-06T12:00:00-06:00", HANDED))
        running.tell("EOIR", "failure-to-appear-recorded", claim(CHILD, "2022-06-09T09:00:00-05:00", ABSENT))
        running.settle()
        published(running)
        yield running


@pytest.fixture
def custody(ledger: Flow, tmp_path: Path) -> Run:
    """Run `custody` against this ledger."""
    run = runner(ledger.settings.database_url, tmp_path)

    def against(*words: str) -> Any:
        return run(*words, KAFKA_BOOTSTRAP_SERVERS=ledger.settings.kafka_bootstrap)

    return against


def states(found: dict[str, Any]) -> list[tuple[str, str, str]]:
    return [(one["rule"], one["obliged"], one["state"]) for one in found["obligations"]]


def test_a_duty_is_shown_waived_and_shown_as_it_was_before(ledger: Flow, custody: Run) -> None:
    """Late, then lawfully late; as recorded by before it stays late. The waiver is rebuilt and verified like all."""
    before = json.loads(custody("obligations", "A200-000-017", "--agency", "DHS", "--json").stdout)
    assert states(before) == [("D1", "CBP", "missed"), ("D2", "CBP", "late")]
    late = before["obligations"][1]
    assert (late["opened_by"], late["met_by"], late["days_late"]) == (2, 3, 2)
    assert late["due_at"] == "2021-03-04T18:00:00.000000Z"
    on_the_day = json.loads(custody("obligations", "A200-000-017", "--on", "2021-03-05", "--json").stdout)
    assert states(on_the_day) == [("D1", "CBP", "missed"), ("D2", "CBP", "not-covered")]  # ORR declared nothing
    waived = custody("obligations", "waive", "D2", "2", "--agency", "CBP", *WHY)
    assert (waived.returncode, waived.stdout) == (0, "D2 of position 2 waived for CBP at position 5\n")
    ledger.settle()
    after = json.loads(custody("obligations", "A200-000-017", "--state", "waived", "--json").stdout)
    assert states(after) == [("D2", "CBP", "waived")]
    assert after["obligations"][0]["remark"] == "surge-or-influx: declared"
    then = ("--recorded-by", before["recorded_by"], "--agency", "CBP", "--json")
    assert json.loads(custody("obligations", "A200-000-017", *then).stdout)["obligations"] == before["obligations"]
    text = custody("obligations", "A200-000-017").stdout
    assert "By law\n" in text
    assert "Targets, which no law sets\n" in text
    assert "  waived         D2, CBP towards ORR: Hand an unaccompanied child over to HHS\n" in text
    assert "surge-or-influx: declared (position 5)" in text
    assert all(len(line) <= 100 for line in text.splitlines())
    found = verify(ledger.settings, configure("test"), quiet)
    assert (found.sound, found.entries) == (True, 5)
    assert rebuild(ledger.settings, configure("test"), quiet).differences == ()
    assert json.loads(custody("rules", "show", "--json").stdout)["adopted"] == []
    assert custody("rules", "adopt", "moa-2021", "--reason", "signed").returncode == 0
    ledger.settle()
    assert len(json.loads(custody("rules", "show", "--json").stdout)["adopted"]) == 1


def test_what_cannot_be_waived_is_refused_with_the_cure_and_nothing_is_recorded(ledger: Flow, custody: Run) -> None:
    """No such entry, rule, duty or agency; a code that is none; a duty waived before."""

    def refused(*words: str) -> tuple[int, str]:
        run = custody("obligations", "waive", *words, *WHY)
        return run.returncode, run.stderr

    for words, said in (
        (("D2", "99", "--agency", "CBP"), "position 99: there is no entry; nothing was recorded; `custody obligations"),
        (("D99", "2", "--agency", "CBP"), "there is no rule 'D99'; nothing was recorded; the rules are D1, D2"),
        (("D10", "2", "--agency", "ORR"), "position 2 opens no duty by D10; it opens D2 of CBP; nothing was recorded"),
        (("D2", "2", "--agency", "ORR"), "by D2 position 2 obliges CBP towards ORR, not ORR; nothing was recorded"),
        (
            ("T1", "4", "--agency", "EOIR", "--towards", "CBP"),
            "EOIR towards ICE-ERO, EOIR towards ORR, not",
        ),
    ):
        code, message = refused(*words)
        assert (code, said in message) == (1, True), message
    bad = custody("obligations", "waive", "D2", "2", "--agency", "CBP", "--code", "whim", "--reason", "x")
    assert (bad.returncode, "--code: 'surge-or-influx'" in bad.stderr) == (2, True)
    assert refused("T1", "4", "--agency", "EOIR", "--towards", "ORR")[0] == 0
    again = refused("T1", "4", "--agency", "EOIR", "--towards", "ORR")
    assert (again[0], "was waived at position 5; nothing was recorded" in again[1]) == (1, True)
    assert "the entry is about no child" in refused("D2", "5", "--agency", "CBP")[1]
    assert refused("T1", "4", "--agency", "EOIR")[0] == 0
    assert "was waived at position 6" in refused("T1", "4", "--agency", "EOIR", "--towards", "ICE-ERO")[1]
    assert ledger.rows("select max(notification_id) from ledger.stored_events") == [(6,)]
    assert custody("obligations", "A200000018").returncode == 3
    assert custody("obligations", "A200000017", "--state", "lost").returncode == 2


def test_a_duty_to_tell_is_met_by_the_recipients_own_word(ledger: Flow) -> None:
    """ORR reads its feed and signs: it was told of the child and of the missed hearing, late; ICE-ERO never signed."""
    published(ledger)
    with psycopg.connect(ledger.settings.database_url) as connection:
        unsigned = owed(connection, NAME)
        assert states(unsigned) == [
            ("D1", "CBP", "missed"),
            ("D2", "CBP", "late"),
            ("T1", "EOIR", "missed"),
            ("T1", "EOIR", "missed"),
        ]
    with FeedReader(ledger.settings.kafka_bootstrap, "ORR", after=0) as feed:
        for item in feed.available():
            feed.delivered(item)
    signed = ledger.settle()
    published(ledger)
    with psycopg.connect(ledger.settings.database_url) as connection:
        found = owed(connection, NAME)
        assert states(found) == [
            ("D1", "CBP", "late"),
            ("D2", "CBP", "late"),
            ("T1", "EOIR", "missed"),
            ("T1", "EOIR", "late"),
        ]
        assert found["obligations"][3]["towards"] == "ORR"
        assert found["obligations"][3]["proof"] == {
            "how": "receipt",
            "claimed": True,
            "position": signed,
            "feed_number": 3,
        }
        assert found["incomplete"] is None
        only = owed(connection, NAME, sought=DutiesAsked("EOIR", "late"))
        assert states(only) == [("T1", "EOIR", "late")]
        before = owed(connection, NAME, recorded_by=parse_instant(unsigned["recorded_by"]))
        assert before["obligations"] == unsigned["obligations"]
    with psycopg.connect(ledger.settings.database_url, autocommit=True) as connection:
        connection.execute(
            "insert into read_1.parked select %s, 4, recorded_at, payload, 'of a newer release' from read_1.entries"
            " where position = 4",
            (LEDGER,),
        )
    with psycopg.connect(ledger.settings.database_url) as connection:
        assert owed(connection, NAME)["incomplete"]["reason"] == "of a newer release"
