"""Entries that cannot be applied, found and kept from the others: whatever goes wrong blocks one child, never the role.

Live, in a rebuild and when blocked records are tried again, the same entry is found, and held back for the same child.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final
from uuid import UUID

from ledger.kafka.entries import EntryMessage
from ledger.kafka.speaking import speaks_of
from ledger.roles.faults import is_of_the_message

_MOST_REASON: Final = 300


class SwappedError(Exception):
    """A rebuild has put another version in place of the one this process was writing: no entry is to blame."""


@dataclass(frozen=True, slots=True)
class HeldBack:
    """Entries that are not simply applied: blocked ones with the reason, and those applied with a later statement."""

    blocked: Mapping[int, str] = field(default_factory=dict)
    until: Mapping[int, int] = field(default_factory=dict)
    """An entry that cannot be applied by itself, and the position of the void or correction it is applied with."""


def isolated(
    messages: Sequence[EntryMessage], attempt: Callable[[Sequence[EntryMessage], HeldBack, bool], None]
) -> HeldBack:
    """Apply messages with `attempt`, holding back those that cannot be; return which.

    `attempt` applies messages in one transaction, or raises and leaves nothing; its last argument says that it is only
    to be seen whether it can be. Faults of a server or of the role itself are raised.
    """
    blocked: dict[int, str] = {}
    until: dict[int, int] = {}
    while True:
        held = HeldBack(dict(blocked), dict(until))
        try:
            attempt(messages, held, False)
        except Exception as error:
            if isinstance(error, SwappedError) or not is_of_the_message(error):
                raise
            failing, why = _first_failing(messages, held, attempt, error)
        else:
            return held
        position, tried = failing.position, 0
        for entry, statement in held.until.items():
            if statement == position:  # it does not mend the entry it speaks of; perhaps a later one does
                position, tried = entry, statement
                del until[entry]
        if position in blocked:
            raise RuntimeError(f"entry {position} cannot be kept from the others: {why}")
        mending = next((one for one in _statements_about(messages, failing.child, position) if one > tried), None)
        if mending is None:
            blocked[position] = why
        else:
            until[position] = mending


def _first_failing(
    messages: Sequence[EntryMessage],
    held: HeldBack,
    attempt: Callable[[Sequence[EntryMessage], HeldBack, bool], None],
    error: Exception,
) -> tuple[EntryMessage, str]:
    """Return the first message without which the ones before it can be applied, and what is wrong with it."""
    can, cannot = 0, len(messages)
    while cannot - can > 1:
        middle = (can + cannot) // 2
        try:
            attempt(messages[:middle], held, True)
            can = middle
        except Exception as another:
            if isinstance(another, SwappedError) or not is_of_the_message(another):
                raise
            cannot, error = middle, another
    return messages[cannot - 1], f"{type(error).__name__}: {str(error).partition(chr(10))[0][:_MOST_REASON]}"


def _statements_about(messages: Sequence[EntryMessage], child: UUID, position: int) -> Iterator[int]:
    """Yield the positions of the corrections and voids of an entry, in the record it stands in."""
    for message in messages:
        if message.child == child and message.position > position and speaks_of(message) == position:
            yield message.position
