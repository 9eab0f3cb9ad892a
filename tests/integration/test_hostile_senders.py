"""Whatever one sender sends, the others are answered: shots from a seed at a ledger with every role at work.

A longer run, with other seeds: `make soak`, or CUSTODY_FUZZ_SHOTS and CUSTODY_FUZZ_SEED for this file.
"""

import itertools
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from ledger.agencies import PRODUCERS, RECEIVERS
from ledger.topics import intake, receipts
from tests.hostile.shooting import Barrel, unanswered
from tests.hostile.shots import Gun
from tests.integration.flow import ALL_ROLES, Flow, claim, flow, until
from tests.integration.running import custody

SHOTS = int(os.environ.get("CUSTODY_FUZZ_SHOTS", "400"))
SEED = int(os.environ.get("CUSTODY_FUZZ_SEED", "17"))
TOGETHER = 100
ROLES = (*ALL_ROLES, "alerts")


@pytest.fixture
def ledger(database_url: str, fresh_kafka: str, tmp_path: Path) -> Iterator[Flow]:
    """Give a ledger with every role."""
    with flow(database_url, fresh_kafka, tmp_path, ROLES) as talking:
        yield talking


def test_after_any_message_every_other_agency_is_answered(ledger: Flow, tmp_path: Path) -> None:
    """On the topics that agencies write to: no role ends, all are answered, and all sides still agree."""
    barrel, gun = Barrel(ledger.settings.kafka_bootstrap), Gun(SEED).at_intake()
    for number in range(0, SHOTS, TOGETHER):
        barrel.fire(itertools.islice(gun, TOGETHER))
        _everybody_is_answered(ledger, number)
    barrel.close()
    topics = [*map(intake, PRODUCERS), *map(receipts, RECEIVERS)]
    until(lambda: not unanswered(ledger.settings.kafka_bootstrap, ledger.settings.database_url, topics))
    ledger.settle()
    verified, rebuilt = _asked(ledger, tmp_path, "verify", "--feeds"), _asked(ledger, tmp_path, "rebuild", "--json")
    assert verified.returncode == 0, verified.stdout.decode() + verified.stderr.decode()
    assert b'"live_differed":[]' in rebuilt.stdout, rebuilt.stdout.decode() + rebuilt.stderr.decode()


def test_garbage_on_the_ledgers_own_topics_stops_nobody(ledger: Flow, tmp_path: Path) -> None:
    """Nobody but the ledger writes there; who does all the same is named by verify, and the others are answered."""
    barrel, gun = Barrel(ledger.settings.kafka_bootstrap), Gun(SEED + 1).anywhere()
    for number in range(0, SHOTS, TOGETHER):
        barrel.fire(itertools.islice(gun, TOGETHER))
        _everybody_is_answered(ledger, number)
    barrel.close()
    ledger.settle()
    checked = _asked(ledger, tmp_path, "verify")
    assert checked.returncode == 1, checked.stdout.decode() + checked.stderr.decode()
    assert b"Traceback" not in checked.stderr, checked.stderr.decode()


def _asked(ledger: Flow, data: Path, *words: str) -> "subprocess.CompletedProcess[bytes]":
    settings = ledger.settings
    return custody(*words, database_url=settings.database_url, bootstrap=settings.kafka_bootstrap, data=data)


def _everybody_is_answered(ledger: Flow, number: int) -> None:
    """Each agency sends something ordinary about a child of its own; it is accepted, shown, and on other feeds."""
    for at, agency in enumerate(PRODUCERS):
        ledger.clients.pop(agency, None)  # a client of its own: garbage on its outcomes topic is not the sender's fault
        data = claim(
            f"A4{number:05d}{at:03d}"[:10], "2022-03-04", {"identifier": {"scheme": "fin", "value": f"{number}-{at}"}}
        )
        outcome = ledger.tell(agency, "identifier-asserted", data)
        assert outcome["status"] == "accepted", outcome
    for role, process in ledger.processes.items():
        assert process.poll() is None, f"the role {role} ended"
    ledger.settle()
