"""When two agencies held different things of one child, and what closed the gap: `custody diverge --json`.

Everything stated by R is read once, for both sides; which of it each of them held at every K up to `--to` follows
from that (projections.divergence).
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Final

from psycopg import Connection, Cursor

from ledger.entry import recorded_at_of
from ledger.identifiers import shown
from ledger.times import When, first_instant, read_clock, write_clock, write_when
from projections.knowledge.divergence import Interval, divergence
from projections.knowledge.explaining import Closing, Lacked
from projections.knowledge.history import History, ledger_moments
from projections.knowledge.members import NAMES, Cases, Member, Nothing
from projections.knowledge.moments import GRADES
from readers.child.known_set import LEDGER, Stated, Viewpoint, all_stated
from readers.child.records import SQL, check_is_a_child, first_parked, known
from readers.child.who_was_told import group_of
from readers.moments import MomentsAsked, Name
from readers.snapshot import Rows, in_snapshot
from readers.unanswerable import NOTHING_PUBLISHED, NothingKnownError, NotShownError, WrongQuestionError

_SECOND: Final = timedelta(seconds=1)


@dataclass(frozen=True, slots=True)
class Between:
    """Whose views are compared, and from when to when; `None`: from the first knowledge of either, to R."""

    a: Viewpoint
    b: Viewpoint
    since: When | None = None
    until: When | None = None
    recorded_by: When | None = None


def diverge(connection: Connection[Rows], child: Name, between: Between) -> dict[str, Any]:
    """Return the intervals of K in which the views of A and B differ, member by member, ready for JSON.

    Raises `WrongQuestionError` where there is nothing to compare, `NothingKnownError` when neither ever knew
    anything of the child, and what `known` raises.
    """
    if between.a.name == between.b.name:
        raise WrongQuestionError(
            f"A and B are both {between.a.name}, which never differs from itself: name another agency or group, "
            f"or `{LEDGER}` to see where {between.a.name} was wrong"
        )
    check_is_a_child(child)
    asked = MomentsAsked(known_at=between.until, recorded_by=between.recorded_by)
    agencies = (*between.a.agencies, *between.b.agencies)
    stated = all_stated(connection, child, asked, agencies)
    if stated is None:
        known(connection, child, replace(asked, known_at=None))
        raise NotShownError(NOTHING_PUBLISHED)
    a, b = holding(stated, between.a), holding(stated, between.b)
    until = stated.moments.known_at
    first = min((at for at in (a.next_change(), b.next_change()) if at is not None), default=None)
    if first is None or first > until:
        raise _nobody(child, between, until, first)
    since = first if between.since is None else _begin(between.since, stated.zone)
    if since < first:
        _check_had_begun(connection, between.since, since, first)
    if since > until:
        raise _ends_before(since, until, stated)
    return compared(stated, between, a, b, since=since, until=until)


def holding(stated: Stated, viewpoint: Viewpoint) -> History:
    """Return what a side holds, before everything: an agency or group by its moments, the ledger by its own."""
    held = ledger_moments(stated.entries) if viewpoint.name == LEDGER else stated.held(viewpoint.agencies)
    return History(
        stated.child, stated.entries, held, zone=stated.zone, basis=viewpoint.basis, at_least=viewpoint.at_least
    )


def compared(
    stated: Stated, between: Between, a: History, b: History, *, since: datetime, until: datetime
) -> dict[str, Any]:
    """Return the answer for two sides that stand at the very beginning; pure.

    Intervals that began before `since` are cut to it, and tell in `since` when they began; one that has not ended by
    `until` has no `to`.
    """
    found = divergence(a, b, Cases.of(stated.entries), until=until)
    kept = [one for one in found if one.ended is None or one.ended > since]
    group = group_of(stated)
    own = {entry.position for entry in stated.entries if entry.child in group}
    parked = first_parked(stated.found, group, stated.moments)
    return {
        "child": str(stated.child),
        "identifiers": [
            {"scheme": scheme, "value": value} for scheme, value in stated.found.names(own, stated.moments)
        ],
        "a": between.a.name,
        "b": between.b.name,
        "from": write_clock(since),
        "to": write_clock(until),
        "recorded_by": write_clock(stated.moments.recorded_by),
        "complete_to": write_clock(stated.moments.complete_to),
        "zone": stated.zone,
        "clock": stated.found.clock,
        "basis": between.a.basis,
        "at_least": GRADES[between.a.at_least],
        "incomplete": None if parked is None else {"since": write_clock(parked.recorded_at), "reason": parked.reason},
        "members": [
            _member(member, [one for one in kept if one.member == member], between, since, until)
            for member in sorted({one.member for one in kept}, key=_place)
        ],
    }


def _place(member: Member) -> tuple[str, str, int]:
    """Members of the child first, then those of each proceeding together."""
    return member.court_case or "", member.nta_id or "", NAMES.index(member.name)


def _member(
    member: Member, intervals: Sequence[Interval], between: Between, since: datetime, until: datetime
) -> dict[str, Any]:
    lengths = [(one.ended or until) - max(one.since, since) for one in intervals]
    of_case = member.court_case is not None or member.nta_id is not None
    return {
        "member": member.name,
        "proceeding": {"court_case": member.court_case, "nta_id": member.nta_id} if of_case else None,
        "seconds": sum(lengths, timedelta()) / _SECOND,
        "longest_seconds": max(lengths) / _SECOND,
        "intervals": [_interval(one, between, since) for one in intervals],
    }


def _interval(one: Interval, between: Between, since: datetime) -> dict[str, Any]:
    sides = {lacked.side for lacked in one.why.lacked}
    return {
        "from": write_clock(max(one.since, since)),
        "to": None if one.ended is None else write_clock(one.ended),
        "since": write_clock(one.since),
        "a": _value(one.a),
        "b": _value(one.b),
        "nothing_known": "A" if one.a is Nothing.KNOWN else "B" if one.b is Nothing.KNOWN else None,
        "lacking": "both" if len(sides) == 2 else min(sides),
        "entries_alone_explain": one.why.alone,
        "entries": [_lacked(lacked) for lacked in one.why.lacked],
        "closed_by": None if one.closed is None else _closed_by(one.closed, between),
    }


def _value(value: Any) -> Any:
    if isinstance(value, Nothing):
        return value.value
    return write_when(value) if isinstance(value, When) else value


def _lacked(one: Lacked) -> dict[str, Any]:
    entry = one.entry
    return {
        "position": entry.position,
        "type": entry.type,
        "occurred_at": None if entry.occurred_at is None else write_when(entry.occurred_at),
        "recorded_at": write_clock(entry.recorded_at),
        "producer": {"agency": entry.producer.agency},
        "lacked_by": one.side,
        "members": "all" if one.members is None else sorted(one.members),
    }


def _closed_by(closed: Closing, between: Between) -> dict[str, Any]:
    viewpoint = between.a if closed.side == "A" else between.b
    moment = closed.moment
    told: dict[str, Any] = {"agency": None, "at": write_clock(closed.at), "not_before": None}
    if moment is None:
        return told | {"how": "happened", "basis": None, "number": None, "position": None, "of": closed.of}
    if viewpoint.name == LEDGER:
        return told | {
            "agency": LEDGER,
            "how": "recorded",
            "basis": "proven",
            "number": None,
            "position": moment.position,
            "of": closed.of,
        }
    by_proof = moment.claimed != closed.at or between.a.basis == "proven"
    return told | {
        "agency": moment.agency,
        "how": moment.channel,
        "basis": "proven" if by_proof else "claimed",
        "not_before": write_clock(moment.not_before) if by_proof and moment.not_before is not None else None,
        "number": moment.number,
        "position": moment.position,
        "of": closed.of,
    }


def _begin(when: When, zone: str) -> datetime:
    """Return the first instant of `--from`: a day is compared from its beginning, as `--to` goes up to its end."""
    return first_instant(when, zone)


def _check_had_begun(connection: Connection[Rows], asked: When | None, since: datetime, first: datetime) -> None:
    """Raise `WrongQuestionError` for a `--from` before the ledger began; what is claimed of still earlier counts."""

    def ask(cursor: Cursor[Rows]) -> datetime | None:
        row = cursor.execute(SQL["first_of_all"].encode()).fetchone()
        return None if row is None else read_clock(recorded_at_of(bytes(row[0])))

    began = in_snapshot(connection, ask)
    if began is None or since >= began:
        return
    assert asked is not None
    earliest = min(began, first)
    raise WrongQuestionError(
        f"--from {write_when(asked)} is before the ledger began: its first entry was recorded at {write_clock(began)}, "
        f"and neither claims to have known anything of this child before {write_clock(first)}; "
        f"give --from {write_clock(earliest)} or later, or leave it out"
    )


def _ends_before(since: datetime, until: datetime, stated: Stated) -> WrongQuestionError:
    cut = ", which is all that is recorded by then" if until == stated.moments.recorded_by else ""
    return WrongQuestionError(
        f"--from {write_clock(since)} is later than --to {write_clock(until)}{cut}; nothing lies between: "
        "give an earlier --from or a later --to"
    )


def _nobody(child: Name, between: Between, until: datetime, first: datetime | None) -> NothingKnownError:
    who = f"{between.a.name} nor {between.b.name}"
    told = f"`custody knows {child[0]}:{child[1]}` shows who was told what, and when"
    if first is not None:
        told = f"the first of them knew of her at {write_clock(first)}: give a later --to"
    return NothingKnownError(
        f"neither {who} knew anything of {shown(*child)} by {write_clock(until)} "
        f"(at least {GRADES[between.a.at_least]}, basis {between.a.basis}); {told}"
    )
