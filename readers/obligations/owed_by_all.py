"""What was owed for all children, as of any two moments, ready to be written: a summary, and duties page by page."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any, Final
from uuid import UUID

from psycopg import Connection, Cursor

from ledger.facts import CoverageDeclared
from ledger.obligations.shipped import shipped_rules
from ledger.times import When, write_clock
from readers.choosing import one_of
from readers.figures.offices import office_named
from readers.figures.sources import persons_by
from readers.moments import MomentsAsked, settle
from readers.named_sql import named
from readers.obligations.duty_pages import PagePlace
from readers.obligations.one_child import DutiesAsked, checked, filters, shown
from readers.obligations.population import SQL as DUTIES_SQL
from readers.obligations.population import Chosen, Count, Owed, Population, ids
from readers.snapshot import Rows, in_snapshot
from readers.unanswerable import WrongQuestionError

_FIGURES: Final = named(Path(__file__).parents[1] / "figures" / "figures.sql")
MOST_LISTED: Final = 10_000
"""Duties on one page at most."""


@dataclass(frozen=True, slots=True)
class DutyPage:
    """How many duties to list, and behind which place."""

    limit: int
    after: PagePlace | None = None


@dataclass(frozen=True, slots=True)
class _Found:
    on: datetime
    recorded_by: datetime
    complete_to: datetime
    zone: str
    clock: str
    counts: Sequence[Count]
    listed: Sequence[Owed]
    records: dict[UUID, frozenset[UUID]]
    names: Sequence[Rows]
    parked: Rows


def checked_population(sought: DutiesAsked, rule: str | None, page: DutyPage | None) -> Chosen:
    """Return which duties are meant; raises `WrongQuestionError` that names what there is."""
    wanted = checked(sought)
    there = ids(shipped_rules())
    rule = None if rule is None else one_of(rule, there, "rule of obligation", option="--rule")
    if page is not None and not 1 <= page.limit <= MOST_LISTED:
        raise WrongQuestionError(f"--limit {page.limit}: a page holds 1 to {MOST_LISTED:,} duties")
    return Chosen(
        wanted.agency,
        wanted.state,
        rule,
        towards=wanted.towards,
        due_from=wanted.due_from,
        due_to=wanted.due_to,
        office=wanted.office,
    )


def owed_by_all(
    connection: Connection[Rows],
    chosen: Chosen,
    *,
    on: When | None = None,
    recorded_by: When | None = None,
    page: DutyPage | None = None,
    declaring: CoverageDeclared | None = None,
) -> dict[str, Any]:
    """Return the summary of the duties chosen as of `on`, as recorded by R; with `page` also those duties.

    Raises `WrongQuestionError` for an office that is none.

    A page behind a place is as of the moments of that place, whatever else is asked for. With `declaring` the answer is
    as if the steward had declared that, too.
    """
    asked = MomentsAsked(happened_by=on, recorded_by=recorded_by)
    if page is not None and page.after is not None:
        asked = MomentsAsked(happened_by=page.after.on, recorded_by=page.after.recorded_by)

    def ask(cursor: Cursor[Rows]) -> tuple[Chosen, _Found | None]:
        office = None if chosen.office is None else office_named(cursor, chosen.office)
        meant = replace(chosen, office=office)
        return meant, _found(cursor, meant, asked, page, declaring)

    meant, found = in_snapshot(connection, ask)
    return _shaped(meant, page, found)


def _found(
    cursor: Cursor[Rows], chosen: Chosen, asked: MomentsAsked, page: DutyPage | None, declaring: CoverageDeclared | None
) -> _Found | None:
    heading = cursor.execute(
        "select p.version, p.zone, p.clock, p.complete_to, (select u.complete_to from read.publishing_v1 u)"
        " from read.progress_v1 p"
    ).fetchone()
    if heading is None or heading[3] is None:
        return None
    version, zone, clock, recorded, published = heading
    complete_to = recorded if published is None else published
    moments = settle(asked, complete_to=complete_to, zone=zone)
    population = Population(cursor, version, moments, zone=zone, published=published is not None, declaring=declaring)
    counts = population.counts(chosen)
    listed = [] if page is None else population.page(chosen, page.limit, page.after)
    records = records_of(cursor, version, moments.recorded_by, {one.person for one in listed})

    def rows(statement: str, **given: Any) -> list[Rows]:
        told = {"recorded_by": moments.recorded_by, **given}
        return cursor.execute(statement.replace("{schema}", version).encode(), told).fetchall()

    return _Found(
        population.on,
        moments.recorded_by,
        complete_to,
        zone,
        clock,
        counts,
        listed,
        records,
        rows(DUTIES_SQL["names"], records=[one for group in records.values() for one in group]) if listed else (),
        rows(_FIGURES["incomplete"])[0],
    )


def records_of(
    cursor: Cursor[Rows], version: str, recorded_by: datetime, persons: Iterable[UUID]
) -> dict[UUID, frozenset[UUID]]:
    """Return the records that made up each person at R."""
    records: dict[UUID, set[UUID]] = {person: {person} for person in persons}
    for record, person in persons_by(cursor, version, recorded_by).items():
        if person in records:
            records[person].add(record)
    return {person: frozenset(its) for person, its in records.items()}


def _shaped(chosen: Chosen, page: DutyPage | None, found: _Found | None) -> dict[str, Any]:
    answer: dict[str, Any] = {
        "on": None if found is None else write_clock(found.on),
        "recorded_by": None if found is None else write_clock(found.recorded_by),
        "complete_to": None if found is None else write_clock(found.complete_to),
        "zone": None if found is None else found.zone,
        "clock": None if found is None else found.clock,
        "agency": chosen.agency,
        "state": chosen.state,
        "rule": chosen.rule,
        **filters(DutiesAsked(None, None, chosen.towards, chosen.due_from, chosen.due_to, chosen.office)),
        "incomplete": None if found is None else _incomplete(found.parked),
        "duties": 0 if found is None else sum(one.duties for one in found.counts),
        "summary": [] if found is None else _summary(found.counts),
    }
    if page is None:
        return answer
    listed = [] if found is None else _listed(found)
    answer["list"] = listed
    full = found is not None and len(found.listed) == page.limit
    answer["next"] = (
        PagePlace.of(found.listed[-1].obligation, found.on, found.recorded_by).written() if found and full else None
    )
    return answer


def _incomplete(parked: Rows) -> dict[str, Any] | None:
    children, since, reason = parked
    return {"children": children, "since": write_clock(since), "reason": reason} if children else None


def _summary(counts: Iterable[Count]) -> list[dict[str, Any]]:
    """Return the counts rule by rule and body by body, in the order of the rules."""
    by: dict[tuple[str, int, str], dict[str, int]] = {}
    for one in counts:
        by.setdefault((one.rule, one.version, one.obliged), {})[one.state] = one.duties
    rules = {(rule.id, rule.version): (number, rule) for number, rule in enumerate(shipped_rules())}
    ordered = sorted(by, key=lambda key: (rules[key[0], key[1]][0], key[2]))
    return [
        {
            "rule": id,
            "version": version,
            "title": rules[id, version][1].title,
            "kind": rules[id, version][1].kind,
            "obliged": obliged,
            "states": dict(sorted(by[id, version, obliged].items())),
        }
        for id, version, obliged in ordered
    ]


def _listed(found: _Found) -> list[dict[str, Any]]:
    titles = {(rule.id, rule.version): rule.title for rule in shipped_rules()}
    names: dict[UUID, list[dict[str, str]]] = {}
    for child, scheme, value in found.names:
        names.setdefault(child, []).append({"scheme": scheme, "value": value})
    rows = []
    for one in found.listed:
        duty = shown(one.obligation, titles[one.obligation.rule, one.obligation.version])
        del duty["proof"]  # which word of the recipient shows it, the child's own page says
        identifiers = [name for record in sorted(found.records[one.person]) for name in names.get(record, ())]
        rows.append({"child": str(one.person), "identifiers": identifiers, **duty})
    return rows
