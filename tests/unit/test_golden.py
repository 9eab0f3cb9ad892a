"""What was written once is read for ever: golden submissions and entries for every wire name ever shipped."""

from pathlib import Path

import orjson
import pytest

from ledger.entry import UnknownWireNameError, fact_json, read_entry, read_ledger_entry, recorded_at_of
from ledger.facts import BY_WIRE, LEDGER_FACTS, MailReturned, current
from ledger.facts.vocabulary import Address
from ledger.intake.submission import read_submission
from ledger.times import write_clock
from tests.golden import making

WIRES = sorted(BY_WIRE)
LEDGER_WIRES = sorted(LEDGER_FACTS)


@pytest.mark.parametrize(
    ("folder", "wires"),
    [
        (making.SUBMISSIONS, WIRES),
        (making.ENTRIES, WIRES),
        (making.LEDGER_SUBMITTED, LEDGER_WIRES),
        (making.LEDGER_ENTRIES, LEDGER_WIRES),
        (making.SCHEMAS, sorted(WIRES + LEDGER_WIRES)),
    ],
    ids=["submissions", "entries", "ledger_facts", "ledger_entries", "schemas"],
)
def test_every_wire_name_has_its_golden_files_and_no_other_is_there(folder: Path, wires: list[str]) -> None:
    """A new wire name needs golden bytes; one that was shipped is never taken out of the code, nor used again."""
    assert sorted(path.stem for path in folder.glob("*.json")) == wires


@pytest.mark.parametrize("wire", LEDGER_WIRES)
def test_an_entry_about_no_child_is_written_to_the_letter_and_read_back(wire: str) -> None:
    """Its `child` is null, whatever record it stands under in the event store."""
    golden = (making.LEDGER_ENTRIES / f"{wire}.json").read_bytes()
    assert making.ledger_entry_bytes(wire) == golden
    entry = read_ledger_entry(golden)
    assert orjson.loads(golden)["child"] is None
    assert (entry.position, entry.subject, entry.version) == (making.POSITION, making.SUBJECTS[wire], making.VERSION)
    assert (entry.type, entry.recorded_at) == (wire, making.RECORDED_AT)
    given = (making.LEDGER_SUBMITTED / f"{wire}.json").read_bytes()
    assert entry.fact == LEDGER_FACTS[wire].model_validate_json(given)


@pytest.mark.parametrize("wire", WIRES)
def test_an_entry_is_written_to_the_letter(wire: str) -> None:
    """The same fact, clock and ids give the same bytes, today as on the day the wire name was shipped."""
    assert making.entry_bytes(wire) == (making.ENTRIES / f"{wire}.json").read_bytes()


@pytest.mark.parametrize("wire", WIRES)
def test_a_golden_entry_is_read_back(wire: str) -> None:
    """Everything that was recorded comes back: the fact in its current version, and as it was recorded."""
    submission = making.read_golden_submission(wire)
    entry = read_entry((making.ENTRIES / f"{wire}.json").read_bytes())
    assert (entry.position, entry.child, entry.version) == (making.POSITION, making.CHILD, making.VERSION)
    assert (entry.type, entry.subject, entry.door) == (wire, "child", submission.door)
    assert (entry.occurred_at, entry.known_since) == (submission.occurred_at, submission.known_since)
    assert entry.recorded_at == making.RECORDED_AT
    assert entry.producer == making.producer_of(wire, submission)
    assert entry.source == submission.source.model_dump()
    assert entry.identifiers == tuple((i.scheme, i.value) for i in submission.child)
    assert entry.findings == making.FINDINGS.get(wire, ())
    assert entry.submission_id == f"golden-{wire}"
    assert entry.fact == current(submission.fact)
    assert orjson.dumps(entry.recorded_fact) == fact_json(submission.fact)
    assert (entry.resolved, entry.extensions) == (making.RESOLVED.get(wire, {}), making.EXTENSIONS.get(wire, {}))


@pytest.mark.parametrize("wire", WIRES)
def test_a_golden_submission_shows_every_member(wire: str) -> None:
    """The examples are complete, so that no member of a fact goes untried."""
    fact = making.read_golden_submission(wire).fact
    assert fact.model_fields_set == set(type(fact).model_fields)
    address = getattr(fact, "address", None)
    assert not isinstance(address, Address) or address.model_fields_set >= {"lines", "unit", "city", "state", "zip"}


def test_a_fact_of_an_earlier_version_is_read_as_the_current_one() -> None:
    """Version 1 of returned mail did not say which kind the piece was; read today, the kind is unknown."""
    entry = read_entry((making.ENTRIES / "custody.mail-returned.v1.json").read_bytes())
    assert entry.type == "custody.mail-returned.v1"
    assert entry.fact == MailReturned(
        piece_kind="unknown", piece="hearing notice HN-4417", reason="insufficient address", address_position=812
    )
    assert "piece_kind" not in entry.recorded_fact


def test_only_what_was_given_is_recorded() -> None:
    """A member that was left out is not written as null: withheld, unknown and not given stay different things."""
    given = orjson.loads((making.SUBMISSIONS / "custody.released-to-sponsor.v1.json").read_bytes())
    del given["fact"]["relationship"], given["fact"]["address"]["unit"]
    given["fact"]["sponsor_id"] = None
    read = read_submission("custody.released-to-sponsor.v1", orjson.dumps(given))
    assert isinstance(read, tuple)
    assert orjson.loads(fact_json(read[0].fact)) == given["fact"]


def test_an_instant_keeps_its_offset_and_a_day_stays_a_day() -> None:
    """A time is recorded as it was given; only UTC has one spelling."""
    offset = orjson.loads((making.ENTRIES / "custody.released-to-sponsor.v1.json").read_bytes())
    day = orjson.loads((making.ENTRIES / "custody.admitted-to-program.v1.json").read_bytes())
    utc = orjson.loads((making.ENTRIES / "custody.departure-verified.v1.json").read_bytes())
    assert offset["occurred_at"] == "2022-03-04T13:20:00-06:00"
    assert day["occurred_at"] == "2022-01-11"
    assert utc["occurred_at"] == "2023-03-01T18:00:00Z"


def test_the_clock_is_found_without_parsing() -> None:
    """The relay takes `recorded_at` from fixed bytes; they hold what parsing finds."""
    payload = (making.ENTRIES / "custody.handoff-accepted.v1.json").read_bytes()
    state = b"{" + payload[payload.index(b'"subject"') :]
    assert recorded_at_of(state) == write_clock(making.RECORDED_AT) == orjson.loads(payload)["recorded_at"]


def test_an_entry_of_a_newer_version_is_left_alone() -> None:
    """A wire name this version does not know stops the reader with the cure, and applies nothing."""
    payload = (making.ENTRIES / "custody.departure-verified.v1.json").read_bytes()
    with pytest.raises(UnknownWireNameError, match=r"custody\.departure-verified\.v9.*nothing of it was applied"):
        read_entry(payload.replace(b"departure-verified.v1", b"departure-verified.v9", 1))
