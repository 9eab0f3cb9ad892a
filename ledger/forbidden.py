"""H8: a sponsor's immigration status is never stored, in no entry, outcome, log, digest or set-aside copy.

Members that carry it are known by their names, whatever their spelling; the value is blacked out before anything
else sees the message (design decision 9; 45 CFR 410.1201(b) as of 2024, appropriations rider P.L. 116-6 s.224).
"""

import re
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
"""A member whose name, in lower case and without separators, contains one of these is forbidden."""

BLACK: Final = "[removed by rule H8]"

_SUSPICIOUS: Final = re.compile(rb"(?i)status|lawful|undocumented|sponsor\W?citizen|sponsor\W?a|\\u00")
_NAME_IN_BYTES: Final = re.compile(rb'"((?:[^"\\]|\\.){1,200})"\s*:\s*')
_SEPARATORS: Final = re.compile(r"[^a-z]")


def is_forbidden(name: str) -> bool:
    """Return whether a member of this name would carry a sponsor's immigration status."""
    plain = _SEPARATORS.sub("", name.lower())
    return any(stem in plain for stem in FORBIDDEN_STEMS)


def may_be_forbidden(data: bytes) -> bool:
    """Return False for nearly every message, cheaply; True means: look closer."""
    return _SUSPICIOUS.search(data) is not None


def black_out(value: Any) -> tuple[Any, str | None]:
    """Return parsed JSON with forbidden values removed, and the name of the first forbidden member, if any."""
    found: str | None = None
    if isinstance(value, dict):
        clean: dict[str, Any] = {}
        for name, inner in value.items():
            if is_forbidden(name):
                clean[name] = BLACK
                found = found or name
            else:
                clean[name], deeper = black_out(inner)
                found = found or (f"{name}.{deeper}" if deeper else None)
        return clean, found
    if isinstance(value, list):
        items = []
        for index, inner in enumerate(value):
            item, deeper = black_out(inner)
            items.append(item)
            found = found or (f"{index}.{deeper}" if deeper else None)
        return items, found
    return value, None


def black_out_bytes(data: bytes) -> bytes:
    """Return a message nobody can parse, cut off behind the first member name that is forbidden.

    Where a message is not JSON, no rule says where the value ends; so nothing behind the name is kept.
    """
    for match in _NAME_IN_BYTES.finditer(data):
        name = re.sub(rb"\\u00([0-9a-fA-F]{2})", lambda m: bytes([int(m[1], 16)]), match[1])
        if is_forbidden(name.decode("utf-8", "replace")):
            return data[: match.end()] + b'"' + BLACK.encode() + b'"'
    plain = _SEPARATORS.sub("", data.decode("utf-8", "replace").lower())
    if any(stem in plain for stem in FORBIDDEN_STEMS):
        return b'"' + BLACK.encode() + b'"'
    return data
