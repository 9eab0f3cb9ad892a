"""What something costs in steps of our own code: the same on every machine, however busy."""

import sys
from collections.abc import Callable
from types import FrameType
from typing import Any


def steps(work: Callable[[], object]) -> int:
    """Return how many steps of Python, in modules of `ledger`, a piece of work takes."""
    taken = 0

    def counted(frame: FrameType, event: str, _: Any) -> Any:
        nonlocal taken
        if not frame.f_globals.get("__name__", "").startswith("ledger."):
            return None
        frame.f_trace_opcodes = True
        taken += event == "opcode"
        return counted

    before = sys.gettrace()
    sys.settrace(counted)
    try:
        work()
    finally:
        sys.settrace(before)
    return taken
