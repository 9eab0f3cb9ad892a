"""The order of happenings of one civil day of which some have no time: what another one presupposes comes first.

`occurred_at` as corrected, then position, puts happenings in order; a day stands for its last instant. So a release
that is given as a day would come behind the contact after it that is given with its time. Where one of two happenings
of the same civil day presupposes the other by the table below, and either is given as a day, the presupposed one comes
first (contract: How facts move the regions). All others keep the order of their times.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Final, NamedTuple, assert_never

from ledger.entry import Entry
from ledger.facts import (
    AbsenceReported,
    AbsenceResolved,
    AddressReported,
    AdmittedToProgram,
    AgeOutConsidered,
    AgeRedetermined,
    AnyFact,
    ChildEncountered,
    ConcernAcknowledged,
    ConcernRaised,
    ConcernResolved,
    ContiguousReturnExecuted,
    CorrectionIssued,
    DepartureVerified,
    DischargedOtherwise,
    DischargeNotified,
    EmergencyTransferMade,
    EntryDisputed,
    EntryVoided,
    Fact,
    FailureToAppearRecorded,
    FindingResolved,
    FtaFollowUpRecorded,
    HandoffAccepted,
    HandoffCancelled,
    HandoffDeclined,
    HandoffStarted,
    HearingCancelled,
    HearingHeld,
    HearingNoticeServed,
    HearingScheduled,
    IdentifierAsserted,
    IdentityMerged,
    IdentityUnmerged,
    MailReturned,
    MotionDecided,
    MotionFiled,
    NetworkTransferCompleted,
    NoticeGiven,
    NtaDocketed,
    NtaFiled,
    NtaIssued,
    NtaNotPursued,
    NtaRejected,
    NtaServed,
    OrderEntered,
    ParticularsAsserted,
    PlacementDesignated,
    PostReleaseContactRecorded,
    PreReleaseNoticeGiven,
    ProtectionScreeningRecorded,
    ReferralCancelled,
    ReferredToOrr,
    ReleaseDecided,
    ReleasedToSponsor,
    ReliefDecided,
    ReliefFiled,
    RepresentativeEntered,
    RepresentativeWithdrawn,
    ResponsibleOfficeAssigned,
    SignificantIncidentReported,
    SponsorApplicationReceived,
    UcDeterminationMade,
    VenueChanged,
)
from ledger.facts.asking import answers
from ledger.times import When, civil_day, first_instant, microseconds, order_key

Placed = tuple[int, int, Entry]
"""The microsecond a happening stands for, its position, and its entry as corrected."""
Facts = frozenset[type[Fact]]


class Lasting(NamedTuple):
    """What goes on from one of some facts until one of others: a stay, an episode in custody."""

    begun_by: Facts
    ended_by: Facts


class Presupposed(NamedTuple):
    """What a happening presupposes: a fact, alike in a member where one is named, unless `given` goes on already."""

    fact: type[Fact]
    same: str | None = None
    given: Lasting | None = None


_ENDS: Final[Facts] = frozenset((ReleasedToSponsor, DischargedOtherwise, ContiguousReturnExecuted, DepartureVerified))
_IN_PROGRAM: Final[Facts] = frozenset((AdmittedToProgram, NetworkTransferCompleted, EmergencyTransferMade))
_IN_CUSTODY: Final[Facts] = frozenset((ChildEncountered, HandoffAccepted, *_IN_PROGRAM))
STAY: Final = Lasting(_IN_PROGRAM, _ENDS)
"""Who is in care already may be released, and admitted again, on one day."""
EPISODE: Final = Lasting(_IN_CUSTODY, _ENDS)
"""Who is in custody already may be returned, and encountered again, on one day."""

_ENCOUNTER: Final = Presupposed(ChildEncountered, given=EPISODE)
_ADMISSION: Final = Presupposed(AdmittedToProgram, given=STAY)
_START: Final = Presupposed(HandoffStarted, same="handoff_id")
_SCHEDULED: Final = Presupposed(HearingScheduled, same="hearing_id")


def presupposed(fact: AnyFact) -> tuple[Presupposed, ...]:
    """Return what must come before a fact by the rules of order (C1 to C12) and by the forms themselves."""
    # fmt: off
    match fact:
        case UcDeterminationMade() | ContiguousReturnExecuted() | ReferredToOrr() | HandoffStarted():
            return (_ENCOUNTER,)
        case ReferralCancelled() | PlacementDesignated():
            return (Presupposed(ReferredToOrr),)
        case HandoffAccepted() | HandoffCancelled() | HandoffDeclined():
            return (_START,)
        case AdmittedToProgram():
            return (Presupposed(HandoffAccepted),)
        case (
            NetworkTransferCompleted() | EmergencyTransferMade() | AbsenceReported() | ReleasedToSponsor()
            | DischargedOtherwise()
        ):
            return (_ADMISSION,)
        case AbsenceResolved():
            return (Presupposed(AbsenceReported),)
        case PostReleaseContactRecorded():
            return (Presupposed(ReleasedToSponsor),)
        case NtaServed() | NtaFiled():
            return (Presupposed(NtaIssued, same="nta_id"),)
        case NtaRejected() | NtaDocketed():
            return (Presupposed(NtaFiled, same="nta_id"),)
        case HearingScheduled():
            return (Presupposed(NtaFiled, same="court_case"), Presupposed(NtaDocketed, same="court_case"))
        case HearingCancelled() | HearingHeld():
            return (_SCHEDULED,)
        case FailureToAppearRecorded():
            return (_SCHEDULED, Presupposed(HearingHeld, same="hearing_id"))
        case OrderEntered():
            return (
                Presupposed(HearingHeld, same="court_case"),
                Presupposed(FailureToAppearRecorded, same="court_case"),
            )
        case MotionDecided():
            return (Presupposed(OrderEntered, same="court_case"),)
        case (
            ChildEncountered() | ParticularsAsserted() | ProtectionScreeningRecorded() | AgeRedetermined()
            | SignificantIncidentReported() | SponsorApplicationReceived() | ReleaseDecided()
            | PreReleaseNoticeGiven() | DischargeNotified() | AgeOutConsidered() | AddressReported() | MailReturned()
            | ResponsibleOfficeAssigned() | NtaIssued() | NtaNotPursued() | HearingNoticeServed()
            | FtaFollowUpRecorded() | MotionFiled() | VenueChanged() | ReliefFiled() | ReliefDecided()
            | ConcernRaised() | ConcernAcknowledged() | ConcernResolved() | DepartureVerified()
            | RepresentativeEntered() | RepresentativeWithdrawn() | IdentifierAsserted() | IdentityMerged()
            | IdentityUnmerged() | NoticeGiven() | CorrectionIssued() | EntryVoided() | EntryDisputed()
            | FindingResolved()
        ):
            return ()
        case _:
            assert_never(fact)
    # fmt: on


PAIRS: Final[Mapping[type[Fact], tuple[Presupposed, ...]]] = answers(presupposed)
"""By the fact that presupposes."""
PRESUPPOSED: Final[Facts] = frozenset(one.fact for pairs in PAIRS.values() for one in pairs)


def in_order(placed: Sequence[Placed], zone: str) -> list[Entry]:
    """Return happenings in fold order: by time and position, but what another one of its day presupposes before it.

    `placed` is sorted by time and position. Only what is given as a day is moved, and what that presupposes in turn.
    """
    entries = [entry for _, _, entry in placed]
    days = {entry.occurred_at for entry in entries if _is_day(entry)} if len(entries) > 1 else ()
    if not days:
        return entries
    keys = [key for key, _, _ in placed]
    for day in days:
        assert day is not None
        first = bisect_left(keys, microseconds(first_instant(day, zone)))
        last = bisect_right(keys, order_key(day, zone))
        of_day = entries[first:last]
        if any(_presupposes(early, late) for n, early in enumerate(of_day) for late in of_day[n + 1 :]):
            entries[first:last] = _of_day(entries[:first], of_day)
    return entries


def _of_day(before: Sequence[Entry], of_day: Sequence[Entry]) -> list[Entry]:
    """Return the happenings of one day, each behind what it presupposes; `before` are those of earlier days."""
    done, waiting = list(before), list(of_day)
    while waiting:
        first = next((n for n, other in enumerate(waiting) if _must_precede(other, waiting[0], done)), 0)
        if first:
            waiting.insert(0, waiting.pop(first))
        else:
            done.append(waiting.pop(0))
    return done[len(before) :]


def _must_precede(other: Entry, one: Entry, done: Sequence[Entry]) -> bool:
    pair = _presupposes(one, other)
    return pair is not None and (pair.given is None or not _goes_on(pair.given, done))


def _goes_on(lasting: Lasting, done: Sequence[Entry]) -> bool:
    for entry in reversed(done):
        kind = type(entry.fact)
        if kind in lasting.begun_by:
            return True
        if kind in lasting.ended_by:
            return False
    return False


def _presupposes(one: Entry, other: Entry) -> Presupposed | None:
    """Return by which pair of the table one happening of a day presupposes another one of it."""
    if not (_is_day(one) or _is_day(other)):
        return None
    for pair in PAIRS.get(type(one.fact), ()):
        if type(other.fact) is pair.fact and (pair.same is None or _agree(one.fact, other.fact, pair.same)):
            return pair
    return None


def _agree(one: object, other: object, member: str) -> bool:
    named = getattr(one, member)
    return named is not None and named == getattr(other, member)


def _is_day(entry: Entry) -> bool:
    return entry.occurred_at is not None and not isinstance(entry.occurred_at, datetime)


class Dependents:
    """What was put in order so far and may presuppose what comes next, though that comes behind it by its time."""

    __slots__ = ("_keys", "_zone")

    def __init__(self, zone: str) -> None:
        self._zone = zone
        self._keys: list[tuple[int, type[Fact]]] = []

    def add(self, key: int, entry: Entry) -> None:
        """Take in a happening, in the order of their times."""
        if type(entry.fact) in PAIRS:
            self._keys.append((key, type(entry.fact)))

    def may_presuppose(self, key: int, entry: Entry) -> bool:
        """Return whether a happening that stands behind all these by its time may belong before one of them."""
        kind = type(entry.fact)
        if kind not in PRESUPPOSED or not self._keys or entry.occurred_at is None:
            return False
        first = microseconds(first_instant(entry.occurred_at, self._zone)) if _is_day(entry) else key
        for other, dependent in reversed(self._keys):
            if other < first:
                return False
            if any(pair.fact is kind for pair in PAIRS[dependent]):
                return True
        return False


def moved_with(facts: Facts) -> Facts:
    """Return all facts that take part where one of `facts` is put in another order than that of their times."""
    movable = set(facts & PRESUPPOSED)
    while more := {one for one in PRESUPPOSED - movable if any(pair.fact in movable for pair in PAIRS.get(one, ()))}:
        movable |= more
    return frozenset(movable | {one for one, pairs in PAIRS.items() if any(pair.fact in movable for pair in pairs)})


def may_be_moved(entries: Sequence[Entry], times: Callable[[Entry], Sequence[When | None]], zone: str) -> bool:
    """Return whether any of these may stand in another order than that of its time; `times` are those it may have."""
    if not any(type(entry.fact) in PRESUPPOSED for entry in entries):
        return False
    dated = [(entry, when) for entry in entries for when in times(entry) if when is not None]
    if all(isinstance(when, datetime) for _, when in dated):
        return False
    return any(
        _day_of(one, other, zone) and (order_key(one, zone), early.position) < (order_key(other, zone), late.position)
        for early, one in dated
        if type(early.fact) in PAIRS
        for late, other in dated
        if any(pair.fact is type(late.fact) for pair in PAIRS[type(early.fact)])
    )


def _day_of(one: When, other: When, zone: str) -> bool:
    """Return whether two times are of one civil day, and either is given as a day."""
    if isinstance(one, datetime) and isinstance(other, datetime):
        return False
    return civil_day(one, zone) == civil_day(other, zone)
