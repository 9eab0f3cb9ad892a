"""One message a simulated agency sends, and what the ledger must make of it."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Final, Literal, NamedTuple

import orjson

from ledger.agencies import Agency

Expected = Literal["accepted", "duplicate", "refused", "set-aside"]
"""`set-aside`: there is no id to answer to; its bytes are kept, no outcome comes."""

_NONE: Final[Mapping[str, str | tuple[str, ...]]] = MappingProxyType({})

SYSTEMS: Final[dict[Agency, str]] = {
    "CBP": "/cbp/field",
    "ICE-ERO": "/ice-ero/cases",
    "ICE-OPLA": "/ice-opla/cases",
    "ORR": "/orr/uc-portal",
    "EOIR": "/eoir/case",
    "USCIS": "/uscis/cases",
    "STEWARD": "/steward/desk",
}
"""The sending system of each simulated agency (`ce_source`)."""


class Sending(NamedTuple):
    """One submission on its way from an agency; without an id where the sending system forgot it.

    `positions_of` names members of the fact that hold positions, which nobody knows before the ledger has answered:
    each is filled with the position of the sending of that id (or the list of positions of those ids).
    """

    agency: Agency
    wire: str
    id: str
    time: str
    data: dict[str, Any] | bytes
    expected: Expected = "accepted"
    positions_of: Mapping[str, str | tuple[str, ...]] = _NONE

    @property
    def source(self) -> str:
        """Return the sending system."""
        return SYSTEMS[self.agency]

    def with_positions(self, known: Mapping[str, int]) -> "Sending":
        """Return the sending with every position filled in from `known`, by id. Raises `KeyError` for an unknown id."""
        if not self.positions_of or isinstance(self.data, bytes):
            return self
        fact = dict(self.data["fact"])
        for member, wanted in self.positions_of.items():
            fact[member] = known[wanted] if isinstance(wanted, str) else [known[id] for id in wanted]
        return self._replace(data={**self.data, "fact": fact}, positions_of=_NONE)

    def body(self) -> bytes:
        """Return the data as it goes on the wire."""
        return self.data if isinstance(self.data, bytes) else orjson.dumps(self.data)
