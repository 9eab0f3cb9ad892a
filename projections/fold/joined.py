"""Which entries must be read together, because corrections and voids among them say what the others mean."""

from collections.abc import Sequence

from ledger.entry import Entry
from ledger.facts import CorrectionIssued, EntryVoided


def joined(entries: Sequence[Entry]) -> dict[int, tuple[Entry, ...]]:
    """Return for each position the entries that corrections and voids join to it, itself too, in the order given.

    How an entry stands depends on these alone, whichever of them are known (projections.effective). Disputes and
    resolved findings join nothing: they change no fact. Shape: {7: (entry 7, its correction 9, the void 12 of 9)}.
    """
    leads_to = {entry.position: entry.position for entry in entries}

    def root(position: int) -> int:
        while leads_to[position] != position:
            leads_to[position] = position = leads_to[leads_to[position]]
        return position

    for entry in entries:
        fact = entry.fact
        target = (
            fact.corrects if isinstance(fact, CorrectionIssued) else fact.voids if isinstance(fact, EntryVoided) else 0
        )
        if target in leads_to:
            leads_to[root(entry.position)] = root(target)
    groups: dict[int, list[Entry]] = {}
    for entry in entries:
        groups.setdefault(root(entry.position), []).append(entry)
    whole = {position: tuple(group) for position, group in groups.items()}
    return {entry.position: whole[root(entry.position)] for entry in entries}
