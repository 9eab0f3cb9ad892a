"""What corrections, voids and merges leave standing, in the order in which it happened."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from ledger.entry import Entry

Json = dict[str, Any]
STATEMENTS = """identifier-asserted identity-merged identity-unmerged notice-given correction-issued entry-voided
    entry-disputed finding-resolved""".split()


@dataclass
class Happened:
    """A happening as it stands in the fold."""

    name: str
    when: date | None
    position: int
    agency: str
    fact: Json
    proof: list[int]
    """The positions that make it what it is: its own, and those of the corrections in force."""


def voided_by(position: int, entries: Sequence[Entry]) -> list[int]:
    """The voids in force that name `position`: a void is in force unless a void in force names it."""
    return [
        e.position
        for e in entries
        if name_of(e) == "entry-voided"
        and e.recorded_fact.get("voids") == position < e.position
        and not voided_by(e.position, entries)
    ]


def corrections_of(position: int, entries: Sequence[Entry]) -> list[Entry]:
    return [
        e
        for e in sorted(entries, key=lambda e: e.position)
        if name_of(e) == "correction-issued"
        and e.recorded_fact.get("corrects") == position < e.position
        and not voided_by(e.position, entries)
    ]


def settings_of(position: int, entries: Sequence[Entry]) -> Json:
    """What the corrections in force set: the later one wins, but a correction's own corrections count with it."""
    settings: Json = {}
    for correction in corrections_of(position, entries):
        settings |= correction.recorded_fact["set"] | settings_of(correction.position, entries)
    return settings


def _correcting(position: int, entries: Sequence[Entry]) -> list[int]:
    """The corrections in force of an entry, and of these."""
    direct = [c.position for c in corrections_of(position, entries)]
    return [*direct, *(p for one in direct for p in _correcting(one, entries))]


def as_corrected(entry: Entry, entries: Sequence[Entry]) -> tuple[Json, date | None]:
    """The fact's JSON and time with the corrections in force put in."""
    settings = settings_of(entry.position, entries)
    if name_of(entry) == "correction-issued":
        return {**entry.recorded_fact, "set": entry.recorded_fact["set"] | settings}, entry.occurred_at
    when = read(settings.pop("occurred_at")) if "occurred_at" in settings else entry.occurred_at
    members = dict(entry.recorded_fact) | settings
    nullable = {"date_of_birth"} if name_of(entry) == "age-redetermined" else set()
    return {m: v for m, v in members.items() if v is not None or m in nullable}, when


def standing(entries: Sequence[Entry]) -> list[Json]:
    """Every entry as it stands, and which entries in force say what of it."""
    in_force = [e for e in sorted(entries, key=lambda e: e.position) if not voided_by(e.position, entries)]
    remarks = [(e.position, name_of(e), as_corrected(e, entries)[0]) for e in in_force]
    return [
        {
            "position": e.position,
            "fact": as_corrected(e, entries)[0],
            "occurred_at": as_corrected(e, entries)[1],
            "voided_by": sorted(voided_by(e.position, entries)),
            "corrected_by": [c.position for c in corrections_of(e.position, entries)],
            "disputed_by": [
                p for p, name, f in remarks if name == "entry-disputed" and f.get("position") == e.position
            ],
            "resolved_findings": [
                [f.get("code"), p]
                for p, name, f in remarks
                if name == "finding-resolved" and f.get("position") == e.position
            ],
        }
        for e in sorted(entries, key=lambda e: e.position)
    ]


def happenings(entries: Sequence[Entry], zone: str, happened_by: datetime | None) -> list[Happened]:
    """The happenings that stand and had happened by H, in the order of their times."""
    found = []
    for entry in entries:
        if name_of(entry) in STATEMENTS or voided_by(entry.position, entries):
            continue
        fact, when = as_corrected(entry, entries)
        if "effective_from" in fact:
            later = read(fact["effective_from"])
            if when is None or first(later, zone) > last(when, zone):
                when = later
        if when is None or happened_by is None or last(when, zone) <= happened_by:
            proof = [entry.position, *sorted(_correcting(entry.position, entries))]
            found.append(Happened(name_of(entry), when, entry.position, entry.producer.agency, fact, proof))
    beginning = datetime.min.replace(tzinfo=UTC)
    return sorted(found, key=lambda h: (beginning if h.when is None else last(h.when, zone), h.position))


def one_person(record: UUID, statements: Sequence[Entry]) -> set[UUID]:
    """Every record reached from `record` over pairs whose last statement in force is a merge."""
    reached = {record}
    while True:
        further = {
            b
            for a in reached
            for e in statements
            for b in (e.child, _other(e))
            if b is not None and {a, b} == {e.child, _other(e)} and _merged(a, b, statements)
        }
        if further <= reached:
            return reached
        reached |= further


def about_person(group: set[UUID], entries: Sequence[Entry]) -> list[Entry]:
    """Every entry of these records, and each statement elsewhere that names one of them, or an entry about her."""
    about = [e for e in entries if e.child in group or _other(e) in group]
    while True:
        positions = {e.position for e in about}
        more = [
            e
            for e in entries
            if e.position not in positions and any(p in positions and p < e.position for p in targets_of(e))
        ]
        if not more:
            return [e for e in entries if e.position in positions]
        about += more


def targets_of(e: Entry) -> list[int]:
    """The positions a statement names; `other` names none."""
    fact, name = e.recorded_fact, name_of(e)
    if name == "notice-given":
        return list(fact.get("positions", ()))
    member = {"correction-issued": "corrects", "entry-voided": "voids"}.get(name, "position")
    return [fact[member]] if name in STATEMENTS and member in fact else []


def _merged(a: UUID, b: UUID, statements: Sequence[Entry]) -> bool:
    about = [
        e
        for e in sorted(statements, key=lambda e: e.position)
        if {e.child, _other(e)} == {a, b} and not voided_by(e.position, statements)
    ]
    return bool(about) and name_of(about[-1]) == "identity-merged"


def _other(e: Entry) -> UUID | None:
    return UUID(e.resolved["other"]) if "other" in e.resolved else None


def name_of(e: Entry) -> str:
    return e.type.split(".")[1]


def root(position: int, entries: Sequence[Entry]) -> int:
    """The entry a correction is in the end about: a letter may name the correction that gave the address."""
    for e in entries:
        if e.position == position and name_of(e) == "correction-issued" and not voided_by(position, entries):
            return root(e.recorded_fact["corrects"], entries) if "corrects" in e.recorded_fact else position
    return position


def read(text: str | None) -> date | None:
    if text is None:
        return None
    return date.fromisoformat(text) if len(text) == 10 else datetime.fromisoformat(text)


def last(when: date | None, zone: str) -> datetime:
    """The instant a time stands for: a day stands for its last."""
    assert when is not None
    if isinstance(when, datetime):
        return when.astimezone(UTC)
    return datetime.combine(when, time(23, 59, 59, 999_999), ZoneInfo(zone)).astimezone(UTC)


def first(when: date | None, zone: str) -> datetime:
    assert when is not None
    if isinstance(when, datetime):
        return when.astimezone(UTC)
    return datetime.combine(when, time(), ZoneInfo(zone)).astimezone(UTC)


def day(when: date | None, zone: str) -> date | None:
    return when.astimezone(ZoneInfo(zone)).date() if isinstance(when, datetime) else when
