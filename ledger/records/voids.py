"""Which entries are void: voids may themselves be void, and what two voids struck out needs both undone."""

from collections.abc import Iterable

from ledger.entry import Entry
from ledger.facts import EntryVoided


def standing_voids(entries: Iterable[Entry]) -> dict[int, tuple[int, ...]]:
    """Return, for each position that is void, the voids in force that name it, in order of position.

    Only the voids among `entries` act; one that does not name an earlier position names nothing.
    """
    return voids_in_force((e.position, e.fact.voids) for e in entries if type(e.fact) is EntryVoided)


def voids_in_force(voids: Iterable[tuple[int, int]]) -> dict[int, tuple[int, ...]]:
    """Return the same from voids as (position, the position they void)."""
    standing: dict[int, tuple[int, ...]] = {}
    # From the last to the first: whether a void is itself void is known before its own target is looked at.
    for position, target in sorted(voids, reverse=True):
        if target < position and position not in standing:
            standing[target] = (position, *standing.get(target, ()))
    return standing
