"""Sets of facts that follow from one closed question put to each: a new fact must be answered, or the type check fails.

A question looks at nothing but the class of a fact.
"""

from collections.abc import Callable, Mapping
from typing import Final, TypeVar, cast

from ledger.facts import CURRENT, AnyFact, Fact

AnswerT = TypeVar("AnswerT")
_BLANK: Final = {fact_class: cast(AnyFact, fact_class.model_construct()) for fact_class in CURRENT}


def facts_where(question: Callable[[AnyFact], object]) -> frozenset[type[Fact]]:
    """Return the facts to which the answer is yes."""
    return frozenset(answers(question))


def answers(question: Callable[[AnyFact], AnswerT]) -> Mapping[type[Fact], AnswerT]:
    """Return the answer to each fact, but for those that are no, or nothing."""
    return {fact_class: answer for fact_class, blank in _BLANK.items() if (answer := question(blank))}
