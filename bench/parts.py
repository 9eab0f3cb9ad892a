"""The real parts a measurement runs on: private servers, roles as processes, rows of releases to send."""

import os
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any
from zlib import crc32

import psutil
import psycopg
from kafka import KafkaProducer

from custody.servers import embedded
from custody.servers.topics import create_topics
from custody.supervision.roles import command, environment
from ledger.kafka.cloudevents import binary_headers
from ledger.roles.settings import Settings
from ledger.topics import INTAKE_PARTITIONS, intake
from producers.imports.hhs_file import HhsRow, read_releases
from producers.imports.hhs_releases import SOURCE, claims


@dataclass
class Parts:
    """Servers, and the settings of a ledger on them."""

    settings: Settings
    folder: Path

    def one(self, query: str, *values: object) -> Any:
        """Return the first column of the first row."""
        with psycopg.connect(self.settings.database_url) as connection:
            row = connection.execute(query, values).fetchone()
        assert row is not None
        return row[0]

    @contextmanager
    def roles(self, *names: str) -> Iterator[dict[str, psutil.Process]]:
        """Run these roles until the block ends; ready when it begins."""
        told = environment(
            database_url=self.settings.database_url,
            bootstrap=self.settings.kafka_bootstrap,
            zone=self.settings.zone,
            clock=self.settings.clock,
        )
        running: dict[str, subprocess.Popen[bytes]] = {}
        try:
            for name in names:
                ready = self.folder / f"{name}.ready"
                ready.unlink(missing_ok=True)
                log = (self.folder / f"{name}.log").open("ab")
                running[name] = subprocess.Popen(
                    command(name), env={**told, "CUSTODY_READY_FILE": str(ready)}, stdout=log, stderr=log
                )
                wait(ready.exists, 60)
            yield {name: psutil.Process(process.pid) for name, process in running.items()}
        finally:
            for process in running.values():
                process.terminate()
            for process in running.values():
                process.wait(timeout=60)


@contextmanager
def parts() -> Iterator[Parts]:
    """Start private servers in a folder of their own; nothing is left of them."""
    folder = Path(tempfile.mkdtemp(prefix="custody-bench-"))
    folder.chmod(0o711)
    running = embedded.start(folder, say=lambda _: None)
    try:
        bootstrap = running.servers.kafka.bootstrap
        create_topics(bootstrap)
        yield Parts(Settings(running.servers.postgres.url(), bootstrap, "America/New_York", "wall"), folder)
    finally:
        embedded.stop_both(running)
        subprocess.run(["rm", "-rf", str(folder)], check=False)


def wait(true: Callable[[], bool], seconds: float, every: float = 0.05) -> None:
    """Wait until `true()`; a measurement that does not end is an error."""
    deadline = time.monotonic() + seconds
    while not true():
        if time.monotonic() > deadline:
            raise TimeoutError("a measurement did not come to its end")
        time.sleep(every)


def rows(most: int) -> Iterator[HhsRow]:
    """Yield rows of the real release file where `CUSTODY_TEST_DATA` has it, of a made-up one otherwise."""
    shared = os.environ.get("CUSTODY_TEST_DATA")
    file = Path(shared or ".") / "releases" / "hhs_releases_2015_2023.csv.xz"
    if shared and file.exists():
        with file.open("rb") as raw:
            for row, _ in zip(read_releases(raw), range(most), strict=False):
                assert isinstance(row, HhsRow)
                yield row
        return
    for number in range(most):
        entered = date(2015, 1, 1) + timedelta(days=number % 3000)
        yield HhsRow(
            line=number + 2,
            label=str(number + 1),
            country="Honduras",
            gender="M",
            entered_on=entered.isoformat(),
            released_on=(entered + timedelta(days=30)).isoformat(),
            category_code="2",
            category="Immediate relative",
            relationship="Aunt",
            state="TX",
            county="Sevier",
            city="Pigeon Forge",
        )


class RowsSender:
    """Sends the claims of rows to ORR's intake, as the importer does but without waiting for outcomes."""

    def __init__(self, bootstrap: str) -> None:
        self.producer = KafkaProducer(
            bootstrap_servers=bootstrap,
            acks="all",
            enable_idempotence=True,
            compression_type="lz4",
            linger_ms=5,
            batch_size=262_144,
            metrics_enabled=False,
        )
        self.topic = intake("ORR")

    def send(self, row: HhsRow, prefix: str = "") -> int:
        """Send a row's three claims; returns three."""
        key = f"hhs-release-row:{prefix}{row.label}".encode()
        for claim in claims(row._replace(label=prefix + row.label)):
            self.producer.send(
                self.topic,
                value=claim.data,
                key=key,
                partition=crc32(key) % INTAKE_PARTITIONS,
                headers=binary_headers(id=claim.id, source=SOURCE, type=claim.wire, time=claim.time),
            )
        return 3

    def close(self) -> None:
        """Return when Kafka has everything."""
        self.producer.flush()
        self.producer.close()
