"""What was published comes back after a restore as it was: numbers, stamps and receipts, and the feeds go on dense."""

import time
from pathlib import Path
from typing import Any

import orjson
import psycopg
import pytest

from ledger.roles.logs import configure
from ledger.topics import PUBLICATIONS
from producers.client.feed import FeedReader
from readers.verify.verify import verify
from tests.integration.feeding import numbered, on_feed, on_feeds, published
from tests.integration.flow import Flow, claim, flow, until
from tests.integration.running import custody
from tests.integration.tampering import messages_of, put
from tests.integration.test_read_tables import execute, quiet
from tests.integration.test_relay import restored_to, start

RELEASE: dict[str, Any] = {"sponsor_category": "1", "address": {"lines": ["1 Elm St"]}}


def folder(parent: Path, name: str) -> Path:
    made = parent / name
    made.mkdir()
    return made


def release(ledger: Flow, numbers: range) -> None:
    for number in numbers:
        child = claim(f"A2000000{number:02}", "2022-03-04", RELEASE)
        assert ledger.tell("ORR", "released-to-sponsor", child)["status"] == "accepted"


def sign(ledger: Flow, tmp_path: Path) -> None:
    """Have ICE-ERO read all there is and sign for it, and wait for the answer."""
    with FeedReader(ledger.settings.kafka_bootstrap, "ICE-ERO", state=tmp_path / "ero.feed") as feed:
        for item in feed.available():
            feed.delivered(item)
        for _ in range(300):
            feed.flush()
            if not feed.unanswered:
                return
            time.sleep(0.1)
        raise AssertionError("receipts were not answered")


def receipts(ledger: Flow) -> list[int]:
    rows = ledger.rows(
        "select notification_id from ledger.stored_events where topic = 'custody.feed-receipted.v1' order by 1"
    )
    return [position for (position,) in rows]


def kept(ledger: Flow) -> list[tuple[Any, ...]]:
    """Return the batches, all but where reading goes on."""
    return ledger.rows(
        "select number, to_position, published_at, last_cbp, last_ice_ero, last_ice_opla, last_orr, last_eoir,"
        " last_uscis, body from ledger.publications order by number"
    )


def backup(ledger: Flow) -> tuple[int, dict[str, Any]]:
    """Remember what a dump of this moment would hold, as far as a restore by hand needs it."""
    (position,) = ledger.rows("select coalesce(max(notification_id), 0) from ledger.stored_events")[0]
    offsets = {
        (topic, partition): offset
        for topic, partition, offset in ledger.rows("select topic, partition, next_offset from ledger.intake_offsets")
    }
    (batch,) = ledger.rows("select coalesce(max(number), 0) from ledger.publications")[0]
    return position, {"offsets": offsets, "batch": batch}


def restore(ledger: Flow, position: int, held: dict[str, Any]) -> None:
    """Make PostgreSQL what a restored dump would be; the read tables go, as they are disposable."""
    restored_to(ledger, position)
    execute(ledger, "delete from ledger.publications where number > %s", held["batch"])
    for (topic, partition), offset in held["offsets"].items():
        execute(
            ledger,
            "update ledger.intake_offsets set next_offset = %s where topic = %s and partition = %s",
            offset,
            topic,
            partition,
        )
    execute(ledger, "drop schema read cascade")
    execute(ledger, "drop schema read_1 cascade")


def test_what_was_published_and_signed_for_after_the_backup_comes_back(
    database_url: str, fresh_kafka: str, tmp_path: Path
) -> None:
    """Intake, relay and feeds refuse with the cure; after it the feeds go on dense, and no stamp or receipt moved."""
    where: dict[str, Any] = {"database_url": database_url, "bootstrap": fresh_kafka, "data": tmp_path}
    with flow(database_url, fresh_kafka, folder(tmp_path, "before")) as ledger:
        release(ledger, range(10))
        published(ledger)
        position, held = backup(ledger)
        release(ledger, range(10, 20))
        published(ledger)
        sign(ledger, tmp_path)
        published(ledger)
        told, batches, signed = on_feeds(ledger), kept(ledger), receipts(ledger)
        assert signed
    restore(ledger, position, held)
    for role in ("intake", "relay", "feeds"):
        with pytest.raises(AssertionError, match="custody recover"):
            start(database_url, fresh_kafka, folder(tmp_path, f"refused-{role}"), role)
    done = custody("recover", **where)
    assert done.returncode == 0, done.stderr
    assert f"{len(batches) - held['batch']} batches".encode() in done.stdout
    assert kept(ledger) == batches
    assert receipts(ledger) == signed
    with flow(database_url, fresh_kafka, folder(tmp_path, "after")) as ledger:
        release(ledger, range(20, 25))
        published(ledger)
        sign(ledger, tmp_path)
        published(ledger)
        assert kept(ledger)[: len(batches)] == batches
        for agency, items in on_feeds(ledger).items():
            assert numbered(items) == list(range(1, len(items) + 1)), agency
            assert items[: len(told[agency])] == told[agency]
        assert len(on_feed(ledger, "ICE-ERO")) == len(told["ICE-ERO"]) + 5
        assert receipts(ledger)[: len(signed)] == signed
        assert ledger.rows("select count(*) from ledger.submissions where agency = 'ICE-ERO' and position is null") == [
            (0,)
        ]
        ledger.settle()
        assert verify(ledger.settings, configure("test"), quiet, feeds=True).sound


def test_publications_alone_lost_are_refused_by_intake_too_and_come_back(
    database_url: str, fresh_kafka: str, tmp_path: Path
) -> None:
    """Where only batches came after the backup, intake would refuse receipts for what agencies really hold."""
    where: dict[str, Any] = {"database_url": database_url, "bootstrap": fresh_kafka, "data": tmp_path}
    with flow(database_url, fresh_kafka, folder(tmp_path, "before")) as ledger:
        release(ledger, range(5))
        published(ledger)
        until(lambda: ledger.rows("select settled from read.publishing_v1") == [(True,)])
        before = kept(ledger)
    execute(ledger, "delete from ledger.publications where number > 1")
    for role in ("intake", "feeds"):
        with pytest.raises(AssertionError, match="custody recover"):
            start(database_url, fresh_kafka, folder(tmp_path, role), role)
    assert custody("recover", **where).returncode == 0
    assert kept(ledger) == before
    assert b"0 batches" in custody("recover", **where).stdout


def test_batches_written_after_a_restore_are_two_stories_and_refused(
    database_url: str, fresh_kafka: str, tmp_path: Path
) -> None:
    """No program can say which of two batches under one number the agencies were told; it is named, nothing written."""
    where: dict[str, Any] = {"database_url": database_url, "bootstrap": fresh_kafka, "data": tmp_path}
    with flow(database_url, fresh_kafka, folder(tmp_path, "before")) as ledger:
        release(ledger, range(5))
        published(ledger)
        until(lambda: ledger.rows("select settled from read.publishing_v1") == [(True,)])
    (last,) = ledger.rows("select max(number) from ledger.publications")[0]
    ((body,),) = ledger.rows("select body from ledger.publications where number = %s", last)
    other = orjson.dumps({**orjson.loads(bytes(body)), "published_at": "2031-01-01T00:00:00.000000Z"})
    execute(ledger, "update ledger.publications set body = %s where number = %s", other, last)
    for role in ("intake", "feeds"):
        with pytest.raises(AssertionError, match=f"batch {last} differs"):
            start(database_url, fresh_kafka, folder(tmp_path, role), role)
    before = kept(ledger)
    done = custody("recover", **where)
    assert done.returncode == 1
    assert f"batch {last} differs".encode() in done.stderr
    assert kept(ledger) == before


def test_feeds_that_went_further_than_any_batch_that_is_left_are_refused(
    database_url: str, fresh_kafka: str, tmp_path: Path
) -> None:
    """A power failure took the end of one topic, and the restore that of PostgreSQL: nothing is numbered twice."""
    with flow(database_url, fresh_kafka, folder(tmp_path, "before")) as ledger:
        release(ledger, range(3))
        published(ledger)
        until(lambda: ledger.rows("select settled from read.publishing_v1") == [(True,)])
    execute(ledger, "delete from ledger.publications where number > 1")
    put(fresh_kafka, PUBLICATIONS, messages_of(fresh_kafka, PUBLICATIONS)[:1])
    with pytest.raises(AssertionError, match="both lost what was published"):
        start(database_url, fresh_kafka, folder(tmp_path, "feeds"), "feeds")
    with psycopg.connect(database_url) as connection:
        assert connection.execute("select count(*) from ledger.publications").fetchone() == (1,)
