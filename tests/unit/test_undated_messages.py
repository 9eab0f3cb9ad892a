"""What becomes of a message whose `ce_time` is no time: a safety fact is recorded, any other is set aside.

Broken by hand to see these tests fail: the look at safety facts taken out of `_undated`; `recorded_at` not standing in
for the time that is missing.
"""

from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import orjson
import pytest

from consumers.reading import read_arrival
from ledger.kafka.cloudevents import STRUCTURED_HEADERS, binary_headers, structured
from ledger.roles.settings import Settings
from ledger.rules.arrivals import Claim, Illegible, Malformed, Place
from ledger.rules.batch import ArrivalBatch
from ledger.rules.lookups import Lookups
from ledger.rules.protecting import Protecting
from ledger.sharing.feed_fold import SharingRulebook
from ledger.sharing.rule_sets import default_rules
from ledger.topics import intake, receipts
from tests.unit.reading import HARD, SAFETY, golden

PLACE = Place("ORR", intake("ORR"), 0, 0)
NO_TIMES = ("0001-01-01T00:00:00Z", "9999-12-31T23:59:59Z", "2022-03-04T13:20:00+23:59", "yesterday", "")
NOW = datetime(2026, 6, 1, tzinfo=UTC)


def arriving(wire: str, time: str | None, *, packed: bool, place: Place = PLACE, data: bytes | None = None) -> Any:
    """Return what intake makes of the golden submission of a fact, sent at `time`; None: without any."""
    data = orjson.dumps(golden(wire)) if data is None else data
    about: Any = {"id": "m1", "source": "/orr/feed", "type": wire, "time": time or ""}
    if packed:
        envelope = orjson.loads(structured(**about, data=data))
        if time is None:
            del envelope["time"]
        return read_arrival(place, STRUCTURED_HEADERS, orjson.dumps(envelope))
    headers = [(name, raw) for name, raw in binary_headers(**about) if time is not None or name != "ce_time"]
    return read_arrival(place, headers, data)


@pytest.mark.parametrize("packed", [False, True])
@pytest.mark.parametrize("time", [*NO_TIMES, None])
@pytest.mark.parametrize("wire", SAFETY)
def test_a_safety_fact_sent_at_no_time_is_recorded_with_the_words_kept(
    wire: str, time: str | None, packed: bool
) -> None:
    """A sender's broken clock turns away no word of danger; it counts as sent when it is recorded."""
    arrival = arriving(wire, time, packed=packed)
    assert isinstance(arrival, Claim)
    assert arrival.sent_at is None
    assert [(finding.code, finding.level) for finding in arrival.remarks] == [("H0", "guard")]
    assert arrival.submission.source.codes.get("ce_time", "") == (time or "")
    assert arrival.key == ("/orr/feed", "m1")


@pytest.mark.parametrize("packed", [False, True])
@pytest.mark.parametrize("wire", HARD)
def test_any_other_fact_sent_at_no_time_is_set_aside(wire: str, packed: bool) -> None:
    """Its sender is told at which attribute and what a time looks like."""
    for time in (*NO_TIMES, None):
        arrival = arriving(wire, time, packed=packed)
        assert isinstance(arrival, Illegible)
        assert "time" in arrival.reason
        assert arrival.key == ("/orr/feed", "m1")


def test_one_finding_says_all_that_is_no_time() -> None:
    """Three clocks at fault make one finding of one rule."""
    data = {**golden("custody.concern-raised.v1"), "occurred_at": "0001-01-01", "known_since": "soon"}
    arrival = arriving("custody.concern-raised.v1", "never", packed=False, data=orjson.dumps(data))
    assert [finding.code for finding in arrival.remarks] == ["H0"]
    assert all(f"`{at}`" in arrival.remarks[0].message for at in ("occurred_at", "known_since", "ce_time"))


def test_a_safety_fact_with_another_fault_is_no_better_for_its_missing_time() -> None:
    """An unknown member is refused by name; what is no JSON, or stands on another topic, is set aside as before."""
    wrong = orjson.dumps({**golden("custody.concern-raised.v1"), "colour": "red"})
    assert isinstance(arriving("custody.concern-raised.v1", "never", packed=False, data=wrong), Malformed)
    assert isinstance(arriving("custody.concern-raised.v1", "never", packed=False, data=b"{"), Illegible)
    elsewhere = Place("ORR", receipts("ORR"), 0, 0)
    assert isinstance(arriving("custody.concern-raised.v1", "never", packed=False, place=elsewhere), Illegible)


@pytest.mark.parametrize("clock", ["wall", "driven"])
def test_what_was_sent_at_no_time_is_known_since_it_was_recorded(clock: Any) -> None:
    """Nothing earlier is claimed for it; a driven clock goes on from the last entry."""
    before = datetime(2025, 1, 1, tzinfo=UTC)
    batch = ArrivalBatch(
        Lookups({}, {}, {}, {}),
        settings=Settings("", "", "America/New_York", clock),
        now=NOW,
        last_position=1,
        last_recorded_at=before,
        new_record_id=lambda _: UUID(int=7),
        protecting=Protecting(SharingRulebook((), default_rules(), "America/New_York")),
    )
    data = {name: said for name, said in golden("custody.concern-raised.v1").items() if name != "known_since"}
    batch.take(arriving("custody.concern-raised.v1", "0001-01-01", packed=False, data=orjson.dumps(data)))
    state = orjson.loads(batch.rows.events[0].state)
    assert datetime.fromisoformat(state["known_since"]) == datetime.fromisoformat(state["recorded_at"])
    assert state["recorded_at"] == ("2026-06-01T00:00:00.000000Z" if clock == "wall" else "2025-01-01T00:00:00.000001Z")
