"""What every importer is made of: rows, what they claim, rows nobody can read, and a file that breaks off."""

from typing import NamedTuple


class Claim(NamedTuple):
    """One submission in the making: `data` is its JSON, `id` its `ce_id`, `time` its `ce_time`."""

    id: str
    wire: str
    time: str
    data: bytes


class BadRow(NamedTuple):
    """A row nobody can read; nothing of it is sent, the rows behind it are."""

    line: int
    reason: str


class PassedOver(NamedTuple):
    """A row that is none of what the table is about: a total, the names of the columns again, a note."""

    line: int
    reason: str


class ImportFileError(Exception):
    """The file is none of ours, or breaks off; `line` is where, and what stands before it stays good."""

    def __init__(self, line: int, message: str) -> None:
        super().__init__(message)
        self.line = line
