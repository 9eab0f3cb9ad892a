"""Which alerts are due, and what they say."""

from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import orjson
from jsonschema import Draft202012Validator

from custody.publishing.schemas import alert_schema
from ledger.obligations.alerts import Due, DutyKey, Standing, due_alerts, read_alert, write_alert

NOON = datetime(2022, 6, 9, 12, tzinfo=UTC)
KEY = DutyKey("EOIR", "T1", 812, "ORR")


def standing(state: Any, *, was_open: bool = True, **more: Any) -> Standing:
    given: dict[str, Any] = {"due_at": NOON, "met_at": None, "days_late": None, **more}
    return Standing(
        KEY, UUID(int=1), 1, "Tell", "target", state, was_open=was_open, child=UUID(int=2),
        identifiers=[("a-number", "200000017")], **given,
    )  # fmt: skip


def states(one: Standing, *told: str) -> list[str]:
    return [due.state for due in due_alerts([one], {KEY: set(told)} if told else {})]


def test_each_state_is_told_once() -> None:
    """What was told before is not told again, be it long ago and after other states."""
    assert states(standing("open")) == ["open"]
    assert states(standing("open"), "open") == []
    assert states(standing("missed"), "open") == ["missed"]
    assert states(standing("missed"), "open", "missed", "late") == []


def test_a_duty_first_seen_later_is_told_as_open_first_where_it_was_open_when_heard_of() -> None:
    """One that was overdue when the ledger heard of it never was open to its agency."""
    assert states(standing("met")) == ["open", "met"]
    assert states(standing("missed", was_open=False)) == ["missed"]


def test_a_duty_withdrawn_before_anybody_was_told_is_not_told() -> None:
    """What was never said needs no taking back; what was said is taken back once."""
    assert states(standing("withdrawn")) == []
    assert states(standing("withdrawn"), "missed") == ["withdrawn"]
    assert states(standing("withdrawn"), "missed", "withdrawn") == []


def test_an_alert_keeps_to_its_schema_and_is_read_back() -> None:
    """The published schema describes what is sent; when it was done stands only where it is."""
    check = Draft202012Validator(alert_schema())
    late = standing("late", met_at=NOON, days_late=3)
    for state in ("open", "met", "late", "missed", "waived", "withdrawn"):
        body = write_alert(7, Due(late, state), NOON)
        check.validate(orjson.loads(body))
        kept = read_alert(body)
        assert (kept.key, kept.number, kept.state) == (KEY, 7, state)
        assert (orjson.loads(body)["met_at"] is not None) is (state in ("met", "late", "waived"))
    assert set(orjson.loads(body)) == set(alert_schema()["required"])
