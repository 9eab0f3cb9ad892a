"""Topics of the ledger's own that are deleted, or made again: the roles make and fill them by themselves."""

from pathlib import Path

import pytest
from kafka import KafkaAdminClient

from ledger.roles.logs import configure
from ledger.topics import ENTRIES, PUBLICATIONS, alerts, feed
from readers.verify.verify import verify
from tests.conftest import empty_topics
from tests.integration.feeding import on_feeds, published
from tests.integration.flow import ENCOUNTER, Flow, claim, flow

ROLES = ("intake", "relay", "feeds", "projections", "alerts")


def quiet(*_: object) -> None:
    """Report nothing."""


def tell(ledger: Flow, *numbers: int) -> None:
    """Record that children were met and referred, and wait until all of it is published."""
    for number in numbers:
        child = f"A20000{number:04}"
        ledger.tell("CBP", "child-encountered", claim(child, "2021-03-01", ENCOUNTER))
        ledger.tell("CBP", "referred-to-orr", claim(child, "2021-03-02", {"referring_office": "RGV"}))
    ledger.settle()
    published(ledger)


def delete(bootstrap: str, *topics: str) -> None:
    """Delete topics, and leave them so."""
    admin = KafkaAdminClient(bootstrap_servers=bootstrap)
    try:
        admin.delete_topics(list(topics), timeout_ms=30_000)
    finally:
        admin.close()


@pytest.mark.parametrize("made", [False, True], ids=["deleted", "made again"])
def test_topics_lost_between_two_starts_are_made_and_filled_again(
    made: bool, database_url: str, fresh_kafka: str, tmp_path: Path
) -> None:
    """Nothing is passed over because it stands at an offset that was taken on the topic of before."""
    (tmp_path / "first").mkdir()
    with flow(database_url, fresh_kafka, tmp_path / "first", ROLES) as ledger:
        tell(ledger, 1, 2, 3)
        before = on_feeds(ledger)
    lost = (ENTRIES, PUBLICATIONS, feed("ORR"), alerts("ORR"))
    (empty_topics if made else delete)(fresh_kafka, *lost)
    (tmp_path / "second").mkdir()
    with flow(database_url, fresh_kafka, tmp_path / "second", ROLES) as ledger:
        tell(ledger, 4)
        after = on_feeds(ledger)
        assert all(after[agency][: len(items)] == items for agency, items in before.items())
        assert [one.body["number"] for one in after["ORR"]] == list(range(1, len(after["ORR"]) + 1))
        assert verify(ledger.settings, configure("test"), quiet, feeds=True).sound
