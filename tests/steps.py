"""Happenings of March 2022 in a few words, for hand-made histories of one child."""

from datetime import date, datetime
from typing import Any

from ledger.agencies import Agency
from projections.fold.folding import Folding
from projections.fold.regions import Regions
from tests.histories import ELM, ZONE, record

T1, T2 = "2022-05-02T09:00:00-05:00", "2022-08-01T13:30:00-05:00"

Step = tuple[Any, ...]


def regions(*steps: Step, happened_by: str | None = None) -> Regions:
    """Return the regions after these happenings, recorded in this order."""
    until = None if happened_by is None else datetime.fromisoformat(happened_by)
    return Folding.of(record(*steps), ZONE, until).regions()


def on(day: int, name: str, agency: Agency | None = None, /, **fact: Any) -> Step:
    """A happening on that day of March 2022."""
    return (name, f"2022-03-{day:02}", fact) if agency is None else (name, f"2022-03-{day:02}", fact, agency)


def march(day: int) -> date:
    return date(2022, 3, day)


def encountered(day: int, agency: Agency = "CBP") -> Step:
    return on(day, "child-encountered", agency, encounter_type="between-ports", place="El Paso")


def admitted(day: int) -> Step:
    return on(day, "admitted-to-program", program="Casa Azul")


def started(day: int, from_agency: str = "CBP", to_agency: str = "ORR") -> Step:
    facilities: dict[str, Any] = {"from_facility": "El Paso", "to_facility": "Casa Azul"}
    return on(day, "handoff-started", handoff_id="h", from_agency=from_agency, to_agency=to_agency, **facilities)


def accepted(day: int, by: str, at: str) -> Step:
    return on(day, "handoff-accepted", handoff_id="h", receiving_agency=by, receiving_facility=at, discrepancies=[])


def released(day: int, address: dict[str, Any] = ELM) -> Step:
    return on(day, "released-to-sponsor", sponsor_category="1", address=address)


def ran_away(day: int, kind: str = "runaway") -> Step:
    return on(day, "absence-reported", kind=kind, reported_to=["LE"])


def lives_at(day: int, address: dict[str, Any], purpose: str = "residence", **more: Any) -> Step:
    return on(day, "address-reported", purpose=purpose, address=address, reported_via="sponsor", **more)


def contact(day: int, **more: Any) -> Step:
    said = {"mode": "live-call", "spoke_with": ["child"], "child_seen": False, "identity_checked": True, **more}
    return on(day, "post-release-contact-recorded", kind="30-day call", attempt=1, **said)


def discharged(day: int, kind: str) -> Step:
    return on(day, "discharged-otherwise", kind=kind, destination="there")


def returned(day: int, address_position: int | None = None) -> Step:
    more: dict[str, Any] = {} if address_position is None else {"address_position": address_position}
    return on(day, "mail-returned", piece_kind="nta", piece="NTA n1", reason="no such number", **more)


def issued(day: int, nta: str = "n1") -> Step:
    return on(day, "nta-issued", nta_id=nta, has_time_and_place=True)


def served(day: int, nta: str = "n1") -> Step:
    return on(day, "nta-served", nta_id=nta, method="mail", served_on=["sponsor"])


def filed(day: int, nta: str = "n1", **more: Any) -> Step:
    return on(day, "nta-filed", nta_id=nta, court="HOU", **more)


def rejected(day: int, nta: str = "n1") -> Step:
    return on(day, "nta-rejected", nta_id=nta, reason="no address")


def docketed(day: int, nta: str = "n1", case: str = "c1") -> Step:
    return on(day, "nta-docketed", nta_id=nta, court_case=case, court="HOU")


def scheduled(day: int, hearing: str = "h1", at: str = T1, case: str = "c1") -> Step:
    return on(day, "hearing-scheduled", hearing_id=hearing, court_case=case, court="HOU", scheduled_for=at)


def cancelled(day: int, hearing: str = "h1") -> Step:
    return on(day, "hearing-cancelled", hearing_id=hearing)


def held(day: int, appearance: str = "present", hearing: str = "h1", **more: Any) -> Step:
    return on(day, "hearing-held", hearing_id=hearing, court_case="c1", appearance=appearance, **more)


def missed(day: int, hearing: str = "h1") -> Step:
    action = {"judge_action": "adjourned"}
    return on(day, "failure-to-appear-recorded", "EOIR", hearing_id=hearing, court_case="c1", **action)


def ordered(day: int, decision: str = "removed") -> Step:
    return on(day, "order-entered", court_case="c1", decision=decision, in_absentia=True)


def decided(day: int, code: str, decision: str) -> Step:
    return on(day, "motion-decided", court_case="c1", motion_code=code, decision=decision)


def not_pursued(day: int, reason: str = "discretion") -> Step:
    return on(day, "nta-not-pursued", reason=reason)
