"""What the steward had said of the ledger by R that bears on duties: waivers, and what is covered."""

from datetime import datetime
from typing import NamedTuple

from psycopg import Cursor

from ledger.entry import read_ledger_entry
from ledger.facts import CoverageDeclared, ObligationWaived
from ledger.streams import LEDGER
from projections.obligations.coverage import Coverage, Declared
from projections.obligations.states import Waiver
from readers.snapshot import Rows


class SaidOfLedger(NamedTuple):
    """Waivers and coverage."""

    waivers: list[Waiver]
    coverage: Coverage


def said_by(cursor: Cursor[Rows], version: str, recorded_by: datetime, zone: str) -> SaidOfLedger:
    """Return what had been said by R, from one version of the tables."""
    payloads = cursor.execute(
        f"select payload from {version}.entries where child = %s and recorded_at <= %s order by position".encode(),  # noqa: S608
        (LEDGER, recorded_by),
    ).fetchall()
    said = [read_ledger_entry(payload) for (payload,) in payloads]
    waivers = [
        Waiver(one.position, one.recorded_at, one.fact) for one in said if isinstance(one.fact, ObligationWaived)
    ]
    declared = [
        Declared(one.position, one.recorded_at, one.fact) for one in said if isinstance(one.fact, CoverageDeclared)
    ]
    return SaidOfLedger(waivers, Coverage(zone, declared))
