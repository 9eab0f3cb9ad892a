"""What the ledger must answer, worked out the slow way: everything from the whole list, again for every question.

Written for clarity and to be checked by eye against contract.md and knowledge.md; it shares no code with
`projections/`, keeps no state between entries where a question can be put to the list instead, and works on the
JSON of the facts. The answer is in plain dicts and lists. Only for the ledger's own viewpoint.
"""

from collections.abc import Iterable
from datetime import datetime

from ledger.entry import Entry
from tests.oracle.care import care
from tests.oracle.custody import age, custody
from tests.oracle.order import ordered
from tests.oracle.proceedings import proceedings
from tests.oracle.standing import Json, happenings, one_person, root, standing
from tests.oracle.whereabouts import whereabouts

__all__ = ["answer", "one_person", "standing"]


def answer(
    entries: Iterable[Entry], zone: str, happened_by: datetime | None = None, recorded_by: datetime | None = None
) -> Json:
    """Return the state and the care of the person whose entries these are, as recorded by R, happened by H."""
    known = [e for e in entries if recorded_by is None or e.recorded_at <= recorded_by]
    fold = ordered(happenings(known, zone, happened_by), zone)
    return {
        "custody": custody(fold),
        "proceedings": proceedings(fold),
        "whereabouts": whereabouts(fold, {e.position: root(e.position, known) for e in known}),
        "age": age(fold),
        **care(fold, zone),
    }
