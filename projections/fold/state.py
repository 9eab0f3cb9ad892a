"""What one person's fold holds while it goes on: the regions, the time in care, the failures to appear."""

from typing import NamedTuple

from ledger.entry import Entry
from projections.fold.care import Register
from projections.fold.failures import Failures
from projections.fold.proceedings import Docket
from projections.fold.regions import NO_AGE, NO_CUSTODY, AgeBasis, Custody
from projections.fold.whereabouts import Tracking


class UnderWay(NamedTuple):
    """A handoff that was started and not ended yet, and how things were before."""

    handoff_id: str
    before: Custody
    apart: str | None
    """What came before any address."""
    outer: "UnderWay | None" = None
    """The handoff that was under way when this one was started."""


class State:
    """The regions and what figures count of one person while they are folded."""

    __slots__ = ("age", "care", "custody", "docket", "failures", "proofs", "renamed", "tracking", "under_way")

    def __init__(self, zone: str) -> None:
        self.custody: Custody = NO_CUSTODY
        self.docket = Docket()
        self.tracking = Tracking()
        self.under_way: UnderWay | None = None
        self.age: AgeBasis = NO_AGE
        self.care = Register(zone)
        self.failures = Failures(zone)
        self.proofs: dict[int, tuple[int, ...]] = {}
        """Position of an entry that is corrected to its own and those of all corrections that make it what it is."""
        self.renamed: dict[int, int] = {}
        """Position of a correction to that of the entry it corrects: a letter may name either."""

    def proof(self, at: Entry) -> tuple[int, ...]:
        """Return the positions of an entry and of the corrections that make it what it is: they alone show it."""
        return self.proofs.get(at.position, (at.position,))

    def custody_is(self, state: str, legal: str | None, physical: str | None, place: str | None, at: Entry) -> None:
        """Set the custody region; what is there already keeps its `since`. No handoff outlasts the escort."""
        if physical != "escort":
            self.under_way = None
        custody = Custody(state, legal, physical, place, self.custody.since)
        if custody != self.custody:
            self.custody = Custody(state, legal, physical, place, at.occurred_at)
