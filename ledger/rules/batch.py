"""One batch of arrivals decided in order: who is meant, what becomes of each, and the rows that say so.

Pure: everything looked up beforehand is handed in, every row to be written is handed out. The transaction around it
is `ledger.store.recording`.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final
from uuid import UUID

import orjson

from ledger.agencies import Agency
from ledger.entry import Entry, Finding, Producer, Recorded, fact_json, write_state
from ledger.facts import (
    EntryVoided,
    Fact,
    FeedReceipted,
    IdentifierAsserted,
    IdentityMerged,
    IdentityUnmerged,
    NoticeGiven,
    current,
)
from ledger.identifiers import shown
from ledger.intake.submission import Refusal
from ledger.records.record import Record
from ledger.roles.settings import Settings
from ledger.rules.arrivals import Arrival, Claim, Illegible, Key, Malformed, ReceiptArrival
from ledger.rules.attaching import Attached
from ledger.rules.decide import NOBODY_KNOWN, NOTHING_AROUND, decide
from ledger.rules.lookups import NAMES_RECORD, EarlierOutcome, Lookups, Name
from ledger.rules.naming import Naming, one_a_rule
from ledger.rules.outcomes import outcome, refusal_members
from ledger.rules.protecting import Protecting, without
from ledger.rules.receipting import state_of
from ledger.rules.receipts import judge_receipt
from ledger.rules.releasing import NOTHING_UNDONE, Undone
from ledger.sharing.belonging import aims_at
from ledger.streams import OF_AGENCY
from ledger.times import MICROSECOND, plus, write_clock


@dataclass(slots=True)
class Rows:
    """What the transaction writes."""

    events: list[Recorded] = field(default_factory=list)
    positions: list[int] = field(default_factory=list)
    identifiers: list[tuple[str, str, UUID]] = field(default_factory=list)
    """Never carried before; what was released or carried anew stands in `renamed`, in its last state."""
    renamed: dict[Name, tuple[UUID, int | None]] = field(default_factory=dict)
    """The record that carries an identifier, or carried it last, and the position of the void that released it."""
    links: list[tuple[UUID, UUID]] = field(default_factory=list)
    submissions: list[tuple[str, str, str, int | None, bytes | None, Agency]] = field(default_factory=list)
    outcomes: list[tuple[Agency, str, bytes]] = field(default_factory=list)
    set_aside: list[Illegible] = field(default_factory=list)
    receipts: int = 0
    """How many of the events are receipts: of no child's record."""


class ArrivalBatch:
    """Decides arrivals one after the other; positions and `recorded_at` go on from the last entry's."""

    def __init__(
        self,
        known: Lookups,
        *,
        settings: Settings,
        now: datetime,
        last_position: int,
        last_recorded_at: datetime | None,
        new_record_id: Callable[[datetime], UUID],
        protecting: Protecting,
    ) -> None:
        self.known = known
        self.rows = Rows()
        self._settings = settings
        self._now = now
        self._position = last_position
        self._recorded_at = last_recorded_at
        self._new_record_id = new_record_id
        self._protecting = protecting
        self._naming = Naming(known, protecting)

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
            case ReceiptArrival():
                if not self._answered_before(arrival.agency, arrival.key, arrival.digest):
                    self._sign(arrival)

    def _set_aside(self, arrival: Illegible) -> None:
        self.rows.set_aside.append(arrival)
        source, id = arrival.key
        if source is None or id is None:
            return
        if arrival.kind == "fault":
            refusal = Refusal(
                "X1",
                f"the ledger itself is at fault ({arrival.reason}); nothing was recorded; the message is kept and will "
                "be tried again after a mend, under this id, which is not used up: nothing needs to be done",
            )
        else:
            refusal = Refusal(
                "H0",
                f"unreadable: {arrival.reason}; the message is set aside with its bytes, nothing was recorded; "
                "send it again in a readable form (the id may be used again)",
            )
        members = refusal_members(refusal)
        for source_of, id_of in ((source, id), *arrival.also):
            body = outcome(source=source_of, id=id_of, status="refused", refusal=members)
            self.rows.outcomes.append((arrival.place.agency, id_of, body))

    def _answered_before(self, agency: Agency, key: Key, digest: str) -> bool:
        """Answer a key that was used before: the first answer for the same body, H1 for another one."""
        before = self.known.answers.get((agency, key))
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
        self.known.answers[agency, key] = EarlierOutcome(digest, None, None, None, None, members)

    def _decide(self, claim: Claim) -> None:
        recorded_at = self._clock(claim.sent_at)
        submission = claim.submission
        fact = submission.fact
        carried = [(name, self._naming.carrier(name, claim.agency)) for name in submission.child]
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
        around = NOTHING_AROUND
        if child is None:
            around = NOBODY_KNOWN
            # a record of which nothing exists for the sender: its names are not free for another child
            child = next((c for c in map(self.known.carrier, submission.child) if c is not None), None)
        if child is None:
            record = Record(self._new_record_id(recorded_at))
            group = frozenset[UUID]()
        else:
            record = self.known.records[child]
            group = self.known.group(child)
            disagreeing = [
                shown(name.scheme, name.value)
                for name, carrier in carried
                if carrier is not None and carrier != child and carrier not in group
            ]
            if disagreeing:
                around = around._replace(disagreeing=tuple(disagreeing))
        named: UUID | None = None
        if isinstance(fact, NAMES_RECORD):
            other = fact.identifier if isinstance(fact, IdentifierAsserted) else fact.other
            named = self._naming.carrier(other, claim.agency)
        if group or named is not None:
            around = around._replace(
                named=named, group=group, merged_directly=self.known.merged_directly(record.child, group)
            )
        records = group | {record.child}
        person = self.known.person(record, group)
        if isinstance(fact, NoticeGiven) and fact.to != "unknown" and fact.to != claim.agency:  # noqa: PLR1714
            kept = self._protecting.hidden(person, fact.to).intersection(fact.positions)
            if kept:
                around = around._replace(kept_from_recipient=tuple(sorted(kept)))
        hidden = self._protecting.hidden(person, claim.agency)
        if person is not record:
            record = self._filed_under(fact, person, hidden, record)
        unseen_here = sum(entry.position in hidden for entry in record.entries) if hidden else 0
        if hidden or person.child != record.child:
            person = without(person, hidden, child=record.child, version=record.version - unseen_here)
        undone = NOTHING_UNDONE
        if isinstance(fact, EntryVoided):
            undone = self._naming.undone(fact, record.child, claim.agency, position=self._position + 1)
        attached = self._naming.attached(submission, record, person, hidden=hidden, undone=undone)
        if attached.remarks or undone.remarks:
            around = around._replace(attaching=one_a_rule((*attached.remarks, *undone.remarks)))
        if undone.contested:
            contested = (shown(*name) for name in undone.contested)
            around = around._replace(disagreeing=tuple(dict.fromkeys((*around.disagreeing, *contested))))
        decision = decide(
            person,
            submission,
            agency=claim.agency,
            recorded_at=recorded_at,
            zone=self._settings.zone,
            around=around,
            sent_at=claim.sent_at,
        )
        if isinstance(decision, Refusal):
            self._refuse(claim.agency, claim.key, claim.digest, decision)
            return
        self._accept(
            claim,
            record,
            recorded_at,
            findings=decision,
            named=named,
            unseen=unseen_here,
            attached=attached,
            undone=undone,
            records=records,
        )

    def _filed_under(self, fact: Fact, person: Record, hidden: frozenset[int], named: Record) -> Record:
        """Return the record an entry belongs to: that of its first target, or the one its sender named."""
        targets = aims_at(fact)
        target = person.entry_at(targets[0]) if targets and targets[0] not in hidden else None
        return named if target is None else self.known.records[target.child]

    def _accept(
        self,
        claim: Claim,
        record: Record,
        recorded_at: datetime,
        *,
        findings: tuple[Finding, ...],
        named: UUID | None,
        unseen: int,
        attached: Attached,
        undone: Undone,
        records: frozenset[UUID],
    ) -> None:
        """Record the claim as the next entry of `record`, of whose entries `unseen` do not exist for its sender."""
        submission = claim.submission
        source, id = claim.key
        child = record.child
        version = record.version + 1
        version_told = version - unseen if unseen else None
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
        if self.known.kept and self.known.is_kept_before(claim.agency, claim.key, submission.child, child):
            findings = (*findings, _EARLIER_KEPT)
        resolved = (
            {"other": str(named)} if named is not None and not isinstance(submission.fact, IdentifierAsserted) else {}
        )
        unattached = self._naming.unattached(identifiers, child, records, attached)
        again = self._naming.again(attached.names, child, undone) if attached.names or undone.attached else ()
        fact = fact_json(submission.fact)
        entry_source = submission.source.model_dump()
        known_since = submission.known_since or claim.sent_at or recorded_at
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
            version_told=version_told,
            unattached=unattached,
            released=undone.released,
            attached=again,
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
                version_told,
                unattached,
                undone.released,
                again,
            )
        )
        self._position = position
        self._recorded_at = recorded_at
        self.known.records[child] = record
        self.rows.events.append(Recorded(child, version, claim.wire, state))
        self.rows.positions.append(position)
        self.rows.submissions.append((source, id, claim.digest, position, None, claim.agency))
        self.known.answers[claim.agency, claim.key] = EarlierOutcome(
            claim.digest, position, child, version - unseen, recorded_at, None
        )
        if attached.names:
            self.rows.identifiers += self._naming.take(attached.names, child)
        if undone.released or again:
            self.rows.renamed |= self._naming.rename(position, undone.released, again)
        if named is not None and isinstance(submission.fact, IdentityMerged | IdentityUnmerged):
            self.known.link(child, named)
            self.rows.links += [(child, named), (named, child)]

    def _sign(self, receipt: ReceiptArrival) -> None:
        """Decide a receipt; accepted, it is the next entry of the agency's own record."""
        agency, (source, id), fact = receipt.agency, receipt.key, receipt.fact
        by = fact.by
        recorded_at = self._clock(receipt.sent_at)
        decision = judge_receipt(
            fact,
            agency=agency,
            published=self.known.published[agency],
            recorded_at=recorded_at,
            zone=self._settings.zone,
        )
        if isinstance(decision, Refusal):
            self._refuse(agency, receipt.key, receipt.digest, decision)
            return
        version = self.known.versions[agency] = self.known.versions[agency] + 1
        position = self._position + 1
        state = state_of(
            fact,
            recorded_at=recorded_at,
            producer=Producer(agency, by.office if by else None, by.user if by else None, source),
            sent_at=receipt.sent_at,
            submission_id=id,
            submission_digest=receipt.digest,
            findings=decision,
            extensions=receipt.extensions,
        )
        self._position = position
        self._recorded_at = recorded_at
        self.rows.events.append(Recorded(OF_AGENCY[agency], version, FeedReceipted.wire, state))
        self.rows.positions.append(position)
        self.rows.receipts += 1
        self.rows.submissions.append((source, id, receipt.digest, position, None, agency))
        self.known.answers[agency, receipt.key] = EarlierOutcome(
            receipt.digest, position, None, version, recorded_at, None
        )

    def _clock(self, sent_at: datetime | None) -> datetime:
        """Return the entry's `recorded_at`: the ledger clock, always just past the last entry's."""
        now = self._now if self._settings.clock == "wall" else sent_at
        if self._recorded_at is None:
            return now or self._now
        if now is not None and now > self._recorded_at:
            return now
        return plus(self._recorded_at, MICROSECOND)


_EARLIER_KEPT: Final = Finding(
    "earlier-kept",
    "guard",
    "an earlier message of this agency about this child is kept as a dead letter, for a fault of the ledger; it will "
    "be recorded behind this one",
)
