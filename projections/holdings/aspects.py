"""What figures ask of a child, apart from each other: her care, her failures to appear, where she lives.

Each depends on few facts and few of their members, so that what an agency holds of it changes in a few steps. What is
held is folded by the code that gives the views, from the entries and members that the agency knows.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, Final, assert_never

import orjson

from ledger.entry import Entry
from ledger.facts import (
    CorrectionIssued,
    EntryVoided,
    Fact,
)
from ledger.times import UNKNOWN_KEY, from_microseconds, order_key
from projections.fold.amended import Effective
from projections.fold.folding import Folding, happened
from projections.fold.joined import joined
from projections.fold.questions import ASPECTS, COUNTED, Aspect
from projections.knowledge.moments import ACKNOWLEDGED, Members, Moment, Seen, names
from projections.knowledge.viewpoint import Shown, standing
from projections.rows.changes import intervals

Content = tuple[str, tuple[Any, ...]]
"""A table of what is held, without its `held_`, and the content of a row of it."""

_OF_ASPECT: Final[Mapping[Aspect, Mapping[type[Fact], frozenset[str]]]] = {
    aspect: {fact: members[aspect] for fact, members in COUNTED.items() if aspect in members} for aspect in ASPECTS
}
MATTERING: Final[frozenset[type[Fact]]] = frozenset(COUNTED)
"""The facts that any aspect depends on."""
_SETS: Final[Mapping[Aspect, frozenset[str]]] = {
    aspect: frozenset(f"set.{member}" for members in facts.values() for member in members)
    for aspect, facts in _OF_ASPECT.items()
}
_NO_MEMBERS: Final[frozenset[str]] = frozenset()
_ACTING: Final = frozenset((CorrectionIssued, EntryVoided))
_UNDATED: Final = datetime.min
_ANY_MOMENT: Final = Moment("OIG", ACKNOWLEDGED, None, None, None, "produced", None, None, None)
"""Stands where only what is known counts, not how."""


def facts_of(aspect: Aspect) -> Mapping[type[Fact], frozenset[str]]:
    """Return the facts an aspect depends on, each with the members that count."""
    return _OF_ASPECT[aspect]


def bearing_on(entries: Sequence[Entry]) -> dict[Aspect, list[Entry]]:
    """Return the entries each aspect depends on, in the order given: its facts, and what corrects or voids them."""
    kinds = {type(entry.fact) for entry in entries}
    together = joined(entries) if CorrectionIssued in kinds or EntryVoided in kinds else None
    bearing: dict[Aspect, list[Entry]] = {}
    for aspect in ASPECTS:
        facts = facts_of(aspect)
        if kinds.isdisjoint(facts):
            continue
        if together is None:
            bearing[aspect] = [entry for entry in entries if type(entry.fact) in facts]
        else:
            bearing[aspect] = [
                entry for entry in entries if any(type(one.fact) in facts for one in together[entry.position])
            ]
    return bearing


def as_far_as_it_counts(aspect: Aspect, entry: Entry, members: Members) -> Members:
    """Return the known members of an entry that an aspect depends on; None where all of those given are known.

    What else is known of it, or is not, changes nothing that the aspect holds.
    """
    if members is None:
        return None
    fact = entry.fact
    if isinstance(fact, CorrectionIssued):
        counting = _SETS[aspect] | {"corrects"}
    elif isinstance(fact, EntryVoided):
        counting = frozenset(("voids",))
    else:
        counting = facts_of(aspect)[type(fact)]
    known = members & counting
    given = counting.intersection(names(entry))
    return None if known >= given else known


class Ladder:
    """What somebody holds of an aspect as it comes to know more and more of the entries that bear on it."""

    def __init__(self, aspect: Aspect, bearing: Sequence[Entry], zone: str) -> None:
        self._aspect = aspect
        self._zone = zone
        self._entries = {entry.position: entry for entry in bearing}
        self._contents: dict[frozenset[tuple[int, Members]], frozenset[Content]] = {frozenset(): frozenset()}
        self._shown: dict[tuple[int, Members], Shown] = {}

    def climb(self, known: Mapping[int, Members], steps: Sequence[tuple[int, Members]]) -> list[frozenset[Content]]:
        """Return what is held by who knows `known`, and after each further step: (position, members; None: all)."""
        known = dict(known)
        cells = [self._held(known)]
        # as long as entries come in their order and none acts on another, one fold is carried on
        folding = Folding(self._zone) if self._aspect == "care" and not known else None
        for position, members in steps:
            if position in known:
                folding = None
            learn(known, position, members)
            if folding is not None and not self._extends(folding, position, members):
                folding = None
            cells.append(self._held(known, folding))
        return cells

    def beside_others(self) -> set[Content]:
        """Return what was ever held together with something else of its table."""
        found: set[Content] = set()
        for cell in self._contents.values():
            if len(cell) > 1:
                tables = Counter(table for table, _ in cell)
                found.update(content for content in cell if tables[content[0]] > 1)
        return found

    def _extends(self, folding: Folding, position: int, members: Members) -> bool:
        key = position, members
        shown = self._shown.get(key)
        if shown is None:
            (shown,) = standing((_seen(self._entries[position], members),))
            self._shown[key] = shown
        return type(shown.one.fact) not in _ACTING and (not shown.moves or folding.extend(shown.one.entry))

    def _held(self, known: Mapping[int, Members], folding: Folding | None = None) -> frozenset[Content]:
        """Return what is held by who knows so much; each amount is folded once, whoever knows it."""
        key = frozenset(known.items())
        contents = self._contents.get(key)
        if contents is None:
            if folding is not None:
                contents = _of_care(folding)
            else:
                contents = held(
                    self._aspect, [(self._entries[at], members) for at, members in known.items()], self._zone
                )
            self._contents[key] = contents
        return contents


def learn(known: dict[int, Members], position: int, members: Members) -> None:
    """Add what is known of an entry; None: all of it."""
    before = known.get(position, _NO_MEMBERS)
    known[position] = None if before is None or members is None else before | members


def held(aspect: Aspect, known: Iterable[tuple[Entry, Members]], zone: str) -> frozenset[Content]:
    """Return what somebody holds of an aspect who knows of it these entries, so much of each, and nothing else."""
    seen = sorted((_seen(entry, members) for entry, members in known), key=_position)
    moving = [shown.one for shown in standing(seen) if shown.moves]
    match aspect:
        case "care":
            return _of_care(Folding.of_standing(moving, zone))
        case "failures":
            return frozenset(one for one in intervals(Folding.of_standing(moving, zone)) if one[0] == "failures")
        case "residence":
            return _residence(moving, zone)
        case _:
            assert_never(aspect)


def _seen(entry: Entry, members: Members) -> Seen:
    return Seen(entry, members, _ANY_MOMENT, _UNDATED, ())


def _position(seen: Seen) -> int:
    return seen.entry.position


def _of_care(folding: Folding) -> frozenset[Content]:
    return frozenset(one for one in intervals(folding) if one[0] != "failures")


def _residence(moving: Sequence[Effective], zone: str) -> frozenset[Content]:
    """Return the residence held once all of it has happened, and when that is; None: at a time nobody knows."""
    residence = Folding.of_standing(moving, zone).regions().whereabouts.residence
    if residence is None:
        return frozenset()
    last = max(order_key(entry.occurred_at, zone) for entry in happened(moving, zone))
    when = None if last == UNKNOWN_KEY else from_microseconds(last)
    return frozenset((("residences", (written(residence), when)),))


def written(residence: Mapping[str, Any]) -> str:
    """Return an address as given, with its members in one order: equal addresses are equal texts."""
    return orjson.dumps(residence, option=orjson.OPT_SORT_KEYS).decode()
