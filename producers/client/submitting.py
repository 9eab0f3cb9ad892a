"""Events to an agency's intake topic, and their outcomes back in the order of the events."""

import os
import select
import time
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any, Final

from producers.client.errors import MessageTooLargeError, NoOutcomeError
from producers.client.event_lines import Event, EventReader, Flaw
from producers.client.submissions import AgencyClient, Key

WINDOW: Final = 5_000
"""Lines sent whose outcome is awaited: bounds memory, keeps the pipe full."""
_PIECE: Final = 65_536
_GLANCE_MS: Final = 20


@dataclass(slots=True)
class Submitted:
    """What became of what was `read`: `sent` are on Kafka, `left_out` (their lines) not, `unanswerable` have no key."""

    read: int = 0
    sent: int = 0
    left_out: list[int] = field(default_factory=list)
    unanswerable: int = 0


def submit(
    source: int,
    client: AgencyClient,
    *,
    wait: bool,
    patience_seconds: float,
    tell_outcome: Callable[[dict[str, Any]], None],
    tell_problem: Callable[[int, str], None],
) -> Submitted:
    """Send each CloudEvent in structured form that the file descriptor `source` holds, see `EventReader`.

    What is no JSON object, or too large, goes to `tell_problem` with its line and is not sent. With `wait` outcomes go
    to `tell_outcome` in the order of the events, as soon as that order lets them. Raises `InputError` where the input
    is no text, `NotSentError`, and `NoOutcomeError` when `patience_seconds` pass without any outcome.
    """
    done = Submitted()
    waiting: deque[tuple[int, Key]] = deque()
    moved_at = time.monotonic()

    def answered(timeout_ms: int) -> None:
        """Tell the outcomes whose turn it is; give up when none has come for too long."""
        nonlocal moved_at
        if client.collect(timeout_ms):
            moved_at = time.monotonic()
        while waiting and (outcome := client.take(waiting[0][1])) is not None:
            waiting.popleft()
            tell_outcome(outcome.body)
        if waiting and time.monotonic() - moved_at > patience_seconds:
            raise NoOutcomeError(len(waiting), f"line {waiting[0][0]}", patience_seconds)

    for found in _events(source, while_idle=(lambda: answered(_GLANCE_MS)) if wait else _nothing):
        done.read += 1
        number = found.line
        if isinstance(found, Flaw):
            done.left_out.append(number)
            tell_problem(number, f"{found.problem}; nothing of it was sent, the other events are")
            continue
        try:
            key = client.send_event(found.data)
        except MessageTooLargeError as error:
            done.left_out.append(number)
            tell_problem(number, str(error))
            continue
        done.sent += 1
        if key is None:
            done.unanswerable += 1
            tell_problem(
                number,
                "sent, but it has no usable `id` and `source`: the ledger sets it aside and nobody can be answered; "
                "give it both and send it again",
            )
        elif wait:
            if not waiting:
                moved_at = time.monotonic()
            waiting.append((number, key))
            while len(waiting) >= WINDOW:
                answered(1000)
    client.settle()
    while waiting:
        answered(1000)
    return done


def _events(source: int, *, while_idle: Callable[[], None]) -> Iterator[Event | Flaw]:
    """Yield the events of a file descriptor as they come. Raises `InputError`.

    While nothing is there to be read, do `while_idle` again and again: whoever writes one event, waits for its
    outcome, then writes the next, must get it. A thread that reads would not let the process end on Ctrl-C.
    """
    reader = EventReader()
    while True:
        if not select.select([source], [], [], _GLANCE_MS / 1000)[0]:
            while_idle()
            continue
        piece = os.read(source, _PIECE)
        if not piece:
            yield from reader.end()
            return
        yield from reader.feed(piece)


def _nothing() -> None:
    pass
