"""What people give to `custody submit`: events in any layout of JSON, and things that are none."""

import json
from collections.abc import Iterable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.topics import LARGEST_MESSAGE_BYTES
from producers.client.event_lines import Event, EventReader, Flaw, InputError

ONE: dict[str, Any] = {
    "specversion": "1.0",
    "id": "e-1",
    "source": "/orr/x",
    "data": {
        "child": [{"scheme": "a-number", "value": "A200-000-017"}],
        "text": 'a "quoted" ] } , [ { piece\\',
        "n": 1.0,
    },
}
TWO = {**ONE, "id": "e-2"}
THREE = {**ONE, "id": "e-3", "note": "Piñón"}


def found(content: bytes, *, size: int = 10**9) -> list[Event | Flaw]:
    reader = EventReader()
    pieces = [content[at : at + size] for at in range(0, len(content), size)] or [b""]
    return [one for piece in pieces for one in reader.feed(piece)] + list(reader.end())


def events(content: bytes, **how: int) -> list[Any]:
    """Return the events, all of which must be whole."""
    every = found(content, **how)
    assert not [one for one in every if isinstance(one, Flaw)], every
    return [json.loads(one.data) for one in every if isinstance(one, Event)]


def lines(several: Iterable[Any], end: str = "\n") -> bytes:
    return "".join(json.dumps(one, ensure_ascii=False) + end for one in several).encode()


LAYOUTS = {
    "a line each": lines([ONE, TWO, THREE]),
    "no line end at the end": lines([ONE, TWO, THREE]).rstrip(b"\n"),
    "Windows line ends": lines([ONE, TWO, THREE], "\r\n"),
    "old Macintosh line ends": lines([ONE, TWO, THREE], "\r"),
    "blank lines": b"\n \n" + lines([ONE, TWO, THREE], "\n\n  \r\n") + b"\n",
    "record separators": b"".join(b"\x1e" + lines([one]) for one in (ONE, TWO, THREE)),
    "all on one line": lines([ONE, TWO, THREE], " "),
    "pretty": b"\n".join(json.dumps(one, indent=2).encode() for one in (ONE, TWO, THREE)),
    "pretty, one behind the other": b"".join(json.dumps(one, indent=2).encode() for one in (ONE, TWO, THREE)),
    "a list on one line": json.dumps([ONE, TWO, THREE]).encode(),
    "a pretty list": json.dumps([ONE, TWO, THREE], indent=4).encode() + b"\n",
    "a list, an event a line": b"[\n" + b",\n".join(lines([one]).strip() for one in (ONE, TWO, THREE)) + b"\n]\n",
    "a list, commas in front": b"[" + b"\n,".join(lines([one]).strip() for one in (ONE, TWO, THREE)) + b"\n]",
    "a list and lines": json.dumps([ONE, TWO]).encode() + b"\n" + lines([THREE]),
    "two lists": json.dumps([ONE]).encode() + json.dumps([TWO, THREE]).encode(),
    "a byte order mark": b"\xef\xbb\xbf" + lines([ONE, TWO, THREE]),
    "UTF-16 of PowerShell": lines([ONE, TWO, THREE], "\r\n").decode().encode("utf-16"),
}


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("size", [1, 7, 10**9])
def test_events_are_read_in_every_layout_and_in_pieces_of_any_size(layout: str, size: int) -> None:
    """What an editor, a shell or a program makes of a file changes no event."""
    assert events(LAYOUTS[layout], size=size) == [ONE, TWO, THREE]


def test_an_event_is_given_in_its_own_bytes_with_the_line_it_begins_on() -> None:
    """Numbers such as 1.0 and blanks within stay as they were written; the ledger keeps what it was sent."""
    pretty = b'{\n  "id" : 1.0,\n  "n": 12345678901234567890123\n}'
    every = found(b"\n\n" + pretty + b"\n" + lines([TWO]))
    assert every == [Event(3, pretty), Event(7, lines([TWO]).strip())]


def test_an_event_is_there_as_soon_as_it_is_whole() -> None:
    """A program that talks line by line gets its answer before it writes the next line."""
    reader = EventReader()
    assert [type(one) for one in reader.feed(lines([ONE]))] == [Event]
    *begin, last = json.dumps(TWO, indent=1).encode().split(b"\n")
    assert [one for line in begin for one in reader.feed(line + b"\n")] == []
    assert [type(one) for one in reader.feed(last + b"\n")] == [Event]
    assert [type(one) for one in reader.feed(b"[\n" + lines([ONE]).strip() + b",\n")] == [Event]


@pytest.mark.parametrize(
    ("content", "line", "said"),
    [
        (b"{broken\n", 2, "not JSON: wrong at its character 2"),
        (b"[1]\n", 2, "JSON, but no object"),
        (b'"text"\n', 2, "JSON, but no object"),
        (b"12\n", 2, "JSON, but no object"),
        (b"hello\n", 2, "not JSON: wrong at its character 1"),
        (b"{'id': 1}\n", 2, "not JSON: wrong at its character 2"),
        (b'{"id": "caf\xe9"}\n', 2, "not in UTF-8, from its byte 12 on"),
        (b'{"id": "never ends}\n', 2, "not JSON"),
        (b'{"id": {"a": 1}\n', 2, "the event that begins here is not closed, and on line 3 another one begins"),
        (b'{\n "id": 1,\n "x": "torn\n}\n', 2, "a text on line 4 is not closed"),
        (b'{\n "id": 1,\n "x" 2\n}\n', 2, "not JSON: wrong at its character"),
        (b"[{},,{}]\n", 2, "a comma in the list has nothing before it"),
        (b'[{"a" 1}]\n', 2, "not JSON: wrong at its character 6"),
        (b'{"x": "' + bytes(LARGEST_MESSAGE_BYTES) + b'"}\n', 2, "longer than the 8388608 bytes"),
    ],
)
def test_what_is_no_event_is_told_with_its_place_and_the_others_are_read(content: bytes, line: int, said: str) -> None:
    """One flaw keeps no event out, before it or behind it."""
    every = found(lines([ONE]) + content + lines([TWO]))
    flaws = [one for one in every if isinstance(one, Flaw)]
    assert flaws[0].line == line
    assert said in flaws[0].problem
    whole = [json.loads(one.data) for one in every if isinstance(one, Event)]
    assert [one for one in whole if one] == [ONE, TWO]


@pytest.mark.parametrize(
    ("content", "line", "said"),
    [
        (b"{\n", 1, "the event that begins here is not closed"),
        (b"[\n" + lines([ONE]), 1, "the list that begins here is not closed"),
        (b'[{"a": "torn}]\n' + lines([ONE]), 1, "a text on this line is not closed"),
    ],
)
def test_what_does_not_end_is_told_at_the_end(content: bytes, line: int, said: str) -> None:
    """A file that was cut off is not taken for a whole one."""
    flaw = found(content)[-1]
    assert isinstance(flaw, Flaw)
    assert flaw.line == line
    assert said in flaw.problem


@pytest.mark.parametrize("content", [b"", b"\n", b" \r\n\t\n", b"\xef\xbb\xbf", b"[]", b"[\n]\n"])
def test_nothing_is_no_event(content: bytes) -> None:
    """Whoever sends an empty file hears that it is empty."""
    assert found(content) == []


@pytest.mark.parametrize(
    ("content", "said"),
    [(b"\x1f\x8b\x08\0\0\0\0", "gzip -dc"), (b"\xfd7zXZ\0\0", "xz -dc"), (b"PK\x03\x04....", "a zip archive")],
)
def test_a_packed_file_is_told_as_a_whole(content: bytes, said: str) -> None:
    """Not line by line as so much broken JSON."""
    with pytest.raises(InputError, match=said):
        found(content)


@given(st.binary(max_size=300), st.integers(min_value=1, max_value=50))
def test_any_bytes_at_all_are_told_and_never_end_the_reading(content: bytes, size: int) -> None:
    """Whatever comes, events are objects, places are lines of the input, and pieces of any size give the same."""
    try:
        whole = found(content)
    except InputError:
        return
    assert whole == found(content, size=size)
    for one in whole:
        assert 1 <= one.line <= content.count(b"\n") + 1 or content.startswith((b"\xff\xfe", b"\xfe\xff"))
        if isinstance(one, Event):
            assert isinstance(json.loads(one.data), dict)
