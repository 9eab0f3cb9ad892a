"""A figure as text that can go into a report: the number, what it counts, by when, and what it lacks."""

import textwrap
from collections.abc import Iterator, Mapping
from typing import Any, Final

from readers.text.wording import printable, worded

COLUMNS: Final = 100


def figure_text(answer: Mapping[str, Any]) -> str:
    """Return a figure as lines of at most 100 columns; its list, where asked for, stands at the end."""
    return "".join(f"{line}\n" for line in (*_number(answer), "", *_terms(answer), *_list(answer)))


def _number(answer: Mapping[str, Any]) -> Iterator[str]:
    of = f"on {answer['on']}" if "on" in answer else f"from {answer['from']} to {answer['to']}"
    if "value" in answer:
        yield f"{answer['figure']} {of}: {answer['value']:,}"
        return
    rows = [tuple(row.values()) for row in answer["rows"]]
    if not rows:
        yield f"{answer['figure']} {of}: none"
        return
    yield f"{answer['figure']} {of}, by {next(iter(answer['rows'][0]))}"
    width = max(len(printable(key)) for key, _ in rows)
    for key, value in rows:
        yield f"  {printable(key):<{width}}  {value:>10,}"
    yield f"  {'all':<{width}}  {sum(value for _, value in rows):>10,}"


def _terms(answer: Mapping[str, Any]) -> Iterator[str]:
    yield f"children              {answer['population']:,}"
    if "absent" in answer:
        yield f"of them absent        {answer['absent']:,}"
    if "undated" in answer:
        what = "hearings" if answer["figure"] == "failures-to-appear" else "releases"
        yield f"on an unknown day     {answer['undated']:,} {what}, in no period"
    left_out = ", left out" if answer["without_open_findings"] else ""
    yield f"open guard findings   {answer['open_findings']:,} children{left_out}"
    if answer["as"] == "ledger":
        yield "as held by            ledger"
    else:
        basis = "proven" if answer["basis"] == "proven" else "claimed or proven"
        yield f"as known to           {answer['as']}, at least {answer['at_least']}, {basis}"
        yield f"known at              {answer['known_at']}"
    yield f"recorded by           {answer['recorded_by'] or 'nothing is recorded yet'}"
    yield f"complete to           {answer['complete_to'] or 'nothing is recorded yet'}"
    if answer["clock"] == "driven":
        yield "clock                 driven by the messages' own times: a simulation"
    if answer["note"] is not None:
        yield from textwrap.wrap("NOTE: " + answer["note"], COLUMNS)
    incomplete = answer["incomplete"]
    if incomplete is not None:
        told = (
            f"INCOMPLETE: entries of {incomplete['children']:,} children, the first recorded at "
            f"{incomplete['since']}, are set aside and not counted: {printable(incomplete['reason'])}"
        )
        yield from textwrap.wrap(told, COLUMNS)
    yield ""
    yield from textwrap.wrap("Definition: " + answer["definition"], COLUMNS)


def _list(answer: Mapping[str, Any]) -> Iterator[str]:
    if "list" not in answer:
        return
    yield ""
    for row in answer["list"]:
        yield "  ".join(f"{name} {worded(value)}" if name != "child" else value for name, value in row.items())
