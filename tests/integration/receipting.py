"""What the tests of receipts share: publications as the feeds role would leave them, and receipts sent."""

import time
from collections.abc import Mapping
from typing import Any
from uuid import uuid4

import orjson
import psycopg
from kafka import KafkaProducer

from ledger.agencies import RECEIVERS, Agency
from ledger.cloudevents import STRUCTURED_HEADERS, binary_headers, structured
from ledger.feed_bounds import LAST_COLUMN
from ledger.receipt import WIRE
from ledger.topics import receipts
from tests.integration.flow import Flow

SENT_AT = "2022-03-04T12:00:00Z"


def publish(database_url: str, published_at: str, **last: int) -> None:
    """Add a batch: after it the last numbers are these (`orr=3`, `ice_ero=1`), the others' as before."""
    columns = [LAST_COLUMN[agency] for agency in RECEIVERS]
    with psycopg.connect(database_url, autocommit=True) as connection:
        before = (
            connection.execute(
                f"select number, {', '.join(columns)} from ledger.publications order by number desc limit 1".encode()
            ).fetchone()
            or (0,) * 7
        )
        now = dict(zip(columns, before[1:], strict=True)) | {f"last_{name}": number for name, number in last.items()}
        connection.execute(
            f"insert into ledger.publications (number, to_position, published_at, body, {', '.join(columns)})"
            " values (%s, 0, %s, '', %s, %s, %s, %s, %s, %s)".encode(),
            (before[0] + 1, published_at, *(now[column] for column in columns)),
        )


def send(
    bootstrap: str,
    agency: Agency,
    data: Mapping[str, Any] | bytes,
    *,
    id: str | None = None,
    wire: str = WIRE,
    topic: str | None = None,
    packed: bool = False,
    sent_at: str = SENT_AT,
) -> tuple[str, str]:
    """Put a message on the agency's receipts topic (or on `topic`) as any Kafka client would; return its key."""
    body = data if isinstance(data, bytes) else orjson.dumps(data)
    id, source = id or str(uuid4()), f"/{agency.lower()}/feed"
    producer = KafkaProducer(bootstrap_servers=bootstrap, acks="all")
    try:
        if packed:
            value, headers = (
                structured(id=id, source=source, type=wire, time=sent_at, data=body),
                list(STRUCTURED_HEADERS),
            )
        else:
            value, headers = body, binary_headers(id=id, source=source, type=wire, time=sent_at)
        producer.send(topic or receipts(agency), value=value, headers=headers).get(timeout=30)
    finally:
        producer.close()
    return source, id


def sign(ledger: Flow, agency: Agency, data: Mapping[str, Any] | bytes, **more: Any) -> dict[str, Any]:
    """Send a receipt and return its outcome."""
    client = ledger.client(agency)
    id = more.pop("id", None) or str(uuid4())
    key = (f"/{agency.lower()}/feed", id)
    client._await(key)
    send(ledger.settings.kafka_bootstrap, agency, data, id=id, **more)
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        client.collect(200)
        outcome = client.take(key)
        if outcome is not None:
            return outcome.body
    raise AssertionError(f"no outcome for {key}")
