"""How far an import has got, kept in the data folder: an import that was stopped goes on there.

One small file for each imported file (by its content) and each Kafka (by its cluster id): the rows whose outcomes
have all come, counted from the first row without a gap, and what the outcomes were. When the import is through,
the file is removed, and a repeat sends everything again.
"""

import hashlib
import os
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any, BinaryIO, Final, NamedTuple

import orjson

from producers.tables.rows import BadRow, PassedOver

_PIECE: Final = 1 << 20


class Torn(NamedTuple):
    """A row of which the ledger refused something: what (the id, and why), and the ids of what it recorded."""

    line: int
    refused: tuple[tuple[str, str], ...]
    recorded: tuple[str, ...]


@dataclass(slots=True)
class RowCounts:
    """Counts over rows, and over the outcomes of what they submitted.

    `bad_rows`, `refusals` (the id, and why), `torn` and `rows_passed_over` are the ones to be shown, in the order of
    the rows. `rows` counts the rows passed over, too.
    """

    rows: int = 0
    unreadable: int = 0
    submitted: int = 0
    accepted: int = 0
    duplicate: int = 0
    refused: int = 0
    findings: Counter[str] = field(default_factory=Counter)
    bad_rows: list[BadRow] = field(default_factory=list)
    refusals: list[tuple[str, str]] = field(default_factory=list)
    passed_over: int = 0
    rows_passed_over: list[PassedOver] = field(default_factory=list)
    rows_refused: int = 0
    torn: list[Torn] = field(default_factory=list)


def content_digest(raw: BinaryIO) -> str:
    """Return the SHA-256 of the whole file, and leave it at its beginning."""
    digest = hashlib.sha256()
    while piece := raw.read(_PIECE):
        digest.update(piece)
    raw.seek(0)
    return digest.hexdigest()


def journal_file(folder: Path, *, digest: str, cluster: str) -> Path:
    """Return where the journal of this file and this Kafka is kept."""
    return folder / f"{digest[:32]}-{hashlib.sha256(cluster.encode()).hexdigest()[:8]}.json"


def read_journal(file: Path) -> RowCounts:
    """Return what was accounted for before; nothing, where no import was stopped or the journal is not whole."""
    try:
        written: Mapping[str, Any] = orjson.loads(file.read_bytes())
        lists = {
            "findings": Counter(written["findings"]),
            "bad_rows": [BadRow(*row) for row in written["bad_rows"]],
            "refusals": [(id, reason) for id, reason in written["refusals"]],
            "rows_passed_over": [PassedOver(*row) for row in written["rows_passed_over"]],
            "torn": [
                Torn(line, tuple((id, reason) for id, reason in refused), tuple(recorded))
                for line, refused, recorded in written["torn"]
            ],
        }
        return RowCounts(**{**written, **lists})
    except (FileNotFoundError, orjson.JSONDecodeError, KeyError, TypeError, ValueError):
        return RowCounts()  # everything is sent again; what is known already is answered as a duplicate


def write_journal(file: Path, account: RowCounts) -> None:
    """Replace the journal in one step: a reader, or a crash, finds the old one or the new one. Raises `OSError`."""
    file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    written = {
        **{field.name: getattr(account, field.name) for field in fields(account)},
        "findings": dict(account.findings),
        "bad_rows": [tuple(row) for row in account.bad_rows],
        "rows_passed_over": [tuple(row) for row in account.rows_passed_over],
        "torn": [tuple(row) for row in account.torn],
    }
    beside = file.with_name(f"{file.name}.{os.getpid()}")
    try:
        with beside.open("wb") as opened:
            opened.write(orjson.dumps(written))
            opened.flush()
            os.fsync(opened.fileno())
        beside.replace(file)
    except BaseException:
        beside.unlink(missing_ok=True)
        raise
