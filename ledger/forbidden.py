"""H8: a sponsor's immigration status is never stored, in no entry, outcome, log, digest or set-aside copy.

Members that carry it are known by their names, whatever their spelling; the value is blacked out before anything
else sees the message (design decision 9; 45 CFR 410.1201(b) as of 2024, appropriations rider P.L. 116-6 s.224).
"""

import re
from base64 import b64decode
from typing import Any, Final

FORBIDDEN_STEMS: Final = (
    "immigrationstatus",
    "immstatus",
    "immigstatus",
    "legalstatus",
    "lawfulstatus",
    "lawfulpresence",
    "citizenshipstatus",
    "visastatus",
    "undocumented",
    "sponsorcitizenship",
    "sponsoranumber",
    "sponsoraliennumber",
)
"""A member whose name, by its letters in lower case, contains one of these is forbidden."""

BLACK: Final = "[removed by rule H8]"

DEEPEST: Final = 100
"""Nothing in the contract nests deeper than a handful; what does is blacked out whole, unread."""

_NAME_IN_BYTES: Final = re.compile(rb'"((?:[^"\\]|\\.){1,200})"\s*:\s*')
_BASE64_IN_BYTES: Final = re.compile(rb'"((?:[A-Za-z0-9+/_=-]|\\\\/){24,})')
_PLAIN_NAME: Final = re.compile(r"[a-zA-Z _.-]*")
_NOT_LETTERS: Final = re.compile(r"[^a-zA-Z]")
_NO_LETTERS: Final = bytes(set(range(256)) - set(b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"))
CLUES: Final = (
    b"status",
    b"lawfulpresence",
    b"undocumented",
    b"sponsorcitizenship",
    b"sponsoranumber",
    b"sponsoralien",
)
"""Each forbidden stem contains one of these: what has none of them has no stem."""


def is_forbidden(name: str) -> bool:
    """Return whether a member of this name would carry a sponsor's immigration status."""
    plain = _NOT_LETTERS.sub("", name).lower()
    return any(stem in plain for stem in FORBIDDEN_STEMS)


def may_be_forbidden(data: bytes) -> bool:
    """Return False for nearly every message, cheaply, and never for one with a forbidden name; True: look closer.

    Names are compared by their letters alone, so the letters of the whole message are searched; an escaped
    character could hide one.
    """
    letters = data.translate(None, _NO_LETTERS).lower()
    for clue in CLUES:  # a loop: every message passes here, and `any` takes twice as long
        if clue in letters:
            return True
    return b"\\" in data


def black_out(value: Any, depth: int = 0) -> tuple[Any, str | None]:
    """Return parsed JSON with forbidden values removed, and the name of the first forbidden member, if any."""
    if depth > DEEPEST:
        return BLACK, None
    found: str | None = None
    if isinstance(value, dict):
        clean: dict[str, Any] = {}
        for name, inner in value.items():
            if is_forbidden(name):
                clean[name] = BLACK
                found = found or name
            else:
                clean[name], deeper = black_out(inner, depth + 1)
                found = found or (f"{name}.{deeper}" if deeper else None)
        return clean, found
    if isinstance(value, list):
        items = []
        for index, inner in enumerate(value):
            item, deeper = black_out(inner, depth + 1)
            items.append(item)
            found = found or (f"{index}.{deeper}" if deeper else None)
        return items, found
    return value, None


def black_out_bytes(data: bytes) -> bytes:
    """Return a message nobody can parse, cut off behind the first member name that is forbidden.

    Where a message is not JSON, no rule says where the value ends; so nothing behind the name is kept, and nothing
    at all where the name itself does not stand out clearly.
    """
    kept = data
    for match in _NAME_IN_BYTES.finditer(data):
        name = _unescaped(match[1])
        if is_forbidden(name):
            # between stray quotes a whole member may stand as a name; only one that is nothing else is kept
            alone = _PLAIN_NAME.fullmatch(name) and _NOT_LETTERS.sub("", name).lower() in FORBIDDEN_STEMS
            kept = data[: match.end() if alone else match.start()] + b'"' + BLACK.encode() + b'"'
            data = data[: match.start()]
            break
    plain = _NOT_LETTERS.sub("", _unescaped(data)).lower()
    if any(stem in plain for stem in FORBIDDEN_STEMS):
        return b'"' + BLACK.encode() + b'"'
    for packed in _BASE64_IN_BYTES.finditer(kept):
        if may_be_forbidden(_unpacked(packed[1])) and black_out_bytes(_unpacked(packed[1])) != _unpacked(packed[1]):
            return kept[: packed.start(1)] + BLACK.encode() + b'"'
    return kept


def _unpacked(text: bytes) -> bytes:
    """Return what base64 `text` packs, as far as it is whole: structured events may carry their data so."""
    whole = text.replace(b"\\/", b"/").translate(bytes.maketrans(b"-_", b"+/"), b"=")
    return b64decode(whole[: len(whole) // 4 * 4])


def _unescaped(data: bytes) -> str:
    return re.sub(rb"\\u00([0-9a-fA-F]{2})", lambda m: bytes([int(m[1], 16)]), data).decode("utf-8", "replace")
