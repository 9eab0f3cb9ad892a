"""Figures of the whole population as of any day, as recorded by any moment, from the interval tables.

Each answer says what it counts and as of when, how many of its children carry open guard findings, and what is
missing from the tables.
"""

from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path
from typing import Any, Final
from uuid import UUID

from psycopg import Connection, Cursor

from ledger.entry import read_entry
from ledger.merges import groups, person_of
from ledger.times import civil_day, write_clock
from readers.definitions import Asked, Figure, defined
from readers.moments import Asked as AskedMoments
from readers.moments import Moments, settle
from readers.snapshot import Rows, in_snapshot
from readers.statements import named

_SQL: Final = named(Path(__file__).with_name("figures.sql"))


@dataclass(frozen=True, slots=True)
class _Found:
    """What the tables say; as it stands, what they say when they hold nothing."""

    moments: Moments | None = None
    clock: str | None = None
    on: date | None = None
    counts: Rows = (0, 0, 0, 0)
    rows: list[Rows] = field(default_factory=list)
    listed: list[Rows] = field(default_factory=list)
    undated: int = 0
    parked: Rows = (0, None, None)


def figure(connection: Connection[Rows], asked: Asked) -> dict[str, Any]:
    """Return the figure in the shape of the contract; raises `WrongQuestionError` that names what can be asked."""
    kind = defined(asked)
    return _shaped(asked, kind, in_snapshot(connection, lambda cursor: _found(cursor, asked, kind)))


def _found(cursor: Cursor[Rows], asked: Asked, kind: Figure) -> _Found:
    heading = cursor.execute(_SQL["heading"].encode()).fetchone()
    if heading is None or heading[2] is None:
        return _Found(on=asked.on)
    version, zone, complete_to, clock = heading
    moments = settle(AskedMoments(recorded_by=asked.recorded_by), complete_to=complete_to, zone=zone)
    on = asked.on or civil_day(moments.recorded_by, zone)
    given = {
        "recorded_by": moments.recorded_by,
        "on": on,
        "from": asked.since,
        "to": asked.until,
        "keep_flagged": not asked.without_open_findings,
        **persons_merged(cursor, version, moments.recorded_by),
    }

    def rows(name: str, **parts: str) -> list[Rows]:
        statement = _SQL[name]
        for part, text in {"members": _SQL["members"], "of_figure": _SQL[kind.statement], **parts}.items():
            statement = statement.replace(f"{{{part}}}", text)
        return cursor.execute(statement.replace("{schema}", version).encode(), given).fetchall()

    total, *by = rows("counts", key=kind.dimensions[asked.by] if asked.by else "null::text")
    return _Found(
        moments=moments,
        clock=clock,
        on=on,
        counts=total[2:],
        rows=[(key, value) for _, key, value, *_ in by if value],
        listed=rows("list", columns=", ".join(kind.listed.values())) if asked.listed else [],
        undated=0 if kind.of_a_day else rows("undated")[0][0],
        parked=rows("incomplete")[0],
    )


def persons_merged(cursor: Cursor[Rows], version: str, recorded_by: datetime) -> dict[str, list[UUID]]:
    """Return the records that were merged at R, and the person each of them belonged to then."""
    payloads = cursor.execute(
        _SQL["merge_statements"].replace("{schema}", version).encode(), {"recorded_by": recorded_by}
    )
    merged = groups(read_entry(payload) for (payload,) in payloads)
    return {"merged": list(merged), "persons": [person_of(group) for group in merged.values()]}


def _shaped(asked: Asked, kind: Figure, found: _Found) -> dict[str, Any]:
    value, children, open_findings, absent = found.counts
    moments = found.moments
    recorded_by = None if moments is None else write_clock(moments.recorded_by)
    parked, since, reason = found.parked
    answer: dict[str, Any] = {"figure": asked.name}
    if asked.by is None:
        answer["value"] = value
    else:
        answer["rows"] = [{asked.by: key, "value": rows} for key, rows in found.rows]
    answer["population"] = children
    if kind.of_a_day:
        answer["on"] = None if found.on is None else str(found.on)
    else:
        answer |= {"from": str(asked.since), "to": str(asked.until)}
    answer |= {
        "as": "ledger",
        "known_at": recorded_by,
        "recorded_by": recorded_by,
        "complete_to": None if moments is None else write_clock(moments.complete_to),
        "clock": found.clock,
        "definition": kind.definition,
        "open_findings": open_findings,
        "without_open_findings": asked.without_open_findings,
        "incomplete": {"children": parked, "since": write_clock(since), "reason": reason} if parked else None,
    }
    answer |= {"absent": absent} if kind.of_a_day else {"undated": found.undated}
    if asked.listed:
        answer["list"] = [dict(zip(kind.listed, row, strict=True)) for row in found.listed]
    return answer
