"""A ledger in which an earlier release took times beyond today's bounds goes on with its real parts.

Such entries are put into the event store as that release put them there: 0001-01-01, 9999-12-31, offsets of +23:59, in
every place a time has.
"""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final
from uuid import UUID

import orjson
import pytest

from ledger.entry import Producer, Recorded, recorded_at_of, write_state
from ledger.facts import BY_WIRE
from ledger.facts.vocabulary import time_members
from ledger.kafka.cloudevents import binary_headers
from ledger.roles.logs import configure
from ledger.store.eventstore import open_ledger
from ledger.times import MICROSECOND, read_back, read_clock
from projections.rebuilding.rebuild import rebuild
from readers.child.known_set import parse_viewpoint
from readers.child.timeline import timeline
from readers.child.view import view
from readers.moments import MomentsAsked, parse_child
from readers.snapshot import connect
from readers.text.view_text import timeline_text, view_text
from readers.verify.verify import verify
from tests.integration.flow import ENCOUNTER, Flow, claim, flow
from tests.unit.reading import WIRES, golden

FAR: Final = (
    "0001-01-01T00:00:00Z",
    "9999-12-31T23:59:59.999999Z",
    "0001-01-01T00:00:00+23:59",
    "9999-12-31T23:59:59-23:59",
    "2022-03-04T13:20:00+23:59",
    "0001-01-01",
    "9999-12-31",
)
DAYS: Final = frozenset(("date_of_birth", "review_on"))
NUMBER: Final = "A370000009"


@pytest.fixture
def ledger(database_url: str, fresh_kafka: str, tmp_path: Path) -> Iterator[Flow]:
    """A ledger with all roles."""
    with flow(database_url, fresh_kafka, tmp_path) as running:
        yield running


def remembered(ledger: Flow, child: UUID, *facts: tuple[str, str, dict[str, Any], str]) -> None:
    """Put entries into the event store as an earlier release did: wire, when, the fact, known since."""
    opened = open_ledger(ledger.settings)
    try:
        with opened.datastore.transaction(commit=True) as cursor:
            opened.entries.lock(cursor)
            last, state = opened.entries.last(cursor)
            assert state is not None
            at = max(read_clock(recorded_at_of(state)), datetime.now(UTC))  # later than all that is settled
            events = []
            for number, (wire, when, fact, since) in enumerate(facts, start=1):
                written = write_state(
                    recorded_at=at + number * MICROSECOND,
                    occurred_at=read_back(when),
                    known_since=read_back(since),
                    producer=Producer(BY_WIRE[wire].producers[0], None, None, "/earlier"),
                    door="feed",
                    source={
                        "document": "form",
                        "reference": str(number),
                        "grade": "document",
                        "channel": "system",
                        "codes": {},
                    },
                    identifiers=(("a-number", NUMBER[1:]),),
                    findings=(),
                    submission_id=f"earlier-{number}",
                    submission_digest="",
                    fact=orjson.dumps(fact),
                    resolved={},
                    extensions={},
                )
                events.append(opened.mapper.to_stored_event(Recorded(child, number + 1, wire, written)))
            opened.entries.insert(cursor, events, [last + number for number in range(1, len(events) + 1)])
    finally:
        opened.close()


def test_entries_with_times_of_an_earlier_release_stop_nothing(ledger: Flow) -> None:
    """Read tables, feeds, rebuild, verify and every view go on; what comes after is recorded; a far time is curable."""
    child = UUID(ledger.tell("CBP", "child-encountered", claim(NUMBER, "2022-03-01", ENCOUNTER))["child"])
    told: list[tuple[str, str, dict[str, Any], str]] = []
    for wire in WIRES:
        fact = golden(wire)["fact"]
        if {"corrects", "voids", "position", "positions", "other"} & fact.keys():
            continue
        far = FAR[len(told) % len(FAR)]
        fact |= {name: far[:10] if name in DAYS else far for name in time_members(BY_WIRE[wire])}
        told.append((wire, far, fact, FAR[(len(told) + 3) % len(FAR)]))
    sets = {"corrects": 2, "set": {"occurred_at": "9999-12-31T23:59:59Z"}, "reason": "another far time"}
    told.append(("custody.correction-issued.v1", "0001-01-01", sets, "9999-12-31"))
    remembered(ledger, child, *told)
    address = {"purpose": "residence", "address": {"lines": ["1 Elm"]}, "reported_via": "eoir-33"}
    after = ledger.tell("ORR", "address-reported", claim(NUMBER, "2022-03-05", address))
    assert after["status"] == "accepted"
    cure = {"corrects": 2, "set": {"occurred_at": "2022-03-02"}, "reason": "the zero date of a language"}
    assert ledger.tell("STEWARD", "correction-issued", claim(NUMBER, "2022-03-06", cure))["status"] == "accepted"
    ledger.settle()
    assert ledger.rows("select count(*) from read_1.parked") == [(0,)]
    assert ledger.rows("select count(*) from ledger.publications")[0][0] > 0
    for viewer in (None, "ICE-ERO", "EOIR"):
        with connect(ledger.settings.database_url) as connection:
            found = view(connection, parse_child(NUMBER), MomentsAsked(), parse_viewpoint(viewer, None, "told"))
        orjson.dumps(found)
        assert view_text(found, colour=False)
        assert timeline_text(timeline(found), colour=False)
    assert rebuild(ledger.settings, configure("test"), lambda *_: None).differences == ()
    assert verify(ledger.settings, configure("test"), lambda *_: None, feeds=True).sound


def test_a_far_time_is_answered_and_the_next_message_is_recorded(ledger: Flow) -> None:
    """The zero date of Go and .NET, the last day of the calendar, an offset no clock has: refused by name (H0)."""
    for far in ("0001-01-01T00:00:00Z", "9999-12-31T23:59:59Z", "2022-03-04T13:20:00+23:59"):
        refused = ledger.tell("CBP", "child-encountered", claim(NUMBER, far, ENCOUNTER))
        assert (refused["status"], refused["refusal"]["code"]) == ("refused", "H0")
        assert refused["refusal"]["member"] == "occurred_at"
        concern = {"concern_id": f"k {far}", "kind": "labour", "urgency": "high", "routed_to": ["HSI"]}
        raised = ledger.tell("ORR", "concern-raised", claim(NUMBER, far, concern))
        assert raised["status"] == "accepted"
        assert "H0" in {finding["code"] for finding in raised["findings"]}
    headers = binary_headers(
        id="far-1", source="/cbp/test", type="custody.child-encountered.v1", time="0001-01-01T00:00:00Z"
    )
    ledger.raw("CBP", orjson.dumps(claim(NUMBER, "2022-03-01", ENCOUNTER)), headers)
    assert ledger.tell("CBP", "child-encountered", claim(NUMBER, "2022-03-01", ENCOUNTER))["status"] == "accepted"
    later = datetime.now(UTC) + timedelta(days=1)
    assert ledger.tell("CBP", "child-encountered", claim(NUMBER, later.date().isoformat(), ENCOUNTER))["refusal"]
