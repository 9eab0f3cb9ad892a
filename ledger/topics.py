"""The topics on Kafka: names, partitions, retention (contract: Topics), and which partition a child is on."""

from dataclasses import dataclass
from typing import Final, NamedTuple
from uuid import UUID

from ledger.agencies import PRODUCERS, RECEIVERS, Agency, topic_suffix

ENTRIES: Final = "custody.entries"
ENTRIES_PARTITIONS: Final = 4
PUBLICATIONS: Final = "custody.publications"
"""What was put on which feed, under which number, and when: one message a batch."""
INTAKE_PARTITIONS: Final = 4
LARGEST_MESSAGE_BYTES: Final = 8 * 1_048_576
"""What the broker carries on an intake topic; what is larger fails at the sender, who is told the limit."""

_FOR_EVER: Final = {"retention.ms": "-1", "retention.bytes": "-1", "cleanup.policy": "delete"}
_THIRTY_DAYS: Final = {"retention.ms": str(30 * 24 * 3600 * 1000), "cleanup.policy": "delete"}


@dataclass(frozen=True, slots=True)
class Topic:
    """One topic as it must exist before any role starts."""

    name: str
    partitions: int
    config: dict[str, str]


class TopicId(NamedTuple):
    """One making of a topic, never given twice: kept with every offset of it, as columns `cluster_id`, `topic_id`."""

    cluster: str
    topic: UUID


def intake(agency: Agency) -> str:
    """Return the topic an agency sends its submissions to."""
    return f"custody.intake.{topic_suffix(agency)}"


def outcomes(agency: Agency) -> str:
    """Return the topic on which an agency reads what became of its submissions."""
    return f"custody.outcomes.{topic_suffix(agency)}"


def feed(agency: Agency) -> str:
    """Return the topic on which an agency is told what it may know: one partition, numbers from 1 without a gap."""
    return f"custody.feed.{topic_suffix(agency)}"


def receipts(agency: Agency) -> str:
    """Return the topic on which an agency signs for what its feed told it."""
    return f"custody.receipts.{topic_suffix(agency)}"


def alerts(agency: Agency) -> str:
    """Return the topic on which an agency is alerted to what it owes: one partition, numbers without a gap."""
    return f"custody.alerts.{topic_suffix(agency)}"


def agency_of(topic: str) -> Agency:
    """Return the agency whose intake or receipts topic this is: on it nobody else writes."""
    return _AGENCY_BY_TOPIC[topic]


def is_receipts(topic: str) -> bool:
    """Return whether this is a receipts topic: receipts belong there, and nothing else does."""
    return topic in _RECEIPTS


def partition_of(child: UUID) -> int:
    """Return the partition of `custody.entries` that holds a child's entries: the UUID's last bits."""
    return child.int % ENTRIES_PARTITIONS


_AGENCY_BY_TOPIC: Final[dict[str, Agency]] = {
    **{intake(agency): agency for agency in PRODUCERS},
    **{receipts(agency): agency for agency in RECEIVERS},
}
_RECEIPTS: Final = frozenset(receipts(agency) for agency in RECEIVERS)
READ_BY_INTAKE: Final = tuple(_AGENCY_BY_TOPIC)
"""Every topic on which agencies write to the ledger."""

READ_BY_AGENCIES: Final = frozenset(
    (*map(outcomes, PRODUCERS), *map(feed, RECEIVERS), *map(alerts, RECEIVERS)),
)
"""Every topic that agencies read: what stands there is uncompressed or gzip, so that every client reads it."""

TOPICS: Final[tuple[Topic, ...]] = (
    Topic(ENTRIES, ENTRIES_PARTITIONS, {**_FOR_EVER, "max.message.bytes": str(LARGEST_MESSAGE_BYTES)}),
    *(
        Topic(intake(a), INTAKE_PARTITIONS, {**_THIRTY_DAYS, "max.message.bytes": str(LARGEST_MESSAGE_BYTES)})
        for a in PRODUCERS
    ),
    *(Topic(outcomes(a), 1, _THIRTY_DAYS) for a in PRODUCERS),
    *(Topic(feed(a), 1, {**_FOR_EVER, "max.message.bytes": str(LARGEST_MESSAGE_BYTES)}) for a in RECEIVERS),
    *(Topic(receipts(a), 1, _THIRTY_DAYS) for a in RECEIVERS),
    *(Topic(alerts(a), 1, _FOR_EVER) for a in RECEIVERS),
    Topic(PUBLICATIONS, 1, {**_FOR_EVER, "max.message.bytes": str(LARGEST_MESSAGE_BYTES)}),
)
TOPIC_NAMES: Final = tuple(topic.name for topic in TOPICS)
