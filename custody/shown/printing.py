"""How answers leave the command: JSON on one line or, for people, text; colour and folding only on a terminal."""

import os
import re
import shutil
import sys
import textwrap
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import chain
from typing import Any, Final

import orjson

from readers.text.wording import printable

_PLAIN: Final = "\x1b[0m"
_ESCAPE: Final = re.compile(r"\x1b\[[0-9;]*m")
_NARROWEST: Final = 40
_FURTHER: Final = 4
"""Columns by which the rest of a folded line stands further in."""
_COLOURS: Final = {"good": "\x1b[32m", "warning": "\x1b[33m", "bad": "\x1b[31m"}
_STYLES: Final = {"guard": "bad", "warn": "warning"}
"""Levels of findings."""


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
    """Print text that ends with a newline: as it is for programs and files, folded to the width of a terminal."""
    width = _terminal_width()
    _write([text.encode()] if width is None else (f"{each}\n".encode() for each in _folded(text.splitlines(), width)))


def print_lines(lines: Iterable[str]) -> None:
    """Print lines as they come; on a terminal those that are wider are folded."""
    width = _terminal_width()
    _write(f"{line}\n".encode() for line in (lines if width is None else _folded(lines, width)))


def folded(line: str, width: int) -> list[str]:
    """Return `line` in pieces of at most `width` columns, the later ones further in; its colours go on in each.

    A word that is longer than a whole line, such as a path or an id, is not cut, so that it can be copied.
    """
    bare = _ESCAPE.sub("", line)
    if len(bare) <= width:
        return [line]
    indent = len(bare) - len(bare.lstrip()) + _FURTHER
    if indent > width // 2:
        indent = _FURTHER
    words = textwrap.TextWrapper(
        width, subsequent_indent=" " * indent, break_long_words=False, break_on_hyphens=False, drop_whitespace=True
    ).wrap(bare)
    return _coloured_as(line, words) if "\x1b" in line else words


def _folded(lines: Iterable[str], width: int) -> Iterator[str]:
    for line in lines:
        yield from folded(line, width)


def _coloured_as(line: str, pieces: Sequence[str]) -> list[str]:
    """Put the escapes of `line` back where they stood, closing and opening again at each fold."""
    escapes: list[tuple[int, str]] = []
    shift = 0
    for found in _ESCAPE.finditer(line):
        escapes.append((found.start() - shift, found[0]))
        shift += len(found[0])
    bare, open_, read = _ESCAPE.sub("", line), "", 0
    result: list[str] = []
    for piece in pieces:
        text = piece.lstrip() if result else piece
        indent = piece[: len(piece) - len(text)]
        read = bare.index(text, read)
        written = open_
        for offset, character in enumerate((*text, "")):
            while escapes and escapes[0][0] <= read + offset:
                _, code = escapes.pop(0)
                written += code
                open_ = "" if code == _PLAIN else code
            written += character
        read += len(text)
        result.append(indent + written + (_PLAIN if open_ else ""))
    return result


def _terminal_width() -> int | None:
    """Return the columns of the terminal that reads us; None: a program or a file reads."""
    if not sys.stdout.isatty():
        return None
    return max(shutil.get_terminal_size().columns, _NARROWEST)


def wants_colour(environment: Mapping[str, str] = os.environ) -> bool:
    """Return whether to colour: only a terminal, and not where NO_COLOR is set (no-color.org)."""
    return sys.stdout.isatty() and not environment.get("NO_COLOR") and environment.get("TERM") != "dumb"


def styled(text: str, style: str, *, colour: bool) -> str:
    """Return `text` in the colour of a style: good, warning or bad; as it is without `colour`, and in any other."""
    code = _COLOURS.get(style)
    return f"{code}{text}{_PLAIN}" if colour and code else text


def finding_lines(finding: Mapping[str, Any]) -> Iterator[str]:
    """Give a finding as two lines: what and whose, then the remark."""
    done = "open" if finding["resolved_position"] is None else f"resolved by position {finding['resolved_position']}"
    office = f" {printable(finding['office'])}" if finding["office"] is not None else ""
    child = printable(finding["identifier"] or finding["child"])
    level = styled(finding["level"], _STYLES.get(finding["level"], "plain"), colour=wants_colour())
    yield (
        f"{level} {finding['code']}, {done}: position {finding['position']}, {finding['type']} "
        f"of {child} by {finding['agency']}{office}"
    )
    yield f"    {printable(finding['message'])}"


def set_aside_line(one: Mapping[str, Any]) -> str:
    """Return one thing set aside as a line."""
    reason = printable(one["reason"])
    if one["kind"] == "blocked":
        return f"child {one['child']}: blocked in the role {one['role']} since {one['since']}: {reason}"
    if one["kind"] == "child":
        return f"child {one['child']}: {one['entries']} entries wait from position {one['position']}: {reason}"
    retried = f", sent again at {one['retried_at']}" if one["retried_at"] is not None else ""
    if one["closed_at"] is not None:
        retried += (
            f", closed at {one['closed_at']} by {printable(one['closed_by'])} ({printable(one['closed_reason'])})"
        )
    named = f" {printable(one['source'])} {printable(one['id'])}" if one["source"] and one["id"] else ""
    return (
        f"message {one['number']}: {one['agency'] or one['topic']}{named} of {one['set_aside_at']}{retried}: {reason}"
    )


def set_aside_lines(one: Mapping[str, Any]) -> Iterator[str]:
    """Give one thing set aside in full."""
    yield set_aside_line(one)
    if one["kind"] == "child":
        for waiting in one["waiting"]:
            reason = printable(waiting["reason"])
            yield f"    position {waiting['position']}, recorded {waiting['recorded_at']}: {reason}"
    for each in one.get("blocked", ()):
        if one["kind"] == "child":
            yield f"    {set_aside_line(each)}"
        if "waiting" in each:
            yield f"    not told yet: position {', '.join(map(str, each['waiting']))}"
    if one["kind"] != "message":
        return
    last = one["last_offset"]
    upto = "" if last in (None, one["offset"]) else f" to {last}"
    yield f"    found on {one['topic']}, partition {one['partition']}, offset {one['offset']}{upto}"
    if one["size"] is not None:
        yield f"    {one['size']} bytes, of which {one['kept']} are kept; SHA-256 {one['digest'] or 'not kept'}"
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
