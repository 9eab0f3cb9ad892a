"""Folds read back from the event store, batch by batch, tell what one fold that never forgets would tell."""

from collections.abc import Collection, Iterator, Sequence
from itertools import pairwise
from uuid import UUID

import psycopg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from psycopg.rows import DictRow, dict_row

from ledger.entry import Entry
from ledger.facts import IdentityMerged, IdentityUnmerged
from ledger.roles.settings import Settings
from ledger.store.eventstore import open_ledger
from producers.feeds.folds import Folds
from tests.histories import CHILD, ZONE, entry, state_of
from tests.unit.test_disclosing import RELEASE
from tests.unit.test_telling import OTHER, SCREENING, THIRD, correction, hearing, merge
from tests.unit.test_telling_memory import Shown, histories, kept_in_memory, shown

Connection = psycopg.Connection[DictRow]


@pytest.fixture
def connection(database_url: str) -> Iterator[Connection]:
    """A connection to a ledger with nothing in it."""
    open_ledger(Settings(database_url, "", ZONE, "wall")).close()
    with psycopg.connect(database_url, row_factory=dict_row) as made:
        yield made


def record(connection: Connection, one: Entry) -> None:
    connection.execute(
        "insert into ledger.stored_events (originator_id, originator_version, topic, state, notification_id)"
        " values (%s, %s, %s, %s, %s)",
        (one.child, one.version, one.type, state_of(one), one.position),
    )
    if isinstance(one.fact, IdentityMerged | IdentityUnmerged):
        other = UUID(one.resolved["other"])
        for pair in ((one.child, other), (other, one.child)):
            connection.execute("insert into ledger.links values (%s, %s) on conflict do nothing", pair)


def told_in_batches(
    connection: Connection, history: Sequence[Entry], cuts: Sequence[int], *, ahead: int, forgetting: Collection[int]
) -> list[Shown]:
    """Tell a history batch by batch, with `ahead` entries more recorded than the batch holds; leaves nothing."""
    told, folds, recorded, up_to = list[Shown](), Folds((), ZONE), 0, 0
    with connection.transaction(force_rollback=True):
        for start, end in pairwise(cuts):
            for one in history[recorded : end + ahead]:
                record(connection, one)
                recorded += 1
            if start in forgetting:
                folds.forget()
            with connection.cursor() as cursor:
                folds.prepare(cursor, history[start:end], up_to)
            for one in history[start:end]:
                told += shown(folds.tell(one))
            folds.evict()
            up_to = history[end - 1].position
    return told


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(histories(), st.data())
def test_folds_read_back_tell_what_one_that_never_forgets_tells(
    connection: Connection, monkeypatch: pytest.MonkeyPatch, history: list[Entry], data: st.DataObject
) -> None:
    """Whatever the batches are, whatever was forgotten between them, and however far the recording is ahead."""
    monkeypatch.setattr("producers.feeds.folds.CACHED_ENTRIES", data.draw(st.integers(0, 8)))
    places = st.sets(st.integers(1, len(history)))
    cuts = sorted(data.draw(places) | {0, len(history)})
    ahead, forgetting = data.draw(st.integers(0, len(history))), data.draw(places)
    assert told_in_batches(connection, history, cuts, ahead=ahead, forgetting=forgetting) == kept_in_memory(history, [])


def test_a_record_about_to_be_merged_is_read_back_whole(connection: Connection) -> None:
    """A merge is recorded but not yet published; before it, a second entry of a record is corrected.

    Of either record only what its first correction speaks of had been read.
    """
    history = [
        hearing(1),
        entry(2, "released-to-sponsor", "2022-03-04", RELEASE),
        hearing(3, OTHER),
        correction(4, 1, appearance="absent"),
        correction(5, 3, appearance="absent")._replace(child=OTHER),
        correction(6, 2, sponsor_id="sp-2"),
        merge(7, CHILD, OTHER),
    ]
    told = told_in_batches(connection, history, [0, 3, 4, 5, 6, 7], ahead=1, forgetting=())
    assert ("ICE-ERO", "entry", 6) in [item[:3] for item in told]
    assert told == kept_in_memory(history, [])


def test_the_fold_used_last_stays_however_large_it_is(connection: Connection, monkeypatch: pytest.MonkeyPatch) -> None:
    """Or a child of whom very much is said would be read back whole for every batch, and all others wait for it."""
    monkeypatch.setattr("producers.feeds.folds.CACHED_ENTRIES", 1)
    folds = Folds((), ZONE)
    history = [hearing(1, OTHER), hearing(2), hearing(3)]
    with connection.transaction(force_rollback=True), connection.cursor() as cursor:
        for one in history:
            record(connection, one)
        for late in (
            correction(4, 1, appearance="absent")._replace(child=OTHER),
            correction(5, 2, appearance="absent"),
            correction(6, 3, appearance="absent"),
        ):
            folds.prepare(cursor, [late], late.position - 1)
            folds.tell(late)
        folds.evict()
    with connection.cursor() as cursor:  # nothing stands in the event store now: what is in memory is all there is
        again = correction(7, 3, appearance="excused")
        folds.prepare(cursor, [again], 6)
        assert ("ICE-ERO", "entry", 7) in [item[:3] for item in shown(folds.tell(again))]
        lost = correction(8, 1, appearance="excused")._replace(child=OTHER)
        folds.prepare(cursor, [lost], 7)
        assert shown(folds.tell(lost)) == []


def test_two_groups_of_merged_records_become_one(connection: Connection) -> None:
    """Only ICE-ERO knows of the last of four records: the merge that joins them two and two goes to it, too."""
    fourth = UUID("00000000-0000-7000-8000-000000000004")
    history = [
        entry(1, "protection-screening-recorded", "2022-03-04", SCREENING),
        entry(2, "protection-screening-recorded", "2022-03-04", SCREENING, child=OTHER),
        merge(3, CHILD, OTHER),
        entry(4, "protection-screening-recorded", "2022-03-04", SCREENING, child=THIRD),
        hearing(5, fourth),
        merge(6, THIRD, fourth),
        merge(7, OTHER, THIRD),
    ]
    told = told_in_batches(connection, history, list(range(8)), ahead=0, forgetting=())
    assert told == kept_in_memory(history, [])
    joined = merge(7, OTHER, CHILD)  # had the last one joined nothing new, ICE-ERO would not have been told
    assert len(kept_in_memory([*history[:6], joined], [])) < len(told)
