"""`custody set-aside`: what could not be read or applied, with its bytes, and how it is tried again.

Broken by hand to see these tests fail, one at a time: the child not asked for, a child nobody set aside asked for,
bytes that are no text.
"""

import json
import re
from base64 import b64encode
from pathlib import Path
from typing import Any

import orjson
import psycopg
import pytest
from kafka import KafkaConsumer, TopicPartition

from ledger.roles.settings import Settings
from ledger.store.eventstore import open_ledger
from tests.integration.commands import CHILD, Run, made_up, recorded, runner
from tests.integration.filling import ZONE, fill
from tests.integration.running import PATIENCE_SECONDS


@pytest.fixture
def custody(database_url: str, tmp_path: Path) -> Run:
    """Run `custody` against this database."""
    return runner(database_url, tmp_path)


def set_aside(database_url: str, value: bytes | None, partition: int) -> None:
    """Set a message aside as intake does."""
    headers = [["ce_id", b64encode(b"s-1").decode()], ["x", None], ["y", b64encode(b"\xff").decode()]]
    with psycopg.connect(database_url) as connection:
        connection.execute(
            'insert into ledger.set_aside (agency, topic, partition, "offset", ce_id, ce_source, reason, value,'
            " headers, set_aside_at)"
            " values ('ORR', 'custody.intake.orr', %s, %s, 's-1', '/orr/x', 'not JSON', %s, %s, now())",
            (partition, 5 + partition, value, orjson.dumps(headers)),
        )


def test_what_is_set_aside_is_listed_and_shown_with_its_bytes(custody: Run, database_url: str) -> None:
    """Messages with bytes and headers, children with all that waits; in text nothing can steer the terminal."""
    assert custody("set-aside", "list").stdout == "nothing is set aside\n"
    ledger = made_up()
    ledger.payloads[1] = ledger.payloads[1].replace(b"released-to-sponsor.v1", b"released-to-sponsor.v9")
    recorded(database_url, [])
    set_aside(database_url, b"\x1b[2J{", partition=0)
    set_aside(database_url, b"\xff\x00", partition=1)
    fill(database_url, ledger.payloads)
    first, second, child = json.loads(custody("set-aside", "list", "--json").stdout)["set_aside"]
    assert (first["kind"], first["number"], first["reason"], first["retried_at"]) == ("message", 1, "not JSON", None)
    assert second["number"] == 2
    assert (child["kind"], child["child"], child["position"], child["entries"]) == ("child", str(CHILD), 2, 1)
    shown = json.loads(custody("set-aside", "show", "1", "--json").stdout)
    assert shown["value"] == "\x1b[2J{"
    assert shown["headers"] == [["ce_id", "s-1"], ["x", None], ["y", {"base64": "/w=="}]]
    assert json.loads(custody("set-aside", "show", "2", "--json").stdout)["value"] == {"base64": "/wA="}
    text = custody("set-aside", "show", "1").stdout
    assert r"value: \x1b[2J{" in text
    assert "\x1b" not in text
    waiting = json.loads(custody("set-aside", "show", str(CHILD), "--json").stdout)["waiting"]
    assert [one["position"] for one in waiting] == [2]
    assert re.search(r"child .* 1 entries wait from position 2: .*v9", custody("set-aside", "list").stdout)


def test_a_message_tried_again_is_sent_as_it_was_to_where_it_was(
    custody: Run, database_url: str, kafka_bootstrap: str
) -> None:
    """Bytes, headers and partition are those it was found with; then the list says when it was sent again."""
    recorded(database_url, [])
    set_aside(database_url, b"{ not JSON", partition=2)
    set_aside(database_url, None, partition=3)
    place = TopicPartition("custody.intake.orr", 2)
    consumer = KafkaConsumer(bootstrap_servers=kafka_bootstrap, group_id=None, enable_auto_commit=False)
    try:
        consumer.assign([place])
        consumer.seek_to_end(place)
        end = consumer.position(place)
        done = custody("set-aside", "retry", "1", "--json", KAFKA_BOOTSTRAP_SERVERS=kafka_bootstrap)
        assert json.loads(done.stdout) == {"kind": "message", "number": 1, "sent_to": "custody.intake.orr"}
        consumer.seek(place, end)
        [records] = consumer.poll(timeout_ms=1000 * PATIENCE_SECONDS).values()
    finally:
        consumer.close()
    assert [(record.value, record.headers) for record in records] == [
        (b"{ not JSON", [("ce_id", b"s-1"), ("y", b"\xff")])
    ]
    [still_open] = json.loads(custody("set-aside", "list", "--json").stdout)["set_aside"]
    assert still_open["number"] == 2
    listed: list[Any] = json.loads(custody("set-aside", "list", "--all", "--json").stdout)["set_aside"]
    assert listed[0]["retried_at"] is not None
    empty = custody("set-aside", "retry", "2", KAFKA_BOOTSTRAP_SERVERS=kafka_bootstrap)
    assert empty.returncode == 1
    assert "has no value" in empty.stderr
    unsent = custody("set-aside", "retry", "1")
    assert unsent.returncode == 4
    assert listed == json.loads(custody("set-aside", "list", "--all", "--json").stdout)["set_aside"]


def test_a_message_that_is_closed_counts_no_longer_and_shows_who_closed_it_and_why(
    custody: Run, database_url: str
) -> None:
    """It stays, with its bytes; a number that is not open is named, the others are closed all the same."""
    recorded(database_url, [])
    set_aside(database_url, b"{ not JSON", partition=2)
    assert custody("set-aside", "close", "1").returncode == 2, "a reason is required"
    assert custody("set-aside", "close", "1", "--reason", " ").returncode == 2
    done = custody("set-aside", "close", "1", "9", "--reason", "a test", "--json")
    assert (done.returncode, json.loads(done.stdout)) == (3, {"closed": [1], "not_open": [9]})
    assert "not open, or not there: 9" in done.stderr
    assert custody("set-aside", "list").stdout == "nothing is set aside\n"
    [closed] = json.loads(custody("set-aside", "list", "--all", "--json").stdout)["set_aside"]
    assert (closed["closed_reason"], closed["closed_by"].endswith("(custody)")) == ("a test", True)
    assert "(a test)" in custody("set-aside", "list", "--all").stdout
    assert json.loads(custody("set-aside", "show", "1", "--json").stdout)["value"] == "{ not JSON"
    assert custody("set-aside", "close", "1", "--reason", "again").returncode == 3


def test_a_child_tried_again_is_asked_for_by_name(custody: Run, database_url: str) -> None:
    """The roles find the child's name where nobody can write it who may only read."""
    ledger = made_up()
    ledger.payloads[1] = ledger.payloads[1].replace(b"released-to-sponsor.v1", b"released-to-sponsor.v9")
    fill(database_url, ledger.payloads)
    open_ledger(Settings(database_url, "", ZONE, "wall")).close()
    done = custody("set-aside", "retry", str(CHILD))
    assert done.returncode == 0, done.stderr
    with psycopg.connect(database_url) as connection:
        asked = connection.execute("select role, child from ledger.retries order by role").fetchall()
    assert asked == [("alerts", CHILD), ("feeds", CHILD), ("projections", CHILD)]
