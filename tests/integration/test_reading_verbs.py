"""The verbs that ask, run as people run them: real processes, real tables, the exit codes of the contract.

Broken by hand to see these tests fail, one at a time: each exit code, colour without a terminal, NO_COLOR ignored, a
wait that does not look at the tables or counts its patience from the start, the wrong role named, output not flushed.
"""

import json
import os
import pty
import subprocess
import sys
from pathlib import Path

import psycopg
import pytest

from readers.snapshot import connect
from readers.waiting import wait_until_shown
from tests.integration.commands import CHILD, Run, environment, made_up, recorded, runner
from tests.integration.filling import fill


@pytest.fixture
def custody(database_url: str, tmp_path: Path) -> Run:
    """Run `custody` against this database."""
    return runner(database_url, tmp_path)


def test_view_and_timeline_answer_in_json_and_in_text(custody: Run, database_url: str) -> None:
    """The same answer for programs and for people, as of any moment; no colour where there is no terminal."""
    fill(database_url, made_up().payloads)
    shown = json.loads(custody("view", "A200-000-017", "--json").stdout)
    assert shown["custody"]["state"] == "released-to-sponsor"
    before = json.loads(custody("view", str(CHILD), "--recorded-by", "2022-03-04", "--json").stdout)
    assert before["custody"]["state"] == "orr-custody"
    assert before["recorded_by"] == "2022-03-05T04:59:59.999999Z"
    text = custody("view", "a-number:A200000017", "--happened-by", "2022-02-01T00:00:00Z")
    assert text.returncode == 0
    assert "custody        orr-custody, since 2022-01-01" in text.stdout
    assert "\x1b" not in text.stdout
    timeline = custody("timeline", "A200-000-017")
    assert "2022-03-04T13:20:00-06:00  released-to-sponsor" in timeline.stdout
    assert "legal custodian" not in timeline.stdout
    assert "custody" not in json.loads(custody("timeline", "A200-000-017", "--json").stdout)


@pytest.mark.parametrize(("settings", "coloured"), [({}, True), ({"NO_COLOR": "1"}, False)])
def test_a_terminal_gets_colour_unless_it_wants_none(
    database_url: str, tmp_path: Path, settings: dict[str, str], coloured: bool
) -> None:
    """On a real terminal the first lines stand out; with NO_COLOR set nothing does."""
    fill(database_url, made_up().payloads)
    ours, theirs = pty.openpty()
    with subprocess.Popen(
        [sys.executable, "-m", "custody", "view", "A200-000-017"],
        env=environment(database_url, tmp_path) | {"TERM": "xterm"} | settings,
        stdout=theirs,
    ) as process:
        os.close(theirs)
        said = b""
        try:
            while part := os.read(ours, 65_536):
                said += part
        except OSError:  # Linux says so when the other end of a terminal has closed
            pass
    os.close(ours)
    assert process.returncode == 0
    assert b"A200-000-017" in said
    assert (b"\x1b[1m" in said) is coloured


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (["view", "A299-999-999"], 3, "no child is known as A299-999-999"),
        (["view", "A200-000-017", "--recorded-by", "1999-01-01"], 3, "nothing had been recorded"),
        (["view", "nobody"], 2, "names no child"),
        (["view", "A200-000-017", "--happened-by", "soon"], 2, "--happened-by 'soon'"),
        (["figure", "escaped"], 2, "'escaped' is no figure; there are in-care, released"),
        (["figure", "in_car"], 2, "did you mean in-care?"),
        (["figure", "in-care", "--on", "2022"], 2, "--on '2022'"),
        (["figure", "in-care", "--as", "FBI"], 2, "--as 'FBI' is no agency or group; there are CBP"),
        (["figure", "in-care", "--between", "ORR", "ICE"], 2, "only the figure divergent takes that"),
        (["figure", "divergent"], 2, "--member residence --between A B"),
        (["figure", "divergent", "--member", "custody", "--between", "ORR", "ICE"], 2, "`custody diverge CHILD A B`"),
        (
            ["figure", "divergent", "--member", "residence", "--between", "ORR", "FBI"],
            2,
            "--between 'FBI' is no agency or group",
        ),
        (["figure", "divergent", "--member", "residence", "--between", "ORR", "ORR"], 2, "never differs from itself"),
        (
            ["figure", "divergent", "--member", "residence", "--between", "ORR", "ICE", "--limit", "0"],
            2,
            "a page holds 1 to 1000 children",
        ),
        (
            ["figure", "divergent", "--member", "residence", "--between", "ORR", "ICE", "--after", "x"],
            2,
            "give `next` of the page before",
        ),
        (["figure", "in-care", "--by", "state"], 2, "is no dimension of in-care; there are country"),
        (["figure", "released", "--from", "2022-02-01", "--to", "2022-01-01"], 2, "ends before it begins"),
        (["findings", "--agency", "FBI"], 2, "--agency 'FBI' is no agency that produces entries; there are CBP"),
        (["findings", "--agency", "Ero"], 2, "(did you mean ICE-ERO?)"),
        (["findings", "--code", "W33"], 2, "--code 'W33' is no rule (did you mean W3?)"),
        (["findings", "--office", "Nowhere"], 2, "--office 'Nowhere' is no office the ledger knows"),
        (["set-aside", "show", "1"], 3, "no message 1 is set aside"),
        (["set-aside", "retry", str(CHILD)], 3, f"nothing of child {CHILD} is set aside"),
        (["set-aside", "show", "x"], 2, "neither the number"),
        (["view", "A200-000-017", "--as", "FBI"], 2, "--as 'FBI' is no agency or group; there are CBP, ICE"),
        (["view", "A200-000-017", "--as", "ICE", "--at-least", "seen"], 2, "is no grade; there are told, delivered"),
        (["view", "A200-000-017", "--basis", "heard"], 2, "is no basis; there are any, proven"),
    ],
)
def test_what_cannot_be_answered_is_said_in_one_message(
    custody: Run, database_url: str, words: list[str], code: int, said: str
) -> None:
    """Wrong usage is 2, what does not exist is 3; never a traceback, and nothing on standard output."""
    fill(database_url, made_up().payloads)
    done = custody(*words)
    assert done.returncode == code
    assert said in done.stderr
    assert "Traceback" not in done.stderr
    assert done.stdout == ""


def test_a_server_that_cannot_be_reached_is_named_with_the_cure(custody: Run) -> None:
    """Exit 4, whichever verb asked."""
    for words in (["view", "A200-000-017"], ["figure", "in-care"], ["wait"], ["set-aside", "list"]):
        done = custody(*words, DATABASE_URL="postgresql://custody:x@127.0.0.1:9/custody")
        assert done.returncode == 4
        assert "PostgreSQL" in done.stderr
        assert "custody up" in done.stderr


def test_a_database_without_read_tables_is_a_failure_with_its_cure(custody: Run) -> None:
    """Exit 1: the servers are there, and the projections have never run on them."""
    done = custody("figure", "in-care")
    assert done.returncode == 1
    assert "the role `projections` has not run" in done.stderr


def test_figures_are_told_as_an_agency_knew_them(custody: Run, database_url: str) -> None:
    """ORR knew of the admission that it recorded, nobody was told of it; what an agency claims from before the ledger
    began is counted, with a note that says so."""
    fill(database_url, made_up().payloads)
    day = ("figure", "in-care", "--on", "2022-03-03")
    assert json.loads(custody(*day, "--as", "ORR", "--json").stdout)["value"] == 1
    told = custody(*day, "--as", "ICE", "--at-least", "told")
    assert told.stdout.startswith("in-care on 2022-03-03: 0\n")
    assert "as known to           ICE, at least told, claimed or proven" in told.stdout
    early = custody(*day, "--as", "ORR", "--known-at", "2021-01-01")
    assert "NOTE: known_at is before the ledger began" in early.stdout
    apart = custody("figure", "divergent", "--member", "residence", "--between", "ORR", "ICE", "--list")
    assert apart.stdout.startswith("divergent residence between ORR and ICE: 1\n")
    assert "lacking      ICE did not know of released-to-sponsor" in apart.stdout
    page = json.loads(
        custody("figure", "divergent", "--member", "residence", "--between", "ORR", "ICE", "--list", "--json").stdout
    )
    assert page["next"] is None
    assert page["list"][0]["b"] is None
    assert page["list"][0]["days"] >= 0


def test_figures_and_findings_answer_in_json_and_in_text(custody: Run, database_url: str) -> None:
    """The numbers with their definition, and the work list."""
    fill(database_url, made_up().payloads)
    answer = json.loads(custody("figure", "in-care", "--on", "2022-03-03", "--list", "--json").stdout)
    assert (answer["value"], answer["open_findings"], len(answer["list"])) == (1, 1, 1)
    assert json.loads(custody("figure", "in-care", "--on", "2022-03-04", "--json").stdout)["value"] == 0
    words = ["figure", "released", "--from", "2022-03-01", "--to", "2022-03-31", "--by", "state"]
    assert json.loads(custody(*words, "--json").stdout)["rows"] == [{"state": "TX", "value": 1}]
    assert json.loads(custody(*words, "--without-open-findings", "--json").stdout)["rows"] == []
    assert "  TX           1\n" in custody(*words).stdout
    found = json.loads(custody("findings", "--open", "--json").stdout)
    assert [(finding["code"], finding["agency"]) for finding in found["findings"]] == [("C5", "ORR"), ("W3", "ORR")]
    assert found["complete_to"] == "2022-03-05T15:00:00.000000Z"
    assert "guard C5, open: position 2" in custody("findings", "--code", "C5").stdout
    assert json.loads(custody("findings", "--code", "C4", "--json").stdout)["findings"] == []


def test_a_reader_who_leaves_early_is_no_error_to_shout_about(custody: Run, database_url: str, tmp_path: Path) -> None:
    """`custody findings | head` ends in silence, whatever was still to be written."""
    fill(database_url, made_up().payloads)
    for words in (["findings"], ["findings", "--json"], ["view", "A200-000-017"], ["figure", "in-care", "--json"]):
        assert custody(*words).returncode == 0
        process = subprocess.Popen(
            [sys.executable, "-m", "custody", *words],
            env=environment(database_url, tmp_path),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        assert process.stdout is not None
        process.stdout.close()
        assert process.wait(60) == 1
        assert process.stderr is not None
        assert process.stderr.read() == b""
        process.stderr.close()


def test_wait_returns_when_everything_accepted_shows(custody: Run, database_url: str) -> None:
    """Nothing accepted, nothing to wait for; otherwise the role that lags is named, and at last all is there."""
    nothing = custody("wait", "--json")
    assert (nothing.returncode, json.loads(nothing.stdout)["position"]) == (0, 0)
    ledger = made_up()
    recorded(database_url, ledger.payloads)
    fill(database_url, ledger.payloads[:1])
    lagging = custody("wait", "--timeout", "0.2")
    assert lagging.returncode == 1
    assert "the role `relay` is at position 0 of 2" in lagging.stderr
    with psycopg.connect(database_url) as connection:
        connection.execute("insert into ledger.relay_checkpoint values ('entries', 2, '{}')")
    assert "the role `feeds` is at position 0 of 2" in custody("wait", "--timeout", "0.2").stderr
    with psycopg.connect(database_url) as connection:
        connection.execute(
            "insert into ledger.publications values (1, 2, clock_timestamp(), 0, 0, 0, 0, 0, 0, '{}', '')"
        )
    assert "the role `projections` is at position 1 of 2" in custody("wait", "--timeout", "0.2").stderr
    fill(database_url, ledger.payloads[1:])
    done = custody("wait", "--json")
    assert done.returncode == 0
    assert json.loads(done.stdout) == {"position": 2, "shown": 2, "set_aside_children": 0}


def test_wait_goes_on_while_the_tables_move(database_url: str) -> None:
    """The patience is for standing still: an entry every four seconds is enough for five, however many must come."""
    ledger = made_up()
    for _ in range(4):
        ledger.add(CHILD, "admitted-to-program", {}, occurred_at=None)
    fill(database_url, [])
    passed = 0.0
    coming = list(ledger.payloads)

    def two_seconds(_: float) -> None:
        nonlocal passed
        passed += 2
        if passed % 4 == 0:
            fill(database_url, [coming.pop(0)])

    with connect(database_url) as connection:
        shown = wait_until_shown(connection, 5, patience_seconds=5, now=lambda: passed, sleep=two_seconds)
    assert shown.position == 5
    assert passed == 20
