"""One version of the read tables as those who write it use it: reading persons back, writing a batch."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, Final, cast
from uuid import UUID

from psycopg import Connection, Cursor
from psycopg.rows import TupleRow
from psycopg.sql import SQL, Identifier

from ledger.agencies import Agency
from ledger.entry import Entry, read_entry
from ledger.kafka.entries import EntryMessage
from ledger.sharing.batches import PublicationBatch
from ledger.streams import OF_AGENCY
from ledger.times import read_clock
from ledger.topics import ENTRIES
from projections.knowledge.receipts import REMEMBERED, Lane, NumbersCovered
from projections.rows.changes import Changes, Interval, Opened
from projections.rows.columns import COLUMNS, INTERVALS
from projections.rows.persons import Loaded
from projections.rows.publications import of_batch
from projections.rows.publications import rows as publication_rows

_DERIVED: Final = {
    "entries": "child",
    "current_location": "child",
    "status": "child",
    "findings": "child",
    **dict.fromkeys(INTERVALS, "person"),
    "receipts": "record",
    "reads": "record",
    "waivers": "record",
    "parked": "child",
}
"""Tables that are emptied to make a record anew, and the column that names it."""


class Tables:
    """One version of the tables, as the follower and the rebuild use it."""

    def __init__(self, connection: Connection[TupleRow], schema: str) -> None:
        self.connection = connection
        self.schema = schema
        self._any_links = self._has_links()

    def progress(self) -> tuple[int, datetime | None]:
        """Return the position up to which every entry is in the tables or parked, and its ledger time."""
        row = self.run("select position, recorded_at from {schema}.progress").fetchone()
        assert row is not None
        return row[0], row[1]

    def offsets(self) -> dict[int, int]:
        """Return the next offset to read of each partition."""
        return dict(self.run("select partition, next_offset from {schema}.checkpoint").fetchall())

    def take_topic(self, topic: str, topic_id: str | None, ends: Mapping[int, int]) -> bool:
        """Say which making of a topic is read from now on; return whether reading it begins anew.

        It does where the offsets kept are those of an earlier one, or are beyond what Kafka holds. What the tables hold
        is passed over then.
        """
        with self.connection.transaction():
            before = self.run("select topic_id from {schema}.reading where topic = %s", (topic,)).fetchone()
            offsets = self.offsets() if topic == ENTRIES else {0: self.published()[1]}
            anew = (before is not None and before[0] != topic_id) or any(ends.get(n, 0) < o for n, o in offsets.items())
            if anew and topic == ENTRIES:
                self.run("delete from {schema}.checkpoint")
            elif anew:
                self.run("update {schema}.publishing set next_offset = 0")
            self.run(
                "insert into {schema}.reading values (%s, %s) on conflict (topic) do update"
                " set topic_id = excluded.topic_id",
                (topic, topic_id or ""),
            )
        return anew

    def parked(self) -> set[UUID]:
        """Return the records whose entries wait."""
        return {row[0] for row in self.run("select distinct child from {schema}.parked where left_out_by is null")}

    def load(self, children: set[UUID]) -> Loaded:
        """Read back these records and all that merge statements join to them."""
        linked = self._linked(children) if self._any_links else {}
        return self._load(children.union(*linked.values()), linked)

    def load_alone(self, children: set[UUID]) -> Loaded:
        """Read back these records and nothing else."""
        return self._load(children, {})

    def _load(self, children: set[UUID], linked: dict[UUID, frozenset[UUID]]) -> Loaded:
        wanted = list(children)
        entries: dict[UUID, list[Entry]] = {}
        for child, payload in self.run(
            "select child, payload from {schema}.entries where child = any(%b) order by child, position", (wanted,)
        ):
            entries.setdefault(child, []).append(read_entry(bytes(payload)))
        held: dict[UUID, Opened] = {}
        for table, content in INTERVALS.items():
            for row in self.run(
                f"select person, position, number, {', '.join(content)} from {{schema}}.{table}"  # noqa: S608
                " where person = any(%b) and recorded_until is null",
                (wanted,),
            ):
                interval = cast(Interval, (table, tuple(row[3:])))
                held.setdefault(row[0], {})[interval] = (row[1], row[2])
        return Loaded(entries, linked, held)

    def load_lane(self, agency: Agency, level: int) -> Lane:
        """Read back how far an agency has signed for its feed at one level of surety."""
        given = (OF_AGENCY[agency], level)
        steps = self.run(
            "select first, last, least(at, recorded_at) from {schema}.receipts"
            " where record = %s and level = %s and step order by position desc limit %s",
            (*given, REMEMBERED),
        ).fetchall()
        latest, forgotten = self.run(
            "select max(time), max(time) filter (where ago > %s) from ("
            " select least(at, recorded_at) as time, row_number() over (order by position desc) as ago"
            " from {schema}.receipts where record = %s and level = %s and step) s",
            (REMEMBERED, *given),
        ).fetchone() or (None, None)
        lane = Lane(steps[0][1] if steps else 0, latest=latest, forgotten=forgotten)
        lane.steps.extend(NumbersCovered(first, time) for first, _, time in reversed(steps))
        return lane

    def published(self) -> tuple[int, int]:
        """Return the last batch of publications in the tables, and the next offset to read."""
        row = self.run("select batch, next_offset from {schema}.publishing").fetchone()
        assert row is not None
        return row[0], row[1]

    def write_publications(self, batches: Sequence[PublicationBatch], next_offset: int) -> None:
        """Write batches of publications and how far they reach; in the caller's transaction."""
        rows = [row for batch in batches for row in publication_rows(batch)]
        if rows:
            self.insert("publications", rows)
        self.insert("batches", [of_batch(batch) for batch in batches])
        last = batches[-1]
        self.run(
            "update {schema}.publishing set batch = %s, position = %s, published_at = %s, settled = %s,"
            " next_offset = %s",
            (last.number, last.to_position, read_clock(last.published_at), last.settled, next_offset),
        )

    def settle(self) -> None:
        """Go on with settled time, where these tables hold all that it is about; in the caller's transaction.

        The role `feeds` says how far it reaches; before it has said so once, there is nothing to go on with.
        """
        if self.run("select to_regclass('ledger.settled') is not null").fetchone() != (True,):
            return
        moved = self.run(
            "update {schema}.publishing u set published_at = s.at, settled = true from ledger.settled s"
            " where u.batch = s.batch and u.position = s.position and s.at > u.published_at returning s.at"
        ).fetchone()
        if moved is not None:
            self.run(
                "update {schema}.holding h set complete_to = greatest(h.complete_to, s.at) from ledger.settled s"
                " where h.batch = s.batch and h.position = s.position and s.at = %s",
                (moved[0],),
            )

    def linked_records(self) -> list[frozenset[UUID]]:
        """Return the sets of records that merge statements ever joined."""
        children = {row[0] for row in self.run("select distinct child from {schema}.links")}
        return list(set(self._linked(children).values()))

    def messages_of(self, children: Iterable[UUID]) -> list[EntryMessage]:
        """Return the entries of these records, applied and waiting, in order of position."""
        rows = self.run(
            "select child, position, recorded_at, payload from {schema}.entries where child = any(%b)"
            " union all select child, position, recorded_at, payload from {schema}.parked where child = any(%b)"
            " order by position",
            (list(children), list(children)),
        )
        return [
            EntryMessage(position, 0, child, recorded_at, 0, 0, bytes(payload))
            for child, position, recorded_at, payload in rows
        ]

    def clear(self, children: Sequence[UUID]) -> None:
        """Take out everything derived of these records, and their entries, to apply them anew."""
        for table, column in _DERIVED.items():
            self.run(f"delete from {{schema}}.{table} where {column} = any(%b)", (list(children),))  # noqa: S608
        self.run("insert into {schema}.held_again select unnest(%b::uuid[]) on conflict do nothing", (list(children),))

    def write(self, changes: Changes, offsets: dict[int, int], position: int, recorded_at: datetime | None) -> None:
        """Write a batch's rows and the checkpoint; in the caller's transaction."""
        for table, rows in changes.rows():
            self.insert(table, rows)
        self._any_links = self._any_links or bool(changes.links)
        for table in INTERVALS:
            closed = [row[1:] for row in changes.closed if row[0] == table]
            if closed:
                self.run(
                    f"update {{schema}}.{table} t set recorded_until = c.until from"  # noqa: S608
                    " unnest(%b::uuid[], %b::bigint[], %b::int[], %b::timestamptz[])"
                    " as c(person, position, number, until)"
                    " where t.person = c.person and t.position = c.position and t.number = c.number",
                    _columns(closed),
                )
        if offsets:
            self.run(
                "insert into {schema}.checkpoint select * from unnest(%b::int[], %b::bigint[])"
                " on conflict (partition) do update set next_offset = excluded.next_offset",
                _columns(list(offsets.items())),
            )
        if position:
            self.run("update {schema}.progress set position = %s, recorded_at = %s", (position, recorded_at))

    def insert(self, table: str, rows: Sequence[tuple[Any, ...]]) -> None:
        """Write rows, in the order of the table's columns; in the caller's transaction."""
        repeated = _REPEATED.get(table)
        if repeated is None:
            self.copy(table, rows)
            return
        columns = COLUMNS[table]
        names = ", ".join(columns)
        given = ", ".join(f"%b::{'text' if of == 'jsonb' else of}[]" for of in columns.values())
        values = ", ".join(f"{column}::jsonb" if of == "jsonb" else column for column, of in columns.items())
        distinct, conflict = repeated
        self.run(
            f"insert into {{schema}}.{table} as t ({names})"  # noqa: S608
            f" select {distinct} {values} from unnest({given}) as given({names}){conflict}",
            _columns(rows),
        )

    def copy(self, table: str, rows: Iterable[tuple[Any, ...]]) -> None:
        """Write rows none of which is there yet: an array a column costs more than twice as much."""
        columns = COLUMNS[table]
        statement = SQL("copy {} ({}) from stdin").format(
            Identifier(self.schema, table), SQL(", ").join(map(Identifier, columns))
        )
        in_binary = "jsonb" not in columns.values()
        if in_binary:
            statement += SQL(" (format binary)")
        with self.connection.cursor() as cursor, cursor.copy(statement) as copy:
            if in_binary:
                copy.set_types(list(columns.values()))
            for row in rows:
                copy.write_row(row)

    def _linked(self, children: set[UUID]) -> dict[UUID, frozenset[UUID]]:
        linked: dict[UUID, frozenset[UUID]] = {}
        for _, members in self.run(
            "with recursive reached(start, child) as ("
            " select distinct l.child, l.child from {schema}.links l where l.child = any(%b)"
            " union select r.start, l.other from reached r join {schema}.links l on l.child = r.child)"
            " select start, array_agg(child) from reached group by start",
            (list(children),),
        ):
            joined = frozenset(members)
            linked.update(dict.fromkeys(joined, joined))
        return linked

    def _has_links(self) -> bool:
        row = self.run("select exists (select from {schema}.links)").fetchone()
        return bool(row and row[0])

    def run(self, statement: str, values: Sequence[Any] = ()) -> Cursor[TupleRow]:
        """Execute a statement in which `{schema}` stands for this version."""
        query = SQL(statement).format(schema=Identifier(self.schema))
        return self.connection.execute(query, values)


def _columns(rows: Sequence[tuple[Any, ...]]) -> list[list[Any]]:
    """Turn rows into one list a column, as `unnest` takes them."""
    return [list(column) for column in zip(*rows, strict=True)]


def _newest(table: str) -> tuple[str, str]:
    """The present state of a record takes the place of the one before."""
    columns = list(COLUMNS[table])
    return "", " on conflict (child) do update set " + ", ".join(f"{c} = excluded.{c}" for c in columns[1:])


_REPEATED: Final = {
    "current_location": _newest("current_location"),
    "status": _newest("status"),
    "identifiers": (
        "distinct on (scheme, value, turn)",
        " order by scheme, value, turn, position on conflict (scheme, value, turn) do update"
        " set child = excluded.child, position = excluded.position, recorded_at = excluded.recorded_at"
        " where t.position > excluded.position",
    ),
    "released_identifiers": ("", " on conflict do nothing"),
    "links": ("", " on conflict do nothing"),
}
"""What to do where a row with that key is there already: (`distinct` of the batch's rows, `on conflict`)."""
