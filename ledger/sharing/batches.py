"""Feed items and batches of them in bytes: `custody.feed.<agency>` and `custody.publications` (contract: Feed item).

A batch says which entries were put on which feed, under which numbers and when, and what was withheld. It holds no
fact: an item is made of the entry and of what its batch says, so a feed can be told again, byte by byte.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Final, NamedTuple

import orjson

from ledger.agencies import RECEIVERS, Agency
from ledger.entry import Entry
from ledger.facts.ledger_wide import RuleSet
from ledger.sharing.feed_fold import Kind, ToldItem
from ledger.times import write_clock, write_when

FEED_ITEM: Final = "custody.feed-item.v1"
PUBLICATION: Final = "custody.publication.v1"

Numbers = Mapping[Agency, int]
Trigger = tuple[int, int]
"""Why an entry is told, and its position: for its own sake (twice its position), or for a set adopted with backfill."""


class Publication(NamedTuple):
    """One entry put on feeds in one batch: under which numbers, when, and what of it each agency does not read."""

    position: int
    child: str
    kind: Kind
    rules: tuple[str, int]
    at: str
    numbers: Numbers
    withheld: Mapping[Agency, Sequence[str]]
    unsaid: Mapping[Agency, Sequence[str]]


class Backfilled(NamedTuple):
    """How far the older entries are told that a set adopted at `adopted` added."""

    adopted: int
    through: int


class Part(NamedTuple):
    """How many items of the next entry are told, where they are too many for one batch."""

    position: int
    items: int


class PublicationBatch(NamedTuple):
    """A batch, as it is kept in PostgreSQL and told on `custody.publications`.

    Every entry up to `to_position` is published by this batch or an earlier one, but for those put off because their
    record is blocked. `settled`: when it was made, no entry beyond that was recorded, so that nothing recorded up to
    `published_at` can still be published but for these, and these under a later stamp.

    `deferred`: entries it would have told and puts off (in a batch that backfills: what the set would have added for
    them). `resumed`: what was put off before and is told by this batch, before its own entries. `left_out`: what was
    put off before and never will be told, having been voided. `without`: positions that it resumes and tells without
    these members, which cannot be told and were corrected. `part`: it tells items of the entry that comes next, the
    rest of which a later batch tells.
    """

    number: int
    from_position: int
    to_position: int
    published_at: str
    settled: bool
    last: Numbers
    backfilled: Backfilled | None
    items: Sequence[Publication]
    deferred: Sequence[int] = ()
    resumed: Sequence[Trigger] = ()
    left_out: Sequence[Trigger] = ()
    without: Sequence[tuple[int, Sequence[str]]] = ()
    part: Part | None = None

    @property
    def put_off(self) -> Sequence[Trigger]:
        """What it puts off telling."""
        adopted = None if self.backfilled is None else self.backfilled.adopted
        return [(position if adopted is None else adopted, position) for position in self.deferred]


def number_items(told: Iterable[tuple[ToldItem, str]], last: Numbers) -> tuple[list[Publication], Numbers]:
    """Give items, each with its stamp, the next numbers of their feeds; return them by entry, and the last numbers."""
    last_of = dict(last)
    items: list[Publication] = []
    numbers: dict[Agency, int] = {}
    withheld: dict[Agency, Sequence[str]] = {}
    unsaid: dict[Agency, Sequence[str]] = {}
    same: tuple[int, Kind, RuleSet, str] | None = None
    for (agency, kind, entry, disclosure, rules), at in told:
        if same != (entry.position, kind, rules, at) or agency in numbers:
            same = (entry.position, kind, rules, at)
            numbers, withheld, unsaid = {}, {}, {}
            rule = (rules.id, rules.version)
            items.append(Publication(entry.position, str(entry.child), kind, rule, at, numbers, withheld, unsaid))
        numbers[agency] = last_of[agency] = last_of[agency] + 1
        if disclosure.withheld:
            withheld[agency] = disclosure.withheld
        if disclosure.unsaid:
            unsaid[agency] = disclosure.unsaid
    return items, last_of


def write_batch(batch: PublicationBatch) -> bytes:
    """Return the message on `custody.publications`; what is at its default is left out of an item."""
    put_off = {
        "deferred": batch.deferred,
        "resumed": batch.resumed,
        "left_out": batch.left_out,
        "without": batch.without,
    }
    return orjson.dumps(
        {
            "number": batch.number,
            "from_position": batch.from_position,
            "to_position": batch.to_position,
            "published_at": batch.published_at,
            "settled": batch.settled,
            "last": batch.last,
            "backfilled": None if batch.backfilled is None else batch.backfilled._asdict(),
            "items": [_item(item, batch.published_at) for item in batch.items],
            **{member: positions for member, positions in put_off.items() if positions},
            **({} if batch.part is None else {"part": batch.part._asdict()}),
        }
    )


def _item(item: Publication, published_at: str) -> dict[str, Any]:
    written: dict[str, Any] = {
        "position": item.position,
        "child": item.child,
        "rule": item.rules,
        "numbers": item.numbers,
    }
    if item.kind != "entry":
        written["kind"] = item.kind
    if item.at != published_at:
        written["at"] = item.at
    if item.withheld:
        written["withheld"] = item.withheld
    if item.unsaid:
        written["unsaid"] = item.unsaid
    return written


def read_batch(payload: bytes) -> PublicationBatch:
    """Read a message of `custody.publications`."""
    given = orjson.loads(payload)
    published_at = given["published_at"]
    backfilled = given["backfilled"]
    return PublicationBatch(
        given["number"],
        given["from_position"],
        given["to_position"],
        published_at,
        given["settled"],
        given["last"],
        None if backfilled is None else Backfilled(**backfilled),
        [
            Publication(
                item["position"],
                item["child"],
                item.get("kind", "entry"),
                tuple(item["rule"]),
                item.get("at", published_at),
                item["numbers"],
                item.get("withheld", {}),
                item.get("unsaid", {}),
            )
            for item in given["items"]
        ],
        given.get("deferred", ()),
        [(trigger, position) for trigger, position in given.get("resumed", ())],
        [(trigger, position) for trigger, position in given.get("left_out", ())],
        [(position, members) for position, members in given.get("without", ())],
        Part(**given["part"]) if "part" in given else None,
    )


NOTHING_PUBLISHED: Final = PublicationBatch(
    0,
    0,
    0,
    write_clock(datetime.min.replace(tzinfo=UTC)),
    False,
    dict.fromkeys(RECEIVERS, 0),
    None,
    (),
)
"""What stands before the first batch."""


def item_values(entry: Entry, publication: Publication) -> list[tuple[Agency, int, bytes]]:
    """Return the feed items of one publication: agency, number, and the message's value."""
    _, _, _, _, _, numbers, withheld, unsaid = publication
    if not withheld and not unsaid:
        whole = _value(entry, publication, (), ())
        return [(agency, number, b'{"number":%d,%b' % (number, whole)) for agency, number in numbers.items()]
    made: dict[tuple[tuple[str, ...], tuple[str, ...]], bytes] = {}
    values = []
    for agency, number in numbers.items():
        hidden = (tuple(withheld.get(agency, ())), tuple(unsaid.get(agency, ())))
        rest = made.get(hidden)
        if rest is None:
            rest = made[hidden] = _value(entry, publication, *hidden)
        values.append((agency, number, b'{"number":%d,%b' % (number, rest)))
    return values


def _value(entry: Entry, publication: Publication, withheld: Sequence[str], unsaid: Sequence[str]) -> bytes:
    """Return an item's value without its number, whatever agency it is for."""
    return orjson.dumps(
        {
            "kind": publication.kind,
            "position": entry.position,
            "child": publication.child,
            "identifiers": [{"scheme": scheme, "value": value} for scheme, value in entry.identifiers],
            "type": entry.type,
            "occurred_at": None if entry.occurred_at is None else write_when(entry.occurred_at),
            "recorded_at": write_clock(entry.recorded_at),
            "producer_agency": entry.producer.agency,
            "fact": told_members(entry.recorded_fact, withheld, unsaid),
            "withheld": withheld,
            "rule": {"id": publication.rules[0], "version": publication.rules[1]},
        }
    )[1:]


def told_members(fact: Mapping[str, Any], withheld: Sequence[str], unsaid: Sequence[str]) -> Mapping[str, Any]:
    """Return the members of a fact that an item holds; of a correction, the new values it holds."""
    if not withheld and not unsaid:
        return fact
    told = {m: v for m, v in fact.items() if m not in withheld and m not in unsaid}
    if "set" in told:
        told["set"] = {m: v for m, v in told["set"].items() if f"set.{m}" not in withheld}
    return told


def columns_of(last: Numbers) -> tuple[int, ...]:
    """Return the last numbers in the order of the columns of `ledger.publications`."""
    return tuple(last[agency] for agency in RECEIVERS)
