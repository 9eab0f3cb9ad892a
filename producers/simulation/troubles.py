"""What goes wrong between agencies and a ledger, one trouble a child, each met in ordinary operation."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Final

from producers.simulation.child import OFFSET, SimulatedChild


def _late(child: SimulatedChild) -> None:
    """An absence nobody told of for twelve days."""
    at = _first_time(child) + timedelta(days=6)
    fact = {"kind": "attempted", "reported_to": ["ORR"]}
    child.tell("ORR", "absence-reported", at, fact, late_by=timedelta(days=12))


def _doubled(child: SimulatedChild) -> None:
    """A sending system that sends the same message again, a minute later."""
    last = child.told[-1]
    again = (datetime.fromisoformat(last.time) + timedelta(minutes=1)).replace(tzinfo=None)
    child.told.append(last._replace(time=again.isoformat() + OFFSET, expected="duplicate"))


def _no_json(child: SimulatedChild) -> None:
    """A message cut off in the middle."""
    _spoil(child, child.told[-1].body()[:-9])


def _no_utf8(child: SimulatedChild) -> None:
    """A message in the wrong encoding."""
    _spoil(child, child.told[-1].body().replace(b'"door"', '"doña"'.encode("latin-1")))


def _no_id(child: SimulatedChild) -> None:
    """A message without an id: nobody can be answered."""
    child.told.append(child.told[0]._replace(id="", time=child.told[-1].time, expected="set-aside"))


def _wrong_agency(child: SimulatedChild) -> None:
    """ICE records a release, which only ORR can (H2)."""
    fact = {"sponsor_category": "1", "address": {"city": "Fictionville", "state": "TX"}}
    child.tell("ICE-ERO", "released-to-sponsor", _last_time(child), fact)
    _refused(child)


def _unknown_member(child: SimulatedChild) -> None:
    """A member the contract does not have (H0)."""
    child.tell("ORR", "admitted-to-program", _last_time(child), {"bed": "12"})
    _refused(child)


def _in_the_future(child: SimulatedChild) -> None:
    """A day that has not come yet (H5)."""
    at = _last_time(child)
    sending = child.tell("ORR", "admitted-to-program", at, {"program": "Casa Ficticia"})
    assert isinstance(sending.data, dict)
    child.told[-1] = sending._replace(data={**sending.data, "occurred_at": f"{at.year + 100}-01-01"})
    _refused(child)


def _sponsor_status(child: SimulatedChild) -> None:
    """A sponsor's immigration status, which is never stored (H8)."""
    fact = {"sponsor_id": f"sp-{child.name}", "sponsor_category": "1", "sponsor_immigration_status": "not to be kept"}
    child.tell("ORR", "sponsor-application-received", _last_time(child), fact)
    _refused(child)


def _corrected(child: SimulatedChild) -> None:
    """The station was written down wrong, and the producer puts it right."""
    first = child.told[0]
    fact = {"corrects": 0, "set": {"place": "Mesa Falsa Station (annex)"}, "reason": "wrong building"}
    child.tell("CBP", "correction-issued", _last_time(child), fact, positions_of={"corrects": first.id})


def _voided(child: SimulatedChild) -> None:
    """A concern raised for the wrong child, taken back."""
    at = _first_time(child) + timedelta(hours=30)
    concern = {"concern_id": f"noc-x-{child.name}", "kind": "other", "urgency": "low", "routed_to": ["ORR-NCC"]}
    wrong = child.tell("CBP", "concern-raised", at, concern)
    void = {"voids": 0, "reason": "entered for the wrong child"}
    child.tell("CBP", "entry-voided", at + timedelta(hours=5), void, positions_of={"voids": wrong.id})


def _disputed(child: SimulatedChild) -> None:
    """Counsel disputes what was written down at the border."""
    fact = {"position": 0, "statement": "the date of birth is another", "by": "counsel"}
    child.tell("STEWARD", "entry-disputed", _last_time(child), fact, positions_of={"position": child.told[0].id})


def _merged(child: SimulatedChild) -> None:
    """The child was met before under another number; the steward joins the two records."""
    other = {"scheme": "cbp-subject", "value": f"subject-{child.number}"}
    own, child.identifiers = child.identifiers, [other]
    met = child.tell("CBP", "child-encountered", _first_time(child) - timedelta(days=40), _MET_BEFORE)
    child.identifiers = own
    after = max(_last_time(child), datetime.fromisoformat(met.time).replace(tzinfo=None))
    child.tell("STEWARD", "identity-merged", after + timedelta(days=1), {"other": other, "reason": "same fingerprints"})


TROUBLES: Final[tuple[Callable[[SimulatedChild], None], ...]] = (
    _late,
    _doubled,
    _no_json,
    _no_utf8,
    _no_id,
    _wrong_agency,
    _unknown_member,
    _in_the_future,
    _sponsor_status,
    _corrected,
    _voided,
    _disputed,
    _merged,
)
"""One after the other, a child each: so many children in a row meet every one of them."""

_MET_BEFORE: Final = {"encounter_type": "between-ports", "place": "Rio Supuesto Port"}


def _first_time(child: SimulatedChild) -> datetime:
    return datetime.fromisoformat(child.told[0].time).replace(tzinfo=None)


def _last_time(child: SimulatedChild) -> datetime:
    return datetime.fromisoformat(child.told[-1].time).replace(tzinfo=None)


def _refused(child: SimulatedChild) -> None:
    child.told[-1] = child.told[-1]._replace(expected="refused")


def _spoil(child: SimulatedChild, body: bytes) -> None:
    last = child.told[-1]
    child.told.append(last._replace(id=f"{last.id}-spoilt", data=body, expected="refused", positions_of={}))
