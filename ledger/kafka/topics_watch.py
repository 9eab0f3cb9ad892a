"""A role's own topics: made where they are missing, and watched: one that is deleted and made again keeps its name.

Which making of a topic a checkpoint speaks of is kept beside it (`TopicId`): what was written to an earlier one is not
on the present one, and an offset of it means nothing there.
"""

import time
from collections.abc import Iterable
from typing import Any, Final

from kafka import KafkaAdminClient
from kafka.errors import KafkaError

from ledger.kafka.topic_ids import TopicId, topic_ids
from ledger.topics import TOPICS

LOOK_SECONDS: Final = 10.0
_REACH_MS: Final = 30_000
_AS_THE_BROKER_SAYS: Final = -1


class TopicLostError(KafkaError):  # type: ignore[misc]  # the library has no types
    """A topic was deleted, or made again, while a role was at work; beginning again makes it and fills it."""


class TopicsWatch:
    """The topics of one role, as they were when it began."""

    def __init__(self, bootstrap: str, topics: Iterable[str]) -> None:
        self._bootstrap = bootstrap
        self._topics = tuple(topics)
        self.ids: dict[str, TopicId] = {}
        self._look_at = 0.0

    def begin(self) -> list[str]:
        """Make what is missing, and remember what there is; return the names of those made. Raises `KafkaError`."""
        self.ids = topic_ids(self._bootstrap, self._topics)
        made = [topic for topic in self._topics if topic not in self.ids]
        if made:
            self._make(made)
            self.ids = topic_ids(self._bootstrap, self._topics)
        self._look_at = time.monotonic() + LOOK_SECONDS
        return made

    def look(self) -> None:
        """Look, if it is time, whether they are still the same; raises `TopicLostError` where one is not."""
        if time.monotonic() < self._look_at:
            return
        self._look_at = time.monotonic() + LOOK_SECONDS
        try:
            now = topic_ids(self._bootstrap, self._topics)
        except KafkaError:
            return  # it does not answer: it is asked again
        for topic in self._topics:
            if now.get(topic) != self.ids.get(topic):
                what = "was deleted" if topic not in now else "was deleted and made again"
                raise TopicLostError(f"{topic} {what}; the role begins again, makes it if need be, and fills it")

    def _make(self, names: list[str]) -> None:
        wanted: dict[str, dict[str, Any]] = {
            topic.name: {
                "num_partitions": topic.partitions,
                "replication_factor": _AS_THE_BROKER_SAYS,
                "configs": dict(topic.config),
            }
            for topic in TOPICS
            if topic.name in names
        }
        admin = KafkaAdminClient(
            bootstrap_servers=self._bootstrap.split(","), client_id="custody-topics", bootstrap_timeout_ms=_REACH_MS
        )
        try:
            admin.create_topics(wanted, timeout_ms=_REACH_MS, raise_errors=False)
            admin.wait_for_topics(list(wanted), timeout_ms=_REACH_MS)
        finally:
            admin.close()


def written(id: TopicId | None) -> str | None:
    """Return a topic id as it is kept beside a checkpoint."""
    return None if id is None else f"{id.cluster}/{id.topic}"
