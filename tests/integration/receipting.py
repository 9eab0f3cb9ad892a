"""What the tests of receipts share: publications as the feeds role would leave them, and receipts sent."""

import time
from collections.abc import Iterable, Mapping
from typing import Any
from uuid import uuid4

import orjson
import psycopg
from kafka import KafkaProducer

from ledger.agencies import RECEIVERS, Agency
from ledger.intake.receipt import WIRE
from ledger.kafka.cloudevents import STRUCTURED_HEADERS, binary_headers, structured
from ledger.sharing.batches import FEED_ITEM
from ledger.store.feed_bounds import LAST_COLUMN
from ledger.topics import feed, receipts
from tests.integration.flow import Flow
from tests.integration.running import PATIENCE_SECONDS

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
            f"insert into ledger.publications (number, to_position, published_at, offsets, body, {', '.join(columns)})"
            " values (%s, 0, %s, '{}', '', %s, %s, %s, %s, %s, %s)".encode(),
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
        producer.send(topic or receipts(agency), value=value, headers=headers).get(timeout=PATIENCE_SECONDS)
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
    deadline = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < deadline:
        client.collect(200)
        outcome = client.take(key)
        if outcome is not None:
            return outcome.body
    raise AssertionError(f"no outcome for {key}")


def item(number: int, **more: Any) -> dict[str, Any]:
    """Return the value of a feed item."""
    return {
        "number": number,
        "kind": "entry",
        "position": 100 + number,
        "child": "0195e000-0000-7000-8000-000000000017",
        "identifiers": [{"scheme": "a-number", "value": "200000017"}],
        "type": "custody.released-to-sponsor.v1",
        "occurred_at": "2022-03-01",
        "recorded_at": "2022-03-01T09:59:00.000000Z",
        "producer_agency": "ORR",
        "fact": {"sponsor_category": "1"},
        "withheld": ["sponsor_name"],
        "rule": {"id": "moa-2021", "version": 1},
        **more,
    }


def put_on_feed(
    bootstrap: str,
    agency: Agency,
    items: Iterable[Mapping[str, Any] | bytes],
    *,
    published_at: str = "2022-03-01T10:00:00.000000Z",
    each_transaction: int | None = None,
    aborted: bool = False,
) -> None:
    """Put items on an agency's feed, as the feeds role would; with `aborted` in transactions that come to nothing."""
    together = {} if each_transaction is None else {"transactional_id": str(uuid4())}
    producer = KafkaProducer(bootstrap_servers=bootstrap, acks="all", linger_ms=5, **together)
    if together:
        producer.init_transactions()
    values = list(items)
    for first in range(0, len(values), each_transaction or len(values) or 1):
        if together:
            producer.begin_transaction()
        for value in values[first : first + (each_transaction or len(values))]:
            number = 0 if isinstance(value, bytes) else value["number"]  # bytes: whatever they are, no item
            producer.send(
                feed(agency),
                value=value if isinstance(value, bytes) else orjson.dumps(value),
                headers=binary_headers(
                    id=f"{agency}-{number}", source="/custody-ledger", type=FEED_ITEM, time=published_at
                ),
                partition=0,
            )
        producer.flush()
        if together and aborted:
            producer.abort_transaction()
        elif together:
            producer.commit_transaction()
    producer.close()
