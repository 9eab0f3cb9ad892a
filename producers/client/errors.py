"""What can go wrong at an agency's end, each error with what was not done and the cure.

ClientError
├── UnknownAgencyError       no agency of that name sends, or has a feed
├── BrokerUnreachableError   nobody answers at the address
├── TopicMissingError        Kafka answers, but the ledger's topics are not there
├── MessageTooLargeError     more than the intake topics carry; nothing of it was sent
├── NotSentError             Kafka did not confirm; sending again under the same ids is safe
└── NoOutcomeError           sent, but the ledger has not answered in time
"""

from collections.abc import Sequence

from ledger.agencies import Agency
from ledger.agency_names import agency_among


class ClientError(Exception):
    """The message is for the person who sends: what happened, what was not done, what to do."""


class UnknownAgencyError(ClientError):
    """No agency of that name sends, or has a feed."""

    def __init__(self, problem: str) -> None:
        super().__init__(f"{problem}; nothing was done")


def known_agency(given: str, among: Sequence[Agency]) -> Agency:
    """Return the agency that is spelled so, `ice-ero` as in names of topics, too. Raises `UnknownAgencyError`."""
    try:
        return agency_among(given, among)
    except ValueError as error:
        raise UnknownAgencyError(str(error)) from None


class BrokerUnreachableError(ClientError):
    """Nobody answers at the address of Kafka."""

    def __init__(self, bootstrap: str, reason: str) -> None:
        super().__init__(
            f"Kafka at {bootstrap} cannot be reached ({reason}); nothing was sent; start the ledger with `custody up`, "
            "or give the address of a Kafka that runs in KAFKA_BOOTSTRAP_SERVERS"
        )
        self.bootstrap = bootstrap


class TopicMissingError(ClientError):
    """Kafka answers, but has no such topic."""

    def __init__(self, bootstrap: str, topic: str) -> None:
        super().__init__(
            f"Kafka at {bootstrap} has no topic {topic}; nothing was sent; `custody up` makes the ledger's topics, "
            "on a Kafka of yours `custody topics` does"
        )
        self.topic = topic


class MessageTooLargeError(ClientError):
    """A message larger than the intake topics carry."""

    def __init__(self, label: str, size: int, limit: int) -> None:
        super().__init__(
            f"{label} is {size} bytes with its headers, the limit is {limit}; nothing of it was sent; "
            "a submission is one fact: send less in it"
        )
        self.size = size
        self.limit = limit


class NotSentError(ClientError):
    """Kafka did not confirm a message; it may have arrived all the same."""

    def __init__(self, bootstrap: str, label: str, count: int, reason: str) -> None:
        super().__init__(
            f"Kafka at {bootstrap} did not confirm {count} message{'s' if count != 1 else ''}, the first is {label} "
            f"({reason}); they may or may not have arrived; "
            "send again under the same ids: what arrived twice is recorded once"
        )
        self.label = label
        self.count = count


class NoOutcomeError(ClientError):
    """The ledger has not answered in time; what was sent is safe on Kafka."""

    def __init__(self, missing: int, first: str, seconds: float) -> None:
        super().__init__(
            f"no outcome came for {seconds:g} s; {missing} {'is' if missing == 1 else 'are'} outstanding, the first "
            f"is that of {first}; what was sent is safe on Kafka and will be recorded; see with `custody status` "
            "whether intake and relay run, and send again under the same ids to ask again"
        )
        self.missing = missing
        self.first = first
