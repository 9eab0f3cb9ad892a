"""What every role's process does alike: stop on a signal, say that it is ready, refuse to start with the cure."""

import gc
import os
import signal
from pathlib import Path
from types import FrameType
from typing import Final

EX_CONFIG: Final = 78
"""Exit status of a role that refuses to start: trying again changes nothing, the message says what would."""


class Stop:
    """Set by SIGTERM or SIGINT; loops look at it between batches, so that no batch is cut."""

    def __init__(self) -> None:
        self.asked = False
        signal.signal(signal.SIGTERM, self._ask)
        signal.signal(signal.SIGINT, self._ask)

    def _ask(self, number: int, frame: FrameType | None) -> None:
        self.asked = True

    def __bool__(self) -> bool:
        return self.asked


def say_ready() -> None:
    """Touch the file named by `CUSTODY_READY_FILE`, if any: the role can do its work now."""
    name = os.environ.get("CUSTODY_READY_FILE")
    if name:
        Path(name).touch()


def settle_memory() -> None:
    """Keep the collector away from what was built at the start, and from the hot loop as far as it can be."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(100_000, 20, 100)
