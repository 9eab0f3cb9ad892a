"""The agency's end of its feed: items in order from its last place, receipts for them, and what it says when it cannot.

The feed is filled by hand; intake and relay are the real ones where a receipt is answered.
"""

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import orjson
import pytest
from kafka import KafkaConsumer, TopicPartition

from custody.servers import embedded
from ledger.times import parse_instant
from ledger.topics import receipts
from producers.client import feed as feed_client
from producers.client import feed_topic
from producers.client.errors import BrokerUnreachableError, UnknownAgencyError
from producers.client.feed import FeedReader
from producers.client.feed_errors import (
    FeedGapError,
    FeedLostError,
    FeedWentBackError,
    PlaceError,
    ReceiptRefusedError,
    UnreadableItemError,
)
from producers.client.feed_items import FeedItem
from producers.client.feed_topic import FeedTopic
from producers.client.receipts import Receipts
from tests.integration.flow import Flow, flow, until
from tests.integration.receipting import item, publish, put_on_feed
from tests.integration.running import PATIENCE_SECONDS

ROOT = Path(__file__).parents[2]
SOON = 0.3


def items(numbers: range) -> list[dict[str, Any]]:
    return [item(number) for number in numbers]


def sent(bootstrap: str) -> list[dict[str, Any]]:
    """Return what stands on ORR's receipts topic."""
    consumer = KafkaConsumer(bootstrap_servers=bootstrap, enable_auto_commit=False, auto_offset_reset="none")
    partition = TopicPartition(receipts("ORR"), 0)
    consumer.assign([partition])
    end = consumer.end_offsets([partition])[partition]
    consumer.seek_to_beginning(partition)
    found: list[dict[str, Any]] = []
    while consumer.position(partition) < end:
        for records in consumer.poll(timeout_ms=500).values():
            found += [orjson.loads(record.value) for record in records]
    consumer.close()
    return found


@pytest.fixture
def state(tmp_path: Path) -> Path:
    return tmp_path / "orr.feed"


@pytest.fixture
def unhurried(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let no time press for a receipt: a busy machine may take longer than a second to give an item."""
    monkeypatch.setattr(feed_client, "SIGN_EVERY_SECONDS", 600.0)


def numbers(found: list[FeedItem]) -> list[int]:
    return [one.number for one in found]


def take_over(
    bootstrap: str, state: Path, store: Callable[[int], object] = int, *, timeout_seconds: float = SOON
) -> None:
    """Do what an agency does: store what there is, item by item, and sign for each."""
    with FeedReader(bootstrap, "ORR", state=state) as feed:
        for one in feed.available(timeout_seconds=timeout_seconds):
            store(one.number)
            feed.delivered(one)


def all_answered(feed: FeedReader) -> bool:
    """Look for answers once."""
    feed.flush()
    return feed.unanswered == 0


# --- reading


def test_a_reader_goes_on_where_it_signed_last(fresh_kafka: str, state: Path) -> None:
    """What was not signed for comes again; what was is not given twice, nor to the next reader with the same file."""
    put_on_feed(fresh_kafka, "ORR", items(range(1, 8)))
    with FeedReader(fresh_kafka, "ORR", state=state) as feed:
        first = list(feed.available(timeout_seconds=SOON))
        feed.delivered(first[4])
    assert numbers(first) == [1, 2, 3, 4, 5, 6, 7]
    assert (first[2].position, first[2].withheld, first[2].fact) == (103, ["sponsor_name"], {"sponsor_category": "1"})
    assert first[2].published_at == datetime(2022, 3, 1, 10, tzinfo=UTC)
    assert first[2].body == item(3)
    put_on_feed(fresh_kafka, "ORR", items(range(8, 10)))
    with FeedReader(fresh_kafka, "ORR", state=state) as feed:
        assert numbers(list(feed.available(timeout_seconds=SOON))) == [6, 7, 8, 9]
    with FeedReader(fresh_kafka, "ORR", after=8) as feed:
        assert numbers(list(feed.available(timeout_seconds=SOON))) == [9]
    with FeedReader(fresh_kafka, "ORR", after=9) as feed:
        assert list(feed.available(timeout_seconds=SOON)) == []
        put_on_feed(fresh_kafka, "ORR", items(range(10, 12)))
        assert numbers(list(feed.available(timeout_seconds=SOON))) == [10, 11]
    (receipt,) = sent(fresh_kafka)
    assert (receipt["up_to"], receipt["grade"]) == (5, "delivered")


def test_the_item_behind_any_number_is_found_in_a_feed_of_transactions(
    fresh_kafka: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Marks of transactions and what was aborted take up offsets; every number is found all the same.

    Ten records at once, so that several looks are needed, as in a feed of millions.
    """
    monkeypatch.setattr(feed_topic, "AT_ONCE", 10)
    put_on_feed(fresh_kafka, "ORR", items(range(1, 300)), each_transaction=7)
    put_on_feed(fresh_kafka, "ORR", items(range(300, 500)), each_transaction=50, aborted=True)
    put_on_feed(fresh_kafka, "ORR", items(range(300, 303)), each_transaction=1)
    put_on_feed(fresh_kafka, "ORR", items(range(303, 400)))
    for after in (0, 1, 6, 7, 8, 150, 298, 299, 300, 301, 302, 303, 398):
        feed = FeedTopic(fresh_kafka, "ORR", after=after)
        found = feed.take(5000)
        assert found is not None
        assert found.number == after + 1
        feed.close()
    end = FeedTopic(fresh_kafka, "ORR", after=399)
    assert end.take(500) is None
    assert end.at_end()
    end.close()


@pytest.mark.usefixtures("unhurried")
def test_a_gap_is_named_and_nothing_beyond_it_is_given(fresh_kafka: str, state: Path) -> None:
    """Those before it are given and can be signed for; asked again the answer is the same."""
    put_on_feed(fresh_kafka, "ORR", items(range(1, 3)) + items(range(5, 6)))
    given: list[int] = []
    with pytest.raises(FeedGapError, match=r"goes from 2 to 5: numbers 3 to 4 are missing.*sign for nothing beyond 2"):
        take_over(fresh_kafka, state, given.append)
    assert given == [1, 2]
    assert [receipt["up_to"] for receipt in sent(fresh_kafka)] == [2]
    with (
        FeedReader(fresh_kafka, "ORR", state=state) as feed,
        pytest.raises(FeedGapError, match="goes from 2 to 5"),
    ):
        next(iter(feed))


def test_a_number_that_goes_back_is_named(fresh_kafka: str) -> None:
    """A feed only rises: a number that came before means another feed, or a place that is not of this one."""
    put_on_feed(fresh_kafka, "ORR", [*items(range(1, 4)), item(2)])
    with FeedReader(fresh_kafka, "ORR", after=0) as feed, pytest.raises(FeedWentBackError, match="has number 2 where"):
        list(feed.available(timeout_seconds=SOON))


def test_a_place_beyond_the_feed_is_named_at_once(fresh_kafka: str) -> None:
    """The place of another feed, or a feed made anew: nobody waits for numbers that do not come."""
    put_on_feed(fresh_kafka, "ORR", items(range(1, 4)))
    with pytest.raises(FeedWentBackError, match="has at most 3 items where the one after 9 was to come"):
        FeedReader(fresh_kafka, "ORR", after=9)


UNREADABLE: dict[str, tuple[Any, str]] = {
    "no JSON": (b"{", "its value is not JSON"),
    "no object": (b"[1]", "its value is no JSON object"),
    "another number": (item(2), "its ce_id is not the agency and the item's number"),
    "less than an item": ({k: v for k, v in item(0).items() if k != "withheld"}, "member `withheld` is missing"),
}


@pytest.mark.parametrize("what", UNREADABLE)
def test_an_unreadable_item_is_named_with_its_offset(fresh_kafka: str, state: Path, what: str) -> None:
    """Nothing is skipped: what cannot be read stops the reader, before it and not behind it."""
    broken, flaw = UNREADABLE[what]
    put_on_feed(fresh_kafka, "ORR", items(range(1, 2)))
    put_on_feed(fresh_kafka, "ORR", [broken if isinstance(broken, bytes) else orjson.dumps(broken)])
    given: list[int] = []
    with pytest.raises(UnreadableItemError, match=rf"custody\.feed\.orr, offset 1: .*{flaw}"):
        take_over(fresh_kafka, state, given.append)
    assert given == [1]


def test_the_files_flaws_are_named(fresh_kafka: str, state: Path) -> None:
    """A damaged file, one of another feed, one that cannot be written: each with what to do; nothing is read."""
    for text, flaw in (
        (b"{", "is not the JSON that stood there"),
        (b"{}", "is no place in a feed"),
        (b'{"feed": "custody.feed.cbp", "after": 3, "outcomes": null}', r"is the place in custody\.feed\.cbp"),
        (b'{"feed": "custody.feed.orr", "after": -1, "outcomes": null}', "is no place in a feed"),
    ):
        state.write_bytes(text)
        with pytest.raises(PlaceError, match=flaw):
            FeedReader(fresh_kafka, "ORR", state=state)
    with pytest.raises(PlaceError, match="cannot be read"):
        FeedReader(fresh_kafka, "ORR", state=state.parent)
    with pytest.raises(ValueError, match="either `state`"):
        FeedReader(fresh_kafka, "ORR")


def test_a_kafka_that_goes_away_is_told_after_a_while(servers: embedded.Running, fresh_kafka: str) -> None:
    """A restart of the broker is waited out; a broker that stays away ends the reading with the cure."""
    put_on_feed(fresh_kafka, "ORR", items(range(1, 3)))
    with FeedReader(fresh_kafka, "ORR", after=0, patience_seconds=3) as feed:
        reading = iter(feed)
        assert next(reading).number == 1
        assert next(reading).number == 2
        servers.kafka.send_signal(signal.SIGSTOP)
        try:
            began = time.monotonic()
            with pytest.raises(FeedLostError, match=r"has not answered for \d+ s.*was given up to 2.*start again"):
                next(reading)
            assert 3 <= time.monotonic() - began < 30
        finally:
            servers.kafka.send_signal(signal.SIGCONT)
        put_on_feed(fresh_kafka, "ORR", items(range(3, 4)))
        assert next(iter(feed)).number == 3


def test_nobody_at_the_address_and_no_such_feed_are_told_apart(fresh_kafka: str) -> None:
    """As of the client that submits."""
    with pytest.raises(BrokerUnreachableError, match="custody up"):
        FeedReader("127.0.0.1:9", "ORR", after=0)
    with pytest.raises(UnknownAgencyError, match="'OIG' is no agency here"):
        FeedReader(fresh_kafka, "OIG", after=0)


# --- signing


def test_receipts_are_sent_in_batches_and_the_rest_when_it_closes(fresh_kafka: str, state: Path) -> None:
    """Five hundred items or a second make a receipt; Kafka has it before the place moves."""
    put_on_feed(fresh_kafka, "ORR", items(range(1, 1301)))
    with FeedReader(fresh_kafka, "ORR", state=state) as feed:
        for one in feed.available(timeout_seconds=SOON):
            feed.delivered(one)
            if one.number in (1100, 1200):
                time.sleep(1.1)
        assert orjson.loads(state.read_bytes())["after"] == feed.signed >= 1200
        assert feed.unanswered >= 3
    found = [receipt["up_to"] for receipt in sent(fresh_kafka)]
    assert found == sorted(set(found))
    assert 3 <= len(found) < 100
    assert found[-1] == 1300
    assert orjson.loads(state.read_bytes())["after"] == 1300


@pytest.mark.usefixtures("unhurried")
def test_opened_and_acknowledged_are_signed_by_number(fresh_kafka: str) -> None:
    """By whom is told apart; what one person marked goes into one receipt; delivery is signed for besides."""
    put_on_feed(fresh_kafka, "ORR", items(range(1, 10)))
    clock = parse_instant("2022-03-01T10:30:00Z")
    with FeedReader(fresh_kafka, "ORR", after=0, office="HLG", clock=lambda: clock) as feed:
        found = list(feed.available(timeout_seconds=SOON))
        feed.delivered(found[-1])
        feed.opened(found[1], 4, user="u-1")
        feed.opened(7, user="u-1")
        feed.acknowledged(found[1])
        with pytest.raises(ValueError, match="number 10 was not given yet, the last was 9"):
            feed.opened(10)
        with pytest.raises(ValueError, match="number 10 was not given yet"):
            feed.delivered(found[-1]._replace(number=10))
    at = "2022-03-01T10:30:00Z"
    assert sent(fresh_kafka) == [
        {"up_to": 9, "grade": "delivered", "at": at, "by": {"office": "HLG"}},
        {"numbers": [2, 4, 7], "grade": "opened", "at": at, "by": {"office": "HLG", "user": "u-1"}},
        {"numbers": [2], "grade": "acknowledged", "at": at, "by": {"office": "HLG"}},
    ]


@pytest.mark.usefixtures("unhurried")
def test_a_clock_that_is_slow_claims_nothing_before_the_publication(fresh_kafka: str) -> None:
    """An agency cannot have had an item before there was one: its claim begins there."""
    put_on_feed(fresh_kafka, "ORR", items(range(1, 3)))
    with FeedReader(fresh_kafka, "ORR", after=0, clock=lambda: parse_instant("2022-03-01T09:00:00Z")) as feed:
        for one in feed.available(timeout_seconds=SOON):
            feed.delivered(one)
            feed.opened(one)
    assert [receipt["at"] for receipt in sent(fresh_kafka)] == ["2022-03-01T10:00:00Z"] * 2


@pytest.mark.usefixtures("unhurried")
def test_what_was_taken_over_is_signed_for_though_the_next_item_fails(fresh_kafka: str, state: Path) -> None:
    """The agency's own database fails at the third item: two are signed for, and the third comes again."""
    put_on_feed(fresh_kafka, "ORR", items(range(1, 5)))

    def store(number: int) -> None:
        if number == 3:
            raise RuntimeError("disk full")

    with pytest.raises(RuntimeError, match="disk full"):
        take_over(fresh_kafka, state, store)
    assert [receipt["up_to"] for receipt in sent(fresh_kafka)] == [2]
    with FeedReader(fresh_kafka, "ORR", state=state) as feed:
        assert next(iter(feed)).number == 3


# --- with the ledger behind it


@pytest.fixture
def ledger(database_url: str, fresh_kafka: str, tmp_path: Path) -> Iterator[Flow]:
    """A ledger with intake and relay, and ten items on ORR's feed."""
    folder = tmp_path / "roles"
    folder.mkdir()
    with flow(database_url, fresh_kafka, folder, ("intake", "relay")) as running:
        publish(database_url, "2022-03-01T10:00:00Z", orr=10)
        put_on_feed(fresh_kafka, "ORR", items(range(1, 11)), each_transaction=4)
        yield running


def test_what_a_reader_signs_for_becomes_entries(ledger: Flow, fresh_kafka: str, state: Path) -> None:
    """From the feed to the record: delivery by range, acknowledgement by number, every receipt answered."""
    with FeedReader(fresh_kafka, "ORR", state=state) as feed:
        for one in feed.available(timeout_seconds=SOON):
            feed.delivered(one)
        feed.acknowledged(3)
        feed.flush()
        until(lambda: all_answered(feed))
    states = [orjson.loads(bytes(row[0])) for row in ledger.rows("select state from ledger.stored_events order by 1")]
    facts = [state["fact"] for state in states]
    assert {(fact["grade"], fact.get("up_to"), tuple(fact.get("numbers", ()))) for fact in facts} == {
        ("delivered", 10, ()),
        ("acknowledged", None, (3,)),
    }
    assert {state["producer"]["system"] for state in states} == {"/orr/feed-reader"}
    assert all(state["findings"] == [] for state in states)


def test_the_example_of_the_page_reads_and_signs(ledger: Flow, fresh_kafka: str, tmp_path: Path) -> None:
    """What docs/agency-developers.md shows a developer does what it says, twice: the second time it goes on."""
    page = (ROOT / "docs" / "agency-developers.md").read_text("utf-8")
    (code,) = re.findall(r"^```python read_feed\.py\n(.*?)^```$", page, re.MULTILINE | re.DOTALL)
    (tmp_path / "read_feed.py").write_text(code.replace("timeout_seconds=5", "timeout_seconds=1"), encoding="utf-8")
    publish(ledger.settings.database_url, "2022-03-01T10:00:01Z", ice_ero=5)
    for numbers in (range(1, 4), range(4, 6)):
        put_on_feed(fresh_kafka, "ICE-ERO", items(numbers))
        done = subprocess.run(
            [sys.executable, "read_feed.py", fresh_kafka],
            cwd=tmp_path,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
            capture_output=True,
            text=True,
            timeout=PATIENCE_SECONDS,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        assert [int(line.split()[0]) for line in done.stdout.splitlines()] == list(numbers)

    def signed() -> list[int]:
        rows = ledger.rows("select state from ledger.stored_events order by notification_id")
        return [orjson.loads(bytes(state))["fact"]["up_to"] for (state,) in rows]

    until(lambda: signed()[-1:] == [5])
    assert 3 in signed()
    assert signed() == sorted(set(signed())), "a reader that takes longer than a second signs more often, never twice"


def test_a_refused_receipt_is_raised(ledger: Flow, fresh_kafka: str, state: Path) -> None:
    """The ledger was told of ten items only; who signs for an eleventh learns why that counts for nothing."""
    put_on_feed(fresh_kafka, "ORR", items(range(11, 12)))
    with pytest.raises(ReceiptRefusedError, match=r"was refused by R1: .*the last number .* is 10"):
        take_over(fresh_kafka, state, timeout_seconds=PATIENCE_SECONDS)
    publish(ledger.settings.database_url, "2022-03-01T10:00:01Z", orr=11)
    with FeedReader(fresh_kafka, "ORR", state=state) as feed:
        assert list(feed.available(timeout_seconds=1.5)) == [], "told once; the place is kept"


def test_what_another_system_signed_for_in_vain_is_not_raised_here(ledger: Flow, fresh_kafka: str, state: Path) -> None:
    """Outcomes of the whole agency come on one topic; a reader answers for its own receipts only."""
    with FeedReader(fresh_kafka, "ORR", state=state) as feed:
        other = Receipts(fresh_kafka, "ORR", system="/orr/other")
        id = other.send(up_to=99, grade="opened", at=None, sent_at=datetime.now(UTC))
        assert other.outcome(id, timeout_seconds=PATIENCE_SECONDS).status == "refused"
        other.close()
        assert numbers(list(feed.available(timeout_seconds=2.5))) == [*range(1, 11)]


def test_a_receipt_refused_while_nobody_looked_is_raised_by_the_next_reader(
    database_url: str, fresh_kafka: str, tmp_path: Path, state: Path
) -> None:
    """Intake stood still when the first reader closed; the file remembers up to where answers were read."""
    with flow(database_url, fresh_kafka, tmp_path, ("intake", "relay")) as ledger:
        ledger.processes["intake"].send_signal(signal.SIGSTOP)
        put_on_feed(fresh_kafka, "ORR", items(range(1, 3)))
        take_over(fresh_kafka, state)
        ledger.processes["intake"].send_signal(signal.SIGCONT)
        # one receipt, or two where giving the items took longer than a second
        until(lambda: set(ledger.rows("select refusal->>'code' from ledger.submissions")) == {("R1",)})
        told = "select position >= (select count(*) from ledger.submissions) from ledger.relay_checkpoint"
        until(lambda: ledger.rows(f"{told} where name = 'outcomes'") == [(True,)])
    with pytest.raises(ReceiptRefusedError, match="told nothing yet"):
        take_over(fresh_kafka, state, timeout_seconds=PATIENCE_SECONDS)
