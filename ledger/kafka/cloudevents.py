"""CloudEvents 1.0 on Kafka: what arrives is read in binary and structured mode, what we send is written in binary.

Whatever arrives gives a `Message` or an `Unreadable`, never an exception. A reason says what to change at the
sender; it may name an attribute and never repeats what the message says. Kafka binding, section 3: header values
are UTF-8 strings as they are, nothing is percent-encoded; a `content-type` that begins with
`application/cloudevents` means structured mode, any other means binary.

Clients write the same events in other clothes, too: HTTP's header names, a whole event as the value without its content
type, a list of one event, Confluent's five bytes before the JSON, the wrapper of Kafka Connect. Where the meaning is
certain such an event is read; where it is not, its sender is told, as long as id and source can be found.
"""

import binascii
from base64 import b64decode
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final, NamedTuple

import orjson

from ledger.intake.forbidden import shown_name
from ledger.times import parse_instant
from ledger.topics import LARGEST_MESSAGE_BYTES

STRUCTURED_TYPE: Final = "application/cloudevents+json"
STRUCTURED_HEADERS: Final[list[tuple[str, bytes]]] = [("content-type", STRUCTURED_TYPE.encode())]

LONGEST_NAME: Final = 256
"""Characters of an id, source, type or extension name: they are keys of tables and are shown in answers."""
LONGEST_EXTENSION: Final = 4096
MOST_EXTENSIONS: Final = 64

MOST_EVENTS: Final = 1000
"""Of a list of events in one record, so many senders' ids are answered."""

_ANY_TIME: Final = b"2000-01-01T00:00:00Z"
_JSON_TYPE: Final = b"application/json"
_BATCH_TYPE: Final = "application/cloudevents-batch+json"
_CORE: Final = ("id", "source", "type", "specversion", "time")
_USUAL: Final = {"content-type": "content-type", **{f"ce_{name}": name for name in _CORE}}
_PREFIXES: Final = ("ce_", "ce-", "cloudevents:", "cloudevents_")
"""Of attributes as headers: Kafka's binding, and those of HTTP and AMQP, which some clients write on Kafka, too."""
_CONTENT_TYPES: Final = ("contenttype", "content_type")
"""What Spring and others call the header `content-type`."""
_MEMBERS: Final = frozenset((*_CORE, "data", "data_base64", "datacontenttype"))
_ONE_EVENT: Final = f"send one event a record, as {STRUCTURED_TYPE} in UTF-8 or in binary mode"


class Message(NamedTuple):
    """One attributable event.

    `time_given` is `time` as the sender wrote it; `data` is the JSON of the data; `extensions` holds every other
    attribute by its CloudEvents name, without `ce_`.
    """

    id: str
    source: str
    type: str
    time: datetime
    time_given: str
    extensions: Mapping[str, str]
    data: bytes


class Unreadable(NamedTuple):
    """An event that cannot be read; with both `id` and `source` its sender can still be told so."""

    reason: str
    id: str | None
    source: str | None
    also: tuple[tuple[str, str], ...] = ()
    """(source, id) of the further events that one record holds."""


def read_message(headers: Sequence[tuple[str, bytes | None]], value: bytes | None) -> Message | Unreadable:
    """Read one Kafka record. Raises nothing."""
    given: dict[str, str] = {}
    content_type: bytes | None = None
    other_type: bytes | None = None
    flaw: str | None = None
    for written, raw in headers:
        name = _USUAL.get(written) or _attribute(written)
        if name is None:
            if written.lower() in _CONTENT_TYPES:
                other_type = (raw or b"").strip(b' "')
            continue
        if name == "content-type":
            if content_type is not None:
                return _unreadable(given, "header content-type stands twice; send each header once")
            content_type = (raw or b"").strip()
        elif raw is None:
            flaw = flaw or f"header ce_{_shown(name)} has no value; leave it out or give it one"
        elif name in given:
            flaw = flaw or f"header ce_{_shown(name)} stands twice; send each header once"
            if given[name].encode("utf-8", "surrogatepass") != raw:
                given[name] = ""  # two ids are no id: the message is attributed to neither
        else:
            try:
                given[name] = raw.decode()
            except UnicodeDecodeError:
                flaw = flaw or f"header ce_{_shown(name)} is not UTF-8; encode header values as UTF-8"
    if content_type is None:
        content_type = other_type
    if content_type is not None and content_type != _JSON_TYPE:
        if content_type[:23].lower() == b"application/cloudevents":
            return _structured(content_type, value)
        flaw = flaw or _type_flaw(content_type.decode("utf-8", "replace"))
    if value is None:
        flaw = flaw or (
            "the record has no value: nothing can be taken back by a tombstone; send custody.entry-voided.v1"
        )
    elif value[:1] in _BEFORE_JSON and value:
        value = _bare(value)
    if value and not all(name in given for name in _CORE):
        event = _enveloped(given, value, content_type)
        if event is not None:
            return event
    return _message(given, value, flaw, "header ce_")


def read_but_for_time(headers: Sequence[tuple[str, bytes | None]], value: bytes | None) -> tuple[Message, str] | None:
    """Read an event that only its `time` keeps from being read; return what stands in that place, too.

    The message's own time says nothing. None: the event has other faults, or none.
    """
    times = [raw for name, raw in headers if _attribute(name) == "time"]
    others = [(name, raw) for name, raw in headers if _attribute(name) != "time"]
    message = read_message([*others, ("ce_time", _ANY_TIME)], value)
    if isinstance(message, Message) and message.time_given == _ANY_TIME.decode():
        return message, b", ".join(raw or b"" for raw in times).decode("utf-8", "replace")
    try:
        envelope = orjson.loads(_bare(value or b""))
    except orjson.JSONDecodeError:
        return None
    if not isinstance(envelope, dict):
        return None
    given = envelope.get("time")
    message = read_message(headers, orjson.dumps({**envelope, "time": _ANY_TIME.decode()}))
    if isinstance(message, Unreadable):
        return None
    return message, "" if given is None else given if isinstance(given, str) else orjson.dumps(given).decode()


def _attribute(header: str) -> str | None:
    """Return the attribute's name that a header stands for, whatever its case; None for other people's headers."""
    name = header.lower()
    if name == "content-type":
        return name
    for prefix in _PREFIXES:
        if name.startswith(prefix):
            return name[len(prefix) :]
    return None


def binary_headers(
    *, id: str, source: str, type: str, time: str, extra: Sequence[tuple[str, str]] = ()
) -> list[tuple[str, bytes]]:
    """Return the headers of an event in binary mode; `extra` holds extension attributes, named without `ce_`."""
    headers = [
        ("ce_specversion", b"1.0"),
        ("ce_id", id.encode()),
        ("ce_source", source.encode()),
        ("ce_type", type.encode()),
        ("ce_time", time.encode()),
        ("content-type", _JSON_TYPE),
    ]
    if extra:
        headers += [(f"ce_{name}", text.encode()) for name, text in extra]
    return headers


def structured(*, id: str, source: str, type: str, time: str, data: bytes) -> bytes:
    """Return an event in structured mode, to be sent with `STRUCTURED_HEADERS`; `data` is JSON and stays as it is."""
    return orjson.dumps(
        {
            "specversion": "1.0",
            "id": id,
            "source": source,
            "type": type,
            "time": time,
            "datacontenttype": "application/json",
            "data": orjson.Fragment(data),
        }
    )


def _message(given: dict[str, str], data: bytes | None, flaw: str | None, prefix: str) -> Message | Unreadable:
    """Check the attributes; `prefix` says where they stood, for the reason."""
    try:
        id, source, type = given["id"], given["source"], given["type"]
        version, written = given["specversion"], given["time"]
        time = parse_instant(written)
    except (KeyError, ValueError) as error:
        return _unreadable(given, flaw or _absent_flaw(given, prefix, error))
    if (
        flaw is not None
        or version != "1.0"
        or not 0 < len(id) <= LONGEST_NAME
        or not 0 < len(source) <= LONGEST_NAME
        or not 0 < len(type) <= LONGEST_NAME
        or len(written) > LONGEST_NAME
        or "\0" in id
        or "\0" in source
        or "\0" in type
    ):
        return _unreadable(given, flaw or _core_flaw(given, prefix))
    extensions: dict[str, str] = {}
    if len(given) > len(_CORE):
        extensions = {name: text for name, text in given.items() if name not in _CORE}
        flaw = _extension_flaw(extensions, prefix)
        if flaw is not None:
            return Unreadable(flaw, id, source)
    return Message(id, source, type, time, written, extensions, data or b"")


def _unreadable(given: Mapping[str, str], reason: str) -> Unreadable:
    """Keep id and source only where they can be used as keys."""
    return Unreadable(reason, _usable(given.get("id")), _usable(given.get("source")))


def _usable(text: str | None) -> str | None:
    return text if text and len(text) <= LONGEST_NAME and "\0" not in text else None


def _absent_flaw(given: Mapping[str, str], prefix: str, error: Exception) -> str:
    for name in _CORE:
        if name not in given:
            return f"{prefix}{name} is missing; id, source, type, specversion and time are required"
    return f"{prefix}time: {error}"


def _core_flaw(given: Mapping[str, str], prefix: str) -> str:
    for name in ("id", "source", "type", "time"):
        if not given[name]:
            return f"{prefix}{name} is empty"
        if len(given[name]) > LONGEST_NAME:
            return f"{prefix}{name} is longer than {LONGEST_NAME} characters; shorten it"
        if "\0" in given[name]:
            return f"{prefix}{name} contains a NUL character; leave it out"
    return f"{prefix}specversion is not 1.0; send CloudEvents 1.0"


def _extension_flaw(extensions: Mapping[str, str], prefix: str) -> str | None:
    if len(extensions) > MOST_EXTENSIONS:
        return f"more than {MOST_EXTENSIONS} extension attributes; send fewer"
    for name, text in extensions.items():
        if not 0 < len(name) <= LONGEST_NAME:
            return f"an extension's name is empty or longer than {LONGEST_NAME} characters"
        if len(text) > LONGEST_EXTENSION:
            return f"{prefix}{_shown(name)} is longer than {LONGEST_EXTENSION} characters; put it into the data"
        if "\0" in text or "\0" in name:
            return f"{prefix}{_shown(name)} contains a NUL character; leave it out"
    return None


def _structured(content_type: bytes, value: bytes | None) -> Message | Unreadable:
    """Read the envelope; headers that repeat its attributes do not count (Kafka binding, 3.3.3)."""
    media, _, parameters = content_type.decode("utf-8", "replace").lower().partition(";")
    flaw = None
    if media.strip() not in (STRUCTURED_TYPE, _BATCH_TYPE, "application/cloudevents") or _charset_flaw(parameters):
        flaw = f"this CloudEvents format is not read here; {_ONE_EVENT}"
    if value is None:
        return Unreadable("the record has no value; the event in structured mode belongs there", None, None)
    if len(value) > LARGEST_MESSAGE_BYTES:
        return Unreadable(f"{len(value)} bytes; more than {LARGEST_MESSAGE_BYTES} are not read", None, None)
    try:
        parsed = orjson.loads(_bare(value))
    except orjson.JSONDecodeError:
        return Unreadable(flaw or "the value is not JSON in UTF-8; structured mode is one JSON object", None, None)
    if isinstance(parsed, list) and _are_events(parsed):
        return _of_list(parsed, flaw)
    if media.strip() == _BATCH_TYPE and not _is_event(parsed):
        flaw = f"the value is no list of events; {_ONE_EVENT}"
    envelope = _unwrapped(parsed)
    if not isinstance(envelope, dict):
        return Unreadable(flaw or "the value is JSON, but no object; structured mode is one JSON object", None, None)
    return _from_envelope(envelope, flaw)


def _enveloped(given: Mapping[str, str], value: bytes, content_type: bytes | None) -> Message | Unreadable | None:
    """Read a whole event that stands as the value, though no content type says so; None where the value is none."""
    if len(value) > LARGEST_MESSAGE_BYTES:
        return None
    try:
        parsed = orjson.loads(value)
    except orjson.JSONDecodeError:
        return None
    flaw = None
    if content_type is not None and _charset_flaw(content_type.decode("utf-8", "replace").partition(";")[2]):
        flaw = _type_flaw(content_type.decode("utf-8", "replace"))
    if isinstance(parsed, list) and not given and _are_events(parsed):
        return _of_list(parsed, flaw)
    envelope = _unwrapped(parsed)
    if not _is_event(envelope):
        return None
    if any(text != envelope.get(name) for name, text in given.items() if name in _CORE):
        return Unreadable(
            "the headers and the event that stands as the value name different attributes; send them in one place",
            None,
            None,
        )
    return _from_envelope(envelope, flaw)


_BEFORE_JSON: Final = (b"\0", b"\xef")


def _bare(value: bytes) -> bytes:
    """Return a value without what some serializers put before its JSON: a byte order mark, Confluent's schema id."""
    if value[:3] == b"\xef\xbb\xbf":
        return value[3:]
    if value[:1] == b"\0" and value[5:6] in (b"{", b"["):
        return value[5:]
    return value


def _unwrapped(parsed: Any) -> Any:
    """Return what stands inside a JSON string, or inside the wrapper of Kafka Connect's JSON converter."""
    if isinstance(parsed, str):
        try:
            parsed = orjson.loads(parsed)
        except orjson.JSONDecodeError:
            return None
    if isinstance(parsed, dict) and parsed.keys() == {"schema", "payload"}:
        parsed = parsed["payload"]
    return parsed


def _is_event(parsed: Any) -> bool:
    """Return whether JSON is meant as an event: it has its version, or what it is attributed by."""
    if not isinstance(parsed, dict):
        return False
    names = {name.lower(): inner for name, inner in parsed.items()}
    return "specversion" in names or (isinstance(names.get("id"), str) and isinstance(names.get("source"), str))


def _are_events(parsed: list[Any]) -> bool:
    return bool(parsed) and all(_is_event(each) for each in parsed)


def _of_list(events: list[Any], flaw: str | None) -> Message | Unreadable:
    """Read a list of one event; of a longer one name every id, so that each is answered."""
    if len(events) == 1 and isinstance(events[0], dict):
        return _from_envelope(events[0], flaw)
    keys: dict[tuple[str, str], None] = {}
    for event in events[:MOST_EVENTS]:
        if isinstance(event, dict):
            source, id = (
                _usable(text) if isinstance(text := event.get(name), str) else None for name in ("source", "id")
            )
            if source is not None and id is not None:
                keys[source, id] = None
    reason = f"the value is a list of {len(events)} events, none of which was read; {_ONE_EVENT}"
    if not keys:
        return Unreadable(reason, None, None)
    (source, id), *also = keys
    return Unreadable(reason, id, source, tuple(also))


def _from_envelope(envelope: dict[str, Any], flaw: str | None) -> Message | Unreadable:
    """Read an event as JSON; with a `flaw` it is only found out whom to tell."""
    misnamed = {name: name.lower() for name in envelope if name not in _MEMBERS and name.lower() in _MEMBERS}
    for name, meant in misnamed.items():
        if meant not in envelope:
            flaw = flaw or f"attribute {_shown(name)} is written with capitals; CloudEvents calls it `{meant}`"
            envelope[meant] = envelope.pop(name)
    absent = object()
    data, packed = envelope.pop("data", absent), envelope.pop("data_base64", None)
    declared = envelope.pop("datacontenttype", None)
    given: dict[str, str] = {}
    for name, attribute in envelope.items():
        match attribute:
            case None:
                continue
            case str():
                given[name] = attribute
            case bool() | int() if name not in _CORE:
                given[name] = str(attribute).lower()
            case _:
                flaw = flaw or (
                    f"attribute {_shown(name)} is no string; attributes are strings, and what belongs to the "
                    "fact goes inside `data`"
                )
    if isinstance(declared, str):
        flaw = flaw or _type_flaw(declared)
    elif declared is not None:
        flaw = flaw or "attribute datacontenttype is no string; send application/json or leave it out"
    found = b""
    if data is not absent and packed is not None:
        flaw = flaw or "`data` and `data_base64` stand side by side; send one of them"
    elif packed is not None:
        try:
            found = b64decode(packed, validate=True)
        except (binascii.Error, TypeError, ValueError):
            flaw = flaw or "`data_base64` is not Base64; send the JSON as `data`"
    elif data is not absent:
        try:
            found = orjson.dumps(data)
        except orjson.JSONEncodeError:
            flaw = flaw or "`data` is nested deeper than 254 levels; no fact is"
    else:
        flaw = flaw or "the event has neither `data` nor `data_base64`; the submission belongs into `data`"
    return _message(given, found, flaw, "attribute ")


def _type_flaw(content_type: str) -> str | None:
    media, _, parameters = content_type.partition(";")
    plain = media.strip().lower()
    if not (plain in ("application/json", "text/json") or plain.endswith("+json")) or _charset_flaw(parameters):
        return f"the content type is neither application/json in UTF-8 nor {STRUCTURED_TYPE}; send one of the two"
    return None


def _charset_flaw(parameters: str) -> bool:
    """Return whether a media type's parameters name another charset than UTF-8."""
    for parameter in parameters.split(";"):
        name, _, charset = parameter.partition("=")
        if name.strip().lower() == "charset" and charset.strip().strip('"').lower() not in ("utf-8", "utf8"):
            return True
    return False


def _shown(name: str) -> str:
    """Return an attribute's name as a reason may show it."""
    return repr(shown_name(name)[:64])[1:-1]
