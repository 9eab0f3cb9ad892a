"""H5: nothing has happened, been known or been told in the future. Scheduled things are members of their own."""

from datetime import datetime, timedelta
from typing import Final

from ledger.times import When, first_instant, plus

CLOCK_SKEW: Final = timedelta(minutes=5)
"""How far a sender's clock may run ahead of the ledger's."""


def in_future(when: When | None, recorded_at: datetime, zone: str) -> bool:
    """Return whether the earliest instant `when` can mean lies after `recorded_at`, clock skew allowed for."""
    if when is None:
        return False
    if not isinstance(when, datetime) and when.toordinal() < recorded_at.toordinal() - 1:
        return False  # no time zone is two days wide: every day of an import is done with here
    return first_instant(when, zone) > plus(recorded_at, CLOCK_SKEW)
