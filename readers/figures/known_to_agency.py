"""What an agency or group held of all children at K, by R: which rows of what is held apply, and who must be folded.

How far an agency was on its feed, and with its own entries, says which rows apply. Children whose steps it did not come
to know in that order are told apart, and what it knew of them is folded as in their views; no answer is a guess.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final
from uuid import UUID

from psycopg import Cursor

from ledger.agencies import AGENCIES, RECEIVERS, Agency
from ledger.entry import Entry
from ledger.facts import EntryVoided, IdentityMerged, IdentityUnmerged
from ledger.records.merges import person_of
from ledger.streams import OF_AGENCY
from projections.fold.amended import Effective
from projections.holdings.boxes import BITS, LEADING
from projections.knowledge.history import ledger_moments
from projections.knowledge.moments import GRADES, TOLD, known_set
from projections.knowledge.viewpoint import about_person, one_person, standing
from projections.rows.columns import FEEDS, STEPS
from readers.child.known_set import LEDGER, Stated, Viewpoint, stated_by
from readers.moments import Moments, MomentsAsked
from readers.named_sql import named
from readers.snapshot import Rows

SQL: Final = named(Path(__file__).with_name("known_to_agency.sql"))
Ranges = Sequence[tuple[int, int]]
"""Numbers as ranges, both ends in them, in order."""


@dataclass(frozen=True, slots=True)
class HeldBy:
    """Which rows say what a viewpoint held: a condition on `r`, its parameters, and the children to fold instead."""

    viewpoint: Viewpoint
    moments: Moments
    condition: str
    given: Mapping[str, Any]
    folded: frozenset[UUID]


@dataclass(frozen=True, slots=True)
class Folded:
    """One person as a viewpoint knew her: her records, and what of her entries takes part in the fold."""

    person: UUID
    records: frozenset[UUID]
    moving: Sequence[Effective]
    joined_by: frozenset[int]
    """The positions of what it knew of their merges."""


def held_by(cursor: Cursor[Rows], version: str, viewpoint: Viewpoint, moments: Moments) -> HeldBy:
    """Return how far a viewpoint was at K by R; `version` is the schema of the read tables."""
    prefix = viewpoint.name.lower().replace("-", "_")
    given: dict[str, Any] = {"known_at": moments.known_at, "recorded_by": moments.recorded_by}
    folded = _out_of_order(cursor, version, viewpoint) | _taught(cursor, version, viewpoint, moments)
    far: dict[Agency, int] = {}
    for agency in viewpoint.agencies:
        if agency in RECEIVERS:
            far[agency], others = told_apart(_known_numbers(cursor, version, agency, viewpoint, moments))
            given[f"{prefix}_{FEEDS[agency]}"] = far[agency]
            folded |= _numbered(cursor, version, agency, others)
    leading = LEADING.get(viewpoint.name, ())
    for agency, up_to in far.items():
        if agency not in leading and up_to:
            folded |= _ahead(cursor, version, agency, up_to, {one: far[one] for one in leading})
    return HeldBy(viewpoint, moments, _condition(viewpoint, prefix), given, frozenset(folded))


def _condition(viewpoint: Viewpoint, prefix: str) -> str:
    """Return the SQL condition on a row `r` of what is held."""
    start, until, other_start, other_until = (_knows(viewpoint, prefix, bound) for bound in STEPS)
    return (
        f"(r.views & {BITS[viewpoint.name]}) <> 0"
        f" and (r.start_at is null or {start}) and (r.until_at is null or not {until})"
        f" and (not r.grid or ((r.other_start_at is null or {other_start})"
        f" and (r.other_until_at is null or not {other_until})))"
    )


def _knows(viewpoint: Viewpoint, prefix: str, bound: str) -> str:
    if viewpoint.name == LEDGER:
        return f"coalesce(r.{bound}_at <= %(known_at)s, false)"
    feeds = [FEEDS[agency] for agency in viewpoint.agencies if agency in RECEIVERS]
    ways = [f"r.{bound}_{feed} <= %({prefix}_{feed})s" for feed in feeds]
    since = f"r.{bound}_at <= %(known_at)s"
    if viewpoint.basis == "any":
        since = f"r.{bound}_since <= %(known_at)s and r.{bound}_at <= %(recorded_by)s"
    produced = " or ".join(f"r.{bound}_by = {AGENCIES.index(agency)}" for agency in viewpoint.agencies)
    return f"coalesce({' or '.join((*ways, f'(({produced}) and {since})'))}, false)"


def _known_numbers(
    cursor: Cursor[Rows], version: str, agency: Agency, viewpoint: Viewpoint, moments: Moments
) -> Ranges:
    """Return the numbers of its feed of which an agency had everything, to the grade asked for."""
    feed = FEEDS[agency]
    told = int(_run(cursor, "told", version, {"moment": moments.known_at}, feed=feed)[0][0])
    if viewpoint.at_least == TOLD:
        return [(1, told)] if told else []
    given = {
        "record": OF_AGENCY[agency],
        "level": viewpoint.at_least,
        "known_at": moments.known_at,
        "recorded_by": moments.recorded_by,
        "claims": viewpoint.basis == "any",
        "told": told,
    }
    numbers = _run(cursor, "signed", version, given)[0][0] or ()
    return [(one.lower, one.upper - 1) for one in numbers]


def told_apart(known: Ranges) -> tuple[int, Ranges]:
    """Return a number up to which a feed counts as known, and those for which that is wrong: as few as can be.

    Receipts sign for everything up to a number; where single ones are missing, or signed for, they are told apart.
    """
    best, fewest = 0, sum(last - first + 1 for first, last in known)
    missing, before = 0, 0
    beyond = fewest
    for first, last in known:
        missing += first - before - 1
        beyond -= last - first + 1
        before = last
        if missing + beyond < fewest:
            best, fewest = last, missing + beyond
    others: list[tuple[int, int]] = []
    before = 0
    for first, last in known:
        if first > best:
            others.append((first, last))
        elif first > before + 1:
            others.append((before + 1, first - 1))
        before = last
    return best, others


def _numbered(cursor: Cursor[Rows], version: str, agency: Agency, numbers: Ranges) -> set[UUID]:
    if not numbers:
        return set()
    feed = FEEDS[agency]
    given = {"first": [first for first, _ in numbers], "last": [last for _, last in numbers]}
    batches = {"first_batch": _reaching(feed, "n.first"), "last_batch": _reaching(feed, "n.last")}
    return {row[0] for row in _run(cursor, "numbered", version, given, feed=feed, **batches)}


def _ahead(cursor: Cursor[Rows], version: str, agency: Agency, up_to: int, leading: Mapping[Agency, int]) -> set[UUID]:
    """Return the children of whom an agency of a group knew something that those who lead it did not."""
    feed = FEEDS[agency]
    led = " or ".join(f"d.{FEEDS[one]} <= {far}" for one, far in leading.items())
    firsts = " union all ".join(f"({_reaching(FEEDS[one], str(far + 1))})" for one, far in leading.items())
    batches = {"first_batches": firsts, "last_batch": _reaching(feed, "%(up_to)s")}
    return {row[0] for row in _run(cursor, "ahead", version, {"up_to": up_to}, feed=feed, led=led, **batches)}


def _reaching(feed: str, number: str) -> str:
    return SQL["reaching"].replace("{feed}", feed).replace("{number}", number)


def _out_of_order(cursor: Cursor[Rows], version: str, viewpoint: Viewpoint) -> set[UUID]:
    given = {"bit": BITS[viewpoint.name], "told": viewpoint.at_least == TOLD}
    return {row[0] for row in _run(cursor, "out_of_order", version, given)}


def _taught(cursor: Cursor[Rows], version: str, viewpoint: Viewpoint, moments: Moments) -> set[UUID]:
    """Return the children of whom reading an answer may have taught somebody something.

    An answer about what the readers themselves knew, as surely as is asked for, held nothing that they do not know.
    """
    given = {
        "records": [OF_AGENCY[agency] for agency in viewpoint.agencies],
        "recorded_by": moments.recorded_by,
        "teach_nothing": [viewpoint.name, *viewpoint.agencies],
        "as_sure": list(GRADES[viewpoint.at_least :]),
        "claims": viewpoint.basis == "any",
    }
    return {row[0] for row in _run(cursor, "reads", version, given)}


def folded(cursor: Cursor[Rows], held: HeldBy) -> list[Folded]:
    """Return the persons whom the children to fold come to, each once, as the viewpoint knew them."""
    persons: dict[UUID, Folded] = {}
    for child in sorted(held.folded):
        found = fold(cursor, child, held)
        if found is not None:
            persons[found.person] = found
    return list(persons.values())


def fold(cursor: Cursor[Rows], child: UUID, held: HeldBy) -> Folded | None:
    """Return one child as the viewpoint knew her; None: it knew nothing of her."""
    viewpoint = held.viewpoint
    asked = MomentsAsked(known_at=held.moments.known_at, recorded_by=held.moments.recorded_by)
    stated = stated_by(cursor, ("ledger", str(child)), asked, viewpoint.agencies)
    return None if stated is None else known_person(stated, child, viewpoint)


def known_person(stated: Stated, child: UUID, viewpoint: Viewpoint) -> Folded | None:
    """Return one child as a viewpoint knew her by what had been stated; None: it knew nothing of her."""
    moments = ledger_moments(stated.entries) if viewpoint.name == LEDGER else stated.held(viewpoint.agencies)
    seen = known_set(
        stated.entries,
        moments,
        known_at=stated.moments.known_at,
        basis=viewpoint.basis,
        at_least=viewpoint.at_least,
    )
    group = one_person(child, seen)
    its = about_person(seen, group)
    if not its:
        return None
    moving = [shown.one for shown in standing(its) if shown.moves]
    person = person_of(group)
    said = said_of_merges((one.entry for one in its), dict.fromkeys(group, person)) if len(group) > 1 else {}
    return Folded(person, group, moving, said.get(person, frozenset()))


def said_of_merges(statements: Iterable[Entry], persons: Mapping[UUID, UUID]) -> dict[UUID, frozenset[int]]:
    """Return what was said of the merges that made up each person: merges, unmerges, and voids of these."""
    said: dict[UUID, set[int]] = {}
    of_merges: set[int] = set()
    for entry in sorted(statements, key=lambda entry: entry.position):
        fact = entry.fact
        if isinstance(fact, IdentityMerged | IdentityUnmerged) or (
            isinstance(fact, EntryVoided) and fact.voids in of_merges
        ):
            of_merges.add(entry.position)
            if entry.child in persons:
                said.setdefault(persons[entry.child], set()).add(entry.position)
    return {person: frozenset(positions) for person, positions in said.items()}


def _run(cursor: Cursor[Rows], name: str, version: str, given: Mapping[str, Any], **parts: str) -> list[Rows]:
    statement = SQL[name]
    for part, text in {**parts, "schema": version}.items():
        statement = statement.replace(f"{{{part}}}", text)
    return cursor.execute(statement.encode(), given).fetchall()
