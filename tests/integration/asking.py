"""A child's story in the read tables, and how a test asks for it."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any

import psycopg

from ledger.entry import Finding
from ledger.times import When, parse_instant
from readers.child.view import view
from readers.moments import MomentsAsked, parse_child
from readers.snapshot import connect
from tests.integration.filling import Ledger, child_number, fill

Connection = psycopg.Connection[tuple[Any, ...]]
Ask = Callable[[Ledger], Callable[..., dict[str, Any]]]
CHILD, TWIN = child_number(17), child_number(18)
NAME = ("a-number", "200000017")
ADDRESS = {"lines": ["1200 Elm St"], "city": "Houston", "state": "TX", "zip": "77002"}


@contextmanager
def asking(database_url: str) -> Iterator[Ask]:
    """Fill the tables with a ledger and give what asks them for a view."""
    connections: list[Connection] = []

    def filled_with(ledger: Ledger) -> Callable[..., dict[str, Any]]:
        fill(database_url, ledger.payloads)
        connections.append(connect(database_url))

        def asked(child: str, happened_by: When | None = None, recorded_by: When | None = None) -> dict[str, Any]:
            return view(
                connections[-1], parse_child(child), MomentsAsked(happened_by=happened_by, recorded_by=recorded_by)
            )

        return asked

    yield filled_with
    for connection in connections:
        connection.close()


def story() -> Ledger:
    """CBP meets a child, ORR admits and releases her; the release is recorded a day late, then corrected."""
    ledger = Ledger()
    ledger.add(
        CHILD,
        "child-encountered",
        {"encounter_type": "between-ports", "place": "Rio Grande Valley", "date_of_birth": "2008-03-05"},
        occurred_at="2022-01-10T10:00:00-06:00",
        recorded_at="2022-01-10T18:00:00Z",
        agency="CBP",
        identifiers=[NAME, ("cbp-subject", "S-1")],
    )
    ledger.add(
        CHILD,
        "admitted-to-program",
        {"program": "Casa Ficticia"},
        occurred_at="2022-01-12",
        recorded_at="2022-01-12T20:00:00Z",
        identifiers=[NAME, ("orr-id", "88123")],
        findings=[Finding("C3", "warn", "no custody accepted before"), Finding("G2", "guard", "overlaps")],
    )
    release = ledger.add(
        CHILD,
        "released-to-sponsor",
        {"sponsor_category": "1", "address": ADDRESS},
        occurred_at="2022-03-04T13:20:00-06:00",
        recorded_at="2022-03-05T14:00:00Z",
        identifiers=[NAME],
    )
    ledger.add(
        CHILD,
        "correction-issued",
        {"corrects": release, "set": {"sponsor_category": "2A", "occurred_at": "2022-03-03"}, "reason": "typing"},
        occurred_at="2022-04-01",
        recorded_at="2022-04-01T12:00:00Z",
        identifiers=[NAME],
    )
    return ledger


def at(text: str) -> datetime:
    return parse_instant(text)
