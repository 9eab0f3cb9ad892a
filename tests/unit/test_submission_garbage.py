"""No message repeats a value, and no member names a part of our model: garbage of every kind, for every fact."""

import copy
import json
import re
from collections.abc import Iterator
from typing import Any, Final

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ledger.entry import fact_json
from ledger.intake.submission import Refusal, read_submission
from tests.unit.reading import (
    MARKER,
    WIRES,
    golden,
)

GARBAGE: Final = st.recursive(
    st.sampled_from(
        [
            MARKER,
            f"A{MARKER}",
            f"{MARKER}\n",
            f"2022-{MARKER}",
            f"{MARKER}T10:00:00Z",
            None,
            True,
            -1,
            0,
            1.5,
            10**40,
            "",
        ]
    ),
    lambda inner: (
        st.lists(inner, max_size=2)
        | st.dictionaries(st.sampled_from(["lines", "zip", "value", "x"]), inner, max_size=2)
    ),
    max_leaves=4,
)
NAMES: Final = re.compile(r"[a-z_]+(\.([a-z_]+|\d+))*")
TAGS: Final = ("literal", "constrained", "function", "tuple", "nullable", "union", "str", "bool", "int", "[", "(")


def leaves(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    yield path
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, inner in items:
        yield from leaves(inner, (*path, key))


@settings(max_examples=25)
@given(draw=st.data())
@pytest.mark.parametrize("wire", WIRES)
def test_refusals_of_garbage_name_members_and_repeat_no_value(wire: str, draw: st.DataObject) -> None:
    """Whatever is sent wherever, the answer can be shown to anybody: it names places and never repeats contents."""
    data = copy.deepcopy(golden(wire))
    for _ in range(draw.draw(st.integers(1, 3))):
        path = draw.draw(st.sampled_from([path for path in leaves(data) if path]))
        holder = data
        for part in path[:-1]:
            holder = holder[part]
        holder[path[-1]] = draw.draw(GARBAGE)
    answer = read_submission(wire, json.dumps(data).encode())
    said = [answer.message] if isinstance(answer, Refusal) else [finding.message for finding in answer[1]]
    assert all(MARKER not in message for message in said)
    if isinstance(answer, Refusal):
        assert answer.code in ("H0", "H6", "H7")
        if answer.member is not None:
            assert NAMES.fullmatch(answer.member), answer
            assert not any(tag in answer.member.split(".") for tag in TAGS)
            assert f"`{answer.member}`" in answer.message
    else:
        again = json.dumps(answer[0].model_dump(mode="json", exclude_unset=True)).encode()
        reread = read_submission(wire, again)
        assert isinstance(reread, tuple), reread
        assert json.loads(fact_json(reread[0].fact)) == json.loads(fact_json(answer[0].fact))
