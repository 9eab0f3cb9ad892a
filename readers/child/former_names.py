"""What an identifier named before a void released it, and which entries came in under it meanwhile."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from ledger.entry import Entry
from ledger.identifiers import shown
from ledger.records.voids import standing_voids
from ledger.rules.releasing import Ties, came_under, listed, openings
from ledger.times import write_clock
from readers.moments import Name


class Former(NamedTuple):
    """The record that an identifier named for a time: from one entry on, until another released or took it."""

    child: UUID
    position: int
    recorded_from: datetime
    until_position: int
    recorded_until: datetime


class Formerly(NamedTuple):
    """The same, with the positions of entries that came to that record by this identifier alone, and stand there."""

    name: Name
    former: Former
    stranded: tuple[int, ...]


def stranded(entries: Sequence[Entry], records: Collection[UUID], name: Name) -> tuple[int, ...]:
    """Return which entries of a person stand and came to her records by this identifier alone; pure."""
    ordered = sorted(entries, key=lambda entry: entry.position)
    opened = openings({record: [entry for entry in ordered if entry.child == record] for record in records})
    return came_under((name,), Ties(ordered, records, opened, standing_voids(ordered)))


def shown_formerly(one: Formerly) -> dict[str, Any]:
    """Return it as it stands in an answer."""
    scheme, value = one.name
    return {
        "scheme": scheme,
        "value": value,
        "record": str(one.former.child),
        "position": one.former.position,
        "until_position": one.former.until_position,
        "recorded_until": write_clock(one.former.recorded_until),
        "entries": list(one.stranded),
    }


def said(one: Formerly) -> str:
    """Return the sentence that says what an identifier named, what released it, and what is left to do."""
    former = one.former
    text = (
        f"{shown(*one.name)} named record {former.child} until entry {former.until_position}, recorded at "
        f"{write_clock(former.recorded_until)}, released it; `--recorded-by` a moment before shows what it named"
    )
    if not one.stranded:
        return text
    return (
        f"{text}; entries that came in under it stand there ({listed(one.stranded)}): where they are another child's, "
        f"void them under ledger:{former.child} and have their producers send them again"
    )
