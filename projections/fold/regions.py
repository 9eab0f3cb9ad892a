"""The four independent regions of a child's state: custody, proceedings, whereabouts, age (design: No single status).

Plain frozen values. `since` is the occurred_at, as its producer gave it, of the happening that brought a region to
what it shows: a repeat that changes nothing leaves it alone. `None` is "none", or a time nobody knows.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, Final, Literal

from ledger.times import When

Band = Literal["under-14", "14-17", "18-or-over", "unknown"]


@dataclass(frozen=True, slots=True)
class Custody:
    """Who is responsible in law, who has the child, and where; a custodian of `None` is nobody."""

    state: str
    legal_custodian: str | None
    physical_custodian: str | None
    place: str | None
    since: When | None


@dataclass(frozen=True, slots=True)
class Proceeding:
    """One case before the immigration court, or a Notice to Appear that is not one yet."""

    court_case: str | None
    nta_id: str | None
    state: str
    served: bool | None
    """`None`: the Notice to Appear itself, or whether it was served, is not known."""
    next_hearing_at: When | None
    since: When | None
    reason: str | None


@dataclass(frozen=True, slots=True)
class Whereabouts:
    """How well the child's whereabouts are known, and the addresses in force, member by member as they were given."""

    state: str
    residence: Mapping[str, Any] | None
    mailing: Mapping[str, Any] | None
    since: When | None


@dataclass(frozen=True, slots=True)
class AgeBasis:
    """What an age is worked out from: the date of birth last asserted, or a finding that the person is an adult."""

    date_of_birth: date | None
    basis: str | None
    adult: bool = False


@dataclass(frozen=True, slots=True)
class Age:
    """An age on one day."""

    years: int | None
    band: Band
    basis: str | None


@dataclass(frozen=True, slots=True)
class Regions:
    """The state of one person; `proceedings` in the order in which they were opened, never empty."""

    custody: Custody
    proceedings: tuple[Proceeding, ...]
    whereabouts: Whereabouts
    age: AgeBasis


NO_CUSTODY: Final = Custody("none", None, None, None, None)
NO_NTA: Final = Proceeding(None, None, "no-nta", served=None, next_hearing_at=None, since=None, reason=None)
NO_AGE: Final = AgeBasis(None, None)


def age_on(basis: AgeBasis, day: date) -> Age:
    """Return the age in completed years on `day`; born on 29 February, a year is completed on 1 March.

    Without a date of birth the age is unknown, but for a person found to be an adult. Before the birth it is
    unknown too: one of the two days is wrong.
    """
    born = basis.date_of_birth
    if born is None:
        return Age(None, "18-or-over" if basis.adult else "unknown", basis.basis)
    if day < born:
        return Age(None, "unknown", basis.basis)
    years = day.year - born.year - ((day.month, day.day) < (born.month, born.day))
    band: Band = "under-14" if years < 14 else "14-17" if years < 18 else "18-or-over"
    return Age(years, band, basis.basis)
