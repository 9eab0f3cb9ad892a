"""What one agency, or a group, knew of a child: its known set at K by what was stated by R (knowledge: view)."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from operator import attrgetter
from typing import Final, NamedTuple
from uuid import UUID

from psycopg import Connection, Cursor

from ledger.agencies import AGENCIES, GROUPS, Agency
from ledger.entry import Entry
from ledger.facts import IdentifierAsserted
from ledger.identifiers import shown
from ledger.times import write_clock
from projections.knowledge.moments import DELIVERED, GRADES, Basis, Moment, Seen, known_set
from projections.knowledge.reads import EverythingStated as Said
from projections.knowledge.reads import all_moments
from projections.knowledge.viewpoint import about_person, one_person
from readers.child.records import Found, Parked, asked_then, check_is_a_child, first_parked, known
from readers.child.stated import agencies_of, stated_row
from readers.choosing import one_of
from readers.moments import Moments, MomentsAsked, Name, settle
from readers.snapshot import Rows, at_once, in_snapshot
from readers.unanswerable import NothingKnownError

LEDGER: Final = "ledger"


@dataclass(frozen=True, slots=True)
class Viewpoint:
    """Whose knowledge is asked for, by which basis and from which grade on."""

    name: str = LEDGER
    basis: Basis = "any"
    at_least: int = DELIVERED

    @property
    def agencies(self) -> tuple[Agency, ...]:
        """The agency, or those of the group; none for the ledger itself."""
        return agencies_of(self.name)


def parse_viewpoint(name: str | None, basis: str | None, at_least: str | None, *, option: str = "--as") -> Viewpoint:
    """Read `--as` (or what else is called `option`), `--basis` and `--at-least`.

    Raises `WrongQuestionError` that names what there is.
    """
    name = LEDGER if name is None else one_of(name, (*AGENCIES, *GROUPS, LEDGER), "agency or group", option=option)
    basis = None if basis is None else one_of(basis, ("any", "proven"), "basis", option="--basis")
    at_least = None if at_least is None else one_of(at_least, GRADES, "grade", option="--at-least")
    return Viewpoint(
        name,
        "proven" if basis == "proven" else "any",
        DELIVERED if at_least is None else GRADES.index(at_least),
    )


class KnownTo(NamedTuple):
    """What somebody knew of one person: the known set, in order of position, never empty."""

    child: UUID
    group: frozenset[UUID]
    identifiers: tuple[Name, ...]
    seen: Sequence[Seen]
    parked: Parked | None
    moments: Moments
    zone: str
    clock: str
    viewpoint: Viewpoint


class Stated(NamedTuple):
    """What was stated by R of a child and of all records ever joined to hers: entries, publications, receipts."""

    found: Found
    moments: Moments
    said: Said

    @property
    def entries(self) -> Sequence[Entry]:
        """The entries recorded by R, in order of position."""
        return self.said.entries

    def held(self, agencies: Collection[Agency]) -> dict[int, list[Moment]]:
        """Return every moment of these agencies, by the position of the entry known."""
        return all_moments(self.said, agencies, self.zone)

    @property
    def child(self) -> UUID:
        """The record asked for."""
        assert self.found.root is not None
        return self.found.root

    @property
    def zone(self) -> str:
        """The ledger's civil time zone."""
        return self.found.zone


def known_to(connection: Connection[Rows], child: Name, asked: MomentsAsked, viewpoint: Viewpoint) -> KnownTo:
    """Return what an agency or group knew of `child` at K, by what had been stated by R.

    Raises `NothingKnownError` when that is nothing, `NotShownError` when nothing can be shown.
    """
    check_is_a_child(child)
    stated = all_stated(connection, child, asked, viewpoint.agencies)
    if stated is None:
        known(connection, child, asked)  # the ledger's own answer says why there is nothing, if there is nothing
        raise NothingKnownError(
            f"nothing is known to {viewpoint.name} of {shown(*child)}: nothing that was stated by then is published "
            "yet; is the role `feeds` running? see `custody status`"
        )
    found = of_stated(stated, viewpoint)
    if found is None:
        if all(entry.child != stated.child for entry in stated.entries):
            known(connection, child, replace(asked, known_at=None))  # says why there is nothing, as above
        raise _nothing_known(child, viewpoint, stated.moments)
    return found


def all_stated(
    connection: Connection[Rows], child: Name, asked: MomentsAsked, agencies: Collection[Agency]
) -> Stated | None:
    """Return the same as `stated_by`, which is one statement nearly always; in a snapshot where it takes more."""

    def ask(cursor: Cursor[Rows]) -> tuple[Stated | None]:
        return (stated_by(cursor, child, asked, agencies),)

    (stated,) = at_once(connection, ask) or in_snapshot(connection, ask)
    return stated


def _nothing_known(child: Name, viewpoint: Viewpoint, moments: Moments) -> NothingKnownError:
    least = GRADES[viewpoint.at_least]
    return NothingKnownError(
        f"{viewpoint.name} knew nothing of {shown(*child)} at {write_clock(moments.known_at)} "
        f"(at least {least}, basis {viewpoint.basis}, as recorded by {write_clock(moments.recorded_by)}); "
        f"`custody knows {child[0]}:{child[1]}` shows who was told what, and when"
    )


def stated_by(cursor: Cursor[Rows], child: Name, asked: MomentsAsked, agencies: Collection[Agency]) -> Stated | None:
    """Return what was stated by R, of which these agencies may know; None where nothing is."""
    row = stated_row(cursor, child, asked, agencies)
    if row is None or row.complete_to is None:
        return None
    found = row.found
    moments = settle(asked, complete_to=row.complete_to, zone=found.zone)
    then = found.named_then(moments) if found.former else None
    if then is not None:
        name, asked_of_it = asked_then(then, asked, moments)
        return stated_by(cursor, name, asked_of_it, agencies)
    if found.root is None:
        return None
    entries = sorted(found.entries(moments), key=attrgetter("position"))
    if found.root_position is not None and all(entry.position != found.root_position for entry in entries):
        return None
    said = Said(entries, row.items, row.receipts, row.reads)
    return Stated(found, moments, said.by(moments.recorded_by))


def of_stated(stated: Stated, viewpoint: Viewpoint, at: Moments | None = None) -> KnownTo | None:
    """Return the known set that follows from what was stated; None where it is empty."""
    moments_asked = at or stated.moments
    held = stated.held(viewpoint.agencies)
    seen = known_set(
        stated.entries, held, known_at=moments_asked.known_at, basis=viewpoint.basis, at_least=viewpoint.at_least
    )
    group = one_person(stated.child, seen)
    seen = about_person(seen, group)
    if not seen:
        return None
    return KnownTo(
        child=stated.child,
        group=group.intersection(one.entry.child for one in seen) | {stated.child},
        identifiers=_identifiers([one for one in seen if one.entry.child in group], group),
        seen=seen,
        parked=first_parked(stated.found, group, moments_asked),
        moments=moments_asked,
        zone=stated.zone,
        clock=stated.found.clock,
        viewpoint=viewpoint,
    )


def _identifiers(seen: Sequence[Seen], group: Collection[UUID]) -> tuple[Name, ...]:
    """Return the identifiers that stand in what is known, each once, in order; known voids have released some."""
    names: dict[Name, None] = {}
    for one in sorted(seen, key=lambda one: one.entry.position):
        asserted = type(one.entry.fact) is IdentifierAsserted
        told = one.members is None or "identifier" in one.members
        for name in one.entry.identifiers if asserted and not told else one.entry.names():
            if name[0] != LEDGER and name not in one.entry.unattached:
                names[name] = None
        for scheme, value, _ in one.entry.released:
            names.pop((scheme, value), None)
        for scheme, value, record in one.entry.attached:
            if record in group:
                names[scheme, value] = None
    return tuple(names)
