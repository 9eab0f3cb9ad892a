"""Made-up entries put into the event store, for tests of what follows from entries that intake would never record."""

from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import psycopg

from ledger.agencies import Agency
from ledger.entry import Entry
from ledger.facts import IdentityMerged, IdentityUnmerged, SharingRulesAdopted
from ledger.facts.ledger_wide import RuleSet
from ledger.store.own_records import STEWARD
from ledger.store.own_records import state_of as ledger_state
from ledger.streams import LEDGER
from tests.histories import CHILD, entry, state_of


class Store:
    """Appends to the event store of a ledger whose roles may be at work."""

    def __init__(self, database_url: str) -> None:
        self._url = database_url
        self.position = 0
        self._versions: dict[UUID, int] = {}

    def put(self, one: Entry, *, wire: str | None = None) -> int:
        """Record an entry as it is, whatever its position and version; under another wire name, if one is given."""
        self._insert(one.child, wire or one.type, state_of(one._replace(recorded_at=datetime.now(UTC))))
        if isinstance(one.fact, IdentityMerged | IdentityUnmerged):
            other = UUID(one.resolved["other"])
            for pair in ((one.child, other), (other, one.child)):
                self._execute("insert into ledger.links values (%s, %s) on conflict do nothing", *pair)
        return self.position

    def add(
        self,
        name: str,
        fact: dict[str, Any],
        *,
        child: UUID = CHILD,
        agency: Agency | None = None,
        wire: str | None = None,
        other: UUID | None = None,
    ) -> int:
        """Record a fact and return its position."""
        when = None if name in ("entry-voided", "correction-issued", "identity-merged") else "2022-03-04"
        made = entry(self.position + 1, name, when, fact, agency=agency, child=child, other=other)
        return self.put(made, wire=wire)

    def adopt(self, rules: RuleSet) -> int:
        """Record that a set of sharing rules is adopted, with backfill."""
        fact = SharingRulesAdopted(rules=rules, reason="test", backfill=True)
        state = ledger_state(
            fact,
            recorded_at=datetime.now(UTC),
            subject="ledger",
            producer=STEWARD,
            source=("rules", "1"),
            submission_id="1",
        )
        self._insert(LEDGER, fact.wire, state)
        return self.position

    def _insert(self, child: UUID, wire: str, state: bytes) -> None:
        self.position += 1
        self._versions[child] = self._versions.get(child, 0) + 1
        self._execute(
            "insert into ledger.stored_events (originator_id, originator_version, topic, state, notification_id)"
            " values (%s, %s, %s, %s, %s)",
            child,
            self._versions[child],
            wire,
            state,
            self.position,
        )
        self._execute("notify stored_events")

    def _execute(self, statement: str, *values: object) -> None:
        with psycopg.connect(self._url, autocommit=True) as connection:
            connection.execute(statement.encode(), values)


def merged_with(other: UUID) -> dict[str, Any]:
    """Return the members of a merge."""
    return {"other": {"scheme": "ledger", "value": str(other)}, "reason": "same child"}
