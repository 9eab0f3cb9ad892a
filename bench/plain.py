"""The peer of intake: the same facts recorded the library's plain way.

An `Aggregate` a child, its repository's get, a decision by the same rules, and one `save` an event; no Kafka, no
outcomes. What intake does more (Kafka, idempotency, outcomes, offsets) is not held against it.
"""

import time
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any
from uuid import NAMESPACE_URL, UUID, uuid5

from eventsourcing.application import AggregateNotFoundError, Application
from eventsourcing.domain import Aggregate, event
from psycopg.conninfo import conninfo_to_dict

from ledger.intake.submission import Refusal, read_submission
from ledger.records.record import Record
from ledger.rules.decide import decide
from producers.imports.hhs_file import HhsRow
from producers.imports.hhs_releases import claims


class Child(Aggregate):
    """A child's facts as the library's tutorial would keep them."""

    @event("Opened")
    def __init__(self, row: str) -> None:
        self.row = row
        self.facts: list[Any] = []

    @staticmethod
    def create_id(row: str) -> UUID:
        return uuid5(NAMESPACE_URL, row)

    @event("Recorded")
    def recorded(self, wire: str, data: str) -> None:
        self.facts.append((wire, data))


class Children(Application[UUID]):
    """The library's application, one transaction a save."""


def plain_rate(database_url: str, given: Iterable[HhsRow]) -> float:
    """Return entries a second over the claims of `given`."""
    parts = conninfo_to_dict(database_url)
    application = Children(
        env={
            "PERSISTENCE_MODULE": "eventsourcing.postgres",
            "POSTGRES_DBNAME": str(parts["dbname"]),
            "POSTGRES_HOST": str(parts["host"]),
            "POSTGRES_PORT": str(parts["port"]),
            "POSTGRES_USER": str(parts["user"]),
            "POSTGRES_PASSWORD": str(parts["password"]),
        }
    )
    count = 0
    began = time.perf_counter()
    for row in given:
        for claim in claims(row):
            read = read_submission(claim.wire, claim.data)
            assert not isinstance(read, Refusal)
            try:
                child: Child = application.repository.get(Child.create_id(row.label))
            except AggregateNotFoundError:
                child = Child(row=row.label)
            findings = decide(
                Record(child.id), read[0], agency="ORR", recorded_at=datetime.now(UTC), zone="America/New_York"
            )
            assert not isinstance(findings, Refusal)
            child.recorded(wire=claim.wire, data=claim.data.decode())
            application.save(child)
            count += 1
    rate = count / (time.perf_counter() - began)
    application.close()
    return rate
