"""What is published about the messages is true, in step with the code, and never takes a promise back."""

import json
import re
from copy import deepcopy
from functools import cache
from pathlib import Path
from typing import Any

import jsonschema
import orjson
import pytest
import yaml
from jsonschema.protocols import Validator
from referencing import Registry, Resource

from custody.publishing import documents
from custody.publishing.schemas import (
    cloudevent_schema,
    entry_schema,
    feed_item_schema,
    outcome_schema,
    published_as,
    receipt_schema,
    schema_of,
    submission_schema,
)
from custody.publishing.words import FACT_MEMBERS, described
from ledger.agencies import PRODUCERS
from ledger.facts import BY_WIRE, LEDGER_FACTS, Fact, short_name
from ledger.facts.questions import SAFETY_FACTS
from ledger.intake.receipt import WIRE as RECEIPT
from ledger.intake.receipt import read_receipt
from ledger.intake.submission import Refusal, read_submission
from ledger.kafka.cloudevents import STRUCTURED_HEADERS, Message, read_message
from ledger.rules.outcomes import outcome, refusal_members
from ledger.topics import TOPICS
from tests.golden.making import ENTRIES, LEDGER_ENTRIES, SUBMISSIONS
from tests.integration.receipting import item

WIRES = sorted(BY_WIRE)
RELEASED = "custody.released-to-sponsor.v1"
ASYNCAPI = Path(__file__).parents[1] / "data" / "asyncapi-3.0.0.json"

Schema = dict[str, Any]


@cache
def registry() -> Registry[Any]:
    """Return the published schemas as they refer to each other, file beside file."""
    schemas = [published_as(f"{wire}.json", schema_of(wire)) for wire in documents.EVERY_WIRE]
    return Registry().with_resources(
        (name, Resource.from_contents(schema))
        for schema in schemas
        for name in (schema["$id"], schema["$id"].rpartition("/")[2])
    )


def validator(schema: Schema) -> Validator:
    jsonschema.Draft202012Validator.check_schema(schema)
    return jsonschema.Draft202012Validator(
        schema, registry=registry(), format_checker=jsonschema.Draft202012Validator.FORMAT_CHECKER
    )


@cache
def entry_check() -> Validator:
    return validator(entry_schema())


@cache
def event_check() -> Validator:
    return validator(cloudevent_schema())


def submission(wire: str) -> dict[str, Any]:
    data: dict[str, Any] = orjson.loads((SUBMISSIONS / f"{wire}.json").read_bytes())
    return data


# --- in step with the code


def test_the_committed_files_are_in_step_with_the_code() -> None:
    """Nobody reads a schema, a catalogue or a reference that is older than the code beside it."""
    assert list(documents.out_of_step(documents.ROOT)) == []


def test_no_shipped_promise_is_broken() -> None:
    """Everything a wire name ever accepted is accepted today; what is accepted today is promised from now on."""
    assert list(documents.broken_promises(documents.BASELINES)) == []


def test_the_check_names_each_file_that_is_missing_stale_or_of_no_use(tmp_path: Path) -> None:
    """The check says which file to look at, and a schema left behind does not go unseen."""
    for name, text in documents.documents().items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text, encoding="utf-8")
    assert list(documents.out_of_step(tmp_path)) == []
    (tmp_path / "docs/facts.md").write_text("old", encoding="utf-8")
    (tmp_path / "docs/schemas/outcome.json").unlink()
    (tmp_path / "docs/schemas/custody.gone.v1.json").write_text("{}", encoding="utf-8")
    assert sorted(finding.partition(" ")[0] for finding in documents.out_of_step(tmp_path)) == [
        "docs/facts.md",
        "docs/schemas/custody.gone.v1.json",
        "docs/schemas/outcome.json",
    ]


def test_the_check_names_promises_that_were_broken(tmp_path: Path) -> None:
    """A wire name gone, one without a baseline, one narrowed and one that outgrew its baseline are all told."""
    for path in documents.BASELINES.glob("*.json"):
        (tmp_path / path.name).write_bytes(path.read_bytes())
    (tmp_path / "custody.nta-filed.v1.json").unlink()
    (tmp_path / "custody.gone.v1.json").write_text("{}", encoding="utf-8")
    wider, narrower = submission_schema(RELEASED), submission_schema("custody.nta-issued.v1")
    wider["$defs"]["ReleasedToSponsor"]["properties"]["sponsor_email"] = {"type": "string"}
    del narrower["$defs"]["NtaIssued"]["properties"]["court"]
    (tmp_path / f"{RELEASED}.json").write_text(json.dumps(wider), encoding="utf-8")
    (tmp_path / "custody.nta-issued.v1.json").write_text(json.dumps(narrower), encoding="utf-8")
    found = "\n".join(documents.broken_promises(tmp_path))
    assert "custody.gone.v1 was shipped and is gone" in found
    assert "custody.nta-filed.v1 has no baseline" in found
    assert f"{RELEASED}: fact.sponsor_email: is no longer a member" in found
    assert "custody.nta-issued.v1 accepts more than its baseline promises" in found
    assert len(found.splitlines()) == 4


def test_the_command_exits_0_only_when_all_is_in_step(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """`--check` is what continuous integration runs: 0, or 1 with each file named."""
    assert documents.main(["--check"]) == 0
    monkeypatch.setattr(documents, "ROOT", tmp_path)
    (tmp_path / "pyproject.toml").write_text('[project]\nversion = "0.1.0"\n', encoding="utf-8")
    assert documents.main(["--check"]) == 1
    assert documents.main([]) == 0
    assert documents.main(["--check"]) == 0


# --- the schemas accept what is accepted


@pytest.mark.parametrize("wire", WIRES)
def test_a_schema_accepts_the_example_and_refuses_what_the_ledger_refuses(wire: str) -> None:
    """An agency that checks against the schema before it sends learns there what intake would tell it later."""
    check = validator(submission_schema(wire))
    data = submission(wire)
    assert list(check.iter_errors(data)) == []
    for spoil in (_extra_member, _no_source, _no_fact_member, _wrong_time, _wrong_scheme):
        bad = deepcopy(data)
        spoil(bad)
        if bad != data:
            assert list(check.iter_errors(bad)), spoil.__name__
            if spoil is not _wrong_time or BY_WIRE[wire] not in SAFETY_FACTS:  # those are recorded all the same
                assert isinstance(read_submission(wire, orjson.dumps(bad)), Refusal), spoil.__name__


def _extra_member(data: dict[str, Any]) -> None:
    data["fact"]["adress"] = 1


def _no_source(data: dict[str, Any]) -> None:
    del data["source"], data["door"]


def _no_fact_member(data: dict[str, Any]) -> None:
    required = [name for name, field in BY_WIRE[_wire_of(data)].model_fields.items() if field.is_required()]
    for name in required[:1]:
        del data["fact"][name]


def _wire_of(data: dict[str, Any]) -> str:
    return next(wire for wire in WIRES if BY_WIRE[wire].model_fields.keys() == data["fact"].keys())


def _wrong_time(data: dict[str, Any]) -> None:
    data["occurred_at"] = 20220304


def _wrong_scheme(data: dict[str, Any]) -> None:
    data["child"][0]["scheme"] = "passport"


@pytest.mark.parametrize("wire", sorted(documents.EVERY_WIRE))
def test_an_entry_is_described_by_the_entry_schema(wire: str) -> None:
    """Readers of `custody.entries` can check every entry, its fact included, whether or not it is about a child."""
    check = entry_check()
    entry = orjson.loads(((LEDGER_ENTRIES if wire in LEDGER_FACTS else ENTRIES) / f"{wire}.json").read_bytes())
    assert list(check.iter_errors(entry)) == []
    entry["fact"]["adress"] = {}
    assert list(check.iter_errors(entry))


@pytest.mark.parametrize("wire", WIRES)
def test_a_structured_event_is_described_by_the_cloudevent_schema(wire: str) -> None:
    """What `custody submit` takes line by line can be checked as a whole, and reading agrees."""
    check = event_check()
    event: dict[str, Any] = {
        "specversion": "1.0",
        "id": "m-1",
        "source": "/orr/uc-portal",
        "type": wire,
        "time": "2022-03-04T13:25:00-06:00",
        "data": submission(wire),
    }
    assert list(check.iter_errors(event)) == []
    assert isinstance(read_message(STRUCTURED_HEADERS, orjson.dumps(event)), Message)
    for missing in ("id", "source", "type", "time", "specversion", "data"):
        assert list(check.iter_errors({name: part for name, part in event.items() if name != missing})), missing
    assert list(check.iter_errors({**event, "data": {}}))


def test_outcomes_are_described_by_the_outcome_schema() -> None:
    """Accepted, duplicate and refused all have the one shape."""
    check = validator(outcome_schema())
    refusal = refusal_members(Refusal("H6", "outside its code list", "fact.kind"))
    finding = {"code": "C1", "level": "warn", "message": "no handoff was started"}
    child = "0195e000-0000-7000-8000-000000000017"
    bodies = [
        outcome(source="/s", id="1", status="refused", refusal=refusal),
        outcome(source=None, id="1", status="refused", refusal=refusal),
        outcome(
            source="/s",
            id="1",
            status="accepted",
            position=7,
            child=child,
            version=2,
            recorded_at="2024-09-01T12:30:15.123456Z",
            findings=[finding],
        ),
    ]
    for body in bodies:
        assert list(check.iter_errors(orjson.loads(body))) == []
    assert list(check.iter_errors({**orjson.loads(bodies[0]), "status": "lost"}))


RECEIPTS: dict[str, Any] = {
    "up_to": {"up_to": 1, "grade": "delivered"},
    "numbers": {"numbers": [2, 1], "up_to": None, "grade": "opened", "by": {"office": "x"}},
    "neither": {"grade": "delivered"},
    "null": {"up_to": None, "grade": "delivered"},
    "both": {"up_to": 1, "numbers": [1], "grade": "delivered"},
    "twice": {"numbers": [1, 1], "grade": "delivered"},
    "nothing": {"numbers": [], "grade": "delivered"},
    "zero": {"up_to": 0, "grade": "delivered"},
    "grade": {"up_to": 1, "grade": "told"},
    "feed": {"up_to": 1, "grade": "delivered", "feed": "orr"},
    "at": {"up_to": 1, "grade": "delivered", "at": "2022-03-04T13:20:00-06:00"},
    "time": {"up_to": 1, "grade": "delivered", "at": 20220304},
}


@pytest.mark.parametrize("what", RECEIPTS)
def test_the_receipt_schema_accepts_what_the_ledger_accepts(what: str) -> None:
    """An agency that checks its receipts before it sends them learns there what intake would tell it later."""
    wrong = list(validator(receipt_schema()).iter_errors(RECEIPTS[what]))
    refused = isinstance(read_receipt("ORR", RECEIPT, orjson.dumps(RECEIPTS[what])), Refusal)
    assert bool(wrong) == refused == (what not in ("up_to", "numbers", "at"))


def test_an_item_of_the_feed_is_described_by_its_schema() -> None:
    """What stands on a feed can be checked, and what the client cannot read the schema does not accept."""
    check = validator(feed_item_schema())
    assert list(check.iter_errors(item(1))) == []
    assert list(check.iter_errors(item(1, occurred_at=None, kind="supplement"))) == []
    spoilt: tuple[dict[str, Any], ...] = (
        {"number": 0},
        {"kind": "told"},
        {"withheld": None},
        {"rule": {}},
        {"occurred_at": 2022},
    )
    for wrong in spoilt:
        assert list(check.iter_errors(item(1) | wrong)), wrong


@pytest.mark.parametrize("wire", WIRES)
def test_a_schema_says_who_may_produce_the_fact_and_which_category_each_member_is_of(wire: str) -> None:
    """Producers and categories are published, so that no agency has to guess who will see what."""
    schema = submission_schema(wire)
    fact = BY_WIRE[wire]
    assert schema["x-producers"] == list(fact.producers)
    members = schema["$defs"][fact.__name__]["properties"]
    assert members.keys() == fact.model_fields.keys()
    assert all(member["x-category"] and member["description"] for member in members.values())


def test_every_member_is_described_and_no_description_is_left_over() -> None:
    """A new member needs a sentence; a sentence about a member that is gone would mislead."""
    used = set()
    facts: dict[str, type[Fact]] = {**BY_WIRE, **LEDGER_FACTS}
    for wire, fact in facts.items():
        for member in fact.model_fields:
            special = f"{short_name(wire)}.{member}"
            used.add(special if special in FACT_MEMBERS else member)
            assert described(wire, member).endswith(".")
    assert used == FACT_MEMBERS.keys()


# --- AsyncAPI


@cache
def asyncapi() -> dict[str, Any]:
    document: dict[str, Any] = yaml.safe_load((documents.ROOT / "docs/asyncapi.yaml").read_text("utf-8"))
    return document


def test_the_asyncapi_document_is_asyncapi_3() -> None:
    """It validates against AsyncAPI's own schema, so that code generators take it."""
    check = jsonschema.Draft7Validator(json.loads(ASYNCAPI.read_text("utf-8")))
    assert [error.message for error in check.iter_errors(asyncapi())] == []
    broken = deepcopy(asyncapi())
    del broken["channels"]["intake"]["messages"]["handoff-accepted-v1"]["$ref"]
    broken["operations"]["sendEntry"]["action"] = "publish"
    assert list(check.iter_errors(broken))


def test_every_reference_of_the_asyncapi_document_leads_somewhere() -> None:
    """Local references resolve, and each payload is a published file."""
    document = asyncapi()
    references = re.findall(r"\$ref: '?([^'\n]+)", (documents.ROOT / "docs/asyncapi.yaml").read_text("utf-8"))
    assert len(references) > len(WIRES) * 3
    for reference in references:
        if reference.startswith("#/"):
            target: Any = document
            for step in reference[2:].split("/"):
                target = target[step]
        else:
            assert (documents.ROOT / "docs" / reference).is_file(), reference


def test_the_asyncapi_document_names_the_topics_that_exist() -> None:
    """Addresses, agencies, partitions and retention are those the topics are made with."""
    channels = asyncapi()["channels"]
    described_topics = {}
    for channel in channels.values():
        binding = channel["bindings"]["kafka"]
        for agency in channel.get("parameters", {}).get("agency", {}).get("enum", [""]):
            described_topics[channel["address"].format(agency=agency)] = binding
    made = {topic.name: topic for topic in TOPICS}
    assert described_topics.keys() == made.keys()
    assert len(channels["intake"]["parameters"]["agency"]["enum"]) == len(PRODUCERS)
    for name, binding in described_topics.items():
        assert binding["partitions"] == made[name].partitions
        assert {
            key: value[0] if isinstance(value, list) else str(value)
            for key, value in binding["topicConfiguration"].items()
        } == made[name].config


def test_every_fact_is_a_message_of_the_asyncapi_document() -> None:
    """A client generated from the document can send every fact under its wire name."""
    messages = asyncapi()["components"]["messages"]
    others = {"custody.outcome.v1", "entry", "custody.feed-item.v1", "custody.receipt.v1", "custody.alert.v1"}
    assert {message["name"] for message in messages.values()} == {*WIRES} | others
    for message in messages.values():
        assert set(message["headers"]["required"]) >= {"ce_id", "ce_source", "ce_type", "ce_time", "ce_specversion"}
