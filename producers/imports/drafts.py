"""What a row claims, as a submission in the making."""

from typing import NamedTuple


class Draft(NamedTuple):
    """A submission in the making: `data` is its JSON, `id` its `ce_id`, `time` its `ce_time`."""

    id: str
    wire: str
    time: str
    data: bytes
