"""The ledger's offsets of the topics agencies write to, brought in line with Kafka as it is now."""

from collections import defaultdict
from collections.abc import Mapping

from kafka import TopicPartition
from psycopg import Cursor
from psycopg.rows import DictRow

from consumers.standing import Log, Loss, Stand, go_on, told
from ledger.rules.arrivals import Illegible, Place
from ledger.store.dead_letters import keep
from ledger.topics import TopicId, agency_of


def take_over(cursor: Cursor[DictRow], logs: Mapping[TopicPartition, Log]) -> dict[str, str]:
    """Set where each partition goes on; keep what was lost as a dead letter a topic, and return it in words.

    Offsets and dead letters of before topics had ids are taken for those of the topics there are.
    """
    cursor.execute("lock table ledger.intake_offsets in share row exclusive mode")  # another member does the same
    cursor.execute("select topic, partition, next_offset, known_end, cluster_id, topic_id from ledger.intake_offsets")
    stands = {TopicPartition(row["topic"], row["partition"]): row for row in cursor}
    losses: dict[str, list[Loss]] = defaultdict(list)
    before: dict[str, TopicId | None] = {}
    for partition, log in sorted(logs.items()):
        row = stands.get(partition)
        stand = None
        if row is not None:
            id = None if row["topic_id"] is None else TopicId(row["cluster_id"], row["topic_id"])
            stand = Stand(row["next_offset"], id, row["known_end"])
            before[partition.topic] = id or log.id
        offset, loss = go_on(partition.partition, stand, log)
        if loss is not None:
            losses[partition.topic].append(loss)
        cursor.execute(
            "insert into ledger.intake_offsets (topic, partition, next_offset, cluster_id, topic_id, known_end)"
            " values (%s, %s, %s, %s, %s, %s) on conflict (topic, partition) do update set"
            " next_offset = excluded.next_offset, cluster_id = excluded.cluster_id, topic_id = excluded.topic_id,"
            " known_end = excluded.known_end",
            (partition.topic, partition.partition, offset, log.id.cluster, log.id.topic, log.end),
        )
    _identify(cursor, logs)
    words = {topic: told(topic, lost) for topic, lost in losses.items()}
    for topic, lost in losses.items():
        most = max(lost, key=lambda loss: loss.known)
        place = Place(agency_of(topic), topic, most.partition, most.offset, before[topic])
        last = most.offset + most.known - 1 if most.known else None
        keep(cursor, Illegible(place, (None, None), words[topic], None, b"[]", kind="lost", last_offset=last))
    return words


def _identify(cursor: Cursor[DictRow], logs: Mapping[TopicPartition, Log]) -> None:
    """Give dead letters of before topics had ids those of the topics there are."""
    for topic, id in {partition.topic: log.id for partition, log in logs.items()}.items():
        cursor.execute(
            "update ledger.set_aside set cluster_id = %s, topic_id = %s where topic = %s and topic_id is null",
            (id.cluster, id.topic, topic),
        )
