"""What a rule has to say about a submission, before the door decides what becomes of it."""

from dataclasses import dataclass

from ledger.entry import Level


@dataclass(frozen=True, slots=True)
class Remark:
    """A rule that speaks up; with a `level` the entry is recorded at every door, whatever the table of rules says."""

    code: str
    message: str
    member: str | None = None
    level: Level | None = None
