"""What can go wrong between PostgreSQL and Kafka while feeds are told: every item is told once, whatever it is."""

import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import date
from pathlib import Path

import pytest
from kafka import KafkaProducer
from kafka.errors import KafkaError

from ledger.agencies import PRODUCERS, RECEIVERS
from ledger.kafka.entries import entries_consumer
from ledger.kafka.feed_tail import read_feed_tail
from ledger.roles.logs import configure
from ledger.sharing.batches import read_batch
from ledger.topics import PUBLICATIONS, feed
from producers.feeds.feeds import Feeds
from producers.feeds.publishing import feeds_producer
from producers.kafka.hanging_transactions import LeftOpenError
from producers.simulation.playing import play
from producers.simulation.simulator import day
from projections.tables.versions import connect
from readers.verify.verify_feeds import verify_feeds
from readers.verify.verify_publications import verify_publications
from tests.integration.feeding import numbered, on_feed, on_feeds, published
from tests.integration.flow import ENCOUNTER, Flow, claim, flow, until
from tests.integration.leaving_open import left_open
from tests.integration.test_feeds import shown, told_alone
from tests.integration.test_read_tables import execute, quiet


@pytest.fixture
def ledger(database_url: str, fresh_kafka: str, tmp_path: Path) -> Iterator[Flow]:
    """A ledger in which nothing is published yet."""
    with flow(database_url, fresh_kafka, tmp_path, ("intake", "relay", "projections")) as running:
        play(day(5, date(2021, 3, 1), 20), {agency: running.client(agency) for agency in PRODUCERS})
        yield running


@contextmanager
def a_life(ledger: Flow) -> Iterator[tuple[Feeds, KafkaProducer]]:
    """Give a feeds role of this process that has begun; what it did not finish stays so."""
    producer = feeds_producer(ledger.settings.kafka_bootstrap)
    consumer = entries_consumer(ledger.settings.kafka_bootstrap)
    feeds = Feeds(ledger.settings, producer, consumer, configure("test"))
    try:
        feeds.begin(lambda: read_feed_tail(ledger.settings), lambda: False)
        yield feeds, producer
    finally:
        feeds.close()
        consumer.close(autocommit=False)
        with suppress(KafkaError):
            producer.close(timeout=2)


def publish_all(ledger: Flow) -> None:
    """Publish what there is, in a life of its own."""
    with a_life(ledger) as (feeds, _):
        idle = 0
        while idle < 20:
            idle = 0 if feeds.step() else idle + 1


def without_end(feeds: Feeds) -> None:
    """Publish until something ends it."""
    while True:
        feeds.step()


def require_sound(ledger: Flow) -> None:
    """Every feed is dense and what the entries give."""
    for agency, items in on_feeds(ledger).items():
        assert numbered(items) == list(range(1, len(items) + 1)), agency
    assert shown(ledger) == told_alone(ledger)
    with connect(ledger.settings.database_url) as connection:
        batches = verify_publications(connection, ledger.settings.kafka_bootstrap, quiet)
        feeds = verify_feeds(ledger.settings, connection, batches.told, quiet)
    assert (batches.wrong, batches.not_yet_told, feeds.wrong) == ((), 0, ())


class _DeadError(Exception):
    """The process would be dead now."""


def test_a_batch_whose_commit_was_not_heard_of_is_not_told_again(ledger: Flow) -> None:
    """Kafka committed; the process died before it knew. The last item of each feed says so."""
    with a_life(ledger) as (feeds, producer):
        commit: Callable[[], None] = producer.commit_transaction

        def commit_and_die() -> None:
            commit()
            raise _DeadError

        producer.commit_transaction = commit_and_die
        with pytest.raises(_DeadError):
            without_end(feeds)
    before = on_feed(ledger, "ICE-ERO")
    publish_all(ledger)
    assert on_feed(ledger, "ICE-ERO")[: len(before)] == before
    require_sound(ledger)


FEEDS = tuple(map(feed, RECEIVERS))


@pytest.mark.parametrize("topics", [(feed("USCIS"),), (*FEEDS, PUBLICATIONS)])
def test_what_kafka_called_committed_and_left_open_is_told_once(ledger: Flow, topics: tuple[str, ...]) -> None:
    """Its coordinator passed topics over: what stands there is hidden until the next commit would show it."""
    with a_life(ledger) as (feeds, producer), left_open(ledger.settings.kafka_bootstrap, producer, topics):
        while not feeds.step():
            pass
    shown_at_first = {feed(agency) for agency, items in on_feeds(ledger).items() if items}
    assert shown_at_first == set(FEEDS) - set(topics)
    publish_all(ledger)
    require_sound(ledger)


def test_what_is_left_open_behind_a_role_at_work_is_seen_while_nothing_more_comes(
    ledger: Flow, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nobody killed the role; an agency would wait for its last items until the next one."""
    monkeypatch.setattr("producers.kafka.hanging_transactions.LOOK_SECONDS", 0.5)
    with a_life(ledger) as (feeds, producer):
        with left_open(ledger.settings.kafka_bootstrap, producer, FEEDS):
            while not feeds.step():
                pass
        with pytest.raises(LeftOpenError, match="is left open from offset 0 on"):
            until(lambda: feeds.step() < 0, 60)  # it never is
    publish_all(ledger)
    require_sound(ledger)


def test_a_process_that_stood_still_past_its_transaction_is_refused_the_commit(
    ledger: Flow, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The broker broke the transaction off meanwhile; what was kept is told in the next life."""
    monkeypatch.setattr("producers.kafka.transactions.TRANSACTION_MS", 1000)
    with a_life(ledger) as (feeds, producer):
        commit: Callable[[], None] = producer.commit_transaction

        def commit_late() -> None:
            time.sleep(15)  # the broker looks for transactions that are over time every ten seconds
            commit()

        producer.commit_transaction = commit_late
        with pytest.raises(KafkaError):
            without_end(feeds)
    assert on_feed(ledger, "ICE-ERO") == []
    monkeypatch.undo()
    publish_all(ledger)
    require_sound(ledger)


def test_a_zombie_that_lost_postgresql_cannot_tell_what_another_has_told(ledger: Flow) -> None:
    """Its lock went with its sessions; another one took over, and the zombie's commit comes to nothing."""
    with a_life(ledger) as (zombie, producer):
        commit: Callable[[], None] = producer.commit_transaction

        def lose_postgresql_first() -> None:
            execute(
                ledger,
                "select pg_terminate_backend(pid) from pg_stat_activity"
                " where application_name in ('custody-feeds', 'custody-only-feeds')",
            )
            publish_all(ledger)
            commit()

        producer.commit_transaction = lose_postgresql_first
        with pytest.raises(KafkaError):
            without_end(zombie)
    require_sound(ledger)


def test_feeds_that_are_stopped_and_go_on_tell_everything_once(
    database_url: str, fresh_kafka: str, tmp_path: Path
) -> None:
    """SIGSTOP of the real process while it is at work, again and again."""
    with flow(database_url, fresh_kafka, tmp_path) as ledger:
        for number in range(4):
            play(day(number, date(2021, 3, 1 + number), 10), {a: ledger.client(a) for a in PRODUCERS})
            ledger.processes["feeds"].send_signal(signal.SIGSTOP)
            time.sleep(1.5)
            ledger.processes["feeds"].send_signal(signal.SIGCONT)
        published(ledger)
        require_sound(ledger)


def test_batches_are_closed_after_so_many_items(ledger: Flow, monkeypatch: pytest.MonkeyPatch) -> None:
    """A merge may bring thousands of statements; the message of a batch has to pass the broker."""
    monkeypatch.setattr("producers.feeds.feeds.MOST_ITEMS", 7)
    publish_all(ledger)
    bodies = [read_batch(bytes(body)) for (body,) in ledger.rows("select body from ledger.publications")]
    assert len(bodies) > 20
    assert all(sum(len(item.numbers) for item in batch.items) < 7 + 6 for batch in bodies[:-1])
    require_sound(ledger)


def test_facts_of_a_megabyte_are_told_in_batches_of_a_few(database_url: str, fresh_kafka: str, tmp_path: Path) -> None:
    """As large as a submission may be; neither a message nor a transaction grows beyond its bound."""
    with flow(database_url, fresh_kafka, tmp_path, ("intake", "relay", "projections")) as ledger:
        lines = ["é" * 3900 for _ in range(100)]
        for number in range(20):
            fact = {"sponsor_category": "1", "address": {"lines": lines}}
            told = ledger.tell("ORR", "released-to-sponsor", claim(f"A2000000{number:02}", "2022-03-04", fact))
            assert told["status"] == "accepted", told
        publish_all(ledger)
        size = ledger.rows("select max(length(state)) from ledger.stored_events")[0][0]
        assert size > 700_000
        bodies = [read_batch(bytes(body)) for (body,) in ledger.rows("select body from ledger.publications")]
        assert max(len(batch.items) for batch in bodies) * size < 6 * 1_048_576
        require_sound(ledger)


def test_read_tables_find_their_place_when_publications_stand_at_other_offsets(
    database_url: str, fresh_kafka: str, tmp_path: Path
) -> None:
    """Told again after a loss, a batch stands elsewhere; nothing is skipped, nothing doubled, nobody has to act."""
    folders = [tmp_path / str(n) for n in range(2)]
    for folder in folders:
        folder.mkdir()
    with flow(database_url, fresh_kafka, folders[0]) as ledger:
        for number in range(10):
            ledger.tell("CBP", "child-encountered", claim(f"A2000000{number:02}", "2022-03-04", ENCOUNTER))
            published(ledger)
    execute(
        ledger, "update read_1.publishing set batch = 3, next_offset = (select max(number) from ledger.publications)"
    )
    execute(ledger, "delete from read_1.publications where batch > 3")
    execute(ledger, "delete from read_1.batches where batch > 3")
    with flow(database_url, fresh_kafka, folders[1]) as ledger:
        (last,) = ledger.rows("select max(number) from ledger.publications")[0]
        until(lambda: ledger.rows("select batch from read_1.publishing")[0][0] >= last)
        assert ledger.rows("select count(*), count(distinct position) from read_1.publications") == [(10, 10)]
