"""Who is told what of the entries of one child, in the order of their positions: a pure fold (knowledge: feeds).

An ordinary entry goes to the agencies that the set in force names. A correction, void, dispute or merge goes to every
agency with any moment of knowledge for what it touches, whatever the rules say now; to an agency that first has such
a moment later, as a supplement right behind it. So nobody is left holding a known error. Feed values follow from the
entries alone: the same entries give the same items under the same numbers.
"""

from collections.abc import Iterable, Mapping, Sequence, Set
from functools import cached_property
from heapq import heapify, heappop, heappush
from typing import Final, Literal, NamedTuple
from uuid import UUID

from ledger.agencies import RECEIVERS, Agency
from ledger.entry import Entry
from ledger.facts import (
    CorrectionIssued,
    EntryDisputed,
    EntryVoided,
    Fact,
    IdentityMerged,
    IdentityUnmerged,
    NoticeGiven,
)
from ledger.facts.ledger_wide import RuleSet
from ledger.records.merges import groups
from ledger.sharing.disclosure import Disclosure, Sharing
from ledger.sharing.leaving_out import LeftOut
from ledger.sharing.noticed import Noticed
from ledger.sharing.rule_sets import FOLLOWING, Adopted, former_default_rules, holds, in_force
from ledger.times import civil_day

Kind = Literal["entry", "supplement"]

_FOLLOWING: Final[frozenset[type[Fact]]] = frozenset(FOLLOWING)
_OF_IDENTITY: Final[frozenset[type[Fact]]] = frozenset((IdentityMerged, IdentityUnmerged, EntryVoided))
NEEDS_RECORD: Final[frozenset[type[Fact]]] = _FOLLOWING | {NoticeGiven}
"""Facts of which only the whole record says whom they concern; others are told by themselves, unless merged."""


class ToldItem(NamedTuple):
    """One item for one feed."""

    agency: Agency
    kind: Kind
    entry: Entry
    disclosure: Disclosure
    rules: RuleSet


class SharingRulebook:
    """The sets adopted so far, and which is in force for which entry."""

    def __init__(
        self, adopted: Sequence[Adopted], default: RuleSet, zone: str, *, former_default_until: int = 0
    ) -> None:
        """Take the sets adopted; up to the position given the former default was in force in place of `default`."""
        self.adopted = tuple(adopted)
        self.zone = zone
        self.former_default_until = former_default_until
        self._default = default
        self._sharing: dict[int, Sharing] = {}
        self._of_day: dict[tuple[bool, int, object], Sharing] = {}

    def at(self, entry: Entry) -> Sharing:
        """Return the set in force for an entry."""
        adopted_before = sum(one.position < entry.position for one in self.adopted) if self.adopted else 0
        day = civil_day(entry.recorded_at, self.zone)
        former = entry.position <= self.former_default_until
        sharing = self._of_day.get((former, adopted_before, day))
        if sharing is None:
            rules = in_force(
                self.adopted,
                former_default_rules() if former else self._default,
                position=entry.position,
                recorded_at=entry.recorded_at,
                zone=self.zone,
            )
            sharing = self._of_day[former, adopted_before, day] = self.of(rules)
        return sharing

    def of(self, rules: RuleSet) -> Sharing:
        """Return a set as entries are told by it."""
        if id(rules) not in self._sharing:
            self._sharing[id(rules)] = Sharing(rules)
        return self._sharing[id(rules)]

    def concerns(self, adopted: Adopted, entry: Entry) -> bool:
        """Return whether a set adopted with backfill tells of an older entry: one recorded in the set's days."""
        return entry.position < adopted.position and holds(adopted.rules, civil_day(entry.recorded_at, self.zone))

    @property
    def sets(self) -> tuple[RuleSet, ...]:
        """Every set that may be in force for some entry."""
        former = (former_default_rules(),) if self.former_default_until else ()
        return (self._default, *former, *(one.rules for one in self.adopted))

    @cached_property
    def backfilling(self) -> tuple[Adopted, ...]:
        """The adoptions that told of older entries, too."""
        return tuple(one for one in self.adopted if one.backfill)


def tell_alone(entry: Entry, sharing: Sharing) -> list[ToldItem]:
    """Return whom an entry is told to that concerns no other entry, in a record that was never merged."""
    rules = sharing.rules
    return [ToldItem(agency, "entry", entry, disclosure, rules) for agency, disclosure in sharing.disclosures(entry)]


def spoken_of(statements: Iterable[Entry]) -> set[int]:
    """Return the positions of the entries that statements correct, void or dispute.

    In a record that was never merged, whom a statement is told to follows from these entries and from those of
    `NEEDS_RECORD`: the fold of them is as good as the fold of all.
    """
    positions: set[int] = set()
    for statement in statements:
        match statement.fact:
            case CorrectionIssued(corrects=position) | EntryVoided(voids=position) | EntryDisputed(position=position):
                positions.add(position)
            case _:
                pass
    return positions


class Telling:
    """The fold over the entries of a record, or of all records that merge statements ever joined.

    Taking an entry costs what it brings, not what was said before: a record with tens of thousands of corrections,
    voids and notices must not keep the feeds of other children waiting.
    """

    def __init__(self) -> None:
        self.size = 0
        self._entries: dict[int, Entry] = {}
        self._in_record: dict[UUID, list[int]] = {}
        self._told: dict[tuple[Agency, int], frozenset[str]] = {}
        """What of an entry was put on an agency's feed: names of members."""
        self._noticed = Noticed()
        self._speaking_of: dict[int, list[Entry]] = {}
        """By position: the corrections, voids and disputes that name it."""
        self._merging: dict[UUID, list[Entry]] = {}
        """By record: the merges and unmerges that touched it."""
        self._about: dict[int, Entry | None] = {}
        """By position of a statement: the entry it speaks of in the end; none: it speaks of records."""
        self._corrects: dict[int, Entry | None] = {}
        """By position of a correction: the entry of which it sets members."""
        self._records: dict[int, frozenset[UUID]] = {}
        """By the position of a merge or unmerge: the records it touched."""
        self._come_to_know: dict[Agency, set[int]] = {}
        """What each agency came to know since it was last told the statements about what it has."""
        self._left_out: dict[int, LeftOut] = {}
        """Entries that are told to nobody."""
        self._about_left_out: set[int] = set()
        """Statements that speak of such an entry in the end."""
        self._without: dict[int, frozenset[str]] = {}
        """Members of entries that are told to nobody, since corrections take their place."""

    @classmethod
    def of(
        cls,
        entries: Iterable[Entry],
        rulebook: SharingRulebook,
        *,
        left_out: Iterable[LeftOut] = (),
        without: Mapping[int, frozenset[str]] | None = None,
        untold: Set[tuple[int, int]] = frozenset(),
    ) -> "Telling":
        """Return the fold of `entries`, with what the rulebook's sets backfilled in between and after the last.

        Of what the sets add, the pairs `untold` (position of the adoption, and of the entry) were not told; of the
        entries at the positions `without`, these members.
        """
        telling = cls()
        for position, members in (without or {}).items():
            telling.tell_without(position, members)
        adoptions = list(reversed(rulebook.backfilling))
        given: list[Entry | LeftOut] = [*entries, *left_out]
        for entry in sorted(given, key=lambda entry: entry.position):
            while adoptions and adoptions[-1].position < entry.position:
                telling.backfill(adoptions.pop(), rulebook, untold)
            if isinstance(entry, LeftOut):
                telling.leave_out(entry)
            else:
                telling.take(entry, rulebook.at(entry))
        while adoptions:
            telling.backfill(adoptions.pop(), rulebook, untold)
        return telling

    def holds(self, positions: Set[int]) -> bool:
        """Return whether all these entries were taken."""
        return self._entries.keys() >= positions

    def take(self, entry: Entry, sharing: Sharing) -> list[ToldItem]:
        """Return whom the next entry is told to, and what else those agencies are told behind it."""
        items: list[ToldItem] = []
        kind = type(entry.fact)
        if entry.position in self._without:
            entry = _stripped(entry, self._without[entry.position])
        given_notice = self._add(entry)
        if kind in _FOLLOWING:
            touched = self._touched(entry)
            for agency in RECEIVERS:
                if agency != entry.producer.agency and self._knows_any(agency, touched):
                    self._follow(items, agency, "entry", entry, sharing)
        else:
            for agency, disclosure in self._disclosures(entry, sharing):
                self._give(items, ToldItem(agency, "entry", entry, disclosure, sharing.rules))
        # a notice, and a void of a void of one, too: whoever has it (again) may have missed a correction meanwhile
        gaining = {item.agency for item in items} | {entry.producer.agency} | given_notice
        for agency in RECEIVERS:
            if agency in gaining:
                self._catch_up(items, agency, sharing)
        return items

    def tell_without(self, position: int, members: frozenset[str]) -> None:
        """Have an entry that is still to come, and is no statement about others, told without these members."""
        self._without[position] = members

    def leave_out(self, entry: LeftOut) -> None:
        """Take in that the next entry is told to nobody; its producer is told what is said of it."""
        self.size += 1
        self._left_out[entry.position] = entry
        self._in_record.setdefault(entry.child, []).append(entry.position)
        for agency in RECEIVERS:
            if self._knows(agency, entry.position):
                self._learn(agency, entry.position)

    def backfill(
        self, adopted: Adopted, rulebook: SharingRulebook, untold: Set[tuple[int, int]] = frozenset()
    ) -> list[ToldItem]:
        """Return what a set adopted with backfill adds for the entries there are, in order of position."""
        items: list[ToldItem] = []
        for position in sorted(self._entries):
            if (adopted.position, position) not in untold:
                items += self.backfill_entry(position, adopted, rulebook)
        return items

    def backfill_entry(self, position: int, adopted: Adopted, rulebook: SharingRulebook) -> list[ToldItem]:
        """Return what a set adopted with backfill adds for one older entry."""
        entry = self._entries[position]
        if not rulebook.concerns(adopted, entry):
            return []
        items: list[ToldItem] = []
        sharing = rulebook.of(adopted.rules)
        follows = type(entry.fact) in _FOLLOWING
        disclosures = {} if follows else dict(self._disclosures(entry, sharing))
        for agency in RECEIVERS:
            if agency == entry.producer.agency:
                continue
            before = len(items)
            if follows and self._knows_any(agency, self._touched(entry)):
                self._follow(items, agency, "supplement", entry, sharing)
            elif agency in disclosures:
                self._give(items, ToldItem(agency, "supplement", entry, disclosures[agency], sharing.rules))
            if len(items) > before:
                self._catch_up(items, agency, sharing)
        return items

    def _disclosures(self, entry: Entry, sharing: Sharing) -> list[tuple[Agency, Disclosure]]:
        told = sharing.disclosures(entry)
        members = self._without.get(entry.position)
        return told if members is None else sharing.without(entry.type, members, told)

    def _add(self, entry: Entry) -> Set[Agency]:
        """Take in an entry; return the agencies to which a notice in force now gives what none gave before."""
        self.size += 1
        position, fact = entry.position, entry.fact
        if isinstance(fact, IdentityMerged | IdentityUnmerged):
            joined = groups(e for e in self._entries.values() if type(e.fact) in _OF_IDENTITY)
            named = (entry.child, UUID(entry.resolved["other"]))
            self._records[position] = frozenset().union(*(joined.get(one, {one}) for one in named))
            for record in self._records[position]:
                self._merging.setdefault(record, []).append(entry)
        self._entries[position] = entry
        self._in_record.setdefault(entry.child, []).append(position)
        if type(fact) in _FOLLOWING and position not in self._records:
            [target] = self._touched(entry)
            self._speaking_of.setdefault(target, []).append(entry)
            self._about[position] = self._about.get(target, self._entries.get(target))
            if isinstance(fact, CorrectionIssued):
                self._corrects[position] = self._corrects.get(target, self._entries.get(target))
            if target in self._left_out or target in self._about_left_out:
                self._about_left_out.add(position)
        elif position in self._records:
            self._about[position] = None
        for agency in (entry.producer.agency, *self._noticed.of(position)):
            self._learn(agency, position)
        gained = self._noticed.take(entry)
        for agency, of in gained:
            self._learn(agency, of)
        return {agency for agency, _ in gained}

    def _learn(self, agency: Agency, position: int) -> None:
        if agency in RECEIVERS:
            self._come_to_know.setdefault(agency, set()).add(position)

    def _touched(self, statement: Entry) -> Sequence[int]:
        """Return the positions a statement touches: what it names, or all entries of the records it joins or parts."""
        match statement.fact:
            case CorrectionIssued(corrects=position) | EntryVoided(voids=position) | EntryDisputed(position=position):
                return (position,)
            case _:
                return [
                    position
                    for record in self._records[statement.position]
                    for position in self._in_record.get(record, ())
                    if position != statement.position
                ]

    def _corrected(self, statement: Entry) -> Entry | None:
        """Return the entry of which a correction sets members, through corrections of corrections."""
        if not isinstance(statement.fact, CorrectionIssued):
            return statement
        return self._corrects.get(statement.position)

    def _knows_any(self, agency: Agency, positions: Iterable[int]) -> bool:
        return any(self._knows(agency, position) for position in positions)

    def _knows(self, agency: Agency, position: int) -> bool:
        """Return whether the agency has any moment for an entry: it produced it, was told, or was given notice."""
        entry = self._entries.get(position)
        if entry is None:
            left_out = self._left_out.get(position)
            return left_out is not None and (left_out.producer == agency or agency in self._noticed.of(position))
        return (
            entry.producer.agency == agency or (agency, position) in self._told or agency in self._noticed.of(position)
        )

    def _catch_up(self, items: list[ToldItem], agency: Agency, sharing: Sharing) -> None:
        """Tell an agency the statements about what it now has, as far as it has not had them.

        In order of position, over and over: what it is told so is a thing it has, too, and may be spoken of earlier
        (a merge is an entry of records that another merge joins).
        """
        at, to_come, behind = 0, self._untold_about_new(agency), list[int]()
        heapify(to_come)
        while to_come or behind:
            if not to_come:
                at, to_come, behind = 0, behind, []
                heapify(to_come)
            at = heappop(to_come)
            if (agency, at) in self._told:
                continue
            self._follow(items, agency, "supplement", self._entries[at], sharing)
            for position in self._untold_about_new(agency):
                if position > at:
                    heappush(to_come, position)
                else:
                    behind.append(position)

    def _untold_about_new(self, agency: Agency) -> list[int]:
        """Return the statements an agency was not told, about what it came to know since it was last asked."""
        found: list[int] = []
        for known in self._come_to_know.pop(agency, ()):
            if not self._knows(agency, known):
                continue  # by a notice that is void
            entry = self._entries.get(known) or self._left_out[known]
            for statement in (*self._speaking_of.get(known, ()), *self._merging.get(entry.child, ())):
                at = statement.position
                if at != known and statement.producer.agency != agency and (agency, at) not in self._told:
                    found.append(at)
        return found

    def _follow(self, items: list[ToldItem], agency: Agency, kind: Kind, statement: Entry, sharing: Sharing) -> None:
        disclosure = sharing.follow(
            statement,
            self._about.get(statement.position),
            self._corrected(statement),
            agency,
            about_unknown=statement.position in self._about_left_out,
        )
        self._give(items, ToldItem(agency, kind, statement, disclosure, sharing.rules))

    def _give(self, items: list[ToldItem], item: ToldItem) -> None:
        """Put an item on the list unless the agency was told all of it before."""
        key = (item.agency, item.entry.position)
        before = self._told.get(key)
        names = _names(item.disclosure)
        if before is None or not names <= before:
            self._told[key] = names if before is None else names | before
            self._learn(item.agency, item.entry.position)
            items.append(item)


def _stripped(entry: Entry, members: Set[str]) -> Entry:
    return entry._replace(recorded_fact={m: v for m, v in entry.recorded_fact.items() if m not in members})


def _names(disclosure: Disclosure) -> frozenset[str]:
    """Return the names of the members told; a correction's new values each by its own."""
    names = set(disclosure.fact)
    sets = disclosure.fact.get("set")
    if isinstance(sets, dict):
        names |= {f"set.{member}" for member in sets}
    return frozenset(names)
