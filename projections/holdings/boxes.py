"""What agencies hold of a child, step by step of what they come to know: rows from which figures as known to an agency
are counted without folding anybody.

An agency comes to know the entries of a child on its feed in the order of their numbers, and its own in the order in
which it recorded them. So what it holds at a moment follows from how far it is on either: it lies in one box of a grid
of steps, and one row says what is held in a box. Where a question is about children whose steps come otherwise (single
numbers signed for, notices, reads, merged records), they are folded instead; `irregular` says which those are.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Final, NamedTuple

from ledger.agencies import AGENCIES, GROUPS, Agency
from ledger.entry import Entry
from ledger.facts import NoticeGiven
from projections.fold.claims import AnyClaims
from projections.fold.order import may_be_moved, moved_with
from projections.fold.questions import Aspect
from projections.holdings.aspects import MATTERING, Content, Ladder, as_far_as_it_counts, bearing_on, learn
from projections.knowledge.moments import Item, Members, members_told

LEDGER: Final = "ledger"
VIEWS: Final[Mapping[str, tuple[Agency, ...]]] = {
    **{agency: (agency,) for agency in AGENCIES},
    **GROUPS,
    LEDGER: (),
}
"""Who holds something, with the agencies whose knowledge it has. The place of each is its bit in `views`."""
BITS: Final[Mapping[str, int]] = {view: 1 << place for place, view in enumerate(VIEWS)}
LEADING: Final[Mapping[str, tuple[Agency, ...]]] = {**VIEWS, **dict.fromkeys(GROUPS, GROUPS["ICE"])}
"""By whose feeds a viewpoint's steps go. A group's others are told less; a question looks whether one is ahead."""
MOST_STEPS: Final = 64
"""A child with more steps to one aspect is folded when she is asked about: working out every one costs their square."""


MOVING: Final = moved_with(MATTERING)
"""The facts by which a child's happenings may stand in another order than that of their times, as far as it counts."""
_EVERYBODY: Final = sum(BITS.values())


class Step(NamedTuple):
    """An entry on its way to those who come to know it: its numbers on their feeds, and its producer's own knowledge.

    `item` tells apart the times it was told; `alone` an agency that was told of it otherwise than its group's others.
    """

    position: int
    item: int
    alone: Agency | None


class Box(NamedTuple):
    """Where a content is held: from the steps named on until before those named; None: no such bound."""

    start: Step | None
    until: Step | None
    other_start: Step | None
    other_until: Step | None


class Holding(NamedTuple):
    """One row: what is held in a box, and by whom; bits of `VIEWS`.

    `single`: whoever holds this holds nothing else of its table, so that one such row is one child.
    """

    views: int
    single: bool
    content: Content
    box: Box


class Irregular(NamedTuple):
    """For whom a child must be folded: bits of `VIEWS`, always, or only where being told is asked for."""

    always: int
    told: int


class Holdings(NamedTuple):
    """Everything that is held of one child."""

    rows: list[Holding]
    irregular: Irregular


_Unit = tuple[Step, Members]
"""One step of a viewpoint, and how much of the entry it then knows by it."""
_Chain = tuple[_Unit, ...]
_Chains = tuple[_Chain, ...]
Items = Mapping[int, Sequence[Mapping[Agency, Item]]]
"""By position, in the order of publication: one mapping for each time the entry was told."""


def holdings(entries: Sequence[Entry], items: Items, zone: str) -> Holdings:
    """Return what is held of a child whose record was never merged; `entries` in order of position.

    Where happenings of one day do not stand in the order of their times, who knows one of them may put others in
    another order than who does not: she is folded.
    """
    boxes: dict[tuple[Content, Box], int] = {}
    beside_others: set[Content] = set()
    told, always = _noticed(entries)
    claims = AnyClaims(entries, zone)
    if may_be_moved([entry for entry in entries if type(entry.fact) in MOVING], claims.times, zone):
        always = _EVERYBODY
    for aspect, bearing in bearing_on(entries).items():
        lanes = _Lanes(aspect, bearing, items, claims)
        alike: dict[_Chains, int] = {}
        for view in VIEWS:
            chains = lanes.chains(view)
            if chains is None:
                always |= BITS[view]
            elif chains:
                alike[chains] = alike.get(chains, 0) | BITS[view]
        ladder = Ladder(aspect, bearing, zone)
        for chains, views in alike.items():
            found = _in_line(chains[0], ladder) if len(chains) == 1 else _in_grid(chains[0], chains[1], ladder)
            for held in found:
                boxes[held] = boxes.get(held, 0) | views
        beside_others |= ladder.beside_others()
    rows = [Holding(views, content not in beside_others, content, box) for (content, box), views in boxes.items()]
    return Holdings(rows, Irregular(always, told))


def _noticed(entries: Iterable[Entry]) -> tuple[int, int]:
    """Return who was given notice by others, and who by its own word: bits of `VIEWS`."""
    told = own = 0
    for entry in entries:
        if isinstance(entry.fact, NoticeGiven):
            # a correction may name another channel or other members, never another recipient
            bits = sum(BITS[view] for view, agencies in VIEWS.items() if entry.fact.to in agencies)
            if entry.producer.agency == entry.fact.to:
                own |= bits
            else:
                told |= bits
    return told, own


class _Lanes:
    """The steps by which each agency comes to know what bears on an aspect."""

    def __init__(self, aspect: Aspect, bearing: Sequence[Entry], items: Items, claims: AnyClaims) -> None:
        self._own: dict[Agency, list[Entry]] = {}
        self._recorded: _Chain = tuple((Step(entry.position, 0, None), None) for entry in bearing)
        self._claims = claims
        self._ahead: set[Agency] = set()
        """Who was told of something before it happened, as somebody says: what it signs for counts from then on."""
        fed: dict[Agency, list[tuple[int, _Unit]]] = {}
        for entry in bearing:
            position = entry.position
            self._own.setdefault(entry.producer.agency, []).append(entry)
            for time, told in enumerate(items.get(position, ())):
                step = Step(position, time, None)
                for agency, item in told.items():
                    if claims.may_bound(entry, item.published_at):
                        self._ahead.add(agency)
                    members: Members = None
                    if item.withheld or item.unsaid:
                        members = as_far_as_it_counts(aspect, entry, members_told(entry, item))
                    fed.setdefault(agency, []).append((item.number, (step, members)))
        # a feed's numbers rise in the order of publication, on every feed
        self._fed: dict[Agency, _Chain] = {
            agency: tuple(unit for _, unit in sorted(numbered, key=_number)) for agency, numbered in fed.items()
        }

    def chains(self, view: str) -> _Chains | None:
        """Return the steps in the order in which they come to be known, one chain for each way; two at most.

        None where they need not come in any such order: by more ways, or by claims that contradict it, or that count
        from another moment on with another R.
        """
        if view == LEDGER:
            chains = [self._recorded]
        else:
            if all(agency not in self._own and agency not in self._fed for agency in VIEWS[view]):
                return ()
            own = self._own_of(VIEWS[view])
            fed = None if self._ahead.intersection(VIEWS[view]) else self._fed_to(view)
            if own is None or fed is None:
                return None
            chains = [chain for chain in (*fed, own) if chain]
        if len(chains) > 2 or sum(map(len, chains)) > MOST_STEPS:
            return None
        return tuple(chains)

    def _own_of(self, agencies: Sequence[Agency]) -> _Chain | None:
        """Return the steps of what these agencies recorded themselves; None where it is known in another order."""
        if self._own.keys().isdisjoint(agencies):
            return ()
        entries = [entry for agency in agencies for entry in self._own.get(agency, ())]
        entries.sort(key=_position)
        claimed: list[datetime] = []
        for entry in entries:
            since = self._claims.since(entry)
            if since is None or (claimed and since < claimed[-1]):
                return None
            claimed.append(since)
        return tuple((Step(entry.position, 0, None), None) for entry in entries)

    def _fed_to(self, view: str) -> _Chains | None:
        """Return the steps that feeds bring a viewpoint, without those that it recorded itself."""
        leading, agencies = LEADING[view], VIEWS[view]
        own = {entry.position for agency in agencies for entry in self._own.get(agency, ())}
        fed = {agency: self._without(own, self._fed.get(agency, ())) for agency in agencies}
        chains = [fed[agency] for agency in leading]
        for agency in agencies:
            if agency not in leading and not _within(fed[agency], chains):
                return None  # it is told what those who lead the group are not
        if all(chain == chains[0] for chain in chains):
            return (chains[0],)
        # told differently: each by its own feed
        return tuple(
            tuple((step._replace(alone=agency), members) for step, members in fed[agency]) for agency in leading
        )

    @staticmethod
    def _without(own: Collection[int], chain: _Chain) -> _Chain:
        return tuple(unit for unit in chain if unit[0].position not in own) if own else chain


def _number(numbered: tuple[int, _Unit]) -> int:
    return numbered[0]


def _position(entry: Entry) -> int:
    return entry.position


def _within(chain: _Chain, leading: Sequence[_Chain]) -> bool:
    """Say whether those who lead a group are all told whatever this chain tells, each time at least as much of it."""
    if not chain:
        return True
    for others in leading:
        told = dict(others)
        for step, members in chain:
            known = told.get(step, frozenset())
            if known is not None and (members is None or step not in told or not members <= known):
                return False
    return True


def _in_line(chain: _Chain, ladder: Ladder) -> Iterable[tuple[Content, Box]]:
    """Yield everything held on the way along one chain, with the steps between which it is."""
    begun: dict[Content, Step | None] = {}
    before: frozenset[Content] = frozenset()
    cells = ladder.climb({}, [(step.position, members) for step, members in chain])
    for step, cell in zip((None, *(step for step, _ in chain)), cells, strict=True):
        if cell != before:
            for content in before - cell:
                yield content, Box(begun.pop(content), step, None, None)
            for content in cell - before:
                begun[content] = step
            before = cell
    for content, start in begun.items():
        yield content, Box(start, None, None, None)


def _in_grid(first: _Chain, second: _Chain, ladder: Ladder) -> Iterable[tuple[Content, Box]]:
    """Yield everything held, each with the boxes of the grid in which it is; the boxes of one content share no cell."""
    rows: list[list[frozenset[Content]]] = []
    known_of_second: dict[int, Members] = {}
    for j in range(len(second) + 1):
        if j:
            step, members = second[j - 1]
            learn(known_of_second, step.position, members)
        rows.append(ladder.climb(known_of_second, [(step.position, members) for step, members in first]))
    for content in {one for row in rows for cell in row for one in cell}:
        open_since: dict[tuple[int, int], int] = {}
        for j, row in enumerate((*rows, ())):
            runs = _runs([content in cell for cell in row])
            for run in [run for run in open_since if run not in runs]:
                yield content, Box(*_bounds(first, *run), *_bounds(second, open_since.pop(run), j))
            for run in runs:
                open_since.setdefault(run, j)


def _runs(there: Sequence[bool]) -> list[tuple[int, int]]:
    """Return where each run of True begins and ends; the end is the first place that is not in it."""
    runs: list[tuple[int, int]] = []
    begun: int | None = None
    for place, is_there in enumerate(there):
        if is_there and begun is None:
            begun = place
        elif not is_there and begun is not None:
            runs.append((begun, place))
            begun = None
    if begun is not None:
        runs.append((begun, len(there)))
    return runs


def _bounds(chain: Sequence[_Unit], start: int, until: int) -> tuple[Step | None, Step | None]:
    """Return the step that brought somebody to `start` steps of a chain, and the one that brings them to `until`."""
    return (
        chain[start - 1][0] if start else None,
        chain[until - 1][0] if until <= len(chain) else None,
    )
