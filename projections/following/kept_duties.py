"""The duties of the persons at hand, and what they become with each entry. Pure."""

from collections.abc import Mapping, Sequence
from operator import attrgetter
from typing import Final, cast
from uuid import UUID

from ledger.entry import Entry
from ledger.facts import CorrectionIssued, Fact, NoticeGiven
from projections.obligations.rows import DutyRow, Owing
from projections.obligations.rulebook import ObligationRulebook
from projections.rows.changes import DUTIES, Changes, duty_order
from projections.rows.persons import Person

_OF_OTHERS: Final[frozenset[type[Fact]]] = frozenset((CorrectionIssued, NoticeGiven))
"""What may name entries of records that were joined once, and are another person's now."""
_position: Final = attrgetter("position")


class KeptDuties:
    """Keeps `owing` and `owed` of persons."""

    def __init__(self, book: ObligationRulebook) -> None:
        self._book = book

    def take_up(self, person: Person, joined: Sequence[Person]) -> None:
        """Have the duties of a person at hand, where the tables stand; her fold stands there, too.

        `joined` are the persons of all records ever joined to hers, herself among them.
        """
        if person.owing is None:
            held = [cast(DutyRow, content) for _, content in person.owed]
            person.owing = Owing(self._book, person.entries, _around(joined), person.folding, held)

    def take(self, person: Person, entry: Entry, joined: Sequence[Person], changes: Changes) -> None:
        """Take the next entry of a person; her fold has taken it, her entries do not hold it yet."""
        if len(joined) > 1 and type(entry.fact) in _OF_OTHERS:
            around = [*_around(joined), entry]
            for one in joined:
                self._anew(one, [*one.entries, entry] if one is person else one.entries, around, entry, changes)
            return
        assert person.owing is not None
        gone, come = person.owing.take(entry, person.entries, person.folding)
        if gone or come:
            ordered = sorted(come, key=duty_order) if len(come) > 1 else come
            changes.exchange(
                person.id, person.owed, [(DUTIES, row) for row in gone], [(DUTIES, row) for row in ordered], entry
            )

    def regroup(
        self, before: Mapping[UUID, Person], after: Mapping[UUID, Person], entry: Entry, changes: Changes
    ) -> None:
        """Work out anew what an entry joined or parted; the persons hold it already."""
        around = _around(list(after.values()))
        for id in sorted(before.keys() - after.keys()):
            changes.hold(id, before[id].owed, set(), entry)
        for id in sorted(after):
            after[id].owed = before[id].owed if id in before else {}
            self._anew(after[id], after[id].entries, around, entry, changes)

    def _anew(
        self, person: Person, entries: Sequence[Entry], around: Sequence[Entry], entry: Entry, changes: Changes
    ) -> None:
        person.owing = Owing.anew(self._book, entries, around, person.folding)
        self._hold(person, entry, changes)

    def _hold(self, person: Person, entry: Entry, changes: Changes) -> None:
        assert person.owing is not None
        person.owed = changes.hold(person.id, person.owed, {(DUTIES, row) for row in person.owing.now()}, entry)


def _around(joined: Sequence[Person]) -> Sequence[Entry]:
    """Return the entries about these persons, each once, in order of position."""
    if len(joined) == 1:
        return joined[0].entries
    return sorted({entry.position: entry for person in joined for entry in person.entries}.values(), key=_position)
