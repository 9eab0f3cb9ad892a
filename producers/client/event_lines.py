"""The events in a stream of bytes, as programs and people write them: one a line, one over many lines, a JSON list.

Each event is given as soon as it is whole, with the line on which it begins, in the very bytes in which it came; what
is no event is told with its place and cure, and what comes behind it is read on.
"""

import codecs
import re
from collections.abc import Iterator
from typing import Final, NamedTuple

import orjson

from ledger.topics import LARGEST_MESSAGE_BYTES

_TOKENS: Final = re.compile(rb'"(?:[^"\\\n]|\\.)*("|$)|[{}\[\],]')
_BLANK: Final = b" \t\r\n\x1e"
_OTHER_FORMS: Final = {
    b"\x1f\x8b": "packed with gzip: unpack it with `gzip -dc`",
    b"\xfd7zXZ": "packed with xz: unpack it with `xz -dc`",
    b"(\xb5/\xfd": "packed with zstd: unpack it with `zstd -dc`",
    b"BZh": "packed with bzip2: unpack it with `bzip2 -dc`",
    b"PK\x03\x04": "a zip archive or a workbook: give the events as JSON, one a line",
    b"%PDF": "a PDF: give the events as JSON, one a line",
}


class Event(NamedTuple):
    """The bytes of one JSON object, and the line on which it begins."""

    line: int
    data: bytes


class Flaw(NamedTuple):
    """What is no event, where, and the cure; nothing of it is to be sent."""

    line: int
    problem: str


class InputError(Exception):
    """The input as a whole is something else."""


class EventReader:
    """Takes the bytes of a stream piece by piece and gives the events in them."""

    def __init__(self) -> None:
        self._decoder: codecs.IncrementalDecoder | None = None
        self._begun = False
        self._held = b""
        self._number = 1
        self._pieces: list[bytes] = []
        self._size = 0
        self._parts: list[bytes] = []
        self._parts_size = 0
        self._begin = 1
        self._depth = 0
        self._list: int | None = None
        self._given_up = False

    def feed(self, piece: bytes) -> Iterator[Event | Flaw]:
        """Give what became whole with this piece. Raises `InputError` where the input is something else."""
        if not self._begun:
            self._held += piece
            if len(self._held) < 5:
                return
            piece = self._beginning()
        if self._decoder is not None:
            piece = self._decoder.decode(piece).encode()
        *ended, rest = piece.split(b"\n")
        for end in ended:
            whole = self._size + len(end) <= LARGEST_MESSAGE_BYTES
            line = b"".join((*self._pieces, end)) if whole else None
            self._pieces.clear()
            self._size = 0
            yield from self._line(line)
            self._number += 1
        self._size += len(rest)
        if self._size > LARGEST_MESSAGE_BYTES:
            self._pieces.clear()  # whatever follows on this line, it is too long
        elif rest:
            self._pieces.append(rest)

    def end(self) -> Iterator[Event | Flaw]:
        """Give what is left at the end of the stream."""
        if not self._begun:
            rest, self._held = self._beginning(), b""
            yield from self.feed(rest)
        if self._size:
            whole = self._size <= LARGEST_MESSAGE_BYTES
            yield from self._line(b"".join(self._pieces) if whole else None)
        if self._list is not None and not self._given_up:
            yield Flaw(self._list, "the list that begins here is not closed with `]`: look whether the end is missing")
        elif self._parts:
            yield Flaw(self._begin, "the event that begins here is not closed: look whether its end is missing")

    def _beginning(self) -> bytes:
        """Take off what a program puts in front of a text. Raises `InputError` where it is none."""
        self._begun = True
        held, self._held = self._held, b""
        for magic, what in _OTHER_FORMS.items():
            if held.startswith(magic):
                raise InputError(f"the input is {what}")
        if held.startswith(codecs.BOM_UTF8):
            return held[3:]
        if held.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
            self._decoder = codecs.getincrementaldecoder("utf-16")("replace")
        return held

    def _line(self, line: bytes | None) -> Iterator[Event | Flaw]:
        if self._given_up:
            return
        if line is None:
            self._drop()
            yield Flaw(self._number, f"longer than the {LARGEST_MESSAGE_BYTES} bytes a message may have")
        elif self._list is not None:
            yield from self._in_list(line)
        elif self._parts:
            yield from self._on(line)
        else:
            yield from self._first(line.strip(_BLANK))

    def _first(self, line: bytes) -> Iterator[Event | Flaw]:
        """Read a line on which something begins."""
        if not line:
            return
        if line.startswith(b"["):
            self._list = self._number
            self._begin = self._number
            yield from self._in_list(line[1:])
            return
        read = _read(line, self._number)
        if isinstance(read, Event) or not line.startswith(b"{"):
            yield read
            return
        ends, depth, torn = _ends(line)
        if ends and not torn:
            # several objects on one line, or what separates lines here is no line feed
            for begin, end in zip([0, *ends], ends, strict=False):
                yield _read(line[begin:end].strip(_BLANK), self._number)
            line = line[ends[-1] :].strip(_BLANK)
            if not line.startswith(b"{"):
                if line:
                    yield _read(line, self._number)
                return
        if depth > 0 and not torn and _is_cut(line):
            self._parts, self._parts_size, self._begin, self._depth = [line], len(line), self._number, depth
        elif not ends:
            yield read

    def _on(self, line: bytes) -> Iterator[Event | Flaw]:
        """Read on an event that goes over several lines."""
        if b'"specversion"' in line and isinstance(_read(line.strip(_BLANK), self._number), Event):
            self._drop()
            yield Flaw(
                self._begin,
                f"the event that begins here is not closed, and on line {self._number} another one begins: close it",
            )
            yield Event(self._number, line.strip(_BLANK))
            return
        ends, depth, torn = _ends(line, self._depth)
        self._parts_size += len(line) + 1
        if torn or self._parts_size > LARGEST_MESSAGE_BYTES:
            self._drop()
            why = (
                f"a text on line {self._number} is not closed with a quotation mark"
                if torn
                else f"it is longer than the {LARGEST_MESSAGE_BYTES} bytes a message may have"
            )
            yield Flaw(self._begin, f"the event that begins here cannot be read: {why}")
            return
        if not ends:
            self._parts.append(line)
            self._depth = depth
            return
        self._parts.append(line[: ends[0]])
        whole = b"\n".join(self._parts)
        self._drop()
        yield _read(whole, self._begin)
        yield from self._first(line[ends[0] :].strip(_BLANK))

    def _drop(self) -> None:
        """Forget the event that was begun."""
        self._parts, self._parts_size, self._depth = [], 0, 0

    def _in_list(self, line: bytes) -> Iterator[Event | Flaw]:
        """Read on a list: its members are parted by commas, whatever the lines."""
        at = 0
        for token in _TOKENS.finditer(line):
            match token[0]:
                case b"{" | b"[":
                    self._depth += 1
                case b"}" | b"]" if self._depth > 0:
                    self._depth -= 1
                case b"," | b"]" | b"}" if self._depth == 0:
                    yield from self._member(line[at : token.start()], last=token[0] != b",")
                    at = token.end()
                    self._begin = self._number
                    if token[0] != b",":
                        self._list = None
                        yield from self._first(line[at:].strip(_BLANK))
                        return
                case text if text.startswith(b'"') and not token[1]:
                    self._given_up = True
                    self._parts.clear()
                    yield Flaw(
                        self._number, "a text on this line is not closed with a quotation mark; the rest is not read"
                    )
                    return
                case _:
                    pass
        rest = line[at:]
        if not self._parts:
            if not rest.strip(_BLANK):
                return
            self._begin = self._number
        self._parts.append(rest)
        self._parts_size += len(rest) + 1
        if self._parts_size > LARGEST_MESSAGE_BYTES:
            self._given_up = True
            self._parts.clear()
            yield Flaw(
                self._begin,
                f"longer than the {LARGEST_MESSAGE_BYTES} bytes a message may have; the rest of the list is not read",
            )

    def _member(self, rest: bytes, *, last: bool) -> Iterator[Event | Flaw]:
        whole = b"\n".join((*self._parts, rest)).strip(_BLANK)
        begin = self._begin if self._parts else self._number
        self._parts.clear()
        self._parts_size = 0
        if whole:
            yield _read(whole, begin)
        elif not last:
            yield Flaw(self._number, "a comma in the list has nothing before it")


def _ends(line: bytes, depth: int = 0) -> tuple[list[int], int, bool]:
    """Return where objects end, how deep the line ends, and whether a text in it is not closed."""
    ends: list[int] = []
    for token in _TOKENS.finditer(line):
        match token[0]:
            case b"{" | b"[":
                depth += 1
            case b"}" | b"]":
                depth -= 1
                if depth <= 0:
                    ends.append(token.end())
                    depth = 0
            case text if text.startswith(b'"') and not token[1]:
                return ends, depth, True
            case _:
                pass
    return ends, depth, False


def _is_cut(text: bytes) -> bool:
    """Return whether a text is JSON as far as it goes."""
    try:
        orjson.loads(text)
    except orjson.JSONDecodeError as error:
        return error.pos >= len(text.decode("utf-8", "replace"))
    return False


def _read(data: bytes, line: int) -> Event | Flaw:
    try:
        read = orjson.loads(data)
    except orjson.JSONDecodeError as error:
        try:
            data.decode()
        except UnicodeDecodeError as wrong:
            return Flaw(line, f"not in UTF-8, from its byte {wrong.start + 1} on: save it as UTF-8")
        return Flaw(line, f"not JSON: wrong at its character {error.pos + 1}; look there, or have a program write it")
    if not isinstance(read, dict):
        return Flaw(line, "JSON, but no object: a CloudEvent is one JSON object")
    return Event(line, data)
