"""A ledger of intake's decisions without its database: messages go in, outcomes and entries come out."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Final
from uuid import UUID

import orjson

from consumers.reading import read_arrival
from ledger.agencies import Agency
from ledger.entry import Entry, read_entry, value
from ledger.facts import BY_WIRE
from ledger.kafka.cloudevents import binary_headers
from ledger.roles.settings import Settings
from ledger.rules.arrivals import Place
from ledger.rules.batch import ArrivalBatch
from ledger.rules.lookups import Lookups
from ledger.rules.outcomes import accepted
from ledger.rules.protecting import Protecting
from ledger.sharing.feed_fold import SharingRulebook
from ledger.sharing.rule_sets import Adopted, default_rules
from ledger.topics import intake
from tests.unit.deciding import MEMBERS, ZONE

BEGAN: Final = datetime(2026, 6, 1, 12, tzinfo=UTC)
A: Final = ("a-number", "A200000017")
B: Final = ("orr-id", "88123")
Name = tuple[str, str]


@dataclass
class Intake:
    """One intake process for ever in its first batch; the clock goes on a minute a message."""

    adopted: tuple[Adopted, ...] = ()
    entries: list[Entry] = field(default_factory=list)
    _numbers: int = 0

    def __post_init__(self) -> None:
        self.known = Lookups({}, {}, {}, {})
        self.batch = ArrivalBatch(
            self.known,
            settings=Settings("", "", ZONE, "driven"),
            now=BEGAN,
            last_position=0,
            last_recorded_at=None,
            new_record_id=lambda _: self._new_record_id(),
            protecting=Protecting(SharingRulebook(self.adopted, default_rules(), ZONE)),
        )
        self._records = 0

    def _new_record_id(self) -> UUID:
        self._records += 1
        return UUID(int=(0x7 << 76) | (0x8 << 60) | self._records)

    def tell(
        self, agency: Agency, name: str, /, *child: Name, envelope: Mapping[str, Any] | None = None, **fact: Any
    ) -> dict[str, Any]:
        """Send a fact, `fact` over its usual members, about the child with these names; return the outcome."""
        wire = next(w for w in reversed(BY_WIRE) if w.startswith(f"custody.{name}.v"))
        data = {
            "child": [{"scheme": scheme, "value": value} for scheme, value in child or (A,)],
            "occurred_at": "2022-03-04",
            "source": {"document": "form", "reference": "1", "grade": "document"},
            "door": "feed",
            "fact": {**MEMBERS[name], **fact},
            **(envelope or {}),
        }
        return self.send(agency, wire, orjson.dumps(data))

    def send(self, agency: Agency, wire: str, data: bytes, id: str | None = None) -> dict[str, Any]:
        """Send a message of the agency's system; return the outcome."""
        self._numbers += 1
        time = (BEGAN + timedelta(minutes=self._numbers)).isoformat()
        headers = binary_headers(id=id or str(self._numbers), source=f"/{agency}", type=wire, time=time)
        rows = self.batch.rows
        answered, recorded = len(rows.outcomes), len(rows.events)
        self.batch.take(read_arrival(Place(agency, intake(agency), 0, self._numbers), headers, data))
        if len(rows.outcomes) > answered:
            return dict(orjson.loads(rows.outcomes[-1][2]))
        assert len(rows.events) > recorded, "set aside"
        child, version, wire, state = rows.events[-1]
        position = rows.positions[-1]
        payload = value(position=position, child=child, version=version, wire=wire, state=state)
        self.entries.append(read_entry(payload))
        return dict(orjson.loads(accepted(position=position, child=child, version=version, state=state)[2]))
