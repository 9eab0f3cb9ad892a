"""Messages as heavy as a topic carries, each heavy in one way: whoever reads them must be done in a moment.

A cost that grows with the square of a message is a minute at a mebibyte, and an hour is silence for everybody else.
"""

import base64
from collections.abc import Callable, Iterator
from typing import Any, Final

import orjson

SIZE: Final = 300_000
"""Bytes of data, about: a third of what is taken, which shows a cost that grows too fast as well."""
WIRE: Final = "custody.released-to-sponsor.v1"

Headers = list[tuple[str, bytes | None]]


def heavy() -> Iterator[tuple[str, str, bytes]]:
    """Yield (what is heavy, wire name, data)."""
    for name, make in _FACTS.items():
        yield name, *make()
    for name, text in _texts():
        yield f"a text of {name}", WIRE, _json(_release(sponsor_name=text))
        yield f"a name of {name}", WIRE, _json({**_release(), text: 1})
        yield f"many texts of {name}", WIRE, _json(_release(address={"lines": [text[:4000]] * 100}))


def headers(wire: str, **extensions: bytes) -> Headers:
    """Return the headers of an ordinary message of this type."""
    given = {"id": b"heavy-1", "source": b"/orr/portal", "type": wire.encode(), "specversion": b"1.0"}
    return [(f"ce_{name}", value) for name, value in {**given, "time": b"2024-03-01T10:00:00Z", **extensions}.items()]


def _release(**members: Any) -> dict[str, Any]:
    return _data({"sponsor_category": "1", "address": {"lines": ["1 Elm St"]}, **members})


def _data(fact: dict[str, Any], **members: Any) -> dict[str, Any]:
    return {
        "child": [{"scheme": "a-number", "value": "A200000017"}],
        "occurred_at": "2024-03-01",
        "source": {"document": "R-2", "reference": "1", "grade": "document"},
        "door": "feed",
        "fact": fact,
        **members,
    }


def _json(data: object) -> bytes:
    return orjson.dumps(data)


def _nested(opening: str, closing: str) -> bytes:
    depth = SIZE // (len(opening) + len(closing))
    return (opening * depth + closing * depth).encode()


def _within(body: bytes) -> bytes:
    return _json(_release()).replace(b'"1 Elm St"', body)


def garbage() -> Iterator[tuple[str, bytes]]:
    """Yield (what is heavy, the whole of a value of which no header says anything)."""
    for name, data in (
        ("quotes that are escaped", b'\\"'),
        ("backslashes", b"\\"),
        ("quoted names", b'"a":'),
        ("quoted names that are escaped", b'\\"a\\":'),
        ("a forbidden name, nearly", b'"immigration_statu":'),
        ("words of a forbidden name", b'"migra" "status" '),
        ("what may be base64", b'"eyJhIjoxfQeyJhIjoxfQeyJhIjoxfQ '),
        ("lists that do not end", b"["),
        ("objects that do not end", b'{"a":'),
        ("bytes that are no text", b"\xff\xfe"),
        ("U+0000", b"\x00"),
    ):
        yield name, data * (8 * SIZE // len(data))
        yield f"{name}, and a forbidden name at the end", data * (8 * SIZE // len(data)) + b'"immigration_status":1'


_MANY: Final = {f"member_{number:05}": number for number in range(SIZE // 24)}
_FACTS: Final[dict[str, Callable[[], tuple[str, bytes]]]] = {
    "members nobody knows": lambda: (WIRE, _json(_release(**_MANY))),
    "members nobody knows beside the fact": lambda: (WIRE, _json({**_release(), **_MANY})),
    "members of the source nobody knows": lambda: (WIRE, _json({**_release(), "source": _MANY})),
    "members nobody knows of many identifiers": lambda: (
        WIRE,
        _json({**_release(), "child": [{"scheme": "fin", "value": str(n), "x": 1} for n in range(SIZE // 38)]}),
    ),
    "identifiers": lambda: (
        WIRE,
        _json({**_release(), "child": [{"scheme": "fin", "value": str(n)} for n in range(SIZE // 32)]}),
    ),
    "identifiers that are none": lambda: (
        WIRE,
        _json({**_release(), "child": [{"scheme": "a-number", "value": "x"} for _ in range(SIZE // 34)]}),
    ),
    "codes": lambda: (WIRE, _json({**_release(), "source": {"document": "d", "reference": "r", "codes": _MANY}})),
    "texts in codes": lambda: (
        WIRE,
        _json(
            {
                **_release(),
                "source": {"document": "d", "reference": "r", "codes": dict.fromkeys(_MANY, "a=b")},
            }
        ),
    ),
    "one name again and again": lambda: (WIRE, b"{" + b",".join([b'"fact":1'] * (SIZE // 9)) + b"}"),
    "lists in lists": lambda: (WIRE, _within(_nested("[", "]"))),
    "objects in objects": lambda: (WIRE, _within(_nested('{"a":', "}"))),
    "a list of everything": lambda: (WIRE, _json([1] * (SIZE // 2))),
    "a number of many figures": lambda: (WIRE, _within(b"9" * SIZE)),
    "a number with a great exponent": lambda: (WIRE, _within(b"1e" + b"9" * SIZE)),
    "lines": lambda: (WIRE, _json(_release(address={"lines": ["x"] * (SIZE // 4)}))),
    "lines that are none": lambda: (WIRE, _json(_release(address={"lines": [{}] * (SIZE // 3)}))),
    "positions of a notice": lambda: (
        "custody.notice-given.v1",
        _json(
            _data(
                {
                    "to": "ORR",
                    "positions": list(range(1, SIZE // 7)),
                    "channel": "email",
                    "given_at": "2024-03-01T10:00:00Z",
                    "members": "all",
                }
            )
        ),
    ),
    "members of a notice": lambda: (
        "custody.notice-given.v1",
        _json(
            _data(
                {
                    "to": "ORR",
                    "positions": [1],
                    "channel": "email",
                    "given_at": "2024-03-01T10:00:00Z",
                    "members": list(_MANY),
                }
            )
        ),
    ),
    "new values of a correction": lambda: (
        "custody.correction-issued.v1",
        _json(_data({"corrects": 1, "set": _MANY, "reason": "r"})),
    ),
    "nothing but spaces": lambda: (WIRE, b" " * SIZE),
    "nothing but quotes": lambda: (WIRE, b'"' * SIZE),
    "nothing but backslashes": lambda: (WIRE, b"\\" * SIZE),
    "a text that does not end": lambda: (WIRE, b'{"fact":"' + b"a" * SIZE),
    "objects that do not end": lambda: (WIRE, b'{"a":' * (SIZE // 5)),
    "bytes that are no text": lambda: (WIRE, b"\xff" * SIZE),
}


def _texts() -> Iterator[tuple[str, str]]:
    """Yield texts with which a look for forbidden names might never end."""
    inner: bytes = b'{"status":1}'
    while len(inner) * 2 < SIZE // 2:
        inner = orjson.dumps({"a": inner.decode()})
    yield "JSON in JSON in JSON", inner.decode()
    packed = b'{"a":1}'
    while len(packed) * 4 // 3 < SIZE // 2:
        packed = b'{"a":"' + base64.b64encode(packed) + b'"}'
    yield "base64 in base64", base64.b64encode(packed).decode()
    for piece in ('="', "<", '="a', "='", "=a"):
        spaces = " " * (SIZE - 100)
        yield f"{piece} and nothing but spaces", f"status of migration {{\\ {piece}{spaces}"
        yield f"nothing but spaces and {piece}", f"status of migration {{\\ {spaces}{piece}"
    for name, piece in {
        "letters": "a",
        "capitals": "A",
        "look-alike letters": "ѕ",
        "letters beyond the basic plane": "𝐬",
        "accents": "é",
        "accents on one letter": "\u0301",
        "characters without width": "\u200b",
        "quotes": '"',
        "backslashes": "\\",
        "colons": ":",
        "braces": "{",
        "brackets": "[",
        "angles": "<a",
        "ampersands": "&a=",
        "percent signs": "%25",
        "escapes": "\\u0069",
        "quoted names": '"a":',
        "line ends": "\n",
        "U+0000": "\x00",
        "pieces of base64": "eyJhIjoxfQ== ",
        "a forbidden stem, nearly": "immigrationstatu",
        "signs that may stand for letters": "!|l1",
        "spaces and letters": "s t a t u s ",
        "a long word of figures": "5t4tu5",
        "nearly a name, again and again": '"status migra',
        "nearly an element, again and again": "<status migra",
    }.items():
        yield name, (piece * (SIZE // len(piece.encode()) + 1))[: SIZE // max(1, len(piece[0].encode()))]
