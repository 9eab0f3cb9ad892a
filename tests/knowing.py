"""A made-up history as the product tells and answers it, and as the oracle does, in one form to be compared."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any, Final

from ledger.agencies import RECEIVERS, Agency
from ledger.entry import Entry
from ledger.facts import EntryVoided, IdentityMerged, IdentityUnmerged
from ledger.records.merges import groups
from ledger.sharing.batches import Publication, number_items, told_members
from ledger.sharing.belonging import about_person
from ledger.sharing.feed_fold import SharingRulebook, Telling, ToldItem
from ledger.sharing.rule_sets import Adopted, default_rules
from ledger.times import write_clock, write_when
from projections.knowledge.moments import GRADES, Item, Receipt, known_set, moments
from projections.knowledge.reads import EverythingStated as Said
from readers.child.known_set import Stated, of_stated, parse_viewpoint
from readers.child.records import Found, RecordedPerson
from readers.child.view import seen, seen_by
from readers.moments import Moments
from tests.histories import ZONE, Json
from tests.knowledge_histories import Drawn, at
from tests.oracle import feeds as oracle_feeds
from tests.oracle.knowledge import History, Published, Question, Signed, names

END: Final = at(60)
"""After everything that was ever recorded or published."""


@dataclass(frozen=True)
class Ledger:
    """What the product's read tables hold of a history."""

    entries: Sequence[Entry]
    items: Sequence[Item]
    receipts: Sequence[Receipt]


def fold(drawn: Drawn) -> list[tuple[ToldItem, datetime]]:
    """Return the items the product puts on feeds, in order, each with its stamp."""
    telling, told = Telling(), []
    to_come = {one.position: one for one in drawn.adoptions}
    entries = {entry.position: entry for entry in drawn.entries}
    before: list[Adopted] = []
    for position in sorted({*entries, *to_come}):
        rulebook = SharingRulebook(before, default_rules(), ZONE)
        if position in to_come:
            adopted = to_come[position]
            items = telling.backfill(adopted, rulebook) if adopted.backfill else []
            before.append(adopted)
        else:
            items = telling.take(entries[position], rulebook.at(entries[position]))
        told += [(item, drawn.stamps[position]) for item in items]
    return told


def publications(drawn: Drawn) -> list[Publication]:
    """Return what the product publishes of a history, numbered."""
    stamped = ((item, write_clock(stamp)) for item, stamp in fold(drawn))
    return number_items(stamped, dict.fromkeys(RECEIVERS, 0))[0]


def ledger_of(drawn: Drawn) -> Ledger:
    """Return what the product holds of a history; receipts number by number, all of them."""
    items = [
        Item(
            agency,
            one.position,
            number,
            datetime.fromisoformat(one.at),
            one.withheld.get(agency, ()),
            one.unsaid.get(agency, ()),
        )
        for one in publications(drawn)
        for agency, number in one.numbers.items()
    ]
    receipts = [
        Receipt(one.agency, number, GRADES.index(one.grade), one.at, one.recorded_at, one.position)  # type: ignore[arg-type]
        for one in signed(drawn)
        for number in sorted(one.numbers)
    ]
    return Ledger(drawn.entries, items, receipts)


def signed(drawn: Drawn) -> list[Signed]:
    """Return the receipts of a history."""
    return [
        Signed(
            agency,
            position,
            at(position),
            grade,
            None if claim is None else at(claim),
            frozenset(range(1, signed_for + 1) if isinstance(signed_for, int) else signed_for),
        )
        for position, agency, grade, claim, signed_for in drawn.receipts
    ]


def must_be_told(drawn: Drawn) -> list[oracle_feeds.Put]:
    """Return what must be told, says the oracle."""
    adoptions = [oracle_feeds.Adoption(one.position, one.rules, one.backfill) for one in drawn.adoptions]
    return oracle_feeds.feeds(drawn.entries, adoptions, default_rules(), ZONE)


def history_of(drawn: Drawn) -> History:
    """Return the same history for the oracle, with the items that there must be."""
    last = dict.fromkeys(RECEIVERS, 0)
    items = []
    for put in must_be_told(drawn):
        agency: Agency = put.agency  # type: ignore[assignment]
        last[agency] += 1
        items.append(
            Published(agency, last[agency], put.entry.position, drawn.stamps[put.behind], frozenset(put.names))
        )
    return History(drawn.entries, items, signed(drawn), ZONE)


def told_item(item: ToldItem) -> Json:
    """Return a product's item in the form of `put_item`."""
    disclosure, entry = item.disclosure, item.entry
    return {
        "agency": item.agency,
        "kind": item.kind,
        "position": entry.position,
        "fact": told_members(entry.recorded_fact, disclosure.withheld, disclosure.unsaid),
        "withheld": sorted(disclosure.withheld),
        "rule": item.rules.id,
    }


def put_item(put: oracle_feeds.Put) -> Json:
    """Return what must be told, as the contract's feed item has it."""
    return {
        "agency": put.agency,
        "kind": put.kind,
        "position": put.entry.position,
        "fact": put.part.fact,
        "withheld": sorted(put.part.withheld),
        "rule": put.rule,
    }


def stated_by(ledger: Ledger, recorded_by: datetime) -> Ledger:
    """Return what was stated by R, as the readers' SQL selects it."""
    return Ledger(
        [one for one in ledger.entries if one.recorded_at <= recorded_by],
        [one for one in ledger.items if one.published_at <= recorded_by],
        [one for one in ledger.receipts if one.recorded_at <= recorded_by],
    )


def ask(ledger: Ledger, question: Question) -> Json | None:
    """Return the product's view, in the form of the oracle's; None: nothing is known."""
    recorded_by = question.recorded_by
    times = Moments(question.happened_by, min(question.known_at, recorded_by), recorded_by, END)
    stated = stated_by(ledger, recorded_by)
    viewpoint = parse_viewpoint(question.viewer, question.basis, question.at_least)
    if question.viewer == "ledger":
        joining = [e for e in stated.entries if isinstance(e.fact, IdentityMerged | IdentityUnmerged | EntryVoided)]
        group = groups(joining).get(question.child, frozenset((question.child,)))
        group = group.intersection(entry.child for entry in stated.entries) | {question.child}
        entries = about_person(stated.entries, group)
        if all(entry.child not in group for entry in entries):
            return None
        return comparable(
            seen(RecordedPerson(question.child, group, (), entries, None, times, ZONE, "wall"), viewpoint)
        )
    row = Found("", ZONE, "wall", None, question.child, None, 1, (), (), ())
    found = of_stated(Stated(row, times, Said(stated.entries, stated.items, stated.receipts, ())), viewpoint)
    return None if found is None else comparable(seen_by(found))


def known(ledger: Ledger, question: Question) -> dict[int, frozenset[str]]:
    """Return the product's known set: by position the names of the members known."""
    stated = stated_by(ledger, question.recorded_by)
    if question.viewer == "ledger":
        return {one.position: frozenset(names(one)) for one in stated.entries}
    viewpoint = parse_viewpoint(question.viewer, question.basis, question.at_least)
    items = [item for item in stated.items if item.agency in viewpoint.agencies]
    held = moments(stated.entries, viewpoint.agencies, items, stated.receipts, ZONE)
    found = known_set(
        stated.entries,
        held,
        known_at=min(question.known_at, question.recorded_by),
        basis=viewpoint.basis,
        at_least=viewpoint.at_least,
    )
    return {one.entry.position: frozenset(names(one.entry)) if one.members is None else one.members for one in found}


def comparable(answer: Json) -> Json:
    """Return of an answer what the oracle answers, too."""
    return {
        **{key: answer[key] for key in ("records", "custody", "proceedings", "whereabouts", "age")},
        "entries": [
            {
                **{
                    key: entry[key]
                    for key in ("position", "occurred_at", "known_at", "known_not_before", "how", "fact")
                },
                "withheld": sorted(entry["withheld"]),
                "corrected_by": list(entry["corrected_by"]),
                "voided_by": list(entry["voided_by"]),
                "disputed_by": [dispute["position"] for dispute in entry["disputes"]],
            }
            for entry in answer["entries"]
        ],
    }


def written(value: Any, key: str = "") -> Any:
    """Return an oracle's answer with its times as the product writes them."""
    match value:
        case datetime() if key.startswith("known_"):
            return write_clock(value)
        case date():
            return write_when(value)
        case dict():
            return {key: written(one, key) for key, one in value.items()}
        case list() | tuple():
            return [written(one) for one in value]
        case _:
            return value


def later(question: Question, **changes: Any) -> Question:
    """Return a question with some of it changed."""
    return question._replace(**changes)


def cut_off(drawn: Drawn, position: int) -> Drawn:
    """Return a history as it was when `position` had just been recorded, and everything up to it published."""
    return replace(
        drawn,
        entries=[one for one in drawn.entries if one.position <= position],
        adoptions=[one for one in drawn.adoptions if one.position <= position],
        receipts=[one for one in drawn.receipts if one[0] <= position],
    )


def by_agency(items: Iterable[Json]) -> dict[str, list[Json]]:
    """Return items feed by feed, in the order of their numbers."""
    feeds: dict[str, list[Json]] = {}
    for item in items:
        feeds.setdefault(item["agency"], []).append(item)
    return feeds
