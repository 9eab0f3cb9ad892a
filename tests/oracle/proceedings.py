"""Proceedings, kept as a list of dicts that is searched from the front."""

from collections.abc import Sequence
from datetime import date

from tests.oracle.standing import Happened, Json, read


def proceedings(fold: Sequence[Happened]) -> list[Json]:
    found: list[Json] = []
    for n, h in enumerate(fold):
        _proceed(found, h, fold[:n])
    some_served = any(h.name == "nta-served" and "nta_id" not in h.fact for h in fold)
    for p in found:
        if not p["served"] and (p["nta_id"] is None or some_served):
            p["served"] = None  # not known: of which notice, or whether
    reasons = [h.fact["reason"] for h in fold if h.name == "nta-not-pursued"]
    none: Json = {
        "court_case": None,
        "nta_id": None,
        "state": "no-nta",
        "served": None,
        "next_hearing_at": None,
        "since": None,
        "reason": reasons[-1] if reasons else None,
    }
    return [{k: p[k] for k in none} for p in found] or [none]


def _proceed(found: list[Json], h: Happened, before: Sequence[Happened]) -> None:
    f = h.fact
    nta, case, hearing = f.get("nta_id"), f.get("court_case"), f.get("hearing_id")
    scheduled = [b for b in before if b.name == "hearing-scheduled" and b.fact["hearing_id"] == hearing]
    if h.name == "hearing-cancelled" and scheduled:
        case = scheduled[-1].fact["court_case"]
    match h.name:
        case "nta-issued":
            p = _of_nta(found, nta)
            if p["state"] == "new":
                _move(p, "nta-issued", h)
        case "nta-served" if nta is None:
            pass
        case "nta-served":
            p = _of_nta(found, nta)
            p["served"] = True
            if p["state"] in ("new", "nta-issued"):
                _move(p, "nta-served", h)
        case "nta-not-pursued":
            for p in found:
                if p["state"] in ("nta-issued", "nta-served"):
                    p["reason"] = f["reason"]
        case "nta-filed" | "nta-docketed":
            p = _of_nta(found, nta) if case is None else _link(found, nta, case)
            p["reason"] = None
            _move(p, "nta-filed" if h.name == "nta-filed" else "docketed", h)
        case "nta-rejected":
            p = _of_nta(found, nta)
            _move(p, "nta-served" if p["served"] else "nta-issued", h)
        case "hearing-scheduled":
            _set_hearing(_of_case(found, case, h), f["scheduled_for"], h)
        case "hearing-cancelled":
            for p in found:
                was_next = scheduled and read(scheduled[-1].fact["scheduled_for"]) == p["next_hearing_at"]
                if p["court_case"] == case and case is not None and was_next:
                    p["next_hearing_at"] = None
                    _move(p, "docketed", h)
        case "hearing-held":
            p = _of_case(found, case, h)
            if "next_hearing_at" in f:
                _set_hearing(p, f["next_hearing_at"], h)
            elif f["appearance"] != "absent":
                _strike(p, hearing, before)
                _move(p, "heard", h)
        case "failure-to-appear-recorded":
            p = _of_case(found, case, h)
            _strike(p, hearing, before)
            _move(p, "fta", h)
        case "order-entered":
            p = _of_case(found, case, h)
            p["next_hearing_at"] = None
            _move(p, f["decision"], h)
        case "motion-filed":
            _of_case(found, case, h)
        case "motion-decided":
            p = _of_case(found, case, h)
            if f["motion_code"] in ("MA", "MC", "O", "RD") and f["decision"].lower() in ("g", "granted"):
                _move(p, "docketed", h)


def _move(p: Json, state: str, h: Happened) -> None:
    if p["state"] != state:
        p |= {"state": state, "since": h.when}


def _set_hearing(p: Json, at: str, h: Happened) -> None:
    if (p["state"], p["next_hearing_at"]) != ("hearing-set", read(at)):
        p |= {"state": "hearing-set", "next_hearing_at": read(at), "since": h.when}


def _strike(p: Json, hearing: str | None, before: Sequence[Happened]) -> None:
    """The hearing took place or was missed: it is the next one no longer. One never heard of was the next one."""
    heard_of = [
        b for b in before if b.name in ("hearing-scheduled", "hearing-held") and b.fact["hearing_id"] == hearing
    ]
    times = [read(b.fact["scheduled_for"]) for b in heard_of if b.name == "hearing-scheduled"]
    if not heard_of or (times and times[-1] == p["next_hearing_at"]):
        p["next_hearing_at"] = None


def _new(found: list[Json], state: str, since: date | None, case: str | None, ntas: set[str]) -> Json:
    found.append(
        {
            "court_case": case,
            "nta_id": next(iter(ntas), None),
            "state": state,
            "served": False,
            "next_hearing_at": None,
            "since": since,
            "reason": None,
            "ntas": ntas,
        }
    )
    return found[-1]


def _of_nta(found: list[Json], nta: str | None) -> Json:
    assert nta is not None
    return next((p for p in found if nta in p["ntas"]), None) or _new(found, "new", None, None, {nta})


def _of_case(found: list[Json], case: str | None, h: Happened) -> Json:
    known = [p for p in found if p["court_case"] == case]
    return known[0] if known else _new(found, "docketed", h.when, case, set())


def _link(found: list[Json], nta: str | None, case: str) -> Json:
    """The notice belongs to this case from now on; a proceeding of its own becomes the case's."""
    assert nta is not None
    own = next((p for p in found if nta in p["ntas"]), None)
    its = next((p for p in found if p["court_case"] == case), None)
    if its is None:
        its = own if own is not None and own["court_case"] is None else _new(found, "new", None, case, set())
    elif own is not None and own["court_case"] is None:
        first = min(n for n, p in enumerate(found) if p is own or p is its)
        found[:] = [p for p in found if p is not own and p is not its]
        found.insert(first, its)
    if own is not None:
        own["ntas"].discard(nta)
        its["served"] = its["served"] or own["served"]
    its["ntas"].add(nta)
    its |= {"nta_id": nta, "court_case": case}
    return its
