"""Where intake goes on in a partition, and what is gone: the ledger's offset held beside what Kafka holds now.

An offset means something in one making of a topic only, and there only where the log still reaches. Where it means
nothing any more, reading begins again at the first message: what is read twice is answered as a duplicate, so nothing
that stands on Kafka is passed over. What was gone before anybody took it cannot be got back here; it is told.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from ledger.topics import TopicId


@dataclass(frozen=True, slots=True)
class Stand:
    """How far the ledger has taken one partition, in which making of the topic, and where that ended when last seen."""

    next_offset: int
    id: TopicId | None
    """None: of before ids were kept."""
    known_end: int | None


@dataclass(frozen=True, slots=True)
class Log:
    """One partition as Kafka holds it now: its first offset, and the one that its next message will have."""

    id: TopicId
    begin: int
    end: int


@dataclass(frozen=True, slots=True)
class Loss:
    """Messages of one partition that were gone before anybody took them: from `offset` on, at least `known` of them."""

    partition: int
    offset: int
    known: int
    why: str


def go_on(partition: int, stand: Stand | None, log: Log) -> tuple[int, Loss | None]:
    """Return the offset to go on at, and what was lost before it."""
    if stand is None:
        return log.begin, None
    untaken = max(0, (stand.known_end or 0) - stand.next_offset)
    if stand.id is not None and stand.id != log.id:
        if stand.next_offset == 0 and not untaken:
            return log.begin, None  # nothing was ever known to be on it
        return log.begin, Loss(partition, stand.next_offset, untaken, "was deleted and made again")
    if stand.next_offset > log.end:
        return log.begin, Loss(partition, log.end, untaken, f"ends at offset {log.end}: Kafka lost what it held behind")
    if stand.next_offset < log.begin:
        gone = log.begin - stand.next_offset
        return log.begin, Loss(
            partition, stand.next_offset, gone, f"begins at offset {log.begin}: what was before expired"
        )
    return stand.next_offset, None


def told(topic: str, losses: Sequence[Loss]) -> str:
    """Return what was lost on a topic as one sentence with the cure."""
    why = losses[0].why
    places = ", ".join(
        f"partition {loss.partition} from offset {loss.offset} on ({loss.known or 'none'} known of)" for loss in losses
    )
    return (
        f"{topic} {why}; messages that nobody had taken are gone: {places}. The topic is read from its first message, "
        "what was answered before is answered as a duplicate; the agency sends again what got no outcome, which is safe"
    )
