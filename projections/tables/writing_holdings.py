"""What agencies hold, as it is kept in one version of the read tables: what to work out next, and writing the rows."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any
from uuid import UUID

from projections.rows.columns import FEEDS, HELD_TABLES
from projections.tables.writing import Tables

_LOOK_AHEAD = 2000
"""Positions have gaps: a writer that was killed leaves a thousand out."""


class HeldTables:
    """The tables of what is held, and the entries and publications they follow from."""

    def __init__(self, tables: Tables) -> None:
        self._tables = tables

    def reached(self) -> tuple[int, int]:
        """Return up to which batch, and which entry, what is held is worked out."""
        row = self._tables.run("select batch, position from {schema}.holding").fetchone()
        assert row is not None
        return row[0], row[1]

    def last(self) -> tuple[int, int]:
        """Return the last batch of which every entry is there, and up to which entry it publishes; 0: none."""
        row = self._tables.run(
            "select b.batch, b.to_position from {schema}.batches b, {schema}.progress p"
            " where b.to_position <= p.position and p.one order by b.batch desc limit 1"
        ).fetchone()
        return (0, 0) if row is None else (row[0], row[1])

    def batches_after(self, batch: int, most: int, up_to: int | None) -> list[tuple[int, int]]:
        """Return the next batches, each with the last entry it publishes; those of which every entry is there."""
        return self._tables.run(
            "select b.batch, b.to_position from {schema}.batches b, {schema}.progress p"
            " where b.batch > %s and (%s::bigint is null or b.batch <= %s) and b.to_position <= p.position and p.one"
            " order by b.batch limit %s",
            (batch, up_to, up_to, most),
        ).fetchall()

    def touched(self, after_batch: int, batch: int, after_position: int, position: int) -> Iterable[tuple[UUID, bytes]]:
        """Return the entries recorded and told between these: the record, and how the payload begins, with its type."""
        return self._tables.run(
            "select p.child, substring(e.payload for 200) from {schema}.publications p"
            " join {schema}.entries e on e.child = p.child and e.position = p.position"
            " where p.batch > %s and p.batch <= %s"
            " union all"
            " select e.child, substring(e.payload for 200) from {schema}.entries e"
            " where e.position > %s and e.position <= %s",
            (after_batch, batch, after_position, position),
        )

    def again(self) -> set[UUID]:
        """Return the records that were made anew otherwise, and forget that they were; in the caller's transaction."""
        return {row[0] for row in self._tables.run("delete from {schema}.held_again returning child")}

    def payloads(self, children: Sequence[UUID], position: int) -> Iterable[tuple[UUID, bytes]]:
        """Return the entries of these records up to a position, in its order."""
        return self._tables.run(
            "select child, payload from {schema}.entries where child = any(%b) and position <= %b"
            " order by child, position",
            (list(children), position),
        )

    def published(self, children: Sequence[UUID], batch: int) -> Iterable[tuple[Any, ...]]:
        """Return what was told of these records up to a batch, in that order."""
        return self._tables.run(
            f"select child, position, published_at, {', '.join(FEEDS.values())}, withheld, unsaid"  # noqa: S608
            " from {schema}.publications where child = any(%b) and batch <= %b order by child, batch, item",
            (list(children), batch),
        )

    def replace(self, children: Sequence[UUID], rows: Mapping[str, Sequence[tuple[Any, ...]]]) -> None:
        """Put these rows in place of all that is held of these records."""
        for table in HELD_TABLES:
            self._tables.run(f"delete from {{schema}}.{table} where child = any(%b)", (list(children),))  # noqa: S608
        for table, of_table in rows.items():
            self._tables.insert(table, of_table)

    def reach(self, batch: int, position: int, before: int) -> None:
        """Say how far what is held is worked out, and up to which moment: that of the last entry after `before`, or of
        the batch, as far as no later entry was recorded by then."""
        self._tables.run(
            "update {schema}.holding h set batch = %s, position = %s, complete_to = greatest("
            " coalesce((select max(recorded_at) from {schema}.entries where position > %s and position <= %s),"
            "  h.complete_to),"
            " (select least(b.published_at, n.next - interval '1 microsecond') from {schema}.batches b,"
            "  (select min(recorded_at) as next from {schema}.entries where position > %s and position <= %s) n"
            "  where b.batch = %s and n.next is not null))",
            (batch, position, before, position, position, position + _LOOK_AHEAD, batch),
        )
