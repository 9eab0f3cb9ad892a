"""Corrections of a period as text: a block a correction, with who still holds the old value."""

import textwrap
from collections.abc import Iterator, Mapping
from typing import Any, Final

from ledger.facts import short_name
from ledger.identifiers import shown
from readers.text.wording import civil, printable, worded

COLUMNS: Final = 100


def corrections_lines(answer: Mapping[str, Any]) -> Iterator[str]:
    """Yield the lines of an answer of `corrections`."""
    zone, found = answer["zone"], answer["corrections"]
    if answer["from"] is not None:
        yield f"recorded from  {civil(answer['from'], zone)}"
    yield f"recorded to    {civil(answer['to'], zone)}"
    basis = "proven" if answer["basis"] == "proven" else "claimed or proven"
    yield f"known at       {civil(answer['known_at'], zone)}, at least {answer['at_least']}, {basis}"
    yield f"recorded by    {civil(answer['recorded_by'], zone)}"
    yield f"complete to    {civil(answer['complete_to'], zone)}"
    if answer["clock"] == "driven":
        yield "clock          driven by the messages' own times: a simulation"
    for one in found:
        yield ""
        yield from _correction(one, zone)
    if answer["next"] is not None:
        yield ""
        yield f"more: --after {answer['next']}"
    yield ""
    yield f"{len(found):,} correction{'' if len(found) == 1 else 's'}"


def _correction(one: Mapping[str, Any], zone: str) -> Iterator[str]:
    names = [shown(name["scheme"], printable(name["value"])) for name in one["identifiers"]]
    void = f", VOID by position {', '.join(map(str, one['voided_by']))}" if one["voided_by"] else ""
    what = "an entry not shown" if one["type"] is None else short_name(one["type"])
    yield f"position {one['position']}, {civil(one['recorded_at'], zone)}, {one['producer']['agency']}{void}"
    yield from _below(f"{', '.join(names) or one['child']}: corrects position {one['corrects']}, {what}")
    for member, value in one["set"].items():
        yield from _below(f"{printable(member)} is {worded(value)}")
    yield from _below(f"reason: {worded(one['reason'])}")
    for held in one["still_held_by"]:
        yield from _below(f"{held['agency']} still holds the old {', '.join(map(printable, held['members']))}")


def _below(text: str) -> list[str]:
    return textwrap.wrap(text, COLUMNS, initial_indent="    ", subsequent_indent=" " * 8, break_on_hyphens=False)
