"""The HHS release file into the ledger: every row is judged before anything of it is sent."""

from collections.abc import Callable, Iterable, Iterator
from datetime import datetime
from pathlib import Path
from typing import BinaryIO, Final, NamedTuple

from ledger.intake.submission import Refusal, read_submission
from ledger.rules.future import in_future
from producers.client.outcomes import OutcomeReader
from producers.client.sending import Sender
from producers.imports.account import Report
from producers.imports.drafts import Draft
from producers.imports.hhs_file import HhsRow
from producers.imports.hhs_releases import SOURCE, claims
from producers.imports.importing import Importer, Progress, import_rows
from producers.tables.rows import BadRow, PassedOver


class SoundRow(NamedTuple):
    """A row of which nothing is known to be wrong, with what it submits."""

    line: int
    label: str
    claims: tuple[Draft, Draft, Draft]


def judged(
    rows: Iterable[HhsRow | BadRow | PassedOver], *, zone: str, now: datetime
) -> Iterator[SoundRow | BadRow | PassedOver]:
    """Yield each row with its claims, or as a bad one where intake would refuse any of them for its form or its time.

    A row is one child: where its release cannot be recorded, its particulars and its admission are not sent either.
    """
    for row in rows:
        if not isinstance(row, HhsRow):
            yield row
            continue
        made = claims(row)
        wrong = _wrong(made, zone, now)
        yield SoundRow(row.line, row.label, made) if wrong is None else BadRow(row.line, wrong)


def _wrong(made: Iterable[Draft], zone: str, now: datetime) -> str | None:
    for claim in made:
        what = f"its {claim.id.rpartition(':')[2]} would be refused"
        read = read_submission(claim.wire, claim.data)
        if isinstance(read, Refusal):
            return f"{what} ({read.code}: {read.message})"
        when = read[0].occurred_at
        if in_future(when, now, zone):
            return f"{what} (H5: {when} is in the future); correct the date"
    return None


def _made(row: SoundRow) -> tuple[tuple[bytes, Draft], ...]:
    key = b"hhs-release-row:" + row.label.encode()
    return tuple([(key, claim) for claim in row.claims])


RELEASES: Final = Importer(SOURCE, _made, most_shown=20)


def import_releases(
    rows: Iterable[SoundRow | BadRow | PassedOver],
    raw: BinaryIO,
    size: int,
    journal: Path,
    *,
    sender: Sender,
    reader: OutcomeReader,
    stopped: Callable[[], bool],
    progress: Callable[[Progress], None],
) -> Report:
    """Import the `rows`, which are being read from the file `raw` of `size` bytes. Ends as `import_rows` does."""
    return import_rows(
        RELEASES,
        rows,
        lambda: raw.tell() / max(size, 1),
        journal,
        sender=sender,
        reader=reader,
        stopped=stopped,
        progress=progress,
    )
