"""A common validator with our schemas says of a submission what intake says of its form.

Held beside each other over every fact and a table of what can be wrong; what JSON Schema cannot say is listed.

Broken by hand to see these tests fail: the pattern of times, the limit of lists, the spellings of identifiers and the
condition on `expected_version` taken out of the schemas, one at a time.
"""

import json
from copy import deepcopy
from functools import cache
from typing import Any

import jsonschema
import orjson
import pytest

from custody.publishing.documents import documents
from custody.publishing.schemas import BASE, submission_schema
from ledger.facts import BY_WIRE
from ledger.facts.questions import SAFETY_FACTS
from ledger.facts.vocabulary import LIST, time_members
from ledger.intake.form import Refusal
from ledger.intake.submission import read_submission
from tests.unit.reading import RELEASED, WIRES, changed, golden
from tests.unit.test_times import BEYOND, NO_TIMES, READ

CHANGES: dict[str, list[Any]] = {
    "child": [[], None, [{"scheme": "orr-id", "value": "1"}] * 20, [{"scheme": "orr-id", "value": "1"}] * 21, "A1"],
    "child.0.value": [
        *("A200-000-017", "a200 000 017", " A200000017 ", "200000017", "A1234567"),
        *("A123456", "A2000000179", "A٢٠٠٠٠٠٠١٧", "B200000017", "", "  ", 200000017),
    ],
    "child.1.value": ["", " ", " 88123", "x" * 128, "x" * 129],
    "child.0.scheme": ["passport", "fin", "unknown"],
    "occurred_at": [None, 1646400000, *READ, *(text for text in (*BEYOND, *NO_TIMES) if not text.endswith("\n"))],
    "known_since": [None, "2022-03-04", "soon", "0001-01-01T00:00:00Z"],
    "source": [None, {}, "form", {"document": "a", "reference": "b"}],
    "source.document": ["", "x" * 200, "x" * 201, None],
    "source.reference": ["", "x" * 400, "x" * 401],
    "source.grade": ["unknown", "rumour"],
    "source.channel": ["pigeon", "paper"],
    "source.codes": [
        [],
        {"x": 5},
        {"x": "y"},
        {str(n): "x" for n in range(LIST)},
        {str(n): "x" for n in range(LIST + 1)},
        {"x" * 201: "y"},
    ],
    "door": ["back", "import", None],
    "reported_by": [None, {}, {"office": 5}, {"colour": "red"}],
    "expected_version": [None, -1, 3, True, "3", 2**63],
    "fact": [[], {}, None],
    "fact.colour": ["red"],
    "colour": ["red"],
}
"""What to put at which place of a full submission; some of it may stand there."""


@cache
def check_of(wire: str) -> Any:
    schema = submission_schema(wire)
    return jsonschema.Draft202012Validator(schema, format_checker=jsonschema.Draft202012Validator.FORMAT_CHECKER)


def agree(wire: str, data: Any) -> bool:
    """Return whether both take the submission; they say the same of it."""
    taken = not isinstance(read_submission(wire, json.dumps(data).encode()), Refusal)
    valid = check_of(wire).is_valid(data)
    assert valid == taken, (wire, taken, [error.message[:200] for error in check_of(wire).iter_errors(data)])
    return taken


@pytest.mark.parametrize("at", CHANGES)
@pytest.mark.parametrize("wire", [RELEASED, "custody.child-encountered.v1", "custody.notice-given.v1"])
def test_what_surrounds_a_fact_is_judged_alike(wire: str, at: str) -> None:
    """Identifiers, times, source, codes, door and version: what the schema takes is of the form, and nothing else."""
    told = set()
    for value in CHANGES[at]:
        data = changed(wire, at, value)
        if at == "expected_version":
            agree(wire, {**data, "door": "command"})
        told.add(agree(wire, data))
    assert told


@pytest.mark.parametrize("wire", WIRES)
def test_every_member_of_every_fact_is_judged_alike(wire: str) -> None:
    """Each member absent, null, of another type, outside its codes, too long, with too many items, at no time."""
    full = golden(wire)
    assert agree(wire, full)
    for member, value in full["fact"].items():
        without = deepcopy(full)
        del without["fact"][member]
        agree(wire, without)
        others: list[Any] = [None, 7, 0, -1, 2**64, True, "", "x" * 4001, "x" * 201, [], {}, ["x" * 201], [7], [None]]
        if isinstance(value, list):
            others += [value * (LIST + 1), value * (LIST // max(len(value), 1)), value * 1_001]
        if member in time_members(BY_WIRE[wire]):
            others += ["2022-03-04", "2022-03-04T13:20:00Z", *BEYOND, "2016-12-31T23:59:60Z", "2022-02-30"]
        if isinstance(value, dict):
            others += [{**value, "colour": "red"}, dict.fromkeys(value, 7)]
        for other in others:
            if BY_WIRE[wire] in SAFETY_FACTS and not check_of(wire).is_valid(changed(wire, f"fact.{member}", other)):
                continue  # a safety fact is recorded with what its schema does not take, and a finding
            agree(wire, changed(wire, f"fact.{member}", other))


def test_what_json_schema_cannot_say_is_refused_by_intake_alone() -> None:
    """A name given twice, the character U+0000 and too many bytes: `custody check` says them."""
    data = golden(RELEASED)
    assert check_of(RELEASED).is_valid(data)
    twice = orjson.dumps(data)[:-1] + b',"door":"feed"}'
    assert isinstance(read_submission(RELEASED, twice), Refusal)
    assert isinstance(read_submission(RELEASED, orjson.dumps(changed(RELEASED, "fact.relationship", "a\0b"))), Refusal)


def test_every_schema_has_a_name_of_its_own_and_every_fact_an_example_that_fits_it() -> None:
    """A validator finds one file from another by `$id`; the examples are the tests' own."""
    files = {name: orjson.loads(text) for name, text in documents().items() if name.endswith(".json")}
    assert [schema["$id"] for schema in files.values()] == [BASE + name.rpartition("/")[2] for name in files]
    for wire in WIRES:
        (example,) = files[f"docs/schemas/{wire}.json"]["examples"]
        assert check_of(wire).is_valid(example)
        assert isinstance(read_submission(wire, orjson.dumps(example)), tuple)
