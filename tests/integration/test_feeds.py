"""The feeds with their real parts: every item once and under its number, whatever is killed or lost."""

import signal
from collections.abc import Iterator
from contextlib import suppress
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from kafka.errors import KafkaTimeoutError

from ledger.agencies import PRODUCERS, RECEIVERS
from ledger.entry import Entry, read_entry, read_ledger_entry
from ledger.facts import SharingRulesAdopted
from ledger.kafka.entries import entries_consumer
from ledger.kafka.feed_tail import read_feed_tail
from ledger.roles.logs import configure
from ledger.sharing.feed_fold import SharingRulebook, Telling, ToldItem
from ledger.sharing.rule_sets import Adopted, default_rules, shipped_sets
from ledger.streams import STREAMS
from ledger.times import parse_instant
from producers.feeds.feeds import Feeds
from producers.feeds.publishing import feeds_producer
from producers.simulation.playing import play
from producers.simulation.simulator import day
from projections.rebuilding.rebuild import rebuild
from tests.conftest import empty_topics
from tests.integration.feeding import numbered, on_feed, on_feeds, published
from tests.integration.flow import ENCOUNTER, Flow, claim, flow, until
from tests.integration.running import custody
from tests.integration.test_read_tables import execute, on_kafka, verified

RELEASE: dict[str, Any] = {"sponsor_category": "1", "sponsor_name": "M. Doe", "address": {"lines": ["1 Elm St"]}}


@pytest.fixture
def ledger(database_url: str, fresh_kafka: str, tmp_path: Path) -> Iterator[Flow]:
    with flow(database_url, fresh_kafka, tmp_path) as running:
        yield running


def told_alone(ledger: Flow) -> dict[str, list[tuple[str, int, Any, list[str], str]]]:
    """Return what each feed must hold, folded record by record from the entries on Kafka, in order of position."""
    entries: list[Entry] = []
    adoptions: list[Adopted] = []
    for _, message in on_kafka(ledger):
        if message.child not in STREAMS:
            entries.append(read_entry(message.payload))
        else:
            fact = read_ledger_entry(message.payload).fact
            assert isinstance(fact, SharingRulesAdopted)
            adoptions.append(Adopted(message.position, fact.rules, fact.backfill))
    feeds: dict[str, list[tuple[str, int, Any, list[str], str]]] = {agency: [] for agency in RECEIVERS}

    def put(told: list[ToldItem]) -> None:
        for item in told:
            shown = (
                item.kind,
                item.entry.position,
                item.disclosure.fact,
                list(item.disclosure.withheld),
                item.rules.id,
            )
            feeds[item.agency].append(shown)

    telling = Telling()  # all records in one fold: what is said of one concerns no other that no merge joins
    rulebook = SharingRulebook(adoptions, default_rules(), ledger.settings.zone)
    to_come = list(adoptions)
    for one in entries:
        while to_come and to_come[0].position < one.position:
            adopted = to_come.pop(0)
            put(telling.backfill(adopted, rulebook) if adopted.backfill else [])
        put(telling.take(one, rulebook.at(one)))
    return feeds


def shown(ledger: Flow) -> dict[str, list[tuple[str, int, Any, list[str], str]]]:
    return {
        agency: [
            (item["kind"], item["position"], item["fact"], item["withheld"], item["rule"]["id"])
            for item in (received.body for received in items)
        ]
        for agency, items in on_feeds(ledger).items()
    }


def test_an_item_is_what_the_contract_says(ledger: Flow) -> None:
    """Number, entry, the members allowed, the names of the others, the rule; its `ce_time` is when it was published."""
    outcome = ledger.tell("ORR", "released-to-sponsor", claim("A200000001", "2022-03-04", RELEASE))
    published(ledger)
    (item,) = on_feed(ledger, "ICE-ERO")
    assert item.id == "ICE-ERO-1"
    assert item.body == {
        "number": 1,
        "kind": "entry",
        "position": outcome["position"],
        "child": outcome["child"],
        "identifiers": [{"scheme": "a-number", "value": "200000001"}],
        "type": "custody.released-to-sponsor.v1",
        "occurred_at": "2022-03-04",
        "recorded_at": outcome["recorded_at"],
        "producer_agency": "ORR",
        "fact": {"address": {"lines": ["1 Elm St"]}},
        "withheld": ["sponsor_category", "sponsor_name"],
        "rule": {"id": "default", "version": 2},
    }
    assert item.time > outcome["recorded_at"]
    rows = ledger.rows(
        "select agency, number, to_char(published_at at time zone 'utc', 'YYYY-MM-DD\"T\"HH24:MI:SS.US\"Z\"'), withheld"
        " from read.disclosures_v1 where position = %s and agency = 'ICE-ERO'",
        outcome["position"],
    )
    assert rows == [("ICE-ERO", 1, item.time, ["sponsor_category", "sponsor_name"])]
    assert on_feed(ledger, "ORR") == []


def test_answers_reach_to_the_present_when_nothing_more_comes(ledger: Flow) -> None:
    """The last stamp is settled a moment later, so that what was just published can be asked for."""
    ledger.tell("ORR", "released-to-sponsor", claim("A200000001", "2022-03-04", RELEASE))
    published(ledger)
    query = (
        "select u.settled and u.complete_to > max(d.published_at)"
        " from read.publishing_v1 u, read.disclosures_v1 d group by u.settled, u.complete_to"
    )
    until(lambda: ledger.rows(query) == [(True,)])


def test_settled_time_goes_on_with_the_clock_while_nothing_comes(ledger: Flow) -> None:
    """Every answer reaches to the present on a quiet ledger, of one child and of all; nothing arrives behind it."""
    ledger.tell("ORR", "released-to-sponsor", claim("A200000001", "2022-03-04", RELEASE))
    published(ledger)
    query = (
        "select least(p.complete_to, u.complete_to, h.complete_to, s.complete_to), u.batch"
        " from read.progress_v1 p, read.publishing_v1 u, read.holding_v1 h, read.status_v1 s"
    )
    until(lambda: ledger.rows("select settled from read.publishing_v1") == [(True,)])
    ((first, batch),) = ledger.rows(query)
    until(lambda: ledger.rows(query)[0][0] > first)
    ((later, same),) = ledger.rows(query)
    assert same == batch  # time alone tells Kafka nothing
    outcome = ledger.tell("ORR", "released-to-sponsor", claim("A200000002", "2022-03-04", RELEASE))
    assert parse_instant(outcome["recorded_at"]) > later
    published(ledger)
    ((told,),) = ledger.rows("select max(published_at) from read.disclosures_v1")
    assert told > later
    assert rebuild(ledger.settings, configure("test"), lambda *_: None).differences == ()
    assert ledger.rows(query)[0][0] > told


def test_feeds_killed_again_and_again_tell_every_item_once(database_url: str, fresh_kafka: str, tmp_path: Path) -> None:
    """Numbers stay dense, nothing is told twice or not at all, and every value follows from the entries alone."""
    with flow(database_url, fresh_kafka, tmp_path, ("intake", "relay", "projections")) as ledger:
        clients = {agency: ledger.client(agency) for agency in PRODUCERS}
        for life in range(5):
            folder = tmp_path / str(life)
            folder.mkdir()
            with flow(database_url, fresh_kafka, folder, ("feeds",)) as telling:
                play(day(life, date(2021, 3, 1 + life), 40), clients)
                until(lambda life=life: len(on_feed(ledger, "ICE-ERO")) > life * 60)
                telling.processes["feeds"].send_signal(signal.SIGKILL)
                until(lambda telling=telling: telling.processes["feeds"].poll() is not None)
        folder = tmp_path / "last"
        folder.mkdir()
        with flow(database_url, fresh_kafka, folder, ("feeds",)):
            correct_and_give_notice(ledger)
            published(ledger)
            for agency, items in on_feeds(ledger).items():
                assert numbered(items) == list(range(1, len(items) + 1)), agency
            assert shown(ledger) == told_alone(ledger)
            assert shown(ledger)["USCIS"][-1][0] == "supplement"
            assert verified(ledger).sound


def correct_and_give_notice(ledger: Flow) -> None:
    """Give USCIS, which is told of no hearings, notice of one that was corrected."""
    held = {"hearing_id": "H-1", "court_case": "C-1", "appearance": "present"}
    position = ledger.tell("EOIR", "hearing-held", claim("A200000001", "2022-03-04", held))["position"]
    new = {"corrects": position, "set": {"appearance": "absent"}, "reason": "misread"}
    assert ledger.tell("EOIR", "correction-issued", claim("A200000001", "2022-03-05", new))["status"] == "accepted"
    given = {"to": "USCIS", "channel": "email", "given_at": "2022-03-06", "members": "all", "positions": [position]}
    assert ledger.tell("ICE-OPLA", "notice-given", claim("A200000001", "2022-03-06", given))["status"] == "accepted"


def test_feeds_that_kafka_lost_are_told_again_byte_by_byte_with_their_stamps(
    database_url: str, fresh_kafka: str, tmp_path: Path
) -> None:
    """PostgreSQL keeps what was published when; no answer moves because a broker was lost."""
    first, second = tmp_path / "1", tmp_path / "2"
    first.mkdir()
    second.mkdir()
    with flow(database_url, fresh_kafka, first) as ledger:
        play(day(3, date(2021, 3, 1), 30), {agency: ledger.client(agency) for agency in PRODUCERS})
        published(ledger)
        before = on_feeds(ledger)
        execute(ledger, "delete from ledger.intake_offsets")  # what the operator does when Kafka is a new one
    empty_topics(fresh_kafka)
    with flow(database_url, fresh_kafka, second, ("intake", "relay", "feeds")) as ledger:
        until(lambda: on_feeds(ledger) == before)
        ledger.tell("CBP", "child-encountered", claim("A299999999", "2022-03-04", ENCOUNTER))
        until(lambda: len(on_feed(ledger, "ORR")) == len(before["ORR"]) + 1)
        assert numbered(on_feed(ledger, "ORR"))[-1] == len(before["ORR"]) + 1


def test_a_set_adopted_with_backfill_tells_older_entries_once_whatever_is_killed(
    database_url: str, fresh_kafka: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The supplements stand where the set was adopted, in order of position; what follows goes by the new set."""
    with flow(database_url, fresh_kafka, tmp_path, ("intake", "relay", "projections")) as ledger:
        clients = {agency: ledger.client(agency) for agency in PRODUCERS}
        play(day(5, date(2021, 3, 1), 40), clients)
        done = custody(
            *("rules", "adopt", str(_of_this_year(tmp_path)), "--reason", "test", "--backfill"),
            database_url=database_url,
            bootstrap=fresh_kafka,
            data=tmp_path,
        )
        assert done.returncode == 0, done.stderr
        play(day(6, date(2021, 4, 1), 20), clients)
        monkeypatch.setattr("producers.feeds.backfilling.READ", 40)
        lives = 0
        while not die_after(3, ledger):
            lives += 1
        assert lives > 3
        folder = tmp_path / "last"
        folder.mkdir()
        with flow(database_url, fresh_kafka, folder, ("feeds",)):
            published(ledger)
            assert shown(ledger) == told_alone(ledger)
            by_rule = {(kind, rule) for kind, *_, rule in shown(ledger)["ICE-ERO"]}
            assert {("supplement", "wider-this-year"), ("entry", "wider-this-year"), ("entry", "default")} <= by_rule
            assert verified(ledger).sound


class _DeadError(Exception):
    """The process would be dead now."""


def die_after(commits: int, ledger: Flow) -> bool:
    """Publish, and die when the next batch is kept and on its way to Kafka; return whether there was no next one."""
    producer = feeds_producer(ledger.settings.kafka_bootstrap)
    consumer = entries_consumer(ledger.settings.kafka_bootstrap)
    commit, left = producer.commit_transaction, [commits]

    def commit_or_die() -> None:
        left[0] -= 1
        if left[0] < 0:
            raise _DeadError
        commit()

    producer.commit_transaction = commit_or_die
    feeds = Feeds(ledger.settings, producer, consumer, configure("test"))
    idle = 0
    try:
        feeds.begin(lambda: read_feed_tail(ledger.settings), lambda: False)
        while idle < 20:
            idle = 0 if feeds.step() else idle + 1
    except _DeadError:
        return False
    finally:
        feeds.close()
        consumer.close(autocommit=False)
        with suppress(KafkaTimeoutError):
            producer.close(timeout=2)
    return True


def _of_this_year(folder: Path) -> Path:
    """Write a set that tells ICE-ERO of sponsors, too, in force for what is recorded these days."""
    lines = shipped_sets()["moa-2018"].read_text("utf-8").splitlines()
    lines = [line for line in lines if not line.startswith(("id =", "effective_"))]
    file = folder / "wider.toml"
    file.write_text("\n".join(['id = "wider-this-year"', "effective_from = 2015-01-01", *lines]), "utf-8")
    return file
