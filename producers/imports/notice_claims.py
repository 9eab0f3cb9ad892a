"""What a row of a log of notices claims: one notice about one child, sent through the import door."""

import hashlib
from datetime import UTC, datetime, time
from typing import Final

import orjson

from ledger.agencies import Agency
from ledger.facts import NoticeGiven
from ledger.times import When, write_when
from producers.imports.drafts import Draft
from producers.imports.notice_rows import LONGEST_REFERENCE, NoticeRow

DOCUMENT: Final = "notice log"


def source_of(agency: Agency) -> str:
    """Return the `ce_source` of an agency's logs."""
    return f"/{agency.lower()}/notice-log"


def shared_reference(name: str, digest: str) -> str:
    """Return the one source reference of a file's rows: its name, and the beginning of its SHA-256."""
    return f"{name[: LONGEST_REFERENCE - 13]} {digest[:12]}"


def notice(row: NoticeRow, positions: tuple[int, ...], reference: str, now: datetime) -> tuple[bytes, Draft]:
    """Return the key on the intake topic and the submission that says that `positions` were told.

    The id is the SHA-256 of what is said, cut to 32 digits, so that the same row of the same file has the same one in
    every run, and a row that stands twice is said once. `ce_time` is the earliest moment it can have been sent at: when
    the notice was given, the end of that day (in UTC) where only the day is known, never later than `now`; so a ledger
    on the driven clock does not record a notice before it was given, nor one of the future.
    """
    given_at = write_when(row.given_at)
    reported_by = {name: said for name, said in (("office", row.office), ("user", row.user)) if said is not None}
    data = {
        "child": [{"scheme": row.child.scheme, "value": row.child.value}],
        "occurred_at": given_at,
        "known_since": given_at,
        "source": {
            "document": DOCUMENT,
            "reference": row.reference or reference,
            "grade": "document",
            "channel": "email" if row.channel == "email" else "spreadsheet",
        },
        "door": "import",
        **({"reported_by": reported_by} if reported_by else {}),
        "fact": {
            "to": row.to,
            "positions": positions,
            "channel": row.channel,
            "given_at": given_at,
            "members": row.members,
        },
    }
    body = orjson.dumps(data)
    sent_at = min(_end(row.given_at), now)
    id = hashlib.sha256(body).hexdigest()[:32]
    return f"{row.child.scheme}:{row.child.value}".encode(), Draft(id, NoticeGiven.wire, write_when(sent_at), body)


def _end(when: When) -> datetime:
    if isinstance(when, datetime):
        return when
    return datetime.combine(when, time(23, 59, 59), UTC)
