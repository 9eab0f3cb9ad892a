"""Facts about removal proceedings: the Notice to Appear, hearings, orders, motions, relief, counsel."""

from typing import Annotated, ClassVar, Literal

from ledger.agencies import PRODUCERS
from ledger.facts.vocabulary import (
    ADDRESS,
    COURT,
    LIST,
    PROTECTION,
    RELIEF,
    Address,
    AdjournmentCode,
    AtMost,
    Fact,
    Id,
    Position,
    Text,
    When,
    YesNo,
)

ServedOn = Literal["child", "custodian", "sponsor", "facility-director", "counsel", "unknown"]


class NtaIssued(Fact):
    """A DHS officer issued a Notice to Appear, form I-862 (8 USC 1229(a)(1))."""

    wire: ClassVar = "custody.nta-issued.v1"
    producers: ClassVar = ("CBP", "ICE-ERO", "ICE-OPLA", "USCIS")
    nta_id: Annotated[Id, COURT]
    court: Annotated[Text | None, COURT] = None
    has_time_and_place: Annotated[YesNo, COURT]
    hearing_at: Annotated[When | None, COURT] = None


class NtaServed(Fact):
    """The Notice to Appear was served (8 USC 1229(a)(1), 8 CFR 103.8)."""

    wire: ClassVar = "custody.nta-served.v1"
    producers: ClassVar = ("CBP", "ICE-ERO", "ICE-OPLA", "USCIS")
    nta_id: Annotated[Id, COURT]
    method: Annotated[Literal["personal", "mail", "counsel", "unknown"], COURT]
    served_on: Annotated[tuple[ServedOn, ...], AtMost(LIST), COURT]
    address: Annotated[Address | None, ADDRESS] = None
    proof: Annotated[Text | None, COURT] = None
    cures: Annotated[Position | None, COURT] = None


class NtaNotPursued(Fact):
    """ICE gave a reason for not serving or filing a Notice to Appear (domain (a) 35)."""

    wire: ClassVar = "custody.nta-not-pursued.v1"
    producers: ClassVar = ("ICE-ERO", "ICE-OPLA")
    reason: Annotated[
        Literal[
            "awaiting-placement",
            "no-valid-address",
            "uscis-relief-pending",
            "discretion",
            "voluntary-departure-or-returned",
            "adult",
            "left-us",
            "backlog-or-resources",
            "other",
            "unknown",
        ],
        PROTECTION,
    ]
    review_on: Annotated[When | None, COURT] = None


class NtaFiled(Fact):
    """OPLA filed the Notice to Appear with a court: its receipt there (8 CFR 1003.13)."""

    wire: ClassVar = "custody.nta-filed.v1"
    producers: ClassVar = ("ICE-OPLA",)
    nta_id: Annotated[Id, COURT]
    court: Annotated[Text, COURT]
    court_case: Annotated[Id | None, COURT] = None


class NtaRejected(Fact):
    """The court rejected the filing."""

    wire: ClassVar = "custody.nta-rejected.v1"
    producers: ClassVar = ("EOIR",)
    nta_id: Annotated[Id, COURT]
    reason: Annotated[Text, COURT]


class NtaDocketed(Fact):
    """The court docketed the case; proceedings have commenced (8 CFR 1003.14)."""

    wire: ClassVar = "custody.nta-docketed.v1"
    producers: ClassVar = ("EOIR",)
    nta_id: Annotated[Id, COURT]
    court_case: Annotated[Id, COURT]
    court: Annotated[Text, COURT]


class HearingScheduled(Fact):
    """The court set a hearing, at least 10 days after service (8 USC 1229(b)(1))."""

    wire: ClassVar = "custody.hearing-scheduled.v1"
    producers: ClassVar = ("EOIR",)
    hearing_id: Annotated[Id, COURT]
    court_case: Annotated[Id, COURT]
    court: Annotated[Text, COURT]
    scheduled_for: Annotated[When, COURT]
    calendar: Annotated[Literal["master", "individual", "unknown"] | None, COURT] = None
    medium: Annotated[Text | None, COURT] = None


class HearingCancelled(Fact):
    """The court took a hearing off its calendar."""

    wire: ClassVar = "custody.hearing-cancelled.v1"
    producers: ClassVar = ("EOIR",)
    hearing_id: Annotated[Id, COURT]
    adjournment_code: Annotated[AdjournmentCode | None, COURT] = None


class HearingNoticeServed(Fact):
    """The court gave written notice of a hearing (8 USC 1229(a)(2))."""

    wire: ClassVar = "custody.hearing-notice-served.v1"
    producers: ClassVar = ("EOIR",)
    notice_id: Annotated[Id, COURT]
    hearing_id: Annotated[Id, COURT]
    method: Annotated[Literal["in-person", "mail", "unknown"], COURT]
    served_on: Annotated[tuple[ServedOn, ...], AtMost(LIST), COURT]
    address: Annotated[Address | None, ADDRESS] = None
    for_time: Annotated[When, COURT]


class HearingHeld(Fact):
    """A hearing took place, with or without the child."""

    wire: ClassVar = "custody.hearing-held.v1"
    producers: ClassVar = ("EOIR",)
    hearing_id: Annotated[Id, COURT]
    court_case: Annotated[Id, COURT]
    appearance: Annotated[Literal["present", "counsel-only", "absent", "excused", "unknown"], COURT]
    adjournment_code: Annotated[AdjournmentCode | None, COURT] = None
    next_hearing_at: Annotated[When | None, COURT] = None
    medium: Annotated[Text | None, COURT] = None


class FailureToAppearRecorded(Fact):
    """The child did not appear; not the same as an in absentia order (OIG-24-46 recommendation 2)."""

    wire: ClassVar = "custody.failure-to-appear-recorded.v1"
    producers: ClassVar = ("EOIR", "ICE-OPLA")
    hearing_id: Annotated[Id, COURT]
    court_case: Annotated[Id, COURT]
    judge_action: Annotated[Literal["adjourned", "admin-closed", "in-absentia", "terminated", "unknown"], COURT]
    notice_id: Annotated[Id | None, COURT] = None


class FtaFollowUpRecorded(Fact):
    """An agency followed up on a failure to appear."""

    wire: ClassVar = "custody.fta-follow-up-recorded.v1"
    producers: ClassVar = ("ICE-ERO", "ORR")
    hearing_id: Annotated[Id, COURT]
    action: Annotated[Text, COURT]
    result: Annotated[Text, COURT]


class MotionFiled(Fact):
    """A motion was filed; codes are EOIR's (CV change of venue, MA reopen in absentia, ...)."""

    wire: ClassVar = "custody.motion-filed.v1"
    producers: ClassVar = PRODUCERS
    court_case: Annotated[Id, COURT]
    motion_code: Annotated[Text, COURT]
    filed_by: Annotated[Text, COURT]


class MotionDecided(Fact):
    """The court decided a motion."""

    wire: ClassVar = "custody.motion-decided.v1"
    producers: ClassVar = ("EOIR",)
    court_case: Annotated[Id, COURT]
    motion_code: Annotated[Text, COURT]
    decision: Annotated[Text, COURT]


class VenueChanged(Fact):
    """The case moved to another court."""

    wire: ClassVar = "custody.venue-changed.v1"
    producers: ClassVar = ("EOIR",)
    court_case: Annotated[Id, COURT]
    from_court: Annotated[Text, COURT]
    to_court: Annotated[Text, COURT]


class OrderEntered(Fact):
    """An immigration judge decided the case (8 USC 1229a)."""

    wire: ClassVar = "custody.order-entered.v1"
    producers: ClassVar = ("EOIR",)
    court_case: Annotated[Id, COURT]
    decision: Annotated[
        Literal[
            "removed",
            "relief-granted",
            "voluntary-departure",
            "terminated",
            "dismissed",
            "admin-closed",
            "withdrawn",
            "unknown",
        ],
        COURT,
        LIST,
    ]
    in_absentia: Annotated[YesNo, COURT]
    appeal_reserved: Annotated[YesNo | None, COURT] = None


class ReliefFiled(Fact):
    """An application for relief was filed. Its very existence is protected (8 USC 1367, 8 CFR 208.6)."""

    wire: ClassVar = "custody.relief-filed.v1"
    producers: ClassVar = ("USCIS", "EOIR")
    kind: Annotated[Text, RELIEF]
    receipt: Annotated[Id, RELIEF]
    jurisdiction: Annotated[Text, RELIEF]


class ReliefDecided(Fact):
    """An application for relief was decided. Its very existence is protected (8 USC 1367, 8 CFR 208.6)."""

    wire: ClassVar = "custody.relief-decided.v1"
    producers: ClassVar = ("USCIS", "EOIR")
    kind: Annotated[Text, RELIEF]
    receipt: Annotated[Id, RELIEF]
    outcome: Annotated[Text, RELIEF]


class RepresentativeEntered(Fact):
    """Counsel or another representative entered the case; changes who must be served."""

    wire: ClassVar = "custody.representative-entered.v1"
    producers: ClassVar = ("EOIR", "USCIS", "ORR")
    representative_id: Annotated[Id, COURT]
    scope: Annotated[Text, COURT]


class RepresentativeWithdrawn(Fact):
    """A representative left the case."""

    wire: ClassVar = "custody.representative-withdrawn.v1"
    producers: ClassVar = ("EOIR", "USCIS", "ORR")
    representative_id: Annotated[Id, COURT]
    scope: Annotated[Text, COURT]
