"""Which messages on the ledger's own topics the ledger wrote: those with its seal, and those PostgreSQL holds as well.

Whoever can reach Kafka can write to `custody.entries`, `custody.publications`, a feed or an alerts topic. What is there
and is not the ledger's must not become an answer, move a number or stop a role: it is told apart here, kept as a dead
letter and passed over. Messages of releases before there were seals are known by PostgreSQL holding the same bytes.
"""

from collections.abc import Callable, Sequence
from typing import Any, Final

import orjson
from kafka.errors import KafkaError
from psycopg import Connection
from psycopg.rows import dict_row

from ledger.agencies import Agency
from ledger.entry import read_entry
from ledger.kafka.entries import EntryMessage, Foreign, Unsealed, read_record
from ledger.kafka.seals import SEAL, Seals
from ledger.sharing.batches import item_values, read_batch
from ledger.store.feed_bounds import LAST_COLUMN
from ledger.store.queries import payload_of, rows_at
from ledger.topics import PUBLICATIONS, alerts, feed

_IN_THE_STORE: Final = b"""
select c.n from unnest(%b::int[], %b::bigint[], %b::bigint[], %b::uuid[], %b::bytea[])
       as c(n, position, previous, child, payload)
join ledger.stored_events s on s.notification_id = c.position and s.originator_id = c.child
where c.payload = convert_to(
          '{"position":' || s.notification_id || ',"child":'
          || case when substring(s.state from 1 for 18) = '{"subject":"child"'
                  then '"' || s.originator_id || '"' else 'null' end
          || ',"version":' || s.originator_version || ',"type":"' || s.topic || '",', 'UTF8')
          || substring(s.state from 2)
  and c.previous = coalesce(
          (select max(p.notification_id) from ledger.stored_events p where p.notification_id < c.position), 0)
"""


class Genuine:
    """Knows what this ledger wrote, by its key and by what PostgreSQL holds.

    `begun` is false until a relay that seals has begun: until then nothing on Kafka beyond what PostgreSQL holds can be
    told from what an earlier release wrote, or a ledger whose database was lost.
    """

    def __init__(self, connection: Connection[Any]) -> None:
        self._connection = connection
        with connection.cursor(row_factory=dict_row) as cursor:
            row = cursor.execute("select key, begun from ledger.seal").fetchone()
        assert row is not None
        self.seals = Seals(bytes(row["key"]))
        self.begun: bool = row["begun"]

    def begin(self) -> None:
        """Say that from now on everything put on Kafka is sealed."""
        if not self.begun:
            self._connection.execute("update ledger.seal set begun = true")
            self.begun = True

    def entries(self, records: Sequence[Any]) -> tuple[list[EntryMessage], list[Foreign]]:
        """Part records of `custody.entries` into entries, in their order, and what is foreign."""
        read = [read_record(record, self.seals) for record in records]
        unsealed = [(n, one.message) for n, one in enumerate(read) if type(one) is Unsealed]
        stored = self._stored(unsealed) if unsealed else {}
        entries: list[EntryMessage] = []
        foreign: list[Foreign] = []
        for n, one in enumerate(read):
            match one:
                case EntryMessage():
                    entries.append(one)
                case Unsealed(message) if n in stored:
                    entries.append(message)
                case Unsealed():
                    foreign.append(one.foreign())
                case Foreign():
                    foreign.append(one)
        return entries, foreign

    def _stored(self, unsealed: Sequence[tuple[int, EntryMessage]]) -> set[int]:
        """Return which of these the event store holds, byte for byte and at that place in the order."""
        columns = [list(column) for column in zip(
            *((n, m.position, m.previous, m.child, m.payload) for n, m in unsealed), strict=True
        )]  # fmt: skip
        with self._connection.cursor(row_factory=dict_row) as cursor:
            return {row["n"] for row in cursor.execute(_IN_THE_STORE, columns)}

    def claimed(self, records: Sequence[Any]) -> list[EntryMessage]:
        """Return the entries among records, and, before sealing has begun, all that may be entries."""
        if self.begun:
            return self.entries(records)[0]
        read = [read_record(record, self.seals) for record in records]
        return [one.message if isinstance(one, Unsealed) else one for one in read if not isinstance(one, Foreign)]

    def publication(self, record: Any, *, ahead: bool = False) -> int | None:
        """Return the number of a batch on `custody.publications`; None where it is foreign.

        With `ahead`, here and below, what may be the ledger's counts as its own before sealing has begun.
        """
        number = claimed_number(record)
        if number is None or self._sealed(PUBLICATIONS, record) or (ahead and not self.begun):
            return number
        kept = self._one("select body from ledger.publications where number = %s", number)
        return number if kept is not None and bytes(kept["body"]) == record.value else None

    def item(self, agency: Agency, record: Any, *, ahead: bool = False) -> int | None:
        """Return the number of an item on an agency's feed; None where it is foreign."""
        number = claimed_number(record)
        if number is None or self._sealed(feed(agency), record) or (ahead and not self.begun):
            return number
        return number if self._published(agency, number) == record.value else None

    def alert(self, agency: Agency, record: Any, *, ahead: bool = False) -> int | None:
        """Return the number of an alert on an agency's topic; None where it is foreign."""
        number = claimed_number(record)
        if number is None or self._sealed(alerts(agency), record) or (ahead and not self.begun):
            return number
        kept = self._one("select body from ledger.alerts where agency = %s and number = %s", agency, number)
        return number if kept is not None and bytes(kept["body"]) == record.value else None

    def _sealed(self, topic: str, record: Any) -> bool:
        headers = dict(record.headers)
        seal, id, time = headers.get("ce_seal"), headers.get("ce_id"), headers.get("ce_time")
        if seal is None or id is None or time is None:
            return False
        return self.seals.holds(seal, topic.encode(), id, time, record.value)

    def _published(self, agency: Agency, number: int) -> bytes | None:
        """Return an item as it follows from what PostgreSQL holds; None where it holds no such item."""
        last = LAST_COLUMN[agency]
        kept = self._one(f"select body from ledger.publications where {last} >= %s order by number limit 1", number)  # noqa: S608
        if kept is None:
            return None
        for publication in read_batch(bytes(kept["body"])).items:
            if publication.numbers.get(agency) == number:
                with self._connection.cursor(row_factory=dict_row) as cursor:
                    rows = rows_at(cursor, (publication.position,))
                for row in rows:
                    values = item_values(read_entry(payload_of(row)), publication)
                    return next(value for whose, n, value in values if (whose, n) == (agency, number))
        return None

    def _one(self, statement: str, *values: object) -> dict[str, Any] | None:
        with self._connection.cursor(row_factory=dict_row) as cursor:
            return cursor.execute(statement.encode(), values).fetchone()


NumberOf = Callable[[Any], int | None]
"""Return the number of a message; None where it is foreign."""


def claimed_number(record: Any) -> int | None:
    """Return the number a message claims in its value; None where it claims none, or has headers without sense."""
    try:
        record.headers  # noqa: B018  # raises where their bytes have no sense
        number = orjson.loads(record.value)["number"]
    except (ValueError, LookupError, TypeError, AttributeError, KafkaError):
        return None
    return number if type(number) is int and 0 < number < 2**63 else None


def unsealed(headers: Sequence[tuple[str, bytes | None]]) -> list[tuple[str, bytes | None]]:
    """Return the headers without the seal, which messages of earlier releases have not."""
    return [(name, value) for name, value in headers if name != f"ce_{SEAL}"]
