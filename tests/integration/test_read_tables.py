"""The read tables with their real parts: rebuilt equals live, verify names what is wrong, a child that waits."""

from collections.abc import Iterator
from contextlib import suppress
from datetime import date
from pathlib import Path
from typing import Any

import orjson
import psutil
import psycopg
import pytest
from kafka import KafkaProducer

from ledger.agencies import PRODUCERS
from ledger.kafka.entries import entries_consumer, start_at
from ledger.kafka.genuine import Genuine
from ledger.roles.logs import configure
from ledger.roles.settings import SettingsError
from ledger.topics import ENTRIES, ENTRIES_PARTITIONS
from producers.simulation.playing import play
from producers.simulation.simulator import day
from projections.rebuilding import workers
from projections.rebuilding.rebuild import rebuild
from projections.rebuilding.workers import RebuildError
from projections.tables.versions import connect, prepare
from readers.verify.verify import Verified, verify
from tests.integration.flow import ENCOUNTER, Flow, claim, flow, until


def quiet(*_: object) -> None:
    """Say nothing."""


def verified(ledger: Flow) -> Verified:
    return verify(ledger.settings, configure("test"), quiet)


@pytest.fixture
def ledger(database_url: str, fresh_kafka: str, tmp_path: Path) -> Iterator[Flow]:
    """A ledger with all roles that has heard of forty simulated children and their troubles."""
    with flow(database_url, fresh_kafka, tmp_path, clock="driven") as running:
        play(day(7, date(2021, 3, 1), 40), {agency: running.client(agency) for agency in PRODUCERS})
        running.settle()
        yield running


def test_a_rebuild_gives_the_same_rows_as_the_live_tables(ledger: Flow) -> None:
    """Late, corrected, voided and merged entries too; afterwards the live follower goes on with the new version."""
    assert ledger.rows("select count(*) from read.links_v1")[0][0] > 0, "the simulated day holds a merge"
    # an identifier that two records carry, one among the first and one the last: two processes rebuild them
    first = ledger.rows("select value from read.identifiers_v1 where scheme = 'a-number' order by child limit 1")[0][0]
    ledger.tell(
        "CBP", "child-encountered", claim("A299000012", "2021-03-01", ENCOUNTER), sent_at="2029-01-01T00:00:00Z"
    )
    both = [{"scheme": "a-number", "value": child} for child in ("A299000012", f"A{first}")]
    disagreeing = {**claim("A299000012", "2021-03-02", {"referring_office": "RGV"}), "child": both}
    told = ledger.tell("CBP", "referred-to-orr", disagreeing, sent_at="2029-01-02T00:00:00Z")
    assert "identifiers-disagree" in {finding["code"] for finding in told["findings"]}
    ledger.settle()
    rebuilt = rebuild(ledger.settings, configure("test"), quiet)
    assert rebuilt.differences == ()
    assert rebuilt.entries == ledger.rows("select count(*) from ledger.stored_events")[0][0]
    assert ledger.rows("select schema_name from read.ledger") == [(rebuilt.schema,)]
    assert ledger.rows("select count(*) from pg_namespace where nspname = %s", rebuilt.live) == [(0,)]
    ledger.tell(
        "CBP", "child-encountered", claim("A299000001", "2021-03-01", ENCOUNTER), sent_at="2030-01-01T00:00:00Z"
    )
    last = ledger.settle()
    assert ledger.rows("select position from read.current_location_v1 where position = %s", last) == [(last,)]


def test_a_rebuild_puts_right_what_was_changed_in_the_live_tables_and_names_it(ledger: Flow) -> None:
    """The read tables are disposable; which rows had been wrong is told."""
    child = ledger.rows("select child from read_1.current_location order by child limit 1")[0][0]
    execute(ledger, "update read_1.current_location set place = 'elsewhere' where child = %s", child)
    found = verified(ledger)
    assert not found.sound
    assert [str(child) in wrong and wrong.startswith("current_location") for wrong in found.tables_wrong] == [True]
    rebuilt = rebuild(ledger.settings, configure("test"), quiet)
    assert any(str(child) in difference for difference in rebuilt.differences)
    assert verified(ledger).sound


def processes() -> list[psutil.Process]:
    """Return the processes of a rebuild that this one started."""
    found = []
    for child in psutil.Process().children():
        with suppress(psutil.NoSuchProcess):  # it has ended, and is not collected yet
            if "projections.rebuilding.worker" in child.cmdline():
                found.append(child)
    return found


@pytest.mark.parametrize("few", [0, workers.FEW_ENTRIES], ids=["in two processes", "in one"])
def test_a_rebuild_that_is_stopped_leaves_all_as_it_was(
    ledger: Flow, monkeypatch: pytest.MonkeyPatch, few: int
) -> None:
    """Ctrl-C in the middle; the next rebuild begins anew, and finds the same rows as the live tables hold."""
    monkeypatch.setattr("projections.rebuilding.workers.FEW_ENTRIES", few)

    def stop(what: str, *_: int) -> None:
        if what == "applying entries":
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        rebuild(ledger.settings, configure("test"), stop)
    assert processes() == []
    assert ledger.rows("select schema_name from read.ledger") == [("read_1",)]
    assert rebuild(ledger.settings, configure("test"), quiet).differences == ()


def test_a_rebuild_whose_process_is_killed_leaves_nothing_running_and_all_as_it_was(
    ledger: Flow, monkeypatch: pytest.MonkeyPatch
) -> None:
    """At any stage; the next rebuild begins anew."""
    monkeypatch.setattr("projections.rebuilding.workers.FEW_ENTRIES", 0)

    for stage in ("reading", "applying entries", "making keys and indexes"):

        def kill(what: str, *_: int, stage: str = stage) -> None:
            if what == stage:
                for process in processes()[-1:]:
                    process.kill()

        with pytest.raises(RebuildError, match="nothing was swapped"):
            rebuild(ledger.settings, configure("test"), kill)
        assert processes() == []
    assert ledger.rows("select schema_name from read.ledger") == [("read_1",)]
    assert rebuild(ledger.settings, configure("test"), quiet).differences == ()


def test_tables_of_another_release_are_refused_with_the_cure_and_a_rebuild_brings_them(ledger: Flow) -> None:
    """The role that writes them says so before it writes; what was there is read until the new ones are."""
    execute(ledger, "alter table read_1.closures rename column resolved_at to closed_at")
    with connect(ledger.settings.database_url) as connection, pytest.raises(SettingsError, match="custody rebuild"):
        prepare(connection, ledger.settings)
    rebuild(ledger.settings, configure("test"), quiet)
    with connect(ledger.settings.database_url) as connection:
        prepare(connection, ledger.settings)
    assert verified(ledger).sound


def test_verify_names_a_flipped_byte_in_the_event_store(ledger: Flow) -> None:
    """Whoever gets round the trigger is found by the copy on Kafka."""
    assert verified(ledger).sound
    position, state = ledger.rows(
        "select notification_id, state from ledger.stored_events order by 1 offset 20 limit 1"
    )[0]
    execute(ledger, "alter table ledger.stored_events disable trigger entries_are_for_ever")
    flipped = bytes(state[:-2]) + bytes([state[-2] ^ 1]) + bytes(state[-1:])
    execute(ledger, "update ledger.stored_events set state = %s where notification_id = %s", flipped, position)
    found = verified(ledger)
    assert [(wrong["position"], wrong["what"]) for wrong in found.entries_wrong] == [
        (position, "differs between PostgreSQL and Kafka")
    ]


def test_verify_names_a_message_missing_on_kafka(database_url: str, fresh_kafka: str, tmp_path: Path) -> None:
    """A hole in custody.entries keeps the read tables waiting; verify says which position it is."""
    with flow(database_url, fresh_kafka, tmp_path) as ledger:
        for number in range(1, 21):
            ledger.tell("CBP", "child-encountered", claim(f"A2000000{number:02}", "2021-03-01", ENCOUNTER))
        ledger.settle()
        messages = on_kafka(ledger)
    without_the_seventh(messages, fresh_kafka)
    execute(ledger, "drop schema read cascade")
    execute(ledger, "drop schema read_1 cascade")
    second = tmp_path / "second"
    second.mkdir()
    with flow(database_url, fresh_kafka, second, ("projections",)) as again:
        until(lambda: again.rows("select position from read.progress_v1") == [(6,)])
        found = verified(again)
        assert not found.sound
        assert {(wrong["position"], wrong["what"]) for wrong in found.entries_wrong} == {(7, "missing on Kafka")}
        with pytest.raises(RebuildError):
            hold_target(again, 20)


def hold_target(ledger: Flow, position: int) -> None:
    """Rebuild as if the live tables had once reached `position`."""
    execute(ledger, "update read_1.progress set position = %s", position)
    rebuild(ledger.settings, configure("test"), quiet)


def test_a_child_whose_entry_cannot_be_applied_waits_and_others_go_on(ledger: Flow) -> None:
    """An entry of a newer version parks its child, with its later entries; retry applies them, in order."""
    child, version = ledger.rows(
        "select originator_id, max(originator_version) from ledger.stored_events group by 1 order by 1 limit 1"
    )[0]
    last, state = ledger.rows("select notification_id, state from ledger.stored_events order by 1 desc limit 1")[0]
    insert(ledger, child, version + 1, "custody.from-the-future.v1", bytes(state), last + 1)
    insert(ledger, child, version + 2, "custody.departure-verified.v1", departure(state), last + 2)
    ledger.tell(
        "CBP", "child-encountered", claim("A299000001", "2021-03-01", ENCOUNTER), sent_at="2030-01-01T00:00:00Z"
    )
    ledger.settle()
    parked = ledger.rows("select position, reason from read.parked_v1 where child = %s order by 1", child)
    assert [position for position, _ in parked] == [last + 1, last + 2]
    assert "custody.from-the-future.v1" in parked[0][1]
    before = ledger.rows("select custody_state, position from read.current_location_v1 where child = %s", child)
    assert before[0][1] <= last
    assert verified(ledger).sound, "parked alike in a rebuild"
    # the entry turns out to be readable after all, as after an upgrade
    for schema in ("read_1",):
        execute(
            ledger,
            f"update {schema}.parked set payload = convert_to(replace(convert_from(payload, 'UTF8'),"
            " 'from-the-future', 'admitted-to-program'), 'UTF8') where position = %s",
            last + 1,
        )
    execute(
        ledger,
        "update read_1.parked set payload = regexp_replace(encode(payload, 'escape'),"
        " '\"fact\":.*$', '\"fact\":{}}')::bytea where position = %s",
        last + 1,
    )
    execute(ledger, "insert into ledger.retries values ('projections', %s)", child)
    until(lambda: ledger.rows("select count(*) from read.parked_v1") == [(0,)])
    after = ledger.rows("select custody_state, position from read.current_location_v1 where child = %s", child)
    assert after == [("repatriated", last + 2)]


def insert(ledger: Flow, child: Any, version: int, wire: str, state: bytes, position: int) -> None:
    execute(
        ledger,
        "insert into ledger.stored_events (originator_id, originator_version, topic, state, notification_id)"
        " values (%s, %s, %s, %s, %s)",
        child,
        version,
        wire,
        state,
        position,
    )
    execute(ledger, "select setval('ledger.stored_events_notification_id_seq', %s)", position)
    execute(ledger, "notify stored_events")


def departure(state: bytes) -> bytes:
    members = orjson.loads(bytes(state))
    members["fact"] = {"kind": "return", "country": "GTM"}
    members["occurred_at"] = members["recorded_at"]
    front = bytes(state)[: bytes(state).index(b'"occurred_at"')]
    rest = orjson.dumps({k: v for k, v in members.items() if k not in ("subject", "recorded_at")})
    return front + rest[1:]


def on_kafka(ledger: Flow) -> list[Any]:
    """Return every message of custody.entries, by position."""
    consumer = entries_consumer(ledger.settings.kafka_bootstrap)
    start_at(consumer, {}, tuple(range(ENTRIES_PARTITIONS)))
    with psycopg.connect(ledger.settings.database_url) as connection:
        genuine = Genuine(connection)
    ends = consumer.end_offsets(list(consumer.assignment()))
    records: list[Any] = []
    while any(consumer.position(partition) < end for partition, end in ends.items()):
        for batch in consumer.poll(timeout_ms=500).values():
            records += [(record, message) for record in batch for message in genuine.entries([record])[0]]
    consumer.close()
    return sorted(records, key=lambda pair: pair[1].position)


def without_the_seventh(messages: list[Any], bootstrap: str) -> None:
    """Make the topics anew and put everything back but position 7."""
    from tests.conftest import empty_topics

    empty_topics(bootstrap)
    producer = KafkaProducer(bootstrap_servers=bootstrap, acks="all")
    for record, message in messages:
        if message.position != 7:
            producer.send(
                ENTRIES, value=record.value, key=record.key, headers=record.headers, partition=record.partition
            )
    producer.flush()
    producer.close()


def execute(ledger: Flow, statement: str, *values: object) -> None:
    with psycopg.connect(ledger.settings.database_url, autocommit=True) as connection:
        connection.execute(statement, values)
