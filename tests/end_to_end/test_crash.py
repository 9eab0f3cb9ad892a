"""Every process of the ledger killed for real, under load, each kind at least once."""

from pathlib import Path

from tests.end_to_end.crash import NAMES, crash


def test_whatever_is_killed_nothing_is_lost_and_nothing_is_doubled(data_folder: Path) -> None:
    """`kill -9` of roles, PostgreSQL and Kafka during imports: each submission one first answer, one entry.

    Each feed is dense and holds every item once, and each receipt an agency was told is accepted is one entry.
    """
    survived = crash(data_folder, seed=20, seconds=10, say=print, rest_seconds=2.0)
    assert survived.wrong == []
    assert set(survived.kills) == set(NAMES)
    assert survived.found.entries > 1000
    assert survived.found.set_aside > 0
    assert survived.shots > 0
    assert survived.items > 1000
    assert survived.found.receipts > 6
