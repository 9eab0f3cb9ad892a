"""Whether there is a duty to waive: what an entry opened, and for whom."""

from collections.abc import Sequence

from ledger.entry import Entry
from ledger.facts import ObligationWaived
from ledger.obligations.offices import OfficeTable
from ledger.obligations.vocabulary import ObligationRule
from projections.fold.amended import effective
from projections.obligations.duties import Duty, FoldedPerson, duties

_CURE = "nothing was recorded; `custody obligations CHILD` shows what is owed, by whom and since which position"


def why_not(
    fact: ObligationWaived,
    entries: Sequence[Entry],
    *,
    rules: Sequence[ObligationRule],
    offices: OfficeTable,
    zone: str,
) -> str | None:
    """Return why this duty can not be waived, with the cure; None where it can. `entries` is the child's record."""
    names = list(dict.fromkeys(rule.id for rule in rules))
    if fact.rule not in names:
        return f"there is no rule {fact.rule!r}; nothing was recorded; the rules are {', '.join(names)}"
    standing = effective(entries)
    every = duties(FoldedPerson.of(standing, offices, zone), rules)
    here = [duty for duty in every if duty.opened.position == fact.position]
    by_rule = [duty for duty in here if duty.rule.id == fact.rule]
    if not by_rule:
        opens = sorted({f"{duty.rule.id} of {duty.obliged}" for duty in here})
        return f"position {fact.position} opens no duty by {fact.rule}; it opens {_listed(opens)}; {_CURE}"
    its = [duty for duty in by_rule if _is_meant(fact, duty)]
    if not its:
        owed = sorted({duty.obliged + (f" towards {duty.towards}" if duty.towards else "") for duty in by_rule})
        asked = fact.obliged + (f" towards {fact.towards}" if fact.towards else "")
        return f"by {fact.rule} position {fact.position} obliges {_listed(owed)}, not {asked}; {_CURE}"
    if not its[0].stands:
        return f"{fact.rule} of position {fact.position} is withdrawn, so that nothing is left to waive; {_CURE}"
    if its[0].rule.not_measurable is not None:
        return f"{fact.rule} is never judged ({its[0].rule.not_measurable}), so that nothing is to waive; {_CURE}"
    return None


def _is_meant(fact: ObligationWaived, duty: Duty) -> bool:
    return duty.obliged == fact.obliged and fact.towards in (None, duty.towards)


def _listed(names: Sequence[str]) -> str:
    return ", ".join(names) or "none"
