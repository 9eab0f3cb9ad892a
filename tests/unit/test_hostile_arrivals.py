"""No record on an intake or receipts topic is too odd to be read, refused, or kept."""

import itertools

from consumers.reading import read_arrival
from ledger.rules.arrivals import Claim, Illegible, Malformed, Place, ReceiptArrival
from ledger.topics import agency_of
from tests.hostile.shots import Gun

SHOTS = 3000


def test_reading_a_record_never_raises() -> None:
    """Whatever stands there becomes a claim, a receipt, a refusal, or a dead letter."""
    seen = set()
    for offset, shot in enumerate(itertools.islice(Gun(5).at_intake(), SHOTS)):
        place = Place(agency_of(shot.topic), shot.topic, shot.partition, offset)
        seen.add(type(read_arrival(place, shot.headers, shot.value)))
    assert seen == {Claim, ReceiptArrival, Malformed, Illegible}
