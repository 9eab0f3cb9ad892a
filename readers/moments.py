"""Children and moments as people write them (contract: Command line; knowledge: Three clocks).

A question is asked about what had happened by H as the ledger had heard it by R. R is cut to the moment the read
tables are complete to, because only up to there can no answer change any more (knowledge, law 4).
"""

import re
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final, NamedTuple
from uuid import UUID

from ledger.identifiers import SCHEMES, a_number
from ledger.times import When, civil_day, last_instant, parse_day, parse_when
from readers.unanswerable import WrongQuestionError

Name = tuple[str, str]
"""An identifier: (scheme, value), in the one spelling the ledger keeps."""

_SPACED: Final = re.compile(r"(\d{4}-\d\d-\d\d)[Tt ](\d\d:\d\d:\d\d(?:\.\d+)?) ?([Zz]|[+-]\d\d:\d\d)")
_A_MOMENT: Final = "write a time like 2022-03-04T13:20:00-06:00, or a day like 2022-03-04 for the end of that day"
_A_CHILD: Final = (
    "write a child as its ledger id (a UUID), as `scheme:value` with a scheme of "
    f"{', '.join(SCHEMES)}, or as an A-number such as A200-000-017"
)


@dataclass(frozen=True, slots=True)
class MomentsAsked:
    """H, K and R as they were asked for; None where they were not."""

    happened_by: When | None = None
    known_at: When | None = None
    recorded_by: When | None = None


class Moments(NamedTuple):
    """H, K, R and the moment the read tables are complete to, all instants."""

    happened_by: datetime
    known_at: datetime
    recorded_by: datetime
    complete_to: datetime


def parse_child(text: str) -> Name:
    """Read CHILD; raises `WrongQuestionError` that says how a child is written."""
    given = text.strip()
    try:
        return "ledger", str(UUID(given))
    except ValueError:
        pass
    scheme, colon, value = given.partition(":")
    try:
        if not colon:
            return "a-number", a_number(given)
        match scheme:
            case "a-number":
                return scheme, a_number(value)
            case "ledger":
                return scheme, str(UUID(value.strip()))
            case _ if scheme in SCHEMES and value.strip():
                return scheme, value.strip()
            case _:
                pass
    except ValueError:
        pass
    raise WrongQuestionError(f"{text!r} names no child: {_A_CHILD}")


def parse_moment(text: str, *, option: str) -> When:
    """Read T: an instant, or a day, which stands for its last instant; `option` is named when it is neither.

    Between date, time and offset there may be a space instead of what RFC 3339 has there, as people write it.
    """
    given = text.strip()
    spaced = _SPACED.fullmatch(given)
    try:
        return parse_when(given if spaced is None else f"{spaced[1]}T{spaced[2]}{spaced[3]}")
    except ValueError as error:
        raise WrongQuestionError(f"{option} {text!r}: {error}; {_A_MOMENT}") from None


def parse_date(text: str, *, option: str) -> date:
    """Read D, a day."""
    try:
        return parse_day(text.strip())
    except ValueError as error:
        raise WrongQuestionError(f"{option} {text!r}: {error}") from None


def settle(asked: MomentsAsked, *, complete_to: datetime, zone: str) -> Moments:
    """Return what a question is answered for: R cut to `complete_to`, K cut to R, H by default the end of K's day."""
    recorded = complete_to if asked.recorded_by is None else min(last_instant(asked.recorded_by, zone), complete_to)
    known = recorded if asked.known_at is None else min(last_instant(asked.known_at, zone), recorded)
    happened = last_instant(civil_day(known, zone) if asked.happened_by is None else asked.happened_by, zone)
    return Moments(happened, known, recorded, complete_to)
