"""Made-up entries for the readers' tests, and the read tables filled with them by the projections' own code."""

import itertools
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import orjson

from ledger.agencies import Agency
from ledger.entry import Door, Finding, Producer, value, write_state
from ledger.facts import BY_WIRE
from ledger.kafka.entries import EntryMessage
from ledger.roles.logs import configure
from ledger.roles.settings import Settings
from ledger.sharing.batches import NOTHING_PUBLISHED, PublicationBatch
from ledger.times import parse_instant, read_back, write_clock
from projections.following.applying import Applying
from projections.following.holdings import HoldingsFollower
from projections.following.isolating import HeldBack, isolated
from projections.tables.versions import connect, live_schema, prepare
from projections.tables.writing import Tables
from projections.tables.writing_holdings import HeldTables

ZONE = "America/New_York"
_HEAD = re.compile(rb'{"position":(\d+),"child":"([^"]+)",.*?"recorded_at":"([^"]+)"')
START = datetime(2022, 1, 1, 15, 0, tzinfo=UTC)


def child_number(number: int) -> UUID:
    """Return the ledger id of a made-up child: in order of `number`."""
    return UUID(int=(0x2022 << 112) | (0x7 << 76) | (0x8 << 60) | number)


@dataclass
class Ledger:
    """Entries as the ledger would write them, an hour apart unless a time is given."""

    payloads: list[bytes] = field(default_factory=list)
    versions: dict[UUID, int] = field(default_factory=dict)
    recorded_at: datetime = START
    positions: Iterator[int] = field(default_factory=lambda: itertools.count(1))

    def add(
        self,
        child: UUID,
        name: str,
        fact: Mapping[str, Any],
        *,
        occurred_at: str | None,
        recorded_at: str | None = None,
        known_since: str | None = None,
        agency: Agency = "ORR",
        office: str | None = None,
        door: Door = "feed",
        identifiers: Sequence[tuple[str, str]] = (),
        findings: Sequence[Finding] = (),
        resolved: Mapping[str, str] | None = None,
    ) -> int:
        """Append an entry and return its position; `name` is the wire name without `custody.` and the version."""
        position = next(self.positions)
        at = self.recorded_at + timedelta(hours=1) if recorded_at is None else parse_instant(recorded_at)
        assert at > self.recorded_at, "recorded_at rises with the position"
        self.recorded_at = at
        self.versions[child] = self.versions.get(child, 0) + 1
        wire = next(w for w in reversed(BY_WIRE) if w.startswith(f"custody.{name}.v"))
        state = write_state(
            recorded_at=at,
            occurred_at=None if occurred_at is None else read_back(occurred_at),
            known_since=at if known_since is None else read_back(known_since),
            producer=Producer(agency, office, "u-1", f"/{agency.lower()}/test"),
            door=door,
            source={
                "document": "R-2",
                "reference": f"ref-{position}",
                "grade": "document",
                "channel": "system",
                "codes": {},
            },
            identifiers=tuple(identifiers) or (("orr-id", f"C{child.int & 0xFFFFFFFF}"),),
            findings=tuple(findings),
            submission_id=f"s-{position}",
            submission_digest="d",
            fact=orjson.dumps(fact),
            resolved=resolved or {},
            extensions={},
        )
        self.payloads.append(
            value(position=position, child=child, version=self.versions[child], wire=wire, state=state)
        )
        return position


def fill(database_url: str, payloads: Sequence[bytes], *, batch: int = 500, published: bool = True) -> None:
    """Apply entries to the read tables of a database as the follower does, batch by batch; makes the tables first.

    With `published` the tables also say that all of it is published: to nobody, as far as they know.
    """
    with connect(database_url) as connection:
        prepare(connection, Settings(database_url, "", ZONE, "wall"))
        tables = Tables(connection, live_schema(connection))
        previous, _ = tables.progress()
        for start in range(0, len(payloads), batch):
            messages = []
            for payload in payloads[start : start + batch]:
                messages.append(_message(payload, previous))
                previous = messages[-1].position

            def attempt(some: Sequence[EntryMessage], held: HeldBack, dry: bool, tables: Tables = tables) -> None:
                applying = Applying(ZONE, tables.load)
                applying.parked, applying.held = tables.parked(), held
                applying.prepare({message.child for message in some})
                for message in some:
                    applying.apply(message)
                with tables.connection.transaction(force_rollback=dry):
                    tables.write(applying.take_changes(), {}, some[-1].position, some[-1].clock())

            isolated(messages, attempt)
            with connection.transaction():
                if published:
                    number = tables.published()[0] + 1
                    tables.write_publications([_nothing_published(number, messages[-1])], 0)
        holdings = HoldingsFollower(HeldTables(tables), ZONE, configure("test"))
        while (reached := holdings.step()) > holdings.batch:
            holdings.batch = reached


def _nothing_published(number: int, last: EntryMessage) -> PublicationBatch:
    return NOTHING_PUBLISHED._replace(number=number, to_position=last.position, published_at=write_clock(last.clock()))


def _message(payload: bytes, previous: int) -> EntryMessage:
    """Return the message the relay would send: what stands in headers and key, whatever the rest of the value is."""
    head = _HEAD.match(payload)
    assert head is not None
    position = int(head[1])
    return EntryMessage(position, previous, UUID(head[2].decode()), head[3].decode(), 0, position, payload)
