"""`custody submit`, `custody import hhs-releases` and the simulator, with the real intake and relay behind them."""

import json
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import psycopg
import pytest

from ledger.agencies import PRODUCERS
from ledger.times import parse_instant
from producers.client.outcomes import OutcomeReader
from producers.client.sending import Sender
from producers.client.submissions import AgencyClient
from producers.imports.account import Report
from producers.imports.hhs_file import read_releases
from producers.imports.hhs_import import import_releases, judged
from producers.imports.journal import RowCounts, read_journal, write_journal
from producers.simulation.playing import play
from producers.simulation.simulator import STORY, day
from producers.tables.rows import BadRow
from tests.integration.running import PATIENCE_SECONDS, custody, running, told_where

ROOT = Path(__file__).parents[2]
TRAPS = ROOT / "tests" / "data" / "releases_traps.csv"
ROLES = ("intake", "relay")


@pytest.fixture
def ledger(database_url: str, fresh_kafka: str, tmp_path: Path) -> Iterator[dict[str, Any]]:
    """Run intake and relay; give what `custody` needs to find them."""
    with running(ROLES, database_url=database_url, bootstrap=fresh_kafka, folder=tmp_path):
        yield {"database_url": database_url, "bootstrap": fresh_kafka, "data": tmp_path}


def event(id: str, fact: dict[str, Any] | None = None, *, row: str = "A200-000-021") -> bytes:
    data = {
        "child": [{"scheme": "a-number", "value": row}],
        "occurred_at": "2022-01-12",
        "source": {"document": "P-1", "reference": id, "grade": "document"},
        "door": "feed",
        "fact": {"program": "Casa Ficticia"} if fact is None else fact,
    }
    return json.dumps(
        {
            "specversion": "1.0",
            "id": id,
            "source": "/orr/uc-portal",
            "type": "custody.admitted-to-program.v1",
            "time": "2022-01-12T10:00:00Z",
            "data": data,
        }
    ).encode()


def lines(output: bytes) -> list[dict[str, Any]]:
    return [json.loads(line) for line in output.splitlines()]


def test_submit_with_wait_answers_every_line_in_the_order_of_the_lines(ledger: dict[str, Any]) -> None:
    """Accepted, refused and duplicate stand where their lines stood, though the ledger tells them in its own order."""
    sent = [event("e-1"), event("e-2", {"bed": 12}), event("e-1"), event("e-3", row="A200-000-022"), event("e-2")]
    done = custody("submit", "--agency", "orr", "--wait", "-", stdin=b"\n".join(sent), **ledger)
    assert done.returncode == 0, done.stderr
    answers = lines(done.stdout)
    assert [(a["submission"]["id"], a["status"]) for a in answers] == [
        ("e-1", "accepted"),
        ("e-2", "refused"),
        ("e-1", "duplicate"),
        ("e-3", "accepted"),
        ("e-2", "refused"),
    ]
    assert answers[0]["position"] == answers[2]["position"]
    assert answers[1]["refusal"]["member"] == "fact.bed"


def test_a_line_that_is_no_object_is_named_and_the_others_are_sent(ledger: dict[str, Any], tmp_path: Path) -> None:
    """Exit status 1 and a message for each broken line; nothing of it reaches the ledger."""
    file = tmp_path / "events.jsonl"
    file.write_bytes(event("e-1") + b"\n{broken\n\n[1]\n" + event("e-2") + b'\n{"id": "x"}\n')
    done = custody("submit", "--agency", "ORR", "--wait", str(file), **ledger)
    assert done.returncode == 1
    assert [a["submission"]["id"] for a in lines(done.stdout)] == ["e-1", "e-2"]
    said = done.stderr.decode()
    assert "line 2: not JSON" in said
    assert "line 4: JSON, but no object" in said
    assert "line 6: sent, but it has no usable `id`" in said
    assert "Traceback" not in said


def test_whoever_writes_one_event_and_waits_gets_its_outcome(ledger: dict[str, Any]) -> None:
    """A program may talk with `custody submit --wait -` line by line: each answer comes before the next line."""
    with subprocess.Popen(
        [sys.executable, "-m", "custody", "submit", "--agency", "ORR", "--wait", "-"],
        env=told_where(**ledger),
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    ) as talking:
        assert talking.stdin is not None
        assert talking.stdout is not None
        for id in ("e-1", "e-2"):
            talking.stdin.write(event(id) + b"\n")
            talking.stdin.flush()
            assert json.loads(talking.stdout.readline())["submission"]["id"] == id
        talking.stdin.close()
        assert talking.wait(timeout=PATIENCE_SECONDS) == 0


def test_submit_stops_on_ctrl_c_while_it_waits_for_lines(ledger: dict[str, Any]) -> None:
    """A person at the keyboard stops it with one message and exit status 1, whatever it was waiting for."""
    with subprocess.Popen(
        [sys.executable, "-m", "custody", "submit", "--agency", "ORR", "--wait", "-"],
        env=told_where(**ledger),
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as waiting:
        assert waiting.stdin is not None
        assert waiting.stdout is not None
        assert waiting.stderr is not None
        waiting.stdin.write(event("e-1") + b"\n" + event("e-2"))
        waiting.stdin.flush()
        assert json.loads(waiting.stdout.readline())["status"] == "accepted"
        waiting.send_signal(signal.SIGINT)
        assert waiting.wait(timeout=PATIENCE_SECONDS) == 1
        assert waiting.stderr.read().startswith(b"custody: stopped; lines that were read may or may not have been sent")


def test_lines_of_any_length_are_counted_right(ledger: dict[str, Any], tmp_path: Path) -> None:
    """A line longer than a message may be is named and left out; a last line without its end is a line."""
    file = tmp_path / "long.jsonl"
    file.write_bytes(event("e-1") + b'\n{"x": "' + bytes(9_000_000) + b'"}\n' + event("e-2", row="A200-000-030"))
    done = custody("submit", "--agency", "ORR", "--wait", str(file), **ledger)
    assert done.returncode == 1
    assert "line 2: longer than the 8388608 bytes" in done.stderr.decode()
    assert [a["submission"]["id"] for a in lines(done.stdout)] == ["e-1", "e-2"]


def test_without_anybody_to_answer_the_wait_is_bounded(database_url: str, fresh_kafka: str, tmp_path: Path) -> None:
    """Kafka has the line, no ledger runs: the command says so after its patience, and where to look."""
    where: dict[str, Any] = {"database_url": database_url, "bootstrap": fresh_kafka, "data": tmp_path}
    done = custody("submit", "--agency", "ORR", "--wait", "--timeout", "1", "-", stdin=event("e-1"), **where)
    assert done.returncode == 1
    assert "the first is that of line 1" in done.stderr.decode()
    assert "custody status" in done.stderr.decode()


def test_a_kafka_that_is_not_there_and_an_agency_that_sends_nothing_have_their_exit_codes(tmp_path: Path) -> None:
    """4 names the server and the cure, 2 names the agencies there are."""
    where: dict[str, Any] = {"database_url": "postgresql://127.0.0.1:1/x", "bootstrap": "127.0.0.1:1", "data": tmp_path}
    unreachable = custody("submit", "--agency", "ORR", "-", stdin=event("e-1"), **where)
    assert unreachable.returncode == 4
    assert "Kafka at 127.0.0.1:1 cannot be reached" in unreachable.stderr.decode()
    imported = custody("import", "hhs-releases", str(TRAPS), **where)
    assert imported.returncode == 4
    nobody = custody("submit", "--agency", "OIG", "-", stdin=b"", **where)
    assert nobody.returncode == 2
    assert "STEWARD" in nobody.stderr.decode()
    assert custody("submit", "--agency", "ORR", str(tmp_path / "none.jsonl"), **where).returncode == 2


def test_an_import_accounts_for_every_row_and_a_repeat_changes_nothing(ledger: dict[str, Any]) -> None:
    """Ten rows are thirty entries; the same file again is thirty duplicates, not an entry more."""
    first = custody("import", "hhs-releases", str(TRAPS), "--json", **ledger)
    assert first.returncode == 0, first.stderr
    counts = json.loads(first.stdout)
    assert {name: counts[name] for name in ("rows_read", "submitted", "accepted", "duplicate", "refused")} == {
        "rows_read": 10,
        "submitted": 30,
        "accepted": 30,
        "duplicate": 0,
        "refused": 0,
    }
    assert counts["findings"]["code-missing"] == 3
    assert counts["findings"]["doubled-row-id"] == 1
    assert counts["findings"]["occurred-at-unknown"] == 2
    again = json.loads(custody("import", "hhs-releases", str(TRAPS), "--json", **ledger).stdout)
    assert (again["accepted"], again["duplicate"]) == (0, 30)
    assert entries(ledger) == 30
    shown = custody("import", "hhs-releases", str(TRAPS), **ledger).stdout.decode()
    assert "duplicate            30" in shown


def test_a_file_that_breaks_off_keeps_what_stands_before(ledger: dict[str, Any], tmp_path: Path) -> None:
    """The rows before the cut are in the ledger, the exit status is 1 and the line is named; the whole file goes on."""
    cut = tmp_path / "cut.csv"
    cut.write_bytes(TRAPS.read_bytes()[:-20])
    done = custody("import", "hhs-releases", str(cut), "--json", **ledger)
    assert done.returncode == 1
    assert "line 11 was not read" in done.stderr.decode()
    assert (json.loads(done.stdout)["rows_read"], entries(ledger)) == (9, 27)
    whole = json.loads(custody("import", "hhs-releases", str(TRAPS), "--json", **ledger).stdout)
    assert (whole["accepted"], whole["duplicate"]) == (3, 27)


def test_a_bad_row_is_named_and_left_out(ledger: dict[str, Any], tmp_path: Path) -> None:
    """One date nobody can read does not keep nine children out; the exit status says that something is missing."""
    bad = tmp_path / "bad.csv"
    bad.write_bytes(TRAPS.read_bytes().replace(b"2016-02-11,2016-02-11", b"early 2016,2016-02-11"))
    done = custody("import", "hhs-releases", str(bad), **ledger)
    assert done.returncode == 1
    assert "line 3: column childs_date_of_entry: 'early 2016' is no date" in done.stdout.decode()
    assert entries(ledger) == 27


def test_an_import_stopped_in_the_middle_goes_on_where_it_was(ledger: dict[str, Any], tmp_path: Path) -> None:
    """Ctrl-C says how far it got; the same command sends the rest, and the account covers the whole file."""
    file = _large(tmp_path, rows=12_000)
    with subprocess.Popen(
        [sys.executable, "-m", "custody", "import", "hhs-releases", str(file), "--json"],
        env=told_where(**ledger),
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as importing:
        deadline = time.monotonic() + PATIENCE_SECONDS
        while entries(ledger) < 3_000:
            assert time.monotonic() < deadline
            time.sleep(0.05)
        importing.send_signal(signal.SIGINT)
        output, said = importing.communicate(timeout=PATIENCE_SECONDS)
    stopped = json.loads(output)
    assert importing.returncode == 1
    assert stopped["ended"] == "stopped"
    assert 1_000 <= stopped["rows_read"] < 12_000
    assert f"stopped: {stopped['rows_read']} rows are through" in said.decode()
    went_on = json.loads(custody("import", "hhs-releases", str(file), "--json", **ledger).stdout)
    assert went_on["went_on_behind_row"] == stopped["rows_read"]
    assert (went_on["rows_read"], went_on["submitted"], went_on["ended"]) == (12_000, 36_000, "whole")
    assert went_on["accepted"] + went_on["duplicate"] == 36_000
    assert entries(ledger) == 36_000
    assert list((tmp_path / "imports").iterdir()) == []


def test_a_journal_that_is_not_whole_only_costs_sending_again(tmp_path: Path) -> None:
    """The journal is a convenience: what it loses is answered as a duplicate; what it keeps comes back exactly."""
    file = tmp_path / "journal.json"
    account = RowCounts(rows=7, submitted=21, accepted=20, refused=1, findings=Counter({"W3": 7}))
    account.bad_rows.append(BadRow(3, "no date"))
    account.refusals.append(("905:release", "H0: no"))
    write_journal(file, account)
    assert read_journal(file) == account
    file.write_bytes(file.read_bytes()[:-5])
    assert read_journal(file) == RowCounts()
    assert read_journal(tmp_path / "none.json") == RowCounts()


def test_an_import_into_silence_gives_up_and_keeps_its_place(
    fresh_kafka: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Intake that does not run must not make an import hang for ever; what was sent waits on Kafka."""
    monkeypatch.setattr("producers.imports.account.PATIENCE_SECONDS", 1.0)
    report = _import(TRAPS, fresh_kafka, tmp_path / "journal.json")
    assert report.ended == "cut off"
    assert report.failure is not None
    assert "30 are outstanding, the first is that of row 1" in report.failure
    assert (tmp_path / "journal.json").exists()


def test_the_ledger_takes_the_simulated_agencies_as_they_are_meant(ledger: dict[str, Any]) -> None:
    """The story and a day with every trouble: each message is accepted, refused, doubled or set aside as expected."""
    clients = {agency: AgencyClient(ledger["bootstrap"], agency) for agency in PRODUCERS}
    told = day(1, date(2021, 3, 8), 30)
    played = play([*STORY, *told], clients)
    for client in clients.values():
        client.close()
    assert [(sending.id, body["refusal"]) for sending, body in played.surprises] == []
    assert played.statuses == Counter(sending.expected for sending in [*STORY, *told])
    with psycopg.connect(ledger["database_url"]) as connection:
        aside = connection.execute("select count(*) from ledger.set_aside where ce_id is null").fetchone()
    assert aside == (played.statuses["set-aside"],)


def test_on_the_driven_clock_the_story_is_recorded_when_it_was_told(
    database_url: str, fresh_kafka: str, tmp_path: Path
) -> None:
    """Played in step, `recorded_at` is `ce_time` to the microsecond: the past can be asked about as if it were now."""
    with running(ROLES, database_url=database_url, bootstrap=fresh_kafka, folder=tmp_path, clock="driven"):
        clients = {agency: AgencyClient(fresh_kafka, agency) for agency in PRODUCERS}
        recorded: list[tuple[datetime, datetime]] = []
        played = play(
            STORY,
            clients,
            in_step=True,
            tell=lambda sending, outcome: recorded.append(
                (parse_instant(outcome.body["recorded_at"]), parse_instant(sending.time))
            ),
        )
        for client in clients.values():
            client.close()
    assert played.surprises == []
    assert len(recorded) == len(STORY)
    assert [at - sent for at, sent in recorded if at != sent] == []


def entries(ledger: dict[str, Any]) -> int:
    with psycopg.connect(ledger["database_url"]) as connection:
        row = connection.execute("select count(*) from ledger.stored_events").fetchone()
    assert row is not None
    return int(row[0])


def _large(folder: Path, *, rows: int) -> Path:
    header, line, *_ = TRAPS.read_bytes().splitlines(keepends=True)
    file = folder / "large.csv"
    file.write_bytes(header + b"".join(str(n).encode() + line.removeprefix(b"901") for n in range(1, rows + 1)))
    return file


def _import(file: Path, bootstrap: str, journal: Path) -> Report:
    reader, sender = OutcomeReader(bootstrap, "ORR"), Sender(bootstrap, "ORR")
    try:
        with file.open("rb") as raw:
            rows = judged(read_releases(raw), zone="America/New_York", now=datetime.now(UTC))
            return import_releases(
                rows,
                raw,
                file.stat().st_size,
                journal,
                sender=sender,
                reader=reader,
                stopped=lambda: False,
                progress=lambda progress: None,
            )
    finally:
        sender.close()
        reader.close()
