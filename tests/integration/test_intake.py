"""Intake with its real parts: what an agency sends, and what becomes of it."""

import signal
import time
from base64 import b64encode
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import orjson
import psycopg
import pytest

from consumers.intake import intake_consumer, run
from ledger.kafka.cloudevents import binary_headers
from ledger.roles.logs import configure
from ledger.store.eventstore import open_ledger
from ledger.store.recording import Recording
from tests.integration.flow import ENCOUNTER, SOURCE, Flow, claim, flow, structured, until
from tests.integration.running import PATIENCE_SECONDS

CALM = "2022-03-04T13:20:00-06:00"


@pytest.fixture
def ledger(database_url: str, fresh_kafka: str, tmp_path: Path) -> Iterator[Flow]:
    """A ledger with intake and relay."""
    with flow(database_url, fresh_kafka, tmp_path, ("intake", "relay")) as running:
        yield running


def test_every_submission_gets_one_outcome_and_the_same_key_never_makes_two_entries(ledger: Flow) -> None:
    """A repeat is a duplicate of the first position; another body under the same id is refused by H1."""
    first = ledger.tell("CBP", "child-encountered", claim("A200000001", CALM, ENCOUNTER), id="m1")
    again = ledger.tell("CBP", "child-encountered", claim("A200000001", CALM, ENCOUNTER), id="m1")
    other = ledger.tell("CBP", "child-encountered", claim("A200000002", CALM, ENCOUNTER), id="m1")
    assert first["status"] == "accepted"
    assert (again["status"], again["position"], again["child"]) == ("duplicate", first["position"], first["child"])
    assert (other["status"], other["refusal"]["code"]) == ("refused", "H1")
    assert ledger.rows("select count(*) from ledger.stored_events") == [(1,)]


def test_a_refusal_is_kept_and_answered_alike_when_asked_again(ledger: Flow) -> None:
    """The first answer stands for the same body: nothing is decided twice."""
    wrong = claim("A200000001", CALM, {"encounter_type": "between-ports", "place": "RGV"})
    first = ledger.tell("ORR", "child-encountered", wrong, id="r1")
    again = ledger.tell("ORR", "child-encountered", wrong, id="r1")
    assert (first["status"], first["refusal"]["code"]) == ("refused", "H2")
    assert again == first
    assert ledger.rows("select count(*) from ledger.submissions where refusal is not null") == [(1,)]


BAD: dict[str, tuple[Any, str, str | None]] = {
    "unknown member": (claim("A200000003", CALM, {**ENCOUNTER, "shoe_size": 3}), "H0", "fact.shoe_size"),
    "no offset": (claim("A200000003", "2022-03-04T13:20:00", ENCOUNTER), "H0", "occurred_at"),
    "in the future": (claim("A200000003", "2199-01-01", ENCOUNTER), "H5", "occurred_at"),
    "A-number too short": (claim("A2000", CALM, ENCOUNTER), "H0", "child.0.value"),
    "no child": ({**claim("A200000003", CALM, ENCOUNTER), "child": []}, "H0", "child"),
    "no source": ({k: v for k, v in claim("A200000003", CALM, ENCOUNTER).items() if k != "source"}, "H7", "source"),
    "code outside its list": (
        claim("A200000003", CALM, {"encounter_type": "by-boat", "place": "x"}),
        "H6",
        "fact.encounter_type",
    ),
}


def test_bad_input_is_refused_with_the_rule_and_the_member(ledger: Flow) -> None:
    """An agency developer reads in the outcome what to mend; nothing is recorded."""
    for what, (data, code, member) in BAD.items():
        outcome = ledger.tell("CBP", "child-encountered", data)
        refusal = outcome["refusal"]
        assert (outcome["status"], refusal["code"], refusal["member"]) == ("refused", code, member), what
    assert ledger.rows("select count(*) from ledger.stored_events") == [(0,)]


def test_poison_in_the_middle_of_a_batch_harms_nobody_else(ledger: Flow) -> None:
    """Whatever one message is, those before and behind it are recorded, and its bytes can be looked at."""
    client = ledger.client("CBP")
    keys = []
    for number in range(40):
        keys.append(client.send("custody.child-encountered.v1", claim(f"A20000{number:04}", CALM, ENCOUNTER)))
        if number % 10 == 5:
            client.settle()
            ledger.raw("CBP", b"{ no json", binary_headers(id=f"p{number}", source="/x", type="t", time=CALM))
            ledger.raw("CBP", b"\xff\xfe\x00", [])
            ledger.raw("CBP", None, binary_headers(id=f"n{number}", source="/x", type="t", time=CALM))
            ledger.raw("CBP", b"[" * 100_000, binary_headers(id=f"d{number}", source="/x", type="t", time=CALM))
            odd_name = _OddName("x")
            ledger.raw("CBP", b"{}", [(odd_name, b"v")])
    client.settle()
    until(lambda: ledger.rows("select count(*) from ledger.stored_events") == [(40,)])
    until(lambda: ledger.rows("select count(*) from ledger.set_aside") == [(20,)])
    values = {row[0] and bytes(row[0])[:9] for row in ledger.rows("select value from ledger.set_aside")}
    assert {b"{ no json", b"\xff\xfe\x00", None, b"[[[[[[[[[", b"{}"} == values


class _OddName(str):
    """A header name that is no UTF-8 on the wire."""

    __slots__ = ()

    def encode(self, *_: object) -> bytes:
        return b"x-\xff"


def test_a_message_of_five_megabytes_is_refused_and_told_so(ledger: Flow) -> None:
    """The broker carries it, the ledger says the limit, the sender can act."""
    data = orjson.dumps(claim("A200000001", CALM, {**ENCOUNTER, "place": "x" * 5_000_000}))
    outcome = ledger.tell("CBP", "child-encountered", data)
    assert (outcome["status"], outcome["refusal"]["code"]) == ("refused", "H0")
    assert "1048576" in outcome["refusal"]["message"]


def test_a_sponsors_immigration_status_leaves_no_trace(ledger: Flow) -> None:
    """H8: refused or set aside, and the value stands in no table, whatever way it was sent."""
    marker = "zebra-crossing"
    data = orjson.dumps(claim("A200000001", CALM, {**ENCOUNTER, "sponsor_immigration_status": marker}))
    codes = claim("A200000001", CALM, ENCOUNTER, source={**SOURCE, "codes": {"sponsor_immigration_status": marker}})
    event = {"source": "/h8", "type": "custody.child-encountered.v1"}
    in_an_event = [("content-type", b"application/cloudevents+json")]

    def headers(id: str) -> list[tuple[str, bytes]]:
        return binary_headers(id=id, source="/h8", type="custody.child-encountered.v1", time=CALM)

    ledger.raw("CBP", data, headers("plain"))
    ledger.raw("CBP", data[:-1], headers("broken"))
    ledger.raw("CBP", data.replace(b"immigration", b"immigr\\u0061tion"), headers("escaped"))
    ledger.raw("CBP", orjson.dumps(codes), headers("codes"))
    ledger.raw("CBP", b"{}", [*headers("extension"), ("ce_sponsorimmigrationstatus", marker.encode())])
    ledger.raw("CBP", structured(id="event", **event, time=CALM, data=orjson.loads(data)), in_an_event)
    packed = b64encode(data).decode()
    ledger.raw("CBP", structured(id="packed", **event, time="some day", data_base64=packed), in_an_event)
    until(
        lambda: (
            ledger.rows("select (select count(*) from ledger.submissions) + (select count(*) from ledger.set_aside)")
            == [(7,)]
        )
    )
    assert ledger.rows("select distinct refusal->>'code' from ledger.submissions") == [("H8",)]
    inside = b64encode(marker.encode())[:8].decode()
    for (table,) in ledger.rows("select table_name from information_schema.tables where table_schema = 'ledger'"):
        for (row,) in ledger.rows(f"select t::text from ledger.{table} t"):
            assert not any(trace in row for trace in (marker, marker.encode().hex(), inside)), table


def test_two_intake_processes_that_open_one_identifier_at_once_make_one_record(
    database_url: str, fresh_kafka: str, tmp_path: Path
) -> None:
    """CBP's and ORR's first messages about a child may be read by two processes in the same moment."""
    second = tmp_path / "second"
    second.mkdir()
    with (
        flow(database_url, fresh_kafka, tmp_path, ("intake", "relay")) as ledger,
        flow(database_url, fresh_kafka, second, ("intake",)),
    ):
        cbp, orr = ledger.client("CBP"), ledger.client("ORR")
        for number in range(150):
            child = f"A2010{number:05}"[:10]
            cbp.send("custody.child-encountered.v1", claim(child, CALM, ENCOUNTER))
            orr.send("custody.particulars-asserted.v1", claim(child, CALM, {"sex": "F"}))
        cbp.settle()
        orr.settle()
        until(lambda: ledger.rows("select count(*) from ledger.stored_events") == [(300,)])
        assert ledger.rows("select count(distinct originator_id) from ledger.stored_events") == [(150,)]
        versions = ledger.rows(
            "select count(*) from (select originator_id from ledger.stored_events"
            " group by 1 having array_agg(originator_version order by originator_version) <> '{1,2}') x"
        )
        assert versions == [(0,)]


def test_a_full_disk_ends_intake_with_its_reason_and_loses_nothing(
    database_url: str, fresh_kafka: str, tmp_path: Path
) -> None:
    """PostgreSQL refuses to write (53100) in the middle of a batch; when there is room again all goes on, once."""
    full, room = tmp_path / "full", tmp_path / "room"
    full.mkdir()
    room.mkdir()
    with flow(database_url, fresh_kafka, tmp_path, ("relay",)) as ledger:
        with flow(database_url, fresh_kafka, full, ("intake",)) as stopped:
            told = ledger.tell("CBP", "child-encountered", claim("A200000017", CALM, ENCOUNTER))
            with psycopg.connect(database_url, autocommit=True) as connection:
                connection.execute(
                    "create function no_room() returns trigger language plpgsql as $$ begin raise exception"
                    " 'could not extend file: No space left on device' using errcode = '53100'; end $$"
                )
                connection.execute(
                    "create trigger no_room before insert on ledger.submissions for each statement"
                    " execute function no_room()"
                )
            client = ledger.client("CBP")
            keys = [
                client.send("custody.child-encountered.v1", claim(f"A2000001{number:02}", CALM, ENCOUNTER))
                for number in range(50)
            ]
            client.settle()
            assert stopped.processes["intake"].wait(timeout=PATIENCE_SECONDS) == 1
        assert "No space left on device" in (full / "intake.log").read_text()
        assert ledger.rows("select max(notification_id) from ledger.stored_events") == [(told["position"],)]
        with psycopg.connect(database_url, autocommit=True) as connection:
            connection.execute("drop function no_room() cascade")
        with flow(database_url, fresh_kafka, room, ("intake",)):
            until(lambda: ledger.rows("select count(*) from ledger.stored_events") == [(51,)])
            outcomes: list[str] = []

            def all_answered() -> bool:
                client.collect(500)
                outcomes.extend(answer.body["status"] for key in keys if (answer := client.take(key)) is not None)
                return len(outcomes) >= len(keys)

            until(all_answered)
    assert outcomes == ["accepted"] * 50


def test_a_join_that_no_longer_seems_needed_is_ended_all_the_same(ledger: Flow, database_url: str) -> None:
    """A poll ended while the group was joined anew, as when a process stands still: the member still reads on."""
    settings = ledger.settings
    stopped_too = ledger.processes["intake"]
    stopped_too.send_signal(signal.SIGTERM)
    stopped_too.wait(timeout=PATIENCE_SECONDS)
    store, consumer = open_ledger(settings), intake_consumer(settings.kafka_bootstrap)
    coordinator = consumer._coordinator
    begun = time.monotonic()

    def begin_a_join_and_lose_its_reason() -> None:
        while not coordinator.rejoining:
            coordinator._assignment_snapshot = {}
            consumer.poll(timeout_ms=1)
        until(lambda: not coordinator.need_rejoin())  # the join itself takes its reason away
        ledger.client("CBP").send("custody.child-encountered.v1", claim("A200000001", CALM, ENCOUNTER))

    def read() -> bool:
        return bool(ledger.rows("select 1 from ledger.stored_events")) or time.monotonic() - begun > 30

    try:
        recording, log = Recording(store, settings), configure("test")
        run(consumer, store, recording, log, stopped=read, ready=begin_a_join_and_lose_its_reason)
    finally:
        consumer.close(autocommit=False)
        store.close()
    assert ledger.rows("select count(*) from ledger.stored_events") == [(1,)]


def test_positions_and_recorded_at_rise_together_and_no_entry_can_be_changed(ledger: Flow) -> None:
    """A moment names one prefix of the ledger; H3 holds against anyone with a database login."""
    import psycopg

    client = ledger.client("CBP")
    for number in range(30):
        client.send("custody.child-encountered.v1", claim(f"A20000{number:04}", CALM, ENCOUNTER))
    client.settle()
    until(lambda: ledger.rows("select count(*) from ledger.stored_events") == [(30,)])
    states = ledger.rows("select state from ledger.stored_events order by notification_id")
    clocks = [orjson.loads(bytes(state))["recorded_at"] for (state,) in states]
    assert all(one < next for one, next in pairwise(clocks))
    for change in ("delete from", "truncate"):
        with pytest.raises(psycopg.errors.RaiseException, match="H3"):
            ledger.rows(f"{change} ledger.stored_events")


def test_a_driven_clock_follows_the_messages(database_url: str, fresh_kafka: str, tmp_path: Path) -> None:
    """`recorded_at` is the message's `ce_time`, or just past the last one if that is later."""
    with flow(database_url, fresh_kafka, tmp_path, ("intake", "relay"), clock="driven") as ledger:
        first = ledger.tell(
            "CBP", "child-encountered", claim("A200000001", "2022-01-01", ENCOUNTER), sent_at="2022-01-02T09:00:00Z"
        )
        earlier = ledger.tell(
            "CBP", "child-encountered", claim("A200000002", "2022-01-01", ENCOUNTER), sent_at="2022-01-02T08:00:00Z"
        )
    assert first["recorded_at"] == "2022-01-02T09:00:00.000000Z"
    assert earlier["recorded_at"] == "2022-01-02T09:00:00.000001Z"
