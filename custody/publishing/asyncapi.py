"""The AsyncAPI 3.0 document: the ledger's topics, what is sent on them, and in which schema.

Written from the ledger's side: it receives submissions and receipts and sends outcomes, entries, feeds and alerts.
"""

from collections.abc import Sequence
from typing import Any, Final

from custody.publishing.examples import example_event
from ledger import topics
from ledger.agencies import PRODUCERS, RECEIVERS, Agency, topic_suffix
from ledger.facts import BY_WIRE, EARLIER, LEDGER_FACTS
from ledger.intake.receipt import WIRE as RECEIPT
from ledger.kafka.cloudevents import LONGEST_NAME, STRUCTURED_TYPE
from ledger.obligations.alerts import ALERT
from ledger.rules.outcomes import WIRE as OUTCOME
from ledger.sharing.batches import FEED_ITEM

Node = dict[str, Any]

_BINDING: Final = "0.5.0"
_NAME: Final[Node] = {"type": "string", "minLength": 1, "maxLength": LONGEST_NAME}


def asyncapi_document(version: str) -> Node:
    """Return the document; `version` is the product's."""
    return {
        "asyncapi": "3.0.0",
        "info": {
            "title": "Custody Ledger",
            "version": version,
            "description": (
                "Agencies send what happened to a child in custody; the ledger answers each submission with one "
                "outcome, publishes every accepted fact as an entry, and tells each agency on its feed what it may "
                "know; the agency signs for it with receipts. All messages are CloudEvents 1.0 over Kafka. "
                f"The ledger writes binary mode and reads binary and structured mode ({STRUCTURED_TYPE})."
            ),
            "license": {"name": "Apache-2.0", "url": "https://www.apache.org/licenses/LICENSE-2.0"},
        },
        "defaultContentType": "application/json",
        "servers": {
            "kafka": {
                "host": "{bootstrap}",
                "protocol": "kafka",
                "description": "Apache Kafka; `custody status --json` names the embedded one.",
                "variables": {"bootstrap": {"default": "127.0.0.1:9092", "description": "Host and port of a broker."}},
            }
        },
        "channels": {
            "intake": _intake(),
            "outcomes": _outcomes(),
            "entries": _entries(),
            "feed": _feed(),
            "receipts": _receipts(),
            "alerts": _alerts(),
            "publications": _publications(),
        },
        "operations": _operations(),
        "components": {"messages": _messages()},
    }


def _intake() -> Node:
    topic = next(t for t in topics.TOPICS if t.name == topics.intake("ORR"))
    return {
        **_channel("custody.intake.{agency}", topic, "What an agency submits: one fact a message."),
        "messages": {name: _ref(f"components/messages/{name}") for name in _submission_names()},
    }


def _outcomes() -> Node:
    topic = next(t for t in topics.TOPICS if t.name == topics.outcomes("ORR"))
    return {
        **_channel("custody.outcomes.{agency}", topic, "What became of an agency's submissions and receipts."),
        "messages": {"outcome": _ref("components/messages/outcome")},
    }


def _entries() -> Node:
    topic = next(t for t in topics.TOPICS if t.name == topics.ENTRIES)
    channel = _channel(topics.ENTRIES, topic, "Every entry, in order per child, kept for ever.")
    del channel["parameters"]
    return {**channel, "messages": {"entry": _ref("components/messages/entry")}}


def _feed() -> Node:
    topic = next(t for t in topics.TOPICS if t.name == topics.feed("ORR"))
    description = "What an agency is told, in one order, numbers without a gap, kept for ever."
    return {
        **_channel("custody.feed.{agency}", topic, description, RECEIVERS),
        "messages": {"feed-item": _ref("components/messages/feed-item")},
    }


def _receipts() -> Node:
    topic = next(t for t in topics.TOPICS if t.name == topics.receipts("ORR"))
    return {
        **_channel("custody.receipts.{agency}", topic, "What an agency signs for on its own feed.", RECEIVERS),
        "messages": {"receipt": _ref("components/messages/receipt")},
    }


def _alerts() -> Node:
    topic = next(t for t in topics.TOPICS if t.name == topics.alerts("ORR"))
    description = "What becomes of an agency's own duties: one message for each duty and state, kept for ever."
    return {
        **_channel("custody.alerts.{agency}", topic, description, RECEIVERS),
        "messages": {"alert": _ref("components/messages/alert")},
    }


def _publications() -> Node:
    topic = next(t for t in topics.TOPICS if t.name == topics.PUBLICATIONS)
    description = "The ledger's own: what was put on which feed under which number, and when. Nobody else reads it."
    channel = _channel(topics.PUBLICATIONS, topic, description)
    del channel["parameters"]
    return channel


def _channel(address: str, topic: topics.Topic, description: str, agencies: Sequence[Agency] = PRODUCERS) -> Node:
    numbers = ("retention.ms", "retention.bytes", "max.message.bytes")
    config: Node = {key: int(text) if key in numbers else text for key, text in topic.config.items()}
    config["cleanup.policy"] = [config["cleanup.policy"]]
    return {
        "address": address,
        "description": description,
        "servers": [_ref("servers/kafka")],
        "parameters": {
            "agency": {
                "description": "The agency, in lower case.",
                "enum": [topic_suffix(agency) for agency in agencies],
            }
        },
        "bindings": {
            "kafka": {"partitions": topic.partitions, "topicConfiguration": config, "bindingVersion": _BINDING}
        },
    }


def _operations() -> Node:
    return {
        "receiveSubmission": {
            "action": "receive",
            "channel": _ref("channels/intake"),
            "summary": "The ledger takes a submission and decides it.",
            "messages": [_ref(f"channels/intake/messages/{name}") for name in _submission_names()],
            "reply": {
                "channel": _ref("channels/outcomes"),
                "messages": [_ref("channels/outcomes/messages/outcome")],
            },
        },
        "sendOutcome": {
            "action": "send",
            "channel": _ref("channels/outcomes"),
            "summary": "The ledger answers every submission once; an outcome may come twice with the same `ce_id`.",
            "messages": [_ref("channels/outcomes/messages/outcome")],
        },
        "sendEntry": {
            "action": "send",
            "channel": _ref("channels/entries"),
            "summary": "The ledger publishes every entry, each position exactly once.",
            "messages": [_ref("channels/entries/messages/entry")],
        },
        "sendFeedItem": {
            "action": "send",
            "channel": _ref("channels/feed"),
            "summary": "The ledger tells an agency what the sharing rules let it know, each number exactly once.",
            "messages": [_ref("channels/feed/messages/feed-item")],
        },
        "sendAlert": {
            "action": "send",
            "channel": _ref("channels/alerts"),
            "summary": "The ledger alerts an agency to what it owes, each number exactly once.",
            "messages": [_ref("channels/alerts/messages/alert")],
        },
        "receiveReceipt": {
            "action": "receive",
            "channel": _ref("channels/receipts"),
            "summary": "The ledger takes a receipt and holds it to what was published.",
            "messages": [_ref("channels/receipts/messages/receipt")],
            "reply": {
                "channel": _ref("channels/outcomes"),
                "messages": [_ref("channels/outcomes/messages/outcome")],
            },
        },
    }


def _messages() -> Node:
    messages: Node = {}
    for wire, name in zip(sorted(BY_WIRE), _submission_names(), strict=True):
        fact = BY_WIRE[wire]
        messages[name] = {
            "name": wire,
            "title": wire,
            "summary": (fact.__doc__ or "").partition("\n")[0],
            "contentType": "application/json",
            "headers": _headers(wire, "Sent by the agency; other `ce_` headers are kept as extensions."),
            "payload": {"$ref": f"schemas/{wire}.json"},
            "correlationId": {"location": "$message.header#/ce_id"},
            "bindings": _key("First identifier of `child`, as `scheme:value`: it keeps a child's messages in order."),
            "x-producers": list(fact.producers),
            "examples": [_example(wire)],
        }
        if fact in EARLIER:
            messages[name]["description"] = "An earlier version: still accepted, read as the current one."
    messages["outcome"] = {
        "name": OUTCOME,
        "title": "Outcome",
        "summary": "What became of a submission or a receipt.",
        "contentType": "application/json",
        "headers": _headers(OUTCOME, "Repeats of an outcome carry the same `ce_id`."),
        "payload": {"$ref": "schemas/outcome.json"},
        "correlationId": {"location": "$message.payload#/submission/id"},
        "bindings": _key("The submission's `ce_id`."),
    }
    entry_headers = _headers(None, "`ce_type` is the wire name of the fact, `ce_id` the position.")
    entry_headers["properties"]["ce_previous"] = {
        "type": "string",
        "pattern": "^[0-9]+$",
        "description": "The preceding position: a reader of several partitions sees that nothing is missing.",
    }
    entry_headers["required"].append("ce_previous")
    entry_headers["properties"]["ce_seal"] = {
        "type": "string",
        "pattern": "^[0-9a-f]{32}$",
        "description": "By it the ledger knows again what it wrote; only it has the key. Older entries have none.",
    }
    messages["entry"] = {
        "name": "entry",
        "title": "Entry",
        "summary": "A fact at its place in the ledger.",
        "contentType": "application/json",
        "headers": entry_headers,
        "payload": {"$ref": "schemas/entry.json"},
        "bindings": _key("The record, a UUID: a child's, or that of the agency or of the ledger that it is about."),
    }
    messages["feed-item"] = {
        "name": FEED_ITEM,
        "title": "Feed item",
        "summary": "What an agency is told.",
        "contentType": "application/json",
        "headers": _headers(FEED_ITEM, "`ce_id` is the agency and the number, `ce_time` the time of publication."),
        "payload": {"$ref": "schemas/feed-item.json"},
    }
    messages["alert"] = {
        "name": ALERT,
        "title": "Alert",
        "summary": "What becomes of a duty of the agency's own.",
        "contentType": "application/json",
        "headers": _headers(ALERT, "`ce_id` is the agency and the number, `ce_time` the time as of which it was so."),
        "payload": {"$ref": "schemas/alert.json"},
    }
    messages["receipt"] = {
        "name": RECEIPT,
        "title": "Receipt",
        "summary": "What an agency signs for.",
        "contentType": "application/json",
        "headers": _headers(RECEIPT, "Sent by the agency; other `ce_` headers are kept as extensions."),
        "payload": {"$ref": "schemas/receipt.json"},
        "correlationId": {"location": "$message.header#/ce_id"},
    }
    return messages


def _example(wire: str) -> Node:
    event = example_event(wire)
    headers = {f"ce_{name}": event[name] for name in ("specversion", "id", "source", "type", "time")}
    return {"headers": {**headers, "content-type": "application/json"}, "payload": event["data"]}


def _headers(wire: str | None, description: str) -> Node:
    return {
        "type": "object",
        "description": description,
        "properties": {
            "ce_specversion": {"type": "string", "const": "1.0"},
            "ce_id": _NAME,
            "ce_source": _NAME,
            "ce_type": {"type": "string", "enum": sorted(BY_WIRE.keys() | LEDGER_FACTS.keys())}
            if wire is None
            else {"const": wire},
            "ce_time": {"type": "string", "format": "date-time"},
            "content-type": {"type": "string", "const": "application/json"},
        },
        "required": ["ce_specversion", "ce_id", "ce_source", "ce_type", "ce_time", "content-type"],
    }


def _key(description: str) -> Node:
    return {"kafka": {"key": {"type": "string", "description": description}, "bindingVersion": _BINDING}}


def _submission_names() -> list[str]:
    """Return the messages' names in the document: `handoff-accepted-v1`, in the order of the wire names."""
    return [wire.removeprefix("custody.").replace(".", "-") for wire in sorted(BY_WIRE)]


def _ref(path: str) -> Node:
    return {"$ref": f"#/{path}"}
