"""Earlier versions of facts. What was recorded under them stays as it is; reading upgrades it."""

from typing import Annotated, ClassVar

from ledger.facts.custody import MailReturned
from ledger.facts.vocabulary import ADDRESS, COURT, Fact, Position, Text


class MailReturnedV1(Fact):
    """A piece of legal mail came back; version 1 did not say of which kind the piece was."""

    wire: ClassVar = "custody.mail-returned.v1"
    producers: ClassVar = ("ICE-ERO", "ICE-OPLA", "EOIR", "ORR")
    piece: Annotated[Text, COURT]
    reason: Annotated[Text, ADDRESS]
    address_position: Annotated[Position | None, ADDRESS] = None

    def upgraded(self) -> MailReturned:
        """Return the current version; the kind of a piece nobody named is `unknown`."""
        return MailReturned(
            piece_kind="unknown",
            piece=self.piece,
            reason=self.reason,
            address_position=self.address_position,
        )
