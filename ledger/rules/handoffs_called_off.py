"""Handoffs that are called off: by whom that may be said (H2), and what cannot be true beside it (C17).

One `handoff_id` is one handoff: it is started, and then accepted, cancelled or declined. A child who comes back to the
giver of a handoff that was called off may be accepted back under its id.
"""

from typing import Final, assert_never

from ledger.agencies import Agency
from ledger.facts import HandoffAccepted, HandoffCancelled, HandoffDeclined, HandoffStarted
from ledger.records.record import Record
from ledger.rules.comparing_times import surely_before
from ledger.rules.remark import Remark
from ledger.times import When

CalledOff = HandoffCancelled | HandoffDeclined

_ENDED_FIRST: Final = Remark("G2", "the end of the handoff is recorded for an earlier time than its start")
_ACCEPTED_TOO: Final = Remark(
    "C17", "the handoff is recorded as accepted too; void whichever is wrong", "fact.handoff_id"
)
_CALLED_OFF_TOO: Final = Remark(
    "C17",
    "the handoff is recorded as cancelled or declined; a handoff started anew has an id of its own",
    "fact.handoff_id",
)


def of_another_party(record: Record, fact: CalledOff, agency: Agency) -> Remark | None:
    """H2: only the giving agency cancels, only the receiving one declines; where none is named, any may say so."""
    parties = _parties(record, fact)
    if not parties or agency in parties or "unknown" in parties:
        return None
    who = " or ".join(sorted(parties))
    match fact:
        case HandoffCancelled():
            said = f"{agency} does not cancel this handoff, which its giving agency {who} does"
        case HandoffDeclined():
            said = f"{agency} does not decline this handoff, which its receiving agency {who} does"
        case _:
            assert_never(fact)
    return Remark("H2", f"{said}, by its handoff-started", "fact.handoff_id")


def called_off_by_another(record: Record, fact: HandoffStarted) -> Remark | None:
    """C17 for a start recorded late: what called the handoff off was said by an agency that is no party to it."""
    for entry in (*record.of(HandoffCancelled), *record.of(HandoffDeclined)):
        ended = entry.fact
        assert isinstance(ended, HandoffCancelled | HandoffDeclined)
        party = fact.from_agency if isinstance(ended, HandoffCancelled) else fact.to_agency
        if ended.handoff_id == fact.handoff_id and party not in ("unknown", entry.producer.agency):
            return Remark(
                "C17",
                f"the handoff was called off at position {entry.position} by {entry.producer.agency}, not by {party}",
                "fact.handoff_id",
                level="guard",
            )
    return None


def accepted_too(record: Record, fact: CalledOff) -> Remark | None:
    """C17: a handoff is called off of which an acceptance stands, not that of the giver who has the child back."""
    givers = {started.from_agency for started in record.facts(HandoffStarted) if started.handoff_id == fact.handoff_id}
    taken = any(
        accepted.handoff_id == fact.handoff_id and accepted.receiving_agency not in givers
        for accepted in record.facts(HandoffAccepted)
    )
    return _ACCEPTED_TOO if taken else None


def called_off_too(record: Record, fact: HandoffAccepted) -> Remark | None:
    """C17: a handoff is accepted that was called off, by another than its giver."""
    givers = {started.from_agency for started in record.facts(HandoffStarted) if started.handoff_id == fact.handoff_id}
    if fact.receiving_agency in givers:
        return None
    return _CALLED_OFF_TOO if _ends(record, fact.handoff_id) else None


def ended_before_start(record: Record, fact: CalledOff, when: When | None, zone: str) -> Remark | None:
    """G2 for the end of a handoff."""
    starts = _starts(record, fact.handoff_id)
    return _ENDED_FIRST if starts and all(surely_before(when, start, zone) for start in starts) else None


def started_after_end(record: Record, fact: HandoffStarted, when: When | None, zone: str) -> Remark | None:
    """C17 for a handoff started again under its id after it was called off; G2 where it was never started before."""
    starts = _starts(record, fact.handoff_id)
    for ended in _ends(record, fact.handoff_id):
        if surely_before(ended, when, zone):
            again = any(not surely_before(ended, start, zone) for start in starts)
            if again:
                return _CALLED_OFF_TOO
            if not starts:
                return _ENDED_FIRST
    return None


def _parties(record: Record, fact: CalledOff) -> set[str]:
    starts = [started for started in record.facts(HandoffStarted) if started.handoff_id == fact.handoff_id]
    if isinstance(fact, HandoffCancelled):
        return {started.from_agency for started in starts}
    return {started.to_agency for started in starts}


def _starts(record: Record, handoff_id: str) -> list[When | None]:
    return [entry.occurred_at for entry, fact in record.each(HandoffStarted) if fact.handoff_id == handoff_id]


def _ends(record: Record, handoff_id: str) -> list[When | None]:
    cancelled = [entry.occurred_at for entry, fact in record.each(HandoffCancelled) if fact.handoff_id == handoff_id]
    declined = [entry.occurred_at for entry, fact in record.each(HandoffDeclined) if fact.handoff_id == handoff_id]
    return [*cancelled, *declined]
