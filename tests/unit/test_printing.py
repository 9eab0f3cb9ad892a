"""Text for people fits their terminal, and says the same as unfolded text."""

import re
from collections.abc import Iterator
from typing import Any

import typer.main
from hypothesis import given
from hypothesis import strategies as st

from custody.__main__ import app
from custody.shown.printing import folded, styled

WORDS = st.lists(st.text("abcdefgh-:,/", min_size=1, max_size=30), max_size=40)


@given(
    words=WORDS, width=st.integers(40, 120), indent=st.integers(0, 30), style=st.sampled_from(["good", "bad", "plain"])
)
def test_a_folded_line_is_never_wider_and_says_the_same(words: list[str], width: int, indent: int, style: str) -> None:
    """Whatever is printed fits; only where it breaks, and the colours at each break, are of the terminal."""
    half = len(words) // 2
    plain = " " * indent + " ".join(words)
    line = " " * indent + " ".join(
        [*words[:half], *([styled(" ".join(words[half:]), style, colour=True)] if words[half:] else [])]
    )
    pieces = folded(line, width)
    bare = [re.sub(r"\x1b\[[0-9;]*m", "", piece) for piece in pieces]
    assert all(len(piece) <= width or " " not in piece.strip() for piece in bare)
    assert " ".join(piece.strip() for piece in bare).split() == plain.split()
    for piece in pieces:
        assert piece.count("\x1b[0m") == len(re.findall(r"\x1b\[3\dm", piece))


def test_a_line_that_fits_is_printed_as_it_is() -> None:
    """Columns line up as they were made."""
    assert folded("relay        lag 0      running", 80) == ["relay        lag 0      running"]


def test_the_rest_of_a_folded_line_stands_further_in() -> None:
    """So that a reader sees what belongs together."""
    assert folded("  " + "word " * 20, 44)[1].startswith("      word")


def test_every_verb_prints_json_when_asked() -> None:
    """Whatever people can ask, a program can read."""
    without = [verb for verb, options in _verbs(typer.main.get_command(app), "custody") if "--json" not in options]
    assert without == []


def _verbs(command: Any, path: str) -> Iterator[tuple[str, list[str]]]:
    below = getattr(command, "commands", {})
    for name, verb in below.items():
        yield from _verbs(verb, f"{path} {name}")
    if not below:
        yield path, [option for parameter in command.params for option in parameter.opts]
