"""Who was told what of a child, entry by entry: every moment of each agency, `custody knows --json`."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, NamedTuple, get_args
from uuid import UUID

from psycopg import Connection

from ledger.agencies import RECEIVERS, Agency
from ledger.entry import Entry
from ledger.facts import BY_WIRE, EntryVoided, IdentityMerged, IdentityUnmerged, NoticeGiven, short_name
from ledger.records.merges import groups
from ledger.records.voids import standing_voids
from ledger.sharing.belonging import about_person
from ledger.times import When, first_instant, last_instant, write_clock, write_when
from projections.fold.amended import effective
from projections.knowledge.moments import GRADES, Channel, Moment
from readers.child.known_set import Stated, Viewpoint, all_stated
from readers.child.records import check_is_a_child, known
from readers.moments import MomentsAsked, Name
from readers.snapshot import Rows
from readers.unanswerable import NotShownError, WrongQuestionError

_JOINING: Final = (IdentityMerged, IdentityUnmerged, EntryVoided)
WAYS: Final[tuple[str, ...]] = get_args(NoticeGiven.model_fields["channel"].annotation)
"""How a notice can be given."""
CHANNELS: Final[tuple[str, ...]] = (*get_args(Channel), *WAYS)
"""Through which an agency can come to know an entry; a notice also by the way in which it was given."""
FACTS: Final = tuple(dict.fromkeys(short_name(wire) for wire in BY_WIRE))


@dataclass(frozen=True, slots=True)
class Picked:
    """Which moments are asked for; None: any. `since` and `until` bound when the agency came to know it."""

    grade: str | None = None
    channel: str | None = None
    fact: str | None = None
    since: When | None = None
    until: When | None = None

    @property
    def of_moments(self) -> bool:
        """Whether entries of which no moment is picked are left out."""
        return any(one is not None for one in (self.grade, self.channel, self.since, self.until))


ANY: Final = Picked()


class _Notice(NamedTuple):
    """How a notice was given, and by whom."""

    way: str
    by: str


def checked(picked: Picked) -> Picked:
    """Return what is asked for; raises `WrongQuestionError` that names what there is."""
    for option, value, there_are in (
        ("--grade", picked.grade, GRADES),
        ("--channel", picked.channel, CHANNELS),
        ("--type", picked.fact, (*FACTS, *BY_WIRE)),
    ):
        if value is not None and value not in there_are:
            shown = FACTS if option == "--type" else there_are
            raise WrongQuestionError(f"{option} {value!r} is none there is; there are {', '.join(shown)}")
    return picked


def knows(
    connection: Connection[Rows], child: Name, asked: MomentsAsked, viewpoint: Viewpoint, picked: Picked = ANY
) -> dict[str, Any]:
    """Return for each entry recorded by R, and each agency, since when it had it to which grade, and how.

    Raises what `known` raises.
    """
    check_is_a_child(child)
    checked(picked)
    stated = all_stated(connection, child, asked, viewpoint.agencies or RECEIVERS)
    if stated is None:
        known(connection, child, asked)
        raise NotShownError("nothing is published yet, so nobody can say who was told; is the role `feeds` running?")
    return told(stated, viewpoint, picked)


def told(stated: Stated, viewpoint: Viewpoint, picked: Picked = ANY) -> dict[str, Any]:
    """Return who was told what, of all that was stated by R.

    A step of an agency's ladder is its first moment of that grade or a higher one; `moments` are all it has, in order
    of time, also those that come after it knew as much by another way.
    """
    agencies = viewpoint.agencies or RECEIVERS
    entries = of_person(stated)
    held = stated.held(agencies)
    voids = standing_voids(entries)
    given = _notices(stated.entries)
    shown = []
    for entry in entries:
        if picked.fact not in (None, entry.type, short_name(entry.type)):
            continue
        moments = [
            moment
            for moment in held.get(entry.position, ())
            if moment.time(viewpoint.basis) is not None and _is_picked(moment, viewpoint, picked, given, stated.zone)
        ]
        if picked.of_moments and not moments:
            continue
        shown.append(
            {
                "position": entry.position,
                "type": entry.type,
                "occurred_at": None if entry.occurred_at is None else write_when(entry.occurred_at),
                "recorded_at": write_clock(entry.recorded_at),
                "producer": {"agency": entry.producer.agency},
                "voided_by": voids.get(entry.position, ()),
                "agencies": {
                    agency: ladder
                    for agency in agencies
                    if (ladder := _ladder(moments, agency, viewpoint, picked.grade, given))
                },
                "moments": _all(moments, viewpoint, given),
            }
        )
    return {
        "child": str(stated.child),
        "as": viewpoint.name,
        "basis": viewpoint.basis,
        "recorded_by": write_clock(stated.moments.recorded_by),
        "complete_to": write_clock(stated.moments.complete_to),
        "zone": stated.zone,
        "clock": stated.found.clock,
        "entries": shown,
    }


def _notices(entries: Iterable[Entry]) -> Mapping[int, _Notice]:
    """Return how each notice among these entries was given, as corrected, and who gave it; by its position."""
    if not any(type(entry.fact) is NoticeGiven for entry in entries):
        return {}
    return {
        one.entry.position: _Notice(one.fact.channel, one.entry.producer.agency)
        for one in effective(entries)
        if isinstance(one.fact, NoticeGiven)
    }


def _is_picked(moment: Moment, viewpoint: Viewpoint, picked: Picked, given: Mapping[int, _Notice], zone: str) -> bool:
    at = moment.time(viewpoint.basis)
    assert at is not None
    if picked.grade is not None and GRADES[moment.grade] != picked.grade:
        return False
    if picked.channel not in (None, moment.channel, _notice(moment, given).way):
        return False
    if picked.since is not None and at < first_instant(picked.since, zone):
        return False
    return picked.until is None or at <= last_instant(picked.until, zone)


_NONE: Final = _Notice("", "")


def _notice(moment: Moment, given: Mapping[int, _Notice]) -> _Notice:
    if moment.channel != "notice" or moment.position is None:
        return _NONE
    return given.get(moment.position, _NONE)


def of_person(stated: Stated) -> Sequence[Entry]:
    """Return the entries about the person by what the ledger holds, in order of position."""
    return about_person(stated.entries, group_of(stated))


def group_of(stated: Stated) -> frozenset[UUID]:
    """Return the records that are one person by what the ledger holds."""
    joining = (entry for entry in stated.entries if isinstance(entry.fact, _JOINING))
    return groups(joining).get(stated.child, frozenset((stated.child,)))


_Timed = tuple[datetime, int, int, Moment]


def _timed(moments: Iterable[Moment], viewpoint: Viewpoint) -> list[_Timed]:
    """Return moments with what puts them in order: the earliest first, then the higher grade, then what was stated."""
    timed = [
        (at, -moment.grade, moment.position or 0, moment)
        for moment in moments
        if (at := moment.time(viewpoint.basis)) is not None
    ]
    return sorted(timed, key=lambda one: one[:3])


def _ladder(
    moments: Iterable[Moment], agency: Agency, viewpoint: Viewpoint, grade: str | None, given: Mapping[int, _Notice]
) -> dict[str, Any]:
    """Return the first moment of each grade or a higher one; grades never reached, or not asked for, are left out."""
    timed = _timed((moment for moment in moments if moment.agency == agency), viewpoint)
    steps: dict[str, Any] = {}
    for number, name in enumerate(GRADES):
        reached = [one for one in timed if one[3].grade >= number]
        if reached and grade in (None, name):
            steps[name] = _step(reached[0][0], reached[0][3], given)
    return steps


def _all(moments: Iterable[Moment], viewpoint: Viewpoint, given: Mapping[int, _Notice]) -> list[dict[str, Any]]:
    return [
        {"agency": moment.agency, "grade": GRADES[moment.grade], **_step(at, moment, given)}
        for at, _, _, moment in _timed(moments, viewpoint)
    ]


def _step(at: datetime, moment: Moment, given: Mapping[int, _Notice]) -> dict[str, Any]:
    claimed = moment.claimed is not None and at == moment.claimed
    bound = moment.not_before if not claimed and moment.not_before is not None else at
    notice = _notice(moment, given)
    return {
        "at": write_clock(at),
        "not_before": write_clock(bound),
        "basis": "claimed" if claimed else "proven",
        "channel": moment.channel,
        "notice": None if notice is _NONE else {"channel": notice.way, "by": notice.by},
        "number": moment.number,
        "position": moment.position,
        "members": "all" if moment.members is None else sorted(moment.members),
    }
