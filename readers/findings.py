"""Remarks that rules made on accepted entries: the work list of whoever must put a record right (OIG-25-21, R2)."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from psycopg import Connection, Cursor

from ledger.agencies import GROUPS, PRODUCERS
from ledger.rules.catalogue import BY_CODE
from ledger.times import write_clock
from readers.choosing import one_of
from readers.figures.offices import office_named
from readers.named_sql import named
from readers.snapshot import Rows, in_snapshot

_SQL: Final = named(Path(__file__).with_name("findings.sql"))
Show = Callable[[str | None, Iterator[dict[str, Any]]], None]
"""Takes the moment the tables are complete to, and the findings as they come: there may be millions."""
_MEMBERS: Final = (
    "position",
    "code",
    "level",
    "message",
    "child",
    "identifier",
    "type",
    "agency",
    "office",
    "recorded_at",
    "resolved_position",
    "resolved_at",
)


@dataclass(frozen=True, slots=True)
class FindingsAsked:
    """Which findings are asked for; `None` is any."""

    agency: str | None = None
    office: str | None = None
    code: str | None = None
    only_open: bool = False


def findings(connection: Connection[Rows], sought: FindingsAsked, show: Show) -> None:
    """Give `show` the findings in order of position, from one snapshot.

    Raises `WrongQuestionError` for an agency, a rule or an office there is not.
    """
    given: dict[str, Any] = {
        "agencies": _agencies(sought.agency),
        "office": None,
        "code": None if sought.code is None else one_of(sought.code, BY_CODE, "rule", option="--code"),
        "open": sought.only_open,
    }

    def ask(cursor: Cursor[Rows]) -> None:
        given["office"] = None if sought.office is None else _office(cursor, sought.office)
        heading = cursor.execute(_SQL["heading"].encode()).fetchone()
        complete_to = None if heading is None or heading[0] is None else write_clock(heading[0])
        with cursor.connection.cursor(name="findings", binary=True) as rows:
            rows.execute(_SQL["findings"].encode(), given)
            show(complete_to, (_finding(row) for row in rows))

    in_snapshot(connection, ask)


def _finding(row: Rows) -> dict[str, Any]:
    finding = dict(zip(_MEMBERS, row, strict=True))
    finding["child"] = str(finding["child"])
    for moment in ("recorded_at", "resolved_at"):
        if finding[moment] is not None:
            finding[moment] = write_clock(finding[moment])
    return finding


def _agencies(name: str | None) -> list[str] | None:
    if name is None:
        return None
    found = one_of(name, (*PRODUCERS, *GROUPS), "agency that produces entries", option="--agency")
    return list(GROUPS.get(found, (found,)))


def _office(cursor: Cursor[Rows], name: str) -> str:
    """Return the office as it is spelled where it is known; one that findings name is found at once."""
    if cursor.execute(_SQL["has_office"].encode(), {"office": name}).fetchone() == (True,):
        return name
    return office_named(cursor, name)
