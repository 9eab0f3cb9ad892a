"""Reading alerts as an agency does, and waiting for the role that tells them."""

from typing import Any

import orjson
from kafka import KafkaConsumer, TopicPartition

from ledger.agencies import RECEIVERS, Agency
from ledger.topics import alerts
from tests.integration.feeding import published
from tests.integration.flow import Flow, until


def alerted(ledger: Flow, agency: Agency) -> list[dict[str, Any]]:
    """Return the alerts on an agency's topic, those committed; every message says in its headers what it is."""
    consumer = KafkaConsumer(
        bootstrap_servers=ledger.settings.kafka_bootstrap,
        group_id=None,
        enable_auto_commit=False,
        auto_offset_reset="earliest",
        isolation_level="read_committed",
    )
    try:
        partition = TopicPartition(alerts(agency), 0)
        consumer.assign([partition])
        end = consumer.end_offsets([partition])[partition]
        found: list[dict[str, Any]] = []
        consumer.seek_to_beginning(partition)
        while consumer.position(partition) < end:
            for record in consumer.poll(timeout_ms=500).get(partition, ()):
                body = orjson.loads(record.value)
                headers = dict(record.headers)
                assert headers["ce_type"] == b"custody.alert.v1"
                assert headers["ce_id"].decode() == f"{agency}-{body['number']}"
                assert headers["ce_time"].decode() == body["as_of"]
                found.append(body)
        assert [one["number"] for one in found] == list(range(1, len(found) + 1))
        return found
    finally:
        consumer.close()


def all_alerted(ledger: Flow) -> dict[Agency, list[dict[str, Any]]]:
    """Return the alerts of every agency."""
    return {agency: alerted(ledger, agency) for agency in RECEIVERS}


def looked(ledger: Flow) -> None:
    """Wait until the role has looked at everything recorded so far, and what it kept of that is told."""
    ledger.settle()
    published(ledger)
    until(lambda: ledger.rows(
        "select (select complete_to from read.publishing_v1) <= (select recorded_by from ledger.alerting)"
    ) == [(True,)])  # fmt: skip
    kept = dict(ledger.rows("select agency, max(number) from ledger.alerts group by agency"))
    until(lambda: {agency: len(found) for agency, found in all_alerted(ledger).items() if found} == kept)


def brief(found: list[dict[str, Any]]) -> list[tuple[str, int, str | None, str]]:
    """Return what tells alerts apart."""
    return [(one["rule"], one["opened_by"], one["towards"], one["state"]) for one in found]
