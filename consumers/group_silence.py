"""Sees that Kafka no longer answers for intake's group, or that the client no longer asks.

A client that had joined, and then neither sent a heartbeat nor got a message again, was seen twice in some thousand
starts: nothing was read, and nothing said so. A role that ends with its reason is started again, and reads on.
"""

import time
from collections.abc import Callable
from typing import Final

from kafka import KafkaConsumer
from kafka.errors import KafkaError

SILENCE_SECONDS: Final = 60.0
"""Thirty heartbeats; the broker has long given the partitions to others."""
_LONGEST_STEP_SECONDS: Final = 1.0
"""A process that was stopped and goes on, or recorded for long, has not been looking all the while."""


class SilentGroupError(KafkaError):  # type: ignore[misc]  # the library is untyped
    """No heartbeat of this member was answered for so long that it can no longer be taken for one."""


class GroupSilence:
    """Counts for how long no heartbeat was answered, while somebody looks; leans on the inside of kafka-python 3.0."""

    def __init__(self, consumer: KafkaConsumer, clock: Callable[[], float] = time.monotonic) -> None:
        """Begin to count."""
        self._heartbeat = consumer._coordinator.heartbeat
        self._clock = clock
        self._heard = self._heartbeat.last_receive
        self._looked = clock()
        self._silent = 0.0

    def look(self) -> None:
        """Count what has passed since the last look. Raises `SilentGroupError`."""
        now = self._clock()
        step = min(now - self._looked, _LONGEST_STEP_SECONDS)
        self._looked = now
        heard = self._heartbeat.last_receive
        self._silent = self._silent + step if heard == self._heard else 0.0
        self._heard = heard
        if self._silent > SILENCE_SECONDS:
            raise SilentGroupError(f"no heartbeat of intake's group was answered for {SILENCE_SECONDS:.0f} s")
