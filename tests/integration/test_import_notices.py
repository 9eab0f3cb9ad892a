"""`custody import notices` against the real servers, the real intake, relay and projections."""

import json
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest

from producers.client.submissions import AgencyClient
from tests.integration.running import PATIENCE_SECONDS, custody, running, told_where
from tests.unit.notice_files import csv_of, xlsx_of

ROOT = Path(__file__).parents[2]
ROLES = ("intake", "relay", "feeds", "projections")
COLUMNS = ("child", "to", "positions", "type", "occurred_on", "given_at", "channel", "members")
FIRST = 200_000_100


@pytest.fixture
def ledger(database_url: str, fresh_kafka: str, tmp_path: Path) -> Iterator[dict[str, Any]]:
    """Run intake, relay and projections; give what `custody` needs to find them."""
    with running(ROLES, database_url=database_url, bootstrap=fresh_kafka, folder=tmp_path):
        yield {"database_url": database_url, "bootstrap": fresh_kafka, "data": tmp_path}


def missed_by(ledger: dict[str, Any], children: int) -> list[int]:
    """Have EOIR record that so many children failed to appear on 9 June 2022; return the positions."""
    with AgencyClient(ledger["bootstrap"], "EOIR") as eoir:
        sent = [
            eoir.send(
                "custody.failure-to-appear-recorded.v1",
                {
                    "child": [{"scheme": "a-number", "value": str(FIRST + number)}],
                    "occurred_at": "2022-06-09T09:00:00-05:00",
                    "source": {"document": "hearing record", "reference": f"H-{number}", "grade": "document"},
                    "door": "feed",
                    "fact": {"hearing_id": f"h-{number}", "court_case": f"c-{number}", "judge_action": "adjourned"},
                },
            )
            for number in range(children)
        ]
        return [eoir.outcome(key).body["position"] for key in sent]


def imported(file: Path, ledger: dict[str, Any], *words: str, code: int = 0) -> dict[str, Any]:
    done = custody("import", "notices", str(file), "--agency", "ICE-OPLA", "--json", *words, **ledger)
    assert done.returncode == code, done.stderr.decode()
    answer: dict[str, Any] = json.loads(done.stdout)
    return answer


def counts(answer: dict[str, Any]) -> tuple[int, ...]:
    """Return rows read, submitted, accepted, duplicate, refused, unreadable."""
    names = ("rows_read", "submitted", "accepted", "duplicate", "refused", "rows_unreadable")
    return tuple(answer[name] for name in names)


def notices(ledger: dict[str, Any]) -> int:
    with psycopg.connect(ledger["database_url"]) as connection:
        row = connection.execute(
            "select count(*) from ledger.submissions where source = '/ice-opla/notice-log' and position is not null"
        ).fetchone()
    assert row is not None
    return int(row[0])


def test_a_log_becomes_notices_and_a_repeat_duplicates(ledger: dict[str, Any], tmp_path: Path) -> None:
    """OPLA's e-mails to ORR, by position and by type: entries with one reference, and never twice."""
    first, second = missed_by(ledger, 2)
    file = tmp_path / "fta mails.csv"
    file.write_bytes(
        csv_of(
            COLUMNS,
            (str(FIRST), "ORR", str(first), "", "", "6/14/2022", "e-mail", ""),
            (f"A{FIRST + 1}", "OIG", "", "failure-to-appear-recorded", "2022-06-09", "2022-06-15", "letter", "all"),
        )
    )
    answer = imported(file, ledger)
    assert counts(answer) == (2, 2, 2, 0, 0, 0)
    assert answer["findings"] == {}
    assert counts(imported(file, ledger)) == (2, 2, 0, 2, 0, 0)
    assert notices(ledger) == 2
    assert custody("wait", **ledger).returncode == 0
    told = [
        json.loads(custody("view", f"a-number:{FIRST + number}", "--json", **ledger).stdout)["entries"][-1]
        for number in (0, 1)
    ]
    assert [(one["fact"]["to"], one["fact"]["positions"]) for one in told] == [("ORR", [first]), ("OIG", [second])]
    assert [one["occurred_at"] for one in told] == ["2022-06-14", "2022-06-15"]
    assert {one["source"]["reference"] for one in told} == {answer["reference"]}
    assert answer["reference"].startswith("fta mails.csv ")
    assert [one["source"]["channel"] for one in told] == ["email", "spreadsheet"]
    renamed = file.rename(tmp_path / "fta mails final.csv")
    again = imported(renamed, ledger)
    assert counts(again) == (2, 0, 0, 0, 0, 0)
    assert [(row["line"], row["position"]) for row in again["already_told"]] == [
        (2, told[0]["position"]),
        (3, told[1]["position"]),
    ]


def test_every_row_that_failed_is_named_and_the_others_are_recorded(ledger: dict[str, Any], tmp_path: Path) -> None:
    """Unreadable, unresolved, of another child, of nobody, from the future: each with its row and cure; exit 1."""
    first, second = missed_by(ledger, 2)
    missed = "failure-to-appear-recorded"
    rows: list[tuple[Any, ...]] = [
        (FIRST, "ORR", first, None, None, "2022-06-14", "email", None),
        (FIRST, "ORR", second, None, None, "2022-06-14", "email", None),
        (FIRST, "ORR", 999_999, None, None, "2022-06-14", "email", None),
        (FIRST, "ORR", first, None, None, "2099-01-01", "email", None),
        (FIRST, "ICE", first, None, None, "6/7/2022", "email", None),
        (FIRST, "ORR", None, "released-to-sponsor", None, "2022-06-14", "email", None),
        (FIRST + 7, "ORR", None, missed, None, "2022-06-14", "email", None),
        (FIRST + 1, "ORR", None, missed, None, "2022-06-14", "phone", "hearing_id hearing"),
        (FIRST, "ORR", first, None, None, "2022-06-14", "email", None),
    ]

    def hide(sheet: Any) -> None:
        sheet.row_dimensions[9].hidden = True

    file = tmp_path / "log.xlsx"
    file.write_bytes(xlsx_of((*COLUMNS, "Remarks"), *rows, change=hide))
    answer = imported(file, ledger, code=1)
    assert counts(answer) == (9, 6, 2, 1, 3, 3)
    assert answer["findings"] == {"reference-unknown": 1}
    assert [row["line"] for row in answer["bad_rows"]] == [6, 7, 8]
    assert [(row["lines"], row["reason"].split(" ")[0]) for row in answer["refusals"]] == [
        ([3], "H4:"),
        ([4], "H4:"),
        ([5], "H5:"),
    ]
    assert (answer["hidden_rows_read"], answer["columns_ignored"]) == (1, ["Remarks"])
    assert notices(ledger) == 2
    said = custody("import", "notices", str(file), "--agency", "ICE-OPLA", **ledger)
    assert said.returncode == 1
    shown = said.stdout.decode()
    for part in (
        "  row 3: H4: `fact.positions.0` is",
        "  row 6: column to: ICE is a group; say which of its agencies was told: ICE-ERO, ICE-OPLA; column given_at:",
        "  row 7: column type: this child has no entry `released-to-sponsor`; it has none of that type",
        f"  row 8: column child: no child is known as A200-000-{FIRST % 1000 + 7}",
        "hidden      1 hidden rows were read like the others",
        "ignored     columns: Remarks",
        "sheet       Sheet",
    ):
        assert part in shown
    assert "3 rows could not be read and 3 were refused" in said.stderr.decode()
    assert "Traceback" not in said.stderr.decode()


@pytest.mark.parametrize("end", [signal.SIGKILL, signal.SIGINT])
def test_an_import_that_was_cut_off_goes_on_and_records_every_notice_once(
    ledger: dict[str, Any], tmp_path: Path, end: signal.Signals
) -> None:
    """Kill -9 or Ctrl-C amid 6,000 rows: the same command sends the rest; none is lost, doubled or left unsaid."""
    rows = [
        (str(FIRST + number), "ORR", str(position), "", "", "2022-06-14", "email", f"m{n}")
        for number, position in enumerate(missed_by(ledger, 300))
        for n in range(20)
    ]
    rows[10] = (*rows[10][:6], "pigeon", "")
    file = tmp_path / "large.csv"
    file.write_bytes(csv_of(COLUMNS, *rows))
    with subprocess.Popen(
        [sys.executable, "-m", "custody", "import", "notices", str(file), "--agency", "ICE-OPLA"],
        env=told_where(**ledger),
        cwd=ROOT,
        stdout=subprocess.DEVNULL,
    ) as importing:
        deadline = time.monotonic() + PATIENCE_SECONDS
        while notices(ledger) < 500:
            assert time.monotonic() < deadline
            assert importing.poll() is None, "the import was over before it could be killed"
            time.sleep(0.01)
        importing.send_signal(end)
        assert importing.wait(timeout=PATIENCE_SECONDS) == (1 if end == signal.SIGINT else -signal.SIGKILL)
    answer = imported(file, ledger, code=1)
    assert (answer["rows_read"], answer["submitted"], answer["refused"], answer["ended"]) == (6_000, 5_999, 0, "whole")
    assert answer["accepted"] + answer["duplicate"] == 5_999
    if end == signal.SIGINT:
        assert answer["went_on_behind_row"] > 10, "a stopped import knows what is through; a killed one asks again"
    assert [row["line"] for row in answer["bad_rows"]] == [12]
    assert notices(ledger) == 5_999
    assert not list((tmp_path / "imports").glob("*.json"))


def test_what_cannot_be_imported_at_all_is_said_in_one_message(tmp_path: Path) -> None:
    """2 for wrong usage, 1 for a file that is no log, 4 for servers that are not there; never a traceback."""
    where: dict[str, Any] = {"database_url": "postgresql://127.0.0.1:1/x", "bootstrap": "127.0.0.1:1", "data": tmp_path}
    file = tmp_path / "log.csv"
    file.write_bytes(csv_of(COLUMNS, (str(FIRST), "ORR", "1", "", "", "2022-06-14", "email", "")))
    none = tmp_path / "none.csv"
    no_log = tmp_path / "no log.csv"
    no_log.write_bytes(b"a,b\n1,2\n")
    for path, agency, code, said in (
        (file, "OIG", 2, "--agency 'OIG' is no agency here; there are CBP"),
        (none, "ORR", 2, "none.csv cannot be read"),
        (no_log, "ORR", 1, "no log.csv: not a log of notices: row 1 lacks the columns child, to"),
        (file, "ORR", 4, "PostgreSQL cannot be reached"),
    ):
        done = custody("import", "notices", str(path), "--agency", agency, **where)
        assert done.returncode == code
        assert said in done.stderr.decode()
        assert "Traceback" not in done.stderr.decode()
