"""The court case of a simulated child: the Notice to Appear, hearings, a failure to appear, an order (domain 3)."""

from datetime import datetime, timedelta
from typing import Final

from producers.simulation.child import SimulatedChild
from producers.simulation.sendings import Sending

_COURTS: Final = ("HOU", "MIA", "LOS", "NYC", "MEM", "WAS")


def answer_in_court(child: SimulatedChild, met_at: datetime) -> None:
    """Have DHS and the court tell of the child's proceedings; most begin at the border and end in court."""
    if child.contiguous or child.chance(0.06):
        return
    rng = child.rng
    nta_id = f"nta-{child.name}"
    court = _COURTS[int(rng.random() * len(_COURTS))]
    issued_at = met_at + timedelta(hours=20 + int(rng.random() * 10))
    with_time = child.chance(0.4)
    issued: dict[str, object] = {"nta_id": nta_id, "court": court, "has_time_and_place": with_time}
    if with_time:
        issued["hearing_at"] = (issued_at + timedelta(days=120)).date().isoformat()
    child.tell("CBP", "nta-issued", issued_at, issued)
    on = "child" if child.age >= 14 else "custodian"
    served = {"nta_id": nta_id, "method": "personal", "served_on": [on], "proof": "signed"}
    child.tell("CBP", "nta-served", issued_at + timedelta(minutes=20 + int(rng.random() * 90)), served)
    if child.chance(0.12):
        reasons = ("awaiting-placement", "no-valid-address", "backlog-or-resources")
        stalled = {
            "reason": reasons[int(rng.random() * 3)],
            "review_on": (met_at + timedelta(days=180)).date().isoformat(),
        }
        child.tell("ICE-ERO", "nta-not-pursued", met_at + timedelta(days=60, hours=10), stalled)
        return
    filed_at = met_at + timedelta(days=25 + int(rng.random() * 60), hours=int(rng.random() * 8) + 9)
    case = f"case-{child.name}"
    if child.chance(0.05):
        child.tell("ICE-OPLA", "nta-filed", filed_at, {"nta_id": nta_id, "court": court})
        child.tell("EOIR", "nta-rejected", filed_at + timedelta(days=2), {"nta_id": nta_id, "reason": "missing page"})
        filed_at += timedelta(days=14)
    child.tell("ICE-OPLA", "nta-filed", filed_at, {"nta_id": nta_id, "court": court, "court_case": case})
    docketed_at = filed_at + timedelta(days=1 + int(rng.random() * 5))
    child.tell("EOIR", "nta-docketed", docketed_at, {"nta_id": nta_id, "court_case": case, "court": court})
    if child.chance(0.25):
        counsel = {"representative_id": f"rep-{int(rng.random() * 90) + 10}", "scope": "removal proceedings"}
        child.tell("EOIR", "representative-entered", docketed_at + timedelta(days=9), counsel)
    if child.chance(0.1):
        _relief(child, docketed_at + timedelta(days=20))
    _hearing(child, case, court, docketed_at)


def _relief(child: SimulatedChild, filed_at: datetime) -> None:
    receipt = f"rcpt-{child.name}"
    filed = {"kind": "asylum", "receipt": receipt, "jurisdiction": "USCIS"}
    child.tell("USCIS", "relief-filed", filed_at, filed)
    if child.chance(0.3):
        decided = {"kind": "asylum", "receipt": receipt, "outcome": "granted" if child.chance(0.5) else "referred"}
        child.tell("USCIS", "relief-decided", filed_at + timedelta(days=150), decided)


def _hearing(child: SimulatedChild, case: str, court: str, docketed_at: datetime) -> None:
    hearing = f"h-{child.name}"
    held_at = (docketed_at + timedelta(days=70 + int(child.rng.random() * 60))).replace(hour=9, minute=0, second=0)
    scheduled = {
        "hearing_id": hearing,
        "court_case": case,
        "court": court,
        "scheduled_for": held_at.isoformat() + "-06:00",
        "calendar": "master",
        "medium": "in-person",
    }
    child.tell("EOIR", "hearing-scheduled", docketed_at + timedelta(days=3), scheduled)
    notice = {
        "notice_id": f"hn-{child.name}",
        "hearing_id": hearing,
        "method": "mail",
        "served_on": ["sponsor"],
        "address": child.address,
        "for_time": held_at.isoformat() + "-06:00",
    }
    child.tell("EOIR", "hearing-notice-served", held_at - timedelta(days=30), notice)
    if child.chance(0.06):
        came_back = {"piece_kind": "hearing-notice", "piece": f"hn-{child.name}", "reason": "insufficient address"}
        child.tell("EOIR", "mail-returned", held_at - timedelta(days=16), came_back, version=2)
    if child.chance(0.08):
        child.tell("EOIR", "hearing-cancelled", held_at - timedelta(days=5), {"hearing_id": hearing})
        return
    if child.chance(0.2):
        _failure_to_appear(child, case, hearing, held_at)
        return
    next_at = held_at + timedelta(days=180)
    held = {
        "hearing_id": hearing,
        "court_case": case,
        "appearance": "present",
        "next_hearing_at": next_at.isoformat() + "-06:00",
        "medium": "in-person",
    }
    child.tell("EOIR", "hearing-held", held_at, held)
    if child.chance(0.1):
        order = {"court_case": case, "decision": "terminated", "in_absentia": False}
        child.tell("EOIR", "order-entered", held_at + timedelta(days=40), order)


def _failure_to_appear(child: SimulatedChild, case: str, hearing: str, held_at: datetime) -> None:
    in_absentia = child.chance(0.4)
    missed = {
        "hearing_id": hearing,
        "court_case": case,
        "judge_action": "in-absentia" if in_absentia else "adjourned",
        "notice_id": f"hn-{child.name}",
    }
    recorded: Sending = child.tell("EOIR", "failure-to-appear-recorded", held_at, missed, late_by=timedelta(hours=26))
    if in_absentia:
        order = {"court_case": case, "decision": "removed", "in_absentia": True, "appeal_reserved": False}
        child.tell("EOIR", "order-entered", held_at + timedelta(hours=2), order)
    if child.chance(0.4):
        told_at = held_at + timedelta(days=5, hours=1)
        told = {
            "to": "ORR",
            "positions": [],
            "channel": "email",
            "given_at": told_at.isoformat() + "-06:00",
            "members": "all",
        }
        by_mail = timedelta(days=6)
        child.tell(
            "ICE-OPLA", "notice-given", told_at, told, late_by=by_mail, positions_of={"positions": (recorded.id,)}
        )
    if child.chance(0.3):
        followed = {"hearing_id": hearing, "action": "letter to sponsor", "result": "no answer"}
        child.tell("ICE-ERO", "fta-follow-up-recorded", held_at + timedelta(days=12), followed)
