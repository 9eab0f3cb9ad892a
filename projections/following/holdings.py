"""Keeping what agencies hold: the children touched since the last time, read back and worked out anew.

It follows the read tables, not Kafka: everything it needs is in them. A child's rows are made of all her entries and
publications up to a batch, so that they are the same whenever and however often they are made.
"""

from collections.abc import Iterable
from typing import Final
from uuid import UUID

import structlog

from ledger.streams import STREAMS
from projections.holdings.rows import held_rows, matters
from projections.tables.writing_holdings import HeldTables

MOST_ENTRIES: Final = 2000
"""About how many entries are taken at once, so that the other tables do not wait for long."""
MOST_BATCHES: Final = 500


class HoldingsFollower:
    """Brings what is held up to date in one version of the tables."""

    def __init__(self, tables: HeldTables, zone: str, log: structlog.typing.FilteringBoundLogger) -> None:
        self._tables = tables
        self._zone = zone
        self._log = log
        self.batch, _ = tables.reached()

    def step(self, up_to: int | None = None) -> int:
        """Take the next batches, none beyond `up_to`, in the caller's transaction; return the last one reached."""
        tables = self._tables
        batch, position = tables.reached()
        coming = tables.batches_after(batch, MOST_BATCHES, up_to)
        again = tables.again()
        if not coming:
            self.work_out(again, position, batch)
            return batch
        taken = next((n for n, (_, to) in enumerate(coming, 1) if to - position >= MOST_ENTRIES), len(coming))
        last, to_position = coming[taken - 1]
        touched = {child for child, head in tables.touched(batch, last, position, to_position) if matters(head)}
        self.work_out(touched | again, to_position, last)
        tables.reach(last, to_position, position)
        return last

    def work_out(self, children: Iterable[UUID], position: int, batch: int) -> None:
        """Make the rows of these children anew, of what was recorded and published so far."""
        wanted = sorted(child for child in children if child not in STREAMS)
        if wanted:
            tables = self._tables
            held = held_rows(tables.payloads(wanted, position), tables.published(wanted, batch), self._zone)
            tables.replace(wanted, held.rows)
            if held.failed:
                child, reason = next(iter(held.failed.items()))
                self._log.error(
                    "holdings.failed",
                    children=len(held.failed),
                    first_child=str(child),
                    first_reason=reason,
                    cure="figures as known to an agency fold these children when they are asked; report the reason",
                )
