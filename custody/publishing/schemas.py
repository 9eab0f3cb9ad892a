"""The published JSON Schemas (2020-12): every fact's submission, outcome, entry, feed item, receipt, alert, CloudEvent.

Submissions are derived from the models that read them, so that what is published is what is accepted: a test holds
the two beside each other. A reference to another file is relative to where it lies.
"""

from collections.abc import Sequence
from typing import Any, Final, get_args

from custody.publishing.words import SUBMISSION_MEMBERS, described
from ledger.agencies import AGENCIES, RECEIVERS
from ledger.entry import Door, Level, Subject
from ledger.facts import BY_WIRE, EARLIER, LEDGER_FACTS, FeedReceipted
from ledger.facts.questions import SAFETY_FACTS
from ledger.facts.vocabulary import DAY_SCHEMA, INSTANT_SCHEMA, category_of
from ledger.intake.receipt import WIRE as RECEIPT
from ledger.intake.submission import VERSION_AT_COMMANDS, model_of
from ledger.kafka.cloudevents import LONGEST_EXTENSION, LONGEST_NAME
from ledger.obligations.alerts import ALERT, ALERT_STATES
from ledger.obligations.vocabulary import KINDS
from ledger.sharing.batches import FEED_ITEM

DIALECT: Final = "https://json-schema.org/draft/2020-12/schema"

Schema = dict[str, Any]

BASE: Final = "https://custody-ledger.example/schemas/"
"""What every `$id` begins with: a name, not a place to fetch from."""

NAMED: Final[dict[str, Schema]] = {
    "Instant": INSTANT_SCHEMA,
    "Day": DAY_SCHEMA,
    "Text": {"type": "string", "maxLength": 4000},
    "Id": {"type": "string", "minLength": 1, "maxLength": 200},
    "Position": {"type": "integer", "minimum": 1, "maximum": 2**63 - 1},
}
"""Parts that stand in many schemas, and what a generator of classes shall call them."""

_INSTANT: Final[Schema] = {"type": "string", "format": "date-time"}
_DAY: Final[Schema] = {"type": "string", "format": "date"}
_UUID: Final[Schema] = {"type": "string", "format": "uuid"}
_TEXT: Final[Schema] = {"type": "string"}
_IDENTIFIER: Final[Schema] = {
    "type": "object",
    "properties": {"scheme": _TEXT, "value": _TEXT},
    "required": ["scheme", "value"],
}
_OF_RECORD: Final[Schema] = {
    "type": "object",
    "properties": {"scheme": _TEXT, "value": _TEXT, "record": _UUID},
    "required": ["scheme", "value", "record"],
}
_FINDING: Final[Schema] = {
    "type": "object",
    "description": "A remark a rule makes on an accepted entry; it never changes the entry.",
    "properties": {"code": _TEXT, "level": {"enum": list(get_args(Level))}, "message": _TEXT},
    "required": ["code", "level", "message"],
}


def submission_schema(wire: str) -> Schema:
    """Return the schema of the data of a submission of this type."""
    fact = BY_WIRE[wire]
    derived = _named(_plain(model_of(fact).model_json_schema()))
    definition = derived["$defs"][fact.__name__]
    for name, member in definition["properties"].items():
        member["description"] = described(wire, name)
        member["x-category"] = category_of(fact, name)
    for name, member in derived["properties"].items():
        if name in SUBMISSION_MEMBERS:
            member["description"] = SUBMISSION_MEMBERS[name]
    published: Schema = {
        "$schema": DIALECT,
        "title": wire,
        "description": definition["description"],
        "x-producers": list(fact.producers),
    }
    if fact in SAFETY_FACTS:
        published["x-safety-fact"] = True
    if fact in EARLIER:
        published["deprecated"] = True
    published |= {name: part for name, part in derived.items() if name != "title"}
    return published | {"allOf": [VERSION_AT_COMMANDS]}


def ledger_fact_schema(wire: str) -> Schema:
    """Return the schema of a fact about no child, as it stands under `fact` in its entry."""
    fact = LEDGER_FACTS[wire]
    definition = _named(_plain(fact.model_json_schema()))
    parts = definition.pop("$defs", {})
    for name, member in definition["properties"].items():
        member["description"] = described(wire, name)
        member["x-category"] = category_of(fact, name)
    schema = _object(wire, definition["description"], {"fact": {"$ref": f"#/$defs/{fact.__name__}"}}, all_required=True)
    return {**schema, "x-producers": list(fact.producers), "$defs": {**parts, fact.__name__: definition}}


def schema_of(wire: str) -> Schema:
    """Return the schema of any fact, as it is published under its wire name."""
    return ledger_fact_schema(wire) if wire in LEDGER_FACTS else submission_schema(wire)


def outcome_schema() -> Schema:
    """Return the schema of what becomes of a submission."""
    nullable_text = {"type": ["string", "null"]}
    return _object(
        "custody.outcome.v1",
        "What became of a submission. One may come twice, with the same `ce_id`: drop the repeat.",
        {
            "submission": {
                "type": "object",
                "description": "The submission's `ce_source` and `ce_id`.",
                "properties": {"source": nullable_text, "id": nullable_text},
                "required": ["source", "id"],
            },
            "status": {"enum": ["accepted", "duplicate", "refused"]},
            "position": {
                "type": ["integer", "null"],
                "description": "Of the entry; for a duplicate, of the entry the first one became.",
            },
            "child": {"anyOf": [_UUID, {"type": "null"}], "description": "The child's record."},
            "version": {
                "type": ["integer", "null"],
                "description": "The entry's number within its record, of the entries that may exist for its sender.",
            },
            "recorded_at": {"anyOf": [_INSTANT, {"type": "null"}], "description": "When the ledger accepted it."},
            "findings": {"type": "array", "items": _FINDING},
            "refusal": {
                "description": "Why nothing was recorded: the rule, the cure, and the member it stands at.",
                "anyOf": [
                    {
                        "type": "object",
                        "properties": {
                            "code": _TEXT,
                            "message": _TEXT,
                            "member": nullable_text,
                            "faults": {
                                "type": "array",
                                "description": "All that is wrong, the first one included: correct all at once.",
                                "items": {
                                    "type": "object",
                                    "properties": {"code": _TEXT, "message": _TEXT, "member": nullable_text},
                                    "required": ["code", "message", "member"],
                                },
                            },
                        },
                        "required": ["code", "message", "member"],
                    },
                    {"type": "null"},
                ],
            },
        },
        all_required=True,
    )


def entry_schema() -> Schema:
    """Return the schema of a message on `custody.entries`."""
    when = {"anyOf": [_INSTANT, _DAY]}
    properties: Schema = {
        "position": {"type": "integer", "minimum": 1, "description": "Rises from entry to entry, with gaps."},
        "child": {"anyOf": [_UUID, {"type": "null"}], "description": "The record; null where the subject is no child."},
        "version": {"type": "integer", "minimum": 1, "description": "The entry's number within its record."},
        "type": {"type": "string", "description": "The wire name of the fact, as it was submitted."},
        "subject": {"enum": list(get_args(Subject))},
        "recorded_at": {**_INSTANT, "description": "When the ledger accepted it; rises strictly with `position`."},
        "occurred_at": {"anyOf": [_INSTANT, _DAY, {"type": "null"}], "description": "When, as the producer says."},
        "known_since": {**when, "description": "Since when the producer says that it knew it."},
        "producer": {
            "type": "object",
            "properties": {
                "agency": {"enum": list(AGENCIES)},
                "office": {"type": ["string", "null"]},
                "user": {"type": ["string", "null"]},
                "system": {"type": "string", "description": "The submission's `ce_source`."},
            },
            "required": ["agency", "office", "user", "system"],
        },
        "door": {"enum": list(get_args(Door))},
        "source": {"type": "object", "description": "As in the submission."},
        "identifiers": {
            "type": "array",
            "items": _IDENTIFIER,
        },
        "findings": {"type": "array", "items": _FINDING},
        "submission": {
            "type": "object",
            "description": "The submission's `ce_id` and the digest its repeats are known by.",
            "properties": {"id": _TEXT, "digest": _TEXT},
            "required": ["id", "digest"],
        },
        "resolved": {
            "type": "object",
            "description": "Records that the fact names by an identifier, by member.",
            "additionalProperties": _UUID,
        },
        "extensions": {
            "type": "object",
            "description": "Other attributes of the submission's CloudEvent.",
            "additionalProperties": _TEXT,
        },
        "version_told": {
            "type": "integer",
            "minimum": 1,
            "description": "The version its producer was told, where the record holds what is protected from it.",
        },
        "unattached": {
            "type": "array",
            "description": "Identifiers sent with it that do not name the record: too many, or another's.",
            "items": _IDENTIFIER,
        },
        "released": {
            "type": "array",
            "description": "Identifiers that by this void name `record` no longer.",
            "items": _OF_RECORD,
        },
        "attached": {
            "type": "array",
            "description": "Identifiers released before that from this entry on name `record`.",
            "items": _OF_RECORD,
        },
        "fact": {"type": "object", "description": "As recorded, in the version that `type` names."},
    }
    schema = _object("custody.entries", "A fact at its place in the ledger.", properties)
    optional = ("resolved", "extensions", "version_told", "unattached", "released", "attached")
    schema["required"] = [name for name in properties if name not in optional]
    wires = sorted(BY_WIRE.keys() | LEDGER_FACTS.keys())
    schema["allOf"] = [_if_type(wire, "fact", f"{wire}.json#/properties/fact") for wire in wires]
    return schema


def receipt_schema() -> Schema:
    """Return the schema of a message on `custody.receipts.<agency>`: the members of the entry it becomes."""
    definition = _named(_plain(FeedReceipted.model_json_schema()))
    for name, member in definition["properties"].items():
        member["description"] = described(FeedReceipted.wire, name)
    for form in definition["properties"]["numbers"]["anyOf"]:
        if form["type"] == "array":
            form["uniqueItems"] = True
    given = {"not": {"type": "null"}}
    definition["oneOf"] = [
        {"required": [one], "properties": {one: given, other: {"type": "null"}}}
        for one, other in (("up_to", "numbers"), ("numbers", "up_to"))
    ]
    return {"$schema": DIALECT, "title": RECEIPT, **definition}


def feed_item_schema() -> Schema:
    """Return the schema of a message on `custody.feed.<agency>`."""
    when = {"anyOf": [_INSTANT, _DAY, {"type": "null"}]}
    return _object(
        FEED_ITEM,
        "What an agency is told: an entry, or as much of it as the agency may see.",
        {
            "number": {
                "type": "integer",
                "minimum": 1,
                "description": "On this feed: 1, 2, 3 and so on without a gap.",
            },
            "kind": {"enum": ["entry", "supplement"], "description": "supplement: an older entry, told later."},
            "position": {"type": "integer", "minimum": 1, "description": "Of the entry."},
            "child": {"anyOf": [_UUID, {"type": "null"}], "description": "The child's record."},
            "identifiers": {"type": "array", "items": _IDENTIFIER},
            "type": {"type": "string", "description": "The wire name of the fact."},
            "occurred_at": {**when, "description": "When, as the producer says; null: nobody knows."},
            "recorded_at": {**_INSTANT, "description": "When the ledger accepted the entry."},
            "producer_agency": {"enum": list(AGENCIES)},
            "fact": {"type": "object", "description": "The members the agency may see, as recorded."},
            "withheld": {
                "type": "array",
                "items": _TEXT,
                "description": "Names of the others; in a correction as `set.<member>`.",
            },
            "rule": {
                "type": "object",
                "description": "The set of sharing rules that decided.",
                "properties": {"id": _TEXT, "version": {"type": "integer", "minimum": 1}},
                "required": ["id", "version"],
            },
        },
        all_required=True,
    )


def alert_schema() -> Schema:
    """Return the schema of a message on `custody.alerts.<agency>`."""
    instant = {"anyOf": [_INSTANT, {"type": "null"}]}
    return _object(
        ALERT,
        "What becomes of a duty of the agency's own: one message for each duty and state.",
        {
            "number": {
                "type": "integer",
                "minimum": 1,
                "description": "On this topic: 1, 2, 3 and so on without a gap.",
            },
            "rule": {"type": "string", "description": "The rule of obligation, such as D10."},
            "version": {"type": "integer", "minimum": 1},
            "title": {"type": "string", "description": "What is owed, in words."},
            "kind": {"enum": list(KINDS), "description": "Where the duty comes from; a target binds nobody."},
            "state": {"enum": list(ALERT_STATES)},
            "obliged": {"enum": list(RECEIVERS), "description": "The agency of this topic."},
            "towards": {"type": ["string", "null"], "description": "Whom it is owed; null: nobody is named."},
            "opened_by": {"type": "integer", "minimum": 1, "description": "Position of the entry that opened it."},
            "due_at": {**instant, "description": "null: no limit was published, or nobody knows."},
            "met_at": {**instant, "description": "When it was done, if it was."},
            "days_late": {"type": ["integer", "null"], "description": "Days over, where the obliged office is."},
            "as_of": {**_INSTANT, "description": "The ledger time as of which this was so."},
            "child": {**_UUID, "description": "The record of the entry that opened it."},
            "identifiers": {"type": "array", "items": _IDENTIFIER, "description": "As they stand in that entry."},
        },
        all_required=True,
    )


def cloudevent_schema() -> Schema:
    """Return the schema of a submission in structured mode, as `custody submit` takes it line by line."""
    name = {"type": "string", "minLength": 1, "maxLength": LONGEST_NAME}
    schema = _object(
        "A submission as a CloudEvent",
        "Structured mode, content type `application/cloudevents+json`. (`source`, `id`) is the idempotency key.",
        {
            "specversion": {"const": "1.0"},
            "id": {**name, "description": "Unique within `source`; the same id with the same data is a repeat."},
            "source": {**name, "description": "The sending system, such as `/orr/uc-portal`."},
            "type": {"enum": sorted(BY_WIRE), "description": "The wire name of the fact."},
            "time": {**_INSTANT, "description": "When that system sent it, with an offset."},
            "datacontenttype": {"type": ["string", "null"], "description": "`application/json`, or absent."},
            "data": {"type": "object", "description": "The submission."},
            "data_base64": {"type": "string", "contentEncoding": "base64", "contentMediaType": "application/json"},
        },
    )
    schema["required"] = ["specversion", "id", "source", "type", "time"]
    schema["oneOf"] = [{"required": ["data"]}, {"required": ["data_base64"]}]
    schema["additionalProperties"] = {"type": ["string", "integer", "boolean", "null"], "maxLength": LONGEST_EXTENSION}
    schema["allOf"] = [_if_type(wire, "data", f"{wire}.json") for wire in sorted(BY_WIRE)]
    return schema


def published_as(file: str, schema: Schema, examples: Sequence[Any] = ()) -> Schema:
    """Return a schema as its file holds it: with the name it is known by, and examples."""
    known = {"$schema": schema["$schema"], "$id": BASE + file}
    return known | schema | ({"examples": list(examples)} if examples else {})


def _named(schema: Schema) -> Schema:
    """Put a reference where a part that has a name stands, and the parts so named among the definitions."""
    used: dict[str, Schema] = {}

    def walked(node: Any) -> Any:
        if isinstance(node, list):
            return [walked(inner) for inner in node]
        if not isinstance(node, dict):
            return node
        for name, part in NAMED.items():
            if node == part:
                used[name] = part
                return {"$ref": f"#/$defs/{name}"}
        return {key: walked(inner) for key, inner in node.items()}

    whole: Schema = walked(schema)
    return {**whole, "$defs": {**used, **whole.get("$defs", {})}} if used else whole


def _object(title: str, description: str, properties: Schema, *, all_required: bool = False) -> Schema:
    schema: Schema = {"$schema": DIALECT, "title": title, "description": description, "type": "object"}
    schema["properties"] = properties
    if all_required:
        schema["required"] = list(properties)
    return schema


def _if_type(wire: str, member: str, reference: str) -> Schema:
    return {
        "if": {"properties": {"type": {"const": wire}}},
        "then": {"properties": {member: {"$ref": reference}}},
    }


def _plain(node: Any, *, names: bool = False) -> Any:
    """Take out what pydantic adds for forms on a screen: titles, and a null as default; `names`: keys are members."""
    if isinstance(node, list):
        return [_plain(inner) for inner in node]
    if not isinstance(node, dict):
        return node
    return {
        key: _plain(inner, names=key in ("properties", "$defs") and not names)
        for key, inner in node.items()
        if names or not (key == "title" or (key == "default" and inner is None))
    }
