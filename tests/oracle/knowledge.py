"""Who knew what, and when, and what she then looked like to them: knowledge.md, sentence by sentence.

Everything is asked of the whole lists of entries, items and receipts again for every question. What an agency does
not know is taken out of the JSON of the facts; the folds of `tests.oracle` then read what is left.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import NamedTuple
from uuid import UUID
from zoneinfo import ZoneInfo

from ledger.agencies import RECEIVERS
from ledger.entry import Entry
from ledger.facts import BY_WIRE
from ledger.sharing.rule_sets import default_rules
from tests.oracle.custody import age, custody
from tests.oracle.disclosing import reveals_relief
from tests.oracle.order import ordered
from tests.oracle.proceedings import proceedings
from tests.oracle.standing import (
    STATEMENTS,
    Happened,
    Json,
    about_person,
    as_corrected,
    corrections_of,
    first,
    happenings,
    last,
    name_of,
    one_person,
    read,
    root,
    settings_of,
    standing,
    voided_by,
)
from tests.oracle.whereabouts import whereabouts

MEMBERS_OF = {"ICE": ("ICE-ERO", "ICE-OPLA"), "DHS": ("CBP", "ICE-ERO", "ICE-OPLA", "USCIS")}
TOLD, DELIVERED, OPENED, ACKNOWLEDGED = range(4)
GRADES = {"told": TOLD, "delivered": DELIVERED, "opened": OPENED, "acknowledged": ACKNOWLEDGED}
DECIDES = {
    "handoff-started": "from_agency to_agency",
    "handoff-accepted": "receiving_agency",
    "handoff-cancelled": "handoff_id",
    "handoff-declined": "handoff_id",
    "absence-reported": "kind",
    "discharged-otherwise": "kind",
    "address-reported": "purpose address effective_from",
    "mail-returned": "address_position",
    "post-release-contact-recorded": "mode spoke_with child_seen identity_checked address_confirmed still_with_sponsor",
    "uc-determination-made": "is_uc",
    "nta-issued": "nta_id",
    "nta-not-pursued": "reason",
    "nta-filed": "nta_id court_case",
    "nta-rejected": "nta_id",
    "nta-docketed": "nta_id court_case",
    "hearing-scheduled": "hearing_id court_case scheduled_for",
    "hearing-cancelled": "hearing_id",
    "hearing-held": "hearing_id court_case appearance next_hearing_at",
    "failure-to-appear-recorded": "hearing_id court_case",
    "order-entered": "court_case decision",
    "motion-filed": "court_case",
    "motion-decided": "court_case motion_code decision",
}
"""The members without which nobody can say what a fact moves, and where."""


@dataclass(frozen=True)
class Published:
    """An item on a feed: number n, published at its `ce_time`, holding these members."""

    agency: str
    number: int
    position: int
    at: datetime
    names: frozenset[str]


@dataclass(frozen=True)
class Signed:
    """A receipt as it stands in the ledger; `numbers` are all it covers."""

    agency: str
    position: int
    recorded_at: datetime
    grade: str
    at: datetime | None
    numbers: frozenset[int]


@dataclass(frozen=True)
class History:
    """All that was ever stated: entries, publications, receipts."""

    entries: Sequence[Entry]
    items: Sequence[Published]
    receipts: Sequence[Signed]
    zone: str

    def by(self, recorded_by: datetime) -> "History":
        """What had been stated by R."""
        return History(
            [e for e in self.entries if e.recorded_at <= recorded_by],
            [i for i in self.items if i.at <= recorded_by],
            [r for r in self.receipts if r.recorded_at <= recorded_by],
            self.zone,
        )


class Question(NamedTuple):
    """view(child, A, K, H, R, basis, grade)."""

    child: UUID
    viewer: str
    known_at: datetime
    happened_by: datetime
    recorded_by: datetime
    basis: str = "any"
    at_least: str = "delivered"


class Moment(NamedTuple):
    """A row of the table."""

    grade: int
    claimed: datetime | None
    proven: datetime | None
    not_before: datetime | None
    how: str
    position: int
    names: frozenset[str]

    def time(self, basis: str) -> datetime | None:
        times = [self.proven] if basis == "proven" else [self.claimed, self.proven]
        return min((t for t in times if t is not None), default=None)


def moments(viewer: str, entry: Entry, stated: History) -> list[Moment]:
    """Return every moment a viewer has for an entry, row by row of the table."""
    return [one for agency in MEMBERS_OF.get(viewer, (viewer,)) for one in _moments_of_agency(agency, entry, stated)]


def _moments_of_agency(agency: str, entry: Entry, stated: History) -> list[Moment]:
    found = []
    if entry.producer.agency == agency:
        since = _not_before_it_happened(last(entry.known_since, stated.zone), entry, stated)
        found.append(
            Moment(ACKNOWLEDGED, since, entry.recorded_at, None, "produced", entry.position, frozenset(names(entry)))
        )
    for item in stated.items:
        if (item.agency, item.position) == (agency, entry.position):
            found.append(Moment(TOLD, None, item.at, None, "feed", 0, item.names))
            for receipt in stated.receipts:
                covers = receipt.agency == agency and item.number in receipt.numbers
                if covers and receipt.recorded_at > item.at:
                    claimed = receipt.at
                    if claimed is not None:
                        claimed = _not_before_it_happened(max(claimed, item.at), entry, stated)
                    grade = GRADES[receipt.grade]
                    found.append(
                        Moment(grade, claimed, receipt.recorded_at, item.at, "receipt", receipt.position, item.names)
                    )
    produced = entry.producer.agency == agency
    told_by_others = _told_by_others(agency, entry, stated)
    for notice in stated.entries:
        if name_of(notice) != "notice-given" or voided_by(notice.position, stated.entries):
            continue
        fact, _ = as_corrected(notice, stated.entries)
        if fact["to"] == agency and entry.position in fact["positions"] and entry.position < notice.position:
            itself = notice.producer.agency == agency
            given_at = read(fact["given_at"])
            listed = _listed(entry, fact["members"])
            if itself and agency in RECEIVERS and not produced:
                if not told_by_others and _hidden(entry, agency):
                    continue
                listed &= frozenset().union(*told_by_others)
            found.append(
                Moment(
                    ACKNOWLEDGED if itself else TOLD,
                    _not_before_it_happened(last(given_at, stated.zone), entry, stated),
                    notice.recorded_at if itself else None,
                    None,
                    "notice",
                    notice.position,
                    listed,
                )
            )
    return found


def _told_by_others(agency: str, entry: Entry, stated: History) -> list[frozenset[str]]:
    """What its feed and other agencies' notices told it of an entry: its own notices widen none of that."""
    told = [i.names for i in stated.items if (i.agency, i.position) == (agency, entry.position)]
    for notice in stated.entries:
        if name_of(notice) == "notice-given" and not voided_by(notice.position, stated.entries):
            fact, _ = as_corrected(notice, stated.entries)
            is_told = fact["to"] == agency != notice.producer.agency and entry.position in fact["positions"]
            if is_told and entry.position < notice.position:
                told.append(_listed(entry, fact["members"]))
    return told


def _hidden(entry: Entry, agency: str) -> bool:
    """Whether the shipped rules protect from an agency that there is such an entry."""
    its, name = default_rules().agencies[agency], name_of(entry)  # type: ignore[index]
    required = [m for m, field in BY_WIRE[entry.type].model_fields.items() if field.is_required()]
    says_relief = any(reveals_relief(name, m, entry.recorded_fact.get(m)) for m in required)
    return name in its.protected or (says_relief and "relief-filed" not in its.told)


def _not_before_it_happened(claimed: datetime, entry: Entry, stated: History) -> datetime:
    """Nobody knows of what has not happened: a claim of that counts from the first instant it can have happened."""
    _, when = as_corrected(entry, stated.entries)
    return claimed if when is None else max(claimed, first(when, stated.zone))


def names(entry: Entry) -> list[str]:
    """The names of the members given; of a correction, each new value's by its own."""
    if name_of(entry) != "correction-issued":
        return list(entry.recorded_fact)
    return [*(m for m in entry.recorded_fact if m != "set"), *(f"set.{m}" for m in entry.recorded_fact["set"])]


def _listed(entry: Entry, members: str | list[str]) -> frozenset[str]:
    """The members a notice lists: of a correction, `set` stands for all new values."""
    every = names(entry)
    if members == "all":
        return frozenset(every)
    return frozenset(m for m in every if m in members or ("set" in members and m.startswith("set.")))


class Knows(NamedTuple):
    """An entry of a known set."""

    entry: Entry
    names: frozenset[str]
    known_at: datetime
    not_before: datetime
    how: str


def known_set(history: History, question: Question) -> list[Knows]:
    """The entries and members known, of all the records given."""
    stated = history.by(question.recorded_by)
    known_at = min(question.known_at, question.recorded_by)
    entries = sorted(stated.entries, key=lambda e: e.position)
    if question.viewer == "ledger":
        return [Knows(e, frozenset(names(e)), e.recorded_at, e.recorded_at, "recorded") for e in entries]
    found = []
    for e in entries:
        eligible = [
            (time, -one.grade, one.position, one)
            for one in moments(question.viewer, e, stated)
            if one.grade >= GRADES[question.at_least]
            and (time := one.time(question.basis)) is not None
            and time <= known_at
        ]
        if eligible:
            time, *_, first = min(eligible, key=lambda one: one[:3])
            bound = time if question.basis == "any" and time == first.claimed else first.not_before or time
            all_names = frozenset().union(*(one[3].names for one in eligible))
            found.append(Knows(e, all_names, time, bound, first.how))
    return found


def folded(history: History, question: Question) -> tuple[list[Knows], list[Entry], list[Happened]]:
    """What a viewer knows of the person, as far as it is known, and what happened by it, in order."""
    known = known_set(history, question)
    group = one_person(question.child, [e for one in known if (e := _cut(one)) is not None])
    if all(one.entry.child not in group for one in known):
        return [], [], []
    about = {e.position for e in about_person(group, [_cut(one) for one in known])}
    known = [one for one in known if one.entry.position in about]
    cut = [_cut(one) for one in known]
    moving = {one.entry.position for one in known if _moves(one, cut)}
    by_time = [h for h in happenings(cut, history.zone, question.happened_by) if h.position in moving]
    fold = ordered(by_time, history.zone)
    return known, cut, fold


def view(history: History, question: Question) -> Json | None:
    """The view of a viewer; None: nothing is known of the child."""
    zone = history.zone
    known, cut, fold = folded(history, question)
    if not known:
        return None
    group = one_person(question.child, cut)
    where = whereabouts(fold, {e.position: root(e.position, cut) for e in cut})
    as_left = {one["position"]: one for one in standing(cut)}
    disputes = {e.position: e for e in cut if name_of(e) == "entry-disputed"}
    return {
        "records": sorted(str(record) for record in {e.child for e in cut if e.child in group} | {question.child}),
        "custody": custody(fold),
        "proceedings": proceedings(fold),
        "whereabouts": where,
        "age": _age(age(fold), question.happened_by.astimezone(ZoneInfo(zone)).date()),
        "entries": [
            {
                "position": one.entry.position,
                "occurred_at": as_left[one.entry.position]["occurred_at"],
                "known_at": one.known_at,
                "known_not_before": one.not_before,
                "how": one.how,
                "fact": as_left[one.entry.position]["fact"],
                "withheld": sorted(_withheld(one, cut)),
                "corrected_by": as_left[one.entry.position]["corrected_by"],
                "voided_by": as_left[one.entry.position]["voided_by"],
                "disputed_by": [p for p in as_left[one.entry.position]["disputed_by"] if p in disputes],
            }
            for one in known
            if name_of(one.entry) in STATEMENTS
            or _happened(as_left[one.entry.position]["occurred_at"], zone, question.happened_by)
        ],
    }


def _cut(one: Knows) -> Entry:
    """The entry without what is not known of it. A new `occurred_at` is never withheld."""
    fact = {m: v for m, v in one.entry.recorded_fact.items() if m in one.names}
    if name_of(one.entry) == "correction-issued":
        sets = one.entry.recorded_fact["set"].items()
        fact["set"] = {m: v for m, v in sets if f"set.{m}" in one.names or m == "occurred_at"}
    resolved = one.entry.resolved if "other" in one.names else {}
    return one.entry._replace(recorded_fact=fact, resolved=resolved)


def _revealed(one: Knows, cut: Sequence[Entry]) -> set[str]:
    """The members that visible corrections in force reveal."""
    position = one.entry.position
    return set(settings_of(position, cut)) if corrections_of(position, cut) else set()


def _withheld(one: Knows, cut: Sequence[Entry]) -> list[str]:
    revealed = _revealed(one, cut)
    if name_of(one.entry) == "correction-issued":
        revealed = {"set.occurred_at", *(f"set.{m}" for m in revealed)}
    return [
        m
        for m in names(one.entry)
        if m not in one.names
        and m not in revealed
        and not reveals_relief(name_of(one.entry), m, one.entry.recorded_fact.get(m))
    ]


def _moves(one: Knows, cut: Sequence[Entry]) -> bool:
    """Whether all that decides what the fact moves is known."""
    known = one.names | _revealed(one, cut)
    decides = DECIDES.get(name_of(one.entry), "").split()
    return all(m in known for m in decides if one.entry.recorded_fact.get(m) is not None)


def _happened(when: date | None, zone: str, happened_by: datetime) -> bool:
    return when is None or last(when, zone) <= happened_by.astimezone(UTC)


def _age(known: Json, day: date) -> Json:
    born: date | None = known["date_of_birth"]
    if born is None or day < born:
        band = "18-or-over" if known["adult"] and born is None else "unknown"
        return {"years": None, "band": band, "basis": known["basis"]}
    birthdays = sum(1 for year in range(born.year + 1, day.year + 1) if (year, born.month, born.day) <= _ymd(day))
    band = "under-14" if birthdays < 14 else "14-17" if birthdays < 18 else "18-or-over"
    return {"years": birthdays, "band": band, "basis": known["basis"]}


def _ymd(day: date) -> tuple[int, int, int]:
    return day.year, day.month, day.day
