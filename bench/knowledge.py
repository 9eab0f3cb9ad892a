"""`python -m bench.knowledge`: feeds, receipts and answers by agency, on private servers, of so many `--children`."""

import argparse
import os
import time
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime

import psutil
import psycopg

from bench.__main__ import line
from bench.asking import questions
from bench.figures import figures
from bench.histories import PER_CHILD, Senders, correction, messages, new_address
from bench.parts import Parts, parts, wait
from bench.stages import APPLIED, RECORDED, RELAYED, Measured, rate_of
from bench.views import p99
from ledger.agencies import RECEIVERS, Agency
from producers.client.receipts import Receipts

PUBLISHED = "select coalesce(max(to_position), 0) from ledger.publications"
SHOWN = "select position from read.publishing_v1"
HELD = "select position from read.holding_v1"
EVERY_ROLE = ("intake", "relay", "feeds", "projections", "alerts")
SIGNED_EVERY = 5000
"""Messages, in the measurement of the whole way, after which every agency signs for what its feed then holds."""


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
        _one_more_each(running, sender)
        entries += children
        wait(lambda: running.one(RELAYED) >= entries, 3600, 0.2)
    feeds = rate_of(running, "feeds", PUBLISHED, entries)
    yield Measured("feeds of six agencies catching up, one process", feeds, "entries/s", 4000)
    _sign(running)
    applied = rate_of(running, "projections", APPLIED, running.one(RECORDED))
    yield Measured("projections catching up, with publications and receipts", applied, "entries/s", 2500)
    held = rate_of(running, "projections", HELD, running.one(PUBLISHED))
    yield Measured("what agencies hold catching up, the rest of it", held, "entries/s", 2500)
    with running.roles("projections", "relay", "feeds", "intake"):
        wait(lambda: running.one(HELD) >= running.one(RECORDED), 3600, 0.2)
        wait(lambda: running.one("select settled from read.publishing_v1"), 60)
    yield from _storage(running)
    yield from questions(running)
    yield from figures(running)
    with running.roles(*EVERY_ROLE):
        yield Measured("entry on its feeds at 100/s offered, 99 %", _lag(running, sender), "ms", 250, at_least=False)
        yield from _whole_way(running, sender, children)
    sender.close()


def _one_more_each(running: Parts, sender: Senders) -> None:
    """Let ORR correct every other release, and report a new address for the other children."""
    with psycopg.connect(running.settings.database_url) as connection:
        releases = connection.execute(
            "select i.value, e.notification_id from ledger.stored_events e join ledger.identifiers i"
            " on i.child = e.originator_id where e.topic = 'custody.released-to-sponsor.v1'"
        ).fetchall()
    for number, (child, position) in enumerate(releases):
        sender.send(new_address(child) if number % 2 else correction(child, position))


def _sign(running: Parts) -> None:
    """Let every agency sign for its feed in a hundred steps, and wait until that is recorded."""
    before = running.one(RECORDED)
    with running.roles("intake", "relay"):
        sent = sum(
            _sign_one(running, agency, sorted({max(1, last * step // 100) for step in range(1, 101)}))
            for agency, last in _published(running).items()
            if last
        )
        wait(lambda: running.one(RECORDED) >= before + sent, 600)
        wait(lambda: running.one(RELAYED) >= running.one(RECORDED), 600)


def _published(running: Parts) -> dict[Agency, int]:
    """Return the last number of each feed."""
    with psycopg.connect(running.settings.database_url) as connection:
        row = connection.execute(
            "select last_cbp, last_ice_ero, last_ice_opla, last_orr, last_eoir, last_uscis from ledger.publications"
            " order by number desc limit 1"
        ).fetchone()
    assert row is not None
    return dict(zip(RECEIVERS, row, strict=True))


def _sign_one(running: Parts, agency: Agency, steps: Sequence[int]) -> int:
    receipts = _receipts(running, agency)
    for number in steps:
        receipts.send(up_to=number, grade="delivered", at=None, sent_at=datetime.now(UTC))
    receipts.settle()
    receipts.close()
    return len(steps)


def _receipts(running: Parts, agency: Agency) -> Receipts:
    return Receipts(running.settings.kafka_bootstrap, agency, system=None, outcomes_from=None)


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


def _whole_way(running: Parts, sender: Senders, children: int) -> Iterable[Measured]:
    """Measure how fast entries go the whole way with every role running and agencies signing as they come.

    Once until they and their publications, duties and receipts show, once until all that agencies hold is worked out.
    """
    base = running.one(RECORDED)
    signing = {agency: _receipts(running, agency) for agency in RECEIVERS}
    signed: dict[Agency, int] = {}
    count = 0
    began = time.perf_counter()
    for number, message in enumerate(messages(min(children, 10_000), "more-"), 1):
        sender.send(message)
        count += 1
        if number % SIGNED_EVERY == 0:
            for agency, last in _published(running).items():
                if last > signed.get(agency, 0):
                    signed[agency] = last
                    signing[agency].send(up_to=last, grade="delivered", at=None, sent_at=datetime.now(UTC))
                    count += 1
    wait(lambda: running.one(SHOWN) >= base + count, 3600, 0.1)
    shown = time.perf_counter() - began
    yield Measured("end to end with feeds, receipts, duties and alerts", count / shown, "entries/s", 2500)
    wait(lambda: running.one(HELD) >= base + count, 3600, 0.1)
    held = time.perf_counter() - began
    yield Measured("the same until what agencies hold is worked out", count / held, "entries/s", 0)
    for receipts in signing.values():
        receipts.close()


if __name__ == "__main__":
    main()
