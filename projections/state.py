"""What one person's fold holds while it goes on: the regions, the time in care, the failures to appear."""

from ledger.entry import Entry
from projections.care import Register
from projections.failures import Failures
from projections.proceedings import Docket
from projections.regions import NO_AGE, NO_CUSTODY, AgeBasis, Custody
from projections.whereabouts import Tracking


class State:
    """The regions and what figures count of one person while they are folded."""

    __slots__ = ("age", "care", "custody", "docket", "failures", "renamed", "tracking")

    def __init__(self, zone: str) -> None:
        self.custody: Custody = NO_CUSTODY
        self.docket = Docket()
        self.tracking = Tracking()
        self.age: AgeBasis = NO_AGE
        self.care = Register(zone)
        self.failures = Failures(zone)
        self.renamed: dict[int, int] = {}
        """Position of a correction to that of the entry it corrects: a letter may name either."""

    def custody_is(self, state: str, legal: str | None, physical: str | None, place: str | None, at: Entry) -> None:
        """Set the custody region; what is there already keeps its `since`."""
        custody = Custody(state, legal, physical, place, self.custody.since)
        if custody != self.custody:
            self.custody = Custody(state, legal, physical, place, at.occurred_at)
