"""Where two agencies held different things, as text that can go into a report: a block a member, one an interval.

At most 100 columns; longer values run on in indented lines.
"""

import textwrap
from collections.abc import Iterator, Mapping
from typing import Any, Final

from ledger.facts import short_name
from ledger.identifiers import shown
from readers.text.wording import as_given, civil, printable, worded

COLUMNS: Final = 100
_HOW: Final = {
    "produced": "recorded it",
    "feed": "was told by its feed",
    "receipt": "receipted it",
    "notice": "was given notice of it",
    "read": "read it in the ledger",
    "recorded": "recorded it",
}
_SPANS: Final = (("day", 86_400), ("hour", 3600), ("minute", 60), ("second", 1))
Found = Mapping[str, Any]


def diverge_lines(found: Found) -> Iterator[str]:
    """Yield the lines of an answer of `diverge`."""
    yield from _heading(found)
    if not found["members"]:
        yield ""
        yield f"{found['a']} and {found['b']} held the same all that time"
    for member in found["members"]:
        yield ""
        yield from _member(member, found)


def _heading(found: Found) -> Iterator[str]:
    zone = found["zone"]
    names = [shown(name["scheme"], printable(name["value"])) for name in found["identifiers"]]
    yield from _row("", ", ".join(names) or found["child"])
    yield from _row("ledger id", found["child"])
    basis = "proven" if found["basis"] == "proven" else "claimed or proven"
    yield from _row(
        "compared",
        f"{found['a']} with {found['b']}: what each knew, at least {found['at_least']}, {basis}, "
        f"of what had happened by then; times in {zone} unless as given",
    )
    for label, name in (("from", "from"), ("to", "to"), ("recorded by", "recorded_by"), ("complete to", "complete_to")):
        yield from _row(label, civil(found[name], zone))
    if found["clock"] == "driven":
        yield from _row("clock", "driven by the messages' own times: a simulation")
    if found["incomplete"] is not None:
        since, reason = civil(found["incomplete"]["since"], zone), printable(found["incomplete"]["reason"])
        yield from _row("INCOMPLETE", f"what was recorded since {since} is missing: {reason}")


def _member(member: Found, found: Found) -> Iterator[str]:
    total = lasting(member["seconds"])
    times = len(member["intervals"])
    often = "" if times == 1 else f" in {times} intervals, the longest {lasting(member['longest_seconds'])}"
    yield from _row("", f"{_named(member)}: differed for {total}{often}")
    for interval in member["intervals"]:
        yield from _interval(member["member"], interval, found)


def _named(member: Found) -> str:
    proceeding = member["proceeding"]
    if proceeding is None:
        return str(member["member"])
    ids = (("case", proceeding["court_case"]), ("NTA", proceeding["nta_id"]))
    return f"{member['member']} of {', '.join(f'{what} {worded(id)}' for what, id in ids if id is not None)}"


def _interval(name: str, interval: Found, found: Found) -> Iterator[str]:
    zone = found["zone"]
    until = "still open" if interval["to"] is None else civil(interval["to"], zone)
    yield from _row("", f"{civil(interval['from'], zone)} to {until}", indent=2)
    if interval["since"] != interval["from"]:
        yield from _row("began", civil(interval["since"], zone), indent=4)
    yield from _row(f"{found['a']}", _value(name, interval, "a"), indent=4)
    yield from _row(f"{found['b']}", _value(name, interval, "b"), indent=4)
    for entry in interval["entries"]:
        yield from _row("lacked", _lacked(entry, found), indent=4)
    if interval["closed_by"] is not None:
        yield from _row("closed by", _closed(interval["closed_by"], found), indent=4)
    elif interval["to"] is not None:
        yield from _row("then", "one of them came to hold another value; they went on differing", indent=4)


def _value(name: str, interval: Found, side: str) -> str:
    value = interval[side]
    if interval["nothing_known"] == side.upper():
        return "nothing known of the child"
    return as_given(value) if name == "next-hearing" and value is not None else worded(value)


def _lacked(entry: Found, found: Found) -> str:
    some = "" if entry["members"] == "all" else f"{', '.join(map(printable, entry['members']))} of "
    return (
        f"by {found[entry['lacked_by'].lower()]}: {some}position {entry['position']}, {short_name(entry['type'])} "
        f"of {as_given(entry['occurred_at'])}, recorded by {entry['producer']['agency']} "
        f"{civil(entry['recorded_at'], found['zone'])}"
    )


def _closed(closed: Found, found: Found) -> str:
    at = civil(closed["at"], found["zone"])
    if closed["how"] == "happened":
        return f"position {closed['of']}, which happened, or came into force, {at}; nobody was told of anything then"
    if closed["not_before"] is not None and closed["not_before"] != closed["at"]:
        at = f"between {civil(closed['not_before'], found['zone'])} and {at}; counted from the latter"
    told = [f"{closed['agency']} {_HOW[closed['how']]}: position {closed['of']}", f"{at} ({closed['basis']})"]
    if closed["number"] is not None:
        told.append(f"number {closed['number']} of its feed")
    if closed["position"] not in (None, closed["of"]):
        told.append(f"proof position {closed['position']}")
    return ", ".join(told)


def lasting(seconds: float) -> str:
    """Return a length of time in its two largest units: `21 days 18 hours`."""
    left, parts = int(seconds), []
    for unit, length in _SPANS:
        count, left = divmod(left, length)
        if count:
            parts.append(f"{count:,} {unit}{'' if count == 1 else 's'}")
        elif parts:
            break
    return " ".join(parts[:2]) or "less than a second"


def _row(label: str, text: str, *, indent: int = 0, width: int = 14) -> Iterator[str]:
    """Give `label` and `text`, with what does not fit in lines below it."""
    first = " " * indent + (f"{label:<{width}} " if label else "")
    below = " " * (len(first) if label else indent + 4)
    yield from textwrap.wrap(text, COLUMNS, initial_indent=first, subsequent_indent=below, break_on_hyphens=False) or [
        first.rstrip()
    ]
