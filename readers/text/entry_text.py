"""One entry as text: what, when, who, how, the proof, its members, and what later entries say about it."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final, Literal

from ledger.facts import short_name
from readers.child.timeline import REMARKS
from readers.text.knowledge_text import known_rows
from readers.text.wording import as_given, civil, delay, printable, worded

Style = Literal["plain", "strong", "warning"]
Row = tuple[str, str, Style]
"""A label, what stands behind it, and how it is marked."""
Entry = Mapping[str, Any]
EntryAt = Callable[[int], Entry | None]
"""The entry at a position, if the view has it."""

_TOLD_APART: Final = frozenset(("corrects", "voids", "set"))
"""Members of statements that are told in words of their own."""


def title(entry: Entry, zone: str) -> Row:
    """Return the line that stands above an entry: when it happened, or was remarked, and what."""
    void = "  VOID" if entry["voided_by"] else ""
    when = civil(entry["recorded_at"], zone) if entry["type"] in REMARKS else as_given(entry["occurred_at"])
    return "", f"{when}  {short_name(entry['type'])}{void}", "warning" if void else "strong"


def rows(entry: Entry, at: EntryAt, zone: str) -> Iterator[Row]:
    """Give the lines below it."""
    producer, source = entry["producer"], entry["source"]
    who = [producer[part] for part in ("agency", "office", "user", "system") if producer[part] is not None]
    yield "who", ", ".join(worded(part) for part in who), "plain"
    recorded = civil(entry["recorded_at"], zone)
    if entry["type"] not in REMARKS:
        recorded += delay(entry["occurred_at"], entry["recorded_at"], zone)
    elif entry["occurred_at"] is not None:
        yield "dated", as_given(entry["occurred_at"]), "plain"
    yield "recorded", recorded if entry["door"] is None else f"{recorded}, door {entry['door']}", "plain"
    if source is not None:
        yield "source", _source(source), "plain"
    if entry["how"] != "recorded":
        yield from known_rows(entry, zone)
    numbered = "an entry" if entry["version"] is None else f"entry {entry['version']}"
    yield "proof", f"position {entry['position']}, {numbered} of record {entry['child']}", "plain"
    yield from _corrected_time(entry)
    yield from _members(entry)
    if entry["withheld"]:
        yield "withheld", ", ".join(printable(name) for name in entry["withheld"]), "plain"
    yield from _acts_on(entry, at)
    yield from _remarks(entry, at)


def _source(source: Mapping[str, Any]) -> str:
    codes = "; ".join(f"{printable(member)} coded {worded(code)}" for member, code in source["codes"].items())
    told = (
        f"{worded(source['document'])} {worded(source['reference'])}, grade {source['grade']}, "
        f"channel {source['channel']}"
    )
    return f"{told}; {codes}" if codes else told


def _corrected_time(entry: Entry) -> Iterator[Row]:
    if "original_occurred_at" in entry:
        was = as_given(entry["original_occurred_at"])
        now = as_given(entry["occurred_at"])
        yield "occurred_at", f"{now} (recorded: {was}; {_corrected_by(entry)})", "warning"


def _members(entry: Entry) -> Iterator[Row]:
    fact = entry["fact"]
    original = entry.get("original", fact)
    for member in {**original, **fact}:
        if member in _TOLD_APART:
            continue
        now = worded(fact.get(member))
        if fact.get(member) == original.get(member) and (member in fact) == (member in original):
            yield printable(member), now, "plain"
        else:
            was = worded(original[member]) if member in original else "not given"
            yield printable(member), f"{now} (recorded: {was}; {_corrected_by(entry)})", "warning"


def _corrected_by(entry: Entry) -> str:
    return "corrected by position " + ", ".join(str(position) for position in entry["corrected_by"])


def _acts_on(entry: Entry, at: EntryAt) -> Iterator[Row]:
    """Say what a correction or a void does to which entry; old values are those first recorded."""
    fact = entry["fact"]
    if "voids" in fact:
        yield "voids", f"position {fact['voids']}{_named(at(fact['voids']))}", "plain"
    if "corrects" not in fact:
        return
    target = at(fact["corrects"])
    yield "corrects", f"position {fact['corrects']}{_named(target)}", "plain"
    while target is not None and "corrects" in target["fact"]:
        target = at(target["fact"]["corrects"])
    was = entry.get("original", fact)["set"]
    for member, value in fact["set"].items():
        amended = "" if was.get(member) == value else f" (this correction was itself amended: {_corrected_by(entry)})"
        yield printable(member), f"{_old(target, member)} -> {_value(member, value)}{amended}", "plain"


def _old(target: Entry | None, member: str) -> str:
    if target is None:
        return "not shown"
    if member == "occurred_at":
        return as_given(target.get("original_occurred_at", target["occurred_at"]))
    original = target.get("original", target["fact"])
    return worded(original[member]) if member in original else "not given"


def _value(member: str, value: Any) -> str:
    return as_given(value) if member == "occurred_at" else worded(value)


def _named(target: Entry | None) -> str:
    if target is None:
        return ", not part of this answer"
    return f", {short_name(target['type'])} of {as_given(target['occurred_at'])}"


def _remarks(entry: Entry, at: EntryAt) -> Iterator[Row]:
    for position in entry["voided_by"]:
        by = at(position)
        reason = "" if by is None else f": {worded(by['fact'].get('reason'))}"
        yield "VOID", f"by position {position}{reason}", "warning"
    for dispute in entry["disputes"]:
        told = f"by {worded(dispute['by'])} (position {dispute['position']}): {worded(dispute['statement'])}"
        yield "DISPUTED", told, "warning"
    for finding in entry["findings"]:
        done = finding["resolved_by"]
        state = "open" if done is None else f"resolved by position {done}{_resolution(at(done))}"
        told = f"{finding['level']} {finding['code']}, {state}: {printable(finding['message'])}"
        yield "finding", told, "warning" if done is None and finding["level"] == "guard" else "plain"


def _resolution(by: Entry | None) -> str:
    return "" if by is None else f" ({worded(by['fact'].get('resolution', 'its entry was voided'))})"
