"""What stands on the ledger's own topics and it did not write: kept as a dead letter, named, and passed over."""

from pathlib import Path
from typing import Any

import orjson
import psycopg
import pytest
from kafka import KafkaProducer

from ledger.entry import read_entry
from ledger.roles.logs import configure
from ledger.topics import ENTRIES, PUBLICATIONS, alerts, feed, partition_of
from readers.verify.verify import verify
from tests.integration.feeding import numbered, on_feed, published
from tests.integration.flow import ENCOUNTER, Flow, claim, flow, until
from tests.integration.running import PATIENCE_SECONDS
from tests.integration.tampering import messages_of

ROLES = ("intake", "relay", "feeds", "projections", "alerts")
Headers = list[tuple[str, bytes]]


def quiet(*_: object) -> None:
    """Report nothing."""


def send(bootstrap: str, *records: tuple[str, int, bytes | None, bytes | None, Headers]) -> None:
    """Put records on topics as anybody can who reaches Kafka: topic, partition, key, value, headers."""
    producer = KafkaProducer(bootstrap_servers=bootstrap, acks="all", compression_type="gzip")
    for topic, partition, key, value, headers in records:
        producer.send(topic, partition=partition, key=key, value=value, headers=headers).get(timeout=PATIENCE_SECONDS)
    producer.close()


def forged(state: bytes, child: Any, position: int, previous: int) -> tuple[str, int, bytes, bytes, Headers]:
    """Return a record that says of itself all that an entry says: that this child was met at another place."""
    at = orjson.loads(state)["recorded_at"]
    value = b'{"position":%d,"child":"%s","version":%d,"type":"custody.child-encountered.v1",%s' % (
        position,
        str(child).encode(),
        9,
        state.replace(b"RGV", b"EVIL")[1:],
    )
    assert read_entry(value).position == position
    headers = [
        ("ce_specversion", b"1.0"),
        ("ce_id", b"%d" % position),
        ("ce_source", b"/custody-ledger"),
        ("ce_type", b"custody.child-encountered.v1"),
        ("ce_time", at.encode()),
        ("content-type", b"application/json"),
        ("ce_previous", b"%d" % previous),
        ("ce_seal", b"0" * 32),
    ]
    return ENTRIES, partition_of(child), str(child).encode(), value, headers


def strange(ledger: Flow) -> list[tuple[str, int, bytes | None, bytes | None, Headers]]:
    """Return records of every kind that nobody recorded, the forgeries about the last child."""
    last, child, state = ledger.rows(
        "select notification_id, originator_id, state from ledger.stored_events where originator_version = 1"
        " order by 1 desc limit 1"
    )[0]
    end = ledger.rows("select max(notification_id) from ledger.stored_events")[0][0]
    copied = forged(bytes(state), child, end + 1, end)
    return [
        (ENTRIES, 0, b"k", None, []),
        (ENTRIES, 1, b"\xff", b"\x00\x01garbage", [("ce_id", b"x"), ("x-\u00e9", b"\xff")]),
        (ENTRIES, 2, b"k", b'{"position": "7", "another": {"shape": true}}', []),
        (ENTRIES, 3, str(child).encode(), b"[]", copied[4]),
        copied,
        forged(bytes(state), child, last, last - 1),
        forged(bytes(state), child, end + 10**9, end),
        forged(bytes(state), child, end + 1, 1),
    ]


def tell(ledger: Flow, number: int) -> None:
    """Record that a child was met, and that she failed to appear: of that ORR is to be told, and alerted."""
    child = f"A20000{number:04}"
    ledger.tell("CBP", "child-encountered", claim(child, "2021-03-01", ENCOUNTER))
    ledger.tell("CBP", "referred-to-orr", claim(child, "2021-03-02", {"referring_office": "RGV"}))


def settled(ledger: Flow) -> None:
    """Wait until every role is done."""
    ledger.settle()
    published(ledger)
    until(lambda: ledger.rows(
        "select (select complete_to from read.publishing_v1) <= (select recorded_by from ledger.alerting)"
    ) == [(True,)])  # fmt: skip


@pytest.mark.parametrize("lasts", [False, True], ids=["while they run", "at the end of every topic when they start"])
def test_what_nobody_recorded_stops_no_role_and_is_no_entry(
    lasts: bool, database_url: str, fresh_kafka: str, tmp_path: Path
) -> None:
    """Garbage and forgeries, of positions to come and of those there are, beside roles at work and before a start."""
    (tmp_path / "first").mkdir()
    with flow(database_url, fresh_kafka, tmp_path / "first", ROLES) as ledger:
        tell(ledger, 1)
        settled(ledger)
        records = strange(ledger)
        if not lasts:
            send(fresh_kafka, *records)
            tell(ledger, 2)
            settled(ledger)
    if lasts:
        others: list[Any] = [(topic, 0, None, value, []) for topic in (PUBLICATIONS, feed("ORR"), alerts("ORR"))
                  for value in (b"\x00", b'{"number": 1000}', b'{"number": 1, "obliged": "ORR"}')]  # fmt: skip
        send(fresh_kafka, *records, *others)
    (tmp_path / "second").mkdir()
    with flow(database_url, fresh_kafka, tmp_path / "second", ROLES) as ledger:
        tell(ledger, 3)
        settled(ledger)
        kept = ledger.rows(
            "select partition, reason, size, digest from ledger.set_aside where kind = 'foreign' and topic = %s"
            " order by number",
            ENTRIES,
        )
        assert len(kept) == len(records)
        assert ledger.rows("select count(*) from read.entries_v1 where payload::text like '%%EVIL%%'") == [(0,)]
        if not lasts:
            items = on_feed(ledger, "ORR")
            assert numbered(items) == list(range(1, len(items) + 1))
        assert not any(b"EVIL" in value for value, _ in messages_of(fresh_kafka, feed("ORR")))
        end = ledger.rows("select max(notification_id) from ledger.stored_events")[0][0]
        assert ledger.rows("select position from read.progress_v1") == [(end,)]
        verified = verify(ledger.settings, configure("test"), quiet, feeds=True)
        assert (verified.entries_wrong, verified.tables_wrong, verified.chain_has_gap) == ((), (), False)
        assert len(verified.foreign) == len(records)
        assert not verified.sound
        assert (len(verified.publications.wrong), len(verified.feeds.wrong if verified.feeds else ())) == (
            (3, 3) if lasts else (0, 0)
        )
        with psycopg.connect(database_url) as connection:
            connection.execute(
                "update ledger.set_aside set closed_at = now(), closed_by = 'STEWARD', closed_reason = 'looked into'"
            )
        if not lasts:
            assert verify(ledger.settings, configure("test"), quiet, feeds=True).sound
