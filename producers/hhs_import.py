"""The HHS release file into the ledger."""

from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO, Final

from producers.hhs_file import Row, read_releases
from producers.hhs_releases import SOURCE, claims
from producers.import_account import Report
from producers.import_rows import Claim
from producers.importing import Importer, Progress, import_rows
from producers.outcomes import OutcomeReader
from producers.sending import Sender


def _made(row: Row) -> tuple[bytes, tuple[Claim, ...]]:
    return b"hhs-release-row:" + row.label.encode(), claims(row)


RELEASES: Final = Importer(SOURCE, _made, most_shown=20)


def import_releases(
    raw: BinaryIO,
    size: int,
    journal: Path,
    *,
    sender: Sender,
    reader: OutcomeReader,
    stopped: Callable[[], bool],
    progress: Callable[[Progress], None],
) -> Report:
    """Import the HHS release file; `raw` is the file at its beginning, `size` its bytes. Ends as `import_rows` does."""
    return import_rows(
        RELEASES,
        read_releases(raw),
        lambda: raw.tell() / max(size, 1),
        journal,
        sender=sender,
        reader=reader,
        stopped=stopped,
        progress=progress,
    )
