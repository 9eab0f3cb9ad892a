"""JSON lines to an agency's intake topic, and their outcomes back in the order of the lines."""

import threading
import time
from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from queue import Empty, Queue
from typing import Any, Final

import orjson

from producers.client import AgencyClient, Key
from producers.client_errors import MessageTooLargeError, NoOutcomeError

WINDOW: Final = 5_000
"""Lines sent whose outcome is awaited: bounds memory, keeps the pipe full."""
_AHEAD: Final = 1_000
_GLANCE_MS: Final = 20


@dataclass(slots=True)
class Submitted:
    """What became of the lines: `sent` are on Kafka, `left_out` are not, `unanswerable` are sent without a key."""

    sent: int = 0
    left_out: int = 0
    unanswerable: int = 0


def submit(
    lines: Iterable[bytes],
    client: AgencyClient,
    *,
    wait: bool,
    patience_seconds: float,
    tell_outcome: Callable[[dict[str, Any]], None],
    tell_problem: Callable[[int, str], None],
) -> Submitted:
    """Send each line, a CloudEvent in structured form; blank lines are passed over.

    A line that is no JSON object, or too large, goes to `tell_problem` with its number and is not sent. With `wait`
    outcomes go to `tell_outcome` in the order of the lines, as soon as that order lets them. Raises `NotSentError`,
    and `NoOutcomeError` when `patience_seconds` pass without any outcome.
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

    for number, line in _numbered(lines, while_idle=(lambda: answered(_GLANCE_MS)) if wait else _nothing):
        if not line.strip():
            continue
        flaw = _flaw(line)
        if flaw is not None:
            done.left_out += 1
            tell_problem(number, f"{flaw}; nothing of it was sent, the other lines are")
            continue
        try:
            key = client.send_event(line)
        except MessageTooLargeError as error:
            done.left_out += 1
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


def _flaw(line: bytes) -> str | None:
    try:
        event = orjson.loads(line)
    except orjson.JSONDecodeError as error:
        return f"not JSON in UTF-8 ({error.msg} at character {error.pos + 1})"
    return None if isinstance(event, dict) else "JSON, but no object: a CloudEvent is one JSON object a line"


def _numbered(lines: Iterable[bytes], *, while_idle: Callable[[], None]) -> Iterable[tuple[int, bytes]]:
    """Yield the lines with their numbers; while the next one is not there, do `while_idle` again and again.

    A thread of its own reads: whoever writes one event, waits for its outcome, then writes the next, must get it.
    """
    queue: Queue[bytes | BaseException | None] = Queue(maxsize=_AHEAD)

    def read() -> None:
        try:
            for line in lines:
                queue.put(line)
            queue.put(None)
        except BaseException as error:  # noqa: BLE001  # raised again by the reader of the queue
            queue.put(error)

    threading.Thread(target=read, name="lines", daemon=True).start()
    number = 0
    while True:
        try:
            line = queue.get(timeout=_GLANCE_MS / 1000)
        except Empty:
            while_idle()
            continue
        if line is None:
            return
        if isinstance(line, BaseException):
            raise line
        number += 1
        yield number, line


def _nothing() -> None:
    pass
