"""Recording which facts an agency sends here: without it nobody's silence is a breach (contract: coverage-declared)."""

from collections.abc import Iterable
from datetime import date, datetime
from difflib import get_close_matches
from typing import Any, Final

from pydantic import ValidationError

from ledger.agencies import PRODUCERS
from ledger.entry import LedgerEntry
from ledger.facts import CURRENT, CoverageDeclared, short_name
from ledger.roles.settings import Settings
from ledger.store.eventstore import Ledger
from ledger.store.own_entries import said_of_the_ledger
from ledger.store.own_records import NoClockError, record_by_steward

SENT: Final = {short_name(fact.wire): fact.producers for fact in CURRENT}
"""Facts that agencies send, by their short names, and who sends each."""


class NotDeclaredError(ValueError):
    """A coverage was not declared; the message says why and what to do."""


def coverage(
    *, agency: str, facts: Iterable[str], since: date, until: date | None, door: str, sends: bool, reason: str
) -> CoverageDeclared:
    """Return the declaration of this; raises `NotDeclaredError` that names everything that is wrong with it."""
    named = list(dict.fromkeys(facts))
    wrong = (
        [f"--agency {agency}: is none that sends; they are {', '.join(PRODUCERS)}"] if agency not in PRODUCERS else []
    )
    wrong += [fault for name in named for fault in _wrong_fact(agency, name)]
    if until is not None and until < since:
        wrong.append(f"--until {until} is before --since {since}")
    given: dict[str, Any] = {"agency": agency, "facts": named, "since": since, "door": door, "reason": reason}
    try:
        if not wrong:
            return CoverageDeclared.model_validate({**given, "until": until, "sends": sends})
    except ValidationError as error:
        wrong = [f"--{'.'.join(map(str, fault['loc'][:1]))}: {fault['msg']}" for fault in error.errors()]
    raise NotDeclaredError("; ".join([*wrong, "nothing was recorded"]))


def _wrong_fact(agency: str, name: str) -> list[str]:
    if name not in SENT:
        nearest = get_close_matches(name, SENT, 1, 0)
        return [f"--fact {name}: is no fact of the catalogue (docs/facts.md); the nearest is {nearest[0]}"]
    if agency in PRODUCERS and agency not in SENT[name]:
        return [f"--fact {name}: {agency} does not produce it; {', '.join(SENT[name])} do"]
    return []


def declare(ledger: Ledger, settings: Settings, fact: CoverageDeclared, *, at: datetime | None = None) -> LedgerEntry:
    """Record what the steward declares; `at` is when, on a driven clock.

    Raises `NotDeclaredError` where the last thing that was declared is just this.
    """
    with ledger.datastore.transaction(commit=True) as cursor:
        ledger.entries.lock(cursor)
        before = [one for one in said_of_the_ledger(cursor) if isinstance(one.fact, CoverageDeclared)]
        same = [one for one in before if isinstance(one.fact, CoverageDeclared) and one.fact.agency == fact.agency]
        if same and same[-1].fact.model_copy(update={"reason": ""}) == fact.model_copy(update={"reason": ""}):
            raise NotDeclaredError(
                f"that was declared at position {same[-1].position}; nothing was recorded: it changes nothing to "
                "declare it again"
            )
        try:
            return record_by_steward(ledger, cursor, settings, fact, source=source_of(fact), at=at)
        except NoClockError as error:
            raise NotDeclaredError(str(error)) from None


def source_of(fact: CoverageDeclared) -> tuple[str, str]:
    """Return document and reference of a declaration."""
    return "coverage", f"{fact.agency} since {fact.since}"
