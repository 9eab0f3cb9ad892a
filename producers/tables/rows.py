"""What stands in a table besides rows that can be read: rows nobody can read, other things, and where it breaks off."""

from typing import NamedTuple


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
