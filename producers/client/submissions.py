"""What an agency holds in its hands: send submissions, read what became of them.

    with AgencyClient("127.0.0.1:9092", "ORR", system="/orr/uc-portal") as orr:
        sent = orr.send(
            "custody.admitted-to-program.v1",
            {"child": [{"scheme": "a-number", "value": "A200-000-017"}], "occurred_at": "2022-01-12",
             "source": {"document": "P-1", "reference": "P1-2022-17", "grade": "document"},
             "door": "feed", "fact": {"program": "Casa Ficticia"}},
        )
        print(orr.outcome(sent).status)

Nothing here decides: the ledger does, and says so on the outcomes topic.
"""

import time
from collections import deque
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from functools import lru_cache
from types import TracebackType
from typing import Any, Final
from uuid import uuid4

import orjson
from pydantic import ValidationError

from ledger.agencies import PRODUCERS, Agency
from ledger.identifiers import Identifier
from ledger.kafka.cloudevents import STRUCTURED_HEADERS, binary_headers, read_message
from ledger.times import write_when
from producers.client.errors import NoOutcomeError, known_agency
from producers.client.outcomes import Outcome, OutcomeReader
from producers.client.sending import Sender

Key = tuple[str, str]
"""The idempotency key of a submission: (ce_source, ce_id)."""

AWAITED: Final = 100_000
"""Of so many submissions, the latest, the outcome is kept until it is asked for."""


class AgencyClient:
    """One agency's end of the ledger. Not to be shared between threads."""

    def __init__(self, bootstrap: str, agency: Agency | str, *, system: str | None = None) -> None:
        """Connect. Raises `UnknownAgencyError`, `BrokerUnreachableError`, `TopicMissingError`.

        `system` is the `ce_source` of what is sent. The position on the outcomes topic is taken before anything can
        be sent, so no outcome is missed.
        """
        agency = known_agency(agency, PRODUCERS)
        self.system: Final = system or f"/{agency.lower()}/client"
        self._reader = OutcomeReader(bootstrap, agency)
        try:
            self._sender = Sender(bootstrap, agency)
        except BaseException:
            self._reader.close()
            raise
        self._answers: dict[Key, deque[Outcome] | None] = {}

    def send(
        self,
        wire: str,
        data: Mapping[str, Any] | bytes,
        *,
        id: str | None = None,
        sent_at: datetime | str | None = None,
        source: str | None = None,
        extensions: Iterable[tuple[str, str]] = (),
    ) -> Key:
        """Put a submission on its way and return its key; a new id and the present moment where none is given.

        Raises `MessageTooLargeError` (nothing was sent), `NotSentError`. Call `settle` to know that Kafka has it all.
        """
        body = data if isinstance(data, bytes) else orjson.dumps(data)
        key = (source or self.system, id or str(uuid4()))
        match sent_at:
            case None:
                moment = write_when(datetime.now(UTC))
            case datetime():
                moment = write_when(sent_at)
            case str():
                moment = sent_at
        headers = binary_headers(id=key[1], source=key[0], type=wire, time=moment, extra=tuple(extensions))
        child = message_key(_json(data) if isinstance(data, bytes) else data)
        self._await(key)
        self._sender.send(body, key=child, headers=headers, label=f"submission {key[1]}", partition=None)
        return key

    def send_event(self, event: bytes) -> Key | None:
        """Put a CloudEvent in structured form on its way as it is; return its key, None if it has none.

        What is wrong with the event is the ledger's to say. Raises as `send` does.
        """
        message = read_message(STRUCTURED_HEADERS, event)
        key = (message.source, message.id) if message.source and message.id else None
        if key is not None:
            self._await(key)
        envelope = _json(event)
        child = message_key(envelope.get("data")) if isinstance(envelope, dict) else None
        label = f"event {key[1]}" if key else "an event without a usable id"
        self._sender.send(event, key=child, headers=list(STRUCTURED_HEADERS), label=label, partition=None)
        return key

    def settle(self) -> None:
        """Return when Kafka has confirmed everything sent so far. Raises `NotSentError`."""
        self._sender.settle()

    def collect(self, timeout_ms: int) -> bool:
        """Take in the outcomes that have come, waiting for the first at most `timeout_ms`; say whether any came."""
        found = self._reader.poll(timeout_ms)
        for outcome in found:
            if outcome.source is None or outcome.id is None:
                continue
            key = (outcome.source, outcome.id)
            if key in self._answers:
                answers = self._answers[key] = self._answers[key] or deque()
                answers.append(outcome)
        return bool(found)

    def take(self, key: Key) -> Outcome | None:
        """Return the next outcome of a submission if it has come, each once; in the order in which they came."""
        answers = self._answers.get(key)
        return answers.popleft() if answers else None

    def outcome(self, key: Key, *, timeout_seconds: float = 30.0) -> Outcome:
        """Wait for the outcome of a submission of this client. Raises `NoOutcomeError`, `NotSentError`."""
        self.settle()
        deadline = time.monotonic() + timeout_seconds
        while (answer := self.take(key)) is None:
            left_ms = int((deadline - time.monotonic()) * 1000)
            if left_ms <= 0:
                raise NoOutcomeError(1, f"submission {key[1]}", timeout_seconds)
            self.collect(left_ms)
        return answer

    def close(self) -> None:
        """Wait until Kafka has confirmed what was sent, then close. Raises `NotSentError`."""
        try:
            self.settle()
        finally:
            self.abandon()

    def abandon(self) -> None:
        """Close without waiting: what Kafka has not confirmed may be lost."""
        self._sender.close()
        self._reader.close()

    def __enter__(self) -> "AgencyClient":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if error is None:
            self.close()
        else:
            self.abandon()

    def _await(self, key: Key) -> None:
        if key not in self._answers:
            if len(self._answers) >= AWAITED:
                del self._answers[next(iter(self._answers))]
            self._answers[key] = None


def message_key(data: object) -> bytes | None:
    """Return the first identifier as `scheme:value` in its one spelling: what keeps a child's messages in order.

    None where there is none, and the value as given where it has no such spelling: the ledger refuses it later.
    """
    match data:
        case {"child": [{"scheme": str(scheme), "value": str(value)}, *_]}:
            return _key(scheme, value)
        case _:
            return None


@lru_cache(maxsize=4096)
def _key(scheme: str, value: str) -> bytes:
    try:
        identifier = Identifier.model_validate({"scheme": scheme, "value": value})
    except ValidationError:
        return f"{scheme}:{value}".encode("utf-8", "replace")
    return f"{identifier.scheme}:{identifier.value}".encode()


def _json(data: bytes) -> object:
    try:
        return orjson.loads(data)
    except orjson.JSONDecodeError:
        return None
