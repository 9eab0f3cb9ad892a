"""Adopting sharing rules: an entry about no child goes through every part of the ledger as others do."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import orjson
import psycopg
import pytest

from ledger.roles.logs import configure
from ledger.streams import LEDGER
from projections.rebuilding.rebuild import rebuild
from readers.verify.verify import verify
from tests.integration.commands import Run, runner
from tests.integration.flow import ENCOUNTER, Flow, claim, flow, until


def quiet(*_: object) -> None:
    """Say nothing."""


@pytest.fixture
def ledger(database_url: str, fresh_kafka: str, tmp_path: Path) -> Iterator[Flow]:
    """A ledger with all roles, and one child in it."""
    with flow(database_url, fresh_kafka, tmp_path) as running:
        running.tell("CBP", "child-encountered", claim("A200000017", "2021-03-01", ENCOUNTER))
        yield running


@pytest.fixture
def custody(ledger: Flow, tmp_path: Path) -> Run:
    """Run `custody` against this ledger."""
    run = runner(ledger.settings.database_url, tmp_path)

    def against(*words: str) -> Any:
        return run(*words, KAFKA_BOOTSTRAP_SERVERS=ledger.settings.kafka_bootstrap)

    return against


def test_a_set_is_adopted_once_shown_and_told_like_every_entry(ledger: Flow, custody: Run) -> None:
    """Recorded, relayed, projected, compared, rebuilt; children are told and shown as before."""
    before = json.loads(custody("rules", "show", "--json").stdout)
    assert (before["adopted"], before["in_force"]["id"]) == ([], "default")
    adopted = json.loads(custody("rules", "adopt", "moa-2021", "--reason", "signed", "--json").stdout)
    assert custody("rules", "adopt", "change-2025", "--reason", "amended", "--backfill").returncode == 0
    ledger.tell("CBP", "referred-to-orr", claim("A200000017", "2021-03-02", {"referring_office": "RGV"}))
    last = ledger.settle()
    assert last == 4
    shown = json.loads(custody("rules", "show", "--json").stdout)
    assert [(one["position"], one["id"], one["backfill"]) for one in shown["adopted"]] == [
        (adopted["position"], "moa-2021", False),
        (3, "change-2025", True),
    ]
    assert shown["in_force"] == {"id": "change-2025", "version": 2}
    payloads = [orjson.loads(row[0]) for row in ledger.rows("select payload from read_1.entries order by position")]
    assert [entry["child"] is None for entry in payloads] == [False, True, True, False]
    assert [entry["version"] for entry in payloads if entry["subject"] == "ledger"] == [1, 2]
    assert ledger.rows("select count(*) from read.current_location_v1") == [(1,)]
    assert ledger.rows("select count(*) from read.parked_v1") == [(0,)]
    found = verify(ledger.settings, configure("test"), quiet)
    assert (found.sound, found.entries) == (True, 4)
    assert rebuild(ledger.settings, configure("test"), quiet).differences == ()
    again = json.loads(custody("rules", "show", "--json").stdout)
    assert {**again, "complete_to": None} == {**shown, "complete_to": None}  # settled time goes on with the clock
    text = custody("rules", "show").stdout
    assert "position 3" in text
    assert "in force: change-2025 version 2" in text


def test_what_cannot_be_adopted_is_refused_and_nothing_is_recorded(ledger: Flow, custody: Run, tmp_path: Path) -> None:
    """The same set twice, another under its name, a file with a fault, no such name, a moment on the wall clock."""
    assert custody("rules", "adopt", "moa-2018", "--reason", "x").returncode == 0
    again = custody("rules", "adopt", "moa-2018", "--reason", "x")
    assert again.returncode == 1
    assert "was adopted at position 2; it changes nothing to adopt it again" in again.stderr
    text = custody("rules", "show", "moa-2018", "--json").stdout
    assert json.loads(text)["id"] == "moa-2018"
    source = Path(__file__).parents[2] / "ledger" / "sharing" / "sets" / "moa-2018.toml"
    other = tmp_path / "other.toml"
    other.write_text(source.read_text(encoding="utf-8").replace("2018-05-13", "2018-05-14"))
    changed = custody("rules", "adopt", str(other), "--reason", "x")
    assert (changed.returncode, "give it the next version" in changed.stderr) == (1, True)
    long = custody("rules", "adopt", "moa-2021", "--reason", "x" * 4001)
    assert (long.returncode, "reason: a text of at most 4000" in long.stderr) == (1, True)
    other.write_text("id = 1")
    faulty = custody("rules", "adopt", str(other), "--reason", "x")
    assert faulty.returncode == 2
    assert f"{other}: version: it is missing" in faulty.stderr
    assert custody("rules", "adopt", "nothing-of-the-kind", "--reason", "x").returncode == 3
    assert custody("rules", "adopt", "moa-2021", "--reason", "x", "--at", "2021-03-11T00:00:00Z").returncode == 2
    assert ledger.rows("select max(notification_id) from ledger.stored_events") == [(2,)]


def test_the_record_of_the_ledger_is_no_childs(ledger: Flow, custody: Run) -> None:
    """It cannot be viewed as a child, nor can anybody submit under it, nor submit such a fact."""
    assert custody("rules", "adopt", "moa-2018", "--reason", "x").returncode == 0
    until(lambda: ledger.rows("select position from read.progress_v1") == [(2,)])
    viewed = custody("view", str(LEDGER))
    assert (viewed.returncode, "is the record of no child" in viewed.stderr) == (3, True)
    under = {
        **claim("A200000017", "2021-03-02", {"referring_office": "RGV"}),
        "child": [{"scheme": "ledger", "value": str(LEDGER)}],
    }
    refused = ledger.tell("CBP", "referred-to-orr", under)
    assert (refused["status"], refused["refusal"]["code"]) == ("refused", "H0")
    fact = {"rules": {}, "reason": "x"}
    refused = ledger.tell("STEWARD", "sharing-rules-adopted", claim("A200000017", "2021-03-02", fact))
    assert (refused["status"], refused["refusal"]["code"]) == ("refused", "H0")
    assert ledger.rows("select max(notification_id) from ledger.stored_events") == [(2,)]


def test_what_a_newer_release_adopted_is_missing_and_said_to_be(ledger: Flow, custody: Run) -> None:
    """An entry this release cannot read waits, with all later ones; nobody takes the last set he sees for the last."""
    assert json.loads(custody("rules", "show", "--json").stdout)["incomplete"] is None
    assert custody("rules", "adopt", "moa-2018", "--reason", "x").returncode == 0
    ledger.settle()
    with psycopg.connect(ledger.settings.database_url, autocommit=True) as connection:
        connection.execute(
            "with gone as (delete from read_1.entries where child = %s returning *)"
            " insert into read_1.parked select gone.*, 'of a newer release' from gone",
            (LEDGER,),
        )
    shown = json.loads(custody("rules", "show", "--json").stdout)
    assert (shown["adopted"], shown["incomplete"]["reason"]) == ([], "of a newer release")
    assert "INCOMPLETE: what was adopted since" in custody("rules", "show").stdout


def test_on_a_driven_clock_an_adoption_says_when_or_comes_just_after_the_last_entry(
    database_url: str, fresh_kafka: str, tmp_path: Path
) -> None:
    """The wall must not push a simulation of 2021 to today."""
    run = runner(database_url, tmp_path)

    def custody(*words: str) -> Any:
        return run(
            "rules", "adopt", *words, "--reason", "x", KAFKA_BOOTSTRAP_SERVERS=fresh_kafka, CUSTODY_CLOCK="driven"
        )

    with flow(database_url, fresh_kafka, tmp_path, clock="driven") as ledger:
        unsaid = custody("moa-2018")
        assert (unsaid.returncode, "say when with --at" in unsaid.stderr) == (1, True)
        assert custody("moa-2018", "--at", "2018-05-13T09:00:00-04:00").returncode == 0
        assert custody("moa-2021").returncode == 0
        assert custody("change-2025", "--at", "2017-01-01T00:00:00Z").returncode == 0
        ledger.settle()
        moments = ledger.rows("select recorded_at at time zone 'UTC' from read.timeline_v1 order by position")
    assert [str(moment) for (moment,) in moments] == [
        "2018-05-13 13:00:00",
        "2018-05-13 13:00:00.000001",
        "2018-05-13 13:00:00.000002",
    ]
