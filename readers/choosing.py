"""A word of a question that must be one of a closed list: case is forgiven, the nearest is named, nothing is guessed.

A filter that exists nowhere would find nothing, and nothing found looks like a good answer.
"""

from collections.abc import Iterable

from ledger.choices import chosen, no_choice
from readers.unanswerable import WrongQuestionError


def one_of(given: str, choices: Iterable[str], what: str, *, option: str) -> str:
    """Return the choice that is meant. Raises `WrongQuestionError`: `--code 'g12' is no rule (did you mean G1?); …`."""
    there = tuple(choices)
    found = chosen(given, there)
    if found is None:
        raise WrongQuestionError(f"{option} {no_choice(given, what, there)}")
    return found
