"""What was owed for all children, as text: law, regulation, policy and target under headings of their own."""

from collections.abc import Iterator, Mapping
from typing import Any, Final

from ledger.identifiers import shown
from ledger.obligations.vocabulary import KINDS
from readers.text.obligation_text import HEADINGS
from readers.text.wording import civil, printable

_STATES: Final = ("open", "met", "late", "missed", "not-covered", "waived", "withdrawn", "undated", "not-measurable")


def duties_lines(answer: Mapping[str, Any]) -> Iterator[str]:
    """Yield the answer line by line: the moments, how many duties by rule, body and state, then the duties listed."""
    if answer["recorded_by"] is None:
        yield "the read tables hold no entry yet: nobody owes anything"
        return
    zone = answer["zone"]
    yield f"as of          {civil(answer['on'], zone)}"
    yield f"recorded by    {civil(answer['recorded_by'], zone)}"
    yield f"complete to    {civil(answer['complete_to'], zone)}"
    if answer["clock"] == "driven":
        yield "clock          driven by the messages' own times: a simulation"
    if answer["incomplete"] is not None:
        lacking = answer["incomplete"]
        since, reason = civil(lacking["since"], zone), printable(lacking["reason"])
        yield f"INCOMPLETE: {lacking['children']:,} children since {since}: {reason}; see `custody set-aside list`"
    for kind in KINDS:
        of_kind = [one for one in answer["summary"] if one["kind"] == kind]
        if of_kind:
            yield ""
            yield HEADINGS[kind]
        for one in of_kind:
            version = "" if one["version"] == 1 else f" version {one['version']}"
            yield f"  {one['rule']}{version}, {one['obliged']}: {one['title']}"
            counts = [f"{one['states'][state]:,} {state}" for state in _STATES if state in one["states"]]
            yield " " * 17 + ", ".join(counts)
    for one in answer.get("list", ()):
        yield ""
        yield from _duty(one)
    if answer.get("next"):
        yield ""
        yield f"more: --after {answer['next']}"
    yield ""
    yield f"{answer['duties']:,} obligation{'' if answer['duties'] == 1 else 's'}"


def _duty(one: Mapping[str, Any]) -> Iterator[str]:
    names = [shown(name["scheme"], printable(name["value"])) for name in one["identifiers"]]
    towards = "" if one["towards"] is None else f" towards {one['towards']}"
    yield f"  {one['state']:<14} {one['rule']}, {one['obliged']}{towards}: {', '.join(names) or one['child']}"
    due = "" if one["due_at"] is None else f", due {civil(one['due_at'], one['zone'])}"
    met = "" if one["met_at"] is None else f", done {civil(one['met_at'], one['zone'])}"
    days = "" if one["days_late"] is None else f", {one['days_late']:,} day{'' if one['days_late'] == 1 else 's'} over"
    yield " " * 17 + f"opened by position {one['opened_by']}{due}{met}{days}"
