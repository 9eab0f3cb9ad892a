"""Several intake processes at once: a member that lost its partitions records nothing for them.

Broken by hand to see these tests fail, one at a time: offsets moved without comparing where the ledger stands, and
records kept in memory though another process had added to them.
"""

import signal
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import orjson
import pytest

from consumers.reading import read_arrival
from ledger.kafka.cloudevents import binary_headers
from ledger.roles.settings import Settings
from ledger.rules.arrivals import Arrival, Place
from ledger.store.eventstore import Ledger, open_ledger
from ledger.store.recording import LostPartitionsError, OffsetMove, Recording
from tests.integration.flow import ENCOUNTER, claim, flow, until

CALM = "2022-03-04T13:20:00-06:00"
TOPIC = "custody.intake.cbp"


@pytest.fixture
def settings(database_url: str) -> Settings:
    """The settings of a ledger on this database; Kafka plays no part."""
    return Settings(database_url, "127.0.0.1:9", "America/New_York", "wall")


@pytest.fixture
def ledger(settings: Settings) -> Iterator[Ledger]:
    """An empty ledger that stands at the beginning of CBP's first partition."""
    ledger = open_ledger(settings)
    with ledger.datastore.transaction(commit=True) as cursor:
        cursor.execute("insert into ledger.intake_offsets values (%s, 0, 0)", (TOPIC,))
    yield ledger
    ledger.close()


def arrival(offset: int, wire: str, fact: dict[str, Any]) -> Arrival:
    """Return the message at an offset, always about the same child."""
    return read_arrival(
        Place("CBP", TOPIC, 0, offset),
        binary_headers(id=f"m-{offset}", source="/cbp/test", type=f"custody.{wire}.v1", time="2022-03-05T00:00:00Z"),
        orjson.dumps(claim("A200000017", CALM, fact)),
    )


def recorded(ledger: Ledger) -> list[tuple[int, int, str]]:
    """Return (position, version, submission id) of every entry."""
    with ledger.datastore.transaction() as cursor:
        cursor.execute("select notification_id, originator_version, state from ledger.stored_events order by 1")
        return [
            (row["notification_id"], row["originator_version"], orjson.loads(bytes(row["state"]))["submission"]["id"])
            for row in cursor
        ]


def test_a_batch_of_partitions_that_another_moved_is_not_recorded(ledger: Ledger, settings: Settings) -> None:
    """The one that comes too late records nothing, and goes on rightly from where the ledger stands."""
    late, successor = Recording(ledger, settings), Recording(ledger, settings)
    first = [arrival(0, "child-encountered", ENCOUNTER)]
    assert late.record(first, [OffsetMove(TOPIC, 0, 0, 1)]).accepted == 1
    second = [arrival(1, "referred-to-orr", {"referring_office": "RGV"})]
    assert successor.record(second, [OffsetMove(TOPIC, 0, 1, 2)]).accepted == 1
    with pytest.raises(LostPartitionsError, match="moved past offset 1 by another intake process"):
        late.record(second, [OffsetMove(TOPIC, 0, 1, 2)])
    assert recorded(ledger) == [(1, 1, "m-0"), (2, 2, "m-1")]
    third = [arrival(2, "referral-cancelled", {"reason": "adult"})]
    assert late.record(third, [OffsetMove(TOPIC, 0, 2, 3)]).accepted == 1
    assert recorded(ledger)[2] == (3, 3, "m-2")


def test_what_another_process_recorded_of_a_child_counts(ledger: Ledger, settings: Settings) -> None:
    """A record kept in memory is read again when somebody else added to it: versions go on, rules see everything."""
    one, other = Recording(ledger, settings), Recording(ledger, settings)
    with ledger.datastore.transaction(commit=True) as cursor:
        cursor.execute("insert into ledger.intake_offsets values (%s, 1, 0)", (TOPIC,))
    one.record([arrival(0, "child-encountered", ENCOUNTER)], [OffsetMove(TOPIC, 0, 0, 1)])
    other.record([arrival(1, "referred-to-orr", {"referring_office": "RGV"})], [OffsetMove(TOPIC, 1, 0, 1)])
    one.record([arrival(2, "referral-cancelled", {"reason": "adult"})], [OffsetMove(TOPIC, 0, 1, 2)])
    assert recorded(ledger) == [(1, 1, "m-0"), (2, 2, "m-1"), (3, 3, "m-2")]


def test_a_member_that_was_stopped_and_goes_on_doubles_nothing(
    database_url: str, fresh_kafka: str, tmp_path: Path
) -> None:
    """Its partitions went to the other one meanwhile; what it had in hand is refused, and all is answered once.

    Stopped in the middle of its transaction it holds the lock; PostgreSQL ends that session after a minute, the other
    goes on, and the stopped one ends with status 1 when it wakes, for its supervisor to start again.
    """
    second = tmp_path / "second"
    second.mkdir()
    with (
        flow(database_url, fresh_kafka, tmp_path, ("intake", "relay")) as ledger,
        flow(database_url, fresh_kafka, second, ("intake",)) as other,
    ):
        client = ledger.client("CBP")
        stopped = other.processes["intake"]

        def send(numbers: range) -> None:
            for number in numbers:
                client.send("custody.child-encountered.v1", claim(f"A2020{number:05}"[:10], CALM, ENCOUNTER))
            client.settle()

        send(range(200))
        stopped.send_signal(signal.SIGSTOP)
        send(range(200, 400))
        time.sleep(14)  # the group waits ten seconds for a member before it shares out what was his
        until(lambda: ledger.rows("select count(*) from ledger.stored_events") == [(400,)])
        stopped.send_signal(signal.SIGCONT)
        send(range(400, 600))
        until(lambda: ledger.rows("select count(*) from ledger.stored_events") == [(600,)])
        assert stopped.poll() in (None, 1)
        assert ledger.rows(
            "select count(distinct originator_id), max(originator_version) from ledger.stored_events"
        ) == [(600, 1)]
        assert ledger.rows("select count(*) from ledger.outcomes") == [(0,)], "no message was read twice and answered"
