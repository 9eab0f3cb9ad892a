"""Stays, absences, releases, failures to appear; a member that is not known is absent."""

from collections.abc import Sequence
from itertools import pairwise

from tests.oracle.standing import Happened, Json, day
from tests.oracle.whereabouts import IN_PROGRAM

LEAVING = ("released-to-sponsor", "discharged-otherwise", "departure-verified", "contiguous-return-executed")


def care(fold: Sequence[Happened], zone: str) -> Json:
    """Stays are cut out of the fold at each end; what lies between two ends, from the first admission on, is one."""
    ends = [-1, *(n for n, h in enumerate(fold) if h.name in LEAVING), len(fold)]
    stays, absences = [], []
    for after, end in pairwise(ends):
        between = list(fold[after + 1 : end])
        while between and between[0].name not in IN_PROGRAM:
            between.pop(0)
        if not between:
            continue
        leaving = fold[end] if end < len(fold) else None
        stays.append(
            {
                "admitted_on": day(between[0].when, zone),
                "left_on": None if leaving is None else day(leaving.when, zone),
                "left_by": None if leaving is None else leaving.name,
                "proof": between[0].proof,
            }
        )
        absences += _absences(between, leaving, zone)
    countries = [
        h.fact["country"]
        for h in fold
        if h.name in ("child-encountered", "particulars-asserted") and h.fact.get("country", "unknown") != "unknown"
    ]
    return {
        "stays": stays,
        "absences": absences,
        "releases": [
            {
                "position": h.position,
                "released_on": day(h.when, zone),
                "state": h.fact.get("address", {}).get("state"),
                "sponsor_category": h.fact.get("sponsor_category", "unknown"),
                "proof": h.proof,
            }
            for h in fold
            if h.name == "released-to-sponsor"
        ],
        "country": countries[-1] if countries else None,
        "failures": _failures(fold, zone),
    }


def _failures(fold: Sequence[Happened], zone: str) -> list[Json]:
    records = [h for h in fold if h.name == "failure-to-appear-recorded"]
    hearings = dict.fromkeys(h.fact["hearing_id"] for h in records)
    firsts = [next(h for h in records if h.fact["hearing_id"] == hearing) for hearing in hearings]
    return [
        {
            "position": h.position,
            "hearing_id": h.fact["hearing_id"],
            "failed_on": day(h.when, zone),
            "court_case": h.fact["court_case"],
            "judge_action": h.fact.get("judge_action", "unknown"),
            "proof": h.proof,
        }
        for h in firsts
    ]


def _absences(stay: Sequence[Happened], leaving: Happened | None, zone: str) -> list[Json]:
    found = []
    ends = [*(n for n, h in enumerate(stay) if h.name in (*IN_PROGRAM, "absence-resolved")), len(stay)]
    for after, end in pairwise(ends):
        away = [h for h in stay[after + 1 : end] if h.name == "absence-reported" and h.fact["kind"] != "attempted"]
        if away:
            ended = stay[end] if end < len(stay) else leaving
            found.append(
                {
                    "absent_on": day(away[0].when, zone),
                    "ended_on": None if ended is None else day(ended.when, zone),
                    "ended_by": None if ended is None else ended.name,
                    "proof": away[0].proof,
                }
            )
    return found
