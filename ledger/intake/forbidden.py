"""H8: a sponsor's immigration status is never stored, in no entry, outcome, log, digest or set-aside copy.

Members that carry it are known by their names, whatever their spelling, alphabet or language; the value is blacked out
before anything else sees the message (design decision 9; 45 CFR 410.1201(b) as of 2024, appropriations rider P.L.
116-6 s.224). A name may carry the value itself, so that only names of our own list are ever repeated.
"""

import re
from base64 import b64decode
from functools import lru_cache
from typing import Any, Final

import orjson

from ledger.lookalikes import FIGURES, FIGURES_TOO, latin, readings

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
    # what else it is called in English
    "alienstatus",
    "residencystatus",
    "residencestatus",
    "documentationstatus",
    "unauthorizedalien",
    "unauthorizedimmigrant",
    "illegalalien",
    "illegalimmigrant",
    # Spanish and Portuguese
    "estatuslegal",
    "situacionlegal",
    "situacaolegal",
    "condicionlegal",
    "indocumentad",
    "sinpapeles",
    "semdocumentos",
    # French, Haitian Creole, German
    "sanspapiers",
    "titredesejour",
    "statutdesejour",
    "sanpapye",
    "aufenthaltsstatus",
    "aufenthaltstitel",
)
"""A member whose name, by its letters in lower case, contains one of these is forbidden."""

_MIGRATION: Final = "migra"
"""In every language of ours: immigration, migratorio, imigratória, migratoire, imigrasyon."""
_STANDING: Final = (
    "statu",
    "estad",
    "estati",
    "situa",
    "sitiyasyon",
    "condici",
    "condica",
    "calidad",
    "legal",
    "lawful",
)
"""With it, in one name, it says what standing somebody has: `estatus_migratorio`, `situation_migratoire`."""

NAMED: Final = frozenset(
    whose + stem
    for stem in FORBIDDEN_STEMS
    if stem.endswith(("status", "presence", "citizenship", "number"))
    for whose in ("", "sponsor", "sponsors", "caregiver", "caregivers")
)
"""Names that may be repeated: they say what was asked, and nothing of the answer."""

BLACK: Final = "[removed by rule H8]"
UNNAMED: Final = "[a name removed by rule H8]"
"""Stands for a name that may carry the value itself."""

DEEPEST: Final = 100
"""Nothing in the contract nests deeper than a handful; what does is blacked out whole, unread."""

_NAME_IN_BYTES: Final = re.compile(rb'"((?:[^"\\]|\\.){1,200})"\s*:\s*')
_BASE64_IN_BYTES: Final = re.compile(rb'"((?:[A-Za-z0-9+/_=-]|\\\\/){24,})')
_BASE64: Final = re.compile(r"[A-Za-z0-9+/_-]{24,}={0,2}")
_PLAIN_NAME: Final = re.compile(r"[a-zA-Z _.-]*")
_NOT_LETTERS: Final = re.compile(r"[^a-zA-Z]")
_SAID_OF: Final = re.compile(
    r"""["']([^"'<>=:{}]{3,}+)["']\s*+[:=]|<([^"'<>={}]{3,}+)>"""
    r"""|(?<![^\s"'<>=:{},;&?])([^\s"'<>=:{},;&?]{3,}+)\s*+[:=]"""
)
"""In a text: a name in quotes, an element of XML, or a word, behind which a value is given.

No part gives back what it took: a text of a mebibyte is looked through once, whatever it is made of.
"""
_LONGEST: Final = 80
"""Longer names in quotes or brackets are sentences; of a longer word the end counts."""
_SEARCHED: Final = 131_072
"""Where bytes that nobody can parse hold a forbidden name, it is looked for in so many; what is behind is not kept."""
_SIGNS: Final = re.compile(r"[<=:{\[]|eyJ|eyA|ewo|W3s|W1s")
"""What every text has that holds a name with its value, and few others have."""
_LETTERS: Final = b"abcdefghijklmnopqrstuvwxyz"
_UPPER: Final = _LETTERS.upper()
_SMALL: Final = bytes.maketrans(_UPPER, _LETTERS)
_NO_LETTERS: Final = bytes(set(range(256)) - set(_LETTERS + _UPPER))
_READ: Final = bytes.maketrans(
    _UPPER + b"".join(c.encode() for c in (*FIGURES, *FIGURES_TOO)) + b"IL",
    _LETTERS + b"".join(c.encode() for c in (*FIGURES.values(), *FIGURES_TOO.values())) + b"ii",
)
_NO_FIGURES: Final = bytes(set(range(256)) - set(_LETTERS + _UPPER) - {ord(c) for c in (*FIGURES, *FIGURES_TOO)})
CLUES: Final = (
    b"migra",
    b"statu",
    b"legal",
    b"lawful",
    b"ndocument",
    b"mdocument",
    b"citizenship",
    b"sponsoran",
    b"sponsoral",
    b"npap",
    b"spap",
    b"desejour",
    b"aufenthalt",
    b"unauthoriz",
)
"""Each forbidden stem contains one of these: what has none of them has no stem."""
_ALL_CLUES: Final = tuple(dict.fromkeys((*CLUES, *(clue.replace(b"l", b"i") for clue in CLUES))))
_STEMS_READ: Final = tuple(stem.replace("l", "i") for stem in FORBIDDEN_STEMS)
_STANDING_READ: Final = tuple(word.replace("l", "i") for word in _STANDING)
_PACKED: Final = (b"eyJ", b"eyA", b"ewo", b"W3s", b"W1s")
"""How base64 of JSON begins."""


@lru_cache(maxsize=4096)
def is_forbidden(name: str) -> bool:
    """Return whether a member of this name would carry a sponsor's immigration status."""
    return _says_somewhere(name)


def _says(letters: str, stems: tuple[str, ...], standing: tuple[str, ...]) -> bool:
    if any(stem in letters for stem in stems):
        return True
    return _MIGRATION in letters and any(word in letters for word in standing)


def shown_name(name: str) -> str:
    """Return a name as an answer, a log or a copy may repeat it: what may carry the value in itself is not."""
    if not is_forbidden(name):
        return name
    plain = _PLAIN_NAME.fullmatch(name) is not None
    return name if plain and _NOT_LETTERS.sub("", name).lower() in NAMED else UNNAMED


def may_be_forbidden(data: bytes) -> bool:
    """Return False for nearly every message, cheaply, and never for one with a forbidden name; True: look closer.

    Names are compared by their letters alone, so the letters of the whole message are searched; an escaped
    character could hide one.
    """
    if b"\\" in data or _may_be_packed(data):
        return True
    if not data.isascii():
        data = latin(data.decode("utf-8", "replace")).encode("utf-8", "replace")
    letters = data.translate(_SMALL, _NO_LETTERS) + b"." + data.translate(_READ, _NO_FIGURES)
    for clue in _ALL_CLUES:  # noqa: SIM110  # every message passes here, and `any` takes twice as long
        if clue in letters:
            return True
    return False


def _may_be_packed(data: bytes) -> bool:
    for sign in _PACKED:  # noqa: SIM110
        if sign in data:
            return True
    return False


def black_out(value: Any, depth: int = 0) -> tuple[Any, str | None]:
    """Return parsed JSON with forbidden values removed, and the name of the first forbidden member, if any.

    A text that itself holds names and values (JSON, XML, base64 of them) is removed whole if one of them is forbidden.
    """
    if depth > DEEPEST:
        return BLACK, None
    found: str | None = None
    if isinstance(value, dict):
        clean: dict[str, Any] = {}
        for name, inner in value.items():
            if is_forbidden(name):
                shown = shown_name(name)
                clean[shown] = BLACK
                found = found or shown
            elif hides(name):
                clean[UNNAMED] = BLACK
                found = found or UNNAMED
            else:
                clean[name], deeper = black_out(inner, depth + 1)
                found = found or (f"{name}.{deeper}" if deeper else None)
        return clean, found.removesuffix(".") if found else None
    if isinstance(value, list):
        items = []
        for index, inner in enumerate(value):
            item, deeper = black_out(inner, depth + 1)
            items.append(item)
            found = found or (f"{index}.{deeper}" if deeper else None)
        return items, found
    if isinstance(value, str) and hides(value):
        return BLACK, UNNAMED
    return value, None


def hides(text: str) -> bool:
    """Return whether a text holds a forbidden name with a value behind it, as JSON, XML, a query or base64 do."""
    if _SIGNS.search(text) is None or not may_be_forbidden(text.encode("utf-8", "replace")):
        return False
    stripped = text.strip()
    if stripped[:1] in ("{", "["):
        try:
            return black_out(orjson.loads(stripped), DEEPEST // 2)[1] is not None
        except (orjson.JSONDecodeError, UnicodeEncodeError):
            pass
    said = _unescaped_text(text)
    if _says_somewhere(said) and any(is_forbidden(_name_in(match)) for match in _SAID_OF.finditer(said)):
        return True
    for packed in _BASE64.finditer(text):
        inside = _unpacked(packed[0].encode())
        try:
            if inside[:1] in (b"{", b"[") and black_out(orjson.loads(inside.rstrip(b"\0")), DEEPEST // 2)[1]:
                return True
        except orjson.JSONDecodeError:
            if black_out_bytes(inside) != inside:
                return True
    return False


def _name_in(match: re.Match[str]) -> str:
    if match[3]:
        return match[3][-_LONGEST:]
    name: str = (match[1] or match[2]).strip()
    return name if len(name) <= _LONGEST else ""


def _says_somewhere(text: str) -> bool:
    """Return False where no part of a text can be a forbidden name, for its letters have none in their order."""
    letters, read = readings(text)
    return _says(letters, FORBIDDEN_STEMS, _STANDING) or _says(read, _STEMS_READ, _STANDING_READ)


def _unescaped_text(text: str) -> str:
    return text.replace('\\"', '"') if "\\" in text else text


def black_out_bytes(data: bytes) -> bytes:
    """Return a message nobody can parse, cut off behind the first member name that is forbidden.

    Where a message is not JSON, no rule says where the value ends; so nothing behind the name is kept, and nothing
    at all where the name itself does not stand out clearly.
    """
    says = _says_somewhere(_unescaped(data))
    if len(data) > _SEARCHED and (says or _may_be_packed(data)):
        return black_out_bytes(data[:_SEARCHED]) + b'"' + BLACK.encode() + b'"'
    kept = data
    if says:
        for match in _NAME_IN_BYTES.finditer(data):
            name = _unescaped(match[1])
            if is_forbidden(name):
                # between stray quotes a whole member may stand as a name; only one that is nothing else is kept
                end = match.end() if shown_name(name) == name else match.start()
                kept = data[:end] + b'"' + BLACK.encode() + b'"'
                data = data[: match.start()]
                break
        if _somewhere(_unescaped(data)):
            return b'"' + BLACK.encode() + b'"'
    for packed in _BASE64_IN_BYTES.finditer(kept):
        if may_be_forbidden(_unpacked(packed[1])) and black_out_bytes(_unpacked(packed[1])) != _unpacked(packed[1]):
            return kept[: packed.start(1)] + BLACK.encode() + b'"'
    return kept


def _somewhere(text: str) -> bool:
    """Return whether the letters of a whole message hold a forbidden name, whatever stands between them."""
    letters, read = readings(text)
    return (
        any(stem in letters for stem in FORBIDDEN_STEMS)
        or any(near.search(found) is not None for near, found in ((_NEAR, letters), (_NEAR_READ, read)))
        or any(stem in read for stem in _STEMS_READ)
    )


def _near(standing: tuple[str, ...]) -> re.Pattern[str]:
    words = "|".join(standing)
    return re.compile(f"{_MIGRATION}.{{0,12}}?(?:{words})|(?:{words}).{{0,12}}?{_MIGRATION}")


_NEAR: Final = _near(_STANDING)
_NEAR_READ: Final = _near(_STANDING_READ)


def _unpacked(text: bytes) -> bytes:
    """Return what base64 `text` packs, as far as it is whole: structured events may carry their data so."""
    whole = text.replace(b"\\/", b"/").translate(bytes.maketrans(b"-_", b"+/"), b"=")
    return b64decode(whole + b"=" * (-len(whole) % 4)) if len(whole) % 4 != 1 else b64decode(whole[:-1])


def _unescaped(data: bytes) -> str:
    text = _ESCAPED.sub(lambda match: chr(int(match[1], 16)), data.decode("utf-8", "replace"))
    # two escapes may stand for one letter
    return text if text.isascii() else text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


_ESCAPED: Final = re.compile(r"\\u([0-9a-fA-F]{4})")
