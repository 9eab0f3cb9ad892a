"""A Kafka record of an intake or receipts topic, read as far as it can be: a claim, a receipt, a refusal, bytes."""

from base64 import b64encode
from collections.abc import Sequence
from functools import lru_cache
from hashlib import sha256
from typing import Any, Final

import orjson
from kafka.errors import CorruptRecordError
from pydantic import ValidationError

from ledger.facts import BY_WIRE, FeedReceipted
from ledger.facts.questions import SAFETY_FACTS
from ledger.identifiers import Identifier
from ledger.intake.digests import digest
from ledger.intake.forbidden import BLACK, black_out, black_out_bytes, hides, is_forbidden, may_be_forbidden, shown_name
from ledger.intake.receipt import read_receipt, receipt_on_intake
from ledger.intake.submission import LIMIT_BYTES, Refusal, also_remarked, read_submission, with_words
from ledger.kafka.cloudevents import Message, Unreadable, read_but_for_time, read_message
from ledger.kafka.record_batches import MOST_HEADERS, DamagedBatch, KafkaRecord
from ledger.roles.faults import is_of_the_message, place_of
from ledger.rules.arrivals import KEPT_BYTES, Arrival, Claim, Illegible, Malformed, Place, ReceiptArrival
from ledger.topics import LARGEST_MESSAGE_BYTES, is_receipts

Headers = Sequence[tuple[str, bytes | None]]
_NO_HEADERS: Final = b"[]"
_MOST_NAMES: Final = 20
_UNDATED: Final = "`ce_time` is no time within 1900-01-01 to 2199-12-31; it counts as sent when it was recorded"


def read_record(place: Place, record: KafkaRecord | DamagedBatch) -> Arrival:
    """Read what a consumer of an intake or receipts topic gave; never raises but for want of memory."""
    if isinstance(record, DamagedBatch):
        return _of_batch(place, record)
    try:
        headers = record.headers
    except CorruptRecordError:
        kept, size, digest = kept_of(record.value)
        reason = f"no sense in the bytes of its headers, or more than {MOST_HEADERS} of them; send it again with fewer"
        return Illegible(place, (None, None), reason, kept, _NO_HEADERS, size=size, digest=digest)
    return read_arrival(place, headers, record.value)


def headers_of(record: KafkaRecord) -> Headers:
    """Return the headers of a record; none where there is no sense in their bytes."""
    try:
        return record.headers
    except CorruptRecordError:
        return []


def read_arrival(place: Place, headers: Headers, value: bytes | None) -> Arrival:
    """Read one record; never raises but for want of memory, and never keeps a value that rule H8 forbids."""
    try:
        return _read(place, headers, value)
    except Exception as error:
        if not is_of_the_message(error):
            raise
        return faulted(place, headers, value, error)


def faulted(place: Place, headers: Headers, value: bytes | None, error: BaseException) -> Illegible:
    """Return the dead letter of a message that a fault of ours met, as much of it as can be read without one."""
    try:
        message = read_message(headers, value)
        key = (message.source, message.id)
        kept, size, digest = kept_of(value)
        packed, names = _packed(headers), _names(message)
    except Exception as another:
        if not is_of_the_message(another):
            raise
        return bare(place, value, error)
    return Illegible(place, key, place_of(error), kept, packed, kind="fault", size=size, digest=digest, names=names)


def bare(place: Place, value: bytes | None, error: BaseException) -> Illegible:
    """Return a dead letter of which nothing is kept but where it stood and how large it was."""
    size = None if value is None else len(value)
    return Illegible(place, (None, None), place_of(error), None, _NO_HEADERS, kind="fault", size=size)


def kept_of(value: bytes | None) -> tuple[bytes | None, int | None, str | None]:
    """Return the first bytes of a value, its size, and its SHA-256; without what rule H8 forbids.

    What is larger than a topic carries unpacked is not searched to its end: where it might hold something forbidden it
    has no digest.
    """
    if value is None:
        return None, None, None
    if len(value) > LARGEST_MESSAGE_BYTES:
        clean = black_out_bytes(value[: 2 * KEPT_BYTES])
        digest = None if may_be_forbidden(value) else sha256(value).hexdigest()
        return clean[:KEPT_BYTES], len(value), digest
    clean = black_out_bytes(value)
    return clean[:KEPT_BYTES], len(value), sha256(clean).hexdigest()


def _of_batch(place: Place, batch: DamagedBatch) -> Illegible:
    kept, _, _ = kept_of(batch.kept)
    return Illegible(
        place._replace(offset=batch.first_offset),
        (None, None),
        batch.reason,
        kept,
        _NO_HEADERS,
        kind="batch",
        last_offset=batch.offset,
        size=batch.size,
        digest=batch.digest,
    )


def _names(message: Message | Unreadable) -> tuple[tuple[str, str], ...]:
    """Return the identifiers in a message whose form nobody has checked."""
    if isinstance(message, Unreadable) or len(message.data) > LIMIT_BYTES:
        return ()
    try:
        given: Any = orjson.loads(message.data)
    except orjson.JSONDecodeError:
        return ()
    child = given.get("child") if isinstance(given, dict) else None
    names = []
    for name in child[:_MOST_NAMES] if isinstance(child, list) else ():
        try:
            named = Identifier.model_validate(name)
        except ValidationError:
            continue
        if not hides(named.value):
            names.append((named.scheme, named.value))
    return tuple(names)


def _read(place: Place, headers: Headers, value: bytes | None) -> Arrival:
    message = read_message(headers, value)
    if isinstance(message, Unreadable):
        return _undated(place, headers, value) or _illegible(place, headers, value, message)
    return _of_message(place, headers, value, message)


def _undated(place: Place, headers: Headers, value: bytes | None) -> Arrival | None:
    """Read a safety fact whose sender's clock says no time: it counts as sent when it is recorded."""
    if is_receipts(place.topic) or len(value or b"") > 2 * LIMIT_BYTES:
        return None
    found = read_but_for_time(headers, value)
    if found is None:
        return None
    message, words = found
    fact_class = BY_WIRE.get(message.type)
    if fact_class is None or fact_class not in SAFETY_FACTS:
        return None
    arrival = _of_message(place, headers, value, message)
    if not isinstance(arrival, Claim):
        return arrival
    shown = {} if not words or may_be_forbidden(words.encode()) else {"ce_time": words[:200]}
    return arrival._replace(
        sent_at=None,
        submission=with_words(arrival.submission, shown),
        remarks=also_remarked(arrival.remarks, _UNDATED),
    )


def _of_message(place: Place, headers: Headers, value: bytes | None, message: Message) -> Arrival:
    agency = place.agency
    key = (message.source, message.id)
    if hides(message.id) or _says_too_much(message.source):
        hidden = Unreadable("its id or source says what rule H8 forbids; choose ids that say nothing", None, None)
        return _illegible(place, headers, value, hidden)
    if is_forbidden(message.type):
        return Malformed(agency, key, digest("", b""), _forbidden("type"))
    for name, text in message.extensions.items():
        if is_forbidden(name) or hides(text):
            return Malformed(agency, key, digest(message.type, b""), _forbidden(f"ce_{shown_name(name)}"))
    if len(message.data) > LIMIT_BYTES:
        return Malformed(
            agency,
            key,
            # of so much only: what is refused for its size is not searched through, however large it was unpacked
            digest(message.type, black_out_bytes(message.data[:LIMIT_BYTES]) + str(len(message.data)).encode()),
            Refusal("H0", f"{len(message.data)} bytes of data; the limit is {LIMIT_BYTES}: send less in one fact"),
        )
    data = message.data
    if may_be_forbidden(data):
        try:
            clean, forbidden = black_out(orjson.loads(data))
        except orjson.JSONDecodeError:
            return _not_json(place, headers, value, message)
        if forbidden is not None:
            return Malformed(agency, key, digest(message.type, orjson.dumps(clean)), _forbidden(forbidden))
    receipt = read_receipt(agency, message.type, data) if is_receipts(place.topic) else None
    if isinstance(receipt, FeedReceipted):
        return ReceiptArrival(agency, key, digest(message.type, data), message.time, message.extensions, receipt)
    read = receipt or receipt_on_intake(agency, message.type) or read_submission(message.type, data)
    if isinstance(read, Refusal):
        if not _is_json(data):
            return _not_json(place, headers, value, message)
        return Malformed(agency, key, digest(message.type, data), read)
    submission, remarks = read
    return Claim(
        agency=agency,
        key=key,
        digest=digest(message.type, data),
        wire=message.type,
        sent_at=message.time,
        extensions=message.extensions,
        submission=submission,
        remarks=remarks,
    )


@lru_cache(maxsize=1024)
def _says_too_much(source: str) -> bool:
    return is_forbidden(source) or hides(source)


def _forbidden(member: str) -> Refusal:
    return Refusal(
        "H8",
        f"`{member}` would carry a sponsor's immigration status, which this ledger never stores; "
        "leave the member out and send the fact again under a new id; the value was kept nowhere",
        member,
    )


def _is_json(data: bytes) -> bool:
    try:
        orjson.loads(data)
    except orjson.JSONDecodeError:
        return False
    return True


def _not_json(place: Place, headers: Headers, value: bytes | None, message: Message) -> Illegible:
    unreadable = Unreadable("the data is not JSON in UTF-8", message.id, message.source)
    return _illegible(place, headers, value, unreadable)


def _illegible(place: Place, headers: Headers, value: bytes | None, unreadable: Unreadable) -> Illegible:
    kept, size, digest = kept_of(value)
    return Illegible(
        place=place,
        key=(unreadable.source, unreadable.id),
        reason=unreadable.reason,
        value=kept,
        headers=_packed(headers),
        size=size,
        digest=digest,
        also=unreadable.also,
    )


def _allowed(header: bytes) -> bytes:
    return BLACK.encode() if hides(header.decode("utf-8", "replace")) else black_out_bytes(header)


def _packed(headers: Headers) -> bytes:
    """Return the headers as they are kept: those that rule H8 allows, up to the bytes that are kept of a message."""
    kept: list[list[str | None]] = []
    room = KEPT_BYTES
    for name, header in headers:
        room -= len(name) + len(header or b"")
        if room < 0:
            break
        if not is_forbidden(name):
            kept.append([name, None if header is None else b64encode(_allowed(header)).decode()])
    return orjson.dumps(kept)
