"""A child's entries as one agency sees them: what it does not know is taken out before anything is folded.

Corrections, voids, disputes and merges act where they are in the known set, with the members known of them. The fold
then sees facts of which some members are absent; a fact that does not show what decides it moves nothing.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final, NamedTuple
from uuid import UUID

from ledger.entry import Entry
from ledger.facts import (
    CorrectionIssued,
    EntryDisputed,
    EntryVoided,
    FindingResolved,
    IdentityMerged,
    IdentityUnmerged,
    NoticeGiven,
)
from ledger.facts.relief import reveals_relief
from ledger.records.merges import groups
from ledger.sharing.belonging import about_person as about
from projections.fold.amended import Effective, effective
from projections.fold.questions import DECIDING
from projections.knowledge.moments import Seen, names

_TARGETS: Final[dict[type[Any], str]] = {
    CorrectionIssued: "corrects",
    EntryVoided: "voids",
    EntryDisputed: "position",
    FindingResolved: "position",
}
_JOINING: Final[frozenset[type[Any]]] = frozenset((IdentityMerged, IdentityUnmerged, EntryVoided))
_OF_PAIRS: Final[frozenset[type[Any]]] = frozenset((IdentityMerged, IdentityUnmerged))
_NO_MEMBERS: Final[frozenset[str]] = frozenset()


class Shown(NamedTuple):
    """An entry as an agency sees it: as its known statements leave it, without the members it does not know.

    `withheld` names those members; `moves` says whether what is known of the fact is enough for the fold.
    """

    one: Effective
    original: Mapping[str, Any]
    withheld: tuple[str, ...]
    moves: bool


def acting(seen: Iterable[Seen]) -> list[Entry]:
    """Return the entries of a known set with their statements cut to what is known of them.

    A statement of which the target is not known names none.
    """
    return [one.entry if one.members is None else _cut(one.entry, one.members) for one in seen]


def one_person(root: UUID, seen: Iterable[Seen]) -> frozenset[UUID]:
    """Return the records that are one person with `root` by the merges in the known set, as far as they are known."""
    joining = [one for one in seen if type(one.entry.fact) in _JOINING and _may_join(one)]
    return groups(acting(joining)).get(root, frozenset((root,))) if joining else frozenset((root,))


def about_person(seen: Sequence[Seen], group: frozenset[UUID]) -> list[Seen]:
    """Return what of a known set is about the person of these records: nothing, where no entry of theirs is known.

    A statement under another record is about her if what is known of it says so.
    """
    its = [one for one in seen if one.entry.child in group]
    if not its or len(its) == len(seen):
        return its
    near = [one for one in seen if one.entry.child in group or type(one.entry.fact) not in _OF_PAIRS or _may_join(one)]
    positions = {entry.position for entry in about(acting(near), group)}
    return [one for one in near if one.entry.position in positions]


def _may_join(one: Seen) -> bool:
    return one.members is None or type(one.entry.fact) is EntryVoided or "other" in one.members


def _cut(entry: Entry, members: frozenset[str]) -> Entry:
    fact = entry.fact
    target = _TARGETS.get(type(fact))
    if target is not None and target not in members:
        fact = fact.model_copy(update={target: 0})
        entry = entry._replace(fact=fact)
    elif type(fact) is NoticeGiven and "positions" not in members:
        entry = entry._replace(fact=fact.model_copy(update={"positions": ()}))
    if type(fact) is CorrectionIssued:
        known = {member: value for member, value in fact.set.items() if _known(member, members)}
        if len(known) < len(fact.set):
            cut = fact.model_copy(update={"set": known})
            return entry._replace(fact=cut, recorded_fact={**entry.recorded_fact, "set": known})
    return entry


def _known(member: str, members: frozenset[str]) -> bool:
    return member == "occurred_at" or f"set.{member}" in members


def standing(seen: Sequence[Seen]) -> list[Shown]:
    """Return the known set as its own statements leave it, in order of position, without what is not known."""
    by_position = {one.entry.position: one for one in seen}
    left = effective(acting(seen))
    sets = {one.entry.position: one.shown_fact["set"] for one in left if type(one.fact) is CorrectionIssued}
    return [_shown(one, by_position[one.entry.position], sets) for one in left]


def _shown(one: Effective, seen: Seen, sets: Mapping[int, Mapping[str, Any]]) -> Shown:
    entry, members = seen.entry, seen.members
    if members is None:
        return Shown(one, one.entry.recorded_fact, (), True)
    new = {member for position in one.corrected_by for member in sets[position]} if one.corrected_by else _NO_MEMBERS
    if type(entry.fact) is CorrectionIssued:
        shown = {m: v for m, v in one.shown_fact.items() if m in members or m == "set"}
        original = {m: v for m, v in one.entry.recorded_fact.items() if m in members or m == "set"}
        known = members | {"set.occurred_at", *(f"set.{member}" for member in new)}
        withheld = tuple(m for m in names(entry) if m not in known)
        return Shown(one._replace(shown_fact=shown), original, withheld, True)
    visible = members | new
    shown = {member: value for member, value in one.shown_fact.items() if member in visible}
    original = {member: value for member, value in entry.recorded_fact.items() if member in members}
    withheld = tuple(
        member
        for member, value in entry.recorded_fact.items()
        if member not in visible and not reveals_relief(entry.type, member, value)
    )
    fact = one.fact
    hidden = [name for name, value in fact if name not in visible and value is not None]
    decides = DECIDING.get(type(fact), _NO_MEMBERS)
    if hidden:
        fact = fact.model_copy(update=dict.fromkeys(hidden))
    masked = entry._replace(fact=fact, recorded_fact=shown)
    moves = decides.isdisjoint(hidden)
    return Shown(one._replace(entry=masked, fact=fact, shown_fact=shown), original, withheld, moves)
