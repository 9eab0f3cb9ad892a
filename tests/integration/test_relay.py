"""The relay with its real parts: every entry once, whatever is killed; and a restored backup is met with a cure."""

import re
import signal
from pathlib import Path
from typing import Any

import psycopg
import pytest
from kafka import KafkaProducer

from consumers.recovery import recover
from ledger.roles.logs import configure
from ledger.store.eventstore import open_ledger
from ledger.topics import ENTRIES
from readers.verify.verify import verify
from tests.conftest import empty_topics
from tests.integration.flow import ENCOUNTER, Flow, claim, flow, until
from tests.integration.running import custody
from tests.integration.test_read_tables import execute, on_kafka, quiet

DAY = "2021-03-01"


def positions(ledger: Flow) -> list[tuple[int, int]]:
    """Return (position, preceding position) of every message of custody.entries, by position."""
    return [(message.position, message.previous) for _, message in on_kafka(ledger)]


def send(ledger: Flow, numbers: range) -> None:
    client = ledger.client("CBP")
    for number in numbers:
        client.send("custody.child-encountered.v1", claim(f"A2{number:08}", DAY, ENCOUNTER), id=f"m{number}")
    client.settle()


def test_a_relay_killed_again_and_again_sends_every_entry_once(
    database_url: str, fresh_kafka: str, tmp_path: Path
) -> None:
    """Where it stopped, the last entry of each partition says; nothing is missing and nothing comes twice."""
    with flow(database_url, fresh_kafka, tmp_path, ("intake",)) as ledger:
        for life in range(4):
            folder = tmp_path / str(life)
            folder.mkdir()
            with flow(database_url, fresh_kafka, folder, ("relay",)) as relaying:
                send(ledger, range(life * 3000, life * 3000 + 3000))
                until(lambda life=life: count(ledger) > life * 3000 + 500)
                relaying.processes["relay"].send_signal(signal.SIGKILL)
                until(lambda relaying=relaying: relaying.processes["relay"].poll() is not None)
        until(lambda: count(ledger) == 12_000)
        folder = tmp_path / "last"
        folder.mkdir()
        with flow(database_url, fresh_kafka, folder, ("relay",)):
            until(lambda: relayed(ledger) == 12_000)
        found = positions(ledger)
        assert [position for position, _ in found] == list(range(1, 12_001))
        assert [previous for _, previous in found] == list(range(12_000))


def count(ledger: Flow) -> int:
    return int(ledger.rows("select count(*) from ledger.stored_events")[0][0])


def relayed(ledger: Flow) -> int:
    return int(
        ledger.rows("select coalesce(max(position), 0) from ledger.relay_checkpoint where name = 'entries'")[0][0]
    )


def test_a_kafka_that_lost_everything_is_filled_again_from_postgresql(
    database_url: str, fresh_kafka: str, tmp_path: Path
) -> None:
    """Either side can be rebuilt from the other."""
    first, second = tmp_path / "1", tmp_path / "2"
    first.mkdir()
    second.mkdir()
    with flow(database_url, fresh_kafka, first, ("intake", "relay")) as ledger:
        send(ledger, range(50))
        until(lambda: relayed(ledger) == 50)
        before = [message.payload for _, message in on_kafka(ledger)]
    empty_topics(fresh_kafka)
    with flow(database_url, fresh_kafka, second, ("relay",)) as ledger:
        until(lambda: len(on_kafka(ledger)) == 50)
        assert [message.payload for _, message in on_kafka(ledger)] == before


def restored_to(ledger: Flow, position: int) -> None:
    """Make PostgreSQL what an older backup of it would be."""
    execute(ledger, "alter table ledger.stored_events disable trigger entries_are_for_ever")
    execute(ledger, "delete from ledger.submissions where position > %s", position)
    execute(
        ledger,
        "delete from ledger.identifiers where child in"
        " (select originator_id from ledger.stored_events where notification_id > %s)",
        position,
    )
    execute(ledger, "delete from ledger.stored_events where notification_id > %s", position)
    execute(ledger, "alter table ledger.stored_events enable trigger entries_are_for_ever")
    execute(ledger, "update ledger.relay_checkpoint set position = least(position, %s)", position)


def test_a_restored_backup_is_refused_with_the_cure_and_recovered_from_kafka(
    database_url: str, fresh_kafka: str, tmp_path: Path
) -> None:
    """No role writes a second story under positions Kafka has told; `custody recover` brings the entries back."""
    folders = [tmp_path / str(n) for n in range(3)]
    for folder in folders:
        folder.mkdir()
    with flow(database_url, fresh_kafka, folders[0]) as ledger:
        send(ledger, range(60))
        until(lambda: count(ledger) == 60)
        ledger.settle()
    restored_to(ledger, 25)
    for role in ("intake", "relay"):
        with pytest.raises(AssertionError, match="custody recover"):
            start(database_url, fresh_kafka, folders[1], role)
    application = open_ledger(ledger.settings)
    assert recover(application, ledger.settings, quiet) == 35
    application.close()
    with flow(database_url, fresh_kafka, folders[2]) as ledger:
        again = ledger.tell("CBP", "child-encountered", claim("A200000059", DAY, ENCOUNTER), id="m59")
        assert again["status"] == "duplicate"
        send(ledger, range(60, 70))
        until(lambda: count(ledger) == 70)
        ledger.settle()
        assert verify(ledger.settings, configure("test"), quiet).sound


def start(database_url: str, bootstrap: str, folder: Path, role: str) -> None:
    """Start one role and stop it again."""
    with flow(database_url, bootstrap, folder, (role,)):
        pass


def test_of_two_records_that_claim_a_position_on_a_kafka_without_seals_the_operator_says_which_is_strange(
    database_url: str, fresh_kafka: str, tmp_path: Path
) -> None:
    """Before there were seals nothing told them apart: both are named, nothing is guessed; the answer brings all."""
    with flow(database_url, fresh_kafka, tmp_path, ("intake", "relay")) as ledger:
        send(ledger, range(20))
        until(lambda: relayed(ledger) == 20)
        messages = [record for record, _ in on_kafka(ledger)]
    twelfth = next(record for record in messages if dict(record.headers)["ce_id"] == b"12")
    unsealed = [
        (record.partition, record.key, value, [pair for pair in record.headers if pair[0] != "ce_seal"])
        for record, value in (
            (twelfth, twelfth.value.replace(b"RGV", b"EVIL")),
            *((one, one.value) for one in messages),
        )
    ]
    empty_topics(fresh_kafka, ENTRIES)
    producer = KafkaProducer(bootstrap_servers=fresh_kafka, acks="all")
    for partition, key, value, headers in unsealed:
        producer.send(ENTRIES, partition=partition, key=key, value=value, headers=headers)
    producer.close()
    restored_to(ledger, 10)
    execute(ledger, "update ledger.seal set begun = false")
    execute(ledger, "delete from ledger.relay_checkpoint")

    def recovering(*options: str) -> tuple[int, str]:
        where = {"database_url": database_url, "bootstrap": fresh_kafka, "data": tmp_path}
        ended = custody("recover", *options, **where)  # type: ignore[arg-type]
        return ended.returncode, (ended.stdout + ended.stderr).decode()

    code, said = recovering()
    named = re.search(r"position 12 is claimed twice, by partition (\d+) offset 0 and partition \1 offset (\d+)", said)
    assert code == 1, said
    assert named is not None, said
    code, said = recovering("--foreign", f"{named[1]}-0")
    assert (code, "is no PARTITION:OFFSET" in said) == (2, True)
    code, said = recovering("--foreign", f"{named[1]}:0")
    assert (code, count(ledger)) == (0, 20), said
    places = {place for (place,) in ledger.rows("select convert_from(state, 'UTF8')::json -> 'fact' ->> 'place'"
                                                " from ledger.stored_events")}  # fmt: skip
    assert places == {"RGV"}


def test_postgresql_written_to_after_a_restore_is_refused(database_url: str, fresh_kafka: str, tmp_path: Path) -> None:
    """Two stories under one position cannot be mended by a program; the position is named."""
    with flow(database_url, fresh_kafka, tmp_path, ("intake", "relay")) as ledger:
        send(ledger, range(30))
        until(lambda: relayed(ledger) == 30)
    restored_to(ledger, 20)
    with psycopg.connect(database_url, autocommit=True) as connection:
        rows: list[Any] = connection.execute(
            "select originator_version, topic, state from ledger.stored_events order by notification_id limit 1"
        ).fetchall()
        for position in range(21, 31):
            connection.execute(
                "insert into ledger.stored_events values (gen_random_uuid(), %s, %s, %s, %s)", (*rows[0], position)
            )
    folder = tmp_path / "again"
    folder.mkdir()
    with pytest.raises(AssertionError, match="two stories"):
        start(database_url, fresh_kafka, folder, "relay")
