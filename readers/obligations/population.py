"""What was owed for the whole population, as of any two moments: `custody obligations` without a child.

The answer for each child is that of `readers.obligations.one_child`. Who knew what since when is worked out here, from
numbers of feeds and receipts, all at once; only where an answer that was read may have told earlier is a child folded
for it.
"""

import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Final, cast
from uuid import UUID

import orjson
from psycopg import Cursor

from ledger.agencies import GROUPS, RECEIVERS, Agency
from ledger.facts import CoverageDeclared, ObligationWaived
from ledger.obligations.offices import shipped_offices
from ledger.obligations.shipped import ObligationRule, shipped_rules
from ledger.streams import OF_AGENCY
from ledger.times import read_back
from projections.knowledge.receipts import LEVELS, lane_of
from projections.obligations.coverage import Coverage, Declared, Span
from projections.obligations.fulfilment import Dropped
from projections.obligations.rulebook import fingerprint
from projections.obligations.states import Ended, Met, Obligation, Terms, Waiver, judge
from projections.rows.columns import FEEDS
from projections.tables.versions import rulebook_of
from readers.child.known_set import stated_by
from readers.moments import Moments, MomentsAsked
from readers.named_sql import named
from readers.obligations.duty_pages import PagePlace
from readers.obligations.one_child import BODIES, NOT_LOOKED_AT, knows
from readers.obligations.receipt_spans import NEVER, segments
from readers.obligations.receipt_spans import Span as SignedSpan
from readers.obligations.said import said_by
from readers.snapshot import Rows
from readers.unanswerable import NotShownError

SQL: Final = named(Path(__file__).with_name("population.sql"))
_AGENCY_OF: Final[dict[UUID, Agency]] = {record: agency for agency, record in OF_AGENCY.items()}
_OTHER_RULES: Final = (
    "the duties in the read tables were worked out by other rules of obligation than this release's; nothing is shown; "
    "`custody rebuild` works them out anew"
)


@dataclass(frozen=True, slots=True)
class Chosen:
    """Which duties are meant; `None`: all. `persons` are those of these children only."""

    agency: str | None = None
    state: str | None = None
    rule: str | None = None
    persons: Sequence[UUID] | None = None
    live: bool = False
    """Only those that an agency is alerted to."""
    towards: str | None = None
    due_from: datetime | None = None
    due_to: datetime | None = None
    office: str | None = None
    """The office that recorded the entry which opened them."""

    @property
    def obliged(self) -> list[str] | None:
        """The bodies that are obliged."""
        return None if self.agency is None else [self.agency, *GROUPS.get(self.agency, ())]


@dataclass(frozen=True, slots=True)
class Count:
    """How many duties of a rule one body owes in one state."""

    rule: str
    version: int
    obliged: str
    state: str
    duties: int


@dataclass(frozen=True, slots=True)
class Owed:
    """One duty and whose it is."""

    person: UUID
    obligation: Obligation
    heard_at: datetime
    """When what opened it was recorded."""
    tells: bool
    """Whether somebody's coming to know meets it."""


class Population:
    """The duties of everybody as of two moments; everything is asked within one snapshot."""

    def __init__(
        self,
        cursor: Cursor[Rows],
        version: str,
        moments: Moments,
        *,
        zone: str,
        published: bool,
        declaring: CoverageDeclared | None = None,
    ) -> None:
        """Gather what receipts, reads and the steward say by R, as if `declaring` had been said, too.

        Raises `NotShownError` where other rules worked the duties out.
        """
        if rulebook_of(cursor, version) != fingerprint(shipped_rules(), shipped_offices()):
            raise NotShownError(_OTHER_RULES)
        self._cursor = cursor
        self._version = version
        self._published = published
        self._recorded_by = moments.recorded_by
        self.on = min(moments.happened_by, moments.recorded_by)
        self._rules = {(rule.id, rule.version): rule for rule in shipped_rules()}
        # statements with arrays of any length are planned for what they are given
        cursor.execute("set local plan_cache_mode = force_custom_plan")
        cursor.execute("set local work_mem = '128MB'")  # a hash of a million duties, rather than a file
        self._given: dict[str, Any] = {
            "recorded_by": moments.recorded_by,
            "on": self.on,
            "looked": published,
            "never": NEVER,
            **_reads([]),
            **self._covered(zone, declaring),
        }
        for agency, feed in FEEDS.items():
            found = segments(SignedSpan(*row) for row in self._rows("receipts", record=OF_AGENCY[agency]))
            self._given |= {
                f"first_{feed}": found.first,
                f"moments_{feed}": found.moments,
                f"proven_{feed}": found.proven,
                f"lanes_{feed}": [lane_of(agency, level) for level in LEVELS.values()],
            }

    def _covered(self, zone: str, declaring: CoverageDeclared | None) -> dict[str, Any]:
        """Return for which due times what would show a duty met is covered."""
        coverage = said_by(self._cursor, self._version, self._recorded_by, zone).coverage
        if declaring is not None:
            last = Declared(sys.maxsize, self._recorded_by, declaring)
            coverage = Coverage(zone, [*coverage.declared, last])
        rows = [
            (rule.id, rule.version, obliged, towards or "", _multirange(spans))
            for rule in self._rules.values()
            for obliged in BODIES
            for towards in rule.towards or (None,)
            if (spans := coverage.of(rule, obliged, towards))
        ]
        columns = ("rules", "versions", "obliged", "towards", "spans")
        given: dict[str, Any] = {
            f"covered_{name}": [row[number] for row in rows] for number, name in enumerate(columns)
        }
        return given

    def counts(self, chosen: Chosen) -> list[Count]:
        """Return how many duties there are, by rule, obliged body and state."""
        self._have_read(chosen)
        return [Count(*row) for row in self._judged("counts", chosen)]

    def page(self, chosen: Chosen, limit: int, after: PagePlace | None = None) -> list[Owed]:
        """Return the next duties in their order: what is due first, then by the entry that opened it."""
        self._have_read(chosen)
        behind = "true" if after is None else _BEHIND
        given = {} if after is None else after.as_given()
        rows = self._judged("page", chosen, after=behind, limit=limit, **given)
        return [Owed(row[0], self._obligation(row), row[-2], row[17] is not None) for row in rows]

    def _obligation(self, row: Rows) -> Obligation:
        rule = self._rules[row[1], row[2]]
        _, _, _, obliged, towards, opened_by, started, zone, due_at, dropped_by, dropped_as, *more = row
        met_at, met_by, excuse, ended_at, ended_by, ended_as, to_know, *waived = more
        unseen = to_know is not None and not self._published
        terms = Terms(
            rule.id,
            rule.version,
            rule.kind,
            obliged,
            towards,
            opened_by,
            None if started is None else read_back(started),
            zone,
            due_at,
            rule.limit is not None,
            NOT_LOOKED_AT if unseen else rule.not_measurable,
            None if dropped_by is None else (dropped_by, cast(Dropped, dropped_as)),
        )
        *waiver, known, known_at, _, state = waived
        ways = [Met(met_at, met_by, None, excuse)] if met_at is not None else []
        ways += [Met(known_at, known, None, None)] if known_at is not None else []
        first = min(ways, key=lambda met: (met.at, met.position), default=None)
        ended = None if ended_at is None else Ended(ended_at, ended_by, ended_as)
        covered = state != "not-covered"
        found = judge(terms, self.on, first, ended, _waiver(terms, waiver), covered=covered)
        assert found.state == state, f"{terms}: {state} by the statement, {found.state} by the rules"
        return found

    def _have_read(self, chosen: Chosen) -> None:
        """Find who came to know by an answer that was served: child by child, since what it held is a fold."""
        self._given |= _reads([])
        readers = self._readers()
        if not readers or not self._published:
            return
        children, agencies, since = (list(column) for column in zip(*readers, strict=True))
        found: list[tuple[UUID, int, int, int, datetime]] = []
        told: dict[UUID, Any] = {}
        for person, position, number, towards, to_know in self._judged(
            "may_have_read", chosen, reader_children=children, reader_agencies=agencies, reader_since=since
        ):
            if person not in told:
                asked = MomentsAsked(recorded_by=self._recorded_by)
                stated = stated_by(self._cursor, ("ledger", str(person)), asked, RECEIVERS)
                told[person] = None if stated is None else knows(stated)
            for known in map(int, to_know.split()):
                moment = None if told[person] is None else told[person](known, towards)
                if moment is not None:
                    found.append((person, position, number, known, moment.at))
        self._given |= _reads(found)

    def _readers(self) -> list[tuple[UUID, str, datetime]]:
        """Return which agency was served an answer about which child since when: the child, or one joined to her."""
        reads = self._rows("reads")
        if not reads:
            return []
        joined = _joined(self._rows("links"))
        return [
            (record, _AGENCY_OF[agency], since)
            for child, agency, since in reads
            for record in joined.get(child, frozenset((child,)))
        ]

    def _judged(self, name: str, chosen: Chosen, *, after: str = "true", **given: Any) -> list[Rows]:
        filters = {
            "and d.obliged = any(%(obliged)s::text[])": chosen.obliged,
            "and d.rule = %(rule)s": chosen.rule,
            "and d.person = any(%(persons)s::uuid[])": chosen.persons,
            "and d.live": chosen.live or None,
            "and d.towards = any(%(towards)s::text[])": chosen.towards,
            "and d.due_at >= %(due_from)s": chosen.due_from,
            "and d.due_at <= %(due_to)s": chosen.due_to,
            f"and {SQL['of_office'].strip()}": chosen.office,
        }
        known_at = " ".join(
            f"when '{agency}' then {SQL['in_segment'].strip().replace('{feed}', feed)}"
            for agency, feed in FEEDS.items()
        )
        carried = " ".join(f"when '{agency}' then p.{feed}" for agency, feed in FEEDS.items())
        statement = SQL[name]
        for part, text in {
            "judged": SQL["judged"],
            "filters": " ".join(text for text, value in filters.items() if value is not None),
            "known_at": f"case h.towards {known_at} end",
            "known_at_of_page": f"case j.towards {known_at} end",
            "carried": f"case d.towards {carried} end",
            "state": "true" if chosen.state is None else "state = %(state)s",
            "after": after,
        }.items():
            statement = statement.replace(f"{{{part}}}", text)
        persons = None if chosen.persons is None else list(chosen.persons)
        towards = None if chosen.towards is None else [chosen.towards, *GROUPS.get(chosen.towards, ())]
        asked = {
            "obliged": chosen.obliged,
            "rule": chosen.rule,
            "persons": persons,
            "state": chosen.state,
            "towards": towards,
            "due_from": chosen.due_from,
            "due_to": chosen.due_to,
            "office": chosen.office,
            "office_written": None if chosen.office is None else orjson.dumps(chosen.office),
        }
        return self._cursor.execute(
            statement.replace("{schema}", self._version).encode(), {**self._given, **asked, **given}
        ).fetchall()

    def _rows(self, name: str, **given: Any) -> list[Rows]:
        statement = SQL[name].replace("{schema}", self._version)
        return self._cursor.execute(statement.encode(), {"recorded_by": self._recorded_by, **given}).fetchall()


_BEHIND: Final = (
    "(coalesce(due_at, 'infinity'), opened_by, rule, version, obliged collate \"C\","
    " coalesce(towards, '') collate \"C\") > (coalesce(%(after_due)s::timestamptz, 'infinity'),"
    " %(after_opened)s::bigint, %(after_rule)s::text, %(after_version)s::int, %(after_obliged)s::text,"
    " %(after_towards)s::text)"
)


def _waiver(terms: Terms, row: Sequence[Any]) -> Waiver | None:
    recorded_at, position, code, reason = row
    if position is None:
        return None
    fact = ObligationWaived(
        rule=terms.rule,
        position=terms.opened_by,
        obliged=cast(Any, terms.obliged),
        towards=cast(Any, terms.towards),
        reason_code=code,
        reason=reason,
    )
    return Waiver(position, recorded_at, fact)


def _multirange(spans: Iterable[Span]) -> str:
    """Return spans as PostgreSQL writes them."""
    return f"{{{','.join(f'[{start.isoformat()},{end.isoformat() if end else str()})' for start, end in spans)}}}"


def _reads(found: Iterable[tuple[UUID, int, int, int, datetime]]) -> dict[str, list[Any]]:
    columns = ("read_persons", "read_positions", "read_numbers", "read_known", "read_at")
    rows = list(found)
    return {name: [row[column] for row in rows] for column, name in enumerate(columns)}


def _joined(links: Iterable[Rows]) -> dict[UUID, frozenset[UUID]]:
    """Return, for every record that a merge statement ever joined to others, all of them."""
    joined: dict[UUID, frozenset[UUID]] = {}
    for child, other in links:
        whole = joined.get(child, frozenset((child,))) | joined.get(other, frozenset((other,)))
        joined |= dict.fromkeys(whole, whole)
    return joined


def ids(rules: Sequence[ObligationRule]) -> list[str]:
    """Return the ids of rules, each once."""
    return list(dict.fromkeys(rule.id for rule in rules))
