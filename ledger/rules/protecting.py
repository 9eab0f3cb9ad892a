"""What does not exist for an agency as a sender: entries that sharing rules protect from it, and what is said of them.

The existence of some facts is protected (8 USC 1367; 8 CFR 208.6, 1208.6), and a sender learns from answers as much as
a reader from views: from a version that counts one more, from a finding, from one refusal in place of another. So an
agency's submission is decided on the record without them (knowledge: Sharing rules and feeds). Only records that hold
such facts pay for it.
"""

from typing import Final
from uuid import UUID

from ledger.agencies import AGENCIES, Agency
from ledger.entry import Entry
from ledger.facts import Fact
from ledger.records.record import Record
from ledger.sharing.belonging import aims_at
from ledger.sharing.feed_fold import SharingRulebook
from ledger.sharing.rule_sets import Adopted

NOTHING_HIDDEN: Final[frozenset[int]] = frozenset()


class Protecting:
    """The sharing rules adopted so far, asked for what they protect."""

    def __init__(self, rulebook: SharingRulebook) -> None:
        self._rulebook = rulebook
        self._backfilling = rulebook.backfilling
        sets = [rulebook.of(rules) for rules in rulebook.sets]
        self._may_hide: dict[Agency, frozenset[type[Fact]]] = {
            agency: frozenset[type[Fact]]().union(*(sharing.may_hide(agency) for sharing in sets))
            for agency in AGENCIES
        }

    def hidden(self, record: Record, agency: Agency) -> frozenset[int]:
        """Return the positions of a person's entries that do not exist for `agency`: almost always none."""
        if not record.has_any(self._may_hide[agency]):
            return NOTHING_HIDDEN
        may_hide = self._may_hide[agency]
        hidden: set[int] = set()
        for entry in record.entries:
            if entry.producer.agency == agency:
                continue
            targets = aims_at(entry.fact)
            if (targets and hidden.issuperset(targets)) or (
                type(entry.fact) in may_hide and self._protects(entry, agency)
            ):
                hidden.add(entry.position)
        return frozenset(hidden)

    def _protects(self, entry: Entry, agency: Agency) -> bool:
        """Return whether the set in force for an entry hides it from `agency`, and none that backfilled told of it."""
        if not self._rulebook.at(entry).hides(entry, agency):
            return False
        return not any(self._told_later(one, entry, agency) for one in self._backfilling)

    def _told_later(self, adopted: Adopted, entry: Entry, agency: Agency) -> bool:
        if not self._rulebook.concerns(adopted, entry):
            return False
        return any(told_to == agency for told_to, _ in self._rulebook.of(adopted.rules).disclosures(entry))


def without(record: Record, hidden: frozenset[int], *, child: UUID, version: int) -> Record:
    """Return a person's record as it is for an agency from which these entries are hidden."""
    seen = Record(child)
    for entry in record.entries:
        if entry.position not in hidden:
            seen.add(entry)
    seen.version = version
    return seen
