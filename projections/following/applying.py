"""Entries applied one by one to the persons they are about. Pure but for `load`, which reads rows back.

A person is one record, or several that merges in force join. Every entry leads to the same rows whenever and in
whatever batch it arrives: an entry in order extends the person's fold, any other makes it anew from all entries.
"""

from collections.abc import Iterable, Sequence
from typing import Final
from uuid import UUID

from ledger.entry import Entry, read_entry, read_ledger_entry
from ledger.facts import EntryVoided, Fact, FeedReceipted, FindingResolved, IdentityMerged, IdentityUnmerged
from ledger.kafka.entries import EntryMessage
from ledger.kafka.speaking import speaks_of
from ledger.obligations.offices import shipped_offices
from ledger.obligations.shipped import shipped_rules
from ledger.records.merges import groups, person_of
from ledger.roles.faults import is_of_the_message
from ledger.sharing.belonging import about_person, aims_at
from ledger.streams import STREAMS
from projections.fold.folding import Folding
from projections.following.isolating import HeldBack
from projections.following.kept_duties import KeptDuties
from projections.knowledge.receipts import Lane, LoadLane, ReceiptLanes
from projections.obligations.rulebook import ObligationRulebook
from projections.rows.changes import DUTIES, Changes, closures, intervals
from projections.rows.persons import Load, Person

CACHED_ENTRIES: Final = 60_000
"""How many entries the persons kept in memory may hold together: about 200 MB at most."""
_MERGES: Final[frozenset[type[Fact]]] = frozenset((IdentityMerged, IdentityUnmerged))
_CLOSING_FINDINGS: Final[frozenset[type[Fact]]] = frozenset((EntryVoided, FindingResolved))


class Applying:
    """The persons at hand, and the changes since the last `take_changes`.

    With `alone` every record is taken as a person of its own, whatever merges say: for a process that sees only some
    of the partitions.
    """

    def __init__(
        self, zone: str, load: Load, *, alone: bool = False, load_lane: LoadLane = lambda _agency, _level: Lane()
    ) -> None:
        self._receipts = ReceiptLanes(load_lane)
        self._duties = KeptDuties(ObligationRulebook(shipped_rules(), shipped_offices(), zone))
        self._zone = zone
        self._load = load
        self._alone = alone
        self._persons: dict[UUID, Person] = {}
        self._linked: dict[UUID, frozenset[UUID]] = {}
        self._cached = 0
        self._touched: dict[Person, None] = {}
        self._changes = Changes()
        self.parked: set[UUID] = set()
        """Records whose entries wait."""
        self.unblocking: set[UUID] = set()
        """Blocked records of which an entry was corrected or voided since: to be tried again."""
        self.held = HeldBack()
        self._held_back: dict[int, list[EntryMessage]] = {}
        """By the position of a statement: the entries that are applied with it."""

    def prepare(self, children: Iterable[UUID]) -> None:
        """Have these records at hand: read back, in one go, those that are not."""
        missing = {child for child in children if child not in self._persons and child not in STREAMS}
        if not missing:
            return
        loaded = self._load(missing)
        self._linked |= loaded.linked
        done: set[UUID] = set()
        for child in loaded.entries:
            if child in done or child in self._persons:
                continue
            records = self._group(child, loaded.entries)
            done |= records
            near = self._linked.get(child, records)
            entries = about_person((e for record in near for e in loaded.entries.get(record, ())), records)
            person = Person(person_of(records), records, entries, Folding.of(entries, self._zone))
            for interval, place in loaded.held.get(person.id, {}).items():
                (person.owed if interval[0] == DUTIES else person.held)[interval] = place
            person.closures = frozenset(held for held in person.held if held[0] == "closures")
            self._keep(person)

    def apply(self, message: EntryMessage) -> None:
        """Apply one entry; what `held` blocks parks its record, and later entries of it wait behind it.

        Raises whatever one that cannot be applied raises; what is at hand is of no use then (`isolated` finds it).
        """
        position = message.position
        if position in self.held.blocked:
            self.park(message, self.held.blocked[position])
            return
        if message.child in self.parked:
            self.park(message, "an earlier entry of this child waits")
            if speaks_of(message) is not None:
                self.unblocking.add(message.child)
            return
        if position in self.held.until:
            self._held_back.setdefault(self.held.until[position], []).append(message)
            return
        if message.child in STREAMS:
            ledger_entry = read_ledger_entry(message.payload)
            receipt = ledger_entry.fact
            rows = self._receipts.take(ledger_entry, receipt) if isinstance(receipt, FeedReceipted) else []
            self._changes.add_ledger_entry(message.child, ledger_entry, message.payload, rows)
            return
        entry = read_entry(message.payload)
        together = self._held_back.pop(position, None)
        if together is None:
            self._apply(entry, message.payload)
        else:
            self._apply_together(together, entry, message.payload)

    def park(self, message: EntryMessage, reason: str) -> None:
        """Set an entry aside for its record; what was applied before it stays."""
        person = self._persons.get(message.child)
        if message.child not in self.parked and person is not None:
            # the fold may have taken in half of what failed
            person.folding = Folding.of(person.entries, self._zone)
            person.owing = None
        self.parked.add(message.child)
        self._changes.parked.append((message.child, message.position, message.clock(), message.payload, reason, None))

    def take_changes(self) -> Changes:
        """Return what has changed since the last call, with the present state of every record touched."""
        changes = self._changes
        for person in self._touched:
            regions = person.folding.regions()
            position = person.entries[-1].position
            for record in person.records:
                changes.put_state(record, person.id, regions, position=position, zone=self._zone)
        self._touched = {}
        self._changes = Changes()
        return changes

    def forget(self) -> None:
        """Drop everything at hand: after a failed write the tables know better."""
        self._persons.clear()
        self._linked.clear()
        self._touched.clear()
        self._receipts.forget()
        self._held_back.clear()
        self._cached = 0
        self._changes = Changes()

    def evict(self) -> None:
        """Forget the persons kept longest until the cache is within its bound; only between batches."""
        if self._cached <= CACHED_ENTRIES:
            return
        for person in list(dict.fromkeys(self._persons.values())):
            if self._cached <= CACHED_ENTRIES // 2:
                return
            self._forget(person)

    def _apply(self, entry: Entry, payload: bytes) -> None:
        child = entry.child
        person = self._persons.get(child)
        if person is None:
            if entry.version > 1:
                self.prepare((child,))
                person = self._persons.get(child)
            if person is None:
                person = Person(child, frozenset((child,)), [], Folding(self._zone))
                self._keep(person)
        kind = type(entry.fact)
        if kind in _MERGES:
            other = UUID(entry.resolved["other"])
            self._changes.links += [(child, other, entry.position), (other, child, entry.position)]
            if not self._alone:
                self._regroup([(entry, payload)], frozenset((child, other)))
                return
        elif kind is EntryVoided and child in self._linked:
            self._regroup([(entry, payload)], frozenset((child,)))
            return
        joined = self._joined(person)
        if len(joined) > 1 and aims_at(entry.fact) and self._linked[child] <= self._persons.keys():
            # it may be about an entry of somebody who was parted from her
            self._regroup([(entry, payload)], frozenset((child,)))
            return
        self._duties.take_up(person, joined)
        if not person.folding.extend(entry):
            person.folding = Folding.of([*person.entries, entry], self._zone)
        self._duties.take(person, entry, joined, self._changes)
        person.entries.append(entry)
        self._cached += 1
        self._changes.add_entry(entry, payload)
        if kind in _CLOSING_FINDINGS:
            person.closures = closures(person.entries, person.records)
        held = intervals(person.folding)
        held |= person.closures
        if held != person.held.keys():
            person.held = self._changes.hold(person.id, person.held, held, entry)
        self._touched[person] = None

    def _apply_together(self, held_back: Sequence[EntryMessage], statement: Entry, payload: bytes) -> None:
        """Apply entries that cannot be applied by themselves with the statement that corrects or voids them.

        One that was voided and cannot be read is left out altogether: nothing is known of it but that it stands there.
        """
        both: list[tuple[Entry, bytes]] = []
        joined = {statement.child}
        for message in held_back:
            try:
                entry = read_entry(message.payload)
            except Exception as error:
                if not is_of_the_message(error) or not isinstance(statement.fact, EntryVoided):
                    raise
                reason = f"left out, voided by entry {statement.position}: {type(error).__name__}: {error}"
                row = (message.child, message.position, message.clock(), message.payload, reason, statement.position)
                self._changes.parked.append(row)
                continue
            both.append((entry, message.payload))
            if type(entry.fact) in _MERGES:
                other = UUID(entry.resolved["other"])
                self._changes.links += [(entry.child, other, entry.position), (other, entry.child, entry.position)]
                joined |= set() if self._alone else {other}
        self._regroup([*both, (statement, payload)], frozenset(joined))

    def _regroup(self, added: Sequence[tuple[Entry, bytes]], joined: frozenset[UUID]) -> None:
        """Apply a statement that may join or part records, or several: the persons concerned are made anew."""
        entry = added[-1][0]
        for record in joined:
            if record not in self._persons:
                self.prepare((record,))
            if record not in self._persons:
                self._keep(Person(record, frozenset((record,)), [], Folding(self._zone)))
        concerned = frozenset(record for one in joined for record in self._linked.get(one, frozenset((one,))))
        for record in concerned:
            self._linked[record] = concerned
        self.prepare(concerned)
        before = {p.id: p for p in (self._persons[record] for record in concerned)}
        by_record: dict[UUID, list[Entry]] = {record: [] for record in concerned}
        for one in {e.position: e for person in before.values() for e in person.entries}.values():
            by_record[one.child].append(one)
        for one, _ in added:
            by_record[one.child].append(one)
        after: dict[UUID, Person] = {}
        for record in sorted(concerned):
            records = self._group(record, by_record)
            id = person_of(records)
            if id in after:
                continue
            entries = about_person((e for of_one in by_record.values() for e in of_one), records)
            after[id] = Person(id, records, entries, Folding.of(entries, self._zone), closures(entries, records))
        for person in before.values():
            self._forget(person)
            self._touched.pop(person, None)
        for id in sorted(before.keys() | after.keys()):
            old = before[id].held if id in before else {}
            now = intervals(after[id].folding) | after[id].closures if id in after else set()
            held = self._changes.hold(id, old, now, entry)
            if id in after:
                after[id].held = held
                self._keep(after[id])
                self._touched[after[id]] = None
        self._duties.regroup(before, after, entry, self._changes)
        for one, payload in added:
            self._changes.add_entry(one, payload)

    def _joined(self, person: Person) -> list[Person]:
        """Return all persons whose records merge statements ever joined to hers, herself among them."""
        if not self._linked:
            return [person]
        linked = frozenset[UUID]().union(*(self._linked.get(record, frozenset()) for record in person.records))
        if not linked - person.records:
            return [person]
        self.prepare(linked)
        return list(dict.fromkeys(self._persons[record] for record in sorted(linked) if record in self._persons))

    def _group(self, child: UUID, entries: dict[UUID, list[Entry]]) -> frozenset[UUID]:
        """Return the records that are one person with `child`, itself included, by the statements in `entries`."""
        linked = self._linked.get(child)
        if linked is None:
            return frozenset((child,))
        statements = [
            entry
            for record in linked
            for entry in entries.get(record, ())
            if isinstance(entry.fact, IdentityMerged | IdentityUnmerged | EntryVoided)
        ]
        return groups(statements).get(child, frozenset((child,)))

    def _keep(self, person: Person) -> None:
        for record in person.records:
            self._persons[record] = person
        self._cached += len(person.entries)

    def _forget(self, person: Person) -> None:
        for record in person.records:
            self._persons.pop(record, None)
        self._cached -= len(person.entries)
