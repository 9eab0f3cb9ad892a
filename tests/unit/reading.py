"""Full submissions of every fact, from the golden files, to be changed in one place and read."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import orjson

from ledger.facts import BY_WIRE, Fact
from ledger.facts.questions import SAFETY_FACTS
from ledger.intake.submission import Refusal, Submission, read_submission

MARKER: Final = "Zacarias-9f3e"
"""A value no message may repeat."""
WIRES: Final = sorted(BY_WIRE)
SAFETY: Final = sorted(fact.wire for fact in SAFETY_FACTS)
HARD: Final = sorted(set(WIRES) - set(SAFETY))
RELEASED: Final = "custody.released-to-sponsor.v1"
NOTICE: Final = "custody.notice-given.v1"


def golden(wire: str) -> dict[str, Any]:
    """Return a full submission of this fact, every member given."""
    path = Path(__file__).parents[1] / "golden" / "submissions" / f"{wire}.json"
    return orjson.loads(path.read_bytes())  # type: ignore[no-any-return]


def changed(wire: str, at: str, value: Any) -> dict[str, Any]:
    """Return the full submission with `value` at the dotted path `at`."""
    data = golden(wire)
    *holders, last = at.split(".")
    holder: Any = data
    for part in holders:
        holder = holder[int(part)] if isinstance(holder, list) else holder[part]
    holder[int(last) if isinstance(holder, list) else last] = value
    return data


def read(wire: str, data: Any) -> Any:
    return read_submission(wire, data if isinstance(data, bytes) else json.dumps(data).encode())


def refused(wire: str, data: Any, code: str, member: str | None) -> Refusal:
    answer = read(wire, data)
    assert isinstance(answer, Refusal), answer
    assert (answer.code, answer.member) == (code, member), answer
    return answer


def accepted(wire: str, data: Any) -> Submission[Fact]:
    answer = read(wire, data)
    assert isinstance(answer, tuple), answer
    submission: Submission[Fact] = answer[0]
    return submission


def coded(wire: str) -> Iterator[str]:
    """Yield the dotted path of every coded value in the full submission of a fact."""
    fact = golden(wire)["fact"]
    for name, field in BY_WIRE[wire].model_fields.items():
        text = str(field.annotation)
        if "Literal" in text and name in fact and "Identifier" not in text and name != "members":
            yield f"fact.{name}.0" if isinstance(fact[name], list) and fact[name] else f"fact.{name}"
