"""What is covered, as text."""

from collections.abc import Iterator, Mapping
from typing import Any

from readers.text.wording import printable


def coverage_lines(found: Mapping[str, Any]) -> Iterator[str]:
    """Yield the declarations, and what is in force of them."""
    yield f"recorded by    {found['recorded_by'] or 'nothing is recorded yet'}"
    yield ""
    yield (
        "Declared, the later one deciding" if found["declared"] else "Nothing is declared: nobody's silence is a breach"
    )
    for one in found["declared"]:
        until = "" if one["until"] is None else f" until {one['until']}"
        verb = "sends" if one["sends"] else "does not send"
        yield f"  position {one['position']}, {one['recorded_at']}"
        yield f"    {one['agency']} {verb} since {one['since']}{until}, by the door {one['door']}:"
        yield f"    {', '.join(one['facts'])}"
        yield f"    {printable(one['reason'])}"
    if found["in_force"]:
        yield ""
        yield "In force"
    for one in found["in_force"]:
        yield f"  {one['agency']} {one['fact']}: from {one['from']} to {one['to'] or 'now and later'}"


def preview_lines(found: Mapping[str, Any]) -> Iterator[str]:
    """Yield what a declaration would change; nothing was recorded."""
    verb = "sends" if found["sends"] else "does not send"
    yield f"nothing was recorded; if it were declared that {found['agency']} {verb} {', '.join(found['facts'])}:"
    for one in found["changes"]:
        yield f"  {one['rule']}, {one['obliged']}: {one['state']} {one['before']:,} -> {one['after']:,}"
    if not found["changes"]:
        yield "  no duty would be counted otherwise"
