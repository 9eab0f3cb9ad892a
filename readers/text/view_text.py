"""View and timeline as text that can go into a report: who, what, when, how, the proof, and all that was said since.

At most 100 columns; longer values run on in indented lines. Colour only marks what the words say already.
"""

import textwrap
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

from ledger.identifiers import shown
from ledger.rules.releasing import listed
from readers.child.timeline import timeline
from readers.text.entry_text import Style, rows, title
from readers.text.wording import as_given, civil, printable, worded

COLUMNS: Final = 100
Line = tuple[str, Style]
_COLOURS: Final[dict[Style, str]] = {"plain": "", "strong": "\x1b[1m", "warning": "\x1b[31m"}


def view_text(view: Mapping[str, Any], *, colour: bool) -> str:
    """Return heading, state and entries of a view."""
    return _written([*_heading(view), *_state(view), *_entries(timeline(dict(view)))], colour)


def timeline_text(view: Mapping[str, Any], *, colour: bool) -> str:
    """Return heading and entries of a timeline."""
    return _written([*_heading(view), *_entries(view)], colour)


def _written(lines: Iterable[Line], colour: bool) -> str:
    return "".join(
        f"{_COLOURS[style]}{text}\x1b[0m\n" if colour and style != "plain" else f"{text}\n" for text, style in lines
    )


def _folded(label: str, text: str, style: Style = "plain", *, indent: int = 0, width: int = 14) -> Iterator[Line]:
    """Give `label` and `text`, with what does not fit in lines below it."""
    first = " " * indent + (f"{label:<{width}} " if label else "")
    wrapped = textwrap.wrap(
        text,
        COLUMNS,
        initial_indent=first,
        subsequent_indent=" " * len(first),
        break_on_hyphens=False,
    )
    return ((line, style) for line in wrapped or [first.rstrip()])


def _heading(view: Mapping[str, Any]) -> Iterator[Line]:
    zone = view["zone"]
    names = [shown(name["scheme"], printable(name["value"])) for name in view["identifiers"]]
    yield from _folded("", ", ".join(names) or view["child"], "strong")
    yield from _folded("ledger id", view["child"])
    merged = [record for record in view["records"] if record != view["child"]]
    if merged:
        yield from _folded("one with", ", ".join(merged))
    if view["as"] == "ledger":
        yield from _folded("as held by", f"ledger, times in {zone} unless as given")
    else:
        yield from _folded(
            "as known to",
            f"{view['as']}, at least {view['at_least']}, "
            f"{'proven' if view['basis'] == 'proven' else 'claimed or proven'}; times in {zone} unless as given",
        )
        yield from _folded("known at", civil(view["known_at"], zone))
    yield from _folded("happened by", civil(view["happened_by"], zone))
    yield from _folded("recorded by", civil(view["recorded_by"], zone))
    yield from _folded("complete to", civil(view["complete_to"], zone))
    if view["clock"] == "driven":
        yield from _folded("clock", "driven by the messages' own times: a simulation")
    for one in view.get("formerly", ()):
        name = shown(one["scheme"], printable(one["value"]))
        until = civil(one["recorded_until"], zone)
        came = f"; entries that came in under it stand there: {listed(one['entries'])}" if one["entries"] else ""
        text = f"until {until} {name} named record {one['record']}, entry {one['until_position']} released it{came}"
        yield from _folded("before", text)
    if view["incomplete"] is not None:
        since, reason = civil(view["incomplete"]["since"], zone), printable(view["incomplete"]["reason"])
        yield from _folded("INCOMPLETE", f"what was recorded since {since} is missing: {reason}", "warning")
    yield "", "plain"


def _state(view: Mapping[str, Any]) -> Iterator[Line]:
    custody, whereabouts, age = view["custody"], view["whereabouts"], view["age"]
    yield from _folded("custody", f"{custody['state']}{_since(custody)}", "strong")
    yield from _folded(
        "",
        f"legal custodian {worded(custody['legal_custodian'])}, "
        f"physical custodian {worded(custody['physical_custodian'])}, place {worded(custody['place'])}",
        indent=15,
    )
    for number, case in enumerate(view["proceedings"]):
        yield from _folded("", _proceeding(case), indent=15) if number else _folded("proceedings", _proceeding(case))
    yield from _folded("whereabouts", f"{whereabouts['state']}{_since(whereabouts)}")
    for purpose in ("residence", "mailing"):
        if whereabouts[purpose] is not None:
            yield from _folded("", f"{purpose} {worded(whereabouts[purpose])}", indent=15)
    years = "unknown" if age["years"] is None else f"{age['years']} years"
    basis = "" if age["basis"] is None else f", by {worded(age['basis'])}"
    yield from _folded("age", f"{years} ({age['band']}){basis}")
    yield "", "plain"


def _since(region: Mapping[str, Any]) -> str:
    return "" if region["since"] is None else f", since {as_given(region['since'])}"


_SERVED: Final = {True: "NTA served", False: "NTA not served", None: "not known whether the NTA was served"}


def _proceeding(case: Mapping[str, Any]) -> str:
    named = [
        f"case {worded(case['court_case'])}" if case["court_case"] is not None else None,
        f"NTA {worded(case['nta_id'])}" if case["nta_id"] is not None else None,
        f"{case['state']}{_since(case)}",
        _SERVED[case["served"]] if case["nta_id"] is not None else None,
        f"next hearing {as_given(case['next_hearing_at'])}" if case["next_hearing_at"] is not None else None,
        f"not pursued: {worded(case['reason'])}" if case["reason"] is not None else None,
    ]
    return ", ".join(part for part in named if part is not None)


def _entries(view: Mapping[str, Any]) -> Iterator[Line]:
    entries = view["entries"]
    by_position = {entry["position"]: entry for entry in entries}
    count = f"{len(entries)} entries" if len(entries) != 1 else "1 entry"
    yield f"{count}, in the order in which things happened", "strong"
    for entry in entries:
        yield "", "plain"
        _, text, style = title(entry, view["zone"])
        yield from _folded("", text, style)
        below = list(rows(entry, by_position.get, view["zone"]))
        width = min(max(len(label) for label, _, _ in below), 28)
        for label, text, style in below:
            yield from _folded(label, text, style, indent=4, width=width)
