"""Which identifiers a void takes from a child's record, and which the void of a void gives back.

An identifier names a record as long as an entry that stands ties it to the identifier under which the record was
opened: an entry ties all identifiers that it carries beside each other. One that carries a single identifier used it,
and ties nothing. A statement repeats the identifiers of the entries it is about, and ties only what is new in it.

Where no entry that stands carries the identifier under which the record was opened (its first entry was voided to be
sent anew), the first entry that ties identifiers takes its place: a child is not torn apart by that.
"""

from collections.abc import Collection, Mapping, Sequence
from typing import Final, NamedTuple
from uuid import UUID

from ledger.entry import Entry, Named
from ledger.facts import EntryVoided
from ledger.identifiers import shown
from ledger.records.voids import voids_in_force
from ledger.rules.remark import Remark
from ledger.sharing.belonging import aims_at

Name = tuple[str, str]

MOST_SHOWN: Final = 20
"""How many positions a finding lists."""


class Undone(NamedTuple):
    """What a void does to identifiers: those released, those that name a record now, those another child carries."""

    released: tuple[Named, ...]
    attached: tuple[Named, ...]
    contested: tuple[Name, ...]
    remarks: tuple[Remark, ...]


NOTHING_UNDONE: Final = Undone((), (), (), ())


def undo(
    void: EntryVoided,
    entries: Sequence[Entry],
    *,
    position: int,
    records: Collection[UUID],
    opened: Mapping[UUID, Collection[Name]],
    carriers: Mapping[Name, UUID],
) -> Undone:
    """Return what becomes of identifiers by a void at `position`.

    `entries` are all about the person whose `records` these are, in order, as far as they exist for who voids;
    `opened` says under which identifiers each record was opened, `carriers` who carries an identifier now.
    """
    if len({name for entry in entries for name in entry.names()}) < 2:
        return NOTHING_UNDONE
    voids = [(entry.position, entry.fact.voids) for entry in entries if type(entry.fact) is EntryVoided]
    in_force = voids_in_force(voids)
    in_force_then = voids_in_force([*voids, (position, void.voids)])
    if in_force.keys() == in_force_then.keys() or _is_covered(void, entries, in_force):
        return NOTHING_UNDONE  # it is void already, or another entry says the same
    before = Ties(entries, records, opened, in_force)
    after = Ties(entries, records, opened, in_force_then)
    candidates = dict.fromkeys(sorted(before.beside - after.beside), ()) | before.records
    stay = {name for names in opened.values() for name in names}
    released: list[Named] = []
    attached: list[Named] = []
    contested: list[Name] = []
    for name, tied in candidates.items():
        if name in stay:
            continue  # so that the record is found
        holder = carriers.get(name)
        still = after.records.get(name, ())
        if holder not in records or holder in still or (still and holder not in tied):
            continue
        assert holder is not None
        released.append((*name, holder))
        if still:
            attached.append((*name, still[0]))
    for name, tied in after.records.items():
        if name in before.records:
            continue
        holder = carriers.get(name)
        if holder is None:
            attached.append((*name, tied[0]))
        elif holder not in records:
            contested.append(name)
    return Undone(tuple(released), tuple(attached), tuple(contested), tuple(_remarks(released, attached, after)))


def _is_covered(void: EntryVoided, entries: Sequence[Entry], voided: Collection[int]) -> bool:
    """Return whether the entry that a void is about ties nothing that another one does not: nearly always.

    An entry of before a release is not counted on: it may tie no more what it carries.
    """
    target = next((entry for entry in entries if entry.position == void.voids), None)
    if target is None or type(target.fact) is EntryVoided:
        return False
    names = set(target.names())
    since = max((entry.position for entry in entries if entry.released), default=0)
    return any(
        entry.child == target.child
        and entry.position > since
        and entry.position not in voided
        and entry is not target
        and names.issubset(entry.names())
        and not aims_at(entry.fact)
        for entry in entries
    )


class Ties:
    """By entries that stand: which identifiers name a person, each with the records whose entries say so, in order."""

    def __init__(
        self,
        entries: Sequence[Entry],
        records: Collection[UUID],
        opened: Mapping[UUID, Collection[Name]],
        voided: Collection[int],
    ) -> None:
        at = {entry.position: entry for entry in entries}
        cut: dict[Named, int] = {}
        for entry in entries:
            if entry.position not in voided:
                cut.update(dict.fromkeys(entry.released, entry.position))
        self.standing = [e for e in entries if e.child in records and e.position not in voided]
        """The entries of the records that stand."""
        carrying: list[tuple[Entry, frozenset[Name], frozenset[Name]]] = []
        for entry in self.standing:
            given = entry.names()
            if len(given) < 2:
                continue  # an identifier alone was used, and is tied to nothing
            names = frozenset(given)
            if cut:
                names = frozenset(n for n in given if cut.get((*n, entry.child), 0) < entry.position)
            repeated = [at[target].names() for target in aims_at(entry.fact) if target in at]
            if len(names) > 1:
                carrying.append((entry, names, names.difference(*repeated) if repeated else names))
        self.beside: frozenset[Name] = frozenset().union(*(new for _, _, new in carrying))
        """The identifiers that an entry carries beside others, tied or not."""
        tied = {name for names in opened.values() for name in names}
        tied.update(("ledger", str(record)) for record in records)
        carried = {name for entry in self.standing if not aims_at(entry.fact) for name in entry.names()}
        for record in records:
            if carried.isdisjoint(opened.get(record, ())):
                tied.update(_first_tying(record, carrying))
        ways = {(names, new) for _, names, new in carrying}
        while reached := {way for way in ways if not way[0].isdisjoint(tied)}:
            ways -= reached
            tied.update(*(new for _, new in reached))
        self.records: dict[Name, tuple[UUID, ...]] = {}
        """The identifiers that name the person."""
        for entry, names, new in carrying:
            if tied.isdisjoint(names):
                continue
            for name in sorted(new):
                children = self.records.get(name, ())
                if name[0] != "ledger" and entry.child not in children:
                    self.records[name] = (*children, entry.child)
        self.tied: frozenset[Name] = frozenset(tied)


def openings(records: Mapping[UUID, Sequence[Entry]]) -> dict[UUID, frozenset[Name]]:
    """Return the identifier under which each record was opened: the first one of its first entry."""
    return {record: frozenset(entries[0].identifiers[:1]) for record, entries in records.items() if entries}


def _first_tying(record: UUID, carrying: Sequence[tuple[Entry, frozenset[Name], frozenset[Name]]]) -> set[Name]:
    """Return what the first entry of a record ties that ties anything by itself, one of it: the rest follows."""
    for entry, names, _ in carrying:
        if entry.child == record and not aims_at(entry.fact):
            return {next(name for name in entry.names() if name in names)}
    return set()


def came_under(names: Collection[Name], ties: Ties) -> tuple[int, ...]:
    """Return the positions of the entries that stand and have come to a record by these identifiers alone."""
    found = []
    for entry in ties.standing:
        carried = entry.names()
        if not aims_at(entry.fact) and not ties.tied.intersection(carried) and not set(names).isdisjoint(carried):
            found.append(entry.position)
    return tuple(found)


def listed(positions: Sequence[int]) -> str:
    """Return positions as they stand in a sentence, the first of many."""
    first = ", ".join(map(str, positions[:MOST_SHOWN]))
    more = len(positions) - MOST_SHOWN
    return f"{first} and {more} more" if more > 0 else first


def _remarks(released: Sequence[Named], attached: Sequence[Named], after: Ties) -> Sequence[Remark]:
    moved = {(name[0], name[1]) for name in released} & {name[:2] for name in attached}
    free = [name for name in released if name[:2] not in moved]
    said: list[str] = []
    if free:
        said.append(
            f"{_shown(free)} names nobody from now on: no entry that stands ties it to this child; the next message "
            "that carries it decides whose it is"
        )
        stranded = came_under([name[:2] for name in free], after)
        if stranded:
            ids = ", ".join(f"ledger:{record}" for record in sorted({record for *_, record in free}))
            said.append(
                f"entries that came in under it stand on this record ({listed(stranded)}): where they are another "
                f"child's, void them under {ids} and have their producers send them again"
            )
    for scheme, value, record in attached:
        if (scheme, value) in moved:
            said.append(f"{shown(scheme, value)} names record {record} of this person from now on, which carries it")
    remarks = [Remark("identifier-released", "; ".join(said), "child")] if said else []
    back = [name for name in attached if name[:2] not in moved]
    if back:
        remarks.append(Remark("identifier-attached", f"{_shown(back)} names this child again", "child"))
    return remarks


def _shown(names: Sequence[Named]) -> str:
    return ", ".join(shown(scheme, value) for scheme, value, _ in names)
