"""Each stage of the flow alone on a loaded topic, then all of them together."""

import threading
import time
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import psycopg

from bench.parts import Parts, RowsSender, rows, wait
from ledger.kafka.entries import ALL_PARTITIONS, entries_consumer, start_at
from ledger.roles.logs import configure
from projections.rebuilding.rebuild import rebuild
from readers.verify.verify import verify


@dataclass(frozen=True)
class Measured:
    """One line of the table: what, how much, and the limit or peer it stands beside; a limit of 0 is none."""

    what: str
    value: float
    unit: str
    limit: float
    at_least: bool = True

    @property
    def ratio(self) -> float:
        """Return how many times better than the limit: 1 is just met."""
        return self.value / self.limit if self.at_least else self.limit / self.value


def quiet(*_: object) -> None:
    """Say nothing."""


def load(parts: Parts, most: int) -> int:
    """Put the claims of `most` rows on ORR's intake topic."""
    source = RowsSender(parts.settings.kafka_bootstrap)
    sent = sum(source.send(row) for row in rows(most))
    source.close()
    return sent


def rate_of(parts: Parts, role: str, query: str, goal: int) -> float:
    """Run one role until `query` gives `goal`; return the rate between its tenth and the goal: start-up is left out."""
    with parts.roles(role):
        wait(lambda: parts.one(query) > goal / 10, 600, 0.02)
        began, first = time.perf_counter(), parts.one(query)
        wait(lambda: parts.one(query) >= goal, 1800, 0.02)
        return float((goal - first) / (time.perf_counter() - began))


RECORDED = "select coalesce(max(notification_id), 0) from ledger.stored_events"
RELAYED = "select coalesce(max(position), 0) from ledger.relay_checkpoint where name = 'entries'"
APPLIED = "select position from read.progress_v1"


def stages(parts: Parts, most: int, plain: float) -> Iterable[Measured]:
    """Measure intake, relay, projections, rebuild and verify on the same entries, one after the other."""
    with parts.roles("intake", "relay", "projections"):
        pass  # makes all tables
    sent = load(parts, most)
    intake = rate_of(parts, "intake", RECORDED, sent)
    yield Measured("intake of release rows, all rules, fsync on, one process", intake, "entries/s", 8000)
    yield Measured("intake against the library's plain way", intake / plain, "times", 15)
    yield Measured("relay, each entry with its outcome", rate_of(parts, "relay", RELAYED, sent), "entries/s", 10_000)
    yield Measured(
        "projections catching up, one process", rate_of(parts, "projections", APPLIED, sent), "entries/s", 4000
    )
    yield Measured("reading custody.entries with the Kafka client and nothing else", read_rate(parts), "entries/s", 0)
    rebuilt = rebuild(parts.settings, configure("bench"), quiet)
    assert not rebuilt.differences
    yield Measured("rebuild with indexes", rebuilt.entries / rebuilt.fill_seconds, "entries/s", 30_000)
    began = time.perf_counter()
    verified = verify(parts.settings, configure("bench"), quiet)
    assert verified.sound
    yield Measured("verify", verified.entries / (time.perf_counter() - began), "entries/s", 30_000)


def read_rate(parts: Parts) -> float:
    """Return how fast one process gets the records of `custody.entries`: no reader can be faster than its share."""
    consumer = entries_consumer(parts.settings.kafka_bootstrap, fetch_min_bytes=65_536, fetch_max_wait_ms=100)
    start_at(consumer, {}, ALL_PARTITIONS)
    ends = consumer.end_offsets(list(consumer.assignment()))
    count = 0
    began = time.process_time()
    while any(consumer.position(partition) < end for partition, end in ends.items()):
        count += sum(len(records) for records in consumer.poll(timeout_ms=1000, max_records=5000).values())
    rate = count / (time.process_time() - began)
    consumer.close(autocommit=False)
    return rate


def together(parts: Parts, per_second: int, seconds: int, prefix: str) -> dict[str, float]:
    """Offer `per_second` entries with all roles running; return the rate seen in the read tables and the lag."""
    source = RowsSender(parts.settings.kafka_bootstrap)
    base = parts.one(APPLIED)
    sent_at: list[float] = []
    seen: list[tuple[float, int]] = []
    done = threading.Event()

    def watch() -> None:
        with psycopg.connect(parts.settings.database_url, autocommit=True) as connection:
            while not done.is_set():
                row = connection.execute(APPLIED).fetchone()
                assert row is not None
                seen.append((time.perf_counter(), row[0] - base))
                time.sleep(0.004)

    watcher = threading.Thread(target=watch)
    watcher.start()
    began = time.perf_counter()
    for row in rows(per_second * seconds // 3):
        due = began + len(sent_at) / per_second
        pause = due - time.perf_counter()
        if pause > 0:
            time.sleep(pause)
        count = source.send(row, prefix)
        sent_at += [time.perf_counter()] * count
    source.producer.flush()
    ended_sending = time.perf_counter()
    wait(lambda: seen[-1][1] >= len(sent_at), 600)
    done.set()
    watcher.join()
    source.close()
    lags = _lags(sent_at, seen)
    visible = next(at for at, count in seen if count >= len(sent_at))
    return {
        "offered": len(sent_at) / (ended_sending - began),
        "held": len(sent_at) / (visible - began),
        "p50_ms": lags[len(lags) // 2] * 1000,
        "p99_ms": lags[len(lags) * 99 // 100] * 1000,
    }


def _lags(sent_at: list[float], seen: list[tuple[float, int]]) -> list[float]:
    """Return, sorted, how long each entry took to show; the n-th sent is taken for the n-th shown."""
    lags: list[float] = []
    at = 0
    for number, sent in enumerate(sent_at, 1):
        while seen[at][1] < number:
            at += 1
        lags.append(seen[at][0] - sent)
    return sorted(lags)


def memory(processes: dict[str, Any]) -> dict[str, float]:
    """Return the resident memory of each role in MiB."""
    return {name: process.memory_info().rss / 1_048_576 for name, process in processes.items()}
