from datetime import datetime

from hypothesis import given, settings
from hypothesis import strategies as st

from tests import oracle
from tests.histories import MOMENTS
from tests.knowing import ask, by_agency, fold, history_of, ledger_of, must_be_told, put_item, told_item, written
from tests.knowledge_histories import CHILDREN, MOMENTS_OF_LEDGER, VIEWERS, ALL_FOUR, Drawn, drawn_histories
from tests.oracle.knowledge import Question, view

QUESTIONS = st.builds(
    Question,
    child=st.sampled_from(CHILDREN),
    viewer=st.sampled_from(VIEWERS),
    known_at=MOMENTS_OF_LEDGER,
    happened_by=MOMENTS | MOMENTS_OF_LEDGER,
    recorded_by=MOMENTS_OF_LEDGER,
    basis=st.sampled_from(("any", "proven")),
    at_least=ALL_FOUR,
)


@settings(max_examples=300, deadline=None)
@given(drawn_histories())
def test_law_5_the_feeds_hold_what_must_be_told(drawn: Drawn) -> None:
    assert by_agency(told_item(item) for item, _ in fold(drawn)) == by_agency(map(put_item, must_be_told(drawn)))


@settings(max_examples=300, deadline=None)
@given(drawn_histories(), st.lists(QUESTIONS, min_size=8, max_size=12))
def test_law_1(drawn: Drawn, questions: list[Question]) -> None:
    ledger, history = ledger_of(drawn), history_of(drawn)
    for question in questions:
        assert ask(ledger, question) == written(view(history, question))
