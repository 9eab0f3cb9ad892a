"""`custody check` says offline of an event what intake would say of its form, all of it at once.

Broken by hand to see these tests fail: only the first fault told; an attribute's fault hiding the data's; an empty
input called sound.
"""

import json
from pathlib import Path
from typing import Any

import orjson
import pytest
from typer.testing import CliRunner

from consumers.reading import read_arrival
from custody.__main__ import app
from custody.errors import Problem
from custody.publishing.examples import example_event
from custody.verbs.event_checks import check_event
from ledger.facts import BY_WIRE
from ledger.kafka.cloudevents import STRUCTURED_HEADERS
from ledger.rules.arrivals import Claim, Place
from ledger.topics import intake
from tests.unit.reading import RELEASED, WIRES
from tests.unit.test_schemas_and_intake import CHANGES

RUNNER = CliRunner()


def spoiled(wire: str, **attributes: Any) -> dict[str, Any]:
    """Return an example event with these attributes; one that is None is left out."""
    event = {**example_event(wire), **attributes}
    return {name: value for name, value in event.items() if value is not None}


def faults(event: dict[str, Any], agency: Any = None) -> list[tuple[str, str | None]]:
    return [(fault.code, fault.member) for fault in check_event(orjson.dumps(event), agency).faults]


@pytest.mark.parametrize("wire", WIRES)
def test_every_example_is_of_the_form_and_an_agency_that_may_not_send_it_is_told(wire: str) -> None:
    """The examples of the docs pass; H2 needs no ledger either."""
    event = example_event(wire)
    producers = BY_WIRE[wire].producers
    assert faults(event) == faults(event, producers[0]) == []
    for other in ("CBP", "ICE-ERO", "ICE-OPLA", "ORR", "EOIR", "USCIS", "STEWARD"):
        assert faults(event, other) == ([] if other in producers else [("H2", "type")])


def test_all_faults_are_told_at_once_wherever_they_stand() -> None:
    """Attributes and data, each with its member as the contract writes it."""
    event = spoiled(RELEASED, time="2022-03-04 13:20", specversion=None)
    event["data"]["child"][0]["value"] = "A2"
    event["data"]["occurred_at"] = "0001-01-01T00:00:00Z"
    event["data"]["fact"]["sponsor_category"] = "9"
    del event["data"]["fact"]["address"], event["data"]["source"]["grade"]
    event["data"]["fact"]["adress"] = {}
    assert set(faults(event)) == {
        ("H0", "specversion"),
        ("H0", "time"),
        ("H0", "child.0.value"),
        ("H0", "occurred_at"),
        ("H6", "fact.sponsor_category"),
        ("H0", "fact.address"),
        ("H7", "source.grade"),
        ("H0", "fact.adress"),
    }


@pytest.mark.parametrize("at", CHANGES)
@pytest.mark.parametrize("wire", [RELEASED, "custody.concern-raised.v1"])
def test_it_says_of_an_event_what_intake_says(wire: str, at: str) -> None:
    """No fault where intake would take it to the record, and some fault where it would not."""
    agency = BY_WIRE[wire].producers[0]
    for value in CHANGES[at]:
        event = example_event(wire)
        *holders, last = at.split(".")
        holder: Any = event["data"]
        for part in holders:
            holder = holder[int(part)] if isinstance(holder, list) else holder[part]
        holder[int(last) if isinstance(holder, list) else last] = value
        data = json.dumps(event).encode()
        arrival = read_arrival(Place(agency, intake(agency), 0, 0), STRUCTURED_HEADERS, data)
        assert (not check_event(data, agency).faults) == isinstance(arrival, Claim), (value, arrival)


@pytest.mark.parametrize("name", ["specversion", "id", "source", "type", "time"])
@pytest.mark.parametrize("value", [None, 5, "", "x" * 300, "a\0b", []])
def test_each_attribute_is_told_by_its_name(name: str, value: Any) -> None:
    """Whatever stands there, nothing raises, and the one fault names it."""
    assert faults(spoiled(RELEASED, **{name: value})) == [("H0", name)]


def test_a_receipt_is_judged_as_one() -> None:
    """The other message an agency sends."""
    good = {**example_event(RELEASED), "type": "custody.receipt.v1", "data": {"up_to": 3, "grade": "opened"}}
    assert faults(good) == []
    assert faults({**good, "data": {"up_to": 3, "grade": "seen", "at": "soon"}}) == [("H6", "grade"), ("H0", "at")]


def test_a_safety_fact_is_told_what_would_stand_with_it() -> None:
    """It would be recorded, with findings: no fault, but worth mending."""
    event = spoiled("custody.concern-raised.v1", time="yesterday")
    event["data"]["occurred_at"] = "soon"
    checked = check_event(orjson.dumps(event), "ORR")
    assert checked.faults == ()
    assert [remark.code for remark in checked.remarks] == ["H0"]


def test_the_verb_tells_place_and_cure_and_its_exit_status_says_whether_all_is_well(tmp_path: Path) -> None:
    """Lines, one pretty-printed event, standard input; 0 or 1, as text or JSON."""
    good, bad = example_event(RELEASED), spoiled(RELEASED, id="m-7", source=None)
    pretty = RUNNER.invoke(app, ["check", "-"], input=json.dumps(good, indent=2))
    assert (pretty.exit_code, "1 event checked" in pretty.output) == (0, True)
    lines = tmp_path / "events.jsonl"
    lines.write_text(f"{json.dumps(good)}\n\n{json.dumps(bad)}\nnonsense\n", encoding="utf-8")
    told = RUNNER.invoke(app, ["check", str(lines)])
    assert isinstance(told.exception, Problem)
    assert told.exception.exit_code == 1
    assert "line 3, id m-7" in told.output
    assert "`source` is missing" in told.output
    assert "line 4" in told.output
    answer = RUNNER.invoke(app, ["check", "--json", str(lines)])
    assert answer.exit_code == 1
    said = json.loads(answer.output)
    assert (said["events"], said["faulty"]) == (3, 2)
    assert [one["line"] for one in said["checked"] if one["faults"]] == [3, 4]
    for empty in ("", "\n\n"):
        nothing = RUNNER.invoke(app, ["check", "-"], input=empty)
        assert isinstance(nothing.exception, Problem)
        assert nothing.exception.exit_code == 1
