"""Of whom two sides held different things, as text for a report: the number, its terms, and a block for each child."""

import textwrap
from collections.abc import Iterator, Mapping
from typing import Any, Final

from ledger.facts import short_name
from ledger.identifiers import shown
from readers.text.wording import civil, printable, worded

COLUMNS: Final = 100


def divergent_lines(answer: Mapping[str, Any]) -> Iterator[str]:
    """Yield the lines of an answer of `divergent`."""
    a, b = answer["between"]
    zone = answer["zone"]
    yield f"divergent {answer['member']} between {a} and {b}: {answer['value']:,}"
    yield ""
    yield f"children with one     {answer['population']:,}"
    yield f"known at              {civil(answer['known_at'], zone)}"
    yield f"recorded by           {civil(answer['recorded_by'], zone)}"
    yield f"complete to           {civil(answer['complete_to'], zone)}"
    basis = "proven" if answer["basis"] == "proven" else "claimed or proven"
    yield f"known                 at least {answer['at_least']}, {basis}"
    if answer["clock"] == "driven":
        yield "clock                 driven by the messages' own times: a simulation"
    if answer["incomplete"] is not None:
        missing = answer["incomplete"]
        yield from textwrap.wrap(
            f"INCOMPLETE: entries of {missing['children']:,} children, the first recorded at {missing['since']}, are "
            f"set aside: {printable(missing['reason'])}",
            COLUMNS,
        )
    yield ""
    yield from textwrap.wrap("Definition: " + answer["definition"], COLUMNS)
    for row in answer.get("list", ()):
        yield ""
        yield from _child(row, (a, b), zone)
    if answer.get("next") is not None:
        yield ""
        yield f"more: --after {answer['next']}"


def _child(row: Mapping[str, Any], sides: tuple[str, str], zone: str) -> Iterator[str]:
    names = [shown(name["scheme"], printable(name["value"])) for name in row["identifiers"]]
    yield ", ".join(names) or row["child"]
    yield f"  ledger id    {row['child']}"
    for side, held, by in zip(sides, (row["a"], row["b"]), (row["a_shown_by"], row["b_shown_by"]), strict=True):
        proof = f" (position {', '.join(map(str, by))})" if by else ""
        yield from _below(f"{side:<12} {'none' if held is None else worded(held)}{proof}")
    if row["since"] is not None:
        days = f"{row['days']:,} day{'' if row['days'] == 1 else 's'}"
        yield f"  since        {civil(row['since'], zone)}, {days}"
    for entry in row["entries"]:
        lacked = sides[0] if entry["lacked_by"] == "A" else sides[1]
        yield from _below(
            f"{'lacking':<12} {lacked} did not know of {short_name(entry['type'])} at position {entry['position']}, "
            f"recorded by {entry['producer']['agency']} {civil(entry['recorded_at'], zone)}"
        )


def _below(text: str) -> list[str]:
    return textwrap.wrap(text, COLUMNS, initial_indent="  ", subsequent_indent=" " * 15, break_on_hyphens=False)
