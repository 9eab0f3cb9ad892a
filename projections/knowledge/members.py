"""The members of a child's state in which two views can differ, by the names that `custody diverge` gives them."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Any, Final, Literal, NamedTuple, get_args

from ledger.entry import Entry
from ledger.facts import (
    Fact,
    NtaDocketed,
    NtaFiled,
)
from projections.fold.amended import effective
from projections.fold.questions import moving
from projections.fold.regions import Proceeding, Regions

Name = Literal[
    "custody",
    "legal-custodian",
    "physical-custodian",
    "place",
    "whereabouts",
    "residence",
    "mailing",
    "proceeding",
    "next-hearing",
]
NAMES: Final[tuple[Name, ...]] = get_args(Name)


class Member(NamedTuple):
    """A member of the state; `proceeding` and `next-hearing` of one proceeding, which at least one id names."""

    name: Name
    court_case: str | None = None
    nta_id: str | None = None


class Nothing(Enum):
    """The value of every member to somebody who knows nothing of the child."""

    KNOWN = "nothing known"


Values = Mapping[Member, Any]
"""Every member that is held, with its value; one that is not held may be absent, or `None`."""


@dataclass(frozen=True, slots=True)
class Cases:
    """Which Notice to Appear and which court case are one proceeding, by all that the ledger holds by R.

    One who has not heard of the filing knows a proceeding by its notice, another one by its case: these must be
    compared. Of several notices of a case, and cases of a notice, the ones linked first by position belong together.
    """

    case_of: Mapping[str, str]
    nta_of: Mapping[str, str]

    @classmethod
    def of(cls, entries: Iterable[Entry]) -> "Cases":
        """Return the links that the filings and docketings among these entries give, as they stand."""
        case_of: dict[str, str] = {}
        nta_of: dict[str, str] = {}
        for one in effective(entries):
            fact = one.fact
            if isinstance(fact, NtaFiled | NtaDocketed) and not one.voided_by and fact.court_case is not None:
                nta, case = fact.nta_id, fact.court_case
                if nta not in case_of and case not in nta_of:
                    case_of[nta], nta_of[case] = case, nta
        return cls(case_of, nta_of)

    def named(self, proceeding: Proceeding) -> tuple[str | None, str | None]:
        """Return the case and notice that name a proceeding for everybody."""
        case, nta = proceeding.court_case, proceeding.nta_id
        if case is None and nta is not None:
            case = self.case_of.get(nta)
        return (None, nta) if case is None else (case, self.nta_of.get(case))


def values(regions: Regions | None, cases: Cases) -> Values | None:
    """Return the members of a state; None for somebody who knows nothing of the child."""
    if regions is None:
        return None
    custody, whereabouts = regions.custody, regions.whereabouts
    held: dict[Member, Any] = {
        Member("custody"): custody.state,
        Member("legal-custodian"): custody.legal_custodian,
        Member("physical-custodian"): custody.physical_custodian,
        Member("place"): custody.place,
        Member("whereabouts"): whereabouts.state,
        Member("residence"): whereabouts.residence,
        Member("mailing"): whereabouts.mailing,
    }
    for proceeding in regions.proceedings:
        case, nta = cases.named(proceeding)
        if case is None and nta is None:
            continue  # `no-nta` says that there is no proceeding
        if Member("proceeding", case, nta) in held:  # another notice of the same case, not known to be that
            case, nta = None, proceeding.nta_id
        held[Member("proceeding", case, nta)] = proceeding.state
        held[Member("next-hearing", case, nta)] = proceeding.next_hearing_at
    return held


def value_of(held: Values | None, member: Member) -> Any:
    """Return the value of a member: `None` where none is held, `Nothing.KNOWN` where nothing is known of the child."""
    return Nothing.KNOWN if held is None else held.get(member)


def differ(one: Any, other: Any) -> bool:
    """Return whether two values of a member differ.

    Where one side knew nothing of the child, and the other held none (no custodian, no address, no hearing), neither
    held anything: that is no difference. Custody and whereabouts always have a state, so there it always is one.
    """
    return bool(one != other) and {_kind(one), _kind(other)} != {"nothing", "none"}


def _kind(value: Any) -> str:
    return "nothing" if value is Nothing.KNOWN else "none" if value is None else "held"


_MOVED_BY: Final[Mapping[Name, frozenset[type[Fact]]]] = {
    **dict.fromkeys(("custody", "legal-custodian", "physical-custodian", "place"), moving("custody")),
    # an absence that is resolved leaves the child where custody says, so all that moves custody bears on whereabouts
    "whereabouts": moving("custody", "address"),
    "residence": moving("residence"),
    "mailing": moving("mailing"),
    **dict.fromkeys(("proceeding", "next-hearing"), moving("proceedings")),
}
_JOINS_RECORDS: Final = moving("records")


def bears_on(name: Name, together: Iterable[Entry]) -> bool:
    """Return whether entries that statements join can move a member, by the facts among them."""
    moving = _MOVED_BY[name]
    return any(type(entry.fact) in moving or type(entry.fact) in _JOINS_RECORDS for entry in together)


def joins_records(together: Iterable[Entry]) -> bool:
    """Return whether these entries say which records are one person."""
    return any(type(entry.fact) in _JOINS_RECORDS for entry in together)
