"""A simulator of the agencies: made-up children and everything that would be sent about them.

Pure: the same seed, date and number give the same messages to the byte. A-numbers are A200-001-000 and up, names
and places are invented; nobody can take them for real ones.
"""

from datetime import date, datetime, time, timedelta
from random import Random
from typing import Final

from producers.simulation.child import FIRST_NUMBER, NUMBERS, SimulatedChild
from producers.simulation.court import answer_in_court
from producers.simulation.journey import live
from producers.simulation.sendings import Sending
from producers.simulation.story import STORY
from producers.simulation.troubles import TROUBLES

_FIRST_DAY: Final = date(2014, 1, 1).toordinal()
_A_DAY: Final = 200
"""Numbers set apart for each date from 2014 on: so many children a day and no A-number comes twice until 2027."""


def day(seed: int, date: date, children: int, *, first: int | None = None, troubles: bool = True) -> list[Sending]:
    """Return what the agencies send about the `children` met on `date`, over the months, in order of `ce_time`.

    Every second child meets one of the ordinary troubles (late, doubled, broken, refused, corrected, voided,
    disputed, merged), in turn; without `troubles` none does. A-numbers follow from the date, 200 to a date; `first`
    sets the first one apart for whoever needs more. Cut the list at a `time` to stop the world there.
    """
    start = (date.toordinal() - _FIRST_DAY) * _A_DAY if first is None else first
    told: list[Sending] = []
    for index in range(children):
        rng = Random(f"{seed}/{date}/{index}")  # noqa: S311  # nothing here is a secret
        child = SimulatedChild(FIRST_NUMBER + (start + index) % NUMBERS, f"s{seed}-{date:%Y%m%d}-{index}", rng)
        met_at = datetime.combine(date, time()) + timedelta(seconds=int(rng.random() * 86_400))
        live(child, met_at)
        answer_in_court(child, met_at)
        if troubles and index % 2 == 0:
            TROUBLES[index // 2 % len(TROUBLES)](child)
        told += child.told
    told.sort(key=_sent_at)
    return told


def _sent_at(sending: Sending) -> str:
    """All simulated times have one offset and one length, so that their text sorts as they do."""
    return sending.time


__all__ = ["STORY", "Sending", "day"]
