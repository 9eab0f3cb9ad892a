"""An entry: a fact at its place in the ledger, and its one form in bytes.

The event store keeps `state`, everything but what its own columns hold; `value` puts those columns in front,
which gives the message on `custody.entries`. Neither step parses or rewrites a byte, so that `verify` can
compare the two sides byte by byte. Encryption under a per-child key, when it comes, belongs here and nowhere else.
"""

from collections.abc import Mapping
from datetime import datetime
from functools import lru_cache
from typing import Any, Final, Literal, NamedTuple, cast, get_args
from uuid import UUID

import orjson

from ledger.agencies import Agency
from ledger.facts import BY_WIRE, LEDGER_FACTS, AnyFact, Fact, IdentifierAsserted, LedgerFact, current
from ledger.facts.vocabulary import STORED
from ledger.times import When, read_back, read_clock, write_clock, write_when

Subject = Literal["child", "agency", "ledger"]
Door = Literal["command", "feed", "import"]
Level = Literal["guard", "warn"]

_STATES: Final[dict[Subject, bytes]] = {
    subject: b'{"subject":"%s","recorded_at":"' % subject.encode() for subject in get_args(Subject)
}
_CHILD_STATE: Final = _STATES["child"]
_VERSION_TOLD: Final = b'"version_told":'
_RECORDED_AT: Final = slice(len(_CHILD_STATE), len(_CHILD_STATE) + 27)


Named = tuple[str, str, UUID]
"""An identifier and the record it is about: (scheme, value, record)."""


class UnknownWireNameError(ValueError):
    """An entry carries a wire name this version does not know; it is left alone until a newer one reads it."""


class Finding(NamedTuple):
    """A remark a rule makes on an accepted entry; it never changes the entry."""

    code: str
    level: Level
    message: str


class Producer(NamedTuple):
    """Who recorded the fact: the agency, and what it said about office, user and sending system."""

    agency: Agency
    office: str | None
    user: str | None
    system: str


class Entry(NamedTuple):
    """One entry of a child's record, read back.

    `fact` is in its current version, `recorded_fact` the JSON as recorded under `type`. `occurred_at` is `None`
    when unknown. `resolved` holds the UUIDs of records that the fact names by an identifier (`other`).
    """

    position: int
    subject: Subject
    child: UUID
    version: int
    type: str
    occurred_at: When | None
    recorded_at: datetime
    known_since: When
    producer: Producer
    door: Door
    source: Mapping[str, Any]
    identifiers: tuple[tuple[str, str], ...]
    findings: tuple[Finding, ...]
    submission_id: str
    fact: AnyFact
    recorded_fact: Mapping[str, Any]
    resolved: Mapping[str, str]
    extensions: Mapping[str, str]
    version_told: int | None = None
    """The version its producer was told, where the record holds entries that do not exist for that agency."""
    unattached: tuple[tuple[str, str], ...] = ()
    """Identifiers sent with it that do not name its record: too many to be one child's, or another record's."""
    released: tuple[Named, ...] = ()
    """Identifiers that from this void on name the record no longer that they named before."""
    attached: tuple[Named, ...] = ()
    """Identifiers that were released before and name a record again from this entry on."""

    @property
    def own_version(self) -> int:
        """The entry's number in its record as its producer counts."""
        return self.version if self.version_told is None else self.version_told

    def names(self) -> tuple[tuple[str, str], ...]:
        """Return the identifiers by which it names its record, as (scheme, value), the one it asserts last."""
        fact, names = self.fact, self.identifiers
        if type(fact) is IdentifierAsserted:
            names = (*names, (fact.identifier.scheme, fact.identifier.value))
        return tuple(name for name in names if name not in self.unattached) if self.unattached else names


class LedgerEntry(NamedTuple):
    """One entry about no child, read back; the record it stands under is in `ledger.streams`."""

    position: int
    subject: Subject
    version: int
    type: str
    recorded_at: datetime
    producer: Producer
    submission_id: str
    fact: LedgerFact


class Recorded(NamedTuple):
    """An entry on its way into the event store."""

    originator_id: UUID
    originator_version: int
    wire: str
    state: bytes


def fact_json(fact: Fact) -> bytes:
    """Return the members of `fact` that were given, as JSON."""
    return fact.__pydantic_serializer__.to_json(fact, exclude_unset=True)


def write_state(
    *,
    recorded_at: datetime,
    occurred_at: When | None,
    known_since: When,
    producer: Producer,
    door: Door,
    source: Mapping[str, Any],
    identifiers: tuple[tuple[str, str], ...],
    findings: tuple[Finding, ...],
    submission_id: str,
    submission_digest: str,
    fact: bytes,
    resolved: Mapping[str, str],
    extensions: Mapping[str, str],
    version_told: int | None = None,
    unattached: tuple[tuple[str, str], ...] = (),
    released: tuple[Named, ...] = (),
    attached: tuple[Named, ...] = (),
    subject: Subject = "child",
) -> bytes:
    """Return the bytes the event store keeps for an entry; `fact` is its JSON."""
    members: dict[str, Any] = {
        "occurred_at": None if occurred_at is None else write_when(occurred_at),
        "known_since": write_when(known_since),
        "producer": {
            "agency": producer.agency,
            "office": producer.office,
            "user": producer.user,
            "system": producer.system,
        },
        "door": door,
        "source": source,
        "identifiers": [{"scheme": scheme, "value": value} for scheme, value in identifiers],
        "findings": [{"code": f.code, "level": f.level, "message": f.message} for f in findings],
        "submission": {"id": submission_id, "digest": submission_digest},
    }
    if resolved:
        members["resolved"] = resolved
    if extensions:
        members["extensions"] = extensions
    if version_told is not None:
        members["version_told"] = version_told
    if unattached:
        members["unattached"] = [{"scheme": scheme, "value": value} for scheme, value in unattached]
    if released:
        members["released"] = _named(released)
    if attached:
        members["attached"] = _named(attached)
    return b"".join(
        (
            _STATES[subject],
            write_clock(recorded_at).encode(),
            b'",',
            orjson.dumps(members)[1:-1],
            b',"fact":',
            fact,
            b"}",
        )
    )


def _named(names: tuple[Named, ...]) -> list[dict[str, str]]:
    return [{"scheme": scheme, "value": value, "record": str(record)} for scheme, value, record in names]


def _read_named(given: Mapping[str, Any], member: str) -> tuple[Named, ...]:
    return tuple([(i["scheme"], i["value"], record_id(i["record"])) for i in given[member]]) if member in given else ()


def recorded_at_of(state: bytes) -> str:
    """Return `recorded_at` as it stands in `state`, without parsing the rest."""
    if not state.startswith(_CHILD_STATE):
        return str(orjson.loads(state)["recorded_at"])
    return state[_RECORDED_AT].decode()


def told_version(version: int, state: bytes) -> int:
    """Return the version the producer of an entry is told of; nearly always the entry's own."""
    if _VERSION_TOLD not in state:
        return version
    told: int | None = orjson.loads(state).get("version_told")
    return version if told is None else told


def value(*, position: int, child: UUID, version: int, wire: str, state: bytes) -> bytes:
    """Return the message on `custody.entries`: what the event store's columns hold, then `state` as it is."""
    return b'{"position":%d,"child":%s,"version":%d,"type":"%s",%s' % (
        position,
        b'"%s"' % str(child).encode() if state.startswith(_CHILD_STATE) else b"null",
        version,
        wire.encode(),
        state[1:],
    )


def is_first(payload: bytes) -> bool:
    """Return whether a message of `custody.entries` opens its record, without parsing it."""
    return payload.find(b',"version":1,', 0, 100) > 0


def read_entry(payload: bytes) -> Entry:
    """Read a message of `custody.entries`. Raises `UnknownWireNameError` for a fact this version does not know."""
    given: dict[str, Any] = orjson.loads(payload)
    wire = given["type"]
    fact_class = BY_WIRE.get(wire)
    if fact_class is None:
        raise _unknown(given)
    recorded_fact = given["fact"]
    occurred_at = given["occurred_at"]
    findings = given["findings"]
    return Entry(
        given["position"],
        given["subject"],
        record_id(given["child"]),
        given["version"],
        wire,
        None if occurred_at is None else read_back(occurred_at),
        read_clock(given["recorded_at"]),
        read_back(given["known_since"]),
        _producer(**given["producer"]),
        given["door"],
        given["source"],
        tuple([(i["scheme"], i["value"]) for i in given["identifiers"]]),
        tuple([Finding(f["code"], f["level"], f["message"]) for f in findings]) if findings else (),
        given["submission"]["id"],
        cast(AnyFact, current(fact_class.__pydantic_validator__.validate_python(recorded_fact, context=STORED))),
        recorded_fact,
        given.get("resolved", {}),
        given.get("extensions", {}),
        given.get("version_told"),
        tuple([(i["scheme"], i["value"]) for i in given["unattached"]]) if "unattached" in given else (),
        _read_named(given, "released"),
        _read_named(given, "attached"),
    )


def read_ledger_entry(payload: bytes) -> LedgerEntry:
    """Read a message of `custody.entries` about no child; raises `UnknownWireNameError` as `read_entry` does."""
    given: dict[str, Any] = orjson.loads(payload)
    fact_class = LEDGER_FACTS.get(given["type"])
    if fact_class is None:
        raise _unknown(given)
    return LedgerEntry(
        given["position"],
        given["subject"],
        given["version"],
        given["type"],
        read_clock(given["recorded_at"]),
        _producer(**given["producer"]),
        given["submission"]["id"],
        fact_class.model_validate(given["fact"], context=STORED),
    )


def _unknown(given: Mapping[str, Any]) -> UnknownWireNameError:
    return UnknownWireNameError(
        f"entry {given['position']} carries {given['type']}, which this version does not know; "
        "nothing of it was applied; install a version that does, then retry"
    )


@lru_cache(maxsize=8192)
def record_id(text: str) -> UUID:
    """Return the UUID a record is known by; the entries of one record tend to come together."""
    return UUID(text)


@lru_cache(maxsize=1024)
def _producer(agency: Agency, office: str | None, user: str | None, system: str) -> Producer:
    return Producer(agency, office, user, system)
