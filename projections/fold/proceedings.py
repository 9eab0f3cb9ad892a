"""The proceedings region: one proceeding per Notice to Appear until its court case is known, then that case's.

Where the contract's sentence leaves room, this is how it is read:

- A fact that names a court case nobody has linked to a notice opens a proceeding of its own. It begins as
  `docketed`, since a court that acts in a case has it on its docket, and then the fact moves it.
- When a filing or docketing links a notice to a case that has a proceeding already, the two become one: the case's,
  at the place of the older one, served if either was. `nta_id` is the notice linked last. A notice linked to
  another case than before belongs to that one from then on; the first case keeps what happened in it.
- `next_hearing_at` is kept until that very hearing is cancelled, held or missed, or an order ends the case.
  Cancelling or missing another hearing does not take it away: a court sets the new date first and then strikes the
  old one, and after an order it strikes what was left. So only the cancellation of the hearing that was to come
  next brings a case back to `docketed`.
- `served` is false only of a notice that some fact names and no service does. A service of which the notice is not
  known to whoever asks may have been of any notice.
- The reason of `nta-not-pursued` stands on `no-nta` and on notices that are not filed yet, until they are.
"""

from typing import Final

from ledger.facts import (
    FailureToAppearRecorded,
    HearingCancelled,
    HearingHeld,
    HearingScheduled,
    MotionDecided,
    MotionFiled,
    NtaDocketed,
    NtaFiled,
    NtaIssued,
    NtaNotPursued,
    NtaRejected,
    NtaServed,
    OrderEntered,
)
from ledger.times import When
from projections.fold.regions import NO_NTA, Proceeding

REOPENING_MOTIONS: Final = frozenset(("O", "MA", "MC", "RD"))
"""EOIR's codes: reopen, reopen for in absentia, reopen for changed country conditions, and rescind, which 8 USC
1229a(b)(5)(C) knows only as a motion to reopen."""


_NEW: Final = "no-nta"
"""The state of a proceeding of which nothing is known yet but the notice."""


class _Case:
    __slots__ = ("court_case", "next_hearing_at", "nta_id", "reason", "served", "since", "state")

    def __init__(self, state: str, nta_id: str | None, court_case: str | None, since: When | None) -> None:
        self.state = state
        self.nta_id = nta_id
        self.court_case = court_case
        self.served = False
        self.next_hearing_at: When | None = None
        self.since = since
        self.reason: str | None = None

    def move(self, state: str, when: When | None) -> None:
        if self.state != state:
            self.state = state
            self.since = when

    def set_hearing(self, at: When, when: When | None) -> None:
        if self.next_hearing_at != at or self.state != "hearing-set":
            self.state = "hearing-set"
            self.next_hearing_at = at
            self.since = when


class Docket:
    """The proceedings of one person, moved by one fact after the other in fold order."""

    __slots__ = ("_by_case", "_by_nta", "_cases", "_hearings", "_not_pursued", "_some_served")

    def __init__(self) -> None:
        self._cases: list[_Case] = []
        self._by_nta: dict[str, _Case] = {}
        self._by_case: dict[str, _Case] = {}
        self._hearings: dict[str, tuple[str, When | None]] = {}
        """Hearing id to its court case and the time it was last scheduled for, if it was."""
        self._not_pursued: str | None = None
        self._some_served = False
        """Some notice was served, nobody knows which."""

    def proceedings(self) -> tuple[Proceeding, ...]:
        """Return the proceedings in the order in which they were opened; without any, the one that is `no-nta`."""
        if not self._cases:
            reason = self._not_pursued
            return (NO_NTA if reason is None else Proceeding(None, None, "no-nta", None, None, None, reason),)
        return tuple(
            Proceeding(c.court_case, c.nta_id, c.state, self._served(c), c.next_hearing_at, c.since, c.reason)
            for c in self._cases
        )

    def _served(self, case: _Case) -> bool | None:
        return True if case.served else None if case.nta_id is None or self._some_served else False

    def nta_issued(self, fact: NtaIssued, when: When | None) -> None:
        case = self._of_nta(fact.nta_id)
        if case.state == _NEW:
            case.move("nta-issued", when)

    def nta_served(self, fact: NtaServed, when: When | None) -> None:
        if fact.nta_id is None:  # not known to whoever asks
            self._some_served = True
            return
        case = self._of_nta(fact.nta_id)
        case.served = True
        if case.state in (_NEW, "nta-issued"):
            case.move("nta-served", when)

    def nta_not_pursued(self, fact: NtaNotPursued, _when: When | None) -> None:
        self._not_pursued = fact.reason
        for case in self._cases:
            if case.state in ("nta-issued", "nta-served"):
                case.reason = fact.reason

    def nta_filed(self, fact: NtaFiled, when: When | None) -> None:
        court_case = fact.court_case
        case = self._of_nta(fact.nta_id) if court_case is None else self._linked(fact.nta_id, court_case)
        case.reason = None
        case.move("nta-filed", when)

    def nta_rejected(self, fact: NtaRejected, when: When | None) -> None:
        case = self._of_nta(fact.nta_id)
        case.move("nta-served" if case.served else "nta-issued", when)

    def nta_docketed(self, fact: NtaDocketed, when: When | None) -> None:
        case = self._linked(fact.nta_id, fact.court_case)
        case.reason = None
        case.move("docketed", when)

    def hearing_scheduled(self, fact: HearingScheduled, when: When | None) -> None:
        self._hearings[fact.hearing_id] = (fact.court_case, fact.scheduled_for)
        self._of_case(fact.court_case, when).set_hearing(fact.scheduled_for, when)

    def hearing_cancelled(self, fact: HearingCancelled, when: When | None) -> None:
        court_case, at = self._hearings.get(fact.hearing_id, ("", None))
        case = self._by_case.get(court_case)
        if case is not None and at is not None and at == case.next_hearing_at:
            case.next_hearing_at = None
            case.move("docketed", when)

    def hearing_held(self, fact: HearingHeld, when: When | None) -> None:
        case = self._of_case(fact.court_case, when)
        if fact.next_hearing_at is not None:
            case.set_hearing(fact.next_hearing_at, when)
        elif fact.appearance != "absent":
            self._strike(case, fact.hearing_id)
            case.move("heard", when)
        self._hearings.setdefault(fact.hearing_id, (fact.court_case, None))

    def failure_to_appear(self, fact: FailureToAppearRecorded, when: When | None) -> None:
        case = self._of_case(fact.court_case, when)
        self._strike(case, fact.hearing_id)
        case.move("fta", when)

    def order_entered(self, fact: OrderEntered, when: When | None) -> None:
        case = self._of_case(fact.court_case, when)
        case.next_hearing_at = None
        case.move(fact.decision, when)

    def motion_filed(self, fact: MotionFiled, when: When | None) -> None:
        self._of_case(fact.court_case, when)

    def motion_decided(self, fact: MotionDecided, when: When | None) -> None:
        case = self._of_case(fact.court_case, when)
        if _grants_a_reopening(fact):
            case.move("docketed", when)

    def _strike(self, case: _Case, hearing_id: str) -> None:
        """Take away the next hearing if it is this one; a hearing nobody scheduled is taken to have been it."""
        hearing = self._hearings.get(hearing_id)
        if hearing is None or hearing[1] == case.next_hearing_at:
            case.next_hearing_at = None

    def _of_nta(self, nta_id: str) -> _Case:
        case = self._by_nta.get(nta_id)
        if case is None:
            case = self._by_nta[nta_id] = _Case(_NEW, nta_id, None, None)
            self._cases.append(case)
        return case

    def _of_case(self, court_case: str, when: When | None) -> _Case:
        case = self._by_case.get(court_case)
        if case is None:
            case = self._by_case[court_case] = _Case("docketed", None, court_case, when)
            self._cases.append(case)
        return case

    def _linked(self, nta_id: str, court_case: str) -> _Case:
        """Return the proceeding of `court_case`, which is the notice's from now on."""
        own = self._by_nta.get(nta_id)
        case = self._by_case.get(court_case)
        if case is None and own is not None and own.court_case is None:
            case = own
        elif case is None:
            case = _Case(_NEW, nta_id, court_case, None)
            self._cases.append(case)
        elif own is not None and own.court_case is None:
            older = min(self._cases.index(own), self._cases.index(case))
            self._cases = [other for other in self._cases if other is not own and other is not case]
            self._cases.insert(older, case)
        if own is not None:
            case.served = case.served or own.served
        case.nta_id = nta_id
        case.court_case = court_case
        self._by_nta[nta_id] = self._by_case[court_case] = case
        return case


def _grants_a_reopening(fact: MotionDecided) -> bool:
    decision = fact.decision.strip().casefold()
    code = fact.motion_code.strip()
    return (decision == "g" or decision.startswith("grant")) and (
        code.upper() in REOPENING_MOTIONS or "reopen" in code.casefold()
    )
