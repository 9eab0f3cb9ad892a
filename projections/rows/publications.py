"""Rows of what was put on the feeds, from the batches on `custody.publications`."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any
from uuid import UUID

import orjson

from ledger.agencies import Agency
from ledger.entry import record_id
from ledger.sharing.batches import PublicationBatch
from ledger.times import read_clock
from projections.rows.columns import FEEDS


def rows(batch: PublicationBatch) -> Iterator[tuple[Any, ...]]:
    """Yield a batch's rows of `publications`, in the order of its columns."""
    for number, item in enumerate(batch.items):
        child: UUID = record_id(item.child)
        yield (
            child,
            item.position,
            batch.number,
            number,
            read_clock(item.at),
            *[item.numbers.get(agency) for agency in FEEDS],
            _json(item.withheld),
            _json(item.unsaid),
        )


def of_batch(batch: PublicationBatch) -> tuple[Any, ...]:
    """Return a batch's row of `batches`."""
    last = [batch.last[agency] for agency in FEEDS]
    return (batch.number, batch.to_position, read_clock(batch.published_at), *last)


def _json(hidden: Mapping[Agency, Sequence[str]]) -> str | None:
    return orjson.dumps(hidden).decode() if hidden else None
