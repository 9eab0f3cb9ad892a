"""The rows a batch of entries comes to, gathered before any is written.

Rows of one record are kept only in their last state; rows of the population intervals are history and are all kept.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, Final, cast
from uuid import UUID

import orjson

from ledger.entry import Entry, LedgerEntry
from ledger.facts import AnswerServed, ObligationWaived
from ledger.times import last_instant, write_when
from projections.fold.amended import effective
from projections.fold.folding import Folding
from projections.fold.regions import Regions
from projections.obligations.rows import DutyRow, waiver_row

StayRow = tuple[date | None, date | None, str | None, str | None, str]
AbsenceRow = tuple[date | None, date | None, str | None, str]
ReleaseRow = tuple[int, date | None, str | None, str, str | None, str]
FailureRow = tuple[int, str, date | None, str, str, str]
ClosureRow = tuple[int, int, int, datetime]
Interval = tuple[str, StayRow | AbsenceRow | ReleaseRow | FailureRow | ClosureRow | DutyRow]
"""A table's name and the content of one of its rows: what the ledger holds of a person."""

IdentifierRow = tuple[str, str, UUID, int, int, datetime]
"""Scheme, value, record, position, turn (0: as its first carrier, if it is), and when it was recorded."""

DUTIES: Final = "duties"
Opened = dict[Interval, tuple[int, int]]
"""What the ledger holds of one person now, each with (position, number) of the entry that made it hold this."""


@dataclass(slots=True)
class Changes:
    """Rows to write, as tuples in the order of `COLUMNS`."""

    entries: list[tuple[UUID, int, datetime, bytes]] = field(default_factory=list)
    locations: dict[UUID, tuple[Any, ...]] = field(default_factory=dict)
    statuses: dict[UUID, tuple[Any, ...]] = field(default_factory=dict)
    identifiers: list[IdentifierRow] = field(default_factory=list)
    released: list[tuple[str, str, UUID, int, datetime]] = field(default_factory=list)
    findings: list[tuple[Any, ...]] = field(default_factory=list)
    links: list[tuple[UUID, UUID, int]] = field(default_factory=list)
    opened: dict[tuple[str, UUID, int, int], tuple[tuple[Any, ...], datetime, datetime | None]] = field(
        default_factory=dict
    )
    """(table, person, position, number): content, recorded_from, recorded_until."""
    closed: list[tuple[str, UUID, int, int, datetime]] = field(default_factory=list)
    receipts: list[tuple[Any, ...]] = field(default_factory=list)
    reads: list[tuple[Any, ...]] = field(default_factory=list)
    waivers: list[tuple[Any, ...]] = field(default_factory=list)
    parked: list[tuple[UUID, int, datetime, bytes, str, int | None]] = field(default_factory=list)

    def add_entry(self, entry: Entry, payload: bytes) -> None:
        """Keep the entry itself, its identifiers and its findings."""
        self.entries.append((entry.child, entry.position, entry.recorded_at, payload))
        at, recorded_at = entry.position, entry.recorded_at
        for scheme, value in entry.names():
            if scheme != "ledger":
                self.identifiers.append((scheme, value, entry.child, at, 0, recorded_at))
        for scheme, value, record in entry.attached:
            self.identifiers.append((scheme, value, record, at, at, recorded_at))
        for scheme, value, record in entry.released:
            self.released.append((scheme, value, record, at, recorded_at))
        for number, finding in enumerate(entry.findings):
            self.findings.append(
                (
                    entry.position,
                    number,
                    finding.code,
                    finding.level,
                    finding.message,
                    entry.child,
                    entry.type,
                    entry.producer.agency,
                    entry.producer.office,
                    entry.recorded_at,
                )
            )

    def add_ledger_entry(
        self, stream: UUID, entry: LedgerEntry, payload: bytes, receipts: Sequence[tuple[Any, ...]]
    ) -> None:
        """Keep an entry about no child, what it signs for, and which answer was served."""
        self.entries.append((stream, entry.position, entry.recorded_at, payload))
        self.receipts += receipts
        if isinstance(entry.fact, ObligationWaived):
            self.waivers.append(waiver_row(stream, entry, entry.fact))
        if isinstance(entry.fact, AnswerServed):
            asked = entry.fact.question
            self.reads.append(
                (
                    asked.child,
                    stream,
                    entry.position,
                    entry.recorded_at,
                    asked.viewpoint,
                    asked.known_at,
                    asked.happened_by,
                    asked.recorded_by,
                    asked.basis,
                    asked.at_least,
                )
            )

    def rows(self) -> Iterator[tuple[str, Sequence[tuple[Any, ...]]]]:
        """Yield each table that gets rows, with these rows in the order of its columns."""
        yield from (
            (table, rows)
            for table, rows in (
                ("entries", self.entries),
                ("current_location", list(self.locations.values())),
                ("status", list(self.statuses.values())),
                ("identifiers", self.identifiers),
                ("released_identifiers", self.released),
                ("findings", self.findings),
                ("links", self.links),
                ("receipts", self.receipts),
                ("reads", self.reads),
                ("waivers", self.waivers),
                ("parked", self.parked),
            )
            if rows
        )
        opened: dict[str, list[tuple[Any, ...]]] = {}
        for (table, person, position, number), (content, since, until) in self.opened.items():
            opened.setdefault(table, []).append((person, *content, position, number, since, until))
        yield from opened.items()

    def put_state(self, child: UUID, person: UUID, regions: Regions, *, position: int, zone: str) -> None:
        """Keep the present state of one record."""
        custody, whereabouts, age = regions.custody, regions.whereabouts, regions.age
        self.locations[child] = (
            child,
            person,
            custody.state,
            custody.legal_custodian,
            custody.physical_custodian,
            custody.place,
            _json(whereabouts.residence),
            None if custody.since is None else last_instant(custody.since, zone),
            None if custody.since is None else write_when(custody.since),
            position,
        )
        self.statuses[child] = (
            child,
            person,
            custody.state,
            _proceedings(regions),
            whereabouts.state,
            None if whereabouts.since is None else last_instant(whereabouts.since, zone),
            _json(whereabouts.residence),
            _json(whereabouts.mailing),
            age.date_of_birth,
            age.basis,
            position,
        )

    def hold(self, person: UUID, before: Opened, now: set[Interval], entry: Entry) -> Opened:
        """From this entry on the ledger holds `now` of a person: close what it no longer holds, open what is new."""
        after = dict(before)
        self.exchange(person, after, before.keys() - now, sorted(now - before.keys(), key=_content_order), entry)
        return after

    def exchange(
        self, person: UUID, held: Opened, gone: Iterable[Interval], come: Iterable[Interval], entry: Entry
    ) -> None:
        """From this entry on the ledger no longer holds `gone`, which is in `held`, and holds `come`, which is not.

        `come` is in a fixed order, so that a rebuild numbers rows as the live run did.
        """
        for interval in gone:
            position, number = held.pop(interval)
            key = (interval[0], person, position, number)
            if key in self.opened:
                content, since, _ = self.opened[key]
                self.opened[key] = (content, since, entry.recorded_at)
            else:
                self.closed.append((*key, entry.recorded_at))
        numbers: dict[str, int] = {}
        for interval in come:
            table, content = interval
            number = numbers.get(table, 0)
            numbers[table] = number + 1
            held[interval] = (entry.position, number)
            self.opened[table, person, entry.position, number] = (content, entry.recorded_at, None)


def intervals(folding: Folding) -> set[Interval]:
    """Return what the figures count of a person, as contents of rows."""
    care = folding.care()
    country = care.country
    held: set[Interval] = {("stays", (*stay[:3], country, _text(stay.proof))) for stay in care.stays}
    held.update([("absences", (*absence[:3], _text(absence.proof))) for absence in care.absences])
    held.update([("releases", (*release[:4], country, _text(release.proof))) for release in care.releases])
    held.update(
        ("failures", (one.position, one.hearing_id, one.failed_on, one.court_case, one.judge_action, _text(one.proof)))
        for one in folding.failures()
    )
    return held


def _text(proof: tuple[int, ...]) -> str:
    return " ".join(map(str, proof))


def closures(entries: Sequence[Entry], records: Collection[UUID]) -> frozenset[Interval]:
    """Return the findings on a person's records that are dealt with (resolved, or their entry voided), as rows.

    `entries` are all that are about her; findings on those under other records are closed there.
    """
    by_position = {entry.position: entry for entry in entries}
    closed: set[Interval] = set()
    for one in effective(entries):
        if one.entry.child not in records:
            continue
        resolved = dict(reversed(one.resolved_findings))
        voided_by = min(one.voided_by, default=None)
        for number, finding in enumerate(one.entry.findings):
            by = resolved.get(finding.code, voided_by)
            if by is not None:
                closed.add(("closures", (one.entry.position, number, by, by_position[by].recorded_at)))
    return frozenset(closed)


def _content_order(interval: Interval) -> tuple[str, str]:
    table, content = interval
    return table, duty_order(cast(DutyRow, content)) if table == DUTIES else repr(content)


def duty_order(row: DutyRow) -> str:
    """Return what tells a person's duties apart, in a fixed order."""
    return f"{row[5]} {row[0]} {row[1]} {row[3]} {row[4]}"


def _json(members: Mapping[str, Any] | None) -> str | None:
    return None if members is None else orjson.dumps(members).decode()


def _proceedings(regions: Regions) -> str:
    """Return the proceedings as the JSON of the row: the contract's members and the reason of an NTA not pursued."""
    return orjson.dumps(
        [
            {
                "court_case": p.court_case,
                "nta_id": p.nta_id,
                "state": p.state,
                "served": p.served,
                "next_hearing_at": None if p.next_hearing_at is None else write_when(p.next_hearing_at),
                "since": None if p.since is None else write_when(p.since),
                "reason": p.reason,
            }
            for p in regions.proceedings
        ]
    ).decode()
