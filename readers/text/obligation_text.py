"""What was owed for one child, as text: law, regulation, policy and target under headings of their own."""

import textwrap
from collections.abc import Iterator, Mapping
from typing import Any, Final

from ledger.identifiers import shown
from ledger.obligations.vocabulary import KINDS
from readers.text.wording import as_given, civil, printable

COLUMNS: Final = 100
HEADINGS: Final = {
    "law": "By law",
    "regulation": "By regulation",
    "policy": "By policy or agreement",
    "target": "Targets, which no law sets",
}


def obligation_lines(answer: Mapping[str, Any]) -> Iterator[str]:
    """Yield the answer line by line: the moments, then the duties kind by kind, as they were opened."""
    zone, owed = answer["zone"], answer["obligations"]
    names = [shown(name["scheme"], printable(name["value"])) for name in answer["identifiers"]]
    yield ", ".join(names) or answer["child"]
    yield f"as of          {civil(answer['on'], zone)}"
    yield f"recorded by    {civil(answer['recorded_by'], zone)}"
    yield f"complete to    {civil(answer['complete_to'], zone)}"
    if answer["clock"] == "driven":
        yield "clock          driven by the messages' own times: a simulation"
    if answer["incomplete"] is not None:
        since, reason = civil(answer["incomplete"]["since"], zone), printable(answer["incomplete"]["reason"])
        yield f"INCOMPLETE: what was recorded since {since} is missing: {reason}; see `custody set-aside list`"
    for kind in KINDS:
        of_kind = [one for one in owed if one["kind"] == kind]
        if of_kind:
            yield ""
            yield HEADINGS[kind]
        for one in of_kind:
            yield from _duty(one, zone)
    yield ""
    yield f"{len(owed)} obligation{'' if len(owed) == 1 else 's'}"


def _duty(one: Mapping[str, Any], zone: str) -> Iterator[str]:
    version = "" if one["version"] == 1 else f" version {one['version']}"
    towards = "" if one["towards"] is None else f" towards {one['towards']}"
    yield f"  {one['state']:<14} {one['rule']}{version}, {one['obliged']}{towards}: {one['title']}"
    since = f"opened by position {one['opened_by']}, clock started {as_given(one['started'])}"
    due = "" if one["due_at"] is None else f", due {civil(one['due_at'], one['zone'])}"
    yield from _below(since + due)
    if one["met_at"] is not None:
        yield from _below(f"done {civil(one['met_at'], zone)}, shown by position {one['met_by']}{_proof(one['proof'])}")
    if one["days_late"] is not None:
        days = f"{one['days_late']:,} day{'' if one['days_late'] == 1 else 's'}"
        yield from _below(f"{days} over ({one['over_seconds'] / 3600:,.1f} hours)")
    if one["remark"] is not None:
        by = "" if one["ended_by"] is None else f" (position {one['ended_by']})"
        yield from _below(printable(one["remark"]) + by)


def _proof(proof: Mapping[str, Any] | None) -> str:
    if proof is None:
        return ""
    number = "" if proof["feed_number"] is None else f", number {proof['feed_number']} of its feed"
    position = "" if proof["position"] is None else f" at position {proof['position']}"
    word = ", by its own word" if proof["claimed"] else ""
    return f": known by {proof['how']}{position}{number}{word}"


def _below(text: str) -> list[str]:
    indent = " " * 17
    return textwrap.wrap(text, COLUMNS, initial_indent=indent, subsequent_indent=indent, break_on_hyphens=False)
