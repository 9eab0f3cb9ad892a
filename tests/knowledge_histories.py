"""Made-up histories of who was told what: entries of three records, rules adopted, feeds, receipts, notices.

Positions are hours apart in ledger time, so that rules come into force and go on some of its days. The feeds are told
by the product; `tests.oracle.feeds` says what must be on them.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any, Final, cast
from uuid import UUID

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st

from ledger.agencies import AGENCIES, PRODUCERS, Agency
from ledger.entry import Entry
from ledger.facts import BY_WIRE
from ledger.facts.ledger_wide import RuleSet
from ledger.sharing.rule_sets import Adopted, default_rules
from ledger.times import parse_when, write_clock
from projections.knowledge.moments import GRADES
from tests.histories import ADDRESSES, DAYS, HAPPENINGS, INSTANTS, TIMES, Json, entry
from tests.oracle.knowledge import names

RECORDED_FROM: Final = datetime(2023, 1, 1, 12, tzinfo=UTC)
STEP: Final = timedelta(hours=7)
CHILDREN: Final = tuple(UUID(int=n) for n in (1, 2, 3))
ALL_FOUR: Final = st.sampled_from(("told", "told", *GRADES))
AGENCIES_THAT_ASK: Final[tuple[Agency, ...]] = ("ICE-ERO", "ORR", "USCIS", *AGENCIES)
VIEWERS: Final = (*AGENCIES_THAT_ASK, "ICE", "DHS", "ICE", "ledger")

LAW: Final = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
"""A history takes a while to draw; that is no fault on a busy machine."""


def at(position: float) -> datetime:
    """Return the ledger time of a position; between two positions, that of a moment between them."""
    return RECORDED_FROM + STEP * position


CLAIMS: Final = st.sampled_from((*INSTANTS[2:7], *DAYS, "1970-01-01")).map(parse_when)
"""Since when somebody says to have known something: around the times at which things happened, and before them all."""
MOMENTS_OF_LEDGER: Final = st.just(at(60)) | st.integers(8, 68).map(lambda quarter: at(quarter / 4))


def rules(name: str, **agencies: Mapping[str, Any]) -> RuleSet:
    """Return the default set changed for some agencies: `tell` or `hide` facts, `grant` or `deny` categories."""
    given = default_rules().model_dump()
    for key, changes in agencies.items():
        its = given["agencies"][key.replace("_", "-")]
        for fact in changes.get("tell", ()):
            its["untold"] = [one for one in its["untold"] if one != fact]
            its["told"] = [*its["told"], fact]
        for fact in changes.get("hide", ()):
            its["told"] = [one for one in its["told"] if one != fact]
            its["untold"] = [*its["untold"], fact]
        for category in changes.get("grant", ()):
            its["withheld"] = [one for one in its["withheld"] if one != category]
            its["allowed"] = [*its["allowed"], category]
        for category in changes.get("deny", ()):
            its["allowed"] = [one for one in its["allowed"] if one != category]
            its["withheld"] = [*its["withheld"], category]
    return RuleSet.model_validate({**given, "id": name})


WIDER: Final = rules(
    "wider",
    USCIS={"tell": ("hearing-held", "admitted-to-program", "child-encountered")},
    ICE_ERO={"grant": ("sponsor", "health"), "tell": ("post-release-contact-recorded",)},
    CBP={"tell": ("released-to-sponsor", "order-entered")},
)
"""USCIS is told of custody without being granted any of it; CBP that there was a release, and nothing of it."""
NARROW: Final = rules(
    "narrow",
    ICE_ERO={"deny": ("court", "address")},
    EOIR={"hide": ("released-to-sponsor",), "deny": ("custody",)},
    ORR={"deny": ("identity", "statement")},
).model_copy(update={"effective_to": date(2023, 1, 3)})
SINCE: Final = WIDER.model_copy(update={"id": "since", "effective_from": date(2023, 1, 2)})
SETS: Final = (WIDER, NARROW, SINCE, default_rules())

_ADDRESS = st.sampled_from(ADDRESSES)
_POOL: Final[dict[str, st.SearchStrategy[Json]]] = {
    **HAPPENINGS,
    "released-to-sponsor": st.fixed_dictionaries(
        {"sponsor_category": st.sampled_from(("1", "2A")), "address": _ADDRESS},
        optional={"sponsor_id": st.just("sp"), "relationship": st.just("aunt"), "sponsor_name": st.just("M.")},
    ),
    "order-entered": st.fixed_dictionaries(
        {
            "court_case": st.just("c1"),
            "decision": st.sampled_from(("removed", "relief-granted")),
            "in_absentia": st.just(False),
        }
    ),
    "hearing-held": st.fixed_dictionaries(
        {
            "hearing_id": st.just("h1"),
            "court_case": st.just("c1"),
            "appearance": st.sampled_from(("present", "absent")),
        },
        optional={"adjournment_code": st.sampled_from(("7A", "11")), "next_hearing_at": st.just("2022-05-02")},
    ),
    "nta-not-pursued": st.fixed_dictionaries({"reason": st.sampled_from(("adult", "uscis-relief-pending"))}),
    "relief-filed": st.just({"kind": "asylum", "receipt": "Z1", "jurisdiction": "USCIS"}),
    "protection-screening-recorded": st.just({"trafficking": True, "credible_fear": False, "able_to_withdraw": True}),
}
_KINDS: Final = (
    "child-encountered released-to-sponsor address-reported admitted-to-program hearing-held hearing-scheduled "
    "order-entered nta-not-pursued relief-filed protection-screening-recorded failure-to-appear-recorded "
    "custody.mail-returned.v1 custody.mail-returned.v2 post-release-contact-recorded nta-filed handoff-accepted "
    "age-redetermined particulars-asserted emergency-transfer-made discharged-otherwise absence-reported nta-served"
).split()


@dataclass(frozen=True)
class Drawn:
    """A history as it was drawn: entries, sets adopted, receipts asked for, and the stamps of publications."""

    entries: list[Entry]
    adoptions: list[Adopted]
    receipts: list[tuple[int, Agency, str, float | None, Any]]
    """Position, agency, grade, claim (as a position), and `up_to` or `numbers`."""
    stamps: dict[int, datetime]
    """When what stands at a position was published."""


@st.composite
def drawn_histories(draw: st.DrawFn, most: int = 14, records: int = 3) -> Drawn:
    """Draw a history of up to `most` positions, over one record or three."""
    entries: list[Entry] = []
    adoptions: list[Adopted] = []
    receipts: list[tuple[int, Agency, str, float | None, Any]] = []
    what_next = "hhhhhhhhhcccccvvvdfnnnnmmmurrrrraaa" if records > 1 else "hhhhhhhhcccccvvvdfnnnnrrrrraaa"
    for position in range(1, draw(st.integers(min(4, most), most)) + 1):
        what = draw(st.sampled_from(what_next)) if entries else "h"
        if what == "a":
            adoptions.append(Adopted(position, draw(st.sampled_from(SETS)), draw(st.booleans())))
        elif what == "r":
            receipts.append(draw(_receipts(position)))
        else:
            entries.append(draw(_entries(what, position, entries, CHILDREN[:records])))
    return Drawn(entries, adoptions, receipts, draw(_stamps(entries, adoptions)))


@st.composite
def _stamps(draw: st.DrawFn, entries: Sequence[Entry], adoptions: Sequence[Adopted]) -> dict[int, datetime]:
    """Draw when each position was published: in batches that rise, each after all it tells of was recorded; or, on a
    driven clock, at the very moment it was recorded."""
    positions = sorted([*(e.position for e in entries), *(a.position for a in adoptions)])
    if draw(st.booleans()):
        return {position: at(position) for position in positions}
    stamps: dict[int, datetime] = {}
    waiting: list[int] = []
    latest = at(0)
    for position in positions:
        waiting.append(position)
        if position == positions[-1] or draw(st.booleans()):
            latest = max(latest + timedelta(minutes=1), at(position + draw(st.sampled_from((0.25, 0.5, 1.5)))))
            stamps |= dict.fromkeys(waiting, latest)
            waiting = []
    return stamps


@st.composite
def _receipts(draw: st.DrawFn, position: int) -> tuple[int, Agency, str, float | None, Any]:
    agency = cast(
        Agency, draw(st.sampled_from(("ICE-ERO", "ORR", "USCIS", "ICE-ERO", "ORR", "ICE-OPLA", "EOIR", "CBP")))
    )
    grade = draw(st.sampled_from(GRADES[1:]))
    claim = draw(st.none() | st.sampled_from((-3.0, -1.5, -0.25, 0.0, 0.25)))
    number = st.integers(1, 12)
    signed_for = draw(number | number | st.sets(number, min_size=1, max_size=3).map(lambda some: tuple(sorted(some))))
    return position, agency, grade, None if claim is None else position + claim, signed_for


@st.composite
def _entries(draw: st.DrawFn, what: str, position: int, entries: Sequence[Entry], children: Sequence[UUID]) -> Entry:
    target = draw(st.sampled_from(entries) | st.sampled_from(entries[-2:])) if entries else None
    child = (
        draw(st.sampled_from([children[0], children[0], children[0], *children]))
        if target is None or what in "hmu"
        # older releases filed a statement under whichever record of the person its sender named first
        else draw(st.sampled_from([target.child, target.child, *sorted(once_joined(target.child, entries))]))
    )
    agency: Agency | None = None
    other: UUID | None = None
    occurred_at = draw(TIMES)
    name: str
    fact: Json
    if target is None or what == "h":
        name = draw(st.sampled_from(_KINDS))
        fact = draw(_POOL[name])
        agency = draw(st.sampled_from(_class_of(name).producers))
    elif what == "c":
        name = "correction-issued"
        fact = {"corrects": target.position, "set": draw(_sets(entries, target)), "reason": "X"}
        agency = draw(st.sampled_from((target.producer.agency, "STEWARD")))
    elif what == "v":
        name, fact = "entry-voided", {"voids": target.position, "reason": "X"}
        agency = draw(st.sampled_from((target.producer.agency, "STEWARD")))
    elif what == "d":
        name, fact = "entry-disputed", {"position": target.position, "statement": "X", "by": "counsel"}
    elif what == "f":
        name = "finding-resolved"
        fact = {"position": target.position, "code": "W1", "resolution": "X", "reason": "X"}
        agency = "STEWARD"
    elif what == "n":
        name, fact = "notice-given", draw(_notices(entries, target))
        agency = draw(st.sampled_from(("ICE-OPLA", "ORR", "STEWARD")))
        if fact["to"] in PRODUCERS and draw(st.booleans()):
            agency = fact["to"]
    else:
        other = draw(st.sampled_from([one for one in children if one != child]))
        name = "identity-merged" if what == "m" else "identity-unmerged"
        fact = {"other": {"scheme": "ledger", "value": str(other)}, "reason": "X"}
    made = entry(position, name, occurred_at, fact, agency=agency, child=child, other=other)
    since = draw(st.sampled_from((0.0, -0.5, -2.0, 0.5)).map(lambda steps: at(position + steps)) | CLAIMS)
    return made._replace(recorded_at=at(position), known_since=since)


def once_joined(child: UUID, entries: Sequence[Entry]) -> set[UUID]:
    """Return the records that statements ever joined to this one, or parted from it, itself too."""
    joined = {child}
    pairs = [{e.child, UUID(e.resolved["other"])} for e in entries if "other" in e.resolved]
    for _ in pairs:
        joined = joined.union(*(pair for pair in pairs if pair & joined))
    return joined


@st.composite
def _notices(draw: st.DrawFn, entries: Sequence[Entry], target: Entry) -> Json:
    joined = once_joined(target.child, entries)
    same = [e for e in entries if e.child in joined]
    more = draw(st.lists(st.sampled_from(same), max_size=1))
    positions = sorted({target.position, *(e.position for e in more)})
    every = sorted({name.split(".")[0] for e in (target, *more) for name in names(e)})
    listed: Any = "all"
    if draw(st.booleans()) and every:
        listed = sorted(draw(st.sets(st.sampled_from([*every, *names(target)]), min_size=1, max_size=3)))
    when = at(target.position + draw(st.sampled_from((0.0, 0.5, 1.0, 2.0))))
    given_at = draw(st.sampled_from((write_clock(when), when.date().isoformat(), "1970-01-01", *INSTANTS[3:6])))
    to = draw(st.sampled_from(("USCIS", "ORR", "ICE-ERO", *AGENCIES, "unknown")))
    return {"to": to, "positions": positions, "channel": "email", "given_at": given_at, "members": listed}


@st.composite
def _sets(draw: st.DrawFn, entries: Sequence[Entry], target: Entry) -> Json:
    """Draw what a correction of `target` may set: members of the original, `occurred_at`, null where that may be."""
    by_position = {one.position: one for one in entries}
    while target.type == "custody.correction-issued.v1":
        target = by_position[target.recorded_fact["corrects"]]
    name = target.type if target.type in _POOL else target.type.removeprefix("custody.").rsplit(".v", 1)[0]
    choices: Json = dict(draw(_POOL[name])) if name in _POOL else {}
    if name == "notice-given":
        every = [n.split(".")[0] for p in target.recorded_fact["positions"] for n in names(by_position[p])]
        choices = {
            "given_at": write_clock(at(draw(st.integers(0, 14)))),
            "members": draw(st.sampled_from(("all", every[:1]))),
        }
    elif name not in _POOL:
        choices = {"reason": "Y"} if "reason" in target.recorded_fact else {"statement": "Y"}
    for member, field in BY_WIRE[target.type].model_fields.items():
        if not field.is_required() and draw(st.booleans()):
            choices[member] = None
    choices["occurred_at"] = draw(TIMES | st.integers(0, 14).map(lambda n: write_clock(at(n))))
    chosen = draw(st.sets(st.sampled_from(sorted(choices)), min_size=1, max_size=3))
    return {member: choices[member] for member in sorted(chosen)}


def _class_of(name: str) -> Any:
    return BY_WIRE[name] if name in BY_WIRE else next(BY_WIRE[w] for w in BY_WIRE if w.startswith(f"custody.{name}.v"))
