"""A history for measurements of knowledge: release rows with the other agencies' entries around them.

Eight entries a child: the particulars, admission and release of the release file, a Notice to Appear issued and served,
a hearing set, a failure to appear, and last, by ORR, a correction of the release or a new address.
"""

from collections.abc import Iterator
from typing import Any, Final, NamedTuple
from zlib import crc32

import orjson
from kafka import KafkaProducer

from bench.parts import rows
from ledger.agencies import Agency
from ledger.kafka.cloudevents import binary_headers
from ledger.topics import INTAKE_PARTITIONS, intake
from producers.imports.hhs_file import HhsRow
from producers.imports.hhs_releases import SOURCE, claims

PER_CHILD: Final = 7
"""Entries of a child before the last."""


class HistoryMessage(NamedTuple):
    """One submission on its way."""

    agency: Agency
    child: str
    id: str
    wire: str
    time: str
    data: bytes


def messages(children: int, prefix: str = "") -> Iterator[HistoryMessage]:
    """Yield what the agencies send of so many children, child by child."""
    for row in rows(children):
        yield from _of_child(row._replace(label=prefix + row.label))


def _of_child(row: HhsRow) -> Iterator[HistoryMessage]:
    child = row.label
    for claim in claims(row):
        yield HistoryMessage("ORR", child, claim.id, claim.wire, claim.time, claim.data)
    nta, case, hearing = f"nta-{child}", f"case-{child}", f"hearing-{child}"
    on = row.released_on or "2020-01-01"
    others: tuple[tuple[Agency, str, dict[str, Any]], ...] = (
        ("CBP", "nta-issued", {"nta_id": nta, "court": "HOU", "has_time_and_place": False}),
        ("CBP", "nta-served", {"nta_id": nta, "method": "personal", "served_on": ["child"]}),
        (
            "EOIR",
            "hearing-scheduled",
            {"hearing_id": hearing, "court_case": case, "court": "HOU", "scheduled_for": f"{on}T09:00:00-05:00"},
        ),
        (
            "EOIR",
            "failure-to-appear-recorded",
            {"hearing_id": hearing, "court_case": case, "judge_action": "adjourned"},
        ),
    )
    for agency, name, fact in others:
        yield HistoryMessage(
            agency, child, f"{name}-{child}", f"custody.{name}.v1", f"{on}T12:00:00Z", _data(child, on, fact)
        )


def _data(child: str, on: str, fact: dict[str, Any]) -> bytes:
    return orjson.dumps(
        {
            "child": [{"scheme": "hhs-release-row", "value": child}],
            "occurred_at": on,
            "source": {"document": "made up", "reference": child, "grade": "document"},
            "door": "import",
            "fact": fact,
        }
    )


def correction(child: str, position: int) -> HistoryMessage:
    """Return ORR's correction of the release at `position`."""
    fact = {"corrects": position, "set": {"sponsor_category": "1"}, "reason": "mistyped"}
    data = _data(child, "2024-01-01", fact)
    return HistoryMessage(
        "ORR", child, f"corrected-{child}", "custody.correction-issued.v1", "2024-01-01T12:00:00Z", data
    )


def new_address(child: str) -> HistoryMessage:
    """Return ORR's report of another address: one entry more, as a correction is, that corrects nothing."""
    fact = {"purpose": "residence", "address": {"city": "Houston", "state": "TX"}, "reported_via": "orr-call"}
    data = _data(child, "2024-01-01", fact)
    return HistoryMessage("ORR", child, f"moved-{child}", "custody.address-reported.v1", "2024-01-01T12:00:00Z", data)


class Senders:
    """Puts messages on the intake topics as fast as the broker takes them."""

    def __init__(self, bootstrap: str) -> None:
        self._producer = KafkaProducer(
            bootstrap_servers=bootstrap,
            acks="all",
            enable_idempotence=True,
            compression_type="lz4",
            linger_ms=5,
            batch_size=262_144,
            metrics_enabled=False,
        )

    def send(self, message: HistoryMessage) -> None:
        """Send one message to its agency's topic."""
        key = f"hhs-release-row:{message.child}".encode()
        self._producer.send(
            intake(message.agency),
            value=message.data,
            key=key,
            partition=crc32(key) % INTAKE_PARTITIONS,
            headers=binary_headers(id=message.id, source=SOURCE, type=message.wire, time=message.time),
        )

    def close(self) -> None:
        """Return when Kafka has everything."""
        self._producer.flush()
        self._producer.close()
