"""A Kafka record of an intake or receipts topic, read as far as it can be: a claim, a receipt, a refusal, bytes."""

from base64 import b64encode
from collections.abc import Sequence

import orjson

from ledger.arrivals import Arrival, Claim, Illegible, Malformed, Place, Receipt
from ledger.cloudevents import Message, Unreadable, digest, read_message
from ledger.facts import FeedReceipted
from ledger.forbidden import black_out, black_out_bytes, is_forbidden, may_be_forbidden
from ledger.receipt import read_receipt, receipt_on_intake
from ledger.submission import LIMIT_BYTES, Refusal, read_submission
from ledger.topics import is_receipts

Headers = Sequence[tuple[str, bytes | None]]


def read_arrival(place: Place, headers: Headers, value: bytes | None) -> Arrival:
    """Read one record; never raises, and never keeps a value that rule H8 forbids."""
    message = read_message(headers, value)
    agency = place.agency
    if isinstance(message, Unreadable):
        return _illegible(place, headers, value, message)
    key = (message.source, message.id)
    for name in message.extensions:
        if is_forbidden(name):
            return Malformed(agency, key, digest(message.type, b""), _forbidden(f"ce_{name}"))
    if len(message.data) > LIMIT_BYTES:
        return Malformed(
            agency,
            key,
            digest(message.type, black_out_bytes(message.data)),
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
        return Receipt(agency, key, digest(message.type, data), message.time, message.extensions, receipt)
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
    kept = [
        [name, None if header is None else b64encode(black_out_bytes(header)).decode()]
        for name, header in headers
        if not is_forbidden(name)
    ]
    return Illegible(
        place=place,
        key=(unreadable.source, unreadable.id),
        reason=unreadable.reason,
        value=None if value is None else black_out_bytes(value),
        headers=orjson.dumps(kept),
    )
