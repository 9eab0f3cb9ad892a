"""Dead letters of the ledger's own topics: what stands there and the ledger did not write, with where it stood and why.

Nothing of its value is kept but a digest: nobody has searched it for what may not be kept (rule H8), and on Kafka it
stays where it is.
"""

from collections.abc import Callable, Sequence
from typing import Any

import structlog
from kafka import KafkaConsumer
from psycopg import Connection

from ledger.kafka.entries import Foreign
from ledger.kafka.topic_ids import topic_ids_seen

_KEEP = b"""
insert into ledger.set_aside
    (kind, topic, partition, "offset", last_offset, reason, size, digest, headers, set_aside_at, cluster_id, topic_id)
select 'foreign', %b, p, o, nullif(l, o), r, s, d, '[]', clock_timestamp(), %b, %b
from unnest(%b::int[], %b::bigint[], %b::bigint[], %b::text[], %b::bigint[], %b::text[]) as u(p, o, l, r, s, d)
on conflict do nothing
"""


def keeping_foreign(
    connection: Connection[Any], consumer: KafkaConsumer, topic: str, log: structlog.typing.FilteringBoundLogger
) -> Callable[[Sequence[Foreign]], None]:
    """Return what keeps foreign records that a role meets on a topic as dead letters, each once, and logs."""

    def keep(foreign: Sequence[Foreign]) -> None:
        id = topic_ids_seen(consumer, (topic,)).get(topic)
        connection.execute(
            _KEEP,
            (
                topic,
                id and id.cluster,
                id and id.topic,
                [one.partition for one in foreign],
                [one.offset for one in foreign],
                [one.last_offset for one in foreign],
                [one.reason for one in foreign],
                [one.size for one in foreign],
                [one.digest for one in foreign],
            ),
        )
        first = foreign[0]
        log.error(
            "record.foreign",
            topic=topic,
            records=len(foreign),
            first_partition=first.partition,
            first_offset=first.offset,
            first_reason=first.reason,
            cure="who can write to this topic but the roles of the ledger? `custody set-aside list` shows them",
        )

    return keep
