"""Reading submissions: what the contract allows is read, everything else is refused by name and never by value."""

import json
from pathlib import Path
from typing import Any, get_args

import orjson
import pytest

from ledger.facts import BY_WIRE, short_name
from ledger.intake.form import LONGEST_NAME
from ledger.intake.submission import LIMIT_BYTES, Refusal, Submission
from tests.unit.deciding import MEMBERS, sent
from tests.unit.reading import (
    MARKER,
    NOTICE,
    RELEASED,
    WIRES,
    accepted,
    changed,
    coded,
    golden,
    read,
    refused,
)


@pytest.mark.parametrize("wire", WIRES)
def test_a_full_submission_is_read_without_remark(wire: str) -> None:
    """Every member of every fact, in every version ever shipped, has a value that is accepted."""
    answer = read(wire, golden(wire))
    assert isinstance(answer, tuple), answer
    assert answer[1] == ()
    assert answer[0].fact.wire == wire


@pytest.mark.parametrize("name", sorted(MEMBERS))
def test_the_members_marked_as_optional_may_be_absent(name: str) -> None:
    """A fact with its required members alone is a fact; each of those is missed by name."""
    claim = sent(name)
    accepted(claim.wire, claim.data)
    for member in MEMBERS[name]:
        fact_class = BY_WIRE[claim.wire]
        required = fact_class.model_fields[member].is_required()
        without = sent(name, without=(member,))
        if required:
            assert "missing" in refused(claim.wire, without.data, "H0", f"fact.{member}").message
        else:
            accepted(claim.wire, without.data)


@pytest.mark.parametrize("where", ["", "source.", "reported_by.", "fact.", "fact.address.", "child.0."])
def test_an_unknown_member_is_refused_by_its_name_at_any_depth(where: str) -> None:
    """A misspelt member is never dropped quietly; the sender reads which one it was."""
    refusal = refused(RELEASED, changed(RELEASED, f"{where}adress_line", MARKER), "H0", f"{where}adress_line")
    assert f"`{where}adress_line`" in refusal.message


@pytest.mark.parametrize(
    ("wire", "at", "value", "code"),
    [
        (RELEASED, "fact.address.zip", 77002, "H0"),
        (RELEASED, "fact.address.lines", "1200 Elm St", "H0"),
        (RELEASED, "fact.address", None, "H0"),
        (RELEASED, "fact.sponsor_category", "9", "H6"),
        (RELEASED, "fact", [], "H0"),
        (RELEASED, "child", [], "H0"),
        (RELEASED, "child.0", "A200000017", "H0"),
        (RELEASED, "child.0.value", "A2000000179", "H0"),
        (RELEASED, "child.0.value", "A٢٠٠٠٠٠٠١٧", "H0"),
        (RELEASED, "child.0.value", "", "H0"),
        (RELEASED, "child.0.scheme", "passport", "H6"),
        (RELEASED, "occurred_at", "2022-03-04T13:20:00", "H0"),
        (RELEASED, "occurred_at", "2022-02-30", "H0"),
        (RELEASED, "occurred_at", 1646400000, "H0"),
        (RELEASED, "known_since", "soon", "H0"),
        (RELEASED, "door", "back", "H6"),
        (RELEASED, "expected_version", -1, "H0"),
        (RELEASED, "expected_version", 1.0, "H0"),
        (RELEASED, "expected_version", True, "H0"),
        (RELEASED, "expected_version", 2**63, "H0"),
        (RELEASED, "source.codes", [], "H0"),
        (RELEASED, "source.codes.x", 5, "H0"),
        (RELEASED, "source.channel", "pigeon", "H6"),
        (RELEASED, "source", "form", "H0"),
        (RELEASED, "reported_by.user", 5, "H0"),
        ("custody.uc-determination-made.v1", "fact.is_uc", "maybe", "H6"),
        ("custody.uc-determination-made.v1", "fact.is_uc", 1, "H0"),
        ("custody.uc-determination-made.v1", "fact.is_uc", {}, "H0"),
        (NOTICE, "fact.members", "some", "H0"),
        (NOTICE, "fact.members", 5, "H0"),
        (NOTICE, "fact.members", ["address", 5], "H0"),
        (NOTICE, "fact.positions", [], "H0"),
        (NOTICE, "fact.positions.0", 0, "H0"),
        (NOTICE, "fact.positions.0", 2**63, "H0"),
        (NOTICE, "fact.positions.0", 10**300, "H0"),
        (NOTICE, "fact.given_at", "4 March", "H0"),
        ("custody.child-encountered.v1", "fact.country", "GUATEMALA", "H6"),
        ("custody.child-encountered.v1", "fact.date_of_birth", "2010-01-01T00:00:00Z", "H0"),
        ("custody.hearing-held.v1", "fact.adjournment_code", "NA", "H6"),
        ("custody.post-release-contact-recorded.v1", "fact.attempt", 10**30, "H0"),
        ("custody.post-release-contact-recorded.v1", "fact.attempt", -1, "H0"),
        ("custody.correction-issued.v1", "fact.set", {}, "H0"),
        ("custody.identifier-asserted.v1", "fact.identifier.scheme", "passport", "H6"),
    ],
)
def test_a_wrong_value_is_refused_at_its_member(wire: str, at: str, value: Any, code: str) -> None:
    """The refusal stands at the dotted name the contract uses, never at a part of our model."""
    member = at + ".1" if value == ["address", 5] else at
    refused(wire, changed(wire, at, value), code, member)


def test_an_a_number_that_is_none_is_refused_at_its_value() -> None:
    """The scheme is right, so the sender looks at the value."""
    refusal = refused(RELEASED, changed(RELEASED, "child.0.value", MARKER), "H0", "child.0.value")
    assert "A200-000-017" in refusal.message


@pytest.mark.parametrize(
    ("member", "value"),
    [("document", ""), ("reference", None), ("document", None), ("reference", ""), ("grade", None), ("grade", "")],
)
def test_an_empty_source_is_a_missing_source(member: str, value: Any) -> None:
    """H7 asks where the fact comes from; empty words do not say it."""
    refused(RELEASED, changed(RELEASED, f"source.{member}", value), "H7", f"source.{member}")


@pytest.mark.parametrize("member", ["document", "reference", "grade"])
def test_a_missing_source_is_refused_by_its_own_rule(member: str) -> None:
    """Every fact names its document, its reference and its grade (H7)."""
    data = golden(RELEASED)
    del data["source"][member]
    refused(RELEASED, data, "H7", f"source.{member}")
    del data["source"]
    refused(RELEASED, data, "H7", "source")


def test_a_refused_code_says_what_may_be_sent_instead() -> None:
    """`unknown` is the cure where the list has it, and is not promised where it has not."""
    refusal = refused(RELEASED, changed(RELEASED, "fact.sponsor_category", "9"), "H6", "fact.sponsor_category")
    assert "'2A'" in refusal.message
    assert "send `unknown`" in refusal.message
    accepted(RELEASED, changed(RELEASED, "fact.sponsor_category", "unknown"))
    assert "send `unknown`" not in refused(RELEASED, changed(RELEASED, "door", "back"), "H6", "door").message


@pytest.mark.parametrize("wire", WIRES)
def test_every_coded_member_accepts_unknown(wire: str) -> None:
    """A source with a word we have no code for can always send its fact (contract: Submission)."""
    for at in coded(wire):
        accepted(wire, changed(wire, at, "unknown"))
        answer = read(wire, changed(wire, at, MARKER))
        assert (answer if isinstance(answer, Refusal) else answer[1][0]).code == "H6"


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"", "not JSON"),
        (b"\xff\xfe", "not JSON"),
        (b"\xef\xbb\xbf{}", "not JSON"),
        (b'{"child": ', "not JSON"),
        (b"[" * 5000, "not JSON"),
        (b'{"a":' * 300 + b"1" + b"}" * 300, "not JSON"),
        (b'{"x": "\\ud800"}', "not JSON"),
        (b'{"x": "a\x00b"}', "not JSON"),
        (b'{"x": ' + b"9" * 5000 + b"}", "not JSON"),
        (b"[1]", "object"),
        (b"null", "object"),
    ],
)
def test_what_is_no_json_object_is_refused_as_a_whole(data: bytes, said: str) -> None:
    """Broken, too deep, not UTF-8, lone surrogates, numbers without end: refused, and intake goes on."""
    assert said in refused(RELEASED, data, "H0", None).message


def test_the_limit_is_in_bytes_and_inclusive() -> None:
    """A submission of exactly one MiB is read; one byte more is refused with the limit."""
    data = golden(RELEASED)
    body = orjson.dumps(data)
    accepted(RELEASED, body + b" " * (LIMIT_BYTES - len(body)))
    assert str(LIMIT_BYTES) in refused(RELEASED, body + b" " * (LIMIT_BYTES + 1 - len(body)), "H0", None).message


@pytest.mark.parametrize(
    ("at", "member"),
    [
        ("fact.relationship", "fact.relationship"),
        ("fact.address.lines.0", "fact.address.lines.0"),
        ("child.0.value", "child.0.value"),
        ("source.reference", "source.reference"),
        ("reported_by.office", "reported_by.office"),
    ],
)
def test_the_character_nul_is_refused_wherever_it_stands(at: str, member: str) -> None:
    """PostgreSQL's text cannot hold U+0000; accepted here it would stop the recorder later."""
    data = changed(RELEASED, at, "a\x00b")
    if at == "child.0.value":
        data["child"][0]["scheme"] = "fin"
    refused(RELEASED, data, "H0", member)


def test_nul_hides_in_no_name_and_is_not_seen_where_it_is_not() -> None:
    """A name may not hold it either; the six characters backslash-u-0000, spelled out, are text like any other."""
    wire = "custody.correction-issued.v1"
    refused(wire, changed(wire, "fact.set", {"a\x00b": 1}), "H0", "fact.set.a?b")
    refused(wire, changed(wire, "fact.set", {"reason": {"deep": ["\x00"]}}), "H0", "fact.set.reason.deep.0")
    accepted(RELEASED, changed(RELEASED, "fact.relationship", "a\\u0000b"))
    absence = "custody.absence-reported.v1"
    refused(absence, changed(absence, "fact.kind", "\x00"), "H0", "fact.kind")


@pytest.mark.parametrize(
    ("once", "twice", "name"),
    [
        (b'"door": "feed"', b'"door": "feed", "door": "command"', "door"),
        (b'"relationship": ', b'"relationship" : "aunt", "relationship": ', "relationship"),
        (b'"city": ', b'"city"\n:\n"Dallas", "city": ', "city"),
        (b'"scheme": ', b'"scheme": "fin", "scheme": ', "scheme"),
        (b'"codes": {}', b'"codes": {"a": "1", "a": "2"}', "a"),
        (b'"office": ', b'"office": "x", "\\u006fffice": ', "office"),
    ],
)
def test_a_name_given_twice_is_refused(once: bytes, twice: bytes, name: str) -> None:
    """Two values for one name are no statement; the last one must not win by the accident of a parser."""
    body = json.dumps(golden(RELEASED)).encode()
    assert body.count(once) >= 1
    refused(RELEASED, body.replace(once, twice, 1), "H0", name)


def test_a_name_given_twice_is_refused_in_a_correction_and_in_a_safety_fact() -> None:
    """Free members and mended facts are looked at as closely."""
    wire = "custody.correction-issued.v1"
    body = json.dumps(changed(wire, "fact.set", {"a": 1})).encode().replace(b'"a": 1', b'"a": 1, "a": 2')
    refused(wire, body, "H0", "a")
    wire = "custody.absence-reported.v1"
    body = json.dumps(changed(wire, "fact.kind", "lost")).encode().replace(b'"kind"', b'"kind": "runaway", "kind"')
    refused(wire, body, "H0", "kind")


@pytest.mark.parametrize("wire", WIRES)
def test_colons_in_values_are_not_taken_for_names(wire: str) -> None:
    """The quick look for repeated names errs towards looking closer, never towards refusing."""
    data = golden(wire)
    data["reported_by"] = {"office": '":":": "', "user": '{"user": "x"}'}
    accepted(wire, data)
    accepted(wire, orjson.dumps(data, option=orjson.OPT_INDENT_2))


def test_an_unknown_type_is_named_if_it_looks_like_one() -> None:
    """A sender who misspelt a fact reads its own spelling; odd characters are not repeated."""
    assert "custody.relesed.v1" in refused("custody.relesed.v1", b"{}", "H0", "type").message
    assert MARKER not in refused(f"{MARKER} \x00", b"{}", "H0", "type").message


def test_a_made_up_name_is_shown_in_part() -> None:
    """A name of a megabyte does not fill the outcome, nor do its control characters."""
    answer = read(RELEASED, changed(RELEASED, "fact." + "x\n" * 4000, 1))
    assert answer.member.startswith("fact.x?x?")
    assert len(answer.member) < LONGEST_NAME + 10


def test_every_wire_name_is_exercised_here() -> None:
    """A fact without a full submission among the golden files would escape all of this."""
    folder = Path(__file__).parents[1] / "golden" / "submissions"
    assert {path.stem for path in folder.glob("*.json")} == set(WIRES)
    assert {short_name(wire) for wire in WIRES} == set(MEMBERS)
    assert get_args(Submission.model_fields["door"].annotation) == ("command", "feed", "import")
