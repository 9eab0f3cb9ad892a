"""The entries of a view, in order of position: statements, and happenings not later than H (contract: `view`)."""

from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from typing import Any, Final, get_args

from ledger.entry import Producer
from ledger.facts import EntryDisputed, Happening
from ledger.times import When, order_key, write_clock, write_when
from projections.fold.amended import Effective
from projections.knowledge.moments import GRADES, Basis, Moment, Seen
from projections.knowledge.viewpoint import Shown
from readers.child.known_set import KnownTo
from readers.child.records import RecordedPerson

_HAPPENINGS: Final = frozenset(get_args(Happening))
_NOT_SAID: Final = {"office": None, "user": None, "system": None}
"""What an agency is not told of who recorded an entry of another one."""
_record: Final = lru_cache(maxsize=256)(str)
_clock: Final = lru_cache(maxsize=4096)(write_clock)
"""One answer tells the same few moments again and again: a batch puts many entries on a feed, a receipt covers many."""


def entries_held(found: RecordedPerson, left: Sequence[Effective]) -> list[dict[str, Any]]:
    """Return the entries as the ledger holds them: known since they were recorded, through no agency's channel."""
    disputes = _disputes(left)
    last = order_key(found.moments.happened_by, found.zone)
    shown = []
    for one in left:
        if not _counts(one, last, found.zone):
            continue
        entry = one.entry
        recorded_at = write_clock(entry.recorded_at)
        shown.append(
            {
                **_known_by_all(one, _record(entry.child), recorded_at),
                "version": entry.version,
                "producer": _producer(entry.producer),
                "door": entry.door,
                "source": entry.source,
                "known_since": write_when(entry.known_since),
                "known_at": recorded_at,
                "known_not_before": recorded_at,
                "known_by": recorded_at,
                "how": "recorded",
                "basis": "proven",
                "moments": [],
                **_fact(one, entry.recorded_fact, ()),
                "corrected_by": one.corrected_by,
                "voided_by": one.voided_by,
                "findings": _findings(one),
                "disputes": [disputes[position] for position in one.disputed_by],
            }
        )
    return shown


def entries_known(found: KnownTo, left: Sequence[Shown]) -> list[dict[str, Any]]:
    """Return the same of a known set, each with how and since when it was known.

    What the ledger keeps beside a fact (source, door, who recorded it, findings) is shown to its producer alone; so
    is its number in the record, for a gap between two numbers would say that something else is there.
    """
    agencies, basis = found.viewpoint.agencies, found.viewpoint.basis
    by_position = {one.entry.position: one for one in found.seen}
    disputes = _disputes(each.one for each in left)
    last = order_key(found.moments.happened_by, found.zone)
    shown = []
    for each in left:
        one = each.one
        if not _counts(one, last, found.zone):
            continue
        entry = one.entry
        own = entry.producer.agency in agencies
        shown.append(
            {
                **_known_by_all(one, _record(entry.child), write_clock(entry.recorded_at)),
                "version": entry.own_version if own else None,
                "producer": _producer(entry.producer) if own else {"agency": entry.producer.agency, **_NOT_SAID},
                "door": entry.door if own else None,
                "source": entry.source if own else None,
                "known_since": write_when(entry.known_since) if own else None,
                **_how(by_position[entry.position], basis),
                **_fact(one, each.original, each.withheld),
                "corrected_by": one.corrected_by,
                "voided_by": one.voided_by,
                "findings": _findings(one) if own else [],
                "disputes": [disputes[position] for position in one.disputed_by if position in disputes],
            }
        )
    return shown


def _counts(one: Effective, last: int, zone: str) -> bool:
    """Return whether it is a statement, or a happening not later than H."""
    return type(one.fact) not in _HAPPENINGS or order_key(one.occurred_at, zone) <= last


def _known_by_all(one: Effective, child: str, recorded_at: str) -> dict[str, Any]:
    """Return what everyone reads who knows of an entry at all."""
    entry = one.entry
    shown = {"position": entry.position, "child": child, "type": entry.type, "occurred_at": _when(one.occurred_at)}
    if one.occurred_at != entry.occurred_at:
        shown["original_occurred_at"] = _when(entry.occurred_at)
    shown["recorded_at"] = recorded_at
    return shown


def _fact(one: Effective, original: Mapping[str, Any], withheld: Sequence[str]) -> dict[str, Any]:
    """Return the fact as corrected, as it was before where that differs, and the names of what is withheld."""
    fact = one.shown_fact
    if fact is original or fact == original:
        return {"fact": fact, "withheld": withheld}
    return {"fact": fact, "original": original, "withheld": withheld}


def _disputes(left: Iterable[Effective]) -> dict[int, dict[str, Any]]:
    return {
        one.entry.position: {"position": one.entry.position, "by": fact.by, "statement": fact.statement}
        for one in left
        if type(fact := one.fact) is EntryDisputed
    }


def _how(one: Seen, basis: Basis) -> dict[str, Any]:
    """Return how and since when an entry was known.

    Where nobody claims a time, and only a later receipt proves it, the answer is a span: after the publication, by
    the receipt; when in between cannot be determined.
    """
    first, known_at = one.first, _clock(one.known_at)
    by_proof = first.claimed is None or basis == "proven" or first.claimed > one.known_at
    return {
        "known_at": known_at,
        "known_not_before": _clock(first.not_before) if by_proof and first.not_before is not None else known_at,
        "known_by": known_at,
        "how": first.channel,
        "basis": "proven" if by_proof else "claimed",
        "moments": [_moment(moment) for moment in one.moments],
    }


def _moment(moment: Moment) -> dict[str, Any]:
    agency, grade, claimed, proven, not_before, channel, number, position, members = moment
    return {
        "agency": agency,
        "grade": GRADES[grade],
        "claimed_at": None if claimed is None else _clock(claimed),
        "proven_at": None if proven is None else _clock(proven),
        "not_before": None if not_before is None else _clock(not_before),
        "channel": channel,
        "feed": None if number is None else agency,
        "number": number,
        "position": position,
        "members": "all" if members is None else sorted(members),
    }


@lru_cache(maxsize=1024)
def _producer(producer: Producer) -> Mapping[str, str | None]:
    return producer._asdict()


def _findings(one: Effective) -> Sequence[Mapping[str, Any]]:
    """Return the findings with the position that dealt with each: a resolution, or the void of the whole entry."""
    if not one.entry.findings:
        return []
    resolved = dict(reversed(one.resolved_findings))
    void = min(one.voided_by, default=None)
    return [
        {"code": f.code, "level": f.level, "message": f.message, "resolved_by": resolved.get(f.code, void)}
        for f in one.entry.findings
    ]


def _when(when: When | None) -> str | None:
    return None if when is None else write_when(when)
