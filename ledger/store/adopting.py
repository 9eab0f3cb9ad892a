"""Recording that the steward adopts a set of sharing rules."""

from datetime import datetime

from pydantic import ValidationError

from ledger.entry import LedgerEntry
from ledger.facts import SharingRulesAdopted
from ledger.facts.ledger_wide import RuleSet
from ledger.model_words import in_words
from ledger.roles.settings import Settings
from ledger.store.eventstore import Ledger
from ledger.store.own_entries import adoptions
from ledger.store.own_records import NoClockError, record_by_steward


class NotAdoptedError(ValueError):
    """A set of sharing rules was not adopted; the message says why and what to do."""


def adopt(
    ledger: Ledger, settings: Settings, rules: RuleSet, *, reason: str, backfill: bool, at: datetime | None = None
) -> LedgerEntry:
    """Record that the steward adopts `rules`; `at` is when, on a driven clock.

    Raises `NotAdoptedError` when that very set is adopted already, and when its id and version stand for another one.
    """
    try:
        fact = SharingRulesAdopted(rules=rules, reason=reason, backfill=backfill)
    except ValidationError as error:
        raise NotAdoptedError(f"reason: {in_words(error.errors()[0])}; shorten it, nothing was recorded") from None
    with ledger.datastore.transaction(commit=True) as cursor:
        ledger.entries.lock(cursor)
        for before in adoptions(cursor):
            if (before.rules.id, before.rules.version) == (rules.id, rules.version):
                same = "it changes nothing to adopt it again" if before.rules == rules else "give it the next version"
                raise NotAdoptedError(
                    f"{rules.id} version {rules.version} was adopted at position {before.position}; {same}"
                )
        try:
            return record_by_steward(ledger, cursor, settings, fact, source=source_of(fact), at=at)
        except NoClockError as error:
            raise NotAdoptedError(str(error)) from None


def source_of(fact: SharingRulesAdopted) -> tuple[str, str]:
    """Return document and reference of an adoption."""
    return "sharing rules", f"{fact.rules.id} {fact.rules.version}"
