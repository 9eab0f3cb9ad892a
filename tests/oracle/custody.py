"""Custody, row by row of the contract's table; and age. Members that are not known are absent."""

from collections.abc import Callable, Sequence
from datetime import date

from tests.oracle.standing import Happened, Json

Held = list[str | None]


def custody(fold: Sequence[Happened]) -> Json:
    held, since, _ = _after_each(fold)[-1]
    return dict(zip(("state", "legal_custodian", "physical_custodian", "place"), held, strict=True), since=since)


def started_at(fold: Sequence[Happened]) -> int | None:
    """Where in the fold the handoff under way was started: one told again under its id, when it was first told."""
    starts = _after_each(fold)[-1][2]
    return starts[-1] if starts else None


def _after_each(fold: Sequence[Happened]) -> list[tuple[Held, date | None, list[int]]]:
    """Custody before everything and after each happening, since when, and where the handoffs under way were started."""
    held: Held = ["none", None, None, None]
    since: date | None = None
    starts: list[int] = []
    states = [(held, since, starts)]
    for n, h in enumerate(fold):
        after = _custody_after(h, *held)
        same = bool(starts) and fold[starts[-1]].fact.get("handoff_id") == h.fact.get("handoff_id")
        if h.name in ("handoff-cancelled", "handoff-declined") and same:
            after, starts = states[starts[-1]][0], starts[:-1]
        elif h.name == "handoff-started" and not same:
            starts = [*starts, n]
        if after[2] != "escort":
            starts = []
        if after != held:
            held, since = after, h.when
        states.append((held, since, starts))
    return states


def _custody_after(
    h: Happened, state: str | None, legal: str | None, physical: str | None, place: str | None
) -> list[str | None]:
    f = h.fact
    discharges: dict[str, list[str | None]] = {
        "age-out": ["ice-adult", "ICE-ERO", "ICE-ERO"],
        "age-redetermined": ["ice-adult", "ICE-ERO", "ICE-ERO"],
        "program-urm": ["program-urm", None, None],
        "repatriated": ["repatriated", None, None],
        "removed": ["repatriated", None, None],
        "law-enforcement": ["law-enforcement", None, None],
        "runaway-closed": ["closed-runaway", None, None],
        "deceased": ["deceased", None, None],
        "other": ["discharged-other", None, None],
        "unknown": ["discharged-other", None, None],
    }
    receiver = f.get("receiving_agency")
    rows: dict[str, tuple[bool, Callable[[], list[str | None]]]] = {
        "child-encountered": (True, lambda: ["dhs-custody", h.agency, h.agency, f.get("place")]),
        "uc-determination-made": (f.get("is_uc") is False, lambda: ["not-uc", legal, physical, place]),
        "referred-to-orr": (True, lambda: ["referred", legal, physical, place]),
        "referral-cancelled": (True, lambda: ["dhs-custody", legal, physical, place]),
        "placement-designated": (True, lambda: ["designated", legal, physical, place]),
        "handoff-started": (
            True,
            lambda: [
                "in-network-transfer" if (f["from_agency"], f["to_agency"]) == ("ORR", "ORR") else "in-transit",
                legal,
                "escort",
                None,
            ],
        ),
        "handoff-accepted": (
            receiver in ("ORR", "CBP", "ICE-ERO", "ICE-OPLA"),
            lambda: [
                "orr-custody" if receiver == "ORR" else "dhs-custody",
                receiver,
                receiver,
                f.get("receiving_facility"),
            ],
        ),
        "admitted-to-program": (True, lambda: ["orr-custody", "ORR", "ORR", f.get("program")]),
        "network-transfer-completed": (True, lambda: ["orr-custody", "ORR", "ORR", f.get("to_program")]),
        "emergency-transfer-made": (True, lambda: ["orr-custody", "ORR", "ORR", f.get("to_place")]),
        "absence-reported": (
            f.get("kind") != "attempted" and legal == "ORR",
            lambda: ["absent", "ORR", "unknown", None],
        ),
        "absence-resolved": (state == "absent", lambda: ["orr-custody", "ORR", "ORR", f.get("returned_to")]),
        "released-to-sponsor": (True, lambda: ["released-to-sponsor", None, "sponsor", None]),
        "post-release-contact-recorded": (
            state == "released-to-sponsor" and f.get("still_with_sponsor") is False,
            lambda: [state, legal, "unknown", None],
        ),
        "discharged-otherwise": (True, lambda: [*discharges[f["kind"]], f.get("destination")]),
        "contiguous-return-executed": (True, lambda: ["repatriated", None, None, f.get("country")]),
        "departure-verified": (True, lambda: ["repatriated", None, None, f.get("country")]),
    }
    applies, after = rows.get(h.name, (False, list))
    return after() if applies else [state, legal, physical, place]


def age(fold: Sequence[Happened]) -> Json:
    """The last assertion of a date of birth, or finding that the person is an adult."""
    for h in reversed(fold):
        f = h.fact
        born = None if f.get("date_of_birth") is None else date.fromisoformat(f["date_of_birth"])
        if h.name == "age-redetermined" and (born or f.get("is_adult") is True):
            return {"date_of_birth": born, "basis": f.get("method"), "adult": f.get("is_adult") is True}
        if h.name in ("child-encountered", "particulars-asserted") and born:
            return {"date_of_birth": born, "basis": f.get("basis"), "adult": False}
    return {"date_of_birth": None, "basis": None, "adult": False}
