"""The ways in which a question cannot be answered; each carries one message for whoever asked."""

from typing import Final

NOTHING_PUBLISHED: Final = (
    "nothing is published yet, so nobody can say who knew what; is the role `feeds` running? see `custody status`"
)


class QuestionError(Exception):
    """Base of the three; caught as one where only the message counts."""


class WrongQuestionError(QuestionError):
    """The question is not well put: an unknown figure, a day that is none. The message names what there is."""


class NothingKnownError(QuestionError):
    """By that moment the ledger had heard nothing of this child."""


class NotShownError(QuestionError):
    """The ledger has the entries, and the read tables cannot show them: parked, or never filled."""
