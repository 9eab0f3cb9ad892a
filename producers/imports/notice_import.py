"""A log of notices into the ledger: what becomes of each row, before anything is sent."""

from collections.abc import Callable, Iterable, Iterator
from datetime import datetime
from itertools import groupby
from typing import NamedTuple

from ledger.agencies import Agency
from ledger.identifiers import shown
from producers.imports.drafts import Draft
from producers.imports.importing import Importer
from producers.imports.notice_claims import notice, source_of
from producers.imports.notice_rows import MOST_ROWS, NoticeRow
from producers.tables.rows import BadRow, PassedOver


class AlreadyTold(NamedTuple):
    """The ledger holds this very notice, from another file: the entry at `position`, under `reference`."""

    position: int
    reference: str


class Ready(NamedTuple):
    """A row of the log with what it submits, each with its key; nothing of what the ledger holds already."""

    line: int
    sends: tuple[tuple[bytes, Draft], ...]
    already: tuple[AlreadyTold, ...]


Judge = Callable[[NoticeRow, str], tuple[int, ...] | AlreadyTold | str]
"""Says which positions a row tells of, given its source reference; or that it is told already; or what is wrong."""


def prepare(
    rows: Iterable[NoticeRow | BadRow | PassedOver], judge: Judge, *, reference: str, now: datetime
) -> Iterator[Ready | BadRow | PassedOver]:
    """Yield for each row of the file what it submits; `reference` is that of rows that name none.

    A row may speak of several children and recipients: where one of them cannot be meant, nothing of it is sent.
    """
    for line, of_line in groupby(rows, key=lambda row: row.line):
        sends: list[tuple[bytes, Draft]] = []
        already: list[AlreadyTold] = []
        wrong: list[str] = []
        several = list(of_line)
        for row in several:
            if not isinstance(row, NoticeRow):
                yield row
                continue
            judged = judge(row, row.reference or reference)
            match judged:
                case str():
                    of = f" ({shown(row.child.scheme, row.child.value)})" if len(several) > 1 else ""
                    wrong.append(judged + of)
                case AlreadyTold():
                    already.append(judged)
                case _:
                    sends.append(notice(row, judged, reference, now))
        if wrong:
            yield BadRow(line, "; ".join(dict.fromkeys(wrong)))
        elif sends or already:
            yield Ready(line, tuple(sends), tuple(already))


def importer(agency: Agency) -> Importer[Ready]:
    """Return what imports the logs of `agency`: every row that failed is reported."""
    return Importer(source_of(agency), _made, most_shown=MOST_ROWS)


def _made(row: Ready) -> tuple[tuple[bytes, Draft], ...]:
    return row.sends
