"""`python -m bench.knowledge`: feeds, receipts and answers by agency, on private servers; `--children` sets the size.

The same question is asked of plain bitemporal tables in SQL in the same run: one row a member and period, the usual
way to keep "what was known when" where there is one system time and not one an agency.
"""

import argparse
import os
import random
import time
from collections.abc import Callable, Iterable
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import Any

import psutil
import psycopg

from bench.__main__ import line
from bench.histories import PER_CHILD, Senders, correction, messages
from bench.parts import Parts, parts, wait
from bench.stages import APPLIED, RECORDED, RELAYED, Measured, rate_of
from bench.views import p99
from ledger.agencies import RECEIVERS, Agency
from ledger.process import settle_memory
from producers.receipts import Receipts
from readers.knowing import Viewpoint
from readers.moments import Asked
from readers.questions import NothingKnownError
from readers.snapshot import connect
from readers.view import view

PUBLISHED = "select coalesce(max(to_position), 0) from ledger.publications"
SHOWN = "select position from read.publishing_v1"


def main() -> None:
    """Run all measurements of knowledge."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--children", type=int, default=int(os.environ.get("CHILDREN", "20000")))
    asked = options.parse_args()
    with parts() as running:
        for measured in measure(running, asked.children):
            print(line(measured), flush=True)
    print(f"{psutil.cpu_count()} cores; load at the end {os.getloadavg()[1]:.1f} (5 minutes)")


def measure(running: Parts, children: int) -> Iterable[Measured]:
    """Fill a ledger, publish it, sign for it, and ask it."""
    with running.roles("intake", "relay", "feeds", "projections"):
        pass
    sender = Senders(running.settings.kafka_bootstrap)
    for message in messages(children):
        sender.send(message)
    entries = children * PER_CHILD
    with running.roles("intake", "relay"):
        wait(lambda: running.one(RECORDED) >= entries, 3600, 0.2)
        _correct(running, sender)
        entries += children
        wait(lambda: running.one(RELAYED) >= entries, 3600, 0.2)
    feeds = rate_of(running, "feeds", PUBLISHED, entries)
    yield Measured("feeds of six agencies catching up, one process", feeds, "entries/s", 4000)
    _sign(running)
    applied = rate_of(running, "projections", APPLIED, running.one(RECORDED))
    yield Measured("projections catching up, with publications and receipts", applied, "entries/s", 2500)
    with running.roles("projections", "relay", "feeds", "intake"):
        wait(lambda: running.one(SHOWN) >= running.one(RECORDED), 3600, 0.2)
        wait(lambda: running.one("select settled from read.publishing_v1"), 60)
    yield from _storage(running)
    yield from _views(running)
    with running.roles("intake", "relay", "feeds", "projections"):
        yield Measured("entry on its feeds at 100/s offered, 99 %", _lag(running, sender), "ms", 250, at_least=False)
        yield Measured("end to end with feeds, held", _held(running, sender, children), "entries/s", 2500)
    sender.close()


def _correct(running: Parts, sender: Senders) -> None:
    """Let ORR correct every release."""
    with psycopg.connect(running.settings.database_url) as connection:
        releases = connection.execute(
            "select i.value, e.notification_id from ledger.stored_events e join ledger.identifiers i"
            " on i.child = e.originator_id where e.topic = 'custody.released-to-sponsor.v1'"
        ).fetchall()
    for child, position in releases:
        sender.send(correction(child, position))


def _sign(running: Parts) -> None:
    """Let every agency sign for its feed in a hundred steps, and wait until that is recorded."""
    with psycopg.connect(running.settings.database_url) as connection:
        row = connection.execute(
            "select last_cbp, last_ice_ero, last_ice_opla, last_orr, last_eoir, last_uscis from ledger.publications"
            " order by number desc limit 1"
        ).fetchone()
    assert row is not None
    before = running.one(RECORDED)
    sent = 0
    with running.roles("intake", "relay"):
        for agency, last in zip(RECEIVERS, row, strict=True):
            if last:
                sent += _sign_one(running, agency, last)
        wait(lambda: running.one(RECORDED) >= before + sent, 600)
        wait(lambda: running.one(RELAYED) >= running.one(RECORDED), 600)


def _sign_one(running: Parts, agency: Agency, last: int) -> int:
    receipts = Receipts(running.settings.kafka_bootstrap, agency, system=None, outcomes_from=None)
    steps = sorted({max(1, last * step // 100) for step in range(1, 101)})
    for number in steps:
        receipts.send(up_to=number, grade="delivered", at=None, sent_at=datetime.now(UTC))
    receipts.settle()
    receipts.close()
    return len(steps)


def _storage(running: Parts) -> Iterable[Measured]:
    """Say how many bytes a disclosure takes in the read tables, the ledger's own, and on Kafka."""
    disclosures = running.one("select count(*) from read.disclosures_v1")
    for what, query in (
        ("read tables", "select pg_total_relation_size('read_1.publications')"),
        ("batches kept", "select pg_total_relation_size('ledger.publications')"),
    ):
        yield Measured(f"bytes a disclosure, {what}", running.one(query) / disclosures, "bytes", 0)
    folder = next(running.folder.rglob("custody.feed.orr-0")).parent
    bytes_on_kafka = sum(file.stat().st_size for name in folder.glob("custody.feed.*") for file in name.glob("*.log"))
    yield Measured("bytes a disclosure, feeds on Kafka (lz4)", bytes_on_kafka / disclosures, "bytes", 0)


def _views(running: Parts) -> Iterable[Measured]:
    """Measure one child as any agency at any moments, beside the same asked of bitemporal tables in SQL."""
    with psycopg.connect(running.settings.database_url) as connection:
        row = connection.execute("select min(recorded_at), max(recorded_at) from read.entries_v1").fetchone()
        assert row is not None
        first, last = row
        labels = [
            row[0]
            for row in connection.execute(
                "select value from read.identifiers_v1 where scheme = 'hhs-release-row' order by random() limit 2000"
            )
        ]
        _make_bitemporal(connection)

    def moment() -> Any:
        return first + timedelta(seconds=random.random() * (last - first).total_seconds())

    with connect(running.settings.database_url) as connection:

        def ask(label: str) -> None:
            asked = Asked(known_at=moment(), recorded_by=moment())
            at_least = random.randrange(2)
            with suppress(NothingKnownError):
                view(
                    connection,
                    ("hhs-release-row", label),
                    asked,
                    Viewpoint(random.choice(RECEIVERS), "any", at_least),
                )

        yield Measured("view as any agency at any moments, idle, 99 %", _timed(ask, labels), "ms", 3, at_least=False)

        def now(label: str) -> None:
            view(connection, ("hhs-release-row", label), Asked(), Viewpoint("ICE-ERO", "any", 0))

        yield Measured("view as ICE-ERO of all it was told, idle, 99 %", _timed(now, labels), "ms", 3, at_least=False)
    with psycopg.connect(running.settings.database_url, prepare_threshold=0, autocommit=True) as connection:

        def plain(label: str) -> None:
            at = moment()
            connection.execute(
                "select member, value from bitemporal where child ="
                " (select child from read.identifiers_v1 where scheme = 'hhs-release-row' and value = %s)"
                " and happened_from <= %s and recorded_from <= %s and recorded_until > %s",
                (label, at, at, at),
            ).fetchall()

        yield Measured("the same of bitemporal tables in SQL, one system time, 99 %", _timed(plain, labels), "ms", 0)


def _make_bitemporal(connection: psycopg.Connection[Any]) -> None:
    """Make the peer: a row a member and period, filled from the entries."""
    connection.execute(
        "create table bitemporal as select e.child, f.key as member, f.value,"
        " coalesce(nullif(e.entry->>'occurred_at', '')::timestamptz, '-infinity') as happened_from,"
        " e.recorded_at as recorded_from, 'infinity'::timestamptz as recorded_until"
        " from read.timeline_v1 e cross join lateral jsonb_each(e.entry->'fact') f where e.entry->>'child' is not null"
    )
    connection.execute("create index on bitemporal (child, member, happened_from)")
    connection.execute("analyze bitemporal")
    connection.commit()


def _timed(ask: Callable[[str], None], labels: list[str]) -> float:
    settle_memory()
    for label in labels[:50]:
        ask(label)
    taken = []
    for label in labels:
        began = time.perf_counter()
        ask(label)
        taken.append((time.perf_counter() - began) * 1000)
    return p99(sorted(taken))


def _lag(running: Parts, sender: Senders) -> float:
    """Return the 99 % time from sending an entry until its batch is published, at 100 a second for twenty seconds."""
    base = running.one(RECORDED)
    sent_at: list[float] = []
    seen: list[tuple[float, int]] = []
    with psycopg.connect(running.settings.database_url, autocommit=True) as connection:

        def look() -> None:
            row = connection.execute(PUBLISHED).fetchone()
            assert row is not None
            seen.append((time.perf_counter(), row[0] - base))

        began = time.perf_counter()
        for number, message in enumerate(messages(2000 // PER_CHILD, "calm-")):
            while time.perf_counter() < began + number / 100:
                look()
                time.sleep(0.002)
            sender.send(message)
            sent_at.append(time.perf_counter())
        while seen[-1][1] < len(sent_at):
            look()
            time.sleep(0.002)
    lags, at = [], 0
    for number, sent in enumerate(sent_at, 1):
        while seen[at][1] < number:
            at += 1
        lags.append((seen[at][0] - sent) * 1000)
    return p99(sorted(lags))


def _held(running: Parts, sender: Senders, children: int) -> float:
    """Return the rate at which entries go the whole way, all roles running, until what was published shows."""
    base = running.one(SHOWN)
    count = 0
    began = time.perf_counter()
    for message in messages(min(children, 10_000), "more-"):
        sender.send(message)
        count += 1
    wait(lambda: running.one(SHOWN) >= base + count, 3600, 0.1)
    return count / (time.perf_counter() - began)


if __name__ == "__main__":
    main()
