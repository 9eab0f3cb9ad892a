"""The one transaction of intake: entries, identifiers, idempotency keys, outcomes and Kafka offsets, or nothing.

It runs under the event store's table lock from the first look-up to the commit, so that two processes that open the
same identifier at once make one record, and `recorded_at` rises with the position. A member of the consumer group
that lost a partition finds the offset moved by its successor and can commit nothing.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from eventsourcing.persistence import StoredEvent
from psycopg import Cursor
from psycopg.rows import DictRow

from ledger.agencies import Agency
from ledger.entry import recorded_at_of, told_version
from ledger.records.record import Record
from ledger.roles.settings import Settings
from ledger.rules.arrivals import Arrival, Claim, Key, Malformed, ReceiptArrival
from ledger.rules.batch import ArrivalBatch, Rows
from ledger.rules.lookups import EarlierOutcome, Lookups, Name, needs_names
from ledger.rules.protecting import Protecting
from ledger.sharing.feed_fold import SharingRulebook
from ledger.sharing.rule_sets import default_rules
from ledger.store.carriers import carriers_of, names_near, write_carriers
from ledger.store.dead_letters import close_answered, keep, kept_names
from ledger.store.eventstore import Ledger, read_stored
from ledger.store.feed_bounds import last_versions, published
from ledger.store.own_entries import adoptions, former_default_until
from ledger.store.queries import linked as linked_records
from ledger.store.record_ids import new_record_id
from ledger.streams import STREAMS
from ledger.times import read_clock
from ledger.topics import TopicId

CACHED_ENTRIES: Final = 40_000
"""How many entries the records kept in memory may hold together: about 120 MB at most."""


class LostPartitionsError(Exception):
    """Another member of the group has taken over; nothing of the batch was recorded. Take the offsets anew."""


@dataclass(frozen=True, slots=True)
class OffsetMove:
    """How far a batch takes one partition: recorded only if `old` is still where the ledger stands."""

    topic: str
    partition: int
    old: int
    new: int
    id: TopicId | None = None
    """In which making of the topic."""
    known_end: int | None = None
    """Where the partition ended when it was last looked at."""


@dataclass(frozen=True, slots=True)
class Tally:
    """What a batch came to."""

    accepted: int
    answered_without_entry: int
    set_aside: int
    last_position: int
    receipts: int
    """Of those accepted; they belong to no child's record."""

    def __add__(self, later: "Tally") -> "Tally":
        """Return what two batches came to, one after the other."""
        return Tally(
            self.accepted + later.accepted,
            self.answered_without_entry + later.answered_without_entry,
            self.set_aside + later.set_aside,
            later.last_position,
            self.receipts + later.receipts,
        )


class Recording:
    """Records batches of arrivals; keeps the records it decided on lately, and forgets those others moved."""

    def __init__(self, ledger: Ledger, settings: Settings) -> None:
        self._ledger = ledger
        self._settings = settings
        self._records: dict[UUID, Record] = {}
        self._cached = 0
        self._last_position = -1
        self._protecting: Protecting | None = None
        """By the sharing rules adopted so far; None: to be read anew."""

    def record(self, arrivals: Sequence[Arrival], moves: Sequence[OffsetMove]) -> Tally:
        """Decide and record `arrivals` in order, and move the offsets, in one transaction.

        Raises `LostPartitionsError` when an offset was moved by another; then, as after any error, nothing of this
        batch was recorded and what was cached is forgotten.
        """
        try:
            with self._ledger.datastore.transaction(commit=True) as cursor:
                tally = self._record(cursor, arrivals, moves)
        except BaseException:
            self._records.clear()
            self._cached = 0
            self._last_position = -1
            self._protecting = None
            raise
        if tally.accepted or tally.answered_without_entry:
            self._ledger.entries.wake()
        self._last_position = tally.last_position
        self._cached += tally.accepted - tally.receipts
        self._evict()
        return tally

    def _record(self, cursor: Cursor[DictRow], arrivals: Sequence[Arrival], moves: Sequence[OffsetMove]) -> Tally:
        self._ledger.entries.lock(cursor)
        _move_offsets(cursor, moves)
        position, state = self._ledger.entries.last(cursor)
        if position != self._last_position:
            self._forget_changed(cursor)
            self._protecting = None  # the steward may have adopted a set
        if self._protecting is None:
            self._protecting = Protecting(
                SharingRulebook(
                    adoptions(cursor),
                    default_rules(),
                    self._settings.zone,
                    former_default_until=former_default_until(cursor),
                )
            )
        now, told = self._ledger.entries.clocks(cursor, state)
        known = self._look_up(cursor, arrivals)
        batch = ArrivalBatch(
            known,
            settings=self._settings,
            now=now,
            last_position=position,
            last_recorded_at=told,
            new_record_id=new_record_id,
            protecting=self._protecting,
        )
        for arrival in arrivals:
            batch.take(arrival)
        self._write(cursor, batch.rows)
        self._cache(known)
        rows = batch.rows
        return Tally(
            accepted=len(rows.events),
            answered_without_entry=len(rows.outcomes),
            set_aside=len(rows.set_aside),
            last_position=rows.positions[-1] if rows.positions else position,
            receipts=rows.receipts,
        )

    def _look_up(self, cursor: Cursor[DictRow], arrivals: Sequence[Arrival]) -> Lookups:
        keys = [(a.agency, a.key) for a in arrivals if isinstance(a, Claim | ReceiptArrival | Malformed)]
        names: set[Name] = set()
        asked: set[UUID] = set()
        for arrival in arrivals:
            if isinstance(arrival, Claim):
                for name in (*arrival.submission.child, *needs_names(arrival.submission.fact)):
                    if name.scheme == "ledger":
                        asked.add(UUID(name.value))
                    else:
                        names.add((name.scheme, name.value))
        known = Lookups(answers=_answers(cursor, keys), carriers={}, records={}, linked={})
        children = asked - STREAMS
        self._look_up_records(cursor, known, names, children)
        facts = [(a.submission.fact, a.submission.child) for a in arrivals if isinstance(a, Claim)]
        further = names_near(known, facts) - names
        if further:
            self._look_up_records(cursor, known, further, set())
        if names or children:
            known.kept = kept_names(cursor, names, children)
        receipts = [arrival for arrival in arrivals if isinstance(arrival, ReceiptArrival)]
        if receipts:
            known.versions = last_versions(cursor, receipts)
            known.published = published(cursor, receipts)
        return known

    def _look_up_records(self, cursor: Cursor[DictRow], known: Lookups, names: set[Name], children: set[UUID]) -> None:
        """Take in who carries these identifiers, and the records of these children and of all joined to them."""
        carriers, released = carriers_of(cursor, names)
        known.carriers |= carriers
        known.released |= released
        children |= set(carriers.values())
        children -= known.records.keys()
        linked = linked_records(cursor, children)
        known.linked |= linked
        for joined in linked.values():
            children |= joined
        records = {child: self._records[child] for child in children if child in self._records}
        known.records |= records | self._load(cursor, children - records.keys())

    def _load(self, cursor: Cursor[DictRow], children: set[UUID]) -> dict[UUID, Record]:
        """Read records from the event store."""
        if not children:
            return {}
        cursor.execute(
            "select originator_id, originator_version, topic, state, notification_id from ledger.stored_events"
            " where originator_id = any(%b) order by originator_id, originator_version",
            (list(children),),
        )
        records: dict[UUID, Record] = {}
        for row in cursor:
            event = StoredEvent(row["originator_id"], row["originator_version"], row["topic"], bytes(row["state"]))
            record = records.get(row["originator_id"])
            if record is None:
                record = records[row["originator_id"]] = Record(row["originator_id"])
            record.add(read_stored(row["notification_id"], event))
            self._cached += 1
        return records

    def _write(self, cursor: Cursor[DictRow], rows: Rows) -> None:
        if rows.events:
            mapper = self._ledger.mapper
            events = [mapper.to_stored_event(event) for event in rows.events]
            self._ledger.entries.insert(cursor, events, rows.positions)
        write_carriers(cursor, rows.identifiers, rows.renamed)
        if rows.links:
            cursor.execute(
                "insert into ledger.links select * from unnest(%b::uuid[], %b::uuid[]) on conflict do nothing",
                _columns(rows.links),
            )
        if rows.submissions:
            cursor.execute(
                "insert into ledger.submissions (source, id, digest, position, refusal, agency)"
                " select s, i, d, p, convert_from(r, 'UTF8')::jsonb, a from"
                " unnest(%b::text[], %b::text[], %b::text[], %b::bigint[], %b::bytea[], %b::text[])"
                " as t(s, i, d, p, r, a)",
                _columns(rows.submissions),
            )
            close_answered(cursor, [(row[5], (row[0], row[1])) for row in rows.submissions])
        if rows.outcomes:
            cursor.execute(
                "insert into ledger.outcomes (agency, submission_id, body)"
                " select * from unnest(%b::text[], %b::text[], %b::bytea[])",
                _columns(rows.outcomes),
            )
        for aside in rows.set_aside:
            keep(cursor, aside)

    def _forget_changed(self, cursor: Cursor[DictRow]) -> None:
        """Drop cached records that another process has added to since this one's last batch."""
        if not self._records:
            return
        cursor.execute(
            "select distinct originator_id from ledger.stored_events where notification_id > %s",
            (self._last_position,),
        )
        for row in cursor:
            record = self._records.pop(row["originator_id"], None)
            if record is not None:
                self._cached -= len(record.entries)

    def _cache(self, known: Lookups) -> None:
        for child, record in known.records.items():
            self._records.pop(child, None)  # so that the dictionary's order is that of last use
            self._records[child] = record

    def _evict(self) -> None:
        """Forget the records decided on longest ago until the cache is within its bound."""
        if self._cached <= CACHED_ENTRIES:
            return
        for child in list(self._records):
            if self._cached <= CACHED_ENTRIES // 2:
                return
            self._cached -= len(self._records.pop(child).entries)


def _move_offsets(cursor: Cursor[DictRow], moves: Sequence[OffsetMove]) -> None:
    """Move each partition's offset from `old` to `new`, or raise: the fence against a member that lost it."""
    for move in moves:
        moved = cursor.execute(
            "update ledger.intake_offsets set next_offset = %s, known_end = greatest(%s, %s, known_end)"
            " where topic = %s and partition = %s and next_offset = %s"
            " and cluster_id is not distinct from %s and topic_id is not distinct from %s returning 1",
            (
                move.new,
                move.new,
                move.known_end,
                move.topic,
                move.partition,
                move.old,
                None if move.id is None else move.id.cluster,
                None if move.id is None else move.id.topic,
            ),
        ).fetchone()
        if moved is None:
            raise LostPartitionsError(
                f"{move.topic} partition {move.partition} was moved past offset {move.old} by another intake process; "
                "nothing of this batch was recorded; its partitions are read again from where the ledger stands"
            )


def _answers(cursor: Cursor[DictRow], keys: Sequence[tuple[Agency, Key]]) -> dict[tuple[Agency, Key], EarlierOutcome]:
    """Return what became of earlier submissions with these keys."""
    if not keys:
        return {}
    cursor.execute(
        "select s.agency, s.source, s.id, s.digest, s.position, s.refusal,"
        " e.originator_id, e.originator_version, e.state"
        " from unnest(%b::text[], %b::text[], %b::text[]) as k(agency, source, id)"
        " join ledger.submissions s on s.agency = k.agency and s.source = k.source and s.id = k.id"
        " left join ledger.stored_events e on e.notification_id = s.position",
        _columns([(agency, *key) for agency, key in keys]),
    )
    return {
        (row["agency"], (row["source"], row["id"])): EarlierOutcome(
            row["digest"],
            row["position"],
            None if row["originator_id"] in STREAMS else row["originator_id"],
            None if row["state"] is None else told_version(row["originator_version"], bytes(row["state"])),
            None if row["state"] is None else read_clock(recorded_at_of(bytes(row["state"]))),
            row["refusal"],
        )
        for row in cursor
    }


def _columns(rows: Sequence[tuple[object, ...]]) -> list[list[object]]:
    """Turn rows into one list a column, as `unnest` takes them."""
    return [list(column) for column in zip(*rows, strict=True)]


__all__ = ["LostPartitionsError", "OffsetMove", "Recording", "Tally"]
