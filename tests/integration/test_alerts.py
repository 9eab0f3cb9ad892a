"""Agencies are alerted to their own duties, once for each state, whatever is killed, restarted or rebuilt."""

import json
import signal
import subprocess
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import orjson
import psycopg
import pytest

from custody.alerts import looking
from custody.supervision.roles import command, environment
from ledger.roles.logs import configure
from ledger.times import write_clock
from ledger.topics import alerts
from producers.alerting import Alerting, alerts_producer, read_alerts_tail
from projections.rebuilding.rebuild import rebuild
from readers import snapshot
from tests.integration.alerting import alerted, all_alerted, brief, looked
from tests.integration.commands import runner
from tests.integration.feeding import published
from tests.integration.flow import ALL_ROLES, Flow, claim, flow, until
from tests.integration.leaving_open import left_open
from tests.integration.receipting import sign

ROLES = (*ALL_ROLES, "alerts")
CHILD, OTHER = "A200000017", "A200000018"
ELM = {"lines": ["1200 Elm St"], "city": "Houston", "state": "TX", "zip": "77002"}
RELEASED = {"sponsor_category": "1", "address": ELM}
CONCERN = {"concern_id": "k1", "kind": "safety", "urgency": "urgent", "routed_to": ["ICE-ERO", "USCIS"]}
MISSED = {"hearing_id": "h1", "court_case": "c1", "judge_action": "adjourned"}


def quiet(*_: object) -> None:
    """Say nothing."""


@pytest.fixture
def ledger(database_url: str, fresh_kafka: str, tmp_path: Path) -> Iterator[Flow]:
    """A ledger with all roles, whose clock is driven by what is sent."""
    with flow(database_url, fresh_kafka, tmp_path, ROLES, clock="driven") as running:
        yield running


def tell(
    ledger: Flow, agency: Any, name: str, when: str, fact: dict[str, Any], *, child: str = CHILD, at: str | None = None
) -> int:
    outcome = ledger.tell(agency, name, claim(child, when, fact), sent_at=at or when)
    assert outcome["status"] == "accepted", outcome
    return int(outcome["position"])


def test_a_duty_is_told_to_its_agency_when_it_opens_falls_due_and_is_done_late(ledger: Flow) -> None:
    """The worked example: opened on Thursday, missed when Friday is over by the ledger's clock, late on 2 July."""
    opened = tell(ledger, "EOIR", "failure-to-appear-recorded", "2022-06-09T14:00:00Z", MISSED)
    looked(ledger)
    (to_ero, to_orr) = alerted(ledger, "EOIR")
    assert brief([to_ero, to_orr]) == [("T1", opened, "ICE-ERO", "open"), ("T1", opened, "ORR", "open")]
    assert to_orr == {
        "number": 2,
        "rule": "T1",
        "version": 1,
        "title": "Tell of a failure to appear",
        "kind": "target",
        "state": "open",
        "obliged": "EOIR",
        "towards": "ORR",
        "opened_by": opened,
        "due_at": "2022-06-11T03:59:59.999999Z",
        "met_at": None,
        "days_late": None,
        "as_of": to_orr["as_of"],
        "child": to_orr["child"],
        "identifiers": [{"scheme": "a-number", "value": "200000017"}],
    }
    tell(ledger, "ORR", "particulars-asserted", "2022-06-13T14:00:00Z", {"country": "HND"}, child=OTHER)
    looked(ledger)
    assert brief(alerted(ledger, "EOIR"))[2:] == [("T1", opened, "ICE-ERO", "missed"), ("T1", opened, "ORR", "missed")]
    sign(ledger, "ORR", {"up_to": 1, "grade": "delivered"}, sent_at="2022-07-02T14:00:00Z")
    looked(ledger)
    late = alerted(ledger, "EOIR")[4:]
    assert brief(late) == [("T1", opened, "ORR", "late")]
    assert (late[0]["met_at"], late[0]["days_late"]) == ("2022-07-02T14:00:00.000000Z", 22)
    tell(ledger, "EOIR", "entry-voided", "2022-07-03T14:00:00Z", {"voids": opened, "reason": "wrong child"})
    looked(ledger)
    assert sorted(brief(alerted(ledger, "EOIR"))[5:]) == [
        ("T1", opened, "ICE-ERO", "withdrawn"),
        ("T1", opened, "ORR", "withdrawn"),
    ]
    assert {agency for agency, found in all_alerted(ledger).items() if found} == {"EOIR"}


def test_history_is_not_alerted_and_what_was_not_told_is_not_said(ledger: Flow, tmp_path: Path) -> None:
    """A release of 2019 that comes in 2022 alerts nobody; nor is USCIS of a concern that the rules keep from it."""
    tell(ledger, "ORR", "released-to-sponsor", "2019-03-04T18:00:00Z", RELEASED, at="2022-03-04T18:00:00Z")
    looked(ledger)
    assert not any(all_alerted(ledger).values())
    opened = tell(ledger, "ORR", "released-to-sponsor", "2022-03-05T18:00:00Z", RELEASED, child=OTHER)
    looked(ledger)
    assert {one[0] for one in brief(alerted(ledger, "ORR"))} == {"D9", "D10", "D11"}
    assert brief(alerted(ledger, "ICE-ERO")) == [("T2", opened, None, "open")]
    raised = tell(ledger, "ORR", "concern-raised", "2022-03-05T19:00:00Z", CONCERN, child=OTHER)
    looked(ledger)
    assert brief(alerted(ledger, "ICE-ERO"))[1:] == [("T6", raised, None, "open")]
    assert alerted(ledger, "USCIS") == []
    answer = runner(ledger.settings.database_url, tmp_path)(
        "obligations", "--rule", "T6", "--agency", "USCIS", "--json"
    )
    assert orjson.loads(answer.stdout)["duties"] == 1


def test_each_alert_comes_once_whatever_is_killed_or_rebuilt(
    database_url: str, fresh_kafka: str, tmp_path: Path
) -> None:
    """Killed again and again while duties open and fall due, read tables rebuilt, another one waiting: no repeat."""
    with flow(database_url, fresh_kafka, tmp_path, ALL_ROLES, clock="driven") as ledger:
        first = datetime(2022, 6, 9, 14, tzinfo=UTC)
        for number in range(4):
            (folder := tmp_path / f"run-{number}").mkdir()
            with flow(database_url, fresh_kafka, folder, ("alerts",), clock="driven") as telling:
                for step in range(6):
                    at = first + timedelta(days=number * 6 + step)
                    child = f"A2000001{number}{step}"
                    tell(ledger, "EOIR", "failure-to-appear-recorded", write_clock(at), MISSED, child=child)
                telling.processes["alerts"].send_signal(signal.SIGKILL)
                until(lambda telling=telling: telling.processes["alerts"].poll() is not None)
            if number == 2:
                assert rebuild(ledger.settings, configure("test"), quiet).differences == ()
        with psycopg.connect(database_url, autocommit=True) as connection:
            connection.execute("create table kept as select agency, number, body from ledger.alerts")
        last = tmp_path / "last"
        last.mkdir()
        with flow(database_url, fresh_kafka, last, ("alerts",), clock="driven") as one:
            told = environment(
                database_url=database_url, bootstrap=fresh_kafka, zone="America/New_York", clock="driven"
            )
            waiting = subprocess.Popen(command("alerts"), env=told)
            tell(ledger, "EOIR", "failure-to-appear-recorded", "2022-07-20T14:00:00Z", MISSED, child="A200000200")
            looked(ledger)
            one.processes["alerts"].send_signal(signal.SIGKILL)
            tell(ledger, "EOIR", "failure-to-appear-recorded", "2022-07-21T14:00:00Z", MISSED, child="A200000201")
            looked(ledger)
            waiting.terminate()
            assert waiting.wait(timeout=60) == 0
            found = alerted(ledger, "EOIR")
            repeated = [key for key, times in Counter(brief(found)).items() if times > 1]
            assert repeated == []
            assert {state for *_, state in brief(found)} == {"open", "missed"}
            assert len([one for one in found if one["state"] == "open"]) == 52
            kept = ledger.rows("select count(*) from kept k join ledger.alerts a using (agency, number, body)")
            assert kept == ledger.rows("select count(*) from kept")


def test_alerts_that_postgresql_lost_are_taken_back_and_those_that_kafka_lost_are_told_again(
    database_url: str, fresh_kafka: str, tmp_path: Path
) -> None:
    """A restored backup repeats nothing; what was kept and not told is told at the next start, as it was."""
    with flow(database_url, fresh_kafka, tmp_path, ROLES, clock="driven") as ledger:
        tell(ledger, "EOIR", "failure-to-appear-recorded", "2022-06-09T14:00:00Z", MISSED)
        looked(ledger)
        before = alerted(ledger, "EOIR")
        assert len(before) == 2
    with psycopg.connect(database_url, autocommit=True) as connection:
        connection.execute("delete from ledger.alerts where number = 2")
        connection.execute("truncate ledger.alerting, ledger.alert_watch")
    (again := tmp_path / "again").mkdir()
    with flow(database_url, fresh_kafka, again, ("alerts",), clock="driven") as ledger:
        looked(ledger)
        assert alerted(ledger, "EOIR") == before
    with psycopg.connect(database_url, autocommit=True) as connection:
        connection.execute(
            "insert into ledger.alerts select agency, 3, rule, opened_by, towards, 'missed', person, told_at,"
            " convert_to(replace(replace(convert_from(body, 'UTF8'), '\"number\":2', '\"number\":3'), '\"open\"',"
            " '\"missed\"'), 'UTF8') from ledger.alerts where number = 2"
        )
    (third := tmp_path / "third").mkdir()
    with flow(database_url, fresh_kafka, third, ("alerts",), clock="driven") as ledger:
        until(lambda: len(alerted(ledger, "EOIR")) == 3)


def test_alerts_that_kafka_called_committed_and_left_open_come_once(
    database_url: str, fresh_kafka: str, tmp_path: Path
) -> None:
    """Kafka's coordinator passed the topic over: they are hidden until the next commit would show them."""
    with flow(database_url, fresh_kafka, tmp_path, ALL_ROLES, clock="driven") as ledger:
        tell(ledger, "EOIR", "failure-to-appear-recorded", "2022-06-09T14:00:00Z", MISSED)
        ledger.settle()
        published(ledger)
        producer, log = alerts_producer(fresh_kafka), configure("test")
        with snapshot.connect(database_url) as reading:
            work = Alerting(ledger.settings, producer, looking(reading, log), log)
            work.begin(lambda: read_alerts_tail(ledger.settings), lambda: False)
            with left_open(fresh_kafka, producer, [alerts("EOIR")]):
                until(lambda: bool(work.step() and ledger.rows("select 1 from ledger.alerts")))
            work.close()
        producer.close()
        assert alerted(ledger, "EOIR") == []
        (again := tmp_path / "again").mkdir()
        with flow(database_url, fresh_kafka, again, ("alerts",), clock="driven"):
            tell(ledger, "EOIR", "failure-to-appear-recorded", "2022-06-09T14:00:00Z", MISSED, child=OTHER)
            looked(ledger)
            assert len(alerted(ledger, "EOIR")) == 4


def test_on_the_wall_clock_a_duty_is_missed_when_its_time_passes_though_nothing_is_recorded(
    database_url: str, fresh_kafka: str, tmp_path: Path
) -> None:
    """Nobody sends anything; the due time comes, and every answer says so. Where nothing would show it done, nobody is
    blamed; once the steward says that ICE-ERO sends its answers here, its silence was a breach, and it hears of it."""
    with flow(database_url, fresh_kafka, tmp_path, ROLES) as ledger:
        raised = write_clock(datetime.now(UTC) - timedelta(hours=1) + timedelta(seconds=12))
        concern = {"concern_id": "k1", "kind": "safety", "urgency": "urgent", "routed_to": ["ICE-ERO"]}
        outcome = ledger.tell("ORR", "concern-raised", claim(CHILD, raised, concern))
        opened = ("T6", outcome["position"], None, "open")
        until(lambda: brief(alerted(ledger, "ICE-ERO"))[:1] == [opened])
        run = runner(database_url, tmp_path)

        def ask(*words: str) -> Any:
            return json.loads(run(*words, "--json", KAFKA_BOOTSTRAP_SERVERS=fresh_kafka).stdout)

        def states() -> tuple[list[str], list[dict[str, int]]]:
            one, every = ask("obligations", CHILD), ask("obligations")
            return (
                [duty["state"] for duty in one["obligations"] if duty["rule"] == "T6"],
                [row["states"] for row in every["summary"] if row["rule"] == "T6"],
            )

        until(lambda: states() == (["not-covered"], [{"not-covered": 1}]), 60)
        before = ask("obligations", CHILD)["recorded_by"]
        assert [one[3] for one in brief(alerted(ledger, "ICE-ERO")) if one[0] == "T6"] == ["open"]
        sent = ("--agency", "ICE-ERO", "--fact", "concern-acknowledged", "--fact", "concern-resolved")
        why = ("--since", "2024-01-01", "--reason", "agreed")
        preview = ask("coverage", "declare", *sent, *why, "--preview")["changes"]
        assert [(one["rule"], one["state"], one["before"], one["after"]) for one in preview] == [
            ("T6", "missed", 0, 1),
            ("T6", "not-covered", 1, 0),
        ]
        assert ask("coverage", "show")["declared"] == []
        declared = ask("coverage", "declare", *sent, *why)
        until(lambda: [one[3] for one in brief(alerted(ledger, "ICE-ERO")) if one[0] == "T6"] == ["open", "missed"], 60)
        assert states() == (["missed"], [{"missed": 1}])
        then = ask("obligations", CHILD, "--recorded-by", before)["obligations"]
        assert [duty["state"] for duty in then if duty["rule"] == "T6"] == ["not-covered"]
        (shown,) = ask("coverage", "show", "--agency", "ICE")["declared"]
        assert (shown["position"], shown["since"], shown["sends"]) == (declared["position"], "2024-01-01", True)


def test_a_person_whose_duties_cannot_be_worked_out_is_blocked_alone_until_they_can_be(
    database_url: str, fresh_kafka: str, tmp_path: Path
) -> None:
    """The others are alerted as if nothing had been; status and `set-aside` name her, and a retry tells her duties."""
    (folder := tmp_path / "alerts").mkdir()
    with flow(database_url, fresh_kafka, tmp_path, ALL_ROLES, clock="driven") as ledger:
        opened = tell(ledger, "EOIR", "failure-to-appear-recorded", "2022-06-09T14:00:00Z", MISSED)
        other = tell(ledger, "EOIR", "failure-to-appear-recorded", "2022-06-09T14:00:00Z", MISSED, child=OTHER)
        ledger.settle()
        published(ledger)
        _in_read_tables(ledger, opened, "failure-to-appear-recorded.v1", "failure-to-appear-recorded.v9")
        with flow(database_url, fresh_kafka, folder, ("alerts",), clock="driven") as telling:
            looked(ledger)
            assert {one[1] for one in brief(alerted(ledger, "EOIR"))} == {other}
            assert telling.processes["alerts"].poll() is None
            run = runner(database_url, tmp_path)
            blocked = orjson.loads(run("set-aside", "list", "--json").stdout)["set_aside"]
            [(hers,)] = ledger.rows("select child from ledger.identifiers where value = '200000017'")
            assert [(one["role"], one["child"]) for one in blocked] == [("alerts", str(hers))]
            _in_read_tables(ledger, opened, "failure-to-appear-recorded.v9", "failure-to-appear-recorded.v1")
            assert run("set-aside", "retry", str(hers), KAFKA_BOOTSTRAP_SERVERS=fresh_kafka).returncode == 0
            tell(ledger, "ORR", "particulars-asserted", "2022-06-09T15:00:00Z", {"country": "HND"}, child=OTHER)
            looked(ledger)  # whoever drives the clock has to drive it on
            assert {one[1] for one in brief(alerted(ledger, "EOIR"))} == {opened, other}
            assert ledger.rows("select count(*) from ledger.blocked") == [(0,)]


def _in_read_tables(ledger: Flow, position: int, old: str, new: str) -> None:
    """Write in the copy of an entry that readers have, as nobody but a fault of the program would."""
    [(version,)] = ledger.rows("select version from read.progress_v1")
    with psycopg.connect(ledger.settings.database_url, autocommit=True) as connection:
        changed = connection.execute(
            f"update {version}.entries set payload = convert_to(replace(convert_from(payload, 'UTF8'), %s, %s), 'UTF8')"
            " where position = %s",
            (old, new, position),
        )
        assert changed.rowcount == 1


def test_status_shows_the_role_and_how_far_it_is(ledger: Flow, tmp_path: Path) -> None:
    """Its lag counts entries that it has not looked at."""
    tell(ledger, "EOIR", "failure-to-appear-recorded", "2022-06-09T14:00:00Z", MISSED)
    looked(ledger)
    run = runner(ledger.settings.database_url, tmp_path)(
        "status", "--json", KAFKA_BOOTSTRAP_SERVERS=ledger.settings.kafka_bootstrap
    )
    assert [role["lag"] for role in json.loads(run.stdout)["roles"] if role["role"] == "alerts"] == [0]
