"""Whom identifiers name while a batch is decided: who carries which, what joins a record, what a void takes from it."""

from collections.abc import Collection, Mapping, Sequence
from uuid import UUID

from ledger.agencies import Agency
from ledger.entry import Named
from ledger.facts import EntryVoided, Fact, IdentifierAsserted
from ledger.identifiers import Identifier
from ledger.intake.submission import Submission
from ledger.records.record import Record
from ledger.rules.attaching import NOTHING_NEW, Attached, attach
from ledger.rules.lookups import Lookups, Name
from ledger.rules.protecting import Protecting
from ledger.rules.releasing import NOTHING_UNDONE, Undone, openings, undo
from ledger.rules.remark import Remark
from ledger.sharing.belonging import aims_at


class Naming:
    """Who carries which identifier, kept in `known` as the batch goes on."""

    def __init__(self, known: Lookups, protecting: Protecting) -> None:
        self._known = known
        self._protecting = protecting

    def carrier(self, name: Identifier, agency: Agency) -> UUID | None:
        """Return the record that carries an identifier, by entries that exist for the agency."""
        known = self._known
        if name.scheme == "ledger":
            carrier = known.carrier(name)
            if carrier is None:
                return None
            record = known.records[carrier]
            hidden = self._protecting.hidden(record, agency)
            return carrier if any(entry.position not in hidden for entry in record.entries) else None
        key = (name.scheme, name.value)
        carrier = known.carriers.get(key)
        return carrier if carrier is None else self._seen_carrier(key, carrier, agency)

    def _seen_carrier(self, name: Name, carrier: UUID, agency: Agency) -> UUID | None:
        record = self._known.records[carrier]
        hidden = self._protecting.hidden(record, agency)
        if not hidden:
            return carrier
        return carrier if any(name in e.names() for e in record.entries if e.position not in hidden) else None

    def attached(
        self,
        submission: Submission[Fact],
        record: Record,
        person: Record,
        *,
        hidden: Collection[int],
        undone: Undone,
    ) -> Attached:
        """Return what becomes of the submission's identifiers that nobody carries yet; nearly always there are none.

        A statement repeats the identifiers of the entry it is about: one that was released meanwhile stays so.
        """
        carriers, fact = self._known.carriers, submission.fact
        beside = [key for name in submission.child if (key := (name.scheme, name.value)) not in carriers]
        asserted: Name | None = None
        if isinstance(fact, IdentifierAsserted):
            key = (fact.identifier.scheme, fact.identifier.value)
            asserted = None if key in carriers else key
        if not beside and asserted is None:
            return NOTHING_NEW
        given_back = {(scheme, value) for scheme, value, _ in undone.attached}
        targets = [target for at in aims_at(fact) if (target := person.entry_at(at)) is not None]
        repeated = {name for target in targets for name in target.names() if name in beside} - given_back
        seen = (entry for entry in record.entries if entry.position not in hidden)
        attached = attach((n for n in beside if n not in repeated and n not in given_back), asserted, seen)
        return attached._replace(repeated=tuple(n for n in beside if n in repeated and n[0] != "ledger"))

    def undone(self, void: EntryVoided, child: UUID, agency: Agency, *, position: int) -> Undone:
        """Return what a void does to identifiers, by the entries that exist for who voids; nearly always nothing."""
        known = self._known
        if child not in known.records:
            return NOTHING_UNDONE  # it would open a record: there is nothing to void
        group = known.group(child)
        records = group | {child}
        person = known.person(known.records[child], group)
        hidden = self._protecting.hidden(person, agency)
        entries = [entry for entry in person.entries if entry.position not in hidden]
        if all(entry.position != void.voids for entry in entries):
            return NOTHING_UNDONE
        opened = openings({record: known.records[record].entries for record in records})
        seen = openings({record: [entry for entry in entries if entry.child == record] for record in records})
        opened |= {record: opened[record] | names for record, names in seen.items()}
        undone = undo(void, entries, position=position, records=records, opened=opened, carriers=known.carriers)
        return undone._replace(
            contested=tuple(
                name for name in undone.contested if self._seen_carrier(name, known.carriers[name], agency) is not None
            )
        )

    def unattached(
        self, identifiers: Sequence[Name], child: UUID, records: Collection[UUID], attached: Attached
    ) -> tuple[Name, ...]:
        """Return which identifiers of an entry of `child` do not name it; its person's `records` count as one."""
        others = (name for name in identifiers if self._known.carriers.get(name, child) not in records)
        return (*attached.too_many, *attached.repeated, *others)

    def again(self, names: Collection[Name], child: UUID, undone: Undone) -> tuple[Named, ...]:
        """Return the identifiers that were released before and name a record again."""
        taken = [(scheme, value, child) for scheme, value in names if (scheme, value) in self._known.released]
        return (*taken, *undone.attached)

    def take(self, names: Collection[Name], child: UUID) -> list[Named]:
        """Let a record carry these identifiers; return those that nobody ever carried."""
        self._known.carriers.update(dict.fromkeys(names, child))
        return [(scheme, value, child) for scheme, value in names if (scheme, value) not in self._known.released]

    def rename(
        self, position: int, released: Collection[Named], again: Collection[Named]
    ) -> Mapping[Name, tuple[UUID, int | None]]:
        """Take in what a void at `position` released, and then what names a record again; return how each stands."""
        known = self._known
        renamed: dict[Name, tuple[UUID, int | None]] = {}
        for scheme, value, record in released:
            del known.carriers[scheme, value]
            known.released.add((scheme, value))
            renamed[scheme, value] = (record, position)
        for scheme, value, record in again:
            known.carriers[scheme, value] = record
            known.released.discard((scheme, value))
            renamed[scheme, value] = (record, None)
        return renamed


def one_a_rule(remarks: Collection[Remark]) -> tuple[Remark, ...]:
    """Join what several remarks of one rule say: an entry carries one finding a rule."""
    by_code: dict[str, Remark] = {}
    for remark in remarks:
        before = by_code.get(remark.code)
        message = remark.message if before is None else f"{before.message}; {remark.message}"
        by_code[remark.code] = Remark(remark.code, message, remark.member, remark.level)
    return tuple(by_code.values())
