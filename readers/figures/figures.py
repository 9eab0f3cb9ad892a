"""Figures of the whole population as of any day, as recorded by any moment, from the interval tables.

Each answer says what it counts and as of when, how many of its children carry open guard findings, and what is
missing from the tables.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path
from typing import Any, Final
from uuid import UUID

from psycopg import Connection, Cursor

from ledger.times import civil_day, write_clock
from projections.knowledge.moments import GRADES
from projections.rows.columns import FIGURED
from readers.child.known_set import LEDGER
from readers.figures.definitions import Figure, FigureAsked, defined
from readers.figures.known_to_agency import SQL as HELD_SQL
from readers.figures.sources import as_known, as_recorded, incomplete
from readers.moments import Moments, MomentsAsked, settle
from readers.named_sql import named
from readers.snapshot import Rows, counting, in_snapshot
from readers.unanswerable import NOTHING_PUBLISHED, NotShownError

_SQL: Final = named(Path(__file__).with_name("figures.sql"))
_FEW: Final = 20_000
"""Rows up to which looking up the findings of each child is faster than reading those of all."""


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
    incomplete: dict[str, Any] | None = None
    began: datetime | None = None
    joined_by: Mapping[UUID, frozenset[int]] = field(default_factory=dict)


def figure(connection: Connection[Rows], asked: FigureAsked) -> dict[str, Any]:
    """Return the figure in the shape of the contract; raises `WrongQuestionError` that names what can be asked."""
    kind = defined(asked)
    return _shaped(asked, kind, in_snapshot(connection, lambda cursor: _found(cursor, asked, kind)))


def _found(cursor: Cursor[Rows], asked: FigureAsked, kind: Figure) -> _Found:
    by_ledger = asked.viewpoint.name == LEDGER
    heading = cursor.execute((_SQL if by_ledger else HELD_SQL)["heading"].encode()).fetchone()
    if heading is None or heading[2] is None:
        if not by_ledger:
            raise NotShownError(NOTHING_PUBLISHED)
        return _Found(on=asked.on)
    version, zone, complete_to, clock = heading
    moments = settle(
        MomentsAsked(known_at=asked.known_at, recorded_by=asked.recorded_by), complete_to=complete_to, zone=zone
    )
    on = asked.on or civil_day(moments.recorded_by if by_ledger else moments.known_at, zone)
    source = as_recorded(cursor, version, moments) if by_ledger else as_known(cursor, version, asked, moments, zone)
    given = {
        **source.given,
        "recorded_by": moments.recorded_by,
        "on": on,
        "from": asked.since,
        "to": asked.until,
        "merged": list(source.person_of),
        "flagged": [],
    }

    def rows(name: str, **parts: str) -> list[Rows]:
        statement = _SQL[name]
        general = {name: _SQL[name] for name in ("carries", "made_up", "open_findings")}
        for part, text in {"of_figure": _SQL[kind.statement], **parts, **general}.items():
            statement = statement.replace(f"{{{part}}}", text)
        for table in FIGURED:
            statement = statement.replace(f"{{{table}}}", source.tables.get(table, ""))
        with counting(cursor):
            return cursor.execute(statement.replace("{schema}", version).encode(), given).fetchall()

    if source.person_of:
        given["flagged"] = [source.person_of[record] for (record,) in rows("flagged")]
    those = "not {carries} and not {made_up}" if asked.without_open_findings else "true"
    value, children, absent = rows("counts", those=those)[0]
    few = value <= _FEW and not asked.without_open_findings  # those left out are not in the value
    flagged = rows("carrying")[0][0] if few else rows("counts", those="{carries}")[0][1]
    if given["flagged"]:
        flagged += rows("counts", those="{made_up} and not {carries}")[0][1]
    return _Found(
        moments=moments,
        clock=clock,
        on=on,
        counts=(value, children, flagged, absent),
        rows=rows("by_key", key=kind.dimensions[asked.by], those=those) if asked.by else [],
        listed=rows("list", columns=", ".join(f"{of} as {name}" for name, of in kind.listed.items()), those=those)
        if asked.listed
        else [],
        undated=0 if kind.day is None else rows("undated", of_period=f"{{{kind.table}}}", day=kind.day)[0][0],
        incomplete=incomplete(cursor, version, moments),
        joined_by=source.joined_by,
        began=next((row[0] for row in rows("began")), None) if not by_ledger and asked.known_at is not None else None,
    )


def _shaped(asked: FigureAsked, kind: Figure, found: _Found) -> dict[str, Any]:
    value, children, open_findings, absent = found.counts
    moments = found.moments
    recorded_by = None if moments is None else write_clock(moments.recorded_by)
    answer: dict[str, Any] = {"figure": asked.name}
    if asked.by is None:
        answer["value"] = value
    else:
        answer["rows"] = [{asked.by: key, "value": rows} for key, rows in found.rows]
    answer["population"] = children
    if kind.day is None:
        answer["on"] = None if found.on is None else str(found.on)
    else:
        answer |= {"from": str(asked.since), "to": str(asked.until)}
    answer |= {
        "as": asked.viewpoint.name,
        "known_at": None if moments is None else write_clock(moments.known_at),
        "recorded_by": recorded_by,
        "basis": asked.viewpoint.basis,
        "at_least": GRADES[asked.viewpoint.at_least],
        "complete_to": None if moments is None else write_clock(moments.complete_to),
        "clock": found.clock,
        "definition": kind.definition + _as_known(asked),
        "note": _before_the_ledger(moments, found.began),
        "open_findings": open_findings,
        "without_open_findings": asked.without_open_findings,
        "incomplete": found.incomplete,
    }
    answer |= {"absent": absent} if kind.day is None else {"undated": found.undated}
    if asked.listed:
        answer["list"] = [_listed(dict(zip(kind.listed, row, strict=True)), found.joined_by) for row in found.listed]
    return answer


def _listed(row: dict[str, Any], joined_by: Mapping[UUID, frozenset[int]]) -> dict[str, Any]:
    """Return a row of the list with all entries that show it, in order; of merged records the merges are among them."""
    return {**row, "entries": sorted({*row["entries"], *joined_by.get(UUID(row["child"]), ())})}


def _as_known(asked: FigureAsked) -> str:
    if asked.viewpoint.name == LEDGER:
        return ""
    return (
        f" As known to {asked.viewpoint.name} at `known_at`: of each child only what it had come to know by then, at "
        f"least {GRADES[asked.viewpoint.at_least]}, by the statements recorded by `recorded_by`. Findings are the "
        "ledger's."
    )


def _before_the_ledger(moments: Moments | None, began: datetime | None) -> str | None:
    if moments is None or began is None or moments.known_at >= began:
        return None
    return (
        f"known_at is before the ledger began: its first entry was recorded at {write_clock(began)}. Only what "
        "agencies claim to have known earlier counts; ask for a later --known-at, or leave it out"
    )
