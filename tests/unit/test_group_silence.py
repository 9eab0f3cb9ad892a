"""Intake ends, to be started again, when Kafka no longer answers for its group."""

from types import SimpleNamespace

import pytest

from consumers.group_silence import SILENCE_SECONDS, GroupSilence, SilentGroupError


class _Group:
    """A consumer whose heartbeats are answered as the test says, and its clock."""

    def __init__(self) -> None:
        self.now = 1000.0
        self.heartbeat = SimpleNamespace(last_receive=-float("inf"))
        self.silence = GroupSilence(SimpleNamespace(_coordinator=self), clock=lambda: self.now)

    def look(self, *, seconds: float, every: float = 0.5) -> None:
        for _ in range(round(seconds / every)):
            self.now += every
            self.silence.look()


def test_a_member_nobody_answers_ends_after_a_while() -> None:
    """Also one that was never answered since it joined."""
    group = _Group()
    group.look(seconds=SILENCE_SECONDS)
    with pytest.raises(SilentGroupError, match="no heartbeat of intake's group was answered for 60 s"):
        group.look(seconds=1)


def test_a_member_that_is_answered_goes_on() -> None:
    """However long the answers take, as long as they come."""
    group = _Group()
    for _ in range(10):
        group.look(seconds=SILENCE_SECONDS - 1)
        group.heartbeat.last_receive = group.now


def test_a_process_that_stood_still_is_given_time_to_be_answered_again() -> None:
    """A laptop that slept, a member that was stopped: the first look after it is no minute of silence."""
    group = _Group()
    group.look(seconds=86_400, every=86_400)
    group.look(seconds=SILENCE_SECONDS - 2)
    group.heartbeat.last_receive = group.now
    group.look(seconds=SILENCE_SECONDS - 2)
