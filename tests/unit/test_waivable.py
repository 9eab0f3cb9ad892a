"""Which duties the steward can waive: those an entry opened, that still stand and can be judged.

Broken by hand to see these tests fail: each of the five questions left out, and the record's corrections passed over.
"""

from typing import Any

import pytest

from ledger.entry import Entry
from ledger.obligations.offices import shipped_offices
from ledger.obligations.shipped import shipped_rules
from projections.obligations.waivable import why_not
from tests.histories import ZONE, correction, record, void
from tests.unit.obliging import waiver

NOON = "2022-03-04T12:00:00-05:00"
DETERMINED: tuple[Any, ...] = ("uc-determination-made", NOON, {"is_uc": True}, "CBP")
FAILED: tuple[Any, ...] = (
    "failure-to-appear-recorded",
    NOON,
    {"hearing_id": "h", "court_case": "c", "judge_action": "adjourned"},
    "EOIR",
)


def refusal(entries: list[Entry], *names: Any, **more: Any) -> str | None:
    fact = waiver(*names, at="2024-01-01T00:00:00Z", **more).fact
    return why_not(fact, entries, rules=shipped_rules(), offices=shipped_offices(), zone=ZONE)


def test_a_duty_that_stands_can_be_waived() -> None:
    """Towards all, or towards one of those it is owed to; whenever it is due, and whatever became of it."""
    assert refusal(record(DETERMINED), "D2", 1, "CBP") is None
    assert refusal(record(FAILED), "T1", 1, "EOIR") is None
    assert refusal(record(FAILED), "T1", 1, "EOIR", towards="ORR") is None
    assert refusal(record(DETERMINED, void(1), void(2)), "D2", 1, "CBP") is None


@pytest.mark.parametrize(
    ("entries", "names", "said"),
    [
        (record(DETERMINED), ("D99", 1, "CBP"), "there is no rule 'D99'; nothing was recorded; the rules are D1,"),
        (
            record(DETERMINED),
            ("T1", 1, "CBP"),
            "position 1 opens no duty by T1; it opens D2 of CBP; nothing was recorded",
        ),
        (record(DETERMINED), ("D2", 2, "CBP"), "position 2 opens no duty by D2; it opens none; nothing was recorded"),
        (
            record(DETERMINED),
            ("D2", 1, "ORR"),
            "by D2 position 1 obliges CBP towards ORR, not ORR; nothing was recorded",
        ),
        (
            record(DETERMINED, void(1)),
            ("D2", 1, "CBP"),
            "D2 of position 1 is withdrawn, so that nothing is left to waive",
        ),
        (record(DETERMINED, correction(1, is_uc=False)), ("D2", 1, "CBP"), "D2 of position 1 is withdrawn"),
        (
            record(("admitted-to-program", NOON, {})),
            ("D6", 1, "ORR"),
            "D6 is never judged (no fact of the catalogue says",
        ),
        (record((*DETERMINED[:2], {"is_uc": False}, "CBP")), ("D2", 1, "CBP"), "position 1 opens no duty by D2"),
    ],
)
def test_what_cannot_be_waived_is_refused_with_the_cure(entries: list[Entry], names: Any, said: str) -> None:
    """The steward is told what the entry does open, and for whom."""
    refused = refusal(entries, *names)
    assert refused is not None
    assert said in refused
    assert "nothing was recorded" in refused


def test_a_waiver_towards_somebody_it_is_not_owed_to_is_refused() -> None:
    """The message names each to whom it is owed."""
    refused = refusal(record(FAILED), "T1", 1, "EOIR", towards="CBP")
    assert refused is not None
    assert "obliges EOIR towards ICE-ERO, EOIR towards ORR, not EOIR towards CBP" in refused
