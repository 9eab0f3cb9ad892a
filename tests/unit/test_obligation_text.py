"""Duties as text: what is law stands apart from what is not, and nothing a sender wrote can steer a terminal.

Broken by hand to see these tests fail: the kinds under one heading; a remark printed as it is; the zone of the office
passed over; the warning left out.
"""

from typing import Any

from readers.text.obligation_text import obligation_lines

DUTY: dict[str, Any] = {
    "rule": "T1",
    "version": 1,
    "title": "Tell of a failure to appear",
    "kind": "target",
    "obliged": "EOIR",
    "towards": "ORR",
    "state": "late",
    "opened_by": 9,
    "started": "2022-06-09T09:00:00-05:00",
    "due_at": "2022-06-11T04:59:59.999999Z",
    "zone": "America/Chicago",
    "met_at": "2022-07-02T14:00:00.000000Z",
    "met_by": 9,
    "proof": {"how": "receipt", "claimed": True, "position": 31, "feed_number": 4},
    "over_seconds": 1_846_800.000001,
    "days_late": 22,
    "ended_by": None,
    "remark": None,
}


def answer(*duties: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {
        "child": "00000000-0000-7000-8000-000000000001",
        "identifiers": [{"scheme": "a-number", "value": "200000017"}],
        "on": "2022-07-03T03:59:59.999999Z",
        "recorded_by": "2022-07-03T03:59:59.999999Z",
        "complete_to": "2022-07-03T03:59:59.999999Z",
        "zone": "America/New_York",
        "clock": "wall",
        "incomplete": None,
        "obligations": list(duties),
        **more,
    }


def test_a_duty_is_told_with_its_clock_its_proof_and_how_late_it_was() -> None:
    """Due times are those of the obliged office; the rest is in the ledger's zone."""
    assert list(obligation_lines(answer(DUTY))) == [
        "A200-000-017",
        "as of          2022-07-02T23:59:59.999999-04:00",
        "recorded by    2022-07-02T23:59:59.999999-04:00",
        "complete to    2022-07-02T23:59:59.999999-04:00",
        "",
        "Targets, which no law sets",
        "  late           T1, EOIR towards ORR: Tell of a failure to appear",
        "                 opened by position 9, clock started 2022-06-09T09:00:00-05:00, due",
        "                 2022-06-10T23:59:59.999999-05:00",
        "                 done 2022-07-02T10:00:00-04:00, shown by position 9: known by receipt at position",
        "                 31, number 4 of its feed, by its own word",
        "                 22 days over (513.0 hours)",
        "",
        "1 obligation",
    ]


def test_law_regulation_policy_and_target_stand_under_headings_of_their_own() -> None:
    """In that order, whatever the order in which they were opened."""
    kinds = ("target", "policy", "law", "regulation")
    lines = list(obligation_lines(answer(*({**DUTY, "kind": kind, "version": 2} for kind in kinds))))
    headings = [line for line in lines if line.startswith(("By ", "Targets"))]
    assert headings == ["By law", "By regulation", "By policy or agreement", "Targets, which no law sets"]
    assert sum("T1 version 2, EOIR" in line for line in lines) == 4
    assert lines[-1] == "4 obligations"


def test_what_somebody_wrote_cannot_steer_a_terminal() -> None:
    """A reason is printed, what a terminal would obey in it is not."""
    waived = {**DUTY, "state": "waived", "ended_by": 40, "remark": "other: \x1b[2Jgone"}
    assert "                 other: \\x1b[2Jgone (position 40)" in list(obligation_lines(answer(waived)))


def test_what_is_missing_and_a_driven_clock_are_said_at_the_top() -> None:
    """Nobody takes an incomplete answer for a whole one, nor a simulation for the world."""
    missing = {"since": "2022-06-01T04:00:00.000000Z", "reason": "of a newer release"}
    lines = list(obligation_lines(answer(clock="driven", incomplete=missing, identifiers=[])))
    assert lines[0] == "00000000-0000-7000-8000-000000000001"
    assert lines[4] == "clock          driven by the messages' own times: a simulation"
    assert lines[5].startswith("INCOMPLETE: what was recorded since 2022-06-01T00:00:00-04:00 is missing: of a newer")
    assert lines[-1] == "0 obligations"


def test_a_duty_nobody_can_date_says_so() -> None:
    """No time is made up for it."""
    undated = {**DUTY, "started": None, "due_at": None, "met_at": None, "days_late": None, "state": "undated"}
    assert "                 opened by position 9, clock started at an unknown time" in list(
        obligation_lines(answer(undated))
    )
