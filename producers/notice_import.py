"""A log of notices into the ledger: what becomes of each row, before anything is sent."""

from collections.abc import Callable, Iterable, Iterator
from datetime import datetime
from typing import NamedTuple

from ledger.agencies import Agency
from producers.import_rows import BadRow, Claim
from producers.importing import Importer
from producers.notice_claims import notice, source_of
from producers.notice_rows import NoticeRow
from producers.tables import MOST_ROWS


class AlreadyTold(NamedTuple):
    """The ledger holds this very notice, from another file: the entry at `position`, under `reference`."""

    position: int
    reference: str


class Ready(NamedTuple):
    """A row with what it submits: nothing where the ledger holds the notice already."""

    line: int
    key: bytes
    claims: tuple[Claim, ...]
    already: AlreadyTold | None


Judge = Callable[[NoticeRow, str], tuple[int, ...] | AlreadyTold | str]
"""Says which positions a row tells of, given its source reference; or that it is told already; or what is wrong."""


def prepare(
    rows: Iterable[NoticeRow | BadRow], judge: Judge, *, reference: str, now: datetime
) -> Iterator[Ready | BadRow]:
    """Yield for each row what it submits; `reference` is that of rows that name none."""
    for row in rows:
        if isinstance(row, BadRow):
            yield row
            continue
        judged = judge(row, row.reference or reference)
        if isinstance(judged, str):
            yield BadRow(row.line, judged)
            continue
        positions, already = ((), judged) if isinstance(judged, AlreadyTold) else (judged, None)
        key, claim = notice(row, positions, reference, now)
        yield Ready(row.line, key, () if already else (claim,), already)


def importer(agency: Agency) -> Importer[Ready]:
    """Return what imports the logs of `agency`: every row that failed is reported."""
    return Importer(source_of(agency), _made, most_shown=MOST_ROWS)


def _made(row: Ready) -> tuple[bytes, tuple[Claim, ...]]:
    return row.key, row.claims
