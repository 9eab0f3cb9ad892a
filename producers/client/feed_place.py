"""Where an agency's reader stands, in a small file: the last number signed for, and how far outcomes were read.

The file is replaced whole, so that a crash leaves the old place or the new one. A place that is too old does no harm:
what lies behind it is given again.
"""

import os
from pathlib import Path
from typing import NamedTuple

import orjson

from ledger.agencies import Agency
from ledger.topics import feed
from producers.client.feed_errors import PlaceError


class ReaderPlace(NamedTuple):
    """`after`: the last number signed for; `outcomes`: the offset from which answers to receipts are still unread."""

    after: int
    outcomes: int | None


def read_place(file: Path, agency: Agency) -> ReaderPlace:
    """Return the place; the beginning where there is no file yet. Raises `PlaceError`."""
    try:
        given = orjson.loads(file.read_bytes())
    except FileNotFoundError:
        return ReaderPlace(0, None)
    except OSError as error:
        raise PlaceError(file, f"cannot be read ({error.strerror})") from error
    except orjson.JSONDecodeError:
        raise PlaceError(file, "is not the JSON that stood there: it is damaged, or no file of this reader") from None
    match given:
        case {"feed": str(topic), "after": int(after), "outcomes": int() | None as outcomes} if after >= 0:
            if topic != feed(agency):
                raise PlaceError(file, f"is the place in {topic}, not in {feed(agency)}")
            return ReaderPlace(after, outcomes)
        case _:
            raise PlaceError(file, "is no place in a feed")


def write_place(file: Path, agency: Agency, place: ReaderPlace) -> None:
    """Replace the file, on disk before it counts. Raises `PlaceError`."""
    text = orjson.dumps({"feed": feed(agency), "after": place.after, "outcomes": place.outcomes}) + b"\n"
    beside = file.with_name(file.name + ".new")
    try:
        with beside.open("wb") as new:
            new.write(text)
            new.flush()
            os.fsync(new.fileno())
        beside.replace(file)
    except OSError as error:
        raise PlaceError(file, f"cannot be written ({error.strerror})") from error
