"""Sharing rules as text: which were adopted, and what one set tells whom."""

import textwrap
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from ledger.facts.ledger_wide import RuleSet

COLUMNS: Final = 100


def adopted_lines(found: Mapping[str, Any], shipped: Sequence[str]) -> Iterator[str]:
    """Yield the sets adopted, in order, which is in force, and which come with the program."""
    for one in found["adopted"]:
        until = f" to {one['effective_to']}" if one["effective_to"] else " on"
        yield f"position {one['position']}, recorded {one['recorded_at']}"
        yield f"    {one['id']} version {one['version']}: {one['title']}"
        yield f"    for entries recorded from {one['effective_from']}{until}{', with backfill' * one['backfill']}"
        yield f"    because: {one['reason']}"
    if not found["adopted"]:
        yield "no set was adopted"
    if found["incomplete"] is not None:
        since, reason = found["incomplete"]["since"], found["incomplete"]["reason"]
        yield f"INCOMPLETE: what was adopted since {since} could not be applied: {reason}; see `custody set-aside list`"
    yield f"in force: {found['in_force']['id']} version {found['in_force']['version']}"
    yield f"complete to: {found['complete_to'] or 'nothing is recorded yet'}"
    yield f"sets that come with custody: {', '.join(shipped)}"


def set_lines(rules: RuleSet) -> Iterator[str]:
    """Yield what a set tells each agency."""
    until = f" to {rules.effective_to}" if rules.effective_to else " on"
    yield f"{rules.id} version {rules.version}: {rules.title}"
    yield f"for entries recorded from {rules.effective_from}{until}; source ({rules.mark}): {rules.source}"
    for agency, its in rules.agencies.items():
        yield ""
        yield f"{agency}: {its.purpose}"
        yield from _listed("told", its.told)
        yield from _listed("protected", its.protected)
        yield from _listed("untold", its.untold)
        yield from _listed("allowed", its.allowed)
        yield from _listed("withheld", its.withheld)
        for exemption in its.exceptions:
            yield from _listed("except", exemption.facts)
            yield from _listed("  allowed", exemption.allowed)


def _listed(label: str, names: Sequence[str]) -> list[str]:
    return textwrap.wrap(
        ", ".join(names) or "nothing",
        COLUMNS,
        initial_indent=f"  {label:<11}",
        subsequent_indent=" " * 13,
        break_on_hyphens=False,
    )
