"""What the tests of the whole flow say: submissions in short, outcomes in order, tables when they are ready."""

import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson
import psycopg
from kafka import KafkaProducer

from ledger.agencies import Agency
from ledger.roles.settings import Settings
from ledger.topics import intake
from producers.client.submissions import AgencyClient
from tests.integration.running import PATIENCE_SECONDS, running

SOURCE = {"document": "form", "reference": "ref-1", "grade": "document"}
ALL_ROLES = ("intake", "relay", "feeds", "projections")


def claim(child: str, occurred_at: str | None, fact: Mapping[str, Any], **more: Any) -> dict[str, Any]:
    """Return the data of a submission about the child with A-number `child`, through the feed door."""
    return {
        "child": [{"scheme": "a-number", "value": child}],
        "occurred_at": occurred_at,
        "source": SOURCE,
        "door": "feed",
        "fact": fact,
        **more,
    }


ENCOUNTER = {"encounter_type": "between-ports", "place": "RGV"}


@dataclass
class Flow:
    """A running ledger and how to talk to it."""

    settings: Settings
    clients: dict[Agency, AgencyClient]
    processes: dict[str, Any]
    _reading: "psycopg.Connection[Any] | None" = None

    def client(self, agency: Agency) -> AgencyClient:
        if agency not in self.clients:
            self.clients[agency] = AgencyClient(self.settings.kafka_bootstrap, agency)
        return self.clients[agency]

    def tell(self, agency: Agency, wire: str, data: Mapping[str, Any] | bytes, **more: Any) -> dict[str, Any]:
        """Send one submission and return its outcome."""
        client = self.client(agency)
        key = client.send(f"custody.{wire}.v1", data, **more)
        client.settle()
        deadline = time.monotonic() + PATIENCE_SECONDS
        while time.monotonic() < deadline:
            client.collect(200)
            outcome = client.take(key)
            if outcome is not None:
                return outcome.body
        raise AssertionError(f"no outcome for {key}")

    def raw(self, agency: Agency, value: bytes | None, headers: list[tuple[str, bytes]]) -> None:
        """Put any bytes on an intake topic, as a careless client would."""
        producer = KafkaProducer(
            bootstrap_servers=self.settings.kafka_bootstrap, max_request_size=16 * 1_048_576, acks="all"
        )
        producer.send(intake(agency), value=value, key=b"k", headers=headers).get(timeout=PATIENCE_SECONDS)
        producer.close()

    def rows(self, query: str, *values: object) -> list[tuple[Any, ...]]:
        """Read from PostgreSQL, through one connection: tests that wait ask many times."""
        if self._reading is None or self._reading.closed:
            self._reading = psycopg.connect(self.settings.database_url, autocommit=True)
        return self._reading.execute(query, values).fetchall()

    def close(self) -> None:
        """Let go of the agencies' clients and of the connection."""
        for client in self.clients.values():
            client.close()
        if self._reading is not None:
            self._reading.close()

    def settle(self) -> int:
        """Wait until the read tables hold everything recorded so far; return that position."""
        last: int = self.rows("select coalesce(max(notification_id), 0) from ledger.stored_events")[0][0]
        until(lambda: self.rows("select position from read.progress_v1")[0][0] >= last)
        return last


def until(true: Any, seconds: float = PATIENCE_SECONDS) -> None:
    """Wait until `true()` holds; look less often the longer it takes, for looking costs what is waited for."""
    began = time.monotonic()
    while not true():
        passed = time.monotonic() - began
        assert passed < seconds, "waited too long"
        time.sleep(min(0.02 + passed / 10, 0.25))


@contextmanager
def flow(
    database_url: str, bootstrap: str, folder: Path, roles: tuple[str, ...] = ALL_ROLES, clock: str = "wall"
) -> Iterator[Flow]:
    """Run the roles on this database and Kafka."""
    settings = Settings(database_url, bootstrap, "America/New_York", "wall" if clock == "wall" else "driven")
    with running(roles, database_url=database_url, bootstrap=bootstrap, folder=folder, clock=clock) as processes:
        talking = Flow(settings, {}, processes)
        try:
            yield talking
        finally:
            talking.close()


def structured(**attributes: Any) -> bytes:
    """Return a CloudEvent in structured form."""
    return orjson.dumps({"specversion": "1.0", **attributes})
