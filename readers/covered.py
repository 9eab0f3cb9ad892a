"""What the steward declared that agencies send here, and what a further declaration would change."""

from collections import Counter
from collections.abc import Mapping
from typing import Any

from psycopg import Connection, Cursor

from ledger.agencies import AGENCIES, GROUPS
from ledger.facts import CoverageDeclared
from ledger.times import When, parse_instant, write_clock
from projections.obligations.coverage import Coverage
from readers.choosing import one_of
from readers.moments import MomentsAsked, settle
from readers.obligations.owed_by_all import owed_by_all
from readers.obligations.population import Chosen
from readers.obligations.said import said_by
from readers.snapshot import Rows, in_snapshot


def covered(connection: Connection[Rows], *, agency: str | None, recorded_by: When | None) -> dict[str, Any]:
    """Return the declarations of R in order, and what is in force of them.

    Raises `WrongQuestionError` for an agency that is none.
    """
    named = None if agency is None else one_of(agency, (*AGENCIES, *GROUPS), "agency", option="--agency")
    wanted = AGENCIES if named is None else (named, *GROUPS.get(named, ()))
    return in_snapshot(connection, lambda cursor: _found(cursor, wanted, recorded_by))


def _found(cursor: Cursor[Rows], wanted: tuple[str, ...], recorded_by: When | None) -> dict[str, Any]:
    row = cursor.execute("select version, zone, complete_to from read.progress_v1").fetchone()
    if row is None or row[2] is None:
        return {"recorded_by": None, "complete_to": None, "declared": [], "in_force": []}
    version, zone, complete_to = row
    at = settle(MomentsAsked(recorded_by=recorded_by), complete_to=complete_to, zone=zone).recorded_by
    coverage = said_by(cursor, version, at, zone).coverage
    return {
        "recorded_by": write_clock(at),
        "complete_to": write_clock(complete_to),
        "declared": [
            {
                "position": one.position,
                "recorded_at": write_clock(one.recorded_at),
                **one.fact.model_dump(mode="json"),
            }
            for one in coverage.declared
            if one.fact.agency in wanted
        ],
        "in_force": _in_force(coverage, wanted),
    }


def _in_force(coverage: Coverage, wanted: tuple[str, ...]) -> list[dict[str, Any]]:
    named = sorted({(one.fact.agency, fact) for one in coverage.declared for fact in one.fact.facts})
    return [
        {
            "agency": agency,
            "fact": fact,
            "from": write_clock(start),
            "to": None if end is None else write_clock(end),
        }
        for agency, fact in named
        if agency in wanted
        for start, end in coverage.spans(agency, fact)
    ]


def difference(connection: Connection[Rows], fact: CoverageDeclared) -> dict[str, Any]:
    """Return how many duties would be counted otherwise, by rule and body, if the steward declared this now."""
    before = owed_by_all(connection, Chosen())
    same = None if before["recorded_by"] is None else parse_instant(before["recorded_by"])
    after = owed_by_all(connection, Chosen(), recorded_by=same, declaring=fact)
    was, becomes = (_states(answer) for answer in (before, after))
    keys = sorted(was.keys() | becomes.keys())
    changes = [
        {
            "rule": key[0],
            "version": key[1],
            "obliged": key[2],
            "state": key[3],
            "before": was[key],
            "after": becomes[key],
        }
        for key in keys
        if was[key] != becomes[key]
    ]
    return {"recorded_by": after["recorded_by"], **fact.model_dump(mode="json"), "changes": changes}


def _states(answer: Mapping[str, Any]) -> Counter[tuple[str, int, str, str]]:
    return Counter(
        {
            (row["rule"], row["version"], row["obliged"], state): count
            for row in answer["summary"]
            for state, count in row["states"].items()
            if state in ("missed", "not-covered")
        }
    )
