"""Events arrive as agencies' own clients write them; what they mean and what is wrong with them is said plainly."""

from base64 import b64encode
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ledger.intake.digests import digest
from ledger.kafka.cloudevents import (
    LONGEST_EXTENSION,
    LONGEST_NAME,
    MOST_EXTENSIONS,
    STRUCTURED_HEADERS,
    Message,
    Unreadable,
    binary_headers,
    read_message,
    structured,
)
from ledger.topics import LARGEST_MESSAGE_BYTES

TYPE = "custody.released-to-sponsor.v1"
TIME = "2022-03-04T13:25:00-06:00"
DATA = b'{"door": "feed", "fact": {"n": 1.0, "name": "Mar\xc3\xada"}}'
MARK = "do-not-repeat-me"

Headers = list[tuple[str, bytes | None]]


def headers(**changed: bytes | None) -> Headers:
    """Return the headers of a good event, some of them changed; None leaves one out."""
    good: dict[str, bytes | None] = {
        "ce_specversion": b"1.0",
        "ce_id": b"m-1",
        "ce_source": b"/orr/uc-portal",
        "ce_type": TYPE.encode(),
        "ce_time": TIME.encode(),
        "content_type": b"application/json",
    }
    good |= changed
    return [(name.replace("content_type", "content-type"), raw) for name, raw in good.items() if raw is not None]


def envelope(**changed: Any) -> bytes:
    """Return a good event in structured mode, some members changed; `...` leaves one out."""
    good: dict[str, Any] = {
        "specversion": "1.0",
        "id": "m-1",
        "source": "/orr/uc-portal",
        "type": TYPE,
        "time": TIME,
        "data": orjson.loads(DATA),
    }
    good |= changed
    return orjson.dumps({name: value for name, value in good.items() if value is not ...})


def read(outcome: Message | Unreadable) -> Message:
    assert isinstance(outcome, Message), outcome
    return outcome


def unread(outcome: Message | Unreadable) -> Unreadable:
    assert isinstance(outcome, Unreadable), outcome
    return outcome


def test_an_event_in_binary_mode_is_read() -> None:
    """The five attributes come from the headers, the data stays as it is, to the byte."""
    message = read(read_message(headers(), DATA))
    assert (message.id, message.source, message.type) == ("m-1", "/orr/uc-portal", TYPE)
    assert message.time == datetime(2022, 3, 4, 13, 25, tzinfo=timezone(timedelta(hours=-6)))
    assert message.time_given == TIME
    assert message.data == DATA
    assert message.extensions == {}


def test_what_we_write_in_binary_mode_is_what_we_read() -> None:
    """An event written here is read back with the same attributes and extensions."""
    written = binary_headers(id="7", source="/cbp/é", type=TYPE, time=TIME, extra=[("previous", "41")])
    assert ("ce_previous", b"41") in written
    message = read(read_message(written, DATA))
    assert (message.id, message.source, message.extensions) == ("7", "/cbp/é", {"previous": "41"})


def test_header_names_are_read_whatever_their_case() -> None:
    """Some clients write `Ce_Id` or `Content-Type`; an attribute's name has no case."""
    shouted: Headers = [(name.upper(), raw) for name, raw in headers()]
    assert read(read_message(shouted, DATA)).id == "m-1"


@pytest.mark.parametrize(
    "content_type",
    [
        b"application/json",
        b"application/json; charset=utf-8",
        b'Application/JSON;charset="UTF-8"',
        b"application/json;profile=x",
        None,
    ],
)
def test_json_is_recognised_with_parameters_and_when_nothing_is_said(content_type: bytes | None) -> None:
    """A media type may carry parameters; CloudEvents lets it be absent."""
    assert read(read_message(headers(content_type=content_type), DATA)).data == DATA


def test_header_values_are_taken_as_they_are() -> None:
    """The Kafka binding has no percent-encoding, so none is undone."""
    assert read(read_message(headers(ce_id=b"a%20b"), DATA)).id == "a%20b"


def test_unknown_extensions_are_kept() -> None:
    """An extension we never heard of is kept under its name, other people's headers are passed over."""
    extended: Headers = [*headers(ce_traceparent=b"00-ab", ce_subject=b"A200"), ("x-trace", b"\xff"), ("x-trace", None)]
    assert read(read_message(extended, DATA)).extensions == {"traceparent": "00-ab", "subject": "A200"}


def test_an_event_in_structured_mode_is_read() -> None:
    """Attributes and data come from the envelope; null attributes count as absent, others become text."""
    value = envelope(subject=None, urgent=True, hops=3, via="box")
    message = read(read_message(STRUCTURED_HEADERS, value))
    assert (message.id, message.source, message.type, message.time_given) == ("m-1", "/orr/uc-portal", TYPE, TIME)
    assert message.extensions == {"urgent": "true", "hops": "3", "via": "box"}
    assert orjson.loads(message.data) == orjson.loads(DATA)


def test_structured_mode_ignores_headers_that_repeat_its_attributes() -> None:
    """The binding lets senders repeat attributes as headers; the envelope is what counts."""
    repeated = headers(content_type=b"application/cloudevents+json; charset=UTF-8", ce_id=b"another", ce_type=b"other")
    assert read(read_message(repeated, envelope())).id == "m-1"


def test_base64_data_of_structured_mode_is_unpacked() -> None:
    """A client that packs its JSON as binary data is understood."""
    value = envelope(data=..., data_base64=b64encode(DATA).decode(), datacontenttype="application/json")
    assert read(read_message(STRUCTURED_HEADERS, value)).data == DATA


def test_what_we_write_in_structured_mode_is_what_we_read() -> None:
    """The data stands in the envelope as JSON, not as a string."""
    value = structured(id="m-1", source="/s", type=TYPE, time=TIME, data=DATA)
    message = read(read_message(STRUCTURED_HEADERS, value))
    assert digest(message.type, message.data) == digest(TYPE, DATA)


FLAWED_HEADERS: list[tuple[Headers, str, str | None]] = [
    (headers(ce_id=None), "ce_id is missing", None),
    (headers(ce_id=b""), "ce_id is empty", None),
    (headers(ce_id=b"x" * (LONGEST_NAME + 1)), "ce_id is longer than 256", None),
    (headers(ce_id=b"a\0b"), "ce_id contains a NUL", None),
    (headers(ce_id=b"\xff"), "ce_id is not UTF-8", None),
    ([*headers(), ("ce_id", b"m-2")], "ce_id stands twice", None),
    (headers(ce_source=None), "ce_source is missing", "m-1"),
    (headers(ce_source=b"s" * (LONGEST_NAME + 1)), "ce_source is longer than 256", "m-1"),
    (headers(ce_source=b"a\0"), "ce_source contains a NUL", "m-1"),
    (headers(ce_type=None), "ce_type is missing", "m-1"),
    (headers(ce_type=b"a\0"), "ce_type contains a NUL", "m-1"),
    (headers(ce_specversion=None), "ce_specversion is missing", "m-1"),
    (headers(ce_specversion=b"0.3"), "specversion is not 1.0", "m-1"),
    (headers(ce_time=None), "ce_time is missing", "m-1"),
    (headers(ce_time=b"2022-03-04T13:25:00"), "ce_time: not an RFC 3339 time with an offset", "m-1"),
    (headers(ce_time=b"2022-13-04T13:25:00Z"), "ce_time: no such time", "m-1"),
    (headers(ce_time=b"2022-03-04T13:25:00." + b"0" * 300 + b"Z"), "ce_time is longer than 256", "m-1"),
    ([*headers(), ("content-type", b"application/json")], "content-type stands twice", "m-1"),
    ([*headers(), ("CE_Foo", b"1"), ("ce_foo", b"1")], "ce_foo stands twice", "m-1"),
    ([*headers(), ("ce_foo", None)], "ce_foo has no value", "m-1"),
    ([*headers(), ("ce_", b"1")], "extension's name is empty", "m-1"),
    ([*headers(), ("ce_foo", b"a\0")], "ce_foo contains a NUL", "m-1"),
    ([*headers(), ("ce_foo", b"a" * (LONGEST_EXTENSION + 1))], "ce_foo is longer than 4096", "m-1"),
    ([*headers(), *((f"ce_x{n}", b"") for n in range(MOST_EXTENSIONS + 1))], "more than 64 extension", "m-1"),
    (headers(content_type=b"text/xml"), "content type is neither application/json", "m-1"),
    (headers(content_type=b"application/json; charset=latin-1"), "content type is neither application/json", "m-1"),
    (headers(content_type=b""), "content type is neither application/json", "m-1"),
    (headers(content_type=b"application/cloudevents-batch+json"), "one event a record", None),
    (headers(content_type=b"application/cloudevents+avro"), "one event a record", None),
    (headers(content_type=b"application/cloudevents+json; charset=latin-1"), "one event a record", None),
]


@pytest.mark.parametrize(("flawed", "reason", "attributed"), FLAWED_HEADERS, ids=[row[1] for row in FLAWED_HEADERS])
def test_a_flawed_header_gives_a_reason_and_whom_to_tell(flawed: Headers, reason: str, attributed: str | None) -> None:
    """The reason names what to change; id and source are given wherever they can be used."""
    outcome = unread(read_message(flawed, DATA))
    assert reason in outcome.reason
    assert outcome.id == attributed
    if "source" not in reason and "one event a record" not in reason:
        assert outcome.source == "/orr/uc-portal"


FLAWED_ENVELOPES: list[tuple[bytes | None, str, str | None]] = [
    (None, "has no value", None),
    (b"", "not JSON in UTF-8", None),
    (b'{"id": "\xff"}', "not JSON in UTF-8", None),
    (b"[]", "no object", None),
    (envelope(id=...), "attribute id is missing", None),
    (envelope(id=17), "attribute id is no string", None),
    (envelope(time=...), "attribute time is missing", "m-1"),
    (envelope(time="yesterday"), "attribute time: not an RFC 3339", "m-1"),
    (envelope(specversion="2.0"), "specversion is not 1.0", "m-1"),
    (envelope(reported_by={"office": MARK}), "attribute reported_by is no string", "m-1"),
    (envelope(weight=1.5), "attribute weight is no string", "m-1"),
    (envelope(via="a\0b"), "attribute via contains a NUL", "m-1"),
    (envelope(data=...), "neither `data` nor `data_base64`", "m-1"),
    (envelope(data_base64="e30="), "side by side", "m-1"),
    (envelope(data=..., data_base64="?"), "not Base64", "m-1"),
    (envelope(data=..., data_base64=5), "not Base64", "m-1"),
    (envelope(datacontenttype="text/plain"), "content type is neither", "m-1"),
    (envelope(datacontenttype=5), "datacontenttype is no string", "m-1"),
    (envelope(data=...)[:-1] + b',"data":' + b"[" * 300 + b"]" * 300 + b"}", "nested deeper", "m-1"),
]


@pytest.mark.parametrize(("value", "reason", "attributed"), FLAWED_ENVELOPES, ids=[row[1] for row in FLAWED_ENVELOPES])
def test_a_flawed_envelope_gives_a_reason_and_whom_to_tell(
    value: bytes | None, reason: str, attributed: str | None
) -> None:
    """Structured mode is refused as precisely as binary mode."""
    outcome = unread(read_message(STRUCTURED_HEADERS, value))
    assert reason in outcome.reason
    assert outcome.id == attributed
    assert MARK not in outcome.reason


def test_a_record_without_a_value_is_no_event() -> None:
    """A tombstone takes nothing back from a ledger; the reason says what does."""
    outcome = unread(read_message(headers(), None))
    assert "tombstone" in outcome.reason
    assert "entry-voided" in outcome.reason
    assert (outcome.id, outcome.source) == ("m-1", "/orr/uc-portal")


def test_the_same_message_has_the_same_digest_in_either_mode() -> None:
    """An agency may send again in the other mode, with other spacing and another order, and it is a repeat."""
    binary = read(read_message(headers(), b'{"b": [1.0, 1e2, 12345678901234567890123],\n "a": "\\u00e9"}'))
    value = b'{"specversion":"1.0","id":"m-1","source":"/s","type":"%s","time":"%s","data":%s}' % (
        TYPE.encode(),
        TIME.encode(),
        '{"a":"é","b":[1.0,100.0,1.2345678901234568e22]}'.encode(),
    )
    other = read(read_message(STRUCTURED_HEADERS, value))
    assert digest(TYPE, binary.data) == digest(TYPE, other.data)


def test_a_digest_never_changes() -> None:
    """Digests are kept for ever beside the idempotency keys; these are what they were on the first day."""
    assert digest(TYPE, b'{"b": [1, 2.50, null], "a": "Mar\xc3\xada"}') == "c-et1tf0gSV7Cfs8GiEV4Q"
    assert digest(TYPE, b"not json") == "fxcDeKnNSRY6qcmHoysRMA"


def test_a_digest_tells_type_and_data_apart() -> None:
    """Another type, another value, another order of a list: another digest."""
    digests = {
        digest(TYPE, b'{"a":[1,2]}'),
        digest("custody.other.v1", b'{"a":[1,2]}'),
        digest(TYPE, b'{"a":[2,1]}'),
        digest(TYPE, b'{"a":[1,2.0]}'),
        digest(TYPE, b'{"a":[1,2]'),
    }
    assert len(digests) == 5
    assert {len(d) for d in digests} == {22}


OTHER_CLOTHES: dict[str, tuple[Headers, bytes]] = {
    "no content type": ([], envelope()),
    "application/json": ([("content-type", b"application/json")], envelope()),
    "another case and a charset": ([("Content-Type", b"Application/JSON; charset=UTF-8")], envelope()),
    "octets": ([("content-type", b"application/octet-stream")], envelope()),
    "Spring's name for it": ([("contentType", b'"application/cloudevents+json"')], envelope()),
    "no suffix": ([("content-type", b"application/cloudevents; charset=utf-8")], envelope()),
    "other people's headers": ([("__TypeId__", b"gov.hhs.Fact"), ("traceparent", b"00-1")], envelope()),
    "some attributes as headers, too": ([("ce_id", b"m-1"), ("ce_type", TYPE.encode())], envelope()),
    "packed data": ([], envelope(data=..., data_base64=b64encode(DATA).decode())),
    "a list of one": ([], b"[" + envelope() + b"]"),
    "a batch of one": ([("content-type", b"application/cloudevents-batch+json")], b"[" + envelope() + b"]"),
    "a JSON string": ([], orjson.dumps(envelope().decode())),
    "Kafka Connect": ([], b'{"schema":{"type":"struct"},"payload":' + envelope() + b"}"),
    "a byte order mark": (list(STRUCTURED_HEADERS), b"\xef\xbb\xbf" + envelope()),
    "Confluent's schema id, structured": (list(STRUCTURED_HEADERS), b"\0\0\0\0\x07" + envelope()),
    "Confluent's schema id, nothing said": ([], b"\0\0\0\0\x07" + envelope()),
    "Confluent's schema id, binary": (headers(), b"\0\0\0\0\x07" + DATA),
    "HTTP's names": ([(name.replace("ce_", "ce-"), raw) for name, raw in headers()], DATA),
    "HTTP's names in capitals": ([(name.replace("ce_", "Ce-").title(), raw) for name, raw in headers()], DATA),
    "AMQP's names": ([(name.replace("ce_", "cloudEvents:"), raw) for name, raw in headers()], DATA),
    "a JSON type of one's own": (headers(content_type=b"application/vnd.hhs.custody+json"), DATA),
}


@pytest.mark.parametrize("clothes", OTHER_CLOTHES)
def test_an_event_in_other_clothes_is_read_where_its_meaning_is_certain(clothes: str) -> None:
    """What clients of other makes write on Kafka says the same as the two modes of the binding."""
    written, value = OTHER_CLOTHES[clothes]
    message = read(read_message(written, value))
    assert (message.id, message.source, message.type, message.time_given) == ("m-1", "/orr/uc-portal", TYPE, TIME)
    assert digest(message.type, message.data) == digest(TYPE, DATA)
    assert message.extensions == {}


ANSWERED: dict[str, tuple[Headers, bytes | None, str]] = {
    "no version": ([], envelope(specversion=...), "attribute specversion is missing"),
    "an old version": ([], envelope(specversion="0.3"), "specversion is not 1.0"),
    "another charset": (
        [("content-type", b"application/json; charset=utf-16")],
        envelope(),
        "neither application/json",
    ),
    "names in capitals": (
        [],
        orjson.dumps({name.title(): value for name, value in orjson.loads(envelope()).items()}),
        "is written with capitals",
    ),
    "two events": ([], b"[" + envelope() + b"," + envelope(id="m-2") + b"]", "a list of 2 events, none of which"),
    "avro, with an event in it": (
        [("content-type", b"application/cloudevents+avro")],
        envelope(),
        "this CloudEvents format is not read here",
    ),
    "an id given twice alike": ([*headers(), ("ce-id", b"m-1")], DATA, "ce_id stands twice"),
    "HTTP's names without a value": ([("ce-id", b"m-1"), ("ce-source", b"/orr/uc-portal")], None, "no value"),
    "HTTP's names, some missing": ([("ce-id", b"m-1"), ("ce-source", b"/orr/uc-portal")], DATA, "ce_type is missing"),
}


@pytest.mark.parametrize("what", ANSWERED)
def test_an_event_that_can_be_attributed_is_answered_with_its_cure(what: str) -> None:
    """Whoever can be found by id and source is told; silence is for what nobody can attribute."""
    written, value, reason = ANSWERED[what]
    outcome = unread(read_message(written, value))
    assert reason in outcome.reason
    assert (outcome.source, outcome.id) == ("/orr/uc-portal", "m-1")
    assert outcome.also == ((("/orr/uc-portal", "m-2"),) if what == "two events" else ())


@pytest.mark.parametrize(
    ("written", "value"),
    [
        ([], DATA),
        ([], b'{"before": null, "after": {"id": 1}, "op": "c", "source": {"db": "x"}}'),
        ([("ce_id", b"m-2")], envelope()),
        ([], b"[" + DATA + b"]"),
        ([], b"\0\0\0\0\x07\x02binary"),
        ([], None),
        ([("ce_time", b"2022-03-04T13:25:00Z"), ("ce_id", b"m-1")], envelope()),
    ],
    ids=["no event", "Debezium", "two ids", "a list of no events", "Avro", "key alone", "two times"],
)
def test_what_cannot_be_attributed_is_taken_for_nobodys(written: Headers, value: bytes | None) -> None:
    """No id or source is guessed: such a message is kept as a dead letter, which shows."""
    outcome = unread(read_message(written, value))
    assert outcome.id is None or outcome.source is None


def test_what_is_larger_than_a_topic_carries_is_not_parsed() -> None:
    """A batch of a few kilobytes can unpack to hundreds of megabytes of brackets."""
    huge = b"[" * (LARGEST_MESSAGE_BYTES + 1)
    assert "are not read" in unread(read_message(STRUCTURED_HEADERS, huge)).reason
    assert unread(read_message([], huge)).id is None


NAMES = st.sampled_from(["ce_id", "ce_source", "ce_type", "ce_time", "ce_specversion", "content-type", "ce_x", "CE_ID"])
VALUES = st.one_of(
    st.none(),
    st.binary(max_size=40),
    st.sampled_from([b"1.0", TIME.encode(), b"application/json", b"application/cloudevents+json", b"m-1"]),
)


@settings(max_examples=400, deadline=None)
@given(st.lists(st.tuples(st.one_of(NAMES, st.text(max_size=12)), VALUES), max_size=9), st.one_of(VALUES, st.none()))
def test_no_record_whatever_makes_reading_fail(junk: Headers, value: bytes | None) -> None:
    """Anything can stand on a topic; reading it gives an answer and never an exception."""
    outcome = read_message(junk, value)
    assert isinstance(outcome, Message | Unreadable)
    if isinstance(outcome, Message):
        assert outcome.time.astimezone(UTC)


JSON = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(-(2**63), 2**64 - 1), st.floats(allow_nan=False), st.text()).filter(
        lambda v: v not in (float("inf"), float("-inf"))
    ),
    lambda inner: st.one_of(st.lists(inner, max_size=4), st.dictionaries(st.text(), inner, max_size=4)),
    max_leaves=12,
)


@settings(max_examples=150, deadline=None)
@given(JSON)
def test_any_json_keeps_its_digest_through_structured_mode(value: Any) -> None:
    """Whatever JSON an agency sends, both modes give the same idempotency digest."""
    data = orjson.dumps(value)
    message = read(read_message(STRUCTURED_HEADERS, structured(id="1", source="/s", type=TYPE, time=TIME, data=data)))
    assert digest(TYPE, message.data) == digest(TYPE, data)


@settings(max_examples=150, deadline=None)
@given(st.dictionaries(st.text(max_size=10), JSON, max_size=8))
def test_no_envelope_whatever_makes_reading_fail(members: dict[str, Any]) -> None:
    """Any JSON object in structured mode gives an answer and never an exception."""
    for names in ({}, {"id": "1", "source": "/s"}, {"specversion": "1.0", "type": "t", "time": TIME, "data": 1}):
        assert isinstance(read_message(STRUCTURED_HEADERS, orjson.dumps({**names, **members})), Message | Unreadable)
