"""`custody status`: how far each role is behind, and whether all is well."""

import json
from pathlib import Path

import psycopg
from kafka import KafkaProducer, TopicPartition

from custody.supervision.lag import measure
from ledger.roles.settings import Settings
from ledger.store.eventstore import open_ledger
from ledger.topics import intake
from tests.integration.commands import runner
from tests.integration.filling import ZONE


def test_markers_of_a_senders_transactions_are_no_messages_nobody_took(database_url: str, fresh_kafka: str) -> None:
    """A sender may use transactions: their ends, and what was broken off, use offsets, but nobody takes them."""
    open_ledger(Settings(database_url, fresh_kafka, ZONE, "wall")).close()
    producer = KafkaProducer(bootstrap_servers=fresh_kafka, transactional_id="status-test", enable_idempotence=True)
    producer.init_transactions()
    for commits in (True, False, True):
        producer.begin_transaction()
        producer.send(intake("ORR"), value=b"x", partition=0)
        producer.commit_transaction() if commits else producer.abort_transaction()
    producer.close()
    assert measure(database_url, fresh_kafka).intake == 2
    _take(database_url, TopicPartition(intake("ORR"), 0), offset=1)
    assert measure(database_url, fresh_kafka).intake == 1
    _take(database_url, TopicPartition(intake("ORR"), 0), offset=5)
    assert measure(database_url, fresh_kafka).intake == 0


def test_status_is_1_and_names_what_is_not_well(database_url: str, fresh_kafka: str, tmp_path: Path) -> None:
    """A monitor that looks at the exit status alone must learn that a message was kept that nobody could read."""
    open_ledger(Settings(database_url, fresh_kafka, ZONE, "wall")).close()
    run = runner(database_url, tmp_path)
    well = run("status", "--json", KAFKA_BOOTSTRAP_SERVERS=fresh_kafka)
    assert well.returncode == 0, well.stdout + well.stderr
    assert json.loads(well.stdout)["problems"] == []
    with psycopg.connect(database_url) as connection:
        connection.execute(
            'insert into ledger.set_aside (agency, topic, partition, "offset", reason, headers, set_aside_at)'
            " values ('ORR', 'custody.intake.orr', 0, 0, 'the data is not JSON', '[]', now())"
        )
    unwell = run("status", "--json", KAFKA_BOOTSTRAP_SERVERS=fresh_kafka)
    assert unwell.returncode == 1
    assert json.loads(unwell.stdout)["well"] is False
    assert json.loads(unwell.stdout)["problems"] == [
        "1 message is kept as a dead letter (1 unreadable): `custody set-aside list`"
    ]
    assert json.loads(unwell.stdout)["dead_letters"] == {
        "unreadable": 1,
        "fault": 0,
        "batch": 0,
        "lost": 0,
        "foreign": 0,
    }
    assert "not all is well: 1 message is kept as a dead letter" in unwell.stderr


def test_status_of_a_ledger_that_does_not_run_is_json_too(database_url: str, tmp_path: Path) -> None:
    """Exit status 4, and the members a monitor reads, null where nobody can know."""
    stopped = runner(database_url, tmp_path)("status", "--json", DATABASE_URL="", KAFKA_BOOTSTRAP_SERVERS="")
    assert stopped.returncode == 4
    shown = json.loads(stopped.stdout)
    assert shown["well"] is False
    assert {role["state"] for role in shown["roles"]} == {"stopped"}


def _take(database_url: str, partition: TopicPartition, *, offset: int) -> None:
    """Let intake stand at `offset`."""
    with psycopg.connect(database_url) as connection:
        connection.execute(
            "insert into ledger.intake_offsets values (%s, %s, %s)"
            " on conflict (topic, partition) do update set next_offset = excluded.next_offset",
            (partition.topic, partition.partition, offset),
        )
