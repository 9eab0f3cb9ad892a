"""The duties of one person as rows of the table `duties`, kept up entry by entry. Pure.

A row says what became of a duty as far as entries say it, whatever day is asked about: what opened it, when it is due,
what met it first, what ended it first. Its state on a day follows from that. What a recipient signed for or read is no
part of it, since a receipt covers the items of very many children at once: the row names the entries any of which the
recipient must know, each with the time before which no claim counts, and the question finds out when it did.
"""

from bisect import bisect_left
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime, timedelta
from operator import attrgetter
from typing import Final
from uuid import UUID

from ledger.agencies import RECEIVERS, Agency
from ledger.entry import Entry, LedgerEntry
from ledger.facts import CorrectionIssued, EntryVoided, Fact, NoticeGiven, ObligationWaived
from ledger.times import last_instant, plus, write_clock, write_when
from projections.fold.amended import Effective, effective
from projections.fold.claims import Claims
from projections.fold.folding import Folding
from projections.knowledge.moments import DELIVERED, notices
from projections.obligations.duties import Duty, FoldedPerson, day_of_opening, duties, duties_of, holder_before, opens
from projections.obligations.fulfilment import Told, first_end, met_and_known, terms_of
from projections.obligations.matching import Happened, Happenings, as_happened
from projections.obligations.rulebook import NONE, OFFICE, ObligationRulebook, Touched

_ACTS: Final[frozenset[type[Fact]]] = frozenset((CorrectionIssued, EntryVoided))
_ALERTED: Final = frozenset(RECEIVERS)
HISTORY: Final = timedelta(days=30)
"""A duty due this long before the ledger heard of what opened it is history: nobody is alerted to it."""
_position: Final = attrgetter("position")

DutyRow = tuple[
    *tuple[str, int, str, str, str | None, int],
    *tuple[datetime | None, str | None, bool, str, datetime | None, bool],
    *tuple[int | None, str | None, datetime | None, int | None, str | None],
    *tuple[datetime | None, int | None, str | None, str | None, str | None, datetime, bool],
]
"""In the order of the columns of `duties`."""
Changed = tuple[Sequence[DutyRow], Sequence[DutyRow]]
"""Rows that hold no longer, and rows that hold now."""
Fresh = list[tuple[int, Happened]]
"""Rules, and what opens a duty by them."""
Noticed = dict[tuple[int, Agency], datetime]
"""Since when, by its own notice, a recipient knew the entry at a position."""


class Owing:
    """The duties of one person, whose entries are given in order of position."""

    __slots__ = ("_book", "_born", "_happenings", "_holders", "_noticed", "rows")

    def __init__(
        self,
        book: ObligationRulebook,
        entries: Sequence[Entry],
        around: Sequence[Entry],
        folding: Folding,
        held: Iterable[DutyRow],
    ) -> None:
        """Take up a person where the tables stand; `around` are the entries of all records ever joined to hers."""
        self._book = book
        self._happenings = self._named(effective(entries))
        self._noticed = noticed(around, book.zones.civil)
        self._holders: dict[int, str | None] = {}
        self._born = folding.born()
        self.rows: dict[int, frozenset[DutyRow]] = {}
        for row in held:
            number = book.numbers[row[0], row[1]]
            self.rows[number] = self.rows.get(number, frozenset()) | {row}

    @classmethod
    def anew(
        cls, book: ObligationRulebook, entries: Sequence[Entry], around: Sequence[Entry], folding: Folding
    ) -> "Owing":
        """Work out every duty of a person."""
        owing = cls(book, entries, around, folding, ())
        owing._work_out(frozenset(range(len(book.rules))), [], entries, None)
        return owing

    def take(self, entry: Entry, entries: Sequence[Entry], folding: Folding) -> Changed:
        """Take the entry of the person that follows `entries`; return which rows hold no longer, and which do now.

        `folding` has taken it already. For a person whose records were ever joined to others, a notice and what acts
        on one may concern those, too: she is to be worked out anew.
        """
        kind = type(entry.fact)
        fresh: Fresh = []
        if kind in _ACTS:
            touched = self._act([*entries, entry])
        elif kind is NoticeGiven:
            touched = self._notice([*entries, entry])
        else:
            touched = self._happen(entry, fresh)
        born = folding.born()
        if born != self._born:
            self._born = born
            touched |= self._there(self._book.by_birthday)
        return self._work_out(touched, fresh, entries, entry) if touched or fresh else ((), ())

    def now(self) -> set[DutyRow]:
        """Return the rows that hold."""
        return set().union(*self.rows.values())

    def _happen(self, entry: Entry, fresh: Fresh) -> Touched:
        """Take what happened: which rules are to be worked out, and into `fresh` what opens a duty by itself."""
        book = self._book
        one = as_happened(_as_recorded(entry), book.zones.civil)
        if one is None:
            return NONE
        if one.name in book.named:
            self._happenings.add(one)
        affected = book.affected.get(one.name, NONE)
        touched = self._there(affected)
        openings = book.opened_by.get(one.name)
        if openings is not None:
            day = day_of_opening(one, book.zones.civil)
            for number, opening in openings:
                rule = book.rules[number]
                if opens(rule, opening, one, day) is None:
                    continue
                if number not in self.rows or (rule.once_per is None and number not in affected):
                    if (number, one) not in fresh:
                        fresh.append((number, one))
                else:
                    touched |= {number}
        if self._is_before(one, book.by_holder):
            self._holders.clear()
            touched |= self._there(book.by_holder)
        if one.name == OFFICE and self._is_before(one, book.by_office):
            touched |= self._there(book.by_office)
        return touched

    def _there(self, rules: Touched) -> Touched:
        """Return those of these rules by which something was opened already."""
        return rules & self.rows.keys() if rules else NONE

    def _is_before(self, one: Happened, rules: Touched) -> bool:
        """Return whether it happened before something that opens a duty by one of these rules."""
        for number in rules:
            for opening in self._book.rules[number].opened_by:
                recorded = self._happenings.recorded(opening.fact)
                if recorded and recorded[-1].place > one.place:
                    return True
        return False

    def _act(self, entries: Sequence[Entry]) -> Touched:
        """Take a correction or void: whatever stands otherwise than before touches its rules."""
        book, before = self._book, self._happenings
        self._happenings = self._named(effective(entries))
        self._holders.clear()
        was, stands = ({one.position: one for one in some.all()} for some in (before, self._happenings))
        changed = {one.name for position, one in stands.items() if was.get(position) != one}
        touched = book.by_holder.union(*(book.by_fact.get(name, NONE) for name in changed))
        if OFFICE in changed:
            touched |= book.by_office
        return touched | self._notice(entries)

    def _notice(self, entries: Sequence[Entry]) -> Touched:
        before, self._noticed = self._noticed, noticed(entries, self._book.zones.civil)
        return NONE if before == self._noticed else self._book.telling

    def _named(self, standing: Iterable[Effective]) -> Happenings:
        named = self._book.named
        happenings = Happenings((), self._book.zones.civil)
        for one in (as_happened(one, self._book.zones.civil) for one in standing):
            if one is not None and one.name in named:
                happenings.add(one)
        return happenings

    def _work_out(self, touched: Touched, fresh: Fresh, entries: Sequence[Entry], last: Entry | None) -> Changed:
        book, happenings = self._book, self._happenings
        child = FoldedPerson(happenings, book.zones, self._holder(entries, last), lambda: self._born)
        knows = self._knows(entries, last)
        gone: list[DutyRow] = []
        come: list[DutyRow] = []
        for number in touched:
            before = self.rows.get(number, frozenset())
            rows = frozenset(_row(happenings, duty, knows) for duty in duties(child, (book.rules[number],)))
            if rows != before:
                self.rows[number] = rows
                gone += before - rows
                come += rows - before
        for number, opened in fresh:
            if number not in touched:
                rows = frozenset(
                    _row(happenings, duty, knows) for duty in duties_of(child, book.rules[number], opened, True)
                )
                self.rows[number] = rows | self.rows[number] if number in self.rows else rows
                come += rows
        return gone, come

    def _holder(self, entries: Sequence[Entry], last: Entry | None) -> Callable[[Happened], str | None]:
        def holder(opened: Happened) -> str | None:
            if opened.position not in self._holders:
                every = effective(entries if last is None else [*entries, last])
                self._holders[opened.position] = holder_before(every, opened, self._book.zones.civil)
            return self._holders[opened.position]

        return holder

    def _knows(self, entries: Sequence[Entry], last: Entry | None) -> Callable[[int, Agency], Told | None]:
        """Return since when a recipient knew an entry by what entries say: it produced it, or gave notice of it."""
        zone = self._book.zones.civil
        claims = Claims(entries if last is None else [*entries, last], zone)

        def told(position: int, agency: Agency) -> Told | None:
            since = self._noticed.get((position, agency))
            is_last = last is not None and last.position == position
            entry = last if is_last and last else entries[bisect_left(entries, position, key=_position)]
            if entry.producer.agency == agency:
                produced = min(claims.counted(last_instant(entry.known_since, zone), entry), entry.recorded_at)
                since = produced if since is None else min(since, produced)
            return None if since is None else Told(since, False, "entries")

        return told


def noticed(entries: Sequence[Entry], zone: str) -> Noticed:
    """Return what recipients themselves gave notice of having known; a sender's word is none of theirs."""
    found: Noticed = {}
    for position, moment in notices(entries, RECEIVERS, zone, Claims(entries, zone)):
        at = moment.time("any")
        if moment.grade >= DELIVERED and at is not None:
            key = position, moment.agency
            found[key] = min(at, found.get(key, at))
    return found


def _row(happenings: Happenings, duty: Duty, knows: Callable[[int, Agency], Told | None]) -> DutyRow:
    rule, opened, started = duty.rule, duty.opened, duty.started
    measured = rule.not_measurable is None
    met, known, ended, dropped = None, None, None, None
    if not duty.stands:
        dropped = terms_of(duty).dropped
    elif measured:
        met, known = met_and_known(happenings, duty, knows)
        ended = first_end(happenings, duty)
    return (
        rule.id,
        rule.version,
        rule.kind,
        duty.obliged,
        duty.towards,
        opened.position,
        None if opened.when is None else opened.last,
        None if started is None else write_when(started),
        duty.due_at is None and (rule.limit is not None or started is None),
        duty.zone,
        duty.due_at,
        measured,
        *(dropped or (None, None)),
        *((None, None, None) if met is None else (met.at, met.position, met.excuse)),
        *(ended or (None, None, None)),
        None if known is None else " ".join(str(one.position) for one in known),
        None if known is None else " ".join(map(_claimed_from, known)),
        opened.recorded_at,
        measured and duty.obliged in _ALERTED and not _is_history(duty),
    )


def _claimed_from(one: Happened) -> str:
    """Return before when no claim to have known it counts, as PostgreSQL reads it: it had not happened yet."""
    return "-infinity" if one.when is None else write_clock(one.first)


def _is_history(duty: Duty) -> bool:
    """Return whether it was long past when the ledger first heard of it: an alert would help nobody."""
    opened = duty.opened
    past = duty.due_at if duty.due_at is not None else None if opened.when is None else opened.last
    return past is not None and past < plus(opened.recorded_at, -HISTORY)


def waiver_row(record: UUID, entry: LedgerEntry, waived: ObligationWaived) -> tuple[object, ...]:
    """Return a waiver as a row of `waivers`."""
    return (
        *(record, waived.rule, waived.position, waived.obliged, waived.towards, waived.reason_code, waived.reason),
        *(entry.recorded_at, entry.position),
    )


def _as_recorded(entry: Entry) -> Effective:
    return Effective(entry, entry.fact, entry.occurred_at, entry.recorded_fact, (), (), (), ())
