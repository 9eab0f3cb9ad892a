"""An entry that cannot be told blocks its record in the feeds, and nobody else; what waits is told when it can be."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from ledger.agencies import RECEIVERS
from ledger.entry import Entry
from ledger.sharing.batches import read_batch
from ledger.sharing.disclosure import Disclosure, Sharing
from ledger.store import deferring
from ledger.topics import PUBLICATIONS, feed
from producers.feeds.feeds import Feeds
from projections.tables.versions import connect
from readers.verify.verify_feeds import FeedsVerified, verify_feeds
from readers.verify.verify_publications import verify_publications
from tests.conftest import empty_topics
from tests.histories import CHILD
from tests.integration.feeding import numbered, on_feed, on_feeds, published
from tests.integration.flow import Flow, flow, until
from tests.integration.running import running
from tests.integration.storing import Store, merged_with
from tests.integration.test_feed_failures import a_life, require_sound
from tests.integration.test_read_tables import execute, quiet, verified
from tests.unit.test_disclosing import HELD, RELEASE
from tests.unit.test_telling import OTHER, THIRD, wider

VOID = {"reason": "typed in error"}


@pytest.fixture
def ledger(database_url: str, fresh_kafka: str, tmp_path: Path) -> Iterator[Flow]:
    """A ledger into which entries are put; the feeds are told by this process."""
    with flow(database_url, fresh_kafka, tmp_path, ("relay",)) as running:
        yield running


@contextmanager
def projections(ledger: Flow, folder: Path) -> Iterator[None]:
    """Have the read tables kept, too."""
    settings = ledger.settings
    with running(
        ("projections",), database_url=settings.database_url, bootstrap=settings.kafka_bootstrap, folder=folder
    ):
        yield


def publish_all(ledger: Flow, store: Store) -> None:
    """Publish what there is in a life of its own, and try once what is to be tried again."""
    with a_life(ledger) as (feeds, _):
        until(lambda: feeds.step() >= 0 and _published(ledger) == store.position)
        feeds.step()


def _published(ledger: Flow) -> int:
    rows = ledger.rows("select to_position from ledger.publications order by number desc limit 1")
    return int(rows[0][0]) if rows else 0


@pytest.fixture
def store(ledger: Flow) -> Store:
    return Store(ledger.settings.database_url)


def told(ledger: Flow, agency: Any = "ICE-ERO") -> list[tuple[str, int]]:
    """Return kind and position of what stands on a feed."""
    return [(item.body["kind"], item.body["position"]) for item in on_feed(ledger, agency)]


def sound(ledger: Flow) -> FeedsVerified:
    """Verify batches and feeds; every feed is dense, and what the entries and the batches give."""
    for agency, items in on_feeds(ledger).items():
        assert numbered(items) == list(range(1, len(items) + 1)), agency
    with connect(ledger.settings.database_url) as connection:
        batches = verify_publications(connection, ledger.settings.kafka_bootstrap, quiet)
        feeds = verify_feeds(ledger.settings, connection, batches.told, quiet)
    assert (batches.wrong, batches.not_yet_told, feeds.wrong) == ((), 0, ())
    return feeds


def blocked(ledger: Flow) -> list[tuple[UUID, str]]:
    return ledger.rows("select child, reason from ledger.blocked where role = 'feeds' order by 1")


def failing(monkeypatch: pytest.MonkeyPatch, position: int, *, unless_without: str = "") -> None:
    """Have the rules fail at one entry, as for a fault of ours; unless it is told without this member."""
    disclosures = Sharing.disclosures

    def faulty(self: Sharing, entry: Entry) -> list[tuple[Any, Disclosure]]:
        if entry.position == position and (not unless_without or unless_without in entry.recorded_fact):
            raise ZeroDivisionError("what is known of a child")
        return disclosures(self, entry)

    monkeypatch.setattr(Sharing, "disclosures", faulty)


def test_an_entry_that_cannot_be_read_blocks_its_record_alone_until_it_is_voided(ledger: Flow, store: Store) -> None:
    """All feeds go on for other children; the void is told to who produced the entry, and what waited is told behind.

    Numbers are dense, the feeds lost with Kafka come back to the byte, and verify and a rebuild agree all the time.
    """
    store.add("released-to-sponsor", RELEASE)
    unread = store.add("released-to-sponsor", RELEASE, wire="custody.from-the-future.v1")
    store.add("released-to-sponsor", RELEASE, child=OTHER)
    store.add("hearing-held", HELD)
    store.add("hearing-held", HELD, child=OTHER)
    publish_all(ledger, store)
    assert told(ledger) == [("entry", 1), ("entry", 3), ("entry", 5)]
    assert {child for child, _ in blocked(ledger)} == {CHILD}
    assert blocked(ledger)[0][1].startswith(f"entry {unread} cannot be told: UnknownWireNameError at ledger.entry:")
    waiting = sound(ledger)
    assert (waiting.waiting, waiting.blocked) == (2, 1)
    publish_all(ledger, store)
    assert told(ledger) == [("entry", 1), ("entry", 3), ("entry", 5)], "tried at the start, and waits still"

    void = store.add("entry-voided", {"voids": unread, **VOID}, agency="STEWARD")
    store.add("released-to-sponsor", RELEASE, child=THIRD)
    publish_all(ledger, store)
    assert blocked(ledger) == []
    assert [p for _, p in told(ledger)] in ([1, 3, 5, 4, 7], [1, 3, 5, 7, 4])
    assert ("entry", void) in told(ledger, "ORR"), "who produced what was voided is not left holding it"
    assert ("entry", void) not in told(ledger), "nobody else ever had it"
    assert sound(ledger).waiting == 0

    before = on_feeds(ledger)
    empty_topics(ledger.settings.kafka_bootstrap, *map(feed, RECEIVERS), PUBLICATIONS)
    store.add("entry-voided", {"voids": 4, **VOID}, agency="STEWARD")
    publish_all(ledger, store)
    after = on_feeds(ledger)
    assert {agency: items[: len(before[agency])] for agency, items in after.items()} == before
    assert sound(ledger).waiting == 0


def test_what_waited_is_told_after_an_upgrade_under_a_later_stamp(
    ledger: Flow, store: Store, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """A fault of ours is mended: at its next start the role tells what waited, once, whenever it was killed.

    Until then nobody has a moment of knowledge of it, and afterwards none before it was told.
    """
    with projections(ledger, tmp_path):
        with monkeypatch.context() as faulty:
            failing(faulty, 2)
            for child in (CHILD, CHILD, OTHER, CHILD):
                store.add("released-to-sponsor", RELEASE, child=child)
            publish_all(ledger, store)
            assert [p for _, p in told(ledger)] == [1, 3]
            assert "what is known of a child" not in blocked(ledger)[0][1]
            published(ledger)
            moments = ledger.rows("select position, published_at from read.publications_v1 order by 1")
            assert [position for position, _ in moments] == [1, 3]
            (settled,) = ledger.rows("select complete_to from read.publishing_v1")[0]

        with a_life(ledger) as (feeds, producer):
            producer.commit_transaction = _die
            with pytest.raises(_DeadError):
                _without_end(feeds)
        assert [p for _, p in told(ledger)] == [1, 3]
        publish_all(ledger, store)
        assert [p for _, p in told(ledger)] == [1, 3, 2, 4]
        published(ledger)
        until(lambda: len(ledger.rows("select from read.publications_v1")) == 4)
        late = ledger.rows("select published_at from read.publications_v1 where position in (2, 4)")
        assert all(at > settled for (at,) in late), "no answer given before moves"
        assert blocked(ledger) == []
        assert sound(ledger).waiting == 0
        assert verified(ledger).sound


def test_a_void_unblocks_a_record_while_the_role_goes_on(ledger: Flow, store: Store) -> None:
    """Nobody has to start anything again: the statement calls for another try, and what waited is told."""
    with a_life(ledger) as (feeds, _):
        unread = store.add("released-to-sponsor", RELEASE, wire="custody.from-the-future.v1")
        held = store.add("hearing-held", HELD)
        until(lambda: feeds.step() >= 0 and _published(ledger) == store.position)
        feeds.step()  # what was due at the start is tried, and waits on
        assert {child for child, _ in blocked(ledger)} == {CHILD}
        store.add("entry-voided", {"voids": unread, **VOID}, agency="STEWARD")
        until(lambda: feeds.step() >= 0 and blocked(ledger) == [], 30)
    assert told(ledger) == [("entry", held)]
    assert sound(ledger).waiting == 0


def test_a_blocked_record_holds_back_what_is_merged_with_it_and_what_a_set_adds(
    ledger: Flow, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    """From the merge on the other record waits, too; a set adopted meanwhile tells of other children at once."""
    with monkeypatch.context() as faulty:
        failing(faulty, 2)
        store.add("hearing-held", HELD)
        store.add("hearing-held", HELD)  # the one at fault
        store.add("hearing-held", HELD, child=OTHER)
        store.add("hearing-held", HELD, child=THIRD)
        publish_all(ledger, store)
        adopted = store.adopt(wider())
        publish_all(ledger, store)
        merge = store.add("identity-merged", merged_with(OTHER), agency="STEWARD", other=OTHER)
        store.add("hearing-held", HELD, child=OTHER)
        store.add("hearing-held", HELD, child=THIRD)
        publish_all(ledger, store)
        assert told(ledger, "USCIS") == [("supplement", 3), ("supplement", 4), ("entry", 8)]
        assert [p for _, p in told(ledger)] == [1, 3, 4, 8]
        assert {child for child, _ in blocked(ledger)} == {CHILD, OTHER}
        assert sound(ledger).blocked == 2
    execute(ledger, "insert into ledger.retries values ('feeds', %s)", OTHER)
    publish_all(ledger, store)
    assert told(ledger, "USCIS") == [
        *[("supplement", 3), ("supplement", 4), ("entry", 8)],
        *[("supplement", 1), ("supplement", 2), ("entry", merge), ("entry", 7)],
    ]
    assert [p for _, p in told(ledger)] == [1, 3, 4, 8, 2, merge, 7]
    assert adopted == 5
    assert sound(ledger).waiting == 0


def test_a_correction_lets_an_entry_be_told_without_what_cannot_be_told(
    ledger: Flow, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The member at fault is named and withheld; the correction tells what takes its place. One that sets another
    member mends nothing. A process that starts anew goes on alike, and verify agrees.
    """
    failing(monkeypatch, 1, unless_without="appearance")
    hearing = store.add("hearing-held", HELD)
    store.add("correction-issued", {"corrects": hearing, "set": {"medium": "video"}, "reason": "r"}, agency="EOIR")
    publish_all(ledger, store)
    assert told(ledger) == []
    store.add("correction-issued", {"corrects": hearing, "set": {"appearance": "absent"}, "reason": "r"}, agency="EOIR")
    publish_all(ledger, store)
    store.add("correction-issued", {"corrects": hearing, "set": {"appearance": "excused"}, "reason": "r"})
    publish_all(ledger, store)
    first, *behind = [item.body for item in on_feed(ledger, "ICE-ERO")]
    assert first["fact"] == {"hearing_id": "H1", "court_case": "C1"}
    assert first["withheld"] == ["appearance"]
    assert [item["fact"]["set"] for item in behind] == [
        {"medium": "video"},
        {"appearance": "absent"},
        {"appearance": "excused"},
    ]
    assert (blocked(ledger), sound(ledger).waiting) == ([], 0)


def test_what_was_put_off_is_known_again_from_the_batches_alone(
    ledger: Flow, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    """PostgreSQL restored: batches that come back from Kafka say what waits, was told late, or was left out."""
    with monkeypatch.context() as faulty:
        failing(faulty, 1)
        store.add("hearing-held", HELD)
        store.add("hearing-held", HELD, child=OTHER, wire="custody.from-the-future.v1")
        publish_all(ledger, store)
    store.add("entry-voided", {"voids": 2, **VOID}, child=OTHER, agency="STEWARD")
    publish_all(ledger, store)
    unread = store.add("hearing-held", HELD, child=THIRD, wire="custody.from-the-future.v1")
    publish_all(ledger, store)
    with connect(ledger.settings.database_url) as connection:
        before = deferring.decisions(connection)
        assert [one.left_out for one in before] == [False, True, False, False]
        assert [one.ended_by is None for one in before] == [False, False, False, True]
        assert before[-1].trigger == (unread, unread)
        bodies = connection.execute("select body from ledger.publications order by number").fetchall()
        connection.execute("delete from ledger.deferred")
        with connection.cursor() as cursor:
            for (body,) in bodies:
                deferring.keep(cursor, read_batch(bytes(body)))
        assert deferring.decisions(connection) == before


def test_on_a_driven_clock_what_waited_is_told_with_the_next_entry(
    database_url: str, fresh_kafka: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Time stands still until an entry moves it: what is told before that would have been told in the past."""
    with flow(database_url, fresh_kafka, tmp_path, ("relay",), clock="driven") as ledger:
        store = Store(database_url)
        with monkeypatch.context() as faulty:
            failing(faulty, 1)
            store.add("hearing-held", HELD)
            store.add("hearing-held", HELD, child=OTHER)
            publish_all(ledger, store)
        publish_all(ledger, store)
        assert told(ledger) == [("entry", 2)]
        store.add("hearing-held", HELD, child=THIRD)
        publish_all(ledger, store)
        assert [p for _, p in told(ledger)] == [2, 1, 3]
        stamps = [item.time for item in on_feed(ledger, "ICE-ERO")]
        assert stamps[0] < stamps[1] == stamps[2]
        assert sound(ledger).waiting == 0


@pytest.mark.parametrize("alive", [2, 4])
def test_an_entry_told_to_too_many_at_once_is_told_in_parts(
    ledger: Flow, store: Store, monkeypatch: pytest.MonkeyPatch, alive: int
) -> None:
    """A merge may bring tens of thousands of statements: no batch passes its bound, wherever the role is killed."""
    monkeypatch.setattr("producers.feeds.feeds.MOST_ITEMS", 2)
    store.add("referred-to-orr", {"referring_office": "RGV"}, agency="CBP")
    for _ in range(2):
        store.add("hearing-held", HELD)
    store.add("released-to-sponsor", RELEASE)
    with a_life(ledger) as (feeds, producer):
        commit, committed = producer.commit_transaction, []

        def commit_or_die() -> None:
            committed.append(1)
            if len(committed) > alive:
                raise _DeadError
            commit()

        producer.commit_transaction = commit_or_die
        with pytest.raises(_DeadError):
            _without_end(feeds)
    publish_all(ledger, store)
    batches = [read_batch(bytes(body)) for (body,) in ledger.rows("select body from ledger.publications order by 1")]
    assert max(sum(len(item.numbers) for item in batch.items) for batch in batches) <= 2 + 2
    assert any(batch.part for batch in batches)
    require_sound(ledger)


class _DeadError(Exception):
    """The process would be dead now."""


def _die() -> None:
    raise _DeadError


def _without_end(feeds: Feeds) -> None:
    while True:
        feeds.step()
