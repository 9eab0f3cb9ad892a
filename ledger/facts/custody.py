"""Facts about where a child is and in whose custody: encounter, referral, handoffs, care, release, aftercare."""

from typing import Annotated, ClassVar, Literal

from pydantic import Field

from ledger.agencies import PRODUCERS, Body, NamedAgency
from ledger.facts.vocabulary import (
    ADDRESS,
    CONCERN,
    CONTACT,
    COURT,
    CUSTODY,
    HEALTH,
    IDENTITY,
    LIST,
    PROTECTION,
    SPONSOR,
    SPONSOR_CONTACT,
    Address,
    AtMost,
    Count,
    Country,
    Day,
    Fact,
    Id,
    Position,
    Text,
    When,
    YesNo,
)

SponsorCategory = Literal["1", "2A", "2B", "2", "3", "unknown"]
ExceptionalCircumstance = Literal[
    "surge-or-influx",
    "medical-hold-or-quarantine",
    "natural-disaster",
    "transport",
    "age-dispute",
    "criminal-custody",
    "family-unit-determination-pending",
    "other",
    "unknown",
]


class ChildEncountered(Fact):
    """An officer met the child: between ports of entry, at one, or in the interior (8 USC 1232(b)(2))."""

    wire: ClassVar = "custody.child-encountered.v1"
    producers: ClassVar = ("CBP", "ICE-ERO")
    encounter_type: Annotated[Literal["between-ports", "port-of-entry", "interior", "unknown"], CUSTODY]
    place: Annotated[Text, CUSTODY]
    country: Annotated[Country | None, IDENTITY] = None
    date_of_birth: Annotated[Day | None, IDENTITY] = None
    sex: Annotated[Text | None, IDENTITY] = None


class ParticularsAsserted(Fact):
    """An agency says who the child is; the age follows the assertions."""

    wire: ClassVar = "custody.particulars-asserted.v1"
    producers: ClassVar = PRODUCERS
    name: Annotated[Text | None, IDENTITY] = None
    date_of_birth: Annotated[Day | None, IDENTITY] = None
    sex: Annotated[Text | None, IDENTITY] = None
    country: Annotated[Country | None, IDENTITY] = None
    basis: Annotated[Text | None, IDENTITY] = None


class UcDeterminationMade(Fact):
    """Whether the child is an unaccompanied child (6 USC 279(g)(2)); starts the 72 hours of 8 USC 1232(b)(3)."""

    wire: ClassVar = "custody.uc-determination-made.v1"
    producers: ClassVar = ("CBP", "ICE-ERO", "ORR")
    is_uc: Annotated[YesNo, CUSTODY]
    age_basis: Annotated[Text | None, IDENTITY] = None
    parent_available: Annotated[YesNo | None, CUSTODY] = None
    separated: Annotated[YesNo | None, CUSTODY] = None


class ProtectionScreeningRecorded(Fact):
    """The screening of 8 USC 1232(a)(2) for trafficking, fear of return, and ability to withdraw."""

    wire: ClassVar = "custody.protection-screening-recorded.v1"
    producers: ClassVar = ("CBP",)
    trafficking: Annotated[YesNo, PROTECTION]
    credible_fear: Annotated[YesNo, PROTECTION]
    able_to_withdraw: Annotated[YesNo, PROTECTION]


class ContiguousReturnExecuted(Fact):
    """The child was returned to a contiguous country (8 USC 1232(a)(2)(B)); ends the episode."""

    wire: ClassVar = "custody.contiguous-return-executed.v1"
    producers: ClassVar = ("CBP", "ICE-ERO")
    country: Annotated[Country, CUSTODY]
    consulate_notified: Annotated[YesNo, CUSTODY]


class ReferredToOrr(Fact):
    """A DHS agency referred the child to ORR for placement (45 CFR 410.1101(a))."""

    wire: ClassVar = "custody.referred-to-orr.v1"
    producers: ClassVar = ("CBP", "ICE-ERO")
    referring_office: Annotated[Text, CUSTODY]


class ReferralCancelled(Fact):
    """The referral was withdrawn: an adult, a parent found, a return."""

    wire: ClassVar = "custody.referral-cancelled.v1"
    producers: ClassVar = ("CBP", "ICE-ERO", "ORR")
    reason: Annotated[Text, CUSTODY]


class PlacementDesignated(Fact):
    """ORR named the program that will receive the child (45 CFR 410.1101)."""

    wire: ClassVar = "custody.placement-designated.v1"
    producers: ClassVar = ("ORR",)
    program: Annotated[Text, CUSTODY]
    level_of_care: Annotated[Text, CUSTODY]


class HandoffStarted(Fact):
    """The releasing party let the child go towards the receiving party (NIEM j:CustodyTransfer)."""

    wire: ClassVar = "custody.handoff-started.v1"
    producers: ClassVar = ("CBP", "ICE-ERO", "ORR")
    handoff_id: Annotated[Id, CUSTODY]
    from_agency: Annotated[NamedAgency, CUSTODY]
    from_facility: Annotated[Text, CUSTODY]
    to_agency: Annotated[NamedAgency, CUSTODY]
    to_facility: Annotated[Text, CUSTODY]


class HandoffAccepted(Fact):
    """The receiving party took physical custody of the child (NIEM j:CustodyTransfer)."""

    wire: ClassVar = "custody.handoff-accepted.v1"
    producers: ClassVar = ("CBP", "ICE-ERO", "ORR")
    handoff_id: Annotated[Id, CUSTODY]
    receiving_agency: Annotated[NamedAgency, CUSTODY]
    receiving_facility: Annotated[Text, CUSTODY]
    discrepancies: Annotated[tuple[Text, ...], AtMost(LIST), CUSTODY]
    condition: Annotated[Text | None, HEALTH] = None
    exceptional_circumstances: Annotated[
        Annotated[tuple[ExceptionalCircumstance, ...], AtMost(LIST)] | None, CUSTODY
    ] = None


class HandoffCancelled(Fact):
    """The giving party called the handoff off: a flight turned back, a bed lost; the child stays where she was."""

    wire: ClassVar = "custody.handoff-cancelled.v1"
    producers: ClassVar = ("CBP", "ICE-ERO", "ORR")
    handoff_id: Annotated[Id, CUSTODY]
    reason: Annotated[Text, CUSTODY]


class HandoffDeclined(Fact):
    """The receiving party did not take the child; the giving one still has her, and must say what becomes of her."""

    wire: ClassVar = "custody.handoff-declined.v1"
    producers: ClassVar = ("CBP", "ICE-ERO", "ORR")
    handoff_id: Annotated[Id, CUSTODY]
    reason: Annotated[Text, CUSTODY]


class AdmittedToProgram(Fact):
    """An ORR care provider admitted the child."""

    wire: ClassVar = "custody.admitted-to-program.v1"
    producers: ClassVar = ("ORR",)
    program: Annotated[Text | None, CUSTODY] = None
    level_of_care: Annotated[Text | None, CUSTODY] = None


class NetworkTransferCompleted(Fact):
    """The child moved between ORR programs; OPLA is due form P-14 (FR 2020-12-18)."""

    wire: ClassVar = "custody.network-transfer-completed.v1"
    producers: ClassVar = ("ORR",)
    from_program: Annotated[Text, CUSTODY]
    to_program: Annotated[Text, CUSTODY]
    departed_at: Annotated[When | None, CUSTODY] = None


class EmergencyTransferMade(Fact):
    """A provider moved the child in an emergency; ORR is due word within 8 hours (45 CFR 410.1004)."""

    wire: ClassVar = "custody.emergency-transfer-made.v1"
    producers: ClassVar = ("ORR",)
    from_program: Annotated[Text, CUSTODY]
    to_place: Annotated[Text, CUSTODY]
    reason: Annotated[Text, HEALTH]


class AgeRedetermined(Fact):
    """The child's age was determined anew (8 USC 1232(b)(4))."""

    wire: ClassVar = "custody.age-redetermined.v1"
    producers: ClassVar = ("ORR", "CBP", "ICE-ERO")
    method: Annotated[Text, IDENTITY]
    date_of_birth: Annotated[Day | None, IDENTITY]
    is_adult: Annotated[YesNo, IDENTITY]


class AbsenceReported(Fact):
    """The child ran away, was absent without leave, or tried to; a safety fact, never refused for its order."""

    wire: ClassVar = "custody.absence-reported.v1"
    producers: ClassVar = ("ORR", "ICE-ERO")
    kind: Annotated[Literal["runaway", "unauthorized-absence", "attempted", "unknown"], CUSTODY]
    last_seen_at: Annotated[When | None, CUSTODY] = None
    reported_to: Annotated[tuple[Body, ...], AtMost(LIST), CUSTODY]


class AbsenceResolved(Fact):
    """An absent child was found."""

    wire: ClassVar = "custody.absence-resolved.v1"
    producers: ClassVar = ("ORR", "ICE-ERO")
    found_where: Annotated[Text, CUSTODY]
    returned_to: Annotated[Text | None, CUSTODY] = None


class SignificantIncidentReported(Fact):
    """A significant incident in care (forms A-9, A-10A-C); a safety fact, never refused for its order."""

    wire: ClassVar = "custody.significant-incident-reported.v1"
    producers: ClassVar = ("ORR",)
    incident_id: Annotated[Id, HEALTH]
    kind: Annotated[Text, HEALTH]
    reported_to: Annotated[tuple[Body, ...], AtMost(LIST), HEALTH]


class SponsorApplicationReceived(Fact):
    """A would-be sponsor applied; the sponsor is an opaque id."""

    wire: ClassVar = "custody.sponsor-application-received.v1"
    producers: ClassVar = ("ORR",)
    sponsor_id: Annotated[Id, SPONSOR]
    sponsor_category: Annotated[SponsorCategory, SPONSOR]
    address: Annotated[Address | None, ADDRESS] = None


class ReleaseDecided(Fact):
    """ORR decided on a release (45 CFR 410.1201-1206)."""

    wire: ClassVar = "custody.release-decided.v1"
    producers: ClassVar = ("ORR",)
    decision: Annotated[Literal["approve", "approve-with-prs", "deny", "remand", "unknown"], CUSTODY]
    sponsor_id: Annotated[Id | None, SPONSOR] = None
    basis: Annotated[Text | None, SPONSOR] = None
    conditions: Annotated[Text | None, SPONSOR] = None


class PreReleaseNoticeGiven(Fact):
    """ORR told other agencies of a release it plans."""

    wire: ClassVar = "custody.pre-release-notice-given.v1"
    producers: ClassVar = ("ORR",)
    to: Annotated[tuple[NamedAgency, ...], AtMost(LIST), CUSTODY]
    planned_for: Annotated[When, CUSTODY]
    address: Annotated[Address | None, ADDRESS] = None


class DischargeNotified(Fact):
    """ORR told other agencies of a discharge (form R-2, within 24 hours; Policy Guide 2.8.3)."""

    wire: ClassVar = "custody.discharge-notified.v1"
    producers: ClassVar = ("ORR",)
    to: Annotated[tuple[NamedAgency, ...], AtMost(LIST), CUSTODY]


class ReleasedToSponsor(Fact):
    """The child left ORR's custody to a sponsor; ORR's legal custody ends here."""

    wire: ClassVar = "custody.released-to-sponsor.v1"
    producers: ClassVar = ("ORR",)
    sponsor_id: Annotated[Id | None, SPONSOR] = None
    sponsor_category: Annotated[SponsorCategory, SPONSOR]
    relationship: Annotated[Text | None, SPONSOR] = None
    sponsor_name: Annotated[Text | None, SPONSOR_CONTACT] = None
    sponsor_phone: Annotated[Text | None, SPONSOR_CONTACT] = None
    address: Annotated[Address, ADDRESS]


class DischargedOtherwise(Fact):
    """The child left ORR's custody other than to a sponsor."""

    wire: ClassVar = "custody.discharged-otherwise.v1"
    producers: ClassVar = ("ORR",)
    kind: Annotated[
        Literal[
            "age-out",
            "age-redetermined",
            "program-urm",
            "repatriated",
            "removed",
            "law-enforcement",
            "runaway-closed",
            "deceased",
            "other",
            "unknown",
        ],
        CUSTODY,
    ]
    destination: Annotated[Text | None, CUSTODY] = None


class AgeOutConsidered(Fact):
    """ICE considered the least restrictive setting for a child turning 18 (8 USC 1232(c)(2)(B))."""

    wire: ClassVar = "custody.age-out-considered.v1"
    producers: ClassVar = ("ICE-ERO",)
    options: Annotated[tuple[Text, ...], AtMost(LIST), CUSTODY]
    decision: Annotated[Text, CUSTODY]
    reason: Annotated[Text, CUSTODY]


class AddressReported(Fact):
    """Somebody reported where the child lives or gets mail."""

    wire: ClassVar = "custody.address-reported.v1"
    producers: ClassVar = PRODUCERS
    purpose: Annotated[Literal["residence", "mailing", "unknown"], ADDRESS]
    address: Annotated[Address, ADDRESS]
    effective_from: Annotated[When | None, ADDRESS] = None
    caregiver: Annotated[Text | None, SPONSOR_CONTACT] = None
    reported_via: Annotated[
        Literal["eoir-33", "ar-11", "orr-call", "ice-coa", "sponsor", "child", "mail", "other", "unknown"],
        ADDRESS,
    ]


class MailReturned(Fact):
    """A piece of legal mail came back undelivered. Version 2 adds `piece_kind`; version 1 is still accepted."""

    wire: ClassVar = "custody.mail-returned.v2"
    producers: ClassVar = ("ICE-ERO", "ICE-OPLA", "EOIR", "ORR")
    piece_kind: Annotated[Literal["nta", "hearing-notice", "verification-of-release", "other", "unknown"], COURT]
    piece: Annotated[Text, COURT]
    reason: Annotated[Text, ADDRESS]
    address_position: Annotated[Position | None, ADDRESS] = None


class ResponsibleOfficeAssigned(Fact):
    """An ICE office took responsibility for the child's case."""

    wire: ClassVar = "custody.responsible-office-assigned.v1"
    producers: ClassVar = ("ICE-ERO", "ICE-OPLA")
    office: Annotated[Text, CUSTODY]
    court: Annotated[Text | None, COURT] = None
    address_position: Annotated[Position | None, ADDRESS] = None


class PostReleaseContactRecorded(Fact):
    """A contact after release was made or tried; a safety fact, never refused for its order."""

    wire: ClassVar = "custody.post-release-contact-recorded.v1"
    producers: ClassVar = ("ORR", "ICE-ERO")
    kind: Annotated[Text, CONTACT]
    attempt: Annotated[Count, CONTACT]
    mode: Annotated[Literal["in-person", "live-call", "message", "letter", "unknown"], CONTACT]
    spoke_with: Annotated[tuple[Literal["child", "sponsor", "other", "nobody", "unknown"], ...], AtMost(LIST), CONTACT]
    child_seen: Annotated[YesNo, CONTACT]
    identity_checked: Annotated[YesNo, CONTACT]
    address_confirmed: Annotated[YesNo | None, CONTACT] = None
    still_with_sponsor: Annotated[YesNo | None, CONTACT] = None
    concern: Annotated[Text | None, CONCERN] = None


class ConcernRaised(Fact):
    """Somebody raised a concern for the child; a safety fact, never refused for its order."""

    wire: ClassVar = "custody.concern-raised.v1"
    producers: ClassVar = PRODUCERS
    concern_id: Annotated[Id, CONCERN]
    kind: Annotated[Text, CONCERN]
    urgency: Annotated[Text, CONCERN]
    routed_to: Annotated[tuple[Body, ...], AtMost(LIST), CONCERN]


class ConcernAcknowledged(Fact):
    """A body took up a concern."""

    wire: ClassVar = "custody.concern-acknowledged.v1"
    producers: ClassVar = PRODUCERS
    concern_id: Annotated[Id, CONCERN]
    by: Annotated[Body, CONCERN]


class ConcernResolved(Fact):
    """A concern was closed; `no-authority` says that nobody could act."""

    wire: ClassVar = "custody.concern-resolved.v1"
    producers: ClassVar = PRODUCERS
    concern_id: Annotated[Id, CONCERN]
    outcome: Annotated[Annotated[str, Field(min_length=1, max_length=4000)], CONCERN]


class DepartureVerified(Fact):
    """ICE verified that the child left the country."""

    wire: ClassVar = "custody.departure-verified.v1"
    producers: ClassVar = ("ICE-ERO",)
    kind: Annotated[Literal["removal", "voluntary-departure", "return", "unknown"], CUSTODY]
    country: Annotated[Country | None, CUSTODY] = None
