"""The way of a simulated child: encounter, referral, care, release, and what comes after (domain 2.2, steps 1-9)."""

from datetime import datetime, timedelta
from typing import Final

from producers.simulation.child import SimulatedChild

_COUNTRIES: Final = ("GTM", "GTM", "GTM", "HND", "HND", "SLV", "ECU", "NIC", "MEX")
_STREETS: Final = ("Imaginary Ave", "Nowhere St", "Pretend Rd", "Example Ln", "Invented Blvd")
_CITIES: Final = (
    ("Fictionville", "Harris", "TX", "77999"),
    ("Fictionville", "Harris", "TX", "77999"),
    ("Port Example", "Miami-Dade", "FL", "33999"),
    ("Sampleton", "Los Angeles", "CA", "90999"),
    ("New Nowhere", "Queens", "NY", "11999"),
    ("Madeup Falls", "Davidson", "TN", "37999"),
    ("Pretend Springs", "Fairfax", "VA", "22999"),
)
_GIVEN: Final = ("Alba", "Bruno", "Celia", "Dario", "Elisa", "Fabio", "Gala", "Hugo", "Irma", "Julio")
_FAMILY: Final = ("Ejemplo", "Ficticio", "Inventado", "Muestra", "Supuesto")
_RELATIONSHIPS: Final = (("1", "mother"), ("1", "father"), ("2", "aunt"), ("2", "brother"), ("2A", "grandmother"))
_LEVELS: Final = ("shelter", "shelter", "transitional-foster-care", "emergency-facility")


def live(child: SimulatedChild, met_at: datetime) -> None:
    """Have the agencies tell how the child came, was cared for and left, beginning at `met_at`."""
    decided_at = _border(child, met_at)
    if decided_at is None:
        return
    admitted_at = _handoff(child, decided_at)
    left_at = _care(child, admitted_at)
    if left_at is not None:
        child.released_at = left_at
        _after_release(child, left_at)


def _hours(child: SimulatedChild, at_least: float, at_most: float) -> timedelta:
    return timedelta(minutes=int(60 * (at_least + child.rng.random() * (at_most - at_least))))


def _border(child: SimulatedChild, met_at: datetime) -> datetime | None:
    """Encounter to referral; None when the child never reaches ORR."""
    rng = child.rng
    child.country = _COUNTRIES[int(rng.random() * len(_COUNTRIES))]
    child.contiguous = child.country == "MEX"
    child.age = 6 + int(rng.random() * 12)
    born_on = met_at.date() - timedelta(days=child.age * 365 + 30 + int(rng.random() * 300))
    sex = "F" if child.chance(0.35) else "M"
    child.station = child.office("CBP")
    between = child.chance(0.9)
    child.tell(
        "CBP",
        "child-encountered",
        met_at,
        {
            "encounter_type": "between-ports" if between else "port-of-entry",
            "place": child.station,
            "country": child.country,
            "date_of_birth": born_on.isoformat(),
            "sex": sex,
        },
    )
    name = f"{_GIVEN[int(rng.random() * 10)]} {_FAMILY[int(rng.random() * 5)]}"
    child.tell(
        "CBP",
        "particulars-asserted",
        met_at + _hours(child, 0.5, 2),
        {"name": name, "date_of_birth": born_on.isoformat(), "sex": sex, "country": child.country, "basis": "claimed"},
        grade="statement",
    )
    decided_at = met_at + _hours(child, 3, 20)
    is_uc = not child.chance(0.02)
    child.tell(
        "CBP",
        "uc-determination-made",
        decided_at,
        {"is_uc": is_uc, "age_basis": "claimed", "parent_available": not is_uc, "separated": child.chance(0.01)},
    )
    if not is_uc:
        return None
    if child.contiguous:
        screening = {"trafficking": False, "credible_fear": child.chance(0.4), "able_to_withdraw": True}
        child.tell("CBP", "protection-screening-recorded", decided_at + _hours(child, 1, 3), screening)
        if not screening["credible_fear"]:
            returned = {"country": "MEX", "consulate_notified": True}
            child.tell("CBP", "contiguous-return-executed", decided_at + _hours(child, 5, 20), returned)
            return None
    child.tell("CBP", "referred-to-orr", decided_at + _hours(child, 0.5, 6), {"referring_office": child.station})
    return decided_at


def _handoff(child: SimulatedChild, decided_at: datetime) -> datetime:
    """Designation, handoff and admission."""
    child.program = child.office("ORR")
    level = _LEVELS[int(child.rng.random() * len(_LEVELS))]
    designated_at = decided_at + _hours(child, 8, 30)
    child.tell("ORR", "placement-designated", designated_at, {"program": child.program, "level_of_care": level})
    started_at = designated_at + _hours(child, 2, 20)
    handoff_id = f"ho-{child.name}"
    child.tell(
        "CBP",
        "handoff-started",
        started_at,
        {
            "handoff_id": handoff_id,
            "from_agency": "CBP",
            "from_facility": child.station,
            "to_agency": "ORR",
            "to_facility": child.program,
        },
    )
    accepted_at = started_at + _hours(child, 2, 12)
    child.identifiers.append({"scheme": "orr-id", "value": f"sim-{child.number}"})
    child.tell(
        "ORR",
        "handoff-accepted",
        accepted_at,
        {
            "handoff_id": handoff_id,
            "receiving_agency": "ORR",
            "receiving_facility": child.program,
            "discrepancies": ["property bag missing"] if child.chance(0.03) else [],
            "condition": "well",
        },
    )
    admitted_at = accepted_at + _hours(child, 0.5, 2)
    child.tell("ORR", "admitted-to-program", admitted_at, {"program": child.program, "level_of_care": level})
    return admitted_at


def _care(child: SimulatedChild, admitted_at: datetime) -> datetime | None:
    """The time in care; the time of release, or None when the child left otherwise."""
    at = admitted_at
    if child.chance(0.06):
        at += _hours(child, 48, 400)
        incident = {"incident_id": f"sir-{child.name}", "kind": "medical", "reported_to": ["ORR"]}
        child.tell("ORR", "significant-incident-reported", at, incident)
    if child.chance(0.08):
        at += _hours(child, 100, 500)
        to_program = child.office("ORR")
        child.tell("ORR", "network-transfer-completed", at, {"from_program": child.program, "to_program": to_program})
        child.program = to_program
    if child.chance(0.04):
        at += _hours(child, 24, 200)
        child.tell("ORR", "absence-reported", at, {"kind": "unauthorized-absence", "reported_to": ["ORR-NCC", "LE"]})
        if child.chance(0.4):
            closed_at = at + timedelta(days=30)
            child.tell("ORR", "discharged-otherwise", closed_at, {"kind": "runaway-closed"})
            return None
        back_at = at + _hours(child, 2, 60)
        child.tell("ORR", "absence-resolved", back_at, {"found_where": "bus station", "returned_to": child.program})
        at = back_at
    if child.age == 17 and child.chance(0.3):
        at += _hours(child, 24 * 20, 24 * 90)
        child.tell(
            "ORR", "discharged-otherwise", at, {"kind": "age-out", "destination": "Fictional Field Office South"}
        )
        options = ["release on recognizance", "alternatives to detention", "detention"]
        considered = {"options": options, "decision": options[0], "reason": "least restrictive setting"}
        child.tell("ICE-ERO", "age-out-considered", at + _hours(child, 1, 8), considered)
        return None
    return _release(child, at)


def _release(child: SimulatedChild, at: datetime) -> datetime:
    rng = child.rng
    category, relationship = _RELATIONSHIPS[int(rng.random() * len(_RELATIONSHIPS))]
    city, county, state, zip_code = _CITIES[int(rng.random() * len(_CITIES))]
    sponsor = f"sp-{child.name}"
    line = f"{100 + int(rng.random() * 9800)} {_STREETS[int(rng.random() * len(_STREETS))]}"
    address: dict[str, object] = {"lines": [line], "city": city, "county": county, "state": state, "zip": zip_code}
    if child.chance(0.3):
        address["unit"] = f"Apt {1 + int(rng.random() * 40)}"
    if child.chance(0.03):
        address = {"city": city, "state": state}
    elif child.chance(0.02):
        address = {}
    child.address = address
    applied_at = at + _hours(child, 48, 240)
    application = {"sponsor_id": sponsor, "sponsor_category": category, "address": address}
    child.tell("ORR", "sponsor-application-received", applied_at, application)
    decided_at = applied_at + _hours(child, 120, 900)
    decision = {"decision": "approve-with-prs" if child.chance(0.2) else "approve", "sponsor_id": sponsor}
    child.tell("ORR", "release-decided", decided_at, decision)
    released_at = decided_at + _hours(child, 24, 96)
    if child.chance(0.8):
        notice = {"to": ["ICE-ERO"], "planned_for": released_at.date().isoformat(), "address": address}
        child.tell("ORR", "pre-release-notice-given", released_at - _hours(child, 20, 23), notice)
    child.tell(
        "ORR",
        "released-to-sponsor",
        released_at,
        {"sponsor_id": sponsor, "sponsor_category": category, "relationship": relationship, "address": address},
    )
    return released_at


def _after_release(child: SimulatedChild, released_at: datetime) -> None:
    late = timedelta(days=2 + int(child.rng.random() * 12)) if child.chance(0.1) else None
    if child.chance(0.93):
        told_at = released_at + _hours(child, 1, 20)
        child.tell("ORR", "discharge-notified", told_at, {"to": ["ICE-ERO", "ICE-OPLA"]}, late_by=late)
    assigned = {"office": child.office("ICE-ERO")}
    if child.chance(0.8):
        child.tell("ICE-ERO", "responsible-office-assigned", released_at + _hours(child, 24, 200), assigned)
    called_at = released_at + timedelta(days=30) + _hours(child, 0, 100)
    reached = child.chance(0.75)
    contact = {
        "kind": "safety-and-well-being-call",
        "attempt": 1,
        "mode": "live-call",
        "spoke_with": ["child", "sponsor"] if reached else ["nobody"],
        "child_seen": False,
        "identity_checked": reached,
        "address_confirmed": reached and child.chance(0.9),
        "still_with_sponsor": reached or "unknown",
    }
    child.tell("ORR", "post-release-contact-recorded", called_at, contact, grade="statement")
    if not reached and child.chance(0.2):
        concern = {
            "concern_id": f"noc-{child.name}",
            "kind": "missing",
            "urgency": "high",
            "routed_to": ["ORR-NCC", "HSI"],
        }
        child.tell("ORR", "concern-raised", called_at + _hours(child, 1, 4), concern)
    if child.chance(0.15):
        moved_at = released_at + timedelta(days=20 + int(child.rng.random() * 60))
        city, _, state, zip_code = _CITIES[int(child.rng.random() * len(_CITIES))]
        new = {
            "lines": [f"{int(child.rng.random() * 900) + 1} Example Ln"],
            "city": city,
            "state": state,
            "zip": zip_code,
        }
        report = {"purpose": "residence", "address": new, "reported_via": "eoir-33"}
        child.tell("EOIR", "address-reported", moved_at, report, late_by=timedelta(days=9))
