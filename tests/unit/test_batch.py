"""What a batch of arrivals comes to: whose ids are used up, and who is answered what."""

from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import orjson
import pytest

from consumers.reading import read_arrival
from ledger.agencies import Agency
from ledger.kafka.cloudevents import binary_headers
from ledger.records.record import Record
from ledger.roles.settings import Settings
from ledger.rules.arrivals import Arrival, Illegible, Place
from ledger.rules.batch import ArrivalBatch
from ledger.rules.lookups import KeptName, Lookups
from ledger.rules.protecting import Protecting
from ledger.sharing.feed_fold import SharingRulebook
from ledger.sharing.rule_sets import default_rules
from ledger.store.record_ids import new_record_id
from ledger.topics import intake
from tests.integration.flow import claim

NOW = datetime(2024, 9, 1, 12, tzinfo=UTC)
SETTINGS = Settings("", "", "America/New_York", "wall")
CALM = "2022-03-04T13:20:00-06:00"


def nothing_known() -> Lookups:
    return Lookups(answers={}, carriers={}, records={}, linked={})


def batch(known: Lookups | None = None) -> ArrivalBatch:
    return ArrivalBatch(
        known or nothing_known(),
        settings=SETTINGS,
        now=NOW,
        last_position=0,
        last_recorded_at=None,
        new_record_id=new_record_id,
        protecting=Protecting(SharingRulebook((), default_rules(), SETTINGS.zone)),
    )


def arriving(
    agency: Agency, child: str, fact: dict[str, Any], *, id: str = "m-1", wire: str = "address-reported"
) -> Arrival:
    headers = binary_headers(id=id, source="/uc/portal", type=f"custody.{wire}.v1", time="2024-09-01T11:00:00Z")
    data = claim(child, CALM, fact)
    return read_arrival(Place(agency, intake(agency), 0, 0), headers, orjson.dumps(data))


REPORT = {"purpose": "residence", "address": {"lines": ["1 Elm"]}, "reported_via": "eoir-33"}
OTHER_REPORT = {"purpose": "residence", "address": {"lines": ["2 Oak"]}, "reported_via": "mail"}


def answered(batch: ArrivalBatch) -> list[tuple[Agency, dict[str, Any]]]:
    return [(agency, orjson.loads(body)) for agency, _, body in batch.rows.outcomes]


@pytest.mark.parametrize(("first", "second"), [("ORR", "CBP"), ("CBP", "ORR")])
@pytest.mark.parametrize("fact", [REPORT, OTHER_REPORT], ids=["the very body", "another body"])
def test_an_agency_cannot_use_up_or_probe_the_ids_of_another(
    first: Agency, second: Agency, fact: dict[str, Any]
) -> None:
    """The same source and id from another agency is a message of its own; nothing is told of the other."""
    taken = batch()
    taken.take(arriving(first, "A200000017", REPORT))
    taken.take(arriving(second, "A200000099", fact))
    assert answered(taken) == []  # both accepted: told by their entries
    assert [(row[5], row[0], row[1], row[3]) for row in taken.rows.submissions] == [
        (first, "/uc/portal", "m-1", 1),
        (second, "/uc/portal", "m-1", 2),
    ]
    taken.take(arriving(first, "A200000017", REPORT))
    taken.take(arriving(second, "A200000017", REPORT, id="m-1"))
    (agency, again), (other, refused) = answered(taken)
    assert (agency, again["status"], again["position"]) == (first, "duplicate", 1)
    assert (other, refused["status"], refused["refusal"]["code"]) == (second, "refused", "H1")


def test_a_refusal_of_one_agency_says_nothing_to_another() -> None:
    """A refused message keeps its id for its own sender only."""
    taken = batch()
    taken.take(arriving("CBP", "A200000017", {"kind": "x"}))
    taken.take(arriving("ORR", "A200000017", REPORT))
    [(agency, refused)] = answered(taken)
    assert (agency, refused["status"]) == ("CBP", "refused")
    assert [row[3] for row in taken.rows.submissions] == [None, 1]


def test_a_message_that_a_fault_of_ours_met_is_answered_and_its_id_stays_free() -> None:
    """X1: nothing recorded, kept; the same message accepted later is the first under its id."""
    place = Place("CBP", intake("CBP"), 0, 4)
    taken = batch()
    taken.take(Illegible(place, ("/uc/portal", "m-1"), "OverflowError at ledger.times:98", b"{}", b"[]", kind="fault"))
    [(agency, told)] = answered(taken)
    assert (agency, told["status"], told["refusal"]["code"]) == ("CBP", "refused", "X1")
    assert "OverflowError at ledger.times:98" in told["refusal"]["message"]
    assert taken.rows.submissions == []
    taken.take(arriving("CBP", "A200000017", REPORT))
    assert [row[3] for row in taken.rows.submissions] == [1]


@pytest.mark.parametrize(
    ("agency", "key", "name", "child", "finding"),
    [
        ("CBP", ("/uc/portal", "m-0"), ("a-number", "200000017"), None, True),
        ("CBP", ("/uc/portal", "m-0"), ("orr-id", "88"), UUID(int=7), True),
        ("CBP", (None, None), ("a-number", "200000017"), None, True),
        ("ORR", ("/uc/portal", "m-0"), ("a-number", "200000017"), None, False),
        ("CBP", ("/uc/portal", "m-1"), ("a-number", "200000017"), None, False),
        ("CBP", ("/uc/portal", "m-0"), ("a-number", "200000018"), None, False),
    ],
    ids=["same name", "same child", "nobody's key", "another agency's", "itself", "another child"],
)
def test_what_came_behind_a_kept_message_of_the_child_goes_on_with_a_finding(
    agency: Agency, key: tuple[str | None, str | None], name: tuple[str, str], child: UUID | None, finding: bool
) -> None:
    """Its agency sees that the order is broken; the message itself, tried again, does not carry it."""
    known = nothing_known()
    known.carriers["a-number", "200000017"] = UUID(int=7)
    known.records[UUID(int=7)] = Record(UUID(int=7))
    known.kept = [KeptName(agency, key, name, child)]
    taken = batch(known)
    taken.take(arriving("CBP", "A200000017", REPORT))
    [event] = taken.rows.events
    codes = [each["code"] for each in orjson.loads(event.state)["findings"]]
    assert ("earlier-kept" in codes) is finding


def test_each_event_of_a_list_is_told_that_none_was_read() -> None:
    """One record with several events has several senders' ids; every one gets its answer."""
    events = [
        {"specversion": "1.0", "id": f"m-{n}", "source": "/uc/portal", "type": "t", "time": CALM, "data": {}}
        for n in (1, 2)
    ]
    taken = batch()
    taken.take(read_arrival(Place("CBP", intake("CBP"), 0, 0), [], orjson.dumps(events)))
    assert [(told["submission"]["id"], told["refusal"]["code"]) for _, told in answered(taken)] == [
        ("m-1", "H0"),
        ("m-2", "H0"),
    ]
    assert len(taken.rows.set_aside) == 1
