"""Recording that the steward adopts a set of sharing rules, and which sets were adopted."""

from collections.abc import Iterator
from datetime import datetime

from psycopg import Cursor
from psycopg.rows import DictRow
from pydantic import ValidationError

from ledger.entry import LedgerEntry, read_ledger_entry
from ledger.facts import Fact, SharingRulesAdopted
from ledger.facts.ledger_wide import RuleSet
from ledger.model_words import in_words
from ledger.roles.settings import Settings
from ledger.sharing.rule_sets import Adopted
from ledger.store.eventstore import Ledger
from ledger.store.own_records import NoClockError, record_by_steward
from ledger.store.queries import payload_of
from ledger.streams import LEDGER


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


def adoptions(cursor: Cursor[DictRow]) -> list[Adopted]:
    """Return the sets adopted so far, in order of position."""
    return [adopted(entry) for entry in said_of_the_ledger(cursor, SharingRulesAdopted)]


def former_default_until(cursor: Cursor[DictRow]) -> int:
    """Return up to which position the former default set is in force where none was adopted; 0: nowhere."""
    row = cursor.execute("select former_default_until from ledger.made").fetchone()
    return 0 if row is None else int(row["former_default_until"])


def adopted(entry: LedgerEntry) -> Adopted:
    """Return the adoption that an entry of the ledger's own record is."""
    assert isinstance(entry.fact, SharingRulesAdopted)
    return Adopted(entry.position, entry.fact.rules, entry.fact.backfill)


def said_of_the_ledger(cursor: Cursor[DictRow], fact: type[Fact] | None = None) -> Iterator[LedgerEntry]:
    """Yield the entries of the ledger's own record, in order; of one fact alone, if it is given."""
    rows = cursor.execute(
        "select notification_id, originator_id, originator_version, topic, state from ledger.stored_events"
        " where originator_id = %s and (%s::text is null or topic = %s) order by originator_version",
        (LEDGER, *(2 * (None if fact is None else fact.wire,))),
    ).fetchall()
    for row in rows:
        yield read_ledger_entry(payload_of(row))
