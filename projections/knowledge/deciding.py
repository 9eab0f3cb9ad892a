"""Which members decide what a fact moves: where one of them is not known, the fact moves nothing (knowledge: view)."""

from typing import Final

from ledger.facts import (
    AbsenceReported,
    AddressReported,
    DischargedOtherwise,
    Fact,
    FailureToAppearRecorded,
    HandoffAccepted,
    HandoffCancelled,
    HandoffDeclined,
    HandoffStarted,
    HearingCancelled,
    HearingHeld,
    HearingScheduled,
    MailReturned,
    MotionDecided,
    MotionFiled,
    NtaDocketed,
    NtaFiled,
    NtaIssued,
    NtaNotPursued,
    NtaRejected,
    OrderEntered,
    PostReleaseContactRecorded,
)

DECIDING: Final[dict[type[Fact], frozenset[str]]] = {
    HandoffStarted: frozenset(("from_agency", "to_agency")),
    HandoffAccepted: frozenset(("receiving_agency",)),
    HandoffCancelled: frozenset(("handoff_id",)),
    HandoffDeclined: frozenset(("handoff_id",)),
    AbsenceReported: frozenset(("kind",)),
    DischargedOtherwise: frozenset(("kind",)),
    AddressReported: frozenset(("purpose", "address", "effective_from")),
    MailReturned: frozenset(("address_position",)),
    PostReleaseContactRecorded: frozenset(
        ("mode", "spoke_with", "child_seen", "identity_checked", "address_confirmed", "still_with_sponsor")
    ),
    NtaIssued: frozenset(("nta_id",)),
    NtaNotPursued: frozenset(("reason",)),
    NtaFiled: frozenset(("nta_id", "court_case")),
    NtaRejected: frozenset(("nta_id",)),
    NtaDocketed: frozenset(("nta_id", "court_case")),
    HearingScheduled: frozenset(("hearing_id", "court_case", "scheduled_for")),
    HearingCancelled: frozenset(("hearing_id",)),
    HearingHeld: frozenset(("hearing_id", "court_case", "appearance", "next_hearing_at")),
    FailureToAppearRecorded: frozenset(("hearing_id", "court_case")),
    OrderEntered: frozenset(("court_case", "decision")),
    MotionFiled: frozenset(("court_case",)),
    MotionDecided: frozenset(("court_case", "motion_code", "decision")),
}
"""Of every other fact, what is known of it moves what it moves. A member that was not given decides nothing.

A service of a Notice to Appear nobody knows which leaves open of every notice whether it was served.
"""
