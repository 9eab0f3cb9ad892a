"""Whereabouts, asked of the whole list again for every happening in it."""

from collections.abc import Sequence

from tests.oracle.custody import custody, started_at
from tests.oracle.standing import Happened, Json

IN_PROGRAM = ("admitted-to-program", "network-transfer-completed", "emergency-transfer-made")


def whereabouts(fold: Sequence[Happened], roots: dict[int, int]) -> Json:
    """The state after the whole fold, since the last happening that changed the state or the residence it is about."""
    since = None
    for n, h in enumerate(fold):
        before, after = fold[:n], fold[: n + 1]
        moved = _residence(before) != _residence(after) and _apart(after) is None
        if moved or _where(before, roots) != _where(after, roots):
            since = h.when
    return {
        "state": _where(fold, roots),
        "residence": _residence(fold),
        "mailing": _last_address(fold, ("mailing",)),
        "since": since,
    }


def _where(fold: Sequence[Happened], roots: dict[int, int]) -> str:
    return _apart(fold) or _address_known(fold, roots)


def _apart(fold: Sequence[Happened]) -> str | None:
    """In custody, missing, departed, deceased: whatever comes before any address."""
    if not fold:
        return None
    *before, h = fold
    was, f, held = _apart(before), h.fact, custody(before)
    match h.name:
        case "child-encountered" | "handoff-started":
            return "in-custody"
        case name if name in IN_PROGRAM:
            return "in-custody"
        case "handoff-accepted" if f["receiving_agency"] in ("ORR", "CBP", "ICE-ERO", "ICE-OPLA"):
            return "in-custody"
        case "handoff-cancelled" | "handoff-declined" if was == "in-custody":
            start = started_at(before)
            ends_it = start is not None and fold[start].fact.get("handoff_id") == f["handoff_id"]
            return _apart(fold[:start]) if ends_it else was
        case "absence-reported" if f["kind"] != "attempted":
            return "missing-reported"
        case "absence-resolved" if held["state"] == "absent":
            return "in-custody"
        case "absence-resolved" if was == "missing-reported":
            return "in-custody" if held["legal_custodian"] else None
        case "released-to-sponsor":
            return None
        case "discharged-otherwise":
            by_kind = {
                "age-out": "in-custody",
                "age-redetermined": "in-custody",
                "repatriated": "departed",
                "removed": "departed",
                "deceased": "deceased",
                "runaway-closed": "missing-reported",
            }
            return by_kind.get(f["kind"])
        case "contiguous-return-executed" | "departure-verified":
            return "departed"
        case "post-release-contact-recorded" if _confirms(f) and was in ("missing-reported", "departed"):
            return None
    return was


def _address_known(fold: Sequence[Happened], roots: dict[int, int]) -> str:
    """What the last happening that says anything of the residence says of it."""
    for n in range(len(fold), 0, -1):
        h, before, f = fold[n - 1], fold[: n - 1], fold[n - 1].fact
        if h.name == "released-to-sponsor" or (h.name == "address-reported" and f["purpose"] == "residence"):
            if "address" not in f:
                return "unknown"
            return "reported" if any(line.strip() for line in f["address"].get("lines", ())) else "address-defective"
        if h.name == "mail-returned" and _residence(before) is not None:
            position = f.get("address_position")
            named = [b for b in before if _gives_address(b) and b.position == roots.get(position or 0, position)]
            if position is None or (named and named[0].fact["address"] == _residence(before)):
                return "address-defective"
        if h.name == "post-release-contact-recorded" and f.get("address_confirmed") is False:
            return "unknown"
        if h.name == "post-release-contact-recorded" and _confirms(f):
            return "confirmed"
        if h.name in ("contiguous-return-executed", "departure-verified"):
            return "unknown"
        if h.name == "discharged-otherwise" and f["kind"] not in ("age-out", "age-redetermined"):
            return "unknown"
    return "unknown"


def _confirms(f: Json) -> bool:
    spoken_to = "child" in f["spoke_with"] and f["mode"] in ("in-person", "live-call")
    seen_or_spoken_to = f["child_seen"] is True or spoken_to
    return bool(seen_or_spoken_to and f["identity_checked"] is True and f.get("address_confirmed") is True)


def _gives_address(h: Happened) -> bool:
    """A release of which the address is not known gives none."""
    return "address" in h.fact and (
        h.name == "released-to-sponsor"
        or (h.name == "address-reported" and h.fact["purpose"] in ("residence", "mailing"))
    )


def _residence(fold: Sequence[Happened]) -> Json | None:
    return _last_address(fold, ("residence", "release"))


def _last_address(fold: Sequence[Happened], purposes: Sequence[str]) -> Json | None:
    given = [h.fact["address"] for h in fold if _gives_address(h) and h.fact.get("purpose", "release") in purposes]
    return given[-1] if given else None
