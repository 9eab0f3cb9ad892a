"""Recording that an agency was served an answer: reading the ledger is logged, and a logged read is knowledge.

What was served is not repeated: the question with its moments, and the sharing rules in force, give it again; the
digest shows that it is the same. Served to an agency, an answer makes it know what its own view held: opened.
"""

from datetime import datetime
from hashlib import sha256
from typing import Final

from ledger.agencies import Agency
from ledger.entry import LedgerEntry, Producer
from ledger.facts import AnswerServed
from ledger.roles.settings import Settings
from ledger.store.eventstore import Ledger
from ledger.store.own_records import record_now
from ledger.streams import OF_AGENCY

SYSTEM: Final = "/custody-ledger/api"


def digest_of(answer: bytes) -> str:
    """Return what an answer, as it was sent, is known by."""
    return "sha256:" + sha256(answer).hexdigest()


def record_served(
    ledger: Ledger, settings: Settings, fact: AnswerServed, *, agency: Agency, at: datetime | None = None
) -> LedgerEntry:
    """Record that `agency` was served an answer; before it is sent, so that nothing is read unrecorded.

    `at` is when, on a driven clock. Raises `NoClockError` when nobody has said what time it is there.
    """
    with ledger.datastore.transaction(commit=True) as cursor:
        ledger.entries.lock(cursor)
        return record_now(
            ledger,
            cursor,
            settings,
            fact,
            record=OF_AGENCY[agency],
            subject="agency",
            producer=Producer(agency, fact.by.office, fact.by.user, SYSTEM),
            source=source_of(fact),
            at=at,
        )


def source_of(fact: AnswerServed) -> tuple[str, str]:
    """Return document and reference of an answer."""
    return "answer", fact.digest
