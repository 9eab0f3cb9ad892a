"""How answers leave the command: JSON on one line or, for people, text; colour only on a terminal."""

import os
import sys
from collections.abc import Iterable, Iterator, Mapping
from itertools import chain
from typing import Any

import orjson

from readers.wording import printable


def print_json(answer: Any) -> None:
    """Print one JSON value: indented on a terminal, on one line for programs."""
    option = orjson.OPT_INDENT_2 if sys.stdout.isatty() else 0
    _write([orjson.dumps(answer, option=option), b"\n"])


def print_json_list(members: Mapping[str, Any], name: str, items: Iterable[Mapping[str, Any]]) -> None:
    """Print `members` and the list `name` as one JSON object, item by item: the list may not fit in memory."""
    head = orjson.dumps({**members, name: []})[: -len(b"]}")]
    parts = ((b",\n" if number else b"\n") + orjson.dumps(item) for number, item in enumerate(items))
    _write(chain((head,), parts, (b"]}\n",)))


def print_json_lines(items: Iterable[Mapping[str, Any]]) -> None:
    """Print each as one line of JSON, as it comes."""
    _write(orjson.dumps(item) + b"\n" for item in items)


def print_text(text: str) -> None:
    """Print text as it is."""
    _write([text.encode()])


def print_lines(lines: Iterable[str]) -> None:
    """Print lines as they come."""
    _write(f"{line}\n".encode() for line in lines)


def wants_colour(environment: Mapping[str, str] = os.environ) -> bool:
    """Return whether to colour: only a terminal, and not where NO_COLOR is set (no-color.org)."""
    return sys.stdout.isatty() and not environment.get("NO_COLOR") and environment.get("TERM") != "dumb"


def finding_lines(finding: Mapping[str, Any]) -> Iterator[str]:
    """Give a finding as two lines: what and whose, then the remark."""
    done = "open" if finding["resolved_position"] is None else f"resolved by position {finding['resolved_position']}"
    office = f" {printable(finding['office'])}" if finding["office"] is not None else ""
    child = printable(finding["identifier"] or finding["child"])
    yield (
        f"{finding['level']} {finding['code']}, {done}: position {finding['position']}, {finding['type']} "
        f"of {child} by {finding['agency']}{office}"
    )
    yield f"    {printable(finding['message'])}"


def set_aside_line(one: Mapping[str, Any]) -> str:
    """Return one thing set aside as a line."""
    reason = printable(one["reason"])
    if one["kind"] == "child":
        return f"child {one['child']}: {one['entries']} entries wait from position {one['position']}: {reason}"
    retried = f", sent again at {one['retried_at']}" if one["retried_at"] is not None else ""
    named = f" {printable(one['source'])} {printable(one['id'])}" if one["source"] and one["id"] else ""
    return f"message {one['number']}: {one['agency']}{named} of {one['set_aside_at']}{retried}: {reason}"


def set_aside_lines(one: Mapping[str, Any]) -> Iterator[str]:
    """Give one thing set aside in full."""
    yield set_aside_line(one)
    if one["kind"] == "child":
        for waiting in one["waiting"]:
            reason = printable(waiting["reason"])
            yield f"    position {waiting['position']}, recorded {waiting['recorded_at']}: {reason}"
        return
    yield f"    found on {one['topic']}, partition {one['partition']}, offset {one['offset']}"
    for name, value in one["headers"]:
        yield f"    {printable(name)}: {_shown_bytes(value)}"
    yield f"    value: {_shown_bytes(one['value'])}"


def _shown_bytes(value: str | Mapping[str, str] | None) -> str:
    if value is None:
        return "none"
    return printable(value) if isinstance(value, str) else f"base64 {value['base64']}"


def _write(parts: Iterable[bytes]) -> None:
    """Write and flush: a reader who has left is to be noticed here and not at the end of the process."""
    for part in parts:
        sys.stdout.buffer.write(part)
    sys.stdout.buffer.flush()
