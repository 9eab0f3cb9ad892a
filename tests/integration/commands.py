"""Running `custody` as people do, and what stands in the tables it is asked about."""

import os
import subprocess
from collections.abc import Callable
from pathlib import Path

from eventsourcing.persistence import StoredEvent

from ledger.entry import Finding
from ledger.roles.settings import Settings
from ledger.store.eventstore import open_ledger
from tests.integration.filling import ZONE, Ledger, child_number
from tests.integration.forking import run_custody
from tests.integration.running import PATIENCE_SECONDS

CHILD = child_number(17)
NOBODY = "127.0.0.1:9"
Run = Callable[..., subprocess.CompletedProcess[str]]


def runner(database_url: str, data: Path) -> Run:
    """Return what runs `custody` with some words, against this database and a Kafka where nobody answers."""

    def run(*words: str, **settings: str) -> subprocess.CompletedProcess[str]:
        done = run_custody(words, environment(database_url, data) | settings, timeout=PATIENCE_SECONDS)
        return subprocess.CompletedProcess(done.args, done.returncode, done.stdout.decode(), done.stderr.decode())

    return run


def environment(database_url: str, data: Path) -> dict[str, str]:
    """Return the settings of a `custody` process that is told of both servers."""
    clean = {name: value for name, value in os.environ.items() if name not in ("NO_COLOR", "TERM", "PYTHONUNBUFFERED")}
    return clean | {
        "DATABASE_URL": database_url,
        "KAFKA_BOOTSTRAP_SERVERS": NOBODY,
        "CUSTODY_DATA": str(data),
    }


def made_up() -> Ledger:
    """A child admitted and released; the release has two open findings."""
    ledger = Ledger()
    ledger.add(
        CHILD,
        "admitted-to-program",
        {"program": "Casa Ficticia"},
        occurred_at="2022-01-01",
        identifiers=[("a-number", "200000017")],
    )
    ledger.add(
        CHILD,
        "released-to-sponsor",
        {"sponsor_category": "1", "address": {"state": "TX"}},
        occurred_at="2022-03-04T13:20:00-06:00",
        recorded_at="2022-03-05T15:00:00Z",
        findings=[Finding("C5", "guard", "no approval on record"), Finding("W3", "warn", "no unit")],
    )
    return ledger


def recorded(database_url: str, payloads: list[bytes]) -> None:
    """Put as many entries into the ledger's own store; what they say plays no part here."""
    ledger = open_ledger(Settings(database_url, NOBODY, ZONE, "wall"))
    events = [StoredEvent(CHILD, version, "x", b"{}") for version in range(1, len(payloads) + 1)]
    if events:
        with ledger.datastore.transaction(commit=True) as cursor:
            ledger.entries.insert(cursor, events, range(1, len(payloads) + 1))
    ledger.close()
