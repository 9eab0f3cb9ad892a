"""Made-up children who come, run away and leave, and what a person with a pencil counts of them."""

import random
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

import orjson

from ledger.entry import Finding, Level
from ledger.times import parse_instant
from tests.integration.filling import Ledger, child_number

FIRST_DAY = date(2021, 8, 1)
DAYS = 700
STATES = ("TX", "tx ", "CA", None, "")
CATEGORIES = ("1", "2A", "3", "unknown")
COUNTRIES = ("GTM", "HND", None)


@dataclass
class Stay:
    """One time in care as the entries say it, read plainly."""

    person: UUID
    admitted: date | None
    country: str | None
    left: date | None = None
    gone: bool = False
    absences: list[tuple[date | None, date | None, bool]] = field(default_factory=list)
    """From, until, and whether it ended: a day nobody knows is before every other."""


@dataclass
class Release:
    """One release as the entries say it."""

    person: UUID
    position: int
    on: date | None
    state: str | None
    category: str
    country: str | None


@dataclass
class Plain:
    """What a prefix of the entries comes to, counted by hand."""

    stays: list[Stay]
    releases: list[Release]
    flagged: set[UUID]

    def in_care(self, day: date) -> dict[UUID, Stay]:
        return {
            stay.person: stay
            for stay in self.stays
            if (stay.admitted is None or stay.admitted <= day)
            and (not stay.gone or (stay.left is not None and stay.left > day))
        }

    def absent(self, day: date) -> set[UUID]:
        return {
            person
            for person, stay in self.in_care(day).items()
            if any(
                (since is None or since <= day) and (not ended or (until is not None and until > day))
                for since, until, ended in stay.absences
            )
        }

    def released(self, since: date, until: date) -> list[Release]:
        return [r for r in self.releases if r.on is not None and since <= r.on <= until]


def plain(payloads: list[bytes], recorded_by: datetime) -> Plain:
    """Read the entries recorded by a moment as somebody with a pencil would: there is one correction of one at most."""
    entries = [orjson.loads(payload) for payload in payloads]
    entries = [entry for entry in entries if parse_instant(entry["recorded_at"]) <= recorded_by]
    voided = {e["fact"]["voids"] for e in entries if e["type"] == "custody.entry-voided.v1"}
    person = {UUID(entry["child"]): UUID(entry["child"]) for entry in entries}
    for entry in entries:
        if entry["type"] == "custody.identity-merged.v1" and entry["position"] not in voided:
            pair = (UUID(entry["child"]), UUID(entry["resolved"]["other"]))
            person |= dict.fromkeys(pair, min(pair))
    changed = {
        e["fact"]["corrects"]: e["fact"]["set"]
        for e in entries
        if e["type"] == "custody.correction-issued.v1" and e["position"] not in voided
    }
    flagged, facts = set(), []
    for entry in entries:
        who = person[UUID(entry["child"])]
        open_codes = {f["code"] for f in entry["findings"] if f["level"] == "guard"}
        open_codes -= {
            e["fact"]["code"]
            for e in entries
            if e["type"] == "custody.finding-resolved.v1"
            and e["fact"]["position"] == entry["position"]
            and e["position"] not in voided
        }
        if open_codes and entry["position"] not in voided:
            flagged.add(who)
        if entry["position"] not in voided:
            fact = {**entry["fact"], **changed.get(entry["position"], {})}
            on = fact.pop("occurred_at", entry["occurred_at"])
            facts.append(((on or ""), entry["position"], entry["type"].split(".")[1], who, fact))
    facts.sort(key=lambda one: one[:2])
    country = {who: fact["country"] for _, _, name, who, fact in facts if name == "particulars-asserted"}
    return Plain([*_stays(facts, country)], [*_releases(facts, country)], flagged)


def _stays(facts: list[Any], country: dict[UUID, str]) -> Iterator[Stay]:
    for who in {one[3] for one in facts}:
        stay: Stay | None = None
        absent_on: list[date | None] = []
        for on, _, name, whose, _ in facts:
            day = date.fromisoformat(on) if on else None
            if whose != who:
                continue
            ends = name in ("released-to-sponsor", "discharged-otherwise")
            if stay is not None and absent_on and (ends or name in ("absence-resolved", "admitted-to-program")):
                stay.absences.append((absent_on.pop(), day, True))
            if name == "admitted-to-program" and stay is None:
                stay = Stay(who, day, country.get(who))
            elif name == "absence-reported" and stay is not None and not absent_on:
                absent_on.append(day)
            elif ends and stay is not None:
                stay.left, stay.gone = day, True
                yield stay
                stay = None
        if stay is not None:
            if absent_on:
                stay.absences.append((absent_on.pop(), None, False))
            yield stay


def _releases(facts: list[Any], country: dict[UUID, str]) -> Iterator[Release]:
    for on, position, name, who, fact in facts:
        if name == "released-to-sponsor":
            day = date.fromisoformat(on) if on else None
            state, category = fact["address"].get("state"), fact["sponsor_category"]
            yield Release(who, position, day, state, category, country.get(who))


def made_up(seed: int, children: int) -> Ledger:
    """Return a ledger of children who come, run away, leave and come again, with late, corrected and voided facts."""
    chance = random.Random(seed)
    told: list[tuple[float, UUID, str, dict[str, Any], str | None, list[Finding]]] = []
    for number in range(children):
        child = child_number(number)
        day = FIRST_DAY + timedelta(days=chance.randrange(DAYS))
        at = chance.random()
        country = chance.choice(COUNTRIES)
        if country is not None:
            told.append((at, child, "particulars-asserted", {"country": country}, None, []))
        for _ in range(chance.choice((1, 1, 2))):
            nobody_knows = chance.random() < 0.1
            for name, fact in _one_stay(chance):
                at += chance.random() / 10
                level: Level = "guard" if chance.random() < 0.5 else "warn"
                guard = [Finding("G2", level, "overlaps")] if chance.random() < 0.2 else []
                unknown = nobody_knows and name in ("admitted-to-program", "absence-reported")
                on = None if unknown or chance.random() < 0.03 else str(day)
                told.append((at, child, name, fact, on, guard))
                day += timedelta(days=chance.randrange(1, 60))
    told.sort(key=lambda one: one[0])
    ledger = Ledger()
    for _, child, name, fact, on, guard in told:
        position = ledger.add(child, name, fact, occurred_at=on, findings=guard)
        if name == "particulars-asserted" or chance.random() > 0.3:
            continue
        _second_thoughts(chance, ledger, child, position, name, guarded=bool(guard))
    for first in range(0, children // 2, 2):
        pair = child_number(first), child_number(first + 1)
        merge = ledger.add(
            pair[0],
            "identity-merged",
            {"other": {"scheme": "orr-id", "value": "x"}, "reason": "one child"},
            occurred_at=None,
            agency="STEWARD",
            resolved={"other": str(pair[1])},
        )
        if first % 3 == 0:
            ledger.add(pair[1], "entry-voided", {"voids": merge, "reason": "two children"}, occurred_at=None)
    return ledger


def _one_stay(chance: random.Random) -> Iterator[tuple[str, dict[str, Any]]]:
    yield "admitted-to-program", {"program": "Casa"}
    if chance.random() < 0.3:
        yield "absence-reported", {"kind": "runaway", "reported_to": []}
        if chance.random() < 0.5:
            yield "absence-resolved", {"found_where": "bus station"}
    if chance.random() < 0.6:
        state = chance.choice(STATES)
        address = {} if state is None else {"state": state}
        yield "released-to-sponsor", {"sponsor_category": chance.choice(CATEGORIES), "address": address}
    elif chance.random() < 0.4:
        yield "discharged-otherwise", {"kind": "age-out"}


def _second_thoughts(
    chance: random.Random, ledger: Ledger, child: UUID, position: int, name: str, *, guarded: bool
) -> None:
    if guarded:
        resolved = {"position": position, "code": "G2", "resolution": "right", "reason": "looked up"}
        done = ledger.add(child, "finding-resolved", resolved, occurred_at=None)
        if chance.random() < 0.4:
            ledger.add(child, "entry-voided", {"voids": done, "reason": "not looked up"}, occurred_at=None)
        return
    if chance.random() < 0.3:
        ledger.add(child, "entry-voided", {"voids": position, "reason": "wrong child"}, occurred_at=None)
        return
    day = str(FIRST_DAY + timedelta(days=chance.randrange(DAYS)))
    sets: dict[str, Any] = {"occurred_at": day}
    if name == "released-to-sponsor":
        sets["sponsor_category"] = chance.choice(CATEGORIES)
    correction = ledger.add(
        child, "correction-issued", {"corrects": position, "set": sets, "reason": "typing"}, occurred_at=None
    )
    if chance.random() < 0.2:
        ledger.add(child, "entry-voided", {"voids": correction, "reason": "it was right"}, occurred_at=None)


TELLING = {"absence-reported": 12, "absence-resolved": 12, "finding-resolved": 3, "entry-voided": 12}


def moments(ledger: Ledger) -> list[datetime]:
    """Some moments over the ledger's life, each that of an entry: the first to show what it says."""
    entries = [orjson.loads(payload) for payload in ledger.payloads]
    chosen = entries[:: max(1, len(entries) // 5)] + entries[-1:]
    for name, step in TELLING.items():
        chosen += [entry for entry in entries if entry["type"] == f"custody.{name}.v1"][::step]
    chosen += [entry for entry in entries if entry["findings"]][1::9]
    chosen += _around_resolutions(entries)
    return sorted({parse_instant(entry["recorded_at"]) for entry in chosen})


def _around_resolutions(entries: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return the entries just before, at and just after resolutions: the finding is open, dealt with, or open again."""
    voided = {entry["fact"]["voids"] for entry in entries if entry["type"] == "custody.entry-voided.v1"}
    resolutions = [number for number, entry in enumerate(entries) if entry["type"] == "custody.finding-resolved.v1"]
    chosen = [number for number in resolutions if entries[number]["position"] in voided] + resolutions[::6]
    return [entry for number in chosen for entry in entries[number - 1 : number + 2]]
