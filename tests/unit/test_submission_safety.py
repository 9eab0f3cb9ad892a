"""Safety facts: only form, authority, keys and H8 keep them out."""

import json
from typing import Any

import orjson
import pytest

from ledger.entry import fact_json
from ledger.facts import BY_WIRE
from ledger.facts.vocabulary import time_members
from tests.unit.reading import (
    HARD,
    SAFETY,
    changed,
    coded,
    golden,
    read,
    refused,
)


@pytest.mark.parametrize("wire", SAFETY)
def test_a_safety_fact_without_a_source_is_recorded_and_remarked_on(wire: str) -> None:
    """Word of danger is not turned away for want of a form number (domain (b), corollary)."""
    for source in (None, {}, "", {"document": "", "reference": None}):
        data = golden(wire)
        data["source"] = source
        submission, findings = read(wire, data)
        assert (submission.source.document, submission.source.grade) == ("unknown", "unknown")
        assert [(finding.code, finding.level) for finding in findings] == [("H7", "guard")]
    del data["source"]
    assert read(wire, data)[1][0].code == "H7"


@pytest.mark.parametrize("wire", SAFETY)
def test_a_safety_fact_with_unknown_codes_is_recorded_as_unknown_with_the_code_kept(wire: str) -> None:
    """What the source said stands in `source.codes`, under the member; one finding says it of all (H6)."""
    data = golden(wire)
    places = list(coded(wire))
    for at in places:
        holder: Any = data
        *holders, last = at.split(".")
        for part in holders:
            holder = holder[part]
        holder[int(last) if isinstance(holder, list) else last] = f"code-{last}"
    data["source"].update(grade="rumour", codes={})
    submission, findings = read(wire, data)
    assert [(finding.code, finding.level) for finding in findings] == [("H6", "guard")]
    kept = {at.removeprefix("fact."): f"code-{at.split('.')[-1]}" for at in places}
    assert submission.source.codes == {**kept, "source.grade": "rumour"}
    recorded = orjson.loads(fact_json(submission.fact))
    for at in places:
        value: Any = {"fact": recorded}
        for part in at.split("."):
            value = value[int(part)] if isinstance(value, list) else value[part]
        assert value == "unknown"
    assert submission.source.grade == "unknown"


def test_a_mended_yes_or_no_is_unknown() -> None:
    """`perhaps` is neither yes nor no; it becomes `unknown` and stays readable as the source's code."""
    wire = "custody.post-release-contact-recorded.v1"
    submission, findings = read(wire, changed(wire, "fact.child_seen", "perhaps"))
    assert submission.fact.child_seen == "unknown"
    assert submission.source.codes == {"child_seen": "perhaps"}
    assert findings[0].code == "H6"


def test_the_senders_own_code_is_not_overwritten() -> None:
    """Who sent the code beside the text keeps it."""
    wire = "custody.absence-reported.v1"
    data = changed(wire, "fact.kind", "lost")
    data["source"]["codes"] = {"kind": "L7"}
    assert read(wire, data)[0].source.codes == {"kind": "L7"}


@pytest.mark.parametrize("wire", SAFETY)
def test_a_safety_fact_of_no_readable_form_is_refused(wire: str) -> None:
    """Mending stops at codes and sources: an unknown member or a missing one is refused, by name (H0)."""
    data = golden(wire)
    data["fact"]["nobody"] = 1
    data["source"] = None
    refused(wire, data, "H0", "fact.nobody")
    required = next(name for name, field in BY_WIRE[wire].model_fields.items() if field.is_required())
    data = golden(wire)
    del data["fact"][required]
    refused(wire, data, "H0", f"fact.{required}")


@pytest.mark.parametrize("wire", HARD[::7])
def test_other_facts_are_never_mended(wire: str) -> None:
    """Without a source they are refused, and say so (H7)."""
    refused(wire, changed(wire, "source", None), "H7", "source")


@pytest.mark.parametrize("wire", SAFETY)
@pytest.mark.parametrize("words", ["0001-01-01T00:00:00Z", "2022-03-04T13:20:00+23:59", "last Tuesday", 1646400000, {}])
def test_a_safety_fact_at_no_time_is_recorded_at_an_unknown_one_with_the_words_kept(wire: str, words: Any) -> None:
    """Zero dates and other words are no reason to turn away word of danger; what was written stands beside it (H0)."""
    data = golden(wire)
    times = [member for member in ("last_seen_at",) if member in data["fact"]]
    data["occurred_at"] = data["known_since"] = words
    data["fact"].update(dict.fromkeys(times, words))
    submission, findings = read(wire, data)
    assert (submission.occurred_at, submission.known_since) == (None, None)
    assert [(finding.code, finding.level) for finding in findings] == [("H0", "guard")]
    kept = words if isinstance(words, str) else json.dumps(words)
    assert submission.source.codes.items() >= dict.fromkeys(["occurred_at", "known_since", *times], kept).items()
    assert not any(member in orjson.loads(fact_json(submission.fact)) for member in times)


@pytest.mark.parametrize("wire", SAFETY)
def test_a_safety_fact_without_a_time_is_recorded_at_an_unknown_one(wire: str) -> None:
    """Nobody wrote when: that is as good as `null`, and is said."""
    data = golden(wire)
    del data["occurred_at"]
    submission, findings = read(wire, data)
    assert submission.occurred_at is None
    assert [finding.code for finding in findings] == ["H0"]


def test_words_are_kept_beside_as_many_codes_as_may_be_sent() -> None:
    """A full list of codes leaves room for the words that stood in a time's place."""
    wire = "custody.absence-reported.v1"
    data = golden(wire)
    data["occurred_at"] = "yesterday"
    data["source"]["codes"] = {f"member-{n}": "x" for n in range(100)}
    assert read(wire, data)[0].source.codes["occurred_at"] == "yesterday"


@pytest.mark.parametrize("wire", HARD)
def test_any_other_fact_at_no_time_is_refused(wire: str) -> None:
    """A time beyond the bounds is no time, in every member that is one (H0)."""
    for far in ("0001-01-01T00:00:00Z", "9999-12-31T23:59:59Z", "2022-03-04T13:20:00+23:59"):
        for at in ("occurred_at", "known_since"):
            refused(wire, changed(wire, at, far), "H0", at)
        for member in time_members(BY_WIRE[wire]):
            refused(wire, changed(wire, f"fact.{member}", far), "H0", f"fact.{member}")
            refused(wire, changed(wire, f"fact.{member}", far[:10].replace("2022", "0022")), "H0", f"fact.{member}")
