"""An offset means something in one making of a topic only; what is gone is told, and nothing passed over."""

from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from consumers.standing import Log, Loss, Stand, go_on, told
from ledger.topics import TopicId

OLD, NEW = TopicId("c-1", UUID(int=1)), TopicId("c-1", UUID(int=2))

CASES: dict[str, tuple[Stand | None, Log, int, tuple[int, int] | None]] = {
    "never read": (None, Log(NEW, 3, 9), 3, None),
    "as it was left": (Stand(5, NEW, 7), Log(NEW, 0, 9), 5, None),
    "of before ids were kept": (Stand(5, None, None), Log(NEW, 0, 9), 5, None),
    "made again, still shorter": (Stand(5, OLD, 7), Log(NEW, 0, 2), 0, (5, 2)),
    "made again, grown past it": (Stand(5, OLD, 7), Log(NEW, 0, 90), 0, (5, 2)),
    "made again on another cluster": (Stand(5, OLD._replace(cluster="c-2"), 5), Log(OLD, 0, 90), 0, (5, 0)),
    "made again, never used before": (Stand(0, OLD, 0), Log(NEW, 0, 4), 0, None),
    "made again, never taken from": (Stand(0, OLD, 3), Log(NEW, 0, 4), 0, (0, 3)),
    "its end was lost": (Stand(5, OLD, 7), Log(OLD, 0, 4), 0, (4, 2)),
    "its beginning expired unread": (Stand(5, OLD, 7), Log(OLD, 8, 9), 8, (5, 3)),
}


@pytest.mark.parametrize("what", CASES)
def test_reading_goes_on_where_nothing_that_is_there_is_passed_over(what: str) -> None:
    """Where the offset means nothing any more it begins at the first message, and says what was lost before it."""
    stand, log, offset, lost = CASES[what]
    at, loss = go_on(2, stand, log)
    assert at == offset
    assert (None if loss is None else (loss.offset, loss.known)) == lost


@given(st.integers(0, 50), st.integers(0, 50) | st.none(), st.integers(0, 50), st.integers(0, 50), st.booleans())
def test_no_message_of_another_making_is_ever_skipped(
    next_offset: int, known_end: int | None, begin: int, more: int, again: bool
) -> None:
    """Whatever the figures are: within the log, and behind its first message only where that was taken."""
    log = Log(NEW, begin, begin + more)
    at, loss = go_on(0, Stand(next_offset, OLD if again else NEW, known_end), log)
    assert log.begin <= at <= log.end
    assert at == log.begin or (not again and at == next_offset)
    assert loss is not None or at == next_offset or (again and next_offset == 0)


def test_what_was_lost_is_told_with_partition_offset_and_cure() -> None:
    """An operator reads what happened and what the agency does; the known number is a lower bound."""
    words = told("custody.intake.cbp", [Loss(0, 5, 2, "was deleted and made again"), Loss(3, 9, 0, "the same")])
    assert "custody.intake.cbp was deleted and made again" in words
    assert "partition 0 from offset 5 on (2 known of), partition 3 from offset 9 on (none known of)" in words
    assert "sends again what got no outcome" in words
