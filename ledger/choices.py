"""Choosing one of a closed list by a word somebody wrote: case is forgiven, what is near is named, nothing guessed."""

import difflib
import re
from collections.abc import Collection, Iterable
from typing import Final

_MOST_LISTED: Final = 20
_FILLING: Final = re.compile(r"[\s._/-]+")


def spelled(text: str) -> str:
    """Return a word without what people vary: capitals, and what stands between its parts."""
    return _FILLING.sub("-", text.strip().casefold())


def chosen(given: str, choices: Iterable[str]) -> str | None:
    """Return the choice that is meant: the very word, or the only one that differs in capitals and hyphens alone."""
    there = tuple(choices)
    if given in there:
        return given
    same = [choice for choice in there if spelled(choice) == spelled(given)]
    return same[0] if len(same) == 1 else None


def nearest(given: str, choices: Iterable[str], *, most: int = 1) -> list[str]:
    """Return the choices nearest to a word, the nearest first; none where all are far."""
    by_spelling: dict[str, str] = {}
    for choice in choices:
        by_spelling.setdefault(spelled(choice), choice)
    word = spelled(given)[:200]
    near = difflib.get_close_matches(word, by_spelling, most, cutoff=0.6)
    if not near and len(word) > 2:
        near = sorted((one for one in by_spelling if word in one or (len(one) > 2 and one in word)), key=len)[:most]
    return [by_spelling[one] for one in near]


def did_you_mean(given: str, choices: Iterable[str]) -> str:
    """Return ` (did you mean X?)`, or nothing where no choice is near."""
    near = nearest(given, choices)
    return f" (did you mean {near[0]}?)" if near else ""


def listed(choices: Collection[str]) -> str:
    """Return the choices in words, the first ones where there are many."""
    names = list(choices)
    if len(names) <= _MOST_LISTED:
        return ", ".join(names)
    return f"{', '.join(names[:_MOST_LISTED])} and {len(names) - _MOST_LISTED} more"


def no_choice(given: str, what: str, choices: Collection[str]) -> str:
    """Say that a word is no such thing (`what`: `agency`), what is near, and what there is."""
    shown = given if len(given) <= 60 else f"{given[:60]}…"
    return f"{shown!r} is no {what}{did_you_mean(given, choices)}; there are {listed(choices) or 'none'}"
