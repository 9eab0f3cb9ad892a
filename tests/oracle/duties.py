"""Duties of five rules, worked out the slow way from the JSON of the facts: whatever opened, what became of it.

D10 and D14 tell one agency of the fact itself, T1 of the same hearing; T2 and T3 are met by facts. No rule file is
read here: what the rules say is written out again.
"""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from ledger.entry import Entry
from tests.oracle.due_times import due
from tests.oracle.standing import as_corrected, first, last, name_of, voided_by

Duty = tuple[str, int, str | None, str, datetime | None, datetime | None]
"""Rule, opening position, recipient, state, due, done."""
BEGINNING = datetime.min.replace(tzinfo=UTC)


def duties(entries: Sequence[Entry], knows: Mapping[tuple[int, str], datetime], on: datetime, zone: str) -> list[Duty]:
    """Every duty by these rules as of `on`."""
    every = sorted(entries, key=lambda e: e.position)
    found: list[Duty] = []
    for e in every:
        when = as_corrected(e, every)[1]
        if when is not None and last(when, zone) > on:
            continue
        match name_of(e):
            case "released-to-sponsor":
                found += [one(e, every, "D10", "ICE-ERO", (24, "hours"), knows, on, zone)]
                found += [one(e, every, "T2", None, (60, "days"), knows, on, zone)]
            case "discharged-otherwise":
                found += [one(e, every, "D10", "ICE-ERO", (24, "hours"), knows, on, zone)]
            case "network-transfer-completed":
                found += [one(e, every, "D14", "ICE-OPLA", None, knows, on, zone)]
            case "failure-to-appear-recorded" if first_of_its(e, every, "hearing_id"):
                found += [
                    one(e, every, "T1", agency, (1, "business-days"), knows, on, zone) for agency in ("ICE-ERO", "ORR")
                ]
            case "nta-served" if first_of_its(e, every, "nta_id"):
                found += [one(e, every, "T3", None, (30, "days"), knows, on, zone)]
            case _:
                pass
    return sorted(found, key=str)


def first_of_its(e: Entry, every: Sequence[Entry], member: str) -> bool:
    """Whether no entry recorded before it with the same id stands."""
    mine = as_corrected(e, every)[0][member]
    return not any(
        o.position < e.position
        and name_of(o) == name_of(e)
        and not voided_by(o.position, every)
        and as_corrected(o, every)[0][member] == mine
        for o in every
    )


def one(
    e: Entry,
    every: Sequence[Entry],
    rule: str,
    towards: str | None,
    limit: tuple[int, str] | None,
    knows: Mapping[tuple[int, str], datetime],
    on: datetime,
    zone: str,
) -> Duty:
    """What became of the duty that `e` opened."""
    fact, when = as_corrected(e, every)
    runs_out = None if when is None or limit is None else due(when, *limit, zone, zone)
    done = min((t for t in answers(e, fact, every, rule, towards, knows, zone) if t <= on), default=None)
    gone = [
        moment(o, every, zone)
        for o in every
        if rule in ("T2", "T3") and name_of(o) == "departure-verified" and not voided_by(o.position, every)
    ]
    started = BEGINNING if when is None else first(when, zone)
    ended = min((t for t in gone if started <= t <= on), default=None)
    if voided_by(e.position, every):
        return rule, e.position, towards, "withdrawn", runs_out, None
    if ended is not None and (runs_out is None or ended <= runs_out) and (done is None or ended < done):
        return rule, e.position, towards, "withdrawn", runs_out, None
    if when is None:
        return rule, e.position, towards, "undated", None, done
    if done is None:
        return rule, e.position, towards, "open" if runs_out is None or on <= runs_out else "missed", runs_out, None
    return rule, e.position, towards, "met" if runs_out is None or done <= runs_out else "late", runs_out, done


def answers(
    e: Entry,
    fact: dict[str, Any],
    every: Sequence[Entry],
    rule: str,
    towards: str | None,
    knows: Mapping[tuple[int, str], datetime],
    zone: str,
) -> list[datetime]:
    """Every moment at which the duty was met."""
    standing = [o for o in every if not voided_by(o.position, every)]
    match rule:
        case "D10" | "D14":
            known = [e.position]
        case "T1":
            known = [
                o.position
                for o in standing
                if name_of(o) == "failure-to-appear-recorded"
                and as_corrected(o, every)[0]["hearing_id"] == fact["hearing_id"]
            ]
        case "T2":
            when = as_corrected(e, every)[1]
            since = BEGINNING if when is None else first(when, zone)
            served = [moment(o, every, zone) for o in standing if name_of(o) == "nta-served"]
            reasons = [moment(o, every, zone) for o in standing if name_of(o) == "nta-not-pursued"]
            return served + [t for t in reasons if t >= since]
        case _:
            return [
                moment(o, every, zone)
                for o in standing
                if name_of(o) == "nta-filed" and as_corrected(o, every)[0]["nta_id"] == fact["nta_id"]
            ]
    return [knows[position, towards] for position in known if towards and (position, towards) in knows]


def moment(o: Entry, every: Sequence[Entry], zone: str) -> datetime:
    """When it had happened: at the latest when it was recorded."""
    when = as_corrected(o, every)[1]
    return o.recorded_at if when is None else last(when, zone)
