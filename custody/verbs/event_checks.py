"""Whether events have the form that intake asks for, told without any server: by intake's own reading of them.

What depends on what the ledger holds (order, identifiers, positions, idempotency) only intake can say.
"""

from collections.abc import Mapping
from typing import Any, Final, NamedTuple

import orjson

from consumers.reading import read_arrival
from ledger.agencies import PRODUCERS, RECEIVERS, Agency
from ledger.entry import Finding
from ledger.facts import BY_WIRE
from ledger.facts.questions import SAFETY_FACTS
from ledger.intake.form import Refusal
from ledger.intake.receipt import WIRE as RECEIPT
from ledger.kafka.cloudevents import LONGEST_NAME, STRUCTURED_HEADERS
from ledger.rules.arrivals import Claim, Illegible, Malformed, Place, ReceiptArrival
from ledger.times import parse_instant
from ledger.topics import intake, receipts

_ATTRIBUTES: Final = ("specversion", "id", "source", "type", "time")
_STAND_INS: Final = {"specversion": "1.0", "id": "-", "source": "-", "time": "2000-01-01T00:00:00Z"}
"""What is put where an attribute is wrong, so that the rest can be looked at."""


class Checked(NamedTuple):
    """What there is to say of one event: `faults` keep it out, `remarks` would stand with its entry as findings."""

    id: str | None
    type: str | None
    faults: tuple[Refusal, ...]
    remarks: tuple[Finding, ...]


def check_event(data: bytes, agency: Agency | None) -> Checked:
    """Check one event in structured form; `agency` sends it, None: nobody says who will."""
    given: dict[str, Any] = orjson.loads(data)
    wrong = [fault for name in _ATTRIBUTES if (fault := _attribute_fault(name, given)) is not None]
    id, wire = _text(given, "id"), _text(given, "type")
    if any(fault.member == "type" for fault in wrong):
        return Checked(id, wire, tuple(wrong), ())
    mended = given | {fault.member: _STAND_INS[fault.member] for fault in wrong if fault.member is not None}
    sender, topic = _sender(agency, wire)
    arrival = read_arrival(Place(sender, topic, 0, 0), STRUCTURED_HEADERS, orjson.dumps(mended) if wrong else data)
    match arrival:
        case Illegible():
            return Checked(id, wire, (*wrong, Refusal("H0", arrival.reason)), ())
        case Malformed():
            return Checked(id, wire, (*wrong, *arrival.refusal.every), ())
        case ReceiptArrival():
            return Checked(id, wire, tuple(wrong), ())
        case Claim():
            producers = type(arrival.submission.fact).producers
            if agency is not None and agency not in producers:
                told = f"{agency} does not produce {wire}; producers are {', '.join(producers)}"
                wrong.append(Refusal("H2", told, "type"))
            return Checked(id, wire, tuple(wrong), arrival.remarks)


def _text(given: Mapping[str, Any], name: str) -> str | None:
    value = given.get(name)
    return value if isinstance(value, str) and len(value) <= LONGEST_NAME else None


def _sender(agency: Agency | None, wire: str | None) -> tuple[Agency, str]:
    """Return who sends an event, and on which topic it belongs; where nobody says, somebody who may."""
    if wire == RECEIPT:
        sender = agency or RECEIVERS[0]
        return sender, receipts(sender) if sender in RECEIVERS else intake(sender)
    producers = BY_WIRE[wire].producers if wire in BY_WIRE else PRODUCERS
    return agency or producers[0], intake(agency or producers[0])


def _attribute_fault(name: str, given: Mapping[str, Any]) -> Refusal | None:
    value = given.get(name)
    problem: str | None = None
    if name == "time" and _text(given, "type") in _SAFETY:
        return None  # recorded all the same, and remarked on
    if value is None:
        problem = "is missing; id, source, type, specversion and time are required"
    elif not isinstance(value, str):
        problem = "is no string; attributes are strings"
    elif not value:
        problem = "is empty"
    elif len(value) > LONGEST_NAME:
        problem = f"is longer than {LONGEST_NAME} characters; shorten it"
    elif "\0" in value:
        problem = "contains a NUL character; leave it out"
    elif name == "specversion" and value != "1.0":
        problem = "is not 1.0; send CloudEvents 1.0"
    elif name == "time":
        try:
            parse_instant(value)
        except ValueError as error:
            problem = f"is {error}"
    return None if problem is None else Refusal("H0", f"attribute `{name}` {problem}", name)


_SAFETY: Final = frozenset(fact.wire for fact in SAFETY_FACTS)
