"""An agency's signature: receipts on their way to `custody.receipts.<agency>`, and what became of them."""

import time
from collections import deque
from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final
from uuid import uuid4

import orjson

from ledger.agencies import Agency
from ledger.facts.ledger_wide import ReceiptGrade
from ledger.intake.receipt import WIRE
from ledger.kafka.cloudevents import binary_headers
from ledger.times import write_when
from ledger.topics import receipts
from producers.client.errors import NoOutcomeError
from producers.client.outcomes import Outcome, OutcomeReader
from producers.client.sending import Sender

ID_PREFIX: Final = "receipt-"
"""What the id of every receipt sent here begins with: it tells them from submissions among the outcomes."""


class Receipts:
    """Sends one agency's receipts and reads their outcomes. Not to be shared between threads."""

    def __init__(
        self, bootstrap: str, agency: Agency, *, system: str | None = None, outcomes_from: int | None = None
    ) -> None:
        """Connect; `system` is the `ce_source`, `outcomes_from` an offset from which outcomes are still to be read.

        Raises `BrokerUnreachableError`, `TopicMissingError`.
        """
        self.system: Final = system or f"/{agency.lower()}/feed-reader"
        self.unanswered: set[str] = set()
        """Ids of receipts of this life without an outcome yet."""
        self._answers: deque[Outcome] = deque()
        self._reader = OutcomeReader(bootstrap, agency, begin_at=outcomes_from, key_prefix=ID_PREFIX.encode())
        try:
            self._sender = Sender(bootstrap, agency, topic=receipts(agency), linger_ms=0)
        except BaseException:
            self._reader.close()
            raise

    def send(
        self,
        *,
        up_to: int | None = None,
        numbers: Sequence[int] | None = None,
        grade: ReceiptGrade,
        at: datetime | None,
        sent_at: datetime,
        office: str | None = None,
        user: str | None = None,
    ) -> str:
        """Put a receipt on its way and return its id. Call `settle` to know that Kafka has it.

        Raises `NotSentError`.
        """
        data: dict[str, Any] = {"up_to": up_to} if up_to is not None else {"numbers": list(numbers or ())}
        data["grade"] = grade
        if at is not None:
            data["at"] = write_when(at)
        by = {name: text for name, text in (("office", office), ("user", user)) if text is not None}
        if by:
            data["by"] = by
        id = f"{ID_PREFIX}{uuid4()}"
        headers = binary_headers(id=id, source=self.system, type=WIRE, time=write_when(sent_at))
        self.unanswered.add(id)
        self._sender.send(orjson.dumps(data), key=None, headers=headers, label=id, partition=0)
        return id

    def settle(self) -> None:
        """Return when Kafka has confirmed everything sent so far. Raises `NotSentError`."""
        self._sender.settle()

    def answers(self, timeout_ms: int) -> list[Outcome]:
        """Return the outcomes that have come, those of earlier lives of this system among them."""
        found = [outcome for outcome in self._reader.poll(timeout_ms) if outcome.source == self.system]
        self.unanswered -= {outcome.id for outcome in found if outcome.id is not None}
        return found

    def outcome(self, id: str, *, timeout_seconds: float) -> Outcome:
        """Wait for the outcome of one receipt. Raises `NoOutcomeError`, `NotSentError`."""
        self.settle()
        deadline = time.monotonic() + timeout_seconds
        while (left_ms := int((deadline - time.monotonic()) * 1000)) > 0:
            for outcome in self.answers(left_ms):
                if outcome.id == id:
                    return outcome
        raise NoOutcomeError(1, f"receipt {id}", timeout_seconds)

    @property
    def outcomes_offset(self) -> int:
        """Return where to go on reading outcomes in the next life."""
        return self._reader.offset

    def close(self) -> None:
        """Close both connections; what was not settled may be lost."""
        self._sender.close()
        self._reader.close()
