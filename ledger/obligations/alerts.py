"""Alerts: what an agency is told of its own duties, once for each duty and state (contract: Topics). Pure."""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from datetime import datetime
from types import MappingProxyType
from typing import Any, Final, Literal, NamedTuple, get_args
from uuid import UUID

import orjson

from ledger.agencies import Agency
from ledger.obligations.vocabulary import Kind
from ledger.times import write_clock

ALERT: Final = "custody.alert.v1"
AlertState = Literal["open", "met", "late", "missed", "waived", "withdrawn"]
ALERT_STATES: Final[tuple[AlertState, ...]] = get_args(AlertState)


class DutyKey(NamedTuple):
    """What tells a duty from any other; `towards` is empty where nobody is named."""

    obliged: Agency
    rule: str
    opened_by: int
    towards: str


class Standing(NamedTuple):
    """A duty as it stood for its agency; `child` and `identifiers` are those of the entry that opened it."""

    key: DutyKey
    person: UUID
    version: int
    title: str
    kind: Kind
    state: AlertState
    due_at: datetime | None
    was_open: bool
    """Whether it was not due yet when the ledger first heard of it."""
    met_at: datetime | None
    days_late: int | None
    child: UUID
    identifiers: Sequence[tuple[str, str]]


class Again(NamedTuple):
    """When a person is to be looked at again, and whose signing or reading could change anything before."""

    person: UUID
    look_at: datetime | None
    awaits: Sequence[str]


class Looked(NamedTuple):
    """What was found as of a moment: of which persons, how their duties stood, and when to look again."""

    as_of: datetime
    position: int
    persons: Collection[UUID]
    standing: Sequence[Standing]
    again: Sequence[Again]
    blocked: Mapping[UUID, str] = MappingProxyType({})
    """Persons whose duties could not be worked out, and why: they are looked at again later."""


FindAgain = Callable[[datetime, Collection[str]], set[UUID]]
"""Return whom to look at again as of a moment, now that these agencies have signed or read."""
Look = Callable[[datetime | None, FindAgain], Looked | None]
"""Find what has changed since a moment; None where nothing can be said yet."""


class Due(NamedTuple):
    """An alert that is due."""

    standing: Standing
    state: AlertState


def due_alerts(standing: Sequence[Standing], told: Mapping[DutyKey, Collection[str]]) -> Iterator[Due]:
    """Yield what is to be told of these duties; `told` are the states of each that were told before.

    A duty that was open when the ledger first heard of it is told as open first, however it stands now. One that was
    withdrawn before anybody was alerted to it is not told at all.
    """
    for one in standing:
        before = told.get(one.key, ())
        if one.state == "withdrawn" and not before:
            continue
        if one.state != "open" and one.was_open and not before:
            yield Due(one, "open")
        if one.state not in before:
            yield Due(one, one.state)


def write_alert(number: int, due: Due, as_of: datetime) -> bytes:
    """Return the value of the message on `custody.alerts.<agency>`."""
    one, key = due.standing, due.standing.key
    done = due.state in ("met", "late", "waived")
    return orjson.dumps(
        {
            "number": number,
            "rule": key.rule,
            "version": one.version,
            "title": one.title,
            "kind": one.kind,
            "state": due.state,
            "obliged": key.obliged,
            "towards": key.towards or None,
            "opened_by": key.opened_by,
            "due_at": None if one.due_at is None else write_clock(one.due_at),
            "met_at": write_clock(one.met_at) if done and one.met_at is not None else None,
            "days_late": None if due.state == "open" else one.days_late,
            "as_of": write_clock(as_of),
            "child": str(one.child),
            "identifiers": [{"scheme": scheme, "value": value} for scheme, value in one.identifiers],
        }
    )


class Kept(NamedTuple):
    """An alert as it is kept and told."""

    key: DutyKey
    number: int
    state: str
    as_of: str
    body: bytes


def read_alert(body: bytes) -> Kept:
    """Read an alert back from its message."""
    given: dict[str, Any] = orjson.loads(body)
    key = DutyKey(given["obliged"], given["rule"], given["opened_by"], given["towards"] or "")
    return Kept(key, given["number"], given["state"], given["as_of"], body)
