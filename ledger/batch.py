"""One batch of arrivals decided in order: who is meant, what becomes of each, and the rows that say so.

Pure: everything looked up beforehand is handed in, every row to be written is handed out. The transaction around it
is `ledger.recording`.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final, NamedTuple
from uuid import UUID

import orjson

from ledger.agencies import Agency
from ledger.arrivals import Arrival, Claim, Illegible, Key, Malformed
from ledger.decide import NOBODY_KNOWN, NOTHING_AROUND, Surroundings, decide
from ledger.entry import Entry, Finding, Producer, Recorded, fact_json, write_state
from ledger.facts import (
    Fact,
    IdentifierAsserted,
    IdentityMerged,
    IdentityUnmerged,
    current,
)
from ledger.identifiers import Identifier, shown
from ledger.merges import groups
from ledger.outcomes import outcome, refusal_members
from ledger.record import Record
from ledger.settings import Settings
from ledger.submission import Refusal
from ledger.times import write_clock

TICK: Final = timedelta(microseconds=1)
NAMES_RECORD: Final = (IdentifierAsserted, IdentityMerged, IdentityUnmerged)

Name = tuple[str, str]
"""An identifier as (scheme, value)."""


class Answer(NamedTuple):
    """What became of an earlier submission with the same key."""

    digest: str
    position: int | None
    child: UUID | None
    version: int | None
    recorded_at: datetime | None
    refusal: Mapping[str, Any] | None


@dataclass(slots=True)
class Known:
    """What the ledger holds about this batch, looked up under the lock; kept in step as the batch goes on."""

    answers: dict[Key, Answer]
    carriers: dict[Name, UUID]
    records: dict[UUID, Record]
    linked: dict[UUID, frozenset[UUID]]
    """Each record that a merge statement ever touched, with all records joined to it by such statements."""


@dataclass(slots=True)
class Rows:
    """What the transaction writes."""

    events: list[Recorded] = field(default_factory=list)
    positions: list[int] = field(default_factory=list)
    identifiers: list[tuple[str, str, UUID]] = field(default_factory=list)
    links: list[tuple[UUID, UUID]] = field(default_factory=list)
    submissions: list[tuple[str, str, str, int | None, bytes | None, Agency]] = field(default_factory=list)
    outcomes: list[tuple[Agency, str, bytes]] = field(default_factory=list)
    set_aside: list[Illegible] = field(default_factory=list)


class Batch:
    """Decides arrivals one after the other; positions and `recorded_at` go on from the last entry's."""

    def __init__(
        self,
        known: Known,
        *,
        settings: Settings,
        now: datetime,
        last_position: int,
        last_recorded_at: datetime | None,
        new_record_id: Callable[[datetime], UUID],
    ) -> None:
        self.known = known
        self.rows = Rows()
        self._settings = settings
        self._now = now
        self._position = last_position
        self._recorded_at = last_recorded_at
        self._new_record_id = new_record_id

    def take(self, arrival: Arrival) -> None:
        """Decide one arrival."""
        match arrival:
            case Illegible():
                self._set_aside(arrival)
            case Malformed():
                if not self._answered_before(arrival.agency, arrival.key, arrival.digest):
                    self._refuse(arrival.agency, arrival.key, arrival.digest, arrival.refusal)
            case Claim():
                if not self._answered_before(arrival.agency, arrival.key, arrival.digest):
                    self._decide(arrival)

    def _set_aside(self, arrival: Illegible) -> None:
        self.rows.set_aside.append(arrival)
        source, id = arrival.key
        if source is not None and id is not None:
            refusal = Refusal(
                "H0",
                f"unreadable: {arrival.reason}; the message is set aside with its bytes, nothing was recorded; "
                "send it again in a readable form (the id may be used again)",
            )
            self.rows.outcomes.append(
                (
                    arrival.place.agency,
                    id,
                    outcome(source=source, id=id, status="refused", refusal=refusal_members(refusal)),
                )
            )

    def _answered_before(self, agency: Agency, key: Key, digest: str) -> bool:
        """Answer a key that was used before: the first answer for the same body, H1 for another one."""
        before = self.known.answers.get(key)
        if before is None:
            return False
        source, id = key
        if before.digest != digest:
            refusal = Refusal(
                "H1",
                "this id was used before with another body; the first one stands; "
                "send a new fact, or a correction, under an id of its own",
                "id",
            )
            body = outcome(source=source, id=id, status="refused", refusal=refusal_members(refusal))
        elif before.position is None:
            body = outcome(source=source, id=id, status="refused", refusal=before.refusal)
        else:
            body = outcome(
                source=source,
                id=id,
                status="duplicate",
                position=before.position,
                child=before.child,
                version=before.version,
                recorded_at=None if before.recorded_at is None else write_clock(before.recorded_at),
            )
        self.rows.outcomes.append((agency, id, body))
        return True

    def _refuse(self, agency: Agency, key: Key, digest: str, refusal: Refusal) -> None:
        source, id = key
        members = refusal_members(refusal)
        self.rows.submissions.append((source, id, digest, None, orjson.dumps(members), agency))
        self.rows.outcomes.append((agency, id, outcome(source=source, id=id, status="refused", refusal=members)))
        self.known.answers[key] = Answer(digest, None, None, None, None, members)

    def _decide(self, claim: Claim) -> None:
        recorded_at = self._clock(claim)
        submission = claim.submission
        fact = submission.fact
        carried = [(name, self._carrier(name)) for name in submission.child]
        for name, carrier in carried:
            if carrier is None and name.scheme == "ledger":
                self._refuse(
                    claim.agency,
                    claim.key,
                    claim.digest,
                    Refusal("H0", "no record has this ledger id; only the ledger gives them out", "child"),
                )
                return
        child = next((carrier for _, carrier in carried if carrier is not None), None)
        record = self._record(child) if child is not None else None
        group = self._group(child) if child is not None else frozenset[UUID]()
        if record is None:
            child = self._new_record_id(recorded_at)
            record = Record(child)
            around = NOBODY_KNOWN
        else:
            disagreeing = [
                shown(name.scheme, name.value)
                for name, carrier in carried
                if carrier is not None and carrier != child and carrier not in group
            ]
            around = Surroundings(disagreeing=tuple(disagreeing)) if disagreeing else NOTHING_AROUND
        named: UUID | None = None
        if isinstance(fact, NAMES_RECORD):
            named = self._carrier(fact.identifier if isinstance(fact, IdentifierAsserted) else fact.other)
        if group or named is not None:
            around = around._replace(
                named=named, group=group, merged_directly=self._merged_directly(record.child, group)
            )
        judged = self._as_one_person(record, group) if group else record
        decision = decide(
            judged,
            submission,
            agency=claim.agency,
            recorded_at=recorded_at,
            zone=self._settings.zone,
            around=around,
        )
        if isinstance(decision, Refusal):
            self._refuse(claim.agency, claim.key, claim.digest, decision)
            return
        self._accept(claim, record, recorded_at, findings=decision, named=named)

    def _accept(
        self,
        claim: Claim,
        record: Record,
        recorded_at: datetime,
        *,
        findings: tuple[Finding, ...],
        named: UUID | None,
    ) -> None:
        submission = claim.submission
        source, id = claim.key
        child = record.child
        version = record.version + 1
        position = self._position + 1
        reported_by = submission.reported_by
        producer = Producer(
            claim.agency,
            reported_by.office if reported_by else None,
            reported_by.user if reported_by else None,
            source,
        )
        identifiers = tuple((name.scheme, name.value) for name in submission.child)
        findings = (*claim.remarks, *findings)
        resolved = (
            {"other": str(named)} if named is not None and not isinstance(submission.fact, IdentifierAsserted) else {}
        )
        fact = fact_json(submission.fact)
        entry_source = submission.source.model_dump()
        known_since = submission.known_since or claim.sent_at
        state = write_state(
            recorded_at=recorded_at,
            occurred_at=submission.occurred_at,
            known_since=known_since,
            producer=producer,
            door=submission.door,
            source=entry_source,
            identifiers=identifiers,
            findings=findings,
            submission_id=id,
            submission_digest=claim.digest,
            fact=fact,
            resolved=resolved,
            extensions=claim.extensions,
        )
        record.add(
            Entry(
                position,
                "child",
                child,
                version,
                claim.wire,
                submission.occurred_at,
                recorded_at,
                known_since,
                producer,
                submission.door,
                entry_source,
                identifiers,
                findings,
                id,
                current(submission.fact),  # type: ignore[arg-type]  # of the closed union, read by its wire name
                orjson.loads(fact),
                resolved,
                claim.extensions,
            )
        )
        self._position = position
        self._recorded_at = recorded_at
        self.known.records[child] = record
        self.rows.events.append(Recorded(child, version, claim.wire, state))
        self.rows.positions.append(position)
        self.rows.submissions.append((source, id, claim.digest, position, None, claim.agency))
        self.known.answers[claim.key] = Answer(claim.digest, position, child, version, recorded_at, None)
        self._attach(submission.child, submission.fact, child)
        if named is not None and isinstance(submission.fact, IdentityMerged | IdentityUnmerged):
            self._link(child, named)

    def _clock(self, claim: Claim) -> datetime:
        """Return the entry's `recorded_at`: the ledger clock, always just past the last entry's."""
        now = self._now if self._settings.clock == "wall" else claim.sent_at
        if self._recorded_at is None or now > self._recorded_at:
            return now
        return self._recorded_at + TICK

    def _carrier(self, name: Identifier) -> UUID | None:
        if name.scheme == "ledger":
            child = UUID(name.value)
            record = self.known.records.get(child)
            return child if record is not None and record.version > 0 else None
        return self.known.carriers.get((name.scheme, name.value))

    def _record(self, child: UUID) -> Record:
        return self.known.records[child]

    def _attach(self, names: tuple[Identifier, ...], fact: Fact, child: UUID) -> None:
        if isinstance(fact, IdentifierAsserted):
            names = (*names, fact.identifier)
        for name in names:
            key = (name.scheme, name.value)
            if name.scheme != "ledger" and key not in self.known.carriers:
                self.known.carriers[key] = child
                self.rows.identifiers.append((name.scheme, name.value, child))

    def _link(self, child: UUID, other: UUID) -> None:
        linked = self.known.linked.get(child, frozenset({child})) | self.known.linked.get(other, frozenset({other}))
        for member in linked:
            self.known.linked[member] = linked
        self.rows.links += [(child, other), (other, child)]

    def _linked_entries(self, child: UUID) -> list[Entry]:
        """Return the entries of every record a merge statement ever joined to `child`, in position order."""
        entries = [entry for member in self.known.linked[child] for entry in self.known.records[member].entries]
        entries.sort(key=lambda entry: entry.position)
        return entries

    def _group(self, child: UUID) -> frozenset[UUID]:
        """Return the other records that are one person with `child` by merges in force now."""
        if child not in self.known.linked:
            return frozenset()
        return groups(self._linked_entries(child)).get(child, frozenset()) - {child}

    def _merged_directly(self, child: UUID, group: frozenset[UUID]) -> frozenset[UUID]:
        """Return the records of the group that a merge of just this pair joins to `child`."""
        if not group:
            return frozenset()
        entries = self._linked_entries(child)
        direct = set()
        for other in group:
            pair = {child, other}
            of_pair = [
                entry
                for entry in entries
                if not isinstance(entry.fact, IdentityMerged | IdentityUnmerged)
                or {entry.child, UUID(entry.resolved["other"])} == pair
            ]
            if other in groups(of_pair).get(child, frozenset()):
                direct.add(other)
        return frozenset(direct)

    def _as_one_person(self, record: Record, group: frozenset[UUID]) -> Record:
        """Return the record rules look at for merged records: the union of all entries, at this record's version."""
        union = Record(record.child)
        entries = [e for member in (record.child, *group) for e in self.known.records[member].entries]
        for entry in sorted(entries, key=lambda entry: entry.position):
            union.add(entry)
        union.version = record.version
        return union


def needs_names(fact: Fact) -> tuple[Identifier, ...]:
    """Return the identifiers that the fact itself names, to be looked up with the submission's own."""
    if isinstance(fact, IdentifierAsserted):
        return (fact.identifier,)
    if isinstance(fact, IdentityMerged | IdentityUnmerged):
        return (fact.other,)
    return ()
