"""A simulated child: who it is, and the one way in which anything is told about it."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from random import Random
from typing import Any, Final

from ledger.agencies import Agency
from producers.simulation.sendings import Sending

OFFSET: Final = "-06:00"
"""All simulated clocks show Central Standard Time, so that times sort as they are written."""
FIRST_NUMBER: Final = 200_001_000
"""A200-000-xxx is kept for the told story; simulated children follow, up to A200-999-999."""
NUMBERS: Final = 999_000

_DOCUMENTS: Final = {
    "child-encountered": "I-213",
    "uc-determination-made": "UC screening form 93",
    "protection-screening-recorded": "UC screening form 93",
    "referred-to-orr": "P-13",
    "placement-designated": "P-1",
    "handoff-started": "I-216",
    "handoff-accepted": "I-216",
    "admitted-to-program": "P-1",
    "network-transfer-completed": "P-11",
    "significant-incident-reported": "A-9",
    "sponsor-application-received": "S-1",
    "release-decided": "R-1",
    "released-to-sponsor": "R-2",
    "discharge-notified": "R-2",
    "nta-issued": "I-862",
    "nta-served": "I-862",
    "concern-raised": "A-7",
}
_OFFICES: Final[dict[Agency, tuple[str, ...]]] = {
    "CBP": ("Puerto Inventado Station", "Mesa Falsa Station", "Rio Supuesto Port"),
    "ICE-ERO": ("Fictional Field Office North", "Fictional Field Office South"),
    "ICE-OPLA": ("Make-Believe OPLA",),
    "ORR": ("Casa Ficticia", "Hogar Ejemplo", "Refugio Imaginario", "Sample House"),
    "EOIR": ("Invented Immigration Court",),
    "USCIS": ("Pretend Service Center",),
    "STEWARD": ("Data steward",),
}


class SimulatedChild:
    """One simulated child and everything told about it so far, in the order in which it was told."""

    def __init__(self, number: int, name: str, rng: Random) -> None:
        """`name` begins the id of everything sent about the child; `rng` alone decides what happens to it."""
        self.number = number
        self.name = name
        self.rng = rng
        self.told: list[Sending] = []
        self.identifiers: list[dict[str, str]] = [{"scheme": "a-number", "value": f"A{number}"}]
        self.country = "unknown"
        self.contiguous = False
        self.age = 0
        self.address: dict[str, Any] = {}
        self.station, *_ = _OFFICES["CBP"]
        self.program, *_ = _OFFICES["ORR"]
        self.nta_filed = False
        self.released_at: datetime | None = None

    def chance(self, share: float) -> bool:
        """Return whether something happens that happens to this share of children."""
        return self.rng.random() < share

    def office(self, agency: Agency) -> str:
        """Return one of the agency's offices."""
        offices = _OFFICES[agency]
        return offices[int(self.rng.random() * len(offices))]

    def tell(
        self,
        agency: Agency,
        name: str,
        at: datetime | None,
        fact: Mapping[str, Any],
        *,
        version: int = 1,
        late_by: timedelta | None = None,
        grade: str = "document",
        codes: Mapping[str, str] | None = None,
        positions_of: Mapping[str, str | tuple[str, ...]] | None = None,
        id: str | None = None,
    ) -> Sending:
        """Have `agency` say that `fact` happened at `at`, minutes after it did or `late_by` later.

        What is late the agency itself knew only then.
        """
        happened = at or datetime(2015, 1, 1)
        sent = happened + (late_by or timedelta(seconds=int(60 + self.rng.random() * 3540)))
        id = id or f"{self.name}-{len(self.told) + 1}"
        time = sent.isoformat() + OFFSET
        data: dict[str, Any] = {
            "child": self.identifiers[:1] if agency != "ORR" else list(self.identifiers),
            "occurred_at": None if at is None else at.isoformat() + OFFSET,
            "source": {
                "document": _DOCUMENTS.get(name, name),
                "reference": id,
                "grade": grade,
                **({"codes": codes} if codes else {}),
            },
            "door": "feed",
            "reported_by": {"office": self.office(agency), "user": f"u-{int(self.rng.random() * 900) + 100}"},
            "fact": fact,
        }
        if late_by is not None:
            data["known_since"] = time
        sending = Sending(agency, f"custody.{name}.v{version}", id, time, data, "accepted", positions_of or {})
        self.told.append(sending)
        return sending
