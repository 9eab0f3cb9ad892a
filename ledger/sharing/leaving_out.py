"""An entry that no feed carries, because it can be told in no way and was voided: what is known of it all the same.

Only its place, its record and who produced it are taken of it, and these never by what its fact says: so whatever
release reads it later, the feeds come out alike.
"""

from typing import NamedTuple
from uuid import UUID

import orjson


class LeftOut(NamedTuple):
    """Where it stands, in which record, and who produced it; None: nobody can say."""

    position: int
    child: UUID
    producer: str | None


def left_out(position: int, child: UUID, state: bytes) -> LeftOut:
    """Return what is known of an entry that is left out, by the bytes the event store keeps for it."""
    try:
        producer = orjson.loads(state)["producer"]["agency"]
    except (ValueError, LookupError, TypeError):
        producer = None
    return LeftOut(position, child, producer if isinstance(producer, str) else None)
