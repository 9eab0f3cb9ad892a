"""What must hold of feeds and receipts after the crashes: dense, each item once, and what was given is what stands."""

from collections.abc import Iterator

import orjson

from ledger.agencies import RECEIVERS, Agency
from ledger.topics import feed
from tests.end_to_end.crash_readers import Readers
from tests.topic_records import records_of


def check_feeds(bootstrap: str, readers: Readers) -> Iterator[str]:
    """Yield what is wrong; that the values follow from the entries is asked of `custody verify --feeds`."""
    yield from readers.wrong
    for agency in RECEIVERS:
        yield from _check_feed(bootstrap, agency, readers)


def _check_feed(bootstrap: str, agency: Agency, readers: Readers) -> Iterator[str]:
    stored = readers.stored[agency]
    expected = 0
    for record in records_of(bootstrap, [feed(agency)]):
        expected += 1
        body = orjson.loads(record.value)
        id = dict(record.headers)["ce_id"].decode()
        if (body["number"], id) != (expected, f"{agency}-{expected}"):
            yield f"{feed(agency)} has {id}, number {body['number']}, where number {expected} was to stand"
            return
        given = stored.get(expected)
        if given is None or given.body != body:
            yield f"{agency} was given something else under number {expected} than stands on its feed now: {given}"
    if len(stored) != expected or readers.signed[agency] != expected:
        yield f"{feed(agency)} has {expected} items; {len(stored)} were given, {readers.signed[agency]} signed for"
