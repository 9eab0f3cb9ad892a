"""Reading the ledger is logged, and a logged read is knowledge: of what the answer held, and of nothing else."""

from datetime import datetime, timedelta
from uuid import UUID

from ledger.agencies import Agency
from ledger.entry import Entry
from projections.knowledge.moments import DELIVERED, OPENED, TOLD, Item, known_set
from projections.knowledge.reads import EverythingStated, Read, all_moments
from tests.histories import CHILD, ZONE, entry, recorded_at
from tests.unit.test_disclosing import HELD, RELEASE

RELEASED = entry(1, "released-to-sponsor", "2022-03-04", RELEASE)
HEARD = entry(2, "hearing-held", "2022-03-05", HELD)


def item(agency: Agency, position: int, number: int, *withheld: str) -> Item:
    return Item(agency, position, number, recorded_at(position) + timedelta(milliseconds=1), withheld, ())


def read(
    position: int,
    agency: Agency,
    *viewpoint: Agency,
    at_least: int = TOLD,
    by: int | None = None,
    happened: str = "2024-01-01",
    child: UUID = CHILD,
) -> Read:
    moment = recorded_at(position - 1 if by is None else by) + timedelta(milliseconds=500)
    until = datetime.fromisoformat(f"{happened}T00:00:00-05:00")
    return Read(child, agency, position, recorded_at(position), viewpoint, moment, until, moment, "any", at_least)


def known(reads: list[Read], agency: Agency, at: datetime | None = None, *more: Entry) -> list[tuple[int, str, object]]:
    """Return what an agency knew, at least delivered: position, how, members."""
    entries = [RELEASED, HEARD, *more]
    items = [item("ICE-ERO", 1, 1, "sponsor_id"), item("ORR", 2, 1)]
    held = all_moments(EverythingStated(entries, items, [], reads), (agency,), ZONE)
    seen = known_set(entries, held, known_at=at or recorded_at(99), basis="proven", at_least=DELIVERED)
    return [(one.entry.position, one.first.channel, one.members) for one in seen]


def test_what_was_put_before_an_agency_is_opened_when_its_user_reads_it() -> None:
    """From when it was served on, with the members it held, and not a moment before."""
    served = read(5, "ICE-ERO", "ICE-ERO")
    members = frozenset(RELEASE) - {"sponsor_id"}
    assert known([], "ICE-ERO") == []
    assert known([served], "ICE-ERO") == [(1, "read", members)]
    assert known([served], "ICE-ERO", served.recorded_at - timedelta(microseconds=1)) == []


def test_an_answer_that_held_nothing_teaches_nothing() -> None:
    """Asked for what was delivered, nothing was shown; the question alone is no knowledge."""
    assert known([read(5, "ICE-ERO", "ICE-ERO", at_least=DELIVERED)], "ICE-ERO") == []


def test_what_was_stated_after_the_answers_r_was_not_in_it() -> None:
    """An answer as recorded by the moment before the publication held nothing."""
    early = read(5, "ICE-ERO", "ICE-ERO", by=0)
    assert known([early], "ICE-ERO") == []


def test_an_answer_may_be_asked_for_as_another() -> None:
    """OIG sees what ICE-ERO was told; what the ledger holds, it sees in full."""
    assert known([read(5, "OIG", "ICE-ERO")], "OIG") == [(1, "read", frozenset(RELEASE) - {"sponsor_id"})]
    assert known([read(5, "OIG")], "OIG") == [(1, "read", None), (2, "read", None)]
    assert known([read(5, "OIG", "ICE-ERO")], "ICE-ERO") == []


def test_a_read_is_among_the_moments_a_later_answer_goes_by() -> None:
    """ICE-ERO read it, so that an answer of what was opened to ICE-ERO, served to OIG, holds it."""
    first = read(5, "ICE-ERO", "ICE-ERO")
    later = read(7, "OIG", "ICE-ERO", at_least=OPENED)
    assert known([first, later], "OIG") == [(1, "read", frozenset(RELEASE) - {"sponsor_id"})]
    assert known([later], "OIG") == []


def test_what_happened_after_the_answers_h_was_not_in_it() -> None:
    """Asked what had happened by 5 March, OIG read of the release of the 4th, and of no hearing later that day."""
    assert known([read(5, "OIG", happened="2022-03-05")], "OIG") == [(1, "read", None)]
    assert known([read(5, "OIG", happened="2022-03-01")], "OIG") == []


def test_an_answer_goes_by_the_times_as_corrected() -> None:
    """The hearing was moved behind the H asked for: read before, it was in the answer; read after, it was not."""
    sets = {"corrects": 2, "set": {"occurred_at": "2022-03-20"}, "reason": "wrong day"}
    corrected = entry(3, "correction-issued", "2022-03-06", sets)
    told = [(1, "read", None), (2, "read", None)]
    assert known([read(5, "OIG", happened="2022-03-10", by=2)], "OIG", None, corrected) == told
    assert known([read(5, "OIG", happened="2022-03-10")], "OIG", None, corrected) == [told[0], (3, "read", None)]


def test_an_answer_about_one_record_teaches_nothing_of_another() -> None:
    """Records once joined are read together from the tables; an answer held the person asked for, and no one else."""
    other = UUID("00000000-0000-7000-8000-000000000002")
    assert known([read(5, "OIG", child=other)], "OIG") == []
    assert known([read(5, "ICE-ERO", "ICE-ERO", child=other)], "ICE-ERO") == []
