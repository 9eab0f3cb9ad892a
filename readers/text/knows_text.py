"""Who was told what, as text: a block an entry, a line a moment, the ladder of each agency first."""

from collections.abc import Iterator, Mapping
from typing import Any, Final

from ledger.facts import short_name
from readers.text.wording import as_given, civil

_WAYS: Final = {
    "email": "e-mail",
    "spreadsheet": "spreadsheet",
    "phone": "phone call",
    "letter": "letter",
    "fax": "fax",
    "in-person": "notice in person",
    "portal": "notice in a portal",
    "unknown": "notice",
}


def knows_lines(found: Mapping[str, Any]) -> Iterator[str]:
    """Yield the lines of an answer of `knows`."""
    zone = found["zone"]
    yield f"child          {found['child']}"
    yield f"recorded by    {civil(found['recorded_by'], zone)}"
    yield f"complete to    {civil(found['complete_to'], zone)}"
    if found["clock"] == "driven":
        yield "clock          driven by the messages' own times: a simulation"
    for entry in found["entries"]:
        void = "  VOID" if entry["voided_by"] else ""
        yield ""
        yield f"{entry['position']}  {as_given(entry['occurred_at'])}  {short_name(entry['type'])}{void}"
        yield f"    recorded by {entry['producer']['agency']} {civil(entry['recorded_at'], zone)}"
        for agency, ladder in entry["agencies"].items():
            shown = [_what(step) for step in ladder.values()]
            for grade, step in ladder.items():
                yield f"    {agency:<9} {grade:<13} {_step(step, zone)}"
            for moment in entry["moments"]:
                if moment["agency"] == agency and _what(moment) not in shown:
                    yield f"    {agency:<9} {'also ' + moment['grade']:<13} {_step(moment, zone)}"
        if not entry["agencies"]:
            yield "    nobody was told"


def _what(step: Mapping[str, Any]) -> tuple[Any, ...]:
    """Return what tells a moment from others."""
    return tuple(step[part] for part in ("channel", "number", "position"))


def _step(step: Mapping[str, Any], zone: str) -> str:
    when = civil(step["at"], zone)
    if step["not_before"] != step["at"]:
        when = f"between {civil(step['not_before'], zone)} and {when}"
    by = {"produced": "recorded it", "feed": "feed", "receipt": "receipt", "notice": "notice", "read": "read it"}
    how = by[step["channel"]]
    if step["notice"] is not None:
        how = f"{_WAYS.get(step['notice']['channel'], step['notice']['channel'])} of {step['notice']['by']}"
    if step["number"] is not None:
        how += f" of number {step['number']}" if step["channel"] == "receipt" else f" number {step['number']}"
    if step["position"] is not None and step["channel"] != "produced":
        how += f", position {step['position']}"
    some = "" if step["members"] == "all" else f", without some members ({len(step['members'])} told)"
    return f"{when}  {how} ({step['basis']}){some}"
