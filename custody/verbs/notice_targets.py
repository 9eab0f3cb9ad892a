"""Which entries a row of a log of notices speaks of, by the record of its child as the read tables show it."""

import time
from collections.abc import Iterator, Sequence
from datetime import date, datetime
from functools import lru_cache
from typing import Any, Final

from psycopg import Connection

from ledger.agencies import Agency
from ledger.facts import NoticeGiven, short_name
from ledger.times import civil_day, first_instant, last_instant, write_when
from producers.imports.notice_import import AlreadyTold, Judge
from producers.imports.notice_rows import NoticeRow
from projections.fold.amended import Effective, effective
from readers.child.records import known
from readers.moments import MomentsAsked, Name
from readers.unanswerable import NothingKnownError, NotShownError
from readers.waiting import accepted, wait_until_shown

_MOST_LISTED: Final = 10
_PATIENCE_SECONDS: Final = 60.0
_RECORDS_KEPT: Final = 64
"""So that many rows about one child, which stand together, do not read its record once each."""


def judging(connection: Connection[tuple[Any, ...]], agency: Agency, zone: str) -> Judge:
    """Wait until the read tables show all that was accepted so far, and return what judges the rows by them.

    Whether positions given are this child's is for the ledger to say. Raises `NotShownError` when the tables lag for
    too long.
    """
    position = accepted(connection)
    wait_until_shown(
        connection,
        position,
        patience_seconds=_PATIENCE_SECONDS,
        now=time.monotonic,
        sleep=time.sleep,
        published=False,
    )

    @lru_cache(maxsize=_RECORDS_KEPT)
    def record_of(name: Name) -> list[Effective] | str:
        try:
            return effective(known(connection, name, MomentsAsked()).entries)
        except (NothingKnownError, NotShownError) as error:
            return str(error)

    def by_record(row: NoticeRow, reference: str) -> tuple[int, ...] | AlreadyTold | str:
        standing = record_of((row.child.scheme, row.child.value))
        if isinstance(standing, str):
            return row.positions or f"column child: {standing}"
        return judge(row, reference, standing, agency, zone)

    return by_record


def judge(
    row: NoticeRow, reference: str, standing: Sequence[Effective], agency: Agency, zone: str
) -> tuple[int, ...] | AlreadyTold | str:
    """Return the positions the row tells of, or that they are told already, or what is wrong; pure.

    `standing` are the entries of the child, `reference` is the row's source reference.

    A row that was imported from this file before keeps the entry it was given then, whatever was recorded since: so
    it is recognised when the file is imported again.
    """
    ours = [(one, fact) for one in standing if (fact := _same_notice(one, row, agency)) is not None]
    here = [fact.positions for one, fact in ours if one.entry.source["reference"] == reference]
    if row.positions:
        positions = row.positions
    elif (before := next((told for told in here if _is_of_type(told, row, standing, zone)), None)) is not None:
        return before
    else:
        resolved = _resolved(row, standing, zone)
        if isinstance(resolved, str):
            return resolved
        positions = (resolved,)
    if positions not in here:
        for one, fact in ours:
            if set(fact.positions) == set(positions) and not one.voided_by:
                return AlreadyTold(one.entry.position, one.entry.source["reference"])
    return positions


def _same_notice(one: Effective, row: NoticeRow, agency: Agency) -> NoticeGiven | None:
    """Return the fact of an entry by which `agency` says what the row says, whichever entries it names."""
    fact = one.fact
    if not isinstance(fact, NoticeGiven) or one.entry.producer.agency != agency:
        return None
    said = (fact.to, fact.channel, fact.given_at, fact.members)
    return fact if said == (row.to, row.channel, row.given_at, row.members) else None


def _is_of_type(positions: tuple[int, ...], row: NoticeRow, standing: Sequence[Effective], zone: str) -> bool:
    return any(positions == (one.entry.position,) for one in _of_type(row, standing, zone))


def _of_type(row: NoticeRow, standing: Sequence[Effective], zone: str) -> Iterator[Effective]:
    """Yield the entries of the row's type, on its day if it names one."""
    for one in standing:
        if short_name(one.entry.type) == row.type and (row.occurred_on is None or row.occurred_on in _days(one, zone)):
            yield one


def _days(one: Effective, zone: str) -> set[date]:
    """Return the days an entry happened on, as recorded and as corrected, where it happened and in the civil zone."""
    found: set[date] = set()
    for when in (one.entry.occurred_at, one.occurred_at):
        if when is not None:
            found |= {civil_day(when, zone), when.date() if isinstance(when, datetime) else when}
    return found


def _resolved(row: NoticeRow, standing: Sequence[Effective], zone: str) -> int | str:
    """Return the one position that can be meant, or why none or several can.

    An entry that is void, or that happened after the notice was given, is not taken: a row that means it has to say so
    by its position.
    """
    there = list(_of_type(row, standing, zone))
    possible = [one.entry.position for one in there if not one.voided_by and not _is_later(one, row, zone)]
    if len(possible) == 1:
        return possible[0]
    asked = f"`{row.type}`" if row.occurred_on is None else f"`{row.type}` on {row.occurred_on}"
    if possible:
        return (
            f"column type: {len(possible)} entries of this child can be meant by {asked}: "
            f"{_listed(there, row, zone)}; name one in positions, or its day in occurred_on"
        )
    if there:
        return (
            f"column type: no entry of this child can be meant by {asked}: {_listed(there, row, zone)}; "
            "if one was told all the same, name it in positions"
        )
    others = [one for one in standing if short_name(one.entry.type) == row.type]
    has = f"of that type it has {_listed(others, row, zone)}" if others else "it has none of that type"
    return (
        f"column {'type' if row.occurred_on is None or not others else 'occurred_on'}: this child has no entry "
        f"{asked}; {has}; correct the row, or have the fact recorded first"
    )


def _is_later(one: Effective, row: NoticeRow, zone: str) -> bool:
    return one.occurred_at is not None and first_instant(one.occurred_at, zone) > last_instant(row.given_at, zone)


def _listed(entries: Sequence[Effective], row: NoticeRow, zone: str) -> str:
    """Name entries by position and time, with why one cannot be meant."""

    def named(one: Effective) -> str:
        when = "at an unknown time" if one.occurred_at is None else f"of {write_when(one.occurred_at)}"
        why = ", void" if one.voided_by else ", after the notice" if _is_later(one, row, zone) else ""
        return f"position {one.entry.position} ({when}{why})"

    shown = ", ".join(named(one) for one in entries[:_MOST_LISTED])
    return shown if len(entries) <= _MOST_LISTED else f"{shown} and {len(entries) - _MOST_LISTED} more"
