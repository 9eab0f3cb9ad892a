"""Items of a feed as its agency reads them (contract: Feed item and receipt)."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple

import orjson

from ledger.agencies import Agency
from ledger.kafka.cloudevents import Unreadable, read_message
from ledger.sharing.batches import FEED_ITEM


class FeedItem(NamedTuple):
    """One thing an agency is told; `body` is the whole of it, in the shape of the contract.

    `number` is its place on the feed, `position` that of the entry it tells. `published_at` is by the ledger's clock.
    """

    number: int
    kind: str
    position: int
    child: str | None
    type: str
    fact: dict[str, Any]
    withheld: list[str]
    published_at: datetime
    body: dict[str, Any]


def read_item(agency: Agency, headers: Sequence[tuple[str, bytes | None]], value: bytes | None) -> FeedItem | str:
    """Read one record of an agency's feed; a text says what is wrong with it."""
    message = read_message(headers, value)
    if isinstance(message, Unreadable):
        return f"no item: {message.reason}"
    if message.type != FEED_ITEM:
        return f"no item: its ce_type is not {FEED_ITEM}"
    try:
        body = orjson.loads(message.data)
        number = body["number"]
        if type(number) is not int or message.id != f"{agency}-{number}":
            return "its ce_id is not the agency and the item's number: it is no item of this feed"
        return FeedItem(
            number,
            body["kind"],
            body["position"],
            body["child"],
            body["type"],
            body["fact"],
            body["withheld"],
            message.time,
            body,
        )
    except orjson.JSONDecodeError:
        return "no item: its value is not JSON"
    except KeyError as error:
        return f"no item: member `{error.args[0]}` is missing"
    except TypeError:
        return "no item: its value is no JSON object"
