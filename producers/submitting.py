"""JSON lines to an agency's intake topic, and their outcomes back in the order of the lines."""

import os
import select
import time
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Final

import orjson

from ledger.topics import LARGEST_MESSAGE_BYTES
from producers.client import AgencyClient, Key
from producers.client_errors import MessageTooLargeError, NoOutcomeError

WINDOW: Final = 5_000
"""Lines sent whose outcome is awaited: bounds memory, keeps the pipe full."""
_PIECE: Final = 65_536
_GLANCE_MS: Final = 20


@dataclass(slots=True)
class Submitted:
    """What became of the lines: `sent` are on Kafka, `left_out` are not, `unanswerable` are sent without a key."""

    sent: int = 0
    left_out: int = 0
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
    """Send each line of the file descriptor `source`, a CloudEvent in structured form; blank lines are passed over.

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

    for number, line in _numbered(source, while_idle=(lambda: answered(_GLANCE_MS)) if wait else _nothing):
        if line is not None and not line.strip():
            continue
        flaw = _flaw(line)
        if line is None or flaw is not None:
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


def _flaw(line: bytes | None) -> str | None:
    if line is None:
        return f"longer than the {LARGEST_MESSAGE_BYTES} bytes a message may have"
    try:
        event = orjson.loads(line)
    except orjson.JSONDecodeError as error:
        return f"not JSON in UTF-8 ({error.msg} at character {error.pos + 1})"
    return None if isinstance(event, dict) else "JSON, but no object: a CloudEvent is one JSON object a line"


def _numbered(source: int, *, while_idle: Callable[[], None]) -> Iterator[tuple[int, bytes | None]]:
    """Yield the lines of a file descriptor with their numbers, None for one that is too long to be sent.

    While nothing is there to be read, do `while_idle` again and again: whoever writes one event, waits for its
    outcome, then writes the next, must get it. A thread that reads would not let the process end on Ctrl-C.
    """
    number, size = 1, 0
    pieces: list[bytes] = []
    while True:
        if not select.select([source], [], [], _GLANCE_MS / 1000)[0]:
            while_idle()
            continue
        piece = os.read(source, _PIECE)
        *ended, rest = piece.split(b"\n")
        for end in ended:
            yield number, None if size + len(end) > LARGEST_MESSAGE_BYTES else b"".join((*pieces, end))
            number, size = number + 1, 0
            pieces.clear()
        size += len(rest)
        if size > LARGEST_MESSAGE_BYTES:
            pieces.clear()  # whatever follows on this line, it is too long
        elif rest:
            pieces.append(rest)
        if not piece:
            if size:
                yield number, None if size > LARGEST_MESSAGE_BYTES else b"".join(pieces)
            return


def _nothing() -> None:
    pass
