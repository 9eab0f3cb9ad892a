"""What recovery brings back from Kafka is what was there: each message is taken apart and put together to the byte."""

from pathlib import Path
from uuid import UUID

import orjson
import pytest

from consumers.recovery import recorded
from ledger.entry import value
from ledger.kafka.entries import EntryMessage
from ledger.streams import LEDGER
from tests.golden.making import ENTRIES, LEDGER_ENTRIES

GOLDEN = sorted((*ENTRIES.glob("*.json"), *LEDGER_ENTRIES.glob("*.json")))


@pytest.mark.parametrize("file", GOLDEN, ids=lambda file: file.stem)
def test_a_message_is_taken_apart_and_put_together_to_the_byte(file: Path) -> None:
    """Entries about a child, and those about none, whose record only the key of the message names."""
    payload = file.read_bytes()
    given = orjson.loads(payload)
    record = LEDGER if given["child"] is None else UUID(given["child"])
    back = recorded(EntryMessage(given["position"], 0, record, given["recorded_at"], 0, 0, payload))
    assert (back.originator_id, back.originator_version, back.wire) == (record, given["version"], given["type"])
    assert payload == value(
        position=given["position"],
        child=back.originator_id,
        version=back.originator_version,
        wire=back.wire,
        state=back.state,
    )
