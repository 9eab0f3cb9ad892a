"""The seal of a message that the ledger puts on Kafka: by it a role knows again what it wrote itself.

Whoever may write to a topic can copy a name, a position and every header of the ledger's messages. The seal is a keyed
BLAKE2b of all of it, and the key lies in schema `ledger` alone (`ledger.seal`), which no agency and no reader sees.
"""

from hashlib import blake2b
from hmac import compare_digest
from typing import Final

SEAL: Final = "seal"
"""The extension attribute; its header is `ce_seal`."""
_BYTES: Final = 16


class Seals:
    """Makes and knows the seals of one ledger."""

    def __init__(self, key: bytes) -> None:
        self._empty = blake2b(key=key, digest_size=_BYTES)

    def seal(self, topic: bytes, *parts: bytes) -> str:
        """Return the seal of a message: its topic, what its headers and key say, and last its value."""
        hashed = self._empty.copy()
        hashed.update(b"\0".join((topic, *parts)))  # only the value may hold a zero byte, and it comes last
        return hashed.hexdigest()

    def holds(self, seal: bytes, topic: bytes, *parts: bytes) -> bool:
        """Return whether a seal is that of such a message."""
        return compare_digest(self.seal(topic, *parts).encode(), seal)
