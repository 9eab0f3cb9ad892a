"""H8: a sponsor's immigration status is found by its name however that is spelled, and its value is kept nowhere."""

import json
from typing import Any

import orjson
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from ledger.intake.forbidden import (
    BLACK,
    CLUES,
    DEEPEST,
    FORBIDDEN_STEMS,
    black_out,
    black_out_bytes,
    is_forbidden,
    may_be_forbidden,
)
from tests.unit.deciding import MEMBERS, sent

SECRET = "overstayed-7731"
NAMES = [
    "immigration_status",
    "sponsorImmigrationStatus",
    "SPONSOR-IMMIGRATION-STATUS",
    "imm status",
    "legal_status",
    "lawful.presence",
    "sponsor_citizenship",
    "sponsor_a_number",
    "sponsorAlienNumber",
    "sponsor__citizen-ship",
    "visa_status_2",
    "is_undocumented",
    "i_m_m_i_g_r_a_t_i_o_n status",
]
spelled = st.tuples(st.sampled_from(FORBIDDEN_STEMS), st.text('_-. :/\n"\\0123', max_size=3), st.booleans()).map(
    lambda drawn: "".join(c.upper() if drawn[2] and i % 2 else c + drawn[1] * (i == 4) for i, c in enumerate(drawn[0]))
)


@pytest.mark.parametrize("name", NAMES)
def test_a_forbidden_member_is_known_by_its_name(name: str) -> None:
    """Case, separators and company do not hide it."""
    assert is_forbidden(name)
    assert may_be_forbidden(orjson.dumps({"fact": {name: SECRET}}))


@pytest.mark.parametrize("fact", sorted(MEMBERS))
def test_no_member_of_the_contract_is_taken_for_one(fact: str) -> None:
    """Everything the contract asks for can be sent, and is not even looked at twice."""
    assert not may_be_forbidden(orjson.dumps(sent(fact).data))


@given(spelled, st.booleans(), st.sampled_from(["", " ", "\n\t"]))
def test_the_quick_look_never_passes_a_forbidden_name(name: str, escaped: bool, space: str) -> None:
    """What the quick look lets through holds no forbidden name, whatever the JSON looks like."""
    written = "".join(f"\\u{ord(c):04x}" for c in name) if escaped else json.dumps(name)[1:-1]
    text = f'{{"source": {{"codes": {{{space}"{written}"{space}:{space}"{SECRET}"}}}}}}'
    assert is_forbidden(next(iter(json.loads(text)["source"]["codes"])))
    assert may_be_forbidden(text.encode())


@pytest.mark.parametrize(
    ("given_data", "clean", "name"),
    [
        ({"immigration_status": SECRET, "a": 1}, {"immigration_status": BLACK, "a": 1}, "immigration_status"),
        ({"fact": {"sponsor": {"legal_status": {"x": SECRET}}}}, {"fact": {"sponsor": {"legal_status": BLACK}}}, None),
        ([{"visa_status": [SECRET]}], [{"visa_status": BLACK}], "0.visa_status"),
        (
            {"source": {"codes": {"sponsor_citizenship": SECRET}}},
            {"source": {"codes": {"sponsor_citizenship": BLACK}}},
            None,
        ),
        ({"a": [1, {"b": None}]}, {"a": [1, {"b": None}]}, ""),
    ],
)
def test_the_value_is_blacked_out_and_the_member_named(given_data: Any, clean: Any, name: str | None) -> None:
    """The sender reads which member it was; nobody reads what stood in it."""
    blacked, found = black_out(given_data)
    assert blacked == clean
    if name == "":
        assert found is None
    elif name is not None:
        assert found == name
    else:
        assert found is not None
        assert is_forbidden(found.rsplit(".", 1)[-1])


def test_what_nests_deeper_than_anything_of_ours_is_blacked_out_unread() -> None:
    """A message of a thousand brackets neither overruns the stack nor hides a value."""
    value: Any = {"immigration_status": SECRET}
    for _ in range(990):
        value = [value]
    blacked, found = black_out(value)
    assert found is None
    assert SECRET not in json.dumps(blacked)
    shallow: Any = {"immigration_status": SECRET}
    for _ in range(DEEPEST - 1):
        shallow = [shallow]
    assert black_out(shallow)[1] is not None


@pytest.mark.parametrize(
    "data",
    [
        b'{"a": 1, "immigration_status": "overstayed-7731"',
        b'{"a": 1, "immigration_status" : overstayed-7731',
        b"{'immigration_status': 'overstayed-7731'}",
        b"immigration_status=overstayed-7731",
        b'{"\\u0069mmigration_status": "overstayed-7731"',
        '{"immigration_status": "overstayed-7731"}'.encode("utf-16"),
        b'{immigration_status: "overstayed-7731", "legal_status": "x"',
        b'"x": "immigration_status: overstayed-7731", "legal_status": "y"',
        b'\\"immigration_status\\": \\"overstayed-7731\\"',
        b'": "immigration_status 7731": "',
    ],
)
def test_an_unreadable_message_keeps_nothing_behind_a_forbidden_name(data: bytes) -> None:
    """Bytes that are set aside because nobody can read them hold no value either."""
    kept = black_out_bytes(data)
    assert b"7731" not in kept
    assert "7731" not in kept.decode("utf-16", "replace")
    assert BLACK.encode() in kept


def test_what_stands_before_a_forbidden_name_is_kept_for_whoever_repairs_the_message() -> None:
    """The steward can see whose message it was; messages without such a name stay to the byte."""
    kept = black_out_bytes(b'{"id": "s-1", "immigration_status": "overstayed-7731"')
    assert kept == b'{"id": "s-1", "immigration_status": "[removed by rule H8]"'
    escaped = black_out_bytes(b'{"id": "s-1", "\\u0069mmigration_status": 1')
    assert escaped == b'{"id": "s-1", "\\u0069mmigration_status": "[removed by rule H8]"'
    assert black_out_bytes(b'{"id": "s-1", \xff') == b'{"id": "s-1", \xff'


@example("immigrationstatus", b'":', "'{}'='{}'")
@example("immigrationstatus", b'": "', "{} {}")
@given(spelled, st.binary(max_size=30), st.sampled_from(['"{}": "{}"', "'{}'='{}'", "{} {}", '"{}":{}']))
def test_no_spelling_brings_a_value_into_what_is_set_aside(name: str, around: bytes, form: str) -> None:
    """Whatever stands around a forbidden name, its value is not kept."""
    data = around + form.format(name, SECRET).encode() + around
    if b"7731" not in around:
        assert b"overstayed-7731" not in black_out_bytes(data)


def test_every_forbidden_stem_has_a_clue_by_which_it_is_noticed() -> None:
    """A stem without one would pass unread."""
    assert all(any(clue.decode() in stem for clue in CLUES) for stem in FORBIDDEN_STEMS)
