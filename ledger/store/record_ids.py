"""Ids of new records: UUIDs of version 7 (RFC 9562), so that records made together lie together on disk."""

import os
from datetime import datetime
from uuid import UUID

from ledger.times import microseconds


def new_record_id(made_at: datetime) -> UUID:
    """Return a fresh UUIDv7: 48 bits of milliseconds since 1970, then 74 random bits."""
    milliseconds = max(microseconds(made_at) // 1000, 0) & (2**48 - 1)
    random = int.from_bytes(os.urandom(10), "big") & (2**74 - 1)
    value = milliseconds << 80 | 0x7 << 76 | (random >> 62) << 64 | 0b10 << 62 | random & (2**62 - 1)
    return UUID(int=value)
