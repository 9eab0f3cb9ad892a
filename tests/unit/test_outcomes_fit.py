"""An outcome is never too long for its topic: one that Kafka refused would keep those of all agencies waiting."""

import orjson

from ledger.rules.outcomes import MOST_BYTES, fitting, outcome


def test_an_outcome_of_ordinary_length_is_told_as_it_is() -> None:
    """Nothing is left out, and not a byte is changed."""
    body = outcome(source="/orr/x", id="s-1", status="refused", refusal={"code": "H0", "message": "no", "member": None})
    assert fitting(body) is body


def test_a_very_long_outcome_is_cut_to_what_a_topic_carries() -> None:
    """However long the id, the refusal and the findings are: status, code and position stay."""
    long = "x" * 20_000
    finding = {"code": "W1", "level": "warn", "message": long}
    faults = [{"member": long, "message": long}] * 1000
    refusal = {"code": "H0", "message": long, "member": long, "faults": faults}
    body = outcome(source=long, id=long, status="refused", position=7, findings=[finding] * 500, refusal=refusal)
    cut = fitting(body)
    assert len(cut) < MOST_BYTES
    told = orjson.loads(cut)
    assert (told["status"], told["position"], told["refusal"]["code"]) == ("refused", 7, "H0")
    assert told["findings"][0]["code"] == "W1"
    assert told["submission"]["id"].startswith("xxx")
