"""Who was given notice of which entry, by the notices in force: kept up entry by entry, voids of voids included.

What a void changes is followed along the chain it ends, so that thousands of voids and notices about one child cost
no more than they change.
"""

from collections import Counter
from collections.abc import Collection

from ledger.agencies import Agency
from ledger.entry import Entry
from ledger.facts import EntryVoided, NoticeGiven


class Noticed:
    """The notices of a record, and what is void of them (as `ledger.records.voids.standing_voids` says)."""

    def __init__(self) -> None:
        self._given: dict[int, Counter[Agency]] = {}
        """By position: how many notices in force give it to whom."""
        self._notices: dict[int, NoticeGiven] = {}
        self._target: dict[int, int] = {}
        """By position of a void: what it names."""
        self._standing: Counter[int] = Counter()
        """By position: how many voids in force name it."""

    def of(self, position: int) -> Collection[Agency]:
        """Return who was given notice of an entry."""
        return self._given.get(position, ())

    def take(self, entry: Entry) -> list[tuple[Agency, int]]:
        """Take the next entry; return who is given notice of what now, that no notice in force gave before."""
        gained: list[tuple[Agency, int]] = []
        position, fact = entry.position, entry.fact
        if isinstance(fact, NoticeGiven):
            self._notices[position] = fact
            self._give(fact, gained)
        elif isinstance(fact, EntryVoided) and fact.voids < position:  # else it names nothing
            self._target[position] = fact.voids
            self._void(fact.voids, gained)
        return gained

    def _void(self, target: int | None, gained: list[tuple[Agency, int]]) -> None:
        by = 1
        while target is not None:
            before = self._standing[target]
            self._standing[target] = after = before + by
            if bool(before) == bool(after):
                return
            if target in self._notices:
                if after:
                    self._take_back(self._notices[target])
                else:
                    self._give(self._notices[target], gained)
            by = -1 if after else 1  # where it is a void itself: it stands no longer, or again
            target = self._target.get(target)

    def _give(self, notice: NoticeGiven, gained: list[tuple[Agency, int]]) -> None:
        if notice.to == "unknown":
            return
        for position in set(notice.positions):
            given = self._given.setdefault(position, Counter())
            given[notice.to] += 1
            if given[notice.to] == 1:
                gained.append((notice.to, position))

    def _take_back(self, notice: NoticeGiven) -> None:
        if notice.to == "unknown":
            return
        for position in set(notice.positions):
            given = self._given[position]
            given[notice.to] -= 1
            if not given[notice.to]:
                del given[notice.to]
