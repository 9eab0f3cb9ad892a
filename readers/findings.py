"""Remarks that rules made on accepted entries: the work list of whoever must put a record right (OIG-25-21, R2)."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from psycopg import Connection, Cursor

from ledger.agencies import GROUPS, PRODUCERS
from ledger.times import write_clock
from readers.questions import WrongQuestionError
from readers.snapshot import Rows, in_snapshot
from readers.statements import named

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
class Sought:
    """Which findings are asked for; `None` is any. The office is compared to the letter."""

    agency: str | None = None
    office: str | None = None
    code: str | None = None
    only_open: bool = False


def findings(connection: Connection[Rows], sought: Sought, show: Show) -> None:
    """Give `show` the findings in order of position, from one snapshot.

    Raises `WrongQuestionError` for an agency there is not.
    """
    given = {
        "agencies": _agencies(sought.agency),
        "office": sought.office,
        "code": sought.code,
        "open": sought.only_open,
    }

    def ask(cursor: Cursor[Rows]) -> None:
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
    members = GROUPS.get(name, (name,))
    if not set(members) <= set(PRODUCERS):
        raise WrongQuestionError(
            f"there is no agency {name!r} that produces entries; there are: {', '.join((*PRODUCERS, *GROUPS))}"
        )
    return list(members)
